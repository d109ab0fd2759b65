"""Long legs cut at points of their geodesic, so that chords stay near the surface."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from detente.encounters.kernel_legs import A_M, E2, FOLLOWED, LEG_M_MAX
from detente.encounters.motion import lon_lat

__all__ = ["split_long_legs"]

_GEOD = Geod(ellps="WGS84")

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


def split_long_legs(
    first: Integers,
    times: Floats,
    points: Floats,
    rcs: Singles,
    ages: Singles,
    marks: Bytes,
    leg: Bytes,
    length: Floats,
) -> tuple[Integers, Floats, Floats, Singles, Singles, Bytes, Bytes, Floats, Floats]:
    """Return the same arrays with points of the geodesic put into legs longer than LEG_M_MAX.

    The points stand at whole microseconds, where constant speed along the geodesic has them. The two last
    results say of each leg or part of a leg when the whole leg begins and ends.
    """
    ends = np.append(times[1:], times[-1:])
    long = np.flatnonzero((leg & FOLLOWED > 0) & (length > LEG_M_MAX))
    # a part lasts at least a microsecond
    parts = np.minimum(np.ceil(length[long] / LEG_M_MAX), ends[long] - times[long]).astype(np.int64)
    long, parts = long[parts > 1], parts[parts > 1]
    if not long.size:
        return first, times, points, rcs, ages, marks, leg, times, ends
    copies = np.ones(times.size, np.int64)
    copies[long] = parts
    source = np.repeat(np.arange(times.size), copies)
    starts = np.cumsum(copies) - copies
    number = np.arange(source.size) - starts[source]
    put = np.flatnonzero(number)
    new_times, new_points = times[source], points[source]
    begin = source[put]
    share = number[put] / copies[begin]
    new_times[put] += np.rint(share * (ends[begin] - times[begin]))
    share = (new_times[put] - times[begin]) / (ends[begin] - times[begin])
    new_points[put] = _between(points[begin], points[begin + 1], share)
    new_first = np.append(starts, source.size)[first]
    return (
        new_first,
        new_times,
        new_points,
        rcs[source],
        ages[source],
        marks[source],
        leg[source],
        times[source],
        ends[source],
    )


def _between(start: Floats, end: Floats, share: Floats) -> Floats:
    """Return the points (n, 4) at a share of the geodesics' lengths; heights linear."""
    lon1, lat1 = lon_lat(start)
    lon2, lat2 = lon_lat(end)
    azimuth, _, distance_m = _GEOD.inv(lon1, lat1, lon2, lat2)
    lon, lat, _ = _GEOD.fwd(lon1, lat1, azimuth, distance_m * share)
    east, north = np.radians(lon), np.radians(lat)
    normal = A_M / np.sqrt(1.0 - E2 * np.sin(north) ** 2)
    return np.stack(
        [
            normal * np.cos(north) * np.cos(east),
            normal * np.cos(north) * np.sin(east),
            normal * (1.0 - E2) * np.sin(north),
            start[:, 3] + share * (end[:, 3] - start[:, 3]),
        ],
        axis=1,
    )
