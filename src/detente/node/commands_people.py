"""The verb ``people``: who may use a node's desk, from the terminal of its machine."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.door.options import add_inner_verb
from detente.node import commands_people_officers
from detente.node.asking import Subcommand, add_home, show
from detente.node.asking_people import ask_people, terminal_actor
from detente.node.desk_door.people_questions import (
    ROLES,
    LinkDocument,
    PeopleAsked,
    PeopleDocument,
    PersonAdded,
    PersonDocument,
    PersonRemoved,
    ReEnrolled,
    TokenAdded,
    TokenDocument,
    TokenMade,
    TokenRemoved,
)
from detente.node.readable import moment
from detente.node.settings.reading import read_settings

__all__ = ["PEOPLE"]

say = words.speaker("node")

_DAYS = 365


class _People:
    """The verb ``people``: a family of verbs."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Who may use the desk of this node, and with which passkeys. A new home has nobody: add the\n"
            "first keeper here, and hand over the link that is printed; it is good once, for a day. Whatever\n"
            "is done here stands in the trail under the name of --by. Works with and without a running node.\n"
            "Each verb below has its own --help; docs/people.md tells the rest."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente people add west Anna --role releaser --role keeper\n"
            "  detente people list west\n"
            "  detente people officers west west.officers\n"
            "  detente people add-watch west radar"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add every verb under ``people``."""
        parser.set_defaults(people_parser=parser)
        verbs = parser.add_subparsers(dest="people_verb", metavar=say("VERB"), title=say("verbs"))
        for verb in (_ADD, _LIST, _REMOVE, _RE_ENROL, _ADD_WATCH, commands_people_officers.OFFICERS):
            add_inner_verb(verbs, verb, run="people_run")

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the verb that was named; 2 and its help when there is none."""
        chosen: Subcommand | None = getattr(arguments, "people_run", None)
        if chosen is None:
            arguments.people_parser.print_help()
            return 2
        return chosen.run(arguments)


class _Add:
    """``detente people add``."""

    name = "add"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("add a person, and print the link with which that person enrols a passkey")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Adds a person with one or more roles, and prints a link once. Hand it over in person: whoever\n"
            "opens it first, within a day, enrols a passkey and is this person. Roles:\n"
            "  viewer    reads\n"
            "  drafter   also writes drafts, and acknowledges alarms\n"
            "  releaser  also releases, once the keepers put the officers' file into force\n"
            "  keeper    manages people, and reads the trail"
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente people add west Anna --role releaser --role keeper\n"
            '  detente people add west Olga --role viewer --outsider "https://login.example 248289761001"'
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        _add_name(parser)
        parser.add_argument(
            "--role", action="append", choices=ROLES, required=True, help=say("what the person may do; repeat it")
        )
        parser.add_argument(
            "--outsider",
            metavar="ISSUER_SUB",
            default="",
            help=say("who the person is at the site's own sign-in: its issuer, a space and its sub"),
        )
        _add_by(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Add a person; 0 when done."""
        question = PersonAdded(
            actor=terminal_actor(arguments.by),
            name=arguments.name,
            roles=tuple(arguments.role),
            outsider=arguments.outsider,
        )
        _show_link(arguments, ask_people(arguments.home, question))
        return 0


class _List:
    """``detente people list``."""

    name = "list"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("show who may use the desk, and the tokens of machines")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say("Shows every person with roles and passkeys, and every token of a machine.")

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente people list west\n  detente people list west --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Show everybody; 0 when done."""
        found: PeopleDocument = ask_people(arguments.home, PeopleAsked())
        show(arguments, msgspec.to_builtins(found), lambda: _list(found))
        return 0


class _Remove:
    """``detente people remove``."""

    name = "remove"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("remove a person or a machine's token")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Removes a person, by name or id: sessions end, passkeys and links open nothing any more. The\n"
            "name stays in the trail. The officers' file must be made and put into force anew when the person\n"
            "was a releaser. The last keeper cannot be removed. With --watch: takes a machine's token away."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente people remove west Anna\n  detente people remove west radar --watch"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        _add_name(parser)
        parser.add_argument("--watch", action="store_true", help=say("NAME is of a machine's token"))
        _add_by(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Remove; 0 when done."""
        found: PeopleDocument = ask_people(arguments.home, PeopleAsked())
        actor = terminal_actor(arguments.by)
        if arguments.watch:
            token = _one(arguments.name, found.tokens)
            ask_people(arguments.home, TokenRemoved(actor=actor, id=token.id))
            _removed(arguments, token)
        else:
            person = _one(arguments.name, found.people)
            ask_people(arguments.home, PersonRemoved(actor=actor, id=person.id))
            _removed(arguments, person)
        return 0


class _ReEnrol:
    """``detente people re-enrol``."""

    name = "re-enrol"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("let a person enrol a new passkey; it takes the word of two others")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "For a lost passkey. Two releasers or keepers, neither of them the person, say so one after the\n"
            "other within a day, each under the own name with --by; here or at the desk. The second word takes\n"
            "the old passkey away and prints a link. A person who never enrolled a passkey gets a new link\n"
            "at once. The officers' file must be made and put into force anew when the person is a releaser."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente people re-enrol west Anna --by Berta\n  detente people re-enrol west Anna --by Carl"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        _add_name(parser)
        _add_by(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Ask or confirm; 0 when done."""
        found: PeopleDocument = ask_people(arguments.home, PeopleAsked())
        person = _one(arguments.name, found.people)
        link: LinkDocument = ask_people(
            arguments.home, ReEnrolled(actor=terminal_actor(arguments.by), id=person.id)
        )
        if link.code:
            _show_link(arguments, link)
            return 0
        show(
            arguments,
            {"person": link.person, "code": "", "until_ms": link.until_ms},
            lambda: terminal.note(
                say(
                    "asked; until {time} another releaser or keeper must say the same: detente people re-enrol",
                    time=moment(link.until_ms),
                )
            ),
        )
        return 0


class _AddWatch:
    """``detente people add-watch``."""

    name = "add-watch"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("make a token with which a machine posts positions, alarms and drafts")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Makes a token for a machine that keeps watch, and prints its secret once. With it the machine may\n"
            "post positions, encounters, the state of its feeds and drafts, and nothing else: it reads nothing,\n"
            "and releases nothing. Put it into a file that only that machine's user reads."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente people add-watch west radar\n  detente people add-watch west radar --days 30 > radar.token"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        _add_name(parser)
        parser.add_argument(
            "--days",
            type=int,
            default=_DAYS,
            metavar="N",
            help=say("for how many days it is good; 365 by default"),
        )
        _add_by(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Make a token; 0 when done."""
        question = TokenAdded(actor=terminal_actor(arguments.by), name=arguments.name, days=arguments.days)
        made: TokenMade = ask_people(arguments.home, question)

        def text() -> None:
            terminal.result(made.secret)
            terminal.note(
                say(
                    "the secret of {name}, told this once; good until {time}",
                    name=terminal.visible(made.token.name),
                    time=moment(made.token.until_ms or 0),
                )
            )

        show(arguments, msgspec.to_builtins(made), text)
        return 0


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=say("name of the person or machine"))


def _add_by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--by", metavar="WHO", help=say("under whose name the trail keeps it; your user's name when left out")
    )


def _one(name: str, listed: tuple[Any, ...]) -> Any:
    """Return the person or token of a name, in any case, or of an id."""
    found = [one for one in listed if one.id == name or one.name.casefold() == name.strip().casefold()]
    if len(found) != 1:
        raise ArgumentMistake(
            expected=say("the name or id of somebody at this desk"),
            came=name,
            where="NAME",
            remedy=say("see: detente people list"),
        )
    return found[0]


def _show_link(arguments: argparse.Namespace, link: LinkDocument) -> None:
    """Print a link, once: the code stands behind the #, so that no server's log ever holds it."""
    pages = read_settings(arguments.home).desk.pages()
    address = f"{pages[0]}/#/enrol/{link.code}" if pages else link.code
    document = {"person": link.person, "code": link.code, "link": address, "until_ms": link.until_ms}

    def text() -> None:
        terminal.result(address)
        terminal.note(
            say(
                "good once, until {time}: hand it over in person; it is told this once",
                time=moment(link.until_ms),
            )
        )

    show(arguments, document, text)


def _removed(arguments: argparse.Namespace, gone: PersonDocument | TokenDocument) -> None:
    document = {"removed": gone.id, "name": gone.name}
    show(arguments, document, lambda: terminal.note(say("removed: {name}", name=terminal.visible(gone.name))))


def _list(found: PeopleDocument) -> None:
    if not found.people and not found.tokens:
        terminal.note(say("nobody yet; add the first keeper: detente people add HOME NAME --role keeper"))
    if found.people:
        terminal.table(
            (say("person"), say("roles"), say("since"), say("passkey"), say("id")),
            [
                (terminal.visible(one.name), ", ".join(one.roles), moment(one.added_ms), _passkey(one), one.id)
                for one in found.people
            ],
        )
    if found.tokens:
        terminal.table(
            (say("machine"), say("since"), say("until"), say("used"), say("id")),
            [
                (
                    terminal.visible(one.name),
                    moment(one.added_ms),
                    "-" if one.until_ms is None else moment(one.until_ms),
                    "-" if one.used_ms is None else moment(one.used_ms),
                    one.id,
                )
                for one in found.tokens
            ],
        )


def _passkey(person: PersonDocument) -> str:
    if person.re_enrol_asked_by:
        return say("{name} asks to re-enrol", name=terminal.visible(person.re_enrol_asked_by))
    if person.is_waiting:
        return say("not enrolled yet")
    used = [one.used_ms for one in person.passkeys if one.used_ms is not None]
    return say("used {time}", time=moment(max(used))) if used else say("enrolled")


_ADD = _Add()
_LIST = _List()
_REMOVE = _Remove()
_RE_ENROL = _ReEnrol()
_ADD_WATCH = _AddWatch()
PEOPLE = _People()
"""What the door loads for ``detente people``."""
