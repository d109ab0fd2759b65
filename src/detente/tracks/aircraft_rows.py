"""What an ADS-B source says of an aircraft at an instant, made rows of the table of tracks; refusals are counted.

A reader of an ADS-B format fills ``SIGHTING``'s columns in the source's own units; ``Judge`` does the rest the
same way for all of them:

- identity: six hexadecimal digits ("icao24:4ca1b2"); with a leading "~" the address is not an ICAO one
  (TIS-B, anonymous) and the mover is "id:~4ca1b2"; anything else is no_identity.
- time: the position's own time where the source gives one, else the row's; seconds and finer units are told apart
  by size; none, or outside 1980-2100, is no_time.
- altitude: on the ground 0 ("ground"); else pressure altitude; else height above the ellipsoid; a value outside
  -2,000 to 60,000 ft is not believed and counts as missing. A row without altitude is kept and noted.
- position: missing is no_position, outside -90..90 and -180..180 is out_of_range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from detente.tracks.reasons import Note, Reason, Tally
from detente.tracks.receiver_stamps import UnixUnits, utc
from detente.tracks.schema import SCHEMA, complete

__all__ = [
    "FEET_TO_METRES",
    "HIGHEST_FT",
    "LOWEST_FT",
    "METRES_TO_FEET",
    "MPS_TO_KNOTS",
    "SIGHTING",
    "Judge",
    "sightings",
]

FEET_TO_METRES = 0.3048
METRES_TO_FEET = 1 / 0.3048
MPS_TO_KNOTS = 3600 / 1852
LOWEST_FT, HIGHEST_FT = -2_000.0, 60_000.0
"""Altitudes that are believed. Real files hold spikes to 123,100 ft, which is a bit error, not an aircraft."""
FASTEST_KN = 4_000.0
STEEPEST_FPM = 50_000.0

SIGHTING = pl.Schema(
    {
        "hex": pl.String(),  # transponder address, "~" before one that is not ICAO's
        "stamp": pl.Float64(),  # unix time of the position, any unit
        "lat": pl.Float64(),
        "lon": pl.Float64(),
        "pressure_ft": pl.Float64(),
        "ellipsoid_ft": pl.Float64(),
        "on_ground": pl.Boolean(),
        "speed_kn": pl.Float64(),
        "course_deg": pl.Float64(),
        "vertical_fpm": pl.Float64(),
        "name": pl.String(),
        "military": pl.Boolean(),
        "position_age_s": pl.Float64(),
        "nic": pl.Int16(),
        "rc_m": pl.Float64(),
        "category": pl.String(),  # emitter category; "C..." is a surface vehicle or an obstacle
    }
)


def sightings(columns: Mapping[str, Any], rows: int) -> pl.DataFrame:
    """Return a frame of SIGHTING's columns; the missing ones are null. Values: lists, arrays or Series."""
    return pl.DataFrame(
        [
            pl.Series(name, columns[name], dtype=kind, strict=False)
            if name in columns
            else pl.Series(name, [None], dtype=kind).new_from_index(0, rows)
            for name, kind in SIGHTING.items()
        ]
    )


NO_ROWS = pl.DataFrame(schema=SCHEMA)


@dataclass(slots=True)
class Judge:
    """Judges one input's sightings. source is what stands in the ``source`` column."""

    source: str
    _units: UnixUnits = field(default_factory=UnixUnits)

    def rows(self, frame: pl.DataFrame, tally: Tally) -> pl.DataFrame:
        """Return the rows of the table of tracks; counts each sighting as read, and each refusal."""
        tally.read(len(frame))
        if frame.is_empty():
            return NO_ROWS
        frame = frame.with_columns(pl.col(pl.Float64).fill_nan(None))
        frame = self._units.seconds(frame, "stamp", tally)
        named = frame.lazy().with_columns(
            pl.col("hex").str.strip_chars().str.to_lowercase().alias("hex"), utc(pl.col("stamp")).alias("time")
        )
        judged = named.with_columns(_reason().alias("reason")).collect()
        for reason, count in judged["reason"].drop_nulls().value_counts().rows():
            tally.reject(Reason(reason), count)
        kept = (
            judged.lazy()
            .filter(pl.col("reason").is_null())
            .with_columns(
                _altitude(),
                _within("speed_kn", 0.0, FASTEST_KN),
                _within("vertical_fpm", -STEEPEST_FPM, STEEPEST_FPM),
            )
            .with_columns(*_polished(self.source))
            .unnest("altitude")
        )
        rows = complete(kept).collect()
        tally.note(Note.NO_ALTITUDE, rows["altitude_m"].null_count())
        return rows


def _reason() -> pl.Expr:
    lat, lon = pl.col("lat"), pl.col("lon")
    identity = pl.col("hex").str.contains(r"^~?[0-9a-f]{6}$") & ~pl.col("hex").is_in(["000000", "~000000"])
    return (
        pl.when(~identity.fill_null(False))
        .then(pl.lit(Reason.NO_IDENTITY.value))
        .when(pl.col("category").str.to_uppercase().str.starts_with("C").fill_null(False))
        .then(pl.lit(Reason.NOT_A_MOVER.value))
        .when(lat.is_null() | lon.is_null())
        .then(pl.lit(Reason.NO_POSITION.value))
        .when(~(lat.is_between(-90.0, 90.0) & lon.is_between(-180.0, 180.0)))
        .then(pl.lit(Reason.OUT_OF_RANGE.value))
        .when(pl.col("time").is_null())
        .then(pl.lit(Reason.NO_TIME.value))
    )


def _altitude() -> pl.Expr:
    pressure, ellipsoid = pl.col("pressure_ft"), pl.col("ellipsoid_ft")
    believed = pressure.is_between(LOWEST_FT, HIGHEST_FT)
    height = ellipsoid.is_between(LOWEST_FT, HIGHEST_FT)

    def said(metres: pl.Expr, datum: str) -> pl.Expr:
        return pl.struct(metres.alias("altitude_m"), pl.lit(datum).alias("altitude_datum"))

    nothing = pl.struct(
        pl.lit(None, dtype=pl.Float64).alias("altitude_m"), pl.lit(None, dtype=pl.String).alias("altitude_datum")
    )
    return (
        pl.when(pl.col("on_ground").fill_null(False))
        .then(said(pl.lit(0.0), "ground"))
        .when(believed)
        .then(said(pressure * FEET_TO_METRES, "pressure"))
        .when(height)
        .then(said(ellipsoid * FEET_TO_METRES, "ellipsoid"))
        .otherwise(nothing)
        .alias("altitude")
    )


def _within(name: str, least: float, most: float) -> pl.Expr:
    return pl.when(pl.col(name).is_between(least, most)).then(pl.col(name)).alias(name)


def _polished(source: str) -> list[pl.Expr]:
    foreign = pl.col("hex").str.starts_with("~")
    course, name = pl.col("course_deg"), pl.col("name").str.strip_chars(" @_\0")
    return [
        pl.concat_str(pl.when(foreign).then(pl.lit("id:")).otherwise(pl.lit("icao24:")), "hex").alias("mover"),
        pl.when(course == 360.0)
        .then(0.0)
        .when((course >= 0.0) & (course < 360.0))
        .then(course)
        .alias("course_deg"),
        pl.when(name != "").then(name).alias("name"),
        pl.when(pl.col("position_age_s") >= 0.0).then("position_age_s").alias("position_age_s"),
        pl.when(pl.col("rc_m") > 0.0).then("rc_m").alias("rc_m"),
        pl.lit("aircraft").alias("kind"),
        pl.lit(source).alias("source"),
    ]
