"""The verbs ``line``, ``backup`` and ``restore``: what the door loads."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.door.options import add_inner_verb
from detente.node import (
    commands_carry,
    commands_drafts,
    commands_keys,
    commands_notices,
    commands_officers,
    commands_setup,
    commands_show,
    commands_speak,
)
from detente.node.asking import Subcommand, add_home, say_training, warn_roots
from detente.node.backup import backup, restore
from detente.node.home import open_reading
from detente.node.tiles.commands import TILES

__all__ = ["BACKUP", "LINE", "RESTORE"]

say = words.speaker("node")

_GROUPS: dict[str, tuple[Subcommand, ...]] = {
    "root": (commands_setup.ROOT_NEW,),
    "key": (commands_keys.PROPOSE, commands_keys.APPROVE, commands_keys.COMMIT),
}
_VERBS: tuple[Subcommand | str, ...] = (
    "root",
    commands_setup.INIT,
    commands_setup.CARD,
    commands_setup.JOIN,
    commands_speak.SEND,
    commands_speak.REPLY,
    commands_speak.REVEAL,
    commands_drafts.DRAFTS,
    commands_carry.PACK,
    commands_carry.TAKE,
    commands_show.STATUS,
    commands_show.LOG,
    commands_notices.NOTICES,
    commands_show.PROVE,
    commands_show.EXPORT,
    TILES,
    "key",
    commands_officers.OFFICERS,
    commands_keys.CONFIRM,
    commands_speak.SUSPEND,
    commands_speak.RESUME,
    commands_show.AUDIT,
)


class _Line:
    """The verb ``line``: a family of verbs."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "A record between two or more members that none of them can deny, drop, reorder or alter.\n"
            "Each member writes its own log and mirrors everybody else's; bundles carry them over any\n"
            "courier: a stick, a mail, a wire. What was said, and who held it when, can be proven to\n"
            "anyone who has the cards. Each verb below has its own --help."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return _lines(
            "detente line init west --member west",
            "detente line card west > west.card",
            "detente line join west --line baltic west.card east.card",
            "echo 'Exercise from 0600Z' | detente line send west --type notice --body -",
            "detente line pack west --to east stick/",
            "detente line take east stick/",
            "detente line status east",
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add every verb under ``line``."""
        parser.set_defaults(line_parser=parser)
        verbs = parser.add_subparsers(dest="line_verb", metavar=say("VERB"), title=say("verbs"))
        for verb in _VERBS:
            if not isinstance(verb, str):
                add_inner_verb(verbs, verb, run="line_run")
                continue
            summary = say("root keys") if verb == "root" else say("root acts: propose, approve, commit")
            group = verbs.add_parser(verb, help=summary, description=summary, allow_abbrev=False)
            group.set_defaults(line_parser=group, line_run=None)
            inner = group.add_subparsers(dest="line_group_verb", metavar=say("VERB"), title=say("verbs"))
            for one in _GROUPS[verb]:
                add_inner_verb(inner, one, run="line_run")

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the verb that was named; 2 and its help when there is none."""
        chosen: Subcommand | None = getattr(arguments, "line_run", None)
        if chosen is None:
            arguments.line_parser.print_help()
            return 2
        return chosen.run(arguments)


class _Backup:
    """The verb ``backup``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Copies a home into one file, beside a running writer. The keys in it stay encrypted. The\n"
            "head file is left out on purpose: it must never come out of a backup, or a node could sign\n"
            "one index twice."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return _lines("detente backup west west-monday.backup")

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument("out", metavar="OUT", type=Path, help=say("file to write"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Write the backup; 0 when done."""
        _refuse_existing(arguments.out, "OUT")
        warn_roots(arguments.home)
        left_out = backup(arguments.home, arguments.out)
        size = arguments.out.stat().st_size
        if left_out is not None:
            terminal.note(
                say(
                    "the alarms are not in it, their file cannot be read: {fault}",
                    fault=terminal.visible(str(left_out)),
                )
            )
        if arguments.json:
            terminal.result_json(
                {
                    "home": str(arguments.home),
                    "file": str(arguments.out),
                    "bytes": size,
                    "left_out": [] if left_out is None else ["alarms.sqlite3"],
                }
            )
        else:
            terminal.note(
                say("written: {file}, {size} bytes", file=terminal.visible(str(arguments.out)), size=size)
            )
        return 0


class _Restore:
    """The verb ``restore``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Makes a home from a backup. Beside the head file of that home it goes on by itself: it\n"
            "refills from the other members before it signs again (pack and take as usual). Without the\n"
            "head file it halts until a keeper confirms: detente line confirm."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return _lines("detente restore west-monday.backup west")

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument("source", metavar="IN", type=Path, help=say("file that backup wrote"))
        add_home(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Restore; 0 when done."""
        restore(arguments.source, arguments.home)
        with open_reading(arguments.home) as home:
            lines, whole = home.lines(), home.head_file() is not None
        say_training(lines)
        if arguments.json:
            terminal.result_json({"home": str(arguments.home), "lines": lines, "head_file": whole})
            return 0
        terminal.note(say("restored: {home}", home=terminal.visible(str(arguments.home))))
        if whole:
            terminal.note(
                say("its head file is here: pack and take with the others; it signs again when it is whole")
            )
        else:
            terminal.note(say("its head file is not here: it halts until a keeper says detente line confirm"))
        return 0


def _refuse_existing(path: Path, where: str) -> None:
    if path.exists():
        raise ArgumentMistake(
            expected=say("a new file"),
            came=str(path),
            where=where,
            remedy=say("choose another name: an older backup is never written over"),
        )


def _lines(*examples: str) -> str:
    return "\n".join(f"  {one}" for one in examples)


LINE = _Line()
BACKUP = _Backup()
RESTORE = _Restore()
