"""The table of encounters from what the kernels found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.encounters.areas import Area, inside
from detente.encounters.intake import Movers
from detente.encounters.kernel_describe import FLAGS
from detente.encounters.kernel_motion import COLUMNS, SITUATIONS, listed, order_of
from detente.encounters.motion import arc_m, lon_lat
from detente.encounters.pairing import Pairing
from detente.encounters.schema import ENCOUNTERS
from detente.encounters.windows import Pieces
from detente.tracks.schema import KINDS

__all__ = ["Listed"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_A, _B, _ENTERED, _LEFT, _CLOSEST, _FLAGS, _SWINGS, _FIRST_SWING = range(8)
_QUALITIES = ("possible", "certain")
_SEVERITY, _SEVERITY_DECIMALS = COLUMNS.index("severity"), 9


@dataclass(slots=True)
class Listed:
    """Gathers finished encounters and counts those that are not listed.

    What is gathered lies column by column, a part for each window: sorting moves each column once.
    """

    keep_moored: bool
    area: Area | None
    moored: int = 0
    outside_area: int = 0
    moored_pairs: list[Integers] = field(default_factory=list)
    _parts: list[dict[str, npt.NDArray[Any]]] = field(default_factory=list)

    def add(self, found: Pieces) -> None:
        """Keep what may be listed; what two movers at rest make is only counted."""
        if not self.keep_moored:
            moored = _moored(found.numbers)
            self.moored_pairs.append(found.numbers[moored][:, :2].copy())
            found = found.at(np.flatnonzero(~moored))
        if len(found.numbers):
            self._parts.append(_part(found, self.area))

    def table(self, movers: Movers, pairing: Pairing) -> pl.DataFrame:
        """Return all that is listed; sets the counts."""
        still = np.concatenate([np.empty((0, 2), np.int64), *self.moored_pairs])
        self.moored = len(still)
        if pairing.between != "all":
            self.moored = int(np.count_nonzero(_sided(still[:, 0], still[:, 1], movers, pairing)[2]))
        if not self._parts:
            return pl.DataFrame(schema=ENCOUNTERS)
        a, b, in_area = self._taken("a"), self._taken("b"), self._taken("in_area")
        side_a, side_b, wanted = _sided(a, b, movers, pairing)
        self.outside_area = int(np.count_nonzero(wanted & ~in_area))
        entered, left = self._taken("entered"), self._taken("left")
        order = _order(entered, a, b, movers)
        if not (wanted & in_area).all():
            order = order[(wanted & in_area)[order]]
        a, b, entered, left = a[order], b[order], entered[order], left[order]
        columns = _movers(a, b, movers)
        columns["side_a"], columns["side_b"] = side_a.gather(order), side_b.gather(order)
        columns["entered"], columns["left"] = _moments(entered), _moments(left)
        columns["closest_at"] = _moments(self._taken("closest_at")[order])
        columns["duration_s"] = pl.Series((left - entered) / 1e6)
        columns["situation"] = pl.Series(SITUATIONS).gather(self._taken("situation")[order])
        columns["quality"] = pl.Series(_QUALITIES).gather(self._taken("certain")[order])
        for name in ("passes", "both_moving", "moored"):
            columns[name] = pl.Series(self._taken(name)[order])
        for name in ("distance_m", *COLUMNS[1:]):
            columns[name] = pl.Series(self._taken(name)[order], nan_to_null=True)
        self._parts.clear()
        return pl.DataFrame({name: columns[name] for name in ENCOUNTERS}, schema=ENCOUNTERS)

    def _taken(self, name: str) -> npt.NDArray[Any]:
        """Return a column of all parts, which let it go."""
        return np.concatenate([part.pop(name) for part in self._parts])


def _moored(numbers: Integers) -> Flags:
    return ~_has(numbers[:, _FLAGS], FLAGS.A_MOVED | FLAGS.B_MOVED)


def _sided(a: Integers, b: Integers, movers: Movers, pairing: Pairing) -> tuple[pl.Series, pl.Series, Flags]:
    """Return both sides of each pair, and whether the pair is looked for."""
    met = np.zeros(len(movers.ids), np.bool_)
    met[a] = met[b] = True
    codes = np.flatnonzero(met)
    sides = pl.Series(pairing.final(movers, codes), dtype=pl.String)
    place = np.zeros(met.size, np.int64)
    place[codes] = np.arange(codes.size)
    side_a, side_b = sides.gather(place[a]), sides.gather(place[b])
    return side_a, side_b, pairing.wanted(side_a, side_b)


def _order(entered: Integers, a: Integers, b: Integers, movers: Movers) -> Shorts:
    """Return the places in the order of entered, a and b, the movers as text."""
    count = len(movers.ids)
    rank = np.empty(count, np.int64)
    rank[sorted(range(count), key=movers.ids.__getitem__)] = np.arange(count)
    return order_of(entered - entered.min(), rank[a] * count + rank[b], (count * count).bit_length())


def _part(found: Pieces, area: Area | None) -> dict[str, npt.NDArray[Any]]:
    """Return the columns that the encounters themselves give; a and b are codes."""
    numbers, fields = found.numbers, found.fields
    flags = numbers[:, _FLAGS]
    numbered = np.empty((len(COLUMNS), len(numbers)))
    situation = np.empty(len(numbers), np.uint8)
    listed(fields, numbers, numbered, situation)
    # where windows cut a leg moves its last bit, and the same rows shall give the same table however they came
    np.round(numbered[_SEVERITY], _SEVERITY_DECIMALS, out=numbered[_SEVERITY])
    at_rest = _has(flags, FLAGS.A_RESTS_AT_CLOSEST | FLAGS.B_RESTS_AT_CLOSEST)
    columns = {
        "a": numbers[:, _A].copy(),
        "b": numbers[:, _B].copy(),
        "in_area": _in_area(area, fields),
        "entered": numbers[:, _ENTERED].copy(),
        "closest_at": np.clip(numbers[:, _CLOSEST], numbers[:, _ENTERED], numbers[:, _LEFT]),
        "left": numbers[:, _LEFT].copy(),
        "distance_m": arc_m(numbered[0]),
        "situation": situation,
        "passes": _passes(numbers),
        "both_moving": ~at_rest,
        "moored": _moored(numbers),
        "certain": _has(flags, FLAGS.CERTAIN).astype(np.uint8),
    }
    # each its own memory, so that it can be let go alone
    return columns | {name: column.copy() for name, column in zip(COLUMNS[1:], numbered[1:], strict=True)}


def _passes(numbers: Integers) -> Shorts:
    """Return how often the two came near: once, and once more for each swing away with a swing back after it."""
    swings, began_nearer = numbers[:, _SWINGS], numbers[:, _FIRST_SWING] < 0
    return (1 + np.maximum(swings - began_nearer, 0) // 2).astype(np.int32)


def _moments(time_us: Integers) -> pl.Series:
    return pl.Series(time_us).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _in_area(area: Area | None, fields: Floats) -> Flags:
    """Tell of each encounter whether the middle of the pair at its closest point lies in the area."""
    if area is None:
        return np.ones(len(fields), np.bool_)
    return inside(area, *lon_lat(0.5 * (fields[:, 15:18] + fields[:, 18:21])))


def _has(flags: Integers, bit: int | Integers) -> Flags:
    has: Flags = (flags & bit) != 0
    return has


def _movers(a: Integers, b: Integers, movers: Movers) -> dict[str, pl.Series]:
    """Return id, kind and name of both from their codes."""
    ids = pl.Series(movers.ids, dtype=pl.String)
    kinds = pl.Series([None, *KINDS], dtype=pl.String)
    names = pl.Series([movers.names.get(code) for code in range(len(movers.ids))], dtype=pl.String)
    kind_of = kinds.gather(movers.kind[: len(movers.ids)])
    columns: dict[str, pl.Series] = {}
    for letter, codes in (("a", a), ("b", b)):
        columns[letter] = ids.gather(codes)
        columns[f"kind_{letter}"] = kind_of.gather(codes)
        columns[f"name_{letter}"] = names.gather(codes)
    return columns
