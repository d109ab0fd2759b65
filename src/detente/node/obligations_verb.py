"""The verb ``obligations``, over a member's home as well as over files.

A folder among the arguments is a home: the notices of its line are judged, each with the clocks that bound it, those of
the neutrals that the line's opening names included.
"""

from __future__ import annotations

import argparse

from detente import words
from detente.node.given_record import add_line_of_home, given_record
from detente.notices.errors import NoticeRefused
from detente.rules import obligations_command
from detente.rules.obligations_command import prepared, refuse, show_obligations

__all__ = ["OBLIGATIONS"]

say = words.speaker("node")


class _Obligations:
    """``detente obligations``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return obligations_command.describe()

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return obligations_command.examples() + "\n  detente obligations west --line baltic --party LV"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add home or files, and options."""
        parser.add_argument(
            "files",
            nargs="+",
            metavar="HOME|FILES",
            help=say("a member's home, or notices (TOML, JSON), areas (.geojson), a line's log (.jsonl)"),
        )
        add_line_of_home(parser)
        obligations_command.add_options(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Read, judge, show; 0 when done, whatever was found."""
        asked = prepared(arguments)
        try:
            given = given_record(arguments, has_lists=False)
        except NoticeRefused as refusal:
            return refuse(refusal)
        return show_obligations(given.filed, given.doubtful, asked)


OBLIGATIONS = _Obligations()
"""What the door loads for ``detente obligations``."""
