"""Announced areas as the tables that kernels read: parts, edges, cells, heights and windows.

Edges are geodesics, cut to pieces of at most EDGE_M, along which a plane through the earth's centre stands for the
geodesic within a centimetre. An arc is drawn with so many edges that they leave it by at most SAGITTA_M; a circle
up to TUBE_M stays exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from detente import words
from detente.encounters.announced import Announced
from detente.encounters.area_codes import EDGE_COLUMNS, PART_COLUMNS
from detente.encounters.errors import AreaMistake
from detente.encounters.kernel_cells import CELLS, cells_of_balls
from detente.encounters.kernel_legs import A_M, E2, LEG_M_MAX
from detente.notices.shapes import Arc, ArcPolygon, Circle, Corridor, Polygon

__all__ = ["EDGE_M", "SAGITTA_M", "TUBE_M", "Tables", "tables_of"]

say = words.speaker("encounters")

EDGE_M = 50_000.0
SAGITTA_M = 0.1
TUBE_M = 185_200.0
"""Up to 100 NM the chord of a distance stands for the geodesic within 0.1 m."""
HALF_MOST = math.radians(80.0)
"""An area reaches at most so far from its middle."""

_GEOD = Geod(ellps="WGS84")
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
LonLat = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Tables:
    """See detente.encounters.area_codes; opens_us and closes_us are microseconds since 1970, -inf and inf open."""

    part_first: Integers
    parts: Floats
    edge_first: Integers
    edges: Floats
    limits: Floats
    window_first: Integers
    opens_us: Floats
    closes_us: Floats
    cell_first: Integers
    cell_areas: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines of points (lon, lat in degrees); radius_m above 0: a tube around them, else they bound a polygon."""

    lines: tuple[tuple[LonLat, ...], ...]
    radius_m: float


def tables_of(areas: Sequence[Announced], margin_m: float) -> Tables:
    """Return the tables of areas to be searched with a margin; raises AreaMistake for an area of half the earth."""
    part_first, edge_first = [0], [0]
    parts: list[Floats] = []
    edges: list[Floats] = []
    for area in areas:
        for part in _parts(area):
            drawn = _edges(part)
            parts.append(_part(part, drawn, area))
            edges.append(drawn)
            edge_first.append(edge_first[-1] + len(drawn))
        part_first.append(len(parts))
    all_parts = np.array(parts).reshape(-1, PART_COLUMNS)
    balls = np.array(all_parts[:, :4], order="C")
    # a leg is looked up by its beginning: it goes on for LEG_M_MAX at most, and lies a little below the surface
    balls[:, 3] += margin_m * 1.001 + LEG_M_MAX * 1.01 + 100.0
    area_of = np.repeat(np.arange(len(areas), dtype=np.int64), np.diff(part_first))
    cell_first, cell_areas = (
        cells_of_balls(balls, area_of)
        if parts
        else (np.zeros(6 * CELLS * CELLS + 1, np.int64), np.empty(0, np.int32))
    )
    windows = [period for area in areas for period in area.windows]
    return Tables(
        part_first=np.array(part_first, np.int64),
        parts=all_parts,
        edge_first=np.array(edge_first, np.int64),
        edges=np.concatenate(edges) if edges else np.empty((0, EDGE_COLUMNS)),
        limits=np.array([(area.lower_m, area.upper_m) for area in areas]).reshape(-1, 2),
        window_first=np.cumsum([0, *(len(area.windows) for area in areas)]).astype(np.int64),
        opens_us=np.array([-math.inf if start is None else _us(start.timestamp()) for start, _ in windows]),
        closes_us=np.array([math.inf if end is None else _us(end.timestamp()) for _, end in windows]),
        cell_first=cell_first,
        cell_areas=cell_areas,
    )


def _us(timestamp_s: float) -> float:
    return float(round(timestamp_s * 1e6))


def _parts(area: Announced) -> list[_Part]:
    """Return the parts whose union an area is."""
    shape = area.shape
    if isinstance(shape, Polygon):
        ring = [(position.lon_deg, position.lat_deg) for position in shape.ring]
        return [_Part((_cut([*ring, ring[0]]),), 0.0)]
    if isinstance(shape, ArcPolygon):
        return [_Part((_cut(_drawn(shape)),), 0.0)]
    if isinstance(shape, Circle):
        centre, radius = (shape.centre.lon_deg, shape.centre.lat_deg), float(shape.radius_m)
        if radius <= TUBE_M:
            return [_Part(((centre, centre),), radius)]
        return [_Part((_cut(_arc(centre, radius, 0.0, 360.0)),), 0.0)]
    if isinstance(shape, Corridor):
        way = [(position.lon_deg, position.lat_deg) for position in shape.way]
        return [_Part((_cut(way),), float(shape.half_width_m))]
    return [_Part(tuple(_cut([*ring, ring[0]]) for ring in shape), 0.0)]


def _drawn(shape: ArcPolygon) -> list[LonLat]:
    """Return the points of a boundary with arcs, closed; each arc about its centre from where the last piece ended."""
    last = shape.pieces[-1].to
    points: list[LonLat] = [(last.lon_deg, last.lat_deg)]
    for piece in shape.pieces:
        end = (piece.to.lon_deg, piece.to.lat_deg)
        if isinstance(piece, Arc):
            centre = (piece.centre.lon_deg, piece.centre.lat_deg)
            begin_deg, _, _ = _GEOD.inv(*centre, *points[-1])
            end_deg, _, _ = _GEOD.inv(*centre, *end)
            turn = (end_deg - begin_deg) % 360.0 or 360.0
            if piece.turn == "anticlockwise":
                turn = turn - 360.0 if turn < 360.0 else -360.0
            points.extend(_arc(centre, float(piece.radius_m), begin_deg, begin_deg + turn)[1:-1])
        points.append(end)
    return points


def _arc(centre: LonLat, radius_m: float, begin_deg: float, end_deg: float) -> list[LonLat]:
    """Return points of an arc from bearing to bearing, near enough that edges leave it by SAGITTA_M at most."""
    step = 2.0 * math.acos(max(1.0 - SAGITTA_M / radius_m, 0.0))
    count = max(math.ceil(math.radians(abs(end_deg - begin_deg)) / step), 3)
    bearings = np.linspace(begin_deg, end_deg, count + 1)
    lon, lat, _ = _GEOD.fwd(
        np.full(count + 1, centre[0]), np.full(count + 1, centre[1]), bearings, np.full(count + 1, radius_m)
    )
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def _cut(points: Sequence[LonLat]) -> tuple[LonLat, ...]:
    """Return a line with points of the geodesics put in where two are farther apart than EDGE_M."""
    cut = [points[0]]
    for a, b in pairwise(points):
        pieces = math.ceil(_GEOD.inv(*a, *b)[2] / EDGE_M)
        if pieces > 1:
            cut.extend(_GEOD.npts(*a, *b, pieces - 1))
        cut.append(b)
    return tuple(cut)


def _placed(points: Sequence[LonLat]) -> Floats:
    """Return earth-centred coordinates (n, 3) in metres of points on the ellipsoid."""
    lon, lat = np.radians(np.array(points)).T
    normal = A_M / np.sqrt(1.0 - E2 * np.sin(lat) ** 2)
    return np.stack(
        [
            normal * np.cos(lat) * np.cos(lon),
            normal * np.cos(lat) * np.sin(lon),
            normal * (1.0 - E2) * np.sin(lat),
        ],
        axis=1,
    )


def _cross(a: Floats, b: Floats) -> Floats:
    """Return the vector products of rows; NumPy's own takes a hundred times longer for a few."""
    x, y, z = a[..., 0], a[..., 1], a[..., 2]
    u, v, w = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=-1)


def _edges(part: _Part) -> Floats:
    """Return the edges of a part without their projected ends."""
    ends = [_placed(line) for line in part.lines]
    a, b = np.concatenate([line[:-1] for line in ends]), np.concatenate([line[1:] for line in ends])
    if part.radius_m == 0.0:
        apart = np.linalg.norm(b - a, axis=1) > 1e-6
        a, b = a[apart], b[apart]
    table = np.zeros((len(a), EDGE_COLUMNS))
    normal = _cross(a, b)
    size = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.divide(normal, size, out=np.zeros_like(normal), where=size > 0.0)
    table[:, 0:3], table[:, 3:6], table[:, 6:9] = a, b, normal
    for column, end in ((9, a), (12, b)):
        tangent = _cross(normal, end)
        size = np.linalg.norm(tangent, axis=1, keepdims=True)
        table[:, column : column + 3] = np.divide(tangent, size, out=np.zeros_like(tangent), where=size > 0.0)
    table[:, 19:22] = 0.5 * (a + b)
    table[:, 22] = 0.5 * np.linalg.norm(b - a, axis=1)
    return table


def _part(part: _Part, edges: Floats, area: Announced) -> Floats:
    """Return the row of a part, and fill in its edges' ends in its own projection."""
    row = np.zeros(PART_COLUMNS)
    points = np.concatenate([edges[:, 0:3], edges[:, 3:6]])
    middle = points.mean(axis=0)
    size = float(np.linalg.norm(middle))
    up = middle / size if size > 0.0 else np.array([0.0, 0.0, 1.0])
    farthest = float(np.min(points @ up / np.linalg.norm(points, axis=1)))
    if size == 0.0 or farthest < math.cos(HALF_MOST):
        raise AreaMistake(
            expected=say("an area that reaches at most 80 degrees from its middle"),
            came=area.name or area.id,
            where=area.id,
            remedy=say("cut it into smaller areas"),
        )
    side = np.zeros(3)
    side[int(np.argmin(np.abs(up)))] = 1.0
    east = _cross(side, up)
    east /= np.linalg.norm(east)
    north = _cross(up, east)
    on_ground = up * (A_M / math.sqrt(1.0 + up[2] ** 2 * E2 / (1.0 - E2)))
    row[0:3] = on_ground
    # a cap of a sphere holds the edges between its points; the ellipsoid differs from one by less than that
    row[3] = 1.007 * (float(np.max(np.linalg.norm(points - on_ground, axis=1))) + part.radius_m) + 50.0
    row[4:7], row[7:10], row[10:13], row[13] = east, north, up, part.radius_m
    for column, end in ((15, edges[:, 0:3]), (17, edges[:, 3:6])):
        height = end @ up
        edges[:, column], edges[:, column + 1] = end @ east / height, end @ north / height
    return row
