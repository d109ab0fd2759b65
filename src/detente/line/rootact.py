"""Root acts: what a member's root keys alone decide, and the keys that are valid at each place of its logs.

A member's acts form one chain: index 0 is its card, each next act names the hash of the one before. An act is
signed by exactly k of the root keys that were valid before it, sorted by key id, and identified by the hash of
its payload. Two acts at one index are a fork of the root itself: both are shown, the first one seen stays.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from detente import words
from detente.line import canonical, keys
from detente.line.envelope import ENVELOPE_MAX, Envelope, PayloadType, pre_authentication
from detente.line.errors import BadSignature, Malformed, OutOfPlace
from detente.line.statement import Count, Hash, LineId, Name, Small

__all__ = ["Act", "ClosedLog", "KeySet", "Keyring", "RootKeys", "decode_act", "encode_act"]

say = words.speaker("line")

PublicKey = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
SealingKey = Annotated[str, Meta(pattern=r"\A[0-9a-f]{2432}\Z")]
"""Hexadecimal MLKEM768-X25519 public key, 1,216 bytes (X-Wing order)."""


class RootKeys(msgspec.Struct, frozen=True):
    """Who decides for a member: n Ed25519 keys in ascending order, k of which must sign."""

    keys: Annotated[tuple[PublicKey, ...], Meta(min_length=1, max_length=16)]
    needed: Annotated[int, Meta(ge=1, le=16)]


class KeySet(msgspec.Struct, frozen=True):
    """A generation's keys: each has one role; no key stands twice, and none is a root key."""

    cosign_held: PublicKey
    cosign_log: PublicKey
    seal: SealingKey
    sign: PublicKey


class ClosedLog(msgspec.Struct, frozen=True):
    """A head of the member's own log on one line, as its root quorum states it."""

    epoch: Small
    generation: Small
    line: LineId
    root: Hash
    size: Count


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One root act. Which fields stand is decided by ``act``; the others are None or empty.

    card: root and keys: the member's identity, index 0. anchor: heads: "these are my own heads" (monthly).
    generation: the logs in heads are closed there; keys start the next generation; without keys the member's
    operational keys are revoked and nothing replaces them yet. reason: why; after "theft" and "fork" what stands
    above a closed head is disputed by its author. roots: root replaces the root keys. seal: a new sealing key.
    leave: the logs in heads are the member's last on those lines.
    """

    act: Literal["card", "anchor", "generation", "roots", "seal", "leave"]
    clock_ms: Count
    format: Literal[1]
    heads: Annotated[tuple[ClosedLog, ...], Meta(max_length=4096)]
    index: Small
    keys: KeySet | None
    member: Name
    previous: Hash | None
    reason: Literal["first", "rotation", "loss", "theft", "fork", "routine"]
    root: RootKeys | None
    seal: SealingKey | None

    def encode(self) -> bytes:
        """Return the canonical payload; its SHA-256 is the act's identity."""
        return canonical.encode(msgspec.to_builtins(self))


_FIELDS_OF: dict[str, tuple[str, ...]] = {
    "card": ("root", "keys"),
    "anchor": (),
    "generation": (),
    "roots": ("root",),
    "seal": ("seal",),
    "leave": (),
}


def encode_act(act: Act) -> bytes:
    """Return the payload's canonical bytes after the same checks as decoding makes; raises Malformed."""
    return decode_act(act.encode()).encode()


def decode_act(payload: bytes) -> Act:
    """Return the act that this payload spells; raises Malformed. No signature is checked here."""
    document = canonical.decode(payload, size_max=ENVELOPE_MAX, what="root act")
    try:
        act = msgspec.convert(document, Act)
    except msgspec.ValidationError as fault:
        raise _malformed(str(fault)[:200]) from None
    if act.encode() != payload:
        raise _malformed(say("a field that this version does not know"))
    _check_shape(act)
    return act


def _check_shape(act: Act) -> None:
    values: dict[str, Any] = {"root": act.root, "keys": act.keys, "seal": act.seal}
    for name, value in values.items():
        required = name in _FIELDS_OF[act.act]
        allowed = required or (name == "keys" and act.act == "generation")
        if (value is None and required) or (value is not None and not allowed):
            raise _malformed(say("{field} in an act of kind {kind}", field=name, kind=act.act))
    if (act.act == "card") != (act.index == 0) or (act.previous is None) != (act.index == 0):
        raise _malformed(say("index {index} in an act of kind {kind}", index=act.index, kind=act.act))
    _check_keys_of(act)
    places = [(head.line, head.epoch, head.generation) for head in act.heads]
    if places != sorted(set(places)):
        raise _malformed(say("heads doubled or out of order"))


def _check_keys_of(act: Act) -> None:
    if act.root is not None:
        if list(act.root.keys) != sorted(set(act.root.keys)) or act.root.needed > len(act.root.keys):
            raise _malformed(say("root keys doubled, out of order or fewer than needed"))
        for key in act.root.keys:
            keys.check_key(bytes.fromhex(key))
    if act.keys is not None:
        own = (act.keys.sign, act.keys.cosign_log, act.keys.cosign_held)
        if len(set(own)) != 3 or (act.root is not None and set(own) & set(act.root.keys)):
            raise _malformed(say("one key in two roles"))
        for key in own:
            keys.check_key(bytes.fromhex(key))


@dataclass(slots=True)
class Keyring:
    """A member's acts in order, and what follows from them. Only ``take`` changes it."""

    acts: list[Act] = field(default_factory=list)
    envelopes: list[bytes] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    root: RootKeys | None = None
    generations: list[KeySet | None] = field(default_factory=list)
    started_by: list[str] = field(default_factory=list)
    closed: dict[tuple[str, int, int], tuple[ClosedLog, str, int]] = field(default_factory=dict)
    anchors: dict[tuple[str, int, int], ClosedLog] = field(default_factory=dict)
    sealing: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    ended_by: dict[int, str] = field(default_factory=dict)  # generation -> reason of the act that ended it
    size_bytes: int = 0  # of all envelopes
    roots: set[str] = field(default_factory=set)  # every root key that ever was
    operational: set[str] = field(default_factory=set)  # every signing and cosigning key that ever was

    @property
    def member(self) -> str:
        """The member's name, from its card."""
        return self.acts[0].member

    @property
    def generation(self) -> int:
        """The newest generation; its keys are None after a bare revocation."""
        return len(self.generations) - 1

    @property
    def card(self) -> str:
        """The hash of the member's card."""
        return self.hashes[0]

    def take(self, octets: bytes) -> bool:
        """Add the next act from its envelope; True when it was new, False when it stands here already.

        Raises Malformed, BadSignature, or OutOfPlace (another member, a gap, or a fork of the root).
        """
        envelope = Envelope.decode(octets, PayloadType.ROOT_ACT)
        act = decode_act(envelope.payload)
        identity = hashlib.sha256(envelope.payload).hexdigest()
        if act.index < len(self.acts):
            if self.hashes[act.index] == identity:
                return False
            raise _out_of_place(say("another act at index {index} than the one held", index=act.index))
        if act.index > len(self.acts):
            raise _out_of_place(say("index {index} after {held}", index=act.index, held=len(self.acts) - 1))
        if self.acts and (act.member != self.member or act.previous != self.hashes[-1]):
            raise _out_of_place(say("not the successor of the last act held"))
        root = act.root if act.act == "card" else self.root
        assert root is not None  # a card always has one
        _verify_quorum(envelope, root)
        self._check_generation(act)
        self._check_keys(act)
        self.acts.append(act)
        self.envelopes.append(octets)
        self.size_bytes += len(octets)
        self.hashes.append(identity)
        self._apply(act, identity)
        return True

    def keys_of(self, generation: int) -> KeySet | None:
        """Return the keys of a generation, or None when it does not exist or was never given any."""
        return self.generations[generation] if 0 <= generation < len(self.generations) else None

    def _check_generation(self, act: Act) -> None:
        for head in act.heads:
            place = (head.line, head.epoch, head.generation)
            anchor = self.anchors.get(place)
            if place in self.closed or head.generation > self.generation:
                raise _out_of_place(say("a head of a log that is closed or does not exist"))
            if anchor is not None and head.size < anchor.size:
                raise _out_of_place(say("a head below the last anchor"))

    def _check_keys(self, act: Act) -> None:
        """One key has one role, once: none comes back in a later generation, whoever may have copied it since."""
        own = (act.keys.sign, act.keys.cosign_log, act.keys.cosign_held) if act.keys else ()
        root = act.root.keys if act.root else ()
        if self.operational & {*own, *root} or self.roots & set(own):
            raise _out_of_place(say("a key that this chain used before in another place"))

    def _apply(self, act: Act, identity: str) -> None:
        if act.root is not None:
            self.root = act.root
            self.roots.update(act.root.keys)
        if act.keys is not None:
            self.operational.update((act.keys.sign, act.keys.cosign_log, act.keys.cosign_held))
        if act.act in {"card", "generation"}:
            self._begin_generation(act, identity)
        if act.act == "anchor":
            self.anchors.update({(head.line, head.epoch, head.generation): head for head in act.heads})
        if act.act == "leave":
            for head in act.heads:
                self.closed[head.line, head.epoch, head.generation] = (head, "leave", act.index)
                self.left[head.line] = act.index
        if act.seal is not None:
            self.sealing.append(act.seal)

    def _begin_generation(self, act: Act, identity: str) -> None:
        if act.act == "generation":
            self.ended_by[self.generation] = act.reason
            for head in act.heads:
                self.closed[head.line, head.epoch, head.generation] = (head, act.reason, act.index)
        self.generations.append(act.keys)
        self.started_by.append(identity)
        if act.keys is not None:
            self.sealing.append(act.keys.seal)


def _verify_quorum(envelope: Envelope, root: RootKeys) -> None:
    known = {keys.key_id(bytes.fromhex(key)): bytes.fromhex(key) for key in root.keys}
    if len(envelope.signatures) != root.needed or not all(one.key_id in known for one in envelope.signatures):
        raise BadSignature(
            expected=say("exactly {needed} signatures of the member's root keys", needed=root.needed),
            came=say("{count} signatures", count=len(envelope.signatures)),
            remedy=say("refuse it and ask its owner, face to face"),
        )
    message = pre_authentication(envelope.type, envelope.payload)
    for one in envelope.signatures:
        keys.verify(known[one.key_id], one.signature, message)


def _malformed(came: str) -> Malformed:
    return Malformed(
        expected=say("a root act as spec/ describes it"),
        came=came,
        remedy=say("refuse it and ask its owner, face to face"),
    )


def _out_of_place(came: str) -> OutOfPlace:
    return OutOfPlace(
        expected=say("the next act in the member's chain"),
        came=came,
        remedy=say("refuse it and ask its owner, face to face"),
    )
