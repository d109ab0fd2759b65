"""Pages of entries as they go over the socket: a hundred officers who look at the same page cost one reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from detente.node.desk_door.reading import Reading
from detente.node.desk_door.record_questions import EntriesAsked
from detente.node.desk_door.record_views import entries_of

__all__ = ["Pages"]

_PAGES_MAX = 64
_encoder = msgspec.msgpack.Encoder()


@dataclass(slots=True)
class Pages:
    """Pages made since the record last grew; on the loop. grown: see ``reading.Indexes``."""

    reading: Reading
    grown: Callable[[], int]
    _grown: int = -1
    _made: dict[bytes, msgspec.Raw] = field(default_factory=dict)

    async def answer(self, question: EntriesAsked, language: str) -> msgspec.Raw:
        """Return a page of entries, encoded. Raises LineMistake, HomeMistake, StoreFailure."""
        grown = self.grown()
        if grown != self._grown or len(self._made) >= _PAGES_MAX:
            self._made.clear()
            self._grown = grown
        name = _encoder.encode(msgspec.structs.replace(question, actor="", language=""))
        held = self._made.get(name)
        if held is None:
            page = await self.reading.read(
                language, lambda indexes: entries_of(indexes.chosen(question.line), question)
            )
            held = msgspec.Raw(_encoder.encode(page))
            if self._grown == grown:  # what grew meanwhile is in no page that is kept
                self._made[name] = held
        return held
