"""Which reader a file needs: each is asked, in this order, whether it recognises the first bytes.

The order goes from formats that say what they are to formats that could be anything. Names of files decide
nothing.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from detente import words
from detente.tracks import plain_parquet, plain_tables
from detente.tracks.errors import TrackMistake
from detente.tracks.readers import HEAD_BYTES, Options, Reader, Source

__all__ = ["READERS", "reader_of"]

say = words.speaker("tracks")

READERS = (
    "plain_parquet",
    "plain_geopackage",
    "adsb_readsb",
    "adsb_rs1090",
    "adsb_basestation",
    "ais_digitraffic",
    "adsb_traffic",
    "ais_nmea",
    "ais_dma",
    "ais_noaa",
    "adsb_opensky",
    "plain_tables",
    "adsb_beast",
)
"""Modules of this room, each with its READER."""
_WITH_HEADER = {"ais_dma", "ais_noaa", "adsb_opensky", "plain_tables"}
"""Their first line names columns: a line that does not end within the head is none of theirs."""


def reader_of(source: Source, options: Options) -> Reader:
    """Return the reader of this input; raises TrackMistake when it is empty or of no known format.

    Where the person named columns that a text table has, it is read as a plain table, whatever its header.
    """
    head = source.head
    if not head.strip(b"\xef\xbb\xbf\r\n\t \0"):
        raise TrackMistake(
            expected=say("positions of ships or aircraft"),
            came=_nothing(source),
            where=source.name,
            remedy=say("leave it out, or fetch it again"),
        )
    if plain_tables.has_columns(head, options.columns):
        return plain_tables.READER
    endless = b"\n" not in head and len(head) >= HEAD_BYTES
    asked = [module for module in READERS if not (endless and module in _WITH_HEADER)]
    found = next((module for module in asked if reader(module).recognises(head)), None)
    if found == "plain_parquet":
        traffic = _parquet_of_traffic(source, options)
        return reader("plain_parquet") if traffic is None else traffic
    if found is not None:
        return reader(found)
    raise TrackMistake(
        expected=say("AIS, ADS-B or a table: {formats}", formats=", ".join(reader(m).name for m in READERS)),
        came=_looks(head),
        where=source.name,
        remedy=say("the formats and their first lines are in docs/formats.md"),
    )


@cache
def reader(module: str) -> Reader:
    """Return the reader of one module; loaded when it is first asked."""
    return cast("Reader", import_module(f"detente.tracks.{module}").READER)


def _parquet_of_traffic(source: Source, options: Options) -> Reader | None:
    """Return the reader of ``traffic``'s tables when a Parquet file is one: its columns stand at its end."""
    if options.columns:
        return None
    from detente.tracks import adsb_traffic  # noqa: PLC0415 - loaded when asked, as all readers are

    columns = list(plain_parquet.parquet_schema(source.path(), where=source.name))
    return adsb_traffic.READER if adsb_traffic.READER.recognises_columns(columns) else None


def _nothing(source: Source) -> str:
    if source.cut_short:
        return say("a packed file that is damaged or cut short at its beginning: nothing could be unpacked")
    return say("a file with nothing but blanks") if source.head else say("an empty file")


def _looks(head: bytes) -> str:
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return say("text in UTF-16 (save it as UTF-8)")
    if b"\n" not in head and b"\r" in head:
        return say("lines that end in a bare carriage return")
    if b"\n" not in head and len(head) >= HEAD_BYTES:
        return say("a first line longer than {size} KiB", size=HEAD_BYTES >> 10)
    if b"\0" in head:
        return say("bytes of an unknown format")
    return say("text of an unknown format: {text}", text=repr(head[:48].decode("utf-8", "replace")))
