"""Who will come too close to whom, from one picture of positions.

Each mover goes on along its geodesic at constant speed and constant vertical rate. Found are all pairs for
which horizontal distance < within_m and vertical distance < vertical_m hold at once at some time before the
horizon, or which violate a well-clear volume then. No pair is missed: detente.encounters.instant_pairs says why.

Predicts what is if nobody turns; proposes no manoeuvre and computes no intercept.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente import words
from detente.encounters.errors import LimitMistake
from detente.encounters.sides import Sides
from detente.encounters.states import HORIZON_MAX_S, VERTICAL_MAX_M, WITHIN_MAX_M, check_states
from detente.encounters.straight import Motion, Stretches
from detente.encounters.well_clear import WellClear, volume_named, well_clear_interval
from detente.notices.quantities import KNOT_MS

__all__ = ["PREDICTED", "Between", "predict"]

say = words.speaker("encounters")

Integers = NDArray[np.int64]
Between = Literal["rivals", "all"]

CANDIDATE_SLACK = 1e-4
"""What straight motion in a plane may differ from geodesics over the time of tau, relative to the distance."""

PREDICTED = pl.Schema(
    {
        # the pair, in the order of their ids as text
        "a": pl.String(),
        "b": pl.String(),
        # seconds from now: when both limits begin to hold (0: they do now) and cease to (the horizon: not yet)
        "entry_s": pl.Float64(),
        # the least horizontal distance between now and the horizon: when, how far, and the vertical distance then
        "closest_s": pl.Float64(),
        "exit_s": pl.Float64(),
        "distance_m": pl.Float64(),
        # null when the height of either is unknown
        "vertical_m": pl.Float64(),
        "side_a": pl.String(),
        "side_b": pl.String(),
        # least between entry and exit of max(horizontal / within, vertical / vertical limit)
        "severity": pl.Float64(),
        "inside_now": pl.Boolean(),
        # horizontal, at closest_s
        "relative_speed_kn": pl.Float64(),
    }
)
"""Sorted by entry_s, a, b. One row a stretch of time: a pair has two only where it leaves and enters again."""


def predict(
    states: pl.DataFrame,
    *,
    horizon_s: float = 600.0,
    within_m: float = 9260.0,
    vertical_m: float = 304.8,
    well_clear: str | None = None,
    sides: Sides | None = None,
    between: Between | None = None,
) -> pl.DataFrame:
    """Find every pair that comes within the limits before the horizon; returns a frame of PREDICTED.

    states: columns id, lat, lon, speed_kn, course_deg, and where known altitude_ft, vertical_fpm, kind, military
    (detente.encounters.states.STATES). A ship is at sea level. Where a height or its rate is unknown, only the
    horizontal is judged, and vertical_m is null.
    horizon_s: above 0, up to a day. within_m up to 1,000 km, vertical_m up to 100 km; both open limits.
    well_clear: a name from detente.encounters.well_clear.VOLUMES; its volume then stands in the place of within_m
    and vertical_m, severity is relative to its distances, and above 1 where only modified tau says so.
    between: "rivals" finds pairs of rival sides only (the default where sides are given), "all" finds all.
    Times are right to a millisecond and distances to 5 cm against geodesics (tests/encounters/test_predict.py).
    Raises StateMistake for a bad picture and LimitMistake for a bad limit.
    """
    volume = volume_named(well_clear) if well_clear is not None else None
    _check_limit("horizon_s", horizon_s, HORIZON_MAX_S)
    _check_limit("within_m", within_m, WITHIN_MAX_M)
    _check_limit("vertical_m", vertical_m, VERTICAL_MAX_M)
    side_names, rivals = _relations(sides, between)
    picture = check_states(states)
    if picture.height < 2:
        return PREDICTED.to_frame()
    names = _sides_of(picture, sides)
    side = names.cast(pl.Enum(side_names)).to_physical().cast(pl.Int64).to_numpy()
    if volume is None:
        motion = Motion.of(picture, horizon_s)
        found = motion.within(side, rivals, within_m, vertical_m)
        limits = (within_m, vertical_m)
    else:
        motion = Motion.of(picture, horizon_s + volume.tau_mod_s)
        found = _violating(motion, side, rivals, volume, horizon_s)
        limits = (volume.distance_m, volume.vertical_m)
    return _table(picture, names, motion, found, horizon_s=horizon_s, limits=limits)


def _check_limit(name: str, value: float, most: float) -> None:
    if not 0 < value <= most:
        raise LimitMistake(
            expected=say("a limit above 0, at most {most}", most=f"{most:g}"),
            came=f"{value:g}",
            where=name,
            remedy=say("choose another limit"),
        )


def _relations(sides: Sides | None, between: Between | None) -> tuple[list[str], NDArray[np.uint8]]:
    """Return the sides' names, "" first, and which of them are looked for together."""
    chosen = between or ("all" if sides is None else "rivals")
    if chosen not in {"rivals", "all"} or (chosen == "rivals" and sides is None):
        raise LimitMistake(
            expected=say("rivals with sides given, or all"),
            came=str(between),
            where="between",
            remedy=say("give sides, or look for all"),
        )
    names = ["", *(sides.names if sides is not None else ())]
    related = [
        [chosen == "all" or (sides is not None and sides.rivals(one, other)) for other in names] for one in names
    ]
    return names, np.array(related, dtype=np.uint8)


def _sides_of(picture: pl.DataFrame, sides: Sides | None) -> pl.Series:
    if sides is None:
        return pl.Series("side", [""], dtype=pl.String).new_from_index(0, picture.height)
    return sides.assign(picture.rename({"id": "mover"}))


def _violating(
    motion: Motion, side: Integers, rivals: NDArray[np.uint8], volume: WellClear, horizon_s: float
) -> Stretches:
    """Return when pairs violate a volume.

    A pair that violates it at some time is horizontally within D at most tau later (tau_mod lies between the
    times of entering and leaving D), so the candidates are those within D in the longer time; each is judged
    by the straight motion that touches its own at its closest approach.
    """
    near = motion.within(
        side,
        rivals,
        volume.distance_m * (1 + CANDIDATE_SLACK) + 1.0,
        volume.vertical_m * (1 + 1e-9) + 0.01,
        ignore_vertical=True,
    )
    pairs = np.unique(np.column_stack([near.a, near.b]), axis=0)
    a, b = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    rows = motion.relative(a, b)
    closest, s, v = rows[:, 0], rows[:, 1:4], rows[:, 4:7]
    flat = np.isnan(s[:, 2]) | np.isnan(v[:, 2])
    bounds = {"start_s": -closest, "horizon_s": horizon_s - closest}
    deep = well_clear_interval(s, v, volume, **bounds)
    level = well_clear_interval(s[:, :2], v[:, :2], volume, **bounds)
    entry = np.where(flat, level.entry_s, deep.entry_s) + closest
    leaving = np.where(flat, level.exit_s, deep.exit_s) + closest
    kept = ~np.isnan(entry)
    return Stretches(a[kept], b[kept], np.maximum(entry[kept], 0.0), np.minimum(leaving[kept], horizon_s))


def _table(
    picture: pl.DataFrame,
    names: pl.Series,
    motion: Motion,
    found: Stretches,
    *,
    horizon_s: float,
    limits: tuple[float, float],
) -> pl.DataFrame:
    """Return the stretches as PREDICTED, the pair in the order of the ids."""
    told = motion.described(found, horizon_s, limits)
    ids = picture["id"]
    first, second = ids.gather(found.a), ids.gather(found.b)
    turned = (first > second).to_numpy()
    a, b = np.where(turned, found.b, found.a), np.where(turned, found.a, found.b)
    return (
        pl.DataFrame(
            {
                "a": ids.gather(a),
                "b": ids.gather(b),
                "entry_s": found.entry_s,
                "closest_s": told[:, 0],
                "exit_s": found.exit_s,
                "distance_m": told[:, 1],
                "vertical_m": told[:, 2],
                "side_a": names.gather(a),
                "side_b": names.gather(b),
                "severity": told[:, 4],
                "inside_now": found.entry_s <= 0.0,
                "relative_speed_kn": told[:, 3] / KNOT_MS,
            },
            schema=PREDICTED,
        )
        .with_columns(pl.col("vertical_m").fill_nan(None))
        .sort("entry_s", "a", "b")
    )
