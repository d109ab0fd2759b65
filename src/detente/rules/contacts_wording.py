"""The story of a channel in words of the reader's language."""

from __future__ import annotations

from detente import words
from detente.rules.contacts import Since, Suspended
from detente.rules.happenings import Happening, Kind

__all__ = ["days_words", "kind_words", "seats_words", "since_words", "suspended_words"]

say = words.speaker("rules")


def kind_words(kind: Kind) -> str:
    """Return the name of a kind of happening."""
    return {
        "meeting": say("meeting"),
        "telephone": say("telephone call"),
        "video": say("video call"),
        "letter": say("letter"),
        "council": say("council"),
        "briefing": say("briefing in the council"),
        "request": say("contact asked for"),
        "arranged": say("contact agreed"),
        "suspension": say("suspension"),
        "line_opened": say("line opened"),
        "agreement": say("agreement signed"),
        "statement": say("statement"),
        "incident": say("incident"),
        "readout": say("readout"),
    }[kind]


def seats_words(one: Happening) -> str:
    """Return who took part: office (holder), or the source's words where no office is known."""
    if not any(seat.office for seat in one.seats):
        return one.who or ", ".join(seat.person for seat in one.seats)
    return " - ".join(
        f"{seat.office} ({seat.person})" if seat.office and seat.person else seat.office or seat.person
        for seat in one.seats
    )


def days_words(least: int | None, most: int | None) -> str:
    """Return a length in days, as a range where it is not known to the day."""
    if least is None or most is None:
        return ""
    if least == most:
        return say.many("{count} day", "{count} days", count=least)
    return say("{least} to {most} days", least=words.number(least), most=words.number(most))


def since_words(since: Since, one: Happening) -> str:
    """Return "first meeting of these offices since 2013 (1,569 to 1,933 days)", or that none is on record."""
    offices = f"{since.pair.first} - {since.pair.second}"
    if since.last is None:
        return say(
            "{offices}: no earlier {kind} of these offices is on record",
            offices=offices,
            kind=kind_words(one.kind),
        )
    return say(
        "{offices}: first {kind} of these offices since {when} ({days})",
        offices=offices,
        kind=kind_words(one.kind),
        when=since.last.at.text,
        days=days_words(since.days_least, since.days_most),
    )


def suspended_words(one: Suspended) -> str:
    """Return what followed a suspension."""
    followed = []
    if one.first_contact is not None:
        followed.append(
            say(
                "first contact after it: {when}, {kind} ({who})",
                when=one.first_contact.at.text,
                kind=kind_words(one.first_contact.kind),
                who=seats_words(one.first_contact),
            )
        )
        followed.append(
            say.many(
                "{count} contact in the year after it",
                "{count} contacts in the year after it",
                count=one.contacts_during_a_year,
            )
        )
    else:
        followed.append(say("no contact after it is on record"))
    if one.first_line is not None:
        followed.append(say("line opened after it: {when}", when=one.first_line.at.text))
    return say(
        "suspended {when} by {who}: {what}; {followed}",
        when=one.suspension.at.text,
        who=seats_words(one.suspension),
        what=one.suspension.summary,
        followed="; ".join(followed),
    )
