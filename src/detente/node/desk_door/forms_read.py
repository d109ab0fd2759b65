"""A form of the desk made into a draft, with every fault of it at once: of the notice and of what is around it.

A reply becomes a word of the line itself, so that the states read and answered are exact; its notice is its body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from detente import words
from detente.errors import DetenteError
from detente.line.effects import Draft
from detente.line.errors import LineMistake
from detente.line.statement import ATTACHMENTS_MAX, ATTACHMENTS_TOTAL_MAX, Reference
from detente.node.desk_door.ask import FormFaultsError
from detente.node.desk_door.line_index import LineIndex
from detente.node.desk_door.record_questions import AttachmentGiven, DraftKept
from detente.node.host import clock_ms
from detente.node.notice_entries import Prepared, prepare
from detente.notices.errors import NoticeMistake
from detente.notices.faults import Fault
from detente.notices.kinds import Reply
from detente.notices.line_types import NOTICE_MEDIA_TYPE

__all__ = ["Examined", "draft_from", "entry_type", "examined", "fault_words", "faulty"]

say = words.speaker("node")

_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", re.ASCII)
Told = tuple[str, str]
"""A fault's path and its words."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A form as it stands: the prepared notice, or what is wrong with it."""

    prepared: Prepared | None
    faults: tuple[Told, ...]
    warnings: tuple[Told, ...] = ()


def examined(index: LineIndex, notice: dict[str, Any]) -> Examined:
    """Return what a form says, checked as everything is that is sent on this line."""
    try:
        octets = b" " + msgspec.json.encode(notice)  # a form, whatever the order of its fields
    except (msgspec.EncodeError, TypeError, ValueError, RecursionError):
        return Examined(None, (("", say("something that is no form")),))
    now = datetime.now(UTC)
    try:
        prepared = prepare(octets, index.opened, member=index.member, line=index.line, now=now)
    except NoticeMistake as mistake:
        return Examined(None, tuple((one.where, fault_words(one)) for one in mistake.faults))
    except LineMistake as mistake:
        return Examined(None, ((mistake.where, fault_words(mistake)),))
    warnings = tuple((one.where, fault_words(one)) for one in prepared.checked.warnings)
    if isinstance(prepared.checked.notice, Reply) and prepared.target is None:
        fault = say("no entry that is held here ({expected})", expected=say("an entry of this line"))
        return Examined(None, (("answers", fault),), warnings)
    return Examined(prepared, (), warnings)


def entry_type(prepared: Prepared) -> str:
    """Return the type of the entry that a form becomes."""
    notice = prepared.checked.notice
    return f"reply.{notice.reply}" if isinstance(notice, Reply) else prepared.type


def draft_from(index: LineIndex, asked: DraftKept, submission: str) -> Draft:
    """Return the draft that a form means; raises FormFaultsError with every fault of it."""
    form = examined(index, asked.notice)
    faults = [*form.faults, *_around(asked)]
    target: Reference | None = None
    if asked.in_reply_to:
        try:
            target = index.opened.resolve(asked.in_reply_to).reference
        except LineMistake as mistake:
            faults.append(("in_reply_to", fault_words(mistake)))
    if form.prepared is None or faults:
        raise faulty(faults)
    return Draft(
        type=entry_type(form.prepared),
        media_type=NOTICE_MEDIA_TYPE,
        content=form.prepared.checked.octets,
        submission=submission,
        attachments=tuple((one.media_type, one.octets) for one in asked.attachments),
        answer_by_ms=asked.answer_by_ms,
        in_reply_to=target or form.prepared.target,
    )


def _around(asked: DraftKept) -> Iterable[Told]:
    """Yield what is wrong around the notice: attachments, the time of an answer."""
    if asked.answer_by_ms is not None and asked.answer_by_ms <= clock_ms():
        yield "answer_by_ms", say("a moment that has passed; choose a later one")
    total = sum(len(one.octets) for one in asked.attachments)
    if len(asked.attachments) > ATTACHMENTS_MAX or total > ATTACHMENTS_TOTAL_MAX:
        yield (
            "attachments",
            say(
                "{count} files of {size} bytes; at most {most} of {room} bytes in all",
                count=len(asked.attachments),
                size=total,
                most=ATTACHMENTS_MAX,
                room=ATTACHMENTS_TOTAL_MAX,
            ),
        )
    for number, one in enumerate(asked.attachments):
        yield from _media_type(number, one)


def _media_type(number: int, one: AttachmentGiven) -> Iterable[Told]:
    if not _MEDIA_TYPE.fullmatch(one.media_type):
        yield f"attachments[{number}].media_type", say("no media type; for example: application/pdf")


def fault_words(one: Fault | DetenteError) -> str:
    """Return a fault in words, without its place: the form shows it there."""
    return f"{one.came} ({one.expected})" + (f"; {one.remedy}" if one.remedy else "")


def faulty(faults: Iterable[Told]) -> FormFaultsError:
    """Return the error of a form with these faults."""
    found = tuple(faults)
    mistake = FormFaultsError(
        expected=say("a form without faults"),
        came=say.many("{count} fault", "{count} faults", count=len(found)),
        where=found[0][0],
        remedy=say("mend what stands at each field; nothing was kept"),
    )
    mistake.faults = found
    return mistake
