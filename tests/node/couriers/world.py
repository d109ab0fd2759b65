"""Homes of one line that run in threads, with certificates and settings: what the couriers' tests are made of."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente.line.bundle import Record
from detente.line.effects import Arrived, CourierReady, Draft, Role, Submitted, Took, Transmit
from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.line.rootact import Keyring
from detente.node.ceremony import card_act
from detente.node.couriers import schedule
from detente.node.couriers.certificates import Certificate, make, now_utc, write_new
from detente.node.couriers.states import CourierState, CourierStates
from detente.node.home import Home, found, open_writing
from detente.node.host import Host
from detente.node.keyfile import Cost, Keys
from detente.node.sealing import Unsealer
from detente.node.settings.reading import parse_settings
from detente.node.settings.structs import Settings

T = TypeVar("T")
PASSPHRASE = b"a passphrase for tests alone"
CHEAP = Cost(passes=1, memory_kib=64, lanes=1)


def found_member(folder: Path, name: str) -> Keyring:
    """Found a member's home in ``folder/name`` and return its keyring."""
    keys, roots = Keys.make(0), [Ed25519PrivateKey.generate() for _ in range(2)]
    publics = [root.public_key().public_bytes_raw().hex() for root in roots]
    proposal = card_act(name, keys.public(), publics, 1, 0).approve(roots[0])
    ring = Keyring()
    ring.take(proposal.envelope())
    found(folder / name, keys, proposal.envelope(), PASSPHRASE, cost=CHEAP)
    return ring


def joined(folder: Path, rings: list[Keyring], line: str = "baltic") -> str:
    """Let these members' homes join one line; returns its id."""
    opening = first_opening(line, rings)
    for ring in rings:
        with open_writing(folder / ring.member, PASSPHRASE) as home:
            home.join(opening.line, join_parts(opening, rings))
    return opening.line


def certified(folder: Path, *members: str, algorithm: str = "ed25519") -> dict[str, Certificate]:
    """Give each home a certificate, and each the others' files."""
    made = {}
    for name in members:
        private, certificate = make(name, algorithm=algorithm, days=300, now=now_utc())
        home = folder / name
        write_new(home / "keys" / "courier.pem", home / "certificates" / f"{name}.pem", private, certificate)
        made[name] = certificate
    for name in members:
        for other in members:
            (folder / name / "certificates" / f"{other}.pem").write_text(made[other].pem())
    return made


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def settings_of(text: str) -> Settings:
    return parse_settings(text.encode(), Path("settings.toml"))


def draft(text: str = "we sail on Monday") -> Draft:
    return Draft("message", "text/plain", text.encode(), secrets.token_hex(16))


@dataclass
class RunningLines:
    """A home's lines, run by one thread: the small real implementation of what a node offers its couriers."""

    path: Path
    home: Home = field(init=False)
    hosts: dict[str, Host] = field(default_factory=dict)
    arrivals: int = 0
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        self.member = ""
        self._thread = ThreadPoolExecutor(1)
        self._news: dict[tuple[str, str], asyncio.Event] = {}

    async def start(self) -> None:
        def begin() -> None:
            self.home = open_writing(self.path, PASSPHRASE)
            for line in self.home.lines():
                self.hosts[line] = Host(self.home, line)
                self.hosts[line].open()

        await self._do(begin)
        self.member = self.home.member
        for line in self.hosts:
            await self._tell(line)

    async def stop(self) -> None:
        await self._do(self.home.close)
        self._thread.shutdown()

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _tell(self, line: str) -> None:
        for party in await self.parties(line):
            self.news(line, party).set()

    def line_ids(self) -> list[str]:
        return sorted(self.hosts)

    async def submit(self, line: str, *drafts: Draft) -> None:
        await self._do(lambda: self.hosts[line].give(Submitted(drafts)))
        await self._tell(line)

    async def arrived(self, line: str, records: tuple[Record, ...], last: bool) -> Took:
        def take() -> Took:
            host = self.hosts[line]
            host.took.clear()
            host.give(Arrived(records, last))
            return host.took[-1]

        self.arrivals += 1
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        took = await self._do(take)
        if any(kind != "have" for kind, _ in took.new):
            await self._tell(line)
        return took

    async def ready(self, line: str, to: str, size_max: int, go_on: bool = False) -> Transmit | None:
        def give() -> Transmit | None:
            host = self.hosts[line]
            host.sent.clear()
            host.give(CourierReady(to, size_max, go_on=go_on))
            return host.sent.pop() if host.sent else None

        return await self._do(give)

    def news(self, line: str, party: str) -> asyncio.Event:
        return self._news.setdefault((line, party), asyncio.Event())

    async def parties(self, line: str) -> tuple[str, ...]:
        return await self._do(lambda: tuple(sorted(self.hosts[line].state.parties)))

    async def held(self, line: str, member: str) -> int:
        """How many statements of a member this home holds durably."""

        def count() -> int:
            return sum(
                log.durable for origin, log in self.hosts[line].state.logs.items() if origin.member == member
            )

        return await self._do(count)

    async def delivered(self, line: str, party: str) -> int:
        """How many own statements a party confirmed with all their bodies."""

        def count() -> int:
            own = [log for origin, log in self.hosts[line].state.logs.items() if origin.member == self.member]
            return sum(log.delivered.get((party, Role.COSIGN_HELD), 0) for log in own)

        return await self._do(count)

    def unsealer(self) -> Unsealer:
        return Unsealer(self.home.open_seal, me=self.member)


@dataclass
class Node:
    """A running home with its couriers."""

    lines: RunningLines
    states: CourierStates
    task: asyncio.Task[None]

    def courier(self, party: str, number: int = 1) -> CourierState:
        found = [one for one in self.states.snapshot() if one.party == party]
        return found[number - 1] if len(found) >= number else CourierState("", party, "")


@asynccontextmanager
async def running(path: Path, settings: Settings | str) -> AsyncIterator[Node]:
    """Run a home's lines and couriers."""
    lines = RunningLines(path)
    await lines.start()
    states = CourierStates()
    made = settings_of(settings) if isinstance(settings, str) else settings
    task = asyncio.ensure_future(schedule.run(lines, made, path, states, unsealer=lines.unsealer))
    try:
        yield Node(lines, states, task)
    finally:
        task.cancel()
        done = await asyncio.gather(task, return_exceptions=True)
        await lines.stop()
        assert isinstance(done[0], asyncio.CancelledError), done


async def until(condition: Callable[[], Any], limit_s: float = 20.0) -> None:
    """Wait until something holds; whatever it returns may be awaitable. The limit only ends a test that hangs."""
    async with asyncio.timeout(limit_s):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.02)


def https(line: str, party: str, port: int | None, more: str = "") -> str:
    address = f'address = "127.0.0.1:{port}"\n' if port else ""
    head = f'[[line.{line}.courier.{party}]]\nkind = "https"\n'
    return f'{head}{address}certificate = "certificates/{party}.pem"\n{more}\n'


def listen(port: int, more: str = "") -> str:
    return f'[courier]\nlisten = "127.0.0.1:{port}"\nretry_s_max = 1\nbatch_ms = 2\n{more}\n'


def quick(more: str = "") -> str:
    """Settings of a node that listens nowhere."""
    return f"[courier]\nretry_s_max = 1\nbatch_ms = 2\n{more}\n"


@dataclass
class Pair:
    """Two homes of one line with certificates, not running yet."""

    folder: Path
    line: str
    ports: dict[str, int]

    def path(self, member: str) -> Path:
        return self.folder / member


def make_pair(folder: Path, line: str = "baltic", members: tuple[str, ...] = ("west", "east")) -> Pair:
    rings = [found_member(folder, name) for name in members]
    made = joined(folder, rings, line)
    certified(folder, *members)
    return Pair(folder, made, {name: free_port() for name in members})


def entropy() -> bytes:
    return os.urandom(64)
