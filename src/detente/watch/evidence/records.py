"""What a feed said about the two movers, byte by byte: the sentences, frames, states or messages that name one of them.

What names nobody, or only others, stays out: a record of many aircraft is taken apart, and of a shared line of text
only who is asked for remains. So no third mover is ever in the file.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from detente.tracks.beast_frames import Frame, Framer
from detente.watch.evidence.figures import moment_text
from detente.watch.evidence.structs import Record

__all__ = ["DEPTH_MAX", "RECORDS_BYTES_MAX", "RECORDS_MAX", "pieces_about", "records_file"]

RECORDS_MAX = 20_000
"""Raw records in one file of evidence; of more, those nearest in time to the closest point stay."""
RECORDS_BYTES_MAX = 8_000_000
"""Bytes of them together; likewise."""
_IDENTITIES_MAX = 4
_AIS = re.compile(
    rb"(?:\\[^\\\r\n]{0,200}\\)?"
    rb"(![A-Z]{2}VD[MO],([1-9]),([1-9]),([0-9]?),([^,\r\n]*),([^,\r\n]*),[0-5]\*[0-9A-F]{2})"
)
DEPTH_MAX = 4
"""Lists within lists in a document that raw records are taken from."""
_EVENT = re.compile(rb"<event\b.*?</event\s*>", re.DOTALL)
_raw_document = msgspec.json.Decoder(dict[str, msgspec.Raw])
_raw_list = msgspec.json.Decoder(list[msgspec.Raw])


def records_file(
    records: Iterable[Record], movers: Sequence[str], *, closest_at: datetime
) -> tuple[bytes, int, int]:
    """Return the file of raw records (JSON lines), how many were left out because of the bounds, and of how many.

    Lines are in the order in which they came; equal inputs give equal bytes.
    """
    lines: list[tuple[float, int, bytes]] = []
    for record in records:
        away_s = abs((record.received_at - closest_at).total_seconds())
        for mover, piece in pieces_about(record.octets, movers):
            lines.append((away_s, len(lines), _line(record, mover, piece)))
    taken: list[tuple[int, bytes]] = []
    size = 0
    for _, place, line in sorted(lines):
        if len(taken) == RECORDS_MAX or size + len(line) > RECORDS_BYTES_MAX:
            break
        size += len(line)
        taken.append((place, line))
    return b"".join(line for _, line in sorted(taken)), len(lines) - len(taken), len(lines)


def _line(record: Record, mover: str, piece: bytes) -> bytes:
    document: dict[str, Any] = {
        "feed": record.feed[:300],
        "mover": mover,
        "received_at": moment_text(record.received_at),
    }
    try:
        document["text"] = piece.decode()
    except UnicodeDecodeError:
        document["base64"] = base64.b64encode(piece).decode()
    return msgspec.json.encode(document, order="sorted") + b"\n"


def pieces_about(octets: bytes, movers: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield (mover, bytes) of every part of what came that speaks of one of the movers and of no other.

    Understood are AIS sentences, Beast frames, JSON documents and lists of them, Cursor-on-Target and lines of text.
    """
    wanted = {_identity(mover): mover for mover in movers[:_IDENTITIES_MAX] if _identity(mover)}
    if octets[:1] == b"\x1a":
        yield from _frames(octets, wanted)
    elif b"VDM," in octets[:400] or b"VDO," in octets[:400]:
        yield from _sentences(octets, wanted)
    elif octets.lstrip()[:1] == b"<":
        yield from _named(_EVENT.findall(octets), wanted)
    elif any(identity.encode() in octets.lower() for identity in wanted):
        for line in octets.splitlines():
            yield from _document(line.strip(), wanted)


def _identity(mover: str) -> str:
    """Return what a record calls a mover by: the digits behind "mmsi:", without the mark of a second one."""
    return re.sub(r"~[0-9]+$", "", mover.partition(":")[2]).lower()


def _sentences(octets: bytes, wanted: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the AIS sentences of the movers; further parts of a message belong to who spoke its first."""
    if not any(_letters(identity) in octets for identity in wanted):
        return  # most of what comes speaks of others: seen at a glance
    open_parts: dict[bytes, str | None] = {}
    for found in _AIS.finditer(octets):
        parts, part, key, channel, payload = found.group(2, 3, 4, 5, 6)
        if part == b"1":
            owner = wanted.get(_mmsi(payload))
            if parts != b"1":
                open_parts[key + channel] = owner
        else:
            owner = open_parts.get(key + channel)
        if owner is not None:
            yield owner, found.group()


def _mmsi(payload: bytes) -> str:
    """Return the nine digits that stand in bits 8 to 37 of a message (ITU-R M.1371), "" when it is too short."""
    if len(payload) < 7:
        return ""
    bits = 0
    for letter in payload[:7]:
        value = letter - 48
        bits = bits << 6 | (value - 8 if value > 40 else value) & 63
    return f"{bits >> 4 & 0x3FFFFFFF:09d}"


def _letters(identity: str) -> bytes:
    """Return the four letters in every message of an MMSI that hold nothing but bits of it: bits 4 to 27 of 30."""
    if not (identity.isascii() and identity.isdigit() and len(identity) <= 9):
        return b"\n"
    values = [int(identity) >> shift & 63 for shift in (20, 14, 8, 2)]
    return bytes(value + (48 if value < 40 else 56) for value in values)


def _frames(octets: bytes, wanted: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the Mode S messages that carry the movers' own address (formats 11, 17, 18)."""
    for frame in Framer().feed(octets, last=True):
        if isinstance(frame, Frame) and frame.kind in {b"2", b"3"} and frame.message[0] >> 3 in {11, 17, 18}:
            owner = wanted.get(frame.message[1:4].hex())
            if owner is not None:
                yield owner, frame.kind + frame.ticks.to_bytes(6, "big") + frame.message


def _document(line: bytes, wanted: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield what a JSON document, or a line of other text, says of the movers."""
    if line[:1] not in {b"{", b"["}:
        yield from _named([line], wanted)
        return
    marks = tuple(identity.encode() for identity in wanted)
    try:
        elements = list(_elements(line, marks, 0))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    yield from _named(elements, wanted)


def _elements(octets: bytes, marks: tuple[bytes, ...], depth: int) -> Iterator[bytes]:
    """Yield the parts of a document that speak of one mover each: an object that holds no list of objects.

    A list of states, of aircraft or of features is gone through; the updates of a Signal K message belong to its one
    vessel. What holds none of the marks is passed over; deeper than DEPTH_MAX nothing is taken.
    """
    lower = octets.lower()
    if depth > DEPTH_MAX or not any(mark in lower for mark in marks):
        return
    if octets[:1] == b"[":
        inner = [bytes(one) for one in _raw_list.decode(octets)]
        if not any(one[:1] in {b"{", b"["} for one in inner):
            yield octets  # a state as a row of values
        for one in inner:
            if one[:1] in {b"{", b"["}:
                yield from _elements(one, marks, depth + 1)
        return
    fields = {name: bytes(one) for name, one in _raw_document.decode(octets).items()}
    belongs = "updates" if "context" in fields else ""
    nested = [one for name, one in fields.items() if name != belongs and _holds_list(one, depth)]
    if not nested:
        yield octets
    for one in nested:
        yield from _elements(one, marks, depth + 1)


def _holds_list(octets: bytes, depth: int) -> bool:
    """Tell whether a value holds a list of objects anywhere; taken for granted where it is too deep to look."""
    if b"[" not in octets or octets[:1] not in {b"{", b"["}:
        return False
    if depth > DEPTH_MAX:
        return True
    if octets[:1] == b"[":
        return any(bytes(one)[:1] in {b"{", b"["} for one in _raw_list.decode(octets))
    return any(_holds_list(bytes(one), depth + 1) for one in _raw_document.decode(octets).values())


def _named(elements: Iterable[bytes], wanted: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the elements in which the identity of a mover stands as a word of its own, and that of no other."""
    for element in elements:
        lower = element.lower()
        owners = {
            mover
            for identity, mover in wanted.items()
            if re.search(rb"(?<![0-9a-z])" + re.escape(identity.encode()) + rb"(?![0-9a-z])", lower)
        }
        if len(owners) == 1:
            yield owners.pop(), element
