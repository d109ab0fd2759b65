"""One log's tiles, read from a record: up to a head that its author signed, and not a byte beyond."""

from __future__ import annotations

from dataclasses import dataclass

from detente import words
from detente.line import merkle
from detente.line.checkpoint import NOTE_MAX, Checkpoint, Origin
from detente.line.effects import HeadFile
from detente.line.giving import may_leave
from detente.line.standing import seat_under
from detente.line.state import State
from detente.line.tiles import Tile, bundle, is_long
from detente.store.errors import StoreFailure, damaged
from detente.store.interface import Record

__all__ = ["LogTiles", "readable_upto"]

say = words.speaker("node")


def readable_upto(state: State, origin: Origin, heads: HeadFile | None, party: str | None) -> int:
    """Return how many statements of a log may be shown; 0 for none, and for a log that is not held.

    party: whom a courier would carry it to; None for an auditor and for the home's own keeper. As with bundles, a
    party gets the epochs in which it has a seat, and of this home's own log nothing leaves that the head file does
    not hold, or that a restored home waits with.
    """
    log = state.logs.get(origin)
    if log is None or (party is not None and seat_under(state, log, party) is None):
        return 0
    upto = min(log.durable, may_leave(state, log))
    if origin.member == state.me:
        upto = min(upto, heads.own.get(origin, (0, b""))[0] if heads is not None else 0)
    return upto


@dataclass(frozen=True, slots=True)
class LogTiles:
    """The tiles of the first ``size`` statements of a log, under its newest head of at most that size.

    Every method raises StoreFailure when the record fails, or does not hold what it must.
    """

    record: Record
    checkpoint: Checkpoint

    @classmethod
    def at(cls, record: Record, origin: Origin, upto: int) -> LogTiles | None:
        """Return the tiles below the newest head of at most ``upto`` statements; None when there is none."""
        found = record.checkpoint_below(origin, upto) if upto else None
        return None if found is None or not found.head.size else cls(record, found)

    @property
    def origin(self) -> Origin:
        """Which log it is."""
        return self.checkpoint.head.origin

    @property
    def size(self) -> int:
        """How many statements."""
        return self.checkpoint.head.size

    def root_at(self, size: int) -> bytes:
        """Return the root over the first ``size`` statements."""
        return merkle.Frontier.load(size, lambda level, index: self.record.node(self.origin, level, index)).root()

    def note(self) -> bytes:
        """Return the head with every cosignature over it that is held, at most NOTE_MAX bytes.

        The root is worked out anew and compared.
        """
        head = self.checkpoint.head
        if self.root_at(head.size) != head.root:
            raise damaged(self.record.where, say("a head of {origin} over other statements", origin=head.origin))
        held = self.record.cosignatures(head.origin, head.size, head.size + 1)
        given = tuple(one for _, root, one, _ in held if root == head.root)
        while len(octets := self.checkpoint.under(given).encode()) > NOTE_MAX:
            given = given[:-1]
        return octets

    def read(self, tile: Tile) -> bytes | None:
        """Return the bytes of a tile or bundle; None when the tree has none of that name.

        At most 8 kB of hashes; a bundle is as large as its entries, at most 64 MB when each is as large as allowed.
        """
        if not tile.within(self.size):
            return None
        if tile.kind == "hashes":
            return b"".join(self._hashes(tile))
        entries, _ = self._entries(tile)
        return bundle(entries) if is_long(entries) == (tile.kind == "long-entries") else None

    def _hashes(self, tile: Tile) -> list[bytes]:
        if not tile.level:
            return self._entries(tile)[1]
        found = self.record.nodes(self.origin, tile.node_level, tile.first, tile.end)
        if len(found) != tile.width or any(len(one) != 32 for one in found):
            raise self._gap(tile)
        return found

    def _entries(self, tile: Tile) -> tuple[list[bytes], list[bytes]]:
        """Return the leaves below a tile, and their hashes, after comparing them with the tree above."""
        leaves = self.record.entries(self.origin, tile.first, tile.width)
        hashes, tree = [merkle.leaf_hash(leaf) for leaf in leaves], merkle.Frontier()
        for one in hashes:
            tree.append(one)
        at = tile.first
        for root in tree.edge():
            level = (tile.first + tree.size - at).bit_length() - 1
            if self.record.node(self.origin, level, at >> level) != root:
                raise self._gap(tile)
            at += 1 << level
        if len(leaves) != tile.width:
            raise self._gap(tile)
        return leaves, hashes

    def _gap(self, tile: Tile) -> StoreFailure:
        return damaged(self.record.where, say("other statements below tile {path}, or a gap", path=tile.path()))
