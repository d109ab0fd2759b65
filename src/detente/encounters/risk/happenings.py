"""What is counted: encounters that the search found, or incidents that people reported, in one table.

Read from Parquet or CSV. A table with the columns ``entered``, ``closest_at`` and ``distance_m`` is one of encounters
(detente.encounters.schema.ENCOUNTERS); one with a column ``date`` is a list of incidents. Every row is kept or rejected
under a named reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from detente import words
from detente.encounters.errors import HappeningMistake
from detente.encounters.risk.periods import Per

__all__ = ["HAPPENINGS", "REJECTIONS", "Read", "read_happenings"]

say = words.speaker("encounters")

HAPPENINGS = pl.Schema(
    {
        "at": pl.Datetime("us", "UTC"),
        # "ship-ship", "aircraft-ship" ...; of a reported incident what the list calls it; "" when not said
        "kind": pl.String(),
        # both sides or states in the order of the alphabet, "RU-US"; "" when not said
        "side_pair": pl.String(),
        # both movers, in the order of their ids; a reported incident is its own pair
        "pair": pl.String(),
        "lon": pl.Float64(),
        "lat": pl.Float64(),
        # the least distance, for pairs with known heights the one as grave as both limits say: severity * limit
        "distance_m": pl.Float64(),
        # both moved; null when not said
        "moving": pl.Boolean(),
        "certain": pl.Boolean(),
        "source": pl.String(),
    }
)
"""Sorted by at, pair. Unknown is null, but for the two labels."""

ROWS_MAX = 5_000_000
_COARSE: Mapping[str, int] = {"day": 0, "week": 1, "month": 2, "approx": 4}
_FINE: Mapping[Per, int] = {"day": 0, "week": 1, "month": 2, "quarter": 3, "year": 4}
_NAMES: Mapping[str, tuple[str, ...]] = {
    "precision": ("date_precision", "precision"),
    "kind": ("type", "kind", "incident_type"),
    "one": ("state_a", "side_a"),
    "other": ("state_b", "side_b"),
    "distance": ("min_distance_m", "distance_m", "closest_distance_m"),
    "lon": ("lon", "longitude"),
    "lat": ("lat", "latitude"),
}
REJECTIONS: Mapping[str, Callable[[], str]] = {
    "no_date": lambda: say("no date that can be read"),
    "date_too_coarse": lambda: say("the date is known less precisely than the periods"),
    "outside_period": lambda: say("outside the period that was asked for"),
    "exact_duplicate": lambda: say("the same row once more"),
}


@dataclass(slots=True)
class Read:
    """What was read: the table, how many rows came, and why rows were rejected.

    limit_m: the distance below which encounters were looked for, as the tables show it; None where none does.
    reported: how many rows are reports of people, not findings of a search.
    """

    table: pl.DataFrame
    rows: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    limit_m: float | None = None
    reported: int = 0


def read_happenings(files: Sequence[str], per: Per) -> Read:
    """Read all files into one table; raises HappeningMistake for what is no such table."""
    whole = Read(HAPPENINGS.to_frame())
    frames: list[pl.DataFrame] = []
    for name in files:
        frame = _table(name)
        whole.rows += frame.height
        if whole.rows > ROWS_MAX:
            raise _mistake(say("more than {most} rows", most=words.number(ROWS_MAX)), name)
        if {"entered", "closest_at", "distance_m", "a", "b"} <= set(frame.columns):
            frames.append(_encounters(frame, name, whole))
        elif "date" in frame.columns:
            frames.append(_incidents(frame, name, per, whole))
        else:
            raise _mistake(say("columns {columns}", columns=", ".join(frame.columns)[:200] or "-"), name)
    table = pl.concat(frames) if frames else whole.table
    once = table.unique(maintain_order=True, subset=[name for name in HAPPENINGS.names() if name != "source"])
    whole.rejected["exact_duplicate"] += table.height - once.height
    whole.table = once.sort("at", "pair")
    whole.rejected = +whole.rejected
    return whole


def _mistake(came: str, where: str) -> HappeningMistake:
    return HappeningMistake(
        expected=say("a table of encounters (detente encounters --out), or of incidents with a column date"),
        came=came,
        where=where,
        remedy=say("write encounters with --out e.parquet, or name the column of dates date"),
    )


def _table(name: str) -> pl.DataFrame:
    path = Path(name)
    try:
        with path.open("rb") as content:
            head = content.read(4)
        if head == b"PAR1":
            return pl.read_parquet(path)
        return pl.read_csv(path, infer_schema=False, encoding="utf8-lossy", null_values=[""])
    except (pl.exceptions.PolarsError, ValueError) as fault:
        raise _mistake(str(fault).splitlines()[0][:160], name) from None


def _moments(column: pl.Series) -> pl.Series:
    """Return times as aware UTC; null where a text is none."""
    if column.dtype.is_temporal():
        return column.cast(pl.Datetime("us", "UTC"))
    return column.cast(pl.String).str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)


def _encounters(frame: pl.DataFrame, name: str, whole: Read) -> pl.DataFrame:
    have = set(frame.columns)

    def floats(column: str) -> pl.Expr:
        return pl.col(column).cast(pl.Float64, strict=False) if column in have else pl.lit(None, pl.Float64)

    def texts(column: str) -> pl.Expr:
        return (
            pl.col(column).cast(pl.String).str.strip_prefix("'").fill_null("") if column in have else pl.lit("")
        )

    def flags(column: str) -> pl.Expr:
        if column not in have:
            return pl.lit(None, pl.Boolean)
        return (
            pl.col(column)
            .cast(pl.String)
            .str.to_lowercase()
            .replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
        )

    read = frame.with_columns(at=_moments(frame["closest_at"])).with_columns(
        distance=floats("distance_m"), severity=floats("severity"), vertical=floats("vertical_m")
    )
    limit_m = _limit(read)
    if limit_m is not None:
        whole.limit_m = max(limit_m, whole.limit_m or 0.0)
    level = pl.col("vertical").is_null() | pl.col("severity").is_null()
    found = read.select(
        pl.col("at"),
        _labelled(texts("kind_a"), texts("kind_b")).alias("kind"),
        _labelled(texts("side_a"), texts("side_b")).alias("side_pair"),
        _labelled(texts("a"), texts("b")).alias("pair"),
        _middle(floats("lon_a"), floats("lon_b")).alias("lon"),
        ((floats("lat_a") + floats("lat_b")) / 2.0).alias("lat"),
        pl.when(level).then("distance").otherwise(pl.col("severity") * (limit_m or 0.0)).alias("distance_m"),
        flags("both_moving").alias("moving"),
        (texts("quality") != "possible").alias("certain"),
        pl.lit(f"encounters:{Path(name).name}").alias("source"),
    ).cast(HAPPENINGS)
    return _dated(found, whole)


def _limit(read: pl.DataFrame) -> float | None:
    """Return the horizontal limit of the search: distance / severity never passes it and meets it without heights."""
    found = read.filter((pl.col("severity") > 1e-9) & pl.col("distance").is_not_null())
    ratio = found.select((pl.col("distance") / pl.col("severity")).max()).item() if found.height else None
    return float(ratio) if ratio is not None else None


def _middle(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Return the longitude half-way, also across the antimeridian."""
    apart = (other - one + 540.0) % 360.0 - 180.0
    return (one + apart / 2.0 + 540.0) % 360.0 - 180.0


def _labelled(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Return both in the order of the alphabet with a dash between, "" when neither is said."""
    return (
        pl.when((one == "") & (other == ""))
        .then(pl.lit(""))
        .otherwise(pl.concat_str(pl.min_horizontal(one, other), pl.lit("\u2013"), pl.max_horizontal(one, other)))
    )


def _incidents(frame: pl.DataFrame, name: str, per: Per, whole: Read) -> pl.DataFrame:
    def text(field_name: str) -> pl.Expr:
        column = next((known for known in _NAMES[field_name] if known in frame.columns), None)
        return pl.col(column).cast(pl.String).str.strip_chars().fill_null("") if column else pl.lit("")

    precision = text("precision").str.extract(r"^([a-z]+)").fill_null("day")
    coarse = precision.replace_strict(dict(_COARSE), default=4, return_dtype=pl.Int64)
    read = frame.with_row_index("row").select(
        _date(frame["date"]).alias("at"),
        # "air intercept (barrel roll)" is an air intercept
        text("kind").str.replace(r"\s*\(.*\)$", "").alias("kind"),
        _labelled(text("one"), text("other")).alias("side_pair"),
        pl.concat_str(pl.lit(f"{Path(name).name}:"), pl.col("row").cast(pl.String)).alias("pair"),
        text("lon").cast(pl.Float64, strict=False).alias("lon"),
        text("lat").cast(pl.Float64, strict=False).alias("lat"),
        text("distance").cast(pl.Float64, strict=False).alias("distance_m"),
        pl.lit(None, pl.Boolean).alias("moving"),
        (coarse == 0).alias("certain"),
        pl.lit(f"incidents:{Path(name).name}").alias("source"),
        (coarse > _FINE[per]).alias("too_coarse"),
    )
    whole.reported += read.height
    dated = read.filter(pl.col("at").is_not_null())
    whole.rejected["no_date"] += read.height - dated.height
    kept = dated.filter(~pl.col("too_coarse"))
    whole.rejected["date_too_coarse"] += dated.height - kept.height
    return kept.select(HAPPENINGS.names()).cast(HAPPENINGS)


_WHOLE_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?(?:[T ].*)?")


def _date(column: pl.Series) -> pl.Series:
    """Return the start of each day, or of the month where no day is said; null for what is no date."""
    return pl.Series([_day(value) for value in column.to_list()], dtype=pl.Datetime("us", "UTC"))


def _day(value: object) -> datetime | None:
    match = _WHOLE_DATE.fullmatch(str(value).strip()) if value is not None else None
    if match is None:
        return None
    try:
        return datetime(int(match[1]), int(match[2]), int(match[3] or 1), tzinfo=UTC)
    except ValueError:
        return None


def _dated(found: pl.DataFrame, whole: Read) -> pl.DataFrame:
    dated = found.filter(pl.col("at").is_not_null())
    whole.rejected["no_date"] += found.height - dated.height
    return dated
