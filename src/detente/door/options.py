"""The options that every verb takes, and that a verb inside another takes once more."""

from __future__ import annotations

import argparse
from typing import Protocol

from detente import words

__all__ = ["InnerVerb", "add_inner", "add_inner_verb", "add_json", "add_language"]

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


class InnerVerb(Protocol):
    """A verb inside another, such as ``send`` of ``detente line send``."""

    name: str

    def summary(self) -> str: ...  # noqa: D102 - the line in the list of verbs
    def describe(self) -> str: ...  # noqa: D102 - the paragraph of --help
    def examples(self) -> str: ...  # noqa: D102 - lines that a reader can paste
    def configure(self, parser: argparse.ArgumentParser) -> None: ...  # noqa: D102 - adds its arguments


def add_inner_verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], verb: InnerVerb, *, run: str
) -> None:
    """Add a verb to those of another, which finds it in the arguments under the name ``run``."""
    parser = verbs.add_parser(
        verb.name,
        help=verb.summary(),
        description=verb.describe(),
        epilog=say("examples:") + "\n" + verb.examples(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verb.configure(parser)
    add_inner(parser)
    parser.set_defaults(**{run: verb})
