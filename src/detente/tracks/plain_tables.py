"""Plain tables: CSV with any reasonable column names. What is reasonable is listed in docs/formats.md."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from detente.tracks.delimited import frames, header_of, require_header
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Tally
from detente.tracks.rows import Judge, raw_types
from detente.tracks.table_columns import assigned

__all__ = ["READER", "has_columns"]


def has_columns(head: bytes, columns: dict[str, str]) -> bool:
    """Tell whether this is a text table that has all the columns that the person named."""
    header = header_of(head)
    return header is not None and bool(columns) and set(columns.values()) <= set(header.names)


class _Plain:
    """Reader of plain CSV: separator , ; tab or |, with or without quotes, byte order mark, CRLF."""

    name = "csv"

    def recognises(self, head: bytes) -> bool:
        """Tell by a first line of at least three column names; which ones is asked when reading."""
        return header_of(head) is not None

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the rows; raises TrackMistake when the header names no time, position or identity."""
        header = require_header(source.head, where=source.name)
        layout = assigned(header.names, said=options.columns, where=source.name)
        judge = Judge(self.name, source.name, layout, options, tally, decimal_comma=header.decimal_comma)
        for raw in frames(source, header, raw_types(layout), tally):
            yield judge.judge(raw)


READER = _Plain()
