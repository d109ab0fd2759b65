"""Land as closed rings of WGS 84 longitudes and latitudes, as fine as a map of given places needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

__all__ = ["EARTH_RADIUS_M", "Ring", "land", "near_m"]

Floats = npt.NDArray[np.float64]

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius: good enough to choose how much detail to draw."""

_FINEST_M = 16.0
_STEPS_PER_DOUBLING = 8.0
_DETAIL_PER_DISTANCE = 1.0 / 250.0
"""Far from every place of interest, detail may be this share of the distance to it."""
_CELL_DEG = 1.0
_PLACES_MAX = 400
_POLE_DEG = -89.9
_ALWAYS = 1e30
"""The worth of a vertex that must stay."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One piece of land: shape (vertices, 2), the first vertex again at the end.

    made: for each edge whether it is no shore: it runs along the map's bounds, along longitude 180 where the
    source cuts land in two, or closes Antarctica at the pole.
    """

    lon_lat_deg: Floats
    made: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Stored:
    lon_lat_deg: Floats
    detail_m: Floats
    start: npt.NDArray[np.int32]
    bounds_deg: Floats  # one row a ring: west, south, east, north
    always: npt.NDArray[np.bool_]  # of each vertex, whether a cut in the source begins or ends there


@cache
def _stored() -> _Stored:
    with files("detente.encounters.coast").joinpath("land.npz").open("rb") as packed, np.load(packed) as arrays:
        steps = np.stack(
            [
                arrays[f"step_{axis}_low"].astype(np.int32) + (arrays[f"step_{axis}_high"].astype(np.int32) << 8)
                for axis in "xy"
            ],
            axis=1,
        )
        places = np.cumsum(steps, axis=0) * arrays["scale"] + arrays["translate"]
        detail_m = _FINEST_M * 2.0 ** (arrays["level"] / _STEPS_PER_DOUBLING)
        start = arrays["ring_start"]
    low = np.minimum.reduceat(places, start[:-1], axis=0)
    high = np.maximum.reduceat(places, start[:-1], axis=0)
    seam = _on_seam(places)
    # each ring ends with its first vertex once more, which therefore follows the last
    before, after = np.roll(seam, 1), np.roll(seam, -1)
    before[start[:-1]] = seam[start[1:] - 2]
    return _Stored(places, detail_m, start, np.hstack([low, high]), seam & ~(before & after))


def land(
    places_deg: Floats,
    *,
    bounds_deg: tuple[float, float, float, float],
    coarsest_m: float,
    vertices_max: int = 60_000,
) -> list[Ring]:
    """Return the land that a map of these places needs.

    places_deg: shape (n, 2), longitude and latitude of what the map is about; detail is full near them and
    falls off with distance. bounds_deg: west, south, east, north of the map, west < east, both within
    [-540, 540] so that a map may lie across the antimeridian (rings come shifted by whole turns to lie in it).
    coarsest_m: size of a detail that the map cannot show anywhere but near the places. When more than about
    ``vertices_max`` vertices would come out, everything is made coarser until they do not.
    """
    stored = _stored()
    west, south, east, north = bounds_deg
    grid_m = _allowed_grid_m(places_deg, coarsest_m)
    worth = _worths(stored, grid_m)
    kept = worth >= 1.0
    shown = np.add.reduceat(kept, stored.start[:-1], dtype=np.int64) - kept[stored.start[1:] - 1] >= 3
    pieces: list[_Piece] = []
    for turn in (-360.0, 0.0, 360.0, 720.0):
        touched = np.flatnonzero(
            (stored.bounds_deg[:, 0] + turn <= east)
            & (stored.bounds_deg[:, 2] + turn >= west)
            & (stored.bounds_deg[:, 1] <= north)
            & (stored.bounds_deg[:, 3] >= south)
            # an island too small to see needs no work, unless the edge of the map cuts it
            & (shown | ~_within(stored.bounds_deg, turn, bounds_deg))
        )
        pieces.extend(
            piece for ring in touched if (piece := _piece(stored, int(ring), turn, bounds_deg, worth)) is not None
        )
    factor = _factor([worth for _, worth in pieces], vertices_max)
    rings = (_thinned(places, worth >= factor, bounds_deg) for places, worth in pieces)
    return [ring for ring in rings if ring is not None]


_Piece = tuple[Floats, Floats]
"""Vertices of an open ring, and each one's worth: its detail over what may be left out there."""


def _worths(stored: _Stored, grid_m: Floats) -> Floats:
    """Return the worth of every vertex: what is below 1 is finer than the map shows there."""
    places = stored.lon_lat_deg
    column = (((places[:, 0] + 180.0) % 360.0) / _CELL_DEG).astype(np.intp) % grid_m.shape[1]
    row = np.clip(((places[:, 1] + 90.0) / _CELL_DEG).astype(np.intp), 0, grid_m.shape[0] - 1)
    return np.where(stored.always, _ALWAYS, stored.detail_m / grid_m[row, column])


def _within(
    rings_deg: Floats, turn_deg: float, bounds_deg: tuple[float, float, float, float]
) -> npt.NDArray[np.bool_]:
    """Tell which rings, given by their bounds, lie wholly on the map."""
    west, south, east, north = bounds_deg
    return np.asarray(
        (rings_deg[:, 0] + turn_deg >= west)
        & (rings_deg[:, 2] + turn_deg <= east)
        & (rings_deg[:, 1] >= south)
        & (rings_deg[:, 3] <= north)
    )


def _piece(
    stored: _Stored, ring: int, turn_deg: float, bounds_deg: tuple[float, float, float, float], worth: Floats
) -> _Piece | None:
    part = slice(stored.start[ring], stored.start[ring + 1] - 1)
    places = stored.lon_lat_deg[part]
    vertices = np.column_stack([places[:, 0] + turn_deg, places[:, 1], worth[part]])
    low, high = vertices[:, :2].min(axis=0), vertices[:, :2].max(axis=0)
    for axis, limit, sign in ((0, 0, 1.0), (1, 1, 1.0), (0, 2, -1.0), (1, 3, -1.0)):
        inside = low[axis] >= bounds_deg[limit] if sign > 0 else high[axis] <= bounds_deg[limit]
        if not inside:
            vertices = _cut(vertices, axis, bounds_deg[limit], sign)
            if len(vertices) < 3:
                return None
    return vertices[:, :2], vertices[:, 2]


def _cut(vertices: Floats, axis: int, limit: float, sign: float) -> Floats:
    """Keep the part of an open ring on one side of a line (Sutherland and Hodgman's way).

    vertices: columns x, y, worth; vertices made on the line get endless worth so that no thinning moves them.
    """
    beyond = sign * (vertices[:, axis] - limit)
    following = np.roll(vertices, -1, axis=0)
    beyond_next = np.roll(beyond, -1)
    inside = beyond >= 0
    crossing = inside != (beyond_next >= 0)
    span = np.where(crossing, beyond - beyond_next, 1.0)
    made = vertices + (following - vertices) * (beyond / span)[:, None]
    made[:, axis], made[:, 2] = limit, _ALWAYS
    both = np.stack([vertices, made], axis=1).reshape(-1, 3)
    return np.asarray(both[np.stack([inside, crossing], axis=1).reshape(-1)])


def _factor(worths: list[Floats], vertices_max: int) -> float:
    """Return the least worth to keep: 1, or more where more than vertices_max would be kept."""
    worth = np.concatenate(worths) if worths else np.empty(0)
    if np.count_nonzero(worth >= 1.0) <= vertices_max:
        return 1.0
    return float(np.partition(worth, -vertices_max)[-vertices_max])


def _thinned(
    places: Floats, keep: npt.NDArray[np.bool_], bounds_deg: tuple[float, float, float, float]
) -> Ring | None:
    if np.count_nonzero(keep) < 3:
        return None
    kept = places[keep]
    closed = np.vstack([kept, kept[:1]])
    made = np.zeros(len(kept), dtype=bool)
    for axis, line in ((0, bounds_deg[0]), (1, bounds_deg[1]), (0, bounds_deg[2]), (1, bounds_deg[3])):
        on_line = np.abs(closed[:, axis] - line) < 1e-9
        made |= on_line[:-1] & on_line[1:]
    seam = _on_seam(closed)
    made |= seam[:-1] & seam[1:]
    return Ring(closed, made)


def _on_seam(places_deg: Floats) -> npt.NDArray[np.bool_]:
    """Tell which vertices lie on longitude 180, where the source cuts some land in two, or at the pole."""
    return np.asarray((np.abs(places_deg[:, 0] % 360.0 - 180.0) < 1e-6) | (places_deg[:, 1] < _POLE_DEG))


def _allowed_grid_m(places_deg: Floats, coarsest_m: float) -> Floats:
    """Return for each one-degree cell the size of detail that may be left out there."""
    lon = np.arange(-180.0, 180.0, _CELL_DEG) + _CELL_DEG / 2.0
    lat = np.arange(-90.0, 90.0, _CELL_DEG) + _CELL_DEG / 2.0
    cells = np.stack(np.meshgrid(lon, lat), axis=-1).reshape(-1, 2)
    nearest_m = np.full(len(cells), np.inf)
    for place in _spread(places_deg):
        np.minimum(nearest_m, near_m(cells, place), out=nearest_m)
    half_cell_m = np.radians(_CELL_DEG) * EARTH_RADIUS_M * 0.75
    # a metre, not 0: what may be left out divides
    allowed_m = np.clip((nearest_m - half_cell_m) * _DETAIL_PER_DISTANCE, 1.0, max(coarsest_m, 1.0))
    return np.asarray(allowed_m.reshape(len(lat), len(lon)))


def _spread(places_deg: Floats) -> Floats:
    """Return at most about _PLACES_MAX of the places, spread as the places are."""
    cell_deg = 0.25
    while True:
        _, first = np.unique(np.floor(places_deg / cell_deg), axis=0, return_index=True)
        if len(first) <= _PLACES_MAX:
            return places_deg[np.sort(first)]
        cell_deg *= 2.0


def near_m(places_deg: Floats, place_deg: Floats) -> Floats:
    """Return great-circle distances on a sphere from each place (n, 2) to one place."""
    lon, lat = np.radians(places_deg[:, 0]), np.radians(places_deg[:, 1])
    lon0, lat0 = np.radians(place_deg)
    half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    return np.asarray(2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))
