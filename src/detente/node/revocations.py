"""What neutral parties said when they took the end of a stolen or forked key: the highest heads that each held then.

On a line of two nobody can settle who wrote what stands above the closed head. A neutral's word bounds it: what it
held when it took the end was written before, by its clock.
"""

from __future__ import annotations

from typing import Any

from detente.line.checkpoint import Origin
from detente.line.envelope import Envelope, PayloadType
from detente.line.session import Answer, OwnHead, decode_session
from detente.line.standing import closed_at
from detente.line.state import State
from detente.node.book import Book, Entry

__all__ = ["held_then", "neutral_words"]


def neutral_words(state: State) -> list[dict[str, Any]]:
    """Return each word as ``status --json`` gives it: by whom, about whom, on which root act, when, what was held.

    clock_ms: of its author. reason: of the act, None where the act itself did not come yet.
    """
    found = []
    for word in _words(state):
        ring = state.rings.get(word.about)
        place = ring.hashes.index(word.revocation) if ring and word.revocation in ring.hashes else None
        found.append(
            {
                "by": word.author,
                "about": word.about,
                "act": word.revocation,
                "reason": ring.acts[place].reason if ring is not None and place is not None else None,
                "clock_ms": word.clock_ms,
                "held": [
                    {"epoch": one.epoch, "generation": one.generation, "size": one.size, "root": one.root}
                    for one in word.heads
                ],
            }
        )
    return sorted(found, key=lambda one: (one["about"], one["clock_ms"], one["by"]))


def held_then(book: Book, entry: Entry) -> list[dict[str, Any]]:
    """Return which neutral parties held an entry when they took the end of its author's key, and which did not.

    Empty for an entry that stands below the end, and where no neutral spoke.
    """
    state, origin = book.state, entry.origin
    ring = state.rings.get(origin.member)
    closed = closed_at(ring, origin)
    if ring is None or closed is None or entry.seq < closed[0].size:
        return []
    act = ring.hashes[ring.closed[origin.line, origin.epoch, origin.generation][2]]
    found = []
    for word in _words(state):
        if word.revocation != act:
            continue
        sizes = [one.size for one in word.heads if _is_of(book, origin, one)]
        found.append({"by": word.author, "held": max(sizes, default=0) > entry.seq, "clock_ms": word.clock_ms})
    return sorted(found, key=lambda one: (one["clock_ms"], one["by"]))


def _words(state: State) -> list[Answer]:
    words = [
        decode_session(Envelope.decode(octets, PayloadType.ANSWER).payload, Answer)
        for octets in state.words.values()
    ]
    return [one for one in words if one.revocation is not None]


def _is_of(book: Book, origin: Origin, head: OwnHead) -> bool:
    """Tell whether a head that a neutral named is of this log, and of the branch of it that is held here."""
    if (head.epoch, head.generation) != (origin.epoch, origin.generation):
        return False
    return head.size > book.size(origin) or book.state.root_at(origin, head.size).hex() == head.root
