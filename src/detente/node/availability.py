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
    first_ms = _first_ms(book)
    if first_ms is None:
        return ()
    # a direction is open until something changes it
    me = book.state.me
    changes = {name: [(first_ms, "open")] for name in book.state.opening.members if name != me}
    for one in book.record.history():
        if one.what == "direction":
            state = str(msgspec.json.decode(one.detail)["state"])
            changes.setdefault(one.member, []).append((one.at_ms, state))
    found = []
    for party, rows in sorted(changes.items()):
        rows.sort(key=lambda row: row[0])
        hours: dict[str, float] = {}
        for (since, state), (until, _) in pairwise([*rows, (now_ms, "")]):
            hours[state] = hours.get(state, 0.0) + max(until - since, 0) / _HOUR_MS
        found.append(Availability(line=line, party=party, hours=hours, total_h=sum(hours.values())))
    return tuple(found)


def _first_ms(book: Book) -> int | None:
    """Return when this node first stored a statement of the line or noted something about it, by its own clock."""
    stored = [book.record.received_ms(origin, 0) for origin in book.origins()]
    noted = [one.at_ms for one in book.record.history()[:1]]
    return min([*(one for one in stored if one is not None), *noted], default=None)
