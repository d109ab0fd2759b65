"""Every decoder: the one spelling goes in and comes out; any other is refused by name, whatever the bytes.

Tables of faults, and properties: decode(encode(x)) is x, and arbitrary bytes raise nothing but Refused.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.line import canonical, keys, merkle
from detente.line.bundle import BUNDLE_MAGIC, CAPS, EXPORT_MAGIC, Kind, Parser, Record, write
from detente.line.checkpoint import Checkpoint, Cosignature, Head, Origin, make_checkpoint
from detente.line.envelope import ENVELOPE_MAX, Envelope, PayloadType, Signature
from detente.line.errors import BadSignature, Malformed
from detente.line.statement import Commitment, Statement
from tests.line.memory import private, public

HASH = "ab" * 32


# ---- canonical JSON -----------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.INTEGER_MAX, canonical.INTEGER_MAX) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner, max_size=4)
    ),
    max_leaves=20,
)
documents = st.dictionaries(st.text(st.characters(max_codepoint=127)), values, max_size=5)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(documents)
def test_canonical_bytes_are_those_of_rfc_8785_and_come_back(document: dict[str, Any]) -> None:
    octets = canonical.encode(document)
    assert octets == rfc8785.dumps(document)
    assert canonical.decode(octets, size_max=10_000_000, what="x") == document


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":1}x',
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":NaN}',
        b'{"a":9007199254740992}',
        b'{"a":1e3}',
        b'{"\xc3\xa4":1}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b"\xff",
        b'{"a":' + b"[" * 16 + b"]" * 16 + b"}",
        b'{"a":' + b'{"a":' * 16 + b"1" + b"}" * 16 + b"}",
        b"[" * 100_000,
        b'{"a":-0}',
        b'{"a":01}',
        b'\xef\xbb\xbf{"a":1}',
        b"{" + b"x" * 101,
    ],
)
def test_any_other_spelling_is_refused(octets: bytes) -> None:
    with pytest.raises(Malformed):
        canonical.decode(octets, size_max=100 if octets[1:2] == b"x" else 1_000_000, what="x")


@pytest.mark.parametrize("value", [1.5, b"x", {1}, 2**53, "\ud800", {"\xe4": 1}, {1: 1}, float("nan")])
def test_what_the_restriction_does_not_allow_is_not_encoded(value: object) -> None:
    with pytest.raises(Malformed):
        canonical.encode({"a": value})


# ---- envelopes ----------------------------------------------------------------------------------------------

envelopes = st.builds(
    lambda payload, seeds: Envelope(
        PayloadType.STATEMENT,
        payload,
        tuple(
            sorted(
                {
                    hashlib.sha256(seed).hexdigest(): Signature(hashlib.sha256(seed).hexdigest(), seed)
                    for seed in seeds
                }.values(),
                key=lambda one: one.key_id,
            )
        ),
    ),
    st.binary(max_size=50),
    st.lists(st.binary(max_size=70), min_size=1, max_size=4),
)


@settings(deadline=None)
@given(envelopes)
def test_an_envelope_written_by_hand_is_the_canonical_one_and_comes_back(envelope: Envelope) -> None:
    octets = envelope.encode()
    document = canonical.decode(octets, size_max=10_000, what="x")
    assert canonical.encode(document) == octets
    assert Envelope.decode(octets, PayloadType.STATEMENT) == envelope


def test_faulty_envelopes_are_refused() -> None:
    good = Envelope(PayloadType.STATEMENT, b"{}", (Signature(HASH, b"s"),))
    document = canonical.decode(good.encode(), size_max=1000, what="x")
    one = document["signatures"][0]
    faults: list[dict[str, Any]] = [
        {"payloadType": PayloadType.HAVE.value},
        {"payload": "e30"},
        {"payload": "e31="},
        {"payload": 1},
        {"more": 1},
        {"signatures": []},
        {"signatures": [one, one]},
        {"signatures": 5},
        {"signatures": [{"keyid": HASH}]},
        {"signatures": [{**one, "keyid": "AB" * 32}]},
        {"signatures": [{**one, "keyid": "ab"}]},
        {"payload": "\xe4"},
        {"signatures": [{**one, "x": 1}]},
        {"signatures": [{**one, "sig": "!"}]},
        {"signatures": ["x"]},
        {"signatures": [{**one, "keyid": "cd" * 32}, one]},
    ]
    for fault in faults:
        with pytest.raises(Malformed):
            Envelope.decode(canonical.encode({**document, **fault}), PayloadType.STATEMENT)
    with pytest.raises(Malformed):
        Envelope.decode(b" " * (ENVELOPE_MAX + 1), PayloadType.STATEMENT)
    with pytest.raises(BadSignature):
        good.verify_one(bytes.fromhex(public(private("x"))))


# ---- keys ---------------------------------------------------------------------------------------------------


def test_keys_of_small_order_and_off_the_curve_are_refused() -> None:
    for y in keys.SMALL_ORDER_Y:
        for sign in (0, 1 << 255):
            with pytest.raises(BadSignature):
                keys.check_key((y | sign).to_bytes(32, "little"))
    for bad in (b"", b"\xff" * 32, (2**255 - 18).to_bytes(32, "little")):
        with pytest.raises(BadSignature):
            keys.check_key(bad)


def test_a_signature_holds_only_for_its_key_message_and_spelling() -> None:
    key = private("one")
    own, signature = bytes.fromhex(public(key)), key.sign(b"m")
    keys.verify(own, signature, b"m")
    small = (1).to_bytes(32, "little") + signature[32:]
    for bad, message in ((signature, b"n"), (signature[:-1], b"m"), (small, b"m"), (b"\0" * 64, b"m")):
        with pytest.raises(BadSignature):
            keys.verify(own, bad, message)


def test_fingerprints_are_nine_words_that_hold_144_bits() -> None:
    spoken = keys.fingerprint_words(bytes(range(32)))
    assert len(spoken.split()) == 9
    assert spoken != keys.fingerprint_words(bytes(17) + b"\1" + bytes(14))


# ---- the tree -----------------------------------------------------------------------------------------------


class Tree:
    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.frontier = merkle.Frontier()
        self.roots = [self.frontier.root()]
        for leaf in leaves:
            for level, index, value in self.frontier.append(merkle.leaf_hash(leaf)):
                self.nodes[level, index] = value
            self.roots.append(self.frontier.root())

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + slow_root(leaves[:split]) + slow_root(leaves[split:])).digest()


def test_every_proof_of_every_small_tree_holds_and_only_in_its_place() -> None:
    leaves = [bytes([n]) for n in range(17)]
    tree = Tree(leaves)
    for size in range(len(leaves) + 1):
        assert tree.roots[size] == slow_root(leaves[:size])
        assert merkle.Frontier.load(size, tree.node).root() == tree.roots[size]
        for index in range(size):
            path = merkle.inclusion_proof(index, size, tree.node)
            digest = merkle.leaf_hash(leaves[index])
            assert merkle.verify_inclusion(digest, index, size, path, tree.roots[size])
            for wrong in (index + 1, index - 1, size):
                assert not merkle.verify_inclusion(digest, wrong, size, path, tree.roots[size])
            for count in (size - 1, min(size + 1, len(leaves))):  # a path binds no size: the signed head does
                if count != size:
                    assert not merkle.verify_inclusion(digest, index, count, path, tree.roots[count])
            assert not merkle.verify_inclusion(digest, index, size, [*path, digest], tree.roots[size])
        for old in range(1, size + 1):
            path = merkle.consistency_proof(old, size, tree.node)
            assert merkle.verify_consistency(old, size, path, tree.roots[old], tree.roots[size])
            assert not merkle.verify_consistency(
                old, size, [*path, b"\0" * 32], tree.roots[old], tree.roots[size]
            )
            assert not merkle.verify_consistency(old, size, path, b"\0" * 32, tree.roots[size])
            if old < size:
                assert not merkle.verify_consistency(old, size, [], tree.roots[old], tree.roots[size])
                assert not merkle.verify_consistency(old, size, [b"short"], tree.roots[old], tree.roots[size])
    assert not merkle.verify_consistency(0, 3, [], tree.roots[0], tree.roots[3])
    assert not merkle.verify_consistency(2, 1, [], tree.roots[2], tree.roots[1])
    assert merkle.root_from_inclusion(b"short", 0, 1, []) is None


def test_proofs_of_what_is_not_there_are_our_own_mistake() -> None:
    tree = Tree([b"a", b"b"])
    for index, size in ((2, 2), (-1, 2)):
        with pytest.raises(ValueError, match=r"^\("):
            merkle.inclusion_proof(index, size, tree.node)
    for old, new in ((0, 2), (3, 2)):
        with pytest.raises(ValueError, match=r"^\("):
            merkle.consistency_proof(old, new, tree.node)
    with pytest.raises(ValueError, match=r"^\("):
        merkle.Frontier(3, [b""])
    assert tree.frontier.copy().edge() == tree.frontier.edge()


# ---- heads --------------------------------------------------------------------------------------------------


def checkpoint() -> Checkpoint:
    key = private("writer")
    head = Head(Origin("line-x", 1, "west", 0), 3, b"\7" * 32)
    made = make_checkpoint(head, key.sign(head.text()), bytes.fromhex(public(key)))
    return dataclasses.replace(
        made, cosignatures=(Cosignature("detente/line-x/1/east/log", b"hint", 5, b"s" * 64),)
    )


def test_a_head_comes_back_and_its_faults_are_refused() -> None:
    good = checkpoint()
    octets = good.encode()
    assert Checkpoint.decode(octets) == good
    good.verify(bytes.fromhex(public(private("writer"))))
    with pytest.raises(BadSignature):
        good.verify(bytes.fromhex(public(private("other"))))
    text = octets.decode()
    lines = text.split("\n")
    faults = [
        "",
        text[:-1],
        text.replace("\n3\n", "\n03\n"),
        text.replace("detente/line-x/1/west/0\n", "other\n"),
        text.replace("\n\n", "\n"),
        text + "x\n",
        text.replace("— ", "- ", 1),
        "\n".join([*lines[:4], *lines[5:]]),
        "\n".join([*lines[:5], lines[4], *lines[5:]]),
        "\n".join([*lines[:4], lines[5], lines[4], ""]),
        text.replace("/east/log ", "/east/log A"),
        "x" * 70_000,
        "\n".join([*lines[:4], lines[4][:-4] + "A===", ""]),
        text.replace(lines[5], "— detente/line-x/1/east/log " + base64.b64encode(b"short").decode()),
    ]
    for fault in faults:
        with pytest.raises(Malformed):
            Checkpoint.decode(fault.encode())
    with pytest.raises(Malformed):
        Checkpoint.decode(b"\xff\n1\n\n\xff\n")
    with pytest.raises(Malformed):
        Origin.parse("detente/line/1/west")


# ---- bundles ------------------------------------------------------------------------------------------------

records = st.lists(
    st.builds(Record, st.sampled_from([k for k in Kind if k is not Kind.END]), st.binary(max_size=30)), max_size=6
)


@settings(deadline=None)
@given(records, st.integers(1, 40))
def test_a_bundle_comes_back_in_pieces_of_any_size(given_records: list[Record], piece: int) -> None:
    octets = b"".join(write(given_records))
    parser, found = Parser(), []
    for start in range(0, len(octets), piece):
        found += parser.feed(octets[start : start + piece])
    assert found == given_records
    assert parser.complete


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_refused_or_wait_for_more(octets: bytes) -> None:
    for start in (b"", BUNDLE_MAGIC):
        try:
            Parser().feed(start + octets)
        except Malformed:
            continue


def test_faulty_bundles_are_refused_and_what_came_before_stands() -> None:
    good = b"".join(write([Record(Kind.BODY, b"x" * 40)]))
    spoilt = bytearray(good)
    spoilt[-1] ^= 1
    long_record = BUNDLE_MAGIC + b"C" + (CAPS[Kind.CHECKPOINT] + 1).to_bytes(4, "big")
    strange = BUNDLE_MAGIC + b"?" + (ENVELOPE_MAX + 1).to_bytes(4, "big")
    for fault in (
        bytes(spoilt),
        good + b"x",
        good + good,
        b"PK\3\4",
        EXPORT_MAGIC + b"rest",
        long_record,
        strange,
    ):
        with pytest.raises(Malformed):
            Parser().feed(fault)
    parser = Parser()
    assert parser.feed(BUNDLE_MAGIC + b"?" + (3).to_bytes(4, "big") + b"abc") == [Record(None, b"")]
    assert (parser.unknown, parser.complete) == (1, False)
    assert Parser(magic=EXPORT_MAGIC).feed(b"".join(write([], magic=EXPORT_MAGIC))) == []


# ---- statements ---------------------------------------------------------------------------------------------


def statement(**fields: Any) -> Statement:
    values: dict[str, Any] = {
        "answer_by_ms": None,
        "attachments": (),
        "author": "west",
        "body": Commitment(HASH, "text/plain", "now", 3),
        "clock_ms": 5,
        "critical": (),
        "epoch": 1,
        "generation": 0,
        "heads": (),
        "in_reply_to": None,
        "key": HASH,
        "line": "line-x",
        "previous": HASH,
        "release": None,
        "seq": 0,
        "submission": "ab" * 16,
        "type": "notice",
    }
    return Statement(**{**values, **fields})


def test_a_statement_keeps_fields_of_the_future_and_says_whether_it_is_understood() -> None:
    plain = statement()
    assert Statement.decode(plain.encode()) == (plain, {})
    assert Statement.decode_known(plain.encode()) == plain
    document = canonical.decode(plain.encode(), size_max=10_000, what="x")
    future = canonical.encode({**document, "zone": 1})
    decoded, unknown = Statement.decode(future)
    assert (decoded, unknown) == (plain, {"zone": 1})
    assert not decoded.not_understood(unknown, frozenset({"notice"}))
    assert statement(critical=("zone",)).not_understood({"zone": 1}, frozenset({"notice"}))
    assert plain.not_understood({}, frozenset({"other"}))
    with pytest.raises(Malformed):
        Statement.decode_known(future)


@pytest.mark.parametrize(
    "fault",
    [
        {"author": "West"},
        {"seq": -1},
        {"clock_ms": 2**53},
        {"type": "Notice"},
        {"critical": ("x",) * 17},
        {"body": Commitment(HASH, "text/plain", "never", 3)},
        {"body": Commitment(HASH, "text", "now", 3)},
        {"attachments": (Commitment(HASH, "a/b", "now", 1),) * 17},
        {"attachments": (Commitment(HASH, "a/b", "now", 1), Commitment(HASH, "a", "now", 1))},
        {"key": "x"},
        {"line": ""},
        {"previous": None},
    ],
)
def test_a_statement_outside_its_types_is_neither_made_nor_taken(fault: dict[str, Any]) -> None:
    bad = statement(**fault)
    with pytest.raises(Malformed):
        bad.encode()
    with pytest.raises(Malformed):
        Statement.decode(
            canonical.encode(msgspec.to_builtins(bad))
            if "clock_ms" not in fault
            else b'{"clock_ms":9007199254740992}'
        )


def test_statements_over_their_caps_are_refused() -> None:
    for fields in (
        {"body": Commitment(HASH, "a/b", "now", 1_000_001)},
        {"attachments": (Commitment(HASH, "a/b", "now", 40_000_000),) * 2},
    ):
        with pytest.raises(Malformed):
            Statement.decode(statement(**fields).encode())
    with pytest.raises(Malformed):
        Statement.decode(b" " * (ENVELOPE_MAX + 1))
