"""What an alarm says on its way to a person: a subject, a few lines, and the same as plain values.

No content of a notice is in it unless the settings say so; texts of others are shown with their control characters
visible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from detente import words
from detente.door.terminal import visible
from detente.node.readable import moment
from detente.node.sentences import alarm_sentence, priority_word
from detente.store.alarms import KeptAlarm

__all__ = ["Message", "message_of", "test_message"]

say = words.speaker("node")


@dataclass(frozen=True, slots=True)
class Message:
    """One message. key: the same for every telling of one alarm; document: what a webhook gets."""

    key: str
    subject: str
    lines: tuple[str, ...]
    document: dict[str, Any]


def message_of(kept: KeptAlarm, member: str, home: str, person: str = "") -> Message:
    """Return the message about an alarm of this member's node; person: whom it asks as on duty, "" for none."""
    sentence = visible(alarm_sentence(kept.name, kept.member, kept.detail))
    lines = [sentence, ""]
    if kept.line.startswith("training-"):
        lines.insert(0, say("TRAINING: line {line} is an exercise; nothing on it is real", line=kept.line))
    if person:
        lines += [say("You are asked as {person}, on duty now.", person=visible(person))]
    if kept.line:
        lines += [say("Line: {line}", line=kept.line)]
    lines += [
        say("Since: {time}", time=moment(kept.raised_ms)),
        say.many("Raised once, last at {time}", "Raised {count} times, last at {time}", count=kept.count,
                 time=moment(kept.last_ms)),
        say("Acknowledge it: detente alarms ack {home} {id}", home=visible(home), id=kept.id),
    ]  # fmt: skip
    if kept.text:
        lines += ["", say("The notice says:"), *(visible(one) for one in kept.text.splitlines())]
    subject = f"détente {member}: {priority_word(kept.priority)}: {sentence}"
    document = {
        "format": "detente-alarm-1",
        "id": kept.id,
        "node": member,
        "line": kept.line,
        "training": kept.line.startswith("training-"),
        "name": kept.name,
        "member": kept.member,
        "priority": kept.priority,
        "detail": dict(sorted(kept.detail.items())),
        "sentence": sentence,
        "person": person,
        "raised_ms": kept.raised_ms,
        "last_ms": kept.last_ms,
        "count": kept.count,
        "told": kept.told,
        "asked": list(kept.asked),
        **({"text": kept.text} if kept.text else {}),
    }
    return Message(kept.id, " ".join(subject.split())[:200], tuple(lines), document)


def test_message(member: str, now_ms: int) -> Message:
    """Return a message that says of itself that it is a test."""
    sentence = say("TEST: this is a test of how alarms reach people; nothing happened")
    document = {
        "format": "detente-alarm-1",
        "id": "test",
        "node": member,
        "name": "test",
        "priority": "caution",
        "sentence": sentence,
        "raised_ms": now_ms,
    }
    return Message("test", f"détente {member}: {sentence}", (sentence, moment(now_ms)), document)
