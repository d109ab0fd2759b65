"""Lists of contacts, of who held which office, and of incidents, as people keep them: CSV.

contacts: date, precision, type, participants, subject, source
offices: person, office, side, from, to, precision, source
incidents: date, date_precision, area, lat, lon, unit_a, state_a, unit_b, state_b, type, ... (more columns are kept out)

A date's ``precision`` says how much of it is meant (year, month, day); anything else in it ("approx", "[memory]")
marks the row as approximate. People are found by surname among the holders of offices at that time; nobody is
guessed: who is not listed keeps the words of the source and has no office.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from detente import words
from detente.notices.errors import MomentMistake
from detente.notices.moments import Stated, stated
from detente.rules.errors import ListMistake
from detente.rules.happenings import Happening, Kind, Seat

__all__ = ["ROWS_MAX", "Holder", "Lists", "read_list"]

say = words.speaker("rules")

ROWS_MAX = 100_000
_FIELD_MAX = 20_000
_HEAD = ("date", "precision", "type", "participants", "subject", "source")
_CONTACTS = set(_HEAD)
_OFFICES = {"person", "office", "side", "from", "to"}
_INCIDENTS = {"date", "date_precision", "area", "type", "unit_a", "unit_b"}
_KINDS: dict[str, Kind] = {
    "meeting": "meeting",
    "phone": "telephone",
    "telephone": "telephone",
    "video": "video",
    "letter": "letter",
    "nrc": "council",
    "council": "council",
    "nrc briefing": "briefing",
    "briefing": "briefing",
    "suspension": "suspension",
    "line opened": "line_opened",
    "agreement": "agreement",
    "statement": "statement",
}
_PRECISE = re.compile(r"(year|month|day)(?: \([0-9-]+\))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who held an office from when to when; an open end means still, an unknown begin means for ever before."""

    person: str
    office: str
    side: str
    since: Stated | None
    until: Stated | None

    def held_at(self, moment: Stated) -> bool:
        """Tell whether any of the moment's span lies in the term."""
        after = self.since is None or moment.latest > self.since.earliest
        return after and (self.until is None or moment.earliest < self.until.latest)


@dataclass(frozen=True, slots=True)
class Lists:
    """The rows of some lists: what happened (its people still as written), and who held which office."""

    happenings: tuple[Happening, ...] = ()
    holders: tuple[Holder, ...] = ()

    def resolved(self) -> list[Happening]:
        """Return what happened, each person with the office held then."""
        return [_with_seats(one, self.holders) for one in self.happenings]

    def with_more(self, other: Lists) -> Lists:
        """Return both together."""
        return Lists(self.happenings + other.happenings, self.holders + other.holders)


def read_list(text: str, *, where: str) -> Lists:
    """Return the rows of one list; its head tells which it is. Raises ListMistake, naming file and row."""
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    try:
        head = {(name or "").strip().lower() for name in reader.fieldnames or ()}
        rows = [
            {(key or "").strip().lower(): value for key, value in row.items()} for row in _limited(reader, where)
        ]
    except csv.Error as fault:
        raise ListMistake(
            expected=say("a CSV with a line of column names"),
            came=say("malformed in line {line} ({words})", line=reader.reader.line_num, words=str(fault)[:120]),
            where=where,
            remedy=say("write one line a row, with commas between and quotes around text with commas"),
        ) from None
    numbered = [(_checked(row, where, number), number) for number, row in enumerate(rows, start=2)]
    if head >= _OFFICES:
        return Lists(holders=tuple(_holder(row, f"{where}:{number}") for row, number in numbered))
    if head >= _INCIDENTS:
        return Lists(happenings=tuple(_incident(row, f"{where}:{number}") for row, number in numbered))
    if head >= _CONTACTS:
        return Lists(happenings=tuple(_contact(row, f"{where}:{number}") for row, number in numbered))
    raise ListMistake(
        expected=say("a list of contacts, of offices or of incidents"),
        came=say("columns {columns}", columns=", ".join(sorted(head))[:200] or "-"),
        where=where,
        remedy=say("a list of contacts has the columns {columns}", columns=", ".join(_HEAD)),
    )  # fmt: skip


def _limited(reader: Iterable[dict[str, str]], where: str) -> Iterable[dict[str, str]]:
    for number, row in enumerate(reader):
        if number >= ROWS_MAX:
            raise ListMistake(
                expected=say("at most {count} rows", count=ROWS_MAX), came=say("more"), where=where,
                remedy=say("cut the list"),
            )  # fmt: skip
        yield row


def _checked(row: Mapping[str, str | list[str] | None], where: str, number: int) -> dict[str, str]:
    """Return a row as text; raises ListMistake for one with too many fields, too few, or too long ones."""
    fields = {key: value for key, value in row.items() if key}
    if "" in row or any(not isinstance(value, str) or len(value) > _FIELD_MAX for value in fields.values()):
        raise ListMistake(
            expected=say("as many fields as columns, each at most {count} characters", count=_FIELD_MAX),
            came=say("another number of fields, or a longer one"),
            where=f"{where}:{number}",
            remedy=say("put text that holds commas between quotes"),
        )
    return {key: str(value).strip() for key, value in fields.items()}


def _moment(date: str, precision: str, where: str) -> tuple[Stated, bool]:
    """Return a date cut to its precision, and whether the source doubts it."""
    match = _PRECISE.match(precision.strip().lower())
    length = {"year": 4, "month": 7, "day": 10}[match.group(1)] if match else 10
    exact = bool(match and match.group(0) == precision.strip().lower())
    try:
        return stated(date[:length]), not exact
    except MomentMistake as mistake:
        raise ListMistake(
            expected=mistake.expected, came=mistake.came, where=where, remedy=mistake.remedy
        ) from None


def _contact(row: dict[str, str], where: str) -> Happening:
    kind = _KINDS.get(row["type"].lower())
    if kind is None:
        raise ListMistake(
            expected=say("one of {kinds}", kinds=", ".join(_KINDS)), came=repr(row["type"][:64]), where=where,
            remedy=say("correct the type"),
        )  # fmt: skip
    at, doubted = _moment(row["date"], row["precision"], where)
    people, place = _people(row["participants"], kind)
    return Happening(
        ref=where,
        at=at,
        kind=kind,
        seats=tuple(Seat(person=person) for person in people),
        who=row["participants"],
        place=place,
        summary=row["subject"],
        joins=where,
        source=row["source"],
        is_approximate=doubted,
    )


def _people(participants: str, kind: Kind) -> tuple[list[str], str]:
    """Return those who take part, as written, and the place that may stand after the last of them."""
    if kind not in {"meeting", "telephone", "video", "letter"}:
        return ([participants] if participants else []), ""
    people = [one.strip() for one in participants.split(" - ")]
    last, _, place = people[-1].partition(",")
    return [*people[:-1], last.strip()], place.strip()


def _holder(row: dict[str, str], where: str) -> Holder:
    try:
        since = stated(row["from"]) if row["from"] else None
        until = stated(row["to"]) if row["to"] else None
    except MomentMistake as mistake:
        raise ListMistake(
            expected=mistake.expected, came=mistake.came, where=where, remedy=mistake.remedy
        ) from None
    if not row["person"] or not row["office"]:
        raise ListMistake(
            expected=say("a person and an office"), came=say("a blank field"), where=where,
            remedy=say("fill it in, or leave the row out"),
        )  # fmt: skip
    return Holder(person=row["person"], office=row["office"], side=row["side"], since=since, until=until)


def _incident(row: dict[str, str], where: str) -> Happening:
    at, doubted = _moment(row["date"], row["date_precision"], where)
    units = [f"{row[f'unit_{one}']} ({row.get(f'state_{one}', '')})" for one in "ab" if row[f"unit_{one}"]]
    judged = " · ".join(part for part in (row.get("official_judgement", ""), row.get("dispute", "")) if part)
    return Happening(
        ref=where,
        at=at,
        kind="incident",
        who=" - ".join(units),
        place=row["area"],
        summary=": ".join(part for part in (row["type"], judged) if part),
        joins=where,
        source=row.get("source", ""),
        is_approximate=doubted,
    )


def _with_seats(one: Happening, holders: tuple[Holder, ...]) -> Happening:
    seats = tuple(_seat(seat, one.at, holders) for seat in one.seats)
    return replace(one, seats=seats)


def _seat(seat: Seat, at: Stated, holders: tuple[Holder, ...]) -> Seat:
    """Return the seat with the office that its person held at that time, when exactly one is listed."""
    if seat.office:
        return seat
    written = set(re.findall(r"\w+", seat.person.casefold()))
    fits = [one for one in holders if _surname(one.person) in written and one.held_at(at)]
    named = {(one.office, one.person, one.side) for one in fits}
    if len(named) != 1:
        return seat
    office, person, side = named.pop()
    return Seat(office=office, person=person, side=side)


def _surname(person: str) -> str:
    parts = re.findall(r"\w+", person.casefold())
    return parts[-1] if parts else ""
