"""What the parts of the door share: the home, its running lines, the threads that read, whoever knows people."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from detente.errors import DetenteError
from detente.node.desk_door.news import News
from detente.node.desk_door.people_questions import PeopleQuestion
from detente.node.desk_door.questions import Question
from detente.node.desk_door.reading import Reading
from detente.node.officers import Officers
from detente.node.serving.lines import Lines
from detente.node.settings.structs import Settings
from detente.store.alarms import KeptAlarm

__all__ = ["Parts", "PeopleLike"]

_OFFICERS_KEPT_S = 3.0
_TWO = 2


class PeopleLike(Protocol):
    """Who answers about people and keeps the trail of acts; safe from every thread."""

    def answer(self, question: PeopleQuestion) -> Any:
        """Return the answer, of the type that the question names. Raises HomeMistake, StoreFailure."""

    def note(self, actor: str, act: str, detail: Mapping[str, str]) -> None:
        """Note an act in the trail, durably. Raises HomeMistake, StoreFailure."""

    def name_of(self, actor: str) -> str:
        """Return the name of a person or a machine; "" for nobody known."""

    def close(self) -> None:
        """Close what it keeps."""


@dataclass(slots=True)
class Parts:
    """What the door works with. officers: asks the signer who must release what people say; may wait for it."""

    home: Path
    member: str
    lines: Lines
    settings: Settings
    reading: Reading
    news: News
    officers: Callable[[], Officers | None]
    alarms: Callable[[], Iterable[KeptAlarm]]
    people: PeopleLike | None = None
    _officers: Officers | None = None
    _officers_at_s: float = field(default=float("-inf"))

    def note(self, question: Question, act: str, **detail: str) -> None:
        """Note in the trail what somebody is about to change: what cannot be noted is not done. In a thread."""
        if self.people is not None:
            self.people.note(question.actor, act, detail)

    def name_of(self, actor: str) -> str:
        """Return the name of a person or a machine; its id where nobody knows people. In a thread."""
        return actor if self.people is None else self.people.name_of(actor)

    async def officers_now(self, *, kept_s: float = _OFFICERS_KEPT_S) -> Officers | None:
        """Return the officers as the signer knew them ``kept_s`` ago at most. Raises SignerGone, SignerLocked."""
        if time.monotonic() - self._officers_at_s > kept_s:
            work = contextvars.copy_context().run
            self._officers = await asyncio.get_running_loop().run_in_executor(None, work, self.officers)
            self._officers_at_s = time.monotonic()
        return self._officers

    async def officers_if_known(self) -> Officers | None:
        """Return the officers, None also where the signer does not answer: for what only shows figures."""
        try:
            return await self.officers_now()
        except DetenteError:
            return None

    def needed(self, officers: Officers | None, line: str, entry_type: str) -> int:
        """Return how many officers must release an entry of a type on a line; 0: nobody can, there are none."""
        two = _TWO if entry_type in self.settings.of_line(line).two_person_release else 1
        if officers is None:
            return two
        return max(two, officers.needed_for.get(entry_type, officers.needed))
