"""The verbs that carry: ``pack`` a bundle for a party, ``take`` what came."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.line.errors import LineMistake
from detente.node.asking import add_home, add_line, add_passphrase, all_lines, show, speaker_of
from detente.node.courier_file import SIZE_DEFAULT, TakenFile, bundles_in, pack, take_file
from detente.node.home import Home
from detente.node.host import Host, proof_file
from detente.node.sentences import run_sentence
from detente.notices.line_types import is_humanitarian_line

__all__ = ["PACK", "TAKE"]

say = words.speaker("node")

_REFUSALS_SHOWN = 12


class _Pack:
    """``detente line pack``."""

    name = "pack"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("write the bundle that another party lacks")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Writes everything that the other party lacks, as far as its last bundle told, into one file\n"
            "for a stick, a mail or any carrier: statements of every log, bodies, heads, confirmations.\n"
            "Carriers are not trusted: nothing can be changed on the way. --sealed hides the content from\n"
            "the carrier, too; a line for humanitarian notices is always sealed."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente line pack west --to east stick/\n  detente line pack west --to east mail.bundle --sealed"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)
        parser.add_argument("--to", required=True, metavar="PARTY", help=say("for whom"))
        parser.add_argument("out", metavar="OUT", type=Path, help=say("file to write, or a folder"))
        parser.add_argument("--sealed", action="store_true", help=say("seal it for that party alone"))
        parser.add_argument(
            "--size-max",
            type=int,
            default=SIZE_DEFAULT,
            metavar="BYTES",
            help=say("about how large it may be; what does not fit waits for the next"),
        )
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Write the bundle; 0 when done."""
        out: Path = arguments.out
        if not (out.is_dir() or out.parent.is_dir()) or arguments.size_max < 1:
            raise ArgumentMistake(
                expected=say("a file in a folder that exists, and a size above zero"),
                came=str(out),
                where="OUT",
                remedy=say("make the folder first"),
            )
        with speaker_of(arguments) as (_, host):
            sealed = arguments.sealed or is_humanitarian_line(
                host.state.opening.line
            )  # no carrier reads such a line
            packed = pack(host, arguments.to, out, sealed=sealed, size_max=arguments.size_max)
            run = (host.state.run.value, host.state.reason)
        document = {
            "file": str(packed.file),
            "to": arguments.to,
            "bytes": packed.size,
            "sealed": sealed,
            "records": packed.counts,
            "more": packed.more,
        }

        def text() -> None:
            counts = ", ".join(f"{kind_word(kind)} {count}" for kind, count in packed.counts.items())
            terminal.result(
                say(
                    "for {to}: {file}, {size} bytes: {counts}",
                    to=arguments.to,
                    file=terminal.visible(str(packed.file)),
                    size=packed.size,
                    counts=counts or say("nothing new, but who holds what"),
                )
            )
            if packed.more:
                terminal.note(say("there is more than fitted: pack again when its answer has come"))
            if run[0] != "running":
                terminal.note(say("this node is {run}", run=run_sentence(*run)))

        show(arguments, document, text)
        return 0


class _Take:
    """``detente line take``."""

    name = "take"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("take in a bundle, or every bundle of a folder")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Checks and stores what a bundle brings, and confirms it: your next bundle carries the\n"
            "receipt. The same bundle twice changes nothing. What is refused is named with its reason and\n"
            "never stored; a bundle cut short is used as far as it goes. Exit code 1 when something was\n"
            "refused."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line take east mail.bundle\n  detente line take east stick/ --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument("source", metavar="IN", type=Path, help=say("bundle, or folder of *.bundle files"))
        parser.add_argument(
            "--quota-bytes",
            type=int,
            metavar="BYTES",
            help=say("most bytes kept of one party, instead of what HOME/settings.toml sets for the line"),
        )
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Take; 0 when all was taken, 1 when something was refused or cut short."""
        files = bundles_in(arguments.source)
        if arguments.quota_bytes is not None and arguments.quota_bytes < 1:
            raise ArgumentMistake(
                expected=say("a size above zero"),
                came=str(arguments.quota_bytes),
                where="--quota-bytes",
                remedy=say("leave it out for what is set for the line"),
            )
        with all_lines(arguments, _joined, quota_bytes=arguments.quota_bytes) as (home, hosts):
            before = {line: len(host.record.forks()) for line, host in hosts.items()}
            taken = [take_file(one, hosts.get, home.open_seal, me=home.member) for one in files]
            document = {"files": [_document(one) for one in taken], **_after(home, hosts, before)}
        show(arguments, document, lambda: _show(taken, document))
        whole = all(one.complete and not one.refused for one in taken)
        return 0 if whole else 1


def kind_word(kind: str) -> str:
    """Return a kind of record in words."""
    return {
        "answer": say("answers to a challenge"),
        "bodies": say("bodies"),
        "body": say("bodies"),
        "cosignature": say("confirmations of others"),
        "fork proof": say("fork proofs"),
        "fork proofs": say("fork proofs"),
        "have": say("lists of what the sender holds"),
        "head": say("heads"),
        "heads": say("heads"),
        "opening": say("openings of epochs"),
        "receipt": say("receipts for your own statements"),
        "release": say("officers' releases"),
        "releases": say("officers' releases"),
        "root act": say("root acts"),
        "root acts": say("root acts"),
        "statement": say("statements"),
        "statements": say("statements"),
        "test reply": say("replies to a test"),
    }.get(kind, kind)


def _joined(home: Home) -> list[str]:
    lines = home.lines()
    if not lines:
        raise LineMistake(
            expected=say("a home that has joined a line"),
            came=say("none joined yet"),
            where=str(home.path),
            remedy=say("join a line first: detente line join"),
        )
    return lines


def _document(taken: TakenFile) -> dict[str, Any]:
    return {
        "file": str(taken.file),
        "line": taken.line or None,
        "from": taken.author or None,
        "whole": taken.complete,
        "new": dict(sorted(taken.new.items())),
        "refused": [
            {"reason": reason, "what": what, "times": times} for (reason, what), times in taken.refused.items()
        ],
        "refused_in_all": dict(sorted(taken.reasons.items())),
        "not_understood": taken.not_understood,
        "fault": taken.fault or None,
    }


def _after(home: Home, hosts: dict[str, Host], before: dict[str, int]) -> dict[str, Any]:
    """Return how the lines stand now: run state, and fork proofs, the new ones marked."""
    forks = []
    for line, host in hosts.items():
        proofs = host.record.forks()
        if len(proofs) > before[line]:
            forks += [str(proof_file(home.path, proof)) for proof in proofs]
    return {
        "lines": {
            line: {"run": host.state.run.value, "reason": host.state.reason} for line, host in hosts.items()
        },
        "fork_proofs": forks,
    }


def _show(taken: list[TakenFile], document: dict[str, Any]) -> None:
    for one in taken:
        new = ", ".join(f"{kind_word(kind)} {count}" for kind, count in sorted(one.new.items()) if kind != "have")
        terminal.result(
            say(
                "{file} from {author}: {new}",
                file=terminal.visible(one.file.name),
                author=terminal.visible(one.author) or "?",
                new=new or say("nothing new"),
            )
        )
        if one.fault:
            terminal.result(say("  not whole: {fault}", fault=terminal.visible(one.fault)))
        elif not one.complete:
            terminal.result(say("  not whole: the bundle is cut short"))
        refused = [(what, times) for (_, what), times in one.refused.items() if what != one.fault]
        for what, times in refused[:_REFUSALS_SHOWN]:
            terminal.result(
                say.many(
                    "  refused, {count} time: {what}",
                    "  refused, {count} times: {what}",
                    count=times,
                    what=terminal.visible(what),
                )
            )
        if len(refused) > _REFUSALS_SHOWN:
            terminal.result(say("  and {count} more reasons: see --json", count=len(refused) - _REFUSALS_SHOWN))
        if one.not_understood:
            terminal.result(say("  not understood and skipped: {count} records", count=one.not_understood))
    for name in document["fork_proofs"]:
        terminal.result(say("fork proof, for any third party: {file}", file=terminal.visible(name)))
    for line, stands in document["lines"].items():
        if stands["run"] != "running":
            terminal.result(
                say("line {line} is {run}", line=line, run=run_sentence(stands["run"], stands["reason"]))
            )


PACK = _Pack()
TAKE = _Take()
