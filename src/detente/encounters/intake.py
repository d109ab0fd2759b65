"""Fixes from a lazy table of tracks as arrays, slice by slice, and what is known about each mover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from detente import words
from detente.encounters.errors import PositionMistake
from detente.encounters.kernel_legs import DATUM_SHIFT, note_movers, place
from detente.tracks import ordering
from detente.tracks.schema import KINDS, REQUIRED, SCHEMA, complete

__all__ = ["DATUM_SEA", "Fixes", "Movers", "read"]

say = words.speaker("encounters")

DATUM_SEA = 4
"""Datum codes: 0 unknown, 1 pressure, 2 ellipsoid, 3 ground, 4 the sea, for ships."""
_DATUMS = ("pressure", "ellipsoid", "ground")
_AT_REST = ("moored", "anchored", "at_anchor", "aground")
_OPTIONAL = ("altitude_m", "altitude_datum", "kind", "name", "status", "military", "rc_m", "position_age_s")
_NO_NAME = 0


@dataclass(frozen=True, slots=True)
class Fixes:
    """Fixes in time order: arrays of one length.

    code: number of the mover; time_us; points: x, y, z at zero height and height (NaN unknown), metres;
    rc_m, age_s: NaN when not given; mark: see detente.encounters.kernel_legs.
    """

    code: npt.NDArray[np.int32]
    time_us: npt.NDArray[np.int64]
    points: npt.NDArray[np.float64]
    rc_m: npt.NDArray[np.float32]
    age_s: npt.NDArray[np.float32]
    mark: npt.NDArray[np.uint8]

    @property
    def count(self) -> int:
        """Return how many there are."""
        return self.code.size

    def part(self, begin: int, end: int | None = None) -> Fixes:
        """Return those from place ``begin`` to before ``end``."""
        return Fixes(*(getattr(self, name)[begin:end] for name in self.__slots__))

    @staticmethod
    def together(parts: list[Fixes]) -> Fixes:
        """Return the fixes of all parts, in their order."""
        if len(parts) == 1:
            return parts[0]
        return Fixes(*(np.concatenate([getattr(part, name) for part in parts]) for name in Fixes.__slots__))


@dataclass(slots=True)
class Movers:
    """What is known about the movers met so far, by code.

    military: 0 unknown, 1 said not to be, 2 said to be by any fix; kind: 0 unknown, else 1 + place in KINDS.
    name: the highest code of the names that its fixes carry; ids: as text, code 0 is nobody.
    """

    ids: list[str] = field(default_factory=list)
    kind: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    military: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    names: dict[int, str] = field(default_factory=dict)
    _ids: pl.Categories = field(default_factory=lambda: pl.Categories.random("detente", pl.UInt32))
    _alive: pl.Series | None = None

    @property
    def count(self) -> int:
        """Return how many there are."""
        return max(len(self.ids) - 1, 0)

    def codes(self, ids: pl.Series) -> npt.NDArray[np.int32]:
        """Return the code of each id, new ones for new ids."""
        kind = pl.Categorical(self._ids)
        if self._alive is None:
            # Polars forgets the codes when no column has them
            self._alive = pl.Series(["", *self.ids], dtype=pl.String).cast(kind)
            self.ids.append("")
        codes = ids.cast(kind).to_physical().to_numpy().astype(np.int32)
        count = int(codes.max()) + 1 if codes.size else 0
        if count > len(self.ids):
            fresh = pl.Series(range(len(self.ids), count), dtype=pl.UInt32)
            self.ids.extend(fresh.cat.to(kind).cast(pl.String).to_list())
            room = max(count, 2 * self.kind.size)
            self.kind = _longer(self.kind, room)
            self.military = _longer(self.military, room)
        return codes

    def learn(self, codes: npt.NDArray[np.int32], rows: pl.DataFrame) -> None:
        """Learn kind, military flag and name from rows (columns where known)."""
        if "kind" in rows.columns:
            note_movers(codes, _coded(rows["kind"], KINDS), self.kind)
        if "military" in rows.columns and rows["military"].null_count() < rows.height:
            said = (rows["military"].cast(pl.UInt8) + 1).fill_null(0).to_numpy()
            note_movers(codes, np.ascontiguousarray(said), self.military)
        if "name" in rows.columns and rows["name"].null_count() < rows.height:
            # the greatest name as text, so that the order of rows does not matter
            named = (
                pl.DataFrame({"code": codes, "name": rows["name"]})
                .drop_nulls("name")
                .group_by("code")
                .agg(pl.col("name").max())
            )
            for code, name in named.iter_rows():
                self.names[code] = max(self.names.get(code, ""), name)


def read(frame: pl.LazyFrame, movers: Movers, *, start_us: int | None, end_us: int | None) -> Iterator[Fixes]:
    """Yield the fixes of a table of tracks in time order, only the columns needed, times within the bounds.

    Raises SchemaMistake when a required column is missing; PositionMistake for a position that is not on Earth.
    """
    have = frame.collect_schema().names()
    wanted = [name for name in SCHEMA if name in REQUIRED or (name in _OPTIONAL and name in have)]
    table = complete(frame).select(wanted)
    if start_us is not None:
        table = table.filter(pl.col("time") >= _moment(start_us))
    if end_us is not None:
        table = table.filter(pl.col("time") <= _moment(end_us))
    for rows in ordering.slices_of(table):
        if not rows.is_empty():
            yield _fixes(rows, movers)


def _fixes(rows: pl.DataFrame, movers: Movers) -> Fixes:
    for name in REQUIRED:
        if rows[name].null_count():
            raise _impossible(say("a row without {column}", column=name))
    codes = movers.codes(rows["mover"])
    movers.learn(codes, rows)
    ships = movers.kind[codes] == 1 + KINDS.index("ship") if "kind" in rows.columns else None
    heights = _floats(rows, "altitude_m")
    mark = np.zeros(rows.height, np.uint8)
    if "altitude_datum" in rows.columns:
        mark = _coded(rows["altitude_datum"], _DATUMS) << DATUM_SHIFT
    if ships is not None:
        heights[ships] = 0.0
        mark[ships] = DATUM_SEA << DATUM_SHIFT
    if "status" in rows.columns and rows["status"].null_count() < rows.height:
        mark |= rows["status"].is_in(_AT_REST).fill_null(value=False).cast(pl.UInt8).to_numpy()
    points = np.empty((rows.height, 4))
    lon, lat = (np.ascontiguousarray(rows[name].to_numpy()) for name in ("lon", "lat"))
    if place(lon, lat, heights, points):
        at = int(np.argmin((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)))
        raise _impossible(say("longitude {lon}, latitude {lat}", lon=lon[at], lat=lat[at]))
    return Fixes(
        code=codes,
        time_us=np.ascontiguousarray(rows["time"].to_physical().to_numpy()),
        points=points,
        rc_m=_singles(rows, "rc_m"),
        age_s=_singles(rows, "position_age_s"),
        mark=mark,
    )


def _coded(column: pl.Series, texts: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """Return 1 + the place of each text among ``texts``, 0 for null and others."""
    codes = np.zeros(column.len(), np.uint8)
    if column.null_count() < column.len():
        for number, text in enumerate(texts, start=1):
            found = (column == text).fill_null(value=False).cast(pl.UInt8).to_numpy()
            codes += found * np.uint8(number)
    return codes


def _floats(rows: pl.DataFrame, name: str) -> npt.NDArray[np.float64]:
    if name not in rows.columns or rows[name].null_count() == rows.height:
        return np.full(rows.height, np.nan)
    return rows[name].fill_null(np.nan).to_numpy().copy()


def _singles(rows: pl.DataFrame, name: str) -> npt.NDArray[np.float32]:
    if name not in rows.columns or rows[name].null_count() == rows.height:
        return np.full(rows.height, np.nan, np.float32)
    return np.ascontiguousarray(rows[name].fill_null(np.nan).cast(pl.Float32).to_numpy())


def _longer(array: npt.NDArray[np.uint8], room: int) -> npt.NDArray[np.uint8]:
    return np.concatenate([array, np.zeros(room - array.size, np.uint8)])


def _moment(time_us: int) -> pl.Expr:
    return pl.lit(time_us).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _impossible(came: str) -> PositionMistake:
    return PositionMistake(
        expected=say("rows with mover, time, a longitude from -180 to 180 and a latitude from -90 to 90"),
        came=came,
        remedy=say("clean the tracks first: detente.tracks.read does"),
    )
