"""A PMTiles map of one tile: a square of water, a road, a boundary and a town; enough to see what is drawn of it."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable

__all__ = ["small_map"]

_LAYERS = {"water": 3, "roads": 2, "boundaries": 2}
_POLYGON = ((1200, 1200), (2900, 1200), (2900, 2900), (1200, 2900))
_NO_COMPRESSION, _VECTOR_TILES = 1, 1


def _varint(value: int) -> bytes:
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def _field(number: int, octets: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(octets)) + octets


def _figure(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _zigzag(value: int) -> int:
    return value << 1 ^ value >> 31


def _geometry(points: Iterable[tuple[int, int]], *, is_closed: bool) -> bytes:
    first, *rest = points
    made = [1 | 1 << 3, _zigzag(first[0]), _zigzag(first[1]), 2 | len(rest) << 3]
    at = first
    for point in rest:
        made += [_zigzag(point[0] - at[0]), _zigzag(point[1] - at[1])]
        at = point
    return b"".join(_varint(one) for one in (*made, *([7 | 1 << 3] if is_closed else [])))


def _layer(name: str, kind: int) -> bytes:
    points = _POLYGON if kind == 3 else _POLYGON[:2]
    feature = _figure(3, kind) + _field(4, _geometry(points, is_closed=kind == 3))
    return _field(3, _figure(15, 2) + _field(1, name.encode()) + _field(2, feature) + _figure(5, 4096))


def small_map() -> bytes:
    """Return the file: header, a directory of one tile, metadata, the tile of the whole earth."""
    tile = b"".join(_layer(name, kind) for name, kind in _LAYERS.items())
    directory = b"".join(_varint(one) for one in (1, 0, 1, len(tile), 1))
    metadata = json.dumps({"vector_layers": [{"id": name} for name in _LAYERS]}).encode()
    root = 127
    places = (
        root, len(directory), root + len(directory), len(metadata), 0, 0,
        root + len(directory) + len(metadata), len(tile), 1, 1, 1,
    )  # fmt: skip
    header = b"PMTiles\x03" + struct.pack("<11Q", *places)
    header += bytes([1, _NO_COMPRESSION, _NO_COMPRESSION, _VECTOR_TILES, 0, 0])
    header += struct.pack("<4i", -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
    header += struct.pack("<Bii", 0, 0, 0)
    return header + directory + metadata + tile
