"""What each fuzzed decoder of the line is, and what must hold for any bytes at all: it decodes them, or raises Refused.

What decodes must be spelled in one way only: encoding it again gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import msgspec

from detente.line import canonical, evidence, proof
from detente.line.bundle import BUNDLE_MAGIC, CAPS, EXPORT_MAGIC, Parser
from detente.line.checkpoint import Checkpoint
from detente.line.effects import Role
from detente.line.envelope import ENVELOPE_MAX, Envelope, PayloadType
from detente.line.errors import Refused
from detente.line.opening import Opening
from detente.line.release import Assertion, Release, challenge
from detente.line.release import judge as judge_release
from detente.line.rootact import Keyring, decode_act
from detente.line.session import Answer, Have, LineTest, decode_session
from detente.line.statement import Statement

__all__ = ["DECODERS", "Refused", "first_inputs"]

ROOT = Path(__file__).resolve().parents[2]


def canonical_json(data: bytes) -> None:
    """Any canonical document."""
    assert canonical.encode(canonical.decode(data, size_max=ENVELOPE_MAX, what="fuzz")) == data


def bundle(data: bytes) -> None:
    """A bundle or an export, in pieces whose size the first byte draws."""
    magic = EXPORT_MAGIC if data[:1] > b"\x7f" else BUNDLE_MAGIC
    size = 16 * (1 + (data[0] & 63)) if data else 1
    parser, octets, found = Parser(magic=magic), magic + data[1:], 0
    for start in range(0, len(octets), size):
        for record in parser.feed(octets[start : start + size]):
            found += len(record.content) + 5
            assert len(record.content) <= (CAPS[record.kind] if record.kind else 0)
        assert len(parser._buffer) <= len(octets)
    assert found <= len(octets)


def envelope(data: bytes) -> None:
    """An envelope of any type, and the statement in it."""
    refused = None
    for kind in PayloadType:
        try:
            made = Envelope.decode(data, kind)
        except Refused as refusal:
            refused = refusal
            continue
        assert made.encode() == data
        Statement.decode(made.payload)
    if refused is not None:
        raise refused


def statement(data: bytes) -> None:
    """A statement's payload: the quick way and the strict way decode the same."""
    made, unknown = Statement.decode(data)
    assert canonical.encode(canonical.decode(data, size_max=ENVELOPE_MAX, what="fuzz")) == data
    if not unknown:
        assert Statement.decode(made.encode())[0] == made


def head(data: bytes) -> None:
    """A head with its cosignatures."""
    assert Checkpoint.decode(data).encode() == data


def act(data: bytes) -> None:
    """A root act's payload, and an envelope for a keyring."""
    try:
        Keyring().take(data)
    except Refused:
        assert decode_act(data).encode() == data


def opening(data: bytes) -> None:
    """An opening."""
    assert Opening.decode(data).encode() == data


def session(data: bytes) -> None:
    """A have-vector, answer or line test."""
    for kind in ("have", "answer", "test"):
        try:
            if kind == "have":
                again = decode_session(data, Have).encode()
            else:
                again = (
                    decode_session(data, Answer) if kind == "answer" else decode_session(data, LineTest)
                ).encode()
        except Refused:
            if kind == "test":
                raise
            continue
        assert again == data
        return


def evidence_file(data: bytes) -> None:
    """An evidence file."""
    evidence.judge(data)


def fork(data: bytes) -> None:
    """A fork proof."""
    proof.judge(data)


def verifier(data: bytes) -> None:
    """Whatever is given to the verifier: it says true, refused or bad input, and never falls over."""
    program = _verifier()
    judge = program.Judge([])
    for way in (judge.evidence, judge.fork, judge.opening, judge.act, judge.head, judge.statement):
        try:
            way(data)
        except (program.VerdictError, *FAULTS):
            pass


FAULTS = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
"""What the verifier's ``main`` catches and calls another shape than spec/line describes."""
_loaded: list[ModuleType] = []


def _verifier() -> ModuleType:
    if not _loaded:
        spec = importlib.util.spec_from_file_location("verify", ROOT / "verifier" / "verify.py")
        assert spec is not None
        assert spec.loader is not None
        _loaded.append(importlib.util.module_from_spec(spec))
        spec.loader.exec_module(_loaded[0])
    return _loaded[0]


def sealed(data: bytes) -> None:
    """A sealed bundle: its header, its sealed key, its pieces."""
    from detente.node.sealing import SEALED_MAGIC, Unsealer, open_content_key

    unsealer = Unsealer(lambda info, key: open_content_key([], info, key, me="west"), me="west")
    for start in range(0, len(data), 97):
        unsealer.feed((SEALED_MAGIC if not start else b"") + data[start : start + 97])


def signing(data: bytes) -> None:
    """A request to the signer's process, or its answer; the log that it names."""
    from detente.node.signing import frames

    try:
        request = frames.decode_request(data)
    except Refused:
        answer = frames.decode_answer(data)
        assert frames.decode_answer(frames.encode(answer)) == answer
        if isinstance(answer, frames.Recording):
            answer.head_file()
        return
    assert frames.decode_request(frames.encode(request)) == request
    if isinstance(request, frames.Ask):
        assert frames.Ask.of(request.request()) == request
    elif isinstance(request, frames.Durable):
        frames.own_of(request.own)


def release(data: bytes) -> None:
    """An officers' release beside the statement that names it, or what a browser said in an assertion."""
    released = _released()
    named = msgspec.structs.replace(released, release=hashlib.sha256(data).hexdigest())
    if data[:1] == b"?":  # the rest is client data, in an assertion that is otherwise of the right shape
        one = Assertion(
            algorithm="ed25519", authenticator_data=base64.b64encode(bytes(37)).decode(),
            client_data=base64.b64encode(data[1:]).decode(), key="ab" * 32,
            signature=base64.b64encode(bytes(64)).decode(),
        )  # fmt: skip
        octets = Release(addressees=(), assertions=(one,), format=1, kind="release").encode()
        judge_release(octets, msgspec.structs.replace(named, release=hashlib.sha256(octets).hexdigest()))
        return
    assert judge_release(data, named)[0].encode() == data


@cache
def _released() -> Statement:
    from tests.verifier.judges import scene

    made: Statement = scene().Scene().log.statement("Notice 5 of west.")
    return made


DECODERS: dict[str, Callable[[bytes], None]] = {
    "line_act": act, "line_bundle": bundle, "line_canonical": canonical_json, "line_envelope": envelope,
    "line_evidence": evidence_file, "line_fork": fork, "line_head": head, "line_opening": opening,
    "line_release": release, "line_sealed": sealed, "line_session": session, "line_signing": signing,
    "line_statement": statement, "line_verifier": verifier,
}  # fmt: skip


def first_inputs() -> dict[str, list[bytes]]:
    """Return the corpus by decoder, from the same small line from which the vectors are made."""
    from tests.verifier.judges import load_tool, scene

    scenes = scene()
    made = scenes.Scene()
    leaf = made.log.leaves[0]
    payload = base64.b64decode(canonical.decode(leaf, size_max=ENVELOPE_MAX, what="leaf")["payload"])
    note = made.log.head(cosigners=made.mirrors()).encode()
    card = made.west.ring.envelopes[0]
    rival = made.found(made.west)
    rival.add("Rival notice 0 of west.")
    forks = [
        proof.statements_fork(made.west.ring, leaf, rival.leaves[0]),
        proof.heads_fork(made.west.ring, made.log.head(1), rival.head(1)),
    ]
    releases = load_tool("vector_release")
    released = releases.release_for([releases.touch(challenge(_released(), ["east"]))])
    records = made.export()[:6]
    have = canonical.encode({
        "acts": [], "author": "west", "challenge": True, "clock_ms": 1, "epoch": 1, "forks": [], "format": 1,
        "key": "0" * 64, "line": "baltic", "logs": [], "missing": [], "nonce": "0" * 32,
        "opening": "0" * 64, "to": "east",
    })  # fmt: skip
    header = canonical.encode(
        {"epoch": 1, "format": 1, "from": "east", "key": "0" * 64, "line": "baltic", "to": "west"}
    )
    return {
        "line_act": [card, made.west.payload("anchor").encode()],
        "line_bundle": [
            start + scenes.joined(records, magic)[len(magic) :]
            for start, magic in ((b"\x01", BUNDLE_MAGIC), (b"\xff", EXPORT_MAGIC))
        ],
        "line_canonical": [payload, b'{"a":["\\u0000",null,-1,{"b":9007199254740991}]}'],
        "line_envelope": [leaf, card],
        "line_evidence": [made.evidence(0, with_body=False)],
        "line_fork": forks,
        "line_head": [note, made.log.head(1).encode()],
        "line_opening": [made.opening.encode()],
        "line_release": [released, b"?" + base64.b64decode(json.loads(released)["assertions"][0]["client_data"])],
        "line_sealed": [
            len(header).to_bytes(4, "big") + header + b"\0\x10" + bytes(16) + b"\0\0\0\x11" + bytes(17)
        ],
        "line_session": [have],
        "line_signing": _signing_inputs(payload),
        "line_statement": [payload],
        "line_verifier": [leaf, card, note, made.opening.encode(), *forks],
    }


def _signing_inputs(payload: bytes) -> list[bytes]:
    from detente.node.signing import frames

    log = "detente/baltic-0123456789abcdef0123/1/west/0"
    messages: list[frames.Request | frames.Answer] = [
        frames.Ask(1, "statement", Role.SIGN, log, payload, 0, b"", (), 0, 0, 0, b"", None),
        frames.Ask(
            1,
            "cosign",
            Role.COSIGN_LOG,
            log,
            b"x",
            3,
            bytes(32),
            (bytes(32),),
            2,
            5,
            0,
            b"",
            Role.COSIGN_HELD,
        ),
        frames.Durable(((log, 3, bytes(32)),)),
        frames.Adopt(log, (bytes(32),), (b"leaf",)),
        frames.FoundCosigned(log, 1, bytes(32), Role.COSIGN_LOG, "name", b"hint", 5, bytes(64)),
        frames.Unlock(b"correct horse"),
        frames.Recording(((log, 3, bytes(32)),), ((log, Role.COSIGN_LOG, 1, bytes(32)),), 5, (2, "ab" * 32)),
        frames.Failed("StoreFailure", "a disk", "none", "here", "mend it"),
    ]
    return [frames.encode(one) for one in messages]
