"""Answers what a desk asks of the record as a whole: groups, areas, obligations, timeline, hand-over, forms."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from detente import words
from detente.node.desk_door.alarm_views import alarms_of
from detente.node.desk_door.drafting import Drafting
from detente.node.desk_door.forms import author_of, check_document_of, forms_of
from detente.node.desk_door.forms_read import entry_type, examined
from detente.node.desk_door.groups import activities_of, contacts_of, incidents_of
from detente.node.desk_door.judging import FiledLine, Judging, moment_of, unmet
from detente.node.desk_door.line_views import LineStandings
from detente.node.desk_door.parts import Parts
from detente.node.desk_door.people_questions import TrailAsked
from detente.node.desk_door.reading import Indexes
from detente.node.desk_door.record_questions import (
    ActivitiesAsked,
    AreasAsked,
    AreasDocument,
    CheckAsked,
    CheckDocument,
    ContactsAsked,
    EntriesAsked,
    FormsAsked,
    FormsDocument,
    GroupsDocument,
    HandoverAsked,
    HandoverDocument,
    IncidentsAsked,
    ObligationsAsked,
    ObligationsDocument,
    TimelineAsked,
    TimelineDocument,
)
from detente.node.desk_door.record_views import entries_of
from detente.node.desk_door.time_views import Areas, happened, outages_of, timeline_of
from detente.node.desk_door.verdicts import Said
from detente.node.errors import StillReading
from detente.node.host import clock_ms

__all__ = ["ViewAsked", "Views"]

say = words.speaker("node")

ViewAsked = (
    ActivitiesAsked
    | AreasAsked
    | CheckAsked
    | ContactsAsked
    | FormsAsked
    | HandoverAsked
    | IncidentsAsked
    | ObligationsAsked
    | TimelineAsked
)
_WARM_PAUSE_S = 0.02
_PATIENCE_S = 45.0
"""How long somebody who asks waits for a long record to be read: a desk gives up after a minute."""
_ACTS_MAX = 500
_AWAITED_MAX = 500


@dataclass(slots=True)
class Views:
    """Answers the questions of ``ViewAsked``; its methods run on the loop, their work in the door's threads."""

    parts: Parts
    drafting: Drafting
    standings: LineStandings
    judging: Judging = field(default_factory=Judging)
    areas: Areas = field(default_factory=Areas)

    async def answer(self, question: ViewAsked, language: str) -> Any:
        """Return the answer, of the type that the question names. Raises HomeMistake, StoreFailure."""
        match question:
            case ActivitiesAsked() | IncidentsAsked() | ContactsAsked():
                if isinstance(question, ActivitiesAsked):
                    await self._filed(question.line, language)
                return await self.parts.reading.read(language, lambda indexes: self._groups(indexes, question))
            case AreasAsked():
                return await self._areas(question, language)
            case ObligationsAsked():
                return await self._obligations(question, language)
            case TimelineAsked():
                return await self._timeline(question, language)
            case HandoverAsked():
                return await self._handover(question, language)
            case FormsAsked():
                return await self._forms(language)
            case CheckAsked():
                return await self._check(question, language)

    async def warm(self) -> None:
        """File and judge every notice before somebody asks what is owed, with pauses.

        Raises HomeMistake, StoreFailure.
        """
        more = True
        while more:
            more = await self.parts.reading.read(
                "en", lambda indexes: not all(self.judging.file_some(one) for one in indexes.chosen(""))
            )
            await asyncio.sleep(_WARM_PAUSE_S)
        await self._verdicts(await self._filed("", "en"), moment_of(None), "en", pause_s=_WARM_PAUSE_S)

    # ---- inside ---------------------------------------------------------------------------------------------

    def _groups(
        self, indexes: Indexes, question: ActivitiesAsked | IncidentsAsked | ContactsAsked
    ) -> GroupsDocument:
        chosen = indexes.chosen(question.line)
        match question:
            case ActivitiesAsked():
                return activities_of(
                    [(one, self.judging.filed(one)) for one in chosen if self.judging.file_some(one)]
                )
            case IncidentsAsked():
                return incidents_of(chosen)
            case ContactsAsked():
                return contacts_of(chosen)

    async def _filed(self, line: str, language: str) -> list[FiledLine]:
        """Return the notices of a line, or of all; what is not filed yet is, between other questions.

        Raises StillReading where that takes longer than somebody who asks would wait.
        """
        end_s = time.monotonic() + _PATIENCE_S

        def some(indexes: Indexes) -> list[FiledLine] | None:
            chosen = indexes.chosen(line)
            if all(self.judging.file_some(one) for one in chosen):
                return [self.judging.filed(one) for one in chosen]
            return None

        found = None
        while found is None:
            found = await self.parts.reading.read(language, some)
            if found is None and time.monotonic() > end_s:
                raise self._still_reading()
        return found

    def _still_reading(self) -> StillReading:
        done, count = self.judging.count()
        return StillReading(
            expected=say("a record that was read since this node was started"),
            came=say("one of which {done} of {count} notices were read", done=done, count=count),
            remedy=say("ask again in a minute; lists of entries, drafts and alarms are there already"),
        )

    async def _verdicts(
        self, filed: list[FiledLine], now: datetime, language: str, *, pause_s: float = 0.0
    ) -> dict[str, Said]:
        """Return what is owed on each line; a long line is judged piece by piece, between other questions.

        Raises StillReading as ``_filed``, but not for the node's own warming, which has a pause.
        """
        found: dict[str, Said] = {}
        end_s = time.monotonic() + _PATIENCE_S if not pause_s else math.inf
        for one in filed:
            pieces = self.judging.verdicts_in_pieces(one, now)
            said = None
            while said is None:
                said = await self.parts.reading.judge(language, lambda pieces=pieces: next(pieces))  # type: ignore[misc]
                await asyncio.sleep(pause_s)
                if said is None and time.monotonic() > end_s:
                    raise self._still_reading()
            found[one.line] = said
        return found

    async def _areas(self, question: AreasAsked, language: str) -> AreasDocument:
        filed = await self._filed("", language)
        return await self.parts.reading.judge(
            language, lambda: self.areas.within(filed, question.from_ms, question.until_ms)
        )

    async def _obligations(self, question: ObligationsAsked, language: str) -> ObligationsDocument:
        filed = await self._filed(question.line, language)
        now = moment_of(question.at_ms)
        verdicts = await self._verdicts(filed, now, language)
        return ObligationsDocument(verdicts=tuple(each for one in verdicts.values() for each in one))

    async def _timeline(self, question: TimelineAsked, language: str) -> TimelineDocument:
        filed = await self._filed("", language)
        around = await self.parts.reading.read(
            language,
            lambda indexes: [each for one in indexes.chosen("") for each in outages_of(one, clock_ms())],
        )

        verdicts = await self._verdicts(filed, moment_of(None), language)

        def work() -> TimelineDocument:
            return timeline_of(filed, verdicts, around, question.from_ms, question.until_ms)

        return await self.parts.reading.judge(language, work)

    async def _handover(self, question: HandoverAsked, language: str) -> HandoverDocument:
        from_ms, until_ms = question.from_ms, question.until_ms
        reading = self.parts.reading
        filed = await self._filed("", language)
        rows = await reading.read(language, lambda indexes: happened(indexes.chosen(""), from_ms, until_ms))
        asked = EntriesAsked(has_open_answer=True, limit=_AWAITED_MAX)
        awaited = await reading.read(language, lambda indexes: entries_of(indexes.chosen(""), asked).rows)
        verdicts = await self._verdicts(filed, moment_of(None), language)
        owed = unmet(each for one in verdicts.values() for each in one)
        alarms = await reading.files(language, lambda: alarms_of(self.parts.home, self.parts.alarms()))
        return HandoverDocument(
            from_ms=from_ms,
            until_ms=until_ms,
            happened=rows,
            acts=await reading.files(language, lambda: self._acts(from_ms, until_ms)),
            owed=tuple(owed),
            awaited=awaited,
            drafts=(await self.drafting.listed(language)).drafts,
            alarms=tuple(one for one in alarms.alarms if one.state != "rectified-acknowledged"),
            lines=await self.standings.document(),
        )

    def _acts(self, from_ms: int, until_ms: int) -> tuple[dict[str, Any], ...]:
        """Return what people did at the desk meanwhile, newest first; in the thread of the files."""
        if self.parts.people is None:
            return ()
        asked = TrailAsked(from_ms=from_ms, until_ms=until_ms, limit=_ACTS_MAX)
        return tuple(msgspec.to_builtins(one) for one in self.parts.people.answer(asked).acts)

    async def _forms(self, language: str) -> FormsDocument:
        member = self.parts.member
        author = await self.parts.reading.read(language, lambda indexes: author_of(indexes.chosen(""), member))
        return await self.parts.reading.judge(language, lambda: forms_of(author))

    async def _check(self, question: CheckAsked, language: str) -> CheckDocument:
        form = await self.parts.reading.read(
            language, lambda indexes: examined(indexes.one(question.line), question.notice)
        )
        (filed,) = await self._filed(question.line, language)
        kind = "" if form.prepared is None else entry_type(form.prepared)
        needed = self.parts.needed(await self.parts.officers_if_known(), question.line, kind)

        def work() -> CheckDocument:
            verdicts: list[dict[str, Any]] = []
            if form.prepared is not None:
                notice = form.prepared.checked.notice
                verdicts = self.judging.verdicts_of_draft(filed, notice, moment_of(None))
            return check_document_of(form, needed, verdicts)

        return await self.parts.reading.judge(language, work)
