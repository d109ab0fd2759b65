"""What must be true in a play: each expectation is looked at until it holds, or its time is over."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from detente import words
from detente.errors import DetenteError
from detente.notices.quantities import parse_duration_s
from detente.scenario import structs
from detente.scenario.play import Play
from detente.scenario.programs import environment, until
from detente.scenario.structs import Expectation

__all__ = ["expect"]

say = words.speaker("scenario")

_LOOK_S = 0.5
_RANK = {"held": 0, "delivered": 1, "read": 2, "answered": 3}
_DAY_MS = 86_400_000
Seen = tuple[str, str]
"""What is expected, in words, and what is wrong: "" when it holds."""


def expect(play: Play, step: Expectation) -> None:
    """Look until it holds or its time is over, and tell the outcome."""
    look = _LOOKS[type(step)]
    last: list[Seen] = []

    def holds() -> bool:
        try:
            last[:] = [look(play, step)]
        except DetenteError as fault:
            last[:] = [(last[0][0] if last else type(step).__name__, str(fault))]
        return not last[0][1]

    until(holds, parse_duration_s(step.within), every_s=_LOOK_S)
    play.story.expected(*last[0])


def _reached(play: Play, step: structs.Reached) -> Seen:
    said = play.said[step.what]
    row = play.clerk(said.who).entry(play.line, said.ref)["row"]
    others = step.to or tuple(one for one in play.members if one != said.who)
    lacking = [one for one in others if _RANK.get(row["states"].get(one, "held"), 0) < _RANK[step.state]]
    state = {"delivered": say("delivered"), "read": say("read"), "answered": say("answered")}[step.state]
    what = say("{ref} ({title}) is {state}: {sides}", ref=said.ref, title=said.title, state=state,
               sides=", ".join(others))  # fmt: skip
    return what, say("not yet: {sides}", sides=", ".join(lacking)) if lacking else ""


def _owed(play: Play, step: structs.Owed) -> Seen:
    ref = play.said[step.what].ref
    verdicts = play.clerk(step.who).get("obligations", line=play.line)["verdicts"]
    found = [
        one
        for one in verdicts
        if (one["ref"], one["agreement"], one["clause"]) == (ref, step.agreement, step.clause)
    ]
    clause = f"{step.agreement}/{step.clause}"
    if not found:
        return say("{who} sees what {clause} says of {ref}", who=step.who, clause=clause, ref=ref), say("nothing")
    one = found[0]
    due = (one["due"] or {}).get("earliest", "")[:16] or say("no stated time")
    told = one["told"] or {}
    what = say("{who} sees of {ref}: {title} ({clause}), due {due}: {told}", who=step.who, ref=ref,
               title=one["title"], clause=clause, due=due, told=told.get("words") or one["words"])  # fmt: skip
    if step.outcome is not None and one["outcome"] != step.outcome:
        return what, one["outcome"]
    return what, "" if step.told is None or told.get("outcome") == step.told else str(told.get("outcome"))


def _encountered(play: Play, step: structs.Encountered) -> Seen:
    names = {one.id: one.name for one in play.scenario.movers}
    other = names[step.b] if step.b is not None else step.area
    what = say("{who} sees live: {one} and {other}", who=step.who, one=names[step.a], other=other)
    for one in play.clerk(step.who).get("picture")["encounters"]:
        pair = {one["a"], one["b"]}
        if step.a not in pair or (step.b is not None and step.b not in pair):
            continue
        if step.b is None and not (one["in_area"] or step.area in f"{one['a']} {one['b']}"):
            continue
        metres = one["closest_distance_m"]
        if step.closer_than_m is not None and (metres >= step.closer_than_m or one["predicted"]):
            continue
        near = say("{metres} m", metres=f"{metres:.0f}") if step.b is not None else ", ".join(one["in_area"])
        return f"{what}, {near}, {one['priority']}", ""
    return what, say("not in its picture")


def _apart(play: Play, step: structs.Apart) -> Seen:
    names = {one.id: one.name for one in play.scenario.movers}
    what = say(
        "{who} sees no encounter of {one} and {other}", who=step.who, one=names[step.a], other=names[step.b]
    )
    found = [
        one
        for one in play.clerk(step.who).get("picture")["encounters"]
        if {one["a"], one["b"]} == {step.a, step.b}
    ]
    return what, say("there is one") if found else ""


def _accounts(play: Play, step: structs.Accounts) -> Seen:
    path, key = ("incidents", "accounts") if step.of == "incident" else ("contacts", "readouts")
    groups = play.clerk(step.who).get(path, line=play.line)["groups"]
    found = [one for one in groups if step.title in one["title"] and set(step.sides) <= set(one[key])]
    texts = {
        "incident": say(
            "{who} sees the accounts of {sides} side by side", who=step.who, sides=", ".join(step.sides)
        ),
        "contact": say(
            "{who} sees the readouts of {sides} side by side", who=step.who, sides=", ".join(step.sides)
        ),
    }
    return texts[step.of], "" if found else say("they are not together")


def _alarmed(play: Play, step: structs.Alarmed) -> Seen:
    names = {one["name"] for one in play.clerk(step.who).get("alarms")["alarms"]}
    if step.absent:
        what = say("{who} has no alarm {name}", who=step.who, name=step.name)
        return what, say("there is one") if step.name in names else ""
    what = say("{who} has the alarm {name}", who=step.who, name=step.name)
    return what, "" if step.name in names else say("there is none")


def _same_record(play: Play, step: structs.SameRecord) -> Seen:
    """Compare, by the command line, what every side holds: nothing lost, nothing doubled, nothing otherwise."""
    sides = list(step.sides) or play.members
    what = say("the records of {sides} are the same, with all that was said once", sides=", ".join(sides))
    records = play.each(lambda home: _record(home.verb("line", "log", home.name, "--json")), sides)
    for side, record in zip(sides, records, strict=True):
        for said in play.said.values():
            count = sum(ref == said.ref for ref, _ in record)
            if count != 1:
                return what, say("{side} holds {ref} {count} times", side=side, ref=said.ref, count=count)
        if set(record) != set(records[0]):
            left = sorted({ref for ref, _ in set(record) ^ set(records[0])})
            return what, say("{side} differs: {refs}", side=side, refs=", ".join(left[:5]))
        spoken = [ref for ref, _ in record]
        if len(set(spoken)) != len(spoken):
            return what, say("{side} holds something twice", side=side)
    return say("{what}: {count} entries", what=what, count=len(records[0])), ""


def _record(log: str) -> list[tuple[str, str]]:
    return [(one["ref"], one["hash"]) for one in map(json.loads, log.splitlines())]


def _runs(play: Play, step: structs.Runs) -> Seen:
    found = {one["line"]: one["run"] for one in play.clerk(step.who).get("lines")["lines"]}
    what = say("{who}: the line is {state}", who=step.who, state=step.state)
    return what, "" if found.get(play.line) == step.state else str(found.get(play.line))


def _carried_by(play: Play, step: structs.CarriedBy) -> Seen:
    lines = play.clerk(step.who).get("lines")["lines"]
    parties = [
        it for one in lines if one["line"] == play.line for it in one["parties"] if it["member"] == step.to
    ]
    states = {one["courier"]: one["state"] for it in parties for one in it["couriers"]}
    up = [name for name, state in states.items() if state == "up" and step.courier in name]
    what = say("{who} reaches {other} by {courier}", who=step.who, other=step.to, courier=step.courier)
    return what, "" if up else ", ".join(f"{name}: {state}" for name, state in states.items())


def _verified(play: Play, step: structs.Verified) -> Seen:
    """Ask the verifier, a separate program, with everybody's cards."""
    word = say("accepts") if step.accepted else say("refuses")
    what = say("the verifier, a separate program, {word} {file}", word=word, file=step.file)
    if play.verifier is None:
        return what, say("there is no verifier/verify.py beside this program: --verifier names it")
    cards = [word for one in play.homes for word in ("--card", f"{one}.card")]
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(play.verifier), step.file, *cards], cwd=play.folder, env=environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if (ended.returncode == 0) == step.accepted:
        return what, ""
    return what, (ended.stdout + ended.stderr).strip()[-300:] or str(ended.returncode)


def _found(play: Play, step: structs.Found) -> Seen:
    names = {one.id: one.name for one in play.scenario.movers}
    what = say("the archive search finds the same: {one} and {other}", one=names[step.a], other=names[step.b])
    path = play.folder / step.encounters
    if not path.exists():
        return what, say("no search was made")
    rows = [one["properties"] for one in json.loads(path.read_text(encoding="utf-8"))["features"]]
    pairs = [one for one in rows if {one["a"], one["b"]} == {step.a, step.b}]
    if not pairs:
        return what, say("it does not")
    metres = min(one["distance_m"] for one in pairs)
    near = say("{metres} m", metres=f"{metres:.0f}")
    return f"{what}, {near}", "" if step.closer_than_m is None or metres < step.closer_than_m else say(
        "not so close"
    )


def _hidden(play: Play, step: structs.Hidden) -> Seen:
    said = play.said[step.what]
    clerk = play.clerk(step.who)
    what = say("{who} shows {ref} on no map, in no calendar and in no export", who=step.who, ref=said.ref)
    entry = clerk.entry(play.line, said.ref)
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    span = {"from_ms": now_ms - 30 * _DAY_MS, "until_ms": now_ms + 400 * _DAY_MS}
    areas = [one for one in clerk.get("areas", **span)["areas"] if one["ref"] == said.ref]
    shown = areas or entry["geojson"] is not None
    return what, say("it does") if shown else ""


def _unread(play: Play, step: structs.Unread) -> Seen:
    """Ask an observer's record for the entry and its text."""
    said = play.said[step.what]
    what = say("{who} confirms {ref}, and cannot read it", who=step.who, ref=said.ref)
    log = play.homes[step.who].verb("line", "log", step.who, "--json")
    found = [one for one in map(json.loads, log.splitlines()) if one["ref"] == said.ref]
    if not found:
        return what, say("it does not hold the entry yet")
    return what, say("it holds the text") if "content" in found[0]["body"] else ""


_LOOKS: dict[type[Expectation], Callable[[Play, Any], Seen]] = {
    structs.Reached: _reached,
    structs.Owed: _owed,
    structs.Encountered: _encountered,
    structs.Apart: _apart,
    structs.Accounts: _accounts,
    structs.Alarmed: _alarmed,
    structs.SameRecord: _same_record,
    structs.Runs: _runs,
    structs.CarriedBy: _carried_by,
    structs.Verified: _verified,
    structs.Found: _found,
    structs.Hidden: _hidden,
    structs.Unread: _unread,
}
