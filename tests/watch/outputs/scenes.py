"""Events, areas and movers of four sides, for what may leave a watch and what may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from detente.encounters.announced import Announced
from detente.watch.events import Event
from detente.watch.outputs.leaving import Mover

NOW = datetime(2026, 4, 6, 10, 0, tzinfo=UTC)
OWN_PLACE, OTHER_PLACE = (24.111111, 59.111111), (24.222222, 59.222222)
SIDES = ("west", "east", "", "neutral")
"""Ours, the other, unknown, neutral."""
IDENTITIES = {
    "west": "mmsi:230000001",
    "east": "mmsi:273999001",
    "": "mmsi:211999002",
    "neutral": "icao24:4a9993",
}
NAMES = {"west": "VARMA", "east": "BUK-2 <&\"'>", "": "STRANGER", "neutral": "FLYER"}


def pair(side_a: str, side_b: str, **changes: Any) -> Event:
    """Return an encounter of two sides; the one of ours is at OWN_PLACE, any other at OTHER_PLACE."""
    places = [OWN_PLACE if side == "west" else OTHER_PLACE for side in (side_a, side_b)]
    fields: dict[str, Any] = {
        "id": f"{IDENTITIES[side_a]}|{IDENTITIES[side_b]}|1",
        "kind": "pair",
        "a": IDENTITIES[side_a],
        "b": IDENTITIES[side_b],
        "name_a": NAMES[side_a],
        "name_b": NAMES[side_b],
        "kind_a": "ship",
        "kind_b": "ship",
        "side_a": side_a,
        "side_b": side_b,
        "priority": "alarm",
        "state": "active",
        "predicted": True,
        "entered_at": NOW + timedelta(minutes=4),
        "closest_at": NOW + timedelta(minutes=6),
        "distance_m": 3456.7,
        "closest_distance_m": 741.3,
        "line": (places[0], places[1]),
        "limit_m": 1852.0,
        "reason": f"{NAMES[side_b]} at {OTHER_PLACE[1]} N {OTHER_PLACE[0]} E",
    }
    return Event(**(fields | changes))


def entry(side: str, **changes: Any) -> Event:
    """Return an entry of a mover into AREA."""
    place = OWN_PLACE if side == "west" else OTHER_PLACE
    fields: dict[str, Any] = {
        "id": f"{IDENTITIES[side]}|D-17|1",
        "kind": "area",
        "a": IDENTITIES[side],
        "name_a": NAMES[side],
        "kind_a": "ship",
        "side_a": side,
        "area": AREA.id,
        "priority": "warning",
        "state": "active",
        "predicted": False,
        "entered_at": NOW,
        "closest_at": NOW,
        "distance_m": 0.0,
        "closest_distance_m": 0.0,
        "line": (place, place),
        "limit_m": 0.0,
        "reason": f"{NAMES[side]} at {place[1]} N {place[0]} E",
    }
    return Event(**(fields | changes))


def mover(side: str, **changes: Any) -> Mover:
    """Return a mover of a side."""
    lon, lat = OWN_PLACE if side == "west" else OTHER_PLACE
    fields: dict[str, Any] = {
        "id": IDENTITIES[side],
        "side": side,
        "kind": "ship",
        "at": NOW,
        "lon_deg": lon,
        "lat_deg": lat,
        "name": NAMES[side],
        "speed_kn": 10.0,
        "course_deg": 90.0,
        "military": True,
    }
    return Mover(**(fields | changes))


def area(number: str = "D-17", **changes: Any) -> Announced:
    """Return a square that is open from an hour before NOW to six hours after it."""
    fields: dict[str, Any] = {
        "id": number,
        "name": f"{number} firing",
        "activity": "firing",
        "shape": (((24.0, 59.0), (25.0, 59.0), (25.0, 60.0), (24.0, 60.0), (24.0, 59.0)),),
        "windows": ((NOW - timedelta(hours=1), NOW + timedelta(hours=6)),),
        "lower_m": 0.0,
    }
    return Announced(**(fields | changes))


AREA = area()
EVERYBODY = tuple(mover(side) for side in SIDES)
EVERYTHING = (
    *(pair(a, b) for a in SIDES for b in SIDES if a != b),
    *(entry(side) for side in SIDES),
)
"""One encounter of each pair of sides, and one entry of each side."""
EVERYTHING = tuple(
    one if one.kind == "area" else pair(one.side_a, one.side_b, id=f"{number}")
    for number, one in enumerate(EVERYTHING)
)
SECRETS = (
    *(
        text
        for side in ("east", "", "neutral")
        for text in (IDENTITIES[side], IDENTITIES[side].partition(":")[2], NAMES[side], NAMES[side][:5])
    ),
    "24.22",
    "59.22",
    "3456",
    "3457",
    "741",
)
"""What must stand in nothing that leaves: identities, names, places, exact distances of everybody but ours."""
