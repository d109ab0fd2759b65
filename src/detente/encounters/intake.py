"""Fixes from a lazy table of tracks as arrays, slice by slice, and what is known about each mover."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from detente import words
from detente.encounters.errors import PositionMistake
from detente.encounters.kernel_legs import DATUM_SHIFT, not_on_earth, note_movers, number, place
from detente.encounters.room import Room
from detente.tracks import ordering
from detente.tracks.schema import KINDS, REQUIRED, SCHEMA, complete

__all__ = [
    "Columns",
    "Fixes",
    "Movers",
    "Positions",
    "check_positions",
    "placed",
    "positions",
    "positions_of",
    "read",
    "wanted_columns",
]

say = words.speaker("encounters")

_DATUMS = ("pressure", "ellipsoid", "ground")
_AT_REST = ("moored", "anchored", "at_anchor", "aground")
_OPTIONAL = ("altitude_m", "altitude_datum", "kind", "name", "status", "military", "rc_m", "position_age_s")


@dataclass(frozen=True, slots=True)
class Columns:
    """Arrays in time order, a row a fix; those that are empty say nothing of any.

    code: number of the mover; time_us; rc_m, age_s: NaN when not given, empty when the table has none; mark: see
    detente.encounters.kernel_legs.
    """

    code: npt.NDArray[np.int32]
    time_us: npt.NDArray[np.int64]
    rc_m: npt.NDArray[np.float32]
    age_s: npt.NDArray[np.float32]
    mark: npt.NDArray[np.uint8]

    @property
    def count(self) -> int:
        """Return how many fixes there are."""
        return self.code.size

    def part(self, begin: int, end: int) -> Self:
        """Return a view of those from place ``begin`` to before ``end``; arrays that are empty stay so."""
        return type(self)(*(array[begin:end] for array in self._arrays()))

    def chosen(self, places: npt.NDArray[np.int64]) -> Self:
        """Return a copy of those at some places; arrays that are empty stay so."""
        return type(self)(*(array[places] if len(array) else array for array in self._arrays()))

    def like(self, count: int) -> Self:
        """Return room for so many fixes of the same columns."""
        return type(self)(
            *(
                np.empty((count if len(array) or not self.count else 0, *array.shape[1:]), array.dtype)
                for array in self._arrays()
            )
        )

    def put(self, place: int, others: Self) -> None:
        """Write others at a place; both may lie in the same arrays when these come before."""
        for array, other in zip(self._arrays(), others._arrays(), strict=True):
            array[place : place + len(other)] = other

    def _arrays(self) -> list[npt.NDArray[Any]]:
        return [getattr(self, column.name) for column in fields(self)]


@dataclass(frozen=True, slots=True)
class Positions(Columns):
    """Fixes as they were read: lon, lat in degrees; height_m: NaN unknown, empty when the table has none."""

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    height_m: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fixes(Columns):
    """Fixes as motion needs them: points (n, 4): x, y, z at zero height and height (NaN unknown), metres."""

    points: npt.NDArray[np.float64]


@dataclass(slots=True)
class Movers:
    """What is known about the movers met so far, by code.

    military: 0 unknown, 1 said not to be, 2 said to be by any fix; kind: 0 unknown, else 1 + place in KINDS.
    name: the highest code of the names that its fixes carry; ids: as text.
    """

    ids: list[str] = field(default_factory=list)
    kind: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    military: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    names: dict[int, str] = field(default_factory=dict)
    _seed: int = field(default_factory=lambda: secrets.randbits(62))
    _keys: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(4096, np.int64))
    _places: npt.NDArray[np.int32] = field(default_factory=lambda: np.full(4096, -1, np.int32))

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self.ids)

    def codes(self, ids: pl.Series) -> npt.NDArray[np.int32]:
        """Return the code of each id, new ones for new ids.

        Ids are told apart by a hash of 64 bits under a secret of this search: for a million movers the odds that
        any two share one are 1 in 37 million.
        """
        hashes = ids.hash(seed=self._seed).to_numpy().view(np.int64)
        codes = np.empty(hashes.size, np.int32)
        fresh = np.empty(1024, np.int64)
        row = 0
        while row < hashes.size:
            known = len(self.ids)
            row, now = number(hashes, row, known, codes, self._keys, self._places, fresh)
            self.ids.extend(ids.gather(fresh[: now - known]).to_list())
            if 2 * now >= self._places.size:
                self._grow()
        if len(self.ids) > self.kind.size:
            room = max(len(self.ids), 2 * self.kind.size)
            self.kind = _longer(self.kind, room)
            self.military = _longer(self.military, room)
        return codes

    def _grow(self) -> None:
        """Give the table of hashes four times the room."""
        filled = self._places >= 0
        keys, places = self._keys[filled], self._places[filled]
        keys = keys[np.argsort(places)]
        self._keys = np.zeros(4 * self._keys.size, np.int64)
        self._places = np.full(self._keys.size, -1, np.int32)
        number(keys, 0, 0, np.empty(keys.size, np.int32), self._keys, self._places, np.empty(keys.size, np.int64))

    def learn(self, codes: npt.NDArray[np.int32], rows: pl.DataFrame) -> None:
        """Learn kind, military flag and name from rows (columns where known)."""
        if "kind" in rows.columns and rows["kind"].null_count() < rows.height:
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
    """Yield the fixes of a table of tracks, placed; otherwise as ``positions``.

    Each is gone when the next is asked for: its memory is used again.
    """
    room = Room()
    for given in positions(frame, movers, start_us=start_us, end_us=end_us):
        yield placed(given, movers, room)


def positions(
    frame: pl.LazyFrame, movers: Movers, *, start_us: int | None, end_us: int | None, unasked: bool = False
) -> Iterator[Positions]:
    """Yield the fixes of a table of tracks in time order, only the columns needed, times within the bounds.

    unasked: see detente.tracks.ordering.slices_of; OutOfOrder may come then.
    Raises SchemaMistake when a required column is missing; PositionMistake for a position that is not on Earth.
    """
    have = frame.collect_schema().names()
    table = complete(frame).select(wanted_columns(have))
    if start_us is not None:
        table = table.filter(pl.col("time") >= _moment(start_us))
    if end_us is not None:
        table = table.filter(pl.col("time") <= _moment(end_us))
    for rows in ordering.slices_of(table, unasked=unasked):
        if not rows.is_empty():
            yield positions_of(rows, movers)


def placed(given: Positions, movers: Movers, room: Room) -> Fixes:
    """Return fixes on the ellipsoid, ships at sea level; their points lie in the room."""
    points = room.table("points", given.count, 4)
    place(given.lon, given.lat, given.height_m, given.code, movers.kind, given.mark, points)
    return Fixes(
        code=given.code,
        time_us=given.time_us,
        rc_m=given.rc_m,
        age_s=given.age_s,
        mark=given.mark,
        points=points,
    )


def wanted_columns(have: Iterable[str]) -> list[str]:
    """Return the columns of a table of tracks that motion depends on."""
    names = set(have)
    return [name for name in SCHEMA if name in REQUIRED or (name in _OPTIONAL and name in names)]


def positions_of(rows: pl.DataFrame, movers: Movers) -> Positions:
    """Return rows as arrays, and learn about their movers; raises PositionMistake."""
    check_positions(rows)
    codes = movers.codes(rows["mover"])
    movers.learn(codes, rows)
    mark = np.zeros(rows.height, np.uint8)
    if "altitude_datum" in rows.columns:
        mark = _coded(rows["altitude_datum"], _DATUMS) << np.uint8(DATUM_SHIFT)
    if "status" in rows.columns and rows["status"].null_count() < rows.height:
        mark |= rows["status"].is_in(_AT_REST).fill_null(value=False).cast(pl.UInt8).to_numpy()
    lon, lat, heights = (_floats(rows, name) for name in ("lon", "lat", "altitude_m"))
    return Positions(
        code=codes,
        time_us=np.ascontiguousarray(rows["time"].to_physical().to_numpy()),
        rc_m=_singles(rows, "rc_m"),
        age_s=_singles(rows, "position_age_s"),
        mark=mark,
        lon=lon,
        lat=lat,
        height_m=heights,
    )


def check_positions(rows: pl.DataFrame) -> None:
    """Raise PositionMistake for a row without a mover or a time, or that is not on Earth."""
    for name in REQUIRED:
        if rows[name].null_count():
            raise _impossible(say("a row without {column}", column=name))
    lon, lat = _floats(rows, "lon"), _floats(rows, "lat")
    if not_on_earth(lon, lat):
        at = int(np.argmin((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)))
        raise _impossible(say("longitude {lon}, latitude {lat}", lon=lon[at], lat=lat[at]))


def _coded(column: pl.Series, texts: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """Return 1 + the place of each text among ``texts``, 0 for null and others."""
    codes = np.zeros(column.len(), np.uint8)
    left = column.len() - column.null_count()
    # nearly all rows say what the first one says: mostly one comparison is enough
    for text in sorted(texts, key=lambda text: text != column.first()):
        if not left:
            break
        found = column == text
        count = int(found.sum())
        if count == column.len():
            codes[:] = 1 + texts.index(text)
        elif count:
            codes[found.fill_null(value=False).to_numpy()] = 1 + texts.index(text)
        left -= count
    return codes


def _floats(rows: pl.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column with NaN for null; empty when the table has none."""
    if name not in rows.columns:
        return np.empty(0)
    if rows[name].null_count() == rows.height:
        return np.full(rows.height, np.nan)
    column = rows[name].fill_null(np.nan) if rows[name].null_count() else rows[name]
    return np.ascontiguousarray(column.to_numpy())


def _singles(rows: pl.DataFrame, name: str) -> npt.NDArray[np.float32]:
    if name not in rows.columns:
        return np.empty(0, np.float32)
    if rows[name].null_count() == rows.height:
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
