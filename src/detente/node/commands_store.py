"""The verb ``store``: where a home's records are kept, and moving them."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.door.options import add_inner
from detente.node.asking import add_home, say_training
from detente.node.moving import Stands, forget_old, move, stands
from detente.node.store_place import StorePlace

__all__ = ["STORE"]

say = words.speaker("node")

_SERVERS = ("postgresql://", "postgres://")


class _Store:
    """The verb ``store``: a family of two."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Shows where a home keeps its records, or moves them: SQLite files in the home, or schemas on\n"
            "a PostgreSQL server. A move copies everything, compares every row, and then switches in one\n"
            "step; the old place is kept until --forget-old. The head file always stays a local file."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente store show west\n"
            "  detente store move west --to 'postgresql://west@db.example/lines' --password-file /etc/west.password\n"
            "  detente store move west --forget-old\n"
            "  detente store move west --to sqlite"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the two verbs."""
        parser.set_defaults(store_parser=parser)
        verbs = parser.add_subparsers(dest="store_verb", metavar=say("VERB"), title=say("verbs"))
        told = say("tell where the records are, and what about that place is less safe than it could be")
        show = verbs.add_parser("show", help=told, description=told, allow_abbrev=False)
        add_home(show)
        told = say("move the records to another store; nothing is lost, whenever it is interrupted")
        moving = verbs.add_parser("move", help=told, description=told, allow_abbrev=False)
        add_home(moving)
        moving.add_argument(
            "--to",
            metavar=say("STORE"),
            help=say(
                "sqlite, or the address of a PostgreSQL server without a password: postgresql://USER@HOST/DATABASE"
            ),
        )
        moving.add_argument(
            "--password-file",
            metavar=say("FILE"),
            default="",
            help=say("file with the server's password, for its owner alone; else libpq finds it (PGPASSFILE)"),
        )
        moving.add_argument(
            "--forget-old", action="store_true", help=say("remove the place before the last move, for ever")
        )
        for verb in (show, moving):
            add_inner(verb)

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the verb that was named; 2 and the help when there is none."""
        if arguments.store_verb == "show":
            return _show(arguments)
        if arguments.store_verb == "move":
            return _forget(arguments) if arguments.forget_old else _move(arguments)
        arguments.store_parser.print_help()
        return 2


def _show(arguments: argparse.Namespace) -> int:
    found = stands(arguments.home)
    say_training(found.lines)
    if arguments.json:
        terminal.result_json(
            {
                "home": str(arguments.home),
                "store": _document(found.store),
                "before": None if found.before is None else _document(found.before),
                "unfinished": [_document(one) for one in found.unfinished],
                "lines": found.lines,
                "warnings": list(found.warnings),
            }
        )
        return 0
    _tell(found)
    return 0


def _tell(found: Stands) -> None:
    pairs: dict[str, object] = {
        say("store"): found.store.kind,
        say("place"): terminal.visible(found.store.shown()),
    }
    if found.before is not None:
        pairs[say("before")] = terminal.visible(found.before.shown())
    for one in found.unfinished:
        pairs[say("unfinished move")] = terminal.visible(one.shown())
    for line, statements in found.lines.items():
        pairs[line] = say("statements: {count}", count=statements)
    terminal.mapping(pairs)
    for warning in found.warnings:
        terminal.note(say("warning: {text}", text=warning))


def _move(arguments: argparse.Namespace) -> int:
    kind, address = _named(arguments)
    with terminal.progress(say("lines moved"), total=None) as done:
        compared = move(
            arguments.home, kind, address, _password_file(arguments, kind), done=lambda _line: done(1)
        )
    say_training(compared)
    after = stands(arguments.home)
    if arguments.json:
        terminal.result_json(
            {
                "home": str(arguments.home),
                "store": _document(after.store),
                "before": None if after.before is None else _document(after.before),
                "lines": {
                    line: {table: {"rows": one.rows, "sha256": one.sha256} for table, one in tables.items()}
                    for line, tables in compared.items()
                },
                "warnings": list(after.warnings),
            }
        )
        return 0
    for line, tables in compared.items():
        rows = sum(one.rows for one in tables.values())
        terminal.note(
            say("{line}: the same in both places, rows: {rows}", line=terminal.visible(line), rows=rows)
        )
    terminal.note(say("the records are now in {place}", place=terminal.visible(after.store.shown())))
    terminal.note(say("the old place is kept: detente store move HOME --forget-old removes it"))
    for warning in after.warnings:
        terminal.note(say("warning: {text}", text=warning))
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    if arguments.to is not None:
        raise ArgumentMistake(
            expected=say("--to or --forget-old"),
            came=say("both"),
            where="--forget-old",
            remedy=say("move first, look at the home, then forget the old place"),
        )
    gone = forget_old(arguments.home)
    left = stands(arguments.home).unfinished
    if arguments.json:
        terminal.result_json(
            {
                "home": str(arguments.home),
                "forgotten": _document(gone),
                "unfinished": [_document(one) for one in left],
            }
        )
        return 0
    if gone in left:
        terminal.note(
            say(
                "not reached, and still there: {place}; the next move tries again",
                place=terminal.visible(gone.shown()),
            )
        )
    else:
        terminal.note(say("removed: {place}", place=terminal.visible(gone.shown())))
    return 0


def _named(arguments: argparse.Namespace) -> tuple[str, str]:
    to = arguments.to or ""
    if to == "sqlite":
        return "sqlite", ""
    if to.startswith(_SERVERS):
        return "postgresql", to
    raise ArgumentMistake(
        expected=say("sqlite, or an address that begins with postgresql://"),
        came=to[:200] or say("nothing"),
        where="--to",
        remedy=say("say where the records shall be"),
    )


def _password_file(arguments: argparse.Namespace, kind: str) -> str:
    """Return the file's whole name: the home may be opened from another folder."""
    if not arguments.password_file:
        return ""
    if kind == "sqlite":
        raise ArgumentMistake(
            expected=say("no password for files"),
            came=arguments.password_file[:200],
            where="--password-file",
            remedy=say("leave it out"),
        )
    return str(Path(arguments.password_file).absolute())


def _document(place: StorePlace) -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(place)
    return {"kind": place.kind, "place": place.place, **found}


STORE = _Store()
"""What the door loads for ``detente store``."""
