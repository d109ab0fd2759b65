"""Notices on their way to the line, and back as text: checked before they are signed, shown in their layout.

The line does not know what it carries; this room does. A notice's type on the line comes from its kind, so that no
one types it; a notice with a fault is never sent. Humanitarian notices go on a line of their own, named so, whose
bundles are sealed; nothing else goes there but words about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from detente import words
from detente.line.errors import LineMistake
from detente.line.statement import Reference
from detente.node.book import Book
from detente.node.humanitarian import wrong_line
from detente.notices.codec import Checked, check_document
from detente.notices.errors import NoticeMistake
from detente.notices.export import is_line_only
from detente.notices.forms import read_notice
from detente.notices.kinds import Reply, line_type
from detente.notices.line_types import is_humanitarian_line
from detente.notices.notice import Notice
from detente.notices.text import lines_of

__all__ = ["Prepared", "entry_types", "notice_lines", "prepare"]

say = words.speaker("node")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked notice, the type of its entry, and the entry that it refers to, when that is held here."""

    checked: Checked
    type: str
    target: Reference | None


def prepare(octets: bytes, book: Book, *, member: str, line: str, now: datetime) -> Prepared:
    """Return a notice ready to be sent by this member on this line.

    Raises NoticeMistake with every fault, or LineMistake when it is another's notice or not for this line.
    """
    checked, faults = read_notice(octets, now=now)
    if checked is None:
        raise NoticeMistake.of(faults)
    notice = checked.notice
    if notice.author.id != member:
        raise LineMistake(
            expected=say("a notice of this member, {member}", member=member),
            came=notice.author.id,
            where="author.id",
            remedy=say("a member speaks for itself: mend the author, or send it from that member's node"),
        )
    if is_line_only(notice) != is_humanitarian_line(line) and not _is_about_others(line_type(notice)):
        raise wrong_line(line)
    return Prepared(checked, line_type(notice), _target(notice, book))


def entry_types(notice: Notice) -> tuple[str, ...]:
    """Return the types under which an entry may carry a notice: a reply is a word of the line itself, too."""
    return (line_type(notice), f"reply.{notice.reply}") if isinstance(notice, Reply) else (line_type(notice),)


def _is_about_others(entry_type: str) -> bool:
    return entry_type in {"notice.reply", "notice.cancellation"}


def _target(notice: Any, book: Book) -> Reference | None:
    """Return the entry that the notice answers, corrects, cancels or reports on, when it is held here."""
    for name in ("answers", "corrects", "cancels", "reports_on", "contact"):
        text = getattr(notice, name, None)
        if isinstance(text, str):
            try:
                return book.resolve(text).reference
            except LineMistake:  # an entry of another line, or a file: it stays named in the notice
                return None
    return None


def notice_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield an entry's notice as text, or what is wrong with it; its own words come first, then the record's."""
    checked, faults = check_document(document["body"].get("content"))
    if checked is None:
        yield say("not a notice as this version understands it: {fault}", fault=str(faults[0]))
        return
    if document["type"] not in entry_types(checked.notice):
        yield say("its type says otherwise than its content: {type}", type=line_type(checked.notice))
    if checked.notice.author.id != document["member"]:
        yield say(
            "its author names itself {author}: the entry is of {member}",
            author=checked.notice.author.id,
            member=document["member"],
        )
    for warning in checked.warnings:
        yield say("look again: {warning}", warning=str(warning))
    for text in lines_of(checked, ref=document["ref"]):
        yield text.replace("\N{NO-BREAK SPACE}", " ")  # a terminal breaks no lines; the record keeps its own
