"""The map of the encounters: a projection that fits their places, land below, one symbol each.

Mercator, or polar stereographic where every encounter lies beyond 70 degrees on one side. The reader's browser
adds graticule and scale bar, because both change with the zoom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.encounters.coast.land import EARTH_RADIUS_M, land
from detente.encounters.places import middle, wrapped_deg

__all__ = ["Chart", "fit", "land_paths", "locator", "path", "places_of", "symbols"]

Floats = npt.NDArray[np.float64]

WIDTH = 1000.0
_HEIGHT_LEAST, _HEIGHT_MOST = 480.0, 640.0
_LAT_MOST_DEG = 84.0
_WIDTH_LEAST_M = 16_000.0
_MARGIN = 1.3
_AROUND = 2.0
"""How many view widths of land are drawn on each side, for who zooms out."""
_PATH_UNIT = 0.01
_LOCATOR_M = 2_600_000.0
_LOCATOR_HEIGHT = 760.0
_CLASSES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Chart:
    """A fitted map: x = centre_x + factor * east, y = centre_y - factor * north, in units of the drawing.

    polar: 0 Mercator, 1 north, -1 south polar stereographic; factor: units a radian at scale 1.
    """

    polar: int
    lon0_deg: float
    factor: float
    centre_x: float
    centre_y: float
    height: float

    def project(self, lon_lat_deg: Floats) -> Floats:
        """Return x, y in units of the drawing; longitudes may be any turn."""
        plane = _plane(self.polar, self.lon0_deg, lon_lat_deg)
        return np.column_stack(
            [self.centre_x + self.factor * plane[:, 0], self.centre_y - self.factor * plane[:, 1]]
        )

    def metres_per_unit(self) -> float:
        """Return the scale at the middle of the map."""
        if self.polar:
            return EARTH_RADIUS_M / self.factor
        north = (self.centre_y - self.height / 2.0) / self.factor
        return EARTH_RADIUS_M / math.cosh(north) / self.factor


def places_of(rows: list[dict[str, Any]]) -> Floats:
    """Return the middle of each encounter, shape (n, 2): longitude and latitude in degrees."""
    return np.array([middle((r["lon_a"], r["lat_a"]), (r["lon_b"], r["lat_b"])) for r in rows]).reshape(-1, 2)


def _plane(polar: int, lon0_deg: float, lon_lat_deg: Floats) -> Floats:
    """Return east and north in radians at scale 1 of the projection."""
    lon = np.radians(lon_lat_deg[:, 0] - lon0_deg)
    lat = np.radians(lon_lat_deg[:, 1])
    if not polar:
        limit = math.radians(_LAT_MOST_DEG)
        return np.column_stack([lon, np.arcsinh(np.tan(np.clip(lat, -limit, limit)))])
    away = 2.0 * np.tan((math.pi / 2.0 - polar * lat) / 2.0)
    return np.column_stack([away * np.sin(lon), -polar * away * np.cos(lon)])


def fit(places_deg: Floats) -> Chart:
    """Return the map that shows all these places with a margin around them."""
    polar = 1 if places_deg[:, 1].min() > 70.0 else -1 if places_deg[:, 1].max() < -70.0 else 0
    lon0 = _middle_longitude(places_deg[:, 0])
    relative = np.column_stack([lon0 + _wrapped(places_deg[:, 0] - lon0), places_deg[:, 1]])
    plane = _plane(polar, lon0, relative)
    low, high = plane.min(axis=0), plane.max(axis=0)
    centre = (low + high) / 2.0
    lat_scale = 1.0 if polar else math.cosh(centre[1])
    least = _WIDTH_LEAST_M / EARTH_RADIUS_M * lat_scale
    width, height = np.maximum((high - low) * _MARGIN, [least, least * _HEIGHT_LEAST / WIDTH])
    width = max(width, height * WIDTH / _HEIGHT_MOST)
    if not polar:
        width = min(width, 2.0 * math.pi)
    tall = min(max(height / width * WIDTH, _HEIGHT_LEAST), _HEIGHT_MOST)
    factor = WIDTH / width
    return Chart(polar, lon0, factor, WIDTH / 2.0 - centre[0] * factor, tall / 2.0 + centre[1] * factor, tall)


def _wrapped(degrees: Floats) -> Floats:
    return (degrees + 180.0) % 360.0 - 180.0


def _middle_longitude(lon_deg: Floats) -> float:
    """Return the middle of the shortest arc that holds all longitudes (opposite the largest empty one)."""
    ordered = np.unique(lon_deg % 360.0)
    if len(ordered) == 1:
        return wrapped_deg(float(ordered[0]))
    gaps = np.diff(np.append(ordered, ordered[0] + 360.0))
    widest = int(np.argmax(gaps))
    if gaps[widest] < 60.0:  # all around the world: the usual map is what a reader knows
        return 0.0
    return wrapped_deg(float(ordered[widest] + gaps[widest] / 2.0 + 180.0))


def land_paths(chart: Chart, places_deg: Floats) -> tuple[str, str]:
    """Return two SVG paths in hundredths of a unit: the land to fill, its shore to draw."""
    bounds = _bounds(chart)
    rings = land(places_deg, bounds_deg=bounds, coarsest_m=0.8 * chart.metres_per_unit())
    fill: list[str] = []
    shore: list[str] = []
    for ring in rings:
        points = np.round(chart.project(ring.lon_lat_deg) / _PATH_UNIT).astype(np.int64)
        if chart.polar and np.abs(points).max() > 50 * WIDTH / _PATH_UNIT:
            continue
        fill.append(path(points[:-1]) + "z")
        shore.extend(_shore(points, ring.made))
    return "".join(fill), "".join(shore)


def locator(chart: Chart) -> dict[str, Any] | None:
    """Return a coarse map of the surroundings and the frame of the chart in it; None when it shows enough itself.

    Keys: height, fill (a path in hundredths of a unit), frame (x, y, width, height in units).
    """
    wide_m = chart.metres_per_unit() * WIDTH
    if chart.polar or wide_m > _LOCATOR_M / 3.0:
        return None
    share = wide_m / _LOCATOR_M
    around = Chart(
        polar=0,
        lon0_deg=chart.lon0_deg,
        factor=chart.factor * share,
        centre_x=WIDTH / 2.0 + (chart.centre_x - WIDTH / 2.0) * share,
        centre_y=_LOCATOR_HEIGHT / 2.0 + (chart.centre_y - chart.height / 2.0) * share,
        height=_LOCATOR_HEIGHT,
    )
    rings = land(np.empty((0, 2)), bounds_deg=_bounds(around, 0.02), coarsest_m=_LOCATOR_M / 160.0)
    fill = [path(np.round(around.project(ring.lon_lat_deg) / _PATH_UNIT).astype(np.int64)[:-1]) for ring in rings]
    size = (max(WIDTH * share, 24.0), max(chart.height * share, 16.0))
    corner = (WIDTH / 2.0 - size[0] / 2.0, _LOCATOR_HEIGHT / 2.0 - size[1] / 2.0)
    return {
        "height": _LOCATOR_HEIGHT,
        "fill": "z".join(fill) + "z",
        "frame": [round(value, 1) for value in (*corner, *size)],
    }


def _bounds(chart: Chart, around: float = _AROUND) -> tuple[float, float, float, float]:
    if chart.polar:
        return (-180.0, 40.0, 180.0, 90.0) if chart.polar > 0 else (-180.0, -90.0, 180.0, -40.0)
    half = min((0.5 + around) * WIDTH / chart.factor, math.pi)
    middle_x = (WIDTH / 2.0 - chart.centre_x) / chart.factor
    middle_y = (chart.centre_y - chart.height / 2.0) / chart.factor
    tall = (0.5 + around) * chart.height / chart.factor
    south, north = (
        max(-_LAT_MOST_DEG, min(_LAT_MOST_DEG, math.degrees(math.atan(math.sinh(edge)))))
        for edge in (middle_y - tall, middle_y + tall)
    )
    west, east = (chart.lon0_deg + math.degrees(middle_x + edge) for edge in (-half, half))
    return west, south, east, north


def path(points: npt.NDArray[np.int64]) -> str:
    """Return an SVG path through points in hundredths of a unit."""
    steps = np.diff(points, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    text = " ".join(f"{x} {y}" for x, y in steps.tolist()).replace(" -", "-")
    return f"M{points[0][0]} {points[0][1]}" + (f"l{text}" if text else "")


def _shore(points: npt.NDArray[np.int64], made: npt.NDArray[np.bool_]) -> list[str]:
    """Return the parts of a ring that are shore: without the edges that only bound the map or the source."""
    if not made.any():
        return [path(points[:-1]) + "z"]
    breaks = np.flatnonzero(made)
    starts = np.append(0, breaks + 1)
    ends = np.append(breaks, len(points) - 1)
    return [path(points[a : b + 1]) for a, b in zip(starts, ends, strict=True) if b > a]


def shape(row: dict[str, Any]) -> str:
    """Return what the symbol shows by its shape: two ships, two aircraft, or one of each (or another kind)."""
    kinds = {row["kind_a"], row["kind_b"]}
    if kinds == {"ship"}:
        return "ships"
    return "aircraft" if kinds == {"aircraft"} else "mixed"


def severity_class(severity: float | None) -> int:
    """Return 1 (closest quarter of the limit) to 4; 4 also when unknown."""
    return 4 if severity is None else 1 + sum(severity >= edge for edge in _CLASSES)


def symbols(
    chart: Chart, rows: list[dict[str, Any]], places_deg: Floats
) -> list[tuple[int, str, str, float, float]]:
    """Return number, shape, classes, x, y of each symbol, the closest last so that it lies on top."""
    at = chart.project(
        np.column_stack([chart.lon0_deg + _wrapped(places_deg[:, 0] - chart.lon0_deg), places_deg[:, 1]])
    )
    drawn = [
        (
            number,
            shape(row),
            f"s{severity_class(row['severity'])}{' possible' if row['quality'] == 'possible' else ''}",
            round(float(x), 2),
            round(float(y), 2),
        )
        for number, (row, (x, y)) in enumerate(zip(rows, at, strict=True))
    ]
    return sorted(drawn, key=lambda symbol: -(rows[symbol[0]]["severity"] or 0.0))
