"""What a reader of one format is, and what it is given.

Every reader is a module of this room with one ``Reader``; ``detente.tracks.detect`` lists them and asks each
in turn whether it recognises the first bytes. File names decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

import polars as pl

from detente.tracks.reasons import Tally

__all__ = ["HEAD_BYTES", "ROWS_PER_BATCH", "Options", "Reader", "Source"]

HEAD_BYTES = 65_536
"""How much of the (unpacked) input a reader may look at to recognise its format."""
ROWS_PER_BATCH = 200_000
"""About how many rows a reader yields at a time, so that memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the person said about the input.

    columns: the table's name -> the file's column name, for plain tables ({"lon": "x", "lat": "y"}).
    time_zone: IANA name for times without a zone; None reads them as UTC.
    start: anchors formats that carry no date (bare AIVDM, Beast): the time of the first record.
    """

    columns: dict[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    start: datetime | None = None


class Source(Protocol):
    """One input: a file, a member of an archive, or standard input, unpacked."""

    @property
    def name(self) -> str:
        """What messages call it ("aisdk.zip:aisdk-2018-04-04.csv", "-")."""

    @property
    def head(self) -> bytes:
        """The first HEAD_BYTES bytes, unpacked."""

    @property
    def cut_short(self) -> bool:
        """True once reading has met the premature end of a packed input."""

    def open(self) -> BinaryIO:
        """Open for reading from the first byte, unpacked."""

    def path(self) -> Path:
        """Return a seekable file with the unpacked bytes (a temporary one when it was packed or a pipe)."""


class Reader(Protocol):
    """One format."""

    @property
    def name(self) -> str:
        """The format's short name as it stands in the ``source`` column: "dma_csv"."""

    def recognises(self, head: bytes) -> bool:
        """Tell from the first bytes alone; never raises, whatever the bytes."""

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield frames with detente.tracks.SCHEMA's columns, about ROWS_PER_BATCH rows each, in input order.

        Calls ``tally.read`` for every record found and ``tally.reject`` for every record not yielded, so that
        yielded + rejected = read at any time between two batches. Memory is bounded whatever the input: a line
        or record longer than its cap is one UNREADABLE row. Raises TrackMistake only when nothing of the file
        can be used (for example a missing column); a bad row is rejected and counted, never raised.
        """
