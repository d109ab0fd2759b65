"""Cursor-on-Target, as a data package that TAK programs import: the own side, danger areas, alarms; nobody else.

An alarm stands where the own mover is or will be at the closest point; one between movers of others stands nowhere. A
circle, a line or an area is a drawing of straight edges, as the geometry is that the desk shows.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from detente import words
from detente.desk.picture.alarm_model import EncounterAlarm
from detente.desk.picture.documents import Encounter, Mover
from detente.desk.shown_text import lines_visible
from detente.node.desk_door.record_questions import AreaDocument

__all__ = ["cot_events", "cot_package"]

say = words.speaker("desk")

_MOVER_TYPES = {"ship": "a-f-S", "aircraft": "a-f-A", "other": "a-f-G"}
_MOVER_STALE_MS = 5 * 60_000
_STALE_MS = 24 * 3_600_000
_METRES_PER_NM = 1852.0
_KNOTS_PER_MS = 3_600 / 1_852
_UNKNOWN = "9999999.0"
"""Height and errors that nobody knows, as the format has them."""


def cot_events(
    movers: Iterable[Mover],
    areas: Iterable[AreaDocument],
    alarms: Iterable[tuple[EncounterAlarm, Encounter]],
    now_ms: int,
) -> list[tuple[str, str]]:
    """Return the name and the XML of each event. Movers of any side but the own are left out here, too."""
    found = [_mover(one) for one in movers if one.side == "own"]
    found += [made for area in areas for made in _area(area, now_ms)]
    found += [made for alarm, encounter in alarms for made in _alarm(alarm, encounter, now_ms)]
    return found


def cot_package(events: Sequence[tuple[str, str]]) -> bytes:
    """Return events as one data package (ZIP): the same events are the same bytes."""
    package = io.BytesIO()
    whole = hashlib.sha256("".join(xml for _, xml in events).encode()).hexdigest()
    contents = "".join(f'<Content ignore="false" zipEntry={quoteattr(_entry(name))}/>' for name, _ in events)
    manifest = (
        '<MissionPackageManifest version="2"><Configuration>'
        f'<Parameter name="uid" value="{whole[:32]}"/><Parameter name="name" value="detente"/>'
        f"</Configuration><Contents>{contents}</Contents></MissionPackageManifest>\n"
    )
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("MANIFEST/manifest.xml"), manifest)
        for name, xml in events:
            archive.writestr(zipfile.ZipInfo(_entry(name)), xml, zipfile.ZIP_DEFLATED)
    return package.getvalue()


def _entry(name: str) -> str:
    return f"{name}/{name}.cot"


def _uid(*parts: str) -> str:
    """Return a name that is the same for the same thing, and says nothing of it."""
    return "detente-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _mover(one: Mover) -> tuple[str, str]:
    course = "" if one.course_deg is None else f' course="{one.course_deg:.1f}"'
    speed = "" if one.speed_kn is None else f' speed="{one.speed_kn / _KNOTS_PER_MS:.2f}"'
    track = f"<track{course}{speed}/>" if course or speed else ""
    height = _UNKNOWN if one.altitude_m is None else f"{one.altitude_m:.1f}"
    detail = f"<contact callsign={_attribute(one.name or one.id)}/>{track}"
    times = (one.at_ms, one.at_ms, one.at_ms + _MOVER_STALE_MS)
    place = (one.lon_deg, one.lat_deg)
    return _event(_uid("mover", one.id), _MOVER_TYPES[one.kind], times, place, detail, height=height, how="m-g")


def _area(area: AreaDocument, now_ms: int) -> Iterator[tuple[str, str]]:
    ends = [end for _, end in area.windows if end is not None]
    is_open = len(ends) < len(area.windows) or not ends
    begins = min((begin for begin, _ in area.windows), default=now_ms)
    stale_ms = max(now_ms, begins) + _STALE_MS if is_open else max(ends)
    told = [f"{area.member} {area.ref} {area.standing}"]
    told += [f"{_moment(begin)} - {_moment(end)}" for begin, end in area.windows]
    for number, places in enumerate(_outlines(area.feature.get("geometry"))):
        links = "".join(f'<link point="{lat:.7f},{lon:.7f}"/>' for lon, lat in places) if len(places) > 1 else ""
        drawn = '<strokeColor value="-2785280"/><strokeWeight value="2.0"/>' if links else ""
        detail = f"<contact callsign={_attribute(area.title)}/>{links}{drawn}{_remarks(told)}"
        kind = "u-d-f" if links else "b-m-p-s-m"
        uid = _uid("area", area.line, area.ref, area.title, str(number))
        yield _event(uid, kind, (now_ms, begins, stale_ms), places[0], detail)


def _alarm(alarm: EncounterAlarm, encounter: Encounter, now_ms: int) -> Iterator[tuple[str, str]]:
    sides = (encounter.side_a, encounter.side_b)
    if "own" not in sides:
        return
    at = sides.index("own")
    distance = words.number(alarm.closest_distance_m / _METRES_PER_NM, 2)
    sentence = say("closest {distance} NM at {at}", distance=distance, at=_moment(alarm.closest_ms))
    told = [f"{alarm.priority}: {sentence}", *alarm.in_area]
    callsign = (alarm.a, alarm.b)[at]
    detail = f"<contact callsign={_attribute(callsign)}/>{_remarks(told)}"
    times = (now_ms, alarm.raised_ms, max(now_ms, alarm.closest_ms) + _STALE_MS)
    yield _event(_uid("alarm", alarm.id), "b-a-o-pan", times, encounter.line[at], detail)


def _event(
    uid: str,
    kind: str,
    times_ms: tuple[int, int, int],
    place: Sequence[float],
    detail: str,
    *,
    height: str = _UNKNOWN,
    how: str = "h-g-i-g-o",
) -> tuple[str, str]:
    """Return an event. times_ms: when it was said, from when it holds, until when."""
    at, start, stale = (_moment(one) for one in times_ms)
    lon, lat = place[0], place[1]
    return uid, (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<event version="2.0" uid="{uid}" type="{kind}" how="{how}" time="{at}" start="{start}" stale="{stale}">'
        f'<point lat="{lat:.7f}" lon="{lon:.7f}" hae="{height}" ce="{_UNKNOWN}" le="{_UNKNOWN}"/>'
        f"<detail>{detail}</detail></event>\n"
    )


def _outlines(geometry: Any) -> Iterator[list[tuple[float, float]]]:
    """Yield every point, line and outer edge of a geometry, as places."""
    if not isinstance(geometry, dict):
        return
    kind: Any = geometry.get("type")
    given: Any = geometry.get("coordinates")
    if kind == "GeometryCollection":
        for one in geometry.get("geometries", ()):
            yield from _outlines(one)
    elif kind == "Point":
        yield [(float(given[0]), float(given[1]))]
    elif kind == "LineString":
        yield [(float(one[0]), float(one[1])) for one in given]
    elif kind == "Polygon":
        yield [(float(one[0]), float(one[1])) for one in given[0]]
    elif kind in {"MultiPoint", "MultiLineString", "MultiPolygon"}:
        for one in given or ():
            yield from _outlines({"type": kind.removeprefix("Multi"), "coordinates": one})


def _remarks(lines: Iterable[str]) -> str:
    return f"<remarks>{escape(lines_visible(chr(10).join(lines)))}</remarks>"


def _attribute(text: str) -> str:
    return quoteattr(lines_visible(text).replace("\n", " "))


def _moment(at_ms: int | None) -> str:
    if at_ms is None:
        return ""
    try:
        moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    except (ValueError, OverflowError):
        moment = datetime.max.replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
