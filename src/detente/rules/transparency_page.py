"""Transparency figures as a page: lead times as a distribution by authority, shares with their intervals, tables."""

from __future__ import annotations

from detente import words
from detente.rules.area_times import AreaTime
from detente.rules.figures import Figures, Lead, Told
from detente.rules.page import escape, heading, page, table
from detente.rules.transparency_document import Availability, figure_rows

__all__ = ["transparency_page"]

say = words.speaker("rules")

_WIDTH, _LEFT = 1100, 260
_HOURS = (0, 1, 3, 6, 12, 24, 48, 72, 120, 168, 336, 672, 1008, 2016)
"""Borders of the histogram: an hour to twelve weeks, closer where the norms lie."""


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
        note = say("Hours between telling and start. Red: under the norm that is asked of it, signed or not.")
        parts.append(f'<p class="quiet">{escape(note)}</p>')
        parts += [_histogram(lead) for lead in figures.leads if lead.hours]
    parts.append(heading(say("Every figure")))
    head = (say("figure"), say("of"), say("value"), say("remark"))
    parts.append(table(head, figure_rows(figures, areas, availability)))
    parts.append(heading(say("Entries behind the shares")))
    rows = [
        (f"{one.agreement} {one.clause}", outcome, ", ".join(refs), one.sha256[:16])
        for one in shares
        for outcome, refs in one.refs.items()
    ]
    parts.append(table((say("clause"), say("outcome"), say("entries"), say("file of the agreement")), rows))
    lead = say(
        "{count} notices. Every share stands with its exact interval of 95 % and the entries that it counts: either"
        " side can compute it again. What cannot be decided is in no share.",
        count=figures.notices,
    )
    return page(say("Transparency"), lead=escape(lead), parts=parts)


def _shares(shares: list[Told]) -> str:
    """Return a bar with its interval for each share."""
    row, top = 26, 8
    height = top + row * len(shares) + 22
    scale = (_WIDTH - _LEFT - 120) / 100.0
    name = say("told in time")
    drawn = [f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(name)}">']
    for percent in (0, 25, 50, 75, 100):
        x = _LEFT + scale * percent
        drawn.append(f'<line class="rule" x1="{x}" y1="0" x2="{x}" y2="{height - 20}"/>')
        drawn.append(f'<text class="quiet" x="{x - 10}" y="{height - 4}">{percent} %</text>')
    for number, one in enumerate(shares):
        y = top + row * number
        drawn.append(f'<text x="0" y="{y + 14}">{escape(f"{one.agreement} {one.clause}"[:44])}</text>')
        if one.decided:
            share = 100.0 * one.met / one.decided
            low, high = 100.0 * one.share_low, 100.0 * one.share_high
            drawn.append(f'<rect class="bar" x="{_LEFT}" y="{y + 4}" width="{scale * share:.1f}" height="12"/>')
            drawn.append(
                f'<line class="norm" stroke-width="3" x1="{_LEFT + scale * low:.1f}" y1="{y + 10}"'
                f' x2="{_LEFT + scale * high:.1f}" y2="{y + 10}"/>'
            )
        drawn.append(f'<text x="{_WIDTH - 110}" y="{y + 14}">{one.met} / {one.decided}</text>')
    return "\n".join([*drawn, "</svg>"])


def _histogram(lead: Lead) -> str:
    """Return how many activities were told how long before, in steps that widen."""
    counts = [
        sum(low <= max(hours, 0.0) < high for hours in lead.hours)
        for low, high in zip(_HOURS, (*_HOURS[1:], float("inf")), strict=True)
    ]
    hour = escape(say("h"))
    tall, wide = 110, (_WIDTH - 40) / len(_HOURS)
    most = max(*counts, 1)
    title = f"{lead.authority}: {lead.kind} ({len(lead.hours)})"
    drawn = [f'<svg viewBox="0 0 {_WIDTH} {tall + 50}" role="img" aria-label="{escape(title)}">']
    drawn.append(f'<text x="20" y="14">{escape(title)}</text>')
    for number, (border, count) in enumerate(zip(_HOURS, counts, strict=True)):
        x, high = 20 + wide * number, tall * count / most
        css = "late" if lead.norm_h is not None and border < lead.norm_h else "bar"
        drawn.append(
            f'<rect class="{css}" x="{x + 2:.1f}" y="{24 + tall - high:.1f}" width="{wide - 4:.1f}"'
            f' height="{high:.1f}"/>'
        )
        drawn.append(f'<text class="quiet" x="{x:.1f}" y="{tall + 42}">{border} {hour}</text>')
        if count:
            drawn.append(f'<text x="{x + wide / 2 - 4:.1f}" y="{20 + tall - high:.1f}">{count}</text>')
    return "\n".join([*drawn, "</svg>"])
