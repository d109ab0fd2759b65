"""The verbs that judge a record, over a home as well as over files: ``contacts``, ``transparency``.

A folder among the arguments is a home: the notices of its line are read, each with the clocks that bound it.
"""

from __future__ import annotations

import argparse

from detente import words
from detente.node.given_record import add_line_of_home, given_record
from detente.rules import contacts_command, transparency_command
from detente.rules.contacts_command import read_lists, show_contacts
from detente.rules.transparency_command import show_transparency

__all__ = ["CONTACTS", "TRANSPARENCY"]

say = words.speaker("node")


class _Contacts:
    """``detente contacts``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return contacts_command.describe()

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return contacts_command.examples() + "\n  detente contacts west --line baltic"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add home or files, and options."""
        _add_record(parser)
        contacts_command.add_options(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Read, tell, show; 0 when done."""
        given = given_record(arguments)
        return show_contacts(given.filed, read_lists(given.lists), arguments)


class _Transparency:
    """``detente transparency``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return transparency_command.describe()

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return transparency_command.examples() + "\n  detente transparency west --line baltic"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add home or files, and options."""
        _add_record(parser)
        transparency_command.add_options(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Read, count, show; 0 when done, whatever the figures say."""
        given = given_record(arguments)
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
    add_line_of_home(parser)
