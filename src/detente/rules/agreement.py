"""What an agreement file holds, as frozen structs: its parties, its clauses, its procedures, its own test cases.

The structs are the one list of keys: a key that is not here is refused. ``loading`` makes them from TOML and
checks what types cannot say.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

__all__ = [
    "KINDS",
    "Agreement",
    "Allowance",
    "Beside",
    "Box",
    "Case",
    "Clause",
    "Condition",
    "Deadline",
    "Duty",
    "Expected",
    "Limit",
    "Parties",
    "Procedure",
    "Relief",
    "Step",
    "Suspension",
    "Text",
    "Texts",
    "Together",
    "Verified",
    "Zone",
]

KINDS = (
    "exercise",
    "calendar",
    "movement",
    "launch",
    "danger_area",
    "caution_area",
    "incident",
    "unusual_activity_request",
    "visit_request",
    "humanitarian_site",
    "humanitarian_movement",
    "annual_exchange",
)
"""Kinds of notice that a clause may be about."""

Verified = Literal["primary", "secondary", "unverified"]
"""How far a number was checked: in the instrument itself, in a text about it, or not at all."""
Duty = Literal["tell", "invite", "answer", "accept", "limit", "quota", "contact"]
Operator = Literal[">=", ">", "<=", "<", "=", "in", "not in"]


class _Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Text(_Data, frozen=True, kw_only=True):
    """One sentence in every language that détente speaks."""

    en: str
    ru: str


class Texts(_Data, frozen=True, kw_only=True):
    """A list of sentences in every language that détente speaks, equally long."""

    en: tuple[str, ...]
    ru: tuple[str, ...]


class Condition(_Data, frozen=True, kw_only=True):
    """A fact that must be so: ``{fact, op, value}``; ``in`` and ``not in`` take a list of words."""

    fact: str
    op: Operator = "="
    value: bool | int | str | tuple[str, ...] = True


class Limit(_Data, frozen=True, kw_only=True):
    """A threshold: ``{metric, op, value}``, with what else must be so for this one to count."""

    metric: str
    op: Literal[">=", ">", "<=", "<"]
    value: int
    needs: tuple[Condition, ...] = ()


class Deadline(_Data, frozen=True, kw_only=True):
    """By when, and from which clock it runs.

    before_start: ``value`` of ``unit`` before the activity starts; ``desirable`` asks for more without owing it.
    after_start, after_end: that long after it starts or ends.
    at_start: when it starts. in_advance: before it starts, the text gives no number.
    after_request: that long after the request reaches the one who is asked.
    calendar: the end of a day of the year (UTC) that lies ``years_before`` the activity's year.
    without_delay: the text gives no number, so nothing can be late by it.
    clock: whose clock the time runs from, in plain words' keys: activity, receipt, calendar.
    """

    kind: Literal[
        "before_start",
        "after_start",
        "after_end",
        "at_start",
        "in_advance",
        "after_request",
        "calendar",
        "without_delay",
    ]
    clock: Literal["activity", "receipt", "calendar", "none"]
    value: int | None = None
    unit: Literal["h", "d"] | None = None
    desirable: int | None = None
    month: int | None = None
    day: int | None = None
    years_before: int = 0


class Relief(_Data, frozen=True, kw_only=True):
    """What the article lets off when it is claimed: a fact that is not stated is not claimed."""

    when: tuple[Condition, ...]
    effect: Literal["not_owed", "deadline"]
    text: Text
    paragraph: str = ""
    deadline: Deadline | None = None


class Together(_Data, frozen=True, kw_only=True):
    """What the record adds up before the thresholds are asked: the sum of all that is under way at one time.

    of: the number that is summed, that of the thresholds. whose: of everybody whom the clause's conditions let in,
    parties or not, or of one state. during: from the start of each to its end, or only while it passes, at its start
    and again at its end where one is stated. hours: how long a passage may take at most; only for passages.
    """

    of: str
    whose: Literal["all", "state"]
    during: Literal["under_way", "passage"] = "under_way"
    hours: int = 0


class Allowance(_Data, frozen=True, kw_only=True):
    """How many must be taken in a year: one for every ``per`` of ``of`` that the one asked has reported, or part of it.

    counted: the fact that counts them. most: never more than that many.
    part: no more than one part-th of the year's number for the same state, and at least one; 0: no such rule.
    counted_of_one: the fact that counts those of the same state.
    """

    counted: str
    of: str
    per: int
    most: int
    part: int = 0
    counted_of_one: str = ""


class Clause(_Data, frozen=True, kw_only=True):
    """One duty: what sets it off, what is owed, by when, to whom, and how far all that was verified.

    combine: whether any or all of the thresholds must be crossed; without thresholds the trigger is enough.
    within_zone: whether the agreement's zone of application binds it.
    owed_by: the author of the notice, or the one whom the notice asks.
    to: all other parties, the author of the request, or those in ``named``.
    told_by: kinds of notice that tell it; empty means the plan's own notice does.
    shrinks: quotes why a bigger activity may owe less here; needed where a threshold has an upper end.
    together: the thresholds are asked of a sum over the record. allowance: it binds only while that many are not taken.
    quota: for duty ``quota``: at most ``count`` in ``years`` calendar years, or ``simultaneous``.
    """

    id: str
    title: Text
    paragraph: str
    duty: Duty
    kinds: tuple[str, ...]
    what: Text
    source: str
    verified: Verified
    to: Literal["parties", "asker", "named", "counted"]
    deadline: Deadline
    named: tuple[str, ...] = ()
    owed_by: Literal["author", "asked"] = "author"
    requires: tuple[Condition, ...] = ()
    combine: Literal["any", "all"] = "any"
    thresholds: tuple[Limit, ...] = ()
    together: Together | None = None
    allowance: Allowance | None = None
    within_zone: bool = True
    told_by: tuple[str, ...] = ()
    contents: Texts = Texts(en=(), ru=())
    exceptions: tuple[Relief, ...] = ()
    shrinks: str = ""
    count: int | None = None
    years: int = 1
    simultaneous: bool = False


class Box(_Data, frozen=True, kw_only=True):
    """West, south, east, north in whole degrees; west is never east of east."""

    west: int
    south: int
    east: int
    north: int


class Zone(_Data, frozen=True, kw_only=True):
    """Where an agreement applies: boxes surely inside, boxes that may be; what lies in none is outside."""

    text: Text
    inside: tuple[Box, ...]
    maybe: tuple[Box, ...] = ()


class Parties(_Data, frozen=True, kw_only=True):
    """States that joined on one day.

    at_latest: they were in on that day; since when is not known, so that before it nothing is said of them.
    """

    states: tuple[str, ...]
    since: date
    verified: Verified
    source: str
    until: date | None = None
    at_latest: bool = False


class Suspension(_Data, frozen=True, kw_only=True):
    """A party's own word that it does not carry out some clauses: shown, and nobody's judgement of it."""

    state: str
    since: date
    clauses: tuple[str, ...]
    verified: Verified
    source: str
    text: Text
    until: date | None = None


class Step(_Data, frozen=True, kw_only=True):
    """One arrow of a procedure: in a state, something comes, another state follows.

    due_clause: the clause by whose deadline one of ``answers`` is due once this step was taken.
    """

    state: str
    on: str
    to: str
    due_clause: str = ""
    answers: tuple[str, ...] = ()


class Procedure(_Data, frozen=True, kw_only=True):
    """A sequence of requests and answers: its states, its arrows, and what each state waits for."""

    id: str
    title: Text
    paragraph: str
    begin: str
    steps: tuple[Step, ...]
    final: tuple[str, ...]


class Expected(_Data, frozen=True, kw_only=True):
    """What a case of the file expects of one clause."""

    clause: str
    outcome: str
    due: str = ""
    told: str = ""
    missing: tuple[str, ...] = ()
    crossed: tuple[str, ...] = ()


class Beside(_Data, frozen=True, kw_only=True):
    """Another plan of the same kind that stands in a case's record beside the one that is judged."""

    state: str
    start: str
    end: str = ""
    facts: dict[str, bool | int | str] = {}


class Case(_Data, frozen=True, kw_only=True):
    """One plan in few words, what else the record holds, and what the agreement's clauses say about it."""

    name: str
    kind: str
    expect: tuple[Expected, ...]
    state: str = ""
    start: str = ""
    end: str = ""
    told: str = ""
    asked: tuple[str, ...] = ()
    requested: str = ""
    lat: float | None = None
    lon: float | None = None
    year: int | None = None
    facts: dict[str, bool | int | str] = {}
    beside: tuple[Beside, ...] = ()


class Agreement(_Data, frozen=True, kw_only=True):
    """An agreement between states, whole: what its file says and nothing else.

    binding: law, political (a promise that no court knows), recommended (asked of all, owed by none), voluntary.
    everyone: the text speaks to all states, whether they joined or not.
    complete: whether ``parties`` names all of them; else a state that is not named may or may not be one,
    but for the ``outsiders``.
    hub: states with which each of the other parties has such an agreement of its own; the others owe each other
    nothing under it. Empty: all owe all.
    since, until: from when to when it was in force; until is the first day on which it was not.
    """

    format: Literal["detente-agreement-1"]
    id: str
    title: Text
    binding: Literal["law", "political", "recommended", "voluntary"]
    since: date
    source: str
    verified: Verified
    clauses: tuple[Clause, ...]
    parties: tuple[Parties, ...] = ()
    outsiders: tuple[str, ...] = ()
    everyone: bool = False
    complete: bool = True
    hub: tuple[str, ...] = ()
    until: date | None = None
    note: Text | None = None
    zone: Zone | None = None
    suspensions: tuple[Suspension, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    cases: tuple[Case, ...] = ()
    sha256: str = ""
