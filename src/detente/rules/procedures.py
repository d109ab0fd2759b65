"""Requests and their answers: a state machine that an agreement's file describes, driven by entries and a time.

The tables are data (``[[procedures]]``); this file knows no agreement. Nothing here acts when time passes: whoever
asks again with a later ``now`` is told what has become late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from detente.rules.agreement import Agreement, Procedure, Step
from detente.rules.facts import Facts, Telling
from detente.rules.spans import Span, due
from detente.rules.told import compared
from detente.rules.verdict import Told

__all__ = ["Due", "Event", "Progress", "follow", "progresses"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that came: what (the word of a step), in which entry, when; reached: when it reached the one asked."""

    on: str
    telling: Telling
    reached: Span | None = None


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What a step made due: by which clause, when at the latest, and how it stands."""

    clause: str
    due: Span | None
    told: Told


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a procedure has come.

    state: where it stands. is_final: nothing more is expected. taken: the entries that moved it, with the states they
    led to. out_of_turn: entries that no step of their state takes: shown, and without effect.
    """

    agreement: str
    procedure: Procedure
    state: str
    is_final: bool
    taken: tuple[tuple[str, str], ...]
    dues: tuple[Due, ...]
    out_of_turn: tuple[str, ...]


def follow(
    agreement: Agreement,
    procedure: Procedure,
    events: Iterable[Event],
    *,
    start: Span | None = None,
    end: Span | None = None,
    now: datetime | None = None,
) -> Progress:
    """Return how far a procedure has come by these entries, seen at ``now``.

    events: in any order; they are taken in the order of their earliest moment. start, end: of the visit or activity.
    """
    steps = {(step.state, step.on): step for step in procedure.steps}
    deadlines = {clause.id: clause.deadline for clause in agreement.clauses}
    ordered = sorted(events, key=lambda one: (_moment(one) is None, _moment(one), one.telling.ref))
    state = procedure.begin
    taken: list[tuple[str, str]] = []
    strangers: list[str] = []
    opened: list[tuple[Step, Event]] = []
    met: dict[int, Event] = {}
    for event in ordered:
        step = steps.get((state, event.on))
        for number, (waiting, _) in enumerate(opened):
            if number not in met and event.on in waiting.answers:
                met[number] = event
        if step is None:
            strangers.append(event.telling.ref)
            continue
        state = step.to
        taken.append((event.telling.ref, state))
        if step.due_clause:
            opened.append((step, event))
    dues = []
    for number, (waiting, asked) in enumerate(opened):
        deadline = deadlines[waiting.due_clause]
        latest = due(deadline, start=start, end=end, requested=asked.reached)
        answer = met[number].telling if number in met else None
        told = compared(deadline, latest, telling=answer, start=start, now=now)
        dues.append(Due(clause=waiting.due_clause, due=latest, told=told))
    return Progress(
        agreement=agreement.id,
        procedure=procedure,
        state=state,
        is_final=state in procedure.final,
        taken=tuple(taken),
        dues=tuple(dues),
        out_of_turn=tuple(strangers),
    )


def progresses(
    plans: Sequence[Facts], agreements: Iterable[Agreement], *, now: datetime | None = None
) -> list[Progress]:
    """Return every procedure that the notices tell of: one for each first request, with what answers it."""
    threads: dict[str, list[Facts]] = defaultdict(list)
    names = {one.ref: one.activity or one.ref for one in plans if one.kind in _REQUESTS}
    for plan in plans:
        thread = next((names[ref] for ref in plan.answers if ref in names), plan.activity or plan.ref)
        if plan.kind in _REQUESTS or plan.answers or plan.activity in names.values():
            threads[thread].append(plan)
    found = []
    for together in threads.values():
        first = next((one for one in together if _name(one)), None)
        if first is None:
            continue
        events = [
            Event(on=on, telling=plan.told, reached=plan.requested)
            for plan in together
            if plan.told is not None and (on := _event(plan))
        ]
        found += [
            follow(agreement, procedure, events, start=first.start, end=first.end, now=now)
            for agreement in agreements
            for procedure in agreement.procedures
            if procedure.id == _name(first)
        ]
    return found


_REQUESTS = {"unusual_activity_request", "visit_request"}


def _name(plan: Facts) -> str:
    """Return which procedure a request begins."""
    if plan.kind == "unusual_activity_request":
        return "unusual-activity"
    return str(plan.values["subject"]) if plan.kind == "visit_request" else ""


def _event(plan: Facts) -> str:
    """Return the word under which a notice moves a procedure; "" for one that moves none."""
    if plan.kind == "unusual_activity_request":
        return "meeting_request" if plan.values["subject"] == "meeting" else "request"
    if plan.kind == "visit_request":
        return "invitation" if plan.values["invitation"] else "request"
    if plan.kind == "visit_reply":
        return "refusal" if plan.values["decision"] == "refused" else "reply"
    return {"unusual_activity_answer": "reply", "visit_report": "report", "contact_record": "meeting_held"}.get(
        plan.kind, ""
    )


def _moment(event: Event) -> datetime | None:
    return event.telling.not_before or event.telling.not_after
