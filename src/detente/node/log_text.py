"""One entry of the record as lines of text: who, when by whose clock, what became of it, what was said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from detente import words
from detente.door.terminal import visible
from detente.node.readable import moment
from detente.node.sentences import flag_sentence, state_word
from detente.notices.line_types import NOTICE_MEDIA_TYPE

__all__ = ["entry_text"]

say = words.speaker("node")

_LINES_SHOWN = 40
_NAMED_MAX = 6
_INDENT = "    "
_ORDER = ("held", "delivered", "read", "answered")


def entry_text(document: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of an entry from its document; every text of its author is made visible."""
    kind = visible(document["type"])
    if kind.startswith("reply.") and document["understood"]:
        kind = say("reply: {word}", word=reply_word(kind.removeprefix("reply.")))
    if not document["understood"]:
        kind = say("NOT UNDERSTOOD (type {type})", type=kind)
    yield say(
        "{ref}  {kind}  {time} ({member}'s clock)",
        ref=document["ref"],
        kind=kind,
        time=moment(document["author_clock_ms"]),
        member=document["member"],
    )
    for line in _remarks(document):
        yield _INDENT + line
    for one in document["replies"]:
        said = say("{member}: {word} ({ref})", member=one["member"], word=reply_word(one["word"]), ref=one["ref"])
        yield _INDENT + said + (f", {ruling_word(one['in_time'])}" if one["in_time"] else "")
    for name, value in document.get("unknown_fields", {}).items():
        yield _INDENT + say("field not known here: {name} = {value}", name=visible(name), value=_short(value))
    yield from _content(document, document["revealed_by"])
    for number, attached in enumerate(document["attachments"], 1):
        yield _INDENT + say(
            "attachment {number}: {kind}, {size} bytes, {state}",
            number=number,
            kind=visible(attached["media_type"]),
            size=attached["size"],
            state=content_word(attached["state"]),
        )


def _remarks(document: dict[str, Any]) -> Iterator[str]:
    """Yield when it was said, how it stands, to what it belongs and how far it is."""
    yield _times(document)
    if document["standing"] == "disputed":
        yield say("DISPUTED by its author: its root keys closed the log before this entry")
    elif document["standing"]:
        yield say("after close: its log ended before this entry")
    for one in document["neutral_words"]:
        yield _held_then(one["by"], moment(one["clock_ms"]), held=one["held"])
    yield from map(flag_sentence, document["flags"])
    if document["release"]:
        yield _release(document["release"])
    if document["in_reply_to"]:
        yield say("in reply to {ref}", ref=document["in_reply_to"])
    if document["answer_by_ms"] is not None:
        yield say("answer asked for by {time}", time=moment(document["answer_by_ms"]))
    if document["states"]:
        said = {one["member"] for one in document["replies"]}
        few = len(document["states"]) <= _NAMED_MAX
        left = {name: state for name, state in document["states"].items() if name not in said or not few}
        if left:
            yield _states(left)


def _held_then(member: str, time: str, *, held: bool) -> str:
    """Return what a neutral party's word on the end of the author's key says of this entry."""
    if held:
        return say(
            "neutral {member} held it when it took that, {time} ({member}'s clock): it was written before",
            member=member,
            time=time,
        )
    return say(
        "neutral {member} did not hold it when it took that, {time} ({member}'s clock)", member=member, time=time
    )


def _release(release: dict[str, Any]) -> str:
    """Return who released it, by the keys of officers that its author's signer knows."""
    if release["state"] != "holds":
        return {
            "missing": say("released by officers, whose release has not come"),
            "not for observers": say("released by officers"),
            "does not hold": say("THE OFFICERS' RELEASE DOES NOT HOLD: it is for something else, or no release"),
        }[release["state"]]
    return say.many(
        "released by {count} officer: {keys}",
        "released by {count} officers: {keys}",
        count=len(release["by"]),
        keys=", ".join(f"{one['key'][:16]} ({visible(one['site'])})" for one in release["by"]),
    )


def reply_word(word: str) -> str:
    """Return what a person said about an entry."""
    return {
        "read": say("read"),
        "understood": say("understood"),
        "accepted": say("accepted"),
        "refused": say("refused"),
        "question": say("asks"),
        "answer": say("answers"),
    }[word]


def ruling_word(ruling: str) -> str:
    """Return whether an answer came by the time that was asked for, as far as clocks of others show it."""
    return {
        "met": say("in time"),
        "late": say("late"),
        "undecidable": say("in time or late: no clock but its author's or the asker's says"),
    }[ruling]


def content_word(state: str) -> str:
    """Return what is known of a content."""
    return {
        "shown": say("held here"),
        "revealed": say("revealed later"),
        "later": say("to be revealed later"),
        "missing": say("missing"),
        "not for observers": say("not for observers"),
    }[state]


def _times(document: dict[str, Any]) -> str:
    """Return the two bounds of the moment, each with whose clock it is."""
    after, before = document["after"], document["before"]
    if after and before:
        return say(
            "after {after_ref}, {after} ({after_clock}'s clock); before {before} ({before_clock}'s clock)",
            after_ref=after["ref"],
            after=moment(after["clock_ms"]),
            after_clock=after["clock_of"],
            before=moment(before["clock_ms"]),
            before_clock=before["clock_of"],
        )
    if after:
        return say(
            "after {after_ref}, {after} ({after_clock}'s clock); nobody confirmed it yet",
            after_ref=after["ref"],
            after=moment(after["clock_ms"]),
            after_clock=after["clock_of"],
        )
    if before:
        return say(
            "before {before} ({before_clock}'s clock)",
            before=moment(before["clock_ms"]),
            before_clock=before["clock_of"],
        )
    return say("nobody confirmed it yet")


def _states(states: dict[str, str]) -> str:
    """Return how far an own entry is: by name for a few recipients, in numbers for many."""
    if len(states) <= _NAMED_MAX:
        return "; ".join(f"{name}: {state_word(state)}" for name, state in sorted(states.items()))
    counted: Counter[str] = Counter()
    for state in states.values():
        counted.update(_ORDER[1 : _ORDER.index(state) + 1])
    return ", ".join(
        say("{state} to {count} of {all}", state=state_word(state), count=counted[state], all=len(states))
        if state == "delivered"
        else say("{state} by {count} of {all}", state=state_word(state), count=counted[state], all=len(states))
        for state in _ORDER[1:]
    )


def _content(document: dict[str, Any], revealed_by: str | None) -> Iterator[str]:
    """Yield the body's text, or why there is none; a notice in its own layout."""
    body = document["body"]
    if body["state"] == "revealed":
        yield _INDENT + say("committed to then, revealed later in {ref}:", ref=revealed_by or "?")
    elif body["state"] == "later":
        yield _INDENT + say("{size} bytes, committed to, to be revealed later", size=body["size"])
        if "content" not in body:
            return
        yield _INDENT + say("only here, not shown to anybody yet:")
    elif body["state"] != "shown":
        yield _INDENT + say("body of {size} bytes: {state}", size=body["size"], state=content_word(body["state"]))
        return
    content = body.get("content")
    if content is None and body["size"]:
        yield _INDENT + say("{size} bytes of {kind}", size=body["size"], kind=visible(body["media_type"]))
        return
    if body["media_type"] == NOTICE_MEDIA_TYPE and document["understood"]:
        from detente.node.notice_entries import notice_lines  # noqa: PLC0415 - a line without notices loads none

        for line in notice_lines(document):
            yield f"{_INDENT}| {visible(line)}"
        return
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)
    lines = text.splitlines() if content != "" and body["size"] else []
    for line in lines[:_LINES_SHOWN]:
        yield f"{_INDENT}| {visible(line)}"
    if len(lines) > _LINES_SHOWN:
        yield _INDENT + say("| and {count} more lines: see --json", count=len(lines) - _LINES_SHOWN)


def _short(value: object) -> str:
    return visible(json.dumps(value, ensure_ascii=False))[:120]
