"""Why a mover is not heard: its feed, the region around it, or itself.

Nobody may be called silent whose silence others share. A mover is *silent* only when its feed is good and at least
HEARD_MIN others of its kind are heard on that feed, in its square of a degree or one beside it, after it fell silent.
When its feed is down or stale it is *feed_lost*; in every other case the region is *region_silent*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

from detente.watch.columns import Columns

__all__ = ["COVERAGES", "HEARD_MIN", "HOLE_MIN", "Coverage", "Hole", "judge", "silent_regions"]

Coverage = Literal["heard", "silent", "feed_lost", "region_silent"]
COVERAGES: tuple[Coverage, ...] = ("heard", "silent", "feed_lost", "region_silent")
HEARD_MIN = 2
HOLE_MIN = 3
"""So many movers that fell silent in one square, where nobody is heard, make a hole that is told of."""
SILENT_SHIP_S, SILENT_AIRCRAFT_S = 600.0, 60.0
"""A ship at anchor reports every three minutes, an aircraft every second or so: after this time it is not heard."""
HOLES_MAX = 500
"""Holes that are told of at a time, those with the most movers first."""

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hole:
    """Where nothing is heard now that was heard before. box: west, south, east, north; None for a whole feed."""

    feed: str
    box: tuple[float, float, float, float] | None
    movers: int
    since: datetime
    why: Literal["down", "stale", "region_silent"]


def judge(columns: Columns, rows: Integers, at_us: int, lost: Flags) -> None:
    """Set the coverage of rows; lost: of each feed by number, whether it is down or stale."""
    feed, kind = columns.feed[rows], columns.kind[rows] == 1
    silence_s = (at_us - columns.received_us[rows]) / 1e6
    heard = silence_s <= np.where(kind, SILENT_AIRCRAFT_S, SILENT_SHIP_S)
    coverage = np.zeros(rows.size, np.uint8)
    other = columns.other_feed[rows]
    gone = lost[feed] & ((other < 0) | lost[other])
    coverage[~heard & gone] = COVERAGES.index("feed_lost")
    open_rows = ~heard & ~gone
    coverage[open_rows] = COVERAGES.index("region_silent")
    east = np.clip(np.floor(columns.lon[rows]).astype(np.int64) + 180, 0, 359)
    north = np.clip(np.floor(columns.lat[rows]).astype(np.int64) + 90, 0, 179)
    for number in np.unique(feed[open_rows]).tolist():
        for is_aircraft in (False, True):
            those = (feed == number) & (kind == is_aircraft)
            asked = those & open_rows
            if not asked.any():
                continue
            near = _around(np.bincount(north[those & heard] * 360 + east[those & heard], minlength=64_800))
            silent = asked & (near[north, east] >= HEARD_MIN)
            coverage[silent] = COVERAGES.index("silent")
    columns.coverage[rows] = coverage


def _around(count: Integers) -> Integers:
    """Return how many there are in each square and the eight beside it, across the antimeridian too."""
    squares = count.reshape(180, 360)
    wide = np.pad(np.concatenate([squares[:, -1:], squares, squares[:, :1]], axis=1), ((1, 1), (0, 0)))
    total = np.zeros((180, 360), np.int64)
    for row in range(3):
        for column in range(3):
            total += wide[row : row + 180, column : column + 360]
    return total


def silent_regions(columns: Columns, rows: Integers, names: list[str]) -> list[Hole]:
    """Return the squares in which at least HOLE_MIN movers of one feed fell silent with all others around."""
    dark = rows[columns.coverage[rows] == COVERAGES.index("region_silent")]
    if not dark.size:
        return []
    east = np.floor(columns.lon[dark]).astype(np.int64)
    north = np.floor(columns.lat[dark]).astype(np.int64)
    keys = np.stack([columns.feed[dark].astype(np.int64), east, north], axis=1)
    squares, place, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    since = np.full(len(squares), np.iinfo(np.int64).min)
    np.maximum.at(since, place.ravel(), columns.received_us[dark])
    holes = []
    for number in np.argsort(-count, kind="stable")[:HOLES_MAX].tolist():
        if count[number] < HOLE_MIN:
            break
        feed, west, south = (int(value) for value in squares[number])
        holes.append(
            Hole(
                feed=names[feed],
                box=(float(west), float(south), float(west + 1), float(south + 1)),
                movers=int(count[number]),
                since=datetime.fromtimestamp(int(since[number]) / 1e6, UTC),
                why="region_silent",
            )
        )
    return holes
