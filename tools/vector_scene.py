"""A small line for the vectors: two members, an observer, their logs; all of it follows from names."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente.line import checkpoint, evidence, keys, merkle
from detente.line.bundle import EXPORT_MAGIC, Kind, Record, write
from detente.line.checkpoint import Checkpoint, Cosignature, Head, Origin
from detente.line.envelope import Envelope, PayloadType, Signature, pre_authentication
from detente.line.opening import Opening, first_opening, first_previous
from detente.line.rootact import Act, ClosedLog, Keyring, KeySet, RootKeys
from detente.line.statement import Commitment, HeadSeen, Statement, commit

__all__ = ["ClosedLog"]
BOTH, NODE = ["node", "verifier"], ["node"]
CLOCK_MS = 1_800_000_000_000
ROLES = ("sign", "cosign_log", "cosign_held")


def digest(text: str) -> bytes:
    """Return 32 bytes that follow from a sentence."""
    return hashlib.sha256(text.encode()).digest()


def text64(octets: bytes) -> str:
    """Return base64."""
    return base64.b64encode(octets).decode()


def public(key: Ed25519PrivateKey) -> str:
    """Return the public key, hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def sealed_by(kind: PayloadType, payload: bytes, signers: Sequence[Ed25519PrivateKey]) -> bytes:
    """Return the envelope of a payload under these keys."""
    message = pre_authentication(kind, payload)
    signatures = [Signature(keys.key_id(bytes.fromhex(public(key))), key.sign(message)) for key in signers]
    signatures.sort(key=lambda one: one.key_id)
    return Envelope(kind, payload, tuple(signatures)).encode()


@dataclass
class Party:
    """A member or observer; its keys follow from its name and the generation."""

    name: str
    ring: Keyring = field(default_factory=Keyring)

    def __post_init__(self) -> None:
        self.act(
            "card",
            reason="first",
            root=RootKeys(tuple(public(key) for key in self.roots()), 2),
            keys=self.key_set(0),
        )

    def roots(self, series: str = "root") -> list[Ed25519PrivateKey]:
        """Return three root keys in order."""
        made = [
            Ed25519PrivateKey.from_private_bytes(digest(f"{self.name}/{series}/{index}")) for index in range(3)
        ]
        return sorted(made, key=public)

    def key(self, role: str, generation: int = 0) -> Ed25519PrivateKey:
        """Return an operational key."""
        return Ed25519PrivateKey.from_private_bytes(digest(f"{self.name}/{generation}/{role}"))

    def key_set(self, generation: int) -> KeySet:
        """Return a generation's public keys; the sealing key is a placeholder of the right size."""
        seal = (digest(f"{self.name}/{generation}/seal") * 38).hex()
        return KeySet(*(public(self.key(role, generation)) for role in ("cosign_held", "cosign_log")), seal,
                      public(self.key("sign", generation)))  # fmt: skip

    def payload(self, kind: str, **given: Any) -> Act:
        """Return the next root act of the chain."""
        fields: dict[str, Any] = {
            "act": kind, "clock_ms": CLOCK_MS, "format": 1, "heads": (), "index": len(self.ring.acts), "keys": None,
            "member": self.name, "previous": self.ring.hashes[-1] if self.ring.hashes else None, "reason": "routine",
            "root": None, "seal": None,
        }  # fmt: skip
        return Act(**(fields | given))

    def act(self, kind: str, signers: Sequence[Ed25519PrivateKey] | None = None, **given: Any) -> bytes:
        """Make the next root act and take it in."""
        octets = sealed_by(
            PayloadType.ROOT_ACT, self.payload(kind, **given).encode(), signers or self.roots()[:2]
        )
        self.ring.take(octets)
        return octets


@dataclass
class Writing:
    """A log as it grows: leaves, bodies, heads."""

    party: Party
    origin: Origin
    previous: str
    leaves: list[bytes] = field(default_factory=list)
    contents: list[tuple[bytes, bytes]] = field(default_factory=list)
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)

    def statement(self, text: str, **given: Any) -> Statement:
        """Return the next statement; nothing is written yet."""
        salt, content = digest(f"salt of {text}"), text.encode()
        fields: dict[str, Any] = {
            "answer_by_ms": None, "attachments": (), "author": self.origin.member,
            "body": Commitment(commit(salt, content), "text/plain", "now", len(content)),
            "clock_ms": CLOCK_MS + len(self.leaves) * 60_000, "critical": (), "epoch": self.origin.epoch,
            "generation": self.origin.generation, "heads": (), "in_reply_to": None, "key": self.key_id(),
            "line": self.origin.line, "previous": self.previous, "release": None, "seq": len(self.leaves),
            "submission": digest(text).hex()[:32], "type": "notice",
        }  # fmt: skip
        return Statement(**(fields | given))

    def key_id(self) -> str:
        """Return the id of the signing key of this log's generation."""
        return keys.key_id(bytes.fromhex(public(self.party.key("sign", self.origin.generation))))

    def leaf(self, payload: bytes) -> bytes:
        """Return the envelope of a statement's payload."""
        return sealed_by(PayloadType.STATEMENT, payload, [self.party.key("sign", self.origin.generation)])

    def add(self, text: str, **given: Any) -> bytes:
        """Write the next statement."""
        leaf = self.leaf(self.statement(text, **given).encode())
        self.contents.append((digest(f"salt of {text}"), text.encode()))
        self.append(leaf)
        return leaf

    def append(self, leaf: bytes) -> None:
        """Add a leaf as it is."""
        self.leaves.append(leaf)
        self.previous = merkle.leaf_hash(leaf).hex()
        self.nodes.update(
            {(level, index): value for level, index, value in self.frontier.append(merkle.leaf_hash(leaf))}
        )

    def node(self, level: int, index: int) -> bytes:
        """Return a node of the tree."""
        return self.nodes[level, index]

    def head(self, size: int | None = None, cosigners: Sequence[tuple[Party, str, int]] = ()) -> Checkpoint:
        """Return the signed head of the first statements, with cosignatures by (party, role, minutes later)."""
        size = len(self.leaves) if size is None else size
        root = merkle.Frontier.load(size, self.node).root()
        return self.signed(Head(self.origin, size, root), cosigners)

    def signed(self, head: Head, cosigners: Sequence[tuple[Party, str, int]] = ()) -> Checkpoint:
        """Return any head signed by this log's key."""
        key = self.party.key("sign", self.origin.generation)
        made = checkpoint.make_checkpoint(head, key.sign(head.text()), bytes.fromhex(public(key)))
        words = tuple(cosigned(head, party, role, minutes) for party, role, minutes in cosigners)
        return Checkpoint(made.head, made.signature, made.hint, words)

    def path(self, seq: int, size: int) -> list[bytes]:
        """Return the inclusion path of an entry."""
        return merkle.inclusion_proof(seq, size, self.node)


def cosigned(head: Head, party: Party, role: str, minutes: int) -> Cosignature:
    """Return a party's word about a head."""
    key = party.key(f"cosign_{role}")
    clock_s = CLOCK_MS // 1000 + minutes * 60
    name = checkpoint.cosigner_name(head.origin.line, head.origin.epoch, party.name, role)
    return checkpoint.make_cosignature(
        name, clock_s, key.sign(checkpoint.cosigned_message(head, clock_s)), bytes.fromhex(public(key))
    )


@dataclass
class Scene:
    """Two members, an observer, one line, five entries of west and two of east."""

    west: Party = field(default_factory=lambda: Party("west"))
    east: Party = field(default_factory=lambda: Party("east"))
    north: Party = field(default_factory=lambda: Party("north"))

    def __post_init__(self) -> None:
        self.opening = first_opening("baltic", [self.west.ring, self.east.ring], [self.north.ring])
        self.log = self.found(self.west)
        for number in range(3):
            self.log.add(f"Notice {number} of west.")
        self.eastern = self.found(self.east)
        seen = HeadSeen(0, "west", self.log.head().head.root.hex(), 3)
        self.eastern.add("Notice 0 of east.", heads=(seen,))
        self.eastern.add("Notice 1 of east.")
        self.log.add("Notice 3 of west.")
        self.log.add("Notice 4 of west.")

    def found(self, party: Party, generation: int = 0, opening: Opening | None = None) -> Writing:
        """Return a party's empty log."""
        opening = opening or self.opening
        seat = opening.seat(party.name)
        assert seat is not None  # noqa: S101 - every party of a scene has one
        base = first_previous(opening, party.ring, seat.generation, generation)
        return Writing(party, Origin(opening.line, opening.epoch, party.name, generation), base)

    def mirrors(self, minutes: int = 5) -> list[tuple[Party, str, int]]:
        """Return who cosigns a head of west."""
        return [(self.east, "held", minutes), (self.east, "log", minutes), (self.north, "log", minutes + 1)]

    def rings(self) -> list[Keyring]:
        """Return everybody's keys, by name."""
        return [self.east.ring, self.north.ring, self.west.ring]

    def cards(self) -> list[str]:
        """Return everybody's card, base64 of the envelope."""
        return [text64(ring.envelopes[0]) for ring in self.rings()]

    def evidence(self, seq: int = 3, *, with_body: bool = True, release: bytes | None = None) -> bytes:
        """Return evidence of an entry of west."""
        proofs = [evidence.Proof(self.log.head(size, self.mirrors(size)), tuple(self.log.path(seq, size)))
                  for size in range(seq + 1, len(self.log.leaves) + 1)]  # fmt: skip
        first = None if seq == 0 else (self.log.leaves[0], self.log.path(0, seq + 1))
        return evidence.make(
            leaf=self.log.leaves[seq], proofs=proofs, openings=[self.opening.encode()], rings=self.rings(),
            bodies=[self.log.contents[seq]] if with_body else [], first=first, release=release,
        )  # fmt: skip

    def export(self, more: Sequence[Record] = (), *, bodies: bool = True) -> list[Record]:
        """Return the records of an export of everything."""
        records = [Record(Kind.OPENING, self.opening.encode())]
        records += [Record(Kind.ROOT_ACT, octets) for ring in self.rings() for octets in ring.envelopes]
        for log, mirrors in ((self.eastern, [(self.west, "held", 9)]), (self.log, self.mirrors())):
            for leaf, (salt, content) in zip(log.leaves, log.contents, strict=True):
                records.append(Record(Kind.ENTRY, leaf))
                records += [Record(Kind.BODY, salt + content)] if bodies else []
            records += [Record(Kind.CHECKPOINT, log.head(cosigners=mirrors).encode())]
        return [*records, *more]


def joined(records: Sequence[Record], magic: bytes = EXPORT_MAGIC) -> bytes:
    """Return the file of these records."""
    return b"".join(write(records, magic=magic))


def case(
    name: str, reason: str, judges: list[str] = BOTH, *, valid: bool = False, **given: Any
) -> dict[str, Any]:
    """Return one case; ``reason`` says why it is as it is."""
    return {"judges": judges, "name": name, "reason": reason, "valid": valid, **given}
