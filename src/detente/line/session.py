"""What two parties say to each other about their record, signed but not logged.

Have-vectors, challenge answers, line tests.

A have-vector heads every bundle: which heads its author holds of every log, which root acts, which bodies it
misses, and a nonce. Its receiver sends what is missing, and answers the nonce with the highest head of the
author's own log that it holds: so a restored node learns what it signed before, and an answer that understates
convicts later, together with the cosignature that the answerer gave before.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from detente import words
from detente.line import canonical
from detente.line.envelope import ENVELOPE_MAX, PayloadType
from detente.line.errors import Malformed
from detente.line.statement import MEMBERS_MAX, Count, Hash, LineId, Name, Small, Submission

__all__ = ["MISSING_MAX", "ActsHeld", "Answer", "Have", "LineTest", "LogHeld", "OwnHead", "decode_session"]

say = words.speaker("line")

MISSING_MAX = 1024
LOGS_MAX = 4096

Epoch = Annotated[int, Meta(ge=1, le=999_999_999)]


class LogHeld(msgspec.Struct, frozen=True):
    """What the author durably holds of one log: size and root; ``bodies``: every shown body below this index."""

    bodies: Count
    epoch: Epoch
    generation: Small
    member: Name
    root: Hash
    size: Count


class ActsHeld(msgspec.Struct, frozen=True):
    """How many root acts of a party the author holds, and the hash of the last."""

    count: Annotated[int, Meta(ge=1, le=999_999_999)]
    last: Hash
    member: Name


class OwnHead(msgspec.Struct, frozen=True):
    """The highest head of the asker's log of one epoch and generation that the answerer holds."""

    epoch: Epoch
    generation: Small
    root: Hash
    size: Count


class Have(msgspec.Struct, frozen=True, kw_only=True):
    """The first record of every bundle.

    ``to`` is a party's name; ``challenge`` asks for an Answer to ``nonce``.
    """

    acts: Annotated[tuple[ActsHeld, ...], Meta(max_length=1024)]
    author: Name
    challenge: bool
    clock_ms: Count
    epoch: Epoch
    forks: Annotated[tuple[Hash, ...], Meta(max_length=256)]
    format: Literal[1]
    key: Hash
    line: LineId
    logs: Annotated[tuple[LogHeld, ...], Meta(max_length=LOGS_MAX)]
    missing: Annotated[tuple[Hash, ...], Meta(max_length=MISSING_MAX)]
    nonce: Submission
    opening: Hash
    to: Name

    def encode(self) -> bytes:
        """Return the canonical payload."""
        return canonical.encode(msgspec.to_builtins(self))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a challenge: ``nonce`` and ``about`` from the have-vector, what its author durably holds."""

    about: Name
    author: Name
    clock_ms: Count
    format: Literal[1]
    heads: Annotated[tuple[OwnHead, ...], Meta(max_length=MEMBERS_MAX)]
    key: Hash
    line: LineId
    nonce: Submission
    revocation: Hash | None

    def encode(self) -> bytes:
        """Return the canonical payload."""
        return canonical.encode(msgspec.to_builtins(self))


class LineTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test of the line: a nonce, or the reply that repeats it. Never logged; a miss is."""

    author: Name
    clock_ms: Count
    epoch: Epoch
    format: Literal[1]
    key: Hash
    kind: Literal["test", "reply"]
    line: LineId
    nonce: Submission
    to: Name

    def encode(self) -> bytes:
        """Return the canonical payload."""
        return canonical.encode(msgspec.to_builtins(self))


Session = TypeVar("Session", Have, Answer, LineTest)
_encoder = msgspec.json.Encoder(order="sorted")
TYPE_OF = {Have: PayloadType.HAVE, Answer: PayloadType.ANSWER, LineTest: PayloadType.LINE_TEST}


def decode_session(payload: bytes, kind: type[Session]) -> Session:
    """Return the payload of one of the three kinds; raises Malformed. Unknown fields are refused: not logged."""
    document = canonical.decode(payload, size_max=ENVELOPE_MAX * 4, what=kind.__name__)
    try:
        made = msgspec.convert(document, kind)
    except msgspec.ValidationError as fault:
        raise _malformed(str(fault)[:200]) from None
    if _encoder.encode(made) != payload:  # what it holds was canonical: only a field may be missing from it
        raise _malformed(say("a field that this version does not know"))
    _check_order(made)
    return made


def _check_order(made: Have | Answer | LineTest) -> None:
    """Refuse two words about one log: whoever reads the first and whoever reads the last must see the same."""
    places: list[list[tuple[object, ...]]] = []
    if isinstance(made, Have):
        places = [
            [(log.epoch, log.member, log.generation) for log in made.logs],
            [(acts.member,) for acts in made.acts],
        ]
    elif isinstance(made, Answer):
        places = [[(head.epoch, head.generation) for head in made.heads]]
    for listed in places:
        if len(set(listed)) != len(listed):
            raise _malformed(say("two words about one log or chain"))


def _malformed(came: str) -> Malformed:
    return Malformed(
        expected=say("a have-vector, answer or line test as spec/ describes it"),
        came=came,
        remedy=say("nothing of it was stored; ask the sender"),
    )
