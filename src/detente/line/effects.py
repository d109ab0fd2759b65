"""What goes into the machine and what comes out: the whole contract between the line and the world.

The machine (``machine.Line``) is a function of its inputs: no clock, no randomness, no input or output.

    events  -> Opened, Submitted, Arrived, Signed, Durable, CourierReady, Ticked, Confirmed, RootActGiven, ...
    effects <- Sign, Append, Transmit, Wake, Raise

The order that everything rests on: Sign -> Signed -> Append -> Durable -> Transmit. A signature goes into an
Append and nowhere else; what leaves in a Transmit was durable before. The host carries out Append atomically
(all puts of one batch or none) and only then answers Durable; it carries out the signer's rules itself.

What there is one of for every notice is a msgspec structure: made some twenty times faster than a dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Protocol

import msgspec

from detente.line.bundle import Record
from detente.line.checkpoint import Checkpoint, Cosignature, Origin
from detente.line.statement import Reference

__all__ = [
    "ActGiven",
    "Alarm",
    "Append",
    "Arrived",
    "Confirmed",
    "Consented",
    "CourierReady",
    "Draft",
    "Durable",
    "HeadFile",
    "Opened",
    "Part",
    "Priority",
    "PutAct",
    "PutAnswer",
    "PutBody",
    "PutCheckpoint",
    "PutClaim",
    "PutCosignature",
    "PutDue",
    "PutEntry",
    "PutFork",
    "PutHistory",
    "PutOpening",
    "PutPeer",
    "PutState",
    "Raise",
    "RecordedActs",
    "Role",
    "Sign",
    "Signed",
    "Submitted",
    "Ticked",
    "Took",
    "Transmit",
    "View",
    "Wake",
]


# ---- what the signer is asked -------------------------------------------------------------------------------


class Role(StrEnum):
    """Which of a member's operational keys signs; each signs only its own kinds of bytes."""

    SIGN = "sign"  # statements, heads, have-vectors, answers, tests
    COSIGN_LOG = "cosign_log"
    COSIGN_HELD = "cosign_held"


class Sign(msgspec.Struct, frozen=True, gc=False):
    """Ask the signer. ``ticket`` comes back in Signed.

    what:
    - "statement": message is the payload; the signer refuses any index but the one after the last that it was
      told is durable or has signed in this session.
    - "head": message is the text of the head that these statements lead to.
    - "cosign": message is the head's text; the signer refuses a head that does not extend, by ``proof``, the
      highest that it cosigned of this log in this role, and syncs the new one before it answers.
    - "have", "answer", "test": message is the payload.
    """

    ticket: int
    what: str
    role: Role
    origin: Origin
    message: bytes
    index: int = 0  # statement: its seq; head and cosign: the size
    leaf: bytes = b""  # statement: empty (the leaf exists only with the signature); head and cosign: the root
    proof: tuple[bytes, ...] = ()  # cosign: consistency from the highest size recorded, which the machine is told
    proof_from: int = 0
    clock_s: int = 0  # cosign: the time that goes into the cosignature
    generation: int = 0  # cosign: the own generation whose keys the cosignature names
    release: bytes = b""
    """statement: the officers' release beside it; the signer knows the officers."""
    also: Role | None = None
    """cosign: a second role at the same recorded head, so that one sync does for both; the answer is then
    128 bytes, the signature of ``role`` first."""

    def numbered(self, ticket: int) -> Sign:
        """Return the same request under its ticket."""
        return Sign(
            ticket, self.what, self.role, self.origin, self.message, self.index, self.leaf, self.proof,
            self.proof_from, self.clock_s, self.generation, self.release, self.also,
        )  # fmt: skip


class Signed(msgspec.Struct, frozen=True, gc=False):
    """The signer's answer: 64 bytes (128 with ``also``), or a refusal with its reason.

    A refused cosignature stops that log alone; after any other refusal the machine halts and raises an alarm.
    """

    ticket: int
    signature: bytes | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class RecordedActs:
    """How many root acts of its own member the home held, card included, and the hash of the newest, hexadecimal.

    Each act names the one before it: the newest pins the whole chain.
    """

    count: int
    newest: str


@dataclass(frozen=True, slots=True)
class HeadFile:
    """What the signer durably recorded, outside the home and outside every backup.

    own: per own log, the size and root of the last durable head. cosigned: per mirrored log and role, the highest
    head cosigned. acts: the home's own root acts; None in a head file of before they were recorded.
    """

    own: dict[Origin, tuple[int, bytes]]
    cosigned: dict[tuple[Origin, Role], tuple[int, bytes]]
    answered_ms: int = (
        0  # latest clock of a challenge answer that was signed: no cosignature bears an earlier one
    )
    acts: RecordedActs | None = None


# ---- what is stored -----------------------------------------------------------------------------------------


class PutEntry(msgspec.Struct, frozen=True, gc=False):
    """One statement at its index, its leaf hash, and the perfect tree nodes that it completed (leaf included).

    submission: of own entries, to be found again; "" for others'. wanted: shown bodies that are not here yet; a
    later PutBody with the hash settles it.
    """

    origin: Origin
    seq: int
    leaf: bytes
    leaf_hash: bytes
    nodes: tuple[tuple[int, int, bytes], ...]
    submission: str
    received_ms: int
    wanted: tuple[str, ...] = ()


class PutBody(msgspec.Struct, frozen=True, gc=False):
    """A content by its commitment hash; with an empty salt a release, by its SHA-256.

    open: whether others may have it when they name its hash as missing; False for own contents that are to be
    revealed later, whose hash everybody knows. of: whose statement commits to it, for that party's quota.
    not_for: statements that name this hash for something else than this content: they go on wanting.
    """

    hash: str
    salt: bytes
    content: bytes
    open: bool = True
    of: str = ""
    not_for: tuple[tuple[Origin, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PutCheckpoint:
    """The newest checkpoint of a log (without cosignatures); older ones stay for proof."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class PutClaim:
    """A head that its author signed and that does not fit what is held, or not yet: its entries may still come.

    Kept apart from the heads that fit, so that two heads which contradict each other become a fork proof
    whichever came first. ``keep`` False: delete the claim of this log, size and root; it fits now, or is
    proven.
    """

    checkpoint: Checkpoint
    keep: bool = True


class PutDue(msgspec.Struct, frozen=True, gc=False):
    """``member`` owes an answer to the statement at (origin, seq) by due_ms, this node's own clock.

    None: it was answered, or the alarm was given: the row goes.
    """

    origin: Origin
    seq: int
    member: str
    due_ms: int | None


@dataclass(frozen=True, slots=True)
class PutCosignature:
    """A cosignature over a head, own or another's; all are kept, so that the first over each entry is known."""

    origin: Origin
    size: int
    root: bytes
    cosignature: Cosignature
    received_ms: int


@dataclass(frozen=True, slots=True)
class PutAct:
    """A party's root act, by index; the whole envelope."""

    member: str
    index: int
    envelope: bytes


@dataclass(frozen=True, slots=True)
class PutOpening:
    """An opening of this line; ``current`` says that this node's member is in it and works in it."""

    hash: str
    epoch: int
    octets: bytes
    current: bool


@dataclass(frozen=True, slots=True)
class PutFork:
    """A fork proof: canonical JSON, by its hash; the verbs write it out as a file and name it."""

    hash: str
    proof: bytes


@dataclass(frozen=True, slots=True)
class PutAnswer:
    """A challenge answer about this node's own logs, its whole envelope: it may convict its author later.

    Also a neutral party's word on a revocation (``Answer.revocation``), whose logs it speaks of.
    """

    member: str
    envelope: bytes


@dataclass(frozen=True, slots=True)
class PutPeer:
    """The last have-vector of a party: its payload, canonical JSON."""

    member: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class PutHistory:
    """One line of the history that is not a statement: state changes, refusals, halts, confirmations, answers."""

    at_ms: int
    what: str
    member: str
    detail: bytes  # canonical JSON


@dataclass(frozen=True, slots=True)
class PutState:
    """The machine's own small state (canonical JSON): run state, pending challenge, what is known of parties."""

    octets: bytes


Part = (
    PutEntry
    | PutBody
    | PutCheckpoint
    | PutClaim
    | PutDue
    | PutCosignature
    | PutAct
    | PutOpening
    | PutFork
    | PutAnswer
    | PutPeer
    | PutHistory
    | PutState
)


@dataclass(frozen=True, slots=True)
class Append:
    """Store all parts or none; answer Durable(batch).

    own: heads that the signer may now record as durable, before Durable is answered (if we die between store and
    head file, the database is ahead by one batch: the signer accepts exactly that at the next start when the
    entries verify under its own key).
    """

    batch: int
    parts: tuple[Part, ...]
    own: tuple[tuple[Origin, int, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Durable:
    """Everything up to and including this batch is on the disk, and so is the head file."""

    batch: int


class View(Protocol):
    """Read-only look-ups in what is durable.

    The machine calls them synchronously; the answers are part of its input, and every one is checked again by
    hash where it goes into a proof.
    """

    def entry(self, origin: Origin, seq: int) -> bytes | None:
        """Return the leaf at this index, or None."""

    def entries(self, origin: Origin, start: int, count: int) -> list[bytes]:
        """Return up to ``count`` leaves from index ``start``."""

    def node(self, origin: Origin, level: int, index: int) -> bytes:
        """Return a perfect tree node below the size; the store fails when it is not there."""

    def received_ms(self, origin: Origin, seq: int) -> int | None:
        """Return this node's own clock when the entry was stored, or None."""

    def size(self, origin: Origin) -> int:
        """Return how many statements of this log are stored."""

    def origins(self) -> list[Origin]:
        """Return the logs that hold at least one statement."""

    def body(self, digest: str) -> tuple[bytes, bytes] | None:
        """Return salt and content, or None."""

    def open_body(self, digest: str) -> tuple[bytes, bytes] | None:
        """Return salt and content of what was stored as open to others, or None."""

    def open_bodies(self, digests: list[str]) -> dict[str, tuple[bytes, bytes]]:
        """Return those of these contents that are stored as open to others, by hash."""

    def has_body(self, digest: str) -> bool:
        """Tell whether this content is stored."""

    def submission(self, submission: str) -> Reference | None:
        """Return where the newest statement of this submission stands, or None."""

    def submissions(self, submissions: list[str]) -> set[str]:
        """Return those of these submissions of which a statement is stored."""

    def checkpoint(self, origin: Origin) -> Checkpoint | None:
        """Return the newest head of this log with its writer's signature alone, or None."""

    def checkpoint_at(self, origin: Origin, size: int) -> Checkpoint | None:
        """Return the head of this size with its writer's signature alone, or None."""

    def checkpoint_below(self, origin: Origin, size: int) -> Checkpoint | None:
        """Return the newest head of at most this size with its writer's signature alone, or None."""

    def claims(self, origin: Origin) -> list[Checkpoint]:
        """Return the claims kept about this log (``PutClaim``), by size, then root."""

    def due(self, upto_ms: int, limit: int) -> list[tuple[Origin, int, str, int]]:
        """Return the first ``limit`` rows of ``PutDue`` with due_ms <= upto_ms, earliest first."""

    def missing(self, origin: Origin) -> dict[int, set[str]]:
        """Return index -> hashes of shown bodies that are still missing, by index."""

    def newest_cosignatures(self, origin: Origin) -> list[tuple[int, bytes, Cosignature]]:
        """Return the newest cosignature of each cosigner's name and hint: size, root, cosignature."""

    def cosignature_before(
        self, origin: Origin, name: str, hint: bytes, clock_s: int
    ) -> tuple[int, Cosignature] | None:
        """Return the highest head that this key cosigned before a time of its own clock, or None."""

    def first_cosignature(self, origin: Origin, seq: int, name: str) -> tuple[int, Cosignature] | None:
        """Return the first head with this statement in it that this name cosigned, or None."""

    def acts(self, member: str) -> list[bytes]:
        """Return a party's root acts in order."""

    def openings(self) -> list[tuple[bytes, bool]]:
        """Return the openings held, and whether this home worked or works in each."""

    def peer(self, member: str) -> bytes | None:
        """Return the payload of a party's last have-vector, or None."""

    def answers(self, member: str) -> list[bytes]:
        """Return the answers kept of a party, oldest first."""

    def used_bytes(self, member: str) -> int:
        """Return how many bytes of this party's statements and bodies are stored."""

    def forks(self) -> list[bytes]:
        """Return the fork proofs held."""

    def state(self) -> bytes | None:
        """Return the machine's small state, or None."""


# ---- what happens -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """First event of every run.

    head_file: what the signer recorded; None: there is no head file. entropy: 32 random bytes from which this run
    derives its salts and nonces. restored: by the verb ``restore``, since the last run. machine_changed: since
    then. acts: own root acts that the home holds and this line does not, in order: a commit that died half-way
    through the lines of a home is finished before anything is decided. generations: the own ones whose private keys
    are here, None for all: the copy of an old home may get root acts back, and never the keys that they began.
    """

    head_file: HeadFile | None
    entropy: bytes
    restored: bool = False
    machine_changed: bool = False
    acts: tuple[bytes, ...] = ()
    generations: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What an officer sends. submission: 16 random bytes, hexadecimal, the same again for a retry.

    release: the officers' release, if people released it; then ``salts`` holds the salts that they released with,
    of the body and of each attachment. Else the machine draws them.
    """

    type: str
    media_type: str
    content: bytes
    submission: str
    attachments: tuple[tuple[str, bytes], ...] = ()
    reveal: str = "now"
    answer_by_ms: int | None = None
    in_reply_to: Reference | None = None
    critical: tuple[str, ...] = ()
    release: bytes | None = None
    salts: tuple[bytes, ...] = ()
    again: bool = False  # said again in a new epoch or generation under its old submission


@dataclass(frozen=True, slots=True)
class Submitted:
    """Officers' drafts, in order; they become one batch."""

    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Whole records of one bundle, in order, as the parser gives them; ``last`` ends the bundle."""

    records: tuple[Record, ...]
    last: bool


@dataclass(frozen=True, slots=True)
class CourierReady:
    """A courier can carry a bundle of about ``size_max`` bytes to this party now.

    go_on: continue where the last Transmit to this party ended, with statements and bodies alone, so that one
    bundle of any length is made in pieces of bounded memory.
    """

    to: str
    size_max: int
    go_on: bool = False


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed; the machine looks at what is due.

    tests: whether the line is tested as well. A node that runs only while a person uses it does not: nobody can answer
    within the hour what travels on a stick.
    """

    tests: bool = True


@dataclass(frozen=True, slots=True)
class ActGiven:
    """A committed root act of this node's own member, from its keepers."""

    envelope: bytes


@dataclass(frozen=True, slots=True)
class Consented:
    """A keeper consents to an opening of the next epoch: this member's first statement in it will name it."""

    opening: bytes


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A keeper's word after a halt: go on from what is known.

    head_file: the one that the signer founded at that word when there was none; None when there was one.
    """

    head_file: HeadFile | None = None


@dataclass(frozen=True, slots=True)
class Transmit:
    """Hand these records to the courier: everything in them is durable."""

    to: str
    records: tuple[Record, ...]
    more: bool  # there is more than fitted: ask again


@dataclass(frozen=True, slots=True)
class Took:
    """What an Arrived brought: counts of what was new, and for each refusal its reason and words.

    not_understood: records of an unknown kind, skipped. cut: the bundle ended without its closing record.
    """

    new: tuple[tuple[str, int], ...]
    refused: tuple[tuple[str, str], ...]
    not_understood: int
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Wake:
    """Send Ticked at this time, own clock."""

    at_ms: int


class Priority(Enum):
    """As on a ship's bridge (IEC 62923)."""

    EMERGENCY = "emergency"
    ALARM = "alarm"
    WARNING = "warning"
    CAUTION = "caution"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a person must know: a stable name, about whom, and detail for the sentence."""

    name: str
    priority: Priority
    member: str
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Raise:
    """Tell a person."""

    alarm: Alarm
