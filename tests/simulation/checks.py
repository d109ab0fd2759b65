"""The omniscient observer: it sees every disk, every signature and every byte that leaves, and knows who is honest.

It keeps its own account of what was signed, acknowledged and sent, and compares at every effect:

I1 held, I2 receipt, I3 prefix, I4 no silent divergence, I5 no forgery, I6 never two heads, I7 fork proof, I8 once,
I9 time, I10 bounded, I11 nothing stored is ever changed, I12 keys; after healing L1-L5 (``owed``).
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from detente.line import merkle
from detente.line.bundle import Kind, Parser, Record
from detente.line.checkpoint import Checkpoint, Origin
from detente.line.effects import (
    Alarm,
    Append,
    PutAct,
    PutBody,
    PutCheckpoint,
    PutClaim,
    PutCosignature,
    PutEntry,
    PutFork,
    PutOpening,
    PutPeer,
    Role,
    Sign,
    Transmit,
)
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import Refused
from detente.line.keys import key_id
from detente.line.proof import answer_fork, judge, shows
from detente.line.session import Answer, Have, decode_session
from detente.line.standing import seat_under
from detente.line.state import Run, State
from detente.line.statement import SALT_BYTES, Reference, Statement, commit, shown_hashes

if TYPE_CHECKING:
    from tests.simulation.nodes import Node
    from tests.simulation.world import World

FALSE_ALARMS = frozenset({"fork", "fork-offered", "head-does-not-fit"})


_have_decoder = msgspec.json.Decoder(Have)


class Violation(AssertionError):
    """An invariant of the line does not hold."""


@dataclass(frozen=True)
class Before:
    """What the observer looks at again after an event."""

    run: Run
    generation: int
    seen_own: dict[Origin, int]

    @classmethod
    def of(cls, state: State) -> Before:
        return cls(state.run, state.rings[state.me].generation, dict(state.seen_own))


class Checks:
    """The account of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.truth: dict[Origin, list[bytes]] = defaultdict(list)  # leaves of honest authors, once durable
        self.left_heads: dict[tuple[Origin, int], bytes] = {}
        self.left_leaves: dict[tuple[Origin, int], bytes] = {}
        self.left_cosigned: dict[tuple[str, Origin, Role], dict[int, bytes]] = defaultdict(dict)
        self.acknowledged: dict[str, tuple[str, Reference]] = {}
        self.lost: set[str] = set()  # submissions that a restore destroyed before anybody else had them
        self.doubtful: set[tuple[str, int]] = set()  # (member, generation) whose key did or may have signed twice
        self.beyond_help: set[tuple[str, int]] = set()  # doubtful by an operator's act, not by theft
        self.expected_halts: set[str] = set()
        self.overdue_raised: dict[str, dict[str, int]] = defaultdict(dict)
        self.proven: set[str] = set()
        self.said: set[bytes] = set()  # have-vectors, answers and tests that the signer of anybody honest signed
        self.own_words: set[tuple[str, bytes]] = set()  # (node, payload) of statements that this very node signed
        self.signed_heads: set[tuple[Origin, int, bytes]] = set()
        self.held_back: dict[
            str, tuple[int, dict[Origin, int]]
        ] = {}  # generation and own sizes of a restored node
        self.heads_shown: dict[tuple[str, int], dict[tuple[Origin, int], set[bytes]]] = defaultdict(dict)
        self.promised: dict[str, dict[str, list[tuple[Origin, int, bytes, int]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self.taking_back: set[tuple[str, int]] = set()  # lives of nodes that just became whole
        self.carried: dict[tuple[str, str], dict[Origin, int]] = {}  # (node, to): next index of each log
        self.two_heads: dict[tuple[str, int], set[Origin]] = defaultdict(set)
        self.bytes_in: dict[str, int] = defaultdict(int)
        self.bytes_kept: dict[str, int] = defaultdict(int)

    def fail(self, what: str, node: Node | None, detail: object = "") -> None:
        raise Violation(f"{what}: {node.label if node else 'world'}: {detail}")

    def honest_origin(self, origin: Origin) -> bool:
        return origin.member not in self.world.liars and (origin.member, origin.generation) not in self.doubtful

    # ---- signatures and the disk ------------------------------------------------------------------------------

    def signing(self, node: Node, request: Sign) -> None:
        """I6, I12: a node that is not running signs no entry; nothing is cosigned above a closed head."""
        if not node.honest or node.line is None:
            return
        state = node.line.state
        if request.what in {"statement", "head", "cosign"} and state.run is not Run.RUNNING:
            self.fail("I6 signed an entry, head or cosignature while not running", node, state.reason)
        if request.what in {"have", "answer", "test"}:
            self.said.add(request.message)
        if request.what == "statement":
            self.own_words.add((node.label, request.message))
        if request.what == "have":
            self._have(node, request)
        if request.what == "answer":
            self._answer(node, request)
        if request.what == "cosign":
            origin = request.origin
            ring = state.rings[origin.member]
            closed = ring.closed.get((origin.line, origin.epoch, origin.generation))
            if closed is not None and request.index > closed[0].size:
                self.fail("I12 cosigned above a head that root keys closed", node, origin)
            if any(judge(made).origin == origin for made in node.disk.database.forks()):
                self.fail("I4 cosigned a log of whose fork a proof is held", node, origin)

    def committing(self, node: Node, append: Append) -> None:
        """Before a batch reaches the disk: I3, I5, I6, I8, I11, I12."""
        if not node.honest:
            return
        kept = 0
        sizes: dict[Origin, int] = {}
        for part in append.parts:
            if type(part) is PutEntry:
                if sizes.setdefault(part.origin, node.disk.database.size(part.origin)) != part.seq:
                    self.fail("I11 an entry stored at another place than the next", node, (part.origin, part.seq))
                sizes[part.origin] += 1
                self._entry(node, part)
                kept += len(part.leaf)
            elif type(part) is PutBody:
                if commit(part.salt, part.content) != part.hash:
                    self.fail("I5 a body under another hash", node, part.hash)
                self._stated(node, part)
                kept += len(part.content)
            elif type(part) is PutFork:
                self._fork(node, part)
                kept += len(part.proof)
            elif type(part) is PutAct:
                if part.envelope not in self.world.parties[part.member].ring.envelopes:
                    self.fail("I5 a root act that no quorum signed", node, part.member)
            elif type(part) is PutCosignature:
                self._cosignature(node, part)
            elif type(part) is PutPeer:
                self._peer(node, part)
            elif type(part) is PutOpening:
                self._opening(node, part)
            elif type(part) in {PutCheckpoint, PutClaim}:
                self._head(node, part.checkpoint)
        self._wanted(node, append)
        self.bytes_kept[node.label] += kept

    def _peer(self, node: Node, part: PutPeer) -> None:
        """I5: what is kept as an honest party's word was signed by that party, and for this one."""
        if decode_session(part.octets, Have).to != node.member:
            self.fail("I5 a have-vector for somebody else is kept", node, part.member)
        if part.member not in self.world.liars and self._sane(part.member) and part.octets not in self.said:
            self.fail("I5 a have-vector that its author never signed is kept", node, part.member)

    def _opening(self, node: Node, part: PutOpening) -> None:
        """I5: an opening is kept when members consented to it, and not because somebody proposes it."""
        agreed = {plan.octets for plan in self.world.plans} | {self.world.opening.encode()}
        if part.octets not in agreed:
            self.fail("I5 an opening is kept to which nobody consented", node, part.hash)

    def _head(self, node: Node, checkpoint: Checkpoint) -> None:
        """I5: a head that is kept was signed by its author's key of that generation."""
        origin = checkpoint.head.origin
        party = self.world.parties[origin.member]
        try:
            checkpoint.verify(bytes.fromhex(party.key_of(origin.generation, Role.SIGN).public))
        except (Refused, IndexError):
            self.fail("I5 a head is kept that its author never signed", node, checkpoint.head)

    def _stated(self, node: Node, part: PutBody) -> None:
        """I5: a body has the size that every statement states that is held and commits to it."""
        for origin, seq, leaf, size in self.promised[node.label][part.hash]:
            if node.disk.database.entry(origin, seq) == leaf and len(part.content) != size:
                self.fail("I5 a body of another size than its statement states", node, (origin, seq))

    def _wanted(self, node: Node, append: Append) -> None:
        """I2: the disk knows which shown contents it lacks, else a receipt after a restart would cover them."""
        came = {part.hash for part in append.parts if type(part) is PutBody}
        for part in append.parts:
            if type(part) is not PutEntry or node.line is None:
                continue
            log = node.line.state.logs.get(part.origin)
            seat = seat_under(node.line.state, log, node.member) if log is not None else None
            if seat is None or seat.role != "member":
                continue
            shown = shown_hashes(Envelope.decode(part.leaf, PayloadType.STATEMENT).payload)
            lacking = {one for one in shown if one not in came and not node.disk.database.has_body(one)}
            if not lacking <= set(part.wanted):
                self.fail("I2 a missing body is not noted on the disk", node, (part.origin, part.seq))

    def _entry(self, node: Node, part: PutEntry) -> None:
        if merkle.leaf_hash(part.leaf) != part.leaf_hash:
            self.fail("I11 a leaf under another hash", node, (part.origin, part.seq))
        statement, _ = Statement.decode(Envelope.decode(part.leaf, PayloadType.STATEMENT).payload)
        place = Origin(statement.line, statement.epoch, statement.author, statement.generation)
        for one in (statement.body, *statement.attachments):
            self.promised[node.label][one.hash].append((place, statement.seq, part.leaf, one.size))
        if (place, statement.seq) != (part.origin, part.seq):
            self.fail("I3 a statement stored at a place that it does not name", node, (part.origin, part.seq))
        if not self.honest_origin(part.origin):
            return
        truth = self.truth[part.origin]
        if part.seq < len(truth):
            if truth[part.seq] != part.leaf:
                own = part.origin.member == node.member
                what = "I6 another entry at an index already durable" if own else "I3 not what the sender logged"
                self.fail(what, node, (part.origin, part.seq))
        elif part.origin.member != node.member:
            self.fail("I5 an entry that its author never logged", node, (part.origin, part.seq))
        elif part.seq > len(truth):
            self.fail("I3 a gap in an own log", node, (part.origin, part.seq))
        else:
            truth.append(part.leaf)

    def _cosignature(self, node: Node, part: PutCosignature) -> None:
        """I2 as the reader sees it: an honest cosigner's receipt in a store is one that it really gave."""
        _, _, _, member, role = part.cosignature.name.split("/")
        if not self.world.parties[member].cosigned(part):
            self.fail("I5 a cosignature stored that no key of its cosigner made", node, part)
        if member in self.world.liars or not self._sane(member):
            return
        place = (member, part.origin, Role.COSIGN_LOG if role == "log" else Role.COSIGN_HELD)
        if member != node.member and self.left_cosigned[place].get(part.size) != part.root:
            self.fail("I5 a receipt that its cosigner never gave", node, (place, part.size))

    def _fork(self, node: Node, part: PutFork) -> None:
        """L3, I7: a stored fork proof stands alone, and nobody is convicted who did not sign twice."""
        verdict = judge(part.proof)
        party = self.world.parties.get(verdict.member)
        if party is None or party.ring.card != verdict.card:
            self.fail("I7 a fork proof about nobody", node, verdict)
        guilty = verdict.member in self.world.liars or not self._sane(verdict.member)
        if not guilty:
            self.fail("L3 an honest key convicted", node, verdict)
        self.world.marks[f"fork proven: {verdict.kind}"] += 1
        self.proven.add(verdict.member)

    def _sane(self, member: str) -> bool:
        return all(name != member for name, _ in self.doubtful)

    def committed(self, node: Node, append: Append) -> None:
        """A batch is on the disk: I1 and I8, and the officer is told."""
        if not node.honest or node.label != node.member:  # what a clone says, its officers cannot count on
            return
        for part in append.parts:
            if type(part) is not PutEntry or not part.submission or part.origin.member != node.member:
                continue
            held = self.acknowledged.get(part.submission)
            found = node.disk.database.submission(part.submission)
            if found is None:
                self.fail("I1 a stored submission cannot be found again", node, part.submission)
                return
            if held is not None and held[0] == node.member and self._twice(held[1], found):
                self.fail("I8 one submission became two entries", node, (held[1], found))
            self.acknowledged[part.submission] = (node.member, found)

    def _twice(self, before: Reference, now: Reference) -> bool:
        """The same place again is a refill; another one is allowed above a final or closed head only."""
        if (before.epoch, before.generation, before.seq) == (now.epoch, now.generation, now.seq):
            return False
        return (before.epoch, before.generation) == (now.epoch, now.generation)

    # ---- what leaves ------------------------------------------------------------------------------------------

    def leaving(self, node: Node, transmit: Transmit) -> None:
        """Nothing promises what is not durable; no two signatures for one place leave (I2, I6)."""
        database = node.disk.database
        self._in_a_row(node, transmit)
        for record in transmit.records:
            if record.kind in self._KEPT and not self._is_kept(node, record):
                self.fail(f"I2 a {record.kind.name} left before it was durable", node)
            if record.kind is Kind.ENTRY:
                if record.content not in database.leaves:
                    self.fail("I2 an entry left before it was durable", node)
                self._own_leaf(node, record.content)
                self._held_back(node, record.content)
            elif record.kind is Kind.CHECKPOINT:
                self._checkpoint(node, record.content)
            elif record.kind is Kind.BODY:
                digest = commit(record.content[:SALT_BYTES], record.content[SALT_BYTES:])
                if not database.has_body(digest):
                    self.fail("I5 a body left that is not stored", node)
                if transmit.to in self.world.observers:
                    self.fail("bodies go to members only", node, transmit.to)

    def _own_leaf(self, node: Node, leaf: bytes) -> None:
        marker = b'"signatures":[{"keyid":"'
        at = leaf.find(marker) + len(marker)
        if leaf[at : at + 64] not in self.world.own_key_ids(node.member):
            return
        statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
        origin = Origin(statement.line, statement.epoch, statement.author, statement.generation)
        if not self.honest_origin(origin):
            return
        place = (origin, statement.seq)
        if self.left_leaves.setdefault(place, leaf) != leaf:
            self.fail("I6 two signatures for one index left", node, place)

    _KEPT = frozenset({Kind.FORK, Kind.ROOT_ACT, Kind.OPENING})

    def _is_kept(self, node: Node, record: Record) -> bool:
        database = node.disk.database
        if record.kind is Kind.FORK:
            return record.content in database.forks()
        if record.kind is Kind.OPENING:
            return any(record.content == octets for octets, _ in database.openings())
        return any(record.content in database.acts(name) for name in self.world.parties)

    def _in_a_row(self, node: Node, transmit: Transmit) -> None:
        """I3 as the sender sees it: within a bundle, and where it goes on in the next, no statement is left out."""
        place = (node.label, transmit.to)
        if transmit.records and transmit.records[0].kind is Kind.HAVE:  # else it goes on where the last one ended
            self.carried.pop(place, None)
        following = self.carried.setdefault(place, {})
        for record in transmit.records:
            if record.kind is Kind.ENTRY:
                statement, _ = Statement.decode(Envelope.decode(record.content, PayloadType.STATEMENT).payload)
                origin = Origin(statement.line, statement.epoch, statement.author, statement.generation)
                if statement.seq > following.get(origin, statement.seq):  # a node that started anew begins anew
                    self.fail("I3 a bundle leaves out a statement", node, (origin, statement.seq))
                following[origin] = statement.seq + 1

    def _held_back(self, node: Node, leaf: bytes) -> None:
        """I6: a node that was restored says nothing new before a mirror was asked or its time ran out."""
        if node.label not in self.held_back or node.line is None:
            return
        held = self.held_back[node.label]
        if not node.line.state.challenging:
            del self.held_back[node.label]
            return
        statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
        origin = Origin(statement.line, statement.epoch, statement.author, statement.generation)
        if statement.author == node.member and statement.seq >= held.get(origin, 0) and node.running:
            self.fail("I6 a restored node spoke before it asked its mirrors", node, (origin, statement.seq))

    def _checkpoint(self, node: Node, octets: bytes) -> None:
        first, size_text, root_text, rest = octets.split(b"\n", 3)
        origin, size = Origin.parse(first.decode()), int(size_text)
        database, head_file = node.disk.database, node.disk.head
        root = database.root_at(origin, size) if database.size(origin) >= size else b""
        if root != base64.b64decode(root_text):
            self.fail("I2 a head left that is not held", node, (origin, size))
        if origin.member == node.member and self.honest_origin(origin):
            if self.left_heads.setdefault((origin, size), root) != root:
                self.fail("I6 two heads of one size left", node, (origin, size))
            recorded = head_file.own[origin].size if head_file and origin in head_file.own else 0
            if recorded < size and origin.generation == node.disk_generation():
                self.fail("I6 a head left before the head file knew it", node, (origin, size, recorded))
        if f"/{node.member}/".encode() in rest:
            self._own_cosignatures(node, origin, size, root, rest)

    def _own_cosignatures(self, node: Node, origin: Origin, size: int, root: bytes, lines: bytes) -> None:
        database, head_file = node.disk.database, node.disk.head
        for word, role in (("log", Role.COSIGN_LOG), ("held", Role.COSIGN_HELD)):
            name = f"\u2014 detente/{origin.line}/{origin.epoch}/{node.member}/{word} "
            if name.encode() not in lines:
                continue
            given = self.left_cosigned[node.member, origin, role]
            again = size in given  # what left before may be carried again by a node that was restored since
            recorded = head_file.cosigned.get((origin, role), (0, b""))[0] if head_file else 0
            known = again or head_file is None or not self._sane(node.member)
            if recorded < size and not known:
                self.fail("I2 a receipt left before the head file knew it", node, (origin, size))
            if role is Role.COSIGN_HELD and not again and min(database.missing(origin), default=size) < size:
                self.fail("I2 a receipt over a body that is not held", node, (origin, size))
            if given.setdefault(size, root) != root and self._sane(node.member):
                self.fail("I6 two cosigned heads of one size left", node, (origin, size))
            lower = max((one for one in given if one < size), default=0)
            if lower and database.root_at(origin, lower) != given[lower] and self._sane(node.member):
                self.fail("I6 cosigned heads that conflict left", node, (origin, lower, size))

    def _have(self, node: Node, request: Sign) -> None:
        have = _have_decoder.decode(request.message)
        for log in have.logs:
            origin = Origin(have.line, log.epoch, log.member, log.generation)
            if log.size > node.disk.database.size(origin):
                self.fail("I2 a have-vector says more than is durable", node, origin)
            missing = min(node.disk.database.missing(origin), default=log.size)
            if node.member not in self.world.observers and log.bodies > missing:
                self.fail("I2 a have-vector hides a missing body", node, origin)

    def _answer(self, node: Node, request: Sign) -> None:
        """An honest answer says no less than its author ever cosigned: else it would convict itself."""
        answer = decode_session(request.message, Answer)
        said = {(head.epoch, head.generation): head.size for head in answer.heads}
        if not self._sane(node.member) or node.label != node.member:
            return
        for (member, origin, _), given in self.left_cosigned.items():
            ours = member == node.member and origin.member == answer.about
            if ours and max(given, default=0) > said.get((origin.epoch, origin.generation), 0):
                self.fail("an honest answer says less than was cosigned", node, origin)

    # ---- what arrives, and what a person is told ----------------------------------------------------------------

    def arriving(self, node: Node, octets: bytes) -> None:
        self.bytes_in[node.label] += len(octets)

    def pieces(self, node: Node, octets: bytes, pieces: list[bytes]) -> None:
        """I10: a bundle says the same in however many pieces it comes."""
        if len(pieces) < 2:
            return
        try:
            whole = Parser().feed(octets)
        except Refused:
            return
        parser, found = Parser(), []
        try:
            for piece in pieces:
                found += parser.feed(piece)
        except Refused:
            found = []
        if found != whole:
            self.fail("I10 a bundle says something else in pieces", node, len(pieces))

    def showing(self, node: Node, records: tuple[Record, ...]) -> None:
        """I7: remember heads of one size that contradict each other and reached one honest node in one life."""
        if not node.honest or node.line is None:
            return
        shown = self.heads_shown[node.label, node.life]
        for record in records:
            if record.kind is Kind.ENTRY:
                self._two_entries(node, record.content)
            if record.kind is not Kind.CHECKPOINT:
                continue
            try:
                checkpoint = Checkpoint.decode(record.content)
                origin = checkpoint.head.origin
                log = node.line.state.logs.get(origin)
                own = node.line.state.rings[origin.member].keys_of(origin.generation)
                if own is None or log is None or origin.member == node.member or len(log.claims) > 50:
                    continue
                checkpoint.verify(bytes.fromhex(own.sign))
            except (Refused, KeyError):
                continue
            if checkpoint.head.size:
                roots = shown.setdefault((origin, checkpoint.head.size), set())
                roots.add(checkpoint.head.root)
                if len(roots) > 1:
                    self.two_heads[node.label, node.life].add(origin)

    def _two_entries(self, node: Node, leaf: bytes) -> None:
        """I7: a statement that its author signed for an index where this node holds another one."""
        assert node.line is not None
        state = node.line.state
        try:
            envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
            statement, _ = Statement.decode(envelope.payload)
            origin = Origin(statement.line, statement.epoch, statement.author, statement.generation)
            own = state.rings[origin.member].keys_of(origin.generation)
            if own is None or origin.member == node.member or node.disk.database.size(origin) <= statement.seq:
                return
            if node.disk.database.entry(origin, statement.seq) != leaf:
                assert statement.key == key_id(bytes.fromhex(own.sign))
                envelope.verify_one(bytes.fromhex(own.sign))
                self.two_heads[node.label, node.life].add(origin)
        except (Refused, KeyError, AssertionError):
            return

    def handled(self, node: Node, before: Before, effects: list[Any]) -> None:
        """I4, I6: what an event changed about whether this node may sign, and what it took in as its own."""
        line = node.line
        if not node.honest or line is None:
            return
        state = line.state
        if before.run is not Run.RUNNING and state.run is Run.RUNNING:
            self._runs_again(node, before)
            self.taking_back.add((node.label, node.life))
        for effect in effects:
            if type(effect) is not Append:
                continue
            if (node.label, node.life) in self.taking_back:
                self.taking_back.discard((node.label, node.life))  # what made it whole goes to the disk
            elif before.run is Run.RUNNING is state.run:
                self._foreign(node, effect)

    def _runs_again(self, node: Node, before: Before) -> None:
        """A node that refilled itself asked somebody, and is whole as far as anybody showed it its own words."""
        assert node.line is not None
        state = node.line.state
        if before.generation != state.rings[node.member].generation or before.run is not Run.REFILLING:
            return
        if not any(party.answer is not None for party in state.parties.values()):
            self.fail("I6 signs again before any mirror answered", node, state.reason)
        for origin, size in before.seen_own.items():
            ring = state.rings[node.member]
            closed = (origin.line, origin.epoch, origin.generation) in ring.closed
            over = closed or origin.generation < ring.generation
            if not over and (origin not in state.logs or state.logs[origin].size < size):
                self.fail("I6 signs again below what was shown under its own signature", node, (origin, size))

    def _foreign(self, node: Node, append: Append) -> None:
        """A running node takes nothing into its own open log that it did not say itself."""
        assert node.line is not None
        ring = node.line.state.rings[node.member]
        for part in append.parts:
            if type(part) is not PutEntry or part.origin.member != node.member:
                continue
            closed = (part.origin.line, part.origin.epoch, part.origin.generation) in ring.closed
            if closed or part.origin.generation < ring.generation:
                continue
            payload = Envelope.decode(part.leaf, PayloadType.STATEMENT).payload
            if (node.label, payload) not in self.own_words:
                self.fail("I4 takes another's words into its own log and runs on", node, (part.origin, part.seq))

    def raised(self, node: Node, alarm: Alarm) -> None:
        """L3 no false alarm; L4 what was raised is remembered."""
        world = self.world
        world.marks[f"alarm: {alarm.name}"] += 1
        world.tell(node, f"alarm {alarm.name}", alarm.member, *(f"{key}={value}" for key, value in alarm.detail))
        if not node.honest:
            return
        if alarm.name in FALSE_ALARMS and alarm.member not in world.liars and self._sane(alarm.member):
            self.fail("L3 a false alarm", node, alarm)
        if alarm.name == "halted" and node.label not in self.expected_halts and self._sane(node.member):
            self.fail("L3 halted without a cause", node, alarm)
        if alarm.name == "unacknowledged":
            self.overdue_raised[node.label][alarm.member] = node.life
            self._too_early(node, alarm.member)

    def _too_early(self, node: Node, member: str) -> None:
        """I9: by its own clock, something of the node's waited at least the stated time."""
        assert node.line is not None
        state, database = node.line.state, node.disk.database
        limit = node.now_ms() - self.world.settings.unacknowledged_after_ms
        for origin, log in state.logs.items():
            delivered = log.delivered.get((member, Role.COSIGN_HELD), 0)
            if origin.member == node.member and delivered < log.durable:
                received_ms = database.received_ms(origin, delivered)
                if received_ms is not None and received_ms <= limit:
                    return
        self.fail("I9 an obligation expired early", node, member)

    def receipts(self, node: Node) -> None:
        """I2 as the officer reads it: what is called delivered has a receipt on the disk."""
        if not node.honest or node.line is None or node.pending or node.line._batches:
            return
        for origin, log in node.line.state.logs.items():
            if origin.member != node.member:
                continue
            kept: dict[tuple[str, Role], int] = defaultdict(int)
            for size, _, one in node.disk.database.newest_cosignatures(origin):
                _, _, _, member, word = one.name.split("/")
                role = Role.COSIGN_LOG if word == "log" else Role.COSIGN_HELD
                kept[member, role] = max(kept[member, role], size)
            for (member, role), size in log.delivered.items():
                if size > kept[member, role]:
                    self.fail("I2 called delivered without a receipt on the disk", node, (origin, member, role))

    def before_tick(self, node: Node) -> None:
        self.overdue_raised[node.label].clear()

    def after_tick(self, node: Node) -> None:
        """L4: what waits too long for a member's receipt raised its alarm in this very tick."""
        if not node.honest or node.line is None or node.line._transaction is not None or node.line._queue:
            return
        self.receipts(node)
        state, database = node.line.state, node.disk.database
        if not state.writes:
            return
        limit = node.now_ms() - self.world.settings.unacknowledged_after_ms
        for name in state.parties:
            if state.role_of(name) != "member" or name in self.overdue_raised[node.label]:
                continue
            for origin, log in state.logs.items():
                if origin.member != node.member or origin != state.own_origin:
                    continue
                delivered = log.delivered.get((name, Role.COSIGN_HELD), 0)
                received_ms = database.received_ms(origin, delivered)
                if delivered < log.durable and received_ms is not None and received_ms < limit:
                    self.fail("L4 an overdue receipt raised no alarm", node, (name, origin, delivered))

    # ---- operators ----------------------------------------------------------------------------------------------

    def destroyed(self) -> None:
        """A disk was replaced: note what nobody honest has any more, it is lost to all of us."""
        nodes = self.world.honest_nodes()
        for submission, (member, place) in self.acknowledged.items():
            origin = Origin(self.world.line_id, place.epoch, member, place.generation)
            if not any(node.disk.database.size(origin) > place.seq for node in nodes):
                self.lost.add(submission)
        for origin, truth in self.truth.items():
            self._forget(origin, truth)

    def _forget(self, origin: Origin, truth: list[bytes]) -> None:
        """What reached a disk, but neither the head file nor anybody else before a restore, was never said."""
        kept = max((node.disk.database.size(origin) for node in self.world.nodes), default=0)
        for node in self.world.nodes:
            if node.disk.head is not None and origin in node.disk.head.own:
                kept = max(kept, node.disk.head.own[origin].size)
        if len(truth) <= kept:
            return
        del truth[kept:]
        for node in self.world.nodes:
            if any(old.database.size(origin) > kept for old in node.backups):
                self.expected_halts.add(node.label)  # a copy of what was destroyed may be restored yet

    def doubt(self, member: str, generation: int) -> None:
        self.doubtful.add((member, generation))

    def head_file_lost(self, node: Node) -> None:
        """Without its head file a node may sign an index again: the keeper who confirms answers for it."""
        for generation in range(node.disk_generation() + 1):
            self.doubt(node.member, generation)

    def opening(self, node: Node) -> None:
        """A node starts: remember how much of its own it had, when it was restored."""
        self.held_back.pop(node.label, None)
        if node.honest and node.restored:
            database = node.disk.database
            self.held_back[node.label] = {
                origin: database.size(origin) for origin in database.origins() if origin.member == node.member
            }

    def opened(self, node: Node, stored: bytes | None) -> None:
        """I4: a node that was halted as possible key theft is halted after a restart too."""
        if not node.honest or node.line is None or stored is None:
            return
        kept = json.loads(stored)
        halted = kept["run"] == Run.HALTED.value and kept["reason"] == "possible-key-theft"
        if halted and node.line.state.run is not Run.HALTED:
            self.fail("I4 forgot at a restart that it was halted", node, kept["reason"])

    def started(self, node: Node) -> None:
        """I1: after any crash, what was acknowledged is there (a restored disk is dealt with in ``destroyed``)."""
        if node.label in self.world.refilling or not node.honest:
            return
        for submission, (member, place) in self.acknowledged.items():
            kept = member == node.member == node.label and submission not in self.lost
            if kept and node.disk.database.submission(submission) is None:
                self.fail("I1 an acknowledged entry is gone after a start", node, (submission, place))

    def cannot_refill(self, node: Node) -> bool:
        """Whether what the head file of this node names is held by nobody honest any more."""
        head = node.disk.head
        assert head is not None
        others = [other for other in self.world.honest_nodes() if other is not node]
        return any(
            node.disk.database.size(origin) < own.size
            and all(other.disk.database.size(origin) < own.size for other in others)
            for origin, own in head.own.items()
        )

    def finish(self) -> None:
        """At the end: every acknowledged entry that could survive is in its author's record, once (I1, I8)."""
        for node in self.world.honest_nodes():
            if not self._sane(node.member) or node.label != node.member:
                continue
            for submission, (member, place) in self.acknowledged.items():
                due = member == node.member and submission not in self.lost
                if due and node.disk.database.submission(submission) is None:
                    self.fail("I1 an acknowledged entry is gone at the end", node, (submission, place))
            self._once(node)
            self.receipts(node)
            self._convicted(node)
            kept, came = self.bytes_kept[node.label], self.bytes_in[node.label]
            if kept > 40 * came + 1_000_000:
                self.fail("I10 more was kept than came", node, (kept, came))

    def _convicted(self, node: Node) -> None:
        """I7: two heads of one size, and an answer below what was cosigned before it, leave a proof behind."""
        database = node.disk.database
        accused = {judge(made).member for made in database.forks()}
        for origin in self.two_heads[node.label, node.life]:
            if origin.member not in accused:
                self.fail("I7 two words for one place reached a node that has no proof", node, origin)
        for member in self.world.parties:
            for octets in database.answers(member):
                if member not in accused and member != node.member and self._understates(node, member, octets):
                    self.fail("I7 an answer that says less than was cosigned convicts nobody", node, member)

    def _understates(self, node: Node, member: str, octets: bytes) -> bool:
        answer = decode_session(Envelope.decode(octets, PayloadType.ANSWER).payload, Answer)
        if answer.about != node.member or answer.revocation is not None:
            return False
        said = {(head.epoch, head.generation): head.size for head in answer.heads}
        ring = self.world.parties[member].ring
        for origin in node.disk.database.origins():
            if origin.member != node.member:
                continue
            for word in ("log", "held"):
                name = f"detente/{origin.line}/{origin.epoch}/{member}/{word}"
                before = node.disk.database.cosignature_before(origin, name, -(-answer.clock_ms // 1000))
                if before is None or before[0] <= said.get((origin.epoch, origin.generation), 0):
                    continue
                checkpoint = node.disk.database.checkpoint_at(origin, before[0])
                if checkpoint is not None and shows(answer_fork(ring, octets, checkpoint, before[1])):
                    return True
        return False

    def _said_again(self, node: Node, counted: dict[str, list[tuple[Origin, int]]]) -> None:
        """I8, as a gap: what an epoch's final head left out is said again by whoever moved on."""
        for submission, (member, place) in self.acknowledged.items():
            if member != node.member or submission in self.lost or counted.get(submission):
                continue
            origin = Origin(self.world.line_id, place.epoch, member, place.generation)
            leaf = node.disk.database.entry(origin, place.seq)
            moved = node.line is not None and node.line.state.opening.epoch > place.epoch
            if leaf is None or not moved or place.generation < node.disk_generation():
                continue
            statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
            contents = (statement.body, *statement.attachments)
            if statement.type.startswith("line."):
                continue  # what the line itself says is of its epoch
            if all(node.disk.database.has_body(one.hash) for one in contents):
                self.fail("I8 what stood above a final head is not said again", node, (submission, place))

    def _once(self, node: Node) -> None:
        counted: dict[str, list[tuple[Origin, int]]] = defaultdict(list)
        finals = {
            (plan.opening.epoch - 1, final.generation): final.size
            for plan in self.world.plans for final in plan.opening.final if final.member == node.member
        }  # fmt: skip
        assert node.line is not None
        moved = node.line.state.opening.epoch
        for origin in node.disk.database.origins():
            if origin.member != node.member:
                continue
            size = node.disk.database.size(origin)
            if origin.epoch < moved:
                size = min(size, finals.get((origin.epoch, origin.generation), 0))
            closed = node.party.ring.closed.get((origin.line, origin.epoch, origin.generation))
            if closed is not None:
                size = min(size, closed[0].size)  # what stands above it may be said again
            for seq, leaf in enumerate(node.disk.database.entries(origin, 0, size)):
                statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
                counted[statement.submission].append((origin, seq))
        self._said_again(node, counted)
        for submission, places in counted.items():
            if len(places) > 1:
                self.fail("I8 one submission is two valid entries", node, (submission, places))
