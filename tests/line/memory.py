"""A View in memory and a host around one machine: what the store and the signer do, without disk or process."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente.line import keys, merkle
from detente.line.bundle import Parser, write
from detente.line.checkpoint import Checkpoint, Cosignature, Origin
from detente.line.effects import (
    Append,
    Arrived,
    CourierReady,
    Draft,
    Durable,
    HeadFile,
    Opened,
    Part,
    PutAct,
    PutAnswer,
    PutBody,
    PutCheckpoint,
    PutClaim,
    PutCosignature,
    PutDue,
    PutEntry,
    PutFork,
    PutHistory,
    PutOpening,
    PutPeer,
    PutState,
    Raise,
    RecordedActs,
    Role,
    Sign,
    Signed,
    Took,
    Transmit,
)
from detente.line.envelope import Envelope, PayloadType, Signature, pre_authentication
from detente.line.machine import Effect, Event, Line
from detente.line.rootact import Act, Keyring, KeySet, RootKeys, encode_act
from detente.line.state import Settings
from detente.line.statement import Reference


def private(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


@dataclass
class Member:
    """A party with its root and operational keys, all derived from its name."""

    name: str
    roots: list[Ed25519PrivateKey] = field(default_factory=list)
    operational: dict[Role, Ed25519PrivateKey] = field(default_factory=dict)
    ring: Keyring = field(default_factory=Keyring)

    @classmethod
    def make(cls, name: str) -> Member:
        roots = sorted((private(f"{name}/root/{i}") for i in range(3)), key=public)
        made = cls(name, roots, {role: private(f"{name}/0/{role}") for role in Role})
        act = Act(
            act="card", clock_ms=0, format=1, heads=(), index=0, keys=made.key_set(), member=name, previous=None,
            reason="first", root=RootKeys(tuple(public(root) for root in roots), 2), seal=None,
        )  # fmt: skip
        made.ring.take(made.root_sign(act))
        return made

    def key_set(self) -> KeySet:
        by_role = {role: public(key) for role, key in self.operational.items()}
        return KeySet(by_role[Role.COSIGN_HELD], by_role[Role.COSIGN_LOG], "00" * 1216, by_role[Role.SIGN])

    def root_sign(self, act: Act) -> bytes:
        payload = encode_act(act)
        message = pre_authentication(PayloadType.ROOT_ACT, payload)
        signatures = [
            Signature(keys.key_id(bytes.fromhex(public(root))), root.sign(message)) for root in self.roots[:2]
        ]
        signatures.sort(key=lambda one: one.key_id)
        return Envelope(PayloadType.ROOT_ACT, payload, tuple(signatures)).encode()


class MemoryStore:
    """Implements View over dictionaries; ``apply`` is atomic."""

    def __init__(self) -> None:
        self._entries: dict[Origin, list[bytes]] = defaultdict(list)
        self._nodes: dict[tuple[Origin, int, int], bytes] = {}
        self._received: dict[tuple[Origin, int], int] = {}
        self._bodies: dict[str, tuple[bytes, bytes]] = {}
        self._closed_bodies: set[str] = set()
        self._claims: dict[Origin, dict[tuple[int, bytes], Checkpoint]] = defaultdict(dict)
        self._due: dict[tuple[Origin, int, str], int] = {}
        self._submissions: dict[str, Reference] = {}
        self._checkpoints: dict[Origin, dict[int, Checkpoint]] = defaultdict(dict)
        self._cosignatures: dict[Origin, list[tuple[int, bytes, Cosignature]]] = defaultdict(list)
        self._acts: dict[str, list[bytes]] = defaultdict(list)
        self._openings: dict[str, tuple[bytes, bool]] = {}
        self._peers: dict[str, bytes] = {}
        self._answers: dict[str, list[bytes]] = defaultdict(list)
        self._forks: dict[str, bytes] = {}
        self._wanted: dict[tuple[Origin, int], tuple[str, ...]] = {}
        self._state: bytes | None = None
        self.history: list[PutHistory] = []

    def apply(self, parts: tuple[Part, ...]) -> None:
        for part in parts:
            _APPLY[type(part)](self, part)

    def _put_entry(self, part: PutEntry) -> None:
        assert part.seq == len(self._entries[part.origin]), "an entry must follow the last"
        self._entries[part.origin].append(part.leaf)
        self._received[part.origin, part.seq] = part.received_ms
        if part.wanted:
            self._wanted[part.origin, part.seq] = part.wanted
        for level, index, value in part.nodes:
            self._nodes[part.origin, level, index] = value
        if part.submission:
            place = part.origin
            self._submissions[part.submission] = Reference(
                place.epoch, place.generation, part.leaf_hash.hex(), place.member, part.seq
            )

    def _put_body(self, part: PutBody) -> None:
        self._bodies[part.hash] = (part.salt, part.content)
        for place, wanted in self._wanted.items():
            if part.hash in wanted and place not in part.not_for:
                self._wanted[place] = tuple(one for one in wanted if one != part.hash)
        if not part.open:
            self._closed_bodies.add(part.hash)

    def _put_checkpoint(self, part: PutCheckpoint) -> None:
        self._checkpoints[part.checkpoint.head.origin].setdefault(part.checkpoint.head.size, part.checkpoint)

    def _put_claim(self, part: PutClaim) -> None:
        head = part.checkpoint.head
        if part.keep:
            self._claims[head.origin][head.size, head.root] = part.checkpoint
        else:
            self._claims[head.origin].pop((head.size, head.root), None)

    def _put_due(self, part: PutDue) -> None:
        if part.due_ms is None:
            self._due.pop((part.origin, part.seq, part.member), None)
        else:
            self._due[part.origin, part.seq, part.member] = part.due_ms

    def _put_cosignature(self, part: PutCosignature) -> None:
        self._cosignatures[part.origin].append((part.size, part.root, part.cosignature))

    def _put_act(self, part: PutAct) -> None:
        assert part.index == len(self._acts[part.member])
        self._acts[part.member].append(part.envelope)

    def _put_opening(self, part: PutOpening) -> None:
        self._openings[part.hash] = (part.octets, part.current or self._openings.get(part.hash, (b"", False))[1])

    def _put_peer(self, part: PutPeer) -> None:
        self._peers[part.member] = part.octets

    def _put_answer(self, part: PutAnswer) -> None:
        self._answers[part.member].append(part.envelope)

    def _put_fork(self, part: PutFork) -> None:
        self._forks[part.hash] = part.proof

    def _put_history(self, part: PutHistory) -> None:
        self.history.append(part)

    def _put_state(self, part: PutState) -> None:
        self._state = part.octets

    def entry(self, origin: Origin, seq: int) -> bytes | None:
        log = self._entries.get(origin, [])
        return log[seq] if 0 <= seq < len(log) else None

    def entries(self, origin: Origin, start: int, count: int) -> list[bytes]:
        return self._entries.get(origin, [])[start : start + count]

    def node(self, origin: Origin, level: int, index: int) -> bytes:
        return self._nodes[origin, level, index]

    def received_ms(self, origin: Origin, seq: int) -> int | None:
        return self._received.get((origin, seq))

    def size(self, origin: Origin) -> int:
        return len(self._entries.get(origin, []))

    def origins(self) -> list[Origin]:
        return sorted(origin for origin, log in self._entries.items() if log)

    def body(self, digest: str) -> tuple[bytes, bytes] | None:
        return self._bodies.get(digest)

    def open_body(self, digest: str) -> tuple[bytes, bytes] | None:
        return None if digest in self._closed_bodies else self._bodies.get(digest)

    def open_bodies(self, digests: list[str]) -> dict[str, tuple[bytes, bytes]]:
        return {digest: held for digest in digests if (held := self.open_body(digest)) is not None}

    def checkpoint_below(self, origin: Origin, size: int) -> Checkpoint | None:
        held = self._checkpoints.get(origin, {})
        found = max((one for one in held if one <= size), default=None)
        return None if found is None else held[found]

    def claims(self, origin: Origin) -> list[Checkpoint]:
        held = self._claims.get(origin, {})
        return [held[place] for place in sorted(held)]

    def due(self, upto_ms: int, limit: int) -> list[tuple[Origin, int, str, int]]:
        rows = sorted((due_ms, *place) for place, due_ms in self._due.items() if due_ms <= upto_ms)
        return [(origin, seq, member, due_ms) for due_ms, origin, seq, member in rows[:limit]]

    def has_body(self, digest: str) -> bool:
        return digest in self._bodies

    def submission(self, submission: str) -> Reference | None:
        return self._submissions.get(submission)

    def submissions(self, submissions: list[str]) -> set[str]:
        return self._submissions.keys() & set(submissions)

    def checkpoint(self, origin: Origin) -> Checkpoint | None:
        held = self._checkpoints.get(origin)
        return held[max(held)] if held else None

    def checkpoint_at(self, origin: Origin, size: int) -> Checkpoint | None:
        return self._checkpoints.get(origin, {}).get(size)

    def missing(self, origin: Origin) -> dict[int, set[str]]:
        return {seq: set(wanted) for (at, seq), wanted in self._wanted.items() if at == origin and wanted}

    def newest_cosignatures(self, origin: Origin) -> list[tuple[int, bytes, Cosignature]]:
        newest: dict[tuple[str, bytes], tuple[int, bytes, Cosignature]] = {}
        for size, root, one in self._cosignatures.get(origin, []):
            key = (one.name, one.hint)
            if key not in newest or newest[key][0] < size:
                newest[key] = (size, root, one)
        return [newest[key] for key in sorted(newest)]

    def cosignature_before(
        self, origin: Origin, name: str, hint: bytes, clock_s: int
    ) -> tuple[int, Cosignature] | None:
        found = [(size, one) for size, _, one in self._cosignatures.get(origin, [])
                 if (one.name, one.hint) == (name, hint) and one.clock_s < clock_s]  # fmt: skip
        return max(found, key=lambda pair: pair[0], default=None)

    def first_cosignature(self, origin: Origin, seq: int, name: str) -> tuple[int, Cosignature] | None:
        found = [
            (size, one) for size, _, one in self._cosignatures.get(origin, []) if one.name == name and size > seq
        ]
        return min(found, key=lambda pair: pair[0], default=None)

    def acts(self, member: str) -> list[bytes]:
        return list(self._acts.get(member, []))

    def openings(self) -> list[tuple[bytes, bool]]:
        return list(self._openings.values())

    def peer(self, member: str) -> bytes | None:
        return self._peers.get(member)

    def answers(self, member: str) -> list[bytes]:
        return list(self._answers.get(member, []))

    def used_bytes(self, member: str) -> int:
        return sum(len(leaf) for origin, log in self._entries.items() if origin.member == member for leaf in log)

    def forks(self) -> list[bytes]:
        return list(self._forks.values())

    def state(self) -> bytes | None:
        return self._state


_APPLY: dict[type, Callable[[MemoryStore, Any], None]] = {
    PutEntry: MemoryStore._put_entry,
    PutBody: MemoryStore._put_body,
    PutCheckpoint: MemoryStore._put_checkpoint,
    PutClaim: MemoryStore._put_claim,
    PutDue: MemoryStore._put_due,
    PutCosignature: MemoryStore._put_cosignature,
    PutAct: MemoryStore._put_act,
    PutOpening: MemoryStore._put_opening,
    PutPeer: MemoryStore._put_peer,
    PutAnswer: MemoryStore._put_answer,
    PutFork: MemoryStore._put_fork,
    PutHistory: MemoryStore._put_history,
    PutState: MemoryStore._put_state,
}


class MemorySigner:
    """The signer's rules without a disk: see detente.line.effects.Sign."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.head_file = HeadFile({}, {})
        self.issued: dict[Origin, int] = {}

    def sign(self, request: Sign) -> Signed:
        refusal = self._refuse(request)
        if refusal:
            return Signed(request.ticket, None, refusal)
        key = self.member.operational[request.role]
        message = request.message
        kinds = {
            "statement": PayloadType.STATEMENT, "have": PayloadType.HAVE, "answer": PayloadType.ANSWER,
            "test": PayloadType.LINE_TEST,
        }  # fmt: skip
        if request.what in kinds:
            message = pre_authentication(kinds[request.what], message)
        elif request.what == "cosign":
            message = b"cosignature/v1\ntime %d\n" % request.clock_s + message
            roles = (request.role,) if request.also is None else (request.role, request.also)
            self.head_file.cosigned.update(
                {(request.origin, role): (request.index, request.leaf) for role in roles}
            )
            made = b"".join(self.member.operational[role].sign(message) for role in roles)
            return Signed(request.ticket, made)
        return Signed(request.ticket, key.sign(message))

    def _refuse(self, request: Sign) -> str:
        if request.what == "statement":
            expected = self.issued.get(request.origin, self.head_file.own.get(request.origin, (0, b""))[0])
            if request.index != expected:
                return f"index {request.index}, expected {expected}"
            self.issued[request.origin] = expected + 1
        elif request.what == "cosign":
            for role in (request.role,) if request.also is None else (request.role, request.also):
                size, root = self.head_file.cosigned.get((request.origin, role), (0, b""))
                if size and not merkle.verify_consistency(
                    size, request.index, list(request.proof), root, request.leaf
                ):
                    return "does not extend what was cosigned"
        return ""

    def note_acts(self, hashes: list[str]) -> None:
        """Count own root acts that are on the disk."""
        self.head_file = replace(self.head_file, acts=RecordedActs(len(hashes), hashes[-1]))

    def durable(self, own: tuple[tuple[Origin, int, bytes], ...]) -> None:
        for origin, size, root in own:
            self.head_file.own[origin] = (size, root)
            self.issued[origin] = size


class Host:
    """Runs one machine over a memory store: every effect is carried out at once."""

    def __init__(
        self,
        member: Member,
        store: MemoryStore,
        signer: MemorySigner | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.member, self.store, self.settings = member, store, settings
        self.signer = signer or MemorySigner(member)
        self.alarms: list[Raise] = []
        self.took: list[Took] = []
        self.sent: list[Transmit] = []
        self.now_ms = 1_700_000_000_000
        self.line = Line(member.name, store, settings)

    def open(self, *, head_file: bool = True, **how: Any) -> None:
        found = self.signer.head_file
        recorded = HeadFile(dict(found.own), dict(found.cosigned), acts=found.acts)
        entropy = hashlib.sha256(f"{self.member.name}/{self.now_ms}".encode()).digest()
        self.give(Opened(recorded if head_file else None, entropy, **how))

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
                return self.signer.sign(effect)
            case Append():
                self.store.apply(effect.parts)
                self.signer.durable(effect.own)
                if any(isinstance(part, PutAct) and part.member == self.member.name for part in effect.parts):
                    self.signer.note_acts(self.line.state.rings[self.member.name].hashes)
                return Durable(effect.batch)
            case Raise():
                self.alarms.append(effect)
            case Took():
                self.took.append(effect)
            case Transmit():
                self.sent.append(effect)
        return None

    def bundle_for(self, to: str, size_max: int = 10_000_000) -> bytes:
        self.sent.clear()
        self.give(CourierReady(to, size_max))
        return b"".join(write(self.sent[0].records))

    def take(self, octets: bytes) -> Took:
        parser = Parser()
        self.give(Arrived(tuple(parser.feed(octets)), last=True))
        return self.took[-1]

    def send(self, text: str, submission: str | None = None) -> None:
        from detente.line.effects import Submitted

        identity = submission or hashlib.sha256(text.encode()).hexdigest()[:32]
        self.give(Submitted((Draft("notice", "text/plain", text.encode(), identity),)))
