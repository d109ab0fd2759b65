"""Which side a mover belongs to, so that encounters between sides can be found.

A side claims movers by rules on three levels; the first level on which any side claims a mover decides:

1. explicit ids: ``mmsi``, ``icao24``, ``ids`` (globs on the whole id). The person named them, so ``military``
   and ``kinds`` do not narrow them.
2. ``ranges`` of MMSI or aircraft addresses, narrowed by ``military`` and ``kinds``.
3. ``flags``: states, by the digits of the MMSI and the block of the aircraft address, narrowed likewise.

Two sides that claim one mover on one level are a mistake of the file, never a silent choice.
Sides exist to find encounters between them: nothing here lists the members of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from detente import words
from detente.encounters.errors import SidesMistake
from detente.notices.allocations import MILITARY_BLOCKS
from detente.notices.parties import addresses_of_state, mmsi_of_state

__all__ = ["Level", "Run", "Side", "Sides", "merged"]

say = words.speaker("encounters")

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


class Level(IntEnum):
    """How a side claims a mover; the smaller goes before."""

    EXPLICIT = 0
    RANGE = 1
    FLAG = 2


@dataclass(frozen=True, slots=True)
class Run:
    """A run of identities, both ends included; ``space`` is "mmsi" or "icao24"."""

    space: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side's rules, already checked (detente.encounters.sides_file reads and checks them).

    globs: patterns on the whole id of a mover, with ``*`` and ``?``.
    military: True keeps movers known to be military, False all others; None keeps both. A mover is known to be
    military when its source says so, or, where the source says nothing, when its aircraft address lies in a
    well-known military block (detente.notices.parties.military_block).
    kinds: keeps movers of these kinds; empty keeps all.
    """

    name: str
    explicit: tuple[Run, ...] = ()
    globs: tuple[str, ...] = ()
    ranges: tuple[Run, ...] = ()
    flags: tuple[str, ...] = ()
    military: bool | None = None
    kinds: frozenset[str] = frozenset()

    def runs(self, level: Level) -> tuple[Run, ...]:
        """Return the identities that the side claims on one level, globs apart."""
        if level is Level.EXPLICIT:
            return self.explicit
        if level is Level.RANGE:
            return self.ranges
        return tuple(
            Run(space, first, last)
            for state in self.flags
            for space, runs in (("mmsi", mmsi_of_state(state)), ("icao24", addresses_of_state(state)))
            for first, last in runs
        )

    def apart_from(self, other: Side) -> bool:
        """Tell whether ``military`` or ``kinds`` keep the two sides from ever claiming one mover."""
        military = None not in {self.military, other.military} and self.military != other.military
        return military or bool(self.kinds and other.kinds and not self.kinds & other.kinds)


@dataclass(frozen=True)
class Sides:
    """All sides of a file, and which pairs of them are rivals.

    rival_pairs: pairs of names; None makes every two different sides rivals.
    """

    sides: tuple[Side, ...]
    rival_pairs: frozenset[frozenset[str]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the sides' names in the order of the file."""
        return tuple(side.name for side in self.sides)

    def rivals(self, side1: str, side2: str) -> bool:
        """Tell whether encounters between the two are looked for; "" (no side) is nobody's rival."""
        if not side1 or not side2 or side1 == side2:
            return False
        return self.rival_pairs is None or frozenset((side1, side2)) in self.rival_pairs

    def side_of(self, mover: str, military: bool | None = None, kind: str | None = None) -> str:  # noqa: FBT001
        """Return the side of one mover, "" when none claims it; as ``assign`` for one row."""
        row = pl.DataFrame(
            {"mover": [mover], "military": [military], "kind": [kind]},
            schema={"mover": pl.String, "military": pl.Boolean, "kind": pl.String},
        )
        return str(self.assign(row).item())

    def assign(self, movers: pl.DataFrame) -> pl.Series:
        """Return the side of each row's mover as a column "side" of names, "" where none claims it.

        movers: column ``mover``; ``military`` (Boolean) and ``kind`` where known. Without a kind, an MMSI is a
        ship and an aircraft address an aircraft. The mark ``~2`` of a second mover found under one id does not
        count. Raises SidesMistake when two sides claim one mover on one level.
        """
        given = _Identities.of(movers)
        chosen = np.full(movers.height, -1, dtype=np.int64)
        for level in Level:
            open_rows = chosen < 0
            claimed = np.full(movers.height, -1, dtype=np.int64)
            for number, side in enumerate(self.sides):
                mine = open_rows & self._claims(number, level, given)
                twice = mine & (claimed >= 0)
                if twice.any():
                    row = int(np.argmax(twice))
                    raise _claimed_twice(given.ids[row], self.sides[claimed[row]].name, side.name)
                claimed[mine] = number
            chosen = np.where(open_rows, claimed, chosen)
        names = pl.Series("side", ["", *self.names], dtype=pl.String)
        return names.gather(chosen + 1)

    @cached_property
    def _sorted_runs(self) -> dict[tuple[int, Level, str], tuple[Integers, Integers]]:
        """Return first and last of each side's runs, sorted and merged, by side, level and space."""
        return {
            (number, level, space): merged([run for run in side.runs(level) if run.space == space])
            for number, side in enumerate(self.sides)
            for level in Level
            for space in ("mmsi", "icao24")
        }

    def _claims(self, number: int, level: Level, given: _Identities) -> Flags:
        side = self.sides[number]
        claims = _within(given.mmsi, self._sorted_runs[number, level, "mmsi"])
        claims |= _within(given.address, self._sorted_runs[number, level, "icao24"])
        if level is Level.EXPLICIT:
            for glob in side.globs:
                claims |= given.ids.str.contains(_pattern(glob)).to_numpy()
            return claims
        if side.military is not None:
            claims &= given.military == side.military
        if side.kinds:
            claims &= given.kind.is_in(list(side.kinds)).to_numpy()
        return claims


@dataclass(frozen=True, slots=True)
class _Identities:
    """Movers' ids taken apart, one row each; -1 where a mover has no MMSI or address."""

    ids: pl.Series
    mmsi: Integers
    address: Integers
    military: Flags
    kind: pl.Series

    @staticmethod
    def of(movers: pl.DataFrame) -> _Identities:
        mover = pl.col("mover").str.replace(r"~[0-9]+$", "")
        none = pl.lit(None)
        has = movers.columns
        apart = movers.select(
            ids=mover,
            mmsi=mover.str.extract(r"^mmsi:([0-9]{1,9})$").cast(pl.Int64).fill_null(-1),
            address=mover.str.extract(r"^icao24:([0-9A-Fa-f]{6})$")
            .str.to_integer(base=16, dtype=pl.Int64)
            .fill_null(-1),
            said=(pl.col("military") if "military" in has else none).cast(pl.Boolean),
            kind=(pl.col("kind") if "kind" in has else none).cast(pl.String),
        ).with_columns(
            kind=pl.coalesce(
                "kind",
                pl.when(pl.col("mmsi") >= 0)
                .then(pl.lit("ship"))
                .when(pl.col("address") >= 0)
                .then(pl.lit("aircraft"))
                .otherwise(pl.lit("other")),
            )
        )
        address = apart["address"].to_numpy()
        blocks = merged([Run("icao24", block.first, block.last) for block in MILITARY_BLOCKS])
        known = apart["said"].fill_null(value=False).to_numpy()
        silent = apart["said"].is_null().to_numpy()
        return _Identities(
            ids=apart["ids"],
            mmsi=apart["mmsi"].to_numpy(),
            address=address,
            military=known | (silent & _within(address, blocks)),
            kind=apart["kind"],
        )


def merged(runs: list[Run]) -> tuple[Integers, Integers]:
    """Return first and last of runs as sorted arrays of which no two overlap."""
    merged: list[list[int]] = []
    for run in sorted(runs, key=lambda run: run.first):
        if merged and run.first <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], run.last)
        else:
            merged.append([run.first, run.last])
    ends: Any = np.array(merged, dtype=np.int64).reshape(-1, 2)
    return ends[:, 0], ends[:, 1]


def _within(values: Integers, runs: tuple[Integers, Integers]) -> Flags:
    first, last = runs
    if not len(first):
        return np.zeros(len(values), dtype=np.bool_)
    place = np.searchsorted(first, values, side="right") - 1
    inside: Flags = (place >= 0) & (values <= last[place])
    return inside


def _pattern(glob: str) -> str:
    """Return a glob with * and ? as a regular expression for the whole text."""
    parts = re.split(r"([*?])", glob)
    return "(?s)^" + "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts) + "$"


def _claimed_twice(mover: str, side1: str, side2: str) -> SidesMistake:
    return SidesMistake(
        expected=say("that one side at most claims a mover on one level of rules"),
        came=say("{mover} is claimed by {side1} and by {side2}", mover=mover, side1=side1, side2=side2),
        where="--sides",
        remedy=say("name it explicitly in one side, or narrow the rules"),
    )
