"""Places: latitudes, longitudes and boxes as people write them, in WGS 84 degrees."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from detente import words
from detente.notices.errors import PlaceMistake

__all__ = ["Box", "parse_box", "parse_latitude_deg", "parse_longitude_deg"]

say = words.speaker("notices")

_NUMBER = r"[0-9]{1,3}(?:\.[0-9]{1,12})?"
_PLACE = re.compile(
    rf"""\s*(?P<sign>[+-])?
    (?P<degrees>{_NUMBER})
    (?:[°\s-]\s*(?P<minutes>{_NUMBER})
        (?:['′\s-]\s*(?P<seconds>{_NUMBER}))?
    )?
    \s*[°'′"″]?\s*(?P<hemisphere>[NSEWnsew])?\s*""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Box:
    """An area between two meridians and two parallels, its edges included.

    west_deg to east_deg runs eastwards: west 170 and east -170 is the 20 degrees across the antimeridian.
    The constructor refuses what is no box with PlaceMistake.
    """

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float

    def __post_init__(self) -> None:
        for value, limit, name in (
            (self.west_deg, 180.0, "west"),
            (self.south_deg, 90.0, "south"),
            (self.east_deg, 180.0, "east"),
            (self.north_deg, 90.0, "north"),
        ):
            if not abs(value) <= limit:
                raise _impossible(value, limit, where=name)
        if not self.south_deg < self.north_deg:
            raise PlaceMistake(
                expected=say("a southern edge south of the northern one"),
                came=f"{self.south_deg:g}, {self.north_deg:g}",
                remedy=say("give the area as west,south,east,north"),
            )
        if self.west_deg == self.east_deg:
            raise PlaceMistake(
                expected=say("a western edge other than the eastern one"),
                came=f"{self.west_deg:g}, {self.east_deg:g}",
                remedy=say("give the whole circle as -180,south,180,north"),
            )

    @property
    def crosses_antimeridian(self) -> bool:
        """Tell whether longitudes in the box jump from 180 to -180."""
        return self.west_deg > self.east_deg

    def contains(self, lon_deg: float, lat_deg: float) -> bool:
        """Tell whether a point lies in the box or on its edge; longitude -180 and 180 are one meridian."""
        if not self.south_deg <= lat_deg <= self.north_deg:
            return False
        return any(
            self.west_deg <= lon <= self.east_deg
            if not self.crosses_antimeridian
            else lon >= self.west_deg or lon <= self.east_deg
            for lon in ((lon_deg, -lon_deg) if abs(lon_deg) == 180.0 else (lon_deg,))
        )


def parse_latitude_deg(text: str, *, where: str = "") -> float:
    r"""Return degrees north from "54.5", "-54.5", "54.5S", "54-30.5N" or "54°30'18\"N".

    Raises PlaceMistake; ``where`` names the option or field in it.
    """
    return _parse(text, 90.0, "NS", where=where)


def parse_longitude_deg(text: str, *, where: str = "") -> float:
    r"""Return degrees east from "20.25", "-5", "5W", "020-15.0E" or "20°15'00\"E"; else as latitudes."""
    return _parse(text, 180.0, "EW", where=where)


def parse_box(text: str, *, where: str = "") -> Box:
    """Return the area written as "west,south,east,north", each as a longitude or latitude.

    Raises PlaceMistake; ``where`` names the option or field in it.
    """
    edges = text.split(",")
    if len(edges) != 4:
        raise PlaceMistake(
            expected=say("an area as west,south,east,north in degrees"),
            came=repr(text[:64]),
            where=where,
            remedy=say("write for example {example}", example="-5,50,2,52"),
        )
    try:
        return Box(
            west_deg=parse_longitude_deg(edges[0], where="west"),
            south_deg=parse_latitude_deg(edges[1], where="south"),
            east_deg=parse_longitude_deg(edges[2], where="east"),
            north_deg=parse_latitude_deg(edges[3], where="north"),
        )
    except PlaceMistake as mistake:
        place = " ".join(word for word in (where, mistake.where) if word)
        remedy = mistake.remedy
        if remedy == _exchanged():
            remedy = say("latitude and longitude may be exchanged: give the area as west,south,east,north")
        raise PlaceMistake(expected=mistake.expected, came=mistake.came, where=place, remedy=remedy) from None


def _parse(text: str, limit_deg: float, letters: str, *, where: str) -> float:
    match = _PLACE.fullmatch(text) if len(text) <= 64 else None
    value = _degrees(match, letters) if match else math.nan
    if math.isnan(value):
        north = letters == "NS"
        raise PlaceMistake(
            expected=say("a latitude in degrees") if north else say("a longitude in degrees"),
            came=repr(text[:64]),
            where=where,
            remedy=say("write for example {example}", example="54.5, 54-30.5N" if north else "-5.25, 005-15W"),
        )
    if abs(value) > limit_deg:
        raise _impossible(value, limit_deg, where=where)
    return value


def _degrees(match: re.Match[str], letters: str) -> float:
    """Return signed degrees; NaN when sign and hemisphere fight, or minutes or seconds reach sixty."""
    letter = (match["hemisphere"] or "").upper()
    if letter and (letter not in letters or match["sign"]):
        return math.nan
    minutes, seconds = float(match["minutes"] or 0.0), float(match["seconds"] or 0.0)
    whole = "." not in match["degrees"] or not match["minutes"]
    if minutes >= 60.0 or seconds >= 60.0 or not whole or (match["seconds"] and "." in match["minutes"]):
        return math.nan
    value = float(match["degrees"]) + minutes / 60.0 + seconds / 3600.0
    return -value if match["sign"] == "-" or (letter and letter == letters[1]) else value


def _impossible(value: float, limit: float, *, where: str) -> PlaceMistake:
    return PlaceMistake(
        expected=say("a number between {least} and {most} degrees", least=f"-{limit:g}", most=f"{limit:g}"),
        came=f"{value:g}",
        where=where,
        remedy=_exchanged() if limit == 90.0 else say("give longitudes from -180 to 180"),
    )


def _exchanged() -> str:
    return say("latitude and longitude may be exchanged")
