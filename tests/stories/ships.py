"""Two ships that cross, two that lie moored side by side: a world small enough to know by heart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["START", "crossing_lines", "write_crossing"]

START = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
_HEAD = "mmsi,time,longitude,latitude,sog_kn,cog_deg,name"
_MINUTES = 20
_EVERY_S = 10


def crossing_lines() -> Iterator[str]:
    """Yield lines of a plain CSV: a Danish ship eastbound, a Russian northbound, two British moored 40 m apart.

    Both moving ships pass 55 N 12 E within 100 m of each other at about START + 10 min.
    """
    yield _HEAD
    for step in range(_MINUTES * 60 // _EVERY_S + 1):
        time = f"{START + timedelta(seconds=step * _EVERY_S):%Y-%m-%dT%H:%M:%SZ}"
        hours = step * _EVERY_S / 3600 - _MINUTES / 120
        east_deg = 12.0 / 60 * hours / 0.5736  # 12 kn along the parallel: cos 55 = 0.5736
        north_deg = 12.0 / 60 * hours
        yield f"219000001,{time},{12.0 + east_deg:.7f},55.0000000,12.0,90.0,ANNA"
        yield f"273000001,{time},12.0010000,{55.0 + north_deg:.7f},12.0,0.0,BORIS"
        yield f"232000001,{time},12.5000000,55.2000000,0.0,0.0,CATO"
        yield f"232000002,{time},12.5005000,55.2000000,0.0,0.0,DIDO"


def write_crossing(path: Path) -> Path:
    """Write the lines as a file and return its path."""
    path.write_text("\n".join(crossing_lines()) + "\n", encoding="utf-8")
    return path
