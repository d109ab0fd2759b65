"""The page on risk: the answer first, then rates, trends and extremes with intervals, methods and sources.

One HTML file without network or clock: the same input gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detente import __version__, words
from detente.door.files import writing
from detente.door.terminal import visible
from detente.encounters.report import figures, risk_plots
from detente.encounters.report.rendering import check_report, policy, rendered, template
from detente.encounters.report.subject import InputFile
from detente.encounters.risk import wording
from detente.encounters.risk.assessing import Assessment, Group
from detente.encounters.risk.counting import garwood
from detente.encounters.risk.happenings import REJECTIONS

__all__ = ["write_risk_report"]

say = words.speaker("encounters")

_MARKS = 7


def write_risk_report(target: Path, assessment: Assessment, *, inputs: Sequence[InputFile], command: str) -> None:
    """Write the page as one HTML file, whole or not at all."""
    check_report(target, where=str(target))
    style = template("report.css") + template("risk.css")
    whole = assessment.groups[0]
    context = {
        "t": _labels(),
        "language": words.language(),
        "version": __version__,
        "policy": policy(style, ""),
        "style": style,
        "answer": wording.answer(whole.trend),
        "verdict": whole.trend.verdict,
        "summary": say(
            "{events} events from {first} to {last} UTC, counted by {per}.",
            events=figures.number(assessment.events),
            first=figures.with_date(assessment.first)[:16],
            last=figures.with_date(assessment.last)[:16],
            per=_per(assessment.question.per),
        ),
        "key_figures": _key_figures(assessment),
        "cautions": wording.cautions(assessment),
        "rates": _rates(assessment, whole),
        "unit": wording.unit_name(assessment.exposure.unit),
        "tables": _tables(assessment),
        "left_out": [
            say("{by}: {count} groups with few events are not listed", by=wording.by_name(by), count=count)
            for by, count in assessment.groups_left_out.items()
        ],
        "extremes": [_extreme(group) for group in assessment.groups if not group.extremes.why],
        "no_extreme": wording.why_no_extreme(whole.extremes),
        "methods": wording.methods(),
        "rows": _rows(assessment),
        "command": visible(command),
        "inputs": [(visible(i.name), i.sha256, figures.number(i.size_bytes)) for i in inputs],
    }
    page = rendered("risk.html", context)
    with writing(target) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")


def _per(per: str) -> str:
    return {
        "day": say("day"),
        "week": say("week"),
        "month": say("month"),
        "quarter": say("quarter"),
        "year": say("year"),
    }[per]


def _key_figures(assessment: Assessment) -> list[tuple[str, str]]:
    whole = assessment.groups[0]
    return [
        (figures.number(assessment.events), say("events")),
        (wording.rate_text(whole.rate, assessment.exposure.unit), wording.unit_name(assessment.exposure.unit)),
        (wording.factor_text(whole.trend), say("change from first to last period")),
    ]


def _rates(assessment: Assessment, group: Group) -> str:
    """Return the plot of the rate in each period, with the fitted trend where one was fitted."""
    factor = wording.shown_rate(assessment.exposure.unit)
    points: list[risk_plots.Whisker | None] = []
    for period, count, amount in zip(assessment.periods, group.counts, group.exposure, strict=True):
        if amount <= 0.0:
            points.append(None)
            continue
        interval = garwood(count, amount)
        points.append(
            risk_plots.Whisker(
                count / amount * factor,
                interval.low * factor,
                interval.high * factor,
                say.many(
                    "{label}: {count} event, {rate}",
                    "{label}: {count} events, {rate}",
                    count=count,
                    label=period.label,
                    rate=figures.number(count / amount * factor, 2),
                ),
            )
        )
    every = max(1, math.ceil(len(points) / _MARKS))
    marks = [(n, assessment.periods[n].label) for n in range(0, len(points), every)]
    return risk_plots.whiskers(
        points, marks, say("Rate in each period with its 95 % interval"), line=_fitted(group, factor)
    )


def _fitted(group: Group, factor: float) -> list[float]:
    """Return the fitted rate in each period, nothing where no trend was fitted."""
    grown = group.trend.factor
    seen = [n for n, amount in enumerate(group.exposure) if amount > 0.0]
    if grown is None or not math.isfinite(grown) or grown <= 0.0 or len(seen) < 2:
        return []
    span = seen[-1] - seen[0]
    shape = [grown ** ((n - seen[0]) / span) for n in range(len(group.exposure))]
    expected = sum(amount * value for amount, value in zip(group.exposure, shape, strict=True))
    level = group.rate.events / expected
    return [level * value * factor for value in shape]


def _tables(assessment: Assessment) -> list[dict[str, Any]]:
    tables = []
    for by in ("kind", "side_pair", "area"):
        groups = [group for group in assessment.groups if group.by == by]
        if groups:
            tables.append(
                {
                    "title": wording.by_name(by),
                    "rows": [_row(assessment, group) for group in [assessment.groups[0], *groups]],
                }
            )
    return tables


def _row(assessment: Assessment, group: Group) -> dict[str, Any]:
    return {
        "name": visible(wording.group_name(group)),
        "events": figures.number(group.rate.events),
        "rate": wording.rate_text(group.rate, assessment.exposure.unit),
        "verdict": group.trend.verdict,
        "trend": wording.verdict_name(group.trend.verdict),
        "factor": wording.factor_text(group.trend),
        "extreme": "; ".join(wording.level_line(level) for level in group.extremes.levels[:1])
        or wording.why_no_extreme(group.extremes),
        "plot": _rates(assessment, group) if group.by else "",
    }


def _extreme(group: Group) -> dict[str, Any]:
    found = group.extremes
    fitted = found.fitted
    return {
        "name": visible(wording.group_name(group)),
        "lines": [wording.level_line(level) for level in found.levels]
        + [wording.below_line(below) for below in found.below],
        "fit": say(
            "{events} events under {threshold}; shape {shape}, scale {scale}, p of the fit {p}",
            events=figures.number(next(t.events for t in found.tried if t.threshold_m == found.threshold_m)),
            threshold=figures.length(found.threshold_m),
            shape=figures.number(fitted.shape if fitted else None, 2),
            scale=figures.length(fitted.scale if fitted else None),
            p=figures.number(found.p, 2),
        ),
        "quantiles": risk_plots.quantiles(found.quantiles),
        "thresholds": risk_plots.thresholds(
            [(t.threshold_m, t.shape, t.p) for t in found.tried], found.threshold_m
        ),
    }


def _rows(assessment: Assessment) -> list[tuple[str, str]]:
    read = assessment.read
    return [
        (say("rows read"), figures.number(read.rows)),
        (say("events counted"), figures.number(assessment.events)),
        (say("further passes of an event"), figures.number(assessment.joined)),
        *((REJECTIONS[code](), figures.number(count)) for code, count in sorted(read.rejected.items())),
    ]


def _labels() -> dict[str, str]:
    return {
        "title": say("Is the risk growing?"),
        "caution": say(
            "A distance alone does not make an encounter dangerous, and a rate without its exposure says nothing. No "
            "figure here stands without its interval."
        ),
        "rates": say("Rate over time"),
        "rates_note": say(
            "Dots: events per exposure; lines: their exact 95 % interval; curve: the fitted trend. Periods without "
            "exposure are left empty, not drawn as zero."
        ),
        "group": say("Group"),
        "events": say("Events"),
        "trend": say("Trend"),
        "change": say("Change from first to last period"),
        "nearest": say("How near"),
        "extremes": say("How near it comes"),
        "quantiles": say("Observed against fitted"),
        "thresholds": say("Shape by threshold"),
        "methods": say("How this was computed"),
        "rows": say("What was read"),
        "provenance": say("Made from"),
        "inputs": say("Input files"),
        "file": say("File"),
        "bytes": say("Bytes"),
        "again": say("The other side computes the same figures from the same files with the same command."),
    }
