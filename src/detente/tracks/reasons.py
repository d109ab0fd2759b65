"""Why a row was not kept, or what was noticed about it; and the tally in which it all adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from detente import words

__all__ = ["Note", "Reason", "Tally"]

say = words.speaker("tracks")


class Reason(StrEnum):
    """Why a row was rejected; every row read is kept or counted under exactly one of these."""

    UNREADABLE = "unreadable"  # bytes that are not a record of the format
    BAD_CHECKSUM = "bad_checksum"
    INCOMPLETE = "incomplete"  # a part of a multi-part message without its other parts, half a line
    NO_POSITION = "no_position"  # a valid record that carries no position (static data, ident, altitude only)
    NOT_A_MOVER = "not_a_mover"  # base station, aid to navigation, ground vehicle
    NO_TIME = "no_time"
    NO_IDENTITY = "no_identity"
    NOT_AVAILABLE = "not_available"  # the standard's own value for "not available" (lat 91, lon 181)
    OUT_OF_RANGE = "out_of_range"
    DUPLICATE = "duplicate"  # same mover, same time
    # the position repeats while the reported speed is above 1 kn, or the position's own time stood still
    STALE = "stale"
    TELEPORT = "teleport"
    # of live sources only
    CLOCK_OFF = "clock_off"  # its time is far from the receiver's clock, and the source never gave a nearer one
    OLD = "old"  # older than what is known already: of the mover, or long before what the source gave last
    OVERLOAD = "overload"  # came faster than it could be used
    EXPIRED = "expired"  # its sender said until when it holds, and that was over when it came
    ECHO = "echo"  # what a watch sent itself, given back by a server


class Note(StrEnum):
    """What was noticed without rejecting the row."""

    NO_ZONE = "no_zone"  # times without a zone were read as UTC
    OUT_OF_ORDER = "out_of_order"  # rows were sorted by time
    MIXED_UNITS = "mixed_units"  # seconds and milliseconds side by side
    SHARED_IDENTITY = "shared_identity"  # two movers under one id, kept apart as separate movers
    SWAPPED = "swapped"  # latitude and longitude look exchanged
    NO_ALTITUDE = "no_altitude"  # an aircraft's row without altitude
    UNIT_UNKNOWN = "unit_unknown"  # a speed, height or rate left out because its column names no unit
    AMBIGUOUS_TIME = "ambiguous_time"  # a local time that the change of clocks gives twice or never
    CUT_SHORT = "cut_short"  # packed input that ends in the middle: what could be unpacked was used


@dataclass(slots=True)
class Tally:
    """Rows read, kept and rejected by reason: ``kept + sum(rejected) == rows`` always, or ``check`` raises.

    Readers call ``read`` and ``reject``; the cleaning calls ``reject``; what leaves the last step is ``kept``.
    """

    rows: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    notes: Counter[Note] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    progress: Callable[[float], None] | None = None

    def read(self, rows: int) -> None:
        """Count rows (records, sentences, features) found in the input, before any is judged."""
        self.rows += rows

    def reject(self, reason: Reason, rows: int = 1) -> None:
        """Count rows rejected under a reason."""
        if rows:
            self.rejected[reason] += rows

    def note(self, note: Note, rows: int = 1) -> None:
        """Count rows about which something was noticed."""
        if rows:
            self.notes[note] += rows

    @property
    def kept(self) -> int:
        """Rows that no step rejected."""
        return self.rows - sum(self.rejected.values())

    def as_dict(self) -> dict[str, object]:
        """Return the counts for ``--json``: rows, kept, rejected and notes by name, formats."""
        return {
            "rows": self.rows,
            "kept": self.kept,
            "rejected": {reason.value: self.rejected[reason] for reason in Reason if self.rejected[reason]},
            "notes": {note.value: self.notes[note] for note in Note if self.notes[note]},
            "formats": dict(sorted(self.formats.items())),
        }
