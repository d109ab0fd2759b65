"""Pieces of encounters from fixes in time order, window by window, in bounded memory.

When every fix until T is known, the motion of every mover is known until T - margin, with

    margin = 2 gap + 120 s:

a leg may last one gap, a height may be filled in from a fix one gap later, and rest is judged over 120 s. A
window is the time between two such borders. Fixes are kept until they are a margin older than the
border, for the same reasons looking back. What lies on both sides of a border is cut there and joined again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detente.encounters import quality
from detente.encounters.intake import Fixes, Movers
from detente.encounters.kernel_joins import join
from detente.encounters.kernel_legs import BASELINE_S, FOLLOWED, by_mover, gather, make_legs, mark_rest
from detente.encounters.kernel_pairs import count_stretches, fill_stretches, search_slots
from detente.encounters.long_legs import split_long_legs
from detente.encounters.motion import chord_m
from detente.tracks.schema import KINDS

__all__ = ["Counts", "Limits", "Pieces", "encounters_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SHIP = 1 + KINDS.index("ship")
_WINDOW_ROWS = 400_000
_SLOTS_MAX = 4_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What is looked for: metres along the surface, metres upwards, longest leg, period."""

    within_m: float
    vertical_m: float
    gap_us: int
    start_us: int | None
    end_us: int | None


@dataclass(slots=True)
class Counts:
    """What the search went through."""

    fixes: int = 0
    duplicates: int = 0
    legs: int = 0
    tested: int = 0
    walked: int = 0
    windows: int = 0


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of encounters, or whole ones: see FIELDS and NUMBERS of detente.encounters.kernel_pairs.

    In ``numbers``, a and b are movers' codes (a before b as text) and times are microseconds since 1970.
    """

    fields: Floats
    numbers: Integers

    def at(self, places: npt.NDArray[np.int64]) -> Pieces:
        """Return those at the places."""
        return Pieces(self.fields[places], self.numbers[places])


Related = Callable[[Movers, npt.NDArray[np.int64]], tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]]
"""The side of each of some movers (by code), and which sides are looked for against which."""


@dataclass(slots=True)
class _Held:
    """Fixes not yet done with."""

    parts: list[Fixes] = field(default_factory=list)
    fresh: int = 0
    kept: int = 0

    def add(self, fixes: Fixes) -> None:
        self.parts.append(fixes)
        self.fresh += fixes.count


def encounters_of(
    slices: Iterable[Fixes], movers: Movers, limits: Limits, related: Related, counts: Counts
) -> Iterator[Pieces]:
    """Yield finished encounters, a batch per window, from slices of fixes in time order."""
    margin = 2 * limits.gap_us + int(BASELINE_S * 1e6)
    held = _Held()
    begin: int | None = None
    going_on: Pieces | None = None
    for fixes in slices:
        counts.fixes += fixes.count
        held.add(fixes)
        if begin is None:
            begin = int(fixes.time_us[0])
        # the last instant may go on in the next slice
        border = int(fixes.time_us[-1]) - 1 - margin
        if held.fresh < max(_WINDOW_ROWS, held.kept) or border <= begin:
            continue
        together = Fixes.together(held.parts)
        finished, going_on = _search(together, movers, limits, related, counts, begin, border, going_on)
        yield finished
        old = int(np.searchsorted(together.time_us, border - margin))
        held = _Held([together.part(old)], 0, together.count - old)
        begin = border
    if begin is None:
        return
    together = Fixes.together(held.parts)
    end = int(together.time_us[-1])
    if end > begin:
        finished, going_on = _search(together, movers, limits, related, counts, begin, end, going_on)
        yield finished
    if going_on is not None:
        yield going_on


def _search(
    fixes: Fixes,
    movers: Movers,
    limits: Limits,
    related: Related,
    counts: Counts,
    begin: int,
    end: int,
    going_on: Pieces | None,
) -> tuple[Pieces, Pieces]:
    """Return the encounters that finish between begin and end, and those that go on."""
    counts.windows += 1
    seen = np.flatnonzero(np.bincount(fixes.code, minlength=len(movers.ids)))
    active = np.array(sorted(seen.tolist(), key=movers.ids.__getitem__), np.int64)
    local_of = np.zeros(len(movers.ids), np.int32)
    local_of[active] = np.arange(active.size, dtype=np.int32)
    first, order = by_mover(fixes.code, local_of, active.size)
    first, times, points, rcs, ages, marks, twice = gather(
        first, order, fixes.time_us, fixes.points, fixes.rc_m, fixes.age_s, fixes.mark, begin, begin
    )
    counts.duplicates += twice
    leg, length = make_legs(first, times, points, float(limits.gap_us))
    mark_rest(first, times, points, marks, leg)
    followed = np.flatnonzero(leg & FOLLOWED)
    span = float(end - begin)
    counts.legs += int(np.count_nonzero((times[followed] >= 0.0) & (times[followed] < span)))
    slot = _slot_us(times, length, followed, limits, span)
    first, times, points, rcs, ages, marks, leg, leg_begin, leg_end = split_long_legs(
        first, times, points, rcs, ages, marks, leg, length
    )
    inverse = np.zeros(times.size)
    followed = np.flatnonzero(leg & FOLLOWED)
    inverse[followed] = 1.0 / (times[followed + 1] - times[followed])
    slots = max(math.ceil(span / slot), 1)
    place = np.zeros(slots + 1, np.int64)
    np.cumsum(count_stretches(first, times, leg, 0.0, span, slot, slots), out=place[1:])
    stretches, whose, legs = fill_stretches(first, times, points, inverse, leg, 0.0, span, slot, place)
    side, looked_for = related(movers, active)
    turn = np.where(movers.kind[active] == _SHIP, quality.TURN_SHIP_RAD_S, quality.TURN_OTHER_RAD_S) * 1e-6
    axes = _axes(stretches)
    asked = _asked(limits, begin)
    arrays = (times, points, inverse, leg, rcs, ages, marks, leg_begin, leg_end, turn, side, looked_for)
    fields, numbers, tested, walked = search_slots(place, stretches, whose, legs, *arrays, axes, asked)
    counts.tested += tested
    counts.walked += walked
    numbers[:, :2] = active[numbers[:, :2]]
    numbers[:, 2:5] += begin
    return _joined(Pieces(fields, numbers), going_on, end)


def _joined(pieces: Pieces, going_on: Pieces | None, until: int) -> tuple[Pieces, Pieces]:
    """Join what touches; returns what is finished, and what lasts until the border."""
    if going_on is not None and len(going_on.numbers):
        pieces = Pieces(
            np.concatenate([going_on.fields, pieces.fields]), np.concatenate([going_on.numbers, pieces.numbers])
        )
    numbers = pieces.numbers
    order = np.lexsort((numbers[:, 2], numbers[:, 0] << 32 | numbers[:, 1]))
    finished, open_still = join(order, pieces.fields, numbers, until)
    return pieces.at(finished), pieces.at(open_still)


def _asked(limits: Limits, base: int) -> Floats:
    start = -math.inf if limits.start_us is None else float(limits.start_us - base)
    end = math.inf if limits.end_us is None else float(limits.end_us - base)
    doubts = (quality.FIX_DOUBT_M, quality.VERTICAL_DOUBT_M, quality.GEOID_DOUBT_M, quality.PRESSURE_DOUBT_M)
    return np.array([chord_m(limits.within_m), limits.vertical_m, start, end, *doubts])


def _slot_us(times: Floats, length: Floats, followed: Integers, limits: Limits, span: float) -> float:
    """Return how long a slot is: about the time to travel twice the limit, one to ten legs; cost alone depends on it.

    Long legs count as 5 km, so that a teleport does not shorten the slots of all.
    """
    if not followed.size:
        return max(span, 1.0)
    during = times[followed + 1] - times[followed]
    leg_us = float(during.mean())
    speed = float(np.minimum(length[followed], 5_000.0).sum() / during.sum())
    travel = 2.0 * limits.within_m / speed if speed > 0.0 else math.inf
    slot = min(max(travel, leg_us), 10.0 * leg_us)
    return max(math.ceil(max(slot, span / _SLOTS_MAX)), 1.0)


def _axes(stretches: Floats) -> Floats:
    """Return an orthonormal frame (rows) whose third axis points up in the middle of the stretches."""
    middle = stretches[:, 2:5].sum(axis=0) if len(stretches) else np.zeros(3)
    size = float(np.linalg.norm(middle))
    up = middle / size if size > 0.0 else np.array([0.0, 0.0, 1.0])
    side = np.zeros(3)
    side[int(np.argmin(np.abs(up)))] = 1.0
    east = np.cross(side, up)
    east /= np.linalg.norm(east)
    return np.ascontiguousarray(np.stack([east, np.cross(up, east), up]))
