"""The options that every verb takes, and that a verb inside another takes once more."""

from __future__ import annotations

import argparse

from detente import words

__all__ = ["add_inner", "add_json", "add_language"]

say = words.speaker("door")


def add_json(parser: argparse.ArgumentParser, *, inner: bool = False) -> None:
    """Add ``--json``; inner: where it is not given, the arguments keep what they have."""
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS if inner else False,
        help=say("print one JSON document instead of text"),
    )


def add_language(parser: argparse.ArgumentParser) -> None:
    """Add ``--language``; where it is not given, the arguments keep what they have."""
    parser.add_argument(
        "--language",
        choices=words.LANGUAGES,
        default=argparse.SUPPRESS,
        help=say("language of messages and reports; the locale chooses when it is not given"),
    )


def add_inner(parser: argparse.ArgumentParser) -> None:
    """Add both to a verb inside another: what was said before its name stands unless it is said again after it."""
    add_json(parser, inner=True)
    add_language(parser)
