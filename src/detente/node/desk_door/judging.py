"""What is owed, judged over the notices of a line as the desk has them ready.

Notices are filed in the reading thread, each anew only when somebody confirmed or answered it; agreements are asked in
the judging thread, from what was filed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from detente.node.book import Entry
from detente.node.desk_door.line_index import Known, LineIndex, Place
from detente.node.desk_door.verdicts import Account, Said
from detente.node.filed_record import deliveries_of, told_of
from detente.notices.activities import Current, current
from detente.notices.filed import Filed, Told
from detente.notices.kinds import Correction
from detente.notices.notice import Notice
from detente.rules import shelf
from detente.rules.agreement import Agreement
from detente.rules.documents import judged_document
from detente.rules.evaluating import Judge
from detente.rules.facts import Facts
from detente.rules.files import standing_now
from detente.rules.reading import facts_of_record
from detente.rules.record import Record
from detente.rules.verdict import Judged, Outcome, Reason

__all__ = ["FiledLine", "Judging", "moment_of", "unmet"]

_MET = frozenset({"met", "no_time"})
_DRAFT = "draft"
_AT_ONCE = 50
_Mark = tuple[int, int, bool, str]
_Filed = dict[Place, tuple[_Mark, Filed | None]]


@dataclass(frozen=True, slots=True)
class FiledLine:
    """The notices of a line at one moment. places: of each reference; doubtful: entries that somebody disputes."""

    line: str
    member: str
    filed: tuple[Filed, ...]
    places: Mapping[str, Place]

    def standing(self) -> dict[str, Current]:
        """Return each first notice as it stands now, by its reference."""
        return current(self.filed)[0]


@dataclass(slots=True)
class Judging:
    """Files and judges. ``file_some`` and ``filed`` run in the reading thread, everything else in the judging one."""

    _filed: dict[str, _Filed] = field(default_factory=dict)
    _todo: dict[str, tuple[int, list[Known]]] = field(default_factory=dict)
    _lines: dict[str, tuple[int, FiledLine]] = field(default_factory=dict)
    _accounts: dict[str, Account] = field(default_factory=dict)

    def file_some(self, index: LineIndex) -> bool:
        """File some notices of a line that are new or were confirmed since; False while there are more.

        In the reading thread, piece by piece, so that a long record keeps no short question waiting. Raises
        StoreFailure.
        """
        kept = self._filed.setdefault(index.line, {})
        revision, todo = self._todo.get(index.line, (-1, []))
        if revision != index.revision:
            todo = [known for known in index.known.values() if known.kind and _is_old(index, known, kept)]
            todo.reverse()
            self._todo[index.line] = index.revision, todo
        for _ in range(min(_AT_ONCE, len(todo))):
            _file(index, todo[-1], kept)
            todo.pop()
        return not todo

    def count(self) -> tuple[int, int]:
        """Return how many notices are filed, and how many there are as far as it is known."""
        done = sum(map(len, self._filed.values()))
        return done, done + sum(len(todo) for _, todo in self._todo.values())

    def filed_now(self, index: LineIndex) -> FiledLine:
        """Return the notices of a line when only few are left to be filed. Raises StoreFailure."""
        while not self.file_some(index):
            pass
        return self.filed(index)

    def filed(self, index: LineIndex) -> FiledLine:
        """Return the notices of a line, in the order of their authors' logs; ``file_some`` filed them all."""
        held = self._lines.get(index.line)
        if held is not None and held[0] == index.revision:
            return held[1]
        found = [one for _, one in self._filed[index.line].values() if one is not None]
        places = {index.name(place): place for place, (_, one) in self._filed[index.line].items() if one}
        line = FiledLine(index.line, index.member, tuple(found), places)
        self._lines[index.line] = index.revision, line
        return line

    def verdicts(self, filed: FiledLine, now: datetime) -> Said:
        """Return every verdict that asks for something, as plain data, in the language of this context."""
        return next(found for found in self.verdicts_in_pieces(filed, now) if found is not None)

    def verdicts_in_pieces(self, filed: FiledLine, now: datetime) -> Iterator[Said | None]:
        """Yield None after each piece of the work, then what ``verdicts`` returns: nobody waits long for another."""
        account = self._account(filed)
        yield None
        yield from account.pieces(_judges(), now, lambda plan, judged: list(_documents(filed.line, plan, judged)))

    def verdicts_of_draft(self, filed: FiledLine, notice: Notice, now: datetime) -> list[dict[str, Any]]:
        """Return what asks for something of a notice if it were said now, what it names itself, what it stays below."""
        said = notice.corrected if isinstance(notice, Correction) else notice
        told = Told(not_before=now, not_before_clock=filed.member, author_clock=now)
        draft = Filed(notice=said, ref=_DRAFT, told=told, from_line=True)
        plan = facts_of_record([*_beside(filed, said), draft])[-1]
        record = Record([*self._account(filed).plans(), plan])
        judged = [judge.judge(plan, record, now=now) for judge in _judges()]
        named = {(one.agreement, one.clause) for one in said.fulfils}
        named |= {
            (one.agreement.id, each.clause.id)
            for one in judged
            for each in one.verdicts
            if each.reason is Reason.BELOW
        }
        return list(_documents(filed.line, plan, judged, named))

    # ---- inside ---------------------------------------------------------------------------------------------

    def _account(self, filed: FiledLine) -> Account:
        account = self._accounts.setdefault(filed.line, Account())
        account.take(filed, lambda: facts_of_record(standing_now(list(filed.filed))[0]))
        return account


def unmet(verdicts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the verdicts of what is owed and was not told in time yet."""
    return [
        one
        for one in verdicts
        if one["outcome"] == "owed" and (one["told"] is None or one["told"]["outcome"] not in _MET)
    ]


def moment_of(at_ms: int | None) -> datetime:
    """Return milliseconds as aware UTC, now for None; a moment beyond the calendar as its end."""
    if at_ms is None:
        return datetime.now(UTC)
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if at_ms > 0 else datetime.min.replace(tzinfo=UTC)


@cache
def _judges() -> tuple[Judge, ...]:
    return tuple(Judge(one) for one in _agreements())


@cache
def _agreements() -> tuple[Agreement, ...]:
    return shelf.shelved()


def _mark(index: LineIndex, known: Known) -> _Mark:
    """Return figures that differ when more of its line confirmed a notice, replied to it, or it is called otherwise."""
    book, (origin, seq) = index.opened, known.place
    confirmed = sum(size > seq for size in book.state.logs[origin].delivered.values())
    is_here = seq not in book.state.logs[origin].wanted
    return confirmed, len(book.replies.get(known.place, ())), is_here, index.name(known.place)


def _is_old(index: LineIndex, known: Known, kept: _Filed) -> bool:
    held = kept.get(known.place)
    return held is None or held[0] != _mark(index, known)


def _file(index: LineIndex, known: Known, kept: _Filed) -> None:
    """File one notice; none where it is not here, not understood, or names another author."""
    origin, seq = known.place
    checked = index.checked(known)
    if checked is None or checked.notice.author.id != origin.member:
        kept[known.place] = _mark(index, known), None
        return
    entry = Entry(origin, seq, b"", known.hash, known.statement, {})
    one = Filed(
        notice=checked.notice,
        ref=index.name(known.place),
        told=told_of(index.opened, entry, checked.notice.addressees),
        deliveries=deliveries_of(index.opened, entry),
        from_line=True,
    )
    kept[known.place] = _mark(index, known), one


def _beside(filed: FiledLine, notice: Notice) -> list[Filed]:
    """Return what a notice's facts are read with: the newest of each author, and its own activity's."""
    newest = {one.notice.author.id: one for one in filed.filed if one.notice.author.state}
    same = [one for one in filed.filed if notice.activity and one.notice.activity == notice.activity]
    return [*newest.values(), *same]


def _documents(
    line: str, plan: Facts, judged: list[Judged], named: Iterable[tuple[str, str]] = ()
) -> Iterator[dict[str, Any]]:
    """Yield a plan's verdicts that ask for something, or that are named."""
    wanted = set(named)
    if not wanted and not any(_asks(each.outcome, each.reason) for one in judged for each in one.verdicts):
        return
    asking = [
        Judged(
            one.agreement,
            tuple(
                each
                for each in one.verdicts
                if _asks(each.outcome, each.reason) or (one.agreement.id, each.clause.id) in wanted
            ),
        )
        for one in judged
    ]
    document = judged_document(plan, [one for one in asking if one.verdicts])
    for one in document["agreements"]:
        for verdict in one["verdicts"]:
            yield {
                "line": line,
                "ref": plan.ref,
                "kind": plan.kind,
                "notice": plan.title,
                "state": plan.state,
                "agreement": one["agreement"],
                "sha256": one["sha256"],
                **verdict,
            }


def _asks(outcome: Outcome, reason: Reason) -> bool:
    return outcome is not Outcome.NOT_OWED and reason is not Reason.NOT_IN_FORCE
