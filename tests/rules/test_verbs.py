"""The verbs ``rules`` and ``obligations``, from the door to the last line, on the notices in examples/.

Goal: what the examples are known to owe is what a person is shown, in both languages and as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from detente import words
from detente.__main__ import main
from detente.notices.codec import encode
from detente.notices.examples import EXAMPLES
from detente.notices.forms import read_notice
from detente.notices.line_types import NOTICE_MEDIA_TYPE
from detente.rules import shelf

ROOT = Path(__file__).resolve().parents[2]
NOTICES = ROOT / "examples" / "notices"
ZAPAD = NOTICES / "zapad-2017.toml"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    words.choose("en")


def shown(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    assert main([str(one) for one in arguments]) == code
    said = capsys.readouterr()
    return said.out + said.err


def document(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    assert main([*(str(one) for one in arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def verdict(found: Any, clause: str, notice: int = 0) -> Any:
    [one] = [
        each
        for agreement in found["notices"][notice]["agreements"]
        for each in agreement["verdicts"]
        if each["clause"] == clause
    ]
    return one


def flags(found: Any) -> list[tuple[str, int, int]]:
    return [(one["flag"], one["value"], one["limit"]) for one in found["flags"]]


def test_zapad_as_one_plan(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "obligations", ZAPAD, "--agreement", "vd11")
    told = verdict(found, "notify-land")
    assert told["outcome"] == "owed"
    assert told["crossed"][0] == {"metric": "troops", "op": ">=", "limit": 9000, "value": 12700}
    assert told["due"]["earliest"] == "2017-08-03T00:00:00+00:00"
    assert (len(told["to"]), told["verified"]) == (56, "secondary")
    assert verdict(found, "observe-land")["outcome"] == "not_owed"
    assert flags(found) == [("near_threshold", 12700, 13000)]
    assert found["notices"][0]["agreements"][0]["sha256"] == shelf.agreement("vd11").sha256


def test_zapad_as_two_national_plans(capsys: pytest.CaptureFixture[str]) -> None:
    names = [NOTICES / "zapad-2017-belarus.toml", NOTICES / "zapad-2017-russia.toml"]
    found = document(capsys, "obligations", *names, "--agreement", "vd11")
    for notice in (0, 1):
        assert verdict(found, "notify-land", notice)["outcome"] == "not_owed"
        assert verdict(found, "observe-land", notice)["outcome"] == "not_owed"
    assert ("possible_split", 12700, 9000) in flags(found)
    assert ("sub_division", 12700, 9000) in flags(found)
    assert "together troops 12,700 over 9,000" in shown(capsys, "obligations", *names, "--agreement", "vd11")


def test_the_baltic_firing(capsys: pytest.CaptureFixture[str]) -> None:
    firing = NOTICES / "baltic-firing-2018.toml"
    found = verdict(document(capsys, "obligations", firing, "--agreement", "incsea-1972"), "notice-to-mariners")
    assert (found["outcome"], found["to"], found["not_owed_to"]) == ("owed", ["US"], ["LV", "SE"])
    assert found["told"]["lead_s"] == 5 * 86400 + 17 * 3600
    assert found["told"]["why"] == "author_clock"
    text = shown(capsys, "obligations", firing, "--agreement", "incsea-1972")
    assert "nothing owed to LV, SE: not a party" in text
    assert "5 d 17 h before the start" in text
    assert "seen in the text" in text
    russian = shown(capsys, "obligations", firing, "--agreement", "incsea-1972", "--language", "ru")
    assert "перед LV, SE обязанности нет: не участник" in russian


def test_the_late_launch_the_long_transit_and_the_autumn_of_1987(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "obligations", NOTICES / "launch-late.toml", "--agreement", "launch-1988")
    assert "late by 1 h" in text
    found = document(capsys, "obligations", NOTICES / "black-sea-transit.toml")
    assert verdict(found, "stay-in-black-sea")["outcome"] == "beyond"
    assert verdict(found, "stay-in-black-sea")["crossed"][0]["value"] == 22
    found = document(
        capsys,
        "obligations",
        NOTICES / "autumn-1987.toml",
        "--agreement",
        "stockholm-1986",
        "--agreement",
        "vd11",
    )
    stockholm, vienna = (
        {each["clause"]: each for each in one["verdicts"]}["notify-land"]
        for one in found["notices"][0]["agreements"]
    )
    assert stockholm["outcome"] == "not_owed"
    assert (vienna["outcome"], vienna["reason"]) == ("norm", "not_in_force")
    assert [pair["value"] for pair in vienna["crossed"]] == [12000, 260]


def test_every_example_is_a_sound_notice() -> None:
    for path in sorted(NOTICES.glob("*.toml")):
        checked, faults = read_notice(path.read_bytes())
        assert checked is not None, [str(fault) for fault in faults]


def test_the_examples_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    lines = re.findall(
        r"^detente (obligations .*)$", (NOTICES / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(lines) == 6
    for line in lines:
        parts = [str(ROOT / part) if part.startswith("examples/") else part for part in line.split()]
        assert shown(capsys, *parts)


def test_a_party_sees_what_concerns_it_and_its_yearly_dates(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "obligations", ZAPAD, "--party", "lv", "--at", "2017-08-20T00:00Z")
    assert "information for 2018" in text
    assert "Prior notification: land forces" in text
    text = shown(capsys, "obligations", ZAPAD, "--party", "JP", "--agreement", "vd11", "--at", "9999-01-01")
    assert "nothing is owed" not in text  # a named agreement shows what is not owed, and why
    text = shown(capsys, "obligations", ZAPAD, "--party", "JP")
    assert "nothing owed to JP: not a party" in text
    assert "more clauses ask nothing of it" in text


def test_a_notice_that_owes_nothing_is_said_to_owe_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "readout.json"
    path.write_bytes(encode(EXAMPLES["readout"]))
    assert "nothing is owed" in shown(capsys, "obligations", path)


def test_dates_in_the_past_are_said_unless_a_moment_is_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    past = "its dates lie in the past: over since 2017-09-20"
    assert past in shown(capsys, "obligations", ZAPAD, "--agreement", "vd11")
    assert "in the past" not in shown(capsys, "obligations", ZAPAD, "--agreement", "vd11", "--at", "2017-08-01")
    assert "уже в прошлом" in shown(capsys, "obligations", ZAPAD, "--language", "ru")
    words.choose("en")
    text = ZAPAD.read_text(encoding="utf-8")
    path = tmp_path / "plan.toml"
    path.write_text(text.replace('end = "2017-09-20"', 'end = "2190-09-20"'), encoding="utf-8")
    assert "in the past: begun 2017-09-14" in shown(capsys, "obligations", path)
    path.write_text(text.replace('"2017-09-', '"2190-09-'), encoding="utf-8")
    assert "in the past" not in shown(capsys, "obligations", path)


def test_an_annual_exchange_tells_what_is_owed_each_year(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = tmp_path / "exchange.toml"
    given.write_text(
        'kind = "annual_exchange"\ntitle = "Forces"\nissued_at = "2030-12-17T00:00Z"\nyear = 2031\n'
        'units_reported = 61\n[author]\nid = "no"\nname = "N"\nstate = "NO"\n'
    )
    asked = ("--party", "NO", "--at", "2030-12-20T00:00Z", "--agreement", "vd11")
    found = document(capsys, "obligations", given, *asked)
    assert len(found["notices"]) == 1
    assert verdict(found, "annual-exchange")["told"]["outcome"] == "late"
    found = document(capsys, "obligations", given, "--party", "SE", *asked[2:])
    assert len(found["notices"]) == 2


def test_the_tonnage_of_two_notices_is_added(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = (NOTICES / "black-sea-transit.toml").read_text(encoding="utf-8")
    paths = []
    for name, state in (("one", "FR"), ("two", "GB")):
        paths.append(tmp_path / f"{name}.toml")
        changed = re.sub(r"displacement_t = \d+", "displacement_t = 16000", text)
        paths[-1].write_text(changed.replace('"FR"', f'"{state}"'), encoding="utf-8")
    found = document(capsys, "obligations", *paths, "--agreement", "montreux-1936")
    one = verdict(found, "tonnage-in-black-sea")
    assert (one["outcome"], one["missing"]) == ("undecidable", ["limit_raised"])
    assert (one["crossed"][0]["value"], one["together"]) == (32000, [str(paths[1])])
    text = shown(capsys, "obligations", *paths, "--agreement", "montreux-1936")
    assert "tonnage in tons 32,000 > 30,000, together with" in text
    assert verdict(document(capsys, "obligations", paths[0]), "tonnage-in-black-sea")["outcome"] == "not_owed"


def test_all_shows_why_nothing_is_owed(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "obligations", ZAPAD, "--all")
    assert "about other kinds of notice" in text
    assert "not the case: " in text
    assert "more clause" not in text


def test_what_is_due_becomes_a_calendar(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "due.ics"
    shown(capsys, "obligations", ZAPAD, "--ics", target, "--at", "2016-01-01T00:00Z")
    text = target.read_bytes().decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "20170803T000000Z" in text
    assert "20161116T000000Z" in text
    late = tmp_path / "late.ics"
    shown(capsys, "obligations", NOTICES / "launch-late.toml", "--ics", late, "--agreement", "launch-1988")
    assert "BEGIN:VEVENT" not in late.read_text(encoding="utf-8")  # told, though late: nothing more is due
    relief = tmp_path / "convoy.json"
    relief.write_bytes(encode(EXAMPLES["humanitarian_movement"]))
    shown(capsys, "obligations", relief, "--ics", tmp_path / "none.ics")
    assert "BEGIN:VEVENT" not in (tmp_path / "none.ics").read_text(encoding="utf-8")


def test_cut_offs_come_from_a_file_and_stand_beside_what_they_flag(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cutoffs = tmp_path / "cut-offs.toml"
    cutoffs.write_text("near_percent = 99\n", encoding="utf-8")
    found = document(capsys, "obligations", ZAPAD, "--settings", cutoffs)
    assert found["settings"]["near_percent"] == 99
    assert found["flags"] == []
    assert "near_percent = 90" in shown(capsys, "obligations", ZAPAD)


def test_requests_are_followed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    request = tmp_path / "ask.json"
    request.write_bytes(encode(EXAMPLES["unusual_activity_request"]))
    text = shown(capsys, "obligations", request, "--at", "2030-12-01T00:00Z")
    assert "Consultation about unusual military activities" in text
    found = document(capsys, "obligations", request)
    assert found["procedures"][0]["state"] == "requested"


def test_corrections_and_cancellations_are_heeded(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    names = []
    for kind in ("correction", "cancellation"):
        path = tmp_path / f"{kind}.json"
        path.write_bytes(encode(EXAMPLES[kind]))
        names.append(path)
    text = shown(capsys, "obligations", ZAPAD, *names)
    assert text.count("corrects or cancels nothing that is known here") == 2


def geojson(path: Path, **properties: object) -> Path:
    notice = json.loads(encode(EXAMPLES["danger_area"]))
    feature = {"type": "Feature", "geometry": None, "properties": {"notice": notice, **properties}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return path


def test_areas_are_read_from_geojson_with_their_doubts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = geojson(tmp_path / "areas.geojson", id="A1", outcome="doubtful")
    text = shown(capsys, "obligations", path)
    assert "areas.geojson#A1: read with doubts" in text
    plain = geojson(tmp_path / "plain.geojson")
    assert document(capsys, "obligations", plain)["notices"][0]["ref"].endswith("plain.geojson#0")


def entry(kind: str = "exercise", **more: object) -> dict[str, object]:
    body = {"media_type": NOTICE_MEDIA_TYPE, "content": json.loads(encode(EXAMPLES[kind]))}
    moment = int(datetime(2030, 3, 1, tzinfo=UTC).timestamp() * 1000)
    before = {"clock_ms": moment + 60_000, "clock_of": "east", "role": "log"}
    given = {"ref": "west/4", "member": "west", "author_clock_ms": moment, "before": before, "body": body}
    return {**given, "states": {"east": "read", "else": "unheard"}, "standing": "", **more}


def test_a_lines_log_is_read_with_its_clocks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    text = {"media_type": "text/plain", "content": "hello"}
    entries = [entry(), entry(ref="west/5", body=text), entry(ref="west/6", before=None, standing="disputed")]
    path.write_text("".join(json.dumps(one) + "\n" for one in entries), encoding="utf-8")
    found = document(capsys, "obligations", path)
    assert [one["ref"] for one in found["notices"]] == ["west/4", "west/6"]
    first, second = (one["told"] for one in found["notices"])
    assert (first["not_before_clock"], first["not_after_clock"]) == ("west", "east")
    assert first["not_after"] == "2030-03-01T00:01:00.999000+00:00"
    assert second["not_after"] is None
    assert found["doubtful"] == ["west/6"]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{", "log.jsonl:1"),
        (json.dumps({"ref": "west/1"}), "log.jsonl:1"),
        (json.dumps(entry(author_clock_ms=10**18)), "log.jsonl:1"),
        (
            json.dumps(entry(body={"media_type": NOTICE_MEDIA_TYPE, "content": {"kind": "exercise"}})),
            "log.jsonl:1.title: ",
        ),
    ],
)
def test_a_faulty_log_is_refused_at_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str, named: str
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    assert named in shown(capsys, "obligations", path, code=2)


@pytest.mark.parametrize(
    ("content", "code", "named"),
    [
        ("{", 2, "a FeatureCollection"),
        ('{"features": [{"properties": {}}]}', 2, "[0]"),
        ('{"features": 3}', 2, "a FeatureCollection"),
    ],
)
def test_a_faulty_geojson_is_refused_at_its_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, code: int, named: str
) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(content, encoding="utf-8")
    assert named in shown(capsys, "obligations", path, code=code)


def test_a_geojson_that_is_too_large_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detente.rules.files.GEOJSON_MAX", 10)
    assert "more than 10 bytes" in shown(capsys, "obligations", geojson(tmp_path / "a.geojson"), code=2)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('end = "2017-09-20"', 'end = "2017-09-01"', "period.end"),
        ("troops = 12700", "troops = -5", "forces[0].troops"),
        ("troops = 12700", "troops = 50000000", "forces[0].troops"),
        ('state = "BY"\ndesignation', 'state = "XX"\ndesignation', "forces[0].state"),
        ("54-15N 028-30E", "028-30E 54-15N", "areas[0].shape.position"),
        ('kind = "exercise"', 'kind = "parade"', "kind"),
    ],
)
def test_a_faulty_plan_is_refused_at_its_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, old: str, new: str, named: str
) -> None:
    text = ZAPAD.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "plan.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    said = shown(capsys, "obligations", path, code=2)
    assert f"{path}" in said
    assert named in said


def test_an_area_across_the_antimeridian_is_judged(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    text = (NOTICES / "baltic-firing-2018.toml").read_text(encoding="utf-8")
    ring = '["57-00N 179-00E", "57-00N 179-00W", "56-00N 179-00W", "56-00N 179-00E"]'
    path.write_text(re.sub(r"ring = \[.*\]", f"ring = {ring}", text), encoding="utf-8")
    found = document(capsys, "obligations", path, "--agreement", "incsea-1972")
    assert verdict(found, "notice-to-mariners")["outcome"] == "owed"
    crossed = '["57-00N 018-40E", "56-10N 020-20E", "57-00N 020-20E", "56-10N 018-40E"]'
    path.write_text(re.sub(r"ring = \[.*\]", f"ring = {crossed}", text), encoding="utf-8")
    assert "areas[0].shape.ring" in shown(capsys, "obligations", path, code=2)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["obligations", ZAPAD, "--party", "Latvia"], "--party"),
        (["obligations", ZAPAD, "--at", "tomorrow"], "--at"),
        (["obligations", ZAPAD, "--agreement", "vd12"], "--agreement"),
        (["obligations", ZAPAD, "--agreement", "nowhere.toml"], "nowhere.toml"),
        (["obligations", ZAPAD, ZAPAD], "FILES"),
        (["obligations", "nowhere.toml"], "nowhere.toml"),
        (["obligations", ZAPAD, "--settings", ZAPAD], "zapad-2017.toml"),
        (["rules", "show", "vd12"], "vd11"),
    ],
)
def test_a_faulty_request_is_refused_and_says_where(
    capsys: pytest.CaptureFixture[str], arguments: list[object], named: str
) -> None:
    assert named in shown(capsys, *arguments, code=2)


def test_the_agreements_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "rules", "list")
    assert all(name in text for name in shelf.names())
    found = document(capsys, "rules", "list")
    assert {one["agreement"] for one in found} == set(shelf.names())
    for name in shelf.names():
        text = shown(capsys, "rules", "show", name)
        for clause in shelf.agreement(name).clauses:
            assert clause.id in text
            assert clause.source in text
        assert shelf.agreement(name).sha256 in text
        assert shown(capsys, "rules", "show", name, "--language", "ru")
        words.choose("en")
    assert document(capsys, "rules", "show", "vd11")["clauses"][0]["id"] == "annual-exchange"
    assert "verbs" in shown(capsys, "rules", code=2)


def test_an_agreement_is_shown_without_the_words_of_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("montreux-1936", "vd11", "incsea-sisters", "hcoc"):
        found = shown(capsys, "rules", "show", name, "--language", "ru")
        assert not re.search(r"[a-z]_[a-z]", found), name
        assert " not in " not in found
    words.choose("en")
    assert "at the latest" in shown(capsys, "rules", "show", "hcoc")
    assert "RU, SU and each of the others" in shown(capsys, "rules", "show", "incsea-sisters")


def test_an_agreement_may_be_a_file_of_ones_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = (ROOT / "src" / "detente" / "rules" / "agreements" / "vd11.toml").read_text(encoding="utf-8")
    own.write_text(text.replace("value = 9000", "value = 12701"), encoding="utf-8")
    found = document(capsys, "obligations", ZAPAD, "--agreement", own)
    assert [pair["metric"] for pair in verdict(found, "notify-land")["crossed"]] == ["battle_tanks"]
    own.write_text(text.replace("duty =", "dutty =", 1), encoding="utf-8")
    assert "clauses[0] (annual-exchange)" in shown(capsys, "obligations", ZAPAD, "--agreement", own, code=2)


def test_help_of_both_verbs_has_its_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("rules", "obligations"):
        with pytest.raises(SystemExit):
            main([verb, "--help"])
        assert f"detente {verb}" in capsys.readouterr().out
