"""Is it growing? The growth of a rate over periods, with an interval that is exact where counts scatter as Poisson's.

Model: the count of period i is Poisson with mean exposure_i * exp(level + growth * time_i). Given the sum of all
counts, the level drops out and S = sum of count_i * time_i alone says what there is to say about the growth; its
distribution is computed here without approximation (Cox and Lewis 1966, chapter 3), and the interval holds every growth
that the observed S does not contradict at 2.5 % on either side. Where counts scatter more than that, a negative
binomial model takes its place, and its profile-likelihood interval is approximate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import fft, optimize, stats

from detente.encounters.risk.counting import LEVEL, Interval, Overdispersed, Scatter, profile_interval, scatter

__all__ = ["EVENTS_LEAST", "PERIODS_LEAST", "STEADY", "Trend", "Verdict", "trend"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Verdict = Literal["growing", "falling", "steady", "not_enough_data"]

PERIODS_LEAST = 4
EVENTS_LEAST = 5
"""With fewer periods or events nothing is said about a trend."""
STEADY = 1.25
"""Steady is said where the interval excludes a rise or a fall by this factor from the first to the last period."""
EXACT_CELLS_MAX = 1 << 22
"""Sums of times that the exact distribution may have; beyond, there are so many events that its limit serves."""
_SPAN_LOG_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Trend:
    """The growth of a rate from the middle of the first period to the middle of the last, as a factor.

    factor, interval: None where nothing can be estimated; p: of no growth, two-sided; method: "exact" or
    "negative_binomial"; detectable: the least factor that so much data would have shown four times in five.
    """

    verdict: Verdict
    factor: float | None
    interval: Interval | None
    p: float | None
    method: Literal["exact", "negative_binomial"] | None
    scatter: Scatter
    events: int
    periods: int
    detectable: float | None


def trend(counts: Integers, exposure: Floats) -> Trend:
    """Judge counts of consecutive periods with their exposures; a period without exposure says nothing."""
    place = np.arange(counts.size)
    used = exposure > 0
    counts, exposure, place = counts[used], exposure[used], place[used]
    events = int(counts.sum())
    expected = exposure * (events / exposure.sum()) if exposure.size else exposure
    about = scatter(counts, expected)
    if counts.size < PERIODS_LEAST or events < EVENTS_LEAST:
        return Trend("not_enough_data", None, None, None, None, about, events, int(counts.size), None)
    span = int(place[-1] - place[0])
    time = (place - place[0]).astype(np.float64) / span
    given = _Given(counts, exposure, place - place[0])
    growth = given.estimate()
    about = scatter(counts, given.means(growth), fitted=2)
    if about.is_more_than_poisson:
        interval, p, growth = _scattered(counts, exposure, time, growth)
        method: Literal["exact", "negative_binomial"] = "negative_binomial"
    else:
        interval, p, method = given.interval(), given.p_of_none(), "exact"
    return Trend(
        verdict=_verdict(interval),
        factor=_factor(growth),
        interval=Interval(_factor(interval.low), _factor(interval.high)),
        p=p,
        method=method,
        scatter=about,
        events=events,
        periods=int(counts.size),
        detectable=_detectable(given, max(about.index, 1.0)),
    )


def _factor(growth: float) -> float:
    return math.inf if growth > 700.0 else math.exp(growth)


def _verdict(interval: Interval) -> Verdict:
    """Return what the interval of the logarithm of the factor allows to say."""
    if interval.low > 0.0:
        return "growing"
    if interval.high < 0.0:
        return "falling"
    if interval.low >= -math.log(STEADY) and interval.high <= math.log(STEADY):
        return "steady"
    return "not_enough_data"


def _detectable(given: _Given, index: float) -> float:
    """Return the growth over the span that would be shown with a chance of 0.8: 1.96 and 0.84 standard errors."""
    return _factor((1.959964 + 0.841621) * math.sqrt(index / max(given.information(), 1e-12)))


@dataclass(frozen=True, slots=True)
class _Given:
    """Counts given their sum: each event falls into period i with a chance of exposure_i * exp(growth * time_i).

    place: whole numbers from 0 to the span; growth is over the span.
    """

    counts: Integers
    exposure: Floats
    place: Integers

    @property
    def events(self) -> int:
        return int(self.counts.sum())

    @property
    def span(self) -> int:
        return int(self.place[-1])

    @property
    def observed(self) -> int:
        return int((self.counts * self.place).sum())

    def shares(self, growth: float) -> Floats:
        logs = np.log(self.exposure) + growth * self.place / self.span
        weights = np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())

    def means(self, growth: float) -> Floats:
        return self.shares(growth) * self.events

    def information(self) -> float:
        """Return the inverse of the variance of an estimate of the growth, where there is none."""
        shares, time = self.shares(0.0), self.place / self.span
        return self.events * float((shares * time**2).sum() - (shares * time).sum() ** 2)

    def estimate(self) -> float:
        """Return the growth of greatest likelihood; as far out as is looked when all events lie at one end."""

        def excess(growth: float) -> float:
            return float((self.shares(growth) * self.place).sum()) * self.events - self.observed

        if excess(-_SPAN_LOG_MAX) >= 0.0:
            return -_SPAN_LOG_MAX
        if excess(_SPAN_LOG_MAX) <= 0.0:
            return _SPAN_LOG_MAX
        return float(optimize.brentq(excess, -_SPAN_LOG_MAX, _SPAN_LOG_MAX, xtol=1e-10))

    def tails(self, growth: float) -> tuple[float, float]:
        """Return the chances of at most, and of at least, the observed sum of times."""
        cells = self.events * self.span + 1
        if cells > EXACT_CELLS_MAX:
            return self._tails_of_many(growth)
        single = np.zeros(self.span + 1)
        single[self.place] = self.shares(growth)
        # the sum of independent whole numbers: the power of the transform, clipped where rounding leaves dust
        size = fft.next_fast_len(cells, real=True)
        sums = np.maximum(fft.irfft(fft.rfft(single, size) ** self.events, size)[:cells], 0.0)
        sums /= sums.sum()
        return float(sums[: self.observed + 1].sum()), float(sums[self.observed :].sum())

    def _tails_of_many(self, growth: float) -> tuple[float, float]:
        shares = self.shares(growth)
        mean = float((shares * self.place).sum()) * self.events
        spread = math.sqrt(self.events * float((shares * (self.place - mean / self.events) ** 2).sum()))
        place = (self.observed - mean) / max(spread, 1e-12)
        return float(stats.norm.cdf(place)), float(stats.norm.sf(place))

    def interval(self) -> Interval:
        """Return the growths that the observed sum contradicts on neither side."""
        tail = (1.0 - LEVEL) / 2.0
        return Interval(
            self._end(lambda growth: self.tails(growth)[1] - tail),
            self._end(lambda growth: tail - self.tails(growth)[0]),
        )

    @staticmethod
    def _end(excess: Callable[[float], float]) -> float:
        """Return where an increasing function crosses 0; without a crossing that end is open."""
        if excess(-_SPAN_LOG_MAX) > 0.0:
            return -math.inf
        if excess(_SPAN_LOG_MAX) < 0.0:
            return math.inf
        return float(optimize.brentq(excess, -_SPAN_LOG_MAX, _SPAN_LOG_MAX, xtol=1e-6))

    def p_of_none(self) -> float:
        below, above = self.tails(0.0)
        return min(1.0, 2.0 * min(below, above))


def _scattered(counts: Integers, exposure: Floats, time: Floats, start: float) -> tuple[Interval, float, float]:
    """Return interval, p and estimate of the growth where counts scatter more than Poisson's."""
    model = Overdispersed(counts, exposure, time)
    found = optimize.minimize_scalar(
        lambda growth: -model.with_growth(growth), bounds=(start - 20.0, start + 20.0), method="bounded"
    )
    best = float(found.x)
    gained = max(0.0, 2.0 * (-float(found.fun) - model.with_growth(0.0)))
    return profile_interval(model.with_growth, best, step=0.1), float(stats.chi2.sf(gained, 1)), best
