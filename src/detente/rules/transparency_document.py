"""Transparency figures as plain data for ``--json`` and as rows of words for people."""

from __future__ import annotations

from typing import Any

import msgspec

from detente import __version__, words
from detente.rules.area_times import AreaTime
from detente.rules.chances import LEVEL
from detente.rules.figures import Acknowledged, Changed, Declared, Figures, Incidents, Lead, Told
from detente.rules.verdict import ToldOutcome

__all__ = ["Availability", "figure_rows", "figures_document", "share_words"]

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
        "leads": "start (earliest) - told (not before), hours; norm: the shortest fixed time that a clause asks",
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
    return f"{one.agreement} {one.clause}", share_words(one.met, one.decided, one.share_low, one.share_high), by


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
    if lead.norm_h is not None:
        norm = say("under the norm of {hours} h ({clause})", hours=f"{lead.norm_h:g}", clause=lead.norm_of)
        remark = f"{norm}: {share_words(lead.late, len(lead.hours), lead.share_low, lead.share_high)}"
    value = say("median {hours} h", hours=f"{lead.median_h:.1f}")
    return say("lead time"), f"{lead.authority} {lead.kind}", value, remark


def _acknowledged_row(known: Acknowledged) -> Row:
    counts = ", ".join(f"{_word(word)} {count}" for word, count in known.counts.items())
    fast = ", ".join(f"{_word(word)} {hours:.2f} h" for word, hours in known.median_h.items())
    of = say("{count} notices", count=known.notices)
    return say("acknowledged"), f"{known.author} > {known.recipient}", f"{of}: {counts}", fast


def _changed_row(one: Changed) -> Row:
    after = say("{hours} h after", hours=f"{one.after_start_h:.1f}")
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
    share = f"{100 * open_h / line.total_h:.1f} %" if line.total_h else "-"
    states = ", ".join(f"{state} {hours:.1f} h" for state, hours in line.hours.items())
    return say("line open"), f"{line.line}: {line.party}", share, states


def _incidents_row(one: Incidents) -> Row:
    rate, low, high = (f"{value:.1f}" for value in (one.rate, one.rate_low, one.rate_high))
    return (
        say("incidents"),
        one.period,
        str(one.count),
        say("{rate} a year ({low} to {high})", rate=rate, low=low, high=high),
    )


def _area_row(area: AreaTime) -> Row:
    size = "-" if area.announced_km2_h is None else f"{area.announced_km2_h:,.0f} km2 h"
    seen = say(
        "seen {seen} of {active} h, {windows_seen} of {windows} windows",
        seen=f"{area.seen_h:.1f}",
        active=f"{area.active_h:.1f}",
        windows_seen=area.windows_seen,
        windows=area.windows,
    )
    return say("area and time"), area.name, size, seen


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
