"""The verbs that judge a record, over a home as well as over files: ``contacts``, ``transparency``.

A folder among the arguments is a home: the notices of its line are read, each with the clocks that bound it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.node.asking import add_line, with_line
from detente.node.availability import availability_of
from detente.node.filed_record import filed_of
from detente.node.host import clock_ms, one_line
from detente.notices.filed import Filed
from detente.rules import contacts_command, transparency_command
from detente.rules.contacts_command import read_lists, show_contacts
from detente.rules.files import read_files
from detente.rules.transparency_command import show_transparency
from detente.rules.transparency_document import Availability

__all__ = ["CONTACTS", "TRANSPARENCY"]

say = words.speaker("node")


@dataclass(frozen=True, slots=True)
class _Given:
    """What the arguments name: notices of a home and of files, lists, and how a home's line stood."""

    filed: list[Filed]
    lists: list[str]
    availability: tuple[Availability, ...] = ()


class _Contacts:
    """``detente contacts``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return contacts_command.CONTACTS.describe()

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return contacts_command.CONTACTS.examples() + "\n  detente contacts west --line baltic"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add home or files, and options."""
        _add_record(parser)
        contacts_command.add_options(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Read, tell, show; 0 when done."""
        given = _given(arguments)
        return show_contacts(given.filed, read_lists(given.lists), arguments)


class _Transparency:
    """``detente transparency``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return transparency_command.TRANSPARENCY.describe()

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return transparency_command.TRANSPARENCY.examples() + "\n  detente transparency west --line baltic"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add home or files, and options."""
        _add_record(parser)
        transparency_command.add_options(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Read, count, show; 0 when done, whatever the figures say."""
        given = _given(arguments)
        return show_transparency(given.filed, read_lists(given.lists).resolved(), given.availability, arguments)


CONTACTS = _Contacts()
TRANSPARENCY = _Transparency()
"""What the door loads for ``detente contacts`` and ``detente transparency``."""


def _add_record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="HOME|FILES",
        help=say("a member's home, or notices (TOML, JSON), areas (.geojson) and lists (.csv)"),
    )
    add_line(parser)


def _given(arguments: argparse.Namespace) -> _Given:
    """Read what the arguments name. Raises what reading a home or a file raises."""
    homes = [name for name in arguments.files if Path(name).is_dir()]
    if len(homes) > 1:
        raise ArgumentMistake(
            expected=say("one home"),
            came=", ".join(homes),
            where="HOME|FILES",
            remedy=say("ask about one home at a time"),
        )
    files = [name for name in arguments.files if name not in homes]
    lists = [name for name in files if Path(name).suffix.lower() == ".csv"]
    filed, _ = read_files([name for name in files if name not in lists])
    if not homes:
        return _Given(filed, lists)
    arguments.home = Path(homes[0])
    with with_line(arguments) as (home, book):
        book.index()
        said, unread = filed_of(book)
        availability = availability_of(book, one_line(home, arguments.line), clock_ms())
    for ref, reason in unread:
        terminal.note(
            say("{ref}: in no figure: {reason}", ref=terminal.visible(ref), reason=terminal.visible(reason))
        )
    return _Given([*said, *filed], lists, availability)
