"""NOAA's MarineCadastre archives of AIS off the United States (AIS_YYYY_MM_DD.csv), old header and new.

The header of 2015 to 2024 is MMSI,BaseDateTime,LAT,LON,...; that of later years is in small letters with
underscores (mmsi,base_date_time,longitude,latitude,...). Times are UTC, whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from detente.tracks.delimited import Header, frames, header_of, require_header
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Tally
from detente.tracks.rows import Judge, raw_types
from detente.tracks.table_columns import Column, Layout

__all__ = ["READER"]

_FIELDS = {
    "mmsi": "mmsi",
    "basedatetime": "time",
    "lat": "lat",
    "latitude": "lat",
    "lon": "lon",
    "longitude": "lon",
    "sog": "speed",
    "cog": "course",
    "vesselname": "name",
    "status": "status",
}


def _columns(header: Header) -> list[Column]:
    found = [(_FIELDS.get(name.lower().replace("_", "")), name) for name in header.names]
    return [Column(field, name) for field, name in found if field is not None]


class _Noaa:
    """Reader of NOAA's MarineCadastre CSV."""

    name = "noaa_csv"

    def recognises(self, head: bytes) -> bool:
        """Tell by the column BaseDateTime (base_date_time), which no other format has."""
        header = header_of(head)
        if header is None:
            return False
        fields = [column.field for column in _columns(header)]
        return all(fields.count(field) == 1 for field in ("mmsi", "time", "lat", "lon"))

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the rows; times are UTC by the format's own rule: a zone in the options does not apply."""
        header = require_header(source.head, where=source.name)
        layout = Layout(tuple(_columns(header)), time_said=True)
        judge = Judge(self.name, source.name, layout, options, tally)
        for raw in frames(source, header, raw_types(layout), tally):
            yield judge.judge(raw)


READER = _Noaa()
