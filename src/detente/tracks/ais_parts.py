"""Messages that came in several sentences, put together again with bounded memory.

Parts belong together when they share a tag block's group id (``g:1-2-77``), or else station, talker, message id,
channel and number of parts. They may be interleaved with others and out of order.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

__all__ = ["LINES_WAITED", "MESSAGES_WAITED", "Assembler", "Part", "Whole"]

MESSAGES_WAITED = 4096
"""Unfinished messages remembered at once; gpsd keeps 1 a channel, pyais 512, AIS-catcher 4 a channel."""
LINES_WAITED = 20_000
"""Lines after which the missing parts are given up: message ids run 0-9 and soon mean another message."""


@dataclass(frozen=True, slots=True)
class Part:
    """One sentence of a message. line counts over the whole input; time_us is -1 without a stamp."""

    key: tuple[str, ...]
    part: int
    parts: int
    payload: bytes
    fill: int
    line: int
    time_us: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A message put together: its payload, the last part's fill bits, the last line, the first part's time."""

    payload: bytes
    fill: int
    line: int
    time_us: int


@dataclass(slots=True)
class Assembler:
    """Holds parts until the others come; ``given_up`` counts parts that never became a message."""

    given_up: int = 0
    _waiting: OrderedDict[tuple[str, ...], dict[int, Part]] = field(default_factory=OrderedDict)

    def add(self, part: Part) -> Whole | None:
        """Take a part; returns the message when it was the last one missing."""
        held = self._waiting.get(part.key)
        if held is not None and (part.part in held or self._is_old(held, part.line)):
            # the same part twice, or after too long: a new message reuses the id
            self.given_up += len(self._waiting.pop(part.key))
            held = None
        if held is None:
            held = self._waiting[part.key] = {}
            self._make_room()
        held[part.part] = part
        if len(held) < part.parts:
            return None
        del self._waiting[part.key]
        ordered = [held[number] for number in sorted(held)]
        time_us = next((each.time_us for each in ordered if each.time_us >= 0), -1)
        return Whole(b"".join(each.payload for each in ordered), ordered[-1].fill, part.line, time_us)

    def give_up_all(self) -> None:
        """Count what still waits as given up: the input has ended."""
        self.given_up += sum(len(held) for held in self._waiting.values())
        self._waiting.clear()

    def take_given_up(self) -> int:
        """Return how many parts were given up since the last call."""
        count, self.given_up = self.given_up, 0
        return count

    def _make_room(self) -> None:
        if len(self._waiting) > MESSAGES_WAITED:
            self.given_up += len(self._waiting.popitem(last=False)[1])

    @staticmethod
    def _is_old(held: dict[int, Part], line: int) -> bool:
        return line - next(iter(held.values())).line > LINES_WAITED
