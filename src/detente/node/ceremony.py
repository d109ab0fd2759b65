"""What keepers do by hand: root keys, a home's founding, root acts proposed, approved by k people, committed.

A proposal is a file that travels from machine to machine: canonical JSON

    {"acts": [base64], "format": 1, "kind": "proposal", "payload": base64, "signatures": [{"key", "signature"}]}

acts: the member's chain so far, so that every approver sees with his own eyes what the act follows; payload:
the root act. An approval is an Ed25519 signature by one root key. A root card is the public half of a root key:
{"format": 1, "key": hex, "kind": "root card"}.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente import words
from detente.door.files import writing
from detente.line import canonical, keys
from detente.line.envelope import (
    ENVELOPE_MAX,
    Envelope,
    PayloadType,
    Signature,
    decode_base64,
    pre_authentication,
)
from detente.line.errors import LineMistake, Refused
from detente.line.rootact import Act, Keyring, KeySet, RootKeys, decode_act, encode_act
from detente.node.keyfile import root_public

__all__ = [
    "Proposal",
    "card_act",
    "next_act",
    "read_card",
    "read_proposal",
    "read_root",
    "root_card",
    "write_bytes",
]

say = words.speaker("node")

_PROPOSAL_MAX = 64 * 1024 * 1024
_SMALL_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Proposal:
    """A root act on its way: the chain before it, its payload, its approvals (public key -> signature)."""

    acts: tuple[bytes, ...]
    payload: bytes
    signatures: dict[str, bytes]

    @property
    def act(self) -> Act:
        """The act that is proposed."""
        return decode_act(self.payload)

    @property
    def root(self) -> RootKeys:
        """The root keys that must sign: those before the act, or the card's own."""
        ring = self.ring()
        root = ring.root if ring.acts else self.act.root
        assert root is not None  # a card always has one
        return root

    def ring(self) -> Keyring:
        """Return the member's chain so far; raises Refused when it does not hold together."""
        ring = Keyring()
        for octets in self.acts:
            ring.take(octets)
        return ring

    def approve(self, key: Ed25519PrivateKey) -> Proposal:
        """Return the proposal with one more approval.

        Raises LineMistake for a key that is not among the root keys.
        """
        public = key.public_key().public_bytes_raw().hex()
        if public not in self.root.keys:
            raise _mistake(
                say(
                    "one of the {count} root keys of {member}", count=len(self.root.keys), member=self.act.member
                ),
                say(
                    "another key: {words}",
                    words=keys.fingerprint_words(bytes.fromhex(keys.key_id(bytes.fromhex(public)))),
                ),
                say("use a root key of this member; nothing was signed"),
            )
        message = pre_authentication(PayloadType.ROOT_ACT, self.payload)
        return replace(self, signatures={**self.signatures, public: key.sign(message)})

    def envelope(self) -> bytes:
        """Return the root act with exactly the needed signatures.

        Raises LineMistake while approvals are missing.
        """
        root = self.root
        given = {
            keys.key_id(bytes.fromhex(public)): made
            for public, made in sorted(self.signatures.items())
            if public in root.keys
        }
        if len(given) < root.needed:
            raise _mistake(
                say("{needed} approvals", needed=root.needed),
                say("{count}", count=len(given)),
                say("let other keepers approve it: detente line key approve"),
            )
        chosen = tuple(Signature(name, given[name]) for name in sorted(given)[: root.needed])
        octets = Envelope(PayloadType.ROOT_ACT, self.payload, chosen).encode()
        self.ring().take(octets)
        return octets

    def encode(self) -> bytes:
        """Return the file's bytes."""
        return canonical.encode(
            {
                "acts": [base64.b64encode(one).decode() for one in self.acts],
                "format": 1,
                "kind": "proposal",
                "payload": base64.b64encode(self.payload).decode(),
                "signatures": [
                    {"key": public, "signature": base64.b64encode(made).decode()}
                    for public, made in sorted(self.signatures.items())
                ],
            }
        )


def read_proposal(path: Path) -> Proposal:
    """Return the proposal in a file, every approval in it checked; raises Refused or LineMistake."""
    document = _document(path, "proposal", {"acts", "format", "kind", "payload", "signatures"}, _PROPOSAL_MAX)
    try:
        proposal = Proposal(
            tuple(decode_base64(one) for one in document["acts"]),
            decode_base64(document["payload"]),
            {one["key"]: decode_base64(one["signature"]) for one in document["signatures"]},
        )
        message = pre_authentication(PayloadType.ROOT_ACT, proposal.payload)
        for public, made in proposal.signatures.items():
            keys.verify(bytes.fromhex(public), made, message)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _no_file(path, say("a proposal of a root act")) from None
    act, ring = proposal.act, proposal.ring()
    if act.index != len(ring.acts) or (ring.acts and act.previous != ring.hashes[-1]):
        raise _no_file(path, say("a proposal of a root act"))
    return proposal


def card_act(member: str, own: KeySet, root: Sequence[str], needed: int, clock_ms: int) -> Proposal:
    """Return the proposal of a member's card.

    Raises Refused for doubled or refused keys, LineMistake for bad counts.
    """
    if not 1 <= needed <= len(root) <= 16 or len(set(root)) != len(root):
        raise _mistake(
            say("between 1 and 16 different root keys, and at most as many needed"),
            say(
                "{count} different of {all}, {needed} needed", count=len(set(root)), all=len(root), needed=needed
            ),
            say("give each root key once, and choose --root-needed among them"),
        )
    act = Act(
        act="card", clock_ms=clock_ms, format=1, heads=(), index=0, keys=own, member=member, previous=None,
        reason="first", root=RootKeys(tuple(sorted(root)), needed), seal=None,
    )  # fmt: skip
    return Proposal((), encode_act(act), {})


def next_act(ring: Keyring, act: Act) -> Proposal:
    """Return the proposal of a member's next act, which has to follow its chain."""
    return Proposal(tuple(ring.envelopes), encode_act(act), {})


def root_card(public: str) -> bytes:
    """Return the public half of a root key as a file."""
    return canonical.encode({"format": 1, "key": public, "kind": "root card"})


def read_root(path: Path) -> tuple[str, bool]:
    """Return a root key's public half from its card or encrypted file, and whether it is the file."""
    octets = _read(path, _SMALL_MAX)
    try:
        document = canonical.decode(octets, size_max=_SMALL_MAX, what=str(path))
    except Refused:
        raise _no_file(path, say("a root card or a root key file")) from None
    if document.get("kind") == "root card" and document.keys() == {"format", "key", "kind"}:
        public = str(document["key"])
        try:
            keys.check_key(bytes.fromhex(public))
        except ValueError:
            raise _no_file(path, say("a root card or a root key file")) from None
        return public, False
    return root_public(path).hex(), True


def read_card(path: Path) -> Keyring:
    """Return the keyring of a card file: root acts, one a line, index 0 first. Raises LineMistake or Refused."""
    octets = _read(path, _PROPOSAL_MAX)
    ring = Keyring()
    lines = octets.splitlines()
    if not lines:
        raise _no_file(path, say("a card"), say("an empty file"))
    if not lines[0].startswith(b'{"payload') or any(len(line) > ENVELOPE_MAX for line in lines):
        raise _no_file(path, say("a card"))
    for line in lines:
        try:
            ring.take(line)
        except Refused as fault:
            raise LineMistake(
                expected=say("a card: root acts, one a line, as detente line card gives them"),
                came=str(fault),
                where=str(path),
                remedy=say("ask its owner for it again, face to face"),
            ) from fault
    return ring


def write_bytes(path: Path, octets: bytes) -> None:
    """Write a file whole or not at all; raises OutputFailure."""
    with writing(path) as part:
        part.write_bytes(octets)


def _document(path: Path, kind: str, names: set[str], size_max: int) -> dict[str, Any]:
    try:
        document = canonical.decode(_read(path, size_max), size_max=size_max, what=str(path))
    except Refused:
        raise _no_file(path, say("a proposal of a root act")) from None
    if document.keys() != names or document["kind"] != kind or document["format"] != 1:
        raise _no_file(path, say("a proposal of a root act"))
    return document


def _read(path: Path, size_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size_max + 1)
    except OSError as failure:
        raise _no_file(path, say("a file that can be read"), failure.strerror or str(failure)) from failure


def _no_file(path: Path, expected: str, came: str = "") -> LineMistake:
    return LineMistake(
        expected=expected,
        came=came or say("another kind of file"),
        where=str(path),
        remedy=say("name the right file; nothing was changed"),
    )


def _mistake(expected: str, came: str, remedy: str) -> LineMistake:
    return LineMistake(expected=expected, came=came, remedy=remedy)
