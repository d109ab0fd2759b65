"""Goal: a sides file means one assignment or is refused whole, with every fault and its place.

Method: examples a level; a table of faults; a plain reference, mover by mover, against the arrays.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.encounters import sides as module
from detente.encounters.errors import SidesMistake
from detente.encounters.sides import Level, Run, Side, Sides, merged
from detente.encounters.sides_file import BYTES_MAX, parse_sides, read_sides
from detente.notices.parties import military_block, state_of_icao24, state_of_mmsi

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "sides"


def sides(text: str) -> Sides:
    return parse_sides(text, where="sides.toml")


def faults(text: str) -> str:
    with pytest.raises(SidesMistake) as caught:
        sides(text)
    assert caught.value.where == "sides.toml"
    assert caught.value.remedy
    return caught.value.came


def test_flags_claim_ships_and_aircraft_of_a_state():
    found = sides('[sides.red]\nflags = ["RU"]\n[sides.blue]\nflags = ["GB", "US"]\n')
    assert found.names == ("red", "blue")
    assert found.side_of("mmsi:273123456") == "red"
    assert found.side_of("mmsi:002731234") == "red"  # coast station
    assert found.side_of("mmsi:111232500") == "blue"  # search and rescue aircraft
    assert found.side_of("icao24:153000") == "red"
    assert found.side_of("icao24:AE1234") == "blue"
    assert found.side_of("mmsi:219000001") == ""
    assert found.side_of("id:red") == ""
    assert found.side_of("mmsi:970273001") == ""  # a distress transmitter's digits name no state


def test_explicit_goes_before_ranges_and_ranges_before_flags():
    found = sides(
        """
        [sides.flag]
        flags = ["RU"]
        [sides.range]
        ranges = ["mmsi 273100000-273199999", "icao24 150000-1500ff"]
        [sides.named]
        mmsi = [273100007]
        icao24 = ["150007"]
        ids = ["id:N-?"]
        """
    )
    ships = (273000000, 273100000, 273199999, 273200000, 273100007)
    assert [found.side_of(f"mmsi:{mmsi}") for mmsi in ships] == ["flag", "range", "range", "flag", "named"]
    assert [found.side_of(f"icao24:{hexa}") for hexa in ("14ffff", "150000", "1500ff", "150100", "150007")] == [
        "flag", "range", "range", "flag", "named",
    ]  # fmt: skip
    assert (found.side_of("id:N-1"), found.side_of("id:N-12"), found.side_of("id:N.1")) == ("named", "", "")


def test_a_second_mover_found_under_one_id_has_the_side_of_that_id():
    assert sides('[sides.red]\nflags = ["RU"]\n').side_of("mmsi:273123456~2") == "red"
    assert sides('[sides.red]\nids = ["id:A"]\n').side_of("id:A~13") == "red"


def test_military_narrows_flags_and_ranges_but_not_what_is_named():
    found = sides(
        """
        [sides.forces]
        flags = ["US"]
        ranges = ["mmsi 273100000-273199999"]
        mmsi = [219000001]
        military = true
        [sides.others]
        flags = ["US"]
        military = false
        """
    )
    assert found.side_of("mmsi:366000001", military=True) == "forces"
    assert found.side_of("mmsi:366000001", military=False) == "others"
    assert found.side_of("mmsi:366000001", military=None) == "others"  # not known to be military
    assert found.side_of("mmsi:273100001", military=True) == "forces"
    assert found.side_of("mmsi:273100001") == ""
    assert found.side_of("mmsi:219000001", military=False) == "forces"


def test_the_sources_military_flag_goes_before_the_well_known_blocks():
    found = sides('[sides.forces]\nflags = ["US"]\nmilitary = true\n')
    assert found.side_of("icao24:ae1234", military=None) == "forces"
    assert found.side_of("icao24:ae1234", military=False) == ""
    assert found.side_of("icao24:a12345", military=None) == ""
    assert found.side_of("icao24:a12345", military=True) == "forces"


def test_kinds_narrow_flags_and_default_to_what_the_id_says():
    found = sides(
        '[sides.sea]\nflags = ["GB"]\nkinds = ["ship"]\n[sides.air]\nflags = ["GB"]\nkinds = ["aircraft"]\n'
    )
    assert (found.side_of("mmsi:232000001"), found.side_of("icao24:400001")) == ("sea", "air")
    assert found.side_of("mmsi:111232500", kind="aircraft") == "air"
    assert found.side_of("mmsi:232000001", kind="other") == ""


def test_every_two_different_sides_are_rivals_unless_pairs_are_given():
    three = '[sides.a]\nflags=["RU"]\n[sides.b]\nflags=["US"]\n[sides.c]\nflags=["CN"]\n'
    free = sides(three)
    assert free.rivals("a", "b")
    assert free.rivals("c", "b")
    assert not free.rivals("a", "a")
    assert not free.rivals("a", "")
    assert not free.rivals("", "")
    bound = sides(three + '[rivals]\npairs = [["a", "b"]]\n')
    assert bound.rivals("a", "b")
    assert bound.rivals("b", "a")
    assert not bound.rivals("a", "c")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no side"),
        ("sides = 3", "no side"),
        ("[sides]", "no side"),
        ("[sides.a]", "sides.a: a side without rules"),
        ("[sides]\na = 1", "sides.a: a side is a table"),
        ("[sides.a]\nmilitary = true", "a side without rules"),
        ('[sides.a]\nflags = ["RU"]\ncolour = "red"', "sides.a: 'colour' is not known"),
        ('[sides.a]\nflags = ["RU"]\n[other]', "other: 'other' is not known"),
        ('[sides.a]\nflags = ["UK"]', "sides.a.flags[0]: 'UK'"),
        ('[sides.a]\nflags = ["RU", "ru"]', "sides.a.flags[1]: 'ru'"),
        ("[sides.a]\nflags = [7]", "sides.a.flags[0]: 7"),
        ('[sides.a]\nflags = "RU"', "sides.a.flags: a list"),
        ("[sides.a]\nflags = []", "sides.a.flags: a list with at least one"),
        ("[sides.a]\nmmsi = [true]", "sides.a.mmsi[0]: True"),
        ("[sides.a]\nmmsi = [0]", "sides.a.mmsi[0]: 0"),
        ("[sides.a]\nmmsi = [1000000000]", "sides.a.mmsi[0]"),
        ('[sides.a]\nmmsi = ["12345678"]', "sides.a.mmsi[0]"),
        ("[sides.a]\nmmsi = [1.5]", "sides.a.mmsi[0]"),
        ("[sides.a]\nicao24 = [11]", "sides.a.icao24[0]"),
        ('[sides.a]\nicao24 = ["ae123"]', "sides.a.icao24[0]"),
        ('[sides.a]\nids = ["**"]', "sides.a.ids[0]"),
        ('[sides.a]\nids = [""]', "sides.a.ids[0]"),
        ('[sides.a]\nids = ["a\\u0007"]', "sides.a.ids[0]"),
        ('[sides.a]\nranges = ["mmsi 2-1"]', "sides.a.ranges[0]"),
        ('[sides.a]\nranges = ["mmsi 273199999-273100000"]', "sides.a.ranges[0]"),
        ('[sides.a]\nranges = ["icao24 ae0000-zz0000"]', "sides.a.ranges[0]"),
        ('[sides.a]\nranges = ["imo 1234567-1234568"]', "sides.a.ranges[0]"),
        ('[sides.a]\nranges = ["mmsi 27310000a-27310000b"]', "sides.a.ranges[0]"),
        ("[sides.a]\nranges = [3]", "sides.a.ranges[0]"),
        ('[sides.a]\nflags = ["RU"]\nmilitary = "yes"', "sides.a.military"),
        ('[sides.a]\nflags = ["RU"]\nkinds = ["boat"]', "sides.a.kinds[0]: 'boat'"),
        ('[sides."\\u001bx"]\nflags = ["RU"]', "a side's name begins with a letter"),
        ('[sides.a]\nflags=["RU"]\n[rivals]\npairs = [["a", "zz"]]', "rivals.pairs[0]: 'zz'"),
        ('[sides.a]\nflags=["RU"]\n[rivals]\npairs = [["a", "a"]]', "not its own rival"),
        ('[sides.a]\nflags=["RU"]\n[rivals]\npairs = [["a"]]', "rivals.pairs[0]: two names"),
        ('[sides.a]\nflags=["RU"]\n[rivals]\npairs = []', "rivals.pairs: a list"),
        ('[sides.a]\nflags=["RU"]\n[rivals]\npear = []', "rivals: expected pairs"),
        ('rivals = 3\n[sides.a]\nflags=["RU"]', "rivals: expected pairs"),
        ('[sides.a]\nflags = ["RU"\n', "not TOML"),
        ("x = " + "[" * 5000, "not TOML"),
        ('[sides.a]\nflags=["RU"]\n[sides.b]\nflags=["RU"]', "sides a and b both claim the flag RU"),
        ("[sides.a]\nmmsi=[273000001]\n[sides.b]\nmmsi=[273000001]", "a and b both claim mmsi 273000001"),
        ('[sides.a]\nids=["id:X*"]\n[sides.b]\nids=["id:X*"]', "a and b both claim 'id:X*'"),
        (
            '[sides.a]\nranges=["icao24 ae0000-ae00ff"]\n[sides.b]\nranges=["icao24 ae00f0-ae01ff"]',
            "a and b both claim icao24 ae00f0-ae00ff",
        ),
        (
            "[sides.a]\nmmsi=[273000001]\nmilitary=true\n[sides.b]\nmmsi=[273000001]\nmilitary=false",
            "both claim mmsi 273000001",  # what is named is not narrowed
        ),
    ],
)
def test_each_fault_is_named_with_its_place(text, said):
    assert said in faults(text)


def test_all_faults_of_a_file_are_reported_at_once():
    came = faults('[sides.a]\nflags=["XX"]\nmmsi=[true]\n[sides.b]\n[sides.c]\nranges=["mmsi 5-4"]\n[extra]\n')
    assert came.startswith("5 faults: ")
    for place in ("sides.a.flags[0]", "sides.a.mmsi[0]", "sides.b:", "sides.c.ranges[0]", "extra"):
        assert place in came


def test_thousands_of_faults_make_a_short_message():
    came = faults("[sides.a]\nflags = [" + '"XX",' * 5000 + "]\n")
    assert came.startswith("5,000 faults: ")
    assert "and 4,980 more" in came
    assert len(came) < 3000


def test_sides_that_conditions_keep_apart_may_share_flags_and_ranges():
    for narrow1, narrow2 in (("military=true", "military=false"), ('kinds=["ship"]', 'kinds=["aircraft"]')):
        found = sides(
            f'[sides.a]\nflags=["RU"]\nranges=["mmsi 273000000-273000009"]\n{narrow1}\n'
            f'[sides.b]\nflags=["RU"]\nranges=["mmsi 273000000-273000009"]\n{narrow2}\n'
        )
        assert found.names == ("a", "b")


def test_globs_that_meet_on_one_mover_are_a_mistake_that_names_both_sides():
    found = sides('[sides.a]\nids=["id:X*"]\n[sides.b]\nids=["id:*Y"]\n')
    assert (found.side_of("id:X1"), found.side_of("id:1Y")) == ("a", "b")
    with pytest.raises(SidesMistake, match="id:XY is claimed by a and by b"):
        found.side_of("id:XY")


@pytest.mark.parametrize("name", ["flags.toml", "warships.toml"])
def test_the_examples_are_read(name):
    assert len(read_sides(EXAMPLES / name).names) >= 2


def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path):
    path = tmp_path / "sides.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SidesMistake, match="UTF-8"):
        read_sides(path)
    path.write_bytes(b"#" * (BYTES_MAX + 1))
    with pytest.raises(SidesMistake, match="bytes"):
        read_sides(path)
    path.write_bytes(b'\xef\xbb\xbf[sides.a]\nflags = ["RU"]\n')  # an editor's byte order mark is no fault
    assert read_sides(path).names == ("a",)


def test_no_part_of_sides_lists_members_of_one():
    public = {name for name in dir(Sides) if not name.startswith("_")}
    assert public == {"assign", "names", "rival_pairs", "rivals", "side_of"}
    assert set(module.__all__) == {"Level", "Run", "Side", "Sides", "merged"}


def _reference(found: Sides, mover: str, *, military: bool | None) -> str:
    """Return the side by reading the rules as docs/sides.md states them, one mover and rule at a time."""
    space, _, identity = mover.partition(":")
    number = int(identity, 10 if space == "mmsi" else 16)
    state = state_of_mmsi(number) if space == "mmsi" else state_of_icao24(number)
    known = military if military is not None else space == "icao24" and military_block(number) is not None
    kind = "ship" if space == "mmsi" else "aircraft"

    def passes(side: Side) -> bool:
        return side.military in {None, known} and (not side.kinds or kind in side.kinds)

    def holds(runs: tuple[Run, ...]) -> bool:
        return any(run.space == space and run.first <= number <= run.last for run in runs)

    for level in Level:
        for side in found.sides:
            named = holds(side.explicit) or any(fnmatchcase(mover, glob) for glob in side.globs)
            if (
                (level is Level.EXPLICIT and named)
                or (level is Level.RANGE and passes(side) and holds(side.ranges))
                or (level is Level.FLAG and passes(side) and state in side.flags)
            ):
                return side.name
    return ""


_SIX_SIDES = sides(
    """
    [sides.a]
    flags = ["RU", "CN"]
    military = true
    [sides.b]
    flags = ["RU"]
    military = false
    [sides.c]
    flags = ["US"]
    kinds = ["ship"]
    ranges = ["mmsi 273000000-273499999", "icao24 ae0000-aeffff"]
    [sides.d]
    flags = ["US", "GB"]
    kinds = ["aircraft"]
    icao24 = ["ae0001", "43c000"]
    [sides.e]
    ids = ["mmsi:2735*"]
    mmsi = [366000000, 273000000]
    [sides.f]
    ranges = ["icao24 100000-14ffff"]
    flags = ["DE"]
    """
)
_MMSI = st.one_of(
    st.integers(0, 999_999_999),
    st.sampled_from([273_000_000, 273_499_999, 273_500_000, 366_000_000, 232_000_000]).flatmap(
        lambda near: st.integers(near - 2, near + 2)
    ),
).map(lambda mmsi: f"mmsi:{mmsi:09d}")
_ADDRESS = st.one_of(
    st.integers(0, 0xFFFFFF),
    st.sampled_from([0xAE0000, 0xAF0000, 0x150000, 0x100000, 0x43C000, 0xADF7C8]).flatmap(
        lambda near: st.integers(near - 2, near + 2)
    ),
).map(lambda address: f"icao24:{address:06x}")


@given(st.lists(st.tuples(st.one_of(_MMSI, _ADDRESS), st.sampled_from([None, True, False])), max_size=30))
def test_the_table_agrees_with_reading_the_rules_one_by_one(movers):
    frame = pl.DataFrame(movers, schema={"mover": pl.String, "military": pl.Boolean}, orient="row")
    expected = [_reference(_SIX_SIDES, mover, military=military) for mover, military in movers]
    assert _SIX_SIDES.assign(frame).to_list() == expected


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10)), max_size=12))
def test_merged_runs_hold_what_the_runs_held_and_stand_apart(pieces):
    first, last = merged([Run("mmsi", start, start + length) for start, length in pieces])
    held = {value for start, length in pieces for value in range(start, start + length + 1)}
    assert {value for a, b in zip(first, last, strict=True) for value in range(a, b + 1)} == held
    assert all(a > b + 1 for a, b in zip(first[1:], last, strict=False))
