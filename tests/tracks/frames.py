"""Frames of tracks that tests build: few words, the whole schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from detente.tracks import complete

START_US = 1_700_000_000_000_000


def tracks(rows: Iterable[Mapping[str, object]], **every: object) -> pl.DataFrame:
    """Build a frame of detente.tracks.SCHEMA: ``t`` is seconds after a fixed start; ``every`` holds for all rows.

    Left out: mover "a", lon and lat 0, kind ship.
    """
    filled = [
        {
            "mover": "a",
            "lon": 0.0,
            "lat": 0.0,
            "kind": "ship",
            **every,
            **{k: v for k, v in row.items() if k != "t"},
        }
        | {"time": START_US + round(float(str(row["t"])) * 1e6)}
        for row in rows
    ]
    frame = pl.DataFrame(filled, infer_schema_length=None)
    moments = pl.col("time").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return complete(frame.lazy().with_columns(moments)).collect()
