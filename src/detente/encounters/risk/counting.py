"""Counts and what they say: exact Poisson intervals, the scatter of counts, and the exact distribution under a trend.

Sources: F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936) 437-442; D. R. Cox and
P. A. W. Lewis, The Statistical Analysis of Series of Events (1966), chapter 3: given their sum, counts with rates
that grow exponentially are multinomial, and the sum of the times of all events says all about the growth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

__all__ = [
    "DROP",
    "LEVEL",
    "Interval",
    "Overdispersed",
    "Scatter",
    "garwood",
    "greatest",
    "profile_interval",
    "scatter",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEVEL = 0.95
"""Of every interval here."""
DROP = float(stats.chi2.ppf(LEVEL, 1)) / 2.0
"""How far a log-likelihood may lie below its greatest value within a profile interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of level LEVEL; high is inf where nothing bounds it from above."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scatter:
    """How much counts scatter about what exposure would make of them. index: 1 for Poisson; p: of at least so much."""

    index: float
    p: float
    periods: int
    events: int

    @property
    def is_more_than_poisson(self) -> bool:
        """Tell whether Poisson's interval would be too narrow; of fewer than ten events nothing can be said."""
        return self.periods > 2 and self.events >= 10 and self.p < 0.05 and self.index > 1.0


def garwood(count: int, exposure: float) -> Interval:
    """Return the exact interval of a Poisson rate: count events in an exposure above 0."""
    tail = (1.0 - LEVEL) / 2.0
    low = float(stats.chi2.ppf(tail, 2 * count)) / 2.0 if count else 0.0
    return Interval(low / exposure, float(stats.chi2.ppf(1.0 - tail, 2 * count + 2)) / 2.0 / exposure)


def scatter(counts: Integers, expected: Floats, *, fitted: int = 1) -> Scatter:
    """Return Pearson's index of dispersion and its p; fitted: how many numbers were fitted to get ``expected``."""
    used = expected > 0
    free = int(used.sum()) - fitted
    if free < 1:
        return Scatter(1.0, 1.0, int(used.sum()), int(counts.sum()))
    pearson = float((((counts - expected) ** 2)[used] / expected[used]).sum())
    return Scatter(pearson / free, float(stats.chi2.sf(pearson, free)), int(used.sum()), int(counts.sum()))


def _negative_binomial(counts: Integers, means: Floats, dispersion: float) -> float:
    """Return the log-likelihood of counts with variance mean + dispersion * mean^2."""
    size = 1.0 / dispersion
    return float(
        (
            special.gammaln(counts + size)
            - special.gammaln(size)
            - special.gammaln(counts + 1.0)
            + size * np.log(size / (size + means))
            + special.xlogy(counts, means / (size + means))
        ).sum()
    )


@dataclass(frozen=True, slots=True)
class Overdispersed:
    """Counts with log mean = level + growth * time + log exposure, and variance mean + dispersion * mean^2."""

    counts: Integers
    exposure: Floats
    time: Floats

    def likelihood(self, level: float, growth: float, log_dispersion: float) -> float:
        """Return the log-likelihood; -inf where the means are no numbers."""
        with np.errstate(over="ignore"):
            means = self.exposure * np.exp(level + growth * self.time)
        if not np.isfinite(means).all() or abs(log_dispersion) > 30.0:
            return -math.inf
        return _negative_binomial(self.counts, np.maximum(means, 1e-300), math.exp(log_dispersion))

    def start(self) -> tuple[float, float]:
        """Return a first guess of level and log dispersion, by moments."""
        level = math.log(max(float(self.counts.sum()), 0.5) / float(self.exposure.sum()))
        means = self.exposure * math.exp(level)
        excess = float(((self.counts - means) ** 2 - means).sum()) / float((means**2).sum())
        return level, math.log(min(max(excess, 1e-3), 10.0))

    def with_growth(self, growth: float) -> float:
        """Return the greatest log-likelihood with this growth."""
        level, dispersion = self.start()
        level -= growth * float((self.time * self.exposure).sum() / self.exposure.sum())
        return greatest(lambda free: self.likelihood(free[0], growth, free[1]), (level, dispersion))[0]

    def with_level(self, level: float) -> float:
        """Return the greatest log-likelihood with this level and no growth."""
        return greatest(lambda free: self.likelihood(level, 0.0, free[0]), (self.start()[1],))[0]


def greatest(likelihood: Callable[[Floats], float], start: tuple[float, ...]) -> tuple[float, Floats]:
    """Return the greatest value of a function of few numbers, from a first guess, and where it is."""
    found = optimize.minimize(
        lambda free: min(-likelihood(free), 1e300),  # an infinite difference would be no number
        np.array(start),
        method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-7, "maxiter": 2_000},
    )
    return -float(found.fun), found.x


def profile_interval(
    profile: Callable[[float], float], best: float, *, step: float, floor: float = -math.inf
) -> Interval:
    """Return where a profile log-likelihood is within DROP of its value at ``best``, its maximum.

    step: a first guess of the width; floor: nothing lies below it. An end that is never found is floor or inf.
    """
    top = profile(best)

    def below(value: float) -> float:
        return profile(value) - top + DROP

    ends = []
    for direction in (-1.0, 1.0):
        inner, width, outer = best, step, best
        for _ in range(60):
            outer = best + direction * width
            if outer <= floor:
                outer = floor
                break
            if below(outer) < 0.0:
                break
            inner, width = outer, width * 2.0
        if outer == floor or below(outer) >= 0.0:
            ends.append(floor if direction < 0 else math.inf)
        else:
            ends.append(
                float(optimize.brentq(below, min(inner, outer), max(inner, outer), xtol=1e-10, rtol=1e-10))
            )
    return Interval(ends[0], ends[1])
