"""How long each direction of a line was in which state, by this node's own history of it."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from detente.node.book import Book
from detente.rules.transparency_document import Availability

__all__ = ["availability_of"]

_HOUR_MS = 3_600_000.0


def availability_of(book: Book, line: str, now_ms: int) -> tuple[Availability, ...]:
    """Return how long each direction of a line was in which state, by this node's own history of it."""
    changes: dict[str, list[tuple[int, str]]] = {}
    for one in book.record.history():
        if one.what == "direction":
            state = str(msgspec.json.decode(one.detail)["state"])
            changes.setdefault(one.member, []).append((one.at_ms, state))
    found = []
    for party, rows in sorted(changes.items()):
        rows.sort()
        hours: dict[str, float] = {}
        for (since, state), (until, _) in pairwise([*rows, (now_ms, "")]):
            hours[state] = hours.get(state, 0.0) + max(until - since, 0) / _HOUR_MS
        found.append(Availability(line=line, party=party, hours=hours, total_h=sum(hours.values())))
    return tuple(found)
