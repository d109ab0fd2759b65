"""Time stamps as receivers write them: unix seconds and their thousandths side by side, or ISO 8601.

Nothing is guessed: a text that is neither is null. A time without a zone is UTC, or the zone that was given.
Tables, whose columns people write in many forms, are read by ``detente.tracks.timestamps``: there a small number may
count from a start, and 1970 is a year like others; here it is a receiver without a clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from detente.tracks.reasons import Note, Tally

__all__ = ["EARLIEST_S", "LATEST_S", "UnixUnits", "iso_time", "unix_scale", "utc"]

EARLIEST_S = 315_532_800.0
"""1980-01-06 and before (1 January 1980): a receiver that has no time yet counts from 1970 or 1980."""
LATEST_S = 4_102_444_800.0
"""1 January 2100."""

_ISO = r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?[ ]?(?:(Z|z|UTC)|([+-])(\d\d):?(\d\d))?(?:[^\d.:+-]|$)"


def unix_scale(stamp: pl.Expr) -> pl.Expr:
    """Return how many of the stamp's units make a second: 1, 1e3, 1e6 or 1e9, told by its size.

    Between 1980 and 2100 seconds are below 1e10 and each finer unit is at least 3e11: the ranges never touch.
    """
    return (
        pl.when(stamp < 1e11).then(1.0).when(stamp < 1e14).then(1e3).when(stamp < 1e17).then(1e6).otherwise(1e9)
    )


def utc(seconds: pl.Expr) -> pl.Expr:
    """Return unix seconds as UTC times to the microsecond; null outside 1980-2100."""
    sound = seconds.is_between(EARLIEST_S, LATEST_S)
    micros = (pl.when(sound).then(seconds) * 1e6).round()
    return micros.cast(pl.Int64, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


@dataclass(slots=True)
class UnixUnits:
    """Notes stamps whose unit differs from the first one that was seen (seconds and milliseconds mixed)."""

    first: float | None = None

    def seconds(self, frame: pl.DataFrame, column: str, tally: Tally) -> pl.DataFrame:
        """Return the frame with the column (any unit, Float64) in seconds; notes rows in another unit."""
        frame = frame.with_columns(unix_scale(pl.col(column)).alias("_scale"))
        scales = frame.filter(pl.col(column).is_not_null()).get_column("_scale")
        if len(scales):
            if self.first is None:
                self.first = float(scales[0])
            tally.note(Note.MIXED_UNITS, int((scales != self.first).sum()))
        return frame.with_columns(pl.col(column) / pl.col("_scale")).drop("_scale")


def iso_time(texts: pl.Series, time_zone: str | None) -> tuple[pl.Series, pl.Series]:
    """Return (UTC times, whether the zone was missing) of texts that begin with an ISO 8601 date and time.

    A missing zone is ``time_zone`` or, when that is None, UTC. A local time that does not exist or exists twice
    (the hours around a clock change) is null, as is a text of another form.
    """
    parts = texts.str.extract_groups(r"^" + _ISO).struct.rename_fields(
        ["date", "clock", "fraction", "zulu", "sign", "hours", "minutes"]
    )
    frame = pl.DataFrame({"parts": parts}).unnest("parts")
    naive = (
        pl.col("date") + "T" + pl.col("clock") + pl.col("fraction").fill_null(".0").str.slice(0, 7)
    ).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False, ambiguous="null")
    offset_minutes = pl.col("hours").cast(pl.Int32) * 60 + pl.col("minutes").cast(pl.Int32)
    signed = pl.when(pl.col("sign") == "-").then(-offset_minutes).otherwise(offset_minutes)
    zoneless = pl.col("zulu").is_null() & pl.col("sign").is_null() & pl.col("date").is_not_null()
    local = naive.dt.replace_time_zone(time_zone or "UTC", ambiguous="null", non_existent="null")
    done = frame.select(
        pl.when(zoneless)
        .then(local.dt.convert_time_zone("UTC"))
        .otherwise((naive - pl.duration(minutes=signed.fill_null(0))).dt.replace_time_zone("UTC"))
        .alias("time"),
        zoneless.alias("zoneless"),
    )
    return done.get_column("time"), done.get_column("zoneless")
