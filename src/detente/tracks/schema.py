"""The one table of tracks: columns, types, units, and the check that a frame obeys them."""

from __future__ import annotations

import polars as pl

from detente import words
from detente.tracks.errors import SchemaMistake

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "check", "complete"]

say = words.speaker("tracks")

KINDS = ("ship", "aircraft", "other")

SCHEMA = pl.Schema(
    {
        # who: "mmsi:219000001", "icao24:4ca1b2", "id:anything"; a second mover found under one id gets "~2"
        "mover": pl.String(),
        # when the position was measured or received, UTC
        "time": pl.Datetime("us", "UTC"),
        # where, WGS 84 degrees: longitude in [-180, 180], latitude in [-90, 90]
        "lon": pl.Float64(),
        "lat": pl.Float64(),
        # height in metres; null when unknown, 0 for a surface report of an aircraft, null for ships
        "altitude_m": pl.Float64(),
        # what altitude_m is measured from: "pressure", "ellipsoid", "ground"; null with altitude_m
        "altitude_datum": pl.String(),
        # as reported, over ground
        "speed_kn": pl.Float64(),
        "course_deg": pl.Float64(),
        "vertical_fpm": pl.Float64(),
        # one of KINDS
        "kind": pl.String(),
        "name": pl.String(),
        # as reported: "moored", "anchored", "under_way", ...; null when unknown
        "status": pl.String(),
        # True when the source flags the mover as military; null when it says nothing
        "military": pl.Boolean(),
        # format and file that the row came from: "dma_csv:aisdk-2018-04-04.csv"
        "source": pl.String(),
        # quality: age of the position when it was reported (time is the position's own, not the report's);
        # navigation integrity category; containment radius
        "position_age_s": pl.Float64(),
        "nic": pl.Int16(),
        "rc_m": pl.Float64(),
    }
)
"""Missing is null, never 0. Rows of one mover need not be in order; readers say whether they are."""

REQUIRED = ("mover", "time", "lon", "lat")
"""Columns without nulls."""


def check(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return the frame unchanged when its columns and types are SCHEMA's; raises SchemaMistake."""
    came = frame.collect_schema()
    missing = say("missing")
    wrong = [f"{name}: {came.get(name, missing)}" for name, kind in SCHEMA.items() if came.get(name) != kind]
    if wrong or set(came) - set(SCHEMA):
        raise SchemaMistake(
            expected=say("the columns and types of detente.tracks.SCHEMA"),
            came=", ".join([*wrong, *sorted(set(came) - set(SCHEMA))]),
            remedy=say("build the frame with detente.tracks.complete"),
        )
    return frame


def complete(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return the frame with SCHEMA's columns in order: missing optional ones null, extra ones dropped.

    Raises SchemaMistake when a required column is missing.
    """
    have = frame.collect_schema()
    missing = [name for name in REQUIRED if name not in have]
    if missing:
        raise SchemaMistake(
            expected=say("the columns {columns}", columns=", ".join(REQUIRED)),
            came=say("no {columns}", columns=", ".join(missing)),
            remedy=say("name the columns with --columns"),
        )
    return frame.select(
        (pl.col(name) if name in have else pl.lit(None)).cast(kind).alias(name) for name, kind in SCHEMA.items()
    )
