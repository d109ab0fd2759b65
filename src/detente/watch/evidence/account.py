"""The account of an encounter in the reader's language: factors and figures, no word about right or wrong.

Distance alone does not make a pass unsafe. So the text names the factors (distance, closure, heights, courses that
cross, duration, repeated passes) and leaves what they mean to a person.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from detente import words
from detente.door.terminal import visible
from detente.encounters.report import figures
from detente.notices.moments import format_moment
from detente.watch.evidence.crossing import Crossing
from detente.watch.evidence.structs import Context

__all__ = ["account", "called", "is_at_sea", "title"]

say = words.speaker("watch")

_INPUTS_TOLD = 8


def called(row: Mapping[str, Any], which: str) -> str:
    """Return how a person calls a mover: its name and id, or its id; at most 120 characters."""
    name, identity = figures.mover(dict(row), which)
    return _composed(name if name == identity else f"{name[:60]} ({identity[:56]})", 120)


def is_at_sea(row: Mapping[str, Any]) -> bool:
    """Tell whether both are ships, so that heights say nothing."""
    return {row["kind_a"], row["kind_b"]} == {"ship"}


def title(row: Mapping[str, Any]) -> str:
    """Return the notice's subject."""
    return _composed(say("Encounter of {a} and {b}", a=called(row, "a"), b=called(row, "b")), 300)


def account(row: Mapping[str, Any], context: Context, crossings: tuple[Crossing, ...]) -> str:
    """Return the text, a factor a line; at most 20,000 characters, as a notice has it."""
    lines = [
        *_when(row, context),
        *_distances(row),
        *_motion(row),
        *_crossed(row, crossings),
        *_again(row, context),
        *_doubt(row),
        *(one.sentence() for one in context.anomalies),
        *_sources(context),
        say("These are computed from received positions. What they mean is for a person to judge."),
    ]
    return _composed("\n".join(lines), 20_000)


def _composed(text: str, most: int) -> str:
    """Return a text in the one spelling that a notice takes, at most so long."""
    return unicodedata.normalize("NFC", text)[:most].strip()


def _when(row: Mapping[str, Any], context: Context) -> list[str]:
    agreed = context.agreed
    return [
        say(
            "{a} and {b} were within {limit} of each other from {entered} to {left}, for {duration}.",
            a=called(row, "a"),
            b=called(row, "b"),
            limit=figures.length(context.definition.within_m),
            entered=format_moment(row["entered"]),
            left=format_moment(row["left"]),
            duration=figures.span(row["duration_s"]),
        ),
        say("The limit for a report is {limit}.", limit=figures.length(agreed.within_m))
        if agreed.vertical_m is None
        else say(
            "The limit for a report is {limit}, and {vertical} in height.",
            limit=figures.length(agreed.within_m),
            vertical=figures.height(agreed.vertical_m),
        ),
    ]


def _distances(row: Mapping[str, Any]) -> list[str]:
    least = say(
        "Least horizontal distance: {distance}, at {moment}.",
        distance=figures.length(row["distance_m"]),
        moment=format_moment(row["closest_at"]),
    )
    if is_at_sea(row):
        return [least]
    lines = [
        least,
        say("Difference in height then: not known.")
        if row["vertical_m"] is None
        else say("Difference in height then: {height}.", height=figures.height(row["vertical_m"])),
    ]
    lines += [
        say(
            "Height of {mover} then, as it reported it: {height}.",
            mover=called(row, which),
            height=figures.height(row[f"altitude_{which}_m"]),
        )
        for which in ("a", "b")
        if row[f"altitude_{which}_m"] is not None and row[f"kind_{which}"] != "ship"
    ]
    return lines


def _motion(row: Mapping[str, Any]) -> list[str]:
    lines = []
    for which in ("a", "b"):
        speed, course = row[f"speed_{which}_kn"], row[f"course_{which}_deg"]
        if speed is None:
            continue
        name, knots = called(row, which), figures.number(speed, 1)
        if course is None:
            lines.append(say("{mover} then: {speed} kn.", mover=name, speed=knots))
        else:
            degrees = f"{round(course) % 360:03d}"
            lines.append(
                say("{mover} then: {speed} kn, course {course}°.", mover=name, speed=knots, course=degrees)
            )
    closing = row["closing_speed_kn"]
    lines.append(
        say("They were within the limit when they were first heard together.")
        if closing is None
        else say("On entering, the distance shrank by {speed} kn.", speed=figures.number(closing, 1))
    )
    return [*lines, _situation(row)]


def _situation(row: Mapping[str, Any]) -> str:
    match row["situation"]:
        case "head_on":
            return say("Their courses were opposite to within 10°.")
        case "overtaking":
            return say("One came up from behind, or both went nearly the same way.")
        case "crossing":
            return say("Their courses crossed.")
        case _:
            return say("One or both did not move.")


def _crossed(row: Mapping[str, Any], crossings: tuple[Crossing, ...]) -> list[str]:
    return [
        say(
            "{mover} crossed ahead of {other} at {moment}, {distance} off.",
            mover=called(row, one.who),
            other=called(row, one.ahead_of),
            moment=format_moment(one.at),
            distance=figures.length(one.distance_m),
        )
        for one in crossings
    ]


def _again(row: Mapping[str, Any], context: Context) -> list[str]:
    lines = []
    if row["passes"] > 1:
        lines.append(
            say.many(
                "They came near {count} time in this encounter.",
                "They came near {count} times in this encounter.",
                count=row["passes"],
            )
        )
    if context.earlier:
        first = min(one["closest_at"] for one in context.earlier)
        lines.append(
            say.many(
                "They had met {count} time before, since {moment}.",
                "They had met {count} times before, since {moment}.",
                count=len(context.earlier),
                moment=format_moment(first),
            )
        )
    return lines


def _doubt(row: Mapping[str, Any]) -> list[str]:
    if row["quality"] == "certain":
        return []
    return [say("Gaps, position errors or unknown heights leave open whether the limits were kept.")]


def _sources(context: Context) -> list[str]:
    names = [visible(one.name)[:100] for one in context.inputs[:_INPUTS_TOLD]]
    if len(context.inputs) > _INPUTS_TOLD:
        names.append("…")
    return [say("Positions from: {names}.", names=", ".join(names))] if names else []
