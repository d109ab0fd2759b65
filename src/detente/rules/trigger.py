"""Whether a clause is set off by a plan: yes, no, or a named fact is missing.

Three answers, as in Kleene's logic: what is not stated decides nothing, and what is decided needs no more facts.
"""

from __future__ import annotations

from operator import ge, gt, le, lt
from typing import NamedTuple

from detente.rules.agreement import Allowance, Box, Clause, Condition, Limit, Zone
from detente.rules.facts import Facts, Place
from detente.rules.verdict import Crossing, Reason

__all__ = ["Trigger", "crosses", "holds", "in_zone", "meets", "triggered"]

_COMPARE = {">=": ge, ">": gt, "<=": le, "<": lt}


class Trigger(NamedTuple):
    """What the facts say: fires is None when the facts in ``missing`` leave it open.

    crossed holds a number that is over its threshold also where a fact that the threshold needs is missing.
    """

    fires: bool | None
    reason: Reason
    crossed: tuple[Crossing, ...] = ()
    below: tuple[Crossing, ...] = ()
    missing: tuple[str, ...] = ()
    failed: str = ""


def triggered(clause: Clause, zone: Zone | None, facts: Facts) -> Trigger:
    """Return whether zone, conditions and thresholds of a clause are all met by a plan of a kind it is about."""
    stopped, missing = _conditions(clause, zone, facts)
    if stopped is not None:
        return stopped
    if not clause.thresholds:
        return Trigger(
            None if missing else True, Reason.MISSING if missing else Reason.TRIGGERED, missing=tuple(missing)
        )
    return _with_thresholds(clause, facts, missing)


def meets(clause: Clause, zone: Zone | None, facts: Facts) -> bool | None:
    """Return whether zone and conditions of a clause are met, whatever the thresholds; None when a fact is missing."""
    stopped, missing = _conditions(clause, zone, facts)
    return False if stopped is not None else None if missing else True


def _conditions(clause: Clause, zone: Zone | None, facts: Facts) -> tuple[Trigger | None, list[str]]:
    """Return why zone or conditions say no, or None and the facts that are missing for them to say yes."""
    missing: list[str] = []
    if clause.within_zone and zone is not None:
        inside = in_zone(zone, facts.places)
        if inside is False:
            return Trigger(False, Reason.OUTSIDE_ZONE), []
        if inside is None:
            missing.append("zone" if facts.places else "area")
    for condition in clause.requires:
        met = holds(condition, facts)
        if met is False:
            return Trigger(False, Reason.CONDITION, failed=condition.fact), []
        if met is None:
            missing.append(condition.fact)
    if clause.allowance is not None:
        used_up, lacking = _used_up(clause.allowance, facts)
        if used_up is not None:
            return Trigger(False, Reason.USED_UP, below=(used_up,)), []
        missing += lacking
    return None, missing


def _used_up(allowance: Allowance, facts: Facts) -> tuple[Crossing | None, tuple[str, ...]]:
    """Return the count beside what must be taken, when it is more; else the facts without which nobody can say."""
    of = facts.values.get(allowance.of)
    most = allowance.most if of is None else min(allowance.most, -(-int(of) // allowance.per))
    asked = {allowance.counted: most}
    if allowance.part:
        asked[allowance.counted_of_one] = max(1, most // allowance.part)
    missing: list[str] = []
    for fact, limit in asked.items():
        counted = facts.values.get(fact)
        if counted is None:
            missing.append(fact)
        elif int(counted) > limit:
            return Crossing(fact, "<=", limit, int(counted)), ()
        elif of is None and int(counted) > 1:
            missing.append(allowance.of)
    return None, tuple(dict.fromkeys(missing))


def _with_thresholds(clause: Clause, facts: Facts, missing: list[str]) -> Trigger:
    crossed: list[Crossing] = []
    below: list[Crossing] = []
    lacking: list[str] = []
    pending: list[Crossing] = []
    idle = 0
    for limit in clause.thresholds:
        met, value = _against(limit, facts)
        needs = (
            [(condition.fact, holds(condition, facts)) for condition in limit.needs] if met is not False else []
        )
        if any(one is False for _, one in needs):
            idle += 1  # it does not count here, whatever the number
        elif met is False:
            below.append(Crossing(limit.metric, limit.op, limit.value, value))
        elif met is None:
            lacking.append(limit.metric)
        elif any(one is None for _, one in needs):
            lacking += [fact for fact, one in needs if one is None]
            pending.append(Crossing(limit.metric, limit.op, limit.value, value))
        else:
            crossed.append(Crossing(limit.metric, limit.op, limit.value, value))
    every = clause.combine == "all"
    if (every and (below or idle)) or not (crossed or lacking):
        return Trigger(False, Reason.BELOW, tuple(crossed), tuple(below))
    if lacking and (every or not crossed):
        missing = [*missing, *lacking]
    if missing:
        return Trigger(None, Reason.MISSING, (*crossed, *pending), tuple(below), tuple(dict.fromkeys(missing)))
    return Trigger(True, Reason.TRIGGERED, tuple(crossed), tuple(below))


def _against(limit: Limit, facts: Facts) -> tuple[bool | None, int]:
    """Return whether a metric crosses, and the number that decides it: of a range the end that does."""
    value = facts.values.get(limit.metric)
    if value is not None:
        return crosses(limit, int(value)), int(value)
    least, most = facts.ranges.get(limit.metric, (0, None))
    low = crosses(limit, least)
    if most is not None and crosses(limit, most) == low:
        return low, least if low == (limit.op in {">=", ">"}) else most
    if most is None and low == (limit.op in {">=", ">"}):
        return low, least  # upwards of a number that decides
    return None, 0


def crosses(limit: Limit, value: int) -> bool:
    """Tell whether a number crosses a threshold, whatever else it needs."""
    return bool(_COMPARE[limit.op](value, limit.value))


def holds(condition: Condition, facts: Facts) -> bool | None:
    """Return whether a condition is so; None when its fact is not known."""
    value = facts.state or None if condition.fact == "state" else facts.values.get(condition.fact)
    asked = condition.value
    if value is None:
        if condition.op in _COMPARE and condition.fact in facts.ranges:
            return _against(Limit(metric=condition.fact, op=condition.op, value=int(asked)), facts)[0]  # type: ignore[arg-type]
        return None
    if condition.op == "=":
        return value == asked
    if isinstance(asked, tuple):
        return (value in asked) == (condition.op == "in")
    return bool(_COMPARE[condition.op](value, asked))


def in_zone(zone: Zone, places: tuple[Place, ...]) -> bool | None:
    """Return whether any of the places lies in the zone; None when none surely does and one may, or there is none."""
    if not places:
        return None
    if any(_inside(box, place) for place in places for box in zone.inside):
        return True
    return None if any(_inside(box, place) for place in places for box in zone.maybe) else False


def _inside(box: Box, place: Place) -> bool:
    return box.south <= place.lat <= box.north and box.west <= place.lon <= box.east
