"""A running node whose signer is a process of its own, and a keeper that kills the one, the other, or both.

Run as a program by the test. The keeper forks the node and starts the real signer; it kills with SIGKILL while the node
writes and packs bundles for a mirror, starts again what it killed, and at the end looks at everything that was
acknowledged and at everything that left. Reports as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import time
import traceback
from pathlib import Path

from detente.line.bundle import Kind, Parser
from detente.line.checkpoint import Checkpoint, Origin
from detente.line.effects import Append, PutEntry
from detente.line.envelope import Envelope, PayloadType
from detente.line.merkle import leaf_hash
from detente.line.state import Run
from detente.line.statement import Statement
from detente.node.errors import SignerGone
from detente.node.home import Home, open_serving, open_writing
from detente.node.signing.remote import RemoteSigner
from tests.faults.killing import kill
from tests.node.signing_process import SignerProcess, opened, pair_of_homes
from tests.store.pair import PASSPHRASE, Desk

ENTRIES_BETWEEN_KILLS = 10


def live(folder: Path, line: str) -> None:
    """Be west's node until killed: say something, pack a bundle; when the signer goes, open the line again."""
    acks = os.open(folder / "west.acks", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    chance = random.Random(os.getpid())

    def acknowledge(append: Append) -> None:
        for part in append.parts:
            if isinstance(part, PutEntry):
                os.write(acks, f"{part.origin} {part.seq} {part.leaf_hash.hex()}\n".encode())

    with open_serving(folder / "west", RemoteSigner(folder / "west", patience_s=60)) as home:
        desk: Desk | None = None
        while True:
            try:
                if desk is None:
                    desk = _desk(home, line)
                    desk.on_durable = acknowledge
                desk.send(*(os.urandom(8).hex() for _ in range(chance.choice((1, 2, 5, 20)))))
                _leave(folder / "left", desk.bundle_for("east"))
            except SignerGone:
                (folder / "gone").open("ab").write(b".")
                desk = None
                continue
            if desk.refusals or desk.alarms:
                os.write(acks, f"refused {desk.refusals} {desk.alarms}\n".encode())
                os._exit(3)


def _desk(home: Home, line: str) -> Desk:
    desk = Desk(home, line)
    home.signer.begin_run(line)
    return desk


def _leave(folder: Path, octets: bytes) -> None:
    part = folder / f"{time.time_ns()}.part"
    part.write_bytes(octets)
    part.rename(part.with_suffix(".bundle"))


def start(folder: Path, line: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            live(folder, line)
        except BaseException:  # noqa: BLE001 - a child reports by its file and exit code
            (folder / "west.crash").write_text(traceback.format_exc())
            os._exit(4)
    return child


def acknowledged(folder: Path) -> int:
    acks = folder / "west.acks"
    return acks.read_bytes().count(b"\n") if acks.exists() else 0


def keep(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill ``kills`` times, then look at what was left."""
    chance = random.Random(seed)
    line = pair_of_homes(folder)
    (folder / "left").mkdir()
    west = folder / "west"
    signer, node = SignerProcess(west, *opened(west)), start(folder, line)
    done = {"signer": 0, "node": 0}
    try:
        while sum(done.values()) < kills:
            before, give_up = acknowledged(folder), time.monotonic() + 60
            while acknowledged(folder) - before < ENTRIES_BETWEEN_KILLS:
                crash = folder / "west.crash"
                if time.monotonic() > give_up or crash.exists():
                    raise AssertionError("stands still: " + (crash.read_text() if crash.exists() else "no word"))
                time.sleep(0.002)
            time.sleep(chance.random() * 0.03)
            victims = chance.choice((("signer",), ("signer",), ("signer",), ("node",), ("signer", "node")))
            if "signer" in victims:
                signer.kill()
                done["signer"] += 1
            if "node" in victims:
                assert kill(node) == 0, [one.read_text() for one in folder.glob("*.crash")]
                done["node"] += 1
                node = start(folder, line)
            if "signer" in victims:
                signer = SignerProcess(west, *opened(west))
    finally:
        kill(node)
        with contextlib.suppress(OSError):
            signer.kill()
    gone = (folder / "gone").stat().st_size if (folder / "gone").exists() else 0
    return {"kills": done, "gone": gone, **check(folder, line)}


def check(folder: Path, line: str) -> dict[str, int]:
    """Every acknowledged statement stands, and every signature that left or was acknowledged is the only one."""
    with (
        open_writing(folder / "west", PASSPHRASE) as west,
        open_writing(folder / "east", PASSPHRASE) as east,
    ):
        desk, mirror = Desk(west, line), Desk(east, line)
        assert desk.is_now(Run.RUNNING), desk.line.state.reason
        assert not desk.refusals
        acks = (folder / "west.acks").read_text().splitlines()
        for row in acks:
            log, seq, digest = row.rsplit(" ", 2)
            leaf = desk.record.entry(Origin.parse(log), int(seq))
            assert leaf is not None, f"lost: {row}"
            assert leaf_hash(leaf).hex() == digest, f"another than acknowledged: {row}"
        signed: dict[tuple[object, int], bytes] = {}
        heads: dict[tuple[object, int], bytes] = {}
        for bundle in sorted((folder / "left").glob("*.bundle")):
            for record in Parser().feed(bundle.read_bytes()):
                if record.kind is Kind.ENTRY:
                    statement, _ = Statement.decode(
                        Envelope.decode(record.content, PayloadType.STATEMENT).payload
                    )
                    at = Origin(statement.line, statement.epoch, statement.author, statement.generation)
                    assert signed.setdefault((at, statement.seq), record.content) == record.content
                    assert desk.record.entry(at, statement.seq) == record.content
                elif record.kind is Kind.CHECKPOINT:
                    head = Checkpoint.decode(record.content).head
                    assert heads.setdefault((head.origin, head.size), head.root) == head.root
                    assert desk.line.state.root_at(head.origin, head.size) == head.root
        for bundle in sorted((folder / "left").glob("*.bundle")):
            mirror.take(bundle.read_bytes())
        mirror.take(desk.bundle_for("east"))
        assert not mirror.record.forks()
        origin = desk.line.state.own_origin
        size = desk.record.size(origin)
        assert mirror.record.entries(origin, 0, size + 1) == desk.record.entries(origin, 0, size + 1)
        head_file = west.head_file()
        assert head_file is not None
        assert head_file.own[origin][0] == size
        return {"acknowledged": len(acks), "signatures": len(signed), "heads": len(heads)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(keep(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
