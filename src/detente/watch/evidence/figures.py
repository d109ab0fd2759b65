"""The figures of an encounter: as a manifest writes them, as the fixes give them again, and when two are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import polars as pl

from detente.encounters.searching import search
from detente.notices.quantities import KNOT_MS
from detente.watch.evidence.structs import Definition

__all__ = [
    "FIGURES",
    "LENGTH_TOLERANCE_M",
    "TIME_TOLERANCE_S",
    "Difference",
    "differences",
    "fault_in",
    "moment_text",
    "recomputed",
    "written",
]

LENGTH_TOLERANCE_M = 0.5
"""Distances of a conforming search are right to this (spec/encounters.md)."""
TIME_TOLERANCE_S = 0.01
_TIMES = ("entered", "closest_at", "left")
_PLACES = {
    "distance_m": 3, "vertical_m": 3, "altitude_a_m": 3, "altitude_b_m": 3, "severity": 6, "speed_a_kn": 3,
    "speed_b_kn": 3, "closing_speed_kn": 3, "relative_speed_kn": 3, "course_a_deg": 3, "course_b_deg": 3,
    "relative_bearing_a_deg": 3, "relative_bearing_b_deg": 3, "aspect_a_deg": 3, "aspect_b_deg": 3, "duration_s": 6,
    "lon_a": 7, "lat_a": 7, "lon_b": 7, "lat_b": 7,
}  # fmt: skip
_WORDS = ("situation", "quality", "passes", "both_moving", "moored")
FIGURES = (*_TIMES, *_PLACES, *_WORDS)
"""The columns of an encounter that are its figures, in the order in which they are compared."""
_SPEED_TOLERANCE_KN = 0.1
_ANGLE_TOLERANCE_DEG = 1.0
_DAY_S, _CROSSING_MOST_S = 86_400.0, 10.0
_STILL_KN = 0.5
"""A course of a mover slower than this, and an angle that rests on one, is noise and is not compared."""
_REQUIRED = (*_TIMES, "distance_m", "passes", "situation", "quality", "both_moving", "moored")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{0,6}[1-9])?", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that two do not say alike; "" where one does not state it. tolerance: with its unit."""

    figure: str
    one: str
    other: str
    tolerance: str


def moment_text(moment: datetime) -> str:
    """Return a moment with its microseconds: "2018-04-04T06:00:00.000000Z"."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def written(row: Mapping[str, Any]) -> dict[str, str | int | bool]:
    """Return the figures of a row as a manifest has them: decimals as text, what is not known left out."""
    found: dict[str, str | int | bool] = {}
    for name in FIGURES:
        value = row[name]
        if value is None:
            continue
        if isinstance(value, datetime):
            found[name] = moment_text(value)
        elif name in _PLACES:
            found[name] = _rounded(value, _PLACES[name])
        else:
            found[name] = value
    return found


def _rounded(value: float, places: int) -> str:
    exact = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    text = format(exact, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def fault_in(figures: Mapping[str, Any]) -> str:
    """Return the name of a figure that is missing, unknown or not written as ``written`` writes it; "" for none."""
    for name in (*_REQUIRED, *figures):
        value = figures.get(name)
        if name in _TIMES:
            sound = isinstance(value, str) and bool(_MOMENT.fullmatch(value)) and _exists(value)
        elif name in _PLACES:
            sound = isinstance(value, str) and bool(_DECIMAL.fullmatch(value))
        elif name in {"both_moving", "moored"}:
            sound = isinstance(value, bool)
        elif name == "passes":
            sound = type(value) is int and 0 < value < 2**31
        else:
            sound = name in _WORDS and isinstance(value, str) and len(value) <= 20
        if not sound:
            return name
    return "" if figures["entered"] <= figures["closest_at"] <= figures["left"] else "closest_at"


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return 1900 <= int(text[:4]) < 2200


def recomputed(
    rows: pl.DataFrame, definition: Definition, *, entered: datetime, left: datetime
) -> dict[str, Any] | None:
    """Return the encounter of the rows' two movers that has most time in common with the one stated, or None.

    Moored ones count too. It is the search of the archives, on these rows alone.
    """
    found = search(
        rows.lazy(),
        within_m=definition.within_m,
        vertical_m=definition.vertical_m,
        max_gap_s=definition.max_gap_s,
        keep_moored=True,
    ).encounters
    best: tuple[timedelta, dict[str, Any]] | None = None
    for row in found.iter_rows(named=True):
        common = min(row["left"], left) - max(row["entered"], entered)
        if common >= timedelta(seconds=-1) and (best is None or common > best[0]):
            best = common, row
    return None if best is None else best[1]


def differences(
    one: Mapping[str, Any], other: Mapping[str, Any], *, without: frozenset[str] = frozenset()
) -> list[Difference]:
    """Return the figures, both as ``written`` gives them, that are further apart than their tolerances.

    Times: 0.01 s, or longer where the two move half a metre in a longer time: entered by the closing speed, closest_at
    by the relative speed, left and the duration too, but at most 10 s. Lengths: 0.5 m; severity: 0.01; speeds: 0.1 kn;
    angles: 1 degree, and none of a mover under 0.5 kn; longitudes and latitudes: 1e-5 degree. Words, counts and flags:
    equal. without: figures that are not compared.
    """
    found = []
    for name in FIGURES:
        if name in without or (_is_angle(name) and _is_noise(name, one, other)):
            continue
        first, second = one.get(name), other.get(name)
        if first == second:
            continue
        tolerance, unit = _tolerance(name, one, other)
        if first is None or second is None or not _near(name, first, second, tolerance):
            found.append(Difference(name, _shown(first), _shown(second), f"{tolerance:g} {unit}".strip()))
    return found


def _tolerance(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[float, str]:
    if name in _TIMES or name == "duration_s":
        return _slack_s(name, one, other), "s"
    if name.endswith("_m"):
        return LENGTH_TOLERANCE_M, "m"
    if name.endswith("_kn"):
        return _SPEED_TOLERANCE_KN, "kn"
    if _is_angle(name):
        return _ANGLE_TOLERANCE_DEG, "°"
    if name in _PLACES:
        return (0.01, "") if name == "severity" else (1e-5, "°")
    return 0.0, ""


def _slack_s(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return how long the two take to move half a metre relative to each other, where a time rests on that."""
    speed = "closing_speed_kn" if name == "entered" else "relative_speed_kn"
    if name == "entered" and not (speed in one and speed in other):
        return TIME_TOLERANCE_S  # coverage began inside: a fix says when
    slowest = min(abs(float(row.get(speed, 0))) for row in (one, other)) * KNOT_MS
    most = _DAY_S if name == "closest_at" else _CROSSING_MOST_S
    return max(TIME_TOLERANCE_S, min(LENGTH_TOLERANCE_M / slowest, most) if slowest > 0 else most)


def _is_angle(name: str) -> bool:
    return name.endswith("_deg")


def _is_noise(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether an angle rests on the course of a mover that hardly moves."""
    needed = ("speed_a_kn", "speed_b_kn") if "course" not in name else (f"speed_{name[7]}_kn",)
    return any(float(row.get(speed, 0)) < _STILL_KN for row in (one, other) for speed in needed)


def _near(name: str, one: Any, other: Any, tolerance: float) -> bool:
    if name in _TIMES:
        apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
        return abs(apart.total_seconds()) <= tolerance
    if name in _WORDS:
        return bool(one == other)
    apart_by = abs(float(one) - float(other))
    if _is_angle(name) or name.startswith("lon"):
        apart_by = min(apart_by, 360.0 - apart_by)
    return apart_by <= tolerance


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
