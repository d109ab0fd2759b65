"""Who is or will be in an announced area, or near it, while it is active, from one picture of positions.

Each mover goes on along its geodesic at constant speed and constant vertical rate. What counts is what counts
for tracks (detente.encounters.visiting). Tells what is if nobody turns; proposes no manoeuvre.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from pyproj import Geod

from detente import words
from detente.encounters.announced import Announced
from detente.encounters.errors import LimitMistake, StateMistake
from detente.encounters.sides import Sides
from detente.encounters.states import HORIZON_MAX_S, check_states
from detente.encounters.visiting import find_visits
from detente.notices.moments import format_moment
from detente.notices.quantities import FOOT_M, KNOT_MS

__all__ = ["FORECAST", "STEP_S", "forecast"]

say = words.speaker("encounters")

STEP_S = 600.0
"""A leg of the way ahead lasts at most so long, so that no leg goes half around the earth."""
_GEOD = Geod(ellps="WGS84")

FORECAST = pl.Schema(
    {
        "mover": pl.String(),
        "side": pl.String(),
        "area": pl.String(),
        "area_name": pl.String(),
        "activity": pl.String(),
        # seconds from the moment of the picture: 0, it is so now; exit_s at the horizon: not yet
        "entry_s": pl.Float64(),
        # when it is deepest inside, or nearest when never inside
        "nearest_s": pl.Float64(),
        "exit_s": pl.Float64(),
        # in the area or within the margin now; inside: in the area itself at some time
        "inside_now": pl.Boolean(),
        "inside": pl.Boolean(),
        # from the border at nearest_s: one of both, the other null
        "depth_m": pl.Float64(),
        "distance_m": pl.Float64(),
        # neither the announcer's nor of any side: a person may want to warn it
        "third_party": pl.Boolean(),
        # why it begins and ends: detente.encounters.visits_schema
        "began": pl.String(),
        "ended": pl.String(),
        "area_doubtful": pl.Boolean(),
        "active_from": pl.Datetime("us", "UTC"),
        "active_to": pl.Datetime("us", "UTC"),
        # where at nearest_s; altitude null when unknown
        "lon": pl.Float64(),
        "lat": pl.Float64(),
        "altitude_m": pl.Float64(),
    }
)
"""Sorted by entry_s, mover, area."""


def forecast(
    states: pl.DataFrame,
    areas: Sequence[Announced],
    *,
    at: datetime,
    times: Sequence[datetime] | None = None,
    horizon_s: float = 1800.0,
    margin_m: float = 0.0,
    sides: Sides | None = None,
) -> pl.DataFrame:
    """Find who is in an active area or within the margin at some time from ``at`` until the horizon, as FORECAST.

    states: as detente.encounters.prediction.predict; times: when each of them was so, at the latest ``at``; None:
    all at ``at``. Raises StateMistake, LimitMistake and AreaMistake.
    """
    if not 0.0 < horizon_s <= HORIZON_MAX_S:
        raise LimitMistake(
            expected=say("a limit above 0, at most {most}", most=f"{HORIZON_MAX_S:g}"),
            came=f"{horizon_s:g}",
            where="horizon_s",
            remedy=say("choose another limit"),
        )
    picture = check_states(states)
    moments = list(times) if times is not None else [at] * picture.height
    for row, moment in enumerate(moments):
        if not timedelta(0) <= at - moment <= timedelta(seconds=HORIZON_MAX_S):
            raise StateMistake(
                expected=say("times up to a day before the moment of the picture, {at}", at=format_moment(at)),
                came=format_moment(moment),
                where=say("{file}, row {row}, column {column}", file="states", row=row + 1, column="time"),
                remedy=say("give the moment with --at, or correct the time"),
            )
    until = at + timedelta(seconds=horizon_s)
    found = find_visits(
        _tracks(picture, moments, until).lazy(),
        areas,
        margin_m=margin_m,
        max_gap_s=STEP_S + 1.0,
        sides=sides,
        start=at,
        end=until,
    ).visits
    since = pl.lit(at).cast(pl.Datetime("us", "UTC"))

    def seconds(name: str) -> pl.Expr:
        return (pl.col(name) - since).dt.total_microseconds() / 1e6

    return (
        found.with_columns(entry_s=seconds("entered"), nearest_s=seconds("nearest_at"), exit_s=seconds("left"))
        .with_columns(
            inside_now=pl.col("entry_s") <= 0.0,
            ended=pl.when(pl.col("exit_s") >= horizon_s).then(pl.lit("period_ended")).otherwise(pl.col("ended")),
            began=pl.when(pl.col("entry_s") <= 0.0).then(pl.lit("period_began")).otherwise(pl.col("began")),
        )
        .select(FORECAST.names())
        .sort("entry_s", "mover", "area")
    )


def _tracks(picture: pl.DataFrame, moments: Sequence[datetime], until: datetime) -> pl.DataFrame:
    """Return the way of every mover from its moment until the end as fixes, as detente.tracks.SCHEMA has them."""
    spans = np.array([(until - moment).total_seconds() for moment in moments])
    counts = np.maximum(np.ceil(spans / STEP_S).astype(np.int64), 1)
    row = np.repeat(np.arange(picture.height), counts + 1)
    first = np.cumsum(counts + 1) - (counts + 1)
    number = np.arange(row.size) - np.repeat(first, counts + 1)
    elapsed = spans[row] * number / counts[row]
    columns = {
        name: picture[name].fill_null(math.nan).to_numpy()[row]
        for name in ("lon", "lat", "speed_kn", "altitude_ft", "vertical_fpm")
    }
    course = picture["course_deg"].fill_null(0.0).to_numpy()[row]
    lon, lat, _ = _GEOD.fwd(columns["lon"], columns["lat"], course, columns["speed_kn"] * KNOT_MS * elapsed)
    height = (columns["altitude_ft"] + columns["vertical_fpm"] / 60.0 * elapsed) * FOOT_M
    begins = pl.Series(moments, dtype=pl.Datetime("us", "UTC")).gather(row)
    return pl.DataFrame(
        {
            "mover": picture["id"].gather(row),
            "time": begins + pl.Series(np.round(elapsed * 1e6).astype(np.int64)).cast(pl.Duration("us")),
            "lon": (lon + 180.0) % 360.0 - 180.0,
            "lat": lat,
            "altitude_m": pl.Series(height, nan_to_null=True),
            "kind": picture["kind"].gather(row),
            "military": picture["military"].gather(row),
        }
    ).sort("time", maintain_order=True)
