"""OpenSky state vectors as CSV: the history database's export and the files of the states API.

Columns (any order, unknown ones ignored): time, icao24, lat, lon, velocity [m/s], heading, vertrate [m/s],
callsign, onground, baroaltitude [m], geoaltitude [m], lastposupdate, lastcontact. Source: the OpenSky Network's
description of its state vectors. A row's position is as old as ``time - lastposupdate``; where lastposupdate is
given it is the row's time, so that a position repeated every ten seconds does not look like an aircraft that
stands still.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from detente import words
from detente.tracks.aircraft_rows import METRES_TO_FEET, MPS_TO_KNOTS, Judge, sightings
from detente.tracks.errors import TrackMistake
from detente.tracks.lines import blocks
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Tally

__all__ = ["READER", "OpenSkyReader"]

say = words.speaker("tracks")

_NAMES = {
    "time": ("time", "timestamp"),
    "icao24": ("icao24",),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "longitude"),
    "velocity": ("velocity",),
    "heading": ("heading", "true_track"),
    "vertrate": ("vertrate", "vertical_rate"),
    "callsign": ("callsign",),
    "onground": ("onground", "on_ground"),
    "baroaltitude": ("baroaltitude", "baro_altitude"),
    "geoaltitude": ("geoaltitude", "geo_altitude"),
    "lastposupdate": ("lastposupdate", "lastpositionupdate", "time_position", "last_position"),
    "lastcontact": ("lastcontact", "last_contact"),
}
_NUMBERS = (
    "time",
    "lat",
    "lon",
    "velocity",
    "heading",
    "vertrate",
    "baroaltitude",
    "geoaltitude",
    "lastposupdate",
)
_MUST = ("icao24", "lat", "lon", "velocity")


@dataclass(frozen=True, slots=True)
class OpenSkyReader:
    """Reads OpenSky state vectors; see the module and docs/formats-radio.md."""

    name: str = "adsb_opensky"

    def recognises(self, head: bytes) -> bool:
        """Tell by the header: icao24, lat, lon, velocity and OpenSky's own altitude or contact columns."""
        have = set(_header(head.split(b"\n", 1)[0]))
        own = have & {"baroaltitude", "geoaltitude", "lastcontact", "lastposupdate"}
        return set(_MUST) <= have and bool(own)

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield state vectors; see detente.tracks.readers.Reader. Raises TrackMistake without a header."""
        del options  # its times are unix times
        judge = Judge(f"{self.name}:{source.name}")
        header: list[str] | None = None
        with source.open() as stream:
            for block in blocks(stream, source):
                body = block.data
                if header is None:
                    first, _, body = body.partition(b"\n")
                    header = _header(first)
                    if not set(_MUST) <= set(header):
                        raise _no_header(source.name, header)
                block.count(tally)
                frame = judge.rows(_sightings(_table(body, header)), tally)
                if len(frame):
                    yield frame


READER = OpenSkyReader()


def _header(line: bytes) -> list[str]:
    """Return the columns by our names; an unknown one keeps its own, a second of the same name gets a number."""
    ours = {theirs: our for our, all_theirs in _NAMES.items() for theirs in all_theirs}
    names: list[str] = []
    seen: set[str] = set()  # a stranger's header may have tens of thousands of columns
    for cell in line[:65_536].decode("utf-8", "replace").removeprefix("\ufeff").split(","):
        name = cell.strip().strip('"').lower()
        name = ours.get(name, name)
        names.append(name if name not in seen else f"{name}#{len(names)}")
        seen.add(names[-1])
    return names


def _no_header(where: str, header: list[str]) -> TrackMistake:
    return TrackMistake(
        expected=say("a header line with the columns {columns}", columns=", ".join(_MUST)),
        came=", ".join(header)[:200].encode("unicode_escape").decode("ascii"),
        where=where,
        remedy=say("name the columns with --columns, or add the header"),
    )


def _table(body: bytes, header: list[str]) -> pl.DataFrame:
    """Return the cells as text; a short row's missing cells are null, a long row's further cells are dropped."""
    body = body.replace(b"\0", b" ").replace(b"\r", b"")
    lines = [line for line in body.decode("utf-8", "replace").split("\n") if line.strip()]
    cells = pl.Series("line", lines, dtype=pl.String).str.split(",")
    wanted = [name for name in _NAMES if name in header]
    return cells.to_frame().select(
        pl.col("line").list.get(header.index(name), null_on_oob=True).str.strip_chars(' "').alias(name)
        for name in wanted
    )


def _sightings(table: pl.DataFrame) -> pl.DataFrame:
    table = table.with_columns(
        pl.lit(None, dtype=pl.String).alias(name) for name in _NAMES if name not in table.columns
    ).with_columns(pl.col(_NUMBERS).cast(pl.Float64, strict=False))
    table = table.with_columns(pl.col(pl.Float64).fill_nan(None))
    row_time, own_time = pl.col("time"), pl.col("lastposupdate")
    found = table.select(
        pl.col("icao24").alias("hex"),
        pl.coalesce(own_time, row_time).alias("stamp"),
        "lat",
        "lon",
        (pl.col("baroaltitude") * METRES_TO_FEET).alias("pressure_ft"),
        (pl.col("geoaltitude") * METRES_TO_FEET).alias("ellipsoid_ft"),
        pl.col("onground").str.to_lowercase().is_in(["true", "1", "t", "1.0"]).alias("on_ground"),
        (pl.col("velocity") * MPS_TO_KNOTS).alias("speed_kn"),
        pl.col("heading").alias("course_deg"),
        (pl.col("vertrate") * METRES_TO_FEET * 60.0).alias("vertical_fpm"),
        pl.col("callsign").alias("name"),
        (row_time - own_time).round(3).alias("position_age_s"),
    )
    return sightings(found.to_dict(), len(found))
