"""The map of visits: areas with their names, the visitors' tracks around their visits, one symbol a visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.areas.outcomes import Unplaced
from detente.areas.outlines import outline
from detente.door.terminal import visible
from detente.encounters.announced import Announced
from detente.encounters.report import chart, visits_labels

__all__ = ["AREAS_MAX", "TRACKS_MAX", "drawn"]

Floats = npt.NDArray[np.float64]

AREAS_MAX = 500
TRACKS_MAX = 200
"""So many areas and tracks are drawn at most, the visited and the deepest first."""
_AROUND = timedelta(minutes=20)
_FIXES_MAX = 400
_FAR = 50_000.0 / 0.01
"""Nothing is drawn that far from the map, in hundredths of a unit."""


def drawn(
    visits: pl.DataFrame, areas: Sequence[Announced], tracks: pl.LazyFrame, max_gap_s: float
) -> dict[str, Any] | None:
    """Return what the template draws; None when no area has an outline and nobody visited."""
    visited = set(visits["area"].to_list())
    ordered = sorted(areas, key=lambda area: area.id not in visited)[:AREAS_MAX]
    rings = [(area, ring) for area in ordered for ring in _rings(area)]
    rows = visits.to_dicts()
    places = np.array([(row["lon"], row["lat"]) for row in rows]).reshape(-1, 2)
    shown = [ring for area, ring in rings if area.id in visited or not visited]
    around = np.concatenate([places, *shown])
    if not len(around):
        return None
    fitted = chart.fit(np.column_stack([(around[:, 0] + 180.0) % 360.0 - 180.0, around[:, 1]]))
    land_around = places if len(places) else around
    fill, shore = chart.land_paths(fitted, land_around)
    return {
        "height": round(fitted.height, 1),
        "fill": fill,
        "shore": shore,
        "locator": chart.locator(fitted),
        "areas": [
            {"path": path, "visited": area.id in visited, "doubtful": area.doubtful, "title": _title(area)}
            for area, ring in rings
            if (path := _path(fitted, ring, closed=True))
        ],
        "names": _names(fitted, rings, visited),
        "tracks": _tracks(fitted, visits.head(TRACKS_MAX), tracks, max_gap_s),
        "symbols": _symbols(fitted, rows, places),
        "projection": [fitted.polar, fitted.lon0_deg, fitted.factor, fitted.centre_x, fitted.centre_y],
    }


def _rings(area: Announced) -> list[Floats]:
    """Return the outline of an area: lines of longitude and latitude."""
    if isinstance(area.shape, tuple):
        return [np.array(ring) for ring in area.shape]
    try:
        return [np.array(ring) for ring in outline(area.shape)]
    except Unplaced:
        # around a pole: the corners as they were announced
        corners = getattr(area.shape, "ring", ())
        return [np.array([(corner.lon_deg, corner.lat_deg) for corner in corners])] if corners else []


def _title(area: Announced) -> str:
    known = (visible(area.id), visible(area.name), visits_labels.activity(area.activity))
    return " ".join(part for part in known if part)


def _projected(fitted: chart.Chart, line: Floats) -> Floats:
    """Return the points of a line, its longitudes unrolled and turned to the map's side, in units of the map."""
    lon = np.degrees(np.unwrap(np.radians(line[:, 0])))
    turn = np.round((float(lon.mean()) - fitted.lon0_deg) / 360.0) * 360.0
    return fitted.project(np.column_stack([lon - turn, line[:, 1]]))


def _path(fitted: chart.Chart, line: Floats, *, closed: bool) -> str:
    """Return an SVG path in hundredths of a unit; "" when there is nothing to draw near the map."""
    if len(line) < 2:
        return ""
    points = np.round(_projected(fitted, line) / 0.01).astype(np.int64)
    if np.abs(points).max() > _FAR:
        return ""
    return chart.path(points) + ("z" if closed else "")


def _names(
    fitted: chart.Chart, rings: Sequence[tuple[Announced, Floats]], visited: set[str]
) -> list[tuple[str, float, float]]:
    """Return a name for each area at the top of its outline, where two would not lie over each other."""
    placed: list[tuple[str, float, float]] = []
    named: set[str] = set()
    for area, ring in rings:
        if area.id in named or (area.id not in visited and len(placed) > 40):
            continue
        points = _projected(fitted, ring)
        # over the middle of what lies highest: the peak of a triangle, or the whole of a level edge
        top = points[points[:, 1] <= points[:, 1].min() + 2.0]
        x, y = 0.5 * float(top[:, 0].min() + top[:, 0].max()), float(top[:, 1].min()) - 5.0
        free = all(abs(x - other[1]) > 110.0 or abs(y - other[2]) > 15.0 for other in placed)
        if -500.0 < x < 1500.0 and -500.0 < y < 1500.0 and free:
            placed.append((visible(area.name or area.id), round(x, 1), round(y, 1)))
            named.add(area.id)
    return placed


def _tracks(
    fitted: chart.Chart, visits: pl.DataFrame, tracks: pl.LazyFrame, max_gap_s: float
) -> list[tuple[str, bool]]:
    """Return a path of each visit's track and whether it is a third party's."""
    if visits.is_empty():
        return []
    asked = visits.with_row_index("visit").select(
        "visit", "mover", "third_party", since=pl.col("entered") - _AROUND, until=pl.col("left") + _AROUND
    )
    fixes = (
        tracks.select("mover", "time", "lon", "lat")
        .join(asked.lazy(), on="mover")
        .filter(pl.col("time").is_between(pl.col("since"), pl.col("until")))
        .collect(engine="streaming")
        .sort("visit", "time")
    )
    paths = []
    for part in fixes.partition_by("visit"):
        every = max(part.height // _FIXES_MAX, 1)
        apart = part["time"].diff().dt.total_seconds().fill_null(0) > max_gap_s
        for piece in part.with_columns(piece=apart.cum_sum()).partition_by("piece"):
            line = pl.concat([piece.gather_every(every), piece.tail(1)]).select("lon", "lat").to_numpy()
            if path := _path(fitted, line, closed=False):
                paths.append((path, bool(part["third_party"][0])))
    return paths


def _symbols(
    fitted: chart.Chart, rows: list[dict[str, Any]], places: Floats
) -> list[tuple[int, str, str, float, float]]:
    """Return number, shape, classes, x, y of each symbol, the deepest last so that it lies on top."""
    if not rows:
        return []
    lon = fitted.lon0_deg + (places[:, 0] - fitted.lon0_deg + 180.0) % 360.0 - 180.0
    at = fitted.project(np.column_stack([lon, places[:, 1]]))
    symbols = [
        (
            number,
            "third" if row["third_party"] else "own",
            f"{'s1' if row['inside'] else 's3'}{' possible' if row['quality'] == 'possible' else ''}",
            round(float(x), 2),
            round(float(y), 2),
        )
        for number, (row, (x, y)) in enumerate(zip(rows, at, strict=True))
    ]
    return symbols[::-1]
