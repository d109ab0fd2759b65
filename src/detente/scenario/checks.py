"""What no single value of a scenario shows: names that nobody bears, notices with faults, ways that go back in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.door.files import cause
from detente.errors import DetenteError
from detente.node.settings.where import Place
from detente.notices.forms import check_form
from detente.notices.line_types import HUMANITARIAN
from detente.notices.quantities import parse_distance_m, parse_duration_s
from detente.scenario import structs
from detente.scenario.errors import Fault, ScenarioMistake
from detente.scenario.moving import moved_notice
from detente.scenario.reading import SIZE_MAX, parse_scenario
from detente.scenario.structs import Scenario, Step
from detente.scenario.ways import way_of

__all__ = ["author_of", "begins_at", "read_scenario"]

say = words.speaker("scenario")


def read_scenario(file: Path) -> Scenario:
    """Return the scenario of a file. Raises ScenarioMistake with every fault of it."""
    try:
        with file.open("rb") as source:
            octets = source.read(SIZE_MAX + 1)
    except OSError as failure:
        raise ScenarioMistake(file, (Fault(0, "", cause(failure)),)) from None
    scenario, faults = parse_scenario(octets, file)
    for place, what in _faults(scenario):
        faults.add(place, what)
    faults.raise_any(file)
    return scenario


def begins_at(scenario: Scenario) -> datetime:
    """Return the scenario's first moment."""
    first = scenario.scenes[0].begins
    assert first is not None  # noqa: S101 - checked when it was read
    return first


def author_of(scenario: Scenario, side: str) -> dict[str, Any]:
    """Return a side as the author of its notices."""
    found = {"id": side, "name": scenario.sides[side].name}
    state = scenario.sides[side].state
    return found | ({"state": state} if state else {})


def _faults(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    for name in ("training", "synthetic"):
        if not getattr(scenario, name):
            yield (name,), say("must be true: a scenario is played on training lines, with nothing real in it")
    yield from _sides(scenario)
    begins: datetime | None = scenario.scenes[0].begins
    if begins is None:
        yield ("scenes", 0, "begins"), say("the first scene says when it begins")
        begins = datetime(2000, 1, 1, tzinfo=UTC)
    yield from _movers(scenario, begins)
    yield from _watch(scenario)
    yield from _notices(scenario, begins)
    yield from _Steps(scenario, begins).faults()


def _sides(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    members = [name for name, one in scenario.sides.items() if not one.observer]
    if len(members) < 2:
        yield ("sides",), say("a line has two members at least")
    if len(scenario.sides) > structs.SIDES_MAX:
        yield ("sides",), say("more than {count} sides", count=structs.SIDES_MAX)
    for name, side in scenario.sides.items():
        if "," in side.name:
            yield ("sides", name, "name"), say("a name without commas")
        if not _fits(name, structs.Name):
            yield ("sides", name), say("a side's name: small letters, digits and -, at most 31")
        if side.observer and (side.officers or side.two_people):
            yield ("sides", name), say("an observer says nothing, so it has no officers")
        if not side.observer and not side.officers:
            yield ("sides", name), say("a member needs an officer at least")
        if side.two_people and len(side.officers) < 2:
            yield ("sides", name, "two_people"), say("two people release it, and there is one officer")
    yield from _duration(("line", "test_every"), scenario.line.test_every)


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _movers(scenario: Scenario, begins: datetime) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for number, mover in enumerate(scenario.movers):
        place: Place = ("movers", number)
        if mover.id in seen:
            yield (*place, "id"), say("two movers with one id")
        seen.add(mover.id)
        if mover.side is not None and mover.side not in scenario.sides:
            yield (*place, "side"), say("there is no such side: {name}", name=mover.side)
        yield from _duration((*place, "every"), mover.every)
        try:
            way = way_of(mover, begins)
        except DetenteError as fault:
            yield (*place, "way"), f"{fault.came}; {fault.expected}"
        except ValueError as fault:
            yield (
                (*place, "way"),
                say("{position}: say at, after the point before it, or speed_kn", position=str(fault)),
            )
        else:
            flies = [one.altitude_ft is not None for one in mover.way]
            if way.is_aircraft != all(flies) or way.is_aircraft != any(flies):
                yield (*place, "way"), say("an aircraft says its altitude_ft at every point, a ship at none")


def _watch(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    for name in ("within", "vertical"):
        try:
            parse_distance_m(getattr(scenario.watch, name))
        except DetenteError as fault:
            yield ("watch", name), f"{fault.came}; {fault.expected}"


def _duration(place: Place, text: str) -> Iterator[tuple[Place, str]]:
    try:
        parse_duration_s(text)
    except DetenteError as fault:
        yield place, f"{fault.came}; {fault.expected}"


def _notices(scenario: Scenario, begins: datetime) -> Iterator[tuple[Place, str]]:
    """Check every notice as its form will be checked, with dates that moved and entries that stand for handles."""
    speakers = {
        step.notice: step.who
        for scene in scenario.scenes
        for step in scene.steps
        if isinstance(step, structs.SayNotice) and step.who in scenario.sides
    }
    humanitarian = scenario.line.name.startswith(HUMANITARIAN)
    for name, notice in scenario.notices.items():
        place: Place = ("notices", name)
        who = speakers.get(name)
        if who is None:
            yield place, say("no step says this notice")
            continue
        moved = moved_notice(notice, timedelta(0), begins, _stand_in)
        moved = {"author": author_of(scenario, who), "issued_at": f"{begins:%Y-%m-%dT%H:%MZ}", **moved}
        checked, faults = check_form(b" " + msgspec.json.encode(moved))
        for fault in faults:
            yield (*place, *_parts(fault.where)), fault_words(fault)
        kind = str(notice.get("kind", ""))
        refused = any(
            isinstance(step, structs.SayNotice) and step.notice == name and step.refused
            for scene in scenario.scenes
            for step in scene.steps
        )
        belongs = kind.startswith("humanitarian") == humanitarian or kind in {"cancellation", "correction"}
        if checked is not None and not refused and not belongs:
            yield (
                (*place, "kind"),
                say(
                    "humanitarian notices go on a line whose name begins with {name}, and nothing else goes there",
                    name=HUMANITARIAN,
                ),
            )


def _stand_in(handle: str) -> str:
    """Return what may stand in the place of an entry, or of a field of it, that is not known yet."""
    return "not-known-yet" if "." in handle else "somebody/0"


def _parts(path: str) -> Place:
    """Return the parts of a path such as areas[0].shape."""
    found: list[str | int] = []
    for one in path.replace("]", "").split("."):
        name, *numbers = one.split("[")
        found += [name] if name else []
        found += [int(number) for number in numbers if number.isdecimal()]
    return tuple(found)


def fault_words(fault: Any) -> str:
    """Return a fault of a notice in one line."""
    return f"{fault.came} ({fault.expected})" + (f"; {fault.remedy}" if fault.remedy else "")


class _Steps:
    """Checks the steps in their order: who was named, and what was said before it is spoken of."""

    def __init__(self, scenario: Scenario, begins: datetime) -> None:
        self._scenario = scenario
        self._moment = begins
        self._said: set[str] = set()
        self._kept: set[str] = set()
        self._is_open = False
        self._movers = {one.id for one in scenario.movers}

    def faults(self) -> Iterator[tuple[Place, str]]:
        """Yield every fault."""
        for number, scene in enumerate(self._scenario.scenes):
            if scene.begins is not None:
                if scene.begins < self._moment:
                    yield ("scenes", number, "begins"), say("before the scene before it")
                self._moment = max(self._moment, scene.begins)
            for index, step in enumerate(scene.steps):
                place: Place = ("scenes", number, "steps", index)
                yield from self._time(place, step)
                yield from self._names(place, step)
                yield from self._one(place, step)

    def _time(self, place: Place, step: Step) -> Iterator[tuple[Place, str]]:
        if step.at is not None:
            if step.at < self._moment:
                yield (*place, "at"), say("before the step before it, or the scene's beginning")
            self._moment = max(self._moment, step.at)
        for name in ("within", "real"):
            if isinstance(getattr(step, name, None), str):
                yield from _duration((*place, name), getattr(step, name))

    def _names(self, place: Place, step: Step) -> Iterator[tuple[Place, str]]:
        sides = self._scenario.sides
        named = [("who", step.who)] if hasattr(step, "who") else []
        named += [("sides", one) for one in getattr(step, "sides", ())]
        if isinstance(step, structs.CutLink | structs.MendLink | structs.CarryFolder):
            named += [("between", one) for one in step.between]
        if isinstance(step, structs.Reached):
            named += [("to", one) for one in step.to]
        if isinstance(step, structs.CarriedBy):
            named.append(("to", step.to))
        for name, value in named:
            if value not in sides:
                yield (*place, name), say("there is no such side: {name}", name=value)
        if not self._is_open and not isinstance(step, structs.Cards | structs.OpenLine):
            yield place, say('before this the line is opened: do = "open-line"')
            self._is_open = True  # told once
        for name in ("a", "b"):
            mover = getattr(step, name, None)
            if isinstance(mover, str) and mover not in self._movers:
                yield (*place, name), say("there is no such mover: {name}", name=mover)

    def _one(self, place: Place, step: Step) -> Iterator[tuple[Place, str]]:
        if isinstance(step, structs.OpenLine):
            self._is_open = True
        elif isinstance(step, structs.SayNotice | structs.ReplyTo | structs.ReleaseDraft):
            yield from self._speaker(place, step)
            yield from self._spoken(place, step)
        elif isinstance(step, structs.KeepWatch):
            if self._scenario.line.name.startswith(HUMANITARIAN):
                yield place, say("nobody keeps watch on a humanitarian line")
            for one in step.areas:
                yield from self._known(place, "areas", one)
        else:
            yield from self._fault(place, step)
        for name in ("what", "of"):
            value = getattr(step, name, None)
            if isinstance(value, str) and not isinstance(step, structs.Accounts):
                yield from self._known(place, name, value)

    def _fault(self, place: Place, step: Step) -> Iterator[tuple[Place, str]]:
        if isinstance(step, structs.Backup):
            self._kept.add(step.called)
        elif isinstance(step, structs.Restore) and step.called not in self._kept:
            yield (*place, "called"), say("no backup is called so before this")
        elif isinstance(step, structs.Start) and step.clock:
            yield from _duration((*place, "clock"), step.clock.removeprefix("-"))

    def _speaker(
        self, place: Place, step: structs.SayNotice | structs.ReplyTo | structs.ReleaseDraft
    ) -> Iterator[tuple[Place, str]]:
        side = self._scenario.sides.get(step.who)
        if side is None:
            return
        if side.observer:
            yield (*place, "who"), say("an observer says nothing")
        for officer in step.by:
            if officer not in side.officers:
                yield (*place, "by"), say("no officer of this side: {name}", name=officer)

    def _spoken(
        self, place: Place, step: structs.SayNotice | structs.ReplyTo | structs.ReleaseDraft
    ) -> Iterator[tuple[Place, str]]:
        called, is_refused = step.called, False
        if isinstance(step, structs.SayNotice):
            called, is_refused = step.called or step.notice, bool(step.refused)
            if step.notice not in self._scenario.notices:
                yield (*place, "notice"), say("there is no such notice: {name}", name=step.notice)
            named = [("notice", one) for one in _handles(self._scenario.notices.get(step.notice, {}))]
            for key, handle in [*named, *([("answers", step.answers)] if step.answers else [])]:
                yield from self._known(place, key, handle)
        elif isinstance(step, structs.ReplyTo):
            yield from self._known(place, "to", step.to)
        if called is not None and called in self._said:
            yield (*place, "called"), say("something is called so already; give this one a name: called")
        if called is not None and not is_refused:
            self._said.add(called)

    def _known(self, place: Place, key: str, handle: str) -> Iterator[tuple[Place, str]]:
        if handle not in self._said:
            yield (*place, key), say("nothing is called {name} before this", name=handle)


def _handles(notice: Any) -> Iterator[str]:
    """Yield the handles that a notice speaks of."""
    if isinstance(notice, dict):
        for one in notice.values():
            yield from _handles(one)
    elif isinstance(notice, list):
        for one in notice:
            yield from _handles(one)
    elif isinstance(notice, str) and notice.startswith("@"):
        yield notice[1:].partition(".")[0]
