"""The verbs that say something: ``send``, ``reply``, ``reveal``, ``suspend``, ``resume``."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.line import canonical
from detente.line.effects import Draft
from detente.line.standing import readers
from detente.line.statement import BODY_MAX, Reference
from detente.node.asking import add_home, add_line, add_passphrase, show, speaker_of, warn_roots, with_line
from detente.node.book import KNOWN_TYPES, REPLIES, Book, Entry
from detente.node.commands_drafts import keep_drafts, needs_two_people
from detente.node.couriers.advice import uncarried
from detente.node.home import open_reading
from detente.node.host import Host, clock_ms, one_line
from detente.node.humanitarian import refuse_on_this_line
from detente.node.readable import moment
from detente.node.sentences import state_word
from detente.node.serving.remote_host import RemoteHome
from detente.node.settings.reading import read_settings
from detente.node.speaking import attachments, body_of, new_submission, read_bytes, reveal_drafts, submit
from detente.notices.errors import NoticeMistake
from detente.notices.line_types import NOTICE_MEDIA_TYPE
from detente.notices.moments import parse_moment
from detente.notices.quantities import parse_duration_s

if TYPE_CHECKING:
    from detente.node.notice_entries import Prepared

__all__ = ["REPLY", "RESUME", "REVEAL", "SEND", "SUSPEND"]

say = words.speaker("node")

_TYPE = re.compile(r"[a-z][a-z0-9.-]{0,62}", re.ASCII)
_SUBMISSION = re.compile(r"[0-9a-f]{32}", re.ASCII)
_OWN_TYPES = ("line.", "reply.")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", re.ASCII)


class _Send:
    """``detente line send``."""

    name = "send"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("say something on the line")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Signs a statement and stores it durably: from then on it is held, and cannot be taken back.\n"
            "A notice (see detente notice) is checked before it is signed: one with a fault is never sent.\n"
            "It travels with the next bundle. --reveal later commits to the content now and shows it only\n"
            "when you say reveal. The same --submission again is the same entry: safe to repeat after a\n"
            "doubt."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente line send west --notice plan.toml\n"
            "  detente line send west --type notice --body notice.txt\n"
            "  detente line send west --type exercise --body plan.json --attach map.pdf --answer-by 2h\n"
            "  echo 'Why the alert?' | detente line send west --type message --body - --in-reply-to east/4"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)
        parser.add_argument(
            "--notice",
            metavar="FILE",
            help=say("a notice: checked first, its type taken from it; instead of --type and --body"),
        )
        parser.add_argument("--type", metavar="T", help=say("what kind of statement: message, notice, ..."))
        parser.add_argument("--body", metavar="FILE", help=say("its text or JSON; - is standard input"))
        parser.add_argument(
            "--media-type", metavar="TYPE", help=say("the body's media type, when it should not be seen")
        )
        parser.add_argument(
            "--attach",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help=say("attach a file; may come again"),
        )
        parser.add_argument(
            "--answer-by", metavar="T", help=say("when an answer is due: 2h, 1d, or 2030-05-01T06:00Z")
        )
        parser.add_argument("--in-reply-to", metavar="REF", help=say("the entry it answers, such as east/4"))
        parser.add_argument(
            "--reveal",
            choices=("now", "later"),
            default="now",
            help=say("show the content now, or commit and reveal later"),
        )
        parser.add_argument(
            "--submission", metavar="ID", help=say("32 hexadecimal digits; the same again is the same entry")
        )
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Send; 0 when it is held, 2 when a notice has faults."""
        _check_submission(arguments.submission)
        try:
            notice = _notice(arguments)
        except NoticeMistake as mistake:
            from detente.notices.commands import tell_faults  # noqa: PLC0415 - only a faulty notice needs it

            tell_faults(list(mistake.faults))
            return 2
        if notice is None:
            kind, content = body_of(arguments.body, arguments.media_type)
        else:
            kind, content = NOTICE_MEDIA_TYPE, notice.checked.octets
            arguments.type = notice.type
        attached = attachments(arguments.attach)
        due = _due_ms(arguments.answer_by)
        target = _target(arguments, arguments.in_reply_to) or (notice.target if notice else None)
        draft = Draft(
            type=arguments.type,
            media_type=kind,
            content=content,
            submission=arguments.submission or new_submission(),
            attachments=attached,
            reveal=arguments.reveal,
            answer_by_ms=due,
            in_reply_to=target,
        )
        if arguments.type not in KNOWN_TYPES:
            terminal.note(
                say(
                    "this version does not know the type {type}: readers see it as not understood",
                    type=arguments.type,
                )
            )
        _sent(arguments, [draft])
        return 0


class _Reply:
    """``detente line reply``."""

    name = "reply"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("read, understood, accepted, refused, question, answer")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Says in your own log what became of an entry: a person read it, understood it, accepts or\n"
            "refuses it, asks or answers. That this node holds it is confirmed without you; only people\n"
            "say read and answered."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente line reply east --to west/12 read\n"
            "  echo 'Which area?' | detente line reply east --to west/12 question --body -"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)
        parser.add_argument("--to", required=True, metavar="REF", help=say("the entry, such as west/12"))
        parser.add_argument("word", choices=REPLIES, help=say("what became of it"))
        parser.add_argument("--body", metavar="FILE", help=say("what you say with it; - is standard input"))
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Reply; 0 when it is held."""
        if arguments.word in {"question", "answer"} and arguments.body is None:
            raise _mistake(
                say("the text of the question or answer"),
                say("no --body"),
                "--body",
                say("add --body FILE, or - to type it"),
            )
        kind, content = body_of(arguments.body, None) if arguments.body else ("text/plain", b"")
        target = _target(arguments, arguments.to)
        draft = Draft(f"reply.{arguments.word}", kind, content, new_submission(), in_reply_to=target)
        _sent(arguments, [draft])
        return 0


class _Reveal:
    """``detente line reveal``."""

    name = "reveal"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("show what was committed to with --reveal later")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Shows the content that an entry of yours committed to. Every reader checks that it is what\n"
            "was promised then: neither side can say afterwards that it was something else."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line reveal west --entry west/12"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)
        parser.add_argument("--entry", required=True, metavar="REF", help=say("the entry, such as west/12"))
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Reveal; 0 when it is held."""
        with with_line(arguments) as (_, book):
            book.index()
            drafts = reveal_drafts(book, book.resolve(arguments.entry))
        _sent(arguments, drafts)
        return 0


class _Direction:
    """``detente line suspend`` and ``resume``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        if self.name == "suspend":
            return say("say that you suspend the line, and why")
        return say("say that you resume the line, and why")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "A statement like any other: it is signed, stored and delivered. Suspension says what you\n"
            "will send and answer; it never makes an entry refused. Receipts, tests, incidents and key\n"
            "events always pass."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return f'  detente line {self.name} west --line baltic --reason "..."'

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        add_line(parser)
        parser.add_argument("--reason", required=True, metavar="TEXT", help=say("why, for the record"))
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Say it; 0 when it is held."""
        if not arguments.reason.strip():
            raise _mistake(
                say("a reason"), say("an empty one"), "--reason", say("say why: it stays in the record")
            )
        content = canonical.encode({"reason": arguments.reason})
        _sent(arguments, [Draft(f"line.{self.name}", "application/json", content, new_submission())])
        return 0


def _notice(arguments: argparse.Namespace) -> Prepared | None:
    """Return the checked notice that is to be sent; None for words of another kind.

    Whoever names a type of notice by hand gets the same check. Raises ArgumentMistake, NoticeMistake or LineMistake:
    nothing is sent then.
    """
    named = arguments.notice is not None
    by_hand = arguments.type is not None and arguments.body is not None
    if named == by_hand or (
        named and (arguments.type, arguments.body, arguments.media_type) != (None, None, None)
    ):
        raise _mistake(
            say("either --notice FILE, or --type and --body"),
            say("neither, or parts of both"),
            "--notice",
            say("see: detente line send --help"),
        )
    if by_hand:
        _check(arguments)
        if not arguments.type.startswith("notice."):
            return None
    # only who sends a notice pays for loading what notices are
    from detente.node.notice_entries import prepare  # noqa: PLC0415
    from detente.notices.commands import tell_warnings  # noqa: PLC0415

    octets = read_bytes(arguments.notice or arguments.body, BODY_MAX, "--notice")
    with with_line(arguments) as (home, book):
        line = one_line(home, arguments.line)
        prepared = prepare(octets, book, member=home.member, line=line, now=datetime.now(UTC))
    if by_hand and prepared.type != arguments.type:
        raise _mistake(
            say("the type of what the body says"), arguments.type, "--type", say("give it as --notice FILE")
        )
    tell_warnings(prepared.checked)
    return prepared


def _check(arguments: argparse.Namespace) -> None:
    """Refuse options that the line would refuse, by their names and before a passphrase is asked."""
    if not _TYPE.fullmatch(arguments.type):
        raise _mistake(
            say("a type of small letters, digits, dots and -"),
            arguments.type,
            "--type",
            say("for example: notice"),
        )
    if arguments.type == "reveal" or arguments.type.startswith(_OWN_TYPES):
        raise _mistake(
            say("a type for your own words"),
            arguments.type,
            "--type",
            say("use the verbs reply, reveal, suspend and resume for these"),
        )
    if arguments.media_type is not None and not _MEDIA_TYPE.fullmatch(arguments.media_type):
        raise _mistake(say("a media type"), arguments.media_type, "--media-type", say("for example: text/plain"))


def _check_submission(text: str | None) -> None:
    if text is not None and not _SUBMISSION.fullmatch(text):
        raise _mistake(
            say("32 hexadecimal digits"), text, "--submission", say("leave it out, or repeat one of before")
        )


def _due_ms(text: str | None) -> int | None:
    """Return when an answer is due by this node's clock: a duration from now, or a moment."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9.]+[a-z]+", text):
        return clock_ms() + int(parse_duration_s(text, where="--answer-by") * 1000)
    due = int(parse_moment(text, where="--answer-by").timestamp() * 1000)
    if due < 0:
        raise _mistake(
            say("a moment after 1970"), text, "--answer-by", say("write for example 2h, or 2030-05-01T06:00Z")
        )
    return due


def _target(arguments: argparse.Namespace, text: str | None) -> Reference | None:
    """Return the reference that a person named, looked up before a passphrase is asked."""
    if text is None:
        return None
    with with_line(arguments) as (_, book):
        return book.resolve(text).reference


def _sent(arguments: argparse.Namespace, drafts: list[Draft]) -> None:
    """Submit the drafts and show where they stand; where two people must release one, keep them instead."""
    with open_reading(arguments.home) as home:
        line = one_line(home, arguments.line)
        record = home.record(line)
        new = [draft for draft in drafts if record.submission(draft.submission) is None]
        if needs_two_people(arguments.home, line, new):
            warn_roots(arguments.home)
            for draft in drafts:
                refuse_on_this_line(draft.type, line)
            keep_drafts(arguments, line, drafts)
            return
    with speaker_of(arguments) as (running, host):
        served = isinstance(running, RemoteHome)
        for draft in drafts:
            refuse_on_this_line(draft.type, host.state.opening.line)
        entries = [submit(host, draft) for draft in drafts]
        documents = [_document(host, entry) for entry in entries]
        recipients = readers(host.state)

    def text() -> None:
        for document in documents:
            terminal.result(
                say(
                    "{state}: {ref} {type} at {time}",
                    state=state_word("held"),
                    ref=document["ref"],
                    type=document["type"],
                    time=moment(int(document["clock_ms"])),
                )
            )
        by_hand = uncarried(read_settings(arguments.home), line, recipients) if served else list(recipients)
        if carried := [name for name in recipients if name not in by_hand]:
            terminal.note(
                say("not delivered yet: the running node carries it to {names}", names=", ".join(carried))
            )
        if by_hand:
            terminal.note(say("not delivered yet: pack a bundle for {names}", names=", ".join(by_hand)))

    show(arguments, documents[0] if len(documents) == 1 else documents, text)


def _document(host: Host, entry: Entry) -> dict[str, Any]:
    book = Book.open(host.home.member, host.record)
    return {
        "line": entry.origin.line,
        "ref": book.name(entry.origin, entry.seq),
        "hash": entry.hash,
        "type": entry.statement.type,
        "clock_ms": entry.statement.clock_ms,
        "submission": entry.statement.submission,
        "state": "held",
        "held_by": host.home.member,
    }


def _mistake(expected: str, came: str, where: str, remedy: str) -> ArgumentMistake:
    return ArgumentMistake(expected=expected, came=came, where=where, remedy=remedy)


SEND = _Send()
REPLY = _Reply()
REVEAL = _Reveal()
SUSPEND = _Direction("suspend")
RESUME = _Direction("resume")
