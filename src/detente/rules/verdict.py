"""What is said about one plan and one clause: a verdict, with the numbers that decided it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from detente.rules.agreement import Agreement, Clause, Relief, Suspension
from detente.rules.facts import Telling
from detente.rules.spans import Span

__all__ = ["Crossing", "Judged", "Outcome", "Reason", "Told", "ToldOutcome", "Verdict"]


class Outcome(StrEnum):
    """What a clause says about a plan."""

    OWED = "owed"
    NORM = "norm"  # asked by the text, owed by nobody: it was not signed, not in force, or only recommended
    BEYOND = "beyond"  # a limit of the text is passed by a number; flagged, never called a breach
    COUNTED = "counted"  # it counts towards a quota
    NOT_OWED = "not_owed"
    UNDECIDABLE = "undecidable"


class Reason(StrEnum):
    """Why."""

    TRIGGERED = "triggered"
    OTHER_KIND = "other_kind"
    OUTSIDE_ZONE = "outside_zone"
    CONDITION = "condition"
    BELOW = "below"
    USED_UP = "used_up"
    RELIEVED = "relieved"
    MISSING = "missing"
    NOT_IN_FORCE = "not_in_force"
    NOT_A_PARTY = "not_a_party"
    NOBODY_ELSE = "nobody_else"
    RECOMMENDED = "recommended"


class ToldOutcome(StrEnum):
    """How what was owed compares with what was told."""

    MET = "met"
    LATE = "late"
    MISSING = "missing"  # nothing in the record tells it, and its time has passed
    OPEN = "open"  # nothing tells it yet, and its time has not passed
    UNDECIDABLE = "undecidable"
    NO_TIME = "no_time"  # told, and the text gives no time that it could be late by


class Crossing(msgspec.Struct, frozen=True, gc=False):
    """A number beside a threshold: crossed, or not."""

    metric: str
    op: str
    limit: int
    value: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was told against what was due.

    late_by_s: how late, in seconds, counted from the earliest of both moments; late_least_s and late_most_s
    bound it. lead_s: how long before the start, counted likewise; lead_least_s and lead_most_s bound it.
    short_of_desirable: met, but later than the text wishes. why: for an undecidable one: precision (the span
    straddles the deadline), author_clock, other_clock (only the author's own clock, or that of one who is neither
    addressed nor neutral, says that it was in time), addressee_clock_late, other_clock_late (only theirs says that
    it was late), no_clock, no_due.
    """

    outcome: ToldOutcome
    telling: Telling | None = None
    late_by_s: int | None = None
    late_least_s: int | None = None
    late_most_s: int | None = None
    lead_s: int | None = None
    lead_least_s: int | None = None
    lead_most_s: int | None = None
    why: str = ""
    short_of_desirable: bool = False


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one clause says about one plan.

    crossed: thresholds that the plan crosses. below: those that it does not. missing: facts whose absence
    leaves it open. failed: the condition that is not met. by: states that owe it. to: states or services that it
    is owed to. norm_to: states concerned that it is not owed to. reliefs: exceptions that were claimed and apply.
    together: other notices that are in the sum that crossed; together_more: how many beside those. suspensions: what
    those who owe it have said about not carrying it out. due: when, at the latest.
    """

    clause: Clause
    outcome: Outcome
    reason: Reason
    crossed: tuple[Crossing, ...] = ()
    below: tuple[Crossing, ...] = ()
    missing: tuple[str, ...] = ()
    failed: str = ""
    by: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    norm_to: tuple[str, ...] = ()
    reliefs: tuple[Relief, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    together: tuple[str, ...] = ()
    together_more: int = 0
    due: Span | None = None
    told: Told | None = None


class Judged(msgspec.Struct, frozen=True):
    """All verdicts of one agreement about one plan, in the order of its clauses."""

    agreement: Agreement
    verdicts: tuple[Verdict, ...]
