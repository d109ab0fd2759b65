"""The Danish Maritime Authority's daily archives (aisdk-YYYY-MM-DD.csv), old header and new.

Every row of every AIS station that the authority's network heard, times in UTC to the second, written 31/12/2015
23:59:59. Base stations and aids to navigation are in the same file, and so are search-and-rescue aircraft.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from detente.tracks.delimited import frames, header_of, require_header
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Tally
from detente.tracks.rows import Judge, raw_types
from detente.tracks.table_columns import Column, Layout

__all__ = ["READER"]

_TIME = ("# Timestamp", "Timestamp", "#Timestamp")
_COLUMNS = (
    ("mobile", "Type of mobile"),
    ("mmsi", "MMSI"),
    ("lat", "Latitude"),
    ("lon", "Longitude"),
    ("status", "Navigational status"),
    ("speed", "SOG"),
    ("course", "COG"),
    ("name", "Name"),
)
_NEEDED = {"Type of mobile", "MMSI", "Latitude", "Longitude"}


class _Dma:
    """Reader of the Danish Maritime Authority's CSV."""

    name = "dma_csv"

    def recognises(self, head: bytes) -> bool:
        """Tell by the header's own words: "# Timestamp", "Type of mobile"."""
        header = header_of(head)
        return header is not None and set(header.names) >= _NEEDED and bool(set(_TIME) & set(header.names))

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the rows; times are UTC by the format's own rule: a zone in the options does not apply."""
        header = require_header(source.head, where=source.name)
        time = next(name for name in _TIME if name in header.names)
        columns = [Column(field, name) for field, name in _COLUMNS if name in header.names]
        layout = Layout((Column("time", time), *columns), time_said=True, day_first=True)
        judge = Judge(self.name, source.name, layout, options, tally)
        for raw in frames(source, header, raw_types(layout), tally):
            yield judge.judge(raw)


READER = _Dma()
