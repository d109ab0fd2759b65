"""The signer: it alone holds the operational keys and the head file, and trusts nobody who asks.

It parses whatever it signs and refuses the rest. A statement is signed only at the index after the last one that
is durable or that it issued in this run; a head only over exactly those statements: it keeps the tree's edge
itself. A cosignature is given only over a head that extends the highest one recorded for that log and role, and
the new one is on the disk before the answer leaves. No input or output but the head file; of a running node it is a
process of its own (``detente.node.signing``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente import words
from detente.line import keys as line_keys
from detente.line import merkle
from detente.line.checkpoint import Checkpoint, Head, Origin, cosigned_message, verify_cosignature
from detente.line.checkpoint import Cosignature as NoteCosignature
from detente.line.effects import HeadFile, Role, Sign, Signed
from detente.line.envelope import Envelope, PayloadType, Signature, pre_authentication
from detente.line.errors import Refused
from detente.line.session import Answer, Have, LineTest, decode_session
from detente.line.statement import Statement
from detente.node.errors import SignerFailure
from detente.node.keyfile import Keys
from detente.node.officers import Officers, check_given_touch, check_release
from detente.store.headfile import HeadRecord, OwnHead

__all__ = ["Signer"]

say = words.speaker("node")

_COSIGNS = {Role.COSIGN_LOG, Role.COSIGN_HELD}


@dataclass(slots=True)
class _Log:
    """An own log as issued in this run; ``heads``: signed here, not yet said to be durable."""

    frontier: merkle.Frontier
    last: bytes
    heads: dict[int, OwnHead] = field(default_factory=dict)
    released: dict[int, str] = field(default_factory=dict)  # index -> submission that officers released


class Signer:
    """Signs for one member, by the rules of ``detente.line.effects.Sign``.

    keys: private keys by generation. generation: the member's current one (its cosigning keys are used). head:
    the head file, or None when there is none: then only have-vectors, answers and tests are signed. officers: who
    must release what people say; None: nobody needs to.
    """

    def __init__(
        self,
        member: str,
        keys: Mapping[int, Keys],
        *,
        generation: int,
        head: HeadRecord | None,
        officers: Officers | None = None,
    ) -> None:
        self.member = member
        self._keys = dict(keys)
        self._generation = generation
        self._head = head
        self._officers = officers
        self._counters: dict[str, int] = {}
        self._logs: dict[Origin, _Log] = {}
        self._ids: dict[int, str] = {}

    def begin_run(self, line: str) -> None:
        """Forget what was signed for a line and is not durable: its machine begins anew from what is on the disk.

        Those signatures were in the memory of the run before alone; nothing of it was stored or sent.
        """
        for origin in [origin for origin in self.issued() if origin.line == line]:
            del self._logs[origin]
        self._counters.clear()  # of releases that are not durable; others are recorded with their statements

    # ---- asked by the machine -------------------------------------------------------------------------------

    def sign(self, request: Sign) -> Signed:
        """Return the signature, or the refusal with its reason. Raises StoreFailure when the head file fails."""
        try:
            return Signed(request.ticket, _RULES[request.what](self, request))
        except KeyError:
            return Signed(request.ticket, None, say("nothing that this signer knows: {what}", what=request.what))
        except (Refused, ValueError) as refusal:
            return Signed(request.ticket, None, str(refusal))

    @property
    def generation(self) -> int:
        """The member's current generation, whose cosigning keys are used."""
        return self._generation

    @property
    def generations(self) -> frozenset[int]:
        """The generations whose keys are here."""
        return frozenset(self._keys)

    @property
    def has_officers(self) -> bool:
        """Whether officers must release what people say."""
        return self._officers is not None

    def issued(self) -> dict[Origin, int]:
        """Return the own logs in which statements were signed that are not durable, and the size with them."""
        return {
            origin: log.frontier.size
            for origin, log in self._logs.items()
            if log.frontier.size > self.recorded(origin)
        }

    def durable(self, own: Sequence[tuple[Origin, int, bytes]]) -> None:
        """Record own heads whose statements are on the disk now; all in one step.

        Raises SignerFailure for a head that was neither signed in this run nor recorded before: see ``adopt``.
        """
        advanced: dict[Origin, OwnHead] = {}
        for origin, size, root in own:
            if not self.knows(origin, size, root):
                raise _failure(
                    say("a head that was not signed in this run: {size} of {origin}", size=size, origin=origin)
                )
            if origin in self._logs and size in self._logs[origin].heads:
                advanced[origin] = self._logs[origin].heads[size]
        if advanced and self._head is not None:
            released = [
                (submission, origin)
                for origin, head in advanced.items()
                for seq, submission in self._logs[origin].released.items()
                if seq < head.size
            ]
            if released or self._counters:
                self._head.put_own(advanced, released, self._counters)
                self._counters.clear()
            else:
                self._head.put_own(advanced)
            for origin, head in advanced.items():
                log = self._logs[origin]
                log.released = {seq: one for seq, one in log.released.items() if seq >= head.size}
                log.heads = {size: one for size, one in log.heads.items() if size > head.size}

    # ---- asked by the home ----------------------------------------------------------------------------------

    @property
    def has_head_file(self) -> bool:
        """Whether there is a head file; without one no statement, head or cosignature is signed."""
        return self._head is not None

    def head_file(self) -> HeadFile | None:
        """Return what is recorded, for the machine's Opened; None when there is no head file."""
        return self._head.head_file() if self._head else None

    def recorded(self, origin: Origin) -> int:
        """Return the size of an own log up to which it is recorded as signed and durable."""
        own = self._own(origin)
        return own.size if own else 0

    def knows(self, origin: Origin, size: int, root: bytes) -> bool:
        """Tell whether this own head was signed in this run or is recorded: then ``durable`` takes it."""
        recorded = self._own(origin)
        if recorded is not None and (recorded.size, recorded.root) == (size, root):
            return True
        head = self._logs[origin].heads.get(size) if origin in self._logs else None
        return head is not None and head.root == root

    def adopt(self, origin: Origin, edge: Sequence[bytes], leaves: Iterable[bytes]) -> None:
        """Take in own statements that stand in the database above the head file.

        The run before died between the two, or mirrors gave them back. Each is taken only under our own signature
        and at its place, from the recorded head on. edge: the perfect nodes of the recorded size
        (``merkle.Frontier``);
        leaves: everything above it, in order. Raises SignerFailure when they do not follow from what is recorded.
        """
        try:
            released: list[str] = []
            frontier, last = self._follow(origin, edge, leaves, released)
        except (Refused, ValueError) as fault:
            raise _failure(str(fault)) from fault
        self._start(origin, frontier, last, released)

    def found(self, head: HeadRecord) -> None:
        """Go on with a newly founded head file, after a keeper's word."""
        self._head = head
        self._logs.clear()

    def found_own(
        self, checkpoint: Checkpoint, edge: Sequence[bytes], last: bytes, released: Sequence[str] = ()
    ) -> None:
        """Record an own head from the database, under our own signature; only into a newly founded head file.

        released: submissions below it that officers released: no release is used twice, here either. Raises
        SignerFailure when the edge does not lead to the head, or a head is recorded already.
        """
        head = checkpoint.head
        try:
            checkpoint.verify(self._public(head.origin.generation))
            frontier = merkle.Frontier(head.size, edge)
        except (Refused, ValueError) as fault:
            raise _failure(str(fault)) from fault
        if (
            head.origin.member != self.member
            or frontier.root() != head.root
            or self._own(head.origin) is not None
        ):
            raise _failure(say("another log than the one recorded"))
        self._start(head.origin, frontier, last, released)

    def found_released(self, origin: Origin, released: Sequence[str]) -> None:
        """Record more submissions that officers released, in an own log that ``found_own`` recorded."""
        self._record().put_own({}, [(one, origin) for one in released])

    def found_cosigned(self, head: Head, one: NoteCosignature, role: Role) -> None:
        """Record a head that we cosigned before, from the database, under our own cosignature of any generation.

        Raises SignerFailure when no key of ours made it.
        """
        for own in self._keys.values():
            try:
                verify_cosignature(head, one, own.of(role).public_key().public_bytes_raw())
            except Refused:
                continue
            if head.size > self._record().cosigned.get((head.origin, role), (0, b""))[0]:
                self._record().put_cosigned(head.origin, (role,), head.size, head.root)
            return
        raise _failure(say("a cosignature that no key of this node made"))

    def change_generation(self, generation: int, keys: Mapping[int, Keys]) -> None:
        """Use the keys of a new generation from now on; keys of the others stay for their own logs."""
        self._generation = generation
        self._keys = dict(keys)
        self._ids.clear()

    def use_generation(self, generation: int) -> None:
        """Call this generation the current one from now on."""
        self._generation = generation

    def change_officers(self, officers: Officers | None) -> None:
        """Ask for the release of these officers from now on."""
        self._officers = officers

    # ---- rules ----------------------------------------------------------------------------------------------

    def _statement(self, request: Sign) -> bytes:
        log = self._log(request)
        statement = Statement.decode_known(request.message)
        if _place(statement) != (request.origin, request.index) or statement.key != self._id(
            request.origin.generation
        ):
            raise ValueError(
                say("a statement of another line, epoch, author, generation, key or index than named")
            )
        if request.index != log.frontier.size:
            raise ValueError(
                say("index {index}, where {next} is next", index=request.index, next=log.frontier.size)
            )
        if log.last and statement.previous != log.last.hex():
            raise ValueError(say("a statement that names another one before it"))
        self._released(log, statement, request)
        message = pre_authentication(PayloadType.STATEMENT, request.message)
        signature = self._key(request.origin.generation, Role.SIGN).sign(message)
        leaf = Envelope(PayloadType.STATEMENT, request.message, (Signature(statement.key, signature),)).encode()
        log.last = merkle.leaf_hash(leaf)
        log.frontier.append(log.last)
        return signature

    def check_release(self, statement: Statement, release: bytes) -> None:
        """Raise Refused when this statement would not be signed for want of its officers; nothing is recorded."""
        seen = {} if self._head is None else self._head.counters | self._counters
        noted = () if self._head is None else self._head.touches
        used = self._used(statement.submission)
        check_release(self._officers, statement, release, None if used else seen, noted)

    def note_touch(self, statement: Statement, release: bytes) -> None:
        """Note an officer's touch when it is given, so that its counter is compared then and not at the release.

        release: with this touch alone. Raises Refused for a touch that would not count, StoreFailure.
        """
        head = self._record()
        seen = head.counters | self._counters
        name, grown = check_given_touch(self._officers, statement, release, seen, head.touches)
        if name not in head.touches:
            head.put_touch(name, grown)

    def _released(self, log: _Log, statement: Statement, request: Sign) -> None:
        """Refuse what people say without the officers' release, and a release that was used in this log before.

        What is said again in a later log keeps its release: it is the same submission, and counts once.
        """
        if statement.release is None and not request.release and self._officers is None:
            return
        used = self._used(statement.submission)
        if request.origin in used:
            raise ValueError(say("a release that was used before in this log"))
        seen = None if used else self._record().counters | self._counters
        noted = () if self._head is None else self._head.touches
        counters = check_release(self._officers, statement, request.release, seen, noted)
        if not used:
            self._counters.update(counters)
        if request.release:
            log.released[request.index] = statement.submission

    def _used(self, submission: str) -> set[Origin]:
        """Return the own logs in which a released submission stands: recorded, or issued in this run."""
        issued = {origin for origin, log in self._logs.items() if submission in log.released.values()}
        return issued if self._head is None else issued | self._head.released.get(submission, set())

    def _head_note(self, request: Sign) -> bytes:
        log = self._log(request)
        root = log.frontier.root()
        if request.message != Head(request.origin, log.frontier.size, root).text() or not log.frontier.size:
            raise ValueError(say("a head over other statements than were signed here"))
        log.heads[log.frontier.size] = OwnHead(log.frontier.size, root, log.frontier.edge(), log.last)
        return self._key(request.origin.generation, Role.SIGN).sign(request.message)

    def _cosign(self, request: Sign) -> bytes:
        roles = (request.role,) if request.also is None else (request.role, request.also)
        head = Head(request.origin, request.index, request.leaf)
        if not set(roles) <= _COSIGNS or len(set(roles)) != len(roles):
            raise ValueError(say("the wrong key for it: {role}", role=request.role.value))
        if request.origin.member == self.member or request.message != head.text() or not head.size:
            raise ValueError(say("a head of this node itself, or another than named"))
        if request.clock_s * 1000 < self._record().answered_ms:
            raise ValueError(say("a clock before the one of an answer given: it would convict this node"))
        for role in roles:
            size, root = self._record().cosigned.get((request.origin, role), (0, b""))
            if size != request.proof_from or (
                size and not merkle.verify_consistency(size, head.size, request.proof, root, head.root)
            ):
                raise ValueError(
                    say("a head that does not extend the one cosigned before, of {size} statements", size=size)
                )
        own = [self._key(request.generation, role) for role in roles]
        self._record().put_cosigned(request.origin, roles, head.size, head.root)
        message = cosigned_message(head, request.clock_s)
        return b"".join([key.sign(message) for key in own])

    def _have(self, request: Sign) -> bytes:
        have = decode_session(request.message, Have)
        return self._session(request, PayloadType.HAVE, have.author, have.line, have.key)

    def _answer(self, request: Sign) -> bytes:
        answer = decode_session(request.message, Answer)
        signature = self._session(request, PayloadType.ANSWER, answer.author, answer.line, answer.key)
        if self._head is not None:
            self._head.put_answered(answer.clock_ms)  # on the disk before the answer leaves
        return signature

    def _test(self, request: Sign) -> bytes:
        test = decode_session(request.message, LineTest)
        return self._session(request, PayloadType.LINE_TEST, test.author, test.line, test.key)

    def _session(self, request: Sign, kind: PayloadType, author: str, line: str, key: str) -> bytes:
        if (author, line) != (self.member, request.origin.line) or key != self._id(request.origin.generation):
            raise ValueError(say("a word of another author, line or key than named"))
        if request.role is not Role.SIGN:
            raise ValueError(say("the wrong key for it: {role}", role=request.role.value))
        return self._key(request.origin.generation, Role.SIGN).sign(pre_authentication(kind, request.message))

    # ---- inside ---------------------------------------------------------------------------------------------

    def _log(self, request: Sign) -> _Log:
        """Return the own log of a request for a statement or head; refuses another's, and another role."""
        if request.role is not Role.SIGN:
            raise ValueError(say("the wrong key for it: {role}", role=request.role.value))
        if request.origin.member != self.member:
            raise ValueError(say("a log of another author: {origin}", origin=request.origin))
        self._record()
        log = self._logs.get(request.origin)
        if log is None:
            own = self._own(request.origin)
            log = _Log(merkle.Frontier(own.size, own.edge), own.last) if own else _Log(merkle.Frontier(), b"")
            self._logs[request.origin] = log
        return log

    def _follow(
        self, origin: Origin, edge: Sequence[bytes], leaves: Iterable[bytes], released: list[str]
    ) -> tuple[merkle.Frontier, bytes]:
        """Return the tree's edge and last leaf hash after these leaves of our own, from the recorded head on.

        released: gains the submissions among them that officers released.
        """
        recorded = self._own(origin)
        frontier = merkle.Frontier(recorded.size if recorded else 0, edge)
        if recorded is not None and frontier.root() != recorded.root:
            raise ValueError(say("another log than the one recorded"))
        last = recorded.last if recorded else b""
        for leaf in leaves:
            envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
            statement, _ = Statement.decode(envelope.payload)
            if _place(statement) != (origin, frontier.size) or (last and statement.previous != last.hex()):
                raise ValueError(say("a statement that stands elsewhere"))
            envelope.verify_one(self._public(origin.generation))
            if statement.release is not None:
                released.append(statement.submission)
            last = merkle.leaf_hash(leaf)
            frontier.append(last)
        return frontier, last

    def _start(
        self, origin: Origin, frontier: merkle.Frontier, last: bytes, released: Sequence[str] = ()
    ) -> None:
        """Record an own head that is durable and go on from it."""
        if frontier.size:
            head = {origin: OwnHead(frontier.size, frontier.root(), frontier.edge(), last)}
            used = [(one, origin) for one in released]
            if used:
                self._record().put_own(head, used)
            else:
                self._record().put_own(head)
        self._logs[origin] = _Log(frontier, last)

    def _record(self) -> HeadRecord:
        if self._head is None:
            raise ValueError(say("no head file: a keeper must confirm first"))
        return self._head

    def _own(self, origin: Origin) -> OwnHead | None:
        return self._head.own.get(origin) if self._head else None

    def _key(self, generation: int, role: Role) -> Ed25519PrivateKey:
        own = self._keys.get(generation)
        if own is None:
            raise ValueError(say("no keys of generation {generation}", generation=generation))
        return own.of(role)

    def _public(self, generation: int) -> bytes:
        return self._key(generation, Role.SIGN).public_key().public_bytes_raw()

    def _id(self, generation: int) -> str:
        identifier = self._ids.get(generation)
        if identifier is None:
            identifier = self._ids[generation] = line_keys.key_id(self._public(generation))
        return identifier


def _place(statement: Statement) -> tuple[Origin, int]:
    return Origin(statement.line, statement.epoch, statement.author, statement.generation), statement.seq


def _failure(came: str) -> SignerFailure:
    return SignerFailure(
        expected=say("own statements that follow from the head file"),
        came=came,
        remedy=say("stop; see: detente line status; a keeper must look at it"),
    )


_RULES: dict[str, Callable[[Signer, Sign], bytes]] = {
    "statement": Signer._statement,  # noqa: SLF001 - the table of this class's own rules
    "head": Signer._head_note,  # noqa: SLF001
    "cosign": Signer._cosign,  # noqa: SLF001
    "have": Signer._have,  # noqa: SLF001
    "answer": Signer._answer,  # noqa: SLF001
    "test": Signer._test,  # noqa: SLF001
}
