"""One entry as a page to print: no script, no picture from elsewhere, every stranger's text shown as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from detente import words
from detente.desk.shown_text import marked_up
from detente.node.desk_door.record_questions import EntryDocument, LinesDocument
from detente.notices.terms import KIND_NAMES, kind_name

__all__ = ["Printed", "print_page", "printed"]

say = words.speaker("desk")

_PAGE = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="/print.css"></head>
<body class="{training}">
<header>{banner}<h1>{title}</h1></header>
<table>{facts}</table>
{faults}
<pre>{text}</pre>
{attachments}
<footer>{footer}</footer>
</body></html>
"""


def print_page(found: EntryDocument, stands: LinesDocument, language: str, now_ms: int) -> str:
    """Return the page of an entry in a language ("en" or "ru")."""
    before = words.language()
    words.choose(language)
    try:
        return _page(found, stands, now_ms)
    finally:
        words.choose(before)


@dataclass(frozen=True, slots=True)
class Printed:
    """What is said of an entry on paper, before any text of it is made visible. facts: name and value, in order."""

    line: str
    ref: str
    title: str
    is_training: bool
    facts: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]
    text: str
    attachments: tuple[str, ...]


def printed(found: EntryDocument, stands: LinesDocument) -> Printed:
    """Return what is said of an entry on paper, in the language of this context."""
    row = found.row
    line = next((one for one in stands.lines if one.line == row.line), None)
    facts = [
        (say("line"), row.line),
        (say("entry"), row.ref),
        (say("of"), row.member),
        (say("kind"), f"{kind_name(row.kind)} ({row.type})" if row.kind in KIND_NAMES else row.type),
        (say("precedence"), _named(row.precedence)),
        (say("written"), _moment(row.clock_ms)),
        (say("received"), _moment(row.received_ms)),
        (say("answer asked by"), _moment(row.answer_by_ms)),
        (say("answers"), row.in_reply_to or ""),
        (say("stands"), _named(row.standing)),
        (say("changed by"), ", ".join(row.changed_by)),
        *((member, _named(state)) for member, state in sorted(row.states.items())),
    ]
    return Printed(
        line=row.line,
        ref=row.ref,
        title=row.title or row.ref,
        is_training=line.is_training if line is not None else row.line.startswith("training-"),
        facts=tuple((_breaking(name), _breaking(told)) for name, told in facts if told),
        faults=(*found.faults, *found.warnings, *row.flags),
        text=_breaking(found.texts.get(words.language()) or found.texts.get("en") or ""),
        attachments=tuple(_attachments(found)),
    )


def _breaking(text: str) -> str:
    """Return a text whose spaces are plain: paper breaks lines where they fit."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


_NAMES: dict[str, Callable[[], str]] = {
    "held": lambda: say("held"),
    "delivered": lambda: say("delivered"),
    "read": lambda: say("read"),
    "answered": lambda: say("answered"),
    "said": lambda: say("as it was said"),
    "corrected": lambda: say("corrected"),
    "cancelled": lambda: say("cancelled"),
    "routine": lambda: say("routine"),
    "priority": lambda: say("priority"),
    "immediate": lambda: say("immediate"),
    "flash": lambda: say("flash"),
}


def _named(name: str) -> str:
    """Return a state, a standing or a precedence as people read it; one that is not known as it is."""
    return _NAMES[name]() if name in _NAMES else name


def _page(found: EntryDocument, stands: LinesDocument, now_ms: int) -> str:
    told = printed(found, stands)
    training, heading = say("TRAINING"), say("attachments")
    attached = "".join(f"<li>{number}. {marked_up(one)}</li>" for number, one in enumerate(told.attachments, 1))
    return _PAGE.format(
        language=words.language(),
        title=marked_up(told.title),
        training="training" if told.is_training else "",
        banner=f"<p>{marked_up(training)}</p>" if told.is_training else "",
        facts="".join(
            f"<tr><th>{marked_up(name)}</th><td>{marked_up(value)}</td></tr>" for name, value in told.facts
        ),
        faults="".join(f"<p>{marked_up(one)}</p>" for one in told.faults),
        text=marked_up(told.text),
        attachments=f"<h2>{marked_up(heading)}</h2><ul>{attached}</ul>" if attached else "",
        footer=marked_up(
            say("printed at {at} at the desk of {member}", at=_moment(now_ms), member=stands.member)
        ),
    )


def _attachments(found: EntryDocument) -> Iterator[str]:
    listed = found.entry.get("attachments")
    for one in listed if isinstance(listed, list) else ():
        yield ", ".join(f"{name}: {value}" for name, value in one.items() if isinstance(value, str | int))


def _moment(at_ms: int | None) -> str:
    if at_ms is None:
        return ""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError):
        return str(at_ms)
