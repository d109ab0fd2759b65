"""The Merkle tree alone: append, inclusion proof, consistency proof, each made, and checked.

tree.py --which detente|pymerkle --leaves 200000 --proofs 2000

The same leaves, sizes and indexes for both. pymerkle is a peer under the GPL: it runs in the benchmark's own
environment, and nothing of this file but this line's import knows it.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Measure and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--which", choices=["detente", "pymerkle"], required=True)
    parser.add_argument("--leaves", type=int, default=200_000)
    parser.add_argument("--proofs", type=int, default=2_000)
    given = parser.parse_args()
    make = _detente if given.which == "detente" else _pymerkle
    leaves = [b"leaf %d " % number * 40 for number in range(given.leaves)]
    chance = random.Random(1972)
    sizes = [chance.randrange(given.leaves // 2, given.leaves) for _ in range(given.proofs)]
    indexes = [chance.randrange(size) for size in sizes]
    found = {}
    append, include, extend = make()
    found["append_per_s"] = given.leaves / _timed(lambda: [append(leaf) for leaf in leaves])
    found["inclusion_per_s"] = given.proofs / _timed(lambda: [include(index, given.leaves) for index in indexes])
    found["consistency_per_s"] = given.proofs / _timed(lambda: [extend(size, given.leaves) for size in sizes])
    print(json.dumps({"which": given.which, "leaves": given.leaves, **found}))


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _must(holds: object) -> None:
    if not holds:
        raise SystemExit("a proof that does not hold")


def _detente() -> tuple[Callable[[bytes], Any], Callable[[int, int], Any], Callable[[int, int], Any]]:
    from detente.line import merkle  # noqa: PLC0415 - the other environment has none

    nodes: dict[tuple[int, int], bytes] = {}
    frontier = merkle.Frontier()

    def append(leaf: bytes) -> None:
        for level, index, value in frontier.append(merkle.leaf_hash(leaf)):
            nodes[level, index] = value

    def node(level: int, index: int) -> bytes:
        return nodes[level, index]

    def include(index: int, size: int) -> None:
        root = frontier.root()
        path = merkle.inclusion_proof(index, size, node)
        _must(merkle.verify_inclusion(nodes[0, index], index, size, path, root))

    def extend(old: int, new: int) -> None:
        path = merkle.consistency_proof(old, new, node)
        old_root = merkle.Frontier.load(old, node).root()
        _must(merkle.verify_consistency(old, new, path, old_root, frontier.root()))

    return append, include, extend


def _pymerkle() -> tuple[Callable[[bytes], Any], Callable[[int, int], Any], Callable[[int, int], Any]]:
    import pymerkle  # noqa: PLC0415 - détente's own environment has none

    tree = pymerkle.InmemoryTree(algorithm="sha256")
    root_of = tree.get_root if hasattr(tree, "get_root") else tree.get_state

    def include(index: int, size: int) -> None:
        proof = tree.prove_inclusion(index + 1, size)  # it counts from one
        pymerkle.verify_inclusion(tree.get_leaf(index + 1), root_of(size), proof)

    def extend(old: int, new: int) -> None:
        proof = tree.prove_consistency(old, new)
        pymerkle.verify_consistency(root_of(old), root_of(new), proof)

    return tree.append_entry, include, extend


if __name__ == "__main__":
    main()
