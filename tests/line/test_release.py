"""Officers' releases: an assertion stands for exactly one statement, travels and is kept beside it as a body is.

Method: authenticators made by hand, both algorithms; each single thing changed must be refused or shown as false; the
line carries a release, asks for one that is missing, says it again, and never lets it stop a log.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from typing import Any

import msgspec
import pytest

from detente.line import canonical, evidence, merkle, writing
from detente.line.bundle import Kind
from detente.line.effects import Draft, Submitted
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import BadSignature, LineMistake, Malformed, Refused
from detente.line.release import Release, challenge, judge, requested
from detente.line.statement import Commitment, Reference, Statement
from tests.line.authenticator import ORIGIN, SITE, Authenticator, asked_of, release_of, released, text64
from tests.line.cast import (
    alarms,
    begin_generation,
    carry,
    consent,
    delivered,
    exchange,
    held,
    line_of,
    new_generation,
    next_run,
    origin_of,
    say,
    settle,
    successor,
)
from tests.line.memory import Host

STATEMENT = Statement(
    answer_by_ms=None, attachments=(), author="west", body=Commitment("ab" * 32, "text/plain", "now", 3), clock_ms=5,
    critical=(), epoch=1, generation=0, heads=(), in_reply_to=None, key="cd" * 32, line="baltic-0123456789abcdef0123",
    previous="00" * 32, release=None, seq=0, submission="ef" * 16, type="notice",
)  # fmt: skip
NAMES = ("east",)


def named(octets: bytes, statement: Statement = STATEMENT) -> Statement:
    return msgspec.structs.replace(statement, release=hashlib.sha256(octets).hexdigest())


def touched(officer: Authenticator, **how: Any) -> bytes:
    return release_of([officer.touch(asked_of(STATEMENT, NAMES), **how)], NAMES)


# ---- one release by itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["es256", "ed25519"])
def test_a_touch_shows_its_site_its_person_and_its_count(algorithm: str) -> None:
    officer = Authenticator("anna", algorithm, count=6)
    octets = touched(officer)
    release, (touch,) = judge(octets, named(octets))
    assert release.addressees == NAMES
    assert (touch.key, touch.origin, touch.count) == (officer.key, ORIGIN, 7)
    assert touch.site_hash == hashlib.sha256(SITE.encode()).hexdigest()
    assert touch.present
    assert touch.verified


@pytest.mark.parametrize("flags", [0, 1, 4])
def test_an_absent_or_unrecognised_person_shows(flags: int) -> None:
    octets = touched(Authenticator("anna"), flags=flags)
    _, (touch,) = judge(octets, named(octets))
    assert (touch.present, touch.verified) == (bool(flags & 1), bool(flags & 4))


def test_extensions_of_an_authenticator_are_signed_and_let_be() -> None:
    octets = touched(Authenticator("anna"), flags=0x85, extra=b"\xa0")
    assert judge(octets, named(octets))[1][0].verified


REFERENCE = Reference(1, 0, "12" * 32, "east", 3)
MEANT = [
    {"answer_by_ms": 7}, {"attachments": (Commitment("ac" * 32, "a/b", "now", 1),)}, {"author": "east"},
    {"body": Commitment("ad" * 32, "text/plain", "now", 3)}, {"critical": ("x",)}, {"in_reply_to": REFERENCE},
    {"line": "baltic-00000000000000000000"}, {"submission": "00" * 16}, {"type": "incident"},
]  # fmt: skip


@pytest.mark.parametrize("change", MEANT, ids=lambda change: next(iter(change)))
@pytest.mark.parametrize("algorithm", ["es256", "ed25519"])
def test_a_release_stands_for_nothing_that_people_did_not_mean(change: dict[str, Any], algorithm: str) -> None:
    octets = touched(Authenticator("anna", algorithm))
    other = msgspec.structs.replace(STATEMENT, **change)
    with pytest.raises(BadSignature):
        judge(octets, named(octets, other))


def test_what_the_node_alone_fills_in_needs_no_officer() -> None:
    octets = touched(Authenticator("anna"))
    other = msgspec.structs.replace(STATEMENT, clock_ms=9, seq=4, epoch=2, generation=1, previous="11" * 32)
    assert judge(octets, named(octets, other))[1]
    document = json.loads(requested(STATEMENT, NAMES))
    assert not document.keys() & {"clock_ms", "seq", "epoch", "generation", "previous", "heads", "key", "release"}


def test_other_readers_than_the_officers_saw_are_another_request() -> None:
    document = json.loads(touched(Authenticator("anna")))
    octets = canonical.encode(document | {"addressees": ["east", "north"]})
    with pytest.raises(BadSignature):
        judge(octets, named(octets))


CLIENTS: dict[str, dict[str, Any] | bytes] = {
    "another ceremony": {"type": "webauthn.create"},
    "within another site": {"crossOrigin": True},
    "no origin": {"origin": None},
    "no JSON": b"{",
    "no text": b"\xff",
    "no object": b"[]",
    "a key twice": b'{"type":"webauthn.get","type":"webauthn.get"}',
    "a fraction": b'{"type":1.5}',
    "NaN": b'{"type":NaN}',
    "deep": b'{"type":' + b"[" * 5000 + b"]" * 5000 + b"}",
}


@pytest.mark.parametrize("name", CLIENTS)
def test_other_words_of_a_browser_are_refused(name: str) -> None:
    octets = touched(Authenticator("anna"), client=CLIENTS[name])
    with pytest.raises(Malformed):
        judge(octets, named(octets))


@pytest.mark.parametrize(
    "how",
    [
        {"flags": 0x45}, {"flags": 0x85}, {"extra": b"\xa0"}, {"flags": 0x15},
    ],
    ids=["attested", "extension said and missing", "extension not said", "backed up and not eligible"],
)  # fmt: skip
def test_authenticator_data_of_another_shape_is_refused(how: dict[str, Any]) -> None:
    octets = touched(Authenticator("anna"), **how)
    with pytest.raises(Malformed):
        judge(octets, named(octets))


@pytest.mark.parametrize("algorithm", ["es256", "ed25519"])
@pytest.mark.parametrize("part", ["authenticator_data", "client_data", "signature", "key"])
def test_no_byte_of_an_assertion_can_be_changed(algorithm: str, part: str) -> None:
    document = json.loads(touched(Authenticator("anna", algorithm)))
    one = document["assertions"][0]
    if part == "key":
        one["key"] = Authenticator("berta", algorithm).key
    else:
        octets = bytearray(base64.b64decode(one[part]))
        octets[len(octets) // 2] ^= 1
        one[part] = text64(bytes(octets))
    octets_changed = canonical.encode(document)
    with pytest.raises(Refused):
        judge(octets_changed, named(octets_changed))


SHAPES: dict[str, dict[str, Any]] = {
    "no assertion": {"assertions": []},
    "another format": {"format": 2},
    "another kind": {"kind": "evidence"},
    "a field more": {"more": 1},
    "names out of order": {"addressees": ["west", "east"]},
    "a name twice": {"addressees": ["east", "east"]},
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_release_of_another_shape_is_refused(name: str) -> None:
    octets = canonical.encode(json.loads(touched(Authenticator("anna"))) | SHAPES[name])
    with pytest.raises(Malformed):
        judge(octets, named(octets))


@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "ed25519"}, {"algorithm": "rs256"}, {"key": "04" + "00" * 64}, {"key": "ab" * 32},
        {"signature": "AAA"}, {"client_data": "AA=A"}, {"authenticator_data": text64(b"short")},
    ],
)  # fmt: skip
def test_an_assertion_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    document = json.loads(touched(Authenticator("anna")))
    document["assertions"][0].update(change)
    octets = canonical.encode(document)
    with pytest.raises(Refused):
        judge(octets, named(octets))


def test_two_officers_stand_in_order_and_each_once() -> None:
    officers = [Authenticator("anna"), Authenticator("berta", "ed25519")]
    octets = release_of([one.touch(asked_of(STATEMENT, NAMES)) for one in officers], NAMES)
    assert {touch.key for touch in judge(octets, named(octets))[1]} == {one.key for one in officers}
    document = json.loads(octets)
    for wrong in (document["assertions"][::-1], [document["assertions"][0]] * 2):
        changed = canonical.encode(document | {"assertions": wrong})
        with pytest.raises(Malformed):
            Release.decode(changed)


def test_another_release_than_the_one_named_is_refused() -> None:
    octets = touched(Authenticator("anna"))
    with pytest.raises(Malformed):
        judge(octets, STATEMENT)
    assert len(challenge(STATEMENT, NAMES)) == 32


# ---- on the line --------------------------------------------------------------------------------------------


def released_draft(host: Host, text: str, **how: Any) -> Draft:
    draft = Draft("notice", "text/plain", text.encode(), hashlib.sha256(text.encode()).hexdigest()[:32])
    return released(host.line.state, draft, Authenticator("anna"), **how)


def statement_at(host: Host, seq: int, generation: int = 0, epoch: int = 1) -> Statement:
    leaf = host.store._entries[origin_of(host, generation, epoch)][seq]
    return Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)[0]


def test_a_release_travels_is_kept_and_counts_for_delivery() -> None:
    hosts = line_of("east", "west", observers=("port",))
    west, east, port = hosts["west"], hosts["east"], hosts["port"]
    west.give(Submitted((released_draft(west, "one"),)))
    statement = statement_at(west, 0)
    assert statement.release is not None
    took = carry(west, east, without=[Kind.RELEASE])
    assert dict(took.new)["statement"] == 1
    carry(east, west)
    assert delivered(west, "east") == 0  # what officers said is part of what is held
    exchange(west, east, 2)
    assert delivered(west, "east") == 1
    octets = east.store.body(statement.release)
    assert octets is not None
    assert judge(octets[1], statement)[1][0].verified
    carry(west, port)
    assert port.store.body(statement.release) is None  # an observer mirrors statements, not contents


def test_a_missing_release_is_asked_for_after_a_restart() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    west.give(Submitted((released_draft(west, "one"),)))
    carry(west, east, without=[Kind.RELEASE])
    east = next_run(east)
    exchange(east, west, 2)
    assert delivered(west, "east") == 1


def test_a_release_that_shows_nothing_is_kept_and_stops_no_log() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    with pytest.MonkeyPatch.context() as patched:  # a liar's node
        patched.setattr(writing, "_check_release", lambda *_: None)
        say(west, "one", release=b"no release at all")
    exchange(west, east, 2)
    assert delivered(west, "east") == 1
    octets = east.store.body(statement_at(west, 0).release or "")
    assert octets == (b"", b"no release at all")
    with pytest.raises(Refused):
        judge(octets[1], statement_at(west, 0))


def test_a_release_for_other_readers_or_without_its_salts_is_not_sent() -> None:
    west = line_of("east", "north", "west")["west"]
    draft = released_draft(west, "one")
    assert draft.release is not None
    fewer = release_of([Authenticator("anna").touch(asked_of(statement_for(west, draft), ["east"]))], ["east"])
    for wrong in (dataclasses.replace(draft, salts=()), dataclasses.replace(draft, release=fewer)):
        with pytest.raises(LineMistake):
            west.give(Submitted((wrong,)))
    assert held(west, origin_of(west)) == 0
    west.give(Submitted((draft,)))
    assert held(west, origin_of(west)) == 1


def statement_for(host: Host, draft: Draft) -> Statement:

    return writing.drafted(host.line.state, draft)


def test_what_is_said_again_in_the_next_generation_keeps_its_release() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "zero")
    exchange(west, east)
    west.give(Submitted((released_draft(west, "one"),)))
    begin_generation(west, new_generation(west, at=1))
    again = statement_at(west, 0, generation=1)
    first = statement_at(west, 1)
    assert (again.submission, again.release, again.body) == (first.submission, first.release, first.body)
    assert "say-again" not in alarms(west)


def test_what_officers_released_for_others_is_not_said_again_to_new_readers() -> None:
    hosts = line_of("east", "north", "west")
    west = hosts["west"]
    settle(hosts.values())
    west.give(Submitted((released_draft(west, "one"),)))
    opening = successor(west, ["east", "west"])
    nothing = hashlib.sha256().hexdigest()
    final = tuple(
        msgspec.structs.replace(one, size=0, root=nothing) if one.member == "west" else one
        for one in opening.final
    )
    consent(west, msgspec.structs.replace(opening, final=final))
    assert "say-again" in alarms(west)
    assert all(
        statement_at(west, seq, epoch=2).release is None for seq in range(held(west, origin_of(west, epoch=2)))
    )


def test_evidence_shows_the_release_and_no_other() -> None:
    officer = Authenticator("anna")
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    west.give(Submitted((released_draft(west, "one"),)))
    exchange(west, east, 2)
    document = evidence_document(west)
    shown = evidence.judge(canonical.encode(document))
    assert shown.release is not None
    assert judge(shown.release, shown.statement)[1][0].key == officer.key
    assert evidence.judge(canonical.encode(document | {"release": None})).release is None
    with pytest.raises(Refused):
        evidence.judge(canonical.encode(document | {"release": text64(b"another")}))


def evidence_document(host: Host) -> dict[str, Any]:

    state, origin = host.line.state, origin_of(host)
    checkpoint = host.store.checkpoint(origin)
    assert checkpoint is not None
    path = merkle.inclusion_proof(
        0, checkpoint.head.size, lambda level, index: host.store.node(origin, level, index)
    )
    name = statement_at(host, 0).release or ""
    octets = evidence.make(
        leaf=host.store._entries[origin][0], proofs=[evidence.Proof(checkpoint, tuple(path))],
        openings=[state.opening.encode()], rings=state.rings.values(), bodies=[], first=None,
        release=(host.store.body(name) or (b"", b""))[1],
    )  # fmt: skip
    found: dict[str, Any] = json.loads(octets)
    return found


# ---- nobody's false promise keeps a content from others -----------------------------------------------------


def test_a_false_size_in_anothers_statement_does_not_withhold_a_content() -> None:
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    settle(hosts.values(), times=2)
    say(west, "the body that north would hide")
    body = statement_at(west, 0).body
    carry(west, north)
    lie(north, body)
    carry(north, east)  # east knows the lie first, and not west's statement
    assert held(east, origin_of(north)) == 1
    carry(west, east)
    carry(east, west)
    assert delivered(west, "east") == 1
    assert east.store.missing(origin_of(north)) == {0: {body.hash}}
    east = next_run(east)
    carry(west, east)
    assert east.store.missing(origin_of(north)) == {0: {body.hash}}
    assert delivered(north, "east") == 0


def lie(host: Host, body: Commitment) -> None:
    """Have a dishonest member promise another's content with a false size, under its own good signature."""

    false = msgspec.structs.replace(body, size=body.size + 1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(writing, "_commitments", lambda *_: [false])
        say(host, "a lie")


def test_a_body_named_as_a_release_settles_nothing() -> None:
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    settle(hosts.values(), times=2)
    say(west, "plain")
    body = statement_at(west, 0).body
    carry(west, north)

    with pytest.MonkeyPatch.context() as patched:
        true = writing._statement
        patched.setattr(
            writing, "_statement", lambda *given: msgspec.structs.replace(true(*given), release=body.hash)
        )
        say(north, "its release is west's body")
    carry(north, east)
    carry(west, east)
    carry(east, west)
    assert delivered(west, "east") == 1
    assert east.store.missing(origin_of(north)) == {0: {body.hash}}
