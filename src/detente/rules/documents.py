"""Verdicts, flags and procedures as plain data for ``--json``: complete, with words only where a person wrote them."""

from __future__ import annotations

from typing import Any

from detente.rules.facts import Facts, Telling
from detente.rules.loopholes import Finding
from detente.rules.procedures import Progress
from detente.rules.spans import Span
from detente.rules.verdict import Judged, Told, Verdict
from detente.rules.wording import finding_words, in_words, reason_words, told_words

__all__ = ["finding_document", "judged_document", "progress_document"]


def judged_document(plan: Facts, judged: list[Judged]) -> dict[str, Any]:
    """Return one plan with every verdict of every agreement, and the hash of the file that each was judged under."""
    return {
        "ref": plan.ref,
        "kind": plan.kind,
        "title": plan.title,
        "state": plan.state,
        "start": _span(plan.start),
        "end": _span(plan.end),
        "told": _telling(plan.told),
        "agreements": [
            {
                "agreement": one.agreement.id,
                "sha256": one.agreement.sha256,
                "verdicts": [_verdict(verdict, one) for verdict in one.verdicts],
            }
            for one in judged
        ],
    }


def _verdict(verdict: Verdict, judged: Judged) -> dict[str, Any]:
    clause = verdict.clause
    return {
        "clause": clause.id,
        "title": in_words(clause.title),
        "paragraph": clause.paragraph,
        "duty": clause.duty,
        "outcome": verdict.outcome.value,
        "reason": verdict.reason.value,
        "words": reason_words(verdict, judged.agreement),
        "crossed": [_pair(one) for one in verdict.crossed],
        "below": [_pair(one) for one in verdict.below],
        "missing": list(verdict.missing),
        "failed": verdict.failed or None,
        "owed_by": list(verdict.by),
        "to": list(verdict.to),
        "not_owed_to": list(verdict.norm_to),
        "exceptions": [{"paragraph": one.paragraph, "text": in_words(one.text)} for one in verdict.reliefs],
        "suspensions": [
            {"state": one.state, "since": one.since.isoformat(), "text": in_words(one.text), "source": one.source}
            for one in verdict.suspensions
        ],
        "together": list(verdict.together),
        "together_more": verdict.together_more,
        "due": _span(verdict.due),
        "clock": clause.deadline.clock,
        "told": _told(verdict.told),
        "source": clause.source,
        "verified": clause.verified,
    }


def _pair(pair: Any) -> dict[str, Any]:
    return {"metric": pair.metric, "op": pair.op, "limit": pair.limit, "value": pair.value}


def _span(span: Span | None) -> dict[str, str] | None:
    if span is None:
        return None
    return {"earliest": span.earliest.isoformat(), "latest": span.latest.isoformat()}


def _telling(telling: Telling | None) -> dict[str, Any] | None:
    if telling is None:
        return None
    return {
        "ref": telling.ref,
        "not_before": telling.not_before.isoformat() if telling.not_before else None,
        "not_before_clock": telling.not_before_clock,
        "not_after": telling.not_after.isoformat() if telling.not_after else None,
        "not_after_clock": telling.not_after_clock,
    }


def _told(told: Told | None) -> dict[str, Any] | None:
    if told is None:
        return None
    return {
        "outcome": told.outcome.value,
        "why": told.why or None,
        "words": told_words(told),
        "by": _telling(told.telling),
        "late_by_s": told.late_by_s,
        "late_least_s": told.late_least_s,
        "late_most_s": told.late_most_s,
        "lead_s": told.lead_s,
        "lead_least_s": told.lead_least_s,
        "lead_most_s": told.lead_most_s,
        "short_of_desirable": told.short_of_desirable,
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return one flag with its numbers and cut-offs."""
    return {
        "flag": finding.flag.value,
        "notices": list(finding.refs),
        "states": list(finding.states),
        "clauses": [{"agreement": agreement, "clause": clause} for agreement, clause in finding.clauses],
        "metric": finding.metric or None,
        "value": finding.value,
        "limit": finding.limit,
        "shared": list(finding.shared),
        "cutoffs": finding.cutoffs,
        "words": finding_words(finding),
    }


def progress_document(progress: Progress) -> dict[str, Any]:
    """Return how far a procedure has come."""
    return {
        "agreement": progress.agreement,
        "procedure": progress.procedure.id,
        "paragraph": progress.procedure.paragraph,
        "state": progress.state,
        "is_final": progress.is_final,
        "taken": [{"notice": ref, "state": state} for ref, state in progress.taken],
        "due": [{"clause": one.clause, "due": _span(one.due), "told": _told(one.told)} for one in progress.dues],
        "out_of_turn": list(progress.out_of_turn),
    }
