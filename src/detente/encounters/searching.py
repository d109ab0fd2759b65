"""Every close encounter in an archive of tracks.

Definition: each mover moves at constant speed along the WGS 84 geodesic between consecutive fixes at most
``max_gap_s`` apart and has no position otherwise. An encounter of a pair is a maximal interval of time in which
the horizontal distance is below ``within_m`` and, where the heights of both are known, the vertical distance is
below ``vertical_m``. Ships are at sea level. A height that is unknown at a fix and known at fixes around it, at
most ``max_gap_s`` apart, is linear in between; where a height is unknown the horizontal limit alone holds.
Intervals that touch are one: a separation is time outside the limits, or without coverage longer than the gap.
A fix without a neighbour within the gap is no motion and makes no encounter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from detente import words
from detente.encounters import compiled
from detente.encounters.areas import Area
from detente.encounters.errors import LimitMistake

if TYPE_CHECKING:
    from detente.encounters.intake import Fixes
    from detente.encounters.pairing import SidesOfMovers

__all__ = ["Search", "check_limits", "find", "search"]

say = words.speaker("encounters")

BOUNDS = {"within_m": (0.001, 185_200.0), "vertical_m": (0.001, 1e6), "max_gap_s": (0.001, 30 * 86_400.0)}
"""Least and most. Up to 100 NM the chord of a distance stands for the geodesic within 0.1 m."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found and what it went through.

    encounters: the table of detente.encounters.schema.ENCOUNTERS, sorted by entered, a, b.
    moored: encounters suppressed because both movers were at rest throughout (0 with keep_moored).
    outside_area: encounters not listed because their middle at the closest point was outside the area.
    fixes: rows read; duplicates: of them, further rows of one mover at one time; movers; legs: motions between
    consecutive fixes at most the gap apart.
    pairs_tested, pairs_examined: how often two movers were near in one slot of time, and how often they were
    examined leg by leg.
    """

    encounters: pl.DataFrame
    moored: int
    outside_area: int
    fixes: int
    duplicates: int
    movers: int
    legs: int
    pairs_tested: int
    pairs_examined: int

    def as_dict(self) -> dict[str, int]:
        """Return the counts for ``--json``."""
        names = [name for name in self.__slots__ if name != "encounters"]
        return {"encounters": self.encounters.height, **{name: getattr(self, name) for name in names}}


def find(
    frame: pl.LazyFrame,
    *,
    within_m: float = 500.0,
    vertical_m: float = 304.8,
    max_gap_s: float = 180.0,
    between: str = "all",
    sides: SidesOfMovers | None = None,
    keep_moored: bool = False,
    start: datetime | None = None,
    end: datetime | None = None,
    area: Area | None = None,
) -> pl.DataFrame:
    """Return every encounter as a table of detente.encounters.schema.ENCOUNTERS; otherwise as ``search``."""
    return search(
        frame,
        within_m=within_m,
        vertical_m=vertical_m,
        max_gap_s=max_gap_s,
        between=between,
        sides=sides,
        keep_moored=keep_moored,
        start=start,
        end=end,
        area=area,
    ).encounters


def search(
    frame: pl.LazyFrame,
    *,
    within_m: float = 500.0,
    vertical_m: float = 304.8,
    max_gap_s: float = 180.0,
    between: str = "all",
    sides: SidesOfMovers | None = None,
    keep_moored: bool = False,
    start: datetime | None = None,
    end: datetime | None = None,
    area: Area | None = None,
    progress: Callable[[int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> Search:
    """Find every encounter; the head of this file defines what one is.

    frame: columns of detente.tracks.SCHEMA, of which mover, time, lon and lat are required; rows in any order,
    read in slices of time. within_m: at most 100 NM. between: "all", or "rivals" for pairs of two rival
    sides only (then ``sides`` is needed). keep_moored: list also encounters of two movers at rest throughout.
    start, end: only the motion between them counts (aware datetimes). area: list only encounters whose
    pair's middle at the closest point lies in it.
    progress: is called with the number of fixes read so far; note: with a sentence when kernels are compiled.
    Raises LimitMistake for limits that cannot be used, SchemaMistake and PositionMistake for the table.
    """
    check_limits({"within_m": within_m, "vertical_m": vertical_m, "max_gap_s": max_gap_s}, between, sides)
    _check_place_and_period(start, end, area)
    compiled.compile_kernels(note)
    # what follows needs the kernels, so it is imported once they are there
    from detente.encounters import intake, pairing, rows, windows  # noqa: PLC0415

    gap_us = round(max_gap_s * 1e6)
    limits = windows.Limits(within_m, vertical_m, gap_us, _microseconds(start), _microseconds(end), keep_moored)
    movers = intake.Movers()
    counts = windows.Counts()
    reach = 3 * gap_us + 120_000_000
    slices = intake.read(
        frame,
        movers,
        start_us=None if limits.start_us is None else limits.start_us - reach,
        end_us=None if limits.end_us is None else limits.end_us + reach,
    )
    slices = slices if progress is None else _told(slices, progress)
    pairing_of = pairing.Pairing(between=between, sides=sides)
    listed = rows.Listed(keep_moored=keep_moored, area=area)
    for finished in windows.encounters_of(slices, movers, limits, pairing_of, counts):
        listed.add(finished)
    listed.moored_pairs.extend(counts.moored)
    encounters = listed.table(movers, pairing_of)
    return Search(
        encounters=encounters,
        moored=listed.moored,
        outside_area=listed.outside_area,
        fixes=counts.fixes,
        duplicates=counts.duplicates,
        movers=movers.count,
        legs=counts.legs,
        pairs_tested=counts.tested,
        pairs_examined=counts.walked,
    )


def check_limits(limits_given: dict[str, float], between: str, sides: SidesOfMovers | None) -> None:
    """Raise LimitMistake for limits and pairs that cannot be used."""
    for name, value in limits_given.items():
        least, most = BOUNDS[name]
        if not (least <= value <= most):
            raise LimitMistake(
                expected=say("a number from {least} to {most}", least=f"{least:g}", most=f"{most:g}"),
                came=f"{value:g}",
                where=name,
            )
    if between not in {"all", "rivals"}:
        raise LimitMistake(expected=say("all or rivals"), came=str(between), where="between")
    if between == "rivals" and sides is None:
        raise LimitMistake(
            expected=say("sides, to look between rivals"),
            came=say("no sides"),
            where="between",
            remedy=say("give the sides, or look between all"),
        )


def _check_place_and_period(start: datetime | None, end: datetime | None, area: Area | None) -> None:
    """Raise LimitMistake for a period or an area that cannot be used."""
    for name, moment in (("start", start), ("end", end)):
        if moment is not None and moment.tzinfo is None:
            raise LimitMistake(expected=say("a time with its zone"), came=moment.isoformat(), where=name)
    if start is not None and end is not None and start >= end:
        raise LimitMistake(expected=say("an end after the start"), came=end.isoformat(), where="end")
    if area is not None:
        west, south, east, north = area
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
            raise LimitMistake(
                expected=say("west, south, east, north in degrees, south not above north"),
                came=", ".join(f"{value:g}" for value in area),
                where="area",
            )


def _microseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int(pl.Series([moment]).dt.convert_time_zone("UTC").dt.timestamp("us")[0])


def _told(slices: Iterator[Fixes], progress: Callable[[int], None]) -> Iterator[Fixes]:
    read = 0
    for fixes in slices:
        read += fixes.count
        progress(read)
        yield fixes
