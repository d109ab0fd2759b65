"""For every plan and every clause a verdict. Pure: the same facts and the same time give the same verdicts.

    judges = [Judge(agreement) for agreement in agreements]
    judged = [judge.judge(plan, record, now=now) for judge in judges]

Nothing here searches: it answers about the plans that it is given, one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from detente.rules.agreement import Agreement, Clause, Deadline, Relief
from detente.rules.facts import Facts
from detente.rules.record import Record
from detente.rules.spans import Span, due
from detente.rules.standing import Standing
from detente.rules.told import compared
from detente.rules.trigger import Trigger, holds, triggered
from detente.rules.verdict import Judged, Outcome, Reason, Verdict

__all__ = ["Judge", "evaluate"]

_BOUND = {"tell", "invite", "answer", "accept", "contact"}


def evaluate(
    plans: Sequence[Facts],
    agreements: Iterable[Agreement],
    *,
    now: datetime | None = None,
    concerned: tuple[str, ...] = (),
) -> list[list[Judged]]:
    """Return for each plan, in the order given, what each agreement says about it.

    now: the moment at which the record is looked at, aware; None: the record is complete as it is.
    concerned: states that want to know whether it is owed to them, beside those that a notice names.
    """
    record = Record(plans)
    judges = [Judge(agreement) for agreement in agreements]
    return [[judge.judge(plan, record, now=now, concerned=concerned) for judge in judges] for plan in plans]


class Judge:
    """One agreement, made ready to be asked about many plans."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self._standing = Standing(agreement)
        self._silent = [
            Verdict(clause=clause, outcome=Outcome.NOT_OWED, reason=Reason.OTHER_KIND)
            for clause in agreement.clauses
        ]
        self._asked: dict[str, list[tuple[int, Clause]]] = {}
        for index, clause in enumerate(agreement.clauses):
            for kind in clause.kinds:
                self._asked.setdefault(kind, []).append((index, clause))
        self._nothing = Judged(agreement, tuple(self._silent))

    def judge(
        self, plan: Facts, record: Record, *, now: datetime | None = None, concerned: tuple[str, ...] = ()
    ) -> Judged:
        """Return a verdict for every clause, in the order of the agreement's file."""
        asked = self._asked.get(plan.kind)
        if asked is None:
            return self._nothing
        verdicts = self._silent.copy()
        for index, clause in asked:
            verdicts[index] = self._verdict(clause, plan, record, now, concerned)
        return Judged(self.agreement, tuple(verdicts))

    def sums_of(self, plan: Facts, record: Record) -> tuple[object, ...]:
        """Return what a plan's verdicts are read from in sums over the record; nothing where it stands in none."""
        found: list[object] = []
        for _, clause in self._asked.get(plan.kind, ()):
            if clause.together is not None:
                sums = record.sums(clause, self.agreement.zone)
                seen = sums.seen(plan)
                if seen is not plan:
                    found += [seen.values, seen.ranges, sums.others(plan)]
        return tuple(found)

    def _verdict(
        self, clause: Clause, plan: Facts, record: Record, now: datetime | None, concerned: tuple[str, ...]
    ) -> Verdict:
        sums = record.sums(clause, self.agreement.zone) if clause.together is not None else None
        seen = sums.seen(plan) if sums is not None else plan
        found = _named(triggered(clause, self.agreement.zone, seen), clause, plan)
        if found.fires is False:
            return Verdict(
                clause=clause,
                outcome=Outcome.NOT_OWED,
                reason=found.reason,
                crossed=found.crossed,
                below=found.below,
                failed=found.failed,
            )
        reliefs = tuple(one for one in clause.exceptions if all(holds(each, plan) for each in one.when))
        acquitting = tuple(one for one in reliefs if one.effect == "not_owed")
        if acquitting:
            return Verdict(
                clause=clause,
                outcome=Outcome.NOT_OWED,
                reason=Reason.RELIEVED,
                crossed=found.crossed,
                below=found.below,
                reliefs=acquitting[:1],
            )
        if found.fires is None:
            verdict = _open(clause, found)
        else:
            verdict = self._set_off(clause, plan, found, reliefs[:1], record, now, concerned)
        if sums is None or not verdict.crossed:
            return verdict
        named, more = sums.others(plan)
        return msgspec.structs.replace(verdict, together=named, together_more=more)

    def _set_off(
        self,
        clause: Clause,
        plan: Facts,
        found: Trigger,
        reliefs: tuple[Relief, ...],
        record: Record,
        now: datetime | None,
        concerned: tuple[str, ...],
    ) -> Verdict:
        """Return the verdict of a clause that is set off: who is bound, to whom, by when, and what was told."""
        moment = _moment(plan)
        if moment is None:
            return _open(clause, found, "start")
        states = _who(clause, plan)
        if not states and not self.agreement.everyone:
            return _open(clause, found, "asked" if clause.owed_by == "asked" else "state")
        bound = {state: self._standing.bound(state, moment) for state in states}
        by = tuple(state for state in states if bound[state] == "party")
        if not by and "unknown" in bound.values():
            return _open(clause, found, "party")
        outcome, reason = self._outcome(clause, by, moment)
        to = self._addressees(clause, plan, by, moment)
        if outcome is not Outcome.NORM and clause.to in {"parties", "asker"} and not to:
            outcome, reason = Outcome.NORM, Reason.NOBODY_ELSE
        deadline = reliefs[0].deadline or clause.deadline if reliefs else clause.deadline
        latest = due(deadline, start=plan.start or _year(plan, deadline), end=plan.end, requested=plan.requested)
        return Verdict(
            clause=clause,
            outcome=outcome,
            reason=reason,
            crossed=found.crossed,
            below=found.below,
            by=by or states,
            to=to,
            norm_to=self._not_owed_to(clause, plan, by, to, moment, concerned),
            reliefs=reliefs,
            suspensions=self._standing.suspensions(by, clause.id, moment) if self.agreement.suspensions else (),
            due=latest,
            told=compared(deadline, latest, telling=record.telling(clause, plan, by), start=plan.start, now=now)
            if clause.duty in _BOUND and reason is not Reason.NOT_IN_FORCE
            else None,
        )

    def _outcome(self, clause: Clause, by: tuple[str, ...], moment: datetime) -> tuple[Outcome, Reason]:
        if not self._standing.in_force(moment):
            return Outcome.NORM, Reason.NOT_IN_FORCE
        if self.agreement.binding in {"recommended", "voluntary"}:
            return Outcome.NORM, Reason.RECOMMENDED
        if not by:
            return Outcome.NORM, Reason.NOT_A_PARTY
        if clause.duty == "quota":
            return Outcome.COUNTED, Reason.TRIGGERED
        return Outcome.BEYOND if clause.duty == "limit" else Outcome.OWED, Reason.TRIGGERED

    def _addressees(self, clause: Clause, plan: Facts, by: tuple[str, ...], moment: datetime) -> tuple[str, ...]:
        if clause.to == "parties":
            others = tuple(state for state in self._standing.parties(moment) if state not in by)
            hub = self.agreement.hub
            # with a hub, each of the others has an agreement with it and none with each other
            return (
                tuple(state for state in others if (state in hub) != bool(set(hub) & set(by))) if hub else others
            )
        if clause.to == "asker":
            return (plan.state,) if plan.state else ()
        return clause.named

    def _not_owed_to(
        self,
        clause: Clause,
        plan: Facts,
        by: tuple[str, ...],
        to: tuple[str, ...],
        moment: datetime,
        concerned: tuple[str, ...],
    ) -> tuple[str, ...]:
        """Return the states concerned that are no parties, or not to the author: the text asks nothing for them."""
        if clause.to != "parties" or clause.owed_by != "author":
            return ()
        named = dict.fromkeys((*plan.asked, *concerned))
        free = {"not_a_party", "not_in_force", *(["party"] if self.agreement.hub else [])}
        return tuple(
            state
            for state in named
            if state not in by and state not in to and self._standing.bound(state, moment) in free
        )


def _named(found: Trigger, clause: Clause, plan: Facts) -> Trigger:
    """Return a trigger that says, where a sum is open and the plan's own number is not, that others leave it open."""
    of = clause.together.of if clause.together is not None else ""
    if of not in found.missing or of not in plan.values:
        return found
    return found._replace(missing=tuple("together" if name == of else name for name in found.missing))


def _who(clause: Clause, plan: Facts) -> tuple[str, ...]:
    """Return the states that a clause is about; who asks itself is not asked."""
    if clause.owed_by == "asked":
        return tuple(state for state in plan.asked if state != plan.state)
    return (plan.state,) if plan.state else plan.states


def _open(clause: Clause, found: Trigger, *missing: str) -> Verdict:
    return Verdict(
        clause=clause,
        outcome=Outcome.UNDECIDABLE,
        reason=Reason.MISSING,
        crossed=found.crossed,
        below=found.below,
        missing=found.missing + missing,
    )


def _moment(plan: Facts) -> datetime | None:
    """Return the moment by which standing is judged: the start, else the request, the year or the telling."""
    span = plan.start or plan.requested or _year(plan, None)
    if span is not None:
        return span.earliest.astimezone(UTC)
    told = plan.told.not_before or plan.told.not_after if plan.told else None
    return told.astimezone(UTC) if told else None


def _year(plan: Facts, deadline: Deadline | None) -> Span | None:
    """Return the year that a calendar or an exchange is about, as its first instant."""
    if plan.year is None or (deadline is not None and deadline.kind != "calendar"):
        return None
    first = datetime.fromisoformat(f"{plan.year:04d}-01-01T00:00:00+00:00")
    return Span(first, first)
