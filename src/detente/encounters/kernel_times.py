"""When the legs of movers are in areas that are active: the ways of movers, one leg after the other.

What is known of where a mover stands to an area holds for as far as it has gone since. So most legs are passed over:
those of a mover that is nowhere near, and those on which it stays inside.

The tables are those of detente.encounters.area_codes, the geometry that of detente.encounters.kernel_areas.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.area_codes import REASONS
from detente.encounters.compiled import BYTES, INTEGERS, NUMBER, SHORTS, TABLE, WHOLE, WHOLES, inlined, kernel
from detente.encounters.kernel_areas import SHAPE, Shape, cell_of, far, half, signed, times_near, window_at
from detente.encounters.kernel_legs import FOLLOWED, LEG_M_MAX

__all__ = ["times_in_areas"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

LISTED_M = 1.01 * LEG_M_MAX
"""No leg is longer; an area that is farther away is in no list of a cell."""
_BEGAN_BY_WINDOW, _ENDED_BY_WINDOW = REASONS.BEGAN_BY_WINDOW, REASONS.ENDED_BY_WINDOW
_BEGAN_BY_HEIGHT, _ENDED_BY_HEIGHT = REASONS.BEGAN_BY_HEIGHT, REASONS.ENDED_BY_HEIGHT
_HEIGHT_UNKNOWN = REASONS.HEIGHT_UNKNOWN
_OUTSIDE, _WITHIN, _ACROSS = range(3)


@inlined
def _edges_most(part_first: Integers, edge_first: Integers) -> int:
    """Return how many edges the area with the most has."""
    most = 0
    for area in range(part_first.size - 1):
        most = max(most, edge_first[part_first[area + 1]] - edge_first[part_first[area]])
    return most


@inlined
def _clipped(
    move: Floats,
    begin: float,
    end: float,
    opens: float,
    closes: float,
    since: float,
    until: float,
    lower: float,
    upper: float,
) -> tuple[float, float, int]:
    """Cut a time of a leg to a window, to [since, until] and to the area's heights; returns it and why it was cut."""
    low = max(begin, opens - move[0], since - move[0])
    high = min(end, closes - move[0], until - move[0])
    reason = 0
    if low == opens - move[0]:
        reason |= _BEGAN_BY_WINDOW
    if high == closes - move[0]:
        reason |= _ENDED_BY_WINDOW
    if move[5] != move[5]:
        if lower > -math.inf or upper < math.inf:
            reason |= _HEIGHT_UNKNOWN
        return low, high, reason
    flat_low, flat_high = low, high
    low, high = half(move[5] - lower, move[9], low, high)
    low, high = half(upper - move[5], -move[9], low, high)
    if low > flat_low:
        reason = (reason & ~_BEGAN_BY_WINDOW) | _BEGAN_BY_HEIGHT
    if high < flat_high:
        reason = (reason & ~_ENDED_BY_WINDOW) | _ENDED_BY_HEIGHT
    return low, high, reason


@inlined
def _is_settled(away_m: float, walked_m: float) -> bool:
    """Tell whether a mover that was so far from a border cannot have reached it on its way since."""
    return 0.999 * abs(away_m) > 1.001 * walked_m + 1.0


@inlined
def _goes_on(
    places: Integers,
    place: int,
    i: int,
    window: int,
    move: Floats,
    windows: Floats,
    since: float,
    until: float,
    limits: Floats,
    area: int,
) -> bool:
    """Tell whether a time in an area that lasted until a leg goes on over the whole of it, whatever the height."""
    return bool(
        place >= 0
        and places[place, 4] == i - 1
        and places[place, 2] == window
        and windows[window, 1] > move[1]
        and since <= move[0]
        and move[1] <= until
        and limits[area, 0] == -math.inf
        and limits[area, 1] == math.inf
    )


@inlined
def _take_back(
    places: Integers,
    times: Floats,
    open_place: Integers,
    moves: Floats,
    i: int,
    listed: Integers,
    end: int,
) -> None:
    """Take a leg back from the times that were lengthened by it, so that it can be gone through again."""
    for c in range(end):
        place = open_place[listed[c]]
        if place >= 0 and places[place, 4] == i and places[place, 0] < i:
            places[place, 4] = i - 1
            times[place, 1] = moves[i - 1, 1] - moves[i - 1, 0]


@inlined
def _clip(
    move: Floats,
    spans: Floats,
    spanned: int,
    windows: Floats,
    opened: int,
    closed: int,
    since: float,
    until: float,
    limits: Floats,
    area: int,
    i: int,
    places: Integers,
    times: Floats,
    count: int,
) -> int:
    """Write a leg's times in one area, cut to windows and heights; returns how many now, -1 without room."""
    for s in range(spanned):
        for w in range(opened, closed):
            if windows[w, 0] >= move[0] + spans[s, 1]:
                break
            low, high, reason = _clipped(
                move, spans[s, 0], spans[s, 1], windows[w, 0], windows[w, 1], since, until,
                limits[area, 0], limits[area, 1],
            )  # fmt: skip
            if not low < high:
                continue
            if count == places.shape[0]:
                return -1
            places[count, 0], places[count, 1], places[count, 2], places[count, 3] = i, area, w, reason
            places[count, 4] = i
            times[count, 0], times[count, 1] = low, high
            count += 1
    return count


@inlined
def _stand(
    move: Floats,
    shape: Shape,
    first: int,
    last: int,
    margin: float,
    length: float,
    area: int,
    way: int,
    walked: float,
    away: Floats,
    way_of: Integers,
    way_at: Floats,
) -> tuple[int, int]:
    """Return how a leg stands to an area: _OUTSIDE or _WITHIN all the time, or _ACROSS; and 1 if it was examined."""
    examined = 0
    if way_of[area] != way or not _is_settled(away[area], walked + length - way_at[area]):
        if far(move, shape[0], first, last, margin * 1.001 + 1.0, length):
            return _OUTSIDE, 0
        examined = 1
        away[area] = signed(shape, first, last, move[2], move[3], move[4]) - margin
        way_of[area], way_at[area] = way, walked
    if not _is_settled(away[area], walked + length - way_at[area]):
        return _ACROSS, examined
    return _OUTSIDE if away[area] > 0.0 else _WITHIN, examined


@inlined
def _add(
    stand: int,
    move: Floats,
    shape: Shape,
    first: int,
    last: int,
    margin: float,
    cuts: Floats,
    spans: Floats,
    windows: Floats,
    opened: int,
    closed: int,
    since: float,
    until: float,
    limits: Floats,
    area: int,
    i: int,
    places: Integers,
    times: Floats,
    count: int,
    open_place: Integers,
) -> int:
    """Write a leg's times in one area that it is not outside of; returns how many times there are, -1 without room."""
    place = open_place[area]
    if stand == _ACROSS:
        spanned = times_near(move, shape, first, last, margin, move[1] - move[0], cuts, spans)
    elif _goes_on(places, place, i, opened, move, windows, since, until, limits, area):
        places[place, 4] = i
        times[place, 1] = move[1] - move[0]
        return count
    else:
        spanned, spans[0, 0], spans[0, 1] = 1, 0.0, move[1] - move[0]
    now = _clip(
        move, spans, spanned, windows, opened, closed, since, until, limits, area, i, places, times, count
    )
    if now >= 0:
        lasts = now > count and times[now - 1, 1] == move[1] - move[0]
        open_place[area] = now - 1 if lasts else -1
    return now


@inlined
def _list_near(
    move: Floats,
    cell_first: Integers,
    cell_areas: Shorts,
    part_first: Integers,
    parts: Floats,
    margin: float,
    listed: Integers,
) -> int:
    """List the areas that a mover can come near on a way of LISTED_M from a leg's begin; returns how many they are."""
    count = 0
    cell = cell_of(move[2], move[3], move[4])
    for c in range(cell_first[cell], cell_first[cell + 1]):
        area = cell_areas[c]
        if not far(move, parts, part_first[area], part_first[area + 1], margin * 1.001 + 1.0, LISTED_M):
            listed[count] = area
            count += 1
    return count


@inlined
def _free(move: Floats, parts: Floats, first: int, last: int, margin: float) -> float:
    """Return how far the end of a leg is from the balls around all parts of an area, and the margin."""
    lasts = move[1] - move[0]
    x, y, z = move[2] + lasts * move[6], move[3] + lasts * move[7], move[4] + lasts * move[8]
    least = math.inf
    for part in range(first, last):
        dx, dy, dz = x - parts[part, 0], y - parts[part, 1], z - parts[part, 2]
        least = min(least, math.sqrt(dx * dx + dy * dy + dz * dz) - parts[part, 3] - margin)
    return least


@inlined
def _steady(
    move: Floats,
    i: int,
    walked: float,
    since: float,
    until: float,
    part_first: Integers,
    parts: Floats,
    limits: Floats,
    window_first: Integers,
    windows: Floats,
    margin: float,
    listed: Integers,
    near: int,
    way: int,
    away: Floats,
    way_of: Integers,
    way_at: Floats,
    open_place: Integers,
    places: Integers,
) -> tuple[float, float]:
    """Return until when, and how far on its way, a mover stands to all listed areas as it does at the end of a leg.

    So long each further leg is outside of an area, or goes on in the time that lasts until now. -inf: not at all.
    """
    most, time = math.inf, until
    for c in range(near):
        area = listed[c]
        closed = window_first[area + 1]
        opened = window_at(windows, window_first[area], closed, max(move[1], since))
        if opened == closed:
            continue
        if windows[opened, 0] >= move[1]:
            time = min(time, windows[opened, 0])
            continue
        time = min(time, windows[opened, 1])
        if way_of[area] != way:
            free = _free(move, parts, part_first[area], part_first[area + 1], margin * 1.001 + 1.0)
            most = min(most, walked + 0.999 * free)
            continue
        most = min(most, way_at[area] + (0.999 * abs(away[area]) - 1.001) / 1.001)
        if away[area] <= 0.0:
            place = open_place[area]
            lasts = place >= 0 and places[place, 4] == i and places[place, 2] == opened
            if not lasts or limits[area, 0] > -math.inf or limits[area, 1] < math.inf:
                return -math.inf, -math.inf
    return time, most


@inlined
def _pass_over(
    i: int,
    ends: int,
    moves: Floats,
    leg: Bytes,
    walked: float,
    time: float,
    most: float,
    windows: Floats,
    listed: Integers,
    near: int,
    open_place: Integers,
    places: Integers,
    times: Floats,
) -> tuple[int, float]:
    """Pass over the legs after one for as long as a mover is steady; returns the last of them, and its way until then.

    What lasts until the first lasts until the last, unless its window has closed where the first ends.
    """
    j = i
    while j + 1 < ends and leg[j + 1] & FOLLOWED and moves[j + 1, 1] < time:
        move = moves[j + 1]
        length = (move[1] - move[0]) * math.sqrt(move[6] ** 2 + move[7] ** 2 + move[8] ** 2)
        if walked + length > most:
            break
        walked += length
        j += 1
    if j > i:
        for c in range(near):
            place = open_place[listed[c]]
            if place >= 0 and places[place, 4] == i and windows[places[place, 2], 1] > moves[j, 1]:
                places[place, 4] = j
                times[place, 1] = moves[j, 1] - moves[j, 0]
    return j, walked


@kernel(
    *(INTEGERS, TABLE, BYTES, NUMBER, NUMBER, INTEGERS, SHORTS, INTEGERS, SHAPE, TABLE, INTEGERS, TABLE, NUMBER),
    *(WHOLE, WHOLES, TABLE),
)
def times_in_areas(
    mover_first: Integers,
    moves: Floats,
    leg: Bytes,
    since: float,
    until: float,
    cell_first: Integers,
    cell_areas: Shorts,
    part_first: Integers,
    shape: Shape,
    limits: Floats,
    window_first: Integers,
    windows: Floats,
    margin: float,
    begin_leg: int,
    places: Integers,
    times: Floats,
) -> tuple[int, int, int]:
    """Fill in when legs are in areas that are active; returns the leg to go on with, how many times, legs examined.

    Legs from begin_leg on, as detente.encounters.legs has them, clipped to [since, until]; windows: begin and end
    of each activity, us after the base, an area's in order and apart. places: first leg, area, window, reasons, last
    leg: one time may go over many legs of a mover; times: begin and end after the begin of the first and the last
    leg. It stops before the first leg whose times do not fit.
    """
    most = _edges_most(part_first, shape[1])
    cuts, spans = np.empty(most + 2), np.empty((2 * most + 4, 2))
    # how far a mover was from each area's reach, on which way of its own, and how long the way was then
    away, way_at = np.empty(limits.shape[0]), np.empty(limits.shape[0])
    way_of = np.full(limits.shape[0], -1, np.int64)
    # the place of each area that lasts until now
    open_place = np.full(limits.shape[0], -1, np.int64)
    # the areas that it can come near on a way of LISTED_M, and the way and where on it they were listed
    listed = np.empty(limits.shape[0], np.int64)
    of_way, of_walked, near = -1, 0.0, 0
    way, walked, m = 0, 0.0, 0
    count = examined = 0
    i = begin_leg - 1
    while i + 1 < mover_first[-1]:
        i += 1
        while mover_first[m + 1] <= i:
            m += 1
            way += 1
        move, kept = moves[i], count
        if not leg[i] & FOLLOWED or move[1] <= since or move[0] >= until:
            way += 1
            continue
        length = (move[1] - move[0]) * math.sqrt(move[6] ** 2 + move[7] ** 2 + move[8] ** 2)
        if of_way != way or walked + length - of_walked > LISTED_M:
            near = _list_near(move, cell_first, cell_areas, part_first, shape[0], margin, listed)
            of_way, of_walked = way, walked
        # not a function of its own: 1 M fixes in 500 areas took 2 % more CPU then
        for c in range(near):
            area = listed[c]
            first, last, closed = part_first[area], part_first[area + 1], window_first[area + 1]
            opened = window_at(windows, window_first[area], closed, max(move[0], since))
            if opened == closed or windows[opened, 0] >= min(move[1], until):
                continue
            stand, asked = _stand(
                move, shape, first, last, margin, length, area, way, walked, away, way_of, way_at
            )
            examined += asked
            if stand == _OUTSIDE:
                continue
            now = _add(
                stand, move, shape, first, last, margin, cuts, spans, windows, opened, closed, since, until,
                limits, area, i, places, times, count, open_place,
            )  # fmt: skip
            if now < 0:
                _take_back(places, times, open_place, moves, i, listed, c)
                return i, kept, examined
            count = now
        walked += length
        until_time, so_far = _steady(
            move, i, walked, since, until, part_first, shape[0], limits, window_first, windows, margin, listed, near,
            way, away, way_of, way_at, open_place, places,
        )  # fmt: skip
        i, walked = _pass_over(
            i, mover_first[m + 1], moves, leg, walked, until_time, min(so_far, of_walked + LISTED_M), windows, listed,
            near, open_place, places, times,
        )  # fmt: skip
    return mover_first[-1], count, examined
