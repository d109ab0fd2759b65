"""A record on a PostgreSQL server that is killed, cut off or full loses nothing acknowledged and no half of a batch.

The server's processes are killed with SIGKILL, all at once, while batches arrive. That shows what recovery makes of
its log, not what a power cut leaves of its disk: for that the server's own fsync is trusted, and watched for.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.line.checkpoint import Origin
from detente.line.state import Run
from detente.node.home import open_reading
from detente.node.home_folder import described
from detente.node.moving import forget_old, move
from detente.store.errors import StoreFailure
from detente.store.interface import Record
from detente.store.postgresql.address import Address
from detente.store.postgresql.record import Record as RecordOnServer
from detente.store.postgresql.server import Server
from tests.faults.batches import WEST, Batches
from tests.faults.cutting import CuttingProxy
from tests.store.pair import Desk, exchange, found_homes, open_home
from tests.store.servers import Database, DBServer

ROOT = Path(__file__).resolve().parent.parent.parent
SIZES = (1, 1, 1, 3, 30, 400)


@pytest.fixture
def own_server(server: DBServer) -> Iterator[DBServer]:
    """A server on a real disk that a test may kill."""
    made = DBServer()
    made.found()
    made.start()
    yield made
    made.remove()


def founded(address: str) -> Server:
    place = Server(Address(address), "ab" * 8)
    place.prepare()
    with place.founding("baltic"):
        pass
    return place


def fed(record: Record, batches: Batches) -> StoreFailure:
    """Feed batches until the store fails; return how."""
    while True:
        parts = batches.next(batches.chance.choice(SIZES))
        try:
            record.apply(parts)
        except StoreFailure as failure:
            return failure
        batches.took()


def killed(server: DBServer, kills: int, seed: int) -> tuple[Batches, int]:
    place, batches, there = founded(server.address()), Batches(seed), 0
    for _ in range(kills):
        record = place.open("baltic", read_only=False)
        there += batches.check(record)
        timer = threading.Timer(batches.chance.uniform(0.0, 0.15), server.kill)
        timer.start()
        failure = fed(record, batches)
        assert "nothing acknowledged was lost" in failure.remedy
        timer.join()
        record.close()
        server.start()
    record = place.open("baltic", read_only=False)
    there += batches.check(record)
    assert record.audit() == []
    record.close()
    return batches, there


def test_a_server_killed_amid_batches_loses_nothing_acknowledged(own_server: DBServer) -> None:
    batches, _ = killed(own_server, 20, 1)
    assert batches.acknowledged >= 200


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_a_server_killed_a_hundred_times_loses_nothing_acknowledged(own_server: DBServer) -> None:
    batches, _ = killed(own_server, 100, 2)
    assert batches.acknowledged >= 1000


def test_a_node_whose_server_is_killed_opens_again_and_never_forks(tmp_path: Path, own_server: DBServer) -> None:
    """Record on the server, head file on this machine: after every kill they agree, or the start makes them."""
    line = found_homes(tmp_path, address=own_server.address())
    chance, said = random.Random(3), set[str]()
    with open_home(tmp_path / "east") as two:
        east = Desk(two, line)
        for kill in range(6):
            with open_home(tmp_path / "west") as one:
                west = Desk(one, line)
                assert west.is_now(Run.RUNNING)
                exchange(west, east)
                timer = threading.Timer(chance.uniform(0.0, 0.1), own_server.kill)
                timer.start()
                with contextlib.suppress(StoreFailure):
                    for number in range(10_000):
                        west.send(f"{kill} {number}", f"and {kill} {number}")
                        said.update((f"{kill} {number}", f"and {kill} {number}"))
                timer.join()
            own_server.start()
        with open_home(tmp_path / "west") as one:
            west = Desk(one, line)
            exchange(west, east)
            log = Origin(line, 1, "west", 0)
            assert west.record.size(log) >= len(said) > 0
            assert east.record.entries(log, 0, 100_000) == west.record.entries(log, 0, 100_000)
            assert not west.refusals + east.refusals
            assert not east.record.forks()


def cut(server: DBServer, database: Database, cuts: int, seed: int) -> tuple[CuttingProxy, Batches]:
    place = founded(database.address)
    proxy, batches = CuttingProxy(server.port, seed), Batches(seed)
    through = Server(Address(database.tcp_address.replace(str(server.port), str(proxy.port))), place.place)
    try:
        while proxy.cuts < cuts:
            proxy.bytes_max = batches.chance.choice((3_000, 20_000, 200_000))
            try:
                record = through.open("baltic", read_only=False)
            except StoreFailure:
                continue  # cut while it was opened
            with contextlib.closing(record), contextlib.suppress(StoreFailure):
                batches.check(record)
                fed(record, batches)
        record = place.open("baltic", read_only=False)
        batches.check(record)
        assert record.audit() == []
        record.close()
    finally:
        proxy.close()
    return proxy, batches


def test_a_link_cut_at_any_byte_loses_nothing_acknowledged(server: DBServer, database: Database) -> None:
    proxy, batches = cut(server, database, 40, 4)
    assert proxy.cuts >= 40
    assert batches.acknowledged >= 100


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_link_cut_hundreds_of_times_loses_nothing_acknowledged(server: DBServer, database: Database) -> None:
    proxy, batches = cut(server, database, 400, 5)
    assert proxy.cuts >= 400
    assert batches.acknowledged >= 1000


def test_a_server_that_keeps_the_link_and_says_nothing_is_given_up(server: DBServer, database: Database) -> None:
    """Its process is stopped: the system still takes every byte for it, and no limit of the network ends that."""
    place, batches = founded(database.address), Batches(9)
    record = place.open("baltic", read_only=False)
    record.apply(batches.next(3))
    batches.took()
    assert isinstance(record, RecordOnServer)
    record._session.answer_s = 0.3
    process = record._session.info.backend_pid
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(StoreFailure, match="no word") as silent:
            record.apply(batches.next(3))
        assert "nothing acknowledged was lost" in silent.value.remedy
        with pytest.raises(StoreFailure, match="closed"):
            record.apply(batches.next(3))
        record.close()
    finally:
        os.kill(process, signal.SIGCONT)
    record = place.open("baltic", read_only=False)
    batches.check(record)
    assert record.audit() == []
    record.close()


# ---- a full disk
# ---------------------------------------------------------------------------------------------------


def test_files_that_may_not_grow_stop_a_record_in_clear_words(own_server: DBServer) -> None:
    """As root or not: the server's files are held to a size, as a quota does."""
    place, batches = founded(own_server.address()), Batches(6, content_bytes=300_000)
    own_server.stop()
    own_server.file_bytes_max = 20_000_000
    own_server.start()
    record = place.open("baltic", read_only=False)
    failure = fed(record, batches)
    assert "disk" in failure.expected, failure
    assert "free space on the server" in failure.remedy
    assert batches.acknowledged >= 5
    batches.check(record)  # the server goes on: what it holds can be read
    record.close()
    own_server.stop()
    own_server.file_bytes_max = None
    own_server.start()
    record = place.open("baltic", read_only=False)
    batches.check(record)
    for _ in range(5):
        record.apply(batches.next(1))
        batches.took()
    assert record.audit() == []
    record.close()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 150 MB of its own, where this machine lets us make one."""
    folder = Path(tempfile.mkdtemp(prefix="small-"))
    folder.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=150m,mode=755", "none", str(folder)]
    try:
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("no small file system can be made here: not root, or not allowed to mount")
        yield folder
        subprocess.run(["umount", "-l", str(folder)], check=True)
    finally:
        folder.rmdir()


@pytest.mark.prove
def test_a_disk_that_is_full_loses_nothing_and_goes_on_when_there_is_room(
    small_disk: Path, server: DBServer
) -> None:
    small = DBServer(within=small_disk)
    small.options = ["max_wal_size=32MB", "min_wal_size=32MB"]
    try:
        small.found()
        small.start()
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(40_000_000))
        place, batches = founded(small.address()), Batches(7, content_bytes=200_000)
        record = place.open("baltic", read_only=False)
        failure = fed(record, batches)  # the server says that it is full, or falls over: both are named
        assert "server" in failure.remedy
        assert batches.acknowledged >= 5
        record.close()
        ballast.unlink()
        small.stop()
        small.start()
        record = place.open("baltic", read_only=False)
        batches.check(record)
        record.apply(batches.next(30))
        batches.took()
        batches.check(record)
        assert record.audit() == []
        record.close()
    finally:
        small.remove()


# ---- a move that is killed
# -----------------------------------------------------------------------------------------


def held(home: Path, line: str) -> list[bytes]:
    with open_reading(home) as opened:
        return opened.record(line).entries(Origin(line, 1, "west", 0), 0, 100_000)


@pytest.mark.timeout(120)
def test_a_move_that_is_killed_at_any_moment_loses_nothing(tmp_path: Path, database: Database) -> None:
    line, home, chance = found_homes(tmp_path), tmp_path / "west", random.Random(8)
    with open_home(home) as opened:
        desk = Desk(opened, line)
        for start in range(0, 3000, 300):
            desk.send(*(f"notice {number}" for number in range(start, start + 300)))
    before, kills, switched = held(home, line), 0, 0
    for _ in range(8):
        to = "sqlite" if described(home).store.kind == "postgresql" else database.tcp_address
        words = [sys.executable, "-m", "detente", "store", "move", str(home), "--to", to]
        running = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while running.poll() is None and not (home / "moving.json").exists():
            time.sleep(0.002)
        time.sleep(chance.uniform(0.0, 0.25))
        kills += running.poll() is None
        running.kill()
        running.wait()
        assert held(home, line) == before
        if described(home).before is not None:
            forget_old(home)
            switched += 1
    assert kills >= 5
    if described(home).store.kind == "sqlite":
        move(home, "postgresql", database.address)
        forget_old(home)
    move(home, "sqlite")
    forget_old(home)
    assert not database.schemas()
    assert not (home / "moving.json").exists()
    assert held(home, line) == before
    assert WEST.member == "west"
