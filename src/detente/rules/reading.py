"""The facts of notices, as clauses ask about them. What a notice does not state stays unknown.

Numbers of several forces add up; where one of them is not stated the sum is known only from below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from detente.notices import kinds
from detente.notices.filed import Filed
from detente.notices.kinds import kind_of
from detente.notices.moments import stated
from detente.notices.notice import Force, Notice, Period
from detente.notices.parties import STATES
from detente.notices.shapes import Position
from detente.notices.suspicion import positions_of
from detente.rules.daylight import is_night
from detente.rules.facts import Facts, Place, Telling
from detente.rules.spans import Span, span_of

__all__ = ["facts_of_record"]

Values = dict[str, bool | int | str]
Ranges = dict[str, tuple[int, int | None]]

_PLACES_MAX = 64
_COUNTED = (
    "battle_tanks",
    "armoured_combat_vehicles",
    "artillery_pieces",
    "combat_helicopters",
    "fixed_wing_sorties",
    "ships",
    "amphibious_troops",
    "airborne_troops",
)
_STRAITS = ("bosphorus", "bosporus", "dardanelles", "turkish strait", "босфор", "дарданелл", "черноморские прол")
_encode = msgspec.json.Encoder(order="sorted").encode


def facts_of_record(filed: Sequence[Filed]) -> list[Facts]:
    """Return the facts of each notice, in the order given.

    Who stands behind a short name is learnt from the notices that it has itself written; a name that is a
    state's two-letter code is that state.
    """
    states = {one.notice.author.id: one.notice.author.state for one in filed if one.notice.author.state}
    return _with_visits([_facts(one, states) for one in filed])


def _facts(filed: Filed, states: Mapping[str, str]) -> Facts:
    notice = filed.notice
    values: Values = {}
    ranges: Ranges = {}
    more: dict[str, Any] = {}
    for kind, read in _READERS:
        if isinstance(notice, kind):
            more = read(notice, values, ranges)
            break
    named = more.pop("asked", None)
    asked = named if named is not None else _states(notice.addressees, states)
    return Facts(
        ref=filed.ref,
        kind=kind_of(notice),
        state=notice.author.state or "",
        author=notice.author.id,
        title=notice.title,
        told=_telling(filed),
        asked=asked,
        requested=_reached(filed, asked, states),
        places=_places(notice),
        values=values,
        ranges=ranges,
        activity=notice.activity or "",
        **more,
    )


def _telling(filed: Filed) -> Telling | None:
    told = filed.told
    if told is None:
        return None
    return Telling(
        ref=filed.ref,
        author=filed.notice.author.id,
        not_before=told.not_before,
        not_before_clock=told.not_before_clock,
        not_after=told.not_after,
        not_after_clock=told.not_after_clock,
        addressees=filed.notice.addressees,
        neutrals=told.neutrals,
    )


def _reached(filed: Filed, asked: tuple[str, ...], states: Mapping[str, str]) -> Span | None:
    """Return when it reached the one who is asked: by the record of its delivery, else when it was said."""
    arrived = [
        one.at
        for one in filed.deliveries
        if one.at is not None and set(_states((one.party,), states)) & set(asked)
    ]
    if arrived:
        return Span(min(arrived), min(arrived))
    told = filed.told
    if told is None or told.not_before is None or told.not_after is None:
        return None
    return Span(told.not_before, told.not_after)


def _states(parties: Iterable[str], states: Mapping[str, str]) -> tuple[str, ...]:
    found = (states.get(party) or (party.upper() if party.upper() in STATES else "") for party in parties)
    return tuple(dict.fromkeys(state for state in found if state))


def _places(notice: Notice) -> tuple[Place, ...]:
    found: list[Position] = []
    for _, place in notice.places():
        found += [place] if isinstance(place, Position) else positions_of(place.shape)
    step = max(1, -(-len(found) // _PLACES_MAX))
    return tuple(Place(one.lat_deg, one.lon_deg) for one in found[::step])


def _span(moment: str | None) -> Span | None:
    return span_of(stated(moment)) if moment else None


def _timed(period: Period | None, values: Values) -> dict[str, Any]:
    if period is None:
        return {}
    start, end = _span(period.start), _span(period.end)
    if start and end:
        values["duration_hours"] = int((end.earliest - start.earliest).total_seconds() // 3600)
    return {"start": start, "end": end}


def _count_forces(forces: tuple[Force, ...], values: Values, ranges: Ranges) -> None:
    """Add the forces up; what one of them does not state bounds the sum from below only."""
    if not forces:
        return
    for name in _COUNTED:
        _add(name, [(getattr(one, name), getattr(one, name)) for one in forces], values, ranges)
    _add("troops", [(one.troops, one.troops_at_most or one.troops) for one in forces], values, ranges)


def _add(name: str, numbers: list[tuple[int | None, int | None]], values: Values, ranges: Ranges) -> None:
    least = sum(low or 0 for low, _ in numbers)
    stated_all = all(low is not None for low, _ in numbers)
    most = sum(high or 0 for _, high in numbers) if stated_all else None
    if least == most:
        values[name] = least
    elif least:
        ranges[name] = (least, most)


def _mark(values: Values, **marks: bool | str | None) -> None:
    values.update({name: mark for name, mark in marks.items() if mark is not None})


def _exercise(notice: Any, values: Values, ranges: Ranges) -> dict[str, Any]:
    _count_forces(notice.forces, values, ranges)
    _mark(
        values,
        single_command=notice.single_command,
        divisional_structure=notice.brigade_structure,
        alert_without_notice=notice.without_notice,
        activity_type=notice.activity_type,
        in_calendar=notice.in_calendar,
    )
    command = notice.command
    return {
        **_timed(notice.period, values),
        "states": tuple(dict.fromkeys(one.state for one in notice.forces)),
        "name": notice.designation or notice.title,
        "command": (command.name or "") if command else "",
        "formations": tuple(one.designation for one in notice.forces if one.designation),
    }


def _calendar(notice: Any, _values: Values, _ranges: Ranges) -> dict[str, Any]:
    planned = tuple(
        Facts(
            ref="",
            kind="exercise",
            name=entry.designation,
            activity=entry.activity or "",
            start=_span(entry.start_window.start),
        )
        for entry in notice.entries
    )
    return {"year": notice.year, "planned": planned}


def _annual_exchange(notice: Any, values: Values, _ranges: Ranges) -> dict[str, Any]:
    if notice.units_reported is not None or notice.nothing_held:
        values["units_reported"] = notice.units_reported or 0
    return {"year": notice.year}


def _movement(notice: Any, values: Values, ranges: Ranges) -> dict[str, Any]:
    _count_forces(notice.forces, values, ranges)
    movers = notice.movers
    if notice.strait:
        is_turkish = any(word in notice.strait.casefold() for word in _STRAITS)
        values["passage"] = "turkish_straits" if is_turkish else "other"
    elif notice.mode != "sea":
        values["passage"] = "none"
    if notice.mode == "sea":
        tonnages = [one.displacement_t for one in movers]
        if values.get("ships") or any(tonnages):
            values["warship"] = True
        if movers:
            values.setdefault("ships", sum(one.count or 1 for one in movers))
            if all(tonnages):
                values["tonnage"] = sum(one.displacement_t * (one.count or 1) for one in movers)
    else:
        values["warship"] = False
    values["date_changed"] = False
    timed = _timed(notice.period, values)
    out, back = _span(notice.outward_at), _span(notice.return_at)
    if out and back:
        values["stay_days"] = (back.earliest.date() - out.earliest.date()).days
    if out:
        timed["start"] = out
    if notice.strait:  # how long it stays beyond the strait is not how long it is on its way
        timed["end"] = back
    return timed


def _launch(notice: Any, values: Values, _ranges: Ranges) -> dict[str, Any]:
    values["launch_class"] = notice.vehicle
    if notice.vehicle == "slbm":
        values["place"] = "sea"
    for name, number in (("range_km", notice.range_km), ("altitude_km", notice.apogee_km)):
        if number is not None:
            values[name] = number
    return _timed(notice.window, values)


def _danger_area(notice: Any, values: Values, _ranges: Ranges) -> dict[str, Any]:
    if notice.system == "navigational_warning":
        values["place"] = "sea"
    return {
        **_windowed(notice),
        "outline": " ".join(sorted(_encode(area.shape).decode() for area in notice.areas)),
    }


def _windowed(notice: Any) -> dict[str, Any]:
    windows = [(_span(one.start), _span(one.end)) for one in notice.windows]
    starts = [start for start, _ in windows if start]
    ends = [end for _, end in windows if end]
    return {
        "start": min(starts, key=lambda one: one.earliest) if starts else None,
        "end": max(ends, key=lambda one: one.latest) if len(ends) == len(windows) else None,
        "windows": tuple((start.earliest, end.latest if end else None) for start, end in windows if start),
    }


def _caution_area(notice: Any, _values: Values, _ranges: Ranges) -> dict[str, Any]:
    return _windowed(notice)


def _incident(notice: Any, values: Values, _ranges: Ranges) -> dict[str, Any]:
    kind = notice.incident_type
    _mark(
        values,
        territory_entered=kind == "entry_into_territory",
        lasers=kind == "laser",
        command_interference=kind == "interference_with_command",
    )
    movers = (*notice.own, *notice.others)
    if any(one.mmsi is not None for one in movers):
        values["place"] = "sea"
    elif any(one.icao24 is not None for one in movers):
        values["place"] = "air"
    if notice.distance_m is not None:
        values["distance_m"] = notice.distance_m
    happened = stated(notice.happened_at)
    if notice.position and happened.precision in {"minute", "second"}:
        night = is_night(happened.earliest, notice.position.lat_deg, notice.position.lon_deg)
        if night:  # by day visibility may still be bad: that is for the notice to say
            values["night_or_bad_visibility"] = True
    return {"start": span_of(happened), "end": _span(notice.ended_at)}


def _unusual(notice: Any, values: Values, _ranges: Ranges) -> dict[str, Any]:
    values["subject"] = notice.asks_for
    return {**_timed(notice.period, {}), "asked": (notice.concerns_state,)}


def _answer(notice: Any, values: Values, _ranges: Ranges) -> dict[str, Any]:
    _mark(values, decision=getattr(notice, "decision", None), subject=getattr(notice, "visit", None))
    period = getattr(notice, "period", None)
    return {**_timed(period, {}), "answers": (notice.answers,)}


def _visit(notice: Any, values: Values, _ranges: Ranges) -> dict[str, Any]:
    values["subject"] = notice.visit
    values["invitation"] = notice.invitation
    if notice.team_size is not None:
        values["inspectors"] = notice.team_size
    timed = _timed(notice.period, values)
    if notice.arrives_at:
        timed["start"] = _span(notice.arrives_at)
    return timed if notice.invitation else {**timed, "asked": (notice.state,)}


def _humanitarian(notice: Any, values: Values, _ranges: Ranges) -> dict[str, Any]:
    values["emergency"] = bool(getattr(notice, "emergency", False))
    return _timed(notice.period, {})


_READERS: tuple[tuple[type[Notice], Callable[[Any, Values, Ranges], dict[str, Any]]], ...] = (
    (kinds.Exercise, _exercise),
    (kinds.AnnualCalendar, _calendar),
    (kinds.AnnualExchange, _annual_exchange),
    (kinds.Movement, _movement),
    (kinds.Launch, _launch),
    (kinds.DangerArea, _danger_area),
    (kinds.CautionArea, _caution_area),
    (kinds.Incident, _incident),
    (kinds.UnusualActivityRequest, _unusual),
    (kinds.UnusualActivityAnswer, _answer),
    (kinds.VisitRequest, _visit),
    (kinds.VisitReply, _answer),
    (kinds.VisitReport, _answer),
    (kinds.HumanitarianSite, _humanitarian),
    (kinds.HumanitarianMovement, _humanitarian),
)


def _with_visits(facts: list[Facts]) -> list[Facts]:
    """Return the facts with visits numbered by their kind, state and year, in the order of the requests.

    Each is told how many units the state visited has reported for that year, where its exchange stands in the record.
    """
    units = {
        (one.state, one.year): one.values["units_reported"]
        for one in facts
        if one.kind == "annual_exchange" and "units_reported" in one.values
    }
    seen: Counter[tuple[str, object, int]] = Counter()
    of_one: Counter[tuple[str, object, int, str]] = Counter()
    requests = [
        one for one in facts if one.kind == "visit_request" and one.requested and not one.values["invitation"]
    ]
    for one in sorted(requests, key=lambda each: each.requested.earliest):  # type: ignore[union-attr]
        year = one.requested.earliest.year  # type: ignore[union-attr]
        for state in one.asked:
            seen[state, one.values["subject"], year] += 1
            one.values["visits_this_year"] = seen[state, one.values["subject"], year]
            if one.state:  # whose it is decides whether it takes part of one state's share
                of_one[state, one.values["subject"], year, one.state] += 1
                one.values["visits_of_one_this_year"] = of_one[state, one.values["subject"], year, one.state]
            if (state, year) in units:
                one.values["units_reported"] = units[state, year]
    return facts
