"""The verb ``alarms``: list a home's alarms, acknowledge one, test every way to a person."""

from __future__ import annotations

import argparse
import getpass
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.errors import DetenteError
from detente.node.alarms import rules
from detente.node.alarms.channels import channel_of
from detente.node.alarms.kept import alarms_file
from detente.node.alarms.message import test_message
from detente.node.asking import pairs, say_training, show
from detente.node.home import open_reading
from detente.node.host import clock_ms
from detente.node.readable import moment
from detente.node.sentences import alarm_sentence, priority_word
from detente.node.settings.reading import read_settings
from detente.node.settings.structs import Settings
from detente.store.alarms import Acknowledgement, AlarmFile, KeptAlarm

__all__ = ["ALARMS", "alarm_document", "kept_alarms"]

say = words.speaker("node")

_NAME_MAX = 100


@dataclass(frozen=True, slots=True)
class _Way:
    channel: str
    person: str
    fault: str


class _Alarms:
    """``detente alarms``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Lists the alarms of a home that nobody acknowledged and whose cause is not gone, with who was\n"
            "told and on which way it failed; --all lists the others too. ack says that a person saw one:\n"
            "it is quiet then, and nobody else on duty is asked. test sends a test on every way that the\n"
            "settings name, and says which failed and why. Works with and without a running node."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente alarms west\n  detente alarms ack west 3f9a02c1d4e5 --by Watch\n  detente alarms test west"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument(
            "words",
            nargs="+",
            metavar="[ack|test] HOME [ID]",
            help=say("a home; ack, a home and an alarm's id; test and a home"),
        )
        parser.add_argument("--all", action="store_true", help=say("list what is acknowledged or over, too"))
        parser.add_argument("--by", metavar="NAME", help=say("who acknowledges; your user's name when left out"))

    def run(self, arguments: argparse.Namespace) -> int:
        """List, acknowledge or test; 0 when done, 1 when a way failed its test."""
        given: list[str] = arguments.words
        if given[0] == "ack" and len(given) == 3:
            return _acknowledge(arguments, Path(given[1]), given[2])
        if given[0] == "test" and len(given) == 2:
            return _test(arguments, Path(given[1]))
        if len(given) == 1:
            return _list(arguments, Path(given[0]))
        raise ArgumentMistake(
            expected=say("HOME, or ack HOME ID, or test HOME"),
            came=" ".join(given)[:200],
            where="detente alarms",
            remedy=say("see: detente alarms --help"),
        )


def kept_alarms(home: Path) -> list[KeptAlarm]:
    """Return a home's alarms with what people said about them, the gravest and newest first. Raises StoreFailure."""
    if not alarms_file(home).exists():
        return []
    file = AlarmFile(alarms_file(home), read_only=True)
    try:
        kept, said = file.kept(), file.acknowledgements()
    finally:
        file.close()
    for name, word in said.items():
        one = kept.get(name)
        if one is not None and one.acknowledged_ms is None and word.told >= one.told:
            kept[name] = rules.acknowledged(one, word.at_ms, word.by)
    return sorted(
        kept.values(), key=lambda one: (not one.is_open, rules.GRAVE.index(one.priority), -one.last_ms, one.id)
    )


def alarm_document(kept: KeptAlarm) -> dict[str, Any]:
    """Return an alarm as ``--json`` gives it; the text of a notice is not in it."""
    return {
        "id": kept.id,
        "line": kept.line,
        "name": kept.name,
        "member": kept.member,
        "priority": kept.priority,
        "sentence": alarm_sentence(kept.name, kept.member, kept.detail),
        "detail": kept.detail,
        "raised_ms": kept.raised_ms,
        "last_ms": kept.last_ms,
        "count": kept.count,
        "told": kept.told,
        "asked": list(kept.asked),
        "open": kept.is_open,
        "acknowledged_ms": kept.acknowledged_ms,
        "acknowledged_by": kept.acknowledged_by,
        "ended_ms": kept.ended_ms,
        "ways": [
            {
                "channel": one.channel,
                "person": one.person,
                "told_ms": one.told_ms,
                "attempts": one.attempts,
                "error": one.error,
                "next_try_ms": one.due_ms,
            }
            for one in kept.deliveries
        ],
    }


def _checked(home: Path) -> str:
    """Return the member whose home this is; a folder that is none is said before anything is looked for in it."""
    with open_reading(home) as opened:
        say_training(opened.lines())
        return opened.member


def _list(arguments: argparse.Namespace, home: Path) -> int:
    _checked(home)
    found = [one for one in kept_alarms(home) if one.is_open or arguments.all]

    def text() -> None:
        for one in found:
            _show(one)
        if not found:
            terminal.note(say("no alarm"))

    show(arguments, [alarm_document(one) for one in found], text)
    return 0


def _show(kept: KeptAlarm) -> None:
    sentence = terminal.visible(alarm_sentence(kept.name, kept.member, kept.detail))
    terminal.result(f"{kept.id}  {priority_word(kept.priority)}: {sentence}")
    place = f"{kept.line}: " if kept.line else ""
    counted = say.many("once", "{count} times", count=kept.count)
    terminal.result(f"  {place}{moment(kept.raised_ms)}, {moment(kept.last_ms)}, {counted}")
    for one in kept.deliveries:
        who = f"{one.channel} {terminal.visible(one.person)}".strip()
        if one.told_ms is not None:
            terminal.result("  " + say("told by {way} at {time}", way=who, time=moment(one.told_ms)))
        elif one.error:
            terminal.result("  " + say("failed by {way}: {fault}", way=who, fault=terminal.visible(one.error)))
    if kept.acknowledged_ms is not None:
        by = terminal.visible(kept.acknowledged_by)
        terminal.result(
            "  " + say("acknowledged by {name} at {time}", name=by, time=moment(kept.acknowledged_ms))
        )
    if kept.ended_ms is not None:
        terminal.result("  " + say("over since {time}", time=moment(kept.ended_ms)))


def _acknowledge(arguments: argparse.Namespace, home: Path, name: str) -> int:
    _checked(home)
    found = [one for one in kept_alarms(home) if len(name) >= 4 and one.id.startswith(name)]
    if len(found) != 1:
        raise ArgumentMistake(
            expected=say("the id of one alarm, or a beginning of it"),
            came=name,
            where="ID",
            remedy=say("see: detente alarms HOME"),
        )
    by = (arguments.by or _user())[:_NAME_MAX]
    file = AlarmFile(alarms_file(home))
    try:
        file.acknowledge(found[0].id, Acknowledgement(clock_ms(), found[0].told, by))
    finally:
        file.close()
    kept = next(one for one in kept_alarms(home) if one.id == found[0].id)
    show(arguments, alarm_document(kept), lambda: _show(kept))
    return 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return ""


def _test(arguments: argparse.Namespace, home: Path) -> int:
    member = _checked(home)
    settings = read_settings(home)
    message = test_message(member, clock_ms())
    found = []
    for channel, person in _ways(settings):
        way = channel_of(
            channel, person, settings, home, write=lambda text: terminal.note(terminal.visible(text))
        )
        fault = ""
        if way is not None:
            try:
                way.send(message)
            except DetenteError as failure:
                fault = str(failure)
            found.append(_Way(channel, person, fault))

    def text() -> None:
        pairs({
            f"{one.channel} {one.person}".strip(): one.fault or say("taken")
            for one in found
        })  # fmt: skip
        if all(one.channel == "terminal" for one in found):
            terminal.note(say("the settings name no way beyond this machine: [alarms], [[duty]]"))

    rows = [
        {"channel": one.channel, "person": one.person, "ok": not one.fault, "fault": one.fault} for one in found
    ]
    show(arguments, rows, text)
    return 1 if any(one.fault for one in found) else 0


def _ways(settings: Settings) -> list[tuple[str, str]]:
    everybody = [("terminal", "")] if settings.alarms.terminal else []
    people = ["", *(one.name for one in settings.duty)]
    return everybody + [(channel, person) for person in people for channel in ("webhook", "mail")]


ALARMS = _Alarms()
