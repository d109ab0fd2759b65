"""When something was said, without a referee: an interval, each bound with whose clock it is.

A statement was made after the statements under the heads that it names, and before the first cosignature over it.
No clock is trusted: a deadline counts as met only by the clock of the addressee or of a neutral party, as late
only by the author's own or a neutral's, that is by the word of somebody who gains nothing by it. All else is
undecidable, and the interval is as wide as the line was cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from detente.line.checkpoint import Origin, cosigner_name
from detente.line.effects import View
from detente.line.envelope import Envelope, PayloadType
from detente.line.opening import Opening
from detente.line.statement import Statement

__all__ = ["Bound", "Interval", "Ruling", "Verdict", "interval_of", "rule"]


class Ruling(StrEnum):
    """What the record shows about a deadline."""

    MET = "met"
    LATE = "late"
    UNDECIDABLE = "undecidable"


@dataclass(frozen=True, slots=True, order=True)
class Bound:
    """One clock's word: milliseconds since 1970 UTC, whose clock, and by which act of that party's.

    by: "statement" (of the author itself), "previous" (the author's statement before), "head" (the last statement
    under a head that is named), "cosignature".
    """

    at_ms: int
    owner: str
    by: str


@dataclass(frozen=True, slots=True)
class Interval:
    """After each of these, before each of those; either may be empty."""

    after: tuple[Bound, ...]
    before: tuple[Bound, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ruling and the bounds that decide it; both sides' when they contradict each other."""

    ruling: Ruling
    by: tuple[Bound, ...]


def interval_of(view: View, opening: Opening, origin: Origin, seq: int) -> Interval | None:
    """Return the interval of one entry held here, or None when it is not held.

    opening: the one that the log stands on; its parties are the possible cosigners.
    """
    statement = _statement(view, origin, seq)
    if statement is None:
        return None
    after = [Bound(statement.clock_ms, origin.member, "statement")]
    previous = _statement(view, origin, seq - 1)
    if previous is not None:
        after.append(Bound(previous.clock_ms, origin.member, "previous"))
    for head in statement.heads:
        named = Origin(origin.line, origin.epoch, head.member, head.generation)
        last = _statement(view, named, head.size - 1)
        if last is not None and view.size(named) >= head.size:
            after.append(Bound(last.clock_ms, head.member, "head"))
    before = []
    for seat in opening.seats:
        for word in ("log", "held"):
            name = cosigner_name(origin.line, origin.epoch, seat.member, word)
            first = view.first_cosignature(origin, seq, name)
            if first is not None:
                # the second that a cosignature names had up to 999 ms to run: the bound is its end
                before.append(Bound(first[1].clock_s * 1000 + 999, seat.member, "cosignature"))
    return Interval(tuple(sorted(after)), tuple(sorted(before)))


def rule(
    interval: Interval, deadline_ms: int, *, author: str, addressee: str, neutrals: Iterable[str] = ()
) -> Verdict:
    """Return whether something was said by a deadline, and by whose clock that is decided.

    deadline_ms: milliseconds since 1970 UTC, as agreed. neutrals: parties that are neutral between the two.
    """
    neutral = frozenset(neutrals) - {author, addressee}
    met = [one for one in interval.before if one.owner in {addressee, *neutral} and one.at_ms <= deadline_ms]
    late = [one for one in interval.after if one.owner in {author, *neutral} and one.at_ms > deadline_ms]
    if met and not late:
        return Verdict(Ruling.MET, (min(met),))
    if late and not met:
        return Verdict(Ruling.LATE, (max(late),))
    return Verdict(Ruling.UNDECIDABLE, (min(met), max(late)) if met else ())


def _statement(view: View, origin: Origin, seq: int) -> Statement | None:
    leaf = view.entry(origin, seq) if seq >= 0 else None
    return None if leaf is None else Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)[0]
