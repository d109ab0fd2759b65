"""Numbers, times and names as a reader of the report expects them in his language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from detente import words
from detente.door.terminal import visible
from detente.notices.quantities import FOOT_M, NAUTICAL_MILE_M

__all__ = ["clock", "day", "height", "length", "mover", "number", "span", "with_date"]

say = words.speaker("encounters")

_MINUS = "\u2212"


def number(value: float | None, decimals: int = 0) -> str:
    """Return a figure in the reader's notation: "1,234.5" in English, "1 234,5" in Russian; a dash for None."""
    if value is None:
        return "\u2013"
    return words.number(value, decimals).replace("-", _MINUS)


def length(value_m: float | None) -> str:
    """Return a horizontal distance with its unit: metres below 10 km, else nautical miles."""
    if value_m is None:
        return "\u2013"
    if abs(value_m) >= 10_000:
        return say("{figure} NM", figure=number(value_m / NAUTICAL_MILE_M, 1))
    return say("{figure} m", figure=number(value_m, 1 if 0.05 <= abs(value_m) < 9.95 else 0))


def height(value_m: float | None) -> str:
    """Return a vertical distance in metres and feet."""
    if value_m is None:
        return "\u2013"
    return say("{metres} m ({feet} ft)", metres=number(value_m), feet=number(value_m / FOOT_M))


def span(seconds: float | None) -> str:
    """Return a duration: "45 s", "3 min 20 s", "2 h 05 min"."""
    if seconds is None:
        return "\u2013"
    whole = round(seconds)
    if whole < 60:
        return say("{seconds} s", seconds=whole)
    if whole < 3600:
        return say("{minutes} min {seconds} s", minutes=whole // 60, seconds=f"{whole % 60:02d}")
    return say("{hours} h {minutes} min", hours=whole // 3600, minutes=f"{whole // 60 % 60:02d}")


def clock(moment: datetime) -> str:
    """Return the time of day in UTC to the nearest second, "13:23:20"."""
    return f"{_whole(moment):%H:%M:%S}"


def day(moment: datetime) -> str:
    """Return the date in UTC, "2016-01-12"."""
    return f"{_whole(moment):%Y-%m-%d}"


def with_date(moment: datetime) -> str:
    """Return date and time to the nearest second, "2016-01-12 13:23:20"."""
    return f"{_whole(moment):%Y-%m-%d %H:%M:%S}"


def _whole(moment: datetime) -> datetime:
    return (moment.astimezone(UTC) + timedelta(microseconds=500_000)).replace(microsecond=0)


def mover(row: dict[str, Any], which: str) -> tuple[str, str]:
    """Return name (the id when there is no name) and id of mover "a" or "b", a stranger's characters shown."""
    identity = visible(str(row[which]))
    name = row.get(f"name_{which}")
    return (visible(name.strip()) if name and name.strip() else identity), identity
