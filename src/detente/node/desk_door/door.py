"""The door through which a desk reaches the running node: answers every question of ``ask.Asked`` on a local socket.

It lies beside the node's own socket and is guarded like it: only processes of the same user are answered. Views of the
record are read beside the writer; only what must be signed, and how the lines stand, is asked of the lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.errors import DetenteError
from detente.line.errors import Malformed
from detente.node.desk_door.alarm_views import acknowledge, alarms_of
from detente.node.desk_door.ask import Asked, FormFaultsError, decode_asked, desk_socket
from detente.node.desk_door.draft_keeping import DraftKeeping
from detente.node.desk_door.drafting import Drafting
from detente.node.desk_door.line_views import LineStandings
from detente.node.desk_door.news import News
from detente.node.desk_door.noticing import Noticing
from detente.node.desk_door.pages import Pages
from detente.node.desk_door.parts import Parts, PeopleLike
from detente.node.desk_door.people_questions import PeopleQuestion
from detente.node.desk_door.questions import Done, Frame
from detente.node.desk_door.reading import Indexes, Reading
from detente.node.desk_door.record_questions import (
    AlarmAcknowledged,
    AlarmsAsked,
    ContentAsked,
    DraftContentAsked,
    DraftDiscarded,
    DraftKept,
    DraftsAsked,
    EntriesAsked,
    EntryAsked,
    LinesAsked,
    NewsAsked,
    ReleaseAsked,
    ReleaseGiven,
    ShelfAsked,
    ShelfDocument,
    ShelfKept,
)
from detente.node.desk_door.record_views import content_of, entry_of
from detente.node.desk_door.releasing import Releasing
from detente.node.desk_door.shelf_file import keep_on_shelf, shelf_document
from detente.node.desk_door.views import Views
from detente.node.home_folder import described
from detente.node.officers import Officers
from detente.node.serving.framed_socket import FramedSocket
from detente.node.serving.line_runner import not_running
from detente.node.serving.lines import Lines
from detente.node.serving.local_socket import FRAME_MAX
from detente.node.serving.log import Log
from detente.node.serving.wire import fault_of
from detente.node.settings.structs import Settings
from detente.node.signing.remote import officers_of
from detente.store.alarms import KeptAlarm
from detente.store.errors import HomeMistake

__all__ = ["DeskDoor"]

say = words.speaker("node")

_encoder = msgspec.msgpack.Encoder()
_DraftAsked = DraftsAsked | DraftKept | DraftContentAsked | DraftDiscarded | ReleaseAsked | ReleaseGiven
_PATIENCE_S = 5.0
"""How long a node that stops works on for a desk: a release is held by then, and a long view is asked again."""


class DeskDoor:
    """Serves the desk's socket of a home over its running lines; made on the loop, before the lines start.

    couriers: how the couriers stand. alarms: every alarm that is kept. people: None: nobody answers about people.
    officers: who must release what people say; None: the signer's process is asked.
    """

    def __init__(
        self,
        lines: Lines,
        home: Path,
        settings: Settings,
        log: Log,
        *,
        couriers: Callable[[], dict[str, Any] | None] = lambda: None,
        alarms: Callable[[], Iterable[KeptAlarm]] = lambda: (),
        people: PeopleLike | None = None,
        officers: Callable[[], Officers | None] | None = None,
    ) -> None:
        self._lines = lines
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._opened = asyncio.Event()
        self._grown = 0
        lines.on_stored = self._stored  # before the lines start, so that nothing that they store is missed
        member = described(home).member
        self.news = News()
        self._reading = Reading(home, lambda: self._grown)
        self._parts = Parts(
            home=home,
            member=member,
            lines=lines,
            settings=settings,
            reading=self._reading,
            news=self.news,
            officers=functools.partial(officers_of, home) if officers is None else officers,
            alarms=alarms,
            people=people,
        )
        self._standings = LineStandings(lines, member, settings, couriers, lambda: self._grown)
        self._pages = Pages(self._reading, lambda: self._grown)
        self._drafting = Drafting(self._parts)
        self._keeping = DraftKeeping(self._parts, self._drafting)
        self._releasing = Releasing(self._parts, self._drafting)
        self._views = Views(self._parts, self._drafting, self._standings)
        self._noticing = Noticing(self._parts, self._standings)
        self._tasks: list[asyncio.Task[None]] = []
        self._socket = FramedSocket(desk_socket(home), self._answer, log, "desk-door", patience_s=_PATIENCE_S)

    @property
    def people(self) -> PeopleLike | None:
        """Who answers about people."""
        return self._parts.people

    @people.setter
    def people(self, people: PeopleLike) -> None:
        self._parts.people = people

    async def start(self) -> None:
        """Listen. Raises OSError."""
        await self._socket.start()
        self._tasks.append(asyncio.create_task(self._noticing.run()))
        self._tasks.append(asyncio.create_task(self._warm()))

    async def close(self) -> None:
        """Answer what was taken on, and close; safe to call twice."""
        self.news.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()
        await self._reading.close()

    # ---- inside ---------------------------------------------------------------------------------------------

    async def _warm(self) -> None:
        """Read a long record before the first officer asks for it, once the lines opened it."""
        await self._opened.wait()
        with contextlib.suppress(DetenteError):  # said to whoever asks
            await self._reading.read("en", lambda indexes: indexes.fresh())
            await self._views.warm()

    def _stored(self, _line: str) -> None:
        """Note that a line stored something; in the line thread."""
        self._grown += 1
        if not self._opened.is_set():
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._opened.set)
        self.news.tell("entries")

    async def _answer(self, octets: bytes) -> bytes:
        try:
            question = decode_asked(octets)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            return _encoder.encode(Frame(fault=fault_of(_malformed(str(fault)))))
        language = question.language if question.language in words.LANGUAGES else "en"
        words.choose(language)  # each answer is a task of its own, with a context of its own
        try:
            found = await self._asked(question, language)
            frame = Frame(value=found if isinstance(found, msgspec.Raw) else msgspec.Raw(_encoder.encode(found)))
        except FormFaultsError as mistake:
            frame = Frame(fault=fault_of(mistake), faults=mistake.faults)
        except DetenteError as error:
            frame = Frame(fault=fault_of(error))
        except Exception as error:  # noqa: BLE001 - told to the desk, and the log knows where
            self._log.failure("desk-door.failed", error)
            frame = Frame(fault=fault_of(error))
        answer = _encoder.encode(frame)
        if len(answer) > FRAME_MAX:
            answer = _encoder.encode(Frame(fault=fault_of(_too_long(len(answer)))))
        return answer

    async def _asked(self, question: Asked, language: str) -> Any:
        match question:
            case LinesAsked():
                return await self._standings.document()
            case NewsAsked():
                return await self.news.since(question.after, question.wait_s)
            case AlarmsAsked() | AlarmAcknowledged() | ShelfAsked() | ShelfKept():
                return await self._reading.files(language, lambda: self._kept(question))
        if isinstance(question, PeopleQuestion):
            return await self._people(question, language)
        self._check_waits()
        match question:
            case EntriesAsked():
                return await self._pages.answer(question, language)
            case EntryAsked() | ContentAsked():
                return await self._reading.read(language, lambda indexes: _viewed(indexes, question))
        if isinstance(question, _DraftAsked):
            return await self._drafted(question, language)
        return await self._views.answer(question, language)

    async def _drafted(self, question: _DraftAsked, language: str) -> Any:
        match question:
            case DraftsAsked():
                return await self._drafting.listed(language)
            case DraftKept():
                return await self._keeping.keep(question, language)
            case DraftContentAsked():
                return await self._drafting.content(question, language)
            case DraftDiscarded():
                return await self._drafting.discard(question, language)
            case ReleaseAsked():
                return await self._releasing.asked(question, language)
            case ReleaseGiven():
                return await self._releasing.given(question, language)

    def _kept(self, question: AlarmsAsked | AlarmAcknowledged | ShelfAsked | ShelfKept) -> Any:
        """Answer what lies in small files; in their thread."""
        parts = self._parts
        match question:
            case AlarmsAsked():
                return alarms_of(parts.home, parts.alarms())
            case AlarmAcknowledged():
                parts.note(question, "alarm-acknowledged", alarm=question.id[:100])
                acknowledge(parts.home, parts.alarms(), question.id, question.by, question.note)
                self.news.tell("alarms")
                return Done()
            case ShelfAsked():
                return ShelfDocument(octets=shelf_document(parts.home, question.name))
            case ShelfKept():
                parts.note(question, "shelf-kept", name=question.name[:100], bytes=str(len(question.octets)))
                keep_on_shelf(parts.home, question.name, question.octets)
                self.news.tell("shelf")
                return Done()

    async def _people(self, question: Any, language: str) -> Any:
        people = self._parts.people
        if people is None:
            raise HomeMistake(
                expected=say("a node that knows people"),
                came=say("one that does not"),
                where=type(question).__name__,
                remedy=say("start the node of this version anew"),
            )
        return await self._reading.files(language, lambda: people.answer(question))

    def _check_waits(self) -> None:
        """Raise what the lines wait for: nothing of the record is shown by a node that does not run."""
        why = self._lines.waits
        if why is not None:
            raise type(why)(expected=why.expected, came=why.came, where=why.where, remedy=why.remedy)
        if not self._lines.member:
            raise not_running("", say("this node is starting"))


def _viewed(indexes: Indexes, question: EntryAsked | ContentAsked) -> Any:
    """Return a view of a single entry; in the reading thread."""
    match question:
        case EntryAsked():
            return entry_of(indexes.one(question.line), question)
        case ContentAsked():
            return content_of(indexes.one(question.line), question)


def _malformed(came: str) -> Malformed:
    return Malformed(
        expected=say("a question or an answer between processes of this node"),
        came=came[:300],
        remedy=say("nothing of it was used; is another version running?"),
    )


def _too_long(size: int) -> HomeMistake:
    return HomeMistake(
        expected=say("an answer of at most {size} bytes", size=FRAME_MAX),
        came=say("one of {size} bytes", size=size),
        remedy=say("ask for less at once"),
    )
