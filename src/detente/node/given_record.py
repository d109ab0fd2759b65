"""What the verbs that judge a record are given: a member's home, files, lists.

A home's parts are imported only when a home is named: over files alone the verbs start without the line.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.notices.filed import Filed
from detente.rules.files import read_files
from detente.rules.transparency_document import Availability

__all__ = ["Given", "add_line_of_home", "given_record"]

say = words.speaker("node")


@dataclass(frozen=True, slots=True)
class Given:
    """What the arguments name: notices of a home and of files, lists, and how a home's line stood.

    doubtful: references of the notices whose reading left doubts.
    """

    filed: list[Filed]
    doubtful: list[str]
    lists: list[str]
    availability: tuple[Availability, ...] = ()


def add_line_of_home(parser: argparse.ArgumentParser) -> None:
    """Add the choice of a line, for a home among the arguments."""
    parser.add_argument(
        "--line", metavar="LINE", help=say("the line's name or id; not needed while the home has only one")
    )


def given_record(arguments: argparse.Namespace, *, has_lists: bool = True) -> Given:
    """Return what ``arguments.files`` names; a folder is a home, a .csv file a list where the verb has_lists.

    Raises what reading a home or a file raises.
    """
    homes = [name for name in arguments.files if Path(name).is_dir()]
    if len(homes) > 1:
        raise ArgumentMistake(
            expected=say("one home"),
            came=", ".join(homes),
            where="HOME|FILES",
            remedy=say("ask about one home at a time"),
        )
    if arguments.line is not None and not homes:
        raise ArgumentMistake(
            expected=say("a home whose line that is"),
            came=arguments.line[:64],
            where="--line",
            remedy=say("name the home, or leave --line out"),
        )
    files = [name for name in arguments.files if name not in homes]
    lists = [name for name in files if has_lists and Path(name).suffix.lower() == ".csv"]
    filed, doubtful = read_files([name for name in files if name not in lists])
    if not homes:
        return Given(filed, doubtful, lists)
    said, availability = _home(Path(homes[0]), arguments)
    return Given([*said, *filed], doubtful, lists, availability)


def _home(home: Path, arguments: argparse.Namespace) -> tuple[list[Filed], tuple[Availability, ...]]:
    from detente.node.asking import with_line  # noqa: PLC0415 - only a home pays for the line
    from detente.node.availability import availability_of  # noqa: PLC0415
    from detente.node.filed_record import filed_of  # noqa: PLC0415
    from detente.node.host import clock_ms, one_line  # noqa: PLC0415

    arguments.home = home
    with with_line(arguments) as (opened, book):
        book.index()
        said, unread = filed_of(book)
        availability = availability_of(book, one_line(opened, arguments.line), clock_ms())
    for ref, reason in unread:
        terminal.note(
            say("{ref}: in no figure: {reason}", ref=terminal.visible(ref), reason=terminal.visible(reason))
        )
    return said, availability
