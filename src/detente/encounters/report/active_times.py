"""When areas were active and who visited them then, as bars over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from detente import words
from detente.door.terminal import visible
from detente.encounters.announced import Announced
from detente.encounters.report import figures

__all__ = ["ROWS_MAX", "active_times"]

say = words.speaker("encounters")

ROWS_MAX = 40
_LEFT, _WIDE, _ROW, _TOP = 190.0, 790.0, 24.0, 8.0
_STEPS_S = (300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400, 30 * 86_400)
_LABELS_MOST, _LABEL_MOST = 8, 28


def active_times(
    visits: pl.DataFrame, areas: Sequence[Announced], unvisited: pl.DataFrame, span: tuple[Any, Any]
) -> dict[str, str] | None:
    """Return an SVG of the areas' active times during the tracks, the visited first; None when there are none."""
    first, last = span
    if first is None or first == last:
        return None
    visited = visits["area"].unique(maintain_order=True).to_list()
    rank = {area: place for place, area in enumerate(visited)}
    active = [area for area in areas if any(_clipped(period, first, last) for period in area.windows)]
    active.sort(key=lambda area: rank.get(area.id, len(rank)))
    if not active:
        return None
    drawn = active[:ROWS_MAX]
    holes = {
        (area, since)
        for area, since, seen in unvisited.select("area", "active_from", "seen_near").iter_rows()
        if seen is False
    }
    rows = [_row(place, area, visits, holes, first, last) for place, area in enumerate(drawn)]
    tall = _TOP + _ROW * len(drawn)
    name = escape(say("When the areas were active"))
    svg = (
        f'<svg class="plot times" viewBox="0 0 1000 {tall + 40:g}" role="img" '
        f'aria-label="{name}">{_axis(first, last, tall)}{"".join(rows)}</svg>'
    )
    more = len(active) - len(drawn)
    note = (
        say.many("{count} more area is not drawn.", "{count} more areas are not drawn.", count=more)
        if more
        else ""
    )
    return {"svg": svg, "note": note}


def _clipped(
    period: tuple[datetime | None, datetime | None], first: datetime, last: datetime
) -> tuple[datetime, datetime] | None:
    begin = first if period[0] is None else max(period[0], first)
    end = last if period[1] is None else min(period[1], last)
    return (begin, end) if begin < end else None


def _row(
    place: int,
    area: Announced,
    visits: pl.DataFrame,
    holes: set[tuple[str, datetime | None]],
    first: datetime,
    last: datetime,
) -> str:
    whole = (last - first).total_seconds()
    y = _TOP + _ROW * place

    def x(moment: datetime) -> float:
        return _LEFT + _WIDE * (moment - first).total_seconds() / whole

    label = visible(area.name or area.id)
    short = label if len(label) <= _LABEL_MOST else label[: _LABEL_MOST - 1] + "\u2026"
    at = f'x="{_LEFT - 8:g}" y="{y + 16:g}" text-anchor="end"'
    parts = [f"<text {at}>{escape(short)}<title>{escape(label)}</title></text>"]
    for period in area.windows:
        clipped = _clipped(period, first, last)
        if clipped is not None:
            kind = "active unknown" if (area.id, period[0]) in holes else "active"
            parts.append(
                f'<rect class="{kind}" x="{x(clipped[0]):.1f}" y="{y + 4:g}" '
                f'width="{max(x(clipped[1]) - x(clipped[0]), 1.0):.1f}" height="{_ROW - 8:g}"/>'
            )
    for row in visits.filter(pl.col("area") == area.id).iter_rows(named=True):
        begin, end = max(x(row["entered"]), _LEFT), min(x(row["left"]), _LEFT + _WIDE)
        lasted = f"{figures.with_date(row['entered'])} \u2013 {figures.clock(row['left'])}"
        title = escape(f"{visible(row['name'] or row['mover'])}: {lasted}")
        kind = "visit inside" if row["inside"] else "visit"
        parts.append(
            f'<rect class="{kind}" x="{begin:.1f}" y="{y + 8:g}" width="{max(end - begin, 2.0):.1f}" '
            f'height="{_ROW - 16:g}"><title>{title}</title></rect>'
        )
        if row["third_party"]:
            parts.append(
                f'<path class="third" d="M{begin:.1f} {y + 5:g}l7 7-7 7-7-7z"><title>{title}</title></path>'
            )
    return "".join(parts)


def _axis(first: datetime, last: datetime, tall: float) -> str:
    whole = (last - first).total_seconds()
    step = next((size for size in _STEPS_S if whole / size <= _LABELS_MOST), _STEPS_S[-1])
    while whole / step > _LABELS_MOST:
        step *= 2
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + timedelta(seconds=step * (int((first - midnight).total_seconds()) // step))
    parts = [f'<path class="axis" d="M{_LEFT:g} {tall:g}h{_WIDE:g}"/>']
    known = ""
    while moment <= last:
        if moment >= first:
            x = _LEFT + _WIDE * (moment - first).total_seconds() / whole
            day = figures.day(moment)
            clock = "" if step >= 86_400 else figures.clock(moment)[:5]
            lines = [line for line in (clock, day if day != known else "") if line]
            known = day
            parts.append(f'<path class="rule" d="M{x:.1f} {_TOP:g}V{tall + 4:g}"/>')
            parts.extend(
                f'<text x="{x:.1f}" y="{tall + 18 + 14 * n:g}" text-anchor="middle">{line}</text>'
                for n, line in enumerate(lines)
            )
        moment += timedelta(seconds=step)
    return "".join(parts)
