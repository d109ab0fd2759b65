"""Both programs on whole records: a record is exported, replayed with détente's pieces, and judged by the verifier.

``export_and_compare(world)`` does so for every node of a simulated world, as it stands and after tampering.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from unittest.mock import patch

from detente.line import canonical, keys, merkle, proof
from detente.line.bundle import EXPORT_MAGIC, Kind, Parser, Record, write
from detente.line.checkpoint import (
    COSIGNATURE_TYPE,
    Checkpoint,
    Cosignature,
    Origin,
    note_hint,
    verify_cosignature,
)
from detente.line.effects import View
from detente.line.envelope import ENVELOPE_MAX, Envelope, PayloadType, decode_base64
from detente.line.errors import BadSignature, Malformed, OutOfPlace, Refused
from detente.line.opening import Opening, first_previous
from detente.line.rootact import Keyring
from detente.line.statement import SALT_BYTES, Statement, commit
from tests.simulation.seals import sealed
from tests.verifier.judges import verdict, verifier


class DisagreementError(AssertionError):
    """The two programs do not judge one file alike."""


# ---- exporting from any view --------------------------------------------------------------------------------


def export(view: View, members: list[str], *, bodies: bool = True) -> list[Record]:
    """Return the whole record that a view holds, in the order of spec/line/bundle.md."""
    openings = sorted(
        (Opening.decode(octets) for octets, _ in view.openings()), key=lambda one: (one.epoch, one.hash())
    )
    records = [Record(Kind.OPENING, one.encode()) for one in openings]
    records += [Record(Kind.ROOT_ACT, act) for member in members for act in view.acts(member)]
    given: set[str] = set()
    for origin in sorted(view.origins(), key=lambda one: (one.epoch, one.member, one.generation)):
        for leaf in view.entries(origin, 0, view.size(origin)):
            records.append(Record(Kind.ENTRY, leaf))
            statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
            for one in (statement.body, *statement.attachments) if bodies else ():
                held = view.body(one.hash) if one.hash not in given else None
                if held is not None and len(held[1]) == one.size:
                    given.add(one.hash)
                    records.append(Record(Kind.BODY, held[0] + held[1]))
            released = view.body(statement.release) if bodies and statement.release is not None else None
            if released is not None and not released[0]:
                records.append(Record(Kind.RELEASE, released[1]))
        records += [Record(Kind.CHECKPOINT, one.encode()) for one in _heads(view, origin)]
    return [*records, *(Record(Kind.FORK, octets) for octets in view.forks())]


def _heads(view: View, origin: Origin) -> Iterator[Checkpoint]:
    by_size: dict[int, list[Cosignature]] = defaultdict(list)
    for size, _, one in view.newest_cosignatures(origin):
        by_size[size].append(one)
    newest = view.checkpoint(origin)
    for size in sorted({*by_size, newest.head.size} if newest else by_size):
        checkpoint = view.checkpoint_at(origin, size)
        if checkpoint is not None and 0 < size <= view.size(origin):
            yield replace(checkpoint, cosignatures=tuple(by_size.get(size, ())))


def joined(records: list[Record]) -> bytes:
    return b"".join(write(records, magic=EXPORT_MAGIC))


# ---- replaying with détente ---------------------------------------------------------------------------------


@dataclass
class _Log:
    frontier: merkle.Frontier
    last: str
    roots: list[bytes]


class Replay:
    """Judges an export with détente's own decoders and checks; raises Refused."""

    def __init__(self, cards: list[bytes]) -> None:
        self.rings: dict[str, Keyring] = {}
        self.given: dict[str, str] = {}
        for card in cards:
            ring = Keyring()
            ring.take(card)
            self.given[ring.member] = ring.card
            self.rings[ring.member] = ring
        self.openings: dict[str, Opening] = {}
        self.logs: dict[Origin, _Log] = {}
        self.promised: dict[str, int] = {}
        self.releases: set[str | None] = set()
        self.forks = 0

    def judge(self, octets: bytes) -> dict[Origin, tuple[int, bytes]]:
        """Return size and root of every log."""
        parser = Parser(magic=EXPORT_MAGIC)
        takers: dict[Kind, Callable[[bytes], None]] = {
            Kind.OPENING: self._opening, Kind.ROOT_ACT: self._act, Kind.ENTRY: self._entry, Kind.BODY: self._body,
            Kind.CHECKPOINT: self._head, Kind.FORK: self._fork, Kind.RELEASE: self._release,
        }  # fmt: skip
        for record in parser.feed(octets):
            if record.kind in takers:
                takers[record.kind](record.content)
        if not parser.complete:
            raise Malformed(expected="a closing record", came="none")
        return {origin: (log.frontier.size, log.frontier.root()) for origin, log in self.logs.items()}

    def _opening(self, octets: bytes) -> None:
        opening = Opening.decode(octets)
        before = self.openings.get(opening.previous or "")
        if opening.epoch > 1 and (
            before is None or (before.line, before.epoch + 1) != (opening.line, opening.epoch)
        ):
            raise OutOfPlace(expected="the predecessor", came="none")
        self.openings[opening.hash()] = opening

    def _act(self, octets: bytes) -> None:
        outer = canonical.decode(octets, size_max=ENVELOPE_MAX, what="root act")
        try:
            payload = decode_base64(outer["payload"])
            member = canonical.decode(payload, size_max=ENVELOPE_MAX, what="root act")["member"]
        except (ValueError, KeyError, TypeError):
            raise Malformed(expected="a root act", came="another shape") from None
        ring = self.rings.get(member) if isinstance(member, str) else None
        if ring is not None and hashlib.sha256(payload).hexdigest() not in ring.hashes:
            ring.take(octets)

    def _entry(self, leaf: bytes) -> None:
        envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
        statement, _ = Statement.decode(envelope.payload)
        origin = Origin(statement.line, statement.epoch, statement.author, statement.generation)
        own = self._ring(origin.member).keys_of(origin.generation)
        if own is None or statement.key != keys.key_id(bytes.fromhex(own.sign)):
            raise BadSignature(expected="its author's key", came=statement.key)
        envelope.verify_one(bytes.fromhex(own.sign))
        log = self.logs.get(origin)
        if log is None:
            log = self.logs[origin] = _Log(
                merkle.Frontier(), self._base(origin, statement.previous), [merkle.EMPTY_ROOT]
            )
        if (statement.seq, statement.previous) != (log.frontier.size, log.last):
            raise OutOfPlace(expected="the next entry", came=str(statement.seq))
        digest = merkle.leaf_hash(leaf)
        log.frontier.append(digest)
        log.last = digest.hex()
        log.roots.append(log.frontier.root())
        self.releases.add(statement.release)
        self.promised.update({one.hash: one.size for one in (statement.body, *statement.attachments)})

    def _base(self, origin: Origin, named: str) -> str:
        ring = self._ring(origin.member)
        for opening in self.openings.values():
            seat = opening.seat(origin.member)
            if (
                (opening.line, opening.epoch) != (origin.line, origin.epoch)
                or seat is None
                or seat.role != "member"
            ):
                continue
            if seat.card == ring.card and named == first_previous(
                opening, ring, seat.generation, origin.generation
            ):
                return named
        raise OutOfPlace(expected="an opening that founds the log", came=str(origin))

    def _ring(self, member: str) -> Keyring:
        if member not in self.rings:
            raise OutOfPlace(expected="a card that was given", came=member)
        return self.rings[member]

    def _body(self, octets: bytes) -> None:
        salt, content = octets[:SALT_BYTES], octets[SALT_BYTES:]
        if self.promised.get(commit(salt, content)) != len(content):
            raise OutOfPlace(expected="a promised content", came="another")

    def _release(self, octets: bytes) -> None:
        if hashlib.sha256(octets).hexdigest() not in self.releases:
            raise OutOfPlace(expected="a release that is named", came="another")

    def _head(self, octets: bytes) -> None:
        made = Checkpoint.decode(octets)
        head, log = made.head, self.logs.get(made.head.origin)
        own = self._ring(head.origin.member).keys_of(head.origin.generation)
        if own is None or log is None or head.size >= len(log.roots) or log.roots[head.size] != head.root:
            raise OutOfPlace(expected="a head of these entries", came=str(head.size))
        made.verify(bytes.fromhex(own.sign))
        for one in made.cosignatures:
            self._cosignature(made, one)

    def _cosignature(self, made: Checkpoint, one: Cosignature) -> None:
        *start, member, role = one.name.split("/")
        if start != ["detente", made.head.origin.line, str(made.head.origin.epoch)] or role not in {
            "log",
            "held",
        }:
            raise OutOfPlace(expected="a cosignature of this line", came=one.name)
        if member not in self.rings:
            if not any(opening.seat(member) for opening in self.openings.values()):
                raise OutOfPlace(expected="a cosignature of this line", came=one.name)
            return
        for own in self.rings[member].generations:
            public = bytes.fromhex(own.cosign_log if role == "log" else own.cosign_held) if own else b""
            if own and one.hint == note_hint(one.name, COSIGNATURE_TYPE, public):
                verify_cosignature(made.head, one, public)
                return
        raise BadSignature(expected="a cosigning key", came=one.name)

    def _fork(self, octets: bytes) -> None:
        found = proof.judge(octets)
        if self._ring(found.member).card != found.card:
            raise OutOfPlace(expected="the card that was given", came=found.card)
        self.forks += 1


# ---- comparing ----------------------------------------------------------------------------------------------


def compare(octets: bytes, cards: list[bytes], *, must_hold: bool = False) -> bool:
    """Return whether both find an export true; raises DisagreementError when one does and the other does not."""
    replay = Replay(cards)
    try:
        logs: dict[Origin, tuple[int, bytes]] | None = replay.judge(octets)
    except Refused as refusal:
        logs, why = None, str(refusal)
    code, said = verdict(octets, cards)
    if logs is None:
        if code == 0:
            raise DisagreementError(f"the verifier finds true what détente refuses: {why}")
        if must_hold:
            raise DisagreementError(f"both refuse what a node holds: {why} / {said}")
        return False
    if code != 0:
        raise DisagreementError(f"détente finds true what the verifier does not: {said}")
    for origin, (size, root) in logs.items():
        place = (origin.line, origin.epoch, origin.member, origin.generation)
        if f"log {place}, entries 0 to {size - 1}" not in said or (
            size and f"head {size} {root.hex()}" not in said
        ):
            raise DisagreementError(f"another size or root of {origin}: {said}")
    if said.count("signed both") != replay.forks:
        raise DisagreementError(f"another number of fork proofs: {said}")
    return True


def tampered(records: list[Record], rng: Random) -> list[Record]:
    """Return the records after one change of the kinds that a dishonest exporter would try."""
    changed = list(records)
    at = rng.randrange(len(changed))
    kind = rng.choice(("drop", "twice", "swap", "byte", "cut"))
    record = changed[at]
    if kind == "drop":
        del changed[at]
    elif kind == "twice":
        changed.insert(rng.randrange(len(changed)), record)
    elif kind == "swap":
        other = rng.randrange(len(changed))
        changed[at], changed[other] = changed[other], changed[at]
    elif kind == "byte":
        where = rng.randrange(len(record.content))
        content = bytearray(record.content)
        content[where] ^= 1 << rng.randrange(8)
        changed[at] = Record(record.kind, bytes(content))
    else:
        changed = changed[:at]
    return changed


def export_and_compare(world: Any, *, tamperings: int = 3) -> int:
    """Compare the judgements on the record of every node of a simulated world; returns how many files were judged.

    As they stand all must be true: a node stores nothing that cannot be shown. After tampering both programs must
    say the same. A world whose seals are keyed hashes is judged by a verifier with the same seal in its hand.
    """
    members = sorted(world.parties)
    judged = 0
    with sealed(real=world.real), sealed_verifier(real=world.real):
        for node in world.nodes:
            view = node.disk.database
            cards = [world.parties[name].ring.envelopes[0] for name in members]
            records = export(view, members)
            compare(joined(records), cards, must_hold=True)
            judged += 1
            rng = Random(f"{world.seed} {node.label}")
            for _ in range(tamperings):
                compare(joined(tampered(records, rng)), cards)
                judged += 1
    return judged


def sealed_verifier(*, real: bool) -> Any:
    """Give the verifier the simulation's keyed hash in place of Ed25519, or leave it as it is."""

    def verify(public: bytes, signature: bytes, message: bytes, what: str) -> None:
        verifier.need(
            signature == hashlib.sha512(public + message).digest(), f"{what}: the signature does not hold"
        )

    return patch.object(verifier, "verify", verifier.verify if real else verify)
