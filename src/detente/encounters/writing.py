"""Files of encounters and of visits: Parquet, CSV, GeoJSON, KML; the file's ending chooses.

Times are ISO 8601 UTC with milliseconds in all formats but Parquet, which keeps microseconds. Missing is null
(an empty cell in CSV, an absent value in KML). Files are written whole or not at all.

In CSV, text that came from elsewhere (ids, names, sides) and begins with one of ``= + - @``, a tab or a
carriage return would be run as a formula by a spreadsheet; such text gets an apostrophe in front, which
spreadsheets take as "this is text". ``Written.neutralised`` counts the cells. The other formats keep text as
it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from detente import words
from detente.door.files import writing
from detente.encounters.errors import OutputMistake
from detente.encounters.geojson import geojson
from detente.encounters.kml import kml
from detente.encounters.places import with_written_times

__all__ = ["SUFFIXES", "TABLE_SUFFIXES", "Written", "check_target", "write"]

say = words.speaker("encounters")

SUFFIXES = (".parquet", ".csv", ".geojson", ".kml")
TABLE_SUFFIXES = (".parquet", ".csv")
"""Formats that need no places: any table can be written so."""

_FORMULA = r"^[=+\-@\t\r]"
_PLACES = ("lon_a", "lat_a", "lon_b", "lat_b", "closest_at")
_PLACE = ("lon", "lat", "nearest_at")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows, and how many cells of a CSV got an apostrophe so that no spreadsheet runs them."""

    rows: int
    neutralised: int = 0


def check_target(target: Path, *, suffixes: tuple[str, ...] = SUFFIXES, where: str = "--out") -> Path:
    """Return the path when its ending is one of ``suffixes``; call it before any work starts.

    Raises OutputMistake for another ending; ``where`` names the option in the message.
    """
    if target.suffix.lower() not in suffixes:
        raise OutputMistake(
            expected=say("a file name that ends in one of {suffixes}", suffixes=", ".join(suffixes)),
            came=repr(target.name),
            where=where,
            remedy=say("the ending chooses the format: write for example {example}", example=f"out{suffixes[0]}"),
        )
    return target


def write(frame: pl.DataFrame, target: Path) -> Written:
    """Write a table in the format that the ending names; the old file stays until the new one is whole.

    GeoJSON and KML need the columns lon_a, lat_a, lon_b, lat_b and closest_at (detente.encounters.schema), or lon,
    lat and nearest_at (detente.encounters.visits_schema).
    Raises OutputMistake for an unknown ending, missing places or a number that is not finite, and
    OutputFailure (detente.door) when the disk is full or the folder not writable.
    """
    suffix = check_target(target).suffix.lower()
    _check_finite(frame, target)
    if suffix not in TABLE_SUFFIXES:
        _check_places(frame, target)
    neutralised = 0
    with writing(target) as temporary:
        if suffix == ".parquet":
            _write_parquet(frame, temporary)
        elif suffix == ".csv":
            safe, neutralised = _safe_for_spreadsheets(with_written_times(frame))
            safe.write_csv(temporary)
        else:
            with temporary.open("w", encoding="utf-8", newline="\n") as out:
                out.writelines(geojson(frame) if suffix == ".geojson" else kml(frame))
    return Written(rows=frame.height, neutralised=neutralised)


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    try:
        frame.write_parquet(path, compression="zstd")
    except pl.exceptions.ComputeError as failure:  # a full disk reaches Polars' encoder as a broken format
        raise OSError(str(failure)[:200]) from failure


def _safe_for_spreadsheets(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    risky = {name: pl.col(name).str.contains(_FORMULA).fill_null(value=False) for name in texts}
    if not texts:
        return frame, 0
    counts = frame.select(risk.sum().alias(name) for name, risk in risky.items()).row(0)
    safe = frame.with_columns(
        pl.when(risk).then(pl.concat_str(pl.lit("'"), pl.col(name))).otherwise(pl.col(name)).alias(name)
        for name, risk in risky.items()
    )
    return safe, sum(counts)


def _check_finite(frame: pl.DataFrame, target: Path) -> None:
    for name, kind in frame.schema.items():
        if kind.is_float() and not frame[name].is_finite().all():
            raise OutputMistake(
                expected=say("finite numbers, and null where a value is missing"),
                came=say("a number that is not finite in column {column}", column=name),
                where=str(target),
                remedy=say("put null where the value is not known"),
            )


def _check_places(frame: pl.DataFrame, target: Path) -> None:
    missing = [name for name in _PLACES if name not in frame.columns]
    if missing and not set(_PLACE) <= set(frame.columns):
        raise OutputMistake(
            expected=say("the columns {columns}", columns=", ".join(_PLACES)),
            came=say("no {columns}", columns=", ".join(missing)),
            where=str(target),
            remedy=say("write {suffixes} instead", suffixes=", ".join(TABLE_SUFFIXES)),
        )
