"""Which notices tell what others owe: a reply its request, a calendar an exercise, an invitation an activity."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from detente.rules.agreement import Clause, Zone
from detente.rules.facts import Facts, Telling
from detente.rules.together import Sums

__all__ = ["Record", "stem"]

_LATEST = datetime.max.replace(tzinfo=UTC)
_NOT_LETTERS = re.compile(r"[\W\d_]+")


def stem(name: str) -> str:
    """Return a name without its digits, signs and case, so that "Zapad-2017" and "ZAPAD 17" are alike."""
    return _NOT_LETTERS.sub(" ", name.casefold()).strip()


class Record:
    """Everything that was given, ready to be asked which of it tells a duty of a plan."""

    def __init__(self, plans: Iterable[Facts]) -> None:
        self._plans = tuple(plans)
        self._sums: dict[int, tuple[Clause, Sums]] = {}
        self._by_activity: dict[tuple[str, str], list[Facts]] = defaultdict(list)
        self._by_answer: dict[tuple[str, str], list[Facts]] = defaultdict(list)
        self._calendars: dict[tuple[str, int], list[Facts]] = defaultdict(list)
        for plan in self._plans:
            if plan.activity:
                self._by_activity[plan.kind, plan.activity].append(plan)
            for ref in plan.answers:
                self._by_answer[plan.kind, ref].append(plan)
            if plan.kind == "calendar" and plan.year is not None:
                self._calendars[plan.state, plan.year].append(plan)
        self._kinds = tuple(sorted({kind for kind, _ in (*self._by_activity, *self._by_answer)}))
        self._calendar_years = tuple(sorted({year for _, year in self._calendars}))

    def telling(self, clause: Clause, plan: Facts, by: tuple[str, ...]) -> Telling | None:
        """Return the earliest telling of a duty of those who owe it; None when nothing here tells it."""
        if not clause.told_by:
            return plan.told
        found: list[Facts] = []
        for kind in clause.told_by:
            if kind == "calendar":
                found += self._calendars_with(plan, clause.deadline.years_before)
                continue
            found += self._by_answer.get((kind, plan.ref), ())
            if plan.activity:
                found += self._by_activity.get((kind, plan.activity), ())
        tellings = [one.told for one in found if one is not plan and one.told and _speaks_for(one, by)]
        return min(tellings, key=_moment, default=None)

    def beside(self, plan: Facts) -> tuple[Facts, ...]:
        """Return everything that may tell a duty of a plan: its activity, what answers it, its state's calendars."""
        found: list[Facts] = []
        if plan.activity:
            for kind in self._kinds:
                found += self._by_activity.get((kind, plan.activity), ())
        for kind in self._kinds:
            found += self._by_answer.get((kind, plan.ref), ())
        if plan.start is not None:
            for year in self._calendar_years:
                found += self._calendars.get((plan.state, year), ())
        return tuple(found)

    def sums(self, clause: Clause, zone: Zone | None) -> Sums:
        """Return the sums of a clause over this record, made once."""
        held = self._sums.get(id(clause))
        if held is None:
            held = self._sums[id(clause)] = clause, Sums(clause, zone, self._plans)
        return held[1]

    def calendars(self, state: str, year: int) -> list[Facts]:
        """Return the calendars of a state for a year."""
        return self._calendars.get((state, year), [])

    def _calendars_with(self, plan: Facts, years_before: int) -> list[Facts]:
        if plan.start is None:
            return []
        # a calendar sent two Novembers before is that of the year after it, and may name later years
        years = range(plan.start.year - years_before + 1, plan.start.year + 1)
        return [
            one
            for year in years
            for one in self._calendars.get((plan.state, year), ())
            if any(is_same_activity(plan, planned) for planned in one.planned)
        ]


def is_same_activity(plan: Facts, planned: Facts) -> bool:
    """Tell whether a calendar's line means this plan: by its slug, else by its name's stem."""
    if plan.activity and planned.activity:
        return plan.activity == planned.activity
    return bool(stem(plan.name)) and stem(plan.name) == stem(planned.name)


def _speaks_for(one: Facts, by: tuple[str, ...]) -> bool:
    return not one.state or not by or one.state in by


def _moment(telling: Telling) -> datetime:
    return telling.not_before or telling.not_after or _LATEST
