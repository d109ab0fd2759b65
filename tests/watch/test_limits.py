"""Limits: the defaults, their order, the file, and every fault of it at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from detente.watch.errors import WatchMistake
from detente.watch.limits import (
    BYTES_MAX,
    DEFAULTS,
    KINDS_OF_PAIR,
    PRIORITIES,
    Agreed,
    kind_of_pair,
    parse_limits,
    read_limits,
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "limits.toml"


def test_the_example_holds_every_default() -> None:
    assert read_limits(EXAMPLE) == DEFAULTS == parse_limits("")
    assert set(tomllib.loads(EXAMPLE.read_text("utf-8"))) == {*KINDS_OF_PAIR, "area"}


def test_each_rung_lies_inside_the_one_before() -> None:
    for ladder in DEFAULTS.ladders.values():
        for outer, inner in zip(ladder.rungs, ladder.rungs[1:], strict=False):
            assert (inner.within_m, inner.vertical_m, inner.ahead_s) <= (
                outer.within_m, outer.vertical_m, outer.ahead_s,
            )  # fmt: skip
            assert inner.within_m < outer.within_m


def test_the_reported_cases_are_what_they_were() -> None:
    """12 April 2014: 1,000 yd and 500 ft, below no limit; 10 February 2017: 200 yd and 300 ft."""
    assert DEFAULTS.broken("ship", "aircraft", 913.0, 152.0)
    assert DEFAULTS.broken("aircraft", "ship", 183.0, 91.0)
    assert not DEFAULTS.broken("ship", "aircraft", 915.0, 91.0)
    assert not DEFAULTS.broken("ship", "aircraft", 183.0, 153.0)
    assert DEFAULTS.broken("ship", "aircraft", 183.0, None)
    assert DEFAULTS.broken("aircraft", "aircraft", 6.1, 0.0)
    assert not parse_limits("[ship_ship]\nagreed = false").broken("ship", "ship", 1.0, 0.0)


def test_the_rungs_of_the_prediction_are_those_of_the_kinds() -> None:
    rungs = DEFAULTS.rungs()
    for place in range(len(PRIORITIES)):
        for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
            rung = DEFAULTS.ladders[KINDS_OF_PAIR[a + b]].rungs[place]
            assert (rungs.within_m[place, a, b], rungs.vertical_m[place, a, b], rungs.ahead_s[place, a, b]) == (
                rung.within_m, rung.vertical_m, rung.ahead_s,
            )  # fmt: skip
    assert kind_of_pair("ship", "other") == "ship_ship"
    assert kind_of_pair("other", "aircraft") == "ship_aircraft"


def test_a_file_sets_what_it_says_and_leaves_the_rest() -> None:
    limits = parse_limits(
        '[ship_ship]\nemergency = { within = "100yd" }\nagreed = { within = "300yd" }\n'
        '[area]\ncaution = "40min"\nmargin = "1nm"\nagreed = false\n'
    )
    ladder, default = limits.ladders["ship_ship"], DEFAULTS.ladders["ship_ship"]
    assert ladder.rungs[:3] == default.rungs[:3]
    assert ladder.rungs[3].within_m == pytest.approx(91.44)
    assert ladder.rungs[3].ahead_s == default.rungs[3].ahead_s
    assert ladder.agreed == Agreed(300 * 0.9144, 1_000 * 0.3048)
    assert (limits.area_ahead_s, limits.area_margin_m, limits.agreed_area) == (
        (2_400.0, 600.0, 180.0),
        1_852.0,
        False,
    )
    assert limits.ladders["ship_aircraft"] == DEFAULTS.ladders["ship_aircraft"]
    widest = limits.agreed_widest()
    assert widest is not None
    assert widest.within_m == pytest.approx(0.66 * 1852)
    nothing = parse_limits("\n".join(f"[{kind}]\nagreed = false" for kind in KINDS_OF_PAIR))
    assert nothing.agreed_widest() is None


def test_all_faults_of_a_file_are_told_at_once() -> None:
    text = """
boat = 1
[ship_ship]
caution = { within = "10", depth = "3m" }
warning = { within = "9000yd", ahead = 5 }
alarm = "near"
agreed = true
[ship_aircraft]
emergency = { vertical = "90000m", ahead = "9h" }
[area]
caution = "1min"
margin = "-1nm"
agreed = "yes"
"""
    with pytest.raises(WatchMistake) as caught:
        parse_limits(text, where="my.toml")
    came = caught.value.came
    for place in (
        "boat: ", "ship_ship.caution.within: ", "ship_ship.caution.depth: ", "ship_ship.warning: within",
        "ship_ship.warning.ahead: ", "ship_ship.alarm: ", "ship_ship.agreed: ", "ship_aircraft.emergency.vertical: ",
        "ship_aircraft.emergency.ahead: ", "area: ", "area.margin: ", "area.agreed: ",
    ):  # fmt: skip
        assert place in came, place
    assert came.startswith("12 faults")
    assert caught.value.where == "my.toml"
    assert caught.value.exit_code == 2


def test_what_is_no_file_of_limits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    for content in (b"a = [", b"\xff\xfe", b"#" * (BYTES_MAX + 1), b"ship_ship = 3\narea = 4", b"x = 1\n" * 2):
        path.write_bytes(content)
        with pytest.raises(WatchMistake):
            read_limits(path)
    many = "\n".join(f"key{number} = 1" for number in range(50))
    with pytest.raises(WatchMistake, match="and 30 more"):
        parse_limits(many)
    with pytest.raises(OSError, match="No such file"):
        read_limits(tmp_path / "none.toml")
