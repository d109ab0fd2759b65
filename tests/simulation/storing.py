"""What the observer demands of every signature and of every batch before and after it reaches a disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detente.line import merkle
from detente.line.checkpoint import Checkpoint, Origin
from detente.line.effects import (
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
)
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import Refused
from detente.line.proof import judge
from detente.line.session import Answer, Have, decode_session
from detente.line.standing import seat_under
from detente.line.state import Run
from detente.line.statement import Reference, Statement, commit, shown_contents

if TYPE_CHECKING:
    from tests.simulation.nodes import Node

from tests.simulation.account import Account


class Storing(Account):
    """Signatures and the disk."""

    def signing(self, node: Node, request: Sign) -> None:
        """I6, I12: a node that is not running signs no entry; nothing is cosigned above a closed head."""
        if not node.honest or node.line is None:
            return
        state = node.line.state
        if request.what in {"statement", "head", "cosign"} and state.run is not Run.RUNNING:
            self.fail("I6 signed an entry, head or cosignature while not running", node, state.reason)
        held = len(state.rings[node.member].acts)
        if request.what in {"statement", "head", "cosign"} and held < self.acts_due[node.label]:
            self.fail("I12 signed on without root acts that its home held", node, held)
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
            elif type(part) is PutCheckpoint or type(part) is PutClaim:
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
        """I5: a body settles the statements alone that are held, commit to it and state its size."""
        for origin, seq, leaf, size in self.promised[node.label][part.hash]:
            settled = (origin, seq) not in part.not_for
            if node.disk.database.entry(origin, seq) == leaf and (len(part.content) == size) != settled:
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
            shown = shown_contents(Envelope.decode(part.leaf, PayloadType.STATEMENT).payload)
            lacking = {one for one, _ in shown if one not in came and not node.disk.database.has_body(one)}
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
            again = held is not None and held[0] == node.member and part.submission not in self.lost
            if again and held is not None and self._twice(held[1], found):
                self.fail("I8 one submission became two entries", node, (held[1], found))
            self.acknowledged[part.submission] = (node.member, found)
            self.lost.discard(part.submission)  # destroyed with a disk before anybody had it, and now sent again

    def _twice(self, before: Reference, now: Reference) -> bool:
        """The same place again is a refill; another one is allowed above a final or closed head only."""
        if (before.epoch, before.generation, before.seq) == (now.epoch, now.generation, now.seq):
            return False
        return (before.epoch, before.generation) == (now.epoch, now.generation)

    def _have(self, node: Node, request: Sign) -> None:
        have = decode_session(request.message, Have)
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
