"""Tables as text: header, separator, and blocks of rows with every line accounted for.

A record is a line. A line with more or fewer fields than the header names is counted, never filled up or cut; so
is one whose quotes do not close. Polars parses; what it is given has been bounded and counted before.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from detente import words
from detente.tracks.errors import TrackMistake
from detente.tracks.lines import Block, blocks
from detente.tracks.readers import HEAD_BYTES, Source
from detente.tracks.reasons import Reason, Tally

__all__ = ["COLUMNS_MAX", "Header", "frames", "header_of", "require_header"]

say = words.speaker("tracks")

COLUMNS_MAX = 1000
SEPARATORS = (",", ";", "\t", "|")
_BOM = b"\xef\xbb\xbf"
_QUOTED = re.compile(rb'"[^"\n]*"')
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_NUMBER = re.compile(r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?")
_FAILURES_MAX = 3
"""After this many blocks with a text among numbers, blocks are parsed as text at once."""


@dataclass(frozen=True, slots=True)
class Header:
    """names: of the columns, as written; separator: one of SEPARATORS; start: where the first row begins."""

    names: tuple[str, ...]
    separator: str
    start: int

    @property
    def decimal_comma(self) -> bool:
        """Whether a number may be written 55,5: only where the comma does not separate columns."""
        return self.separator != ","


def header_of(head: bytes) -> Header | None:
    """Return the header of a table, or None when the first line is not one; never raises."""
    if _CONTROL.search(head):
        return None
    at = len(_BOM) if head.startswith(_BOM) else 0
    while at < len(head):
        end = head.find(b"\n", at)
        if end < 0:
            if len(head) >= HEAD_BYTES:
                return None
            end = len(head)
        line = head[at:end].decode("utf-8", "replace").strip("\r")
        at = min(end + 1, len(head))
        if line.strip() and not re.fullmatch(r"sep=.", line):  # a spreadsheet's own first line
            return _header(line, at)
    return None


def _header(line: str, start: int) -> Header | None:
    best: list[str] = []
    chosen = ""
    for separator in SEPARATORS:
        try:
            names = next(csv.reader([line], delimiter=separator, strict=True), [])
        except csv.Error:
            continue
        if len(names) > len(best):
            best, chosen = names, separator
    names = [name.strip() for name in best]
    if len(names) < 3 or sum(_NUMBER.fullmatch(name) is not None for name in names) * 2 > len(names):
        return None
    return Header(tuple(names), chosen, start)


def require_header(head: bytes, *, where: str) -> Header:
    """Return the header of a table; raises TrackMistake that says what is wrong with the first line."""
    header = header_of(head)
    if header is not None and len(header.names) <= COLUMNS_MAX:
        return header
    if header is not None or (b"\n" not in head and len(head) >= HEAD_BYTES):
        raise TrackMistake(
            expected=say(
                "a line of at most {columns} column names and {size} KiB",
                columns=COLUMNS_MAX,
                size=HEAD_BYTES >> 10,
            ),
            came=say("{count} columns", count=len(header.names)) if header else say("a line without end"),
            where=where,
            remedy=say("keep the columns that describe tracks"),
        )
    raise TrackMistake(
        expected=say("a first line with the names of the columns"),
        came=repr(head[:64].decode("utf-8", "replace")),
        where=where,
        remedy=say("put a line with the column names first"),
    )


def frames(
    source: Source, header: Header, wanted: Mapping[str, tuple[str, pl.DataType]], tally: Tally
) -> Iterator[pl.DataFrame]:
    """Yield the rows as frames whose columns are the keys of ``wanted``.

    wanted: our name -> the file's column and the type to try; a block in which a value is of another type comes
    as text in all columns. Counts each line as read, and lines that are no rows as rejected: too long, with too
    many fields or open quotes UNREADABLE; with too few, or at the broken end of a packed input, INCOMPLETE.
    """
    parser = _Parser(header, wanted)
    with source.open() as stream:
        _skip(stream.read, header.start)
        for block in blocks(stream, source):
            block.count(tally)
            frame, incomplete, unreadable = parser.parse(block)
            tally.read(frame.height + incomplete + unreadable)
            tally.reject(Reason.INCOMPLETE, incomplete)
            tally.reject(Reason.UNREADABLE, unreadable)
            if frame.height:
                yield frame


def _skip(read, size: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a bound method
    while size > 0 and (skipped := read(size)):
        size -= len(skipped)


@dataclass(slots=True)
class _Parser:
    header: Header
    wanted: Mapping[str, tuple[str, pl.DataType]]
    _failures: int = 0
    _typed: dict[str, pl.DataType] = field(init=False)
    _chosen: list[pl.Expr] = field(init=False)
    _prefix: bytes = field(init=False)

    def __post_init__(self) -> None:
        names = self.header.names
        self._typed = {f"c{index}": pl.String() for index in range(len(names))}
        self._chosen = []
        for ours, (theirs, kind) in self.wanted.items():
            index = names.index(theirs)
            self._typed[f"c{index}"] = kind
            self._chosen.append(pl.col(f"c{index}").alias(ours))
        # one column more than the header names: whatever stands there is a field too many
        self._prefix = self.header.separator.join([*self._typed, "more"]).encode() + b"\n"

    def parse(self, block: Block) -> tuple[pl.DataFrame, int, int]:
        """Return rows, incomplete lines, unreadable lines."""
        data, lines = block.data, block.data.count(b"\n")
        frame = self._whole(data, lines) if data else self._empty()
        if frame is not None:
            return frame, 0, 0
        return self._line_by_line(data)

    def _whole(self, data: bytes, lines: int) -> pl.DataFrame | None:
        """Return all rows of a block at once, or None when a line of it has to be looked at by itself.

        As many separators as the header's in each line on average, and no line with a field too many, leave no
        line with a field too few.
        """
        separator = self.header.separator.encode()
        quoted = b'"' in data
        bare = _QUOTED.sub(b"", data) if quoted else data
        if bare.count(separator) != lines * (len(self.header.names) - 1) or (quoted and b'"' in bare):
            return None
        frame = self._polars(data, quote='"' if quoted else None)
        if frame is None or frame.height != lines or frame["more"].null_count() != lines:
            return None
        return frame.drop("more")

    def _polars(self, data: bytes, *, quote: str | None) -> pl.DataFrame | None:
        if self._failures < _FAILURES_MAX:
            try:
                return self._scan(data, self._typed, quote)
            except pl.exceptions.PolarsError:
                self._failures += 1
        text: dict[str, pl.DataType] = dict.fromkeys(self._typed, pl.String())
        for attempt in (data, data.decode("utf-8", "replace").encode()):
            try:
                return self._scan(attempt, text, quote)
            except pl.exceptions.PolarsError:
                continue
        return None

    def _scan(self, data: bytes, types: Mapping[str, pl.DataType], quote: str | None) -> pl.DataFrame:
        return (
            pl.scan_csv(
                self._prefix + data,
                separator=self.header.separator,
                quote_char=quote,
                schema={**types, "more": pl.String()},
                missing_columns="insert",
            )
            .select(*self._chosen, "more")
            .collect()
        )

    def _line_by_line(self, data: bytes) -> tuple[pl.DataFrame, int, int]:
        """Return what ``parse`` returns, judging each line; most lines still go through Polars together."""
        separators = len(self.header.names) - 1
        separator = self.header.separator.encode()
        lines = [line for line in data.split(b"\n") if line.strip(b"\r \t" if separator != b"\t" else b"\r ")]
        plain: list[bytes] = []
        order: list[int] = []
        fields: list[list[str]] = []
        doubtful: list[int] = []
        incomplete = unreadable = 0
        for index, line in enumerate(lines):
            if line.count(separator) == separators and b'"' not in line:
                plain.append(line)
                order.append(index)
                continue
            row = self._split(line)
            if row is None or len(row) > separators + 1:
                unreadable += 1
            elif len(row) <= separators:
                incomplete += 1
            else:
                fields.append(row)
                doubtful.append(index)
        frame = self._polars(b"\n".join(plain) + b"\n", quote=None) if plain else self._empty()
        if frame is None or frame.height != len(plain):
            return self._empty(), incomplete, unreadable + len(plain) + len(fields)
        frame = frame.drop("more", strict=False)
        if fields:
            added = self._of_fields(fields)
            both = pl.concat([frame.cast(pl.String), added]) if frame.height else added
            at = pl.Series("at", order + doubtful)
            frame = both.with_columns(at).sort("at").drop("at")
        return frame, incomplete, unreadable

    def _split(self, line: bytes) -> list[str] | None:
        if len(line) > csv.field_size_limit():
            return None
        try:
            row = next(
                csv.reader(
                    [line.decode("utf-8", "replace").strip("\r")], delimiter=self.header.separator, strict=True
                )
            )
        except (csv.Error, StopIteration):
            return None
        while len(row) > len(self.header.names) and not row[-1].strip():
            row.pop()
        return row

    def _of_fields(self, rows: Sequence[Sequence[str]]) -> pl.DataFrame:
        index = {ours: self.header.names.index(theirs) for ours, (theirs, _) in self.wanted.items()}
        return pl.DataFrame(
            {ours: [row[at] or None for row in rows] for ours, at in index.items()},
            schema=dict.fromkeys(index, pl.String()),
        )

    def _empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=dict.fromkeys(self.wanted, pl.String()))
