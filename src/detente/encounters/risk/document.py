"""The assessment as one JSON document: every figure with its interval, method and source, and what it came from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from detente import __version__
from detente.encounters.report.subject import InputFile
from detente.encounters.risk.assessing import Assessment, Group
from detente.encounters.risk.counting import LEVEL, Interval, Scatter
from detente.encounters.risk.extremes import Extremes
from detente.encounters.risk.trend import Trend
from detente.notices.moments import format_moment

__all__ = ["FORMAT", "document"]

FORMAT = 1
"""Of the document; raised when a reader of the old one would read the new one wrongly."""
_SOURCES = {
    "garwood": "Garwood 1936, Biometrika 28: exact interval of a Poisson rate",
    "negative_binomial": "profile likelihood of a negative binomial with variance mean + dispersion * mean^2",
    "exact": "Cox and Lewis 1966, chapter 3: counts given their sum",
    "pareto": "Pickands 1975; Grimshaw 1993; threshold after Bader, Yan and Zhang 2018; profile likelihood",
}


def document(assessment: Assessment, inputs: Sequence[InputFile]) -> dict[str, Any]:
    """Return the document; numbers that are no numbers of JSON (an open end of an interval) are null."""
    question, read = assessment.question, assessment.read
    return {
        "detente": __version__,
        "format": FORMAT,
        "inputs": [{"name": file.name, "sha256": file.sha256, "size_bytes": file.size_bytes} for file in inputs],
        "question": {
            "per": question.per,
            "from": format_moment(assessment.first),
            "to": format_moment(assessment.last),
            "watched_from_events": assessment.watched_from_events,
            "run_s": question.run.total_seconds(),
            "regions": [
                {"name": name, "box": [box.west_deg, box.south_deg, box.east_deg, box.north_deg]}
                for name, box in question.places.regions
            ],
            "below_m": list(question.below_m),
        },
        "rows": {
            "read": read.rows,
            "kept": read.rows - sum(read.rejected.values()),
            "rejected": dict(sorted(read.rejected.items())),
            "reported": read.reported,
            "limit_m": read.limit_m,
        },
        "events": assessment.events,
        "joined": assessment.joined,
        "exposure": {
            "unit": assessment.exposure.unit,
            "years": float(assessment.exposure.years.sum()),
        },
        "periods": [period.label for period in assessment.periods],
        "groups_left_out": assessment.groups_left_out,
        "groups": [_group(group) for group in assessment.groups],
    }


def _group(group: Group) -> dict[str, Any]:
    rate = group.rate
    return {
        "by": group.by or None,
        "label": group.label or None,
        "counts": list(group.counts),
        "exposure": list(group.exposure),
        "rate": {
            "events": rate.events,
            "exposure": rate.exposure,
            "rate": rate.rate,
            "interval": _interval(rate.interval),
            "level": LEVEL,
            "method": rate.method,
            "source": _SOURCES[rate.method],
            "scatter": _scatter(rate.scatter),
        },
        "trend": _trend(group.trend),
        "extremes": _extremes(group.extremes),
    }


def _trend(trend: Trend) -> dict[str, Any]:
    return {
        "verdict": trend.verdict,
        "factor": _number(trend.factor),
        "interval": _interval(trend.interval),
        "level": LEVEL,
        "p": trend.p,
        "method": trend.method,
        "source": _SOURCES.get(trend.method or ""),
        "scatter": _scatter(trend.scatter),
        "events": trend.events,
        "periods": trend.periods,
        "detectable_factor": _number(trend.detectable),
    }


def _extremes(found: Extremes) -> dict[str, Any]:
    fitted = found.fitted
    return {
        "why_none": found.why or None,
        "events": found.events,
        "threshold_m": found.threshold_m,
        "shape": fitted.shape if fitted else None,
        "scale_m": fitted.scale if fitted else None,
        "fit_p": found.p,
        "level": LEVEL,
        "source": _SOURCES["pareto"],
        "return_levels": [
            {
                "period": level.name,
                "years": level.years,
                "distance_m": level.distance_m,
                "interval": _interval(level.interval),
            }
            for level in found.levels
        ],
        "below": [
            {"distance_m": below.distance_m, "per_year": below.per_year, "interval": _interval(below.interval)}
            for below in found.below
        ],
        "thresholds": [
            {
                "threshold_m": tried.threshold_m,
                "events": tried.events,
                "shape": tried.shape,
                "scale_m": tried.scale_m,
                "fit_p": tried.p,
            }
            for tried in found.tried
        ],
        "quantiles": [list(pair) for pair in found.quantiles],
    }


def _scatter(scatter: Scatter) -> dict[str, Any]:
    return {"index": scatter.index, "p": scatter.p, "periods": scatter.periods}


def _interval(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [_number(interval.low), _number(interval.high)]


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
