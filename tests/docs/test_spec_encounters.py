"""Every example of spec/encounters.md is recomputed, and its tables agree with the program's."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from detente.encounters.prediction import PREDICTED
from detente.encounters.schema import ENCOUNTERS
from detente.encounters.well_clear import VOLUMES
from detente.notices.allocations import MILITARY_BLOCKS
from detente.notices.quantities import parse_distance_m, parse_duration_s

SPEC = Path(__file__).resolve().parents[2] / "spec" / "encounters.md"


def test_every_example_gives_what_the_page_says() -> None:
    outcome = doctest.testfile(str(SPEC), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 20
    assert outcome.failed == 0


def test_the_table_of_volumes_is_the_program_s() -> None:
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in SPEC.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `do365")
    ]
    assert [row[0] for row in rows] == list(VOLUMES)
    for name, distance, tau, height in rows:
        volume = VOLUMES[name]
        assert volume.distance_m == parse_distance_m(distance.replace(",", ""))
        assert volume.tau_mod_s == (0.0 if tau == "0 s" else parse_duration_s(tau))
        assert volume.vertical_m == parse_distance_m(height)


def test_columns_that_the_page_names_exist() -> None:
    named = [
        name.strip("`, ").replace("*", "a")
        for line in SPEC.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `") and "do365" not in line
        for name in line.split("|")[1].split(",")
    ]
    assert len(named) > 15
    assert set(named) <= set(ENCOUNTERS) | set(PREDICTED)


def test_the_military_blocks_of_the_page_on_sides_are_the_program_s() -> None:
    page = (SPEC.parent.parent / "docs" / "sides.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w{6})`-`(\w{6})` \| (\w\w) \| (\w+) \|$", page, re.MULTILINE)
    assert rows == [(f"{b.first:06x}", f"{b.last:06x}", b.state, b.confidence) for b in MILITARY_BLOCKS]
