"""What the fields allow but the whole cannot mean, or hardly.

Areas that cross themselves, places that look exchanged, plans that lie in the past.
Whether a ring crosses itself is decided exactly, in whole numbers, on a plane of longitude and latitude that is
unrolled along the ring, so that the antimeridian is a place like any other: an edge goes the shorter way round.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime

import msgspec

from detente import words
from detente.notices.capitals_table import CAPITALS
from detente.notices.errors import ValueMistake
from detente.notices.faults import Fault
from detente.notices.kinds import Correction, DangerArea, Launch
from detente.notices.moments import stated
from detente.notices.notice import Area, Notice
from detente.notices.shapes import (
    PARTS_OF_A_DEGREE,
    ArcPolygon,
    Circle,
    Coastal,
    Corridor,
    Point,
    Polygon,
    Position,
    Shape,
)

__all__ = ["crossing", "crossings_within", "positions_of", "suspicions", "unrolled"]

say = words.speaker("notices")

_HALF_TURN = 180 * PARTS_OF_A_DEGREE
_EDGES_MAX = 2_000
"""Corners up to which every pair of edges is looked at."""
_FAR_KM, _NEAR_KM = 3_500.0, 1_500.0
"""From a capital: beyond the one a place is far from a state, within the other it is near."""


def suspicions(notice: Notice, *, now: datetime | None) -> list[Fault]:
    """Return faults and warnings about what a notice says as a whole; its fields are right."""
    found = [*_crossings(notice), *(list(_exchanged(notice)) or _elsewhere(notice))]
    return found if now is None else [*found, *_past(notice, now)]


def unrolled(ring: tuple[Position, ...]) -> list[tuple[int, int]]:
    """Return (longitude, latitude) in 1e-7 degree, longitudes running on where an edge crosses the antimeridian."""
    found: list[tuple[int, int]] = []
    turn = before = 0
    for index, position in enumerate(ring):
        if index:
            step = position.lon_e7 - before
            turn += -2 * _HALF_TURN if step > _HALF_TURN else 2 * _HALF_TURN if step < -_HALF_TURN else 0
        before = position.lon_e7
        found.append((position.lon_e7 + turn, position.lat_e7))
    return found


def crossing(ring: tuple[Position, ...]) -> tuple[int, int] | None:
    """Return the first two edges that cross or touch although they are no neighbours; None when the ring is simple.

    Edge i runs from corner i to the next. Edges are straight in longitude and latitude. Rings around a pole, and
    rings of more than 2,000 corners, are not looked at: None.
    """
    corners = unrolled(ring)
    count = len(corners)
    closes = abs(corners[0][0] - corners[-1][0]) <= _HALF_TURN
    if count > _EDGES_MAX or not closes:
        return None
    edges = [(corners[index], corners[(index + 1) % count]) for index in range(count)]
    for first in range(count):
        for second in range(first + 2, count):
            if (second + 1) % count != first and _touch(*edges[first], *edges[second]):
                return first, second
    return None


def _touch(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]) -> bool:
    """Tell whether two closed segments have a point in common; exact."""
    if max(a[0], b[0]) < min(c[0], d[0]) or max(c[0], d[0]) < min(a[0], b[0]):
        return False
    if max(a[1], b[1]) < min(c[1], d[1]) or max(c[1], d[1]) < min(a[1], b[1]):
        return False
    return _side(a, b, c) * _side(a, b, d) <= 0 and _side(c, d, a) * _side(c, d, b) <= 0


def _side(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (turn > 0) - (turn < 0)


def positions_of(shape: Shape) -> tuple[Position, ...]:
    """Return every position that a shape states."""
    if isinstance(shape, Polygon):
        return shape.ring
    if isinstance(shape, Circle):
        return (shape.centre,)
    if isinstance(shape, Corridor | Coastal):
        return shape.way
    if isinstance(shape, ArcPolygon):
        return tuple(piece.to for piece in shape.pieces)
    if isinstance(shape, Point):
        return (shape.position,)
    return (shape.approximate.centre,) if shape.approximate else ()


def _crossings(notice: Notice) -> Iterator[Fault]:
    """Yield the areas whose boundary crosses itself: a fault, but a doubt in what a public text announced."""
    read = notice.corrected if isinstance(notice, Correction) else notice
    is_transcribed = isinstance(read, DangerArea) and read.source_text is not None
    for path, place in notice.places():
        if isinstance(place, Area) and isinstance(place.shape, Polygon):
            yield from _crossed(place.shape.ring, f"{path}.shape.ring", is_warning=is_transcribed)


def _crossed(ring: tuple[Position, ...], path: str, *, is_warning: bool) -> Iterator[Fault]:
    edges = crossing(ring) if ring else None
    if edges is not None:
        yield Fault(
            path,
            "crossing",
            say("a boundary that does not cross or touch itself"),
            say("the edges after corners {first} and {second} meet", first=edges[0] + 1, second=edges[1] + 1),
            say("give the corners in their order around the area"),
            warning=is_warning,
        )


def crossings_within(document: object) -> list[Fault]:
    """Return the boundaries in a plain document that cross themselves, where other fields of it have faults.

    A notice is made of right fields only, so one that has faults elsewhere is looked through for polygons that are
    right by themselves. What transcribes a public text is left out: there a crossing is a doubt and no fault.
    """
    found: list[Fault] = []
    waiting: list[tuple[object, str]] = [(document, "")]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, dict):
            if "source_text" in value:
                continue
            if value.get("shape") == "polygon":
                found += _crossed(_ring(value), f"{path}.ring", is_warning=False)
            waiting.extend((inner, f"{path}.{name}" if path else str(name)) for name, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((inner, f"{path}[{index}]") for index, inner in enumerate(value))
    return sorted(found, key=lambda fault: fault.where)


def _ring(polygon: dict[str, object]) -> tuple[Position, ...]:
    """Return a polygon's corners; none when the polygon itself has faults, which are told elsewhere."""
    try:
        return msgspec.convert(polygon, Polygon).ring
    except (msgspec.ValidationError, ValueMistake):
        return ()


def _exchanged(notice: Notice) -> Iterator[Fault]:
    """Yield positions that lie far from all others but near them when latitude and longitude are exchanged."""
    places = list(_places(notice))
    if len(places) < 3:
        return
    lat = sorted(position.lat_e7 for _, position in places)[len(places) // 2]
    lon = sorted(position.lon_e7 for _, position in places)[len(places) // 2]
    for path, position in places:
        away = max(abs(position.lat_e7 - lat), abs(position.lon_e7 - lon))
        turned = max(abs(position.lon_e7 - lat), abs(position.lat_e7 - lon))
        if away > 10 * PARTS_OF_A_DEGREE and turned * 4 < away:
            yield Fault(
                path,
                "exchanged",
                say("a place near the others"),
                f"{position.lat_deg:g}, {position.lon_deg:g}",
                say("latitude and longitude look exchanged"),
                warning=True,
            )


def _elsewhere(notice: Notice) -> Iterator[Fault]:
    """Yield the place of a notice that lies far from every state it names, and near one when it is turned round."""
    places = list(_places(notice))
    capitals = [CAPITALS[state] for state in sorted(_states(msgspec.to_builtins(notice))) if state in CAPITALS]
    if not places or not capitals:
        return
    path, first = places[0]
    if abs(first.lon_e7) > 90 * PARTS_OF_A_DEGREE:
        return
    given = min(_apart_km(first.lat_deg, first.lon_deg, *capital) for capital in capitals)
    turned = min(_apart_km(first.lon_deg, first.lat_deg, *capital) for capital in capitals)
    if given > _FAR_KM and turned < _NEAR_KM:
        yield Fault(
            path,
            "exchanged",
            say("a place nearer to the states that are named"),
            f"{first.lat_deg:g}, {first.lon_deg:g}",
            say("latitude and longitude look exchanged"),
            warning=True,
        )


def _states(value: object) -> set[str]:
    """Return the states that a plain document names."""
    if isinstance(value, dict):
        named = {value[name] for name in ("state", "concerns_state") if isinstance(value.get(name), str)}
        return named.union(*(_states(inner) for inner in value.values()))
    return set().union(*(_states(inner) for inner in value)) if isinstance(value, list | tuple) else set()


def _apart_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the distance of two places on a sphere in kilometres: a suspicion needs no ellipsoid."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = (
        math.sin((a - b) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(lon - other_lon) / 2) ** 2
    )
    return 2 * 6_371.0 * math.asin(min(1.0, math.sqrt(half)))


def _places(notice: Notice) -> Iterator[tuple[str, Position]]:
    for path, place in notice.places():
        if isinstance(place, Position):
            yield path, place
        else:
            for position in positions_of(place.shape):
                yield f"{path}.shape", position


def _past(notice: Notice, now: datetime) -> Iterator[Fault]:
    """Yield plans that were over, or had begun, before ``now``, and a moment of issue that is still to come."""
    issued = stated(notice.issued_at)
    if issued.earliest > now:
        yield _dated("issued_at", "future", say("a moment that has passed"), notice.issued_at)
    if not notice.plans or (isinstance(notice, Launch) and notice.stage != "planned"):
        return
    for path, time in notice.times():
        if time.end is not None and stated(time.end).latest <= now:
            yield _dated(path, "past", say("a plan for the future"), say("over since {moment}", moment=time.end))
        elif time.start is not None and stated(time.start).latest <= now:
            yield _dated(path, "begun", say("a plan for the future"), say("begun {moment}", moment=time.start))


def _dated(path: str, code: str, expected: str, came: str) -> Fault:
    return Fault(path, code, expected, came, say("mend the date if it is a slip"), warning=True)
