"""Exact intervals, against published values and against what they promise."""

from __future__ import annotations

import math

import pytest

from detente.rules.chances import rate_interval, share_interval


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (3, 10, 0.0667, 0.6525),
        (10, 10, 0.6915, 1.0),
        (50, 100, 0.3983, 0.6017),
        (0, 0, 0.0, 1.0),
    ],
)
def test_shares_have_the_interval_of_clopper_and_pearson(hits: int, of: int, low: float, high: float) -> None:
    assert share_interval(hits, of) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (100, 81.364, 121.627)],
)
def test_rates_have_the_interval_of_garwood(count: int, low: float, high: float) -> None:
    assert rate_interval(count, 1.0) == pytest.approx((low, high), abs=1e-3)
    assert rate_interval(count, 2.0) == pytest.approx((low / 2, high / 2), abs=1e-3)


def test_the_interval_of_a_share_holds_the_truth_as_often_as_promised() -> None:
    for chance in (0.03, 0.2, 0.5, 0.97):
        held = sum(
            math.comb(12, hits) * chance**hits * (1 - chance) ** (12 - hits)
            for hits in range(13)
            if share_interval(hits, 12)[0] <= chance <= share_interval(hits, 12)[1]
        )
        assert held >= 0.95
