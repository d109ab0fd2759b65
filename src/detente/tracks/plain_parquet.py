"""Parquet: détente's own archives, plain tables with any reasonable column names, GeoParquet with points."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from detente import words
from detente.tracks import ais_fields
from detente.tracks.delimited import COLUMNS_MAX
from detente.tracks.errors import TrackMistake
from detente.tracks.readers import ROWS_PER_BATCH, Options, Source
from detente.tracks.reasons import Reason, Tally
from detente.tracks.rows import Judge, raw_names
from detente.tracks.schema import SCHEMA
from detente.tracks.table_columns import assigned

__all__ = ["READER", "is_archive", "parquet_schema"]

say = words.speaker("tracks")

_SCALARS = (pl.Boolean, pl.String, pl.Categorical, pl.Enum, pl.Decimal, pl.Null)
_POINT_BYTES = 21
"""Well-known binary of a point: byte order, kind, x, y."""
_POINTS = (b"\x01\x01\x00\x00\x00", b"\x01\xe9\x03\x00\x00", b"\x01\x01\x00\x00\x80")
"""Little-endian points in the plane, with height (ISO), with height (as some libraries write it)."""


class _Parquet:
    """Reader of Parquet files."""

    name = "parquet"

    def recognises(self, head: bytes) -> bool:
        """Tell by the four letters that begin every Parquet file."""
        return head.startswith(b"PAR1")

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the rows: an archive of our own as it stands, another table by the names of its columns."""
        path = source.path()
        schema = parquet_schema(path, where=source.name)
        if schema == SCHEMA and not options.columns:
            yield from _own(path, source.name, tally)
            return
        names = list(schema)
        point = _point_column(path, schema, source.name)
        usable = [name for name in names if _is_scalar(schema[name])]
        has_geometry = point is not None and not {"lon", "lat"} & set(options.columns)
        layout = assigned(usable, said=options.columns, where=source.name, geometry=has_geometry)
        chosen = [pl.col(column.name).alias(ours) for ours, column in raw_names(layout).items()]
        if has_geometry and point is not None:
            chosen += _coordinates(point, schema[point])
        judge = Judge(self.name, source.name, layout, options, tally)
        for raw in _batches(pl.scan_parquet(path, glob=False).select(chosen), source.name):
            tally.read(raw.height)
            yield judge.judge(_without_categories(raw))


READER = _Parquet()


def parquet_schema(path: Path, *, where: str) -> Mapping[str, pl.DataType]:
    """Return the columns and types of a Parquet file; raises TrackMistake when it cannot be read."""
    try:
        schema = dict(pl.scan_parquet(path, glob=False).collect_schema())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as fault:
        raise _damaged(where) from fault
    if len(schema) > COLUMNS_MAX:
        raise TrackMistake(
            expected=say("a table of at most {columns} columns", columns=COLUMNS_MAX),
            came=say("{count} columns", count=len(schema)),
            where=where,
            remedy=say("keep the columns that describe tracks"),
        )
    return schema


def is_archive(path: Path) -> bool:
    """Tell whether a file is an archive of our own: Parquet with exactly detente.tracks.SCHEMA."""
    try:
        with path.open("rb") as opened:
            if opened.read(4) != b"PAR1":
                return False
        return parquet_schema(path, where=path.name) == SCHEMA
    except (TrackMistake, OSError):
        return False


def _damaged(where: str) -> TrackMistake:
    return TrackMistake(
        expected=say("a whole Parquet file"),
        came=say("a damaged or half-written one"),
        where=where,
        remedy=say("write or fetch the file again"),
    )


def _batches(frame: pl.LazyFrame, where: str) -> Iterator[pl.DataFrame]:
    try:
        yield from frame.collect_batches(chunk_size=ROWS_PER_BATCH, maintain_order=True, lazy=True)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as fault:
        raise _damaged(where) from fault


def _own(path: Path, where: str, tally: Tally) -> Iterator[pl.DataFrame]:
    """Yield an archive of our own; rows that our own writer cannot have written are rejected."""
    for frame in _batches(pl.scan_parquet(path, glob=False), where):
        tally.read(frame.height)
        position = ais_fields.position_reason(pl.col("lat"), pl.col("lon"))
        judged = frame.select(
            pl.when(pl.col("mover").is_null())
            .then(pl.lit(Reason.NO_IDENTITY.value))
            .when(pl.col("time").is_null())
            .then(pl.lit(Reason.NO_TIME.value))
            .otherwise(position)
        ).to_series()
        if judged.null_count() == frame.height:
            yield frame
            continue
        for reason, count in judged.drop_nulls().value_counts().rows():
            tally.reject(Reason(reason), count)
        yield frame.filter(judged.is_null())


def _is_scalar(kind: pl.DataType) -> bool:
    return kind.is_numeric() or isinstance(kind, (*_SCALARS, pl.Datetime))


def _without_categories(raw: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with text for categories and floats for decimals, which the rules know."""
    return raw.with_columns(
        pl.col(pl.Categorical).cast(pl.String),
        *[
            pl.col(name).cast(pl.String)
            for name, kind in raw.schema.items()
            if isinstance(kind, pl.Enum | pl.Boolean)
        ],
        *[pl.col(name).cast(pl.Float64) for name, kind in raw.schema.items() if isinstance(kind, pl.Decimal)],
    )


def _point_column(path: Path, schema: Mapping[str, pl.DataType], where: str) -> str | None:
    """Return the name of a GeoParquet file's column of points in WGS 84, None when it has no geometry.

    Source: GeoParquet 1.1: the key "geo" of the file's metadata; a missing "crs" is OGC:CRS84.
    """
    try:
        text = pl.read_parquet_metadata(path).get("geo")
        told = json.loads(text) if text else None
        name = told["primary_column"] if told else None
        column = told["columns"][name] if told else {}
        system = column.get("crs", "OGC:CRS84") if told else None
    except (pl.exceptions.PolarsError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise _damaged(where) from fault
    if not isinstance(name, str) or name not in schema:
        return None
    if system is not None and "CRS84" not in str(system) and _code(system) not in {"4326", "CRS84"}:
        raise TrackMistake(
            expected=say("positions in WGS 84 degrees"),
            came=say("another coordinate system: {system}", system=_code(system) or str(system)[:64]),
            where=where,
            remedy=say("transform the file to EPSG:4326"),
        )
    return name


def _code(system: object) -> str:
    identity = system.get("id") if isinstance(system, dict) else None
    return str(identity.get("code")) if isinstance(identity, dict) else ""


def _coordinates(column: str, kind: pl.DataType) -> list[pl.Expr]:
    """Return lon and lat from points as well-known binary or as a struct; null for anything else."""
    if isinstance(kind, pl.Struct):
        return [pl.col(column).struct.field("x").alias("lon"), pl.col(column).struct.field("y").alias("lat")]
    raw = pl.col(column).cast(pl.Binary)
    little = pl.any_horizontal(*(raw.bin.starts_with(point) for point in _POINTS))
    good = pl.when(little & (raw.bin.size() >= _POINT_BYTES)).then(raw)
    return [
        good.bin.slice(5, 8).bin.reinterpret(dtype=pl.Float64, endianness="little").alias("lon"),
        good.bin.slice(13, 8).bin.reinterpret(dtype=pl.Float64, endianness="little").alias("lat"),
    ]
