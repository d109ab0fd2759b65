"""Intervals of shares and rates, exact: what a count of so many says about the chance or the rate behind it."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["LEVEL", "rate_interval", "share_interval"]

LEVEL = 0.95
"""How often such an interval holds the truth, at least."""


def share_interval(hits: int, of: int) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share: hits of so many; (0, 1) of none.

    Source: Clopper and Pearson, Biometrika 26 (1934).
    """
    if of == 0:
        return 0.0, 1.0
    tail = (1.0 - LEVEL) / 2.0
    low = 0.0 if hits == 0 else _solved(lambda p: 1.0 - _binomial(hits - 1, of, p) - tail)
    high = 1.0 if hits == of else _solved(lambda p: tail - _binomial(hits, of, p))
    return low, high


def rate_interval(count: int, exposure: float) -> tuple[float, float]:
    """Return the Garwood interval of a rate: a count of events in so much exposure, above 0.

    Source: Garwood, Biometrika 28 (1936).
    """
    tail = (1.0 - LEVEL) / 2.0
    most = count + 10.0 * math.sqrt(count + 1.0) + 20.0
    low = 0.0 if count == 0 else _solved(lambda m: 1.0 - _poisson(count - 1, m) - tail, 0.0, most)
    high = _solved(lambda m: tail - _poisson(count, m), 0.0, most)
    return low / exposure, high / exposure


def _solved(grows: Callable[[float], float], low: float = 0.0, high: float = 1.0) -> float:
    """Return where a growing function is 0, by halving."""
    for _ in range(100):
        middle = 0.5 * (low + high)
        if grows(middle) < 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _binomial(at_most: int, of: int, p: float) -> float:
    """Return the chance of at most so many hits; p above 0 and below 1."""
    logs = (
        math.lgamma(of + 1)
        - math.lgamma(k + 1)
        - math.lgamma(of - k + 1)
        + k * math.log(p)
        + (of - k) * math.log1p(-p)
        for k in range(at_most + 1)
    )
    return min(math.fsum(map(math.exp, logs)), 1.0)


def _poisson(at_most: int, mean: float) -> float:
    """Return the chance of at most so many events; mean above 0."""
    logs = (k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(at_most + 1))
    return min(math.fsum(map(math.exp, logs)), 1.0)
