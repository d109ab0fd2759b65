"""The table of encounters from what the kernels found."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.encounters.areas import Area, inside
from detente.encounters.intake import Movers
from detente.encounters.kernel_pairs import FIELDS, FLAGS, NUMBERS
from detente.encounters.motion import State, arc_m, lon_lat, wrapped
from detente.encounters.pairing import Pairing
from detente.encounters.schema import ENCOUNTERS
from detente.encounters.situation import relative_bearings, situations
from detente.encounters.windows import Pieces
from detente.notices.quantities import KNOT_MS
from detente.tracks.schema import KINDS

__all__ = ["Listed"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_A, _B, _ENTERED, _LEFT, _CLOSEST, _FLAGS, _PASSES = range(7)


@dataclass(slots=True)
class Listed:
    """Gathers finished encounters and counts those that are not listed."""

    keep_moored: bool
    area: Area | None
    moored: int = 0
    outside_area: int = 0
    _parts: list[Pieces] = field(default_factory=list)
    _moored_pairs: list[Integers] = field(default_factory=list)

    def add(self, found: Pieces) -> None:
        """Keep what may be listed; what two movers at rest make is only counted."""
        if not self.keep_moored:
            moored = _moored(found.numbers)
            self._moored_pairs.append(found.numbers[moored][:, :2].copy())
            found = found.at(np.flatnonzero(~moored))
        if len(found.numbers):
            self._parts.append(found)

    def table(self, movers: Movers, pairing: Pairing) -> pl.DataFrame:
        """Return all that is listed; sets the counts."""
        numbers = np.concatenate([np.empty((0, NUMBERS), np.int64), *(part.numbers for part in self._parts)])
        fields = np.concatenate([np.empty((0, FIELDS)), *(part.fields for part in self._parts)])
        self._parts.clear()
        still = np.concatenate([np.empty((0, 2), np.int64), *self._moored_pairs])
        self.moored = int(np.count_nonzero(_sided(still, movers, pairing)[2]))
        side_a, side_b, wanted = _sided(numbers[:, :2], movers, pairing)
        if self.area is not None:
            lon, lat = lon_lat(0.5 * (fields[:, 15:18] + fields[:, 18:21]))
            within = inside(self.area, lon, lat)
            self.outside_area = int(np.count_nonzero(wanted & ~within))
            wanted &= within
        places = np.flatnonzero(wanted)
        found = Pieces(fields[places], numbers[places])
        sides = {"side_a": [side_a[place] for place in places], "side_b": [side_b[place] for place in places]}
        return _table(found, movers, sides)


def _moored(numbers: Integers) -> Flags:
    return (numbers[:, _FLAGS] & (FLAGS.A_MOVED | FLAGS.B_MOVED)) == 0


def _sided(pairs: Integers, movers: Movers, pairing: Pairing) -> tuple[list[str], list[str], Flags]:
    """Return both sides of each pair, and whether the pair is looked for."""
    codes, back = np.unique(pairs, return_inverse=True)
    sides = pairing.final(movers, codes)
    place = back.reshape(-1, 2)
    side_a = [sides[at] for at in place[:, 0]]
    side_b = [sides[at] for at in place[:, 1]]
    return side_a, side_b, pairing.wanted(side_a, side_b)


def _table(found: Pieces, movers: Movers, sides: dict[str, list[str]]) -> pl.DataFrame:
    numbers, fields = found.numbers, found.fields
    flags = numbers[:, _FLAGS]
    crossed = _has(flags, FLAGS.CROSSED)
    closest = State.of(
        fields[:, 15:27], _has(flags, FLAGS.A_RESTS_AT_CLOSEST), _has(flags, FLAGS.B_RESTS_AT_CLOSEST)
    )
    # where coverage began inside the limits there was no entry: the closest point is judged instead
    judged = State.of(
        np.where(crossed[:, None], fields[:, 3:15], fields[:, 15:27]),
        _has(flags, np.where(crossed, FLAGS.A_RESTS_ON_ENTERING, FLAGS.A_RESTS_AT_CLOSEST)),
        _has(flags, np.where(crossed, FLAGS.B_RESTS_ON_ENTERING, FLAGS.B_RESTS_AT_CLOSEST)),
    )
    seen_by_a, seen_by_b = relative_bearings(judged)
    at_rest = _has(flags, FLAGS.A_RESTS_AT_CLOSEST) | _has(flags, FLAGS.B_RESTS_AT_CLOSEST)
    columns = {
        **_movers(numbers, movers),
        **sides,
        "entered": numbers[:, _ENTERED],
        "closest_at": np.clip(numbers[:, _CLOSEST], numbers[:, _ENTERED], numbers[:, _LEFT]),
        "left": numbers[:, _LEFT],
        "distance_m": arc_m(np.sqrt(fields[:, 0])),
        "vertical_m": np.abs(fields[:, 28] - fields[:, 27]),
        "severity": fields[:, 1],
        "speed_a_kn": closest.speed_a_kn,
        "speed_b_kn": closest.speed_b_kn,
        "course_a_deg": closest.course_a_deg,
        "course_b_deg": closest.course_b_deg,
        "closing_speed_kn": np.where(crossed, fields[:, 2] * 1e6 / KNOT_MS, np.nan),
        "relative_speed_kn": closest.relative_speed_kn,
        "relative_bearing_a_deg": seen_by_a,
        "relative_bearing_b_deg": seen_by_b,
        # how we lie to the other is how the other sees us
        "aspect_a_deg": wrapped(seen_by_b),
        "aspect_b_deg": wrapped(seen_by_a),
        "situation": situations(judged),
        "duration_s": (numbers[:, _LEFT] - numbers[:, _ENTERED]) / 1e6,
        "passes": numbers[:, _PASSES],
        "both_moving": ~at_rest,
        "moored": _moored(numbers),
        "quality": np.where(_has(flags, FLAGS.CERTAIN), "certain", "possible"),
        "lon_a": closest.lon_a,
        "lat_a": closest.lat_a,
        "altitude_a_m": fields[:, 27],
        "lon_b": closest.lon_b,
        "lat_b": closest.lat_b,
        "altitude_b_m": fields[:, 28],
    }
    return (
        pl.DataFrame(columns)
        .with_columns(pl.col("entered", "closest_at", "left").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .select(pl.col(name).cast(kind) for name, kind in ENCOUNTERS.items())
        .sort("entered", "a", "b")
    )


def _has(flags: Integers, bit: int | Integers) -> Flags:
    has: Flags = (flags & bit) != 0
    return has


def _movers(numbers: Integers, movers: Movers) -> dict[str, list[str | None]]:
    """Return id, kind and name of both."""
    kinds = (None, *KINDS)
    columns: dict[str, list[str | None]] = {}
    for letter, column in (("a", _A), ("b", _B)):
        codes = numbers[:, column].tolist()
        columns[letter] = [movers.ids[code] for code in codes]
        columns[f"kind_{letter}"] = [kinds[movers.kind[code]] for code in codes]
        columns[f"name_{letter}"] = [movers.names.get(code) for code in codes]
    return columns
