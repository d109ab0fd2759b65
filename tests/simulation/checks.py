"""The omniscient observer: it sees every disk, every signature and every byte that leaves, and knows who is honest.

It keeps its own account of what was signed, acknowledged and sent, and compares at every effect:

I1 held, I2 receipt, I3 prefix, I4 no silent divergence, I5 no forgery, I6 never two heads, I7 fork proof, I8 once,
I9 time, I10 bounded, I11 nothing stored is ever changed, I12 keys; after healing L1-L5 (``owed``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from detente.line.bundle import Kind, Parser, Record
from detente.line.checkpoint import Checkpoint, Origin
from detente.line.effects import (
    Alarm,
    Append,
    PutEntry,
    Role,
)
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import Refused
from detente.line.keys import key_id
from detente.line.proof import answer_fork, judge, shows
from detente.line.session import Answer, decode_session
from detente.line.state import Run
from detente.line.statement import Statement

if TYPE_CHECKING:
    from tests.simulation.nodes import Node

from tests.simulation.account import Before, Violation
from tests.simulation.leaving import Leaving
from tests.simulation.storing import Storing

__all__ = ["Before", "Checks", "Violation"]

FALSE_ALARMS = frozenset({"fork", "fork-offered", "head-does-not-fit"})


class Checks(Storing, Leaving):
    """The account of one world, and everything that is demanded of it."""

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
                if checkpoint.head.root in shown.get((origin, checkpoint.head.size), ()):
                    continue  # looked at before
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
        asked = before.reason != "root-acts-missing"  # who lacked nothing else equals its head file again
        head_file = node.disk.head
        assert head_file is not None  # it was not halted
        for origin, own in head_file.own.items():
            if not asked and node.disk.database.size(origin) < own.size:
                self.fail("I6 signs again below its head file", node, (origin, own.size))
        if asked and not any(party.answer is not None for party in state.parties.values()):
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
            name = f"detente/{origin.line}/{origin.epoch}/{member}/held"
            kept = [size for size, _, one in database.newest_cosignatures(origin) if one.name == name]
            # what came in after the alarm was raised, and before it is told, is not on the disk yet
            delivered = min(log.delivered.get((member, Role.COSIGN_HELD), 0), max(kept, default=0))
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
        self.acts_counted[node.label] = 0
        for generation in range(len(node.party.generations)):
            self.doubt(node.member, generation)

    def counted(self, node: Node) -> None:
        """Remember how many own root acts this home held, head file included: no copy of an old home undoes it."""
        if node.disk.head is not None:
            self.acts_counted[node.label] = max(self.acts_counted[node.label], len(node.disk.acts))

    def opening(self, node: Node) -> None:
        """A node starts: remember what it must know of its keepers, and how much of its own it had when restored."""
        self.acts_due[node.label] = self.acts_counted[node.label]
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
        """Whether a cosignature on this disk, older by its own clock, says more: none under a key that was stolen."""
        answer = decode_session(Envelope.decode(octets, PayloadType.ANSWER).payload, Answer)
        if answer.about != node.member or answer.revocation is not None:
            return False
        said = {(head.epoch, head.generation): head.size for head in answer.heads}
        party = self.world.parties[member]
        for origin in node.disk.database.origins():
            if origin.member != node.member:
                continue
            for size, one in node.disk.database.cosignatures(origin):
                under = one.clock_s * 1000 < answer.clock_ms and size > said.get(
                    (origin.epoch, origin.generation), 0
                )
                if not under or one.name.split("/")[3] != member or party.disowned(one):
                    continue
                checkpoint = node.disk.database.checkpoint_at(origin, size)
                if checkpoint is not None and shows(answer_fork(party.ring, octets, checkpoint, one)):
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
