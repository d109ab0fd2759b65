"""One assessment: what happened, put into groups and periods, with the three figures of each group."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from detente import words
from detente.encounters.errors import LimitMistake
from detente.encounters.risk.counting import (
    Interval,
    Overdispersed,
    Scatter,
    garwood,
    profile_interval,
    scatter,
)
from detente.encounters.risk.exposure import Exposure
from detente.encounters.risk.extremes import Extremes, decluster, extremes
from detente.encounters.risk.happenings import Read
from detente.encounters.risk.periods import PERIODS_MAX, Per, Period, between, start_of
from detente.encounters.risk.places import Places
from detente.encounters.risk.trend import Trend, trend

__all__ = ["BY", "GROUPS_MAX", "Assessment", "By", "Group", "Question", "Rate", "assess", "period_of"]

say = words.speaker("encounters")

By = Literal["kind", "side_pair", "area"]
BY: tuple[By, ...] = ("kind", "side_pair", "area")
GROUPS_MAX = 200
"""Groups of one kind in an assessment: those with most events stay, the others are counted."""
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. first, last: the time that was watched, None: from the first event's period to the last one's.

    run: events of one pair less apart are one; below_m: distances of which the rate is asked.
    """

    per: Per = "month"
    first: datetime | None = None
    last: datetime | None = None
    run: timedelta = timedelta(hours=24)
    below_m: tuple[float, ...] = ()
    places: Places = field(default_factory=Places)


@dataclass(frozen=True, slots=True)
class Rate:
    """Events per unit of exposure. method: "garwood", or "negative_binomial" where counts scatter too much for it."""

    events: int
    exposure: float
    rate: float | None
    interval: Interval | None
    method: Literal["garwood", "negative_binomial"]
    scatter: Scatter


@dataclass(frozen=True, slots=True)
class Group:
    """One group: by what ("" for all), its label, the counts of each period, and what they say."""

    by: By | Literal[""]
    label: str
    counts: tuple[int, ...]
    exposure: tuple[float, ...]
    rate: Rate
    trend: Trend
    extremes: Extremes


@dataclass(frozen=True, slots=True)
class Assessment:
    """All groups. events: after declustering; joined: rows that were further passes of one event.

    watched_from_events: nobody said when watch was kept, so it is taken to begin and end with the events, which
    makes rates look higher than they are; groups_left_out: by what, groups with few events that are not listed.
    """

    question: Question
    periods: tuple[Period, ...]
    first: datetime
    last: datetime
    exposure: Exposure
    read: Read
    events: int
    joined: int
    groups: tuple[Group, ...]
    watched_from_events: bool
    groups_left_out: dict[str, int]


def period_of(read: Read, question: Question) -> tuple[datetime, datetime, tuple[Period, ...]]:
    """Return the watched time and its calendar periods; raises LimitMistake for none or too many."""
    moments = read.table["at"]
    first, last = question.first, question.last
    if (first is None or last is None) and moments.is_empty():
        raise LimitMistake(
            expected=say("events, or the time that was watched"),
            came=say("neither"),
            where="--from",
            remedy=say("give --from and --to"),
        )
    if first is None:
        first = start_of(moments.min(), question.per)  # type: ignore[arg-type]
    if last is None:
        last = between(moments.max(), moments.max() + timedelta(microseconds=1), question.per)[0].end  # type: ignore[arg-type, operator]
    periods = between(first, last, question.per)
    if not periods or len(periods) > PERIODS_MAX:
        raise LimitMistake(
            expected=say("from 1 to {most} periods", most=words.number(PERIODS_MAX)),
            came=words.number(len(periods)),
            where="--per",
            remedy=say("choose longer periods, or a shorter time"),
        )
    return first, last, tuple(periods)


def assess(read: Read, question: Question, exposure: Exposure) -> Assessment:
    """Return the assessment of what was read; exposure: of the periods that ``period_of`` returns."""
    first, last, periods = period_of(read, question)
    inside = read.table.filter((pl.col("at") >= first) & (pl.col("at") < last))
    read.rejected["outside_period"] = read.table.height - inside.height
    read.rejected = +read.rejected
    events = decluster(inside, question.run)
    edges = pl.Series([period.start for period in periods], dtype=pl.Datetime("us", "UTC"))
    events = events.with_columns(
        period=pl.Series(edges.search_sorted(events["at"], side="right")).cast(pl.Int64) - 1,
        area=question.places.of(events["lon"], events["lat"]),
    )
    groups = [_group(events, "", "", question, exposure)]
    left_out: dict[str, int] = {}
    for by in BY:
        labels = (
            events.filter(pl.col(by) != "")[by]
            .value_counts(sort=True)
            .sort("count", by, descending=[True, False])
        )
        left_out[by] = max(0, labels.height - GROUPS_MAX)
        groups += [
            _group(events.filter(pl.col(by) == label), by, label, question, exposure)
            for label in labels[by].head(GROUPS_MAX)
        ]
    return Assessment(
        question=question,
        periods=periods,
        first=first,
        last=last,
        exposure=exposure,
        read=read,
        events=events.height,
        joined=inside.height - events.height,
        groups=tuple(groups),
        watched_from_events=question.first is None or question.last is None,
        groups_left_out={by: count for by, count in left_out.items() if count},
    )


def _group(
    events: pl.DataFrame, by: By | Literal[""], label: str, question: Question, exposure: Exposure
) -> Group:
    chosen = {by: label} if by else {}
    amount = exposure.of(**chosen)
    counts = np.bincount(events["period"].to_numpy(), minlength=amount.size).astype(np.int64)
    moving = events.filter(pl.col("moving").fill_null(value=True) & pl.col("distance_m").is_not_null())
    return Group(
        by=by,
        label=label,
        counts=tuple(counts.tolist()),
        exposure=tuple(amount.tolist()),
        rate=_rate(counts, amount),
        trend=trend(counts, amount),
        extremes=extremes(moving["distance_m"].to_numpy(), float(exposure.years.sum()), below_m=question.below_m),
    )


def _rate(counts: Integers, amount: npt.NDArray[np.float64]) -> Rate:
    used = amount > 0
    events, whole = int(counts[used].sum()), float(amount.sum())
    if whole <= 0.0:
        return Rate(events, 0.0, None, None, "garwood", Scatter(1.0, 1.0, 0, events))
    about = scatter(counts[used], amount[used] * events / whole)
    if about.is_more_than_poisson and events:
        model = Overdispersed(counts[used], amount[used], np.zeros(int(used.sum())))
        found = profile_interval(model.with_level, math.log(events / whole), step=0.1)
        interval = Interval(math.exp(found.low), math.exp(found.high) if math.isfinite(found.high) else math.inf)
        return Rate(events, whole, events / whole, interval, "negative_binomial", about)
    return Rate(events, whole, events / whole, garwood(events, whole), "garwood", about)
