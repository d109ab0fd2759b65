"""Runs every courier of a home: who is called when, in which order, and how long to wait after a failure.

For each line and party the couriers are tried in the settings' order. One that failed is left alone for a while that
doubles with each failure, with chance in it so that two nodes do not knock in step; meanwhile the next one carries.
The first in order is used again as soon as it works. Nothing is lost by any of it: what was not acknowledged by the
other side's own words is given again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from detente import words
from detente.errors import DetenteError
from detente.node.couriers.carried_lines import CarriedLines, Seals
from detente.node.couriers.certificates import now_utc
from detente.node.couriers.errors import CertificateMistake, LinkFailure
from detente.node.couriers.folder import FolderCourier, Intake
from detente.node.couriers.https_courier import HttpsCourier
from detente.node.couriers.https_server import CourierPort
from detente.node.couriers.peers import Peers, find_peers
from detente.node.couriers.sockets import listening
from detente.node.couriers.states import WAITING, CourierStates
from detente.node.couriers.tls import client_context, server_context
from detente.node.couriers.traffic import Traffic
from detente.node.sealing import Unsealer
from detente.node.settings.structs import FolderTo, HttpsTo, Settings, path_in
from detente.node.tiles.shelf import Shelf

__all__ = ["PartyCouriers", "back_off_s", "run"]

say = words.speaker("node")

_LOOK_S = 10.0
_QUIET_S = 1.0
_BUSY_S = 1.0
_CALLED_S = 0.2
_PORT_S = 5.0


class Courier(Protocol):
    """One way to one party."""

    name: str

    @property
    def every_s(self) -> int: ...
    def busy(self) -> bool: ...
    async def carry(self, *, beat: bool) -> None: ...
    async def background(self) -> None: ...
    async def close(self) -> None: ...


def back_off_s(failures: int, low_s: float, high_s: float) -> float:
    """Return how long to wait after so many failures in a row: doubling, between half and all of it by chance."""
    whole = min(high_s, low_s * (1 << min(failures - 1, 30)))
    return whole * (0.5 + int.from_bytes(os.urandom(2), "big") / 131_072)


@dataclass(slots=True)
class PartyCouriers:
    """The couriers of one party on one line, and when each may be tried."""

    traffic: Traffic
    couriers: list[Courier]
    batch_s: float
    retry_s: tuple[float, float]
    _failures: dict[str, int] = field(default_factory=dict)
    _next_s: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Carry until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for courier in self.couriers:
                    group.create_task(courier.background())
                group.create_task(self._carry())
        finally:
            for courier in self.couriers:
                await courier.close()

    async def _carry(self) -> None:
        beat_at_s = 0.0
        while self.couriers:
            now_s = time.monotonic()
            if not self.traffic.news.is_set() and now_s < beat_at_s:
                await self._wait(beat_at_s - now_s, self.traffic.news)
                continue
            courier = next((one for one in self.couriers if self._next_s.get(one.name, 0.0) <= now_s), None)
            if courier is None:
                await self._wait(min(self._next_s.values()) - now_s, self.traffic.called)
                self._hurry()
                continue
            if courier.busy():
                await asyncio.sleep(_BUSY_S)
                continue
            await asyncio.sleep(self.batch_s)
            if (yields_s := self.traffic.yields_s) > 0:
                await self._wait(yields_s, self.traffic.comes)
            # what comes in just now takes the news along in its answer
            await self._wait(_QUIET_S, self.traffic.quiet)
            beat = time.monotonic() >= beat_at_s
            if (beat or self.traffic.news.is_set()) and await self._try(courier, beat=beat):
                beat_at_s = time.monotonic() + courier.every_s

    async def _try(self, courier: Courier, *, beat: bool) -> bool:
        """Let one courier carry; False when it failed, which is then shown with its reason."""
        self.traffic.called.clear()
        try:
            await courier.carry(beat=beat)
        except (DetenteError, OSError) as failure:
            self._failures[courier.name] = failures = self._failures.get(courier.name, 0) + 1
            wait_s = back_off_s(failures, *self.retry_s)
            self._next_s[courier.name] = time.monotonic() + wait_s
            traffic, states = self.traffic, self.traffic.states
            why = str(failure) if not isinstance(failure, DetenteError) else f"{failure.where}: {failure.came}"
            states.failed(traffic.line, traffic.party, courier.name, why, states.clock() + int(wait_s * 1000))
            return False
        self._failures.pop(courier.name, None)
        self._next_s.pop(courier.name, None)
        return True

    def _hurry(self) -> None:
        """Wait no longer than a moment when the party reached us: the link is there again."""
        if self.traffic.called.is_set():
            soon_s = time.monotonic() + _CALLED_S
            self._next_s = {name: min(at_s, soon_s) for name, at_s in self._next_s.items()}
            self.traffic.called.clear()

    @staticmethod
    async def _wait(wait_s: float, event: asyncio.Event) -> None:
        # never wait_for: before Python 3.12 it can lose a cancellation, and the node would not stop
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, wait_s)):
                await event.wait()


async def run(
    lines: CarriedLines,
    settings: Settings,
    home_path: Path,
    state: CourierStates,
    *,
    unsealer: Callable[[], Unsealer] | None = None,
) -> None:
    """Run all couriers of a home until cancelled.

    What is wrong with a certificate, a port or a peer is shown in ``state`` and stops nothing else; certificates and
    lines that change are noticed. unsealer: gives an Unsealer of this home; None: no sealed bundle can be taken.
    """
    await _Couriers(lines, settings, home_path, state, Seals(home_path, unsealer)).run()


@dataclass(slots=True)
class _Couriers:
    """Everything that runs, rebuilt when lines or certificates change; the port stays open meanwhile."""

    lines: CarriedLines
    settings: Settings
    home: Path
    states: CourierStates
    seals: Seals
    traffic: dict[tuple[str, str], Traffic] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _port: CourierPort | None = None
    _port_task: asyncio.Task[None] | None = None
    _port_retry_s: float = 0.0
    _shelf: Shelf = field(init=False)

    def __post_init__(self) -> None:
        self._shelf = Shelf(self.home)

    async def run(self) -> None:
        built: object = None
        try:
            while True:
                parties = await self._parties()
                peers = await asyncio.to_thread(
                    find_peers, self.settings, self.home, self.lines.member, parties, now_utc()
                )
                known = {place: [one.sha256 for one in found] for place, found in peers.of.items()}
                wanted = (parties, peers.own, known)
                self.states.findings(peers.findings)
                if wanted != built:
                    await self._stop()
                    self._build(parties, peers)
                    built = wanted
                self._open_port(peers)
                await asyncio.sleep(_LOOK_S if self._port_task or not self.settings.courier.listen else _PORT_S)
        finally:
            await self._stop()
            if self._port_task is not None:
                self._port_task.cancel()
                await asyncio.gather(self._port_task, return_exceptions=True)
            await self._shelf.close()

    async def _parties(self) -> dict[str, tuple[str, ...]]:
        found = {}
        for line in self.lines.line_ids():
            with contextlib.suppress(DetenteError):  # a line that does not run now is looked at again soon
                found[line] = await self.lines.parties(line)
        return found

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _build(self, parties: Mapping[str, tuple[str, ...]], peers: Peers) -> None:
        kept: set[tuple[str, str, str]] = set()
        intakes: dict[Path, Intake] = {}
        folders: dict[tuple[str, str], str] = {}
        for line, names in parties.items():
            for party, couriers in self.settings.of_line(line).courier.items():
                if party not in names:
                    continue
                traffic = self._traffic(line, party)
                running: list[Courier] = []
                for number, to in enumerate(couriers, 1):
                    name = f"{number} {_label(to)}"
                    kept.add((line, party, name))
                    made = self._courier(name, to, traffic, peers)
                    if made is not None:
                        running.append(made)
                    if isinstance(to, FolderTo) and to.in_:
                        folders.setdefault((line, party), name)
                        place = path_in(self.home, to.in_)
                        intakes.setdefault(place, self._intake(place, to, parties, folders))
                self._start(self._couriers(traffic, running).run())
        for intake in intakes.values():
            self._start(intake.run())
        self.states.forget_others(kept)

    def _couriers(self, traffic: Traffic, running: list[Courier]) -> PartyCouriers:
        limits = self.settings.courier
        return PartyCouriers(traffic, running, limits.batch_ms / 1000, (limits.retry_s_min, limits.retry_s_max))

    def _traffic(self, line: str, party: str) -> Traffic:
        if (line, party) not in self.traffic:
            self.traffic[line, party] = Traffic(self.lines, self.seals, line, party, self.states)
        return self.traffic[line, party]

    def _intake(
        self,
        place: Path,
        to: FolderTo,
        parties: Mapping[str, tuple[str, ...]],
        folders: Mapping[tuple[str, str], str],
    ) -> Intake:
        return Intake(
            place, self.lines, self.seals, self.states, parties, folders, to.keep_taken, to.settle_s, self._came
        )

    def _came(self, line: str, party: str) -> None:
        traffic = self.traffic.get((line, party))
        if traffic is not None:
            traffic.by_folder_at_s = time.monotonic()

    def _courier(self, name: str, to: HttpsTo | FolderTo, traffic: Traffic, peers: Peers) -> Courier | None:
        """Return the courier, or None for one that is never called from here; its state is shown either way."""
        place = (traffic.line, traffic.party, name)
        if isinstance(to, FolderTo):
            self.states.known(*place)
            if to.out:
                out = path_in(self.home, to.out)
                return FolderCourier(name, traffic, to, out, self.states.clock, self._receipt_s(traffic, to))
            return None
        traffic.inbound = traffic.inbound or name
        certificates = peers.of.get((traffic.line, traffic.party))
        self.states.known(*place, WAITING if not to.address else "untried")
        if not certificates:
            self.states.failed(
                *place, say("no certificate of this party can be used; see detente cert check"), None
            )
            return None
        if not to.address:
            return None
        try:
            context = client_context(path_in(self.home, self.settings.courier.certificate), certificates)
        except CertificateMistake as mistake:
            self.states.failed(*place, f"{mistake.where}: {mistake.came}", None)
            return None
        return HttpsCourier(name, traffic, to, self.settings.courier, context, peers)

    def _receipt_s(self, traffic: Traffic, to: FolderTo) -> float | None:
        """Return how long a folder's bundle may stay without a receipt; None where no other courier could carry."""
        line = self.settings.of_line(traffic.line)
        if len(line.courier[traffic.party]) == 1:
            return None
        return float(to.receipt_s_max or line.unacknowledged_after_s)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(work))

    def _open_port(self, peers: Peers) -> None:
        """Open the courier port, or give it the newest certificates; a port that is taken is tried again."""
        courier = self.settings.courier
        if not courier.listen:
            return
        try:
            context = server_context(path_in(self.home, courier.certificate), peers.anchors())
            if self._port is None or self._port_task is None or self._port_task.done():
                listener = listening(courier.listen)
                self._port = CourierPort(
                    courier, context, peers, self._traffic_of, self.states, self._sealed_to, self._shelf
                )
                self._port_task = asyncio.get_running_loop().create_task(self._port.serve(listener))
                self._port_task.add_done_callback(lambda _: listener.close())  # it may end before it began
                name = listener.getsockname()
                self.states.port = f"{name[0]}:{name[1]}"
            self._port.context, self._port.peers = context, peers
            self.states.port_error = ""
        except (CertificateMistake, LinkFailure) as failure:
            self.states.port_error = f"{failure.where}: {failure.came}"

    def _traffic_of(self, line: str, party: str) -> Traffic | None:
        return self.traffic.get((line, party))

    def _sealed_to(self, line: str, party: str) -> bool:
        couriers = self.settings.of_line(line).courier.get(party, ())
        return any(one.sealed for one in couriers if isinstance(one, HttpsTo))


def _label(to: HttpsTo | FolderTo) -> str:
    if isinstance(to, HttpsTo):
        return f"https {to.address}".strip()
    return f"folder {to.out or to.in_}"
