"""The desk's one way to the node: answers are kept until the node says that they changed, so a hundred ask once.

Whoever reads gets what the node said since the last change of what the answer is made of. Nothing that was kept is
given out while the node does not answer: an old answer that looks like a new one is worse than none.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from detente import words
from detente.desk.errors import bad_input, unanswered
from detente.desk.visitors import Asks
from detente.errors import DetenteError
from detente.node.desk_door import people_questions as people
from detente.node.desk_door import record_questions as record
from detente.node.desk_door.questions import Question

__all__ = ["KEPT_ANSWERS_MAX", "KEPT_BYTES_MAX", "NEWS_WAIT_S", "Node", "Told"]

say = words.speaker("desk")

KEPT_ANSWERS_MAX = 2_000
"""Answers of the node that the desk keeps at once; the one used longest ago gives way."""
KEPT_BYTES_MAX = 64_000_000
"""Bytes of them together."""
NEWS_WAIT_S = 20
_AGAIN_S = 0.5
_GRACE_S = 10.0

_TOPICS: dict[type[Question], tuple[frozenset[str], float]] = {
    record.LinesAsked: (frozenset({"entries", "lines"}), 1.0),
    record.EntriesAsked: (frozenset({"entries", "lines"}), 60.0),
    record.EntryAsked: (frozenset({"entries", "lines"}), 60.0),
    record.ContentAsked: (frozenset({"entries"}), 60.0),
    record.ActivitiesAsked: (frozenset({"entries", "lines"}), 60.0),
    record.IncidentsAsked: (frozenset({"entries", "lines"}), 60.0),
    record.ContactsAsked: (frozenset({"entries", "lines"}), 60.0),
    record.AreasAsked: (frozenset({"entries", "lines"}), 60.0),
    record.ObligationsAsked: (frozenset({"entries", "lines"}), 10.0),
    record.TimelineAsked: (frozenset({"entries", "lines", "alarms"}), 10.0),
    record.HandoverAsked: (frozenset({"entries", "lines", "alarms", "drafts", "trail", "people"}), 10.0),
    record.FormsAsked: (frozenset(), 3_600.0),
    record.DraftsAsked: (frozenset({"drafts", "people"}), 60.0),
    record.AlarmsAsked: (frozenset({"alarms", "entries"}), 10.0),
    record.ShelfAsked: (frozenset({"shelf"}), 60.0),
    people.PeopleAsked: (frozenset({"people"}), 10.0),
    people.PersonAsked: (frozenset({"people"}), 10.0),
    people.OutsiderAsked: (frozenset({"people"}), 10.0),
    people.TokenAsked: (frozenset({"people"}), 10.0),
    people.TrailAsked: (frozenset({"trail"}), 10.0),
}
"""What each answer is made of, and for how many seconds it is good even without any news (heartbeats, deadlines)."""


_CHANGES: dict[type[Question], frozenset[str]] = {
    record.DraftKept: frozenset({"drafts"}),
    record.DraftDiscarded: frozenset({"drafts"}),
    record.ReleaseGiven: frozenset({"drafts", "entries"}),
    record.AlarmAcknowledged: frozenset({"alarms"}),
    record.ShelfKept: frozenset({"shelf"}),
    people.PersonAdded: frozenset({"people"}),
    people.PersonChanged: frozenset({"people"}),
    people.PersonRemoved: frozenset({"people"}),
    people.ReEnrolled: frozenset({"people"}),
    people.EnrolmentFinished: frozenset({"people"}),
    people.CredentialUsed: frozenset({"people"}),
    people.TokenAdded: frozenset({"people"}),
    people.TokenRemoved: frozenset({"people"}),
    people.ActNoted: frozenset(),
}
"""What a question changes: whoever changed something reads it so at once, before the news of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as the node gave it, and as JSON, made once."""

    value: Any
    octets: bytes


@dataclass(slots=True)
class _Kept:
    question: type[Question]
    asked_s: float
    told: asyncio.Future[Told] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    size: int = 0


class Node:
    """Questions to the node; ``follow`` must run for answers to be kept at all. on_news: told each set of topics."""

    def __init__(
        self,
        link: Asks,
        *,
        on_news: Callable[[frozenset[str]], None] = lambda _: None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._size = 0
        self._clock_s = clock_s
        self.on_news = on_news
        self.answers = False
        self.asked = 0

    async def ask(self, question: Question) -> Any:
        """Return the answer, a kept one where it still stands. Raises DetenteError, as ``DeskLink.ask``."""
        return (await self.told(question)).value

    async def told(self, question: Question) -> Told:
        """Return the answer with its JSON; several who ask the same at once share one question."""
        question = msgspec.structs.replace(question, language=words.language())
        rule = _TOPICS.get(type(question))
        if type(question) in _CHANGES:
            try:
                return await self._ask(question)
            finally:  # without an answer nobody knows whether it was done
                self._forget(_CHANGES[type(question)] | {"trail"})
        if rule is None or question.actor or not self.answers:
            return await self._ask(question)
        key = _key(question)
        kept = self._kept.get(key)
        if kept is None or self._clock_s() - kept.asked_s > rule[1]:
            kept = _Kept(type(question), self._clock_s())
            self._drop(key)
            self._kept[key] = kept
            asyncio.ensure_future(self._fill(key, kept, question))  # noqa: RUF006 - the future in ``kept`` holds it
        else:
            self._kept.move_to_end(key)
        return await asyncio.shield(kept.told)

    async def follow(self) -> None:
        """Hear news until cancelled: forget what changed, tell ``on_news``; without an answer forget everything."""
        after = -1
        while True:
            try:
                async with asyncio.timeout(NEWS_WAIT_S + _GRACE_S):
                    news = await self._link.ask(
                        record.NewsAsked(after=max(after, 0), wait_s=NEWS_WAIT_S if after >= 0 else 0)
                    )
            except (DetenteError, TimeoutError, msgspec.DecodeError):
                self._away()
                await asyncio.sleep(_AGAIN_S)
                after = -1
                continue
            if not self.answers or news.number < after:
                # what was kept is of before: another node, or one that was started anew
                self._forget(None)
                self.answers = True
                self.on_news(frozenset({"node"}))
            elif news.topics:
                self._forget(frozenset(news.topics))
                self.on_news(frozenset(news.topics))
            if news.number == after and not news.topics:
                await asyncio.sleep(0)
            after = news.number

    def _away(self) -> None:
        was = self.answers
        self.answers = False
        self._forget(None)
        if was:
            self.on_news(frozenset({"node"}))

    def _forget(self, topics: frozenset[str] | None) -> None:
        for key, kept in list(self._kept.items()):
            if topics is None or not topics.isdisjoint(_TOPICS[kept.question][0]):
                self._drop(key)

    def _drop(self, key: bytes) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= kept.size

    async def _fill(self, key: bytes, kept: _Kept, question: Question) -> None:
        try:
            told = await self._ask(question)
        except BaseException as failure:
            if self._kept.get(key) is kept:
                self._drop(key)
            if not kept.told.done():
                kept.told.set_exception(failure)
                kept.told.exception()  # whoever asked may be gone already
            if not isinstance(failure, Exception):
                raise
            return
        kept.told.set_result(told)
        if self._kept.get(key) is kept:
            kept.size = len(told.octets)
            self._size += kept.size
            while self._kept and (len(self._kept) > KEPT_ANSWERS_MAX or self._size > KEPT_BYTES_MAX):
                self._drop(next(iter(self._kept)))

    async def _ask(self, question: Question) -> Told:
        self.asked += 1
        try:
            value = await self._link.ask(question)
        except OverflowError:  # a figure of a form that no frame carries
            raise bad_input(say("whole numbers of at most 64 bits"), say("a larger one")) from None
        except msgspec.DecodeError:  # another version's node answered
            raise unanswered() from None
        octets = b""
        with contextlib.suppress(TypeError):
            octets = msgspec.json.encode(value)
        return Told(value, octets)


def _key(question: Question) -> bytes:
    return msgspec.msgpack.encode(question)
