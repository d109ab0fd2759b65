"""Vectors made by others: RFC 9162 proofs, Wycheproof Ed25519, the CCTV keys and points of small order.

Both programs are held to them. Where they are stricter than the vectors ask, the test says so and why.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from detente.line import keys, merkle
from detente.line.errors import BadSignature
from tests.verifier.judges import verifier

FAULTS = (verifier.VerdictError, ValueError)


def _raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _load(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(str(path), json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.rglob("*.json"))]


def test_every_inclusion_proof_is_judged_as_rfc_9162_asks(shared: Path) -> None:
    found = _load(shared / "vectors" / "merkle" / "inclusion")
    assert len(found) >= 90
    for path, case in found:
        proof, root, leaf = [_raw(one) for one in case["proof"] or []], _raw(case["root"]), _raw(case["leafHash"])
        index, size = case["leafIdx"], case["treeSize"]
        assert merkle.verify_inclusion(leaf, index, size, proof, root) is not case["wantErr"], path
        try:
            verifier.need(0 <= index < size and len(leaf) == 32, "index")
            holds = verifier.climb(index, size - 1, leaf, proof)[0] == root
        except FAULTS:
            holds = False
        assert holds is not case["wantErr"], path


def test_every_consistency_proof_is_judged_as_rfc_9162_asks_but_from_size_0(shared: Path) -> None:
    found = _load(shared / "vectors" / "merkle" / "consistency")
    assert len(found) >= 90
    from_nothing = 0
    for path, case in found:
        proof, old, new = [_raw(one) for one in case["proof"] or []], case["size1"], case["size2"]
        roots = _raw(case["root1"]), _raw(case["root2"])
        wanted = not case["wantErr"]
        if (
            old == 0
        ):  # decided in spec/line/log.md: nothing is consistent with nothing; a first head is taken as it is
            from_nothing += wanted
            wanted = False
        assert merkle.verify_consistency(old, new, proof, *roots) is wanted, path
        assert _climbs(old, new, proof, *roots) is wanted, path
    assert from_nothing <= 2


def _climbs(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Judge with the verifier's path, in the form that fork proofs give it.

    The old root first where it is a node.
    """
    if not 0 < old <= new or (old == new and proof):
        return False
    if old == new:
        return old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else proof
    zeros = (old & -old).bit_length() - 1
    try:
        return bool(path and proof) and verifier.climb(
            (old - 1) >> zeros, (new - 1) >> zeros, path[0], path[1:]
        ) == (
            new_root,
            old_root,
        )
    except FAULTS:
        return False


def test_every_wycheproof_signature_is_judged_as_asked(shared: Path) -> None:
    document = json.loads((shared / "vectors" / "wycheproof" / "ed25519_test.json").read_text(encoding="utf-8"))
    judged = 0
    for group in document["testGroups"]:
        key = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            assert _holds(key, signature, message) is (case["result"] == "valid"), case["tcId"]
            assert _verifier_holds(key, signature, message) is (case["result"] == "valid"), case["tcId"]
            judged += 1
    assert judged == document["numberOfTests"] >= 150


def _holds(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        keys.verify(key, signature, message)
    except BadSignature:
        return False
    return True


def _verifier_holds(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        verifier.verify(key, signature, message, "vector")
    except FAULTS:
        return False
    return True


def test_every_key_of_small_order_is_refused_at_enrolment(shared: Path) -> None:
    document = json.loads((shared / "vectors" / "keys" / "ed25519vectors.json").read_text(encoding="utf-8"))
    small = {bytes.fromhex(case["key"]) for case in document if "low_order_A" in (case["flags"] or [])
             and "low_order_component_A" in (case["flags"] or [])}  # fmt: skip
    assert len(small) >= 8
    accepted_without_the_table = 0
    for key in small:
        with pytest.raises(BadSignature):
            keys.check_key(key)
        for case in document:
            if bytes.fromhex(case["key"]) == key:
                signature, message = bytes.fromhex(case["sig"]), case["msg"].encode()
                assert not _holds(key, signature, message)
                assert not _verifier_holds(key, signature, message)
                try:
                    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
                except (InvalidSignature, ValueError):
                    continue
                accepted_without_the_table += 1
    assert accepted_without_the_table  # or the table would be an ornament


def test_every_point_of_small_order_is_refused_as_r(shared: Path) -> None:
    document = json.loads((shared / "vectors" / "keys" / "ed25519vectors.json").read_text(encoding="utf-8"))
    refused = 0
    for case in document:
        flags = case["flags"] or []
        if "low_order_R" in flags or "non_canonical_R" in flags or "non_canonical_A" in flags:
            key, signature = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
            assert not _holds(key, signature, case["msg"].encode()), case["number"]
            assert not _verifier_holds(key, signature, case["msg"].encode()), case["number"]
            refused += 1
    assert refused
