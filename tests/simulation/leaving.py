"""What the observer demands of every bundle that leaves a node."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from detente.line.bundle import Kind, Record
from detente.line.checkpoint import Origin
from detente.line.effects import (
    Role,
    Transmit,
)
from detente.line.envelope import Envelope, PayloadType
from detente.line.statement import SALT_BYTES, Statement, commit

if TYPE_CHECKING:
    from tests.simulation.nodes import Node

from tests.simulation.account import Account


class Leaving(Account):
    """What leaves."""

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
        state = node.line.state
        if not (state.challenging and state.withheld):
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
            if role is Role.COSIGN_HELD and not known and min(database.missing(origin), default=size) < size:
                self.fail("I2 a receipt over a body that is not held", node, (origin, size))
            if given.setdefault(size, root) != root and self._sane(node.member):
                self.fail("I6 two cosigned heads of one size left", node, (origin, size))
            lower = max((one for one in given if one < size), default=0)
            if lower and database.root_at(origin, lower) != given[lower] and self._sane(node.member):
                self.fail("I6 cosigned heads that conflict left", node, (origin, lower, size))
