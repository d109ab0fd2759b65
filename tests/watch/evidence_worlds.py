"""A truth that is known, and what receivers make of it: each hears a part, stamps by its own clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np
import polars as pl
from pyproj import Geod

from detente.encounters import search
from detente.encounters.live_search import LiveSearch
from detente.tracks import complete
from detente.tracks.live_cleaning import LiveCleaner
from detente.watch.evidence.structs import Agreed, Context, Definition

GEOD = Geod(ellps="WGS84")
NOON = datetime(2018, 4, 4, 12, tzinfo=UTC)
FRIGATE, PATROL, FERRY, PLANE = "mmsi:211000001", "mmsi:273000002", "mmsi:235000003", "icao24:4ca1b2"
DEFINITION = Definition(within_m=1852.0, vertical_m=304.8, max_gap_s=180.0)
AGREED = Agreed(within_m=914.4, source="agreed limits, example")
WEST = {"id": "west", "name": "Western Command"}


@dataclass(frozen=True)
class Way:
    """One mover's true way: a geodesic from a point, bent by a steady turn."""

    mover: str
    kind: str
    lon: float
    lat: float
    course_deg: float
    speed_ms: float
    turn_deg_s: float = 0.0
    height_m: float | None = None
    name: str | None = None
    every_s: float = 6.0

    def at(self, second: float) -> tuple[float, float]:
        """Where it is, on an AIS grid of 1/600,000 degree; ``second`` counts from noon."""
        if not self.turn_deg_s:
            lon, lat, _ = GEOD.fwd(self.lon, self.lat, self.course_deg, self.speed_ms * second)
        else:
            turned = np.radians(self.turn_deg_s * second)
            radius = self.speed_ms / np.radians(self.turn_deg_s)
            chord = 2.0 * radius * np.sin(turned / 2.0)
            lon, lat, _ = GEOD.fwd(self.lon, self.lat, self.course_deg + np.degrees(turned) / 2.0, chord)
        return round(lon * 600_000) / 600_000, round(lat * 600_000) / 600_000


CROSSING = (
    Way(FRIGATE, "ship", 20.0, 55.0, 0.0, 8.0, name="FRIGATE ONE"),
    Way(PATROL, "ship", 20.003, 55.001, 250.0, 10.0, turn_deg_s=0.02, name="PATROL TWO", every_s=4.0),
)
OVERFLIGHT = (CROSSING[0], Way(PLANE, "aircraft", 20.001, 55.0005, 95.0, 90.0, height_m=76.2, every_s=1.0))
THIRD = Way(FERRY, "ship", 20.002, 55.0, 30.0, 7.0, name="FERRY THREE")


def heard(
    ways: tuple[Way, ...],
    *,
    clock_s: float = 0.0,
    missing: Callable[[str, int], bool] = lambda mover, number: False,
    shift_m: float = 0.0,
    reach_s: float = 900.0,
    source: str = "ais_nmea:receiver",
) -> pl.DataFrame:
    """Return what one receiver hears of the transmissions: rows of tracks, by its clock."""
    rows: list[dict[str, Any]] = []
    for way in ways:
        for number, second in enumerate(np.arange(-reach_s, reach_s + 0.5 * way.every_s, way.every_s)):
            if missing(way.mover, number):
                continue
            lon, lat = way.at(float(second))
            if shift_m:
                lon, lat, _ = GEOD.fwd(lon, lat, 45.0, shift_m)
            rows.append(
                {
                    "mover": way.mover, "time": NOON + timedelta(seconds=float(second) + clock_s), "lon": lon,
                    "lat": lat, "altitude_m": way.height_m, "altitude_datum": "ground" if way.height_m else None,
                    "speed_kn": way.speed_ms * 3600 / 1852, "kind": way.kind, "name": way.name, "source": source,
                }
            )  # fmt: skip
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("time").cast(pl.Datetime("us", "UTC"))
    )
    return complete(frame.lazy()).collect().sort("time", "mover")


def met(
    rows: pl.DataFrame, definition: Definition = DEFINITION, pair: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Return the encounter of two movers nearest to noon."""
    found = search(
        rows.lazy(),
        within_m=definition.within_m,
        vertical_m=definition.vertical_m,
        max_gap_s=definition.max_gap_s,
    ).encounters.with_columns(side_a=pl.lit("west"), side_b=pl.lit("east"))
    wanted = [row for row in found.to_dicts() if pair in {None, (row["a"], row["b"])}]
    return min(wanted, key=lambda row: abs(row["closest_at"] - NOON))


def watched(
    rows: pl.DataFrame, definition: Definition = DEFINITION, pair: tuple[str, str] = (FRIGATE, PATROL)
) -> tuple[dict[str, Any], pl.DataFrame]:
    """Return the encounter as a watch finds it while rows come, five seconds at a time, and the rows it searched."""
    cleaner = LiveCleaner()
    live = LiveSearch(
        within_m=definition.within_m, vertical_m=definition.vertical_m, max_gap_s=definition.max_gap_s
    )
    found, kept = [], []
    for (moment,), part in rows.group_by(pl.col("time").dt.truncate("5s"), maintain_order=True):
        kept.append(cleaner.push(part))
        found.append(live.push(kept[-1], at=cast("datetime", moment) + timedelta(seconds=5)))
    kept.append(cleaner.close())
    found += [live.push(kept[-1], at=None), live.close()]
    table = pl.concat(found).with_columns(side_a=pl.lit("west"), side_b=pl.lit("east"))
    wanted = [row for row in table.to_dicts() if (row["a"], row["b"]) == pair]
    return min(wanted, key=lambda row: abs(row["closest_at"] - NOON)), pl.concat(kept).sort("time", "mover")


def context(rows: pl.DataFrame, **fields: Any) -> Context:
    """Return the context of a draft about what is in the rows."""
    usual: dict[str, Any] = {
        "author": WEST, "own_side": "west", "issued_at": NOON + timedelta(minutes=20), "definition": DEFINITION,
        "agreed": AGREED, "rows": rows,
    }  # fmt: skip
    return Context(**(usual | fields))
