"""The verb ``contacts``: lists and notices in, the story of a channel out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from detente import __version__, words
from detente.door import terminal
from detente.door.files import writing
from detente.notices.filed import Filed
from detente.rules.contact_lists import Lists, read_list
from detente.rules.contacts import Readouts, Row, Since, Story, is_office, offices_named, story
from detente.rules.contacts_wording import kind_words, seats_words, since_words, suspended_words
from detente.rules.errors import ListMistake, RequestMistake
from detente.rules.files import standing_now
from detente.rules.happenings import Happening, happenings_of
from detente.rules.shelf import read_bounded

__all__ = ["add_options", "describe", "examples", "read_lists", "read_text", "show_contacts"]

say = words.speaker("rules")

LIST_MAX = 1 << 25
"""Bytes of a list."""


def describe() -> str:
    """Return the paragraph of ``--help``."""
    return say(
        "The history of a channel: meetings, calls, suspensions and what followed, how long since the last\n"
        "contact of each kind between two offices, and the readouts of both sides beside each other. Reads\n"
        "notices (contacts, readouts, incidents) and lists in CSV (contacts, who held which office,\n"
        "incidents). What is not on record is said to be not on record."
    )


def examples() -> str:
    """Return lines that a reader can paste."""
    return (
        "  detente contacts contacts.csv offices.csv incidents.csv\n"
        '  detente contacts contacts.csv offices.csv --between SACEUR "Chief of the General Staff"\n'
        "  detente contacts baku-record.toml readout-west.toml readout-east.toml --report baku.html"
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which contacts and where they go."""
    parser.add_argument(
        "--between",
        nargs=2,
        metavar=("OFFICE", "OFFICE"),
        help=say("only contacts of these two offices, by title or usual short name (SACEUR)"),
    )
    parser.add_argument("--report", metavar="FILE.html", type=Path, help=say("write the story as a page"))


def show_contacts(filed: list[Filed], lists: Lists, arguments: argparse.Namespace) -> int:
    """Tell the story of a record's notices and of lists, as the arguments ask; returns the exit code."""
    standing, _ = standing_now(filed)
    happenings = [*happenings_of(standing), *lists.resolved()]
    between = tuple(arguments.between) if arguments.between else None
    if between is not None:
        _check_offices(happenings, between)
    told = story(happenings, between=between)
    if arguments.report is not None:
        from detente.rules.contacts_page import contacts_page  # noqa: PLC0415 - only this option pays for it

        with writing(arguments.report) as temporary:
            temporary.write_text(contacts_page(told), encoding="utf-8")
        terminal.note(say("written: {file}", file=terminal.visible(str(arguments.report))))
    if arguments.json:
        terminal.result_json(document(told))
    else:
        _show(told)
    return 0


def read_lists(names: list[str]) -> Lists:
    """Return the rows of some lists together; raises ListMistake, naming file and row, and OSError."""
    found = Lists()
    for name in names:
        found = found.with_more(read_list(read_text(name), where=name))
    return found


def read_text(name: str) -> str:
    """Return a list's text; raises ListMistake for one that is too large or not UTF-8, and OSError."""
    content = read_bounded(Path(name), LIST_MAX)
    if len(content) > LIST_MAX:
        raise ListMistake(
            expected=say("at most {count} bytes", count=LIST_MAX),
            came=say("more"),
            where=name,
            remedy=say("cut the list"),
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ListMistake(
            expected=say("text in UTF-8"),
            came=say("another byte at {place}", place=fault.start),
            where=name,
            remedy=say("save the list as UTF-8"),
        ) from None


def _check_offices(happenings: list[Happening], between: tuple[str, ...]) -> None:
    known = offices_named(happenings)
    for asked in between:
        if not any(is_office(office, asked) for office in known):
            raise RequestMistake(
                expected=say("an office on record: {offices}", offices="; ".join(known) or "-"),
                came=repr(asked[:80]),
                where="--between",
                remedy=say("write its title as the record does, or give a list of offices"),
            )


def document(told: Story) -> dict[str, Any]:
    """Return the story as plain data."""
    return {
        "detente": __version__,
        "timeline": [_row_document(row) for row in told.rows],
        "suspensions": [
            {
                "at": one.suspension.at.text,
                "ref": one.suspension.ref,
                "words": suspended_words(one),
                "first_contact": one.first_contact.ref if one.first_contact else None,
                "first_line": one.first_line.ref if one.first_line else None,
                "contacts_in_the_year_after": one.contacts_during_a_year,
            }
            for one in told.suspensions
        ],
        "readouts": [_readouts_document(one) for one in told.readouts],
        "people_without_office": list(told.unknown_people),
    }


def _row_document(row: Row) -> dict[str, Any]:
    one = row.happening
    return {
        "ref": one.ref,
        "at": one.at.text,
        "precision": one.at.precision,
        "approximate": one.is_approximate,
        "kind": one.kind,
        "seats": [{"office": seat.office, "person": seat.person, "side": seat.side} for seat in one.seats],
        "who": one.who,
        "place": one.place,
        "summary": one.summary,
        "agreed": list(one.agreed),
        "topics": list(one.topics),
        "source": one.source,
        "since_same_kind": [_since_document(since, one) for since in row.since_same_kind],
        "since_any": [_since_document(since, one) for since in row.since_any],
    }


def _since_document(since: Since, one: Happening) -> dict[str, Any]:
    return {
        "offices": [since.pair.first, since.pair.second],
        "last": since.last.ref if since.last else None,
        "last_at": since.last.at.text if since.last else None,
        "days_least": since.days_least,
        "days_most": since.days_most,
        "words": since_words(since, one),
    }


def _readouts_document(one: Readouts) -> dict[str, Any]:
    return {
        "contact": one.contact.ref if one.contact else None,
        "statements": [
            {
                "ref": statement.ref,
                "author": statement.author,
                "at": statement.at.text,
                "text": statement.summary,
                "topics": list(statement.topics),
                "agreed": list(statement.agreed),
            }
            for statement in one.statements
        ],
        "shared_topics": list(one.shared_topics),
        "only_one": [{"ref": ref, "topics": list(topics)} for ref, topics in one.only_one],
    }


def _show(told: Story) -> None:
    rows = []
    for row in told.rows:
        one = row.happening
        first = [since for since in row.since_same_kind if since.last is None or (since.days_most or 0) > 0]
        rows.append(
            (
                ("~" if one.is_approximate else "") + one.at.text,
                kind_words(one.kind),
                seats_words(one),
                one.place,
                one.summary,
                "; ".join(since_words(since, one) for since in first),
                one.source,
            )
        )
    if rows:
        head = (
            say("date"),
            say("kind"),
            say("who took part"),
            say("place"),
            say("subject"),
            say("how long since"),
            say("source"),
        )
        terminal.table(head, rows)
    else:
        terminal.note(say("nothing on record"))
    for suspended in told.suspensions:
        terminal.note(suspended_words(suspended))
    for beside in told.readouts:
        _show_readouts(beside)
    if any(row.happening.is_approximate for row in told.rows):
        terminal.note(say("~ the source itself is not sure of the date"))
    if told.unknown_people:
        terminal.note(
            say("no office is on record for: {people}", people=terminal.visible("; ".join(told.unknown_people)))
        )


def _show_readouts(one: Readouts) -> None:
    terminal.note("")
    terminal.table(
        (say("readout of"), say("statement"), say("topics"), say("agreed")),
        [
            (statement.author, statement.summary, "; ".join(statement.topics), "; ".join(statement.agreed))
            for statement in one.statements
        ],
    )
    names = {statement.ref: statement.author for statement in one.statements}
    for ref, topics in one.only_one:
        terminal.note(
            say(
                "only {side} mentions: {topics}",
                side=terminal.visible(names[ref]),
                topics=terminal.visible("; ".join(topics)),
            )
        )
