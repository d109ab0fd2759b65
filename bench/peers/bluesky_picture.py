"""bluesky's compiled state-based detector on one picture of aircraft: every pair, both ways round."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
from stopwatch import Stopwatch, arguments

FOOT_M, KNOT_MS, FPM_MS = 0.3048, 0.514444, 0.00508


def main() -> int:
    """Load states.csv, detect once after a small warm-up."""
    parser = arguments("bluesky: cstatebased.detect")
    parser.add_argument("--horizon-s", type=float, default=300.0)
    parser.add_argument("--vertical-ft", type=float, default=1000.0)
    given = parser.parse_args()
    detect = _detector()
    states = pl.read_csv(given.data)
    _run(detect, states.head(50), given)
    watch = Stopwatch()
    with watch.phase("search"):
        pairs = _run(detect, states, given)
    unique = {tuple(sorted(pair)) for pair in pairs}
    if given.pairs:
        a, b = zip(*sorted(unique), strict=True)
        pl.DataFrame({"a": a, "b": b}).write_parquet(given.pairs)
    watch.report(name="bluesky", version=version("bluesky-simulator"), fixes=states.height, pairs=len(unique))
    return 0


def _detector():  # noqa: ANN202 - a compiled function
    """Return the extension's function without starting a simulator, which bluesky's package does on import."""
    import importlib.machinery  # noqa: PLC0415
    import importlib.util  # noqa: PLC0415

    root = Path(importlib.util.find_spec("bluesky").submodule_search_locations[0])
    (path,) = (root / "traffic" / "asas").glob("cstatebased*.so")
    loader = importlib.machinery.ExtensionFileLoader("cstatebased", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("cstatebased", loader))
    loader.exec_module(module)
    return module.detect


def _run(detect, states: pl.DataFrame, given) -> list[tuple[str, str]]:  # noqa: ANN001
    column = {
        name: np.ascontiguousarray(states[name].to_numpy(), dtype=np.float64) for name in states.columns[1:]
    }
    traffic = SimpleNamespace(
        id=states["id"].to_list(),
        lat=column["lat"],
        lon=column["lon"],
        trk=column["course_deg"],
        gs=column["speed_kn"] * KNOT_MS,
        alt=column["altitude_ft"] * FOOT_M,
        vs=column["vertical_fpm"] * FPM_MS,
    )
    each = np.ones(states.height)
    found = detect(
        traffic,
        traffic,
        each * given.within_m,
        each * given.vertical_ft * FOOT_M,
        each * given.horizon_s,
    )
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
