"""The story of a channel as a page: a picture of the years, the rows, the readouts beside each other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from detente import words
from detente.rules.contacts import Readouts, Story
from detente.rules.contacts_wording import kind_words, seats_words, since_words, suspended_words
from detente.rules.happenings import CONTACTS, Happening
from detente.rules.page import escape, heading, page, table

__all__ = ["contacts_page"]

say = words.speaker("rules")

_LANE = 34


class _Frame(NamedTuple):
    """How wide a picture is, and where its years begin; above: lanes are named above their line, not beside it."""

    css: str
    width: int
    left: int
    above: bool


_FRAMES = (_Frame("broad", 1100, 170, above=False), _Frame("narrow", 380, 6, above=True))
"""One picture for a broad screen, one for a phone; a page shows the one that fits."""


def contacts_page(told: Story) -> str:
    """Return the page."""
    parts = []
    if told.rows:
        parts += [heading(say("The years")), *(_picture(told, frame) for frame in _FRAMES)]
    if told.suspensions:
        parts.append(heading(say("Suspensions and what followed")))
        parts += [f"<p>{escape(suspended_words(one))}</p>" for one in told.suspensions]
    if told.readouts:
        parts.append(heading(say("Readouts beside each other")))
        parts += [_beside(one) for one in told.readouts]
    parts += [heading(say("What is on record")), _rows(told)]
    lead = say(
        "Made from what is on record and from nothing else: first since says what is listed here. ~ marks a date that"
        " its own source is not sure of."
    )
    return page(say("Contacts"), lead=escape(lead), parts=parts)


def _rows(told: Story) -> str:
    head = (
        say("date"),
        say("kind"),
        say("who took part"),
        say("place"),
        say("subject"),
        say("how long since"),
        say("source"),
    )
    return table(
        head,
        [
            (
                ("~" if row.happening.is_approximate else "") + row.happening.at.text,
                kind_words(row.happening.kind),
                seats_words(row.happening),
                row.happening.place,
                row.happening.summary,
                "; ".join(since_words(since, row.happening) for since in row.since_same_kind),
                row.happening.source,
            )
            for row in told.rows
        ],
    )


def _lane(one: Happening) -> int:
    if one.kind in {"telephone", "video", "letter"}:
        return 1
    if one.kind in CONTACTS:
        return 0
    return 3 if one.kind == "incident" else 2


def _picture(told: Story, frame: _Frame) -> str:
    """Return lanes over the years: meetings, calls, papers, incidents; suspensions shaded until the next contact."""
    happened = [row.happening for row in told.rows]
    first = datetime(min(one.at.earliest for one in happened).year, 1, 1, tzinfo=UTC)
    last = datetime(max(one.at.latest for one in happened).year + 1, 1, 1, tzinfo=UTC)
    span = (last - first).total_seconds()

    def x(moment: datetime) -> float:
        return frame.left + (frame.width - frame.left - 10) * (moment - first).total_seconds() / span

    lanes = (say("meetings, councils"), say("calls, letters"), say("papers, suspensions"), say("incidents"))
    height = _LANE * len(lanes) + 30
    name = say("the years of a channel")
    drawn = [
        f'<svg class="{frame.css}" viewBox="0 0 {frame.width} {height}" role="img" aria-label="{escape(name)}">'
    ]
    for one in told.suspensions:
        until = one.first_contact.at.earliest if one.first_contact else last
        begin, end = x(one.suspension.at.earliest), x(until)
        drawn.append(
            f'<rect class="suspended" x="{begin:.1f}" y="0" width="{max(end - begin, 2):.1f}" height="{height - 22}"/>'
        )
    for number, name in enumerate(lanes):
        y = _middle(number, frame)
        drawn.append(f'<line class="rule" x1="{frame.left}" y1="{y}" x2="{frame.width - 10}" y2="{y}"/>')
        drawn.append(f'<text x="{frame.left if frame.above else 0}" y="{y - 9 if frame.above else y + 4}">')
        drawn[-1] += f"{escape(name)}</text>"
    step = max(-(-(last.year - first.year) * (100 if frame.above else 60) // frame.width), 1)
    for year in range(first.year, last.year, step):
        at = x(datetime(year, 1, 1, tzinfo=UTC))
        drawn.append(f'<line class="rule" x1="{at:.1f}" y1="0" x2="{at:.1f}" y2="{height - 22}"/>')
        drawn.append(f'<text class="quiet" x="{at + 3:.1f}" y="{height - 6}">{year}</text>')
    drawn += [_dot(one, x(one.at.earliest), x(one.at.latest), frame) for one in happened]
    return "\n".join([*drawn, "</svg>"])


def _middle(lane: int, frame: _Frame) -> float:
    return _LANE * lane + (_LANE - 9 if frame.above else _LANE / 2)


def _dot(one: Happening, begin: float, end: float, frame: _Frame) -> str:
    lane = _lane(one)
    y = _middle(lane, frame)
    css = ("contact", "contact", "paper", "incident")[lane]
    title = escape(f"{one.at.text} {kind_words(one.kind)}: {seats_words(one)}")
    wide = end - begin > 12
    shape = (
        f'<rect class="{css}" x="{begin:.1f}" y="{y - 3}" width="{end - begin:.1f}" height="6" rx="3" opacity=".55">'
        if wide
        else f'<circle class="{css}" cx="{(begin + end) / 2:.1f}" cy="{y}" r="{4 if frame.above else 5}">'
    )
    return f"{shape}<title>{title}</title></{'rect' if wide else 'circle'}>"


def _beside(one: Readouts) -> str:
    names = {statement.ref: statement.author for statement in one.statements}
    only = dict(one.only_one)
    cards = []
    only_here, topics_name, agreed_name = say("only here"), say("topics"), say("agreed")
    for statement in one.statements:
        alone = only.get(statement.ref, ())
        topics = "".join(
            f"<li><mark>{escape(topic)}</mark> ({escape(only_here)})</li>"
            if topic in alone
            else f"<li>{escape(topic)}</li>"
            for topic in statement.topics
        )
        agreed = "".join(f"<li>{escape(item)}</li>" for item in statement.agreed)
        cards.append(
            f'<div class="card"><h3>{escape(names[statement.ref])}</h3>'
            f'<p class="quiet">{escape(statement.at.text)} · {escape(seats_words(statement))}</p>'
            f"<p>{escape(statement.summary)}</p>"
            + (f"<p>{escape(topics_name)}</p><ul>{topics}</ul>" if topics else "")
            + (f"<p>{escape(agreed_name)}</p><ul>{agreed}</ul>" if agreed else "")
            + "</div>"
        )
    head = ""
    if one.contact is not None:
        place = f", {one.contact.place}" if one.contact.place else ""
        head = f"<p>{escape(f'{one.contact.at.text}: {kind_words(one.contact.kind)}{place}')}</p>"
    return f'{head}<div class="beside">{"".join(cards)}</div>'
