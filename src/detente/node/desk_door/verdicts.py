"""What is owed on a line, judged piece by piece and only anew where something that a verdict was read from changed.

A plan's verdicts are read from its own facts, from those of the record that may tell its duties, from sums in which it
stands, and from whether its open times have passed. While all four are what they were, its verdicts are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from detente import words
from detente.rules.evaluating import Judge
from detente.rules.facts import Facts
from detente.rules.record import Record
from detente.rules.spans import Span
from detente.rules.verdict import Judged

__all__ = ["Account", "Judges", "Said"]

_AT_ONCE = 2_000
_LOOKS_LIKE_ONE = 40
"""A plan that is judged takes as long as so many that are looked at."""
Judges = Sequence[Judge]
Said = list[dict[str, Any]]
"""Verdicts as plain data."""
Documents = Callable[[Facts, list[Judged]], Said]


@dataclass(frozen=True, slots=True)
class _Read:
    """What a plan's verdicts were read from, beside the time."""

    facts: Facts
    beside: tuple[Facts, ...]
    sums: tuple[Any, ...]

    def is_same(self, other: _Read) -> bool:
        """Tell whether the verdicts are the same; facts that did not change are the same objects."""
        return (
            self.facts is other.facts
            and len(self.beside) == len(other.beside)
            and all(one is another for one, another in zip(self.beside, other.beside, strict=True))
            and self.sums == other.sums
        )


@dataclass(slots=True)
class _Held:
    """One plan's verdicts. record: in which ``read`` was found last; documents: in each language asked for."""

    record: Record
    read: _Read
    judged: list[Judged]
    open_times: tuple[Span, ...]
    passed: tuple[tuple[bool, bool], ...]
    documents: dict[str, Said] = field(default_factory=dict)


@dataclass(slots=True)
class Account:
    """The verdicts of one line. For one thread at a time."""

    _held: dict[str, _Held] = field(default_factory=dict)
    _plans: list[Facts] = field(default_factory=list)
    _record: Record = field(default_factory=lambda: Record(()))
    _of: object = None

    def take(self, of: object, plans: Callable[[], list[Facts]]) -> None:
        """Take the facts of a line as it is now. of: what they are read from; the same again changes nothing."""
        if of is self._of:
            return
        found = plans()
        known = {plan.ref for plan in found}
        self._plans = [self._known(plan) for plan in found]
        self._record = Record(self._plans)
        self._held = {ref: held for ref, held in self._held.items() if ref in known}
        self._of = of

    def plans(self) -> list[Facts]:
        """Return the facts that were taken last."""
        return self._plans

    def pieces(self, judges: Judges, now: datetime, documents: Documents) -> Iterator[Said | None]:
        """Yield None after each piece of the work, then every verdict that asks for something at this moment.

        documents: makes a plan's verdicts plain, in the language of the context that asks for the piece.
        """
        plans, record = self._plans, self._record
        found: Said = []
        work = 0
        for plan in plans:
            held = self._fresh(plan, record, judges, now)
            told = held.documents.get(words.language())
            if told is None:
                told = held.documents[words.language()] = documents(plan, held.judged)
                work += _LOOKS_LIKE_ONE
            found += told
            work += 1
            if work >= _AT_ONCE:
                work = 0
                yield None
        yield found

    # ---- inside ---------------------------------------------------------------------------------------------

    def _known(self, plan: Facts) -> Facts:
        """Return the facts that stand for these already, where they are the same."""
        held = self._held.get(plan.ref)
        return held.read.facts if held is not None and held.read.facts == plan else plan

    def _fresh(self, plan: Facts, record: Record, judges: Judges, now: datetime) -> _Held:
        held = self._held.get(plan.ref)
        if held is not None and held.record is not record:
            read = _read(plan, record, judges)
            if held.read.is_same(read):
                held.record = record
            else:
                held = None
        if held is not None and held.passed == _passed(held.open_times, now):
            return held
        judged = [judge.judge(plan, record, now=now) for judge in judges]
        open_times = tuple(_open_times(judged))
        held = self._held[plan.ref] = _Held(
            record, _read(plan, record, judges), judged, open_times, _passed(open_times, now)
        )
        return held


def _read(plan: Facts, record: Record, judges: Judges) -> _Read:
    sums = tuple(one for judge in judges for one in judge.sums_of(plan, record))
    return _Read(plan, record.beside(plan), sums)


def _open_times(judged: list[Judged]) -> Iterator[Span]:
    """Yield the times of what nothing told yet: only these make a verdict another one as time goes on."""
    for one in judged:
        for verdict in one.verdicts:
            if verdict.told is not None and verdict.told.telling is None and verdict.due is not None:
                yield verdict.due


def _passed(spans: tuple[Span, ...], now: datetime) -> tuple[tuple[bool, bool], ...]:
    return tuple((now <= one.earliest, now >= one.latest) for one in spans)
