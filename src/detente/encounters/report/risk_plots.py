"""The plots of the page on risk: rates over time with intervals, the fit of an extreme, what the threshold does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from detente import words
from detente.encounters.report.figures import length, number

__all__ = ["Whisker", "quantiles", "thresholds", "whiskers"]

say = words.speaker("encounters")

_LEFT, _TOP, _WIDE, _TALL = 52.0, 14.0, 430.0, 150.0


@dataclass(frozen=True, slots=True)
class Whisker:
    """A value with its interval; title: what is said of it when pointed at. high may be inf: drawn to the ceiling."""

    value: float
    low: float
    high: float
    title: str


def whiskers(
    points: Sequence[Whisker | None], marks: Sequence[tuple[int, str]], label: str, *, line: Sequence[float] = ()
) -> str:
    """Return the SVG of values with intervals, evenly apart; None: nothing is known there.

    marks: labels below, by place; line: a curve through the places (the fitted trend).
    """
    known = [point for point in points if point is not None]
    ceiling = _ceiling(
        [*(point.value for point in known), *(p.high for p in known if math.isfinite(p.high)), *line]
    )
    step = _WIDE / max(len(points), 1)

    def x(place: float) -> float:
        return _LEFT + step * (place + 0.5)

    def y(value: float) -> float:
        return _TOP + _TALL * (1.0 - min(value, ceiling) / ceiling)

    drawn = "".join(
        f'<g class="whisker"><path d="M{x(n):.1f} {y(point.low):.1f}V{y(point.high):.1f}"/>'
        f'<circle cx="{x(n):.1f}" cy="{y(point.value):.1f}" r="{min(3.2, max(1.2, step / 4)):.1f}"/>'
        f"<title>{escape(point.title)}</title></g>"
        for n, point in enumerate(points)
        if point is not None
    )
    curve = "L".join(f"{x(n):.1f} {y(value):.1f}" for n, value in enumerate(line))
    trend = f'<path class="trend" d="M{curve}"/>' if curve else ""
    ticks = "".join(
        f'<text x="{x(place):.1f}" y="{_TOP + _TALL + 18:g}" text-anchor="middle">{escape(text)}</text>'
        for place, text in marks
    )
    return _sheet(_rules(ceiling) + drawn + trend + ticks, label)


def quantiles(pairs: Sequence[tuple[float, float]]) -> str:
    """Return the SVG of observed against fitted excesses: on the line where the distribution fits."""
    ceiling = _ceiling([value for pair in pairs for value in pair])
    side = _TALL

    def at(value: float) -> float:
        return side * min(value, ceiling) / ceiling

    dots = "".join(
        f'<circle class="dot" cx="{_LEFT + at(fitted):.1f}" cy="{_TOP + side - at(observed):.1f}" r="2"/>'
        for observed, fitted in pairs
    )
    straight = f'<path class="trend" d="M{_LEFT:g} {_TOP + side:g}L{_LEFT + side:g} {_TOP:g}"/>'
    across, upwards = escape(say("fitted")), escape(say("observed (upwards)"))
    names = (
        f'<text x="{_LEFT + side + 8:g}" y="{_TOP + side:g}">{across}</text>'
        f'<text x="{_LEFT + side + 8:g}" y="{_TOP + 12:g}">{upwards}</text>'
        f'<text x="{_LEFT + side:g}" y="{_TOP + side + 18:g}" text-anchor="middle">{escape(length(ceiling))}</text>'
    )
    frame = f'<path class="axis" d="M{_LEFT:g} {_TOP:g}V{_TOP + side:g}H{_LEFT + side:g}" fill="none"/>'
    return _sheet(
        frame + straight + dots + names, say("Observed excesses against fitted ones; on the line they fit")
    )


def thresholds(tried: Sequence[tuple[float, float, float]], chosen: float | None) -> str:
    """Return the SVG of the shape at each threshold (metres, shape, p): level where the choice matters little."""
    shapes = [shape for _, shape, _ in tried]
    low, high = min([*shapes, -0.5]), max([*shapes, 0.5])
    most = max(threshold for threshold, _, _ in tried)

    def place(threshold: float, shape: float) -> tuple[float, float]:
        return _LEFT + _WIDE * threshold / most * 0.97, _TOP + _TALL * (high - shape) / (high - low)

    zero = place(0.0, 0.0)[1]

    def title(threshold: float, shape: float, p: float) -> str:
        return say(
            "{threshold}: shape {shape}, p {p}",
            threshold=length(threshold),
            shape=number(shape, 2),
            p=number(p, 2),
        )

    dots = "".join(
        f'<circle class="{"chosen" if threshold == chosen else "dot"}" cx="{x:.1f}" cy="{y:.1f}" r="4">'
        f"<title>{escape(title(threshold, shape, p))}</title></circle>"
        for threshold, shape, p in tried
        for x, y in (place(threshold, shape),)
    )
    scale = "".join(
        f'<text x="{_LEFT - 6:g}" y="{place(0.0, value)[1] + 4:.1f}" text-anchor="end">'
        f"{escape(number(value, 1))}</text>"
        for value in (low, 0.0, high)
    )
    axis = f'<path class="rule" d="M{_LEFT:g} {zero:.1f}h{_WIDE:g}"/>'
    right, below = _LEFT + _WIDE * 0.97, _TOP + _TALL + 18
    names = f'<text x="{right:g}" y="{below:g}" text-anchor="end">{escape(length(most))}</text>'
    return _sheet(axis + dots + scale + names, say("Fitted shape at each threshold that was tried"))


def _rules(ceiling: float) -> str:
    return "".join(
        f'<path class="rule" d="M{_LEFT:g} {y:.1f}h{_WIDE:g}"/>'
        f'<text x="{_LEFT - 6:g}" y="{y + 4:.1f}" text-anchor="end">{escape(_mark(ceiling * share, ceiling))}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        for y in (_TOP + _TALL * (1.0 - share),)
    )


def _mark(value: float, ceiling: float) -> str:
    digits = max(0, 2 - math.floor(math.log10(ceiling))) if ceiling < 100 else 0
    return number(value, min(digits, 6))


def _ceiling(values: Sequence[float]) -> float:
    most = max([*values, 0.0])
    if most <= 0.0:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(most))
    return next(step * unit for step in (1.0, 2.0, 4.0, 5.0, 8.0, 10.0) if step * unit >= most - 1e-12)


def _sheet(content: str, label: str) -> str:
    return f'<svg class="plot" viewBox="0 0 500 192" role="img" aria-label="{escape(label)}">{content}</svg>'
