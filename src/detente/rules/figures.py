"""Figures of transparency, each recomputable from the record by either side: its parts, its method, its entries.

Pure: a record and what was judged of it in, figures out. A share stands with its exact interval and with the entries
that it counts; what could not be decided is counted as such and is in no share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

import msgspec

from detente.notices.filed import Filed
from detente.notices.kinds.after_report import AfterReport
from detente.notices.kinds.cancellation import Cancellation
from detente.notices.kinds.correction import Correction
from detente.notices.notice import Force
from detente.rules.agreement import Agreement, Clause, Text, Verified
from detente.rules.chances import rate_interval, share_interval
from detente.rules.facts import Facts, Telling
from detente.rules.happenings import Happening
from detente.rules.procedures import Progress
from detente.rules.verdict import Judged, Outcome, Reason, ToldOutcome

__all__ = [
    "Acknowledged",
    "Changed",
    "Declared",
    "Figures",
    "Incidents",
    "Lead",
    "Told",
    "acknowledged",
    "answered",
    "changed_after_start",
    "declared",
    "incidents",
    "leads",
    "told_in_time",
]

ORDER = ("delivered", "read", "answered")

_DAY = timedelta(days=1)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of what one clause asked: the refs by outcome, and the share that was met, of those decided."""

    agreement: str
    clause: str
    paragraph: str
    title: Text
    sha256: str
    refs: dict[str, tuple[str, ...]]
    met: int
    decided: int
    share_low: float
    share_high: float


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """How long before the start one authority told activities of one kind: hours, one an activity, in order of time.

    norm_h: the least that a clause asks, None where none has a fixed time. late: how many are below it. undated: those
    of which the moment of telling is not known to a day (a text that names only its year); they are in no figure.
    median_h: None where no lead time is known. norm_verified: how far the clause's numbers were.
    """

    authority: str
    kind: str
    refs: tuple[str, ...]
    hours: tuple[float, ...]
    median_h: float | None
    undated: tuple[str, ...]
    norm_h: float | None
    norm_of: str
    norm_paragraph: str
    norm_title: Text | None
    norm_verified: Verified | None
    late: int
    share_low: float
    share_high: float


class _Norm(NamedTuple):
    """The shortest time before the start that is asked, in hours, and the clause that asks it; None where none does."""

    hours: float | None
    name: str
    clause: Clause | None


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """How far one party's notices came with one recipient, and how fast: each word's count and its median hours."""

    author: str
    recipient: str
    notices: int
    counts: dict[str, int]
    median_h: dict[str, float]


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A correction or a cancellation that came after its activity had begun."""

    ref: str
    of: str
    author: str
    after_start_h: float


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """Troops of one state in one activity: as declared, as others observed or estimated, as reported afterwards."""

    activity: str
    state: str
    declared: int | None
    observed: tuple[tuple[str, int], ...]
    reported: int | None


class Incidents(msgspec.Struct, frozen=True, kw_only=True):
    """Incidents of one period of a year or month: how many, and the rate a year with its exact interval.

    exposure_years: how much of the period the record covers.
    """

    period: str
    count: int
    exposure_years: float
    rate: float
    rate_low: float
    rate_high: float
    refs: tuple[str, ...]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one record, and what they were computed from."""

    notices: int
    first: datetime | None
    last: datetime | None
    told: tuple[Told, ...] = ()
    leads: tuple[Lead, ...] = ()
    acknowledged: tuple[Acknowledged, ...] = ()
    answers: tuple[Told, ...] = ()
    changed: tuple[Changed, ...] = ()
    declared: tuple[Declared, ...] = ()
    incidents: tuple[Incidents, ...] = ()


def told_in_time(plans: Sequence[Facts], judged: Sequence[Sequence[Judged]]) -> tuple[Told, ...]:
    """Return for each clause that something was owed under how what was told compares with what was due."""
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    known: dict[tuple[str, str], tuple[Agreement, Clause]] = {}
    for plan, each in zip(plans, judged, strict=True):
        for one in each:
            for verdict in one.verdicts:
                if verdict.outcome is Outcome.OWED and verdict.told is not None:
                    key = (one.agreement.id, verdict.clause.id)
                    known[key] = one.agreement, verdict.clause
                    found[key][verdict.told.outcome.value].append(plan.ref)
    return tuple(_told(*known[key], by) for key, by in sorted(found.items()))


def answered(procedures: Iterable[Progress], agreements: Iterable[Agreement]) -> tuple[Told, ...]:
    """Return for each clause of a procedure how answers compare with when they were due.

    agreements: those that the procedures are of.
    """
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    known = {(one.id, clause.id): (one, clause) for one in agreements for clause in one.clauses}
    for one in procedures:
        ref = one.taken[0][0] if one.taken else one.procedure.id
        for due in one.dues:
            found[one.agreement, due.clause][due.told.outcome.value].append(ref)
    return tuple(_told(*known[key], by) for key, by in sorted(found.items()))


def _told(agreement: Agreement, clause: Clause, by: dict[str, list[str]]) -> Told:
    met = len(by.get(ToldOutcome.MET.value, ()))
    decided = sum(len(by.get(one.value, ())) for one in (ToldOutcome.MET, ToldOutcome.LATE, ToldOutcome.MISSING))
    low, high = share_interval(met, decided)
    return Told(
        agreement=agreement.id,
        clause=clause.id,
        paragraph=clause.paragraph,
        title=clause.title,
        sha256=agreement.sha256,
        refs={outcome: tuple(refs) for outcome, refs in sorted(by.items())},
        met=met,
        decided=decided,
        share_low=low,
        share_high=high,
    )


def leads(plans: Sequence[Facts], judged: Sequence[Sequence[Judged]]) -> tuple[Lead, ...]:
    """Return how long before the start each authority told its activities, and how many under the norm.

    The norm of a plan is the shortest fixed time before the start that a clause asks of it: of those that it owes,
    else of those in force that are a norm between others. A norm is compared with, and called owed nowhere here.
    """
    grouped: dict[tuple[str, str, str], list[tuple[datetime, str, float | None]]] = defaultdict(list)
    norms: dict[str, _Norm] = {}
    for plan, each in zip(plans, judged, strict=True):
        told = plan.told.not_before if plan.told else None
        if told is None or plan.start is None:
            continue
        norm = _norm(each)
        clause = norm.name
        norms[clause] = norm
        if _is_undated(plan.told):
            grouped[plan.author or plan.state, plan.kind, clause].append((told, plan.ref, None))
            continue
        lead_h = (plan.start.earliest - told).total_seconds() / 3600.0
        grouped[plan.author or plan.state, plan.kind, clause].append((told, plan.ref, lead_h))
    return tuple(
        _lead(authority, kind, norms[clause], sorted(rows, key=lambda row: row[:2]))
        for (authority, kind, clause), rows in sorted(grouped.items())
    )


def _lead(authority: str, kind: str, norm: _Norm, rows: list[tuple[datetime, str, float | None]]) -> Lead:
    hours = tuple(lead_h for _, _, lead_h in rows if lead_h is not None)
    late = 0 if norm.hours is None else sum(one < norm.hours for one in hours)
    low, high = share_interval(late, len(hours))
    return Lead(
        authority=authority,
        kind=kind,
        refs=tuple(ref for _, ref, lead_h in rows if lead_h is not None),
        hours=hours,
        median_h=median(hours) if hours else None,
        undated=tuple(ref for _, ref, lead_h in rows if lead_h is None),
        norm_h=norm.hours,
        norm_of=norm.name,
        norm_paragraph=norm.clause.paragraph if norm.clause else "",
        norm_title=norm.clause.title if norm.clause else None,
        norm_verified=norm.clause.verified if norm.clause else None,
        late=late,
        share_low=low,
        share_high=high,
    )


def _is_undated(told: Telling | None) -> bool:
    """Tell whether one and the same word says when it was told, and says it more coarsely than to a day."""
    return (
        told is not None
        and told.not_before is not None
        and told.not_after is not None
        and told.not_before_clock == told.not_after_clock
        and told.not_after - told.not_before > _DAY
    )


def _norm(judged: Sequence[Judged]) -> _Norm:
    """Return the shortest time before the start that is asked of a plan, in hours, and by which clause."""
    found: dict[Outcome, list[_Norm]] = {Outcome.OWED: [], Outcome.NORM: []}
    for one in judged:
        for verdict in one.verdicts:
            deadline = verdict.clause.deadline
            asked = verdict.outcome in found and verdict.reason is not Reason.NOT_IN_FORCE
            if (
                asked
                and deadline.kind == "before_start"
                and deadline.value is not None
                and not verdict.clause.told_by
            ):
                hours = float(deadline.value) * (24.0 if deadline.unit == "d" else 1.0)
                name = f"{one.agreement.id} {verdict.clause.id}"
                found[verdict.outcome].append(_Norm(hours, name, verdict.clause))
    asked_of_it = found[Outcome.OWED] or found[Outcome.NORM]
    return min(asked_of_it, key=lambda norm: (norm.hours, norm.name), default=_Norm(None, "", None))


def acknowledged(filed: Iterable[Filed]) -> tuple[Acknowledged, ...]:
    """Return how far notices of a line came with each recipient; files that no line carries are not counted."""
    grouped: dict[tuple[str, str], list[Filed]] = defaultdict(list)
    for one in filed:
        for party in dict.fromkeys(delivery.party for delivery in one.deliveries if one.from_line):
            grouped[one.notice.author.id, party].append(one)
    return tuple(_acknowledged(author, party, notices) for (author, party), notices in sorted(grouped.items()))


def _acknowledged(author: str, party: str, notices: list[Filed]) -> Acknowledged:
    counts: dict[str, int] = {}
    hours: dict[str, float] = {}
    for word in ORDER:
        reached = [
            (one, delivery)
            for one in notices
            for delivery in one.deliveries
            if delivery.party == party and delivery.state == word
        ]
        counts[word] = len({one.ref for one, _ in reached})
        spent = [
            (delivery.at - one.told.author_clock).total_seconds() / 3600.0
            for one, delivery in reached
            if delivery.at is not None and one.told is not None
        ]
        if spent:
            hours[word] = median(spent)
    return Acknowledged(author=author, recipient=party, notices=len(notices), counts=counts, median_h=hours)


def changed_after_start(filed: Sequence[Filed], plans: Sequence[Facts]) -> tuple[Changed, ...]:
    """Return corrections and cancellations that came after the activity that they change had begun."""
    started = {plan.ref: plan.start for plan in plans if plan.start is not None}
    found = []
    for one in filed:
        if not isinstance(one.notice, Correction | Cancellation) or one.told is None:
            continue
        target = one.notice.corrects if isinstance(one.notice, Correction) else one.notice.cancels
        start, came = started.get(target), one.told.not_before or one.told.author_clock
        if start is not None and came > start.latest:
            after_h = (came - start.latest).total_seconds() / 3600.0
            found.append(Changed(ref=one.ref, of=target, author=one.notice.author.id, after_start_h=after_h))
    return tuple(found)


def declared(filed: Iterable[Filed]) -> tuple[Declared, ...]:
    """Return declared troops beside observed, estimated and afterwards reported ones, by activity and state."""
    own: dict[tuple[str, str], int] = {}
    seen: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    after: dict[tuple[str, str], int] = {}
    for one in filed:
        activity = one.notice.activity
        forces: tuple[Force, ...] = getattr(one.notice, "forces", ())
        for force in forces if activity else ():
            if force.troops is None:
                continue
            key = (activity or "", force.state)
            if force.basis != "declared":
                seen[key].append((one.ref, force.troops_at_most or force.troops))
            elif isinstance(one.notice, AfterReport):
                after[key] = force.troops
            else:
                own[key] = force.troops
    return tuple(
        Declared(
            activity=activity,
            state=state,
            declared=own.get((activity, state)),
            observed=tuple(seen.get((activity, state), ())),
            reported=after.get((activity, state)),
        )
        for activity, state in sorted({*own, *seen, *after})
        if len({(activity, state)} & {*seen}) or (activity, state) in after
    )


def incidents(
    happened: Iterable[Happening], *, covered: tuple[datetime, datetime] | None = None
) -> tuple[Incidents, ...]:
    """Return incidents year by year with the rate and its interval.

    covered: from when to when the record is kept; without it from the first to the last incident's year, whole.
    """
    rows = [one for one in happened if one.kind == "incident"]
    if not rows:
        return ()
    begin, end = covered or (
        min(one.at.earliest for one in rows).replace(month=1, day=1),
        _next_year(max(one.at.earliest for one in rows)),
    )
    return tuple(
        _in_period(rows, max(begin, first), min(end, _next_year(first)))
        for first in (_first_day(begin).replace(year=year) for year in range(begin.year, end.year + 1))
        if first < end
    )


def _in_period(rows: list[Happening], since: datetime, until: datetime) -> Incidents:
    within = [one for one in rows if since <= one.at.earliest < until]
    years = (until - since).total_seconds() / (365.25 * 86_400.0)
    low, high = rate_interval(len(within), years)
    return Incidents(
        period=str(since.year),
        count=len(within),
        exposure_years=years,
        rate=len(within) / years,
        rate_low=low,
        rate_high=high,
        refs=tuple(one.ref for one in within),
    )


def _first_day(moment: datetime) -> datetime:
    return moment.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _next_year(moment: datetime) -> datetime:
    return _first_day(moment).replace(year=moment.year + 1)
