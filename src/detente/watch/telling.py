"""What the watch says while it runs: one JSON document a line with ``--json``, else one line of text an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import polars as pl

from detente import words
from detente.door import terminal
from detente.encounters.places import with_written_times
from detente.encounters.schema import ENCOUNTERS
from detente.notices.moments import format_moment
from detente.watch.batches import FeedStanding
from detente.watch.events import Event

__all__ = ["JsonLines", "Lines", "Tells", "event_sentence", "written_row"]

say = words.speaker("watch")


class Tells(Protocol):
    """Who is told what happens. Called on the loop; returns at once."""

    def event(self, event: Event, now: datetime) -> None:
        """Tell of an event that began, turned or ended."""

    def encounter(self, row: Mapping[str, Any], *, drafted: bool) -> None:
        """Tell of an encounter that is over. row: of ENCOUNTERS."""

    def feed(self, standing: FeedStanding) -> None:
        """Tell of a feed whose state changed."""

    def end(self, account: Mapping[str, Any]) -> None:
        """Tell the account at the end."""


class JsonLines:
    """One JSON document a line on standard output; ``what`` says of which kind it is."""

    def event(self, event: Event, now: datetime) -> None:
        """Tell of an event with all its fields."""
        told = msgspec.to_builtins(event, builtin_types=(datetime,))
        _line("event", {"at": format_moment(now), **{name: _written(value) for name, value in told.items()}})

    def encounter(self, row: Mapping[str, Any], *, drafted: bool) -> None:
        """Tell of an encounter as ``detente encounters --json`` writes it."""
        _line("encounter", {**written_row(row), "drafted": drafted})

    def feed(self, standing: FeedStanding) -> None:
        """Tell of a feed."""
        _line(
            "feed",
            {
                "name": standing.name,
                "state": standing.state,
                "last_at": None if standing.last_at is None else format_moment(standing.last_at),
                "received": standing.received,
                "used": standing.used,
                "rejected": dict(standing.rejected),
                "why": standing.why,
            },
        )

    def end(self, account: Mapping[str, Any]) -> None:
        """Tell the account."""
        _line("account", account)


class Lines:
    """One line of text an event on standard output; the account on standard error."""

    def event(self, event: Event, now: datetime) -> None:
        """Tell of an event in one sentence."""
        terminal.result(f"{format_moment(now)}\t{event.state}\t{event.priority}\t{event_sentence(event)}")

    def encounter(self, row: Mapping[str, Any], *, drafted: bool) -> None:
        """Tell of an encounter that is over."""
        sentence = say(
            "over: {a} and {b}, closest {distance:.0f} m at {time}",
            a=terminal.visible(row["name_a"] or row["a"]),
            b=terminal.visible(row["name_b"] or row["b"]),
            distance=row["distance_m"],
            time=format_moment(row["closest_at"]),
        )
        terminal.result(f"{format_moment(row['left'])}\tencounter\t{'draft' if drafted else '-'}\t{sentence}")

    def feed(self, standing: FeedStanding) -> None:
        """Say nothing: the log does."""

    def end(self, account: Mapping[str, Any]) -> None:
        """Say the account, step by step."""
        for line in account_lines(account):
            terminal.note(line)


def event_sentence(event: Event) -> str:
    """Return an event in one sentence, with a stranger's names made visible."""
    a = terminal.visible(event.name_a or event.a)
    if event.kind == "area":
        area = terminal.visible(event.area_name or event.area)
        if event.state == "past":
            return say("{mover} left {area}", mover=a, area=area)
        if event.predicted:
            return say(
                "{mover} will enter {area} at {time}", mover=a, area=area, time=format_moment(event.entered_at)
            )
        return say("{mover} is in {area}", mover=a, area=area)
    b = terminal.visible(event.name_b or event.b)
    told = {"a": a, "b": b, "distance": event.closest_distance_m, "time": format_moment(event.closest_at)}
    if event.state == "past":
        return say("over: {a} and {b}, closest {distance:.0f} m at {time}", **told)
    if event.predicted:
        return say("{a} and {b} will be {distance:.0f} m apart at {time}", **told)
    return say("{a} and {b} are within the limit, closest {distance:.0f} m at {time}", **told)


def account_lines(account: Mapping[str, Any]) -> Sequence[str]:
    """Return the account of a watch as lines for people."""
    lines = []
    for name, step in account["steps"].items():
        if not step["in"]:
            continue
        rejected = ", ".join(f"{reason} {words.number(count)}" for reason, count in step["rejected"].items())
        lines.append(
            say(
                "{step}: {came} in = {kept} kept + {waiting} waiting + {count} rejected{reasons}",
                step=name,
                came=words.number(step["in"]),
                kept=words.number(step["kept"]),
                waiting=words.number(step["waiting"]),
                count=words.number(sum(step["rejected"].values())),
                reasons=f" ({rejected})" if rejected else "",
            )
        )
    if not account["adds_up"]:
        lines.append(say("these figures do not add up: a fault of detente itself, please report it"))
    return lines


def written_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of ENCOUNTERS with its times as text, as the verb ``encounters`` writes them."""
    (written,) = with_written_times(pl.DataFrame([dict(row)], schema=ENCOUNTERS)).to_dicts()
    return written


def _written(value: Any) -> Any:
    return format_moment(value.astimezone(UTC)) if isinstance(value, datetime) else value


def _line(what: str, document: Mapping[str, Any]) -> None:
    terminal.result(terminal.json_text({"what": what, **document}))
