"""Rows of any table, judged: kept in detente.tracks.SCHEMA's form, or rejected under one reason.

A raw frame has the columns of its Layout under the names of ``raw_names``, as numbers or as text. The reasons
are tried in the order in which they are listed in ``_reason``; the first that holds is the row's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from detente import words
from detente.tracks import ais_fields
from detente.tracks.errors import ReadingMistake
from detente.tracks.readers import Options
from detente.tracks.reasons import Note, Reason, Tally
from detente.tracks.schema import KINDS, SCHEMA
from detente.tracks.swapped import suspected
from detente.tracks.table_columns import Column, Layout
from detente.tracks.timestamps import EMPTY_TEXTS, LATEST, Clock, Times

__all__ = ["Judge", "raw_names", "raw_types"]

say = words.speaker("tracks")

_NUMBERS = {"lat", "lon", "speed", "course", "altitude", "vertical", "nic", "rc_m", "position_age_s"}
_MOVER = r"^(?:mmsi:[0-9]{9}|icao24:[0-9a-f]{6}|id:.+)(?:~[0-9]+)?$"
_TRUE = ("true", "t", "1", "1.0", "yes", "y")
_FALSE = ("false", "f", "0", "0.0", "no", "n")
NOT_MOVERS = ("base station", "aton", "aid to navigation")
"""Types of mobile that stay where they are or are a buoy (Danish Maritime Authority's words, lower case)."""
SWAPPED_ROWS = 50_000
"""How many first rows are looked at for exchanged latitude and longitude."""


def raw_names(layout: Layout) -> dict[str, Column]:
    """Return our name for each column used: its field, numbered where a field has several ("altitude_1")."""
    named: dict[str, Column] = {}
    for column in layout.columns:
        known = sum(other.field == column.field for other in named.values())
        named[f"{column.field}_{known}" if known else column.field] = column
    return named


def raw_types(layout: Layout) -> dict[str, tuple[str, pl.DataType]]:
    """Return for each column used the file's name and the type in which it is read when nothing is odd."""
    return {
        ours: (
            column.name,
            pl.Float64() if column.field in _NUMBERS else pl.Int64() if column.field == "mmsi" else pl.String(),
        )
        for ours, column in raw_names(layout).items()
    }


@dataclass(slots=True)
class Judge:
    """Judges the raw frames of one file, in order.

    format: the reader's name; file: the source's name; decimal_comma: numbers may be written 55,5.
    """

    format: str
    file: str
    layout: Layout
    options: Options
    tally: Tally
    decimal_comma: bool = False
    _clock: Clock = field(init=False)
    _looked_at: int = 0
    _named: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        if self.layout.time_local and self.options.time_zone is None:
            column = self.layout.of("time")[0].name
            raise ReadingMistake(
                expected=say("times in UTC, or the zone of local times"),
                came=say("the column {column} says that its times are local", column=repr(column)),
                where=self.file,
                remedy=say("name the zone, for example {example}", example="--time-zone Europe/Copenhagen"),
            )
        self._named = raw_names(self.layout)
        self._clock = Clock(
            self.tally,
            said=self.layout.time_said,
            zone=None if self.layout.time_said else self.options.time_zone,
            day_first=self.layout.day_first,
            start=self.options.start,
            where=self.file,
        )

    def judge(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Return the kept rows of one raw frame; every other row is counted under its reason.

        The rows themselves have been counted by whoever made the frame (``Tally.read``).
        """
        if raw.is_empty():
            return pl.DataFrame(schema=SCHEMA)
        raw = self._with_times(raw)
        judged = raw.lazy().with_columns(**self._numbers(raw.schema)).with_columns(**self._identity(raw.schema))
        judged = judged.with_columns(reason=self._reason(raw.schema))
        frame = judged.select(*self._fields(raw.schema), "reason").collect()
        self._look_for_swapped(frame)
        if frame["reason"].null_count() < frame.height:
            for reason, count in frame["reason"].drop_nulls().value_counts().rows():
                self.tally.reject(Reason(reason), count)
            frame = frame.filter(pl.col("reason").is_null())
        kept = frame.select(SCHEMA.names())
        if self.layout.without_unit:
            self.tally.note(Note.UNIT_UNKNOWN, kept.height)
        return kept

    def _with_times(self, raw: pl.DataFrame) -> pl.DataFrame:
        values = raw["time"]
        if "date" in raw.columns and values.dtype == pl.String:
            day = raw["date"].cast(pl.String).str.strip_chars()
            of_day = values.str.contains(r"^\s*\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\s*$").fill_null(False)
            whole = raw.select(
                pl.when(of_day).then(pl.concat_str(day, pl.lit(" "), values.str.strip_chars())).otherwise(values)
            )
            values = whole.to_series()
        times: Times = self._clock.read(values)
        return raw.with_columns(time=times.time, time_unreadable=times.unreadable)

    def _numbers(self, schema: Mapping[str, pl.DataType]) -> dict[str, pl.Expr]:
        """Return each measured column as a float in our unit, and as "bad_..." whether it is no number."""
        found: dict[str, pl.Expr] = {}
        for name, column in self._named.items():
            if column.field not in _NUMBERS:
                continue
            value, bad = self._number(name, schema[name], grounded=column.field == "altitude")
            found[name] = value * column.factor if column.factor != 1.0 else value
            found[f"bad_{name}"] = bad
            if column.field == "altitude":
                # an aircraft's report from the ground, in the word that ADS-B receivers write
                found[f"{name}_grounded"] = (
                    _text(name) == "ground" if schema[name] == pl.String else pl.lit(False)
                )
        return found

    def _number(self, name: str, kind: pl.DataType, *, grounded: bool) -> tuple[pl.Expr, pl.Expr]:
        if kind != pl.String:
            value = pl.col(name).cast(pl.Float64, strict=False)
            return value.fill_nan(None), pl.lit(False)
        text = _text(name)
        if self.decimal_comma:
            text = (
                pl.when(text.str.contains(".", literal=True))
                .then(text)
                .otherwise(text.str.replace(",", ".", literal=True))
            )
        value = text.cast(pl.Float64, strict=False)
        bad = text.is_not_null() & value.is_null()
        if grounded:
            bad &= text != "ground"
        return value.fill_nan(None), bad

    def _identity(self, schema: Mapping[str, pl.DataType]) -> dict[str, pl.Expr]:
        """Return mover, kind and the identity's own reason, from the first column that has one in this row."""
        movers: list[pl.Expr] = []
        kinds: list[pl.Expr] = []
        refused: list[pl.Expr] = []
        of_ais: pl.Expr = pl.lit(False)
        if "mover" in schema:
            text = _text("mover", lower=False)
            full = text.str.contains(_MOVER)
            movers.append(
                pl.when(full).then(text).when(text.is_not_null()).then(pl.concat_str(pl.lit("id:"), text))
            )
            of_mmsi = ais_fields.kind(text.str.extract(r"^mmsi:([0-9]{9})").cast(pl.Int64, strict=False))
            of_ais = of_mmsi.is_not_null()
            kinds += [of_mmsi, pl.when(text.str.starts_with("icao24:")).then(pl.lit("aircraft"))]
        if "mmsi" in schema:
            mmsi = _mmsi(schema["mmsi"])
            kind = ais_fields.kind(mmsi)
            movers.append(pl.when(kind.is_not_null()).then(ais_fields.mover(mmsi)))
            kinds.append(kind)
            of_ais = kind.is_not_null()
            refused.append(pl.when(mmsi.is_not_null()).then(ais_fields.identity_reason(mmsi)))
        if "icao24" in schema:
            address = _text("icao24")
            good = address.str.contains(r"^[0-9a-f]{6}$") & ~address.is_in(["000000", "ffffff"])
            movers.append(pl.when(good).then(pl.concat_str(pl.lit("icao24:"), address)))
            kinds.append(pl.when(good).then(pl.lit("aircraft")))
        if not movers and "id" in schema:
            text = _text("id", lower=False)
            movers.append(pl.when(text.is_not_null()).then(pl.concat_str(pl.lit("id:"), text)))
        none = pl.lit(None, pl.String)
        kind = pl.coalesce(*kinds, none)
        if "kind" in schema:
            said = _text("kind")
            kind = pl.coalesce(pl.when(said.is_in(KINDS)).then(said), kind)
        if "mobile" in schema:
            mobile = pl.col("mobile").cast(pl.String).str.to_lowercase()
            kind = pl.when(mobile.str.starts_with("sar airborne")).then(pl.lit("aircraft")).otherwise(kind)
            refused.insert(0, pl.when(mobile.is_in(NOT_MOVERS)).then(pl.lit(Reason.NOT_A_MOVER.value)))
        return {
            "mover": pl.coalesce(*movers, none),
            "kind": pl.coalesce(kind, pl.lit("other")),
            "identity_reason": pl.coalesce(*refused, none),
            "of_ais": of_ais.fill_null(False),
        }

    def _reason(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """Return each row's reason, null for a row to keep; unreadable first, then who, when, where."""
        unreadable = pl.col("time_unreadable")
        for name, column in self._named.items():
            if column.field in _NUMBERS and schema[name] == pl.String:
                unreadable |= pl.col(f"bad_{name}").fill_null(False)
        dated = pl.col("time").is_between(
            pl.lit(0).cast(pl.Datetime("us", "UTC")), pl.lit(LATEST).dt.replace_time_zone("UTC")
        )
        return (
            pl.when(unreadable)
            .then(pl.lit(Reason.UNREADABLE.value))
            .when(
                pl.col("identity_reason").is_not_null()
                & (pl.col("mover").is_null() | (pl.col("identity_reason") == Reason.NOT_A_MOVER.value))
            )
            .then(pl.col("identity_reason"))
            .when(pl.col("mover").is_null())
            .then(pl.lit(Reason.NO_IDENTITY.value))
            .when(pl.col("time").is_null())
            .then(pl.lit(Reason.NO_TIME.value))
            .when(~dated)
            .then(pl.lit(Reason.OUT_OF_RANGE.value))
            .otherwise(ais_fields.position_reason(pl.col("lat"), pl.col("lon")))
        )

    def _fields(self, schema: Mapping[str, pl.DataType]) -> list[pl.Expr]:
        """Return SCHEMA's columns."""
        kind = pl.col("kind")
        of_ais = pl.col("of_ais")
        nothing = {name: pl.lit(None, kind_of) for name, kind_of in SCHEMA.items()}
        fields: dict[str, pl.Expr] = {
            **nothing,
            **{name: pl.col(name) for name in ("mover", "time", "lon", "lat", "kind")},
            "source": pl.lit(f"{self.format}:{self.file}"),
        }
        if "speed" in schema:
            speed = pl.col("speed")
            fields["speed_kn"] = (
                pl.when(of_ais)
                .then(ais_fields.speed_kn(speed, kind))
                .when(speed.is_finite() & (speed >= 0))
                .then(speed)
            )
        if "course" in schema:
            course = pl.col("course")
            turned = pl.when(course.is_between(-180.0, 360.0)).then(course.mod(360.0))
            fields["course_deg"] = pl.when(of_ais).then(ais_fields.course_deg(course)).otherwise(turned)
        if "vertical" in schema:
            fields["vertical_fpm"] = pl.when(pl.col("vertical").is_finite()).then("vertical")
        fields |= self._altitude(schema, ship=kind == "ship")
        if "name" in schema:
            text = pl.col("name").cast(pl.String).str.strip_chars("@ ")  # AIS fills a name up with "@"
            fields["name"] = pl.when(text != "").then(text)
        if "status" in schema:
            fields["status"] = ais_fields.status_of_text(pl.col("status"))
        if "military" in schema:
            flag = _text("military")
            fields["military"] = pl.when(flag.is_in(_TRUE)).then(True).when(flag.is_in(_FALSE)).then(False)
        if "nic" in schema:
            fields["nic"] = pl.col("nic").cast(pl.Int16, strict=False)
        for quality in ("rc_m", "position_age_s"):
            if quality in schema:
                fields[quality] = pl.when(pl.col(quality).is_finite() & (pl.col(quality) >= 0)).then(quality)
        return [value.cast(SCHEMA[name]).alias(name) for name, value in fields.items()]

    def _altitude(self, schema: Mapping[str, pl.DataType], *, ship: pl.Expr) -> dict[str, pl.Expr]:
        """Return height and datum from the first height column that has a value; ships have none."""
        heights: list[pl.Expr] = []
        datums: list[pl.Expr] = []
        for name, column in self._named.items():
            if column.field != "altitude":
                continue
            known = pl.col(name).is_finite()
            heights.append(pl.when(known).then(name))
            datums.append(pl.when(known).then(pl.lit(column.datum or "")))
            heights.append(pl.when(pl.col(f"{name}_grounded")).then(0.0))
            datums.append(pl.when(pl.col(f"{name}_grounded")).then(pl.lit("ground")))
        if not heights:
            return {}
        datum = pl.coalesce(datums)
        if "altitude_datum" in schema:
            datum = pl.coalesce(pl.when(pl.coalesce(heights).is_not_null()).then(_text("altitude_datum")), datum)
        return {
            "altitude_m": pl.when(~ship).then(pl.coalesce(heights)),
            "altitude_datum": pl.when(~ship & datum.is_in(["pressure", "ellipsoid", "ground"])).then(datum),
        }

    def _look_for_swapped(self, frame: pl.DataFrame) -> None:
        if self._looked_at == 0 and frame.height:
            self._looked_at = frame.height
            if suspected(frame.head(SWAPPED_ROWS)):
                self.tally.note(Note.SWAPPED, frame.height)


def _text(name: str, *, lower: bool = True) -> pl.Expr:
    """Return a column as text without blanks around it, null where it says that nothing is there."""
    text = pl.col(name).cast(pl.String).str.strip_chars()
    low = text.str.to_lowercase()
    return pl.when(~low.is_in(EMPTY_TEXTS)).then(low if lower else text)


def _mmsi(kind: pl.DataType) -> pl.Expr:
    if kind.is_integer():
        return pl.col("mmsi").cast(pl.Int64)
    if kind.is_float():
        return pl.when(pl.col("mmsi").round() == pl.col("mmsi")).then("mmsi").cast(pl.Int64, strict=False)
    return _text("mmsi").str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
