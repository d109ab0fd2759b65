"""Each operation of the disk fails, one after another, until a run passes untouched; nothing held is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.store.errors import StoreFailure
from tests.faults.disk import Disk, mounted
from tests.faults.world import Node, check_prefix, finish, two_nodes

RUNS_IN_A_WORLD = 20
# how, from then on, reads as well, and then the power fails
OTHERS = [
    ("io error", True, False, False),
    ("io error, persisted", False, False, False),
    ("io error, persisted", True, False, False),
    ("disk full", False, False, False),
    ("io error", False, True, False),
    ("io error", True, True, False),
    ("io error", False, False, True),
    ("io error, persisted", False, False, True),
]


@pytest.fixture
def disks() -> Iterator[tuple[Disk, Disk]]:
    with mounted("west-faulty") as west, mounted("east-faulty") as east:
        yield west, east


def scenario(victim: Node, other: Node, text: str) -> None:
    """Open, send, deliver, take, cosign, close: every path of the store."""
    victim.open()
    assert victim.desk is not None
    assert other.desk is not None
    victim.desk.send(f"{text} one", f"{text} two")
    other.desk.send(f"{text} other")
    other.desk.take(victim.bundle_for(other.path.name))
    victim.desk.take(other.bundle_for(victim.path.name))
    assert victim.home is not None
    victim.home.close()


def sweep(
    folder: Path, disks: tuple[Disk, Disk], how: str, *, lasting: bool, reads: bool, power_fails: bool = False,
    stride: int = 1,
) -> int:  # fmt: skip
    """Fail the k-th operation, k = 1, 2, 3 ... until a run passes untouched; returns that k."""
    chance = random.Random(7)
    nodes: list[Node] = []
    for number, k in enumerate(range(1, 2000, stride)):
        if number % RUNS_IN_A_WORLD == 0:
            if nodes:
                finish(nodes)
            (folder / str(number)).mkdir()
            nodes = two_nodes(folder / str(number), disks)
        if _survives(nodes, k, how, lasting, reads, power_fails, chance):
            finish(nodes)
            return k
    raise AssertionError("no run passed untouched")


def _survives(
    nodes: list[Node], k: int, how: str, lasting: bool, reads: bool, power_fails: bool, chance: random.Random
) -> bool:
    """Run the scenario with the k-th operation failing, then look; True when it passed untouched."""
    victim, other = nodes
    assert victim.home is not None
    victim.home.close()
    disk = victim.disk
    disk.reset()
    disk.fail_at, disk.how, disk.lasting, disk.reads_count = k, how, lasting, reads
    try:
        scenario(victim, other, f"{how} {lasting} {reads} {k}")
    except StoreFailure:
        assert disk.failed
    untouched = not disk.failed
    disk.fail_at = None
    if power_fails and not untouched:
        victim.lose_power(chance)
    else:
        victim.home.close()
    victim.check()
    check_prefix(nodes)
    return untouched


@pytest.mark.parametrize(("how", "lasting"), [("io error", False), ("disk full", True)])
def test_every_single_operation_may_fail_and_nothing_acknowledged_is_lost(
    how: str, lasting: bool, tmp_path: Path, disks: tuple[Disk, Disk]
) -> None:
    assert sweep(tmp_path, disks, how, lasting=lasting, reads=False) >= 50


@pytest.mark.parametrize(("how", "lasting", "reads", "power_fails"), OTHERS)
def test_operations_fail_in_every_other_way_too(
    how: str, lasting: bool, reads: bool, power_fails: bool, tmp_path: Path, disks: tuple[Disk, Disk]
) -> None:
    assert sweep(tmp_path, disks, how, lasting=lasting, reads=reads, power_fails=power_fails, stride=3) >= 50


@pytest.mark.prove_full
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("how", "lasting", "reads", "power_fails"), OTHERS)
def test_every_single_operation_may_fail_in_every_way(
    how: str, lasting: bool, reads: bool, power_fails: bool, tmp_path: Path, disks: tuple[Disk, Disk]
) -> None:
    assert sweep(tmp_path, disks, how, lasting=lasting, reads=reads, power_fails=power_fails) >= 50
