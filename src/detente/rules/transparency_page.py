"""Transparency figures as a page: lead times as a distribution by authority, shares with their intervals, tables."""

from __future__ import annotations

from detente import words
from detente.notices.terms import kind_name
from detente.rules.area_times import AreaTime
from detente.rules.figures import Figures, Lead, Told
from detente.rules.page import escape, heading, page, table
from detente.rules.transparency_document import (
    Availability,
    at_most_words,
    figure_rows,
    share_words,
    told_outcome_words,
)
from detente.rules.wording import clause_words

__all__ = ["transparency_page"]

say = words.speaker("rules")

_HOURS = (0, 1, 3, 6, 12, 24, 48, 72, 120, 168, 336, 672, 1008, 2016)
"""Borders of the histogram: an hour to twelve weeks, closer where the norms lie."""
_DAYS_FROM_H = 72
"""Hours above which a border is said in days."""


def transparency_page(
    figures: Figures, areas: tuple[AreaTime, ...], availability: tuple[Availability, ...]
) -> str:
    """Return the page."""
    parts = []
    shares = [*figures.told, *figures.answers]
    if shares:
        parts += [heading(say("Told in time")), _shares(shares)]
    if figures.leads:
        parts.append(heading(say("Lead time")))
        note = say("From telling to start. Red: under the norm that is asked of it, signed or not.")
        parts.append(f'<p class="quiet">{escape(note)}</p>')
        parts += [_histogram(lead) for lead in figures.leads if lead.hours]
    parts.append(heading(say("Every figure")))
    head = (say("figure"), say("of"), say("value"), say("remark"))
    parts.append(table(head, figure_rows(figures, areas, availability)))
    parts.append(heading(say("Entries behind the shares")))
    rows = [
        (
            clause_words(one.agreement, one.paragraph, one.title),
            told_outcome_words(outcome),
            ", ".join(refs),
            one.sha256[:16],
        )
        for one in shares
        for outcome, refs in one.refs.items()
    ]
    parts.append(table((say("clause"), say("outcome"), say("entries"), say("file of the agreement")), rows))
    lead = say.many(
        "{count} notice. Every share stands with its exact interval of 95 % and the entries that it counts: either"
        " side can compute it again. What cannot be decided is in no share.",
        "{count} notices. Every share stands with its exact interval of 95 % and the entries that it counts: either"
        " side can compute it again. What cannot be decided is in no share.",
        count=figures.notices,
    )
    return page(say("Transparency"), lead=escape(lead), parts=parts)


def _shares(shares: list[Told]) -> str:
    """Return a bar with its interval for each share; without a decided one a track alone."""
    drawn = []
    for one in shares:
        name = clause_words(one.agreement, one.paragraph, one.title)
        low, high = 100.0 * one.share_low, 100.0 * one.share_high
        bar = (
            f'<span class="part" style="width: {100.0 * one.met / one.decided:.1f}%"></span>'
            f'<span class="within" style="left: {low:.1f}%; width: {high - low:.1f}%"></span>'
            if one.decided
            else ""
        )
        said = share_words(one.met, one.decided, one.share_low, one.share_high)
        most = at_most_words(one)
        under = f'<br><small class="quiet">{escape(most)}</small>' if most else ""
        drawn.append(
            f'<div class="share"><span>{escape(name)}{under}</span><span class="track" role="img"'
            f' aria-label="{escape(said)}">{bar}</span><span>{one.met} / {one.decided}</span></div>'
        )
    note = say("The bar is the share told in time, from 0 to 100 %; the bracket is its interval.")
    return f'<p class="quiet">{escape(note)}</p>\n' + "\n".join(drawn)


def _histogram(lead: Lead) -> str:
    """Return how many activities were told how long before, in steps that widen."""
    counts = [
        sum(low <= max(hours, 0.0) < high for hours in lead.hours)
        for low, high in zip(_HOURS, (*_HOURS[1:], float("inf")), strict=True)
    ]
    most = max(*counts, 1)
    title = f"{lead.authority}: {kind_name(lead.kind)} ({len(lead.hours)})"
    columns = []
    for border, count in zip(_HOURS, counts, strict=True):
        css = ' class="late"' if lead.norm_h is not None and border < lead.norm_h else ""
        value, unit = (border // 24, say("d")) if border > _DAYS_FROM_H else (border, say("h"))
        columns.append(
            f'<div{css}><div class="room"><span>{count or ""}</span>'
            f'<span style="height: {80.0 * count / most:.1f}%"></span></div>'
            f'<span class="quiet"><b>{value}</b>{escape(unit)}</span></div>'
        )
    return f'<h3>{escape(title)}</h3>\n<div class="bars">' + "".join(columns) + "</div>"
