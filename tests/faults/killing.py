"""Two nodes as processes that exchange bundles through folders, and a keeper that kills them.

Run as a program by the test: the keeper forks the nodes (so that no time goes into starting interpreters), kills
one or both with SIGKILL after at least ten more acknowledged entries, starts them again, and at the end reports
as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

from detente.line.bundle import Kind, Parser
from detente.line.checkpoint import Origin
from detente.line.effects import Append, PutEntry
from detente.line.envelope import Envelope, PayloadType
from detente.line.merkle import leaf_hash
from detente.line.statement import Statement
from tests.store.pair import Desk, found_homes, open_home

ENTRIES_BETWEEN_KILLS = 10
NAMES = ("west", "east")


def live(folder: Path, name: str, other: str, line: str) -> None:
    """Be one node until killed: take what came, say something, pack a bundle; acknowledgements go to a file."""
    acks = os.open(folder / f"{name}.acks", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    inbox, outbox = folder / f"to-{name}", folder / f"to-{other}"
    chance = random.Random(os.getpid())

    def acknowledge(append: Append) -> None:
        for part in append.parts:
            if isinstance(part, PutEntry):
                os.write(acks, f"{part.origin} {part.seq} {part.leaf_hash.hex()}\n".encode())

    with open_home(folder / name) as home:
        desk = Desk(home, line)
        desk.on_durable = acknowledge
        while True:
            for bundle in sorted(inbox.glob("*.bundle")):
                desk.take(bundle.read_bytes())
                bundle.unlink()
            if len(list(outbox.glob("*.bundle"))) < 3:
                desk.send(*(os.urandom(8).hex() for _ in range(chance.choice((1, 2, 5)))))
                octets = desk.bundle_for(other)
                part = outbox / f"{time.time_ns()}.part"
                part.write_bytes(octets)
                part.rename(part.with_suffix(".bundle"))
            if desk.refusals or desk.alarms:
                os.write(acks, f"refused {desk.refusals} {desk.alarms}\n".encode())
                os._exit(3)


def start(folder: Path, name: str, other: str, line: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            live(folder, name, other, line)
        except BaseException:  # noqa: BLE001 - a child reports by its file and exit code
            (folder / f"{name}.crash").write_text(traceback.format_exc())
            os._exit(4)
    return child


def kill(child: int) -> int:
    """Kill a child; returns 0, or its own exit code when it had ended by itself."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return 0 if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def acknowledged(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.acks"))


def keep(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill ``kills`` times; then open both homes, see that nothing is lost or forked, and report."""
    chance = random.Random(seed)
    line = found_homes(folder)
    for name in NAMES:
        (folder / f"to-{name}").mkdir()
    children = {name: start(folder, name, other, line) for name, other in (NAMES, NAMES[::-1])}
    done = 0
    try:
        while done < kills:
            before = acknowledged(folder)
            give_up = time.monotonic() + 60
            while acknowledged(folder) - before < ENTRIES_BETWEEN_KILLS:
                if time.monotonic() > give_up:
                    raise AssertionError(
                        "the nodes stand still: " + str([p.read_text() for p in folder.glob("*.crash")])
                    )
                time.sleep(0.005)
            time.sleep(chance.random() * 0.03)
            for name in chance.choice((("west",), ("east",), NAMES)):
                assert kill(children[name]) == 0, [p.read_text() for p in folder.glob("*.crash")]
                done += 1
                other = NAMES[1 - NAMES.index(name)]
                children[name] = start(folder, name, other, line)
    finally:
        for child in children.values():
            kill(child)
    return {"kills": done, "acknowledged": check(folder, line)}


def check(folder: Path, line: str) -> int:
    """Look at both homes as they were left: every acknowledged entry is there, one log has one history."""
    desks = {name: Desk(open_home(folder / name), line) for name in NAMES}
    count = 0
    for name, desk in desks.items():
        assert desk.line.state.run.value == "running", desk.line.state.reason
        for row in (folder / f"{name}.acks").read_text().splitlines():
            log, seq, digest = row.rsplit(" ", 2)
            leaf = desk.record.entry(Origin.parse(log), int(seq))
            assert leaf is not None, f"lost: {row}"
            assert leaf_hash(leaf).hex() == digest, f"another than acknowledged: {row}"
            count += 1
    for bundle in folder.glob("to-*/*.bundle"):  # what left the node and never arrived still stands
        for record in Parser().feed(bundle.read_bytes()):
            if record.kind is Kind.ENTRY:
                statement, _ = Statement.decode(Envelope.decode(record.content, PayloadType.STATEMENT).payload)
                at = Origin(statement.line, statement.epoch, statement.author, statement.generation)
                assert desks[statement.author].record.entry(at, statement.seq) == record.content
    for _ in range(3):
        for one, other in (NAMES, NAMES[::-1]):
            desks[other].take(desks[one].bundle_for(other))
    for origin in desks["west"].record.origins():
        size = desks["west"].record.size(origin)
        held = [desk.record.entries(origin, 0, size + 1) for desk in desks.values()]
        assert held[0] == held[1]
    assert not any(desk.record.forks() or desk.refusals for desk in desks.values())
    for desk in desks.values():
        desk.home.close()
    return count


if __name__ == "__main__":
    sys.stdout.write(json.dumps(keep(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
