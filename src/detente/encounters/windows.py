"""Pieces of encounters from fixes in time order, window by window (detente.encounters.held_fixes).

What lies on both sides of a border is cut there and joined again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detente.encounters import quality
from detente.encounters.held_fixes import Window, Windows
from detente.encounters.intake import Fixes, Movers
from detente.encounters.kernel_candidates import candidates, count_stretches, fill_stretches
from detente.encounters.kernel_describe import FIELDS, NUMBERS, describe
from detente.encounters.kernel_joins import go_on
from detente.encounters.kernel_legs import SHIP
from detente.encounters.kernel_overlaps import intervals, sort_candidates
from detente.encounters.legs import Legs, Totals, legs_of
from detente.encounters.motion import chord_m
from detente.encounters.numbering import Numbered, Numbering
from detente.encounters.room import Room

__all__ = ["Counts", "Finding", "Limits", "Pieces", "encounters_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]

_SLOTS_MAX = 4_000_000
_START, _END = 2, 3
SWING_SHARE = 0.1
SWING_LEAST_M = 2.0 * quality.FIX_DOUBT_M
"""A smaller wave in the distance of two movers is noise of their fixes, or of no interest beside the limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is looked for: metres along the surface and upwards, longest leg, period, moored pairs or not."""

    within_m: float
    vertical_m: float
    gap_us: int
    start_us: int | None
    end_us: int | None
    moored: bool

    @property
    def swing_m(self) -> float:
        """How far the distance must grow, and shrink again, for another pass."""
        return max(SWING_SHARE * self.within_m, SWING_LEAST_M)


@dataclass(slots=True)
class Counts:
    """What the search went through; ``moored``: codes of the pairs of suppressed encounters.

    stretches, tested, walked: see detente.encounters.kernel_candidates; how many there were, how many pairs of
    them were near, and how many pairs were examined further.
    """

    fixes: int = 0
    duplicates: int = 0
    legs: int = 0
    stretches: int = 0
    tested: int = 0
    walked: int = 0
    moored: list[Integers] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of encounters, or whole ones: see FIELDS and NUMBERS of detente.encounters.kernel_describe.

    In ``numbers``, a and b are movers' codes (a before b as text) and times are microseconds since 1970.
    """

    fields: Floats
    numbers: Integers

    def at(self, places: npt.NDArray[np.int64]) -> Pieces:
        """Return those at the places."""
        return Pieces(self.fields[places], self.numbers[places])

    def part(self, begin: int, end: int) -> Pieces:
        """Return a view of those from a place to before another."""
        return Pieces(self.fields[begin:end], self.numbers[begin:end])


Related = Callable[[Movers, npt.NDArray[np.int64]], tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]]
"""The side of each of some movers (by code), and which sides are looked for against which."""


def encounters_of(
    slices: Iterable[Fixes], movers: Movers, limits: Limits, related: Related, counts: Counts
) -> Iterator[Pieces]:
    """Yield finished encounters, a batch per window, from slices of fixes in time order.

    Each batch is gone when the next is asked for: its memory is used again.
    """
    finding = Finding(movers, limits, related, counts)
    for fixes in slices:
        yield from finding.push(fixes)
    yield from finding.close()


class Finding:
    """A search that goes on while fixes come; see ``encounters_of``."""

    def __init__(
        self, movers: Movers, limits: Limits, related: Related, counts: Counts, *, every_us: int | None = None
    ) -> None:
        """Begin; every_us: see detente.encounters.held_fixes.Windows."""
        self.windows: Windows[Fixes] = Windows(limits.gap_us, every_us)
        self._limits, self._related, self._counts = limits, related, counts
        self._room, self._numbering = Room(), Numbering(movers)
        self._going_on: Pieces | None = None

    def push(self, fixes: Fixes) -> Iterator[Pieces]:
        """Take fixes, none before one that came; yield what is finished then."""
        self._counts.fixes += fixes.count
        for window in self.windows.push(fixes):
            yield from self._searched(window)

    def close(self) -> Iterator[Pieces]:
        """Yield all that is left: nothing follows."""
        for window in self.windows.close():
            yield from self._searched(window)
        if self._going_on is not None:
            yield self._going_on

    def renumber(self, movers: Movers, code_of: npt.NDArray[np.int32]) -> None:
        """Go on with movers numbered anew: code_of has the new code of each old one that is still needed."""
        held = self.windows.held()
        if held is not None:
            held.code[:] = code_of[held.code]
        if self._going_on is not None:
            self._going_on.numbers[:, :2] = code_of[self._going_on.numbers[:, :2]]
        self._numbering = Numbering(movers)

    def needed(self) -> Integers:
        """Return the codes of the movers that what is held tells of."""
        held = self.windows.held()
        codes = [np.empty(0, np.int64) if held is None else held.code.astype(np.int64)]
        if self._going_on is not None:
            codes.append(self._going_on.numbers[:, :2].ravel())
        return np.unique(np.concatenate(codes))

    def _searched(self, window: Window[Fixes]) -> Iterator[Pieces]:
        finished, not_taken_up, self._going_on = _search(
            window, self._numbering, self._limits, self._related, self._counts, self._going_on, self._room
        )
        yield finished
        yield not_taken_up


def _search(
    window: Window[Fixes],
    numbering: Numbering,
    limits: Limits,
    related: Related,
    counts: Counts,
    going_on: Pieces | None,
    room: Room,
) -> tuple[Pieces, Pieces, Pieces]:
    """Return the encounters that finish in the window, those that did before it, and those that go on."""
    going_on = _NONE if going_on is None else going_on
    movers = numbering.movers
    numbered = numbering.of(window.fixes, going_on.numbers[:, :2])
    active = numbered.code_of
    legs, totals = legs_of(
        room,
        window.fixes,
        numbered.number_of,
        active.size,
        gap_us=limits.gap_us,
        base_us=window.begin,
        until=math.inf if window.is_last else window.span,
    )
    counts.duplicates += totals.duplicates
    counts.legs += totals.legs
    rows = _intervals(legs, totals, window, limits, numbered.rank, related(movers, active), counts)
    if not limits.moored:
        # what two movers at rest make is only counted, unless it goes on beyond the window
        at_rest = (rows[:, 3] == 0) & (rows[:, 1] > 0) & (rows[:, 2] < window.span)
        moored = rows[at_rest, 0]
        counts.moored.append(np.stack([active[moored >> 32], active[moored & 0xFFFFFFFF]], axis=1))
        rows = rows[~at_rest]
    # those that go on come last, so that none of the others need be moved
    opens = rows[:, 2] >= window.span
    rows = np.concatenate([rows[~opens], rows[opens]])
    turn = np.where(movers.kind[active] == SHIP, quality.TURN_SHIP_RAD_S, quality.TURN_OTHER_RAD_S) * 1e-6
    fields, numbers = _empty(room, "described", len(rows))
    describe(
        rows,
        legs.height,
        legs.moves,
        legs.ends,
        legs.flags,
        legs.rc_m,
        legs.age_s,
        legs.mark,
        legs.whole_begin,
        legs.whole_end,
        turn,
        active,
        _asked(limits, window.begin),
        window.begin,
        fields,
        numbers,
    )
    closed = len(rows) - int(np.count_nonzero(opens))
    return _joined(Pieces(fields, numbers), rows[:, 0], closed, going_on, numbered, limits.swing_m)


def _intervals(
    legs: Legs,
    totals: Totals,
    window: Window[Fixes],
    limits: Limits,
    rank: Shorts,
    sides: tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]],
    counts: Counts,
) -> Integers:
    """Return when which movers (numbered in the window) are within the limits; see ``intervals``."""
    asked = _asked(limits, window.begin)
    since, until = max(0.0, asked[_START]), min(window.span, asked[_END])
    slot = _slot_us(totals, limits, window.span)
    slots = max(math.ceil((until - since) / slot), 1)
    place = np.zeros(slots + 1, np.int64)
    np.cumsum(count_stretches(legs.first, legs.times, legs.flags, since, until, slot, slots), out=place[1:])
    stretches, whose, begins = fill_stretches(
        legs.first, legs.times, legs.moves, legs.flags, since, until, slot, place
    )
    side, looked_for = sides
    axes = _axes(stretches)
    pairs, tested = candidates(place, stretches, whose, rank, side, looked_for, axes, asked[0], limits.vertical_m)
    counts.stretches += len(stretches)
    counts.tested += tested
    counts.walked += len(pairs)
    ordered = sort_candidates(pairs, legs.first.size - 1)
    return intervals(ordered, begins, legs.height, legs.moves, legs.ends, legs.flags, asked)


def _joined(
    pieces: Pieces, pairs: Integers, closed: int, going_on: Pieces, numbered: Numbered, swing_m: float
) -> tuple[Pieces, Pieces, Pieces]:
    """Join what touches the border before; returns what is finished, what was before, and what lasts until the next.

    Of the pieces the first ``closed`` end before the next border; pairs: of each, a << 32 | b as numbered in this
    window. What is finished lies where the pieces do; the others have memory of their own.
    """
    finished, lasting = pieces.part(0, closed), pieces.part(closed, len(pieces.numbers))
    alone = going_on
    if len(going_on.numbers):
        number_of = numbered.number_of.astype(np.int64)
        keys = number_of[alone.numbers[:, 0]] << 32 | number_of[alone.numbers[:, 1]]
        left = np.argsort(keys)
        # what goes on is taken up by the first piece of its pair, wherever that ends
        for part, pairs_now in ((finished, pairs[:closed]), (lasting, pairs[closed:])):
            left = go_on(alone.fields, alone.numbers, keys, left, part.fields, part.numbers, pairs_now, swing_m)
        alone = alone.at(left)
    return finished, alone, Pieces(lasting.fields.copy(), lasting.numbers.copy())


_NONE = Pieces(np.empty((0, FIELDS)), np.empty((0, NUMBERS), np.int64))


def _empty(room: Room, name: str, count: int) -> tuple[Floats, Integers]:
    """Return room for the fields and the numbers of so many pieces."""
    numbers = room.array(f"{name} numbers", count * NUMBERS, np.int64).reshape(count, NUMBERS)
    return room.table(f"{name} fields", count, FIELDS), numbers


def _asked(limits: Limits, base: int) -> Floats:
    start = -math.inf if limits.start_us is None else float(limits.start_us - base)
    end = math.inf if limits.end_us is None else float(limits.end_us - base)
    doubts = (quality.FIX_DOUBT_M, quality.VERTICAL_DOUBT_M, quality.GEOID_DOUBT_M, quality.PRESSURE_DOUBT_M)
    return np.array([chord_m(limits.within_m), limits.vertical_m, start, end, *doubts, limits.swing_m])


def _slot_us(totals: Totals, limits: Limits, span: float) -> float:
    """Return how long a slot is: about the time to travel eight times the limit, and 1 to 40 legs.

    Only the cost depends on the length of slots.
    """
    if not totals.legs:
        return max(span, 1.0)
    mean_us = totals.time_us / totals.legs
    travel = 8.0 * limits.within_m * totals.time_us / totals.way_m if totals.way_m > 0.0 else math.inf
    slot = min(max(travel, mean_us), 40.0 * mean_us)
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
