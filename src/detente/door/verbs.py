"""The list of verbs, and where each one lives; nothing is imported until a verb is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from detente import words

if TYPE_CHECKING:
    import argparse

__all__ = ["VERBS", "Commands", "Verb"]

say = words.speaker("door")


class Commands(Protocol):
    """What a verb's module offers: arguments to add, work to run.

    describe: a paragraph for ``--help``; examples: lines of shell that a reader can paste.
    run: returns the exit code: 0 true or done, 1 judged and refused, 2 bad input.
    """

    def describe(self) -> str: ...  # noqa: D102
    def examples(self) -> str: ...  # noqa: D102
    def configure(self, parser: argparse.ArgumentParser) -> None: ...  # noqa: D102
    def run(self, arguments: argparse.Namespace) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Verb:
    """One word after ``detente``, the object that carries it out, and its line in the list of verbs."""

    name: str
    module: str
    attribute: str
    summary: Callable[[], str]

    def load(self) -> Commands:
        """Import the room's ``commands`` module and return this verb's object."""
        return cast("Commands", getattr(import_module(self.module), self.attribute))


VERBS = (
    Verb(
        "tracks",
        "detente.tracks.commands",
        "TRACKS",
        lambda: say("read ship and aircraft tracks of any usual format into one checked table"),
    ),
    Verb(
        "areas",
        "detente.areas.commands",
        "AREAS",
        lambda: say("read NOTAM and navigational warnings into danger areas in space and time, and write them"),
    ),
    Verb(
        "encounters",
        "detente.encounters.commands",
        "ENCOUNTERS",
        lambda: say("find who came too close to whom in track archives"),
    ),
    Verb(
        "predict",
        "detente.encounters.predict_command",
        "PREDICT",
        lambda: say("tell who will come too close to whom from one picture of positions"),
    ),
    Verb(
        "watch",
        "detente.watch.commands",
        "WATCH",
        lambda: say(
            "keep watch over live feeds: tell who comes too close while it happens, and draft for people"
        ),
    ),
    Verb(
        "recompute",
        "detente.watch.recompute_command",
        "RECOMPUTE",
        lambda: say("compute an incident's figures anew from the evidence of either side, or of both"),
    ),
    Verb(
        "risk",
        "detente.encounters.risk_command",
        "RISK",
        lambda: say("tell whether the risk is growing, how often and how near, each with its interval"),
    ),
    Verb(
        "notice",
        "detente.notices.commands",
        "NOTICE",
        lambda: say("write, check and show notices: exercises, danger areas, incidents, visits, contacts"),
    ),
    Verb(
        "rules",
        "detente.rules.commands",
        "RULES",
        lambda: say("read what agreements between states ask, clause by clause"),
    ),
    Verb(
        "obligations",
        "detente.node.obligations_verb",
        "OBLIGATIONS",
        lambda: say("tell what notices owe, to whom and by when, and what of it was told in time"),
    ),
    Verb(
        "transparency",
        "detente.node.record_verbs",
        "TRANSPARENCY",
        lambda: say("figures of how open a record is, which either side can recompute"),
    ),
    Verb(
        "contacts",
        "detente.node.record_verbs",
        "CONTACTS",
        lambda: say("the history of a channel: meetings, calls, suspensions, readouts of both sides"),
    ),
    Verb(
        "line",
        "detente.node.commands",
        "LINE",
        lambda: say("a record between members that none can deny, drop, reorder or alter"),
    ),
    Verb(
        "settings",
        "detente.node.settings.commands",
        "SETTINGS",
        lambda: say("print the settings file of a node with all its names, or check a home's own"),
    ),
    Verb(
        "cert",
        "detente.node.couriers.commands_cert",
        "CERT",
        lambda: say("make, show and check the certificates by which couriers know each other"),
    ),
    Verb(
        "serve",
        "detente.node.commands_serve",
        "SERVE",
        lambda: say("run the node of a home: its lines, couriers and page, until it is stopped"),
    ),
    Verb(
        "status",
        "detente.node.commands_status",
        "STATUS",
        lambda: say("one screen of how a node stands: lines, couriers, tests, owed receipts, alarms"),
    ),
    Verb(
        "people",
        "detente.node.commands_people",
        "PEOPLE",
        lambda: say("who may use a node's desk, and with which passkeys"),
    ),
    Verb(
        "alarms",
        "detente.node.commands_alarms",
        "ALARMS",
        lambda: say("list a node's alarms, acknowledge one, test every way to a person"),
    ),
    Verb(
        "unlock",
        "detente.node.commands_unlock",
        "UNLOCK",
        lambda: say("give a running node's signer its passphrase"),
    ),
    Verb(
        "backup",
        "detente.node.commands",
        "BACKUP",
        lambda: say("copy a home of the line into one file"),
    ),
    Verb(
        "restore",
        "detente.node.commands",
        "RESTORE",
        lambda: say("make a home of the line from a backup"),
    ),
    Verb(
        "store",
        "detente.node.commands_store",
        "STORE",
        lambda: say("show where a home keeps its records, or move them to another store"),
    ),
    Verb(
        "scenario",
        "detente.scenario.commands",
        "SCENARIO",
        lambda: say("play a scenario of an exercise on real nodes, and check what it expects"),
    ),
)
