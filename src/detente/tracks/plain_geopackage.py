"""GeoPackage: every layer of points, straight from the SQLite file that it is.

Source: OGC 12-128r19 (GeoPackage Encoding Standard), 2.1.3: a geometry is "GP", version, flags, the number of the
coordinate system, an envelope whose size the flags tell, and well-known binary.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl

from detente import words
from detente.tracks.delimited import COLUMNS_MAX
from detente.tracks.errors import TrackMistake
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Tally
from detente.tracks.rows import Judge, raw_names
from detente.tracks.table_columns import assigned

__all__ = ["READER"]

say = words.speaker("tracks")

ROWS_PER_FETCH = 50_000
_WGS84 = 4326
_POINTS = (b"\x01\x01\0\0\0", b"\x01\xe9\x03\0\0", b"\x01\xd1\x07\0\0", b"\x01\xb9\x0b\0\0")
"""Little-endian points: in the plane, with height, with a measure, with both."""
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)


class _GeoPackage:
    """Reader of GeoPackage files."""

    name = "geopackage"

    def recognises(self, head: bytes) -> bool:
        """Tell by the words that begin every SQLite file."""
        return head.startswith(b"SQLite format 3\0")

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the rows of every layer with points in WGS 84, one layer after the other."""
        size = left = source.path().stat().st_size
        try:
            with closing(_opened(source.path())) as database:
                layers = _layers(database, source.name)
                bytes_per_row = size / max(sum(_rows_at_most(database, table) for table, _ in layers), 1)
                for layer in layers:
                    for rows, frame in self._layer(database, layer, source, options, tally):
                        yield frame
                        told = min(int(bytes_per_row * rows), left)
                        left -= told
                        if tally.progress is not None:
                            tally.progress(told)
            if tally.progress is not None:
                tally.progress(left)
        except (sqlite3.Error, OverflowError, UnicodeError) as fault:
            raise TrackMistake(
                expected=say("a whole GeoPackage"),
                came=str(fault)[:100],
                where=source.name,
                remedy=say("write or fetch the file again"),
            ) from fault

    def _layer(
        self,
        database: sqlite3.Connection,
        layer: tuple[str, str],
        source: Source,
        options: Options,
        tally: Tally,
    ) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield pieces of one layer, each with the number of rows it was read from."""
        table, geometry = layer
        where = f"{source.name}:{table}"
        names = [str(row[1]) for row in database.execute(f"PRAGMA table_info({_quoted(table)})")]
        names = [name for name in names if name != geometry][:COLUMNS_MAX]
        keyed = [name for name in names if name.lower() not in {"fid", "ogc_fid"}]
        layout = assigned(keyed, said=options.columns, where=where, geometry=True)
        raw = raw_names(layout)
        chosen = ", ".join(_quoted(name) for name in [geometry, *(column.name for column in raw.values())])
        judge = Judge(self.name, source.name, layout, options, tally)
        rows = database.execute(f"SELECT {chosen} FROM {_quoted(table)}")  # noqa: S608 - names are quoted
        while fetched := rows.fetchmany(ROWS_PER_FETCH):
            tally.read(len(fetched))
            columns = list(zip(*fetched, strict=True))
            frame = pl.DataFrame(
                {ours: _series(ours, values) for ours, values in zip(raw, columns[1:], strict=True)}
            ).with_columns(*_coordinates(columns[0]))
            yield len(fetched), judge.judge(frame)


READER = _GeoPackage()


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    database.text_factory = lambda text: text.decode("utf-8", "replace")
    database.execute("PRAGMA trusted_schema = OFF")  # a stranger's views and triggers may call nothing
    return database


def _layers(database: sqlite3.Connection, where: str) -> list[tuple[str, str]]:
    """Return table and geometry column of each layer; raises TrackMistake when there is none to use."""
    found = database.execute(
        "SELECT c.table_name, g.column_name, g.geometry_type_name, g.srs_id FROM gpkg_contents c"
        " JOIN gpkg_geometry_columns g ON g.table_name = c.table_name"
        " JOIN sqlite_master m ON m.name = c.table_name AND m.type = 'table'"
        " WHERE c.data_type = 'features' ORDER BY c.table_name"
    ).fetchall()
    points = [row for row in found if str(row[2]).upper() in {"POINT", "GEOMETRY"}]
    if not points:
        raise TrackMistake(
            expected=say("a layer of points"),
            came=say("{count} layers, none of points", count=len(found)),
            where=where,
            remedy=say("write positions as points"),
        )
    foreign = [row for row in points if row[3] != _WGS84]
    if foreign:
        raise TrackMistake(
            expected=say("positions in WGS 84 degrees"),
            came=say("another coordinate system: {system}", system=f"EPSG:{foreign[0][3]}"),
            where=f"{where}:{foreign[0][0]}",
            remedy=say("transform the file to EPSG:4326"),
        )
    return [(str(row[0]), str(row[1])) for row in points]


def _rows_at_most(database: sqlite3.Connection, table: str) -> int:
    """Return how many numbers of rows a table spans, which costs nothing to find; 0 when it has none."""
    name = _quoted(table)
    try:
        found = database.execute(
            f"SELECT (SELECT max(rowid) FROM {name}) - (SELECT min(rowid) FROM {name}) + 1"  # noqa: S608 - quoted
        ).fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    return max(found, 0) if isinstance(found, int) else 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _series(name: str, values: tuple[object, ...]) -> pl.Series:
    """Return SQLite's values, whose types may differ from row to row, as one type: numbers, or text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int}:
        return pl.Series(name, values, dtype=pl.Int64, strict=False)
    if kinds <= {int, float}:
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    return pl.Series(
        name, [None if v is None or isinstance(v, bytes) else str(v) for v in values], dtype=pl.String
    )


def _coordinates(blobs: tuple[object, ...]) -> list[pl.Series]:
    """Return lon and lat of each geometry, null where it is no point with little-endian coordinates."""
    points = pl.Series("point", [_point(blob) for blob in blobs], dtype=pl.Binary)
    return [
        points.bin.slice(at, 8).bin.reinterpret(dtype=pl.Float64, endianness="little").alias(name)
        for name, at in (("lon", 0), ("lat", 8))
    ]


def _point(blob: object) -> bytes | None:
    if not isinstance(blob, bytes) or len(blob) < 29 or blob[:2] != b"GP":
        return None
    envelope = (blob[3] >> 1) & 0x07
    if envelope >= len(_ENVELOPE_BYTES):
        return None
    at = 8 + _ENVELOPE_BYTES[envelope]
    if blob[at : at + 5] not in _POINTS or len(blob) < at + 21:
        return None
    return blob[at + 5 : at + 21]
