"""Two plain plots: how near (a histogram of distances) and when (a timeline)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from detente import words
from detente.encounters.report.figures import clock, day, length, number

__all__ = ["histogram", "timeline"]

say = words.speaker("encounters")

_LEFT, _TOP, _WIDE, _TALL = 38.0, 14.0, 430.0, 140.0
_BINS_S = (60, 300, 600, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 7 * 86_400, 30 * 86_400)
_BARS_MOST = 72


def histogram(distances_m: Sequence[float], within_m: float) -> str:
    """Return the SVG of how many encounters had which least distance, from 0 to the limit."""
    step_m = _nice(within_m / 20.0)
    bars = max(1, math.ceil(within_m / step_m - 1e-9))
    counts = [0] * bars
    for distance_m in distances_m:
        counts[min(int(distance_m / step_m), bars - 1)] += 1
    titles = [
        f"{length(n * step_m)} \u2013 {length(min((n + 1) * step_m, within_m))}: {number(count)}"
        for n, count in enumerate(counts)
    ]
    every = max(1, round(bars / 5))
    marks = [(n / bars, length(n * step_m)) for n in range(0, bars + 1, every)]
    return _bars(counts, titles, marks, say("Number of encounters by least distance"))


def timeline(moments: Sequence[datetime]) -> tuple[str, float]:
    """Return the SVG of how many encounters came closest in each span of time, and that span in seconds.

    Needs at least one moment.
    """
    first, last = min(moments), max(moments)
    whole_s = (last - first).total_seconds()
    bin_s = next((size for size in _BINS_S if whole_s / size < _BARS_MOST), _BINS_S[-1])
    while whole_s / bin_s >= _BARS_MOST:
        bin_s *= 2
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    start_s = math.floor((first - epoch).total_seconds() / bin_s) * bin_s
    bars = max(6, math.floor((last - epoch).total_seconds() / bin_s) - start_s // bin_s + 1)
    counts = [0] * bars
    for moment in moments:
        counts[int(((moment - epoch).total_seconds() - start_s) // bin_s)] += 1
    edges = [epoch + timedelta(seconds=start_s + n * bin_s) for n in range(bars + 1)]
    titles = [f"{day(edges[n])} {clock(edges[n])[:5]}: {number(count)}" for n, count in enumerate(counts)]
    every = max(1, math.ceil(bars / 6))
    marks = _time_marks([(n / bars, edges[n]) for n in range(0, bars + 1, every)], whole_days=bin_s >= 86_400)
    return _bars(counts, titles, marks, say("Number of encounters over time")), float(bin_s)


def _time_marks(edges: list[tuple[float, datetime]], *, whole_days: bool) -> list[tuple[float, str]]:
    """Return labels: dates, or times of day with the date below where it changes (after a line break)."""
    if whole_days:
        return [(share, day(at)) for share, at in edges]
    marks: list[tuple[float, str]] = []
    known = ""
    for share, at in edges:
        marks.append((share, clock(at)[:5] + (f"\n{day(at)}" if day(at) != known else "")))
        known = day(at)
    return marks


def _bars(counts: list[int], titles: list[str], marks: list[tuple[float, str]], label: str) -> str:
    most = max([*counts, 1])
    step = max(1, int(_nice(most / 3.0)))
    ceiling = math.ceil(most / step) * step
    wide = _WIDE / len(counts)
    gap = min(2.0, wide * 0.15)
    columns = "".join(
        f'<rect class="bar" x="{_LEFT + n * wide + gap / 2:.1f}" width="{wide - gap:.1f}" '
        f'y="{_TOP + _TALL * (1 - count / ceiling):.1f}" height="{_TALL * count / ceiling:.1f}">'
        f"<title>{escape(titles[n])}</title></rect>"
        for n, count in enumerate(counts)
        if count
    )
    rules = "".join(
        f'<path class="rule" d="M{_LEFT:g} {y:.1f}h{_WIDE:g}"/>'
        f'<text x="{_LEFT - 6:g}" y="{y + 4:.1f}" text-anchor="end">{escape(number(value))}</text>'
        for value in range(0, ceiling + 1, step)
        for y in (_TOP + _TALL * (1 - value / ceiling),)
    )
    ticks = "".join(
        f'<path class="axis" d="M{_LEFT + _WIDE * share:.1f} {_TOP + _TALL:g}v4"/>'
        + "".join(
            f'<text x="{_LEFT + _WIDE * share:.1f}" y="{_TOP + _TALL + 18 + 14 * line:g}" '
            f'text-anchor="middle">{escape(part)}</text>'
            for line, part in enumerate(text.split("\n"))
        )
        for share, text in marks
    )
    return (
        f'<svg class="plot" viewBox="0 0 500 192" role="img" aria-label="{escape(label)}">{rules}{columns}'
        f'<path class="axis" d="M{_LEFT:g} {_TOP + _TALL:g}h{_WIDE:g}"/>{ticks}</svg>'
    )


def _nice(value: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten at or above the value (value > 0)."""
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1.0, 2.0, 5.0, 10.0) if step * unit >= value - 1e-9)
