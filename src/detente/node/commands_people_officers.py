"""The verb ``people officers``: writes the file with which keepers name the releasers' passkeys to the signer."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.door.files import writing
from detente.line import canonical
from detente.node.asking import add_home, show
from detente.node.asking_people import ask_people
from detente.node.desk_door.people_questions import PeopleAsked, PeopleDocument
from detente.node.home_folder import described
from detente.node.officers import Officer, Officers
from detente.node.officers_file import officers_document, read_officers
from detente.node.settings.reading import read_settings
from detente.node.settings.structs import Settings

__all__ = ["OFFICERS"]

say = words.speaker("node")

_TWO = 2


class _Officers:
    """``detente people officers``."""

    name = "officers"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("write the officers' file for the signer: the releasers' passkeys as they are now")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Writes the file that detente line officers HOME set takes: every releaser with a passkey, the\n"
            "desk's site and pages, and how many must release what. Keepers put it into force with the\n"
            "passphrase of the keys: from then on the signer signs nothing without the officers' touch, and\n"
            "whoever takes the desk cannot add himself. Types that the settings say two people release\n"
            "need two. Look who stands in it before you put it into force."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente people officers west west.officers\n"
            "  detente line officers west set west.officers\n"
            "  detente people officers west west.officers --needed 2"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument("out", metavar="OUT", type=Path, help=say("file to write"))
        parser.add_argument(
            "--needed",
            type=int,
            default=1,
            metavar="N",
            help=say("how many must release any notice; 1 by default"),
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Write the file; 0 when done. Raises ArgumentMistake where no file of these people could be put in force."""
        found: PeopleDocument = ask_people(arguments.home, PeopleAsked())
        settings = read_settings(arguments.home)
        member = described(arguments.home).member
        officers = _officers(found, settings, arguments.needed)
        document = officers_document(member, officers)
        with writing(arguments.out) as part:
            part.write_bytes(canonical.encode(document))
            read_officers(part, member)  # what the signer would refuse is said now
        without = [one.name for one in found.people if "releaser" in one.roles and not one.passkeys]

        def text() -> None:
            terminal.note(
                say(
                    "written: {file}; put it into force: detente line officers {home} set {file}",
                    file=terminal.visible(str(arguments.out)),
                    home=terminal.visible(str(arguments.home)),
                )
            )
            for name in without:
                terminal.note(say("left out, without a passkey: {name}", name=terminal.visible(name)))

        show(arguments, {"file": str(arguments.out), "officers": document, "left_out": without}, text)
        return 0


def _officers(found: PeopleDocument, settings: Settings, needed: int) -> Officers:
    named = tuple(
        Officer(key=passkey.key, name=person.name)
        for person in found.people
        if "releaser" in person.roles
        for passkey in person.passkeys[:1]
    )
    needed_for = {} if needed >= _TWO else _two_people(settings)
    most = max([needed, *needed_for.values()])
    if needed < 1 or len(named) < most:
        raise ArgumentMistake(
            expected=say.many(
                "{count} releaser with a passkey", "{count} releasers with a passkey", count=max(most, 1)
            ),
            came=str(len(named)) if needed >= 1 else f"--needed {needed}",
            where="people",
            remedy=say("add them and let them enrol: detente people add; nothing was written"),
        )
    pages = settings.desk.pages()
    if not pages:
        raise ArgumentMistake(
            expected=say("a desk with pages"),
            came=say("no [desk] listen and no [desk] origins"),
            where="settings.toml",
            remedy=say("name them; nothing was written"),
        )
    return Officers(
        needed=needed, needed_for=dict(needed_for), officers=named, origins=pages, site=settings.desk.site
    )


def _two_people(settings: Settings) -> Mapping[str, int]:
    return {kind: _TWO for line in settings.line.values() for kind in line.two_person_release}


OFFICERS = _Officers()
