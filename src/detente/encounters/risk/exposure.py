"""How much there was to go wrong: days watched, hours that movers were seen, or hours that somebody gives.

A count without exposure says nothing: twice the encounters of twice the traffic is no greater risk.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from detente import words
from detente.encounters.errors import HappeningMistake
from detente.encounters.pairing import SidesOfMovers
from detente.encounters.risk.periods import Period
from detente.encounters.risk.places import Places
from detente.notices.moments import parse_moment

__all__ = ["Exposure", "Unit", "days_watched", "given_exposure", "mover_hours"]

say = words.speaker("encounters")

Floats = npt.NDArray[np.float64]
Unit = Literal["day", "mover_hour", "given"]
GIVEN_BYTES_MAX = 10_000_000
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Exposure:
    """The exposure of each period. unit: of a rate's denominator; years: of each period that were watched.

    by: for mover hours, a frame (period, kind, side, area, hours) from which the hours of a group are taken.
    """

    unit: Unit
    amount: Floats
    years: Floats
    by: pl.DataFrame | None = None

    def of(self, *, kind: str = "", side_pair: str = "", area: str = "") -> Floats:
        """Return the exposure of a group: hours of movers of its kinds, sides and area; days are the same for all."""
        if self.by is None:
            return self.amount
        found = self.by
        for label, column in ((kind, "kind"), (side_pair, "side")):
            if label:
                found = found.filter(pl.col(column).is_in(label.split("\u2013")))
        if area:
            found = found.filter(pl.col("area") == area)
        hours = np.zeros(self.amount.size)
        for period, amount in found.group_by("period").agg(pl.col("hours").sum()).iter_rows():
            hours[period] = amount
        return hours


def days_watched(periods: Sequence[Period], first: datetime, last: datetime) -> Exposure:
    """Return the days of each period between two moments."""
    days = np.array(
        [
            max(0.0, (min(period.end, last) - max(period.start, first)).total_seconds()) / _DAY_S
            for period in periods
        ]
    )
    return Exposure("day", days, days / 365.25)


def mover_hours(
    tracks: pl.LazyFrame,
    periods: Sequence[Period],
    first: datetime,
    last: datetime,
    *,
    max_gap_s: float,
    sides: SidesOfMovers | None,
    places: Places,
) -> Exposure:
    """Return the hours for which movers had a position: between fixes at most ``max_gap_s`` apart.

    An hour belongs to the period and the area in which its two fixes begin. tracks: mover, time, lon, lat, kind,
    military of detente.tracks.SCHEMA, in any order.
    """
    edges = pl.Series([period.start for period in periods], dtype=pl.Datetime("us", "UTC"))
    legs = (
        tracks.select("mover", "time", "lon", "lat", "kind", "military")
        .sort("mover", "time")
        .with_columns(
            apart_s=(pl.col("time").shift(-1).over("mover") - pl.col("time")).dt.total_microseconds() / 1e6
        )
        .filter((pl.col("apart_s") <= max_gap_s) & (pl.col("time") >= first) & (pl.col("time") < last))
        .collect(engine="streaming")
    )
    period = edges.search_sorted(legs["time"], side="right") - 1
    who = legs.select("mover", "kind", "military").unique(subset=["mover"], maintain_order=True)
    side = sides.assign(who) if sides is not None else pl.Series([""] * who.height, dtype=pl.String)
    by = (
        legs.with_columns(period=pl.Series(period).cast(pl.Int64), area=places.of(legs["lon"], legs["lat"]))
        .join(who.select("mover", side=side), on="mover")
        .group_by("period", "kind", "side", "area")
        .agg(hours=pl.col("apart_s").sum() / 3600.0)
        .sort("period", "kind", "side", "area")
    )
    amount = np.zeros(len(periods))
    for number, hours in by.group_by("period").agg(pl.col("hours").sum()).iter_rows():
        amount[number] = hours
    return Exposure("mover_hour", amount, days_watched(periods, first, last).years, by)


def given_exposure(path: Path, periods: Sequence[Period], first: datetime, last: datetime) -> Exposure:
    """Return the exposure of a CSV with the columns from, to, amount: spread evenly over each row's time.

    Raises HappeningMistake with the row that cannot be used.
    """
    content = path.read_bytes()[: GIVEN_BYTES_MAX + 1]
    if len(content) > GIVEN_BYTES_MAX:
        raise _mistake(say("more than {bytes} bytes", bytes=GIVEN_BYTES_MAX), str(path))
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace")))
    amount = np.zeros(len(periods))
    for number, row in enumerate(rows, start=2):
        where = say("{file}, row {row}", file=str(path), row=number)
        try:
            begin, end = (parse_moment(row[name] or "", where=where) for name in ("from", "to"))
            given = float(row["amount"] or "")
        except (KeyError, ValueError) as fault:
            raise _mistake(str(fault)[:120], where) from None
        if not (begin < end and 0.0 <= given < 1e15):
            raise _mistake(say("a time that does not go forward, or an amount below 0"), where)
        amount += given * np.array([_share(period, begin, end) for period in periods])
    return Exposure("given", amount, days_watched(periods, first, last).years)


def _share(period: Period, begin: datetime, end: datetime) -> float:
    both = (min(period.end, end) - max(period.start, begin)).total_seconds()
    return max(0.0, both) / (end - begin).total_seconds()


def _mistake(came: str, where: str) -> HappeningMistake:
    return HappeningMistake(
        expected=say("a CSV with the columns from, to, amount"),
        came=came,
        where=where,
        remedy=say("write for example {example}", example="2018-01-01T00:00Z,2018-02-01T00:00Z,5400"),
    )
