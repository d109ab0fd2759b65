"""A scenario's file: every fault at once, with line and key; what the examples and the page say is what is read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from detente.__main__ import main
from detente.scenario.checks import read_scenario
from detente.scenario.errors import ScenarioMistake
from detente.scenario.structs import DO, EXPECT
from tests.conftest import ROOT

EXAMPLES = sorted((ROOT / "examples" / "scenarios").glob("*.toml"))
SMALL = """
format = 1
title = "A drill"
training = true
synthetic = true
[line]
name = "drill"
[sides.west]
name = "West"
officers = ["Anna"]
[sides.east]
name = "East"
officers = ["Olga", "Pavel"]
[[movers]]
id = "mmsi:200001001"
name = "SYNTHETIC SHIP"
side = "west"
way = [{ at = 2030-05-01T06:00:00Z, position = "55-00N 017-00E" }, { speed_kn = 10, position = "55-10N 017-00E" }]
[notices.gunnery]
kind = "danger_area"
title = "TRAINING: Gunnery"
activity_kind = "firing"
areas = [{ name = "B", shape = { shape = "circle", centre = "70-30N 031-00E", radius_m = "9260" } }]
windows = [{ start = 2030-05-02T06:00:00Z, end = 2030-05-02T14:00:00Z }]
[[scenes]]
title = "One"
begins = 2030-05-01T06:00:00Z
[[scenes.steps]]
do = "open-line"
[[scenes.steps]]
do = "say"
who = "west"
notice = "gunnery"
[[scenes.steps]]
expect = "reached"
what = "gunnery"
"""


def faults_of(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioMistake) as caught:
        read_scenario(file)
    return [one.sentence() for one in caught.value.faults]


def test_a_small_scenario_is_read(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(SMALL, encoding="utf-8")
    found = read_scenario(file)
    assert list(found.sides) == ["west", "east"]
    assert [type(one).__name__ for one in found.scenes[0].steps] == ["OpenLine", "SayNotice", "Reached"]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_read_and_says_that_it_is_made_up(file: Path) -> None:
    found = read_scenario(file)
    assert found.training
    assert found.synthetic
    assert all(one["title"].startswith("TRAINING: ") for one in found.notices.values())
    assert file.read_text(encoding="utf-8").startswith("# TRAINING. SYNTHETIC.")


def test_there_are_three_examples() -> None:
    assert {one.stem for one in EXAMPLES} == {"baltic-2018", "black-sea-transit", "humanitarian-river"}


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("training = true", "training = false", 4, "must be true"),
        ("synthetic = true\n", "", 0, "synthetic is missing"),
        ('name = "drill"', 'nmae = "drill"', 7, "did you mean name"),
        ('side = "west"', 'side = "wset"', 17, "no such side: wset"),
        ('"SYNTHETIC SHIP"', '"FRIGATE"', 16, "movers[1].name"),
        ("speed_kn = 10", "speed_kn = -10", 18, "movers[1].way[2].speed_kn"),
        ("{ speed_kn = 10, ", "{ at = 2030-05-01T05:00:00Z, ", 18, "after the point before it"),
        ('"55-10N 017-00E"', '"55-10N"', 18, "latitude, then longitude"),
        ('"danger_area"', '"dangerarea"', 20, "notices.gunnery.kind"),
        ("end = 2030-05-02T14", "end = 2030-05-02T04", 24, "notices.gunnery.windows[1].end"),
        ('radius_m = "9260"', 'radius = "9260"', 23, "radius"),
        ("begins = 2030-05-01T06:00:00Z", 'begins = "tomorrow"', 27, "without quotation marks"),
        ("begins = 2030-05-01T06:00:00Z\n", "", 25, "the first scene says when it begins"),
        ('do = "open-line"', 'do = "open-lien"', 29, "did you mean open-line"),
        ('do = "open-line"', 'note = "x"', 28, "either do or expect"),
        ('[[scenes.steps]]\ndo = "open-line"\n', "", 28, "before this the line is opened"),
        ('who = "west"', 'who = "north"', 32, "no such side: north"),
        ('notice = "gunnery"', 'notice = "firing"', 33, "no such notice: firing"),
        ('what = "gunnery"', 'what = "firing"', 36, "nothing is called firing before this"),
        ('what = "gunnery"', 'what = "gunnery"\nwithin = "soon"', 37, "within"),
        ('officers = ["Anna"]', 'officers = ["Anna"]\ntwo_people = ["danger_area"]', 11, "there is one officer"),
        ('officers = ["Anna"]', "observer = true", 32, "observer says nothing"),
        ('name = "drill"', 'name = "humanitarian-drill"', 20, "notices.gunnery.kind"),
    ],
)
def test_a_fault_is_told_with_its_line_and_key(tmp_path: Path, old: str, new: str, line: int, told: str) -> None:
    assert old in SMALL
    found = faults_of(tmp_path, SMALL.replace(old, new, 1))
    told_there = [one for one in found if told in one]
    assert told_there, found
    if line:
        assert any(one.startswith(f"line {line}: ") for one in told_there), found


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = SMALL.replace('side = "west"', 'side = "wset"').replace('what = "gunnery"', 'what = "firing"')
    text = text.replace('who = "west"', 'who = "north"')
    assert len(faults_of(tmp_path, text)) >= 3


@pytest.mark.parametrize("octets", [b"\xff\xfe", b"= 1", b"a = [", b"[" * 5_000, b"a = 1" + b"0" * 5_000])
def test_what_is_no_toml_is_one_fault(tmp_path: Path, octets: bytes) -> None:
    file = tmp_path / "scenario.toml"
    file.write_bytes(octets)
    with pytest.raises(ScenarioMistake) as caught:
        read_scenario(file)
    assert caught.value.faults


def test_the_verb_tells_faults_and_starts_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("slips.toml").write_text(SMALL.replace('side = "west"', 'side = "wset"'), encoding="utf-8")
    assert main(["scenario", "check", "slips.toml"]) == 2
    assert "line 17: movers[1].side: there is no such side: wset" in capsys.readouterr().err
    assert main(["scenario", "check", "slips.toml", "--json"]) == 2
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    assert fault == {"line": 17, "key": "movers[1].side", "what": "there is no such side: wset"}
    assert main(["scenario", "play", "slips.toml", "--keep", "play"]) == 2
    assert not Path("play").exists()
    assert main(["scenario", "check", "none.toml"]) == 2
    Path("right.toml").write_text(SMALL, encoding="utf-8")
    assert main(["scenario", "check", "right.toml", "--json"]) == 0
    assert '"faults": []' in capsys.readouterr().out


@pytest.mark.parametrize("speed", ["0.5", "101", "nan", "fast"])
def test_a_speed_beyond_its_bounds_is_refused(capsys: pytest.CaptureFixture[str], speed: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["scenario", "play", str(EXAMPLES[0]), "--speed", speed])
    assert stopped.value.code == 2
    assert "from 1 to 100" in capsys.readouterr().err


def test_the_page_tells_every_step_and_every_key() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    rows = {
        name: re.sub(r"`(docs/[a-z]+\.md)`", "", line)
        for line in page.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([a-z-]+)`", line.split("|")[1])
    }
    for name, kind in (DO | EXPECT).items():
        assert name in rows, name
        keys = set(kind.__struct_fields__) - {"at", "note", "within"}
        named = set(re.findall(r"`([a-z_]+)`", rows[name]))
        assert keys <= named | {"within"}, (name, keys - named)
