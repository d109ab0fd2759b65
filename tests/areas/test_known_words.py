"""A limiting phrase with no digit and none of the listed words makes a text doubtful: its words are not known."""

from __future__ import annotations

import pytest

from detente.areas.outcomes import Outcome, Reason
from detente.areas.reading import read_text
from tests.areas import invented

PLAIN = invented.NOTAM_POLYGON
WHEN = "010600Z TO 011800Z APR 26"
SHOT = """051308Z MAR 26
HYDROPAC 1/26.
1. GUNNERY {when} IN AREA BOUND BY
35-00N 120-00W, 36-00N 120-00W, 36-00N 121-00W, 35-00N 121-00W{tail}.
2. CANCEL THIS MSG 011900Z APR 26."""


@pytest.mark.parametrize(
    "phrase",
    [
        "START AND END WILL BE COORDINATED WITH ZZZZ ACC",
        "WI ANYTOWN TMA",
        "IN THE EVENT OF A MISHAP",
        "IN ANYTOWN FIR",
        "WHEN NOTIFIED",
        "IF THE RANGE IS MANNED",
        "UNLESS FOG PREVAILS",
        "(WHEN NOTIFIED)",
        "LANDING CRAFT EXEMPT",
        "FORTNIGHTLY",
        "ACTIVATION BY NOTAM",
        "IN THE NORTH",
        "OTHER AREAS ACTIVATED",
        "WITHIN THE RESTRICTED AREA",
        "АКТИВНО ПО ЗАПРОСУ",
    ],
)
def test_a_phrase_that_nobody_listed_is_doubted_with_its_words(phrase: str) -> None:
    assert read_text(PLAIN, "notam").outcome is Outcome.READ
    for text, dialect in (
        (PLAIN.replace("FIRING WILL", f"{phrase}. FIRING WILL"), "notam"),
        (invented.NGA_DAILY.replace("1. MISSILE OPERATIONS", f"1. MISSILE OPERATIONS, {phrase},"), "warning"),
    ):
        reading = read_text(text, dialect)
        assert reading.outcome is Outcome.DOUBTFUL, reading.refusals
        assert {doubt.reason for doubt in reading.doubts} & {Reason.WORDS_NOT_KNOWN, Reason.WORDS_LEFT}
        assert all(doubt.words for doubt in reading.doubts)


@pytest.mark.parametrize(
    "phrase", ["ANYTOWN RANGES ACTIVATED.", "ANYTOWN ACT.", "(ANYTOWN, OLDSHIRE)", "WIDE BERTH REQUESTED."]
)
def test_names_where_names_stand_and_general_words_raise_no_doubt(phrase: str) -> None:
    reading = read_text(PLAIN.replace("FIRING WILL", f"DANGER AREA {phrase} FIRING WILL"), "notam")
    assert reading.outcome is Outcome.READ, reading.doubts


def test_a_heading_names_seas_but_a_condition_in_it_is_doubted() -> None:
    assert read_text(invented.NGA_DAILY, "warning").outcome is Outcome.READ
    text = invented.NGA_DAILY.replace("NORTH PACIFIC.", "WHEN NOTIFIED.")
    assert Reason.WORDS_NOT_KNOWN in {doubt.reason for doubt in read_text(text, "warning").doubts}


def test_headings_are_few_and_what_follows_them_is_read_as_text() -> None:
    text = invented.NGA_DAILY.replace("NORTH PACIFIC.", "\n".join(["OLDSHIRE COAST."] * 6 + ["FORTNIGHTLY."]))
    (doubt,) = read_text(text, "warning").doubts
    assert (doubt.reason, doubt.words) == (Reason.WORDS_NOT_KNOWN, "FORTNIGHTLY")


@pytest.mark.parametrize(
    ("when", "tail"),
    [
        (WHEN, ". AREA WITHIN 2 MILES OF 35-30N 120-30W IS CLEAR"),
        (WHEN, ". AREA WITHIN 2 MILES OF 35-30N 120-30W REMAINS CLR"),
        (WHEN, " OR WITHIN 5 MILES OF 30-00N 120-00W"),
        (WHEN, " AND AREA TO THE NORTH"),
        (WHEN, ". AREA EXTENDED TO WEST"),
        (WHEN, ". AREA HAS BEEN CHANGED TO OTHER POSITIONS"),
        (WHEN, ". ACTIVITIES WILL BE HELD OUT OF AREA"),
        (f"ABOUT {WHEN}", ""),
    ],
)
def test_known_words_that_limit_together_are_doubted(when: str, tail: str) -> None:
    reading = read_text(SHOT.format(when=when, tail=tail), "warning", "f")
    assert Reason.WORDS_NOT_KNOWN in {doubt.reason for doubt in reading.doubts}


@pytest.mark.parametrize(
    "tail", ["", ". SHIPS ARE REQUESTED TO KEEP CLEAR", ". VESSELS MUST REMAIN CLEAR OF AREA"]
)
def test_advice_to_ships_limits_nothing(tail: str) -> None:
    assert read_text(SHOT.format(when=WHEN, tail=tail), "warning", "f").outcome is Outcome.READ
