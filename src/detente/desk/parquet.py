"""Entries as Parquet, for who counts them: needs pyarrow, the extra ``parquet``, which a desk need not have."""

from __future__ import annotations

import importlib
import importlib.util
import io
from collections.abc import Iterable
from typing import Any

from detente.desk.shown_text import lines_visible
from detente.node.desk_door.record_questions import EntryRow

__all__ = ["EntriesParquet", "is_parquet_here"]

_GROUP_ROWS = 2_000
_MOMENTS = ("clock_ms", "received_ms", "answer_by_ms")
_TEXTS = ("line", "ref", "member", "type", "kind", "title", "precedence", "activity", "in_reply_to", "standing")


def is_parquet_here() -> bool:
    """Tell whether this installation can write Parquet; loads nothing."""
    return importlib.util.find_spec("pyarrow") is not None


class _Sink(io.RawIOBase):
    """A file that only grows, of which is taken what was written."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, octets: Any) -> int:
        piece = bytes(octets)
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class EntriesParquet:
    """One file that is written piece by piece; every text of it is visible, moments are UTC milliseconds."""

    def __init__(self) -> None:
        """Begin. Raises ImportError without pyarrow."""
        self._arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
        text = self._arrow.string()
        moment = self._arrow.timestamp("ms", tz="UTC")
        self._schema: Any = self._arrow.schema(
            [
                *((name, text) for name in _TEXTS),
                ("is_own", self._arrow.bool_()),
                *((name.removesuffix("_ms") + "_at", moment) for name in _MOMENTS),
                ("states", self._arrow.map_(text, text)),
                ("replies", self._arrow.int64()),
                ("changed_by", self._arrow.list_(text)),
            ]
        )
        self._sink = _Sink()
        self._writer: Any = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def add(self, rows: Iterable[EntryRow]) -> bytes:
        """Take rows; returns what of the file is ready."""
        self._rows += (_row(one) for one in rows)
        if len(self._rows) >= _GROUP_ROWS:
            self._flush()
        return self._sink.taken()

    def end(self) -> bytes:
        """End the file; returns the rest of it."""
        self._flush()
        self._writer.close()
        return self._sink.taken()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []


def _row(row: EntryRow) -> dict[str, Any]:
    texts = {name: _shown(getattr(row, name)) for name in _TEXTS}
    moments = {name.removesuffix("_ms") + "_at": getattr(row, name) for name in _MOMENTS}
    return {
        **texts,
        **moments,
        "is_own": row.is_own,
        "states": [(lines_visible(member), state) for member, state in sorted(row.states.items())],
        "replies": row.replies,
        "changed_by": [lines_visible(one) for one in row.changed_by],
    }


def _shown(text: str | None) -> str | None:
    return None if text is None else lines_visible(text)
