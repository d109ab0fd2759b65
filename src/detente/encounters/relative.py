"""Two movers that keep course and speed, as one relative position and one relative velocity.

``s`` is own position minus the other's, ``v`` own velocity minus the other's, in any local frame whose third
axis is vertical: arrays of shape (..., 3) in metres and metres per second, or (..., 2) when a height is
unknown, which leaves the vertical out of every condition. Leading axes are pairs and broadcast as in NumPy.
A NaN in gives a NaN out, never a number.

Everything horizontal follows from two numbers: the time of closest approach t0 = -s.v / v.v and the least
distance d0 = |s x v| / |v|; the distance at t is then sqrt(d0^2 + (v (t - t0))^2). Horizontal relative speeds
under STILL_MS count as zero: the direction of so slow a motion is noise, and the distance stays what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detente import words
from detente.encounters.errors import ShapeMistake

__all__ = [
    "LEVEL_MS",
    "STILL_MS",
    "Approach",
    "Floats",
    "Interval",
    "closest_approach",
    "closest_approach_in_space",
    "cylinder_interval",
    "meet",
    "modified_tau_s",
    "passing",
    "vectors",
    "vertical_window",
]

say = words.speaker("encounters")

Floats = NDArray[np.float64]

STILL_MS = 0.01
"""Horizontal relative speed below which two movers keep their distance."""
LEVEL_MS = 1e-9
"""Vertical relative speed below which two movers keep their vertical distance (a millimetre in eleven days)."""


@dataclass(frozen=True, slots=True)
class Approach:
    """The nearest moment: after_s seconds from now, the distance then, and the vertical distance then.

    vertical_m is NaN where heights are unknown.
    """

    after_s: Floats
    distance_m: Floats
    vertical_m: Floats


@dataclass(frozen=True, slots=True)
class Interval:
    """When a condition holds, in seconds from now; both ends are NaN where it never does."""

    entry_s: Floats
    exit_s: Floats

    @property
    def exists(self) -> NDArray[np.bool_]:
        """Where the condition holds at some time."""
        return ~np.isnan(self.entry_s)


def vectors(s: ArrayLike, v: ArrayLike) -> tuple[Floats, Floats]:
    """Return both as float64 arrays of one shape (..., 2) or (..., 3); raises ShapeMistake otherwise."""
    position, velocity = np.asarray(s, dtype=np.float64), np.asarray(v, dtype=np.float64)
    try:
        position, velocity = np.broadcast_arrays(position, velocity)
    except ValueError:
        position = np.empty(0)
    if position.ndim == 0 or position.shape[-1] not in {2, 3}:
        raise ShapeMistake(
            expected=say("position and velocity of the same shape, the last axis east, north and perhaps up"),
            came=f"{np.shape(s)}, {np.shape(v)}",
            remedy=say("stack the components on the last axis"),
        )
    return position, velocity


def passing(s: ArrayLike, v: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return time of closest approach, least distance and speed of the horizontal motion, without bounds.

    Still pairs (below STILL_MS): time 0, the present distance, speed 0.
    """
    position, velocity = vectors(s, v)
    x, y, vx, vy = position[..., 0], position[..., 1], velocity[..., 0], velocity[..., 1]
    speed = np.hypot(vx, vy)
    still = speed < STILL_MS
    divisor = np.where(still, 1.0, speed)
    time = np.where(still, 0.0 * speed, -(x * vx + y * vy) / divisor**2)
    least = np.where(still, np.hypot(x, y), np.abs(x * vy - y * vx) / divisor)
    return time, least, np.where(still, 0.0 * speed, speed)


def closest_approach(s: ArrayLike, v: ArrayLike, *, horizon_s: float = np.inf, start_s: float = 0.0) -> Approach:
    """Find the least horizontal distance between start_s and horizon_s, and the vertical distance then.

    start_s = -inf and horizon_s = inf give the closest approach of all time, which may lie in the past.
    Still pairs: after_s is start_s, or 0 when that is not finite. distance_m >= 0.
    """
    position, velocity = vectors(s, v)
    time, least, speed = passing(position, velocity)
    bounded = np.clip(time, start_s, horizon_s)
    after = np.where(speed == 0, start_s if np.isfinite(start_s) else 0.0, bounded)
    distance = np.hypot(least, speed * np.where(speed == 0, 0.0, after - time))
    return Approach(after, distance, _vertical(position, velocity, after))


def closest_approach_in_space(
    s: ArrayLike, v: ArrayLike, *, horizon_s: float = np.inf, start_s: float = 0.0
) -> Approach:
    """Find the least distance in all three dimensions instead; distance_m is that, the rest as above."""
    position, velocity = vectors(s, v)
    square = (velocity**2).sum(axis=-1)
    still = square < STILL_MS**2
    time = np.where(still, 0.0, -(position * velocity).sum(axis=-1) / np.where(still, 1.0, square))
    after = np.clip(time, start_s, horizon_s)
    then = position + velocity * after[..., np.newaxis]
    return Approach(after, np.sqrt((then**2).sum(axis=-1)), _vertical(position, velocity, after))


def _vertical(position: Floats, velocity: Floats, after: Floats) -> Floats:
    if position.shape[-1] == 2:
        return np.full(after.shape, np.nan)
    return cast("Floats", np.abs(position[..., 2] + velocity[..., 2] * after))


def modified_tau_s(s: ArrayLike, v: ArrayLike, *, distance_m: float) -> Floats:
    """Return modified tau, (D^2 - s.s) / s.v, the harmonic mean of the times of entering and leaving D.

    NaN where the pair is not closing; negative inside D. Source: RTCA DO-185B; Munoz, Narkawicz, Chamberlain,
    Consiglio, Upchurch: "A Family of Well-Clear Boundary Models for the Integration of UAS in the NAS",
    AIAA 2014-2412.
    """
    position, velocity = vectors(s, v)
    product = (position[..., :2] * velocity[..., :2]).sum(axis=-1)
    square = (position[..., :2] ** 2).sum(axis=-1)
    closing = product < 0
    with np.errstate(over="ignore"):  # all but not closing: infinite is right
        tau = (distance_m**2 - square) / np.where(closing, product, 1.0)
    return cast("Floats", np.where(closing, tau, np.nan))


def vertical_window(s: ArrayLike, v: ArrayLike, *, vertical_m: float, closed: bool) -> tuple[Floats, Floats]:
    """Return the unbounded times between which the vertical distance is below (closed: at most) the limit.

    An empty window is (inf, -inf); unknown heights or level movers inside are (-inf, inf).
    """
    position, velocity = vectors(s, v)
    if position.shape[-1] == 2:
        return np.full(position.shape[:-1], -np.inf), np.full(position.shape[:-1], np.inf)
    z, rate = position[..., 2], velocity[..., 2]
    level = np.abs(rate) < LEVEL_MS
    divisor = np.where(level, 1.0, rate)
    one, other = (-vertical_m - z) / divisor, (vertical_m - z) / divisor
    inside = np.abs(z) <= vertical_m if closed else np.abs(z) < vertical_m
    low = np.where(level, np.where(inside, -np.inf, np.inf), np.minimum(one, other))
    unknown = np.isnan(z) | np.isnan(rate)
    return np.where(unknown, np.nan, low), np.where(
        unknown, np.nan, np.where(level, np.where(inside, np.inf, -np.inf), np.maximum(one, other))
    )


def meet(*windows: tuple[ArrayLike, ArrayLike]) -> Interval:
    """Return the common part of some windows; one that has no length is none."""
    low, high = windows[0]
    for start, end in windows[1:]:
        low, high = np.maximum(low, start), np.minimum(high, end)
    found = np.less(low, high)
    return Interval(np.where(found, low, np.nan), np.where(found, high, np.nan))


def cylinder_interval(
    s: ArrayLike,
    v: ArrayLike,
    *,
    within_m: float,
    vertical_m: float,
    horizon_s: float = np.inf,
    start_s: float = 0.0,
) -> Interval:
    """Return when horizontal distance < within_m and vertical distance < vertical_m, in [start_s, horizon_s].

    Both limits are open: a tangent, or exactly the vertical limit kept, is no conflict. entry_s is start_s
    when the pair is inside then, exit_s is horizon_s when it is still inside then. With straight motion the
    times form one interval.
    """
    position, velocity = vectors(s, v)
    time, least, speed = passing(position, velocity)
    inside = least < within_m
    moving = speed > 0
    # written as a product so that a least distance near the limit loses no digits
    reach = np.sqrt(np.where(inside, (within_m - least) * (within_m + least), 0.0))
    half = np.where(inside, np.where(moving, reach / np.where(moving, speed, 1.0), np.inf), -np.inf)
    unknown = 0.0 * (time + least)
    window = vertical_window(position, velocity, vertical_m=vertical_m, closed=False)
    return meet((time - half + unknown, time + half + unknown), window, (start_s, horizon_s))
