"""Moves the scenario's times to now: real nodes keep real time, and what notices announce must lie before them.

A date in a notice that stands without quotation marks is the scenario's own. It moves with the scene in which the
notice is said, by exactly the time between the scene's beginning in the scenario and its beginning in fact: how long
before its start something is announced stays as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

__all__ = ["days_between", "moved_moment", "moved_notice"]


def days_between(shift: timedelta, begins: datetime) -> int:
    """Return by how many days a day's date moves, so that it is as many days after the scene's day as before."""
    return ((begins + shift).astimezone(UTC).date() - begins.astimezone(UTC).date()).days


def moved_moment(value: datetime | date, shift: timedelta, begins: datetime) -> str:
    """Return a moment of the scenario as a notice has it, moved: a day stays a day, a minute a minute."""
    if isinstance(value, datetime):
        there = value.astimezone(UTC) + shift
        return there.strftime("%Y-%m-%dT%H:%M:%SZ" if value.second else "%Y-%m-%dT%H:%MZ")
    return (value + timedelta(days=days_between(shift, begins))).isoformat()


def moved_notice(
    notice: Mapping[str, Any], shift: timedelta, begins: datetime, ref_of: Callable[[str], str]
) -> dict[str, Any]:
    """Return a notice's form with its dates moved, and "@handle" replaced by the entry that the handle stands for."""

    def moved(value: Any) -> Any:
        if isinstance(value, datetime | date):
            return moved_moment(value, shift, begins)
        if isinstance(value, Mapping):
            return {name: moved(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [moved(one) for one in value]
        if isinstance(value, str) and value.startswith("@"):
            return ref_of(value[1:])
        return value

    return {name: moved(one) for name, one in notice.items()}
