"""The generalised Pareto distribution of excesses: fits, how well they fit, and intervals of what follows from them.

An excess is larger than y >= 0 with chance (1 + shape * y / scale) ** (-1 / shape). Sources: J. Pickands III,
Statistical inference using extreme order statistics, Annals of Statistics 3 (1975) 119-131; S. D. Grimshaw,
Computing maximum likelihood estimates for the generalized Pareto distribution, Technometrics 35 (1993) 185-191
(with shape / scale given, the best shape is a mean of logarithms, so one number is searched); V. Choulakian and M.
A. Stephens, Goodness-of-fit tests for the generalized Pareto distribution, Technometrics 43 (2001) 478-484
(Anderson and Darling's statistic).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from detente.encounters.risk.counting import DROP, Interval, greatest, profile_interval

__all__ = ["SHAPE_LEAST", "Pareto", "Profiles", "anderson_darling", "fit", "fit_p"]

Floats = npt.NDArray[np.float64]

SHAPE_LEAST = -1.0
"""Below it the likelihood has no maximum: it grows without bound as the end of the distribution nears the data."""
_PLACES = np.concatenate([-np.geomspace(1e-4, 0.9999, 60)[::-1], np.geomspace(1e-4, 1e3, 90)])
"""Where shape / scale is looked for, in units of 1 / the greatest excess."""


@dataclass(frozen=True, slots=True)
class Pareto:
    """A fitted distribution. scale in metres; likelihood: its logarithm."""

    shape: float
    scale: float
    likelihood: float

    def beyond(self, excess: Floats | float) -> Floats:
        """Return the chance of an excess larger than this one."""
        reduced = np.asarray(excess, np.float64) / self.scale
        if abs(self.shape) < 1e-9:
            return np.exp(-reduced)
        inside = np.maximum(1.0 + self.shape * reduced, 0.0)
        with np.errstate(divide="ignore"):
            return np.asarray(inside ** (-1.0 / self.shape))

    def exceeded_once_in(self, excesses: float) -> float:
        """Return the excess that one of so many, at least 1, is expected to be beyond."""
        if abs(self.shape) < 1e-9:
            return self.scale * math.log(excesses)
        return self.scale / self.shape * (float(excesses**self.shape) - 1.0)


def fit(excesses: Floats) -> Pareto:
    """Return the fit of greatest likelihood with a shape of at least SHAPE_LEAST; needs two different excesses."""
    most = float(excesses.max())

    def negative(place: float) -> float:
        return -_profile(place / most, excesses)

    # all places at once, but for those whose shape must be held
    shapes = np.log1p(np.outer(_PLACES / most, excesses)).mean(axis=1)
    held = shapes < SHAPE_LEAST
    scales = np.where(held, 1.0, shapes / _PLACES * most)
    values = excesses.size * (np.log(scales) + shapes + 1.0)
    values[held] = [negative(place) for place in _PLACES[held]]
    best = int(values.argmin())
    low, high = _PLACES[max(best - 1, 0)], _PLACES[min(best + 1, _PLACES.size - 1)]
    found = optimize.minimize_scalar(negative, bounds=(low, high), method="bounded", options={"xatol": 1e-9})
    place = float(found.x) / most
    shape, scale = _shape_and_scale(place, excesses)
    exponential = Pareto(0.0, float(excesses.mean()), -excesses.size * (math.log(float(excesses.mean())) + 1.0))
    fitted = Pareto(shape, scale, -float(found.fun))
    return fitted if fitted.likelihood > exponential.likelihood else exponential


def _shape_and_scale(place: float, excesses: Floats) -> tuple[float, float]:
    shape = float(np.log1p(place * excesses).mean())
    if (
        shape < SHAPE_LEAST
    ):  # the data press against their end: hold the shape, and let the end touch the greatest
        return SHAPE_LEAST, float(excesses.max()) * (1.0 + 1e-9)
    return shape, shape / place


def _profile(place: float, excesses: Floats) -> float:
    """Return the log-likelihood with shape / scale given and the best shape."""
    shape, scale = _shape_and_scale(place, excesses)
    if scale <= 0.0:
        return -math.inf
    return log_likelihood(shape, scale, excesses)


def log_likelihood(shape: float, scale: float, excesses: Floats) -> float:
    """Return the log-likelihood, -inf where an excess cannot be."""
    if scale <= 0.0 or not math.isfinite(scale):
        return -math.inf
    if abs(shape) < 1e-9:
        return -excesses.size * math.log(scale) - float(excesses.sum()) / scale
    inside = 1.0 + shape / scale * excesses
    if inside.min() <= 0.0:
        return -math.inf
    return -excesses.size * math.log(scale) - (1.0 + 1.0 / shape) * float(np.log(inside).sum())


def anderson_darling(excesses: Floats, fitted: Pareto) -> float:
    """Return Anderson and Darling's distance of data from the fit: it weighs the tails, which are what matters here."""
    beyond = np.clip(fitted.beyond(np.sort(excesses)), 1e-12, 1.0 - 1e-12)
    weight = 2.0 * np.arange(1, excesses.size + 1) - 1.0
    return float(-excesses.size - (weight * (np.log1p(-beyond) + np.log(beyond[::-1]))).mean())


def fit_p(excesses: Floats, fitted: Pareto, *, draws: int, seed: int) -> float:
    """Return how often data of the fitted distribution lie as far from their own fit as these do.

    A parametric bootstrap; the seed makes it the same for whoever computes it again.
    """
    observed = anderson_darling(excesses, fitted)
    random = np.random.Generator(np.random.PCG64(seed))
    further = 0
    for _ in range(draws):
        drawn = _drawn(fitted, random, excesses.size)
        further += anderson_darling(drawn, fit(drawn)) >= observed
    return (further + 1) / (draws + 1)


def _drawn(fitted: Pareto, random: np.random.Generator, size: int) -> Floats:
    chance = 1.0 - random.random(size)  # above 0
    if abs(fitted.shape) < 1e-9:
        return np.asarray(-fitted.scale * np.log(chance))
    return np.asarray(fitted.scale / fitted.shape * (chance**-fitted.shape - 1.0))


@dataclass(frozen=True, slots=True)
class Profiles:
    """Intervals by profile likelihood of what follows from excesses and how many there were in an exposure.

    The count is Poisson, the excesses are generalised Pareto; both uncertainties are in the intervals.
    """

    excesses: Floats
    exposure: float
    fitted: Pareto

    @property
    def _rate(self) -> float:
        return self.excesses.size / self.exposure

    def _whole(self, rate: float, shape: float, scale: float) -> float:
        """Return the log-likelihood of count and excesses."""
        if rate <= 0.0 or not math.isfinite(rate) or not SHAPE_LEAST <= shape <= 5.0:
            return -math.inf
        count = self.excesses.size
        return count * math.log(rate) - rate * self.exposure + log_likelihood(shape, scale, self.excesses)

    def level(self, period: float) -> tuple[float, Interval]:
        """Return the excess expected to be exceeded once in a period, in the units of the exposure, and its interval.

        The period must hold more than one excess on average.
        """
        best = self.fitted.exceeded_once_in(self._rate * period)

        def profile(level: float) -> float:
            def likelihood(free: Floats) -> float:
                shape, rate = float(free[0]), math.exp(min(float(free[1]), 700.0))
                many = rate * period
                if many <= 1.0 or level <= 0.0:
                    return -math.inf
                unit = math.log(many) if abs(shape) < 1e-7 else (many**shape - 1.0) / shape
                scale = level / unit
                return self._whole(rate, shape, scale)

            return nearby(likelihood)

        nearby = _Nearby(self.fitted.shape, math.log(self._rate))
        return best, profile_interval(profile, best, step=0.1 * best, floor=1e-9)

    def rate_beyond(self, excess: float) -> tuple[float, Interval]:
        """Return how often in a unit of exposure an excess is beyond this one, with its interval."""
        best = self._rate * float(self.fitted.beyond(excess))

        def profile(log_rate: float) -> float:
            wanted = math.exp(log_rate)

            def likelihood(free: Floats) -> float:
                shape, scale = float(free[0]), math.exp(min(float(free[1]), 700.0))
                chance = float(Pareto(shape, scale, 0.0).beyond(excess))
                return self._whole(wanted / chance, shape, scale) if chance > 0.0 else -math.inf

            return nearby(likelihood)

        nearby = _Nearby(max(self.fitted.shape, -0.3), math.log(self.fitted.scale))
        if best > 0.0:
            found = profile_interval(profile, math.log(best), step=0.3, floor=math.log(self._rate) - 30.0)
        else:  # the fitted end lies before it: only the upper end is of interest
            top = self._whole(self._rate, self.fitted.shape, self.fitted.scale)
            return 0.0, Interval(0.0, _upper_from_nothing(profile, top, math.log(self._rate)))
        low = 0.0 if found.low <= math.log(self._rate) - 29.9 else math.exp(found.low)
        return best, Interval(low, math.exp(found.high))


class _Nearby:
    """Finds greatest likelihoods along a profile: from where the last one was, and from a first guess."""

    def __init__(self, shape: float, other: float) -> None:
        self._starts = [(shape, other), (shape + 0.15, other)]

    def __call__(self, likelihood: Callable[[Floats], float]) -> float:
        found = [greatest(likelihood, start) for start in self._starts]
        best, place = max(found, key=lambda one: one[0])
        if math.isfinite(best) and best > -1e299:
            self._starts[1] = (float(place[0]), float(place[1]))
        return best


def _upper_from_nothing(profile: Callable[[float], float], top: float, log_rate: float) -> float:
    """Return the greatest rate whose profile is within the drop of the top, coming down from the rate of all."""
    high = log_rate
    while high > log_rate - 30.0 and profile(high) < top - DROP:
        high -= 0.25
    return math.exp(high)
