"""The figures in words: whether it grows, how often it happens, how near it comes; each with its interval."""

from __future__ import annotations

import math

from detente import words
from detente.encounters.report.figures import length, number
from detente.encounters.risk.assessing import Assessment, Group, Rate
from detente.encounters.risk.counting import Interval
from detente.encounters.risk.exposure import Unit
from detente.encounters.risk.extremes import Below, Extremes, Level
from detente.encounters.risk.trend import EVENTS_LEAST, PERIODS_LEAST, Trend, Verdict

__all__ = [
    "answer",
    "below_line",
    "by_name",
    "cautions",
    "factor_text",
    "group_name",
    "interval_text",
    "level_line",
    "methods",
    "rate_text",
    "unit_name",
    "verdict_name",
    "why_no_extreme",
]

say = words.speaker("encounters")

_THOUSAND = 1_000.0
"""Mover hours and what somebody gives are shown by the thousand, days by the year."""
_DAYS_A_YEAR = 365.25


def verdict_name(verdict: Verdict) -> str:
    """Return a verdict in one or few words."""
    names = {
        "growing": say("growing"),
        "falling": say("falling"),
        "steady": say("steady"),
        "not_enough_data": say("not enough data"),
    }
    return names[verdict]


def answer(trend: Trend) -> str:
    """Return the answer to the question whether the risk is growing, as a sentence."""
    sentences = {
        "growing": say("Yes: the rate is growing."),
        "falling": say("No: the rate is falling."),
        "steady": say("No: the rate is steady."),
        "not_enough_data": say("Not enough data to say whether the rate grows or falls."),
    }
    return sentences[trend.verdict]


def factor_text(trend: Trend) -> str:
    """Return by what factor the rate changed from the first period to the last, with the interval."""
    if trend.factor is None or trend.interval is None:
        return say("needs {periods} periods and {events} events", periods=PERIODS_LEAST, events=EVENTS_LEAST)
    return say(
        "{factor} times ({interval})",
        factor=_figure(trend.factor),
        interval=interval_text(trend.interval),
    )


def interval_text(interval: Interval) -> str:
    """Return an interval as "1.2 to 3.4"."""
    return say("{low} to {high}", low=_figure(interval.low), high=_figure(interval.high))


def _figure(value: float) -> str:
    if math.isinf(value):
        return "\u221e"
    if value == 0.0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return number(value, max(0, min(digits, 6)))


def unit_name(unit: Unit) -> str:
    """Return what rates are given per."""
    names = {
        "day": say("a year of watching"),
        "mover_hour": say("1,000 hours of movers seen"),
        "given": say("1,000 of the given exposure"),
    }
    return names[unit]


def shown_rate(unit: Unit) -> float:
    """Return what a rate per unit is multiplied with to be shown."""
    return _DAYS_A_YEAR if unit == "day" else _THOUSAND


def rate_text(rate: Rate, unit: Unit) -> str:
    """Return a rate with its interval per what ``unit_name`` says."""
    if rate.rate is None or rate.interval is None:
        return say("no exposure")
    factor = shown_rate(unit)
    return say(
        "{rate} ({interval})",
        rate=_figure(rate.rate * factor),
        interval=interval_text(Interval(rate.interval.low * factor, rate.interval.high * factor)),
    )


def by_name(by: str) -> str:
    """Return the heading of a kind of group."""
    names = {"": say("all"), "kind": say("by kind"), "side_pair": say("by pair of sides"), "area": say("by area")}
    return names[by]


def group_name(group: Group) -> str:
    """Return a group's label, in words where it is ours."""
    if not group.by:
        return say("all")
    if group.by == "area" and group.label == "elsewhere":
        return say("elsewhere")
    return group.label


def level_line(level: Level) -> str:
    """Return one return level as a sentence."""
    periods = {
        "day": say("a day"),
        "week": say("a week"),
        "month": say("a month"),
        "year": say("a year"),
        "decade": say("ten years"),
    }
    period = periods.get(level.name) or say("{years} years", years=_figure(level.years))
    return say(
        "once in {period} on average, nearer than {distance} ({near} to {far})",
        period=period,
        distance=length(level.distance_m),
        near=length(level.interval.low),
        far=length(level.interval.high),
    )


def below_line(below: Below) -> str:
    """Return how often a distance is undercut, as a sentence."""
    return say(
        "nearer than {distance}: {rate} times a year ({interval})",
        distance=length(below.distance_m),
        rate=_figure(below.per_year),
        interval=interval_text(below.interval),
    )


def why_no_extreme(extremes: Extremes) -> str:
    """Return why there is no extreme value, "" when there is one."""
    reasons = {
        "": "",
        "too_few": say.many(
            "{count} event with a distance: too few for an extreme value",
            "{count} events with a distance: too few for an extreme value",
            count=extremes.events,
        ),
        "no_exposure": say("no time of watching is known"),
        "no_fit": say("no threshold at which the distribution fits these distances"),
        "all_equal": say("the distances are too coarse: too many are equal"),
    }
    return reasons[extremes.why]


def cautions(assessment: Assessment) -> list[str]:
    """Return what a reader must know before he believes a figure."""
    told = []
    if assessment.watched_from_events:
        told.append(
            say(
                "Nobody said when watch was kept (--from, --to): it is taken to begin and end with the events' "
                "periods, which makes rates look higher than they are."
            )
        )
    if assessment.read.reported:
        told.append(
            say(
                "Incidents that people reported show what was reported: a change of habit in reporting looks like "
                "a change of risk."
            )
        )
    if assessment.exposure.unit == "day":
        told.append(
            say(
                "Days of watching say nothing about traffic: with more movers the same care gives more encounters. "
                "--tracks or --exposure take that into account."
            )
        )
    whole = assessment.groups[0]
    if not whole.extremes.why and whole.trend.verdict in {"growing", "falling"}:
        told.append(
            say(
                "How near it comes is said of the average of the time watched: with a rate that grows or falls, the "
                "present is worse or better than that."
            )
        )
    if len(assessment.groups) > 1:
        told.append(
            say(
                "Of {count} groups judged, about one in forty would be called growing by chance alone.",
                count=len(assessment.groups),
            )
        )
    return told


def methods() -> list[tuple[str, str]]:
    """Return each figure's method with its source."""
    return [
        (
            say("Events"),
            say(
                "Rows of one pair less than the run apart are one event; its nearest row stands. Calendar periods "
                "in UTC."
            ),
        ),
        (
            say("Rate"),
            say(
                "Events per exposure, 95 % interval: exact for a Poisson count (Garwood 1936); by profile likelihood "
                "of a negative binomial where counts of periods scatter more than Poisson's (Pearson, p < 0.05)."
            ),
        ),
        (
            say("Trend"),
            say(
                "Exponential growth of the rate, as a factor from the first period to the last. Given the sum of all "
                "counts, the interval is exact (Cox and Lewis 1966); negative binomial where counts scatter more. "
                "Growing or falling where the 95 % interval excludes 1, steady where it lies within 1.25 times "
                "either way."
            ),
        ),
        (
            say("Extreme"),
            say(
                "Excesses under a threshold, generalised Pareto distribution by maximum likelihood (Pickands 1975, "
                "Grimshaw 1993); threshold: the most events whose fit Anderson and Darling's test does not contradict "
                "(p > 0.1, bootstrap); 95 % interval by profile likelihood of count and excesses together."
            ),
        ),
    ]
