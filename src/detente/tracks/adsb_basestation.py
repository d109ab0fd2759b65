"""BaseStation (SBS) text, as port 30003 of most receivers gives it: one message a line, fields between commas.

    MSG,3,1,1,4CA1B2,1,2018/04/04,06:00:01.250,2018/04/04,06:00:01.310,,37000,,,57.1,20.2,,,0,0,0,0

0 kind (MSG, or SEL, ID, AIR, STA, CLK, which carry no position); 1 transmission (1 callsign, 2 position on the
ground, 3 in the air, 4 velocity, 5 to 8 neither); 4 address; 6 and 7 date and time at which the message was
received, 8 and 9 at which it was logged; 10 callsign; 11 altitude in feet, with an H when it is above the ellipsoid;
12 speed in knots; 13 track; 14 latitude; 15 longitude; 16 feet a minute; 21 on the ground.

Positions are rows; callsign and velocity go to the aircraft's next positions. Which zone the times are of is not
said: some programs write UTC, others the local time of their computer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from detente.tracks.adsb_memory import AIRCRAFT_KEPT, VELOCITY_KEPT_S
from detente.tracks.aircraft_rows import Judge, sightings
from detente.tracks.lines import blocks
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Reason, Tally
from detente.tracks.timestamps import Clock

__all__ = ["READER", "BaseStationReader"]

_LINE = re.compile(
    rb"^(?:MSG,[1-8]|(?:SEL|ID|AIR|STA|CLK),),[^,\n]*,[^,\n]*,~?(?:[0-9A-Fa-f]{6})?,[^,\n]*,\d{4}/\d\d/\d\d,",
    re.MULTILINE,
)
_FIELDS = 22
_TEXT = {"kind": 0, "transmission": 1, "hex": 4, "date": 6, "clock": 7, "logged_date": 8, "logged_clock": 9}
_TEXT |= {"name": 10, "altitude": 11, "ground": 21}
_NUMBERS = {"speed_kn": 12, "course_deg": 13, "lat": 14, "lon": 15, "vertical_fpm": 16}
_MOTION = ("speed_kn", "course_deg", "vertical_fpm", "moved_s")
_REMEMBERED = ("hex", "name", *_MOTION)
_OTHER_KINDS = ("SEL", "ID", "AIR", "STA", "CLK")


@dataclass(frozen=True, slots=True)
class BaseStationReader:
    """Reads BaseStation lines; see the module and docs/formats-radio.md."""

    name: str = "adsb_basestation"

    def recognises(self, head: bytes) -> bool:
        """Tell by a line that begins as a message does, with a date where the date stands."""
        return _LINE.search(head[:16_384]) is not None

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the positions; see detente.tracks.readers.Reader."""
        judge = Judge(f"{self.name}:{source.name}")
        clock = Clock(tally, zone=options.time_zone, where=source.name)
        said = _Said()
        with source.open() as stream:
            for block in blocks(stream, source):
                block.count(tally)
                messages = _messages(block.data, tally)
                if messages.is_empty():
                    continue
                positions = _positions(said.completed(messages), tally)
                if positions.is_empty():
                    continue
                frame = judge.rows(_sightings(positions, clock), tally)
                if len(frame):
                    yield frame


READER = BaseStationReader()


def _messages(data: bytes, tally: Tally) -> pl.DataFrame:
    """Return the whole messages, a row each, moments in seconds by the receiver's clock; counts all other lines."""
    lines = [line for line in data.decode("utf-8", "replace").split("\n") if line.strip()]
    cells = pl.Series("cells", lines, dtype=pl.String).str.strip_chars("\r\0 ").str.split(",")
    frame = cells.to_frame().select(
        pl.col("cells").list.len().alias("fields"),
        *(pl.col("cells").list.get(at, null_on_oob=True).str.strip_chars().alias(n) for n, at in _TEXT.items()),
        *(
            pl.col("cells")
            .list.get(at, null_on_oob=True)
            .str.strip_chars()
            .cast(pl.Float64, strict=False)
            .alias(n)
            for n, at in _NUMBERS.items()
        ),
    )
    frame = frame.filter(_is_whole(frame, tally))
    if frame.is_empty():
        return frame
    return frame.with_columns(
        _moment().alias("moment"),
        (_moment().dt.timestamp("us") / 1e6).alias("moved_s"),
        pl.col("hex").str.to_lowercase(),
        pl.when(pl.col("name") != "").then("name").alias("name"),
    )


def _is_whole(frame: pl.DataFrame, tally: Tally) -> pl.Series:
    """Tell which lines are messages with all their fields; counts the others."""
    message = (pl.col("kind") == "MSG") & pl.col("transmission").is_in(list("12345678"))
    sort = (
        pl.when(message & (pl.col("fields") >= _FIELDS))
        .then(pl.lit("whole"))
        .when(message)
        .then(pl.lit(Reason.INCOMPLETE.value))
        .when(pl.col("kind").is_in(_OTHER_KINDS))
        .then(pl.lit(Reason.NO_POSITION.value))
        .otherwise(pl.lit(Reason.UNREADABLE.value))
    )
    sorts = frame.select(sort.alias("sort")).to_series()
    for reason, count in sorts.value_counts().rows():
        if reason != "whole":
            tally.read(count)
            tally.reject(Reason(reason), count)
    return sorts == "whole"


def _moment() -> pl.Expr:
    """Return when a message was received by the receiver's clock, or logged where that was not given."""
    date, clock = (
        pl.when((pl.col("date") != "") & (pl.col("clock") != "")).then(received).otherwise(logged)
        for received, logged in (("date", "logged_date"), ("clock", "logged_clock"))
    )
    text = pl.concat_str(date, clock, separator=" ")
    return text.str.to_datetime("%Y/%m/%d %H:%M:%S%.f", time_unit="us", strict=False)


@dataclass(slots=True)
class _Said:
    """What every aircraft said last in other messages than its positions; goes from one block to the next."""

    _last: pl.DataFrame | None = field(default=None)

    def completed(self, messages: pl.DataFrame) -> pl.DataFrame:
        """Return the messages, each with the aircraft's latest callsign and motion (all of one message) so far."""
        earlier = messages.clear() if self._last is None else self._last
        rows = pl.concat([earlier, messages], how="diagonal").with_row_index("at")
        moved = pl.when(pl.col("speed_kn").is_not_null()).then("at").forward_fill().over("hex")
        rows = rows.with_columns(pl.col("name").forward_fill().over("hex"), moved.alias("moved_at"))
        rows = rows.with_columns(
            pl.col(name).gather(pl.col("moved_at")).alias(f"last_{name}") for name in _MOTION
        )
        self._last = (
            rows.unique("hex", keep="last", maintain_order=True)
            .tail(AIRCRAFT_KEPT)
            .select("hex", "name", *(pl.col(f"last_{name}").alias(name) for name in _MOTION))
        )
        fresh = (pl.col("moved_s") - pl.col("last_moved_s")).abs() <= VELOCITY_KEPT_S
        return rows.slice(earlier.height).with_columns(
            pl.when(fresh).then(f"last_{name}").alias(name) for name in _MOTION[:3]
        )


def _positions(messages: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """Return the messages that tell positions; counts the others."""
    tells = pl.col("transmission").is_in(["2", "3"])
    positions = messages.filter(tells)
    others = messages.height - positions.height
    tally.read(others)
    tally.reject(Reason.NO_POSITION, others)
    return positions


def _sightings(positions: pl.DataFrame, clock: Clock) -> pl.DataFrame:
    times = clock.read(positions["moment"]).time
    feet = pl.col("altitude").str.strip_suffix("H").cast(pl.Float64, strict=False)
    geometric = pl.col("altitude").str.ends_with("H")
    on_ground = (pl.col("transmission") == "2") | pl.col("ground").is_in(["-1", "1"])
    found = positions.with_columns(times.dt.timestamp("us").cast(pl.Float64).alias("us")).select(
        "hex",
        (pl.col("us") / 1e6).alias("stamp"),
        "lat",
        "lon",
        pl.when(~geometric).then(feet).alias("pressure_ft"),
        pl.when(geometric).then(feet).alias("ellipsoid_ft"),
        on_ground.fill_null(value=False).alias("on_ground"),
        "speed_kn",
        "course_deg",
        pl.when(~on_ground).then("vertical_fpm").alias("vertical_fpm"),
        "name",
    )
    return sightings(found.to_dict(), len(found))
