"""Exercises that may be parts of one: near in time and place, with a command, name, forces or state in common.

A cluster's strength is its peak: the largest sum of those that lie within the gap of one common moment, so that
a chain of small exercises through a whole year is not added up to an army.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from detente.rules.distances import distance_km
from detente.rules.facts import Facts
from detente.rules.measures import STRENGTHS
from detente.rules.record import stem
from detente.rules.settings import Settings

__all__ = ["Cluster", "clusters"]

_KM_A_DEGREE = 110.5  # a degree of latitude is nowhere shorter


class Cluster(msgspec.Struct, frozen=True):
    """Plans that may be parts of one.

    shared: what its plans have in common, two by two: activity, command, forces, name, state. peaks: by metric the
    largest sum, and the plans that make it up, in the order of their start.
    """

    plans: tuple[Facts, ...]
    shared: tuple[str, ...]
    peaks: dict[str, tuple[int, tuple[Facts, ...]]]


def clusters(plans: Sequence[Facts], settings: Settings) -> Iterator[Cluster]:
    """Yield every cluster of two plans or more, in one order whatever the order given."""
    timed = sorted(
        (
            (plan.start.earliest, plan.end.latest if plan.end else plan.start.latest, plan.ref, plan, _keys(plan))
            for plan in plans
            if plan.kind == "exercise" and plan.start is not None
        ),
        key=lambda one: one[:3],
    )
    gap = timedelta(days=settings.split_gap_days)
    group = list(range(len(timed)))
    shared: dict[int, set[str]] = defaultdict(set)
    running: list[int] = []
    for index, (start, _, _, plan, keys) in enumerate(timed):
        running = [other for other in running if timed[other][1] + gap >= start]
        for other in running:
            common = keys & timed[other][4]
            if common and _near(plan, timed[other][3], common, settings.split_distance_km):
                first, second = _root(group, index), _root(group, other)
                group[max(first, second)] = min(first, second)
                shared[other] |= {kind for kind, _ in common}
        running.append(index)
    members: dict[int, list[int]] = defaultdict(list)
    for index in range(len(timed)):
        members[_root(group, index)].append(index)
    for indices in members.values():
        if len(indices) > 1:
            yield Cluster(
                tuple(timed[index][3] for index in indices),
                tuple(sorted(set().union(*(shared[index] for index in indices)))),
                _peaks([(*timed[index][:2], timed[index][3]) for index in indices], gap),
            )


def _keys(plan: Facts) -> frozenset[tuple[str, str]]:
    found = [("activity", plan.activity), ("name", stem(plan.name)), ("command", stem(plan.command))]
    found += [("forces", stem(one)) for one in plan.formations]
    found.append(("state", plan.state))
    return frozenset((kind, word) for kind, word in found if word)


def _near(one: Facts, other: Facts, common: frozenset[tuple[str, str]], most_km: float) -> bool:
    """Tell whether any two of their places are near; without places only more than a common state joins them."""
    if not (one.places and other.places):
        return any(kind != "state" for kind, _ in common)
    reach_deg = most_km / _KM_A_DEGREE
    return any(
        abs(here.lat - there.lat) <= reach_deg
        and distance_km(here.lat, here.lon, there.lat, there.lon) <= most_km
        for here in one.places
        for there in other.places
    )


def _root(group: list[int], index: int) -> int:
    while group[index] != index:
        group[index] = group[group[index]]
        index = group[index]
    return index


def _peaks(
    timed: list[tuple[datetime, datetime, Facts]], gap: timedelta
) -> dict[str, tuple[int, tuple[Facts, ...]]]:
    """Return the peak of every strength; ``timed`` is in the order of starts, at each of which a sum may be largest."""
    peaks: dict[str, tuple[int, tuple[Facts, ...]]] = {}
    running: list[tuple[datetime, datetime, Facts]] = []
    for one in timed:
        running = [other for other in running if other[1] + gap >= one[0]]
        running.append(one)
        if len(running) == 1:
            continue
        for metric in STRENGTHS:
            stated = [other[2] for other in running if metric in other[2].values]
            value = sum(int(plan.values[metric]) for plan in stated)
            if stated and value > peaks.get(metric, (0, ()))[0]:
                peaks[metric] = (value, tuple(stated))
    return peaks
