"""Calendar periods in UTC: days, weeks from Monday, months, quarters, years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

__all__ = ["PER", "PERIODS_MAX", "Per", "Period", "between", "start_of"]

Per = Literal["day", "week", "month", "quarter", "year"]
PER: tuple[Per, ...] = get_args(Per)
PERIODS_MAX = 5_000
"""Periods in one assessment."""


@dataclass(frozen=True, slots=True)
class Period:
    """One calendar period: start and the start of the next, both aware UTC, and a label that sorts as time does."""

    start: datetime
    end: datetime
    label: str


def start_of(moment: datetime, per: Per) -> datetime:
    """Return the start of the calendar period in which the moment lies."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if per == "day":
        return day
    if per == "week":
        return day - timedelta(days=day.weekday())
    if per == "month":
        return day.replace(day=1)
    if per == "quarter":
        return day.replace(month=day.month - (day.month - 1) % 3, day=1)
    return day.replace(month=1, day=1)


def between(first: datetime, last: datetime, per: Per) -> list[Period]:
    """Return the periods from the one of ``first`` to the one in which the time just before ``last`` lies."""
    periods: list[Period] = []
    start = start_of(first, per)
    while start < last and len(periods) <= PERIODS_MAX:
        end = _next(start, per)
        periods.append(Period(start, end, _label(start, per)))
        start = end
    return periods


def _next(start: datetime, per: Per) -> datetime:
    days = {"day": 1, "week": 7, "month": 32, "quarter": 95, "year": 370}[per]
    return start_of(start + timedelta(days=days), per)


def _label(start: datetime, per: Per) -> str:
    if per == "year":
        return f"{start:%Y}"
    if per == "quarter":
        return f"{start:%Y}-Q{(start.month + 2) // 3}"
    if per == "month":
        return f"{start:%Y-%m}"
    if per == "week":
        return f"{start:%G-W%V}"
    return f"{start:%Y-%m-%d}"
