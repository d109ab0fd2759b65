"""Times and places in the dialects of offices, one line each: what is written, and the windows or shapes meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from detente.areas.outcomes import Outcome, Reading, Reason, Unplaced, Window
from detente.areas.page import Page
from detente.areas.placing import place
from detente.areas.positions import find_positions
from detente.areas.reading import read_octets, read_text
from detente.areas.schedules import Validity, read_schedule
from detente.notices.shapes import ArcPolygon, Circle, Coastal, Corridor, Level, Point, Polygon
from tests.areas import invented


def at(text: str) -> datetime:
    return datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=UTC)


def short(windows: list[Window]) -> str:
    return " ".join(
        f"{w.start.strftime('%m%d/%H%M') if w.start else ''}-{w.end.strftime('%m%d/%H%M') if w.end else ''}"
        for w in windows
    )


SCHEDULES = [
    ("0100-0600 0830-1130", "0601/0100-0601/0600 0601/0830-0601/1130 0602/0100-0602/0600 0602/0830-0602/1130"),
    ("DAILY 2245-0135", "0601/2245-0602/0135 0602/2245-0603/0135"),
    ("2200-1000 (NEXT DAY) DLY", "0601/2200-0602/1000 0602/2200-0603/1000"),
    ("0200-1200 DAILY", "0601/0200-0601/1200 0602/0200-0602/1200"),
    ("2200/1300", "0601/2200-0602/1300 0602/2200-0603/1300"),
    ("01 0500-02 1359", "0601/0500-0602/1359"),
    ("01 0500-1359, 02 0600-\n1200 1300-1400", "0601/0500-0601/1359 0602/0600-0602/1200 0602/1300-0602/1400"),
    ("01 JUN 0327-0443 AND 02 JUN 0155-0311", "0601/0327-0601/0443 0602/0155-0602/0311"),
    ("JUN 01 0000-0100, 02 2300-2400", "0601/0000-0601/0100 0602/2300-0603/0000"),
    ("2606010100 TO 2606010200\n2606012300 TO 2606020100", "0601/0100-0601/0200 0601/2300-0602/0100"),
    ("MON-TUE 0100-0200 EXC JUN 02", "0601/0100-0601/0200"),
    ("EVERY TUE 0100-0200", "0602/0100-0602/0200"),
    ("0100-0200 MON-TUE", "0601/0100-0601/0200 0602/0100-0602/0200"),
    ("DAILY EXC MON 0100-0200", "0602/0100-0602/0200"),
    ("01-02 H24", "0601/0000-0602/0000 0602/0000-0603/0000"),
    ("DAILY 0100-0200 EXC SAT SUN", "0601/0100-0601/0200 0602/0100-0602/0200"),
]


@pytest.mark.parametrize(("written", "meant"), SCHEDULES)
def test_item_d_says(written: str, meant: str) -> None:
    validity = Validity(Reading("", "notam", "", ""), at("2606010000"), at("2606022359"))
    assert short(read_schedule(written, validity)) == meant


def test_a_month_applies_until_the_next_month() -> None:
    validity = Validity(Reading("", "notam", "", ""), at("2603300000"), at("2604302359"))
    said = read_schedule("MAR 30 31 APR 01 06-07 0500-1200", validity)
    assert [w.start.strftime("%m%d") for w in said if w.start] == ["0330", "0331", "0401", "0406", "0407"]


@pytest.mark.parametrize(
    "written",
    [
        "SUNDAYS AND FEAST DAYS",
        "0100-",
        "32 0100-0200",
        "0160-0200",
        "01-02",
        "MON",
        "0100-0200 LT",
        "05 0100-0100",
        "SR-SS",
        "SR",
        "SR-SR",
        "02-01 0100-0200",
        "0100-0200 BUT NOT 0130",
    ],
)
def test_item_d_refuses(written: str) -> None:
    validity = Validity(Reading("", "notam", "", ""), at("2606010000"), at("2606302359"))
    with pytest.raises(Unplaced):
        read_schedule(written, validity)


def test_a_day_that_fits_two_months_is_not_chosen() -> None:
    validity = Validity(Reading("", "notam", "", ""), at("2606010000"), at("2607312359"))
    with pytest.raises(Unplaced):
        read_schedule("15 0100-0200", validity)


SUN = [
    (
        "SR-SS",
        "0608/0900-0608/1929 0609/0157-0609/1930 0610/0156-0610/1931 0611/0156-0611/1932 0612/0156-0612/1300",
    ),
    ("HJ", "0608/0900-0608/1929 0609/0157-0609/1930 0610/0156-0610/1931 0611/0156-0611/1932 0612/0156-0612/1300"),
    ("SS-SR", "0608/1917-0609/0209 0609/1918-0610/0209 0610/1919-0611/0208 0611/1920-0612/0208"),
    ("09 10 0600-SS", "0609/0600-0609/1930 0610/0600-0610/1931"),
    ("09 SR MINUS 30-SS PLUS 30", "0609/0127-0609/2000"),
]


@pytest.mark.parametrize(("written", "meant"), SUN)
def test_a_schedule_by_the_sun_is_computed_in_doubt(written: str, meant: str) -> None:
    reading = read_text(invented.NOTAM_POLYGON.replace("D) 0900-1300", f"D) {written}"), "notam")
    assert short(reading.windows) == meant
    (doubt,) = [doubt for doubt in reading.doubts if doubt.reason is Reason.SUN_TIMES_COMPUTED]
    assert doubt.words == written


def test_a_schedule_by_the_sun_on_days_that_there_are_not_is_refused() -> None:
    reading = read_text(invented.NOTAM_POLYGON.replace("D) 0900-1300", "D) SUN SR-SS"), "notam")
    assert [refusal.reason for refusal in reading.refusals] == [Reason.TIME]


def test_a_schedule_by_the_sun_without_a_place_gives_the_whole_validity_in_doubt() -> None:
    text = invented.NOTAM_NAMED.replace("D) DAILY 2200-1000", "D) SR-SS").replace("/6100N02500E014", "/")
    reading = read_text(text, "notam")
    assert Reason.SUN in {doubt.reason for doubt in reading.doubts}
    assert short(reading.windows) == "1230/2200-0102/1000"


def test_a_schedule_by_the_sun_in_the_polar_night_gives_the_whole_validity_in_doubt() -> None:
    text = invented.NOTAM_NAMED.replace("D) DAILY 2200-1000", "D) SR-SS").replace(
        "6100N02500E014", "7800N01500E014"
    )
    reading = read_text(text, "notam")
    assert Reason.SUN in {doubt.reason for doubt in reading.doubts}
    assert short(reading.windows) == "1230/2200-0102/1000"


WARNING = "{issued}\nHYDROPAC 1/26.\n1. GUNNERY EXERCISES {when} IN AREA WITHIN 5 MILES OF 55-00.0N 019-00.0E.\n{cancel}"
TIMES = [
    ("0600Z TO 1800Z DAILY 02, 05 AND 07 MAR", "0302/0600-0302/1800 0305/0600-0305/1800 0307/0600-0307/1800"),
    ("2200Z TO 0800Z DAILY 01 THRU 02 MAR", "0301/2200-0302/0800 0302/2200-0303/0800"),
    ("0600Z TO 1800Z DAILY 31 MAR AND 01 APR", "0331/0600-0331/1800 0401/0600-0401/1800"),
    ("0600Z TO 0700Z DAILY 30 MAR THRU 01 APR", "0330/0600-0330/0700 0331/0600-0331/0700 0401/0600-0401/0700"),
    (
        "0600Z TO 0700Z DAILY 01 THRU 07 MAR EXCEPT SATURDAYS, SUNDAYS AND FRIDAYS",
        "0302/0600-0302/0700 0303/0600-0303/0700 0304/0600-0304/0700 0305/0600-0305/0700",
    ),
    ("010600Z TO 021800Z MAR", "0301/0600-0302/1800"),
    ("010600Z MAR TO 021800Z APR", "0301/0600-0402/1800"),
    (
        "010600Z TO 011800Z, 020700Z TO 021900Z AND 030800Z TO 032000Z MAR",
        "0301/0600-0301/1800 0302/0700-0302/1900 0303/0800-0303/2000",
    ),
    ("312100 UTC MAR THRU 302100 UTC APR", "0331/2100-0430/2100"),
    ("302100 UTC MAR -312100 UTC MAR", "0330/2100-0331/2100"),
    ("050600-071500 UTC MAR", "0305/0600-0307/1500"),
    ("THRU 152100 UTC APR", "-0415/2100"),
    (
        "FROM 041100 UTC TO 041900 UTC MAY AND 050700 UTC TO 051900 UTC MAY",
        "0504/1100-0504/1900 0505/0700-0505/1900",
    ),
    ("12 AND 13 MAY 2026, 1200 - 1400 UTC", "0512/1200-0512/1400 0513/1200-0513/1400"),
    ("7, 9-10 JUL\n10:00-13:00 UTC DAILY", "0707/1000-0707/1300 0709/1000-0709/1300 0710/1000-0710/1300"),
    ("APR 13  0400-1800 UTC", "0413/0400-0413/1800"),
    ("DAILY 14 TO 15 JUL FROM 0630 TO 0800 UTC", "0714/0630-0714/0800 0715/0630-0715/0800"),
    (
        "FROM 090400 UTC MAR UNTIL 102259 UTC MAR\nDAILY BETWEEN 04:00 AND 22:59",
        "0309/0400-0309/2259 0310/0400-0310/2259",
    ),
    ("ON 2026-05-12 AND 2026-05-13 FROM 0600 TO 1500 UTC", "0512/0600-0512/1500 0513/0600-0513/1500"),
    (
        "2230Z TO 0130Z DAILY 09 THRU 10 MAR AND 0430Z TO 0630Z DAILY 10 MAR",
        "0309/2230-0310/0130 0310/0430-0310/0630 0310/2230-0311/0130",
    ),
    ("UNTIL FURTHER NOTICE", "0227/1200-"),
    ("0600Z TO 0700Z DAILY UNTIL 28 FEB", "0228/0600-0228/0700"),
]


@pytest.mark.parametrize(("when", "meant"), TIMES)
def test_a_warning_says(when: str, meant: str) -> None:
    reading = read_text(WARNING.format(issued="271200Z FEB 26", when=when, cancel=""), "warning")
    assert not reading.refusals
    assert short(reading.windows) == meant


def test_alternates_are_told_apart() -> None:
    reading = read_text(invented.NGA_ALTERNATE, "warning")
    assert reading.outcome is Outcome.READ
    assert [window.is_alternate for window in reading.windows] == [False, True, True]


def test_each_area_keeps_its_own_times() -> None:
    reading = read_text(invented.NGA_EACH, "warning")
    assert reading.outcome is Outcome.READ
    assert [short(list(area.windows or ())) for area in reading.areas] == [
        "0517/0211-0517/0635",
        "0518/0211-0518/0654",
    ]


def test_the_month_of_the_cancel_line_is_taken_in_doubt() -> None:
    reading = read_text(
        WARNING.format(issued="", when="160600Z TO 161800Z", cancel="2. CANCEL THIS MSG 161900Z MAR 26."),
        "warning",
    )
    assert {doubt.reason for doubt in reading.doubts} == {Reason.MONTH_FROM_CANCEL}
    assert short(reading.windows) == "0316/0600-0316/1800"


PLACES = [
    ("AREA BOUND BY 55-00.0N 019-00.0E, 55-30.0N 019-00.0E, 55-30.0N 020-00.0E", [Polygon]),
    ("N550000E0190000-N553000E0190000-N553000E0200000, BACK TO START", [Polygon]),
    ("A. 55-00.0N 019-00.0E B. 55-30.0N 019-00.0E C. 55-30.0N 020-00.0E", [Polygon]),
    ("1) 55-00.0N 019-00.0E.\n2) 55-30.0N 019-00.0E.\n3) 55-30.0N 020-00.0E.", [Polygon]),
    ("55 00 00 N 019 00 00 E\n55 30 00 N 019 00 00 E\n55 30 00 N 020 00 00 E", [Polygon]),
    ("AREAS WITHIN THREE MILES OF:\nA. 13-27.00N 145-08.00E.\nB. 13-42.00N 144-36.00E.", [Circle, Circle]),
    (
        "AREAS WITHIN:\nA. 27 MILES OF 57-20.80N 008-32.10W.\nB. 26 MILES OF 57-13.80N 009-00.00W.",
        [Circle, Circle],
    ),
    ("CIRCLE WITH CENTER IN POSITION 77-25.0N. 009-00.0E. WITH A RADIUS OF 30 NM", [Circle]),
    ("0.5NM RADIUS COORD 021824.7N 1021855.3E", [Circle]),
    ("CENTERED ON 370006N0352532E WITH RADIUS 14 NM", [Circle]),
    ("RADIUS 3NM CENTRE 151113.80N1034444.41E", [Circle]),
    (
        "WITHIN 2 MILES OF TRACKLINE JOINING 55-00.0N 019-00.0E, 55-30.0N 019-00.0E, 56-00.0N 019-30.0E",
        [Corridor],
    ),
    (
        "524500N 0093400W ANTICLOCKWISE ALONG AN ARC OF 5NM RADIUS CENTRED ON 525000N 0093400W TO 525500N 0093400W",
        [ArcPolygon],
    ),
    (
        "54-21.9N 015-24.2E\n54-27.0N 015-52.4E\n54-15.8N 016-03.2E\nLIMITED BY THE COASTLINE FROM SOUTH",
        [Coastal],
    ),
    ("CENTERED IN 55-29.6N 020-51.0E", [Point]),
]


@pytest.mark.parametrize(("written", "kinds"), PLACES)
def test_a_place_is(written: str, kinds: list[type]) -> None:
    page = Page(written)
    found = place(page, find_positions(page))
    assert [type(item.area.shape) for item in found] == kinds


def test_true_shapes_are_kept() -> None:
    circle = read_text(invented.NOTAM_CIRCLE, "notam").areas[0].shape
    assert isinstance(circle, Circle)
    assert circle.radius_m == "463"
    corridor = read_text(invented.NOTAM_CORRIDOR, "notam").areas[0].shape
    assert isinstance(corridor, Corridor)
    assert (len(corridor.way), corridor.half_width_m) == (2, "1852")


def test_item_q_gives_a_named_area_its_circle_and_marks_it() -> None:
    reading = read_text(invented.NOTAM_NAMED, "notam")
    assert [area.name for area in reading.areas] == ["EFD41A", "EFD41B"]
    assert all(area.is_approximate for area in reading.areas)
    assert reading.vertical is not None
    assert reading.vertical.upper == Level(datum="std", value=55, unit="fl")


@pytest.mark.parametrize("text", invented.ALL)
def test_every_value_has_its_words(text: str) -> None:
    (reading,) = read_octets(text.encode(), "f.txt")
    flat = " ".join(text.upper().split())
    for area in reading.areas:
        assert area.words.split()[0] in flat
    assert reading.words["windows"]
    assert reading.words["areas"]
    if reading.cancel_at:
        assert reading.words["cancel_at"] in flat


def test_parts_of_a_notam_are_joined_and_a_missing_one_is_doubted() -> None:
    head, rest = invented.NOTAM_POLYGON.strip("()").split("E) ")
    body, tail = rest.rsplit("\nF) ", 1)
    half = body.index("560000N 0193000E")
    first = head.replace("A) ZZZZ", "A) ZZZZ PART 1 OF 2") + "E) " + body[:half] + "\nEND PART 1 OF 2\n"
    second = (
        head.replace("A) ZZZZ", "A) ZZZZ PART 2 OF 2")
        + "E) "
        + body[half:]
        + "\nF) "
        + tail
        + "\nEND PART 2 OF 2"
    )
    (whole,) = read_octets((first + second).encode(), "parts.txt")
    assert whole.areas[0].shape == read_text(invented.NOTAM_POLYGON, "notam").areas[0].shape
    assert whole.outcome is Outcome.READ


def test_many_texts_in_one_file_are_all_given() -> None:
    texts = [invented.NOTAM_POLYGON, invented.NOTAM_CIRCLE, invented.NGA_DAILY, invented.COASTAL_DAILY]
    warnings = "\n\n".join(
        [invented.NGA_DAILY, invented.NGA_ALTERNATE, invented.COASTAL_DAILY, invented.COASTAL_ISO]
    )
    assert len(list(read_octets(warnings.encode(), "many.txt"))) == 4
    assert len(list(read_octets("\n\n".join(texts[:2]).encode(), "two.txt"))) == 2
    frames = list(read_octets((invented.NAVTEX * 3).encode(), "navtex.txt"))
    assert [frame.outcome for frame in frames] == [Outcome.READ] * 3
    (cut,) = read_octets(invented.NAVTEX.replace("NNNN\n", "").encode(), "navtex.txt")
    assert Reason.CUT_OFF in {doubt.reason for doubt in cut.doubts}


def test_json_of_services_is_walked() -> None:
    nga = {
        "broadcast-warn": [
            {
                "msgYear": 2026, "msgNumber": 1001, "navArea": "P", "subregion": "81", "status": "A",
                "issueDate": "051308Z MAR 2026", "text": invented.NGA_DAILY.split("\n", 2)[2],
            }
        ]
    }  # fmt: skip
    (reading,) = read_octets(json.dumps(nga).encode(), "nga.json")
    assert (reading.text_id, reading.outcome) == ("HYDROPAC 1001/26", Outcome.READ)
    assert reading.windows == read_text(invented.NGA_DAILY, "warning").windows
    faa = {
        "items": [
            {
                "type": "Feature",
                "properties": {"coreNOTAMData": {"notamTranslation": [{"formattedText": invented.NOTAM_CIRCLE}]}},
            }
        ]
    }
    (reading,) = read_octets(json.dumps(faa).encode(), "faa.json")
    assert (reading.text_id, reading.outcome) == ("X0102/26", Outcome.READ)
    icao = [{"id": "X0101/26", "all": invented.NOTAM_POLYGON, "message": "x"}]
    (reading,) = read_octets(json.dumps(icao).encode(), "icao.json")
    assert reading.text_id == "X0101/26"


def feature(geometry: object, **properties: object) -> bytes:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": geometry, "properties": properties}],
        }
    ).encode()


SQUARE = {
    "type": "Polygon",
    "coordinates": [[[19.0, 55.0], [20.0, 55.0], [20.0, 56.0], [19.0, 56.0], [19.0, 55.0]]],
}


def test_features_with_start_and_end_are_read() -> None:
    finnish = feature(
        SQUARE, number=44, areasEn="GULF OF FINLAND", contentsEn="FIRING EXERCISES", typeEn="LOCAL WARNING",
        validityStartTime="2026-06-01T06:00:00Z", validityEndTime="2026-06-02T15:00:00+03:00", publishingTime="2026-05-28T09:00:00Z",
    )  # fmt: skip
    (reading,) = read_octets(finnish, "fi.json")
    assert reading.outcome is Outcome.READ
    assert short(reading.windows) == "0601/0600-0602/1200"
    assert reading.activity == "firing"
    assert reading.areas[0].name == "GULF OF FINLAND"


@pytest.mark.parametrize(
    ("octets", "outcome"),
    [
        (feature(SQUARE, start="2026-06-01T06:00:00", end="2026-06-01T08:00:00"), Outcome.DOUBTFUL),
        (feature(SQUARE, start="2026-06-01T06:00Z"), Outcome.DOUBTFUL),
        (feature(SQUARE, start=1780293600000, end=1780297200000), Outcome.READ),
        (feature(SQUARE, name="x"), Outcome.REFUSED),
        (feature(SQUARE, start="2026-06-02T06:00Z", end="2026-06-01T06:00Z"), Outcome.REFUSED),
        (feature(SQUARE, start="tomorrow"), Outcome.REFUSED),
        (feature(None, start="2026-06-01T06:00Z"), Outcome.REFUSED),
        (
            feature({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, start="2026-06-01T06:00Z"),
            Outcome.REFUSED,
        ),
        (
            feature(
                {"type": "Polygon", "coordinates": [[[200, 1], [2, 2], [3, 1], [200, 1]]]},
                start="2026-06-01T06:00Z",
            ),
            Outcome.REFUSED,
        ),
        (feature({"type": "Polygon", "coordinates": "x"}, start="2026-06-01T06:00Z"), Outcome.REFUSED),
        (
            feature(
                {"type": "Point", "coordinates": [19.0, 55.0]}, start="2026-06-01T06:00Z", end="2026-06-01T07:00Z"
            ),
            Outcome.DOUBTFUL,
        ),
    ],
)
def test_features_without_what_they_need_are_doubted_or_refused(octets: bytes, outcome: Outcome) -> None:
    (reading,) = read_octets(octets, "f.json")
    assert reading.outcome is outcome


def test_a_cancelling_notam_has_no_area_and_says_what_it_cancels() -> None:
    text = "X0200/26 NOTAMC X0101/26\nQ) ZZZZ/QRDCN/IV/BO/W/000/200/5530N01900E040\nA) ZZZZ B) 2606090900\nE) DANGER AREA CANCELLED"
    reading = read_text(text, "notam")
    assert reading.outcome is Outcome.READ
    assert (reading.cancels, reading.areas, reading.windows) == (["X0101/26"], [], [])


def test_an_estimated_end_is_doubted_and_a_permanent_one_is_open() -> None:
    estimated = read_text(invented.NOTAM_CORRIDOR.replace("C) 2603180700", "C) 2603180700 EST"), "notam")
    assert [doubt.reason for doubt in estimated.doubts] == [Reason.END_ESTIMATED]
    text = invented.NOTAM_ARC.replace("C) 2605011700", "C) PERM")
    assert short(read_text(text, "notam").windows) == "0501/1000-"
