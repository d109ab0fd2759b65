"""Evidence: one entry with everything that a third party needs to judge it, in one file.

Canonical JSON, these keys exactly:

    acts      base64 envelopes of root acts: every party of the openings, by member, each chain from its card
    bodies    [{"content", "salt"}], base64: the entry's body, then its attachments, as far as they are shown
    entry     base64 of the exact leaf
    first     null when the entry is its log's first; else {"entry", "path"}: the log's first leaf under
              proofs[0], which names the opening: nobody can say later that it was meant for other parties
    format    1
    kind      "evidence"
    openings  base64 canonical openings, sorted by epoch and hash, from the first to the entry's epoch or beyond
    proofs    [{"checkpoint": text of a signed note, "path": [base64]}], sizes ascending, none twice, one or more
    release   null, or base64 of the officers' release that the entry names

Each proof is a head of the entry's own log under its author's signature, with the RFC 9162 path that leads from
the entry to it. Its cosignatures are each mirror's *first* over this entry. Beside it the judge needs only the
cards (or fingerprints) that he was given. Without cosignatures an entry is *uncorroborated*; above a head that
its author's root keys closed after a theft or fork it is *disputed by its author*, never invalid.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from detente import words
from detente.line import canonical, keys, merkle
from detente.line.checkpoint import (
    COSIGNATURE_TYPE,
    Checkpoint,
    Cosignature,
    Origin,
    note_hint,
    verify_cosignature,
)
from detente.line.envelope import Envelope, PayloadType, decode_base64
from detente.line.errors import BadSignature, Malformed, OutOfPlace, Refused
from detente.line.opening import Opening, first_previous
from detente.line.rootact import Keyring
from detente.line.statement import SALT_BYTES, Statement, commit

__all__ = ["EVIDENCE_MAX", "Proof", "Shown", "Witness", "author_dispute", "judge", "make"]

say = words.speaker("line")

EVIDENCE_MAX = 90_000_000
"""Bytes: a body and 64 MB of attachments in base64, and room for the rest."""
_KEYS = {"acts", "bodies", "entry", "first", "format", "kind", "openings", "proofs", "release"}


@dataclass(frozen=True, slots=True)
class Proof:
    """A head over the entry with the cosignatures that stand on it, and the path from the entry to it."""

    checkpoint: Checkpoint
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """Who held the entry at the latest when: the mirror's own clock, its role (log, held) and the head's size."""

    member: str
    role: str
    clock_s: int
    size: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What an evidence file shows. ``cards``: member -> hash of its card, to compare with the cards given.

    release: the officers' release that the entry names, as far as it is shown; ``line.release.judge`` judges it.
    dispute: "" or why the author's root keys closed its log below this entry: theft, fork, loss, rotation, leave.
    """

    statement: Statement
    leaf_hash: str
    cards: dict[str, str]
    fingerprint: str
    training: bool
    witnesses: tuple[Witness, ...]
    bodies: dict[str, bytes]
    release: bytes | None
    dispute: str


def make(
    *,
    leaf: bytes,
    proofs: Sequence[Proof],
    openings: Iterable[bytes],
    rings: Iterable[Keyring],
    bodies: Iterable[tuple[bytes, bytes]],
    first: tuple[bytes, Sequence[bytes]] | None,
    release: bytes | None = None,
) -> bytes:
    """Return the evidence of one entry; bodies: (salt, content) of what is shown, in the statement's order.

    first: the log's leaf 0 and its inclusion path under the smallest of the proofs' heads; None when it is the entry.
    The result is judged before it is given back: raises Refused when what is held does not make evidence.
    """
    document: dict[str, Any] = {
        "acts": [_text(one) for ring in sorted(rings, key=lambda one: one.member) for one in ring.envelopes],
        "bodies": [{"content": _text(content), "salt": _text(salt)} for salt, content in bodies],
        "entry": _text(leaf),
        "first": first and {"entry": _text(first[0]), "path": [_text(step) for step in first[1]]},
        "format": 1,
        "kind": "evidence",
        "openings": [_text(one) for one in openings],
        "proofs": [
            {"checkpoint": one.checkpoint.encode().decode(), "path": [_text(step) for step in one.path]}
            for one in sorted(proofs, key=lambda one: one.checkpoint.head.size)
        ],
        "release": None if release is None else _text(release),
    }
    evidence = canonical.encode(document)
    judge(evidence)
    return evidence


def judge(evidence: bytes) -> Shown:
    """Return what the evidence shows; raises Refused (Malformed, BadSignature, OutOfPlace) when it does not hold.

    Whoever judges compares ``cards`` with the cards that he was given: that is where trust begins.
    """
    document = canonical.decode(evidence, size_max=EVIDENCE_MAX, what=say("evidence"))
    try:
        if document.keys() != _KEYS or (document["format"], document["kind"]) != (1, "evidence"):
            raise ValueError  # noqa: TRY301 - one place turns every shape fault into one refusal
        if any(type(document[name]) is not list for name in ("acts", "bodies", "openings", "proofs")):
            raise TypeError  # noqa: TRY301 - an empty object would be another spelling of an empty list
        acts = [decode_base64(one) for one in document["acts"]]
        openings = [Opening.decode(decode_base64(one)) for one in document["openings"]]
        leaf = decode_base64(document["entry"])
        proofs = [_proof(one) for one in document["proofs"]]
        first = document["first"] and (
            decode_base64(document["first"]["entry"]),
            [decode_base64(one) for one in document["first"]["path"]],
        )
        bodies = [(decode_base64(one["salt"]), decode_base64(one["content"])) for one in document["bodies"]]
        release = None if document["release"] is None else decode_base64(document["release"])
        if not proofs or any(one.keys() != {"content", "salt"} for one in document["bodies"]):
            raise ValueError  # noqa: TRY301
        if document["first"] is not None and (
            document["first"].keys() != {"entry", "path"} or type(document["first"]["path"]) is not list
        ):
            raise ValueError  # noqa: TRY301
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _malformed(say("another shape")) from None
    rings = _rings(acts)
    statement = _statement(leaf, rings)
    opening = _seated(openings, rings, statement, _base(first, statement, proofs[0].checkpoint, rings))
    witnesses = _witnesses(proofs, statement, leaf, rings)
    if release is not None and hashlib.sha256(release).hexdigest() != statement.release:
        raise _out_of_place(say("a release that the entry does not name"))
    return Shown(
        statement=statement,
        leaf_hash=merkle.leaf_hash(leaf).hex(),
        cards={name: ring.card for name, ring in rings.items()},
        fingerprint=opening.fingerprint(),
        training=opening.training,
        witnesses=witnesses,
        bodies=_bodies(bodies, statement),
        release=release,
        dispute=author_dispute(rings[statement.author], statement),
    )


def author_dispute(ring: Keyring, statement: Statement) -> str:
    """Return why the author's root keys closed its log at or below this entry; "" when they did not."""
    closed = ring.closed.get((statement.line, statement.epoch, statement.generation))
    return closed[1] if closed is not None and statement.seq >= closed[0].size else ""


def _proof(document: dict[str, Any]) -> Proof:
    if document.keys() != {"checkpoint", "path"} or type(document["path"]) is not list:
        raise ValueError
    return Proof(
        Checkpoint.decode(document["checkpoint"].encode()), tuple(decode_base64(one) for one in document["path"])
    )


def _rings(acts: list[bytes]) -> dict[str, Keyring]:
    """Return every party's keyring; each act follows the one before of the same party."""
    rings: dict[str, Keyring] = {}
    current = Keyring()
    for octets in acts:
        envelope = Envelope.decode(octets, PayloadType.ROOT_ACT)
        document = canonical.decode(envelope.payload, size_max=len(envelope.payload), what=say("root act"))
        if document.get("index") == 0:
            current = Keyring()
        current.take(octets)
        if len(current.acts) == 1 and (current.member in rings or current.member < max(rings, default="")):
            raise _malformed(say("root acts doubled or out of order"))
        rings[current.member] = current
    return rings


def _statement(leaf: bytes, rings: dict[str, Keyring]) -> Statement:
    envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
    statement, _ = Statement.decode(envelope.payload)
    own = rings[statement.author].keys_of(statement.generation) if statement.author in rings else None
    if own is None or keys.key_id(bytes.fromhex(own.sign)) != statement.key:
        raise BadSignature(
            expected=say("a key of {author}", author=statement.author),
            came=statement.key[:16],
            remedy=say("this file proves nothing; keep what you have"),
        )
    envelope.verify_one(bytes.fromhex(own.sign))
    return statement


def _base(
    first: tuple[bytes, list[bytes]] | None,
    statement: Statement,
    checkpoint: Checkpoint,
    rings: dict[str, Keyring],
) -> str:
    """Return what the first statement of the entry's log names as previous."""
    if first is None and statement.seq == 0:
        return statement.previous
    if first is None or statement.seq == 0:
        raise _malformed(say("no first statement of the entry's log, or one too many"))
    leaf, path = first
    founding = _statement(leaf, rings)
    place = (founding.line, founding.epoch, founding.author, founding.generation, founding.seq)
    head = checkpoint.head
    if place != (
        statement.line,
        statement.epoch,
        statement.author,
        statement.generation,
        0,
    ) or not merkle.verify_inclusion(merkle.leaf_hash(leaf), 0, head.size, path, head.root):
        raise _out_of_place(say("a first statement of another log"))  # fmt: skip
    return founding.previous


def _seated(openings: list[Opening], rings: dict[str, Keyring], statement: Statement, base: str) -> Opening:
    """Return the opening of the entry's log: it seats the author, and the first statement names it."""
    order = [(one.epoch, one.hash()) for one in openings]
    known = {one.hash() for one in openings}
    if order != sorted(set(order)) or any(one.line != statement.line for one in openings):
        raise _malformed(say("openings doubled, out of order or of another line"))
    if any(one.epoch > 1 and one.previous not in known for one in openings):
        raise _malformed(say("an opening whose predecessor is not here"))
    for one in openings:
        seat = one.seat(statement.author)
        if (
            one.epoch == statement.epoch
            and seat is not None
            and seat.role == "member"
            and seat.card == rings[statement.author].card
            and seat.generation <= statement.generation
            and base == first_previous(one, rings[statement.author], seat.generation, statement.generation)
        ):
            return one
    raise _out_of_place(say("no opening that gives {author} a seat", author=statement.author))


def _witnesses(
    proofs: list[Proof], statement: Statement, leaf: bytes, rings: dict[str, Keyring]
) -> tuple[Witness, ...]:
    """Check every head, path and cosignature; return who held the entry when."""
    origin = Origin(statement.line, statement.epoch, statement.author, statement.generation)
    own = rings[statement.author].keys_of(statement.generation)
    assert own is not None  # the statement's signature was checked with it
    sizes = [one.checkpoint.head.size for one in proofs]
    if sizes != sorted(set(sizes)):
        raise _malformed(say("heads doubled or out of order"))
    digest = merkle.leaf_hash(leaf)
    found = []
    for one in proofs:
        head = one.checkpoint.head
        one.checkpoint.verify(bytes.fromhex(own.sign))
        if head.origin != origin or not merkle.verify_inclusion(
            digest, statement.seq, head.size, one.path, head.root
        ):
            raise _out_of_place(say("a head that does not hold the entry at its index"))
        for cosignature in one.checkpoint.cosignatures:
            member, role, public = _cosigner(origin, cosignature, rings)
            verify_cosignature(head, cosignature, public)
            found.append(Witness(member, role, cosignature.clock_s, head.size))
    return tuple(sorted(found, key=lambda one: (one.clock_s, one.member, one.role)))


def _cosigner(origin: Origin, one: Cosignature, rings: dict[str, Keyring]) -> tuple[str, str, bytes]:
    """Return who cosigned, in which role, with which key; raises OutOfPlace for a stranger."""
    pieces = one.name.split("/")
    ring = rings.get(pieces[3]) if len(pieces) == 5 else None
    if ring is not None and pieces[:3] == ["detente", origin.line, str(origin.epoch)]:
        for own in ring.generations:
            public = own and {"log": own.cosign_log, "held": own.cosign_held}.get(pieces[4])
            if public and one.hint == note_hint(one.name, COSIGNATURE_TYPE, bytes.fromhex(public)):
                return pieces[3], pieces[4], bytes.fromhex(public)
    raise _out_of_place(say("a cosignature by {name}, who is not on this line", name=one.name))


def _bodies(bodies: list[tuple[bytes, bytes]], statement: Statement) -> dict[str, bytes]:
    """Return the shown contents by their commitment; each must match one that the entry promises."""
    promised = {one.hash: one.size for one in (statement.body, *statement.attachments)}
    found: dict[str, bytes] = {}
    for salt, content in bodies:
        digest = commit(salt, content)
        if len(salt) != SALT_BYTES or promised.get(digest) != len(content) or digest in found:
            raise _out_of_place(say("a content that the entry does not promise"))
        found[digest] = content
    return found


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _malformed(came: str) -> Refused:
    return Malformed(
        expected=say("evidence as spec/ describes it"),
        came=came,
        remedy=say("this file proves nothing; keep what you have"),
    )


def _out_of_place(came: str) -> Refused:
    return OutOfPlace(
        expected=say("evidence that fits together"),
        came=came,
        remedy=say("this file proves nothing; keep what you have"),
    )
