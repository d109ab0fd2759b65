"""Hours of two served nodes under faults at random, with a record of every minute.

soak.py --hours 8 --out bench/data/soak.jsonl

Both sides speak all the time; what is not acknowledged is said again with the same submission. Meanwhile processes
are killed and stopped, supervisors restarted, the link cut, left silent and slowed. Every minute a line of JSON says
what was held, delivered and used; in the end everything that was acknowledged must be on both sides once, and both
homes must pass their audit. The seed is in the first line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from link import Relay
from nodes import Node, found_pair
from traffic import Receipts, notices

from detente.errors import DetenteError
from detente.line.checkpoint import Origin
from detente.line.envelope import payload_of
from detente.line.statement import Statement
from detente.node.home import open_reading
from detente.node.serving.remote_host import running_node
from detente.node.serving.wire import Submits

_EVERY_S = 60.0
_SETTLE_S = 300.0


def main() -> int:
    """Run; 0 when nothing was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--per-s", type=float, default=10.0, help="notices of each side")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--rest-s", type=float, default=30.0, help="between faults, in the middle")
    parser.add_argument("--out", type=Path, default=Path("bench/data/soak.jsonl"))
    parser.add_argument(
        "--keep", type=Path, help="an empty folder for homes and logs, left as they are in the end"
    )
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    seed = int.from_bytes(os.urandom(4), "big") if given.seed is None else given.seed
    with _folder(given.keep) as folder, given.out.open("a", buffering=1) as out:
        chance = random.Random(seed)
        soak = Soak(folder, chance, out.write, given.per_s, given.rest_s)
        soak.say("begins", seed=seed, hours=given.hours, per_s=given.per_s)
        end = asyncio.run(soak.run(given.hours * 3600))
        out.flush()
        print(json.dumps(end))
    return 0 if end["whole"] else 1


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give a folder for the homes: the one to be kept, or one that is gone in the end."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="detente-soak-") as folder:
        yield Path(folder)


@dataclass(slots=True)
class Soak:
    """One soak. write: takes the lines of its record."""

    folder: Path
    chance: random.Random
    write: Callable[[str], object]
    per_s: float
    rest_s: float
    held: dict[str, list[str]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    _over: bool = False

    def say(self, what: str, **more: Any) -> None:
        """Write one line."""
        self.write(
            json.dumps({"at": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}", "what": what, **more}) + "\n"
        )

    async def run(self, for_s: float) -> dict[str, Any]:
        """Run for so long, let everything arrive, and look whether all is there."""
        with found_pair(self.folder, between=True) as pair:
            relays = [Relay(node.called_at, node.address) for node in pair]
            for relay, node in zip(relays, pair, strict=True):
                await relay.start()
                await asyncio.to_thread(node.start)
            receipts = []
            senders = [asyncio.create_task(self._speak(node)) for node in pair]
            for node, other in (pair, pair[::-1]):
                self.held.setdefault(node.member, [])
                receipts.append(Receipts(node, other.member))
                receipts[-1].start()
            minutes = asyncio.create_task(self._minutes(pair, receipts))
            await self._harm(pair, relays, time.monotonic() + for_s)
            self._over = True
            await asyncio.gather(*senders)
            whole = await self._arrives(receipts)
            minutes.cancel()
            for one in receipts:
                one.stop()
            for node in pair:
                await asyncio.to_thread(node.stop)
            for relay in relays:
                await relay.close()
            end = {"whole": whole and self._counts(pair), "faults": dict(self.faults), "said_again": self.retries}
        end["held"] = {name: len(found) for name, found in self.held.items()}
        self.say("ends", **end)
        return end

    # ---- what both sides say --------------------------------------------------------------------------------

    async def _speak(self, node: Node) -> None:
        """Say one notice after the other, each until it is held."""
        link, number = None, 0
        while not self._over:
            (draft,) = notices(1, number)
            while True:
                try:
                    link = link or await asyncio.to_thread(running_node, node.home)
                    if link is not None:
                        await asyncio.to_thread(link.ask, Submits(node.line, (draft,)), again=False)
                        break
                except (DetenteError, OSError):
                    link = None
                self.retries += 1
                await asyncio.sleep(0.2)
            self.held[node.member].append(draft.submission)
            number += 1
            await asyncio.sleep(1 / self.per_s)
        if link is not None:
            link.close()

    async def _minutes(self, pair: tuple[Node, Node], receipts: list[Receipts]) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            self.say(
                "minute",
                held={name: len(found) for name, found in self.held.items()},
                delivered={one.node.member: one.size for one in receipts},
                said_again=self.retries,
                faults=dict(self.faults),
                memory_mib={
                    f"{n.member} {c}": round(u.resident_mib, 1) for n in pair for c, u in n.use().items()
                },
            )

    # ---- what happens to them -------------------------------------------------------------------------------

    async def _harm(self, pair: tuple[Node, Node], relays: list[Relay], until_s: float) -> None:
        """One fault after the other, most of them alone."""
        while (left_s := until_s - time.monotonic()) > 0:
            await asyncio.sleep(min(left_s, self.chance.expovariate(1 / self.rest_s)))
            what = self.chance.choice(("kill", "kill", "pause", "restart", "crash", "cut", "silent", "slow"))
            self.faults[what] += 1
            node, relay = self.chance.choice(pair), self.chance.choice(relays)
            with contextlib.suppress(ProcessLookupError):
                if what in {"cut", "silent", "slow"}:
                    relay.state = what
                    await asyncio.sleep(self.chance.uniform(1.0, self.rest_s))
                    relay.state = "whole"
                elif what in {"kill", "pause"}:
                    await self._strike(node.children()[self.chance.choice(("node", "signer"))], what)
                else:
                    await self._again(node, what)

    async def _strike(self, process: int, what: str) -> None:
        if what == "kill":
            os.kill(process, signal.SIGKILL)
            return
        os.kill(process, signal.SIGSTOP)
        try:
            await asyncio.sleep(self.chance.uniform(0.5, 5.0))
        finally:
            os.kill(process, signal.SIGCONT)

    async def _again(self, node: Node, what: str) -> None:
        """End a whole node, in order or by killing its supervisor, and start it anew."""
        if what == "crash" and node.process is not None:
            node.process.kill()
            await asyncio.to_thread(node.process.wait)
            node.process = None
            await asyncio.sleep(1.0)  # its children die with it
        else:
            await asyncio.to_thread(node.stop)
        await asyncio.sleep(self.chance.uniform(0.0, self.rest_s / 2))
        await asyncio.to_thread(node.start)

    # ---- the end --------------------------------------------------------------------------------------------

    async def _arrives(self, receipts: list[Receipts]) -> bool:
        """Wait until every side holds receipts over all that it said."""
        until_s = time.monotonic() + _SETTLE_S
        while time.monotonic() < until_s:
            if all(one.size >= _own_size(one.node) for one in receipts):
                return True
            await asyncio.sleep(0.5)
        self.say("not delivered", sizes={one.node.member: (one.size, _own_size(one.node)) for one in receipts})
        return False

    def _counts(self, pair: tuple[Node, Node]) -> bool:
        """Tell whether each side's held notices are on both sides once, and both homes pass their audit."""
        whole = True
        for node, other in (pair, pair[::-1]):
            own, there = _submissions(node, node.member), _submissions(other, node.member)
            lost = set(self.held[node.member]) - set(own)
            doubled = len(own) - len(set(own))
            if lost or doubled or own != there:
                self.say("wrong", member=node.member, lost=len(lost), doubled=doubled, alike=own == there)
                whole = False
            audit = [sys.executable, "-m", "detente", "line", "audit", str(node.home)]
            done = subprocess.run(audit, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode:
                self.say("audit", member=node.member, output=done.stdout[-2000:])
                whole = False
        return whole


def _own_size(node: Node) -> int:
    with open_reading(node.home) as home:
        record = home.record(node.line)
        origin = Origin(node.line, 1, node.member, 0)
        return record.size(origin) if origin in record.origins() else 0


def _submissions(node: Node, author: str) -> list[str]:
    """Return the submissions of a member's log as a home holds it, in order."""
    with open_reading(node.home) as home:
        record, origin, found = home.record(node.line), Origin(node.line, 1, author, 0), []
        size = record.size(origin) if origin in record.origins() else 0
        for first in range(0, size, 1000):
            for leaf in record.entries(origin, first, min(1000, size - first)):
                statement = Statement.decode_known(payload_of(leaf))
                if statement.type == "notice":
                    found.append(statement.submission)
        return found


if __name__ == "__main__":
    sys.exit(main())
