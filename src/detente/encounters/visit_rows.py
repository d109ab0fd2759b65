"""Visits as kernels give them, joined across windows of time, as the table of visits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.encounters import quality
from detente.encounters.announced import Announced
from detente.encounters.area_tables import Tables
from detente.encounters.intake import Movers
from detente.encounters.kernel_legs import DATUM_SHIFT
from detente.encounters.kernel_visits import FLAGS
from detente.encounters.motion import lon_lat
from detente.encounters.pairing import Pairing, SidesOfMovers
from detente.encounters.visits_schema import BEGAN, ENDED, UNVISITED, VISITS
from detente.notices.parties import state_of_icao24, state_of_mmsi
from detente.notices.quantities import KNOT_MS
from detente.tracks.schema import KINDS

__all__ = ["table", "unvisited"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.uint8]

_MOVER, _AREA, _WINDOW, _ENTERED, _LEFT, _NEAREST, _FLAGS = range(7)
_BEGAN_FLAGS = FLAGS.BEGAN_BY_WINDOW | FLAGS.BEGAN_BY_HEIGHT | FLAGS.BEGAN_BY_COVERAGE
_ENDED_FLAGS = FLAGS.ENDED_BY_WINDOW | FLAGS.ENDED_BY_HEIGHT | FLAGS.ENDED_BY_COVERAGE
_BEGAN_BITS = (FLAGS.BEGAN_BY_WINDOW, FLAGS.BEGAN_BY_HEIGHT, FLAGS.BEGAN_BY_COVERAGE)
_ENDED_BITS = (FLAGS.ENDED_BY_WINDOW, FLAGS.ENDED_BY_HEIGHT, FLAGS.ENDED_BY_COVERAGE)
_DATUM_OF_MARK = ("", "pressure", "ellipsoid", "ground", "sea")


def table(
    numbers: Sequence[Integers],
    fields: Sequence[Floats],
    marks: Sequence[Marks],
    areas: Sequence[Announced],
    tables: Tables,
    movers: Movers,
    sides: SidesOfMovers | None,
    margin_m: float,
    bounds: tuple[int | None, int | None],
) -> pl.DataFrame:
    """Return all visits as VISITS; bounds: the times, since 1970, that were looked at."""
    if not sum(len(part) for part in numbers):
        return pl.DataFrame(schema=VISITS)
    n, f, m = _joined(np.concatenate(numbers), np.concatenate(fields), np.concatenate(marks))
    codes = n[:, _MOVER]
    met, place = np.unique(codes, return_inverse=True)
    side = pl.Series(Pairing(between="all", sides=sides).final(movers, met), dtype=pl.String).gather(place)
    state = np.array([_state(movers.ids[code]) for code in met.tolist()], object)[place]
    columns = _of_areas(n, areas, tables) | _of_movers(codes, movers) | _motion(f, n, bounds)
    columns["side"] = side
    columns["third_party"] = _third_party(n, areas, side, state, has_sides=sides is not None)
    columns["quality"] = _quality(n, f, m, areas, margin_m)
    return pl.DataFrame({name: columns[name] for name in VISITS}, schema=VISITS).sort("entered", "mover", "area")


def unvisited(
    numbers: Sequence[Integers],
    areas: Sequence[Announced],
    tables: Tables,
    bounds: tuple[int | None, int | None],
    covered: Marks | None,
) -> pl.DataFrame:
    """Return the windows of areas, active at some time within the bounds, in which nobody was, as UNVISITED."""
    seen = np.zeros(len(tables.opens_us), np.bool_)
    for part in numbers:
        seen[part[:, _WINDOW]] = True
    if bounds[0] is not None:
        seen |= tables.closes_us <= bounds[0]
    if bounds[1] is not None:
        seen |= tables.opens_us >= bounds[1]
    area_of = np.repeat(np.arange(len(areas)), np.diff(tables.window_first))
    left = np.flatnonzero(~seen)
    chosen = [areas[place] for place in area_of[left].tolist()]
    near = [None] * left.size if covered is None else covered[left].astype(np.bool_).tolist()
    columns = {
        "area": [area.id for area in chosen],
        "area_name": [area.name for area in chosen],
        "activity": [area.activity for area in chosen],
        "area_doubtful": [area.doubtful for area in chosen],
        "active_from": _moments(tables.opens_us[left]),
        "active_to": _moments(tables.closes_us[left]),
        "seen_near": near,
    }
    return pl.DataFrame(columns, schema=UNVISITED).sort("active_from", "area", nulls_last=False)


def _joined(n: Integers, f: Floats, m: Marks) -> tuple[Integers, Floats, Marks]:
    """Join what touches where two windows of time meet."""
    order = np.lexsort((n[:, _ENTERED], n[:, _WINDOW], n[:, _AREA], n[:, _MOVER]))
    n, f, m = n[order], f[order], m[order]
    same = (n[1:, :3] == n[:-1, :3]).all(axis=1) & (n[1:, _ENTERED] == n[:-1, _LEFT])
    if not same.any():
        return n, f, m
    begins = np.flatnonzero(np.concatenate([[True], ~same]))
    ends = np.append(begins[1:], len(n)) - 1
    group = np.cumsum(np.concatenate([[True], ~same])) - 1
    by_depth = np.lexsort((f[:, 0], group))
    best = by_depth[np.searchsorted(group[by_depth], np.arange(len(begins)))]
    kept, fields = n[begins].copy(), f[best]
    kept[:, _LEFT], kept[:, _NEAREST] = n[ends, _LEFT], n[best, _NEAREST]
    either = np.bitwise_or.reduceat(n[:, _FLAGS], begins) & ~(_BEGAN_FLAGS | _ENDED_FLAGS)
    kept[:, _FLAGS] = either | (n[begins, _FLAGS] & _BEGAN_FLAGS) | (n[ends, _FLAGS] & _ENDED_FLAGS)
    return kept, fields, m[best]


def _of_areas(n: Integers, areas: Sequence[Announced], tables: Tables) -> dict[str, pl.Series]:
    place = n[:, _AREA]
    return {
        "area": pl.Series([area.id for area in areas], dtype=pl.String).gather(place),
        "area_name": pl.Series([area.name for area in areas], dtype=pl.String).gather(place),
        "activity": pl.Series([area.activity for area in areas], dtype=pl.String).gather(place),
        "area_doubtful": pl.Series([area.doubtful for area in areas], dtype=pl.Boolean).gather(place),
        "active_from": _moments(tables.opens_us[n[:, _WINDOW]]),
        "active_to": _moments(tables.closes_us[n[:, _WINDOW]]),
    }


def _of_movers(codes: Integers, movers: Movers) -> dict[str, pl.Series]:
    kinds = pl.Series([None, *KINDS], dtype=pl.String)
    names = pl.Series([movers.names.get(code) for code in range(len(movers.ids))], dtype=pl.String)
    return {
        "mover": pl.Series(movers.ids, dtype=pl.String).gather(codes),
        "kind": kinds.gather(movers.kind[: len(movers.ids)]).gather(codes),
        "name": names.gather(codes),
    }


def _motion(f: Floats, n: Integers, bounds: tuple[int | None, int | None]) -> dict[str, pl.Series]:
    flags, signed = n[:, _FLAGS], f[:, 0]
    inside = signed < 0.0
    lon, lat = lon_lat(f[:, 1:4])
    east, north = _over_ground(f, lon, lat)
    speed = np.hypot(east, north) * 1e6 / KNOT_MS
    moving = (flags & FLAGS.MOVED) != 0
    course = np.where((speed > 0.0) & moving, np.degrees(np.arctan2(east, north)) % 360.0, np.nan)
    entered, left = n[:, _ENTERED], n[:, _LEFT]
    return {
        "entered": _moments(entered),
        "left": _moments(left),
        "nearest_at": _moments(np.clip(n[:, _NEAREST], entered, left)),
        "duration_s": pl.Series((left - entered) / 1e6),
        "began": _named(flags, BEGAN, _BEGAN_BITS, _is(entered, bounds[0])),
        "ended": _named(flags, ENDED, _ENDED_BITS, _is(left, bounds[1])),
        "inside": pl.Series(inside),
        "depth_m": pl.Series(np.where(inside, -signed, np.nan), nan_to_null=True),
        "distance_m": pl.Series(np.where(inside, np.nan, signed), nan_to_null=True),
        "moving": pl.Series(moving),
        "lon": pl.Series(lon),
        "lat": pl.Series(lat),
        "altitude_m": pl.Series(f[:, 4], nan_to_null=True),
        "speed_kn": pl.Series(speed),
        "course_deg": pl.Series(course, nan_to_null=True),
    }


def _over_ground(f: Floats, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the rates towards east and north in m / us."""
    sin_lon, cos_lon = np.sin(np.radians(lon)), np.cos(np.radians(lon))
    sin_lat, cos_lat = np.sin(np.radians(lat)), np.cos(np.radians(lat))
    east = -sin_lon * f[:, 5] + cos_lon * f[:, 6]
    north = -sin_lat * (cos_lon * f[:, 5] + sin_lon * f[:, 6]) + cos_lat * f[:, 7]
    return east, north


def _is(times: Integers, bound: int | None) -> npt.NDArray[np.bool_]:
    """Tell which times are a bound."""
    return np.zeros(times.shape, np.bool_) if bound is None else times == bound


def _named(
    flags: Integers, names: Sequence[str], bits: Sequence[int], at_bound: npt.NDArray[np.bool_]
) -> pl.Series:
    """Return the name that the flag set says; without one the last where the search was bounded, else the first."""
    which = np.where(at_bound, len(names) - 1, 0)
    for place, bit in enumerate(bits, start=1):
        which[(flags & bit) != 0] = place
    return pl.Series(names, dtype=pl.String).gather(which)


def _state(mover: str) -> str:
    """Return the state that a mover's radio identity tells, "" when none."""
    kind, _, number = mover.partition(":")
    number = number.partition("~")[0]
    if kind == "mmsi" and number.isdecimal():
        return state_of_mmsi(int(number))
    if kind == "icao24":
        try:
            return state_of_icao24(int(number, 16))
        except ValueError:
            return ""
    return ""


def _third_party(
    n: Integers, areas: Sequence[Announced], side: pl.Series, state: npt.NDArray[np.object_], *, has_sides: bool
) -> pl.Series:
    """Tell who is neither of a side nor, by its radio identity, of the state that announced the area."""
    announcer = np.array([area.author_state for area in areas], object)[n[:, _AREA]]
    of_announcer = (announcer == state) & (state != "")
    if has_sides:
        of_announcer |= (side != "").to_numpy()
    return pl.Series(~of_announcer.astype(np.bool_))


def _quality(n: Integers, f: Floats, marks: Marks, areas: Sequence[Announced], margin_m: float) -> pl.Series:
    """Tell what is certain: at the nearest point, in spite of its doubt, the mover was within every limit."""
    place = n[:, _AREA]
    lower = np.array([area.lower_m for area in areas])[place]
    upper = np.array([area.upper_m for area in areas])[place]
    datum = np.array([area.datum for area in areas], object)[place]
    own = np.array(_DATUM_OF_MARK, object)[marks >> DATUM_SHIFT]
    doubt = np.select(
        [own == "sea", ((own == "pressure") | (own == "")) == (datum == "std")],
        [0.0, np.where(datum == "std", quality.VERTICAL_DOUBT_M, quality.GEOID_DOUBT_M)],
        default=quality.PRESSURE_DOUBT_M,
    )
    height = f[:, 4]
    flat = (n[:, _FLAGS] & FLAGS.HEIGHT_UNKNOWN) == 0
    within = ~(height - doubt < lower) & ~(height + doubt > upper)
    certain = (f[:, 0] + f[:, 8] < margin_m) & flat & (within | (np.isinf(lower) & np.isinf(upper)))
    return pl.Series(np.where(certain, "certain", "possible"))


def _moments(time_us: Integers | Floats) -> pl.Series:
    """Return times since 1970; null for those that are not finite."""
    finite = np.isfinite(time_us)
    values = np.where(finite, time_us, 0).astype(np.int64)
    series = pl.Series(values).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return series.to_frame("t").select(pl.when(pl.Series(finite)).then(pl.col("t")))["t"]
