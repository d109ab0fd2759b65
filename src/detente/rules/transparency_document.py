"""Transparency figures as plain data for ``--json`` and as rows of words for people."""

from __future__ import annotations

from typing import Any

import msgspec

from detente import __version__, words
from detente.notices.terms import kind_name
from detente.rules.area_times import AreaTime
from detente.rules.chances import LEVEL
from detente.rules.figures import Acknowledged, Changed, Declared, Figures, Incidents, Lead, Told
from detente.rules.verdict import ToldOutcome
from detente.rules.wording import clause_words, verified_words

__all__ = [
    "Availability",
    "at_most_words",
    "figure_rows",
    "figures_document",
    "share_words",
    "told_outcome_words",
]

say = words.speaker("rules")

Row = tuple[str, str, str, str]


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """How long one direction of a line was in which state: hours by state, of so many in all."""

    line: str
    party: str
    hours: dict[str, float]
    total_h: float


def figures_document(
    figures: Figures, areas: tuple[AreaTime, ...], availability: tuple[Availability, ...]
) -> dict[str, Any]:
    """Return all figures, with the method of each."""
    document: dict[str, Any] = {"detente": __version__, "level": LEVEL, **msgspec.to_builtins(figures)}
    document["area_time"] = msgspec.to_builtins(areas)
    document["availability"] = msgspec.to_builtins(availability)
    document["methods"] = {
        "shares": "Clopper-Pearson",
        "rates": "Garwood",
        "told": "met / (met + late + missing); open and undecidable are counted apart",
        "leads": "start (earliest) - told (not before), hours; not dated to a day: in no figure;"
        " norm: the shortest fixed time that a clause asks",
        "acknowledged": "delivered: by the recipient's first cosignature that is held here; the recipient may hold an"
        " earlier one that was not carried; read, answered: by its replies",
        "availability": "this node's own history of the line; the other side's is its own and may differ",
        "area_time": "WGS 84 area of the outline x hours of the windows; seen: hours in which anybody was in it",
    }
    return document


def share_words(part: int, whole: int, low: float, high: float) -> str:
    """Return "3 of 4 (75 %, 19 to 99 %)"."""
    if whole == 0:
        return say("none decided")
    return say(
        "{part} of {whole} ({share} %, {low} to {high} %)",
        part=part,
        whole=whole,
        share=f"{100 * part / whole:.0f}",
        low=f"{100 * low:.0f}",
        high=f"{100 * high:.0f}",
    )


def _told_row(one: Told) -> tuple[str, str, str]:
    by = ", ".join(f"{told_outcome_words(outcome)} {len(refs)}" for outcome, refs in one.refs.items())
    most = at_most_words(one)
    by = f"{by}; {most}" if most else by
    return (
        clause_words(one.agreement, one.paragraph, one.title),
        share_words(one.met, one.decided, one.share_low, one.share_high),
        by,
    )


def at_most_words(one: Told) -> str:
    """Return how many were told in time at most, where some cannot be decided; "" where all are decided.

    An author's own word can show itself late and never in time: a share of the decided alone would slander.
    """
    undecidable = len(one.refs.get(ToldOutcome.UNDECIDABLE, ()))
    if not undecidable:
        return ""
    return say("in time at most {most} of {whole}", most=one.met + undecidable, whole=one.decided + undecidable)


def figure_rows(
    figures: Figures, areas: tuple[AreaTime, ...], availability: tuple[Availability, ...]
) -> list[Row]:
    """Return every figure as (what, of what, value, remark)."""
    return [
        *((say("told in time"), *_told_row(one)) for one in figures.told),
        *((say("answered in time"), *_told_row(one)) for one in figures.answers),
        *map(_lead_row, figures.leads),
        *map(_acknowledged_row, figures.acknowledged),
        *map(_changed_row, figures.changed),
        *map(_declared_row, figures.declared),
        *map(_area_row, areas),
        *map(_line_row, availability),
        *map(_incidents_row, figures.incidents),
    ]


def _lead_row(lead: Lead) -> Row:
    remark = say("no fixed norm")
    if lead.norm_h is not None and lead.norm_title is not None:
        clause = clause_words(lead.norm_of.split(" ", 1)[0], lead.norm_paragraph, lead.norm_title)
        norm = say("under the norm of {hours} h ({clause})", hours=_number(lead.norm_h), clause=clause)
        remark = f"{norm}: {share_words(lead.late, len(lead.hours), lead.share_low, lead.share_high)}"
        if lead.norm_verified == "unverified":  # a recalled number never passes for one that was read
            remark = f"{remark}; {verified_words(lead.norm_verified)}"
    value = "-" if lead.median_h is None else say("median {hours} h", hours=_number(lead.median_h, 1))
    if lead.undated:
        undated = say.many(
            "{count} more is not dated to a day", "{count} more are not dated to a day", count=len(lead.undated)
        )
        remark = f"{remark}; {undated}" if lead.hours else undated
    return say("lead time"), f"{lead.authority}: {kind_name(lead.kind)}", value, remark


def _acknowledged_row(known: Acknowledged) -> Row:
    counts = ", ".join(f"{_word(word)} {count}" for word, count in known.counts.items())
    hour = say("h")
    fast = ", ".join(f"{_word(word)} {_number(hours, 2)} {hour}" for word, hours in known.median_h.items())
    of = say.many("{count} notice", "{count} notices", count=known.notices)
    return say("acknowledged"), f"{known.author} > {known.recipient}", f"{of}: {counts}", fast


def _changed_row(one: Changed) -> Row:
    after = say("{hours} h after", hours=_number(one.after_start_h, 1))
    return say("changed after the start"), f"{one.ref} > {one.of}", after, one.author


def _declared_row(one: Declared) -> Row:
    seen = ", ".join(f"{count} ({ref})" for ref, count in one.observed) or "-"
    reported = "-" if one.reported is None else one.reported
    return (
        say("declared and observed"),
        f"{one.activity} {one.state}",
        say("declared {count}", count="-" if one.declared is None else one.declared),
        say("observed {seen}; reported afterwards {count}", seen=seen, count=reported),
    )


def _line_row(line: Availability) -> Row:
    open_h = line.hours.get("open", 0.0) + line.hours.get("resumed", 0.0)
    share = f"{_number(100 * open_h / line.total_h, 1)} %" if line.total_h else "-"
    hour = say("h")
    states = ", ".join(
        f"{_direction_words(state)} {_number(hours, 1)} {hour}" for state, hours in line.hours.items()
    )
    own = say("by this side's own history: {states}", states=states)
    return say("line open"), f"{line.line}: {line.party}", share, own


def _incidents_row(one: Incidents) -> Row:
    rate, low, high = (_number(value, 1) for value in (one.rate, one.rate_low, one.rate_high))
    return (
        say("incidents"),
        one.period,
        str(one.count),
        say(
            "{rate} a year ({low} to {high}), over {years} years on record",
            rate=rate,
            low=low,
            high=high,
            years=_number(one.exposure_years, 2),
        ),
    )


def _area_row(area: AreaTime) -> Row:
    known = area.announced_km2_h is not None and (area.windows or not area.open_windows)
    size = say("{figure} km2 h", figure=_number(area.announced_km2_h or 0.0)) if known else "-"
    remark = _seen_words(area)
    if area.open_windows:
        size = say("more than {figure}", figure=size) if known else size
        uncounted = say.many(
            "{count} window without a start or an end is not counted",
            "{count} windows without a start or an end are not counted",
            count=area.open_windows,
        )
        remark = f"{remark}; {uncounted}"
    return say("area and time"), area.name, size, remark


def _seen_words(area: AreaTime) -> str:
    if area.seen_h is None:
        return say("nobody looked: --seen gives who was seen there")
    return say(
        "seen {seen} of {active} h, {windows_seen} of {windows} windows",
        seen=_number(area.seen_h, 1),
        active=_number(area.active_h, 1),
        windows_seen=area.windows_seen,
        windows=area.windows,
    )


def _number(value: float, decimals: int = 0) -> str:
    # a table shows a narrow space as an escape, as it does every character that hides
    return words.number(value, decimals).replace("\u202f", " ")


def _direction_words(state: str) -> str:
    return {
        "open": say("open line"),
        "degraded": say("degraded"),
        "silent": say("silent"),
        "suspended": say("suspended"),
        "resumed": say("resumed"),
    }.get(state, state)


def told_outcome_words(outcome: str) -> str:
    """Return the name of an outcome of telling."""
    return {
        ToldOutcome.MET: say("met"),
        ToldOutcome.LATE: say("late"),
        ToldOutcome.MISSING: say("missing"),
        ToldOutcome.OPEN: say("open"),
        ToldOutcome.UNDECIDABLE: say("undecidable"),
        ToldOutcome.NO_TIME: say("told, no time set"),
    }[ToldOutcome(outcome)]


def _word(word: str) -> str:
    return {"delivered": say("delivered"), "read": say("read"), "answered": say("answered")}[word]
