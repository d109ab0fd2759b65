"""Announced area and time against activity seen: how much was closed, and how much of it anybody was seen in.

The seen side is a table of visits, as ``detente encounters TRACKS --areas AREAS --out visits.csv`` writes it. A
coverage hole looks like absence in it: a figure here says what was seen, never that nobody was there.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec

from detente import words
from detente.notices.errors import MomentMistake
from detente.notices.filed import Filed
from detente.notices.kinds.danger_area import DangerArea
from detente.notices.moments import parse_moment, stated
from detente.notices.outlines import outlines
from detente.notices.shapes import Shape
from detente.rules.errors import ListMistake

__all__ = ["AreaTime", "Visit", "area_times", "read_visits"]

say = words.speaker("rules")

_HOUR = timedelta(hours=1)
_AREA_OF_TEXT = re.compile(r"#[0-9]+$", re.ASCII)
Stretch = tuple[datetime, datetime]


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which somebody was seen in an area, by the area's id."""

    area: str
    entered: datetime
    left: datetime


class AreaTime(msgspec.Struct, frozen=True, kw_only=True):
    """One announcement: its size, how long it was active, how much of that anybody was seen in it.

    area_km2: None where it has no outline of its own. active_h: of the windows with a known end. windows_seen: the
    windows in which anybody was seen; it and seen_h are None where nobody looked. announced_km2_h: size times time,
    None without a size.
    """

    ref: str
    name: str
    area_km2: float | None
    windows: int
    windows_seen: int | None
    open_windows: int
    active_h: float
    seen_h: float | None
    announced_km2_h: float | None


def read_visits(text: str, *, where: str) -> list[Visit]:
    """Return the visits of a CSV with the columns area, entered, left; raises ListMistake, naming file and row."""
    reader = csv.DictReader(text.splitlines(keepends=True))
    if not {"area", "entered", "left"} <= set(reader.fieldnames or ()):
        raise ListMistake(
            expected=say("a CSV with the columns area, entered and left"),
            came=", ".join(reader.fieldnames or ())[:200] or "-",
            where=where,
            remedy=say("make it with: detente encounters TRACKS --areas AREAS --out visits.csv"),
        )
    found = []
    for number, row in enumerate(reader, start=2):
        try:
            entered, left = parse_moment(row["entered"] or ""), parse_moment(row["left"] or "")
        except MomentMistake as mistake:
            raise ListMistake(
                expected=mistake.expected, came=mistake.came, where=f"{where}:{number}", remedy=mistake.remedy
            ) from None
        found.append(Visit(area=row["area"] or "", entered=entered, left=left))
    return found


def area_times(filed: Iterable[Filed], visits: Sequence[Visit] | None) -> tuple[AreaTime, ...]:
    """Return one row for each danger area of the record, in its order; visits: None where nobody looked."""
    seen: dict[str, list[Stretch]] = defaultdict(list)
    for visit in visits or ():
        # the areas of one text are told apart by a number after its own: "HYDROARC 107/26#2"
        seen[_AREA_OF_TEXT.sub("", visit.area)].append((visit.entered, visit.left))
    looked = None if visits is None else seen
    return tuple(_area_time(one.ref, one.notice, looked) for one in filed if isinstance(one.notice, DangerArea))


def _area_time(ref: str, notice: DangerArea, seen: dict[str, list[Stretch]] | None) -> AreaTime:
    keys = {ref, notice.number or ref}
    stretches = _united([stretch for key in keys for stretch in (seen or {}).get(key, ())])
    active: list[Stretch] = []
    open_windows = 0
    for window in notice.windows:
        if window.alternate:
            continue
        if window.start is None or window.end is None:
            open_windows += 1
            continue
        active.append((stated(window.start).earliest, stated(window.end).earliest))
    sizes = [_area_km2(area.shape) for area in notice.areas]
    size = None if None in sizes else sum(one for one in sizes if one is not None)
    hours = sum((end - start) / _HOUR for start, end in _united(active))
    return AreaTime(
        ref=ref,
        name=notice.number or notice.title,
        area_km2=size,
        windows=len(active),
        windows_seen=None
        if seen is None
        else sum(any(_overlap(window, one) for one in stretches) for window in active),
        open_windows=open_windows,
        active_h=hours,
        seen_h=None
        if seen is None
        else sum(_overlap(window, one) for window in _united(active) for one in stretches),
        announced_km2_h=None if size is None else size * hours,
    )


def _overlap(a: Stretch, b: Stretch) -> float:
    return max((min(a[1], b[1]) - max(a[0], b[0])) / _HOUR, 0.0)


def _united(stretches: Iterable[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _area_km2(shape: Shape) -> float | None:
    """Return the size of a shape's outline on the ellipsoid; overlaps of a corridor's legs count twice at its bends."""
    from geographiclib.geodesic import Geodesic  # noqa: PLC0415 - only these figures pay for the ellipsoid

    rings = outlines(shape)
    if not rings:
        return None
    total = 0.0
    for ring in rings:
        polygon = cast("Any", Geodesic.WGS84).Polygon()
        for lon, lat in ring:
            polygon.AddPoint(lat, lon)
        total += abs(polygon.Compute(False, True)[2]) / 1e6
    return total
