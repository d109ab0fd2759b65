"""What a search goes through, how it keeps its movers apart, and what it says of compiling."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from detente.encounters import search
from tests.encounters.moving import EPOCH, GEOD, KNOT_MS, track


@pytest.fixture(scope="module")
def fleet() -> list[pl.DataFrame]:
    """Two hundred ships, s000 to s199, at 6 m/s on courses of their own over a sea of 60 by 30 km."""
    hour = range(0, 3_601, 30)
    return [
        track(
            f"s{n:03}",
            hour,
            course=(n * 37) % 360,
            speed_ms=6,
            east_m=(n % 20) * 3_000,
            north_m=(n // 20) * 3_000,
        )
        for n in range(200)
    ]


def work(frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The encounters, and what the search went through: legs, stretches, pairs near, pairs examined."""
    from detente.encounters import intake, pairing, windows

    movers, counts = intake.Movers(), windows.Counts()
    limits = windows.Limits(500.0, 304.8, 180_000_000, None, None, moored=True)
    slices = intake.read(frame.lazy(), movers, start_us=None, end_us=None)
    for _ in windows.encounters_of(slices, movers, limits, pairing.Pairing(between="all", sides=None), counts):
        pass
    gone_through = {name: getattr(counts, name) for name in ("legs", "stretches", "tested", "walked")}
    return search(frame.lazy(), keep_moored=True).encounters, gone_through


def test_one_teleport_costs_next_to_no_work(fleet: list[pl.DataFrame]) -> None:
    encounters, plain = work(pl.concat(fleet).sort("time"))
    jump = fleet[7].with_columns(lon=pl.when(pl.int_range(pl.len()) == 60).then(-150.0).otherwise("lon"))
    spoilt_encounters, spoilt = work(pl.concat([*fleet[:7], jump, *fleet[8:]]).sort("time"))
    # the way across half the Earth is 4,500 parts of two legs, in four or five stretches for each of 64 parts
    assert spoilt["legs"] == plain["legs"]
    assert spoilt["stretches"] <= plain["stretches"] * 1.02 + 2 * 4_500 / 64
    assert spoilt["tested"] <= plain["tested"] * 1.1 + 2_000
    assert spoilt["walked"] <= plain["walked"] * 1.1 + 600
    others = (pl.col("a") != "s007") & (pl.col("b") != "s007")
    assert_frame_equal(spoilt_encounters.filter(others), encounters.filter(others), check_exact=True)


@pytest.mark.parametrize("speed_kn", [480, 4_800])
@pytest.mark.parametrize("every_s", [1, 5, 20])
def test_one_fast_mover_adds_its_own_legs_and_little_else(
    fleet: list[pl.DataFrame], speed_kn: float, every_s: int
) -> None:
    encounters, plain = work(pl.concat(fleet).sort("time"))
    # to and fro over the length of the sea, through the ships
    seconds = range(0, 3_600, every_s)
    to_and_fro_m = [60_000 * abs((second * speed_kn * KNOT_MS / 60_000) % 2 - 1) for second in seconds]
    fast = track("z", seconds, at=(20.0, 55.1), course=90, kind="aircraft")
    lons, lats, _ = GEOD.fwd(fast["lon"], fast["lat"], np.full(len(fast), 90.0), to_and_fro_m)
    fast = fast.with_columns(lon=pl.Series(lons), lat=pl.Series(lats))
    with_it, spoilt = work(pl.concat([*fleet, fast]).sort("time"))
    assert spoilt["legs"] == plain["legs"] + len(seconds) - 1
    # time is cut as before: the others have as many stretches, and meet in as many
    way_m = 3_600 * speed_kn * KNOT_MS
    parts = max(len(seconds), way_m / 3_570)
    assert spoilt["stretches"] <= plain["stretches"] * 1.06 + 1.1 * parts / 64 + 10
    # the fast one meets at most everyone in each of its stretches
    own = 200 * (1.1 * parts / 64 + 10)
    assert spoilt["tested"] <= plain["tested"] * 1.06 + own
    assert spoilt["walked"] <= plain["walked"] * 1.06 + own
    mine = (pl.col("a") == "z") | (pl.col("b") == "z")
    assert_frame_equal(with_it.filter(~mine), encounters, check_exact=True)
    assert with_it.filter(mine).height > 0


@pytest.mark.parametrize("first", range(5))
def test_what_rows_say_of_movers_does_not_depend_on_which_comes_first(first: int) -> None:
    from detente.encounters import intake
    from detente.tracks.schema import KINDS

    said = [
        *(("m0", None), ("m1", "ship"), ("m2", "aircraft"), ("m3", "balloon")),
        *(("m0", "ship"), ("m1", None), ("m2", "other"), ("m3", None)),
    ]
    rows = pl.DataFrame([*said[first:], *said[:first]], schema=["mover", "kind"], orient="row")
    movers = intake.Movers()
    movers.learn(movers.codes(rows["mover"]), rows)
    known = [None, *KINDS]
    assert sorted((mover, str(known[movers.kind[code]])) for code, mover in enumerate(movers.ids)) == [
        *(("m0", "ship"), ("m1", "ship"), ("m2", "other"), ("m3", "None"))
    ]


def test_thousands_of_ids_keep_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"id:{n}" for n in range(6_000)]
    rows = pl.DataFrame(
        {
            "mover": names * 2,
            "time": [EPOCH] * 6_000 + [EPOCH + dt.timedelta(seconds=60)] * 6_000,
            # pairs 100 m apart, 3 km from the next
            "lon": [(n // 2) * 0.03 - 60 + (n % 2) * 0.0009 for n in range(6_000)] * 2,
            "lat": [0.0] * 12_000,
        }
    )
    result = search(rows.lazy(), keep_moored=True)
    assert result.movers == 6_000
    expected = {tuple(sorted((f"id:{n}", f"id:{n + 1}"))) for n in range(0, 6_000, 2)}
    assert set(result.encounters.select("a", "b").rows()) == expected


def test_only_what_is_compiled_is_said_to_be(tmp_path: Path) -> None:
    compile_one = (
        "from detente.encounters.compiled import compile_kernels;"
        "compile_kernels(print, modules=('kernel_joins',)); compile_kernels(print, modules=('kernel_joins',))"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", compile_one], env=environment, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for _ in range(2)
    ]
    assert said[0] == ["compiling kernels, once per install; this takes about half a minute"]
    assert said[1] == []
