"""How near it comes once in a period: peaks over threshold, declustered, with what is needed to doubt the answer.

Encounters of one pair less than a run apart are one event, its least distance stands. Of the distances below a
threshold u the excesses u - distance follow a generalised Pareto distribution if u is low enough. The threshold is
chosen from the tail: of the nested candidates the one with most events such that neither it nor any nearer one is
contradicted by its data (Anderson and Darling, parametric bootstrap, p > 0.1). Method for road traffic: P.
Songchitruksa and A. P. Tarko, The extreme value theory approach to safety estimation, Accident Analysis & Prevention 38
(2006) 811-822; H. Farah and C. L. Azevedo, Safety analysis of passing maneuvers using extreme value theory, IATSS
Research 41 (2017) 12-21. Choice of the threshold: B. Bader, J. Yan and X. Zhang, Annals of Applied Statistics 12 (2018)
310-329. A level is of the average of the time that was watched: it knows no trend.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.encounters.risk.counting import Interval
from detente.encounters.risk.pareto import Pareto, Profiles, fit, fit_p

__all__ = ["EXCESSES_LEAST", "EXCESSES_MAX", "Extremes", "Level", "Tried", "decluster", "extremes"]

Floats = npt.NDArray[np.float64]

EXCESSES_LEAST = 30
"""With fewer events under a threshold nothing is fitted."""
EXCESSES_MAX = 2_000
"""More are never used: only the nearest say something about the extreme."""
_CANDIDATES = (30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 960, 1_280, 2_000)
_DRAWS = 99
_P_LEAST = 0.1
LONGEST = 10.0
"""Return levels are given for periods up to so many times the one that was observed."""
_PERIODS_YEARS = (("day", 1 / 365.25), ("week", 7 / 365.25), ("month", 1 / 12), ("year", 1.0), ("decade", 10.0))

Why = Literal["", "too_few", "no_exposure", "no_fit", "all_equal"]


@dataclass(frozen=True, slots=True)
class Level:
    """The distance that is undercut once in a period on average; 0 where the tail reaches contact.

    name: "day", "week", "month", "year", "decade" or the period in years.
    """

    name: str
    years: float
    distance_m: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Below:
    """How often in a year a distance is undercut."""

    distance_m: float
    per_year: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Tried:
    """A threshold that was tried: events under it, the fitted shape and scale, and the p of its fit."""

    threshold_m: float
    events: int
    shape: float
    scale_m: float
    p: float


@dataclass(frozen=True, slots=True)
class Extremes:
    """The extreme of a group; why is "" when there is one, else nothing but events and tried is filled.

    quantiles: observed excess against the fitted one, metres, from the smallest (a line means a good fit).
    """

    why: Why
    events: int
    tried: tuple[Tried, ...] = ()
    threshold_m: float | None = None
    fitted: Pareto | None = None
    p: float | None = None
    levels: tuple[Level, ...] = ()
    below: tuple[Below, ...] = ()
    quantiles: tuple[tuple[float, float], ...] = ()


def decluster(table: pl.DataFrame, run: timedelta) -> pl.DataFrame:
    """Return one row for each run of events of a pair less than ``run`` apart: the nearest; others' order stays.

    table: detente.encounters.risk.happenings.HAPPENINGS. A row without distance stays only where its run has none.
    """
    ordered = table.sort("pair", "at", maintain_order=True)
    fresh = (pl.col("pair") != pl.col("pair").shift(1)) | (pl.col("at") - pl.col("at").shift(1) >= run)
    return (
        ordered.with_columns(run=fresh.fill_null(value=True).cum_sum())
        .sort("run", "distance_m", "at", nulls_last=True, maintain_order=True)
        .unique(subset=["run"], keep="first", maintain_order=True)
        .drop("run")
        .sort("at", "pair", maintain_order=True)
    )


def extremes(
    distances_m: Floats, years: float, *, below_m: Sequence[float] = (), draws: int = _DRAWS
) -> Extremes:
    """Judge the least distances of declustered events in so many years of watching.

    below_m: distances of which the rate is asked. The bootstrap's seed is a hash of the data, so that the same
    file gives the same figures everywhere.
    """
    known = np.sort(distances_m[np.isfinite(distances_m)])
    if years <= 0.0:
        return Extremes("no_exposure", known.size)
    if known.size < EXCESSES_LEAST + 1:
        return Extremes("too_few", known.size)
    seed = int.from_bytes(hashlib.sha256(known.tobytes()).digest()[:8], "big")
    tried: list[Tried] = []
    chosen: tuple[float, Floats, Pareto, float] | None = None
    for count in _CANDIDATES:
        if count >= known.size:
            break
        threshold = float(known[count])
        excesses = threshold - known[known < threshold]
        if excesses.size < EXCESSES_LEAST or np.ptp(excesses) <= 0.0:
            continue  # equal distances, as when they are given in whole hundreds, cannot be told apart
        fitted = fit(excesses)
        p = fit_p(excesses, fitted, draws=draws, seed=seed)
        tried.append(Tried(threshold, excesses.size, fitted.shape, fitted.scale, p))
        if p <= _P_LEAST:
            break
        chosen = (threshold, excesses, fitted, p)
    if chosen is None:
        return Extremes("no_fit" if tried else "all_equal", known.size, tuple(tried))
    threshold, excesses, fitted, p = chosen
    profiles = Profiles(excesses, years, fitted)
    return Extremes(
        why="",
        events=known.size,
        tried=tuple(tried),
        threshold_m=threshold,
        fitted=fitted,
        p=p,
        levels=tuple(_levels(profiles, threshold, years)),
        below=tuple(_below(profiles, threshold, distance_m) for distance_m in below_m if distance_m < threshold),
        quantiles=_quantiles(excesses, fitted),
    )


def _levels(profiles: Profiles, threshold: float, years: float) -> list[Level]:
    """Return the levels of the named periods that the data can carry, the two longest, else the observed period."""
    rate = profiles.excesses.size / years
    fitting = [(name, span) for name, span in _PERIODS_YEARS if 3.0 / rate <= span <= LONGEST * years]
    chosen = fitting[-2:] or [(f"{years:g}", years)]
    levels = []
    for name, span in chosen:
        excess, interval = profiles.level(span)
        near, far = threshold - interval.high, threshold - interval.low
        levels.append(Level(name, span, max(0.0, threshold - excess), Interval(max(0.0, near), max(0.0, far))))
    return levels


def _below(profiles: Profiles, threshold: float, distance_m: float) -> Below:
    rate, interval = profiles.rate_beyond(threshold - distance_m)
    return Below(distance_m, rate, interval)


def _quantiles(excesses: Floats, fitted: Pareto) -> tuple[tuple[float, float], ...]:
    """Return at most 200 pairs of observed and fitted quantiles."""
    ordered = np.sort(excesses)
    places = np.unique(np.linspace(0, ordered.size - 1, min(ordered.size, 200)).astype(np.int64))
    return tuple(
        (float(ordered[n]), fitted.exceeded_once_in(1.0 / (1.0 - (n + 0.5) / ordered.size))) for n in places
    )
