"""Either side's evidence, or both together, give the same figures again, or show which inputs differ."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from detente.__main__ import main
from detente.watch.evidence.comparing import Clock, clock_between, compared, united
from detente.watch.evidence.drafting import incident_draft
from detente.watch.evidence.structs import Definition, Draft
from tests.watch.evidence_worlds import CROSSING, DEFINITION, FRIGATE, PATROL, THIRD, context, heard, met, watched

EAST = {"id": "east", "name": "Eastern Command"}


def side(folder: Path, rows: pl.DataFrame, **fields: Any) -> Draft:
    """Make one side's evidence of what its receiver heard, and lay its files into a folder."""
    definition = fields.get("definition", DEFINITION)
    draft = incident_draft(met(rows, definition, (FRIGATE, PATROL)), context(rows, **fields))
    folder.mkdir()
    for one in draft.attachments:
        (folder / one.name).write_bytes(one.octets)
    return draft


def watching_side(folder: Path, rows: pl.DataFrame, **fields: Any) -> None:
    """The same, of what a watch cleaned and found while the rows came."""
    row, searched = watched(rows)
    draft = incident_draft(row, context(searched, **fields))
    folder.mkdir()
    for one in draft.attachments:
        (folder / one.name).write_bytes(one.octets)


def asked(capsys: pytest.CaptureFixture[str], *names: object) -> tuple[int, dict[str, Any]]:
    code = main(["recompute", "--json", *(str(name) for name in names)])
    shown = capsys.readouterr()
    return code, json.loads(shown.out) if shown.out else {"error": shown.err}


def test_one_side_alone_gives_its_figures_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    side(tmp_path / "west", heard((*CROSSING, THIRD)))
    code, told = asked(capsys, tmp_path / "west")
    assert (code, told["same"], told["together"]) == (0, True, None)
    (alone,) = told["evidence"]
    assert alone["differs"] == []
    assert alone["stated"] == alone["recomputed"]


def test_files_under_any_names_a_draft_and_an_exported_entry_are_the_same_evidence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = side(tmp_path / "west", heard(CROSSING))
    loose = tmp_path / "loose"
    loose.mkdir()
    for number, one in enumerate(draft.attachments):
        (loose / str(number)).write_bytes(one.octets)
    posted = [
        {"media_type": one.media_type, "octets": base64.b64encode(one.octets).decode()}
        for one in draft.attachments
    ]
    (tmp_path / "draft.json").write_text(
        json.dumps({"line": "baltic", "notice": draft.notice, "attachments": posted})
    )
    bodies = [{"content": base64.b64encode(one.octets).decode(), "salt": "AA=="} for one in draft.attachments]
    (tmp_path / "entry.evidence").write_text(json.dumps({"kind": "evidence", "format": 1, "bodies": bodies}))
    for names in (sorted(loose.iterdir()), [loose], [tmp_path / "draft.json"], [tmp_path / "entry.evidence"]):
        code, told = asked(capsys, *names)
        assert code == 0, told
        assert len(told["evidence"]) == 1


@pytest.mark.parametrize("name", ["tracks.csv", "drawing.svg", "drawing-bw.svg"])
def test_an_altered_file_is_refused_and_named(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    side(tmp_path / "west", heard(CROSSING))
    path = tmp_path / "west" / name
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)
    code, told = asked(capsys, tmp_path / "west")
    assert code == 2
    assert str(path) in told["error"]
    assert "altered" in told["error"]
    path.unlink()
    code, told = asked(capsys, tmp_path / "west")
    assert code == 2
    assert f"manifest.json: {name}" in told["error"]


def test_figures_that_were_altered_in_the_manifest_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    side(tmp_path / "west", heard(CROSSING))
    path = tmp_path / "west" / "manifest.json"
    stated = json.loads(path.read_bytes())
    true = stated["figures"]["distance_m"]
    stated["figures"]["distance_m"] = "12.5"
    path.write_text(json.dumps(stated, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    code, told = asked(capsys, tmp_path / "west")
    assert (code, told["same"]) == (1, False)
    (differs,) = told["evidence"][0]["differs"]
    assert differs["figure"] == "distance_m"
    assert (differs["one"], differs["other"]) == ("12.5", true)
    assert main(["recompute", str(tmp_path / "west")]) == 1
    assert "distance_m\t12.5" in capsys.readouterr().out


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one.pop("figures"),
        lambda one: one["figures"].pop("entered"),
        lambda one: one["figures"].update(distance_m="1e2"),
        lambda one: one["figures"].update(distance_m=12),
        lambda one: one["figures"].update(entered="2018-02-30T00:00:00.000000Z"),
        lambda one: one["figures"].update(passes=-1),
        lambda one: one["figures"].update(other="1"),
        lambda one: one["definition"].update(rule="another"),
        lambda one: one["definition"].update(within_m="0"),
        lambda one: one["files"].clear(),
        lambda one: one.update(more=1),
        lambda one: one["a"].update(mover="mmsi:1"),
    ],
)
def test_a_manifest_that_says_nothing_sound_is_bad_input(
    spoil: Callable[[dict[str, Any]], object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    side(tmp_path / "west", heard(CROSSING))
    path = tmp_path / "west" / "manifest.json"
    stated = json.loads(path.read_bytes())
    spoil(stated)
    path.write_text(json.dumps(stated, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    code, told = asked(capsys, tmp_path / "west")
    assert code == 2, told
    assert "expected" in told["error"]
    assert "Traceback" not in told["error"]


def test_no_evidence_and_a_name_that_is_none_are_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("nothing")
    for names in ([tmp_path / "empty"], [tmp_path / "notes.txt"], [tmp_path / "not there"]):
        code, told = asked(capsys, *names)
        assert code == 2
        assert "expected" in told["error"]


def both(tmp_path: Path) -> tuple[Path, Path]:
    """West hears all but every fifth transmission; east another part, with a clock that is 3 s fast."""
    west, east = tmp_path / "west", tmp_path / "east"
    watching_side(west, heard((*CROSSING, THIRD), missing=lambda mover, number: number % 5 == 1))
    watching_side(
        east,
        heard((*CROSSING, THIRD), clock_s=3.0, missing=lambda mover, number: mover == PATROL and number % 7 == 2),
        author=EAST,
        own_side="east",
    )
    return west, east


def test_both_sides_with_other_feeds_and_a_clock_3_s_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    west, east = both(tmp_path)
    code, told = asked(capsys, west, east, "--report", tmp_path / "comparison.html")
    for alone in told["evidence"]:
        assert alone["differs"] == []
    (between,) = told["between"]
    clock = between["clock"]
    assert clock["by"] == "transmissions"
    assert clock["offset_s"] == pytest.approx(3.0, abs=0.001)
    assert clock["taken_off_s"] == clock["offset_s"]
    ours, theirs = (fixes_of(folder) for folder in (west, east))
    shared = {(mover, lon, lat) for mover, lon, lat in ours} & {(mover, lon, lat) for mover, lon, lat in theirs}
    assert between["fixes"] == {
        "same": len(shared), "only_one": len(ours - shared), "only_other": len(theirs - shared), "times_differ": 0,
        "positions_differ": 0, "beyond": 0,
    }  # fmt: skip
    assert between["fixes"]["only_other"] > 20
    assert told["together"]["fixes"] == len(ours | theirs)
    assert code == (0 if told["same"] else 1)
    # the ways are nearly straight from fix to fix: a missing one moves the least distance by centimetres
    assert told["same"] is True
    page = (tmp_path / "comparison.html").read_text()
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert main(["recompute", str(west), str(east), "--language", "ru"]) == 0
    assert "3,000" in capsys.readouterr().out


def fixes_of(folder: Path) -> set[tuple[str, str, str]]:
    lines = (folder / "tracks.csv").read_text().splitlines()[1:]
    return {(cells[0], cells[2], cells[3]) for cells in (line.split(",") for line in lines)}


def test_what_only_one_receiver_heard_can_make_the_figures_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    west, east = tmp_path / "west", tmp_path / "east"
    # east hears the patrol ship, which turns, once in two minutes only
    bent = (CROSSING[0], replace(CROSSING[1], turn_deg_s=0.4))
    side(west, heard(bent))
    side(east, heard(bent, missing=lambda mover, number: mover == PATROL and number % 30 != 0), author=EAST)
    code, told = asked(capsys, west, east)
    assert code == 1
    (between,) = told["between"]
    assert "distance_m" in {one["figure"] for one in between["differs"]}
    assert between["fixes"]["only_one"] > 100
    assert between["fixes"]["only_other"] == 0
    assert 0 < between["fixes"]["beyond"] < 10
    assert len(between["told"]["only_one"]) == 20
    assert told["together"]["differs"] == []
    assert main(["recompute", str(west), str(east)]) == 1
    assert "only in the first" in capsys.readouterr().out


def test_positions_that_differ_at_one_instant_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    west, east = tmp_path / "west", tmp_path / "east"
    side(west, heard(CROSSING))
    side(east, heard(CROSSING, shift_m=40.0, clock_s=3.0), author=EAST)
    code, told = asked(capsys, west, east)
    (between,) = told["between"]
    assert between["fixes"]["positions_differ"] > 100
    assert between["fixes"]["only_one"] == between["fixes"]["only_other"] == 0
    assert between["told"]["positions_differ"][0]["apart"] == pytest.approx(40.0, abs=0.5)
    assert between["clock"]["aside_m"] == pytest.approx(40.0, abs=0.5)
    assert between["clock"]["offset_s"] == pytest.approx(3.0, abs=0.05)
    assert main(["recompute", str(west), str(east)]) == 1
    assert "aside throughout" in capsys.readouterr().out
    # both tracks are moved alike: what differs is only where it was
    assert {one["figure"] for one in between["differs"]} <= {"lon_a", "lat_a", "lon_b", "lat_b"}
    assert code == 1


def test_another_definition_is_named_before_figures_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    west, east = tmp_path / "west", tmp_path / "east"
    side(west, heard(CROSSING))
    side(east, heard(CROSSING), definition=Definition(926.0, 304.8, 60.0), author=EAST)
    code, told = asked(capsys, west, east)
    assert code == 1
    stated = {one["what"]: (one["one"], one["other"]) for one in told["between"][0]["stated_differently"]}
    assert stated["definition.within_m"] == ("1852", "926")
    assert stated["definition.max_gap_s"] == ("180", "60")


def test_other_movers_are_not_put_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    west = tmp_path / "west"
    side(west, heard(CROSSING))
    rows = heard((CROSSING[0], THIRD))
    draft = incident_draft(met(rows), context(rows))
    east = tmp_path / "east"
    east.mkdir()
    for one in draft.attachments:
        (east / one.name).write_bytes(one.octets)
    code, told = asked(capsys, west, east)
    assert (code, told["pairs_differ"], told["between"]) == (1, True, [])


def test_the_clock_is_told_by_motion_where_no_position_is_the_same() -> None:
    one = heard(CROSSING)
    other = heard(CROSSING, clock_s=-4.0, shift_m=3.0)
    clock = clock_between(one, other, max_gap_s=180.0)
    assert isinstance(clock, Clock)
    assert clock.by == "motion"
    assert clock.offset_s == pytest.approx(-4.0, abs=0.05)
    assert clock.aside_m == pytest.approx(3.0, abs=0.3)
    straight = other.filter(pl.col("mover") == FRIGATE)
    assert clock_between(one, straight, max_gap_s=180.0) is None
    still = heard((replace(CROSSING[0], speed_ms=0.0),))
    assert clock_between(still, still.with_columns(pl.col("lon") + 1e-5), max_gap_s=180.0) is None


def test_a_ship_at_rest_is_laid_beside_itself_by_its_times() -> None:
    still = heard((replace(CROSSING[0], speed_ms=0.0),))
    missing = heard((replace(CROSSING[0], speed_ms=0.0),), missing=lambda mover, number: number % 3 == 0)
    laid = compared(still, missing, offset_s=0.0)
    assert laid.same == missing.height
    assert laid.counts == {
        "only_one": still.height - missing.height, "only_other": 0, "times_differ": 0,
        "positions_differ": 0, "beyond": 0,
    }  # fmt: skip
    assert united(still, missing, laid, offset_s=0.0).equals(still)


def test_stamps_of_one_transmission_that_are_seconds_apart_are_named() -> None:
    one = heard((CROSSING[0],))
    late = pl.int_range(pl.len()) % 10 == 0
    other = one.with_columns(time=pl.when(late).then(pl.col("time") + pl.duration(seconds=2)).otherwise("time"))
    laid = compared(one, other.sort("time"), offset_s=0.0)
    assert laid.counts["times_differ"] == (one.height + 9) // 10
    assert laid.told["times_differ"][0].apart == pytest.approx(2.0)
    assert laid.taken == []
