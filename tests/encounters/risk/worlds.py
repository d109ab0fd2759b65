"""Synthetic events of which the truth is known, and the tables that carry them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from detente.encounters.schema import ENCOUNTERS

START = datetime(2016, 1, 1, tzinfo=UTC)


def encounters(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Return a table as the search writes it: given columns over those of two ships that passed."""
    usual: dict[str, Any] = {
        "a": "mmsi:219000001",
        "b": "mmsi:273000001",
        "side_a": "west",
        "side_b": "east",
        "kind_a": "ship",
        "kind_b": "ship",
        "lon_a": 20.0,
        "lat_a": 56.0,
        "lon_b": 20.001,
        "lat_b": 56.0,
        "both_moving": True,
        "quality": "certain",
        "distance_m": 250.0,
    }
    whole = []
    for row in rows:
        full = usual | row
        full.setdefault("severity", full["distance_m"] / 500.0)
        full |= {"entered": full["closest_at"], "left": full["closest_at"]}
        whole.append({name: full.get(name) for name in ENCOUNTERS})
    return pl.DataFrame(whole, schema=ENCOUNTERS)


def growing(path: Path, *, factor: float, events: int = 300, years: int = 3, seed: int = 1) -> Path:
    """Write encounters of many pairs whose rate grows by a factor over the years."""
    random = np.random.default_rng(seed)
    growth = np.log(factor)
    shares = random.random(events)
    places = np.log1p(shares * (factor - 1.0)) / growth if abs(growth) > 1e-9 else shares
    rows = [
        {
            "closest_at": START + timedelta(days=float(place) * 365.25 * years),
            "a": f"mmsi:{219_000_000 + number}",
            "distance_m": float(500.0 * np.sqrt(random.random())),
            "kind_a": "aircraft" if number % 3 == 0 else "ship",
        }
        for number, place in enumerate(sorted(places))
    ]
    encounters(rows).write_parquet(path)
    return path
