"""What one step says of a pair, or of a mover and an area, as events take it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import numpy as np

from detente.encounters.announced import Announced
from detente.encounters.live_step import Found
from detente.watch.limits import KINDS_OF_PAIR, PRIORITIES, Limits

__all__ = ["GRAVEST_DOUBTFUL", "LonLat", "Seen", "Sight", "Sights"]

LonLat = tuple[float, float]
"""Longitude and latitude in degrees."""
GRAVEST_DOUBTFUL = PRIORITIES.index("warning")
"""A pair of which a height is not known is no graver than this: it may be thousands of metres apart."""


class Sight(msgspec.Struct, frozen=True):
    """Two movers at one moment: when closest, as foreseen or as it was."""

    at: datetime
    distance_m: float
    vertical_m: float | None
    line: tuple[LonLat, LonLat]


class Seen(msgspec.Struct, frozen=True):
    """What one step says of one event. priority: index in PRIORITIES, -1 on no rung; times None beyond the horizon."""

    priority: int
    by_doubt: bool
    possible: bool
    height_unknown: bool
    inside: bool
    entered_at: datetime | None
    left_at: datetime | None
    now_m: float
    sight: Sight
    limit_m: float


class Sights:
    """What a step found, pairs first and entries into areas after them; a row is read where it is asked for.

    priority: as in Seen; begins: whether it is an event where there is none yet; codes: a number for each pair of
    places in the picture, or place and area. distance_m: the least.
    """

    def __init__(self, found: Found, limits: Limits, areas: Sequence[Announced]) -> None:
        """Look over all rows at once."""
        pairs, entries, slot = found.pairs, found.entries, found.states.slot
        self._found, self._limits, self._areas = found, limits, areas
        self._number = {area.id: number for number, area in enumerate(areas)}
        on_rung = np.where(
            np.isnan(pairs.vertical_m), np.minimum(pairs.rung - 1, GRAVEST_DOUBTFUL), pairs.rung - 1
        )
        ahead = np.array(limits.area_ahead_s)
        entering = np.count_nonzero(entries.entry_s[:, None] <= ahead, axis=1) - 1
        one, other = slot[pairs.a], slot[pairs.b]
        self.priority = np.concatenate([on_rung, entering])
        self.begins = np.concatenate([(on_rung >= 0) | pairs.by_doubt, entering >= 0])
        self.distance_m = np.concatenate([pairs.distance_m, entries.distance_m])
        self.codes = np.concatenate(
            [
                np.minimum(one, other) << 32 | np.maximum(one, other),
                -1 - (slot[entries.mover] * len(areas) + entries.area),
            ]
        )

    def code_of(self, slots: tuple[int, int], area: str) -> int:
        """Return the code of an event; of one whose mover is not in the picture, that of no row."""
        if area:
            number = self._number.get(area, -1)
            return -1 - (slots[0] * len(self._areas) + number) if min(slots[0], number) >= 0 else -(2**62)
        return min(slots) << 32 | max(slots) if min(slots) >= 0 else -(2**62)

    def key(self, row: int) -> tuple[str, str, str]:
        """Return the ids of both movers, the first as text first, or of a mover and of an area."""
        pairs, ids = self._found.pairs, self._found.states.ids
        if row >= len(pairs):
            entry = row - len(pairs)
            entries = self._found.entries
            return ids[int(entries.mover[entry])], "", self._areas[int(entries.area[entry])].id
        one, other = ids[int(pairs.a[row])], ids[int(pairs.b[row])]
        return (one, other, "") if one < other else (other, one, "")

    def slots(self, row: int) -> tuple[int, int]:
        """Return where the picture keeps the movers of a row, in the order of their ids; -1: it has no second."""
        pairs, slot = self._found.pairs, self._found.states.slot
        if row >= len(pairs):
            return int(slot[self._found.entries.mover[row - len(pairs)]]), -1
        one, other = int(slot[pairs.a[row]]), int(slot[pairs.b[row]])
        return (other, one) if self._is_turned(row) else (one, other)

    def seen(self, row: int) -> Seen:
        """Return what the step says of a row."""
        pairs = self._found.pairs
        return self._pair(row) if row < len(pairs) else self._area(row - len(pairs))

    def _is_turned(self, row: int) -> bool:
        pairs, ids = self._found.pairs, self._found.states.ids
        return bool(ids[int(pairs.a[row])] > ids[int(pairs.b[row])])

    def _pair(self, row: int) -> Seen:
        pairs, at, kind = self._found.pairs, self._found.at, self._found.states.kind
        vertical = float(pairs.vertical_m[row])
        unknown = vertical != vertical  # noqa: PLR0124 - not a number is the only one unlike itself
        lon_a, lat_a, lon_b, lat_b = pairs.lon_lat[row].tolist()
        line = ((lon_a, lat_a), (lon_b, lat_b))
        ladder = self._limits.ladders[KINDS_OF_PAIR[int(kind[pairs.a[row]]) + int(kind[pairs.b[row]])]]
        return Seen(
            priority=int(self.priority[row]),
            by_doubt=bool(pairs.by_doubt[row]),
            possible=bool(pairs.possible[row]),
            height_unknown=unknown,
            inside=bool(pairs.rung[row] > 0 and pairs.entry_s[row] <= 0.0),
            entered_at=_later(at, float(pairs.entry_s[row])),
            left_at=_later(at, float(pairs.exit_s[row])),
            now_m=float(pairs.now_m[row]),
            sight=Sight(
                at + timedelta(seconds=float(pairs.closest_s[row])),
                float(pairs.distance_m[row]),
                None if unknown else vertical,
                (line[1], line[0]) if self._is_turned(row) else line,
            ),
            limit_m=ladder.rungs[0].within_m,
        )

    def _area(self, row: int) -> Seen:
        entries, at = self._found.entries, self._found.at
        entry_s, distance_m = float(entries.entry_s[row]), float(entries.distance_m[row])
        lon, lat = entries.lon_lat[row].tolist()
        way_m = float(self._found.states.speed_ms[entries.mover[row]]) * entry_s
        return Seen(
            priority=int(self.priority[len(self._found.pairs) + row]),
            by_doubt=False,
            possible=bool(entries.possible[row]),
            height_unknown=False,
            inside=entry_s <= 0.0,
            entered_at=_later(at, entry_s),
            left_at=_later(at, float(entries.exit_s[row])),
            now_m=way_m if np.isfinite(entry_s) else distance_m,
            sight=Sight(
                at + timedelta(seconds=float(entries.nearest_s[row])), distance_m, None, ((lon, lat), (lon, lat))
            ),
            limit_m=self._limits.area_margin_m,
        )


def _later(at: datetime, seconds: float) -> datetime | None:
    return at + timedelta(seconds=seconds) if np.isfinite(seconds) else None
