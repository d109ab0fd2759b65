"""What the whole record adds up to while a plan is under way: the tonnage of several powers in one sea, say.

A sum is known from below by those that are surely there at one moment, from above by those that may be. Between the two
it decides nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from detente.rules.agreement import Clause, Zone
from detente.rules.facts import Facts
from detente.rules.trigger import meets

__all__ = ["NAMED_MAX", "Sums"]

NAMED_MAX = 20
"""How many of the others in a sum a verdict names."""

_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
Interval = tuple[datetime, datetime]


class _Member(msgspec.Struct, frozen=True, gc=False):
    """One plan in the sum: when it surely and possibly is there, and the number between two bounds, or above one."""

    ref: str
    sure: Interval | None
    maybe: Interval
    least: int
    most: int | None


class Sums:
    """The sums of one clause over one record, ready to be asked about each plan in it."""

    def __init__(self, clause: Clause, zone: Zone | None, plans: Iterable[Facts]) -> None:
        assert clause.together is not None  # noqa: S101 - asked only of such a clause
        together = clause.together
        self._of, self._whose = together.of, together.whose
        members: dict[str, list[_Member]] = defaultdict(list)
        self._own: dict[int, tuple[Facts, list[_Member]]] = {}
        for plan in plans:
            met = meets(clause, zone, plan) if plan.kind in clause.kinds else False
            if met is False:
                continue
            if together.during == "passage":
                own = _passages(plan, self._of, timedelta(hours=together.hours))
            else:
                own = [_member(plan, self._of, is_sure=met is True)]
            members[self._key(plan)] += own
            self._own[id(plan)] = plan, own
        self._timelines = {key: _Timeline(each) for key, each in members.items()}

    def seen(self, plan: Facts) -> Facts:
        """Return the plan with the sum for its own number.

        A plan that is in no sum, because it does not meet the clause's conditions, comes back as it is.
        """
        if id(plan) not in self._own:
            return plan
        timeline = self._timelines[self._key(plan)]
        peaks = [timeline.peak(own) for own in self._own[id(plan)][1]]
        least = max(low for low, _, _ in peaks)
        highs = [high for _, high, _ in peaks if high is not None]
        most = max(highs) if len(highs) == len(peaks) else None
        values = {name: value for name, value in plan.values.items() if name != self._of}
        ranges = {name: value for name, value in plan.ranges.items() if name != self._of}
        if least == most:
            values[self._of] = least
        else:
            ranges[self._of] = (least, most)
        return msgspec.structs.replace(plan, values=values, ranges=ranges)

    def others(self, plan: Facts) -> tuple[tuple[str, ...], int]:
        """Return those that are surely in the sum's peak beside a plan in it: the latest to come, and how many more."""
        timeline, own = self._timelines[self._key(plan)], self._own[id(plan)][1][0]
        moment = timeline.peak(own)[2]  # of passages none is surely at the moment of another one
        return timeline.there(moment, beside=own) if moment is not None else ((), 0)

    def _key(self, plan: Facts) -> str:
        return plan.state if self._whose == "state" else ""


def _member(plan: Facts, name: str, *, is_sure: bool) -> _Member:
    least, most = _bounds(plan, name)
    begun = plan.start
    first = begun.earliest if begun else _EVER[0]
    maybe = (first, max(first, plan.end.latest) if plan.end else _EVER[1])  # no plan ends before it begins
    sure = None
    if is_sure and begun and plan.end and begun.latest <= plan.end.earliest:
        sure = (begun.latest, plan.end.earliest)
    return _Member(plan.ref, sure, maybe, least, most)


def _passages(plan: Facts, name: str, longest: timedelta) -> list[_Member]:
    """Return a plan's passages: at its start, and again at its end where one is stated.

    Nobody states how long a passage takes, so none is surely there at the moment of another.
    """
    least, most = _bounds(plan, name)
    times = [(span.earliest, span.latest + longest) for span in (plan.start, plan.end) if span]
    if plan.start is None:
        times = [_EVER]
    elif len(times) == 2 and times[1][0] <= times[0][1]:
        times = [(min(times)[0], max(times[0][1], times[1][1]))]  # it is in no sum twice at one time
    return [_Member(plan.ref, None, time, least, most) for time in times]


def _bounds(plan: Facts, name: str) -> tuple[int, int | None]:
    value = plan.values.get(name)
    return (int(value), int(value)) if value is not None else plan.ranges.get(name, (0, None))


class _Timeline:
    """Sums at every moment at which one may be largest: where somebody comes."""

    def __init__(self, members: Sequence[_Member]) -> None:
        self._sure = sorted(
            ((one.sure[0], one.ref, one) for one in members if one.sure is not None), key=lambda each: each[:2]
        )
        self._moments = sorted(
            {one.maybe[0] for one in members} | {one.sure[0] for one in members if one.sure is not None}
        )
        sure = [(one.sure, one.least) for one in members if one.sure is not None]
        self._count = _Peaks(_running(self._moments, [(interval, 1) for interval, _ in sure]))
        self._least = _Peaks(_running(self._moments, sure))
        self._most = _Peaks(_running(self._moments, [(one.maybe, one.most or 0) for one in members]))
        self._open = _Peaks(_running(self._moments, [(one.maybe, 1) for one in members if one.most is None]))

    def peak(self, own: _Member) -> tuple[int, int | None, datetime | None]:
        """Return the largest sum for certain and at most (None: unbounded) while a member is there, and the moment.

        The moment is that of the sum for certain; None where the member's own number is all that is certain.
        """
        least, moment = own.least, None
        if own.sure is not None:
            found, index = self._least.within(*self._slice(own.sure))
            if found > least:
                least, moment = found, self._moments[index]
        window = self._slice(own.maybe)
        if self._open.within(*window)[0]:
            return least, None, moment
        return least, self._most.within(*window)[0], moment

    def there(self, moment: datetime, *, beside: _Member) -> tuple[tuple[str, ...], int]:
        """Return the latest to come of those surely there at a moment beside one of them, and how many more."""
        named: list[str] = []
        for _, ref, one in reversed(self._sure[: bisect_right(self._sure, moment, key=lambda each: each[0])]):
            if one.sure is not None and one.sure[1] >= moment and one is not beside:
                named.append(ref)
                if len(named) == NAMED_MAX:
                    break
        count, _ = self._count.within(*self._slice((moment, moment)))
        return tuple(sorted(named)), count - 1 - len(named)

    def _slice(self, interval: Interval) -> tuple[int, int]:
        return bisect_left(self._moments, interval[0]), bisect_right(self._moments, interval[1])


def _running(moments: Sequence[datetime], weighed: Iterable[tuple[Interval, int]]) -> list[int]:
    """Return at each moment the sum of the weights whose interval holds it, ends included."""
    steps = [0] * (len(moments) + 1)
    for (begin, end), weight in weighed:
        steps[bisect_left(moments, begin)] += weight
        steps[bisect_right(moments, end)] -= weight
    total, found = 0, []
    for step in steps[:-1]:
        total += step
        found.append(total)
    return found


class _Peaks:
    """The largest number of any slice of a list, and its first place, in constant time a question."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._levels = [[(number, -index) for index, number in enumerate(numbers)]]
        half = 1
        while 2 * half <= len(numbers):
            below = self._levels[-1]
            self._levels.append([max(below[i], below[i + half]) for i in range(len(below) - half)])
            half *= 2

    def within(self, first: int, end: int) -> tuple[int, int]:
        """Return the largest of a slice that holds at least one number, and its first place."""
        level = (end - first).bit_length() - 1
        number, place = max(self._levels[level][first], self._levels[level][end - (1 << level)])
        return number, -place
