"""Sixty real announcements read a second time by a person, before the reader's answer was looked at.

checked_again.csv holds what was written down: for each text its areas (corners, and the southern, northern, western and
eastern extremes in degrees), its windows (how many, their minutes in all, first start, last end), alternates, limits and
cancel line. None of these figures was taken from the reader.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from detente.areas.outcomes import Announced, Outcome, Reading
from detente.areas.reading import read_octets
from detente.notices.shapes import Circle, Level, Named, Point, Polygon

LIST = Path(__file__).parent / "checked_again.csv"
ROWS = list(csv.DictReader(LIST.read_text(encoding="utf-8").splitlines()))


def test_sixty_texts_are_in_the_list_once() -> None:
    assert len({row["file"] for row in ROWS}) == len(ROWS) == 60
    assert all(row["verdict"] and row["checked"] for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_the_reader_says_what_a_person_wrote_down(shared: Path, row: dict[str, str]) -> None:
    (path,) = (shared / "data").glob(f"*/raw/{row['file']}")
    readings = list(read_octets(path.read_bytes(), path.name))
    assert ",".join(reading.text_id for reading in readings) == row["id"]
    given = [reading for reading in readings if reading.outcome is not Outcome.REFUSED]
    if row["areas"] == "refused":
        assert not given
        return
    (reading,) = given
    wanted = row["areas"].split("; ")
    assert len(reading.areas) == len(wanted)
    for area, want in zip(reading.areas, wanted, strict=True):
        _compare(area, want)
    main = [window for window in reading.windows if not window.is_alternate]
    minutes = sum((w.end - w.start for w in main if w.start and w.end), timedelta()) / timedelta(minutes=1)
    starts, ends = [window.start for window in main if window.start], [window.end for window in main]
    assert (str(len(main)), str(int(minutes))) == (row["windows"], row["minutes"])
    assert _minute(min(starts)) == row["first"]
    assert ("open" if None in ends else _minute(max(end for end in ends if end))) == row["last"]
    assert str(len(reading.windows) - len(main)) == row["alternates"]
    assert _limits(reading) == row["limits"]
    assert (_minute(reading.cancel_at) if reading.cancel_at else "") == row["cancel_at"]
    if "doubt" in row["verdict"]:
        assert reading.outcome is Outcome.DOUBTFUL


def _compare(area: Announced, want: str) -> None:
    kind, *told = want.split()
    shape = area.shape
    if kind == "named":
        assert isinstance(shape, Named)
        assert shape.name == told[0]
        return
    figures = [float(figure) for figure in told]
    match kind:
        case "polygon":
            assert isinstance(shape, Polygon)
            lats = [corner.lat_deg for corner in shape.ring]
            lons = [corner.lon_deg for corner in shape.ring]
            said = [len(lats), min(lats), max(lats), min(lons), max(lons)]
        case "circle":
            assert isinstance(shape, Circle)
            said = [float(shape.radius_m) / 1852, shape.centre.lat_deg, shape.centre.lon_deg]
        case "item-q":
            assert isinstance(shape, Named)
            assert area.is_approximate
            assert shape.approximate is not None
            circle = shape.approximate
            said = [float(circle.radius_m) / 1852, circle.centre.lat_deg, circle.centre.lon_deg]
        case _:
            assert isinstance(shape, Point)
            said = [shape.position.lat_deg, shape.position.lon_deg]
    assert said == pytest.approx(figures, abs=1e-5)


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def _limits(reading: Reading) -> str:
    vertical = reading.vertical
    return f"{_level(vertical.lower)}-{_level(vertical.upper)}" if vertical else ""


def _level(level: Level) -> str:
    if level.datum in {"sfc", "unl"}:
        return level.datum.upper()
    if (level.unit or "").lower() == "fl":
        return f"FL{level.value}"
    return f"{level.value}{(level.unit or '').upper()} {level.datum.upper()}"
