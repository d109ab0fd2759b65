"""A synthetic picture of aircraft at one instant: the same seed gives the same file.

Aircraft over a box of 20 by 10 degrees on flight levels 180 to 410, a fifth of them climbing or descending.

    .venv/bin/python bench/picture.py --aircraft 10_000 --out bench/data/picture.csv
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import polars as pl

SEED = 1972


def picture(aircraft: int) -> pl.DataFrame:
    """Return one row an aircraft: id, lat, lon, altitude_ft, speed_kn, course_deg, vertical_fpm."""
    chance = np.random.default_rng((SEED, aircraft))
    changing = chance.random(aircraft) < 0.2
    level_ft = chance.integers(18, 42, aircraft) * 1000.0
    # nobody is on his level to the foot: exactly 1,000 ft apart is no conflict for some and one for others
    wobble_ft = chance.normal(0, 25, aircraft)
    return pl.DataFrame(
        {
            "id": [f"icao24:{0x400000 + number:06x}" for number in range(aircraft)],
            "lat": np.round(chance.uniform(45, 55, aircraft), 5),
            "lon": np.round(chance.uniform(-5, 15, aircraft), 5),
            "altitude_ft": np.round(
                level_ft + np.where(changing, chance.uniform(-500, 500, aircraft), wobble_ft), 1
            ),
            "speed_kn": np.round(chance.uniform(380, 500, aircraft), 1),
            "course_deg": np.round(chance.uniform(0, 359.9, aircraft), 1),
            "vertical_fpm": np.where(changing, np.round(chance.uniform(-2500, 2500, aircraft)), 0.0),
        }
    )


def main() -> int:
    """Write one picture; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--aircraft", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    picture(given.aircraft).write_csv(given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
