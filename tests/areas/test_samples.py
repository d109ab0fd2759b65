"""Real announcements beside the checkout: the hand-made expectations, and what a machine can check of the rest.

Under the three-outcome rule a value that its text contradicts, or that was inferred, comes with its doubt.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from detente.areas.outcomes import Announced, Outcome, Reading, Reason
from detente.areas.outlines import is_near_circle
from detente.areas.reading import read_octets
from detente.notices.shapes import ArcPolygon, Circle, Level, Named, Point, Polygon, Position

HERE = Path(__file__).parent


@cache
def _readings(shared: Path) -> list[tuple[str, list[Reading]]]:
    files = sorted(
        path for kind in ("notams", "warnings") for path in (shared / "data" / kind / "raw").glob("*.txt")
    )
    return [(path.name, list(read_octets(path.read_bytes(), path.name))) for path in files]


@pytest.fixture(scope="module")
def told(shared: Path) -> list[tuple[str, list[Reading]]]:
    return _readings(shared)


@pytest.fixture(scope="module")
def expected(shared: Path) -> list[dict[str, Any]]:
    files = [
        path for kind in ("notams", "warnings") for path in (shared / "data" / kind / "expected").glob("*.json")
    ]
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(files)]


def _each(told: list[tuple[str, list[Reading]]]) -> Iterator[Reading]:
    for _, readings in told:
        yield from readings


def _near(position: Position, pair: list[float]) -> bool:
    return abs(position.lon_deg - pair[0]) < 2e-6 and abs(position.lat_deg - pair[1]) < 2e-6


def _is(area: Announced, wanted: dict[str, Any]) -> bool:
    shape = area.shape
    match wanted["type"]:
        case "polygon":
            corners = wanted["points"][:-1]
            return (
                isinstance(shape, Polygon)
                and len(shape.ring) == len(corners)
                and all(map(_near, shape.ring, corners))
            )
        case "circle":
            return (
                isinstance(shape, Circle)
                and _near(shape.centre, wanted["centre"])
                and float(shape.radius_m) == pytest.approx(wanted["radius_nm"] * 1852.0, abs=0.1)
            )
        case "point":
            return isinstance(shape, Point) and _near(shape.position, wanted["centre"])
        case "arc-polygon":
            ends = [
                segment["line"][1] if "line" in segment else segment["arc"]["to"]
                for segment in wanted["segments"]
            ]
            return isinstance(shape, ArcPolygon) and all(
                _near(piece.to, end) for piece, end in zip(shape.pieces, ends, strict=True)
            )
        case "named":
            return isinstance(shape, Named) and shape.name == wanted["name"]
    raise AssertionError(wanted["type"])


def _stamp(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%MZ") if moment else None


def _level(limit: Level) -> tuple[int | None, str | None, str]:
    if limit.datum == "sfc":
        return 0, "FT", "SFC"
    return limit.value, limit.unit.upper() if limit.unit else None, limit.datum.upper()


def test_every_expected_file_is_reproduced(
    told: list[tuple[str, list[Reading]]], expected: list[dict[str, Any]]
) -> None:
    assert len(expected) == 39
    by_file = dict(told)
    for wanted in expected:
        (reading,) = by_file[wanted["file"].removeprefix("raw/")]
        assert reading.text_id == wanted["id"]
        assert len(reading.areas) == len(wanted["areas"]), wanted["id"]
        for area, want in zip(reading.areas, wanted["areas"], strict=True):
            assert _is(area, want), (wanted["id"], area)
            assert not want.get("name") or area.name == want["name"]
        for is_alternate, key in ((False, "windows"), (True, "alternate_windows")):
            windows = [
                [_stamp(w.start), _stamp(w.end)] for w in reading.windows if w.is_alternate is is_alternate
            ]
            assert windows == wanted.get(key, []), (wanted["id"], key)
        assert reading.outcome is not Outcome.REFUSED
        if "cancel_at" in wanted:
            assert _stamp(reading.cancel_at) == wanted["cancel_at"]
            assert reading.cancels == wanted["cancels"]
            assert wanted["issued"] is None or _stamp(reading.issued_at) == wanted["issued"]
        else:
            assert (_stamp(reading.valid_from), _stamp(reading.valid_to)) == (wanted["from"], wanted["to"])
            assert reading.vertical is not None
            for limit, key in ((reading.vertical.lower, "lower"), (reading.vertical.upper, "upper")):
                want = wanted[key]
                assert _level(limit) == (want["value"], want["unit"], want["ref"])
            assert (reading.replaces or None) == wanted["replaces"]


DOUBTED = {
    "HYDROPAC 648/26": Reason.WINDOW_AFTER_CANCEL,
    "LITHUANIAN NAV WARN 037/26": Reason.MONTHS_DISAGREE,
    "HYDROARC 812/17": Reason.MONTH_FROM_CANCEL,
    "HYDROLANT 238/26": Reason.HOLIDAYS,
    "NAVAREA XIX 126/18": Reason.DAILY_INFERRED,
    "NAVAREA XIX 84/17": Reason.YEAR_FROM_NUMBER,
    "J0012/26": Reason.TURN_NOT_STATED,
    "P2326/26": Reason.END_ESTIMATED,
    "A1812/26": Reason.HOURS_ELSEWHERE,
}


def test_contradicted_and_inferred_values_carry_their_doubt(told: list[tuple[str, list[Reading]]]) -> None:
    found = {reading.text_id: reading for reading in _each(told)}
    for text_id, reason in DOUBTED.items():
        doubts = [doubt for doubt in found[text_id].doubts if doubt.reason is reason]
        assert doubts, text_id
        assert doubts[0].words
    months = found["LITHUANIAN NAV WARN 037/26"]
    assert [len(doubt.candidates) for doubt in months.doubts] == [2]
    assert months.windows == []
    assert Reason.NUMBER_FROM_FILE in {doubt.reason for doubt in found["HYDROARC 812/17"].doubts}


def test_nine_texts_of_ten_are_read_or_doubtful(told: list[tuple[str, list[Reading]]]) -> None:
    assert len(told) == 327
    given = sum(any(reading.outcome is not Outcome.REFUSED for reading in readings) for _, readings in told)
    assert given >= 0.9 * len(told), given


def test_every_refusal_names_words_of_its_text(told: list[tuple[str, list[Reading]]]) -> None:
    for reading in _each(told):
        for refusal in reading.refusals:
            assert refusal.words, reading.text_id
            assert not reading.areas
            assert not reading.windows


def test_windows_of_a_notam_lie_within_items_b_and_c(told: list[tuple[str, list[Reading]]]) -> None:
    checked = 0
    for reading in _each(told):
        if reading.dialect != "notam" or reading.valid_from is None:
            continue
        allowed = {Reason.WINDOW_OUTSIDE_VALIDITY} & {doubt.reason for doubt in reading.doubts}
        for window in reading.windows:
            assert allowed or window.start is None or window.start >= reading.valid_from
            if reading.valid_to is not None:
                assert allowed or (window.end is not None and window.end <= reading.valid_to)
            checked += 1
    assert checked > 1_000


def test_an_area_meets_item_q_or_says_that_it_does_not(told: list[tuple[str, list[Reading]]]) -> None:
    checked = 0
    for reading in _each(told):
        place = reading.words.get("item_q", "").rsplit("/", 1)[-1]
        if reading.outcome is Outcome.REFUSED or len(place) != 14 or place.endswith("999"):
            continue
        if any(doubt.reason in {Reason.AWAY_FROM_ITEM_Q, Reason.ITEM_Q_UNUSABLE} for doubt in reading.doubts):
            continue
        circle = _circle(reading.words["item_q"])
        for area in reading.areas:
            if not isinstance(area.shape, Named):
                assert is_near_circle(area.shape, circle), reading.text_id
                checked += 1
    assert checked > 40


def _circle(item_q: str) -> Circle:
    place = item_q.rsplit("/", 1)[1]  # its own reading of item Q, not the reader's
    lat = (int(place[:2]) + int(place[2:4]) / 60) * (1 if place[4] == "N" else -1)
    lon = (int(place[5:8]) + int(place[8:10]) / 60) * (1 if place[10] == "E" else -1)
    return Circle(
        centre=Position(lat_e7=round(lat * 1e7), lon_e7=round(lon * 1e7)), radius_m=str(int(place[11:14]) * 1852)
    )


def test_a_warning_cancels_itself_after_its_last_window_or_says_that_it_does_not(
    told: list[tuple[str, list[Reading]]],
) -> None:
    checked = 0
    for reading in _each(told):
        reasons = {doubt.reason for doubt in reading.doubts}
        ends = [window.end for window in reading.windows if window.end]
        if reading.cancel_at is None or not ends:
            continue
        if reasons & {Reason.WINDOW_AFTER_CANCEL, Reason.CANCEL_FAR_AFTER_END}:
            continue
        assert timedelta(0) <= reading.cancel_at - max(ends) <= timedelta(hours=48), reading.text_id
        checked += 1
    assert checked > 150


def test_years_agree_with_the_preamble(told: list[tuple[str, list[Reading]]]) -> None:
    for reading in _each(told):
        if reading.issued_at is None or reading.dialect != "warning":
            continue
        for window in reading.windows:
            if window.start is not None:
                assert timedelta(days=-31) < window.start - reading.issued_at < timedelta(days=366), (
                    reading.text_id
                )


def test_the_list_of_texts_checked_by_hand_says_right_of_each(told: list[tuple[str, list[Reading]]]) -> None:
    with (HERE / "checked.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    found = dict(told)
    for row in rows:
        assert row["verdict"] in {"right", "right, doubt raised", "right to refuse"}
        outcomes = ",".join(reading.outcome.value for reading in found[row["file"]])
        assert outcomes == row["outcome"], row["file"]
        windows = sum(len(reading.windows) for reading in found[row["file"]])
        assert str(windows) == row["windows"], row["file"]
