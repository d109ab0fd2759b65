"""Where an encounter was, as files and maps need it: the line between both, its middle, its written times."""

from __future__ import annotations

import polars as pl

__all__ = ["between", "middle", "with_written_times", "wrapped_deg"]

Point = tuple[float, float]
"""Longitude, latitude in degrees."""


def wrapped_deg(lon_deg: float) -> float:
    """Return the longitude in [-180, 180)."""
    return (lon_deg + 180.0) % 360.0 - 180.0


def between(a: Point, b: Point) -> list[list[Point]]:
    """Return the line from a to b in parts that do not cross the antimeridian (RFC 7946, 3.1.9).

    One part of one point when both are at one place; two parts, cut at +-180, when the shorter way crosses it;
    else one part. Latitude at the cut is interpolated along the parallel of longitudes: encounters are short.
    """
    (lon_a, lat_a), (lon_b, lat_b) = a, b
    if a == b:
        return [[a]]
    east_deg = lon_b - lon_a
    if abs(east_deg) <= 180.0:
        return [[a, b]]
    east_deg += -360.0 if east_deg > 0 else 360.0
    edge = 180.0 if east_deg > 0 else -180.0
    share = (edge - lon_a) / east_deg if east_deg else 0.5
    lat = lat_a + share * (lat_b - lat_a)
    # a part without length says nothing: an end that lies on the antimeridian itself needs no cut
    parts = [[a, (edge, lat)], [(-edge, lat), b]]
    return [part for part in parts if part[0] != part[1]] or [[a]]


def middle(a: Point, b: Point) -> Point:
    """Return the point half-way between two near points, over the shorter way around."""
    (lon_a, lat_a), (lon_b, lat_b) = a, b
    return wrapped_deg(lon_a + wrapped_deg(lon_b - lon_a) / 2.0), (lat_a + lat_b) / 2.0


def with_written_times(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with every time as text, "2016-01-12T13:23:20.018Z", rounded to the nearest ms."""
    times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return frame.with_columns(
        (pl.col(name) + pl.duration(microseconds=500)).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ") for name in times
    )
