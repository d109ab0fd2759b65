"""What each reason and each note says to a person, in one plain sentence."""

from __future__ import annotations

from collections.abc import Callable

from detente import words
from detente.tracks.reasons import Note, Reason, Tally

__all__ = ["note_meaning", "reason_meaning", "tally_lines"]

say = words.speaker("tracks")

_REASONS: dict[Reason, Callable[[], str]] = {
    Reason.UNREADABLE: lambda: say("not a record of the format"),
    Reason.BAD_CHECKSUM: lambda: say("the checksum does not fit"),
    Reason.INCOMPLETE: lambda: say("a part of a message without its other parts"),
    Reason.NO_POSITION: lambda: say("a valid record that carries no position"),
    Reason.NOT_A_MOVER: lambda: say("a station, a mark or a ground vehicle, not a ship or aircraft"),
    Reason.NO_TIME: lambda: say("no time, and no --start to count from"),
    Reason.NO_IDENTITY: lambda: say("no identity"),
    Reason.NOT_AVAILABLE: lambda: say("the position says of itself that it is not available"),
    Reason.OUT_OF_RANGE: lambda: say("a position or time that cannot be"),
    Reason.DUPLICATE: lambda: say("the same mover at the same time once more"),
    Reason.STALE: lambda: say("the position repeats although the mover moved, or its own time stood still"),
    Reason.TELEPORT: lambda: say("a jump there and back that nothing of its kind can make"),
    Reason.CLOCK_OFF: lambda: say("its time is far from the receiver's clock"),
    Reason.OLD: lambda: say("older than what is known already"),
    Reason.OVERLOAD: lambda: say("came faster than it could be used"),
    Reason.EXPIRED: lambda: say("its sender said until when it holds, and that is over"),
    Reason.ECHO: lambda: say("what a watch sent itself, given back by a server"),
}

_NOTES: dict[Note, Callable[[], str]] = {
    Note.NO_ZONE: lambda: say("times without a zone were read as UTC"),
    Note.OUT_OF_ORDER: lambda: say("rows that came after a later one; they were put in order"),
    Note.MIXED_UNITS: lambda: say("seconds and milliseconds stood side by side; both were understood"),
    Note.SHARED_IDENTITY: lambda: say(
        "out of reach of the mover's other positions; kept as a mover of its own (~2)"
    ),
    Note.SWAPPED: lambda: say("latitude and longitude look exchanged; nothing was changed"),
    Note.NO_ALTITUDE: lambda: say("aircraft without an altitude"),
    Note.UNIT_UNKNOWN: lambda: say("a speed, height or rate left out because its column names no unit"),
    Note.AMBIGUOUS_TIME: lambda: say("a local time that the change of clocks gives twice or never"),
    Note.CUT_SHORT: lambda: say("packed files that end in the middle; what could be unpacked was used"),
}


def reason_meaning(reason: Reason) -> str:
    """Return why a row was rejected, in one sentence."""
    return _REASONS[reason]()


def note_meaning(note: Note) -> str:
    """Return what was noticed, in one sentence."""
    return _NOTES[note]()


def tally_lines(tally: Tally) -> list[str]:
    """Return the counts as lines of text: rows read, rows kept, one line a reason and a note."""
    lines = [say("rows read: {rows}, kept: {kept}", rows=words.number(tally.rows), kept=words.number(tally.kept))]
    lines += [
        say(
            "  rejected, {rows}: {meaning}",
            rows=words.number(tally.rejected[reason]),
            meaning=reason_meaning(reason),
        )
        for reason in Reason
        if tally.rejected[reason]
    ]
    lines += [
        say("  noted, {rows}: {meaning}", rows=words.number(tally.notes[note]), meaning=note_meaning(note))
        for note in Note
        if tally.notes[note]
    ]
    return lines
