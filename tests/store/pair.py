"""Homes on a real disk, and a host that runs one machine over record and signer: the shortest correct one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from detente.line.bundle import Parser, write
from detente.line.effects import (
    Append,
    Arrived,
    CourierReady,
    Draft,
    Durable,
    Opened,
    Raise,
    Sign,
    Submitted,
    Took,
    Transmit,
)
from detente.line.load import join_parts
from detente.line.machine import Effect, Event, Line
from detente.line.opening import first_opening
from detente.line.rootact import Act, Keyring, RootKeys
from detente.line.state import Run
from detente.node.home import Home, found, open_writing
from detente.node.keyfile import Cost, Keys
from detente.node.moving import forget_old, move
from tests.line.memory import Member, public

PASSPHRASE = b"correct horse"
CHEAP = Cost(passes=1, memory_kib=64, lanes=1)


def same_machine(_head: Path) -> str:
    return "this machine"


def card(name: str, keys: Keys) -> tuple[bytes, Keyring]:
    """A card of these operational keys under the root keys that follow from the name."""
    member = Member.make(name)
    act = Act(
        act="card", clock_ms=0, format=1, heads=(), index=0, keys=keys.public(), member=name, previous=None,
        reason="first", root=RootKeys(tuple(public(root) for root in member.roots), 2), seal=None,
    )  # fmt: skip
    envelope = member.root_sign(act)
    ring = Keyring()
    ring.take(envelope)
    return envelope, ring


def found_homes(
    folder: Path,
    names: tuple[str, ...] = ("west", "east"),
    vfs: str | None = None,
    *,
    machine: Callable[[Path], str] = same_machine,
    address: str = "",
) -> str:
    """Found homes of these members in ``folder``, all on one line; returns the line's id.

    address: the first of them keeps its records on this PostgreSQL server.
    """
    rings = []
    for name in names:
        keys = Keys.make(0)
        envelope, ring = card(name, keys)
        rings.append(ring)
        found(folder / name, keys, envelope, PASSPHRASE, cost=CHEAP, vfs=vfs, machine=machine)
    if address:
        move(folder / names[0], "postgresql", address)
        forget_old(folder / names[0])
    opening = first_opening("baltic", rings)
    for name in names:
        with open_home(folder / name, vfs) as home:
            home.join(opening.line, join_parts(opening, rings))
    return opening.line


def open_home(path: Path, vfs: str | None = None) -> Home:
    return open_writing(path, PASSPHRASE, vfs=vfs, machine=same_machine)


class Desk:
    """Runs one machine over a real home: every effect is carried out at once, in order."""

    def __init__(self, home: Home, line: str, *, now_ms: int = 1_700_000_000_000) -> None:
        self.home, self.id, self.now_ms = home, line, now_ms
        self.record = home.record(line)
        self.line = Line(home.member, self.record)
        self.took: list[Took] = []
        self.sent: list[Transmit] = []
        self.alarms: list[Raise] = []
        self.refusals: list[str] = []
        self.on_durable: Callable[[Append], None] = lambda _append: None
        self.give(
            Opened(
                home.head_file(),
                hashlib.sha256(home.member.encode()).digest(),
                restored=home.restored,
                machine_changed=home.machine_changed,
            )
        )

    def is_now(self, run: Run) -> bool:
        return self.line.state.run is run

    def give(self, event: Event) -> None:
        pending: list[Event] = [event]
        while pending:
            for effect in self.line.handle(pending.pop(0), self.now_ms):
                answer = self._carry_out(effect)
                if answer is not None:
                    pending.append(answer)

    def _carry_out(self, effect: Effect) -> Event | None:
        match effect:
            case Sign():
                signed = self.home.signer.sign(effect)
                if signed.signature is None:
                    self.refusals.append(signed.refusal)
                return signed
            case Append():
                self.record.apply(effect.parts)
                self.home.settle(self.id, effect.own)
                self.on_durable(effect)
                return Durable(effect.batch)
            case Raise():
                self.alarms.append(effect)
            case Took():
                self.took.append(effect)
            case Transmit():
                self.sent.append(effect)
        return None

    def send(self, *texts: str) -> None:
        self.give(Submitted(tuple(draft(text) for text in texts)))

    def bundle_for(self, to: str, size_max: int = 50_000_000) -> bytes:
        self.sent.clear()
        self.give(CourierReady(to, size_max))
        return b"".join(write(self.sent[0].records))

    def take(self, octets: bytes) -> Took:
        self.give(Arrived(tuple(Parser().feed(octets)), last=True))
        return self.took[-1]


def draft(text: str) -> Draft:
    return Draft("notice", "text/plain", text.encode(), hashlib.sha256(text.encode()).hexdigest()[:32])


def exchange(sender: Desk, receiver: Desk) -> None:
    """Carry one bundle each way: what the sender held is delivered afterwards."""
    receiver.take(sender.bundle_for(receiver.home.member))
    sender.take(receiver.bundle_for(sender.home.member))
