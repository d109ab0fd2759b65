"""MQTT 3.1.1 as far as a subscriber needs it: a few packets out, and whole packets cut from what comes in.

Source: MQTT Version 3.1.1, OASIS Standard, 29 October 2014. Pure: bytes in, bytes out. Why this is not left to a
library stands in docs/decisions/0091-a-subscriber-with-bounds.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = [
    "CONNACK",
    "PACKET_BYTES_MAX",
    "PINGRESP",
    "PUBLISH",
    "SUBACK",
    "BrokenStream",
    "Packet",
    "PacketCutter",
    "connect_packet",
    "disconnect_packet",
    "ping_packet",
    "published",
    "subscribe_packet",
]

PACKET_BYTES_MAX = 262_144
"""One packet; a broker of positions sends some hundred bytes. A longer one ends the connection, never held whole."""

CONNACK, PUBLISH, SUBACK, PINGRESP = 2, 3, 9, 13


class Packet(NamedTuple):
    """One control packet: its kind (the numbers of the standard), its flags, and what follows its fixed header."""

    kind: int
    flags: int
    body: bytes


@dataclass(frozen=True, slots=True)
class BrokenStream:
    """Why a stream is none of MQTT: "too_long" or "bad_length". Nothing after it can be read."""

    why: Literal["too_long", "bad_length"]


class PacketCutter:
    """Cuts a stream of bytes into packets; holds one packet of PACKET_BYTES_MAX and one piece at most."""

    def __init__(self) -> None:
        self._rest = b""
        self._broken: BrokenStream | None = None

    def feed(self, piece: bytes) -> tuple[list[Packet], BrokenStream | None]:
        """Return the packets that are whole now, and whether the stream is broken behind them."""
        if self._broken is not None:
            return [], self._broken
        packets: list[Packet] = []
        text, at = self._rest + piece, 0
        while len(text) - at >= 2:
            length, digits = _length(text, at + 1)
            if digits == 0:
                break
            if length < 0 or length > PACKET_BYTES_MAX:
                self._broken = BrokenStream("bad_length" if length < 0 else "too_long")
                self._rest = b""
                return packets, self._broken
            start = at + 1 + digits
            if len(text) < start + length:
                break
            packets.append(Packet(text[at] >> 4, text[at] & 0x0F, text[start : start + length]))
            at = start + length
        self._rest = text[at:]
        return packets, None


def _length(text: bytes, at: int) -> tuple[int, int]:
    """Return the remaining length and its digits; digits 0: not all there, length -1: more than four digits."""
    length = 0
    for place in range(4):
        if at + place >= len(text):
            return 0, 0
        octet = text[at + place]
        length += (octet & 0x7F) << (7 * place)
        if not octet & 0x80:
            return length, place + 1
    return -1, 4


def _written(kind: int, flags: int, body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while True:
        length, low = divmod(length, 128)
        digits.append(low | (0x80 if length else 0))
        if not length:
            break
    return bytes([kind << 4 | flags]) + bytes(digits) + body


def _text(value: str) -> bytes:
    octets = value.encode()
    return len(octets).to_bytes(2, "big") + octets


def connect_packet(client: str, keep_alive_s: int) -> bytes:
    """Return the first packet: a clean session without a name or a password, as open brokers ask for."""
    return _written(
        1, 0, _text("MQTT") + bytes([4, 0b0000_0010]) + keep_alive_s.to_bytes(2, "big") + _text(client)
    )


def subscribe_packet(number: int, topics: Sequence[str]) -> bytes:
    """Return the packet that asks for topics, each at most once delivered."""
    return _written(8, 0b0010, number.to_bytes(2, "big") + b"".join(_text(topic) + b"\0" for topic in topics))


def ping_packet() -> bytes:
    """Return the packet that asks whether the broker is there."""
    return _written(12, 0, b"")


def disconnect_packet() -> bytes:
    """Return the packet that says goodbye."""
    return _written(14, 0, b"")


def published(packet: Packet) -> tuple[str, bytes] | None:
    """Return topic and payload of a PUBLISH, None when it is not well formed."""
    body = packet.body
    size = int.from_bytes(body[:2], "big")
    start = 2 + size + (2 if packet.flags & 0b0110 else 0)
    if len(body) < max(2, start) or size == 0:
        return None
    try:
        return body[2 : 2 + size].decode(), body[start:]
    except UnicodeDecodeError:
        return None
