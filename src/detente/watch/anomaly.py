"""One odd thing about a mover or a pair, with the fixes and figures that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from detente import words
from detente.door.terminal import visible
from detente.encounters.report.figures import height, length, span
from detente.notices.moments import format_moment

__all__ = ["FIXES_TOLD_MAX", "Anomaly", "Fix", "Kind"]

say = words.speaker("watch")

Kind = Literal[
    "teleport", "spoofed_circle", "shared_identity", "silent_after_report", "low_pass", "repeated_passes"
]
FIXES_TOLD_MAX = 16
"""Fixes that one anomaly shows."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One fix that an anomaly rests on."""

    mover: str
    time: datetime
    lon_deg: float
    lat_deg: float
    altitude_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """Something odd in an encounter.

    mover: whose it is, "" for both; first_at, last_at: aware UTC; figures: numbers by name, each with its unit in the
    name; fixes: on which it rests, at most FIXES_TOLD_MAX, the first ones of more; is_certain: False where ages,
    heights or the datum leave it open.
    """

    kind: Kind
    mover: str
    first_at: datetime
    last_at: datetime
    figures: Mapping[str, float]
    fixes: tuple[Fix, ...]
    is_certain: bool = True

    def sentence(self) -> str:
        """Return it in the reader's language, in one sentence with its figures, without judgement."""
        text = self._told()
        return text if self.is_certain else say("Possible: {sentence}", sentence=text)

    def _told(self) -> str:
        who, figures = visible(self.mover), self.figures
        first, last = format_moment(self.first_at), format_moment(self.last_at)
        match self.kind:
            case "teleport":
                return say(
                    "{mover} was reported {distance} away within {duration} at {moment}, which takes {speed} kn.",
                    mover=who,
                    distance=length(figures["distance_m"]),
                    duration=span(figures["duration_s"]),
                    moment=first,
                    speed=round(figures["speed_kn"]),
                )
            case "spoofed_circle":
                return say(
                    "{mover} was reported on a circle of {radius} radius, {turns} times round from {first} to {last},"
                    " in a way that no such craft moves.",
                    mover=who,
                    radius=length(figures["radius_m"]),
                    turns=f"{figures['turns']:.1f}",
                    first=first,
                    last=last,
                )
            case "shared_identity":
                return say(
                    "Under {mover} two were heard at once, {distance} apart, from {first} to {last}.",
                    mover=who,
                    distance=length(figures["distance_m"]),
                    first=first,
                    last=last,
                )
            case "silent_after_report":
                return say(
                    "{mover} was not heard for {duration} after {moment}, while the feed was good and {count} others"
                    " near its last place were heard.",
                    mover=who,
                    duration=span(figures["silent_s"]),
                    moment=first,
                    count=round(figures["others_heard"]),
                )
            case "low_pass":
                return say(
                    "{mover} passed the ship at {height} height, {distance} off.",
                    mover=who,
                    height=height(figures["height_m"]),
                    distance=length(figures["distance_m"]),
                )
            case "repeated_passes":
                return say(
                    "The two came near {passes} times from {first} to {last}.",
                    passes=round(figures["passes"]),
                    first=first,
                    last=last,
                )
