"""Logs of any size in a record, and readers of tiles that are not ours: tlog-scales over whatever brings the bytes."""

from __future__ import annotations

import base64
import hashlib
import http.client
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as ScalesCheckpoint

from detente.line import merkle
from detente.line.checkpoint import (
    Head,
    Origin,
    cosigned_message,
    cosigner_name,
    make_checkpoint,
    make_cosignature,
    verifier_key,
)
from detente.line.effects import Part, PutCheckpoint, PutCosignature, PutEntry
from detente.line.tiles import Tile
from detente.node.tiles.log_tiles import LogTiles
from detente.store.interface import Record

__all__ = ["ORIGIN", "Log", "TlsBackend", "check_with_scales", "grow"]

ORIGIN = Origin("baltic", 1, "west", 0)
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"west/sign").digest())
MIRROR = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"east/log").digest())
PUBLIC = KEY.public_key().public_bytes_raw()
MIRROR_PUBLIC = MIRROR.public_key().public_bytes_raw()
MIRROR_NAME = cosigner_name("baltic", 1, "east", "log")
WRITER_KEY = verifier_key(str(ORIGIN), PUBLIC)
COSIGNER_KEY = verifier_key(MIRROR_NAME, MIRROR_PUBLIC, cosigns=True)


@dataclass
class Log:
    """A log that grows in a record; its leaves are small, unless they are given."""

    record: Record
    tree: merkle.Frontier = field(default_factory=merkle.Frontier)
    leaves: list[bytes] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)

    def grow(self, size: int, leaves: Sequence[bytes] = ()) -> None:
        """Add leaves up to a size, then a head over them, with a cosignature."""
        parts: list[Part] = []
        for seq in range(self.tree.size, size):
            leaf = leaves[seq] if seq < len(leaves) else b"leaf %d" % seq
            digest = merkle.leaf_hash(leaf)
            parts.append(PutEntry(ORIGIN, seq, leaf, digest, tuple(self.tree.append(digest)), "", 1000 + seq))
            self.leaves.append(leaf)
        head = Head(ORIGIN, size, self.tree.root())
        self.roots[size] = head.root
        parts.append(PutCheckpoint(make_checkpoint(head, KEY.sign(head.text()), PUBLIC)))
        one = make_cosignature(MIRROR_NAME, 7, MIRROR.sign(cosigned_message(head, 7)), MIRROR_PUBLIC)
        parts.append(PutCosignature(ORIGIN, size, head.root, one, 1))
        self.record.apply(tuple(parts))

    def tiles(self) -> LogTiles:
        """Return the tiles of all of it."""
        found = LogTiles.at(self.record, ORIGIN, self.tree.size)
        assert found is not None
        return found


def grow(record: Record, *sizes: int) -> Log:
    """Found a log with a head of each of these sizes."""
    log = Log(record)
    for size in sizes:
        log.grow(size)
    return log


@dataclass
class Shown:
    """What ``LogTiles`` gives, as tlog-scales asks for it."""

    tiles: LogTiles
    asked: list[str] = field(default_factory=list)

    def get(self, *path: str) -> bytes | None:
        name = "/".join(path)
        self.asked.append(name)
        return self.tiles.note() if name == "checkpoint" else self.tiles.read(Tile.parse(name))


@dataclass
class TlsBackend:
    """Asks a courier port over mutual TLS, as tlog-scales asks any log: 404 is None, anything else must be a body."""

    port: int
    context: ssl.SSLContext
    prefix: str
    headers: dict[str, str] = field(default_factory=dict)
    last: http.client.HTTPResponse | None = None

    def get(self, *path: str) -> bytes | None:
        status, body = self.ask("GET", "/".join((self.prefix, *path)))
        assert status in {200, 404}, status
        return body if status == 200 else None

    def ask(self, method: str, target: str) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.context)
        try:
            connection.request(method, target, headers=self.headers)
            self.last = connection.getresponse()
            return self.last.status, self.last.read()
        finally:
            connection.close()


def check_with_scales(
    reader: TilesReader,
    leaf_of: Callable[[int], bytes],
    keys: Sequence[str],
    older: dict[int, bytes],
    entries: Sequence[int] | None = None,
) -> ScalesCheckpoint:
    """Let tlog-scales check a whole log: signatures, root, entries, inclusion of each, consistency with older heads."""
    head = reader.get_checkpoint()
    for key in keys:
        head.verify(Vkey.from_string(key))
    assert reader.calculate_root_hash() == head.root_hash
    for seq in range(head.size) if entries is None else entries:
        leaf = reader.get_entry(seq)
        assert leaf == leaf_of(seq)
        reader.get_inclusion_proof(seq, head.size).check(merkle.leaf_hash(leaf), head.root_hash)
    for size, root in older.items():
        reader.get_consistency_proof(size, head.size).check(root, head.root_hash)
    return head


def root_line(root: bytes) -> str:
    return base64.b64encode(root).decode()
