"""The verbs of keepers: ``key propose``, ``key approve``, ``key commit``, ``confirm``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.line import keys as line_keys
from detente.line.effects import Confirmed
from detente.line.rootact import Keyring, RootKeys
from detente.line.state import Run
from detente.node import ceremony
from detente.node.asking import (
    add_home,
    add_line,
    add_passphrase,
    all_lines,
    open_working,
    passphrase,
    say_training,
    show,
    warn_roots,
)
from detente.node.book import Book
from detente.node.epochs import ProposedOpening, consent, is_opening, next_opening, read_opening
from detente.node.home import Home, open_reading
from detente.node.host import clock_ms, one_line
from detente.node.keychange import KINDS, commit_act, commit_card, own_heads, propose
from detente.node.keyfile import read_passphrase, read_root_key
from detente.node.neutral import add_neutral, read_neutral
from detente.node.readable import moment
from detente.node.sentences import act_sentence, run_sentence
from detente.node.serving.remote_host import RemoteHome, RemoteHost

__all__ = ["APPROVE", "COMMIT", "CONFIRM", "PROPOSE"]

say = words.speaker("node")


class _Propose:
    """``detente line key propose``."""

    name = "propose"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("write a root act, or a new epoch, for others to approve")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "WHAT is one of:\n"
            "  anchor      state the heads of the own logs, signed by the root keys (monthly)\n"
            "  generation  close the own logs, start anew with new keys; --reason rotation, loss, theft, fork\n"
            "  revoke      close the own logs and take the keys out of use; nothing replaces them yet\n"
            "  roots       replace the root keys by those of --root\n"
            "  seal        a new key for sealed bundles (monthly)\n"
            "  leave       the own log on --line ends for good\n"
            "  epoch       a new epoch of --line: parties added or left out; each member commits it\n"
            "Root acts are then approved on as many machines as root keys are needed, and committed here."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente line key propose west anchor west.proposal\n"
            "  detente line key propose west generation west.proposal --reason theft --close-at west/11\n"
            "  detente line key propose west epoch baltic-2.opening --line baltic --add south.card"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument(
            "what", choices=(*KINDS, "epoch"), metavar="WHAT", help=say("what to propose, as above")
        )
        parser.add_argument("out", metavar="OUT", type=Path, help=say("file to write"))
        parser.add_argument(
            "--reason",
            choices=("rotation", "loss", "theft", "fork"),
            help=say("why new keys; rotation when it is not given"),
        )
        parser.add_argument(
            "--close-at",
            metavar="REF",
            help=say("the last entry that is your own, such as west/11; else the newest"),
        )
        parser.add_argument("--root", nargs="+", type=Path, metavar="CARD", help=say("roots: the new root cards"))
        parser.add_argument("--root-needed", type=int, metavar="K", help=say("roots: how many must agree"))
        add_line(parser)
        parser.add_argument(
            "--add",
            action="append",
            default=[],
            type=Path,
            metavar="CARD",
            help=say("epoch: a new member's card"),
        )
        parser.add_argument(
            "--add-observer",
            action="append",
            default=[],
            type=Path,
            metavar="CARD",
            help=say("epoch: a new observer's card"),
        )
        parser.add_argument(
            "--without", action="append", default=[], metavar="PARTY", help=say("epoch: a party that is left out")
        )
        add_neutral(
            parser, say("epoch: who is neutral for a member from then on; west= leaves the observers alone")
        )
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Write the proposal; 0 when done."""
        if not arguments.out.absolute().parent.is_dir():
            raise _mistake(
                say("a file in a folder that exists"), str(arguments.out), "OUT", say("make the folder first")
            )
        _check_fitting(arguments)
        if arguments.what == "epoch":
            return _propose_epoch(arguments)
        root = _new_root(arguments)
        warn_roots(arguments.home)
        needs_keys = arguments.what in {"generation", "seal"}
        secret = passphrase(arguments) if needs_keys else b""
        opened = open_working(arguments.home, secret) if needs_keys else open_reading(arguments.home)
        with opened as home:
            lines = (
                [one_line(home, arguments.line)] if arguments.line or arguments.what == "leave" else home.lines()
            )
            heads = own_heads(home, lines, close_at=_close_at(home, arguments))
            proposal = propose(
                home,
                arguments.what,
                clock_ms=clock_ms(),
                passphrase=secret,
                reason=arguments.reason or "rotation",
                heads=heads,
                root=root,
            )
        ceremony.write_bytes(arguments.out, proposal.encode())
        show(arguments, _document(arguments.out, proposal), lambda: _tell(arguments.out, proposal))
        return 0


class _Approve:
    """``detente line key approve``."""

    name = "approve"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("approve a proposed root act with one root key")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Shows what a proposal would do and signs it with one root key, into the same file. No home\n"
            "is needed: run it on the machine where the root key lives, then carry the file on. At a\n"
            "terminal it asks first."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line key approve west.proposal --root-key admiral.key"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument("proposal", metavar="PROPOSAL", type=Path, help=say("file that `key propose` wrote"))
        parser.add_argument("--root-key", required=True, type=Path, metavar="FILE", help=say("the root key file"))
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Approve; 0 when signed, 1 when the person said no."""
        proposal = ceremony.read_proposal(arguments.proposal)
        if not arguments.json:
            _tell(arguments.proposal, proposal)
        if sys.stdin is not None and sys.stdin.isatty() and arguments.passphrase_file is None:
            terminal.note(say("sign this? type yes: "))
            if sys.stdin.readline().strip().lower() not in {"yes", say("yes")}:
                terminal.note(say("not signed"))
                return 1
        secret = read_passphrase(
            arguments.passphrase_file, prompt=say("Passphrase of {file}: ", file=arguments.root_key)
        )
        proposal = proposal.approve(read_root_key(arguments.root_key, secret))
        ceremony.write_bytes(arguments.proposal, proposal.encode())
        show(arguments, _document(arguments.proposal, proposal), lambda: _approvals(proposal))
        return 0


class _Commit:
    """``detente line key commit``."""

    name = "commit"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("put an approved root act into force, or consent to a new epoch")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "With a root act: adds it to this member's chain and to every line of the home; it travels\n"
            "with the next bundles. With an opening: this member consents, by its own first statement in\n"
            "the new epoch; whoever does not consent is not in it. With the proposal of a card: founds\n"
            "the home."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line key commit west west.proposal\n  detente line key commit east baltic-2.opening"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument(
            "proposal", metavar="FILE", type=Path, help=say("the approved proposal, or an opening")
        )
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Commit; 0 when done."""
        if is_opening(arguments.proposal):
            return _consent(arguments, read_opening(arguments.proposal))
        proposal = ceremony.read_proposal(arguments.proposal)
        proposal.envelope()  # missing approvals are said before a passphrase is asked
        if proposal.act.act == "card":
            return _commit_card(arguments, proposal)
        secret = passphrase(arguments)
        with all_lines(arguments, secret=secret) as (home, hosts):
            commit_act(home, list(hosts.values()), proposal, secret)
        show(arguments, _document(arguments.proposal, proposal), lambda: _committed(proposal))
        return 0


class _Confirm:
    """``detente line confirm``."""

    name = "confirm"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("a keeper's word after a halt: go on")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "A node halts when its head file is missing, when it runs on another machine, or when\n"
            "somebody shows its own signatures beyond its record: that may be a thief with its keys, or a\n"
            "clone of this home. Look first: is every other copy of this home destroyed, are the keys\n"
            "safe? If not, start a new generation instead. After the word it asks the others what it\n"
            "signed before, and signs again when they have answered."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line confirm west"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Confirm; 0 when done."""
        with all_lines(arguments, keeper=True) as (home, hosts):
            halted = [host for host in hosts.values() if host.state.run is Run.HALTED]
            head_file = home.confirm() if halted else None
            for host in halted:
                host.alarms.clear()  # what halted it is what the keeper just spoke about
                host.give(Confirmed(head_file))
            stands = {
                line: {"run": host.state.run.value, "reason": host.state.reason} for line, host in hosts.items()
            }
        document = {"home": str(arguments.home), "confirmed": [host.line_id for host in halted], "lines": stands}

        def text() -> None:
            if not halted:
                terminal.result(say("no line of this home is halted: nothing to confirm"))
            for line, stand in stands.items():
                terminal.result(
                    say("line {line} is {run}", line=line, run=run_sentence(stand["run"], stand["reason"]))
                )

        show(arguments, document, text)
        return 0


def _check_fitting(arguments: argparse.Namespace) -> None:
    """Refuse an option that WHAT would not heed: whoever gave it believes that it was heeded."""
    fitting = {
        "reason": ("generation", "revoke"),
        "close_at": ("anchor", "generation", "revoke", "leave"),
        "root": ("roots",),
        "root_needed": ("roots",),
        "line": ("anchor", "generation", "revoke", "leave", "epoch"),
        "add": ("epoch",),
        "add_observer": ("epoch",),
        "without": ("epoch",),
        "neutral": ("epoch",),
    }
    for name, whats in fitting.items():
        if getattr(arguments, name) not in (None, []) and arguments.what not in whats:
            raise _mistake(
                say("an option for {what}", what=arguments.what),
                say("one for {whats} alone", whats=", ".join(whats)),
                "--" + name.replace("_", "-"),
                say("leave it out; nothing was written"),
            )


def _new_root(arguments: argparse.Namespace) -> RootKeys | None:
    """Return the new root keys of an act of kind roots; None for another kind."""
    if arguments.what != "roots":
        return None
    if not arguments.root:
        raise _mistake(
            say("the new root cards"), say("no --root"), "--root", say("name them: --root a.card b.card c.card")
        )
    publics = sorted({ceremony.read_root(path)[0] for path in arguments.root})
    needed = arguments.root_needed or min(2, len(publics))
    if len(publics) != len(arguments.root) or not 1 <= needed <= len(publics):
        raise _mistake(
            say("different root keys, and at most as many needed"),
            say(
                "{count} different of {all}, {needed} needed",
                count=len(publics),
                all=len(arguments.root),
                needed=needed,
            ),
            "--root",
            say("give each root key once"),
        )
    return RootKeys(tuple(publics), needed)


def _close_at(home: Home, arguments: argparse.Namespace) -> Any:
    if arguments.close_at is None:
        return None
    line = one_line(home, arguments.line)
    entry = Book.open(home.member, home.record(line)).resolve(arguments.close_at)
    if entry.origin.member != home.member:
        raise _mistake(
            say("an entry of this member"), arguments.close_at, "--close-at", say("name the last one of your own")
        )
    return entry.origin, entry.seq + 1


def _propose_epoch(arguments: argparse.Namespace) -> int:
    with open_reading(arguments.home) as home:
        warn_roots(arguments.home)
        book = Book.open(home.member, home.record(one_line(home, arguments.line)))
        state = book.state
        unknown = [name for name in arguments.without if state.opening.seat(name) is None]
        if unknown or home.member in arguments.without:
            raise _mistake(
                say("other parties of the line: {names}", names=", ".join(sorted(state.parties))),
                ", ".join(unknown) or home.member,
                "--without",
                say("to leave yourself: key propose HOME leave"),
            )
        kept = {
            role: [
                state.rings[seat.member]
                for seat in state.opening.seats
                if seat.role == role and seat.member not in arguments.without
            ]
            for role in ("member", "observer")
        }
        members = [*kept["member"], *_cards(arguments.add)]
        observers = [*kept["observer"], *_cards(arguments.add_observer)]
        proposed = next_opening(state, members, observers, read_neutral(arguments.neutral))
    ceremony.write_bytes(arguments.out, proposed.encode())
    say_training([proposed.opening.line])
    show(arguments, _opening_document(arguments.out, proposed), lambda: _tell_opening(arguments.out, proposed))
    return 0


def _cards(paths: list[Path]) -> list[Keyring]:
    return [ceremony.read_card(path) for path in paths]


def _consent(arguments: argparse.Namespace, proposed: ProposedOpening) -> int:
    line = proposed.opening.line
    with all_lines(arguments, lambda home: [one_line(home, line)], keeper=True) as (home, hosts):
        if isinstance(home, RemoteHome):
            home.consent(proposed)
            hosts[line] = RemoteHost(home, line, link=home.link)
        else:
            hosts[line] = consent(hosts[line], proposed)
        epoch = hosts[line].state.opening.epoch
    document = {**_opening_document(arguments.proposal, proposed), "epoch": epoch, "consented": True}

    def text() -> None:
        terminal.result(
            say(
                "consented to epoch {epoch} of {line}: {words}",
                epoch=epoch,
                line=line,
                words=proposed.opening.fingerprint(),
            )
        )
        terminal.note(say("pack bundles for the others: your first statement in it says so"))

    show(arguments, document, text)
    return 0


def _commit_card(arguments: argparse.Namespace, proposal: ceremony.Proposal) -> int:
    home: Path = arguments.home
    pending = home.with_name(home.name + ".pending-keys")
    if not pending.exists():
        raise _mistake(
            say("the keys that were made with this proposal"),
            say("no {file}", file=pending.name),
            str(pending),
            say("commit it on the machine where init was run"),
        )
    commit_card(home, pending, proposal, passphrase(arguments))
    document = {**_document(arguments.proposal, proposal), "home": str(home)}

    def text() -> None:
        terminal.result(
            say("home of {member}: {home}", member=proposal.act.member, home=terminal.visible(str(home)))
        )

    show(arguments, document, text)
    return 0


def _document(path: Path, proposal: ceremony.Proposal) -> dict[str, Any]:
    act = proposal.act
    return {
        "file": str(path),
        "member": act.member,
        "act": act.act,
        "index": act.index,
        "reason": act.reason,
        "heads": [
            {"line": one.line, "epoch": one.epoch, "generation": one.generation, "size": one.size}
            for one in act.heads
        ],
        "approvals": len(proposal.signatures),
        "needed": proposal.root.needed,
    }


def _tell(path: Path, proposal: ceremony.Proposal) -> None:
    """Say in words what an act does, for whoever is asked to sign it."""
    act = proposal.act
    terminal.result(act_sentence(act))
    terminal.result(
        say(
            "  act {index}, proposed {time}, reason: {reason}",
            index=act.index,
            time=moment(act.clock_ms),
            reason=reason_word(act.reason),
        )
    )
    for head in act.heads:
        terminal.result(
            say(
                "  {line}, epoch {epoch}, generation {generation}: {size} statements",
                line=head.line,
                epoch=head.epoch,
                generation=head.generation,
                size=head.size,
            )
        )
    if act.root is not None:
        for public in act.root.keys:
            words_of_key = line_keys.fingerprint_words(bytes.fromhex(line_keys.key_id(bytes.fromhex(public))))
            terminal.result(say("  root key: {words}", words=words_of_key))
        terminal.result(
            say("  {needed} of {count} of them decide", needed=act.root.needed, count=len(act.root.keys))
        )
    if act.act == "generation" and act.keys is None:
        terminal.result(say("  no new keys: this member says nothing until root keys give it new ones"))
    _approvals(proposal)
    terminal.note(say("file: {file}", file=terminal.visible(str(path))))


def _approvals(proposal: ceremony.Proposal) -> None:
    terminal.result(
        say(
            "  approved by {count} of {needed} keepers",
            count=len(proposal.signatures),
            needed=proposal.root.needed,
        )
    )


def _committed(proposal: ceremony.Proposal) -> None:
    terminal.result(act_sentence(proposal.act))
    terminal.note(say("in force; pack bundles for the others"))


def reason_word(reason: str) -> str:
    """Return why an act was made."""
    return {
        "first": say("first"),
        "rotation": say("rotation"),
        "loss": say("loss"),
        "theft": say("theft"),
        "fork": say("fork"),
        "routine": say("routine"),
    }[reason]


def _opening_document(path: Path, proposed: ProposedOpening) -> dict[str, Any]:
    opening = proposed.opening
    return {
        "file": str(path),
        "line": opening.line,
        "epoch": opening.epoch,
        "fingerprint": opening.fingerprint(),
        "seats": [
            {"member": seat.member, "role": seat.role, "neutral_for": list(seat.neutral_for)}
            for seat in opening.seats
        ],
        "final": [
            {"member": one.member, "generation": one.generation, "size": one.size} for one in opening.final
        ],
    }


def _tell_opening(path: Path, proposed: ProposedOpening) -> None:
    opening = proposed.opening
    terminal.result(
        say(
            "epoch {epoch} of {line}: {words}",
            epoch=opening.epoch,
            line=opening.line,
            words=opening.fingerprint(),
        )
    )
    for seat in opening.seats:
        role = say("member") if seat.role == "member" else say("observer")
        neutral = ", ".join(seat.neutral_for)
        terminal.result(
            "  " + say("{member}: {role}, neutral for {others}", member=seat.member, role=role, others=neutral)
            if neutral
            else f"  {seat.member}: {role}"
        )
    for one in opening.final:
        terminal.result(say("  the log of {member} ends at {size} statements", member=one.member, size=one.size))
    terminal.note(say("file: {file}", file=terminal.visible(str(path))))
    terminal.note(
        say("every member commits it in its own home; new parties: detente line join HOME --opening FILE")
    )


def _mistake(expected: str, came: str, where: str, remedy: str) -> ArgumentMistake:
    return ArgumentMistake(expected=expected, came=came, where=where, remedy=remedy)


PROPOSE = _Propose()
APPROVE = _Approve()
COMMIT = _Commit()
CONFIRM = _Confirm()
