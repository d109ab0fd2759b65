"""What the watch posts to a desk: the forms of its four routes, and values made to fit their bounds.

The desk's own description (``/openapi.json``) has the same fields; a test holds both together. The watch does not
import the desk, so the forms are written here once more.
"""

from __future__ import annotations

import base64
import hashlib
import math
from typing import Any, Literal

import msgspec
import polars as pl

__all__ = [
    "FEEDS_POSTED_MAX",
    "ID_CHARACTERS_MAX",
    "MOVERS_POSTED",
    "POSTED_ENCOUNTERS_MAX",
    "POSTED_MOVERS_MAX",
    "DraftPosted",
    "EncounterPosted",
    "FeedPosted",
    "Priority",
    "Side",
    "bounded",
    "id_of",
    "text",
]

POSTED_MOVERS_MAX = 10_000
"""Movers in one post."""
POSTED_ENCOUNTERS_MAX = 1_000
"""Encounters in one post."""
FEEDS_POSTED_MAX = 64
"""Feeds in one post."""
ID_CHARACTERS_MAX = 80
"""Characters of an id."""

Side = Literal["own", "other", "neutral", "unknown"]
Priority = Literal["emergency", "alarm", "warning", "caution"]
Point = tuple[float, float]


MOVERS_POSTED = pl.Schema(
    {
        "id": pl.String, "kind": pl.String, "side": pl.String, "name": pl.String, "lon_deg": pl.Float64,
        "lat_deg": pl.Float64, "altitude_m": pl.Float64, "speed_kn": pl.Float64, "course_deg": pl.Float64,
        "vertical_rate_ftmin": pl.Float64, "at_ms": pl.Int64, "feed": pl.String,
    }
)  # fmt: skip
"""Movers where they were last seen, a row each: degrees, metres, knots, milliseconds since 1970 UTC; null: not known.

A table, for there are tens of thousands of them every second. What the desk's form has besides stays as it is there.
"""


class EncounterPosted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Two movers, or a mover and an area, that are or will be within their limit."""

    id: str
    a: str
    b: str
    side_a: Side
    side_b: Side
    priority: Priority
    state: Literal["active", "past"]
    in_area: tuple[str, ...] = ()
    entered_ms: int
    closest_ms: int
    left_ms: int | None = None
    distance_m: float
    closest_distance_m: float
    vertical_m: float | None = None
    closest_lon_deg: float
    closest_lat_deg: float
    line: tuple[Point, Point]
    predicted: bool
    evidence: str = ""
    limit_m: float | None = None
    rings: bool = True


class FeedPosted(msgspec.Struct, frozen=True):
    """How a feed stands."""

    name: str
    state: Literal["good", "stale", "down"]
    last_ms: int
    rate_per_s: float
    movers: int


class DraftPosted(msgspec.Struct, frozen=True, kw_only=True):
    """A draft for people: the notice as its form, files beside it. key: names what it is about, so that it comes once.

    attachments: media type and bytes of each.
    """

    line: str
    notice: dict[str, Any]
    attachments: tuple[tuple[str, bytes], ...] = ()
    key: str

    def octets(self) -> bytes:
        """Return the body of its post."""
        return msgspec.json.encode(
            {
                "line": self.line,
                "notice": self.notice,
                "attachments": [
                    {"media_type": media_type, "octets": base64.b64encode(octets).decode()}
                    for media_type, octets in self.attachments
                ],
                "key": self.key,
            }
        )


def bounded(value: float | None, least: float, most: float) -> float | None:
    """Return a figure within its bounds, None for one that is no figure: it is shown as not known, never invented."""
    if value is None or not math.isfinite(value):
        return None
    return min(most, max(least, float(value)))


def text(value: str | None, characters_max: int) -> str:
    """Return a stranger's text cut to a length that the desk takes; the desk shows it as text."""
    return (value or "")[:characters_max]


def id_of(name: str) -> str:
    """Return a name as an id of at most 80 characters; a longer one ends in a hash, so that two stay two."""
    if len(name) <= ID_CHARACTERS_MAX:
        return name or "-"
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{name[: ID_CHARACTERS_MAX - 17]}#{digest}"
