"""One content, one spelling: held against the rfc8785 package, and second spellings are refused and never stored."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from detente.line import canonical
from detente.line.bundle import Kind, Record
from detente.line.checkpoint import Checkpoint
from detente.line.effects import Arrived
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import Malformed, Refused
from detente.line.load import join_parts
from detente.line.opening import Opening, first_opening
from detente.line.rootact import decode_act
from detente.line.statement import Statement
from tests.line.memory import Host, Member, MemoryStore
from tests.verifier.judges import scene, verifier

texts = st.text(max_size=20)  # Hypothesis draws no half of a surrogate pair
values = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.INTEGER_MAX, canonical.INTEGER_MAX) | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
documents = st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), values, max_size=6)


@settings(max_examples=400, deadline=None)
@given(documents)
def test_every_allowed_document_is_spelled_as_rfc_8785_asks(document: dict[str, Any]) -> None:
    try:
        octets = canonical.encode(document)
    except Malformed:
        assume(False)  # deeper than sixteen
    assert octets == rfc8785.dumps(document)
    assert canonical.decode(octets, size_max=1 << 20, what="test") == document
    if document.get("format", 1) == 1:  # a document of another format is not for this verifier
        assert verifier.read(octets) == document


@settings(max_examples=200, deadline=None)
@given(documents)
def test_every_other_spelling_of_a_document_is_refused(document: dict[str, Any]) -> None:
    try:
        octets = canonical.encode(document)
    except Malformed:
        assume(False)
    for other in spellings(octets):
        if json.loads(other) != document and b'"k":' not in other:
            continue  # what was spelled otherwise stood inside a text: another document, not another spelling
        with pytest.raises(Refused):
            canonical.decode(other, size_max=1 << 20, what="test")
        with pytest.raises((verifier.VerdictError, ValueError)):
            verifier.read(other)


def spellings(octets: bytes) -> list[bytes]:
    """Return other spellings of one canonical document, each different from it."""
    document = json.loads(octets)
    upside_down = dict(reversed(list(document.items())))
    found = [
        octets + b"\n",
        b" " + octets,
        octets.replace(b"{", b"{ ", 1),
        json.dumps(document, sort_keys=True, ensure_ascii=False).encode(),
        json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode(),
        json.dumps(upside_down, separators=(",", ":"), ensure_ascii=False).encode(),
        re.sub(rb'":1(?=[,}])', b'":1.0', octets, count=1),
        octets.replace(b"/", rb"\/", 1),
        octets.replace(b'{"', b'{"k":0,"k":0,"', 1),
    ]
    key = next(iter(document), "")
    if key and key.isalnum():
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in key)
        found.append(octets.replace(f'"{key}"'.encode(), f'"{escaped}"'.encode(), 1))
    return [one for one in found if one != octets]


def _good() -> dict[str, tuple[bytes, Any]]:
    made = scene().Scene()
    leaf = made.log.leaves[0]
    return {
        "envelope": (leaf, lambda octets: Envelope.decode(octets, PayloadType.STATEMENT)),
        "statement": (Envelope.decode(leaf, PayloadType.STATEMENT).payload, Statement.decode),
        "root act": (
            Envelope.decode(made.west.ring.envelopes[0], PayloadType.ROOT_ACT).payload,
            decode_act,
        ),
        "opening": (made.opening.encode(), Opening.decode),
        "head": (made.log.head(cosigners=made.mirrors()).encode(), Checkpoint.decode),
    }


@pytest.mark.parametrize("kind", ["envelope", "statement", "root act", "opening"])
def test_every_signed_document_has_one_spelling(kind: str) -> None:
    octets, decode = _good()[kind]
    decode(octets)
    for other in spellings(octets):
        with pytest.raises(Refused):
            decode(other)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["envelope", "statement", "root act", "opening", "head"]), st.data())
def test_what_decodes_after_a_change_has_another_meaning(kind: str, data: st.DataObject) -> None:
    octets, decode = GOOD[kind]
    at = data.draw(st.integers(0, len(octets)))
    gone = data.draw(st.integers(0, 3))
    piece = data.draw(
        st.sampled_from([b"", b" ", b"\n", b"=", b"0", b"A", b'"', b",", b"\\u0061", b"+", b"/", b"-", b"_"])
    )
    changed = octets[:at] + piece + octets[at + gone :]
    assume(changed != octets)
    try:
        made = decode(changed)
    except Refused:
        return
    assert made != decode(octets)


GOOD = _good()


def other_base64(text: str) -> list[str]:
    """Return texts that loose decoders read as the same bytes."""
    found = [
        text + "\n",
        text[:10] + "\n" + text[10:],
        " " + text,
        text.rstrip("="),
        text + "=",
        text.replace("+", "-").replace("/", "_"),
    ]
    if text.endswith("=") and not text.endswith("=="):
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        found.append(text[:-2] + alphabet[alphabet.index(text[-2]) + 1] + "=")
    return [one for one in found if one != text]


def test_a_leaf_in_another_spelling_is_refused_and_never_stored() -> None:
    west, east = Member.make("west"), Member.make("east")
    opening = first_opening("baltic", [west.ring, east.ring])
    stores = {name: MemoryStore() for name in ("west", "east")}
    for store in stores.values():
        store.apply(join_parts(opening, [west.ring, east.ring]))
    writer, reader = Host(west, stores["west"]), Host(east, stores["east"])
    writer.open()
    reader.open()
    writer.send("a notice")
    origin = writer.line.state.own_origin
    leaf = stores["west"].entry(origin, 0)
    assert leaf is not None
    document = json.loads(leaf)
    others = spellings(leaf)
    for text in other_base64(document["payload"]):
        others.append(canonical.encode(document | {"payload": text}))
    for text in other_base64(document["signatures"][0]["sig"]):
        others.append(canonical.encode(document | {"signatures": [document["signatures"][0] | {"sig": text}]}))
    payload = base64.b64decode(document["payload"])
    for other in spellings(payload):
        others.append(canonical.encode(document | {"payload": base64.b64encode(other).decode()}))
    assert len(others) > 20
    for other in others:
        reader.give(Arrived((Record(Kind.ENTRY, other),), last=True))
        assert stores["east"].size(origin) == 0
        assert not dict(reader.took[-1].new).get("statement")
        assert reader.took[-1].refused
    reader.give(Arrived((Record(Kind.ENTRY, leaf),), last=True))
    assert stores["east"].entry(origin, 0) == leaf


def test_a_value_that_holds_no_others_is_spelt_or_refused_too() -> None:
    assert canonical.encode("é") == '"é"'.encode()  # type: ignore[arg-type]
    assert canonical.encode(7) == b"7"  # type: ignore[arg-type]
    for wrong in (1 << 53, "\ud800", 0.5):
        with pytest.raises(Malformed):
            canonical.encode(wrong)  # type: ignore[arg-type]


def test_the_quick_way_and_the_strict_way_decode_a_statement_alike() -> None:
    payload, _ = GOOD["statement"]
    strict = msgspec.convert(canonical.decode(payload, size_max=1 << 20, what="statement"), Statement)
    assert Statement.decode(payload) == (strict, {})
