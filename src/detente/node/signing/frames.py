"""What goes over the signer's socket: requests and answers as MessagePack, each value of a narrow type and a cap.

A frame is four bytes of length, big-endian, and one message: a list whose first item names its kind. Whatever else
comes is refused, and the connection ends. A log is named by the text of its origin, which has one spelling only: so no
request names a log in a way under which the signer would not find again what it recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente import words
from detente.errors import DetenteError, OurMistake, TheirMistake, WorldFailure
from detente.line.canonical import INTEGER_MAX
from detente.line.checkpoint import NOTE_MAX, Origin
from detente.line.effects import HeadFile, RecordedActs, Role, Sign
from detente.line.envelope import ENVELOPE_MAX
from detente.line.errors import BadSignature, LineMistake, Malformed, OutOfPlace, Refused
from detente.node.errors import KeyMistake, SignerFailure, SignerLocked
from detente.node.sealing import HEADER_MAX, SEALED_KEY_MAX
from detente.store.errors import HomeMistake, StoreFailure

__all__ = [
    "ANSWER_MAX",
    "LOOK_MAX",
    "PROTOCOL",
    "REQUEST_MAX",
    "Answer",
    "Request",
    "decode_answer",
    "decode_request",
]

say = words.speaker("node")

PROTOCOL = 1
REQUEST_MAX = 4 * 1024 * 1024
"""Bytes of one request of the node that is served."""
LOOK_MAX = 128 * 1024
"""Bytes of one request of anybody else."""
ANSWER_MAX = 32 * 1024 * 1024
LISTED_MAX = 4 * 1024 * 1024
LEAVES_MAX = 4096
LEAVES_BYTES = REQUEST_MAX // 2
SUBMISSIONS_MAX = 20_000
_GENERATION_MAX = 999_999_999
_LOGS_MAX = 1 << 20

Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
Edge = Annotated[tuple[Digest, ...], Meta(max_length=64)]
Number = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Generation = Annotated[int, Meta(ge=0, le=_GENERATION_MAX)]
OriginText = Annotated[str, Meta(max_length=240)]
Secret = Annotated[bytes, Meta(min_length=1, max_length=4096)]
Submissions = Annotated[tuple[Annotated[str, Meta(max_length=32)], ...], Meta(max_length=SUBMISSIONS_MAX)]
Text = Annotated[str, Meta(max_length=8192)]


class _Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A message, either way."""


# ---- requests that anybody of this user may make -------------------------------------------------------------


class Status(_Message, frozen=True, tag="status"):
    """Ask how the signer stands."""


class Unlock(_Message, frozen=True, tag="unlock"):
    """Open the keys with this passphrase."""

    passphrase: Secret

    def __repr__(self) -> str:
        return "Unlock()"  # a passphrase stands in no log


class Reload(_Message, frozen=True, tag="reload"):
    """Read the keys again, which a verb changed under the same passphrase."""

    passphrase: Secret

    def __repr__(self) -> str:
        return "Reload()"


class OpenSeal(_Message, frozen=True, tag="open seal"):
    """Give the content key of a sealed bundle: its header's bytes, its sealed key."""

    info: Annotated[bytes, Meta(max_length=HEADER_MAX)]
    sealed: Annotated[bytes, Meta(max_length=SEALED_KEY_MAX)]


class Officers(_Message, frozen=True, tag="officers"):
    """Ask who must release what people say: public keys, and nothing secret."""


class Serve(_Message, frozen=True, tag="serve"):
    """Serve this connection from now on, and no other."""

    protocol: Number


# ---- requests of the node that is served ---------------------------------------------------------------------


class Ask(_Message, frozen=True, tag="sign"):
    """A ``line.effects.Sign``."""

    ticket: Number
    what: Annotated[str, Meta(max_length=32)]
    role: Role
    origin: OriginText
    message: Annotated[bytes, Meta(max_length=4 * ENVELOPE_MAX)]
    index: Number
    leaf: Annotated[bytes, Meta(max_length=32)]
    proof: Annotated[tuple[Digest, ...], Meta(max_length=128)]
    proof_from: Number
    clock_s: Number
    generation: Generation
    release: Annotated[bytes, Meta(max_length=ENVELOPE_MAX)]
    also: Role | None

    @classmethod
    def of(cls, one: Sign) -> Ask:
        """Return the message for a request."""
        return cls(
            one.ticket, one.what, one.role, str(one.origin), one.message, one.index, one.leaf, one.proof,
            one.proof_from, one.clock_s, one.generation, one.release, one.also,
        )  # fmt: skip

    def request(self) -> Sign:
        """Return the request; raises Malformed."""
        return Sign(
            self.ticket, self.what, self.role, origin_of(self.origin), self.message, self.index, self.leaf, self.proof,
            self.proof_from, self.clock_s, self.generation, self.release, self.also,
        )  # fmt: skip


class BeginRun(_Message, frozen=True, tag="begin run"):
    """The machine of this line begins anew."""

    line: Annotated[str, Meta(max_length=64)]


class CheckRelease(_Message, frozen=True, tag="check release"):
    """Ask whether this statement would be signed with this release."""

    statement: Annotated[bytes, Meta(max_length=ENVELOPE_MAX)]
    release: Annotated[bytes, Meta(max_length=ENVELOPE_MAX)]


class NoteTouch(_Message, frozen=True, tag="note touch"):
    """Note an officer's touch for this statement: a release that holds it alone."""

    statement: Annotated[bytes, Meta(max_length=ENVELOPE_MAX)]
    release: Annotated[bytes, Meta(max_length=ENVELOPE_MAX)]


class Durable(_Message, frozen=True, tag="durable"):
    """These own heads are on the disk."""

    own: Annotated[tuple[tuple[OriginText, Number, Digest], ...], Meta(max_length=4096)]


class Knows(_Message, frozen=True, tag="knows"):
    """Ask whether this own head was signed in this session, or is recorded."""

    origin: OriginText
    size: Number
    root: Digest


class Recorded(_Message, frozen=True, tag="recorded"):
    """Ask up to which size this own log is recorded."""

    origin: OriginText


class Heads(_Message, frozen=True, tag="heads"):
    """Ask what is recorded."""


class Facts(_Message, frozen=True, tag="facts"):
    """Ask what else a node must know of its signer."""


class Adopt(_Message, frozen=True, tag="adopt"):
    """Take in own statements that the database has and the head file has not."""

    origin: OriginText
    edge: Edge
    leaves: Annotated[tuple[Annotated[bytes, Meta(max_length=ENVELOPE_MAX)], ...], Meta(max_length=LEAVES_MAX)]


class FoundHead(_Message, frozen=True, tag="found head"):
    """Found a head file."""


class FoundOwn(_Message, frozen=True, tag="found own"):
    """Put an own head into the new head file."""

    checkpoint: Annotated[bytes, Meta(max_length=NOTE_MAX)]
    edge: Edge
    last: Digest
    released: Submissions


class FoundReleased(_Message, frozen=True, tag="found released"):
    """Put released submissions of an own log into the new head file."""

    origin: OriginText
    released: Submissions


class FoundCosigned(_Message, frozen=True, tag="found cosigned"):
    """Put a head that this node cosigned into the new head file."""

    origin: OriginText
    size: Number
    root: Digest
    role: Role
    name: Annotated[str, Meta(max_length=240)]
    hint: Annotated[bytes, Meta(max_length=4)]
    clock_s: Number
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class Founded(_Message, frozen=True, tag="founded"):
    """The new head file is whole."""


class ConfirmMachine(_Message, frozen=True, tag="confirm machine"):
    """This machine is the right one."""


class NoteActs(_Message, frozen=True, tag="note acts"):
    """The home holds more own root acts: read and record them."""


class UseGeneration(_Message, frozen=True, tag="use generation"):
    """This generation is the current one."""

    generation: Generation


Request = (
    Adopt
    | Ask
    | BeginRun
    | CheckRelease
    | ConfirmMachine
    | Durable
    | Facts
    | FoundCosigned
    | FoundHead
    | FoundOwn
    | FoundReleased
    | Founded
    | Heads
    | Knows
    | NoteActs
    | NoteTouch
    | Officers
    | OpenSeal
    | Recorded
    | Reload
    | Serve
    | Status
    | Unlock
    | UseGeneration
)


# ---- answers --------------------------------------------------------------------------------------------------


class Standing(_Message, frozen=True, tag="standing"):
    """How the signer stands.

    state: "locked" (no passphrase yet), "ready", or "serving" a node. fault: why it is still locked, in words, or "".
    process: its id. since_ms: when it began. signed, refused: counts since then. signed_again: how often an index was
    signed a second time, because the node that had the first signature ended before it was stored. old_sealing: keys
    for sealed bundles that must be destroyed by now, and lie in the key file still.
    """

    state: Literal["locked", "ready", "serving"]
    member: Text
    home: Text
    fault: Text
    process: Number
    since_ms: Number
    signed: Number
    refused: Number
    signed_again: Number
    old_sealing: Number


class Facing(_Message, frozen=True, tag="facing"):
    """What the node that is served must know of its signer, beside the head file's contents."""

    member: Text
    home: Text
    generation: Generation
    generations: Annotated[tuple[Generation, ...], Meta(max_length=_LOGS_MAX)]
    has_head_file: bool
    has_officers: bool
    machine_changed: bool


class Given(_Message, frozen=True, tag="signed"):
    """A ``line.effects.Signed``."""

    ticket: Number
    signature: Annotated[bytes, Meta(min_length=64, max_length=128)] | None
    refusal: Text


class Done(_Message, frozen=True, tag="done"):
    """It is done."""


class Told(_Message, frozen=True, tag="told"):
    """Whether a head is known, or a size."""

    value: Number


class Recording(_Message, frozen=True, tag="recording"):
    """A ``line.effects.HeadFile``; own is None when there is no head file. acts: count and newest hash, or None."""

    own: Annotated[tuple[tuple[OriginText, Number, Digest], ...], Meta(max_length=_LOGS_MAX)] | None
    cosigned: Annotated[tuple[tuple[OriginText, Role, Number, Digest], ...], Meta(max_length=_LOGS_MAX)]
    answered_ms: Number
    acts: tuple[Number, Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]] | None

    @classmethod
    def of(cls, found: HeadFile | None) -> Recording:
        """Return the message for a head file."""
        if found is None:
            return cls(None, (), 0, None)
        return cls(
            tuple([(str(origin), size, root) for origin, (size, root) in found.own.items()]),
            tuple([(str(origin), role, size, root) for (origin, role), (size, root) in found.cosigned.items()]),
            found.answered_ms,
            None if found.acts is None else (found.acts.count, found.acts.newest),
        )

    def head_file(self) -> HeadFile | None:
        """Return the head file; raises Malformed."""
        if self.own is None:
            return None
        return HeadFile(
            {origin_of(origin): (size, root) for origin, size, root in self.own},
            {(origin_of(origin), role): (size, root) for origin, role, size, root in self.cosigned},
            self.answered_ms,
            None if self.acts is None else RecordedActs(*self.acts),
        )


class Opened(_Message, frozen=True, tag="opened"):
    """The content key of a sealed bundle."""

    key: Digest

    def __repr__(self) -> str:
        return "Opened()"


class Listed(_Message, frozen=True, tag="listed"):
    """The officers as ``Officers.document`` has them, MessagePack; None when the keepers named none."""

    officers: Annotated[bytes, Meta(max_length=LISTED_MAX)] | None


class Failed(_Message, frozen=True, tag="failed"):
    """An error, in the words that it would have had here. busy: another node is served."""

    kind: Annotated[str, Meta(max_length=40)]
    expected: Text
    came: Text
    where: Text
    remedy: Text
    busy: bool = False

    @classmethod
    def of(cls, error: DetenteError, *, busy: bool = False) -> Failed:
        """Return the message for an error; of a class that is not known here, its nearest one."""
        kind = next(one.__name__ for one in type(error).__mro__ if one.__name__ in _ERRORS)
        expected, came, where, remedy = (
            part[:2000] for part in (error.expected, error.came, error.where, error.remedy)
        )
        return cls(kind, expected, came, where, remedy, busy)

    def error(self) -> DetenteError:
        """Return the error."""
        kind = _ERRORS.get(self.kind, SignerFailure)
        return kind(expected=self.expected, came=self.came, where=self.where, remedy=self.remedy)


Answer = Done | Facing | Failed | Given | Listed | Opened | Recording | Standing | Told

_ERRORS: dict[str, type[DetenteError]] = {
    one.__name__: one
    for one in (
        BadSignature, DetenteError, HomeMistake, KeyMistake, LineMistake, Malformed, OurMistake, OutOfPlace, Refused,
        SignerFailure, SignerLocked, StoreFailure, TheirMistake, WorldFailure,
    )
}  # fmt: skip

_request = msgspec.msgpack.Decoder(Request)
_answer = msgspec.msgpack.Decoder(Answer)
_encoder = msgspec.msgpack.Encoder()


def encode(message: Request | Answer) -> bytes:
    """Return a message's bytes."""
    return _encoder.encode(message)


def decode_request(octets: bytes) -> Request:
    """Return the request that these bytes are; raises Malformed."""
    try:
        found: Request = _request.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise malformed(str(fault)) from None
    return found


def decode_answer(octets: bytes) -> Answer:
    """Return the answer that these bytes are; raises Malformed."""
    try:
        found: Answer = _answer.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise malformed(str(fault)) from None
    return found


@lru_cache(maxsize=4096)
def origin_of(text: str) -> Origin:
    """Return the log that a text names; raises Malformed."""
    return Origin.parse(text)


def own_of(found: Iterable[tuple[str, int, bytes]]) -> list[tuple[Origin, int, bytes]]:
    """Return own heads; raises Malformed."""
    return [(origin_of(origin), size, root) for origin, size, root in found]


def malformed(came: str) -> Malformed:
    """Return the error for what is no message."""
    return Malformed(
        expected=say("a message between this node and its signer"),
        came=came[:200],
        remedy=say("nothing of it was used; is another version running?"),
    )
