"""Sunrise and sunset by the NOAA solar equations (after Meeus), for schedules that say SR-SS or HJ.

Good to about a minute between the polar circles and to some minutes near them; nothing is said of refraction by the
weather, of height or of the horizon. So a window by the sun is an outer one: it starts at the earliest start and ends
at the latest end over the extremes of the area, and it carries a doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import acos, asin, atan2, cos, degrees, radians, sin, tan

from detente.areas.outcomes import Reason, Unplaced, Window

__all__ = ["BY_THE_SUN", "Edge", "Place", "SunDay", "edge_of", "sun_day", "sun_windows"]

Place = tuple[float, float]
"""Longitude and latitude in degrees; a longitude past 180 belongs to an area across the antimeridian."""
_ZENITH_DEG = 90.833
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Edge:
    """One end of a window: a clock time (kind "clock"), sunrise ("rise") or sunset ("set"), and minutes from it."""

    kind: str
    minutes: int = 0


BY_THE_SUN = {"HJ": (Edge("rise"), Edge("set")), "HN": (Edge("set"), Edge("rise"))}
_SUN = re.compile(
    r"(?:(?P<rise>SR|SUNRISE)|SS|SUNSET)(?:\s?(?P<sign>PLUS|MINUS|[+-])\s?(?P<minutes>[0-9]{2,3}))?"
)


def edge_of(text: str, words: str) -> Edge:
    """Return the end of a window that SR, SUNSET, SS PLUS 30 say. Raises Unplaced for other words."""
    found = _SUN.fullmatch(text)
    if found is None:
        raise Unplaced(Reason.SUN, words)
    shift_minutes = int(found["minutes"] or 0)
    back = found["sign"] in {"MINUS", "-"}
    return Edge("rise" if found["rise"] else "set", -shift_minutes if back else shift_minutes)


@dataclass(frozen=True, slots=True)
class SunDay:
    """One solar day: rise and set, both None when the sun does neither; is_up: it stays above the horizon."""

    noon: datetime
    rise: datetime | None
    set: datetime | None
    is_up: bool = False


def sun_day(day: datetime, place: Place) -> SunDay:
    """Return the solar day whose noon is that of the calendar day (UTC midnight) at the place."""
    lon_deg, lat_deg = place
    near_noon = day + timedelta(minutes=720 - 4 * lon_deg)
    declination, equation_min = _sun(near_noon)
    noon = near_noon - timedelta(minutes=equation_min)
    rise = _crossing(noon, lat_deg, -1)
    fall = _crossing(noon, lat_deg, +1)
    is_up = lat_deg * degrees(declination) > 0
    return SunDay(noon, rise, fall, is_up=is_up and (rise is None or fall is None))


def _crossing(noon: datetime, lat_deg: float, sign: int) -> datetime | None:
    """Return when the sun's upper edge crosses the horizon before (-1) or after (+1) noon, its motion followed."""
    moment = noon
    noon_equation_min = _sun(noon)[1]
    for _ in range(3):
        declination, equation_min = _sun(moment)
        cosine = cos(radians(_ZENITH_DEG)) / (cos(radians(lat_deg)) * cos(declination)) - tan(
            radians(lat_deg)
        ) * tan(declination)
        if not -1 < cosine < 1:
            return None
        hour_angle_min = 4 * degrees(acos(cosine))
        moment = noon + timedelta(minutes=sign * hour_angle_min + noon_equation_min - equation_min)
    return moment


def _sun(moment: datetime) -> tuple[float, float]:
    """Return the declination in radians and the equation of time in minutes."""
    century = (moment - _J2000).total_seconds() / 86_400 / 36_525
    mean_long = radians((280.46646 + century * (36_000.76983 + century * 0.0003032)) % 360)
    anomaly = radians(357.52911 + century * (35_999.05029 - 0.0001537 * century))
    centre = (
        sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + sin(3 * anomaly) * 0.000289
    )
    node = radians(125.04 - 1934.136 * century)
    apparent = radians(degrees(mean_long) + centre - 0.00569 - 0.00478 * sin(node))
    tilt_deg = 23 + (26 + (21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))) / 60) / 60
    tilt = radians(tilt_deg + 0.00256 * cos(node))
    declination = asin(sin(tilt) * sin(apparent))
    ascension = atan2(cos(tilt) * sin(apparent), cos(apparent))
    difference = degrees(mean_long) - 0.0057183 - degrees(ascension)
    return declination, 4 * ((difference + 180) % 360 - 180)


def sun_windows(
    days: list[datetime], edges: list[tuple[Edge, Edge]], places: list[Place], words: str
) -> list[Window]:
    """Return the outer windows of each day; the first place is the area's centre. Raises Unplaced without any."""
    if not places:
        raise Unplaced(Reason.SUN, words)
    made = [
        window
        for day in days
        for start, end in edges
        if (window := _window(day, start, end, places, words)) is not None
    ]
    if not made:
        raise Unplaced(Reason.SUN, words)
    return made


def _window(day: datetime, start: Edge, end: Edge, places: list[Place], words: str) -> Window | None:
    if (start.kind, end.kind) in {("rise", "set"), ("set", "rise")}:
        by_day = _polar(day, places, is_light=start.kind == "rise")
        if by_day is not None:
            return by_day[0] if by_day else None
    first, step = _start(day, start, places, words)
    last = _end(first, step, day, end, places, words)
    return Window(_minute(first), _minute(last + timedelta(seconds=59)))


def _polar(day: datetime, places: list[Place], *, is_light: bool) -> list[Window] | None:
    """Return the day's window where the sun does not rise or set somewhere in the area; None where it does all over."""
    seen = [sun_day(day, place) for place in places]
    if all(one.rise is not None and one.set is not None for one in seen):
        return None
    whole = any(one.rise is not None or one.is_up is is_light for one in seen)
    return [Window(day, day + timedelta(days=1))] if whole else []


def _start(day: datetime, edge: Edge, places: list[Place], words: str) -> tuple[datetime, int]:
    if edge.kind == "clock":
        return day + timedelta(minutes=edge.minutes), 0
    for step in (0, -1, 1):
        centre = _event(day, step, edge, places[0], words)
        if centre.date() == day.date():
            return min(_event(day, step, edge, place, words) for place in places), step
    raise Unplaced(Reason.SUN, words)


def _end(first: datetime, step: int, day: datetime, edge: Edge, places: list[Place], words: str) -> datetime:
    if edge.kind == "clock":
        end = day + timedelta(minutes=edge.minutes)
        return end if end > first else end + timedelta(days=1)
    for later in (step - 1, step, step + 1, step + 2):
        if _event(day, later, edge, places[0], words) > first:
            return max(_event(day, later, edge, place, words) for place in places)
    raise Unplaced(Reason.SUN, words)


def _event(day: datetime, step: int, edge: Edge, place: Place, words: str) -> datetime:
    seen = sun_day(day + timedelta(days=step), place)
    moment = seen.rise if edge.kind == "rise" else seen.set
    if moment is None:
        raise Unplaced(Reason.SUN, words)
    return moment + timedelta(minutes=edge.minutes)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
