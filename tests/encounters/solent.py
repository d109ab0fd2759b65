"""The real file of the Solent, cleaned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from tests.encounters.moving import GEOD


def solent_of(shared: Path) -> pl.DataFrame:
    """The real file as shared/README.md cleans it: one row of each (id, time), no teleports."""
    rows = pl.read_csv(shared / "data/ais/SolentAIS_20160112_130211.csv").select(
        mover="mmsi:" + pl.col("MMSI").cast(pl.String),
        time=pl.col("Time").str.to_datetime(time_unit="us", time_zone="UTC"),
        lon="Longitude_degrees",
        lat="Latitude_degrees",
        kind=pl.lit("ship"),
    )
    rows = rows.unique(["mover", "time"], keep="first", maintain_order=True).sort(
        "mover", "time", maintain_order=True
    )
    lon, lat, mover = (rows[name].to_numpy() for name in ("lon", "lat", "mover"))
    _, _, hop_m = GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    hop_s = np.diff(rows["time"].to_physical().to_numpy()) / 1e6
    far = (hop_m > 1000) & (hop_m > 60 * hop_s) & (mover[1:] == mover[:-1])
    teleport = np.zeros(rows.height, bool)
    teleport[1:-1] = far[:-1] & far[1:]
    return rows.filter(pl.Series(~teleport)).sort("time", "mover")
