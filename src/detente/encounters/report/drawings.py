"""A small drawing of one encounter: both tracks around the closest point on a local plane, north up.

The plane touches the WGS 84 ellipsoid half-way between both. Below it the distance over time. A is drawn solid
and filled, B dashed and hollow; ships as hulls, aircraft as aircraft, none to scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
import polars as pl

from detente import words
from detente.encounters.places import middle
from detente.encounters.report.figures import clock, length
from detente.notices.quantities import KNOT_MS

__all__ = ["drawing"]

say = words.speaker("encounters")

Floats = npt.NDArray[np.float64]

_WIDTH, _HEIGHT = 320.0, 232.0
_CENTRE = (160.0, 116.0)
_GLYPHS = {
    "ship": "M0-9C3-5 4-2 4 2V8H-4V2C-4-2-3-5 0-9Z",
    "aircraft": "M0-10 1.6-6V-2L9 3V5L1.6 2.6V6L4 8.4V10L0 8.8-4 10V8.4L-1.6 6V2.6L-9 5V3L-1.6-2V-6Z",
    "other": "M-5 0 0-5 5 0 0 5Z",
}
_LEAST_HALF_M = {"ship": 70.0, "aircraft": 250.0}
_A_WGS84_M, _E2_WGS84 = 6_378_137.0, 6.694_379_990_14e-3
_AROUND_S = 600.0


@dataclass(frozen=True, slots=True)
class _Track:
    """One mover's fixes on the local plane; seconds count from the closest moment."""

    seconds: Floats
    east_m: Floats
    north_m: Floats


def drawing(row: dict[str, Any], pieces: dict[str, pl.DataFrame], *, within_m: float, max_gap_s: float) -> str:
    """Return the SVG of one encounter; pieces: fixes of "a" and "b" (track_pieces), possibly empty.

    Every text in it is ours or escaped. Needs the places of both at closest_at.
    """
    origin = middle((row["lon_a"], row["lat_a"]), (row["lon_b"], row["lat_b"]))
    at = {w: _plane(origin, np.array([[row[f"lon_{w}"], row[f"lat_{w}"]]]))[0] for w in "ab"}
    tracks = {w: _track(origin, pieces[w], row["closest_at"]) for w in "ab"}
    half_m = max(1.6 * row["distance_m"], *(_LEAST_HALF_M.get(str(row[f"kind_{w}"]), 100.0) for w in "ab"))
    per_m = _CENTRE[1] / half_m
    x, y, steep = _figure_place(at, per_m)
    # where the figure of the distance stands, no time may
    taken: list[tuple[float, float]] = [(x + 22.0 if steep else x, y)]
    body = [_closest_line(at, row["distance_m"], per_m)]
    for which in "ba":
        body.append(_track_lines(tracks[which], which, per_m, max_gap_s))
        body.append(
            _ticks(
                tracks[which],
                which,
                per_m,
                step_s=_tick_step_s(row[f"speed_{which}_kn"], half_m),
                max_gap_s=max_gap_s,
                taken=taken,
            )
        )
        body.append(_glyph(row, which, at[which], per_m))
    label = say(
        "Tracks around the closest point, {distance} apart; north is up", distance=length(row["distance_m"])
    )
    return (
        f'<svg class="close" viewBox="0 0 {_WIDTH:g} 300" role="img" aria-label="{escape(label)}">'
        f'<rect class="paper" width="{_WIDTH:g}" height="{_HEIGHT:g}"/>'
        f'<svg class="field" width="{_WIDTH:g}" height="{_HEIGHT:g}">{"".join(body)}</svg>'
        f"{_north()}{_scale_bar(per_m)}"
        f"{_inset(tracks, at, max_gap_s)}{_profile(tracks, row, within_m, max_gap_s)}</svg>"
    )


def _plane(origin: tuple[float, float], lon_lat_deg: Floats) -> Floats:
    """Return east and north in metres on the plane that touches the ellipsoid at the origin."""
    lon0, lat0 = np.radians(origin)
    offset = _earth_centred(lon_lat_deg) - _earth_centred(np.array([origin]))
    east = np.array([-math.sin(lon0), math.cos(lon0), 0.0])
    north = np.array([-math.sin(lat0) * math.cos(lon0), -math.sin(lat0) * math.sin(lon0), math.cos(lat0)])
    return np.column_stack([offset @ east, offset @ north])


def _earth_centred(lon_lat_deg: Floats) -> Floats:
    lon, lat = np.radians(lon_lat_deg[:, 0]), np.radians(lon_lat_deg[:, 1])
    radius = _A_WGS84_M / np.sqrt(1.0 - _E2_WGS84 * np.sin(lat) ** 2)
    return np.column_stack(
        [
            radius * np.cos(lat) * np.cos(lon),
            radius * np.cos(lat) * np.sin(lon),
            radius * (1.0 - _E2_WGS84) * np.sin(lat),
        ]
    )


def _track(origin: tuple[float, float], fixes: pl.DataFrame, closest: datetime) -> _Track:
    if fixes.is_empty():
        empty = np.empty(0)
        return _Track(empty, empty, empty)
    seconds = (fixes["time"] - closest).dt.total_microseconds().to_numpy() / 1e6
    plane = _plane(origin, fixes.select("lon", "lat").to_numpy())
    return _Track(seconds, plane[:, 0], plane[:, 1])


def _runs(track: _Track, max_gap_s: float) -> list[slice]:
    """Return the stretches of fixes without a gap longer than max_gap_s."""
    if not len(track.seconds):
        return []
    breaks = np.flatnonzero(np.diff(track.seconds) > max_gap_s) + 1
    edges = [0, *breaks.tolist(), len(track.seconds)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _xy(east_m: float, north_m: float, per_m: float) -> tuple[float, float]:
    # far ends are held near the drawing: browsers lose precision beyond
    x = min(max(_CENTRE[0] + east_m * per_m, -20_000.0), 20_000.0)
    y = min(max(_CENTRE[1] - north_m * per_m, -20_000.0), 20_000.0)
    return round(x, 1), round(y, 1)


def _line(track: _Track, run: slice, per_m: float) -> str:
    points = [_xy(e, n, per_m) for e, n in zip(track.east_m[run], track.north_m[run], strict=True)]
    thinned = [point for i, point in enumerate(points) if i == 0 or point != points[i - 1]]
    return " ".join(f"{x:g},{y:g}" for x, y in thinned)


def _inside(x: float, y: float, margin: float = 0.0) -> bool:
    return margin <= x <= _WIDTH - margin and margin <= y <= _HEIGHT - margin


def _track_lines(track: _Track, which: str, per_m: float, max_gap_s: float) -> str:
    lines = [
        f'<polyline class="track {which}" points="{_line(track, run, per_m)}"/>'
        for run in _runs(track, max_gap_s)
        if run.stop - run.start > 1
    ]
    fixes = {
        (x, y)
        for x, y in (_xy(e, n, per_m) for e, n in zip(track.east_m, track.north_m, strict=True))
        if _inside(x, y)
    }
    dots = "".join(f'<circle class="fix {which}" cx="{x:g}" cy="{y:g}" r="2"/>' for x, y in sorted(fixes))
    return "".join(lines) + dots


def _tick_step_s(speed_kn: float | None, half_m: float) -> float:
    """Return the time between ticks so that a mover of this speed passes about five in the drawing."""
    wanted = 2.0 * half_m / max((speed_kn or 0.0) * KNOT_MS, 0.2) / 5.0
    return next((step for step in (1, 2, 5, 10, 15, 30, 60, 120, 300) if step >= wanted), 300.0)


def _ticks(
    track: _Track,
    which: str,
    per_m: float,
    *,
    step_s: float,
    max_gap_s: float,
    taken: list[tuple[float, float]],
) -> str:
    """Return marks at whole steps of time before and after the closest moment, with their labels.

    taken: where labels stand already; a label that would lie over another is left out with its mark.
    """
    drawn: list[str] = []
    for run in _runs(track, max_gap_s):
        seconds = track.seconds[run]
        for k in range(math.ceil(seconds[0] / step_s), math.floor(seconds[-1] / step_s) + 1):
            x, y = _xy(
                float(np.interp(k * step_s, seconds, track.east_m[run])),
                float(np.interp(k * step_s, seconds, track.north_m[run])),
                per_m,
            )
            crowded = any(abs(x - other) < 42.0 and abs(y - high) < 13.0 for other, high in taken)
            # inset, scale bar, north arrow
            covered = (x < 92.0 and y < 92.0) or (x < 150.0 and y > _HEIGHT - 30.0) or (x > 270.0 and y < 48.0)
            if k == 0 or not _inside(x, y, 8.0) or crowded or covered or math.dist((x, y), _CENTRE) < 34.0:
                continue
            taken.append((x, y))
            drawn.append(
                f'<path class="tick {which}" d="M{x - 3:g} {y - 3:g}l6 6m0-6l-6 6"/>'
                + _label_beside((x, y), k * step_s, level=_is_level(track, run, k * step_s))
            )
    return "".join(drawn)


def _is_level(track: _Track, run: slice, second: float) -> bool:
    """Tell whether the track runs more east or west than north or south at this time."""
    around = [second - 1.0, second + 1.0]
    east, north = (np.interp(around, track.seconds[run], axis[run]) for axis in (track.east_m, track.north_m))
    return bool(abs(east[1] - east[0]) > abs(north[1] - north[0]))


def _label_beside(at: tuple[float, float], seconds: float, *, level: bool) -> str:
    """Return the label of a time: above a track that runs level, else beside it."""
    x, y = at
    dx, dy, anchor = (0, -8, "middle") if level else (8, 3, "start") if x < _WIDTH - 60 else (-8, 3, "end")
    text = escape(_offset(seconds))
    return f'<text class="when" x="{x + dx:g}" y="{y + dy:g}" text-anchor="{anchor}">{text}</text>'


def _offset(seconds: float) -> str:
    sign = "\u2212" if seconds < 0 else "+"
    whole = int(abs(seconds))
    if whole % 60 == 0 and whole >= 60:
        return sign + say("{minutes} min", minutes=whole // 60)
    if whole > 60:
        return f"{sign}{whole // 60}:{whole % 60:02d}"
    return sign + say("{seconds} s", seconds=whole)


def _glyph(row: dict[str, Any], which: str, at: Floats, per_m: float) -> str:
    x, y = _xy(float(at[0]), float(at[1]), per_m)
    course = row[f"course_{which}_deg"]
    kind = str(row[f"kind_{which}"])
    if course is None and kind == "ship":
        return f'<circle class="glyph {which}" cx="{x:g}" cy="{y:g}" r="5"/>'
    outline = _GLYPHS.get(kind, _GLYPHS["other"])
    turn = f" rotate({course:.0f})" if course is not None else ""
    return f'<path class="glyph {which}" transform="translate({x:g} {y:g}){turn}" d="{outline}"/>'


def _figure_place(at: dict[str, Floats], per_m: float) -> tuple[float, float, bool]:
    """Return where the distance stands, and whether beside a steep line: beside its middle, rather to the right."""
    (ax, ay), (bx, by) = (_xy(float(at[w][0]), float(at[w][1]), per_m) for w in "ab")
    span = math.dist((ax, ay), (bx, by))
    nx, ny = (-(by - ay) / span, (bx - ax) / span) if span > 1 else (0.0, -1.0)
    if nx < 0 or (nx == 0 and ny > 0):
        nx, ny = -nx, -ny
    steep = abs(nx) > 0.5
    return (ax + bx) / 2.0 + nx * 12, (ay + by) / 2.0 + ny * 12 + (3 if steep else 0), steep


def _closest_line(at: dict[str, Floats], distance_m: float, per_m: float) -> str:
    (ax, ay), (bx, by) = (_xy(float(at[w][0]), float(at[w][1]), per_m) for w in "ab")
    x, y, steep = _figure_place(at, per_m)
    return (
        f'<line class="apart" x1="{ax:g}" y1="{ay:g}" x2="{bx:g}" y2="{by:g}"/>'
        f'<text class="distance" x="{x:.1f}" y="{y:.1f}" text-anchor="{"start" if steep else "middle"}">'
        f"{escape(length(distance_m))}</text>"
    )


def _north() -> str:
    letter = escape(say("N"))
    return (
        '<g class="north" transform="translate(304 22)"><path d="M0-13 4 3 0 0-4 3Z"/>'
        f'<text y="14" text-anchor="middle">{letter}</text></g>'
    )


def _scale_bar(per_m: float) -> str:
    wanted_m = 80.0 / per_m
    unit = 10.0 ** math.floor(math.log10(wanted_m))
    bar_m = next(step * unit for step in (5.0, 2.0, 1.0) if step * unit <= wanted_m)
    size = bar_m * per_m
    return (
        f'<g class="scale" transform="translate(10 {_HEIGHT - 10:g})"><path d="M0-5V0H{size:.1f}V-5"/>'
        f'<text x="{size + 6:.1f}" y="0">{escape(length(bar_m))}</text></g>'
    )


def _inset(tracks: dict[str, _Track], at: dict[str, Floats], max_gap_s: float) -> str:
    """Return the whole ten minutes on each side, small, in the corner."""
    reach = [float(np.max(np.hypot(t.east_m, t.north_m))) for t in tracks.values() if len(t.seconds)]
    if not reach:
        return ""
    size = 76.0
    per_m = size * 0.46 / max(*reach, float(np.hypot(*at["a"])), 1.0)
    lines = "".join(
        f'<polyline class="track {which}" points="{_line(tracks[which], run, per_m)}"/>'
        for which in "ba"
        for run in _runs(tracks[which], max_gap_s)
    )
    reach_words = "\u00b1" + say("{minutes} min", minutes=10)
    shift = f"translate({size / 2 - _CENTRE[0]:g} {size / 2 - _CENTRE[1]:g})"
    return (
        f'<svg class="inset" x="6" y="6" width="{size:g}" height="{size:g}" viewBox="0 0 {size:g} {size:g}">'
        f'<rect width="{size:g}" height="{size:g}"/><g transform="{shift}">{lines}'
        f'<circle class="here" cx="{_CENTRE[0]:g}" cy="{_CENTRE[1]:g}" r="3.2"/></g>'
        f'<text x="5" y="{size - 5:g}">{escape(reach_words)}</text></svg>'
    )


def _profile(tracks: dict[str, _Track], row: dict[str, Any], within_m: float, max_gap_s: float) -> str:
    """Return the distance over the ten minutes on each side, with the limit."""
    top, tall, left, wide = 246.0, 36.0, 6.0, 308.0
    most_m = 3.0 * within_m
    seconds, distance_m = _distance(tracks, max_gap_s)

    def place(second: float, metres: float) -> tuple[float, float]:
        share = (second + _AROUND_S) / (2.0 * _AROUND_S)
        return round(left + wide * share, 1), round(top + tall * (1.0 - min(metres, most_m) / most_m), 1)

    limit_y = place(0.0, within_m)[1]
    middle_x, closest_y = place(0.0, row["distance_m"])
    points: list[str] = []
    for second, metres in zip(seconds, distance_m, strict=True):
        if math.isnan(metres):
            points.append("|")
        else:
            points.append("{:g},{:g}".format(*place(second, metres)))
    lines = "".join(f'<polyline points="{part.strip()}"/>' for part in " ".join(points).split("|") if "," in part)
    labels = "".join(
        f'<text x="{place(s, 0.0)[0]:g}" y="296" text-anchor="{anchor}">{escape(text)}</text>'
        for s, anchor, text in (
            (-600.0, "start", _offset(-600.0)),
            (0.0, "middle", clock(row["closest_at"])),
            (600.0, "end", _offset(600.0)),
        )
    )
    return (
        f'<g class="profile"><path class="axis" d="M{left:g} {top + tall:g}H{left + wide:g}M{middle_x:g} '
        f'{top:g}V{top + tall + 3:g}"/><line class="limit" x1="{left:g}" y1="{limit_y:g}" '
        f'x2="{left + wide:g}" y2="{limit_y:g}"/>{lines}'
        f'<circle cx="{middle_x:g}" cy="{closest_y:g}" r="3"/>'
        f'<text class="limit" x="{left + wide:g}" y="{limit_y - 3:g}" text-anchor="end">'
        f"{escape(length(within_m))}</text>{labels}</g>"
    )


def _distance(tracks: dict[str, _Track], max_gap_s: float) -> tuple[Floats, Floats]:
    """Return 241 instants and the distance at each; NaN where either has no position."""
    seconds = np.linspace(-_AROUND_S, _AROUND_S, 241)
    sides = []
    for track in tracks.values():
        place = np.full((len(seconds), 2), np.nan)
        for run in _runs(track, max_gap_s):
            known = (seconds >= track.seconds[run][0]) & (seconds <= track.seconds[run][-1])
            for column, values in enumerate((track.east_m[run], track.north_m[run])):
                place[known, column] = np.interp(seconds[known], track.seconds[run], values)
        sides.append(place)
    return seconds, np.hypot(*(sides[0] - sides[1]).T)
