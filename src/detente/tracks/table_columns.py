"""Which column of a table means what: a stated list of names, and what the person said with --columns.

The list is in docs/formats.md. A name decides nothing that it does not say: a speed, height or rate whose unit
neither its own name nor the list gives is left out, and that is noted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detente import words
from detente.notices.quantities import FOOT_M, KNOT_MS
from detente.tracks.errors import ReadingMistake, TrackMistake
from detente.tracks.timestamps import is_local

__all__ = ["Column", "Layout", "assigned", "looks_like_tracks"]

say = words.speaker("tracks")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file and what it is: field, factor to our unit, what a height is measured from."""

    field: str
    name: str
    factor: float = 1.0
    datum: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """All columns of a file that are used, in order of preference within a field.

    without_unit: columns that would have been used if their unit were known; time_said: the name or the format
    says that times are UTC; day_first: dates are 31/12/2015; time_local: the name says that times are local.
    """

    columns: tuple[Column, ...]
    without_unit: tuple[str, ...] = ()
    time_said: bool = False
    time_local: bool = False
    day_first: bool = False

    def of(self, field: str) -> list[Column]:
        """Return the columns of one field."""
        return [column for column in self.columns if column.field == field]


_KNOT = 1.0
_SPEED_UNITS = {
    "kn": _KNOT, "kt": _KNOT, "kts": _KNOT, "knot": _KNOT, "knots": _KNOT,
    "ms": 1 / KNOT_MS, "mps": 1 / KNOT_MS, "m_s": 1 / KNOT_MS,
    "kmh": 1 / (3.6 * KNOT_MS), "kph": 1 / (3.6 * KNOT_MS), "km_h": 1 / (3.6 * KNOT_MS),
    "mph": 0.44704 / KNOT_MS,
}  # fmt: skip
_HEIGHT_UNITS = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0,
    "ft": FOOT_M, "feet": FOOT_M, "foot": FOOT_M, "km": 1000.0,
}  # fmt: skip
_RATE_UNITS = {
    "fpm": 1.0, "ftmin": 1.0, "ft_min": 1.0, "ms": 60 / FOOT_M, "mps": 60 / FOOT_M, "m_s": 60 / FOOT_M,
}  # fmt: skip
_DEGREE_WORDS = {"deg", "degs", "degree", "degrees", "dd", "wgs84", "epsg4326", "4326"}
_TIME_WORDS = {
    "s", "sec", "secs", "seconds", "ms", "millis", "milliseconds", "us", "micros", "microseconds", "ns", "nanos",
    "utc", "gmt", "z", "zulu", "unix", "epoch", "local", "lmt", "iso", "iso8601",
}  # fmt: skip

# each list is in order of preference; words are joined without what stood between them
_TIMES = (
    "time", "timestamp", "datetime", "basedatetime", "dateandtime", "timestamputc", "utc", "t", "ts",
    "unixtime", "unixtimestamp", "epoch", "epochtime", "unix", "positiontime", "timeposition", "msgtime",
    "messagetime", "eventtime", "eventtimestamp", "receivedat", "receivetime", "rectime", "recordedat",
    "tstamp", "datetimestamp", "localtime", "timeofposition", "timestampexternal", "date",
)  # fmt: skip
_LATS = ("lat", "latitude", "latdeg", "ylat", "positionlat", "positionlatitude", "y")
_LONS = ("lon", "lng", "long", "longitude", "londeg", "xlon", "positionlon", "positionlongitude", "x")
_SPEEDS = ("sog", "speedoverground", "gs", "groundspeed", "speed", "spd", "velocity")
_SPEEDS_IN_KNOTS = {"sog", "speedoverground", "gs", "groundspeed"}
_COURSES = ("cog", "courseoverground", "course", "track", "trk", "trackangle", "truetrack")
_HEIGHTS = {
    "altbaro": "pressure", "baroaltitude": "pressure", "baroalt": "pressure", "pressurealtitude": "pressure",
    "altitudebaro": "pressure",
    "altitude": None, "alt": None, "height": None, "elevation": None,
    "altgeom": "ellipsoid", "geoaltitude": "ellipsoid", "geomaltitude": "ellipsoid", "gnssaltitude": "ellipsoid",
    "geometricaltitude": "ellipsoid", "altitudegeo": "ellipsoid", "altitudegnss": "ellipsoid",
}  # fmt: skip
_RATES = (
    "verticalrate", "verticalspeed", "vertrate", "vertical", "vs", "vrate", "rocd", "roc", "climbrate",
    "rateofclimb", "barorate", "geomrate",
)  # fmt: skip
_MEASURED: dict[str, tuple[tuple[str, ...], dict[str, float]]] = {
    "speed": (_SPEEDS, _SPEED_UNITS),
    "altitude": (tuple(_HEIGHTS), _HEIGHT_UNITS),
    "vertical": (_RATES, _RATE_UNITS),
}
_PLAIN: dict[str, tuple[str, ...]] = {
    "mover": ("mover",),
    "mmsi": ("mmsi", "mmsinumber", "userid", "sourcemmsi"),
    "icao24": ("icao24", "icao24address", "icaoaddress", "hex", "hexident", "icaohex", "modes", "icao"),
    "id": (
        "id", "trackid", "moverid", "vesselid", "shipid", "trajid", "trajectoryid", "flightid", "objectid",
        "vehicleid", "imo", "callsign", "registration", "flight",
    ),
    "lat": _LATS,
    "lon": _LONS,
    "course": _COURSES,
    "name": ("name", "vesselname", "shipname", "ship", "vessel", "callsign", "flight", "registration"),
    "kind": ("kind",),
    "status": ("status", "navstatus", "navigationalstatus", "navigationstatus", "navstat"),
    "military": ("military", "ismilitary", "mil"),
    "position_age_s": ("positionages",),
    "nic": ("nic",),
    "rc_m": ("rcm",),
    "altitude_datum": ("altitudedatum",),
}  # fmt: skip

_NAMED: dict[str, tuple[str, float]] = {
    **{
        name: (name, 1.0)
        for name in (
            "mover", "mmsi", "icao24", "id", "time", "lon", "lat", "name", "kind", "status", "military",
            "position_age_s", "nic", "rc_m",
        )
    },
    "course_deg": ("course", 1.0),
    "speed_kn": ("speed", 1.0), "speed_ms": ("speed", 1 / KNOT_MS), "speed_kmh": ("speed", 1 / (3.6 * KNOT_MS)),
    "altitude_m": ("altitude", 1.0), "altitude_ft": ("altitude", FOOT_M),
    "vertical_fpm": ("vertical", 1.0), "vertical_ms": ("vertical", 60 / FOOT_M),
}  # fmt: skip
"""What can stand before "=" in --columns."""


def looks_like_tracks(names: Sequence[str]) -> bool:
    """Tell whether a header names a latitude and a longitude."""
    known = [_words(name) for name in names]
    return bool(_pick(known, _LATS, _DEGREE_WORDS)) and bool(_pick(known, _LONS, _DEGREE_WORDS))


def assigned(names: Sequence[str], *, said: Mapping[str, str], where: str, geometry: bool = False) -> Layout:
    """Return what each column of a file means.

    said: what the person said (``Options.columns``), which goes before the list of names; geometry: the file
    carries points, so that latitude and longitude need no columns. Raises ReadingMistake for a name that we or
    the file do not have, TrackMistake when position, time or identity has no column, or one that is used twice.
    """
    columns = _said(names, said, where)
    without_unit: list[str] = []
    taken = {column.field for column in columns}
    known = [_words(name) for name in names]
    for field, synonyms in _PLAIN.items():
        if field in taken or (geometry and field in {"lat", "lon"}):
            continue
        if field == "id" and {column.field for column in columns} & {"mover", "mmsi", "icao24"}:
            continue
        allowed = _DEGREE_WORDS if field in {"lat", "lon", "course"} else set()
        found = _pick(known, synonyms, allowed)
        columns += [Column(field, names[index]) for index in found[:1]]
    for field, (synonyms, units) in _MEASURED.items():
        if field not in taken:
            found_here, unknown = _measured(names, field, synonyms, units)
            columns += found_here
            without_unit += unknown
    time = _time_columns(names, known, columns, taken)
    _complete(names, columns, where, geometry=geometry)
    said_utc = any(set(_words(name)) & {"utc", "gmt", "z", "zulu"} for name in time)
    return Layout(
        tuple(columns),
        tuple(without_unit),
        time_said=said_utc,
        time_local=any(is_local(name) for name in time),
    )


def _said(names: Sequence[str], said: Mapping[str, str], where: str) -> list[Column]:
    for ours, theirs in said.items():
        if ours not in _NAMED:
            raise ReadingMistake(
                expected=say("one of the names {names}", names=", ".join(_NAMED)),
                came=repr(ours[:64]),
                where="--columns",
                remedy=say("write for example {example}", example="--columns lon=x,lat=y,speed_kn=speed"),
            )
        if theirs not in names:
            raise ReadingMistake(
                expected=say("a column of the file: {names}", names=_shown(names)),
                came=repr(theirs[:64]),
                where=where,
                remedy=say("check the name after = in --columns"),
            )
    return [Column(_NAMED[ours][0], theirs, _NAMED[ours][1], _datum(theirs)) for ours, theirs in said.items()]


def _datum(name: str) -> str | None:
    parts = set(_words(name))
    if parts & {"baro", "pressure", "barometric"}:
        return "pressure"
    return "ellipsoid" if parts & {"geo", "geom", "gnss", "hae", "ellipsoid", "wgs84"} else None


def _words(name: str) -> list[str]:
    """Return a column name's words in lower case: "Speed (km/h)" and "speedKmH" are speed, km, h."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name) if not name.isupper() else name
    return [word for word in re.split(r"[^a-z0-9]+", parted.lower()) if word]


def _pick(known: Sequence[Sequence[str]], synonyms: Sequence[str], allowed: set[str]) -> list[int]:
    """Return the indices of columns with one of these names, in order of preference.

    allowed: words that may stand at the end (or, for times, anywhere) without changing what the column is.
    """
    joined = ["".join(words_of) for words_of in known]
    bare = ["".join(word for word in words_of if word not in allowed) for words_of in known]
    return [
        index for synonym in synonyms for index in range(len(known)) if synonym in {joined[index], bare[index]}
    ]


def _unit(
    words_of: Sequence[str], units: Mapping[str, float], synonyms: Sequence[str]
) -> tuple[str, float | None]:
    """Return a column's name without its unit, and the unit's factor."""
    joined = "".join(words_of)
    for size in (2, 1):
        unit = "_".join(words_of[-size:])
        if len(words_of) > size and unit in units:
            return "".join(words_of[:-size]), units[unit]
    if joined in synonyms:
        return joined, None
    # "altm", "speedkn": the unit grown onto a name of the list
    for unit, factor in units.items():
        if joined.endswith(unit) and joined[: -len(unit)] in synonyms:
            return joined[: -len(unit)], factor
    return joined, None


def _measured(
    names: Sequence[str], field: str, synonyms: Sequence[str], units: Mapping[str, float]
) -> tuple[list[Column], list[str]]:
    """Return the columns of one measured field, best first, or else those whose unit is not known."""
    found: list[tuple[int, Column]] = []
    unknown: list[str] = []
    for name in names:
        base, factor = _unit(_words(name), units, synonyms)
        if base not in synonyms:
            continue
        if factor is None and base in _SPEEDS_IN_KNOTS:
            factor = 1.0
        if factor is None:
            unknown.append(name)
        else:
            found.append((synonyms.index(base), Column(field, name, factor, _HEIGHTS.get(base))))
    found.sort(key=lambda pair: pair[0])
    columns = [column for _, column in found]
    return (columns if field == "altitude" else columns[:1]), ([] if found else unknown)


def _time_columns(
    names: Sequence[str], known: Sequence[Sequence[str]], columns: list[Column], taken: set[str]
) -> list[str]:
    if "time" in taken:
        return [column.name for column in columns if column.field == "time"]
    found = _pick(known, _TIMES, _TIME_WORDS)
    joined = ["".join(words_of) for words_of in known]
    if not found:
        return []
    if joined[found[0]] in {"time", "timeutc", "timegmt"} and "date" in joined:
        # a column of dates and one of times of day: read together, or the time alone when it is whole
        columns.append(Column("date", names[joined.index("date")]))
    columns.append(Column("time", names[found[0]]))
    return [names[found[0]]]


def _complete(names: Sequence[str], columns: Sequence[Column], where: str, *, geometry: bool) -> None:
    fields = {column.field for column in columns} | ({"lat", "lon"} if geometry else set())
    wanted = {
        "lat": (say("a column with the latitude"), "lat"),
        "lon": (say("a column with the longitude"), "lon"),
        "time": (say("a column with the time"), "time"),
    }
    missing = [wanted[field] for field in wanted if field not in fields]
    if not fields & {"mover", "mmsi", "icao24", "id"}:
        missing.append((say("a column with the identity of the ship or aircraft"), "mmsi"))
    if missing:
        raise TrackMistake(
            expected=", ".join(text for text, _ in missing),
            came=say("the columns {names}", names=_shown(names)),
            where=where,
            remedy=say(
                "name them, for example {example}",
                example="--columns " + ",".join(f"{ours}={say('NAME')}" for _, ours in missing),
            ),
        )
    twice = sorted({column.name for column in columns if names.count(column.name) > 1})
    if twice:
        raise TrackMistake(
            expected=say("each column name once"),
            came=", ".join(twice),
            where=where,
            remedy=say("rename the columns"),
        )


def _shown(names: Sequence[str]) -> str:
    return ", ".join(name[:40] for name in names[:30]) + (", ..." if len(names) > 30 else "")
