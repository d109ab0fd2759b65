"""The one table of visits: who was in or near which area while it was active."""

from __future__ import annotations

import polars as pl

__all__ = ["BEGAN", "ENDED", "UNVISITED", "VISITS"]

BEGAN = ("entered", "area_became_active", "climbed_or_descended_in", "coverage_began", "period_began")
ENDED = ("left", "area_ceased", "climbed_or_descended_out", "coverage_ended", "period_ended")
"""The last of each: where the search was told to begin or end."""

VISITS = pl.Schema(
    {
        "mover": pl.String(),
        # "" where no side claims the mover
        "side": pl.String(),
        "area": pl.String(),
        "area_name": pl.String(),
        "activity": pl.String(),
        # the maximal time in which the mover was in the area or within the margin, at its heights, while active
        "entered": pl.Datetime("us", "UTC"),
        # when it was deepest inside, or nearest when never inside
        "nearest_at": pl.Datetime("us", "UTC"),
        "left": pl.Datetime("us", "UTC"),
        # one of BEGAN, one of ENDED
        "began": pl.String(),
        "ended": pl.String(),
        "inside": pl.Boolean(),
        # from the border at nearest_at: one of both, the other null
        "depth_m": pl.Float64(),
        "distance_m": pl.Float64(),
        "duration_s": pl.Float64(),
        # neither the announcer's nor of any side: a person may want to warn it
        "third_party": pl.Boolean(),
        "moving": pl.Boolean(),
        # "certain", or "possible" where gaps, errors of position or an unknown height leave it open
        "quality": pl.String(),
        # the area's text raised doubts: see the file of areas
        "area_doubtful": pl.Boolean(),
        # the area's active time that the visit lies in; null: open
        "active_from": pl.Datetime("us", "UTC"),
        "active_to": pl.Datetime("us", "UTC"),
        # where and how at nearest_at; altitude null when unknown, course null when not moving
        "lon": pl.Float64(),
        "lat": pl.Float64(),
        "altitude_m": pl.Float64(),
        "speed_kn": pl.Float64(),
        "course_deg": pl.Float64(),
        "kind": pl.String(),
        "name": pl.String(),
    }
)
"""Sorted by entered, mover, area."""

UNVISITED = pl.Schema(
    {
        "area": pl.String(),
        "area_name": pl.String(),
        "activity": pl.String(),
        "area_doubtful": pl.Boolean(),
        # null where it has no end on that side
        "active_from": pl.Datetime("us", "UTC"),
        "active_to": pl.Datetime("us", "UTC"),
        # whether anybody had a fix within 50 NM meanwhile; false: the tracks have a hole there and tell nothing
        "seen_near": pl.Boolean(),
    }
)
"""Active times of areas in which nobody was seen."""
