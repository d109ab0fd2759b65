"""A log as C2SP tlog-tiles: names of the resources of a tree, and the bytes of entry bundles.

A tile is the top row of a subtree of height 8: up to 256 hashes, which are at level l of the tiles the tree's nodes of
level 8 * l. What is named here is served and written under a prefix of the log's own:

    checkpoint                              the newest head, with its cosignatures
    tile/<L>/<N>[.p/<W>]                    hashes
    tile/entries/<N>[.p/<W>]                the entries below a tile of level 0, each after its length in 2 bytes
    tile/long-entries/<N>[.p/<W>]           the same with 4 bytes, for a bundle with an entry of more than 65,535 bytes

<N> is written in groups of three digits, all but the last behind an "x": 1234067 is x001/x234/067. Source: C2SP
tlog-tiles; "long-entries" is this project's own, as an entry may have up to 256 KiB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from detente import words
from detente.line.errors import Malformed

__all__ = ["CHECKPOINT", "ENTRY_MAX", "PATH_MAX", "WIDTH", "Kind", "Tile", "bundle", "is_long", "tiles_of"]

say = words.speaker("line")

WIDTH = 256
"""Hashes in a full tile, and entries in a full bundle."""
CHECKPOINT = "checkpoint"
ENTRY_MAX = 65_535
"""Bytes of an entry that a bundle with lengths of 2 bytes can hold."""
PATH_MAX = 64
"""Characters of the longest name: level 63, an index of 15 digits, a width."""

Kind = Literal["hashes", "entries", "long-entries"]
_HEIGHT = 8
_PATH = re.compile(
    r"tile/([1-5]?[0-9]|6[0-3]|entries|long-entries)/((?:x[0-9]{3}/){0,4})([0-9]{3})"
    r"(?:\.p/([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One resource of a log. level: 0 for entries; width: 256 when full, else 1 to 255."""

    kind: Kind
    level: int
    index: int
    width: int = WIDTH

    @classmethod
    def parse(cls, path: str) -> Tile:
        """Return the resource that this path names in its one spelling; raises Malformed."""
        match = _PATH.fullmatch(path) if len(path) <= PATH_MAX else None
        if match is None:
            raise _malformed(path)
        place, groups, last, partial = match.groups()
        kind: Kind = "long-entries" if place == "long-entries" else "entries" if place == "entries" else "hashes"
        level = int(place) if kind == "hashes" else 0
        index = int(groups.replace("x", "").replace("/", "") + last)
        made = cls(kind, level, index, WIDTH if partial is None else int(partial))
        if made.path() != path:  # a group of zeros before the first digit
            raise _malformed(path)
        return made

    def path(self) -> str:
        """Return the name below the log's prefix."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        place = str(self.level) if self.kind == "hashes" else self.kind
        name = "/".join(["tile", place, *(f"x{one}" for one in groups[:-1]), groups[-1]])
        return name if self.width == WIDTH else f"{name}.p/{self.width}"

    @property
    def first(self) -> int:
        """The first node of its level, or entry, that it holds."""
        return self.index * WIDTH

    @property
    def end(self) -> int:
        """The first node of its level, or entry, behind it."""
        return self.index * WIDTH + self.width

    @property
    def node_level(self) -> int:
        """The level in the tree of the nodes that a tile of hashes holds."""
        return self.level * _HEIGHT

    def within(self, size: int) -> bool:
        """Tell whether the tree of the first ``size`` leaves has all of it."""
        return self.end <= size >> self.node_level

    def full(self) -> Tile:
        """Return the full tile or bundle that takes its place when the log has grown."""
        return replace(self, width=WIDTH)


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield what a tree of this size is made of, each full one, then the partial one: bundles, then level by level.

    A bundle is named "entries" here, whatever the lengths of its entries.
    """
    yield from _row("entries", 0, size)
    level = 0
    while count := size >> level * _HEIGHT:
        yield from _row("hashes", level, count)
        level += 1


def _row(kind: Kind, level: int, count: int) -> Iterator[Tile]:
    full, rest = divmod(count, WIDTH)
    for index in range(full):
        yield Tile(kind, level, index)
    if rest:
        yield Tile(kind, level, full, rest)


def is_long(entries: Sequence[bytes]) -> bool:
    """Tell whether a bundle of these entries needs lengths of 4 bytes."""
    return any(len(entry) > ENTRY_MAX for entry in entries)


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return the bytes of a bundle: each entry after its length, big-endian, in 2 bytes; in 4 when ``is_long``."""
    octets = 4 if is_long(entries) else 2
    return b"".join(part for entry in entries for part in (len(entry).to_bytes(octets, "big"), entry))


def _malformed(path: str) -> Malformed:
    return Malformed(
        expected=say("the name of a tile, in its one spelling"),
        came=repr(path[:PATH_MAX]),
        remedy=say("see spec/line/tiles.md"),
    )
