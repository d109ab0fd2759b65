"""The power fails at any operation of the disk, again and again: nothing acknowledged is lost, nothing forks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.store import disk as store_disk
from detente.store.schema import PRAGMAS
from tests.faults.disk import Disk, mounted
from tests.faults.world import run_world

CUTS_IN_A_WORLD = 25


@pytest.fixture
def disks() -> Iterator[tuple[Disk, Disk]]:
    with mounted("west-disk") as west, mounted("east-disk") as east:
        yield west, east


@pytest.mark.parametrize("seed", range(20))
def test_nothing_acknowledged_is_lost_when_the_power_fails(
    seed: int, tmp_path: Path, disks: tuple[Disk, Disk]
) -> None:
    happened, amid = run_world(seed, tmp_path, disks, CUTS_IN_A_WORLD)
    assert happened == CUTS_IN_A_WORLD
    assert amid >= CUTS_IN_A_WORLD // 2  # in the middle of a write or sync, not at rest


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(1000, 1080))
def test_nothing_acknowledged_is_lost_in_many_more_cuts(
    seed: int, tmp_path: Path, disks: tuple[Disk, Disk]
) -> None:
    happened, amid = run_world(seed, tmp_path, disks, CUTS_IN_A_WORLD)
    assert happened == CUTS_IN_A_WORLD
    assert amid >= CUTS_IN_A_WORLD // 2  # in the middle of a write or sync, not at rest


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_the_disk_bites_where_the_record_is_not_synced(
    level: str, tmp_path: Path, disks: tuple[Disk, Disk], monkeypatch: pytest.MonkeyPatch
) -> None:
    weaker = tuple(f"PRAGMA synchronous = {level}" if "synchronous" in pragma else pragma for pragma in PRAGMAS)
    monkeypatch.setattr(store_disk, "PRAGMAS", weaker)
    bitten = 0
    for seed in range(12):  # the keys are new each time, and with them what a cut hits
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            run_world(seed, folder, disks, 10)
        except Exception:  # noqa: BLE001 - lost entries, a halt, a damaged file: each is a bite
            bitten += 1
        if bitten == 3:
            return
    pytest.fail(f"only {bitten} of 12 worlds lost something")
