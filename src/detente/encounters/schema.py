"""The one table of encounters: columns, types, units."""

from __future__ import annotations

import polars as pl

__all__ = ["ENCOUNTERS"]

ENCOUNTERS = pl.Schema(
    {
        # the pair, in the order of their ids as text, so that (A, B) and (B, A) are one row
        "a": pl.String(),
        "b": pl.String(),
        "side_a": pl.String(),
        "side_b": pl.String(),
        # the maximal interval in which the limits hold; closest_at is the least horizontal distance in it
        "entered": pl.Datetime("us", "UTC"),
        "closest_at": pl.Datetime("us", "UTC"),
        "left": pl.Datetime("us", "UTC"),
        "distance_m": pl.Float64(),
        # vertical distance at closest_at; null when the height of either is unknown
        "vertical_m": pl.Float64(),
        # least over time of max(horizontal / within, vertical / vertical limit): 0 touching, 1 at the limit
        "severity": pl.Float64(),
        # motion at closest_at, from the track itself (not as reported); course null when not moving
        "speed_a_kn": pl.Float64(),
        "speed_b_kn": pl.Float64(),
        "course_a_deg": pl.Float64(),
        "course_b_deg": pl.Float64(),
        # rate at which the distance shrank on entering; null when coverage began inside the limit
        "closing_speed_kn": pl.Float64(),
        # magnitude of the difference of both velocities at closest_at
        "relative_speed_kn": pl.Float64(),
        # at entered, or at closest_at when coverage began inside: where the other is, clockwise from own
        # course, [0, 360); the other's aspect towards us, (-180, 180], positive to its starboard
        "relative_bearing_a_deg": pl.Float64(),
        "relative_bearing_b_deg": pl.Float64(),
        "aspect_a_deg": pl.Float64(),
        "aspect_b_deg": pl.Float64(),
        # "head_on", "crossing", "overtaking", "stopped" (one or both not moving): rule in spec/encounters.md
        "situation": pl.String(),
        "duration_s": pl.Float64(),
        # how often within the interval the distance went through a minimum
        "passes": pl.Int32(),
        "both_moving": pl.Boolean(),
        # both moored, anchored or not moving throughout; listed only with keep_moored
        "moored": pl.Boolean(),
        # "certain", or "possible" when gaps or position errors make the limit undecidable
        "quality": pl.String(),
        # where both were at closest_at
        "lon_a": pl.Float64(),
        "lat_a": pl.Float64(),
        "altitude_a_m": pl.Float64(),
        "lon_b": pl.Float64(),
        "lat_b": pl.Float64(),
        "altitude_b_m": pl.Float64(),
        "kind_a": pl.String(),
        "kind_b": pl.String(),
        "name_a": pl.String(),
        "name_b": pl.String(),
    }
)
"""Sorted by entered, a, b."""
