"""The signer trusts nobody who asks: it signs what follows from its own record, and refuses all else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.line import keys as line_keys
from detente.line import merkle
from detente.line.checkpoint import Head, Origin, cosigner_name, make_checkpoint, make_cosignature
from detente.line.effects import Role, Sign, Signed
from detente.line.envelope import Envelope, PayloadType, Signature
from detente.line.session import Answer, Have, LineTest
from detente.line.statement import Commitment, Statement
from detente.node.errors import SignerFailure
from detente.node.keyfile import Keys
from detente.node.signer import Signer
from detente.store.headfile import HeadRecord

LINE = "baltic-0123456789abcdef0123"
OWN, OTHERS = Origin(LINE, 1, "west", 0), Origin(LINE, 1, "east", 0)
KEYS = {0: Keys.make(0), 1: Keys.make(0)}
PUBLIC = bytes.fromhex(KEYS[0].public().sign)
KEY = line_keys.key_id(PUBLIC)


class Asker:
    """Asks one signer as a machine would, and keeps the log that it is given."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head: HeadRecord | None = HeadRecord(path, create=True)
        self.signer = Signer("west", KEYS, generation=0, head=self.head)
        self.leaves: list[bytes] = []

    def again(self) -> None:
        """A new run over the same head file: what was issued and never durable is forgotten."""
        assert self.head is not None
        self.head.close()
        self.head = HeadRecord(self.path)
        self.signer = Signer("west", KEYS, generation=0, head=self.head)

    def statement(self, **changes: Any) -> Statement:
        previous = merkle.leaf_hash(self.leaves[-1]).hex() if self.leaves else "00" * 32
        plain = Statement(
            answer_by_ms=None, attachments=(), author="west", body=Commitment("ab" * 32, "text/plain", "now", 3),
            clock_ms=5, critical=(), epoch=1, generation=0, heads=(), in_reply_to=None, key=KEY, line=LINE,
            previous=previous, release=None, seq=len(self.leaves), submission="cd" * 16, type="notice",
        )  # fmt: skip
        return msgspec.structs.replace(plain, **changes)

    def ask_statement(self, statement: Statement | None = None, **changes: Any) -> Signed:
        made = statement or self.statement()
        return self.signer.sign(
            msgspec.structs.replace(
                Sign(7, "statement", Role.SIGN, OWN, made.encode(), index=made.seq), **changes
            )
        )

    def say(self, count: int = 1) -> None:
        for _ in range(count):
            made = self.statement()
            signed = self.ask_statement(made)
            assert signed.signature is not None, signed.refusal
            envelope = Envelope(PayloadType.STATEMENT, made.encode(), (Signature(KEY, signed.signature),))
            envelope.verify_one(PUBLIC)
            self.leaves.append(envelope.encode())

    def tree(self, size: int | None = None) -> merkle.Frontier:
        frontier = merkle.Frontier()
        for leaf in self.leaves[:size]:
            frontier.append(merkle.leaf_hash(leaf))
        return frontier

    def ask_head(self, **changes: Any) -> Signed:
        tree = self.tree()
        head = Head(OWN, tree.size, tree.root())
        return self.signer.sign(
            msgspec.structs.replace(
                Sign(8, "head", Role.SIGN, OWN, head.text(), index=head.size, leaf=head.root), **changes
            )
        )

    def durable(self) -> None:
        assert self.ask_head().signature is not None
        self.signer.durable([(OWN, len(self.leaves), self.tree().root())])


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    made = Asker(tmp_path / "head.sqlite3")
    yield made
    if made.head is not None:
        made.head.close()


def refused(signed: Signed) -> str:
    assert signed.signature is None
    assert signed.refusal
    return signed.refusal


# ---- statements and heads
# ---------------------------------------------------------------------------------------


def test_statements_are_signed_one_after_the_other_and_the_head_over_exactly_them(asker: Asker) -> None:
    asker.say(3)
    signed = asker.ask_head()
    assert signed.ticket == 8
    assert signed.signature is not None
    line_keys.verify(PUBLIC, signed.signature, Head(OWN, 3, asker.tree().root()).text())
    asker.signer.durable([(OWN, 3, asker.tree().root())])
    asker.say(2)
    asker.durable()
    assert asker.signer.head_file() is not None
    assert asker.signer.recorded(OWN) == 5
    asker.again()
    assert asker.signer.recorded(OWN) == 5
    asker.say()
    asker.durable()


@pytest.mark.parametrize(
    "changes",
    [
        {"line": "other-0123456789abcdef0123"},
        {"epoch": 2},
        {"author": "east"},
        {"generation": 1},
        {"key": "ab" * 32},
        {"seq": 1},
        {"seq": 7},
    ],
)
def test_a_statement_that_says_something_else_than_was_asked_is_refused(
    changes: dict[str, Any], asker: Asker
) -> None:
    asker.say()
    made = asker.statement(**changes)
    assert "than named" in refused(asker.ask_statement(made, index=1 if "seq" not in changes else 2))


def test_an_index_is_signed_once_in_a_run_and_never_again_once_durable(asker: Asker) -> None:
    asker.say(2)
    for seq in (0, 1, 3):
        assert "is next" in refused(asker.ask_statement(asker.statement(seq=seq)))
    asker.durable()
    asker.again()
    for seq in (0, 1, 3):
        assert "is next" in refused(asker.ask_statement(asker.statement(seq=seq)))
    asker.say()


def test_what_was_signed_but_never_durable_is_forgotten_with_the_run(asker: Asker) -> None:
    asker.say(2)
    asker.durable()
    asker.say(3)
    asker.again()
    asker.leaves = asker.leaves[:2]
    asker.say(4)
    asker.durable()


def test_a_statement_that_names_another_one_before_it_is_refused(asker: Asker) -> None:
    asker.say()
    assert "before it" in refused(asker.ask_statement(asker.statement(previous="11" * 32)))


def test_only_statements_that_the_signer_understands_to_the_last_field_are_signed(asker: Asker) -> None:
    payload = asker.statement().encode()
    for other in (
        payload[:-1] + b',"unknown_field":1}',
        payload + b" ",
        b"{}",
        b"not json",
        payload.replace(b'"seq":0', b'"seq":0.0'),
    ):
        refused(asker.ask_statement(message=other))


def test_a_head_over_anything_but_what_was_signed_here_is_refused(asker: Asker) -> None:
    assert "other statements" in refused(asker.ask_head())
    asker.say(3)
    for other in (
        Head(OWN, 2, asker.tree(2).root()),
        Head(OWN, 3, b"x" * 32),
        Head(OTHERS, 3, asker.tree().root()),
        Head(OWN, 4, asker.tree().root()),
    ):
        assert "other statements" in refused(asker.ask_head(message=other.text()))


@pytest.mark.parametrize("what", ["statement", "head"])
def test_the_wrong_key_and_anothers_log_are_refused(what: str, asker: Asker) -> None:
    ask = asker.ask_statement if what == "statement" else asker.ask_head
    for role in (Role.COSIGN_HELD, Role.COSIGN_LOG):
        assert "wrong key" in refused(ask(role=role))
    assert "another author" in refused(ask(origin=OTHERS))


def test_a_generation_without_keys_and_an_unknown_wish_are_refused(asker: Asker) -> None:
    origin = OWN._replace(generation=5)
    made = asker.statement(generation=5)
    assert "generation 5" in refused(asker.ask_statement(made, origin=origin))
    assert "nothing that" in refused(asker.signer.sign(Sign(1, "money", Role.SIGN, OWN, b"x")))


def test_without_a_head_file_no_statement_head_or_cosignature_is_signed(asker: Asker) -> None:
    bare = Signer("west", KEYS, generation=0, head=None)
    assert not bare.has_head_file
    assert bare.head_file() is None
    assert bare.recorded(OWN) == 0
    for what, role, origin in (
        ("statement", Role.SIGN, OWN),
        ("head", Role.SIGN, OWN),
        ("cosign", Role.COSIGN_LOG, OTHERS),
    ):
        message = Head(OTHERS, 1, b"r" * 32).text() if what == "cosign" else asker.statement().encode()
        signed = bare.sign(Sign(1, what, role, origin, message, index=1, leaf=b"r" * 32))
        assert "head file" in refused(signed)
    assert bare.sign(line_test_of()).signature is not None
    assert bare.sign(answer_of(9)).signature is not None


# ---- durable and adopting
# ---------------------------------------------------------------------------------------


def test_only_a_head_that_was_signed_here_becomes_durable(asker: Asker) -> None:
    asker.say(3)
    with pytest.raises(SignerFailure):
        asker.signer.durable([(OWN, 3, asker.tree().root())])
    asker.durable()
    asker.signer.durable([(OWN, 3, asker.tree().root())])  # said twice: nothing new
    with pytest.raises(SignerFailure):
        asker.signer.durable([(OWN, 3, b"x" * 32)])
    with pytest.raises(SignerFailure):
        asker.signer.durable([(OTHERS, 1, b"x" * 32)])


def test_a_batch_that_the_database_has_and_the_head_file_not_is_adopted_under_our_own_signatures(
    asker: Asker,
) -> None:
    asker.say(3)
    asker.durable()
    asker.say(2)
    asker.again()
    edge = asker.tree(3).edge()
    asker.signer.adopt(OWN, edge, asker.leaves[3:])
    assert asker.signer.recorded(OWN) == 5
    assert asker.signer.knows(OWN, 5, asker.tree().root())
    asker.signer.durable([(OWN, 5, asker.tree().root())])
    asker.say()
    asker.durable()


def test_what_does_not_follow_from_the_head_file_is_never_adopted(asker: Asker) -> None:
    asker.say(3)
    asker.durable()
    asker.say(3)
    asker.again()
    edge, good = asker.tree(3).edge(), asker.leaves[3:]
    forged = Envelope(
        PayloadType.STATEMENT, asker.statement(seq=3).encode(), (Signature(KEY, bytes(64)),)
    ).encode()
    for wrong_edge, leaves in (
        (asker.tree(2).edge(), good),
        ((b"x" * 32, b"y" * 32), good),
        (edge, good[1:]),
        (edge, [good[0], good[2]]),
        (edge, [b"not an envelope"]),
        (edge, [forged]),
    ):
        with pytest.raises(SignerFailure):
            asker.signer.adopt(OWN, wrong_edge, leaves)
    assert asker.signer.recorded(OWN) == 3
    asker.signer.adopt(OWN, edge, [])  # nothing new is nothing wrong
    assert asker.signer.recorded(OWN) == 3


def test_an_empty_log_is_adopted_as_nothing(asker: Asker) -> None:
    asker.signer.adopt(OWN, (), [])
    assert asker.signer.recorded(OWN) == 0


def test_a_head_file_is_founded_anew_from_our_own_signed_words_only(asker: Asker, tmp_path: Path) -> None:
    asker.say(3)
    signed = asker.ask_head().signature
    assert signed is not None
    checkpoint = make_checkpoint(Head(OWN, 3, asker.tree().root()), signed, PUBLIC)
    last = merkle.leaf_hash(asker.leaves[-1])
    bare = Signer("west", KEYS, generation=0, head=None)
    fresh = HeadRecord(tmp_path / "fresh.sqlite3", create=True)
    bare.found(fresh)
    forged = replace(checkpoint, signature=bytes(64))
    foreign = replace(checkpoint, head=Head(OTHERS, 3, checkpoint.head.root))
    whole = asker.tree().edge()
    others = (asker.tree(2).edge(), (b"x" * 32, b"y" * 32))
    for wrong, edge in ((forged, whole), (foreign, whole), *((checkpoint, other) for other in others)):
        with pytest.raises(SignerFailure):
            bare.found_own(wrong, edge, last)
    bare.found_own(checkpoint, asker.tree().edge(), last)
    assert bare.recorded(OWN) == 3
    with pytest.raises(SignerFailure):
        bare.found_own(checkpoint, asker.tree().edge(), last)
    asker.signer = bare
    asker.say()
    head = Head(OTHERS, 4, b"r" * 32)
    for generation, role in ((0, Role.COSIGN_LOG), (1, Role.COSIGN_HELD)):
        key = KEYS[generation].of(role)
        name = cosigner_name(LINE, 1, "west", "log" if role is Role.COSIGN_LOG else "held")
        message = b"cosignature/v1\ntime 5\n" + head.text()
        one = make_cosignature(name, 5, key.sign(message), key.public_key().public_bytes_raw())
        bare.found_cosigned(head, one, role)
        bare.found_cosigned(head, one, role)
        with pytest.raises(SignerFailure):
            bare.found_cosigned(head, replace(one, clock_s=6), role)
    assert fresh.cosigned == {(OTHERS, role): (4, head.root) for role in (Role.COSIGN_LOG, Role.COSIGN_HELD)}
    fresh.close()


# ---- cosignatures
# -----------------------------------------------------------------------------------------------


class Mirrored:
    """Another member's tree, of leaves that only have to differ."""

    def __init__(self, salt: bytes = b"") -> None:
        self.hashes = [merkle.leaf_hash(salt + b"%d" % number) for number in range(40)]
        self.nodes: dict[tuple[int, int], bytes] = {}
        frontier = merkle.Frontier()
        self.roots = [frontier.root()]
        for digest in self.hashes:
            self.nodes.update({(level, at): value for level, at, value in frontier.append(digest)})
            self.roots.append(frontier.root())

    def ask(self, size: int, since: int = 0, **changes: Any) -> Sign:
        head = Head(OTHERS, size, self.roots[size])
        proof = (
            tuple(merkle.consistency_proof(since, size, lambda level, at: self.nodes[level, at])) if since else ()
        )
        plain = Sign(3, "cosign", Role.COSIGN_LOG, OTHERS, head.text(), index=size, leaf=head.root, proof=proof,
                     proof_from=since, clock_s=9)  # fmt: skip
        return msgspec.structs.replace(plain, **changes)


def test_a_head_is_cosigned_when_it_extends_what_was_cosigned_and_is_recorded_first(asker: Asker) -> None:
    tree = Mirrored()
    for since, size in ((0, 3), (3, 3), (3, 8), (8, 21)):
        signed = asker.signer.sign(tree.ask(size, since))
        assert signed.signature is not None, signed.refusal
        public = bytes.fromhex(KEYS[0].public().cosign_log)
        line_keys.verify(
            public, signed.signature, b"cosignature/v1\ntime 9\n" + Head(OTHERS, size, tree.roots[size]).text()
        )
        asker.again()
        head_file = asker.signer.head_file()
        assert head_file is not None
        assert head_file.cosigned == {(OTHERS, Role.COSIGN_LOG): (size, tree.roots[size])}


def test_both_cosignatures_are_given_at_once_when_their_records_stand_at_one_head(asker: Asker) -> None:
    tree = Mirrored()
    signed = asker.signer.sign(tree.ask(3, also=Role.COSIGN_HELD))
    assert signed.signature is not None
    message = b"cosignature/v1\ntime 9\n" + Head(OTHERS, 3, tree.roots[3]).text()
    line_keys.verify(bytes.fromhex(KEYS[0].public().cosign_log), signed.signature[:64], message)
    line_keys.verify(bytes.fromhex(KEYS[0].public().cosign_held), signed.signature[64:], message)
    assert asker.signer.sign(tree.ask(5, 3)).signature is not None
    assert "does not extend" in refused(asker.signer.sign(tree.ask(9, 5, also=Role.COSIGN_HELD)))
    assert asker.signer.sign(tree.ask(9, 3, role=Role.COSIGN_HELD)).signature is not None


def test_a_head_that_does_not_extend_the_one_cosigned_is_refused(asker: Asker) -> None:
    tree, fork = Mirrored(), Mirrored(b"fork")
    assert asker.signer.sign(tree.ask(8)).signature is not None
    for other in (
        fork.ask(8),
        fork.ask(8, 8),
        fork.ask(9, 8),
        tree.ask(9),
        tree.ask(9, 7),
        tree.ask(9, 8, proof=()),
        tree.ask(7, 5),
        tree.ask(9, 8, leaf=b"x" * 32, message=Head(OTHERS, 9, b"x" * 32).text()),
    ):
        assert "does not extend" in refused(asker.signer.sign(other))
    head_file = asker.signer.head_file()
    assert head_file is not None
    assert head_file.cosigned == {(OTHERS, Role.COSIGN_LOG): (8, tree.roots[8])}


def test_a_cosignature_over_ones_own_log_or_under_another_text_or_key_is_refused(asker: Asker) -> None:
    tree = Mirrored()
    for other in (
        tree.ask(3, origin=OWN, message=Head(OWN, 3, tree.roots[3]).text()),
        tree.ask(3, message=Head(OTHERS, 4, tree.roots[3]).text()),
        tree.ask(3, message=b"anything"),
        tree.ask(0),
    ):
        assert "than named" in refused(asker.signer.sign(other))
    assert "wrong key" in refused(asker.signer.sign(tree.ask(3, role=Role.SIGN)))
    assert "wrong key" in refused(asker.signer.sign(tree.ask(3, also=Role.SIGN)))
    assert "wrong key" in refused(asker.signer.sign(tree.ask(3, also=Role.COSIGN_LOG)))


def test_a_cosignature_is_given_with_the_keys_of_the_generation_named(asker: Asker) -> None:
    tree = Mirrored()
    asker.signer.change_generation(1, KEYS)
    assert asker.signer.generation == 1
    signed = asker.signer.sign(tree.ask(3, generation=1))
    assert signed.signature is not None
    message = b"cosignature/v1\ntime 9\n" + Head(OTHERS, 3, tree.roots[3]).text()
    line_keys.verify(bytes.fromhex(KEYS[1].public().cosign_log), signed.signature, message)
    assert "generation 2" in refused(asker.signer.sign(tree.ask(5, 3, generation=2)))
    head_file = asker.signer.head_file()
    assert head_file is not None
    assert head_file.cosigned == {(OTHERS, Role.COSIGN_LOG): (3, tree.roots[3])}


# ---- have-vectors, answers, tests
# -------------------------------------------------------------------------------


def have_of(**changes: Any) -> Have:
    plain = Have(
        acts=(), author="west", challenge=False, clock_ms=5, epoch=1, forks=(), format=1, key=KEY, line=LINE,
        logs=(), missing=(), nonce="ab" * 16, opening="cd" * 32, to="east",
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def answer_of(clock_ms: int, **changes: Any) -> Sign:
    plain = Answer(
        about="east",
        author="west",
        clock_ms=clock_ms,
        format=1,
        heads=(),
        key=KEY,
        line=LINE,
        nonce="ab" * 16,
        revocation=None,
    )
    made = msgspec.structs.replace(plain, **changes)
    return Sign(5, "answer", Role.SIGN, OWN, made.encode())


def line_test_of(**changes: Any) -> Sign:
    plain = LineTest(
        author="west", clock_ms=5, epoch=1, format=1, key=KEY, kind="test", line=LINE, nonce="ab" * 16, to="east"
    )
    return Sign(5, "test", Role.SIGN, OWN, msgspec.structs.replace(plain, **changes).encode())


def test_have_vectors_answers_and_tests_are_signed_for_this_author_and_line_only(asker: Asker) -> None:
    have = Sign(5, "have", Role.SIGN, OWN, have_of().encode())
    for kind, good, others in (
        (
            PayloadType.HAVE,
            have,
            [msgspec.structs.replace(have, message=have_of(**one).encode()) for one in OTHER_WORDS],
        ),
        (PayloadType.ANSWER, answer_of(5), [answer_of(5, **one) for one in OTHER_WORDS]),
        (PayloadType.LINE_TEST, line_test_of(), [line_test_of(**one) for one in OTHER_WORDS]),
    ):
        signed = asker.signer.sign(good)
        assert signed.signature is not None, signed.refusal
        Envelope(kind, good.message, (Signature(KEY, signed.signature),)).verify_one(PUBLIC)
        for other in others:
            assert "than named" in refused(asker.signer.sign(other))
        refused(asker.signer.sign(msgspec.structs.replace(good, message=good.message[:-1] + b',"zz":1}')))
        assert "wrong key" in refused(asker.signer.sign(msgspec.structs.replace(good, role=Role.COSIGN_LOG)))


OTHER_WORDS: tuple[dict[str, Any], ...] = (
    {"author": "east"},
    {"line": "other-0123456789abcdef0123"},
    {"key": "ab" * 32},
)


def test_no_cosignature_bears_a_time_before_an_answer_that_was_given(asker: Asker) -> None:
    tree = Mirrored()
    assert asker.signer.sign(answer_of(20_000)).signature is not None
    asker.again()
    assert "convict" in refused(asker.signer.sign(tree.ask(3, clock_s=19)))
    assert asker.signer.sign(tree.ask(3, clock_s=20)).signature is not None
