"""The verb ``line tiles``: logs as a folder that other tools for logs read."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.line.checkpoint import Origin, cosigner_name, verifier_key
from detente.line.errors import LineMistake
from detente.line.rootact import Keyring
from detente.line.state import State
from detente.node.asking import add_home, add_line, show, with_line
from detente.node.tiles.log_tiles import LogTiles, readable_upto
from detente.node.tiles.writing import write_tiles
from detente.notices.line_types import is_humanitarian_line

__all__ = ["TILES"]

say = words.speaker("node")


class _Tiles:
    """``detente line tiles``."""

    name = "tiles"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("write the logs as a folder that other tools for logs read")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Writes the statements of each log in the layout of C2SP tlog-tiles, with the newest head and\n"
            "its confirmations: any reader of such logs checks them without this program. Bodies are not in\n"
            "it, only what the statements say of them. Again into the same folder, only what is new is\n"
            "written, and the head last. --json tells every key that a reader needs; take them from the\n"
            "members' cards where you can. No key of this home is needed."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line tiles west out/\n  detente line tiles west out/ --line baltic --member east --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument("out", metavar="OUT", type=Path, help=say("folder to write into"))
        add_line(parser)
        parser.add_argument("--member", metavar="MEMBER", help=say("only the logs of this member"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Write; 0 when done."""
        with with_line(arguments) as (home, book):
            state = book.state
            _check(state, arguments.member)
            heads = home.head_file()
            logs, left_out = [], []
            for origin in book.record.origins():
                if arguments.member not in {None, origin.member}:
                    continue
                tiles = LogTiles.at(book.record, origin, readable_upto(state, origin, heads, None))
                if tiles is None:
                    left_out.append(str(origin))
                    continue
                written = write_tiles(tiles, arguments.out)
                logs.append(
                    {
                        "origin": str(origin),
                        "folder": str(written.folder),
                        "statements": written.size,
                        "new": written.size - written.before,
                        "files": written.files,
                        "root": tiles.checkpoint.head.root.hex(),
                        "key": _key(state.rings, origin),
                        "cosigners": _cosigners(state.rings, origin),
                    }
                )
        document = {"line": state.opening.line, "out": str(arguments.out), "logs": logs, "left_out": left_out}
        show(arguments, document, lambda: _tell(document))
        return 0


def _check(state: State, member: str | None) -> None:
    """Raise for a line that leaves in sealed bundles alone, and for a member that is not on the line."""
    line = state.opening.line
    if is_humanitarian_line(line):
        raise LineMistake(
            expected=say("a line that is not for humanitarian notices"),
            came=line,
            where="--line",
            remedy=say("nothing of such a line leaves but in sealed bundles: see detente line pack"),
        )
    if member is not None and member not in state.rings:
        raise ArgumentMistake(
            expected=say("a member of the line: {names}", names=", ".join(sorted(state.rings))),
            came=member,
            where="--member",
            remedy=say("leave it out for all"),
        )


def _key(rings: Mapping[str, Keyring], origin: Origin) -> str | None:
    own = rings[origin.member].keys_of(origin.generation)
    return None if own is None else verifier_key(str(origin), bytes.fromhex(own.sign))


def _cosigners(rings: Mapping[str, Keyring], origin: Origin) -> list[str]:
    """Return the cosigning keys, of every generation, of everybody else on the line."""
    return [
        verifier_key(cosigner_name(origin.line, origin.epoch, name, role), bytes.fromhex(key), cosigns=True)
        for name, ring in sorted(rings.items())
        if name != origin.member
        for own in ring.generations
        if own is not None
        for role, key in (("log", own.cosign_log), ("held", own.cosign_held))
    ]


def _tell(document: dict[str, Any]) -> None:
    for log in document["logs"]:
        terminal.result(
            say(
                "{folder}: {statements} statements, {new} of them new, {files} files written",
                folder=terminal.visible(log["folder"]),
                statements=log["statements"],
                new=log["new"],
                files=log["files"],
            )
        )
        if log["key"] is not None:
            terminal.result(say("  its writer's key: {key}", key=log["key"]))
    for origin in document["left_out"]:
        terminal.note(say("{origin}: no head that may be shown yet, left out", origin=origin))
    if not document["logs"] and not document["left_out"]:
        terminal.note(say("nothing was said on this line yet"))


TILES = _Tiles()
