"""Both judges of the same bytes: détente's decoders, and the verifier, which is loaded from its one file."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from detente.line import canonical, evidence, keys, proof
from detente.line.bundle import BUNDLE_MAGIC, Parser
from detente.line.checkpoint import Checkpoint, verify_cosignature
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import Malformed, OutOfPlace, Refused
from detente.line.opening import Opening
from detente.line.release import judge as judge_release
from detente.line.rootact import Keyring
from detente.line.statement import Statement
from detente.line.watching import CONTROL_TYPES
from detente.node.officers import Officers, check_release

ROOT = Path(__file__).resolve().parent.parent.parent
KNOWN_TYPES = frozenset({"notice"}) | CONTROL_TYPES


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_MEMORY = Path("/dev/shm")  # noqa: S108 - writing over a file that is on a disk waits for the disk
# each judgement writes its files over those before, each process apart
_folder = TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
verifier = _load("verify", ROOT / "verifier" / "verify.py")
officers_verifier = _load("officers", ROOT / "verifier" / "officers.py")  # it imports the one above


def scene() -> ModuleType:
    """Return the small line from which the vectors are made."""
    return load_tool("vector_scene")


def load_tool(name: str) -> ModuleType:
    """Return a program of tools/ as a module."""
    return sys.modules.get(name) or _load(name, ROOT / "tools" / f"{name}.py")


def tool() -> ModuleType:
    """Return the tool that makes the vectors."""
    return load_tool("make_vectors")


def verdict(octets: bytes, cards: list[bytes], officers: list[dict[str, Any]] | None = None) -> tuple[int, str]:
    """Return the verifier's exit code and words for a file and the cards beside it.

    officers: officers' files; with them the program that judges releases too is asked.
    """
    own = Path(_folder.name) / str(os.getpid())  # a forked process has this folder too
    own.mkdir(exist_ok=True)
    paths = [own / str(number) for number in range(len(cards) + 1)]
    for path, content in zip(paths, [octets, *cards], strict=True):
        path.write_bytes(content)
    said = io.StringIO()
    with redirect_stdout(said):
        if officers is None:
            code = verifier.main([str(path) for path in paths])
        else:
            named = []
            for number, document in enumerate(officers):
                (own / f"officers{number}").write_text(json.dumps(document, indent=2))
                named += ["--officers", str(own / f"officers{number}")]
            code = officers_verifier.main([*map(str, paths), *named])
    return code, said.getvalue()


def _rings(case: dict[str, Any]) -> dict[str, Keyring]:
    rings = {}
    for card in case["cards"]:
        ring = Keyring()
        ring.take(base64.b64decode(card))
        rings[ring.member] = ring
    return rings


# ---- détente ------------------------------------------------------------------------------------------------


def _canonical(case: dict[str, Any]) -> None:
    canonical.decode(base64.b64decode(case["input"]), size_max=1 << 20, what="vector")


def _key(case: dict[str, Any]) -> None:
    keys.verify(*(bytes.fromhex(case[name]) for name in ("key", "signature", "message")))


def _envelope(case: dict[str, Any]) -> None:
    Envelope.decode(base64.b64decode(case["input"]), PayloadType.STATEMENT).verify_one(bytes.fromhex(case["key"]))


def _statement(case: dict[str, Any]) -> None:
    envelope = Envelope.decode(base64.b64decode(case["input"]), PayloadType.STATEMENT)
    statement, unknown = Statement.decode(envelope.payload)
    ring, opening = _rings(case).get(statement.author), Opening.decode(base64.b64decode(case["opening"]))
    own = ring.keys_of(statement.generation) if ring else None
    if own is None or statement.key != keys.key_id(bytes.fromhex(own.sign)):
        raise OutOfPlace(expected="a key", came="none")
    envelope.verify_one(bytes.fromhex(own.sign))
    place = (statement.line, statement.epoch, statement.seq, statement.previous)
    if place != (opening.line, opening.epoch, case["seq"], case["previous"]):
        raise OutOfPlace(expected="the next statement", came=str(place))
    assert statement.not_understood(unknown, KNOWN_TYPES) is not case["understood"]


def _head(case: dict[str, Any]) -> None:
    made = Checkpoint.decode(case["input"].encode())
    rings = _rings(case)
    own = rings[made.head.origin.member].keys_of(made.head.origin.generation)
    if own is None:
        raise OutOfPlace(expected="a key", came="none")
    made.verify(bytes.fromhex(own.sign))
    for one in made.cosignatures:
        _, line, epoch, member, role = one.name.split("/")
        cosigner = rings[member].generations[0]
        assert cosigner is not None
        if (line, int(epoch)) != (made.head.origin.line, made.head.origin.epoch):
            raise OutOfPlace(expected="a cosignature of this line", came=one.name)
        public = {"log": cosigner.cosign_log, "held": cosigner.cosign_held}[role]
        verify_cosignature(made.head, one, bytes.fromhex(public))


def _root_acts(case: dict[str, Any]) -> None:
    ring = Keyring()
    for act in case["input"]:
        ring.take(base64.b64decode(act))


def _opening(case: dict[str, Any]) -> None:
    Opening.decode(base64.b64decode(case["input"]))


def _bundle(case: dict[str, Any]) -> None:
    octets, parser, found = base64.b64decode(case["input"]), Parser(magic=BUNDLE_MAGIC), 0
    try:
        for start in range(0, len(octets), 7):
            found += len(parser.feed(octets[start : start + 7]))
    finally:
        assert found == case["records"]
        assert parser.complete is case["complete"] or not case["valid"]


def _evidence(case: dict[str, Any]) -> None:
    shown = evidence.judge(base64.b64decode(case["input"]))
    for name, ring in _rings(case).items():
        if shown.cards.get(name) != ring.card:
            raise OutOfPlace(expected="the card that was given", came="another")


def _fork(case: dict[str, Any]) -> None:
    found = proof.judge(base64.b64decode(case["input"]))
    if _rings(case)[found.member].card != found.card:
        raise OutOfPlace(expected="the card that was given", came="another")


def _release(case: dict[str, Any]) -> None:
    judge_release(base64.b64decode(case["input"]), Statement.decode_known(base64.b64decode(case["statement"])))


def _officers(case: dict[str, Any]) -> None:
    given = {name: case["officers"][name] for name in ("needed", "needed_for", "officers", "origins", "site")}
    octets = b"" if case["input"] is None else base64.b64decode(case["input"])
    check_release(Officers.read(given), Statement.decode_known(base64.b64decode(case["statement"])), octets, {})


NODE: dict[str, Callable[[dict[str, Any]], None]] = {
    "canonical": _canonical, "keys": _key, "envelopes": _envelope, "statements": _statement, "heads": _head,
    "cosignatures": _head, "root_acts": _root_acts, "openings": _opening, "bundles": _bundle, "evidence": _evidence,
    "forks": _fork, "releases": _release, "officers": _officers,
}  # fmt: skip


def node_accepts(kind: str, case: dict[str, Any]) -> bool:
    """Tell whether détente accepts a case; anything but Refused comes through."""
    try:
        NODE[kind](case)
    except Refused:
        return False
    return True


# ---- the verifier -------------------------------------------------------------------------------------------

_SHAPE_FAULTS = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


def _verifier_signature(case: dict[str, Any]) -> None:
    key, signature, message = (bytes.fromhex(case[name]) for name in ("key", "signature", "message"))
    verifier.verify(key, signature, message, "vector")


def _verifier_statement(case: dict[str, Any]) -> None:
    judge = verifier.Judge([base64.b64decode(card) for card in case["cards"]])
    judge.opening(base64.b64decode(case["opening"]))
    statement, (line, epoch, _, _) = judge.statement(base64.b64decode(case["input"]))
    opening = json.loads(base64.b64decode(case["opening"]))
    verifier.need(
        (line, epoch, statement["seq"], statement["previous"])
        == (opening["line"], opening["epoch"], case["seq"], case["previous"]),
        "not the next statement",
    )


def _verifier_head(case: dict[str, Any]) -> None:
    judge = verifier.Judge([base64.b64decode(card) for card in case["cards"]])
    judge.head(case["input"].encode())


def _verifier_opening(case: dict[str, Any]) -> None:
    judge = verifier.Judge([])
    for octets in [*case["before"], case["input"]]:
        judge.opening(base64.b64decode(octets))


def _verifier_officers(case: dict[str, Any]) -> None:
    octets = None if case["input"] is None else base64.b64decode(case["input"])
    document = json.dumps(case["officers"]).encode()
    _, listed = officers_verifier.listed_officers(document)
    officers_verifier.released(verifier.read(base64.b64decode(case["statement"])), octets, listed)


VERIFIER: dict[str, Callable[[dict[str, Any]], object]] = {
    "canonical": lambda case: verifier.read(base64.b64decode(case["input"])),
    "keys": _verifier_signature,
    "envelopes": lambda case: verifier.unpack(
        base64.b64decode(case["input"]), "statement", lambda _: ([case["key"]], 1)
    ),
    "statements": _verifier_statement,
    "heads": _verifier_head,
    "cosignatures": _verifier_head,
    "root_acts": lambda case: verifier.Judge([base64.b64decode(act) for act in case["input"]]),
    "openings": _verifier_opening,
    "officers": _verifier_officers,
}


def verifier_accepts(kind: str, case: dict[str, Any]) -> bool:
    """Tell whether the verifier accepts a case; whole files are judged as its user judges them."""
    if kind in {"evidence", "forks", "exports"}:
        code, said = verdict(base64.b64decode(case["input"]), [base64.b64decode(card) for card in case["cards"]])
        assert code or case.get("told", "") in said, said
        return code == 0
    try:
        VERIFIER[kind](case)
    except (verifier.VerdictError, *_SHAPE_FAULTS):
        return False
    return True


__all__ = [
    "ROOT",
    "Malformed",
    "load_tool",
    "node_accepts",
    "officers_verifier",
    "scene",
    "tool",
    "verdict",
    "verifier",
    "verifier_accepts",
]
