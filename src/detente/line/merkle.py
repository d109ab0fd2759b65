"""The RFC 9162 Merkle tree over leaves: append, root, inclusion and consistency, made and checked.

Nodes are named (level, index): the root of the perfect subtree over leaves [index * 2^level, (index + 1) *
2^level). Only perfect nodes are ever stored; everything else is computed from at most 2 log2(n) of them. A tree
of no leaves has the hash of the empty string as its root. There is no consistency proof from size 0: whoever
holds nothing has nothing to compare, accepts a first head as it is, and ``verify_consistency`` says False (RFC
9162 leaves that case open; here it is decided so, as in the transparency-dev vectors).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "Node",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_from_inclusion",
    "verify_consistency",
    "verify_inclusion",
]

Node = Callable[[int, int], bytes]
"""Look-up of a stored perfect node by (level, index)."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf's bytes: SHA-256 of 0x00 and the leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of 0x01, left and right."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to append and to know the root; at most 64 hashes."""

    __slots__ = ("_edge", "size")

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        """edge: roots of the perfect subtrees of ``size``, largest first; one for each set bit of size."""
        if len(edge) != size.bit_count():
            raise ValueError(size, len(edge))
        self.size = size
        self._edge = list(edge)

    @classmethod
    def load(cls, size: int, node: Node) -> Frontier:
        """Return the frontier of the first ``size`` leaves of a stored tree."""
        return cls(size, [node(level, index) for level, index in _perfect(0, size)])

    def copy(self) -> Frontier:
        """Return an independent frontier of the same tree."""
        return Frontier(self.size, self._edge)

    def edge(self) -> tuple[bytes, ...]:
        """Return the roots of the perfect subtrees, largest first: with the size, all that ``Frontier`` needs."""
        return tuple(self._edge)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf by its hash; returns the perfect nodes that became complete, the leaf first."""
        made = [(0, self.size, leaf)]
        level, index, current = 0, self.size, leaf
        while index & 1:
            current = node_hash(self._edge.pop(), current)
            level, index = level + 1, index >> 1
            made.append((level, index, current))
        self._edge.append(current)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root hash of the tree as it stands."""
        if not self._edge:
            return EMPTY_ROOT
        current = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            current = node_hash(left, current)
        return current


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """Return the audit path of leaf ``index`` in the tree of the first ``size`` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(index, size)
    return _path(index, 0, size, node)


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of ``new`` leaves begins with that of ``old`` (RFC 9162, 2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError(old, new)
    return [] if old == new else _subproof(old, 0, new, node, complete=True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the path proves the leaf hash at ``index`` of the tree (size, root)."""
    return root_from_inclusion(leaf, index, size, proof) == root


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that the path leads to, or None when its length does not fit (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(step) != 32 for step in (leaf, *proof)):
        return None
    first, last, current = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return None
        if first & 1 or first == last:
            current = node_hash(step, current)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            current = node_hash(current, step)
        first, last = first >> 1, last >> 1
    return current if last == 0 else None


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether (new, new_root) begins with (old, old_root) (RFC 9162, 2.1.4.2; size 0 as stated above)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if not proof or any(len(step) != 32 for step in (old_root, new_root, *proof)):
        return False
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    older = newer = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        first, last = first >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root


def _perfect(start: int, end: int) -> list[tuple[int, int]]:
    """Split [start, end), start a multiple of its size's power of two, into perfect nodes from left to right."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def _range_root(start: int, end: int, node: Node) -> bytes:
    """Return the root over leaves [start, end), where start is aligned as in the tree."""
    hashes = [node(level, index) for level, index in _perfect(start, end)]
    current = hashes.pop()
    while hashes:
        current = node_hash(hashes.pop(), current)
    return current


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def _path(index: int, start: int, end: int, node: Node) -> list[bytes]:
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    path.reverse()
    return path


def _subproof(old: int, start: int, end: int, node: Node, *, complete: bool) -> list[bytes]:
    """RFC 9162 SUBPROOF over leaves [start, end).

    ``complete`` says that the old root is known to the verifier.
    """
    proof: list[bytes] = []
    while old != end - start:
        middle = start + _split(end - start)
        if old <= middle - start:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            old -= middle - start
            start, complete = middle, False
    if not complete:
        proof.append(_range_root(start, end, node))
    proof.reverse()
    return proof
