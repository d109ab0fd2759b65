"""AIS messages read into columns: who, where, how fast; and names from static messages.

Source: Recommendation ITU-R M.1371-5, annex 8, tables of messages 1-3, 4, 5, 9, 11, 18, 19, 21, 24 and 27.
Position reports: 1, 2, 3, 9, 18, 19, 27. Names: 5, 19, 24 part A. Base stations (4, 11) and aids to navigation
(21) are not movers; every other message carries no position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.tracks.ais_bits import sextets, signed, text, unsigned
from detente.tracks.reasons import Reason

__all__ = ["COARSE_RC_M", "POSITION_TYPES", "Payloads", "judge_types", "names", "positions"]

POSITION_TYPES = (1, 2, 3, 9, 18, 19, 27)
COARSE_RC_M = 131.0
"""Half the diagonal of a tenth of a minute squared: how far a message 27 may be from where the ship was."""

_TYPES = 28
_LEAST_BITS = np.full(64, 38, dtype=np.int64)
"""Bits that a message must have for what is read of it."""
for _type, _bits in {1: 143, 2: 143, 3: 143, 5: 232, 9: 135, 18: 139, 19: 139, 24: 40, 27: 94}.items():
    _LEAST_BITS[_type] = _bits

_FIELDS: dict[str, tuple[tuple[int, ...], dict[str, tuple[int, int]]]] = {
    "class_a": (
        (1, 2, 3),
        {
            "status": (38, 4),
            "speed": (50, 10),
            "lon": (61, 28),
            "lat": (89, 27),
            "course": (116, 12),
            "second": (137, 6),
        },
    ),
    "sar": (
        (9,),
        {
            "altitude": (38, 12),
            "speed": (50, 10),
            "lon": (61, 28),
            "lat": (89, 27),
            "course": (116, 12),
            "second": (128, 6),
            "sensor": (134, 1),
        },
    ),
    "class_b": (
        (18, 19),
        {"speed": (46, 10), "lon": (57, 28), "lat": (85, 27), "course": (112, 12), "second": (133, 6)},
    ),
    "long_range": (
        (27,),
        {"status": (40, 4), "speed": (79, 6), "lon": (44, 18), "lat": (62, 17), "course": (85, 9)},
    ),
}
_COLUMNS = ("status", "speed", "lon", "lat", "course", "second", "altitude", "sensor")
_WIDTH = 28


@dataclass(frozen=True, slots=True)
class Payloads:
    """Whole messages of one block: where each payload lies in ``octets``, its type, bits, line and stamp.

    line counts over the whole input and orders the messages; time_us is -1 without a stamp.
    """

    octets: NDArray[np.uint8]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    type: NDArray[np.int64]
    bits: NDArray[np.int64]
    line: NDArray[np.int64]
    time_us: NDArray[np.int64]

    def only(self, chosen: NDArray[np.bool_]) -> Payloads:
        """Return the chosen messages."""
        return Payloads(
            self.octets,
            self.start[chosen],
            self.end[chosen],
            self.type[chosen],
            self.bits[chosen],
            self.line[chosen],
            self.time_us[chosen],
        )


def judge_types(payloads: Payloads, spoiled: NDArray[np.bool_]) -> dict[Reason, NDArray[np.bool_]]:
    """Return, for each reason, the messages that carry no position of a mover; the rest are position reports.

    spoiled: messages with a character outside the armour's alphabet.
    """
    kind = payloads.type
    unreadable = spoiled | ((payloads.bits >= 6) & ((kind == 0) | (kind >= _TYPES)))
    incomplete = ~unreadable & (payloads.bits < _LEAST_BITS[kind])
    rest = ~(unreadable | incomplete)
    stations = rest & np.isin(kind, (4, 11, 21))
    return {
        Reason.UNREADABLE: unreadable,
        Reason.INCOMPLETE: incomplete,
        Reason.NOT_A_MOVER: stations,
        Reason.NO_POSITION: rest & ~stations & ~np.isin(kind, POSITION_TYPES),
    }


def positions(payloads: Payloads) -> pl.DataFrame:
    """Return the position reports as columns, in the order of ``payloads``; not available is null.

    lon, lat in degrees as sent (181 and 91 stand for not available); second as sent (60-63: not known).
    """
    raw = {name: np.full(len(payloads.type), -1, dtype=np.int64) for name in _COLUMNS}
    mmsi = np.zeros(len(payloads.type), dtype=np.int64)
    for types, fields in _FIELDS.values():
        chosen = np.isin(payloads.type, types)
        if not chosen.any():
            continue
        some = payloads.only(chosen)
        characters = sextets(some.octets, some.start, some.end, _WIDTH)
        mmsi[chosen] = unsigned(characters, 8, 30)
        for name, (first, bits) in fields.items():
            read = signed if name in ("lon", "lat") else unsigned
            raw[name][chosen] = read(characters, first, bits)
    # NumPy divides; Polars would multiply by the reciprocal, and 190.1 knots would be 190.10000000000002
    whole = payloads.type == 27  # its fields are in whole units, positions in tenths of a minute
    per_degree = np.where(whole, 600.0, 600_000.0)
    sar = payloads.type == 9
    scaled = {
        "lon": raw["lon"] / per_degree,
        "lat": raw["lat"] / per_degree,
        "speed_kn": raw["speed"] / np.where(whole | sar, 1.0, 10.0),
        "course_deg": raw["course"] / np.where(whole, 1.0, 10.0),
    }
    others = {name: raw[name] for name in ("status", "speed", "second", "altitude", "sensor")}
    frame = pl.DataFrame({"type": payloads.type, "mmsi": mmsi, **others, **scaled})
    return frame.with_columns(*_available())


def _available() -> list[pl.Expr]:
    """Return the fields whose "not available" becomes null, and what follows from the type alone."""
    altitude, of_type = pl.col("altitude"), pl.col("type")
    no_speed = pl.col("speed") == pl.when(of_type == 27).then(63).otherwise(1023)
    return [
        pl.when(~no_speed).then("speed_kn").alias("speed_kn"),
        pl.when((of_type == 9) & (altitude < 4095)).then(altitude.cast(pl.Float64)).alias("altitude_m"),
        pl.when(pl.col("sensor") == 1)
        .then(pl.lit("pressure"))
        .otherwise(pl.lit("ellipsoid"))
        .alias("altitude_datum"),
        pl.when(of_type == 27).then(COARSE_RC_M).alias("rc_m"),
    ]


def names(payloads: Payloads) -> pl.DataFrame:
    """Return mmsi, line and name of every static message that says a name (5, 19, 24 part A)."""
    found = []
    for types, first, least in (((5,), 112, 232), ((19,), 143, 263), ((24,), 40, 160)):
        chosen = np.isin(payloads.type, types) & (payloads.bits >= least)
        if not chosen.any():
            continue
        some = payloads.only(chosen)
        characters = sextets(some.octets, some.start, some.end, 44)
        part_b = unsigned(characters, 38, 2) != 0 if types == (24,) else np.zeros(len(some.type), dtype=bool)
        said = pl.DataFrame(
            {"mmsi": unsigned(characters, 8, 30), "line": some.line, "name": text(characters, first, 20)}
        )
        found.append(said.filter(~pl.Series(part_b) & (pl.col("name") != "")))
    if not found:
        return pl.DataFrame(schema={"mmsi": pl.Int64, "line": pl.Int64, "name": pl.String})
    return pl.concat(found).sort("line", maintain_order=True)
