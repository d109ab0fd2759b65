"""What a peer gone mad, or anybody who reaches the port, does to a node's own sending.

hostile.py --for-s 20

East's own notices are sent five times a second while each of these goes on: slow requests, half-open connections, huge
bodies, and a flood of whole bundles, all but the half-open ones under the certificate of west, which is pinned.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from nodes import Node, found_pair
from traffic import Sender, notices, percentile

from detente.line.bundle import write
from detente.node.couriers.certificates import Certificate, read_certificates
from detente.node.couriers.tls import client_context
from detente.node.couriers.tls_stream import TlsStream
from detente.node.serving.wire import Packs, Submits, from_wire

_PER_S = 5.0
_HUGE_BYTES = 150_000_000
_REST_S = 0.05


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--for-s", type=float, default=20.0, help="of each attack")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="detente-bench-") as folder:
        print(json.dumps(asyncio.run(attacked(Path(folder), given.for_s))))


async def attacked(folder: Path, for_s: float) -> dict[str, dict[str, float]]:
    """Return how long own sends took during each attack, and how often it got through to something."""
    found = {}
    with found_pair(folder) as (west, east):
        bundle = _bundle(west, east)
        east.start()
        attacks: dict[str, tuple[Attack, int]] = {
            "nothing": (_nothing, 1), "slow requests": (_slow, 24), "half-open connections": (_half_open, 60),
            "huge bodies": (_huge, 8), "a flood of bundles": (_flood, 16),
        }  # fmt: skip
        for name, (attack, at_once) in attacks.items():
            target = Target(
                east, client_context(west.home / "keys" / "courier.pem", [_certificate(east)]), bundle
            )
            tasks = [asyncio.create_task(_again(attack, target)) for _ in range(at_once)]
            await asyncio.sleep(1.0)
            sender = Sender(east, connections=8)
            await sender.send(_PER_S, for_s)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if sender.faults:
                raise SystemExit(f"{name}: {sender.faults[:3]}")
            found[name] = {
                "sends": len(sender.accept_s), "p50_ms": round(percentile(sender.accept_s, 0.5) * 1000, 1),
                "most_ms": round(max(sender.accept_s) * 1000, 1), "at_once": at_once, "tries": target.tries,
                "mib": round(target.sent / (1 << 20), 1),
            }  # fmt: skip
    return found


def _bundle(west: Node, east: Node) -> bytes:
    """Return a whole bundle by west for east, of two thousand statements."""
    west.start()
    for first in range(0, 2000, 500):
        west.ask(Submits(west.line, notices(500, first)))
    sent = west.ask(Packs(west.line, east.member, 8_000_000, False)).sent
    west.stop()
    if sent is None:
        raise SystemExit("west packed nothing")
    return b"".join(write(from_wire(sent.records)))


def _certificate(node: Node) -> Certificate:
    return read_certificates(node.home / "certificates" / f"{node.member}.pem")[0]


@dataclass(slots=True)
class Target:
    """Whom it meets, and what came of it."""

    node: Node
    context: ssl.SSLContext
    bundle: bytes
    tries: int = 0
    sent: int = field(default=0)

    async def connect(self) -> TlsStream:
        """Return a connection that shook hands."""
        host, _, port = self.node.address.rpartition(":")
        return await TlsStream.connect(host, int(port), self.context)


Attack = Callable[[Target], Awaitable[None]]


async def _again(attack: Attack, target: Target) -> None:
    """Attack for ever; what the node cuts off begins anew."""
    while True:
        target.tries += 1
        with contextlib.suppress(OSError, EOFError):
            await attack(target)
        await asyncio.sleep(_REST_S)


async def _nothing(_target: Target) -> None:
    await asyncio.sleep(3600)


async def _slow(target: Target) -> None:
    stream = await target.connect()
    try:
        head = f"POST /v1/{target.node.line} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n".encode()
        for octet in head + target.bundle:
            await stream.send(bytes([octet]))
            target.sent += 1
            await asyncio.sleep(0.2)
    finally:
        stream.abort()


async def _half_open(target: Target) -> None:
    host, _, port = target.node.address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    try:
        await asyncio.sleep(5.0)
    finally:
        writer.close()


async def _huge(target: Target) -> None:
    stream = await target.connect()
    try:
        head = (
            f"POST /v1/{target.node.line} HTTP/1.1\r\nhost: x\r\ncontent-length: {_HUGE_BYTES}\r\n\r\n".encode()
        )
        await stream.send(head + target.bundle[:-100])
        while True:  # zeros after a bundle that is not whole: as much as is taken
            await stream.send(bytes(65_536))
            target.sent += 65_536
    finally:
        stream.abort()


async def _flood(target: Target) -> None:
    stream = await target.connect()
    try:
        head = f"POST /v1/{target.node.line} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(target.bundle)}\r\n\r\n"
        while True:
            await stream.send(head.encode() + target.bundle)
            target.sent += len(target.bundle)
            if not await stream.read():
                raise EOFError
    finally:
        stream.abort()


if __name__ == "__main__":
    main()
