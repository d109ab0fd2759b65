"""Bad input: each is refused or doubted with its words, never mended in silence and never an undeclared exception."""

from __future__ import annotations

import pytest

from detente.areas.errors import AnnouncedMistake
from detente.areas.outcomes import Outcome, Reading, Reason
from detente.areas.reading import MOST_LETTERS, read_octets, read_text
from tests.areas import invented

CIRCLE = """HYDROPAC 1/26.
1. GUNNERY EXERCISES 010600Z TO 011800Z MAR 26
IN AREA WITHIN {radius} OF 35-35.00N 121-56.00W."""
RING = """HYDROPAC 1/26.
1. GUNNERY EXERCISES {when} IN AREA BOUND BY
{corners}.
2. CANCEL THIS MSG 021900Z MAR 26."""
RIGHT = "55-00.0N 019-00.0E, 55-30.0N 019-00.0E, 55-30.0N 020-00.0E"
WHEN = "010600Z TO 011800Z MAR 26"


def one(text: str, dialect: str = "warning") -> Reading:
    return read_text(text, dialect, "file.txt")


def ring(corners: str = RIGHT, when: str = WHEN) -> Reading:
    return one(RING.format(corners=corners, when=when))


def reasons(reading: Reading) -> set[Reason]:
    return {doubt.reason for doubt in reading.doubts} | {refusal.reason for refusal in reading.refusals}


def test_the_text_that_the_bad_ones_are_made_of_is_read() -> None:
    assert ring().outcome is Outcome.READ
    assert one(CIRCLE.format(radius="5 MILES")).outcome is Outcome.READ


@pytest.mark.parametrize(
    "corners",
    [
        "019-00.0E 55-00.0N, 019-00.0E 55-30.0N, 020-00.0E 55-30.0N",  # longitude first
        "119-00.0N 055-00.0E, 119-30.0N 055-00.0E, 118-30.0N 056-00.0E",  # latitude over 90
        "55-00.0N 019-00.0E, 55-60.0N 019-00.0E, 55-30.0N 020-00.0E",  # sixty minutes
        "55-00.0N 019-00.0E, 55-30.0N 019-75.0E, 55-30.0N 020-00.0E",
        "55-00.0N 019-00.0E, 55-30.0 019-00.0E, 55-30.0N 020-00.0E",  # no hemisphere
        "55-00.0N 019-00.0E, 55-30.0N 019-00.0, 55-30.0N 020-00.0E",
        "55-00.0N 019-00.0E, 55-30.0N 181-00.0E, 55-30.0N 020-00.0E",
        "55-00.0N 019-00.0E, 553000N, 55-30.0N 020-00.0E",
        "S 55-00.0N 019-00.0E, 55-30.0N 019-00.0E, 55-30.0N 020-00.0E",
    ],
)
def test_one_impossible_corner_refuses_the_whole_ring_with_its_words(corners: str) -> None:
    reading = ring(corners)
    assert [refusal.reason for refusal in reading.refusals] == [Reason.COORDINATE]
    assert any(word in RING.format(corners=corners, when=WHEN) for word in reading.refusals[0].words.split())
    assert not reading.areas


@pytest.mark.parametrize("radius", ["0 MILES", "999 MILES", "0.0NM", "9999 KM"])
def test_a_circle_of_nothing_or_of_half_an_ocean_is_refused(radius: str) -> None:
    reading = one(CIRCLE.format(radius=radius))
    assert [refusal.reason for refusal in reading.refusals] == [Reason.SHAPE]
    assert radius.split(maxsplit=1)[0] in reading.refusals[0].words


@pytest.mark.parametrize(
    "corners", ["55-00.0N 019-00.0E, 55-30.0N 019-00.0E", f"{RIGHT}, 55-00.0N 019-00.0E, 54-00.0N 018-00.0E"]
)
def test_two_corners_and_a_ring_that_goes_on_after_closing_are_no_area(corners: str) -> None:
    assert ring(corners).outcome is Outcome.REFUSED


def test_a_ring_around_half_the_earth_is_refused_and_one_across_the_antimeridian_is_cut() -> None:
    pole = ring("05-00.0N 000-00.0E, 05-00.0N 120-00.0E, 05-00.0N 120-00.0W")
    (refusal,) = pole.refusals
    assert refusal.reason is Reason.POLE
    assert "05-00.0N 120-00.0W" in refusal.words  # the words of the text, not the corners of the drawing
    far = ring("65-00.0N 179-00.0E, 65-00.0N 179-00.0W, 64-00.0N 180-00.0E")
    assert far.outcome is Outcome.READ


@pytest.mark.parametrize(
    "when",
    [
        "021800Z TO 010600Z MAR 26",
        "310600Z TO 311800Z FEB 26",
        "012500Z TO 012600Z MAR 26",
        "010660Z TO 011800Z MAR 26",
    ],
)
def test_impossible_times_are_refused_with_their_words(when: str) -> None:
    reading = ring(when=when)
    assert reasons(reading) & {Reason.TIME, Reason.TIME_ORDER}
    assert reading.outcome is Outcome.REFUSED
    assert when[:6] in reading.refusals[0].words


def test_an_end_before_its_start_in_items_b_and_c_is_refused() -> None:
    text = invented.NOTAM_POLYGON.replace("C) 2606121300", "C) 2606071300")
    assert [refusal.reason for refusal in one(text, "notam").refusals] == [Reason.TIME_ORDER]


def test_a_schedule_over_new_year_takes_the_year_on_either_side() -> None:
    reading = one(invented.NOTAM_NAMED, "notam")
    starts = [window.start for window in reading.windows]
    assert [start.strftime("%Y-%m-%d") for start in starts if start] == ["2026-12-30", "2026-12-31", "2027-01-01"]
    warning = one(
        "281200Z DEC 26\nHYDROPAC 9/26.\n1. GUNNERY EXERCISES 0600Z TO 1800Z DAILY 30 DEC THRU 02 JAN\n"
        f"IN AREA BOUND BY {RIGHT}.\n2. CANCEL THIS MSG 021900Z JAN 27."
    )
    assert [window.start.year for window in warning.windows if window.start] == [2026, 2026, 2027, 2027]


def test_an_unknown_code_is_doubted() -> None:
    reading = one(invented.NOTAM_POLYGON.replace("QRDCA", "QRDZZ"), "notam")
    assert Reason.UNKNOWN_CODE in reasons(reading)
    assert reading.outcome is Outcome.DOUBTFUL


def test_texts_run_together_are_parted_or_refused() -> None:
    parted = list(read_octets((invented.NOTAM_POLYGON + " " + invented.NOTAM_CIRCLE).encode(), "two.txt"))
    assert [reading.text_id for reading in parted] == ["X0101/26", "X0102/26"]
    together = one("HYDROPAC 1/26.\nHYDROPAC 2/26.\n" + RING.split("\n", 1)[1].format(corners=RIGHT, when=WHEN))
    assert [refusal.reason for refusal in together.refusals] == [Reason.RUN_TOGETHER]


@pytest.mark.parametrize("text", invented.ALL)
def test_line_ends_do_not_matter(text: str) -> None:
    (plain,) = read_octets(text.encode(), "file.txt")
    (windows,) = read_octets(text.replace("\n", "\r\n").encode(), "file.txt")
    (old,) = read_octets(text.replace("\n", "\r").encode(), "file.txt")
    assert plain.outcome is not Outcome.REFUSED
    assert (plain.areas, plain.windows) == (windows.areas, windows.windows) == (old.areas, old.windows)


@pytest.mark.parametrize(
    "words",
    [
        "0600Z TO 1800Z DAILY 01 MAR 26 FOR FIVE DAYS {place}",
        "0600Z TO 1800Z EVERY OTHER DAY 01 THRU 02 MAR 26 {place}",
        "0600Z TO 1800Z ON WEEKDAYS 01 THRU 02 MAR 26 {place}",
        "0600Z TO 1800Z DAILY 01 AND 02 MAR 26 IN NORTHERN HALF OF AREA {place}",
        "010600Z TO 011800Z MAR 26, POSTPONED, {place}",
        "010600Z TO 011800Z MAR 26 SOUTH OF {corners}",
        "010600Z TO 011800Z MAR 26 IN AREA BOUND BY {corners} EXCLUDING TERRITORIAL WATERS",
        "010600Z TO 011800Z MAR 26 IN EASTERN PART OF AREA BOUND BY {corners}",
    ],
)
def test_words_that_narrow_a_place_or_a_time_are_never_passed_over(words: str) -> None:
    said = words.format(place="IN AREA WITHIN 5 MILES OF 55-00.0N 019-00.0E", corners=RIGHT)
    reading = one(f"HYDROPAC 1/26.\n1. GUNNERY EXERCISES {said}.\n2. CANCEL THIS MSG 021900Z MAR 26.")
    assert Reason.WORDS_LEFT in reasons(reading)


@pytest.mark.parametrize(
    "when",
    [
        "010600Z THRU 021800Z DAILY MAR 26",
        "COMMENCING 010600Z MAR 26",
        "010600Z OR 020600Z TO 021800Z MAR 26",
        f"{WHEN} EXCEPT 02 MAR",
    ],
)
def test_times_that_do_not_fit_the_grammar_are_refused(when: str) -> None:
    assert ring(when=when).outcome is Outcome.REFUSED


def test_a_radius_about_two_positions_in_a_row_is_refused() -> None:
    text = CIRCLE.format(radius="5 MILES").replace("121-56.00W", "121-56.00W, 36-35.00N 121-56.00W")
    assert [refusal.reason for refusal in one(text).refusals] == [Reason.SHAPE]


def test_letters_that_look_latin_are_read_as_such_and_doubted() -> None:
    reading = ring(RIGHT.replace("019-00.0E", "019-00.0\u0415", 1))
    assert reading.outcome is Outcome.DOUBTFUL
    assert [doubt.reason for doubt in reading.doubts] == [Reason.LETTERS]
    assert "\u0415" in reading.doubts[0].words
    assert reading.areas[0].shape == ring().areas[0].shape


def test_a_letter_o_among_digits_is_doubted() -> None:
    text = invented.NOTAM_POLYGON.replace("560000N 0183000E", "56OO00N0183000E")
    assert Reason.LETTERS in reasons(one(text, "notam"))


def test_ten_megabytes_of_text_are_refused_unread_and_of_texts_are_read() -> None:
    junk = one("A" * MOST_LETTERS + "\n" + RING)
    assert [refusal.reason for refusal in junk.refusals] == [Reason.TOO_LONG]
    (huge,) = read_octets(b"55-00.0N 019-00.0E, " * 500_000, "huge.txt")
    assert [refusal.reason for refusal in huge.refusals] == [Reason.TOO_LONG]


def test_local_time_is_refused() -> None:
    reading = ring(when="01 MAR 26 BETWEEN 1800 AND 2200 LT")
    assert [refusal.reason for refusal in reading.refusals] == [Reason.LOCAL_TIME]


@pytest.mark.parametrize(
    ("octets", "where"),
    [(b"{", "a.json"), (b'{"a": 1}', "a.json"), (b"[" * 100_000, "a.json"), (b"\x00\x01", "a.bin")],
)
def test_files_of_no_form_that_is_read_are_named(octets: bytes, where: str) -> None:
    with pytest.raises(AnnouncedMistake) as refused:
        list(read_octets(octets, where))
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("CANCEL THIS MSG 021900Z MAR 26", "CANCEL THIS MSG 011200Z MAR 26"), Reason.WINDOW_AFTER_CANCEL),
        (("CANCEL THIS MSG 021900Z MAR 26", "CANCEL THIS MSG 011900Z MAY 26"), Reason.MONTHS_DISAGREE),
        ((WHEN, f"{WHEN} AND 011200Z TO 012000Z MAR 26"), Reason.WINDOWS_OVERLAP),
        ((RIGHT, RIGHT + ", 55-15.0N 018-30.0E"), Reason.EDGES_CROSS),
        (("IN AREA BOUND BY", "SOUTH OF THE COASTLINE IN AREA BOUND BY"), Reason.WORDS_LEFT),
        (("IN AREA BOUND BY", "EXCEPT 02 MAR IN AREA BOUND BY"), None),
        ((WHEN, "01 MAR 26"), Reason.NO_HOURS),
        ((WHEN, "01 TO 02 MAR 26 0600 TO 1800 UTC"), Reason.DAILY_INFERRED),
        ((WHEN, "0600 TO 1800 DAILY 01 AND 02 MAR 26"), Reason.ZONE_NOT_STATED),
        ((WHEN, "0600Z TO 1800Z DAILY 01 THRU 02 MAR 26 EXCEPT HOLIDAYS"), Reason.HOLIDAYS),
    ],
)
def test_what_contradicts_itself_is_given_with_its_doubt(change: tuple[str, str], reason: Reason | None) -> None:
    text = RING.format(corners=RIGHT, when=WHEN).replace(*change)
    reading = one(text)
    if reason is None:
        assert reading.outcome is not Outcome.READ
        return
    assert reason in reasons(reading)
    assert reading.outcome is Outcome.DOUBTFUL
    assert reading.areas


def test_a_warning_behind_a_notam_is_a_text_of_its_own() -> None:
    for gap in ("\n", "\n\n"):
        for notam in (invented.NOTAM_POLYGON, invented.NOTAM_CIRCLE, invented.NOTAM_ARC):
            found = list(read_octets(f"{notam}{gap}{invented.NGA_DAILY}\n{notam}".encode(), "f.txt"))
            assert [one.text_id for one in found][1] == "HYDROPAC 1001/26"
            assert [one.outcome for one in found[:2]] == [
                read_text(notam, "notam", "f").outcome,
                found[1].outcome,
            ]
            assert len(found) == 3


def test_a_date_on_a_line_of_its_own_ends_no_notam() -> None:
    text = invented.NOTAM_POLYGON.replace("FIRING WILL", "FIRING FROM\n010600Z MAY 26\nWILL")
    assert len(list(read_octets(text.encode(), "f.txt"))) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("B) 2606080900", "B) 2606080900 OR LATER", "B) 2606080900 OR LATER"),
        ("C) 2606121300", "C) 2606121300 IF DRY", "C) 2606121300 IF DRY"),
        ("A) ZZZZ", "A) ZZZZ SOUTH PART", "A) ZZZZ SOUTH PART"),
        ("G) FL200)", "G) FL200\nONLY WHEN VISIBILITY IS GOOD)", "ONLY WHEN VISIBILITY IS GOOD"),
        ("NOTAMN\nQ)", "NOTAMN\nSUSPENDED UNTIL CONFIRMED\nQ)", "SUSPENDED UNTIL CONFIRMED"),
        ("G) FL200)", "G) FL200)\nSOURCE: ZZZZYNYX\nVALID ON SUNDAYS", "VALID ON SUNDAYS"),
    ],
)
def test_words_beside_a_short_item_or_under_a_notam_are_doubted(old: str, new: str, words: str) -> None:
    assert one(invented.NOTAM_POLYGON, "notam").outcome is Outcome.READ
    reading = one(invented.NOTAM_POLYGON.replace(old, new), "notam")
    assert [(doubt.reason, doubt.words) for doubt in reading.doubts if doubt.reason is Reason.WORDS_LEFT] == [
        (Reason.WORDS_LEFT, words)
    ]


def test_a_service_s_line_under_each_part_ends_no_notam() -> None:
    first, second = (
        f"X0109/26 NOTAMN\nQ) ZZZZ/QRDCA/IV/BO/W/000/200/5530N01900E040\nA) ZZZZ PART {part} OF 2\n"
        f"B) 2606080900 C) 2606121300\nE) {said}\nEND PART {part} OF 2\nCREATED: 20 FEB 2026 12:00\nSOURCE: ZZZZYNYX\n"
        for part, said in (
            (1, "FIRING WI AREA BOUNDED BY\n550000N 0183000E - 560000N 0183000E -"),
            (2, "560000N 0193000E - 550000N 0193000E - 550000N 0183000E\nF) SFC G) FL200"),
        )
    )
    [reading] = read_octets((first + second).encode(), "f.txt")
    [area] = reading.areas
    assert len(area.shape.ring) == 4  # type: ignore[union-attr]
    assert (reading.issued_at is not None, reading.vertical is not None) == (True, True)
