"""Parties: root keys with their keepers, operational keys of each generation, and what they sign."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from detente.line import keys
from detente.line.checkpoint import COSIGNATURE_TYPE, Cosignature, Head, Origin, note_hint, verify_cosignature
from detente.line.effects import PutCosignature, Role, Sign
from detente.line.envelope import Envelope, PayloadType, Signature, pre_authentication
from detente.line.errors import Refused
from detente.line.rootact import Act, ClosedLog, Keyring, KeySet, RootKeys, encode_act
from tests.simulation.seals import Key, make_key

_KINDS = {
    "statement": PayloadType.STATEMENT,
    "have": PayloadType.HAVE,
    "answer": PayloadType.ANSWER,
    "test": PayloadType.LINE_TEST,
}


@lru_cache(maxsize=512)
def _key(name: str, *, real: bool) -> Key:
    return make_key(name, real=real)


@lru_cache(maxsize=64)
def _card(name: str, *, real: bool) -> bytes:
    return Party(name, real=real, fresh=True).ring.envelopes[0]


class _Keys:
    """One generation's keys, as detente.node.keyfile.Keys gives them to the signer."""

    __slots__ = ("_own",)

    def __init__(self, own: dict[Role, Key]) -> None:
        self._own = own

    def of(self, role: Role) -> Key:
        return self._own[role]


class Party:
    """One side: its keepers hold the roots; its node holds the operational keys of the newest generation."""

    def __init__(self, name: str, *, real: bool, fresh: bool = False) -> None:
        self.name = name
        self.real = real
        self.roots = sorted((_key(f"{name}/root/{i}", real=real) for i in range(3)), key=lambda key: key.public)
        self.generations: list[dict[Role, Key]] = [self._operational(0)]
        self.ring = Keyring()
        if fresh:
            root = RootKeys(tuple(key.public for key in self.roots), 2)
            self._commit("card", (), "first", root=root, key_set=self._key_set(self.generations[0]))
        else:
            self.ring.take(_card(name, real=real))

    def new_generation(self, heads: tuple[ClosedLog, ...], reason: str, clock_ms: int) -> bytes:
        """The quorum closes the logs and starts the next generation; returns the act."""
        self.generations.append(self._operational(len(self.generations)))
        key_set = self._key_set(self.generations[-1])
        return self._commit("generation", heads, reason, key_set=key_set, clock_ms=clock_ms)

    def anchor(self, heads: tuple[ClosedLog, ...], clock_ms: int) -> bytes:
        """The quorum states its own heads; returns the act."""
        return self._commit("anchor", heads, "routine", clock_ms=clock_ms)

    def keys(self) -> Any:
        """Return what detente.node.keyfile holds, by generation."""
        return {number: _Keys(own) for number, own in enumerate(self.generations)}

    def key_ids(self) -> set[bytes]:
        """Return the ids of all statement keys that this party ever had."""
        return {keys.key_id(bytes.fromhex(own[Role.SIGN].public)).encode() for own in self.generations}

    def cosigned(self, part: PutCosignature) -> bool:
        """Tell whether a key of this party made the cosignature, of the generation that its hint names."""
        role = Role.COSIGN_LOG if part.cosignature.name.endswith("/log") else Role.COSIGN_HELD
        for own in self.generations:
            try:
                verify_cosignature(
                    Head(part.origin, part.size, part.root), part.cosignature, bytes.fromhex(own[role].public)
                )
            except Refused:
                continue
            return True
        return False

    def disowned(self, one: Cosignature) -> bool:
        """Tell whether a cosignature is of a generation that this party gave up as stolen or forked."""
        ended = [act.reason for act in self.ring.acts if act.act == "generation"]
        given_up = [own for own, why in zip(self.generations, ended, strict=False) if why in {"theft", "fork"}]
        return any(
            one.hint == note_hint(one.name, COSIGNATURE_TYPE, bytes.fromhex(own[role].public))
            for own in given_up for role in (Role.COSIGN_LOG, Role.COSIGN_HELD)
        )  # fmt: skip

    def starts_generation(self, octets: bytes) -> bool:
        index = self.ring.envelopes.index(octets)
        return self.ring.acts[index].act in {"card", "generation"}

    def key_of(self, generation: int, role: Role) -> Key:
        return self.generations[generation][role]

    def sign(self, request: Sign, generation: int) -> bytes:
        """Sign as the signer does, with no rule at all."""
        message = request.message
        if request.what in _KINDS:
            message = pre_authentication(_KINDS[request.what], message)
        elif request.what == "cosign":
            message = b"cosignature/v1\ntime %d\n" % request.clock_s + message
        signature = self.generations[generation][request.role].sign(message)
        return signature + (self.generations[generation][request.also].sign(message) if request.also else b"")

    def envelope(self, kind: PayloadType, payload: bytes, generation: int) -> bytes:
        """Return a signed envelope of any of the three session kinds or a statement."""
        key = self.generations[generation][Role.SIGN]
        identity = keys.key_id(bytes.fromhex(key.public))
        return Envelope(
            kind, payload, (Signature(identity, key.sign(pre_authentication(kind, payload))),)
        ).encode()

    def _operational(self, generation: int) -> dict[Role, Key]:
        return {role: _key(f"{self.name}/{generation}/{role}", real=self.real) for role in Role}

    def _key_set(self, operational: dict[Role, Key]) -> KeySet:
        public = {role: key.public for role, key in operational.items()}
        return KeySet(public[Role.COSIGN_HELD], public[Role.COSIGN_LOG], "00" * 1216, public[Role.SIGN])

    def _commit(
        self,
        kind: str,
        heads: tuple[ClosedLog, ...],
        reason: str,
        *,
        root: RootKeys | None = None,
        key_set: KeySet | None = None,
        clock_ms: int = 0,
    ) -> bytes:
        index = len(self.ring.acts)
        act = Act(
            act=kind, clock_ms=clock_ms, format=1, heads=heads, index=index, keys=key_set, member=self.name,  # type: ignore[arg-type]
            previous=self.ring.hashes[-1] if index else None, reason=reason, root=root, seal=None,  # type: ignore[arg-type]
        )  # fmt: skip
        payload = encode_act(act)
        message = pre_authentication(PayloadType.ROOT_ACT, payload)
        signatures = [
            Signature(keys.key_id(bytes.fromhex(key.public)), key.sign(message)) for key in self.roots[:2]
        ]
        signatures.sort(key=lambda one: one.key_id)
        octets = Envelope(PayloadType.ROOT_ACT, payload, tuple(signatures)).encode()
        self.ring.take(octets)
        return octets


def closed_log(origin: Origin, size: int, root: bytes) -> ClosedLog:
    return ClosedLog(origin.epoch, origin.generation, origin.line, root.hex(), size)
