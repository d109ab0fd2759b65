"""Two homes of one line on real files, and a carrier that hands each the other's bundles, byte for byte."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from stopwatch import must

from detente.line.bundle import Parser, write
from detente.line.effects import Arrived, CourierReady, Draft, Submitted, Took
from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.line.rootact import Keyring
from detente.node.ceremony import card_act
from detente.node.home import Home, found, open_writing
from detente.node.host import Host
from detente.node.keyfile import Cost, Keys

__all__ = ["MEMBERS", "PASSPHRASE", "Pair", "drafts", "exchange", "found_homes", "opened", "pair"]

MEMBERS = ("west", "east")
PASSPHRASE = b"a passphrase for the benchmark alone"
_CHEAP = Cost(passes=1, memory_kib=64, lanes=1)  # opening a home asks once for the passphrase, a notice never
_BUNDLE_BYTES = 1 << 30

TEXT = (
    "Two tugs and a barge under tow leave the eastern basin at 0600 and pass the narrows before noon; speed four "
    "knots, tow of 300 metres, lights and shapes as prescribed. Please keep a mile clear. Watch on channel 16."
)


@dataclass(slots=True)
class Pair:
    """Both sides, running in this process."""

    west: Host
    east: Host


def found_homes(folder: Path) -> str:
    """Found the homes of both members in ``folder``, on one line; returns the line's id."""
    rings, homes = [], []
    for name in MEMBERS:
        keys, roots = Keys.make(0), [Ed25519PrivateKey.generate() for _ in range(3)]
        proposal = card_act(name, keys.public(), [_public(root) for root in roots], 2, 0)
        for root in roots[:2]:
            proposal = proposal.approve(root)
        ring = Keyring()
        ring.take(proposal.envelope())
        rings.append(ring)
        found(folder / name, keys, proposal.envelope(), PASSPHRASE, cost=_CHEAP)
        homes.append(folder / name)
    opening = first_opening("baltic", rings)
    for path in homes:
        with open_writing(path, PASSPHRASE) as home:
            home.join(opening.line, join_parts(opening, rings))
    return opening.line


@contextmanager
def opened(path: Path, line: str) -> Iterator[Host]:
    """Open one home for writing and run its machine."""
    with open_writing(path, PASSPHRASE) as home:
        yield _host(home, line)


@contextmanager
def pair(folder: Path | None = None) -> Iterator[Pair]:
    """Found two homes, in a new temporary folder unless one is named, and run both."""
    with ExitStack() as open_here:
        place = folder or Path(open_here.enter_context(tempfile.TemporaryDirectory(prefix="detente-bench-")))
        line = found_homes(place)
        west, east = (open_here.enter_context(opened(place / name, line)) for name in MEMBERS)
        yield Pair(west, east)


def drafts(count: int) -> tuple[Draft, ...]:
    """Return so many different notices of about 250 bytes, as an officer's desk hands them over."""
    return tuple(
        Draft("notice", "text/plain", f"{number:08d} {TEXT}".encode(), secrets.token_hex(16))
        for number in range(count)
    )


def carry(sender: Host, receiver: Host) -> Took:
    """Carry everything that waits from one side to the other, in as many bundles as it takes; the last account."""
    while True:
        octets, more = packed(sender, receiver.home.member)
        took = taken(receiver, octets)
        if not more:
            return took


def packed(sender: Host, to: str) -> tuple[bytes, bool]:
    """Return the bytes of one bundle for a party, and whether more waits."""
    sender.sent.clear()
    sender.give(CourierReady(to, _BUNDLE_BYTES))
    transmit = sender.sent.pop()
    return b"".join(write(transmit.records)), transmit.more


def taken(receiver: Host, octets: bytes) -> Took:
    """Take in the bytes of one bundle."""
    receiver.took.clear()
    receiver.give(Arrived(tuple(Parser().feed(octets)), last=True))
    took = receiver.took.pop()
    must(not took.refused, took.refused[:3])
    return took


def exchange(both: Pair, notices: tuple[Draft, ...]) -> None:
    """Submit, sign, append, head, transfer, verify, append, cosign, transfer, receipt stored."""
    both.west.give(Submitted(notices))
    carry(both.west, both.east)
    receipts = dict(carry(both.east, both.west).new)["receipt"]
    must(receipts == 2, receipts)


def _host(home: Home, line: str) -> Host:
    host = Host(home, line)
    host.open()
    return host


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()
