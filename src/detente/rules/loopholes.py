"""What deserves a question: shown to both sides alike, with its cut-offs, never asserted as a breach.

It judges only the plans that it is given. It searches for no plan: nothing here tells how large an activity may
be and owe nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from detente.rules.agreement import Agreement, Clause, Limit
from detente.rules.clusters import Cluster, clusters
from detente.rules.facts import Facts
from detente.rules.measures import STRENGTHS
from detente.rules.record import Record, is_same_activity
from detente.rules.settings import Settings
from detente.rules.standing import Standing
from detente.rules.trigger import crosses
from detente.rules.verdict import Crossing, Judged, Outcome, Reason, ToldOutcome

__all__ = ["Finding", "Flag", "findings"]


class Flag(StrEnum):
    """What is flagged."""

    POSSIBLE_SPLIT = "possible_split"
    SUB_DIVISION = "sub_division"
    NEAR_THRESHOLD = "near_threshold"
    ALERT_ANNOUNCED = "alert_announced"
    ALERT_PLANNED = "alert_planned"
    ALERTS_OFTEN = "alerts_often"
    OUTSIDE_CALENDAR = "outside_calendar"
    BLANKET_AREA = "blanket_area"
    QUOTA_USED_UP = "quota_used_up"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One flag: about which notices, which number beside which limit, and by which cut-offs.

    clauses: (agreement, clause) that it is about. value, limit: numbers of ``metric`` for thresholds, hours for
    alerts announced, counts for quotas and alerts, days for areas. shared: what the plans have in common.
    """

    flag: Flag
    refs: tuple[str, ...]
    states: tuple[str, ...] = ()
    clauses: tuple[tuple[str, str], ...] = ()
    metric: str = ""
    value: int = 0
    limit: int = 0
    shared: tuple[str, ...] = ()
    cutoffs: dict[str, int] = {}


def findings(
    plans: Sequence[Facts],
    judged: Sequence[Sequence[Judged]],
    settings: Settings,
    *,
    now: datetime | None = None,
) -> list[Finding]:
    """Return every flag about the plans; ``judged`` is what ``evaluate`` said of them, in the same order.

    The result is in one order whatever the order of the plans.
    """
    agreements = list({id(one.agreement): one.agreement for each in judged for one in each}.values())
    record = Record(plans)
    found = [
        *_splits(plans, agreements, settings),
        *_near(plans, judged, settings),
        *_alerts(plans, record, settings),
        *_outside_calendar(plans, judged, record),
        *_blankets(plans, settings, now),
        *_quotas(plans, judged),
    ]
    return sorted(found, key=lambda one: (list(Flag).index(one.flag), one.refs, one.clauses, one.metric))


def _splits(plans: Sequence[Facts], agreements: list[Agreement], settings: Settings) -> Iterator[Finding]:
    bounds = [(agreement, Standing(agreement), _limits(agreement)) for agreement in agreements]
    cutoffs = {"split_gap_days": settings.split_gap_days, "split_distance_km": settings.split_distance_km}
    for cluster in clusters(plans, settings):
        crossed: dict[tuple[str, int, tuple[str, ...]], list[tuple[str, str]]] = defaultdict(list)
        held: dict[tuple[str, int, tuple[str, ...]], tuple[int, Cluster]] = {}
        for agreement, standing, limits in bounds:
            for clause, limit in limits:
                if limit.metric not in cluster.peaks:
                    continue
                value, members = cluster.peaks[limit.metric]
                moment = members[0].start
                if (
                    moment is None
                    or not crosses(limit, value)
                    or any(crosses(limit, int(one.values.get(limit.metric, 0))) for one in cluster.plans)
                    or not any(
                        standing.bound(one.state, moment.earliest.astimezone(UTC)) == "party" for one in members
                    )
                ):
                    continue
                key = (limit.metric, limit.value, tuple(sorted(one.ref for one in members)))
                crossed[key].append((agreement.id, clause.id))
                held[key] = (value, cluster)
        for (metric, least, refs), clauses in crossed.items():
            value, whole = held[metric, least, refs]
            states = tuple(sorted({one.state for one in whole.plans if one.ref in refs and one.state}))
            for flag in (Flag.POSSIBLE_SPLIT, *([Flag.SUB_DIVISION] if len(states) > 1 else [])):
                yield Finding(
                    flag=flag,
                    refs=refs,
                    states=states,
                    clauses=tuple(sorted(clauses)),
                    metric=metric,
                    value=value,
                    limit=least,
                    shared=whole.shared,
                    cutoffs=cutoffs,
                )


def _limits(agreement: Agreement) -> list[tuple[Clause, Limit]]:
    """Return the thresholds of strength above which something is told or somebody invited."""
    return [
        (clause, limit)
        for clause in agreement.clauses
        if "exercise" in clause.kinds and clause.duty in {"tell", "invite"}
        for limit in clause.thresholds
        if limit.metric in STRENGTHS
    ]


def _near(plans: Sequence[Facts], judged: Sequence[Sequence[Judged]], settings: Settings) -> Iterator[Finding]:
    standings: dict[str, Standing] = {}
    for plan, each in zip(plans, judged, strict=True):
        close: dict[tuple[str, int, int], list[tuple[str, str]]] = defaultdict(list)
        for one in each:
            pairs = list(_not_reached(one))
            if not pairs or plan.start is None:
                continue
            if one.agreement.id not in standings:
                standings[one.agreement.id] = Standing(one.agreement)
            if standings[one.agreement.id].bound(plan.state, plan.start.earliest.astimezone(UTC)) != "party":
                continue
            for clause, pair in pairs:
                least = pair.limit + (pair.op == ">")
                if pair.value < least and pair.value * 100 >= least * settings.near_percent:
                    close[pair.metric, pair.value, least].append((one.agreement.id, clause))
        for (metric, value, least), clauses in close.items():
            yield Finding(
                flag=Flag.NEAR_THRESHOLD,
                refs=(plan.ref,),
                states=(plan.state,),
                clauses=tuple(sorted(clauses)),
                metric=metric,
                value=value,
                limit=least,
                cutoffs={"near_percent": settings.near_percent},
            )


def _not_reached(judged: Judged) -> Iterator[tuple[str, Crossing]]:
    """Yield the thresholds above which something would be told, where nothing is because none is reached."""
    for verdict in judged.verdicts:
        if verdict.reason is Reason.BELOW and verdict.clause.duty in {"tell", "invite"}:
            for pair in verdict.below:
                yield verdict.clause.id, pair


def _alerts(plans: Sequence[Facts], record: Record, settings: Settings) -> Iterator[Finding]:
    quarters: dict[tuple[str, int, int], list[str]] = defaultdict(list)
    for plan in plans:
        if plan.values.get("alert_without_notice") is not True or plan.start is None:
            continue
        start = plan.start.earliest.astimezone(UTC)
        quarters[plan.state, start.year, (start.month - 1) // 3].append(plan.ref)
        told = plan.told.not_after if plan.told else None
        if told is not None and start - told > timedelta(hours=settings.alert_notice_hours):
            yield Finding(
                flag=Flag.ALERT_ANNOUNCED,
                refs=(plan.ref,),
                states=(plan.state,),
                value=int((start - told).total_seconds() // 3600),
                limit=settings.alert_notice_hours,
                cutoffs={"alert_notice_hours": settings.alert_notice_hours},
            )
        listed = any(
            is_same_activity(plan, line)
            for calendar in record.calendars(plan.state, start.year)
            for line in calendar.planned
        )
        if listed or plan.values.get("in_calendar") is True:
            yield Finding(flag=Flag.ALERT_PLANNED, refs=(plan.ref,), states=(plan.state,))
    for (state, _, _), refs in quarters.items():
        if len(refs) > settings.alerts_per_quarter:
            yield Finding(
                flag=Flag.ALERTS_OFTEN,
                refs=tuple(sorted(refs)),
                states=(state,),
                value=len(refs),
                limit=settings.alerts_per_quarter,
                cutoffs={"alerts_per_quarter": settings.alerts_per_quarter},
            )


def _outside_calendar(
    plans: Sequence[Facts], judged: Sequence[Sequence[Judged]], record: Record
) -> Iterator[Finding]:
    """Flag what a calendar should hold, where that year's calendar is known and does not hold it."""
    for plan, each in zip(plans, judged, strict=True):
        if plan.start is None or not record.calendars(plan.state, plan.start.year):
            continue
        clauses = [
            (one.agreement.id, verdict.clause.id)
            for one in each
            for verdict in one.verdicts
            if verdict.outcome is Outcome.OWED
            and "calendar" in verdict.clause.told_by
            and verdict.clause.deadline.years_before == 1
            and verdict.told is not None
            and verdict.told.telling is None
            and verdict.told.outcome is not ToldOutcome.OPEN
        ]
        if clauses:
            yield Finding(
                flag=Flag.OUTSIDE_CALENDAR, refs=(plan.ref,), states=(plan.state,), clauses=tuple(sorted(clauses))
            )


def _blankets(plans: Sequence[Facts], settings: Settings, now: datetime | None) -> Iterator[Finding]:
    """Flag the same outline announced by one author for many days; an open end runs to ``now``, or not at all."""
    areas: dict[tuple[str, str], list[Facts]] = defaultdict(list)
    for plan in plans:
        if plan.outline:
            areas[plan.author, plan.outline].append(plan)
    for same in areas.values():
        days = _days([window for one in same for window in one.windows], now)
        if days >= settings.blanket_days:
            yield Finding(
                flag=Flag.BLANKET_AREA,
                refs=tuple(sorted(one.ref for one in same)),
                states=tuple(sorted({one.state for one in same if one.state})),
                value=days,
                limit=settings.blanket_days,
                cutoffs={"blanket_days": settings.blanket_days},
            )


def _days(windows: list[tuple[datetime, datetime | None]], now: datetime | None) -> int:
    """Return the number of days of UTC on which any of the windows is open."""
    total, upto = 0, -1
    for start, end in sorted(
        (start, end or now or start) for start, end in windows if end is None or end > start
    ):
        first = max(start.astimezone(UTC).toordinal(), upto + 1)
        last = max(start, end - timedelta(microseconds=1)).astimezone(UTC).toordinal()
        total += max(0, last - first + 1)
        upto = max(upto, last)
    return total


def _quotas(plans: Sequence[Facts], judged: Sequence[Sequence[Judged]]) -> Iterator[Finding]:
    counted: dict[tuple[str, str, str], tuple[Clause, list[Facts]]] = {}
    for plan, each in zip(plans, judged, strict=True):
        for one in each:
            for verdict in one.verdicts:
                if verdict.outcome is Outcome.COUNTED and plan.start is not None:
                    for state in verdict.by:
                        key = (one.agreement.id, verdict.clause.id, state)
                        counted.setdefault(key, (verdict.clause, []))[1].append(plan)
    for (agreement, name, state), (clause, counting) in counted.items():
        most = clause.count or 0
        for group in _groups(clause, counting):
            if len(group) >= most:
                yield Finding(
                    flag=Flag.QUOTA_USED_UP,
                    refs=tuple(sorted(one.ref for one in group)),
                    states=(state,),
                    clauses=((agreement, name),),
                    value=len(group),
                    limit=most,
                )


def _groups(clause: Clause, counting: list[Facts]) -> Iterator[list[Facts]]:
    """Yield what counts together: all of so many calendar years, or all that are under way at one time."""
    begun = sorted(
        ((one.start.earliest.astimezone(UTC), one) for one in counting if one.start),
        key=lambda pair: (pair[0], pair[1].ref),
    )
    if clause.simultaneous:
        running = [
            [one for start, one in begun if start <= moment and _end(one, start) >= moment] for moment, _ in begun
        ]
        yield max(running, key=len)
        return
    for year in sorted({start.year for start, _ in begun}):
        group = [one for start, one in begun if year - clause.years < start.year <= year]
        yield group


def _end(plan: Facts, start: datetime) -> datetime:
    return plan.end.latest if plan.end else start
