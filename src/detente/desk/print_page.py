"""One entry as a page to print: no script, no picture from elsewhere, every stranger's text shown as text."""

from __future__ import annotations

from datetime import UTC, datetime

from detente import words
from detente.desk.shown_text import marked_up
from detente.node.desk_door.record_questions import EntryDocument, LinesDocument

__all__ = ["print_page"]

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


def _page(found: EntryDocument, stands: LinesDocument, now_ms: int) -> str:
    row = found.row
    line = next((one for one in stands.lines if one.line == row.line), None)
    is_training = line.is_training if line is not None else row.line.startswith("training-")
    facts = [
        (say("line"), row.line),
        (say("entry"), row.ref),
        (say("of"), row.member),
        (say("kind"), f"{row.type} {row.kind}".strip()),
        (say("precedence"), row.precedence),
        (say("written"), _moment(row.clock_ms)),
        (say("received"), _moment(row.received_ms)),
        (say("answer asked by"), _moment(row.answer_by_ms)),
        (say("answers"), row.in_reply_to or ""),
        (say("stands"), row.standing),
        (say("changed by"), ", ".join(row.changed_by)),
        *((member, state) for member, state in sorted(row.states.items())),
    ]
    text = found.texts.get(words.language()) or found.texts.get("en") or ""
    faults = [*found.faults, *found.warnings, *row.flags]
    training = say("TRAINING")
    return _PAGE.format(
        language=words.language(),
        title=marked_up(row.title or row.ref),
        training="training" if is_training else "",
        banner=f"<p>{marked_up(training)}</p>" if is_training else "",
        facts="".join(
            f"<tr><th>{marked_up(name)}</th><td>{marked_up(told)}</td></tr>" for name, told in facts if told
        ),
        faults="".join(f"<p>{marked_up(one)}</p>" for one in faults),
        text=marked_up(text),
        attachments=_attachments(found),
        footer=marked_up(
            say("printed at {at} at the desk of {member}", at=_moment(now_ms), member=stands.member)
        ),
    )


def _attachments(found: EntryDocument) -> str:
    listed = found.entry.get("attachments")
    if not isinstance(listed, list) or not listed:
        return ""
    heading = say("attachments")
    rows = []
    for number, one in enumerate(listed, 1):
        told = ", ".join(f"{name}: {value}" for name, value in one.items() if isinstance(value, str | int))
        rows.append(f"<li>{number}. {marked_up(told)}</li>")
    return f"<h2>{marked_up(heading)}</h2><ul>{''.join(rows)}</ul>"


def _moment(at_ms: int | None) -> str:
    if at_ms is None:
        return ""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError):
        return str(at_ms)
