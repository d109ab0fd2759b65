"""A small door in the tests' own process: real frames on a real socket, answers that a test sets."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from detente.errors import DetenteError
from detente.node.desk_door import people_questions as people
from detente.node.desk_door import record_questions as record
from detente.node.desk_door.ask import FormFaultsError, decode_asked, desk_socket
from detente.node.desk_door.questions import Done, Frame, Question
from detente.node.serving.wire import fault_of
from detente.store.errors import HomeMistake

__all__ = ["LINE", "MEMBER", "Door", "area", "entry", "row"]

TOPICS = ("alarms", "drafts", "entries", "lines", "people", "shelf", "trail")
MEMBER = "west"
LINE = "baltic-0123456789abcdef"
NOW_MS = 1_800_000_000_000
_encoder = msgspec.msgpack.Encoder()


def row(ref: str = "west/0", **fields: Any) -> record.EntryRow:
    """Return a row of an entry."""
    given: dict[str, Any] = {
        "line": LINE, "ref": ref, "member": ref.partition("/")[0], "is_own": ref.startswith("west"),
        "type": "notice.exercise", "kind": "exercise", "title": f"Exercise {ref}", "precedence": "routine",
        "activity": "", "clock_ms": NOW_MS, "received_ms": None, "answer_by_ms": None, "in_reply_to": None,
        "states": {"east": "delivered"}, "replies": 0,
    }  # fmt: skip
    return record.EntryRow(**{**given, **fields})


def entry(ref: str = "west/0", text: str = "An exercise at sea.", **fields: Any) -> record.EntryDocument:
    """Return an entry in full."""
    return record.EntryDocument(
        row=row(ref, **fields), entry={"ref": ref}, notice={"kind": "exercise"}, faults=(), warnings=(),
        texts={"en": text, "ru": f"[ru] {text}"}, geojson=None, related=(),
    )  # fmt: skip


def area(ref: str = "west/0", **fields: Any) -> record.AreaDocument:
    """Return an area of an entry."""
    ring = [[20.0, 58.0], [21.0, 58.0], [21.0, 59.0], [20.0, 58.0]]
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {}}
    given: dict[str, Any] = {
        "line": LINE, "ref": ref, "member": "west", "title": "D-17", "kind": "danger-area", "standing": "said",
        "windows": ((NOW_MS, None),), "feature": feature,
    }  # fmt: skip
    return record.AreaDocument(**{**given, **fields})


class Door:
    """Answers questions as a node would, from what a test put here; ``asked`` counts them by kind."""

    def __init__(self, home: Path) -> None:
        self.path = desk_socket(home)
        self.asked: Counter[str] = Counter()
        self.questions: list[Question] = []
        self.entries = [row(f"west/{number}") for number in range(7)]
        self.full = {one.ref: entry(one.ref) for one in self.entries}
        self.areas = [area()]
        self.people: dict[str, people.PersonDocument] = {}
        self.tokens: dict[str, people.TokenDocument] = {}
        self.alarms: dict[str, record.AlarmDocument] = {}
        self.drafts: dict[str, record.DraftDocument] = {}
        self.shelf: dict[str, bytes] = {}
        self.acts: list[people.ActNoted] = []
        self.humanitarian = False
        self.special: dict[type[Question], Callable[[Any], Any]] = {}
        self._news: list[str] = []
        self._began = 0
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._began, self._news = time.time_ns() // 1_000_000, []
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def close(self) -> None:
        """Go away, as a node that crashed."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        self.path.unlink(missing_ok=True)
        await asyncio.sleep(0)

    def tell(self, *topics: str) -> None:
        """Say that something changed."""
        self._news += topics
        self._changed.set()
        self._changed = asyncio.Event()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(4), "big")
                question = decode_asked(await reader.readexactly(size))
                octets = _encoder.encode(await self._framed(question))
                writer.write(len(octets).to_bytes(4, "big") + octets)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            return  # the loop ends: nobody asks any more
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _framed(self, question: Any) -> Frame:
        try:
            answer = (
                await self._news_after(question)
                if isinstance(question, record.NewsAsked)
                else self._answer(question)
            )
        except FormFaultsError as mistake:
            return Frame(fault=fault_of(mistake), faults=mistake.faults)
        except DetenteError as mistake:
            return Frame(fault=fault_of(mistake))
        return Frame(value=msgspec.Raw(_encoder.encode(answer)))

    async def _news_after(self, question: record.NewsAsked) -> record.NewsDocument:
        """Tell news as a node does: the number grows over restarts, and whoever comes with an old one hears all."""
        number = self._began + len(self._news)
        if question.after == number and question.wait_s:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(question.wait_s, 1)):
                    await self._changed.wait()
        since = question.after - self._began
        topics = set(self._news[since:]) if 0 <= since <= len(self._news) else set(TOPICS)
        return record.NewsDocument(number=self._began + len(self._news), topics=tuple(sorted(topics)))

    def _answer(self, question: Any) -> Any:
        tag = question.__struct_config__.tag.replace("-", "_")
        self.asked[tag] += 1
        self.questions.append(question)
        if type(question) in self.special:
            return self.special[type(question)](question)
        return getattr(self, f"_{tag}")(question)

    # ---- the record ---------------------------------------------------------------------------------------------

    def _lines(self, _: record.LinesAsked) -> record.LinesDocument:
        line = record.LineDocument(
            line=LINE, name="baltic", is_training=False, is_humanitarian=self.humanitarian, run="running",
            reason="", held=0, last_test_ms=NOW_MS, two_person_release=(), parties=(),
        )  # fmt: skip
        return record.LinesDocument(member=MEMBER, version="1", now_ms=NOW_MS, ready=True, lines=(line,))

    def _entries(self, question: record.EntriesAsked) -> record.EntriesDocument:
        refs = [one.ref for one in self.entries]
        if question.before and question.before not in refs:
            return record.EntriesDocument(rows=())
        start = refs.index(question.before) + 1 if question.before else 0
        page = self.entries[start : start + question.limit]
        more = start + question.limit < len(self.entries)
        return record.EntriesDocument(rows=tuple(page), next=page[-1].ref if more else "")

    def _entry(self, question: record.EntryAsked) -> record.EntryDocument:
        if question.line != LINE or question.ref not in self.full:
            raise nothing()
        return self.full[question.ref]

    def _content(self, question: record.ContentAsked) -> record.ContentDocument:
        if question.line != LINE or question.ref not in self.full or question.index:
            raise nothing()
        return record.ContentDocument(media_type="text/html", octets=b"<script>alert(1)</script>")

    def _activities(self, _: Any) -> record.GroupsDocument:
        return record.GroupsDocument(groups=())

    _incidents = _contacts = _activities

    def _areas(self, _: Any) -> record.AreasDocument:
        return record.AreasDocument(areas=tuple(self.areas))

    def _obligations(self, _: Any) -> record.ObligationsDocument:
        return record.ObligationsDocument(verdicts=())

    def _timeline(self, _: Any) -> record.TimelineDocument:
        return record.TimelineDocument(items=())

    def _handover(self, question: record.HandoverAsked) -> record.HandoverDocument:
        return record.HandoverDocument(
            from_ms=question.from_ms, until_ms=question.until_ms, happened=(), acts=(), owed=(), awaited=(),
            drafts=(), alarms=(), lines=self._lines(record.LinesAsked()),
        )  # fmt: skip

    # ---- drafts -------------------------------------------------------------------------------------------------

    def _forms(self, _: Any) -> record.FormsDocument:
        return record.FormsDocument(forms=(), definitions={}, terms={})

    def _check(self, question: record.CheckAsked) -> record.CheckDocument:
        return record.CheckDocument(
            is_sendable=False, faults=(record.FaultDocument(path="kind", message="missing"),), warnings=(),
            type="", needed=1, texts={"en": question.language}, obligations=(), geojson=None,
        )  # fmt: skip

    def _drafts(self, _: Any) -> record.DraftsDocument:
        return record.DraftsDocument(drafts=tuple(self.drafts.values()))

    def _draft_kept(self, question: record.DraftKept) -> record.DraftDocument:
        if question.line != LINE:
            raise nothing()
        if not question.notice:
            mistake = FormFaultsError(expected="a notice", came="an empty form", where="", remedy="fill it in")
            mistake.faults = (("kind", "is missing"),)
            raise mistake
        kept = record.DraftDocument(
            submission=question.submission or "0123456789abcdef" * 2, line=question.line, type="notice.x",
            kind="exercise", title="t", drafted_ms=NOW_MS, by=question.actor, is_machine=question.is_machine,
            state="draft", needed=1, given=(), answer_by_ms=question.answer_by_ms, in_reply_to=None,
            notice=question.notice, texts={},
            attachments=({"size": sum(len(one.octets) for one in question.attachments)},),
        )  # fmt: skip
        self.drafts[kept.submission] = kept
        return kept

    def _draft_content(self, question: record.DraftContentAsked) -> record.ContentDocument:
        if question.submission not in self.drafts or question.index != 1:
            raise nothing()
        return record.ContentDocument(media_type="text/html", octets=b"<script>alert(1)</script>")

    def _draft_discarded(self, question: record.DraftDiscarded) -> Done:
        if self.drafts.pop(question.submission, None) is None:
            raise nothing()
        return Done()

    def _release_asked(self, question: record.ReleaseAsked) -> record.ReleaseRequest:
        if question.submission not in self.drafts:
            raise nothing()
        return record.ReleaseRequest(
            submission=question.submission, challenge=b"c" * 32, site="localhost", keys=("officer-key",),
            needed=2, given=(),
        )  # fmt: skip

    def _release_given(self, question: record.ReleaseGiven) -> record.ReleaseState:
        return record.ReleaseState(state="waits", needed=2, given=(question.key,), line=LINE)

    # ---- alarms, shelf ------------------------------------------------------------------------------------------

    def _alarms(self, _: Any) -> record.AlarmsDocument:
        return record.AlarmsDocument(alarms=tuple(self.alarms.values()))

    def _alarm_acknowledged(self, question: record.AlarmAcknowledged) -> Done:
        if question.id not in self.alarms:
            raise nothing()
        return Done()

    def _shelf(self, question: record.ShelfAsked) -> record.ShelfDocument:
        return record.ShelfDocument(octets=self.shelf.get(question.name, b""))

    def _shelf_kept(self, question: record.ShelfKept) -> Done:
        self.shelf[question.name] = question.octets
        self.tell("shelf")
        return Done()

    # ---- people -------------------------------------------------------------------------------------------------

    def _people(self, _: Any) -> people.PeopleDocument:
        return people.PeopleDocument(people=tuple(self.people.values()), tokens=tuple(self.tokens.values()))

    def _person(self, question: people.PersonAsked) -> people.PersonDocument:
        if question.id not in self.people:
            raise nothing()
        return self.people[question.id]

    def _person_added(self, question: people.PersonAdded) -> people.LinkDocument:
        return people.LinkDocument(person="9" * 32, code="code", until_ms=NOW_MS)

    def _person_changed(self, question: people.PersonChanged) -> people.PersonDocument:
        if question.id not in self.people:
            raise nothing()
        return self.people[question.id]

    def _person_removed(self, question: people.PersonRemoved) -> Done:
        if self.people.pop(question.id, None) is None:
            raise nothing()
        self.tell("people")
        return Done()

    def _re_enrolled(self, question: people.ReEnrolled) -> people.LinkDocument:
        return people.LinkDocument(person=question.id, code="", until_ms=NOW_MS)

    def _token_added(self, question: people.TokenAdded) -> people.TokenMade:
        token = people.TokenDocument(id="7" * 32, name=question.name, added_ms=NOW_MS, added_by=question.actor)
        return people.TokenMade(token=token, secret="s" * 43)

    def _token_removed(self, _: people.TokenRemoved) -> Done:
        return Done()

    def _token(self, question: people.TokenAsked) -> people.TokenDocument:
        if question.secret_hash not in self.tokens:
            raise nothing()
        return self.tokens[question.secret_hash]

    def _act(self, question: people.ActNoted) -> Done:
        self.acts.append(question)
        return Done()

    def _trail(self, _: Any) -> people.TrailDocument:
        return people.TrailDocument(acts=())


def nothing() -> HomeMistake:
    """Return the refusal of what is not there."""
    return HomeMistake(
        expected="something that is there", came="nothing of that name", where="", remedy="look again"
    )
