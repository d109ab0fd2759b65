"""The verbs that show, beside a running writer: ``status``, ``log``, ``prove``, ``export``, ``audit``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.node.asking import add_home, add_line, may_leave, reading, say_training, show, with_line
from detente.node.audit import audit_line
from detente.node.ceremony import write_bytes
from detente.node.evidence_file import evidence_of, write_export
from detente.node.host import clock_ms, one_line
from detente.node.log_text import entry_text
from detente.node.readable import entry_document, in_order, moment
from detente.node.sentences import alarm_sentence, direction_word, priority_word, reason_sentence, run_sentence
from detente.node.standing import status_document

__all__ = ["AUDIT", "EXPORT", "LOG", "PROVE", "STATUS"]

say = words.speaker("node")


_MONTH_DAYS = 31


class _Status:
    """``detente line status``."""

    name = "status"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("how each line stands: held, delivered, read, answered, silent since")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Per party: how many of your statements it was sent and holds, read and answered; what you\n"
            "hold of its log; since when it is silent, and in which state the line to it is, and why. No\n"
            "key is needed."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line status west\n  detente line status west --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Show how everything stands; 0, or 1 when a node is halted or a fork is proven."""
        now_ms = clock_ms()
        with reading(arguments.home) as home:
            document = status_document(home, now_ms)
        say_training(line["line"] for line in document["lines"])
        show(arguments, document, lambda: _show_status(document, now_ms))
        grave = any(line["run"] == "halted" or line["fork_proofs"] for line in document["lines"])
        return 1 if grave else 0


class _Log:
    """``detente line log``."""

    name = "log"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("the whole record, readable")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Tells every entry of every member, each after what it names. Times stand with whose clock\n"
            "they are: an entry was made after the newest statement that it names and before the first\n"
            "confirmation of it. Texts of others are shown with their control characters visible. --json\n"
            "gives one document a line."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente line log west --line baltic\n"
            "  detente line log west --last 20\n"
            "  detente line log west --json"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)
        parser.add_argument("--last", type=int, metavar="N", help=say("only the last N entries of each log"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Tell the record; 0."""
        if arguments.last is not None and arguments.last < 1:
            raise _mistake(
                say("a number above zero"), str(arguments.last), "--last", say("leave it out for everything")
            )
        with with_line(arguments) as (_, book):
            book.index()
            last = arguments.last
            start = {one: max(0, book.size(one) - last) for one in book.origins()} if last else None
            told = 0
            for entry in in_order(book, start):
                document = entry_document(book, entry)
                told += 1
                if arguments.json:
                    terminal.result(terminal.json_text(document))
                    continue
                if told > 1:
                    terminal.result("")
                for line in entry_text(document):
                    terminal.result(line)
            if not told and not arguments.json:
                terminal.note(say("nothing was said on this line yet"))
        return 0


class _Prove:
    """``detente line prove``."""

    name = "prove"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("write what proves one entry to a third party")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Writes one file with the entry, the heads that hold it, who confirmed them first, the\n"
            "openings and all keys: a third party judges it with the members' cards and\n"
            "verifier/verify.py, without this program. --without-body proves that something was said and\n"
            "when, and keeps the content to yourself."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente line prove west --entry east/4 east-4.json\n"
            "  python verifier/verify.py east-4.json --card west.card --card east.card"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)
        parser.add_argument("--entry", required=True, metavar="REF", help=say("the entry, such as west/12"))
        parser.add_argument("out", metavar="OUT", type=Path, help=say("file to write"))
        parser.add_argument("--without-body", action="store_true", help=say("keep the content to yourself"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Write the evidence; 0 when done."""
        _check_out(arguments.out)
        with with_line(arguments) as (home, book):
            entry = book.resolve(arguments.entry)
            if any(one.reveal == "later" for one in (entry.statement.body, *entry.statement.attachments)):
                book.index()  # only then a later statement may show some of it
            octets = evidence_of(book, entry, without_body=arguments.without_body, upto=may_leave(home, book))
            document = entry_document(book, entry)
            write_bytes(arguments.out, octets)
        result = {
            "file": str(arguments.out),
            "bytes": len(octets),
            "ref": document["ref"],
            "hash": document["hash"],
            "before": document["before"],
            "standing": document["standing"],
        }

        def text() -> None:
            terminal.result(
                say("evidence of {ref}: {file}", ref=document["ref"], file=terminal.visible(str(arguments.out)))
            )
            before = document["before"]
            if before is None:
                terminal.note(say("nobody confirmed it yet: it is uncorroborated"))
            else:
                terminal.note(
                    say(
                        "confirmed first by {member}, at {time} of its clock",
                        member=before["clock_of"],
                        time=moment(before["clock_ms"]),
                    )
                )

        show(arguments, result, text)
        return 0


class _Export:
    """``detente line export``."""

    name = "export"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("write the whole record for the verifier")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Writes every statement, body, head, confirmation, key event and fork proof that is held into\n"
            "one file, which verifier/verify.py judges with the members' cards. What you have not\n"
            "revealed yet stays out."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line export west --line baltic baltic.export --without-bodies"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)
        parser.add_argument("out", metavar="OUT", type=Path, help=say("file to write"))
        parser.add_argument("--without-bodies", action="store_true", help=say("statements only, no contents"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Write the export; 0 when done."""
        _check_out(arguments.out)
        with with_line(arguments) as (home, book):
            upto = may_leave(home, book)
            size = write_export(book, arguments.out, without_bodies=arguments.without_bodies, upto=upto)
            held = sum(book.size(origin) for origin in book.origins())
            entries = sum(upto(origin) for origin in book.origins())
        result = {"file": str(arguments.out), "bytes": size, "statements": entries, "left_out": held - entries}

        def text() -> None:
            terminal.result(
                say.many(
                    "{count} statement, {size} bytes: {file}",
                    "{count} statements, {size} bytes: {file}",
                    count=entries,
                    size=size,
                    file=terminal.visible(str(arguments.out)),
                )
            )
            if held > entries:
                terminal.note(
                    say.many(
                        "left out: {count} own statement that the head file does not know yet",
                        "left out: {count} own statements that the head file does not know yet",
                        count=held - entries,
                    )
                )

        show(arguments, result, text)
        return 0


class _Audit:
    """``detente line audit``."""

    name = "audit"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("check every byte and every signature that is held")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Reads everything back from the disk and checks it: the database itself, every root act,\n"
            "opening, statement, tree node, head, confirmation, body and fork proof, and that the own\n"
            "logs reach the head file. Exit code 1 when anything does not hold: then restore a backup;\n"
            "the others give back the rest. What the root keys said is lost is history and no fault."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line audit west\n  detente line audit west --line baltic --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Audit; 0 when everything holds, 1 when not."""
        with reading(arguments.home) as home:
            lines = [one_line(home, arguments.line)] if arguments.line else home.lines()
            say_training(lines)
            found = []
            for line in lines:
                record = home.record(line)
                held = sum(record.size(origin) for origin in record.origins())
                with terminal.progress(say("checking {line}", line=line), total=held) as done:
                    found.append(audit_line(home, line, done))
        show(
            arguments,
            {"home": str(arguments.home), "lines": [one.document() for one in found]},
            lambda: _audited(found),
        )
        return 1 if any(one.faults for one in found) else 0


def _audited(found: list[Any]) -> None:
    for one in found:
        counts = ", ".join(f"{name} {count}" for name, count in one.counted_words())
        terminal.result(say("{line}: checked {counts}", line=one.line, counts=counts))
        for lost in one.history:
            terminal.result("  " + say("history: {sentence}", sentence=terminal.visible(lost)))
        for fault in one.faults[:40]:
            terminal.result("  " + say("does not hold: {fault}", fault=terminal.visible(fault)))
        if len(one.faults) > 40:
            terminal.result("  " + say("and {count} more", count=len(one.faults) - 40))
        if not one.faults:
            terminal.result("  " + say("everything holds"))
    if not found:
        terminal.note(say("this home has joined no line yet"))


def _show_status(document: dict[str, Any], now_ms: int) -> None:
    if not document["head_file"]:
        terminal.note(say("the head file of this home is missing: it signs nothing until detente line confirm"))
    if document["restored"]:
        terminal.note(say("this home came out of a backup: the others fill it again before it signs anything"))
    if not document["lines"]:
        terminal.note(say("this home has joined no line yet"))
    for position, line in enumerate(document["lines"]):
        if position:
            terminal.result("")
        _show_line(line, now_ms)


def _show_line(line: dict[str, Any], now_ms: int) -> None:
    training = say("TRAINING ") if line["training"] else ""
    terminal.result(
        training
        + say(
            "{line}, epoch {epoch}: {member} is {run}",
            line=line["line"],
            epoch=line["epoch"],
            member=line["member"],
            run=run_sentence(line["run"], line["reason"]),
        )
    )
    terminal.result(say("fingerprint: {words}", words=line["fingerprint"]))
    for member, neutrals in line["neutrals"].items():
        if neutrals:
            terminal.result(say("neutral for {member}: {parties}", member=member, parties=", ".join(neutrals)))
    members = [one for one in line["parties"] if one["role"] == "member"]
    if line["role"] == "member":
        terminal.result(
            say.many(
                "own statements held here: {count}",
                "own statements held here: {count}",
                count=line["own"]["held"],
            )
        )
        if line["own"]["suspended"]:
            terminal.result(say("{member} itself suspended the line", member=line["member"]))
    head = (
        say("member"), say("line"), say("delivered"), say("read"), say("answered"), say("its log, held"),
        say("last heard"), say("why"),
    )  # fmt: skip
    rows = []
    for one in members:
        of = f"/{one['own_held']}"
        held = str(one["theirs_held"])
        if one["bodies_missing"]:
            held += " " + say("({count} bodies missing)", count=one["bodies_missing"])
        rows.append(
            (
                one["member"], direction_word(one["state"]), f"{one['delivered']}{of}", f"{one['read']}{of}",
                f"{one['answered']}{of}", held, _heard(one, now_ms), _why(one["why"], one["member"]),
            )
        )  # fmt: skip
    terminal.table(head, rows, numeric=(False, False, True, True, True, True, False, False))
    for one in line["parties"]:
        if one["role"] == "observer":
            terminal.result(
                say(
                    "observer {name}: confirmed {count} of {all}, {heard}",
                    name=one["member"],
                    count=one["cosigned"],
                    all=one["own_held"],
                    heard=_heard(one, now_ms),
                )
            )
    _show_trouble(line)


def _show_trouble(line: dict[str, Any]) -> None:
    age = line["keys"]["sealing_key_days"]
    if age > _MONTH_DAYS:
        terminal.note(
            say("the key for sealed bundles is {count} days old: detente line key propose HOME seal", count=age)
        )
    age = line["keys"]["anchor_days"]
    if line["own"]["held"] and age is not None and age > _MONTH_DAYS:
        terminal.note(say("the last anchor is {count} days old: detente line key propose HOME anchor", count=age))
    for one in line["answers_owed"]:
        if one["overdue"]:
            terminal.result(
                say(
                    "overdue since {time}: {member} owes an answer to {ref}",
                    time=moment(one["due_ms"]),
                    member=one["by"],
                    ref=one["ref"],
                )
            )
        else:
            terminal.result(
                say(
                    "by {time} {member} owes an answer to {ref}",
                    time=moment(one["due_ms"]),
                    member=one["by"],
                    ref=one["ref"],
                )
            )
    for one in line["neutral_words"]:
        terminal.result(
            say(
                "{time} ({by}'s clock): neutral {by} took the end of {about}'s key ({reason}) and held then: {held}",
                time=moment(one["clock_ms"]),
                by=one["by"],
                about=one["about"],
                reason=reason_sentence(one["reason"] or say("its root act did not come yet")),
                held=", ".join(_held_then(one, head) for head in one["held"]) or say("nothing of it"),
            )
        )
    for one in line["openings_proposed"]:
        terminal.result(
            say(
                "proposed: epoch {epoch} of {members}: {words}",
                epoch=one["epoch"],
                members=", ".join(one["members"]),
                words=one["fingerprint"],
            )
        )
    for one in line["fork_proofs"]:
        terminal.result(
            say(
                "the key of {member} signed two things that cannot both be true; proof: {file}",
                member=one["member"],
                file=terminal.visible(one["file"]),
            )
        )
    for one in line["alarms"][-5:]:
        sentence = alarm_sentence(one["name"], one["member"], one["detail"])
        terminal.result(f"{moment(one['at_ms'])} {priority_word(one['priority'])}: {terminal.visible(sentence)}")


def _heard(party: dict[str, Any], now_ms: int) -> str:
    heard = party["silent_since_ms"]
    if heard is None:
        return say("never heard")
    age_s = max(0, (now_ms - heard) // 1000)
    if age_s < 90:
        return say("{count} s ago", count=age_s)
    if age_s < 5400:
        return say("{count} min ago", count=age_s // 60)
    if age_s < 172_800:
        return say("{count} h ago", count=age_s // 3600)
    return say("{count} days ago", count=age_s // 86_400)


def _held_then(word: dict[str, Any], head: dict[str, Any]) -> str:
    generation = f".{head['generation']}" if head["generation"] else ""
    return say(
        "{count} of {log}, epoch {epoch}",
        count=head["size"],
        log=f"{word['about']}{generation}",
        epoch=head["epoch"],
    )


def _why(why: str, member: str) -> str:
    return alarm_sentence(why, member, {}) if why else ""


def _check_out(out: Path) -> None:
    if not out.absolute().parent.is_dir() or out.is_dir():
        raise _mistake(say("a file in a folder that exists"), str(out), "OUT", say("make the folder first"))


def _mistake(expected: str, came: str, where: str, remedy: str) -> ArgumentMistake:
    return ArgumentMistake(expected=expected, came=came, where=where, remedy=remedy)


STATUS = _Status()
LOG = _Log()
PROVE = _Prove()
EXPORT = _Export()
AUDIT = _Audit()
