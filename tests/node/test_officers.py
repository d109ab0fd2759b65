"""With officers named by its keepers a signer signs nothing that people say without their fresh touch.

Method: authenticators made by hand; the real signer over a real head file; each of origin, site, flags, key, counter,
number and use is wrong once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.line import merkle
from detente.line.checkpoint import Head, Origin, make_checkpoint
from detente.line.effects import Draft, Role, Sign, Signed, Submitted
from detente.line.envelope import Envelope, PayloadType, Signature
from detente.line.errors import LineMistake, Refused
from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.line.release import Assertion, challenge
from detente.line.rootact import Act, Keyring, RootKeys
from detente.line.statement import Commitment, Statement
from detente.node.home import found, open_writing
from detente.node.host import Host
from detente.node.keyfile import Cost, Keys, open_keys, write_keys
from detente.node.officers import UNRELEASED, Officer, Officers
from detente.node.signer import Signer
from detente.store import headfile
from detente.store.headfile import HeadRecord
from tests.line.authenticator import ORIGIN, SITE, Authenticator, release_of, released
from tests.line.memory import Member, public
from tests.node.test_signer import KEY, KEYS, OWN

CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
ANNA, BERTA, CARL = Authenticator("anna"), Authenticator("berta", "ed25519"), Authenticator("carl")
OFFICERS = Officers(
    needed=1,
    needed_for={"incident": 2},
    officers=tuple(Officer(key=one.key, name=one.name) for one in (ANNA, BERTA)),
    origins=(ORIGIN,),
    site=SITE,
)
NAMES = ("east",)


class Desk:
    """Asks one signer for statements, released or not, and keeps the log that it is given."""

    def __init__(self, path: Path) -> None:
        self.path, self.leaves, self.number = path, list[bytes](), 0
        self.head = HeadRecord(path, create=True)
        self.start()

    def start(self) -> None:
        self.signer = Signer("west", KEYS, generation=0, head=self.head, officers=OFFICERS)

    def again(self) -> None:
        self.head.close()
        self.head = HeadRecord(self.path)
        self.start()

    def statement(self, **changes: Any) -> Statement:
        self.number += 1
        previous = merkle.leaf_hash(self.leaves[-1]).hex() if self.leaves else "00" * 32
        plain = Statement(
            answer_by_ms=None, attachments=(), author="west", clock_ms=5, critical=(), epoch=OWN.epoch,
            generation=0, body=Commitment(f"{self.number:064x}", "text/plain", "now", 3), heads=(), in_reply_to=None,
            key=KEY, line=OWN.line, previous=previous, release=None, seq=len(self.leaves),
            submission=f"{self.number:032x}", type="notice",
        )  # fmt: skip
        return msgspec.structs.replace(plain, **changes)

    def released(self, statement: Statement, *officers: Authenticator, **how: Any) -> tuple[Statement, bytes]:
        asked = challenge(statement, NAMES)
        octets = release_of([one.touch(asked, **how) for one in officers], NAMES)
        return named(statement, octets), octets

    def ask(self, statement: Statement, octets: bytes = b"", origin: Origin = OWN) -> Signed:
        request = Sign(7, "statement", Role.SIGN, origin, statement.encode(), index=statement.seq, release=octets)
        signed = self.signer.sign(request)
        if signed.signature is not None:
            leaf = Envelope(
                PayloadType.STATEMENT, statement.encode(), (Signature(KEY, signed.signature),)
            ).encode()
            self.leaves.append(leaf)
        return signed

    def durable(self) -> None:
        tree = merkle.Frontier()
        for leaf in self.leaves:
            tree.append(merkle.leaf_hash(leaf))
        head = Head(OWN, tree.size, tree.root())
        asked = Sign(8, "head", Role.SIGN, OWN, head.text(), index=head.size, leaf=head.root)
        assert self.signer.sign(asked).signature is not None
        self.signer.durable([(OWN, head.size, head.root)])


def named(statement: Statement, octets: bytes) -> Statement:
    return msgspec.structs.replace(statement, release=hashlib.sha256(octets).hexdigest())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "head.sqlite3")
    yield made
    made.head.close()


@pytest.mark.parametrize("officer", [ANNA, BERTA], ids=lambda one: one.algorithm)
def test_a_touch_of_an_officer_signs_and_none_does_not(desk: Desk, officer: Authenticator) -> None:
    plain = desk.statement()
    assert "no officer" in desk.ask(plain).refusal
    assert desk.ask(*desk.released(plain, officer)).signature is not None


@pytest.mark.parametrize("kind", sorted(UNRELEASED))
def test_what_a_node_says_by_itself_needs_nobody(desk: Desk, kind: str) -> None:
    assert desk.ask(desk.statement(type=kind)).signature is not None


@pytest.mark.parametrize("kind", ["line.suspend", "line.resume", "reply.accepted", "reveal", "line.unknown", "x"])
def test_whatever_else_is_said_needs_an_officer(desk: Desk, kind: str) -> None:
    assert desk.ask(desk.statement(type=kind)).signature is None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another origin": ({"origin": "https://desk.east.example"}, "another site"),
    "another site": ({"site": "east.example"}, "another site"),
    "nobody present": ({"flags": 0x04}, "not recognised"),
    "nobody recognised": ({"flags": 0x01}, "not recognised"),
    "a page within a page": ({"client": {"crossOrigin": True}}, "own site"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_touch_elsewhere_or_of_nobody_signs_nothing(desk: Desk, name: str) -> None:
    how, words = WRONG[name]
    assert words in desk.ask(*desk.released(desk.statement(), ANNA, **how)).refusal
    assert desk.leaves == []


def test_a_key_that_is_no_officers_signs_nothing(desk: Desk) -> None:
    assert "no officer's" in desk.ask(*desk.released(desk.statement(), CARL)).refusal
    assert "no officer's" in desk.ask(*desk.released(desk.statement(), ANNA, CARL)).refusal


def test_two_officers_release_what_needs_two(desk: Desk) -> None:
    grave = desk.statement(type="incident")
    assert "2 are needed" in desk.ask(*desk.released(grave, ANNA)).refusal
    assert desk.ask(*desk.released(grave, ANNA, BERTA)).signature is not None


def test_a_touch_for_one_statement_does_not_sign_another(desk: Desk) -> None:
    _, octets = desk.released(desk.statement(), ANNA)
    for change in ({}, {"type": "incident"}, {"submission": "ab" * 16}):
        assert "something else" in desk.ask(named(desk.statement(**change), octets), octets).refusal


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("counter", [0, None], ids=["counting", "without a counter"])
def test_a_release_is_used_once(desk: Desk, counter: int | None, durable: bool) -> None:
    officer = Authenticator("anna", count=counter)
    statement, octets = desk.released(desk.statement(), officer)
    assert desk.ask(statement, octets).signature is not None
    if durable:
        desk.durable()
        desk.again()
    replayed = msgspec.structs.replace(
        statement, seq=len(desk.leaves), previous=merkle.leaf_hash(desk.leaves[-1]).hex()
    )
    assert "used before" in desk.ask(replayed, octets).refusal


def test_a_counter_that_does_not_rise_tells_a_copied_key(desk: Desk) -> None:
    first = Authenticator("anna", count=10)
    assert desk.ask(*desk.released(desk.statement(), first)).signature is not None
    for count in (9, 10):
        copied = Authenticator("anna", count=count - 1)
        assert "copied" in desk.ask(*desk.released(desk.statement(), copied)).refusal
    desk.durable()
    desk.again()  # the head file knows it as well
    assert "copied" in desk.ask(*desk.released(desk.statement(), Authenticator("anna", count=5))).refusal
    assert "copied" in desk.ask(*desk.released(desk.statement(), Authenticator("anna", count=None))).refusal
    assert desk.ask(*desk.released(desk.statement(), Authenticator("anna", count=11))).signature is not None


def given(desk: Desk, statement: Statement, officer: Authenticator, **how: Any) -> tuple[Statement, Assertion]:
    """Let an officer touch for a statement, and the signer note it."""
    touch = officer.touch(challenge(statement, NAMES), **how)
    desk.signer.note_touch(statement, release_of([touch], NAMES))
    return statement, touch


def test_a_touch_that_was_noted_counts_after_later_ones_of_the_same_officer(desk: Desk) -> None:
    anna, berta = Authenticator("anna"), Authenticator("berta", "ed25519")
    grave = desk.statement(type="incident")
    _, first = given(desk, grave, anna)
    assert desk.ask(*desk.released(desk.statement(), anna)).signature is not None  # a later touch, said earlier
    desk.durable()
    desk.again()
    _, second = given(desk, grave, berta)
    octets = release_of([first, second], NAMES)
    late = msgspec.structs.replace(
        named(grave, octets), seq=len(desk.leaves), previous=merkle.leaf_hash(desk.leaves[-1]).hex()
    )
    assert desk.ask(late, octets).signature is not None
    desk.durable()
    assert desk.head.counters[anna.key] == anna.count  # the older touch takes nothing back


def test_a_touch_that_was_not_noted_is_old_after_a_later_one(desk: Desk) -> None:
    anna = Authenticator("anna")
    first, octets = desk.released(desk.statement(), anna)
    assert desk.ask(*desk.released(desk.statement(), anna)).signature is not None
    late = msgspec.structs.replace(first, seq=1, previous=merkle.leaf_hash(desk.leaves[-1]).hex())
    assert "old touch" in desk.ask(late, octets).refusal


def test_a_copied_key_is_told_when_it_touches_and_nothing_of_it_is_noted(desk: Desk) -> None:
    given(desk, desk.statement(), Authenticator("anna", count=10))
    for count in (9, 10, None):
        with pytest.raises(Refused, match="copied"):
            given(desk, desk.statement(), Authenticator("anna", count=count))
    assert len(desk.head.touches) == 1
    desk.again()
    assert desk.head.counters == {ANNA.key: 11}
    with pytest.raises(Refused, match="copied"):
        given(desk, desk.statement(), Authenticator("anna", count=10))


def test_only_a_touch_that_would_count_is_noted(desk: Desk) -> None:
    for officer, how, said in (
        (CARL, {}, "no officer's"),
        (ANNA, {"site": "desk.east.example"}, "another site"),
        (ANNA, {"flags": 0x01}, "not seen or not recognised"),
    ):
        with pytest.raises(Refused, match=said):
            given(desk, desk.statement(), officer, **how)
    statement = desk.statement()
    asked = challenge(statement, NAMES)
    both = release_of([ANNA.touch(asked), BERTA.touch(asked)], NAMES)
    with pytest.raises(Refused, match="several"):
        desk.signer.note_touch(statement, both)
    with pytest.raises(Refused):
        desk.signer.note_touch(desk.statement(), release_of([ANNA.touch(asked)], NAMES))
    assert desk.head.touches == {}


def test_a_touch_is_noted_once_and_the_oldest_is_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headfile, "TOUCHES_MAX", 2)
    anna = Authenticator("anna")
    statement, touch = given(desk, desk.statement(), anna)
    desk.signer.note_touch(statement, release_of([touch], NAMES))
    assert len(desk.head.touches) == 1
    first = set(desk.head.touches)
    for _ in range(2):
        given(desk, desk.statement(), anna)
    assert len(desk.head.touches) == 2
    assert not first & set(desk.head.touches)
    kept = dict(desk.head.touches)
    desk.again()
    assert desk.head.touches == kept


def test_without_officers_no_touch_is_noted(tmp_path: Path) -> None:
    head = HeadRecord(tmp_path / "head.sqlite3", create=True)
    signer = Signer("west", KEYS, generation=0, head=head, officers=None)
    desk = Desk(tmp_path / "other.sqlite3")
    statement = desk.statement()
    with pytest.raises(Refused, match="no officers are named"):
        signer.note_touch(statement, release_of([ANNA.touch(challenge(statement, NAMES))], NAMES))
    head.close()
    desk.head.close()


def test_what_was_signed_and_never_stored_may_be_signed_again(desk: Desk) -> None:
    statement, octets = desk.released(desk.statement(), ANNA)
    assert desk.ask(statement, octets).signature is not None
    desk.leaves.clear()
    desk.again()  # died before it was stored
    assert desk.ask(statement, octets).signature is not None


def test_the_same_submission_may_be_said_again_in_a_later_log(desk: Desk) -> None:
    statement, octets = desk.released(desk.statement(), ANNA)
    assert desk.ask(statement, octets).signature is not None
    desk.durable()
    desk.leaves.clear()
    later = OWN._replace(epoch=2)
    again = msgspec.structs.replace(statement, epoch=2)
    assert desk.ask(again, octets, later).signature is not None
    twice = msgspec.structs.replace(again, seq=1, previous=merkle.leaf_hash(desk.leaves[-1]).hex())
    assert "used before" in desk.ask(twice, octets, later).refusal


def test_a_run_that_died_between_store_and_head_file_still_uses_a_release_once(desk: Desk) -> None:
    statement, octets = desk.released(desk.statement(), ANNA)
    assert desk.ask(statement, octets).signature is not None
    desk.again()
    desk.signer.adopt(OWN, (), desk.leaves)
    replayed = msgspec.structs.replace(statement, seq=1, previous=merkle.leaf_hash(desk.leaves[-1]).hex())
    assert "used before" in desk.ask(replayed, octets).refusal


def test_a_head_file_founded_anew_knows_the_releases_of_the_record(desk: Desk) -> None:
    statement, octets = desk.released(desk.statement(), ANNA)
    signed = desk.ask(statement, octets)
    assert signed.signature is not None
    tree = merkle.Frontier()
    tree.append(merkle.leaf_hash(desk.leaves[0]))
    head = Head(OWN, 1, tree.root())
    note = make_checkpoint(head, KEYS[0].sign.sign(head.text()), KEYS[0].sign.public_key().public_bytes_raw())
    desk.head.close()
    desk.path.unlink()
    desk.head = HeadRecord(desk.path, create=True)
    desk.start()
    last = merkle.leaf_hash(desk.leaves[0])
    desk.signer.found_own(note, tree.edge(), last, [statement.submission])
    replayed = msgspec.structs.replace(statement, seq=1, previous=last.hex())
    assert "used before" in desk.ask(replayed, octets).refusal


def test_without_officers_a_release_must_still_be_the_one_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "head.sqlite3")
    desk.signer.change_officers(None)
    assert desk.ask(desk.statement()).signature is not None
    statement, octets = desk.released(desk.statement(), CARL)
    assert desk.ask(statement).signature is None
    assert desk.ask(statement, octets).signature is not None
    desk.head.close()


def test_officers_are_kept_under_the_keepers_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_keys(path, {0: Keys.make(0)}, b"one", cost=CHEAP, officers=OFFICERS)
    assert b"anna" not in path.read_bytes()
    assert open_keys(path, b"one")[1] == OFFICERS
    assert OFFICERS.read(OFFICERS.document()) == OFFICERS


# ---- a whole home -------------------------------------------------------------------------------------------


def made_home(path: Path) -> tuple[Path, str]:
    """Found a home of west with officers, joined to a line with east; returns it and the line's id."""
    east, keys = Member.make("east"), Keys.make(0)
    roots = Member.make("west")
    act = Act(
        act="card", clock_ms=0, format=1, heads=(), index=0, keys=keys.public(), member="west", previous=None,
        reason="first", root=RootKeys(tuple(public(one) for one in roots.roots), 2), seal=None,
    )  # fmt: skip
    card = roots.root_sign(act)
    found(path, keys, card, b"one", cost=CHEAP)
    ring = Keyring()
    ring.take(card)
    opening = first_opening("baltic", [ring, east.ring])
    with open_writing(path, b"one") as home:
        home.join(opening.line, join_parts(opening, [ring, east.ring]))
        home.store_officers(OFFICERS, b"one", cost=CHEAP)
    return path, opening.line


def test_a_home_with_officers_sends_what_they_released_and_nothing_else(tmp_path: Path) -> None:
    path, line = made_home(tmp_path / "west")
    with open_writing(path, b"one") as home:
        assert home.officers == OFFICERS
        host = Host(home, line)
        host.open()
        draft = Draft("notice", "text/plain", b"one", "ab" * 16)
        with pytest.raises(LineMistake, match="no officer"):
            host.give(Submitted((draft,)))
        with pytest.raises(LineMistake, match="another site"):
            host.give(Submitted((released(host.state, draft, ANNA, origin="https://elsewhere.example"),)))
        assert host.state.run.value == "running"  # a form filled in wrongly halts nobody
        good = released(host.state, draft, ANNA)
        host.give(Submitted((good,)))
        host.give(Submitted((good,)))  # the same submission again is the same entry
        assert host.record.size(host.state.own_origin) == 1
        home.store_keys(home.keys, b"one", cost=CHEAP)
    with open_writing(path, b"one") as home:
        assert home.officers == OFFICERS  # new keys leave them as they are


def test_a_keepers_word_without_a_head_file_leaves_no_release_to_be_used_again(tmp_path: Path) -> None:
    path, line = made_home(tmp_path / "west")
    with open_writing(path, b"one") as home:
        host = Host(home, line)
        host.open()
        draft = released(host.state, Draft("notice", "text/plain", b"one", "ab" * 16), ANNA)
        host.give(Submitted((draft,)))
        statement = Statement.decode(
            Envelope.decode(host.record.entries(host.state.own_origin, 0, 1)[0], PayloadType.STATEMENT).payload
        )[0]
    for one in (tmp_path / "west.head").glob("head.sqlite3*"):
        one.unlink()
    with open_writing(path, b"one") as home:
        home.confirm()
        leaf = home.record(line).entries(Origin(line, 1, "west", 0), 0, 1)[0]
        replayed = msgspec.structs.replace(statement, seq=1, previous=merkle.leaf_hash(leaf).hex())
        request = Sign(
            1, "statement", Role.SIGN, Origin(line, 1, "west", 0), replayed.encode(), index=1,
            release=draft.release or b"",
        )  # fmt: skip
        assert "used before" in home.signer.sign(request).refusal
        with pytest.raises(Refused):
            home.signer.check_release(msgspec.structs.replace(statement, release=None), b"")
