"""Areas as a Parquet table: one row an area and window, the geometry as GeoJSON text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from detente import words
from detente.areas.geojson import feature
from detente.areas.outcomes import Reading
from detente.door.errors import MissingExtra

__all__ = ["write_table"]

say = words.speaker("areas")

_PLAIN = (
    "id",
    "text_id",
    "name",
    "activity_kind",
    "outcome",
    "lower",
    "upper",
    "approximate",
    "author_state",
    "issued_at",
    "cancel_at",
    "replaces",
    "source",
)


def write_table(readings: list[Reading], target: Path) -> None:
    """Write the table. Raises MissingExtra without the library that writes Parquet."""
    try:
        import polars as pl  # noqa: PLC0415 - only this form needs it
    except ImportError:
        raise MissingExtra(
            expected=say("the library that writes Parquet"),
            came=say("polars is not installed"),
            remedy='pip install "detente[watch]"',
        ) from None
    rows = [
        row
        for reading in readings
        for index, area in enumerate(reading.areas, start=1)
        for row in _rows(feature(reading, area, index))
    ]
    text = [
        name
        for name in (*_PLAIN, "geometry", "shape", "doubts", "words", "start", "end")
        if name != "approximate"
    ]
    schema = {**dict.fromkeys(text, pl.String), "approximate": pl.Boolean, "alternate": pl.Boolean}
    frame = pl.DataFrame(rows, schema=schema)
    stamps = [
        pl.col(name).str.to_datetime("%Y-%m-%dT%H:%MZ", time_unit="us", time_zone="UTC")
        for name in ("start", "end")
    ]
    frame.with_columns(stamps).write_parquet(target)


def _rows(made: dict[str, Any]) -> list[dict[str, Any]]:
    properties = made["properties"]
    plain = {name: properties[name] for name in _PLAIN}
    plain |= {name: json.dumps(properties[name], ensure_ascii=False) for name in ("shape", "doubts", "words")}
    plain["geometry"] = json.dumps(made["geometry"]) if made["geometry"] else None
    windows = [(window, False) for window in properties["windows"]]
    windows += [(window, True) for window in properties["alternate_windows"]]
    return [
        {**plain, "start": start, "end": end, "alternate": is_alternate}
        for (start, end), is_alternate in windows or [((None, None), False)]
    ]
