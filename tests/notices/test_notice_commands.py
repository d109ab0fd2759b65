"""The verb ``notice`` at the door: forms out, faults and texts, exit codes 0, 1 and 2."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from detente.__main__ import main
from detente.notices.codec import decode
from detente.notices.examples import EXAMPLES
from detente.notices.kinds import KINDS


class Door:
    """Runs the verb as a person does."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.capsys, self.patch, self.out, self.err = capsys, patch, "", ""
        patch.chdir(folder)

    def run(self, *line: str, code: int = 0, given: str = "") -> str:
        """Run one line; its exit code must be ``code``."""
        self.patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        try:
            found = main(["notice", *line])
        except SystemExit as stop:
            found = int(str(stop.code))
        self.out, self.err = self.capsys.readouterr()
        assert found == code, self.out + self.err
        return self.out


@pytest.fixture
def door(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Door:
    return Door(tmp_path, capsys, monkeypatch)


def test_without_a_verb_it_shows_its_help(door: Door) -> None:
    assert "risk-reduction centres" in door.run(code=2)
    assert "incident" in door.run("new", "--help")
    door.run("new", "rumour", code=2)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_form_that_checks_and_writes_its_one_spelling(door: Door, kind: str) -> None:
    form = door.run("new", kind.replace("_", "-"), "--example")
    octets = door.run("write", "-", given=form).encode()
    assert decode(octets).notice == EXAMPLES[kind]
    door.run("check", "-", given=octets.decode())
    door.run("check", "-", given=door.run("new", kind), code=1)
    assert "faults" in door.err


def test_check_says_everything_as_json_too(door: Door) -> None:
    form = door.run("new", "exercise", "--example")
    told = json.loads(door.run("check", "-", "--json", given=form))
    assert (told["valid"], told["kind"], told["faults"], told["unknown_fields"]) == (True, "exercise", [], {})
    assert [one["code"] for one in told["warnings"]] in (["future"], ["begun"], ["past"], ["past"] * 3)
    told = json.loads(door.run("check", "-", "--json", given=form.replace("7200", "-1"), code=1))
    assert told["faults"][0]["where"] == "forces[0].troops"
    assert told["faults"][0]["code"] == "range"
    door.run("check", "-", given="no form", code=2)
    door.run("check", "missing.toml", code=2)


def test_fields_of_a_later_version_are_named_and_kept(door: Door) -> None:
    octets = door.run("write", "-", given=door.run("new", "readout", "--example"))
    later = octets.replace('"language"', '"later":{"x":1},"language"')
    document = json.loads(later)
    later = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    door.run("check", "-", given=later)
    assert "field not known here, kept: later" in door.err
    assert door.run("write", "-", given=later) == later
    assert 'later: {"x": 1}' in door.run("show", "-", given=later)


def test_show_writes_texts_maps_and_calendars(door: Door) -> None:
    form = door.run("new", "danger-area", "--example")
    assert "DANGER AREA" in door.run("show", "-", given=form)
    assert "ОПАСНЫЙ РАЙОН" in door.run("show", "-", "--language", "ru", given=form)
    assert json.loads(door.run("show", "-", "--geojson", given=form))["type"] == "FeatureCollection"
    assert door.run("show", "-", "--kml", given=form).startswith("<?xml")
    assert door.run("show", "-", "--ics", given=form).startswith("BEGIN:VCALENDAR")
    assert json.loads(door.run("show", "-", "--json", given=form))["kind"] == "danger_area"
    door.run("show", "-", "--out", "area.txt", given=form)
    assert "DANGER AREA" in Path("area.txt").read_text(encoding="utf-8")
    door.run("show", "-", "--kml", "--ics", given=form, code=2)
    door.run("show", "-", given=form.replace('title = "', 'titel = "'), code=2)
    door.run("write", "-", given=form.replace('title = "', 'titel = "'), code=2)
    assert "title: nothing" in door.err


def test_a_correction_begins_with_the_notice_that_it_says_again(door: Door) -> None:
    for kind in ("exercise", "danger-area", "contact-record"):
        form = door.run("new", kind, "--example")
        Path("old.toml").write_text(form, encoding="utf-8")
        again = door.run("new", "correction", "--of", "old.toml")
        filled = again.replace('issued_at = ""', 'issued_at = "2030-06-01"', 1)
        filled = filled.replace('corrects = ""', 'corrects = "west/3"').replace(
            'reason = ""', 'reason = "A slip."'
        )
        octets = door.run("write", "-", given=filled)
        corrected = json.loads(octets)["corrected"]
        assert corrected == json.loads(door.run("write", "old.toml"))
    door.run("new", "exercise", "--of", "old.toml", code=2)
    Path("bad.toml").write_text("kind = 1", encoding="utf-8")
    door.run("new", "correction", "--of", "bad.toml", code=2)
    assert "--of" in door.err


def test_a_humanitarian_notice_is_in_no_export_and_says_what_it_is_not(door: Door) -> None:
    form = door.run("new", "humanitarian-movement", "--example")
    for export in ("--geojson", "--kml", "--ics"):
        assert door.run("show", "-", export, given=form, code=1) == ""
    assert "no protection" in door.run("show", "-", given=form)


def test_areas_drawn_elsewhere_are_filled_in_and_an_exported_map_is_its_notice(door: Door) -> None:
    ring = [[10, 58], [11, 58], [11, 59], [10, 58]]
    feature = {
        "type": "Feature",
        "properties": {"name": "North"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    point = {"type": "Feature", "properties": None, "geometry": {"type": "Point", "coordinates": [10, 58]}}
    Path("drawn.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature, point]}))
    form = door.run("new", "danger-area", "--example", "--areas", "drawn.geojson")
    document = json.loads(door.run("write", "-", given=form))
    assert [one.get("name") for one in document["areas"]] == ["North", None]
    assert document["areas"][0]["shape"]["ring"][0] == {"lat_e7": 580000000, "lon_e7": 100000000}
    assert document["areas"][1]["shape"]["shape"] == "point"
    assert 'ring = ["58-00N 010-00E"' in door.run("new", "danger-area", "--areas", "drawn.geojson")

    exported = door.run("show", "-", "--geojson", given=form)
    assert json.loads(door.run("write", "-", given=exported)) == document
    first = json.dumps(json.loads(exported)["features"][0])
    assert json.loads(door.run("write", "-", given=first)) == document
    mixed = json.loads(exported)
    mixed["features"][1]["properties"]["notice"]["title"] = "Another"
    door.run("check", "-", given=json.dumps(mixed), code=1)
    whole = '{"type": "FeatureCollection", "features": '
    for broken in ('{"type": "Feature"}', whole + "7}", whole + "[7]}"):
        door.run("check", "-", given=broken, code=1)

    door.run("new", "readout", "--areas", "drawn.geojson", code=2)
    for broken in ("hello", "7", '{"features": []}', '{"features": [7]}', '{"features": [{"type": "Polygon"}]}'):
        Path("drawn.geojson").write_text(broken)
        door.run("new", "danger-area", "--areas", "drawn.geojson", code=2)
    assert "features[0].coordinates" in door.err
