"""The judge of releases agrees with the signer, on whole files too, and with each bit of a release changed."""

from __future__ import annotations

import base64
import json
from random import Random
from typing import Any

import msgspec
import pytest

from detente.line.bundle import Kind, Record
from detente.line.errors import Refused
from detente.line.release import challenge
from detente.line.statement import Statement
from detente.node.officers import Officers, check_release
from tests.verifier.agree import joined
from tests.verifier.judges import ROOT, load_tool, officers_verifier, scene, verdict, verifier

scene()  # the other tools of vectors import it by its name
releases = load_tool("vector_release")
OFFICERS: dict[str, Any] = releases.officers()


def told(name: str, officers: list[dict[str, Any]]) -> tuple[int, str]:
    """Return what the judge says of a file that the vectors hold under this name."""
    kind = "evidence" if name != "with a release" else "exports"
    document = json.loads((ROOT / "vectors" / f"{kind}.json").read_text(encoding="utf-8"))
    case = next(document["shared"] | one for one in document["cases"] if one["name"] == name)
    cards = [base64.b64decode(card) for card in case["cards"]]
    return verdict(base64.b64decode(case["input"]), cards, officers)


def test_evidence_is_judged_with_its_release_when_the_officers_are_given() -> None:
    code, said = told("released by an officer", [OFFICERS])
    assert code == 0
    assert "released by Anna" in said
    assert "not judged" not in said
    code, said = told("released by an officer", [OFFICERS | {"needed": 2}])
    assert (code, "too few" in said) == (1, True)
    code, said = told("released by an officer", [OFFICERS | {"member": "east"}])
    assert (code, "no --officers of west" in said) == (0, True)
    code, said = told("released by an officer", [])
    assert (code, "no --officers of west" in said) == (0, True)
    for name in ("its release not shown", "evidence"):
        code, said = told(name, [OFFICERS])
        assert (code, "no release of its officers is here" in said) == (1, True), name


def test_a_whole_record_tells_what_officers_released_and_what_not() -> None:
    code, said = told("with a release", [OFFICERS])
    assert code == 0
    assert "officers of west released 1 statements, and did not release 5" in said
    assert "epoch 1, generation 0, entry 0: no release" in said
    code, said = told("with a release", [OFFICERS | {"site": "desk.elsewhere.example"}])
    assert (code, "released 0 statements" in said, "another site" in said) == (0, True, True)


def test_without_officers_given_nothing_is_said_to_be_judged() -> None:
    made = scene().Scene()
    given, octets = releases.released(made, "Notice 5 of west.")
    made.log.add("Notice 5 of west.", **given)
    cards = [ring.envelopes[0] for ring in made.rings()]
    code, said = verdict(joined(made.export([Record(Kind.RELEASE, octets)])), cards)
    assert (code, said.count("of which nothing is judged here")) == (0, 1)
    code, said = verdict(joined(made.export()), cards)
    assert (code, "not judged" in said) == (0, False)


@pytest.mark.parametrize(
    "wrong", [b"", b"[]", b"{", b'{"kind": "officers", "kind": "officers"}', b'{"kind": "opening", "format": 1}']
)
def test_what_is_no_officers_file_is_bad_input(wrong: bytes, tmp_path: Any) -> None:
    made = scene().Scene()
    (tmp_path / "evidence").write_bytes(made.evidence())
    (tmp_path / "officers").write_bytes(wrong)
    cards = []
    for number, ring in enumerate(made.rings()):
        (tmp_path / f"card{number}").write_bytes(ring.envelopes[0])
        cards += ["--card", str(tmp_path / f"card{number}")]
    named = [str(tmp_path / "evidence"), *cards, "--officers", str(tmp_path / "officers")]
    assert officers_verifier.main(named) == 2
    assert officers_verifier.main([*named[:-1], "no such file"]) == 2


def signer_signs(statement: Statement, octets: bytes) -> bool:
    listed = {name: OFFICERS[name] for name in ("needed", "needed_for", "officers", "origins", "site")}
    try:
        check_release(Officers.read(listed), statement, octets, {})
    except Refused:
        return False
    return True


def judge_accepts(statement: Statement, octets: bytes) -> bool:
    document = json.loads(statement.encode())
    try:
        officers_verifier.released(
            document, octets, officers_verifier.listed_officers(json.dumps(OFFICERS).encode())[1]
        )
    except (verifier.VerdictError, *officers_verifier.SHAPE_FAULTS):
        return False
    return True


def changed_release(rng: Random, octets: bytes) -> bytes:
    """Return a release with one thing of it changed: a bit, a field, an assertion, a bit of what was signed."""
    document = json.loads(octets)
    kind = rng.randrange(5)
    if kind == 0:
        changed = bytearray(octets)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        return bytes(changed)
    one = document["assertions"][rng.randrange(len(document["assertions"]))]
    if kind == 1:
        name = rng.choice(["authenticator_data", "client_data", "signature"])
        inner = bytearray(base64.b64decode(one[name]))
        inner[rng.randrange(len(inner))] ^= 1 << rng.randrange(8)
        one[name] = base64.b64encode(bytes(inner)).decode()
    elif kind == 2:
        one[rng.choice(list(one))] = rng.choice(["", "es256", "ed25519", 5, None, "AAAA", "AAAA" * 4000])
    elif kind == 3:
        document[rng.choice(list(document))] = rng.choice([None, [], ["east"], ["East"], 1, 1.0, True, "release"])
    else:
        document["assertions"] = document["assertions"][:: rng.choice([-1, 1])] * rng.choice([1, 2])
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def test_judge_and_signer_agree_on_changed_releases() -> None:
    statement = scene().Scene().log.statement("Notice 5 of west.")
    asked = challenge(statement, ["east"])
    good = releases.release_for([releases.touch(asked), releases.touch(asked, "berta", "ed25519")])
    rng, accepted = Random(5), 0
    for _ in range(1500):
        octets = changed_release(rng, good)
        about = releases.named(statement, octets)
        signs = signer_signs(about, octets)
        assert judge_accepts(about, octets) is signs, octets
        accepted += signs
    assert 0 < accepted < 300  # some changes change nothing


def test_the_client_data_that_two_readers_read_in_two_ways_is_refused_by_both() -> None:
    statement = scene().Scene().log.statement("Notice 5 of west.")
    asked = challenge(statement, ["east"])
    for extra, holds in (
        (b',"a":1}', True),
        (b',"a":1,"a":2}', False),
        (b',"a":1.5}', False),
        (b',"a":NaN}', False),
        (b',"crossOrigin":0}', False),
        (b"}", True),
    ):
        client = releases.touch(asked).client_data
        plain = base64.b64decode(client).replace(b',"crossOrigin":false', b"")
        octets = _signed_over(asked, plain[:-1] + extra)
        about = releases.named(statement, octets)
        assert signer_signs(about, octets) is judge_accepts(about, octets) is holds, extra


def _signed_over(asked: bytes, client: bytes) -> bytes:
    """Return a release whose Ed25519 officer signed these bytes as client data."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    made = releases.touch(asked, "berta", "ed25519")
    key = Ed25519PrivateKey.from_private_bytes(scene().digest("berta/officer"))
    signature = key.sign(base64.b64decode(made.authenticator_data) + scene().hashlib.sha256(client).digest())
    changed = msgspec.structs.replace(
        made, client_data=base64.b64encode(client).decode(), signature=base64.b64encode(signature).decode()
    )
    octets: bytes = releases.release_for([changed])
    return octets


def test_the_second_program_is_short_and_imports_nothing_of_the_package() -> None:
    source = (ROOT / "verifier" / "officers.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 150
    assert "detente." not in source.split('"""', 2)[2].replace("vnd.detente.", "")
