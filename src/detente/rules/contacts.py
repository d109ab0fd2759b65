"""The story of a channel: its contacts in order, how long since the last of each kind, suspensions, readouts.

Pure: happenings in, a story out. "First since" is said of what is on record here and of nothing else: where no
earlier contact of two offices is listed, the story says that none is on record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from detente.rules.happenings import CONTACTS, Happening

__all__ = ["Pair", "Readouts", "Row", "Since", "Story", "Suspended", "is_office", "offices_named", "story"]

ALIASES: dict[str, str] = {
    "saceur": "Supreme Allied Commander Europe",
    "cjcs": "Chairman of the Joint Chiefs of Staff",
    "cmc": "Chairman of the NATO Military Committee",
    "cgs": "Chief of the General Staff",
}
"""Usual short names of offices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two offices, in alphabetical order."""

    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """How long two offices had not met, or not been in contact, before one contact.

    last: the contact before, None when none is on record. days_least, days_most: between both, bounded by how
    precisely both are dated; None without one.
    """

    pair: Pair
    last: Happening | None
    days_least: int | None = None
    days_most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One happening, and for a contact how long since the last of its kind and of any kind, for each two offices."""

    happening: Happening
    since_same_kind: tuple[Since, ...] = ()
    since_any: tuple[Since, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """A suspension, and the first contact and the first opened line after it; None when none is on record."""

    suspension: Happening
    first_contact: Happening | None
    first_line: Happening | None
    contacts_during_a_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readouts:
    """The statements of one contact beside each other; only_one: topics that a single side mentions, by its ref."""

    contact: Happening | None
    statements: tuple[Happening, ...]
    shared_topics: tuple[str, ...]
    only_one: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All of it, in order of time."""

    rows: tuple[Row, ...]
    suspensions: tuple[Suspended, ...]
    readouts: tuple[Readouts, ...]
    unknown_people: tuple[str, ...]


def story(happenings: Iterable[Happening], *, between: tuple[str, str] | None = None) -> Story:
    """Return the story of the happenings, of the contacts between two offices only when they are given.

    Suspensions, agreements and opened lines stay in it either way: they say what a contact meant.
    """
    ordered = sorted(happenings, key=lambda one: (one.at.earliest, one.at.latest, one.ref))
    told = [one for one in ordered if _is_wanted(one, between)]
    contacts = [one for one in told if one.kind in CONTACTS]
    # what followed a suspension is said of all contacts, whoever is asked about
    anybody = [one for one in ordered if one.kind in CONTACTS]
    return Story(
        rows=tuple(_row(one, contacts, between) for one in told if one.kind != "readout"),
        suspensions=tuple(_suspended(one, ordered, anybody) for one in ordered if one.kind == "suspension"),
        readouts=_readouts(told),
        unknown_people=tuple(
            sorted(
                {
                    seat.person
                    for one in contacts
                    for seat in one.seats
                    if not seat.office and one.kind not in {"council", "briefing"}
                }
            )
        ),
    )


def offices_named(happenings: Iterable[Happening]) -> list[str]:
    """Return every office on record, in alphabetical order."""
    return sorted({office for one in happenings for office in one.offices})


def is_office(office: str, asked: str) -> bool:
    """Tell whether an office is the one asked for, by its title or its usual short name."""
    return office.casefold() == ALIASES.get(asked.casefold(), asked).casefold()


def _is_wanted(one: Happening, between: tuple[str, str] | None) -> bool:
    if between is None or one.kind in {"suspension", "line_opened", "agreement", "statement"}:
        return True
    return all(any(is_office(office, asked) for office in one.offices) for asked in between)


def _row(one: Happening, contacts: list[Happening], between: tuple[str, str] | None) -> Row:
    if one.kind not in CONTACTS:
        return Row(happening=one)
    before = [other for other in contacts if other is not one and other.at.latest <= one.at.earliest]
    pairs = [Pair(first=a, second=b) for a, b in combinations(sorted(set(one.offices)), 2)]
    if between is not None:
        pairs = [pair for pair in pairs if _is_asked(pair, between)]
    alike = [other for other in before if other.kind == one.kind]
    return Row(
        happening=one,
        since_same_kind=tuple(_since(pair, one, alike) for pair in pairs),
        since_any=tuple(_since(pair, one, before) for pair in pairs),
    )


def _is_asked(pair: Pair, between: tuple[str, str]) -> bool:
    return any(is_office(pair.first, a) and is_office(pair.second, b) for a, b in (between, between[::-1]))


def _since(pair: Pair, one: Happening, before: list[Happening]) -> Since:
    met = [other for other in before if pair.first in other.offices and pair.second in other.offices]
    if not met:
        return Since(pair=pair, last=None)
    last = max(met, key=lambda other: (other.at.earliest, other.at.latest))
    day = timedelta(days=1)
    return Since(
        pair=pair,
        last=last,
        days_least=max((one.at.earliest - last.at.latest + day) // day, 0),
        days_most=(one.at.latest - last.at.earliest - day) // day,
    )


def _suspended(one: Happening, ordered: list[Happening], contacts: list[Happening]) -> Suspended:
    after = [other for other in contacts if other.at.earliest >= one.at.latest]
    lines = [other for other in ordered if other.kind == "line_opened" and other.at.earliest >= one.at.latest]
    year = one.at.latest + timedelta(days=365)
    return Suspended(
        suspension=one,
        first_contact=after[0] if after else None,
        first_line=lines[0] if lines else None,
        contacts_during_a_year=sum(other.at.earliest < year for other in after),
    )


def _readouts(told: list[Happening]) -> tuple[Readouts, ...]:
    groups: dict[str, list[Happening]] = {}
    for one in told:
        if one.kind == "readout":
            groups.setdefault(one.joins, []).append(one)
    contacts = {key: one for one in told if one.kind in CONTACTS for key in (one.joins, one.ref)}
    return tuple(_beside(contacts.get(key), statements) for key, statements in groups.items())


def _beside(contact: Happening | None, statements: list[Happening]) -> Readouts:
    mentioned = [{topic.casefold().strip(): topic.strip() for topic in one.topics} for one in statements]
    everywhere = set.intersection(*(set(one) for one in mentioned))
    only = []
    for place, (one, topics) in enumerate(zip(statements, mentioned, strict=True)):
        others = set().union(*(set(other) for index, other in enumerate(mentioned) if index != place))
        alone = tuple(topics[key] for key in topics if key not in others)
        if alone and len(statements) > 1:
            only.append((one.ref, alone))
    return Readouts(
        contact=contact,
        statements=tuple(statements),
        shared_topics=tuple(mentioned[0][key] for key in mentioned[0] if key in everywhere),
        only_one=tuple(only),
    )
