"""vectors/ are made by the tool in the tree, and both programs judge every case as it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.verifier.judges import ROOT, node_accepts, tool, verifier_accepts

FILES = sorted(path for path in (ROOT / "vectors").glob("*.json") if path.name != "notices.json")


def cases() -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for path in FILES:
        document = json.loads(path.read_text(encoding="utf-8"))
        for case in document["cases"]:
            found += [(path.stem, judge, document["shared"] | case) for judge in case["judges"]]
    return found


@pytest.mark.parametrize(
    ("kind", "judge", "case"), cases(), ids=lambda value: value["name"] if isinstance(value, dict) else value
)
def test_a_case_is_judged_as_it_says(kind: str, judge: str, case: dict[str, Any]) -> None:
    accepts = node_accepts if judge == "node" else verifier_accepts
    assert accepts(kind, case) is case["valid"], case["reason"]


def test_the_vectors_are_those_that_the_tool_makes() -> None:
    made = tool().made()
    assert sorted(made) == [path.name for path in FILES]
    for path in FILES:
        assert path.read_text(encoding="utf-8") == made[path.name], path.name


def test_every_kind_has_valid_and_invalid_cases_with_their_own_names() -> None:
    for path in FILES:
        found = json.loads(path.read_text(encoding="utf-8"))["cases"]
        assert {case["valid"] for case in found} == {True, False}, path.name
        assert len({case["name"] for case in found}) == len(found), path.name
        assert all(case["reason"] for case in found)


def test_without_the_table_of_refused_points_every_kind_of_small_order_would_pass() -> None:
    # the cases bite: plain Ed25519 accepts a signature under each key of small order that it can load, and such an R
    document = json.loads((ROOT / "vectors" / "keys.json").read_text(encoding="utf-8"))
    accepted = set()
    for case in (document["shared"] | one for one in document["cases"]):
        key, signature, message = (bytes.fromhex(case[name]) for name in ("key", "signature", "message"))
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        except (InvalidSignature, ValueError):
            continue
        accepted.add(case["name"].split()[0] if not case["valid"] else "valid")
        if case["name"].startswith("key y="):
            accepted.add(case["key"])
    assert {"valid", "key", "R"} <= accepted
    assert len(accepted) >= 3 + 8
