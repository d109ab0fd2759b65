"""What the command line and the running node say to each other over the node's own socket.

Each question is one frame, each answer is one frame: MessagePack, strict in both directions. Only a process of the
same user on this machine can ask; what it sends is checked all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from detente import words
from detente.errors import DetenteError
from detente.line.bundle import Kind, Record
from detente.line.effects import Alarm, Draft, Took, Transmit
from detente.line.errors import BadSignature, LineMistake, Malformed, OutOfPlace, Refused
from detente.line.statement import Reference
from detente.node.errors import KeyMistake, SignerFailure, SignerGone, SignerLocked, StillReading
from detente.store.errors import HomeMistake, StoreFailure

__all__ = [
    "VERSION",
    "ActCommitted",
    "Answer",
    "Arrives",
    "Asked",
    "Confirms",
    "Consents",
    "Fault",
    "Hello",
    "Joins",
    "LineStands",
    "Looks",
    "Packs",
    "Submits",
    "Ticks",
    "WireTransmit",
    "decode_answer",
    "decode_question",
    "encode",
    "fault_of",
    "from_wire",
    "raised",
    "to_wire",
    "transmitted",
]

say = words.speaker("node")

VERSION = 1
"""Of this little protocol: both ends are of one installation, but for the minute in which it is exchanged."""

WireRecords = tuple[tuple[bytes, bytes], ...]


class _Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="ask"):
    pass


class Hello(_Question, frozen=True, tag="hello"):
    """Say how the node stands."""

    version: int = VERSION


class Looks(_Question, frozen=True, tag="look"):
    """Say how the node stands, and its couriers."""


class Submits(_Question, frozen=True, tag="submit"):
    """Hold these drafts."""

    line: str
    drafts: tuple[Draft, ...]


class Arrives(_Question, frozen=True, tag="arrived"):
    """Take in these records of one bundle, in order."""

    line: str
    records: WireRecords
    last: bool


class Packs(_Question, frozen=True, tag="ready"):
    """Give the next piece of the bundle for a party."""

    line: str
    to: str
    size_max: int
    go_on: bool


class Ticks(_Question, frozen=True, tag="tick"):
    """Look at what is due on this line now."""

    line: str


class ActCommitted(_Question, frozen=True, tag="act"):
    """Put this approved own root act into force on every line; its keys lie in the key file by now."""

    envelope: bytes


class Confirms(_Question, frozen=True, tag="confirm"):
    """A keeper's word after a halt, for every halted line."""


class Consents(_Question, frozen=True, tag="consent"):
    """Consent to the opening in this file."""

    opening: bytes


class Joins(_Question, frozen=True, tag="join"):
    """Join the line of the opening in this file."""

    opening: bytes


Asked = Hello | Looks | Submits | Arrives | Packs | Ticks | ActCommitted | Confirms | Consents | Joins


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error as it goes over the socket: which class, and its four texts."""

    kind: str
    expected: str
    came: str
    where: str
    remedy: str


class WireTransmit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Transmit as it goes over the socket."""

    to: str
    records: WireRecords
    more: bool


class LineStands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a line stands in the running node. fault: why it does not run, or ""."""

    run: str
    reason: str
    fault: str = ""
    batches: int = 0
    drafts: int = 0


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What came of a question; ``fault``: it was not done, or it is not known whether it was."""

    fault: Fault | None = None
    member: str = ""
    process: int = 0
    waits: str = ""
    """Why the lines do not run yet: the signer waits for its passphrase."""
    held_s: int = 0
    """For how long the lines have been at one piece of work, when that is too long; no more is known then."""
    lines: dict[str, LineStands] = {}
    couriers: dict[str, Any] | None = None
    """How the couriers stand: ``CourierStates.document``."""
    references: tuple[Reference, ...] = ()
    took: tuple[Took, ...] = ()
    sent: WireTransmit | None = None
    alarms: tuple[Alarm, ...] = ()
    done: tuple[str, ...] = ()
    """Lines for which a keeper's word was carried out."""


_KINDS: dict[str, type[DetenteError]] = {
    one.__name__: one
    for one in (
        BadSignature,
        HomeMistake,
        KeyMistake,
        LineMistake,
        Malformed,
        OutOfPlace,
        Refused,
        SignerFailure,
        SignerGone,
        SignerLocked,
        StillReading,
        StoreFailure,
    )
}
_encoder = msgspec.msgpack.Encoder()
_questions = msgspec.msgpack.Decoder(Asked)
_answers = msgspec.msgpack.Decoder(Answer)
_RECORD_KINDS = {kind.value: kind for kind in Kind}


def encode(message: Asked | Answer) -> bytes:
    """Return the bytes of a question or an answer."""
    return _encoder.encode(message)


def decode_question(octets: bytes) -> Asked:
    """Return a question; raises Malformed."""
    try:
        question: Asked = _questions.decode(octets)
    except msgspec.DecodeError as fault:
        raise _malformed(str(fault)) from None
    return question


def decode_answer(octets: bytes) -> Answer:
    """Return an answer; raises Malformed."""
    try:
        return _answers.decode(octets)
    except msgspec.DecodeError as fault:
        raise _malformed(str(fault)) from None


def to_wire(records: Sequence[Record]) -> WireRecords:
    """Return records as they go over the socket; one of an unknown kind has an empty one."""
    return tuple((one.kind.value if one.kind is not None else b"", one.content) for one in records)


def from_wire(records: WireRecords) -> tuple[Record, ...]:
    """Return the records that came over the socket; raises Malformed for a kind that is none."""
    if any(kind and kind not in _RECORD_KINDS for kind, _ in records):
        raise _malformed(say("a record of a kind that this version does not know"))
    return tuple(Record(_RECORD_KINDS.get(kind), content) for kind, content in records)


def transmitted(sent: Transmit) -> WireTransmit:
    """Return a Transmit as it goes over the socket."""
    return WireTransmit(sent.to, to_wire(sent.records), sent.more)


def fault_of(error: Exception) -> Fault:
    """Return an error as it goes over the socket; one that is none of ours as a failure of the node."""
    if not isinstance(error, DetenteError):
        return Fault(
            "StoreFailure", say("work that ends well"), type(error).__name__, "", say("look at the node's log")
        )
    kind = next((one.__name__ for one in type(error).__mro__ if one.__name__ in _KINDS), "StoreFailure")
    return Fault(kind, error.expected, error.came, error.where, error.remedy)


def raised(fault: Fault) -> DetenteError:
    """Return the error that came over the socket, of its own class."""
    kind = _KINDS.get(fault.kind, StoreFailure)
    return kind(expected=fault.expected, came=fault.came, where=fault.where, remedy=fault.remedy)


def _malformed(came: str) -> Malformed:
    return Malformed(
        expected=say("a question or an answer between processes of this node"),
        came=came[:300],
        remedy=say("nothing of it was used; is another version running?"),
    )
