"""The cases of releases: what officers' authenticators gave for a statement, made here by hand, deterministic."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from vector_scene import BOTH, NODE, Scene, case, digest, public, text64

from detente.line import canonical
from detente.line.release import Assertion, Release, challenge
from detente.line.statement import Statement

SITE, ORIGIN = "desk.west.example", "https://desk.west.example"


def touch(asked: bytes, officer: str = "anna", algorithm: str = "es256", **how: Any) -> Assertion:
    """Return an assertion over a challenge; how: ``flags``, ``count``, and members of the client data."""
    said = {
        "type": "webauthn.get",
        "challenge": base64.urlsafe_b64encode(asked).rstrip(b"=").decode(),
        "origin": ORIGIN,
        "crossOrigin": False,
    }
    said |= {name: value for name, value in how.items() if name in said}
    client = json.dumps(said, separators=(",", ":")).encode()
    data = (
        digest(str(how.get("site", SITE)))
        + bytes([how.get("flags", 5)])
        + int(how.get("count", 7)).to_bytes(4, "big")
    )
    message = data + hashlib.sha256(client).digest()
    if algorithm == "ed25519":
        plain = Ed25519PrivateKey.from_private_bytes(digest(f"{officer}/officer"))
        key, signature = public(plain), plain.sign(message)
    else:
        curve = ec.derive_private_key(int.from_bytes(digest(f"{officer}/officer"), "big") >> 1, ec.SECP256R1())
        key = curve.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
        signature = curve.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return Assertion(
        algorithm=algorithm, authenticator_data=text64(data), client_data=text64(client), key=key,  # type: ignore[arg-type]
        signature=text64(signature),
    )  # fmt: skip


def release_for(assertions: Sequence[Assertion], names: Sequence[str] = ("east",)) -> bytes:
    """Return the release of these assertions."""
    ordered = tuple(sorted(assertions, key=lambda one: one.key))
    return Release(addressees=tuple(names), assertions=ordered, format=1, kind="release").encode()


def named(statement: Statement, octets: bytes) -> Statement:
    """Return the statement that names a release."""
    return msgspec.structs.replace(statement, release=hashlib.sha256(octets).hexdigest())


def released(scene: Scene, text: str) -> tuple[dict[str, str], bytes]:
    """Return what the next statement of west must be given to name its release, and the release."""
    statement = scene.log.statement(text)
    octets = release_for([touch(challenge(statement, ["east"]))])
    return {"release": hashlib.sha256(octets).hexdigest()}, octets


def release_cases() -> Iterator[dict[str, Any]]:
    """Releases beside a statement; ``input`` is base64 of the release, ``statement`` of the payload that names it."""
    statement = Scene().log.statement("Notice 5 of west.")
    asked = challenge(statement, ["east"])
    good = release_for([touch(asked)])
    document = json.loads(good)

    def one(
        name: str, reason: str, octets: bytes, *, valid: bool = False, about: Statement = statement
    ) -> dict[str, Any]:
        return case(
            name, reason, NODE, valid=valid, input=text64(octets), statement=text64(named(about, octets).encode())
        )

    def changed(**given: Any) -> bytes:
        return canonical.encode(document | given)

    def touched(**how: Any) -> bytes:
        return release_for([touch(asked, **how)])

    yield one("ES256", "a touch for this statement", good, valid=True)
    yield one("Ed25519", "a touch for this statement", touched(algorithm="ed25519"), valid=True)
    both = [touch(asked), touch(asked, "berta", "ed25519")]
    yield one("two officers", "sorted by key", release_for(both), valid=True)
    yield one("nobody recognised", "a judge is told; the signer refuses", touched(flags=1), valid=True)
    yield one("no counter", "some authenticators keep none", touched(count=0), valid=True)
    for name, change in (
        ("type", {"type": "incident"}), ("submission", {"submission": "00" * 16}), ("body", {"body": msgspec.structs.replace(statement.body, reveal="later")}),
        ("answer", {"answer_by_ms": 5}), ("line", {"line": "baltic-00000000000000000000"}),
    ):  # fmt: skip
        other = msgspec.structs.replace(statement, **change)
        yield one(f"for another {name}", "the challenge covers it", good, about=other)
    later = msgspec.structs.replace(statement, seq=9, clock_ms=1, previous="00" * 32)
    yield one("at another index", "the node fills that in", good, valid=True, about=later)
    yield one("for other readers", "the challenge covers them", changed(addressees=["east", "north"]))
    yield one("another ceremony", "an assertion, not a registration", touched(type="webauthn.create"))
    yield one("within another site", "crossOrigin must be false", touched(crossOrigin=True))
    yield one("backed up and not eligible", "contradicts itself", touched(flags=0x15))
    yield one("attested", "an assertion carries no credential", touched(flags=0x45))
    yield one("extension announced and missing", "flag and length must agree", touched(flags=0x85))
    first, second = json.loads(release_for(both))["assertions"]
    yield one("out of order", "sorted by key", changed(assertions=[second, first]))
    yield one("twice", "each officer once", changed(assertions=[first, first]))
    yield one("no assertion", "one at least", changed(assertions=[]))
    yield one(
        "key of another officer",
        "the key signs",
        changed(assertions=[document["assertions"][0] | {"key": touch(asked, "berta").key}]),
    )
    yield one(
        "key of another algorithm",
        "the algorithm fits the key",
        changed(assertions=[document["assertions"][0] | {"algorithm": "ed25519"}]),
    )
    yield one(
        "key off the curve",
        "a point of P-256",
        changed(assertions=[document["assertions"][0] | {"key": "04" + "00" * 64}]),
    )
    yield one("field more", "four fields", changed(more=1))
    yield one("format 2", "format 1", changed(format=2))
    yield one("other spelling", "canonical JSON", good + b"\n")


def officers(**given: Any) -> dict[str, Any]:
    """Return the officers' file of west: anna with a key of either kind, berta with Ed25519."""
    asked = digest("nothing")
    return {
        "format": 1,
        "kind": "officers",
        "member": "west",
        "needed": 1,
        "needed_for": {"incident": 2},
        "officers": [
            {"key": touch(asked).key, "name": "Anna"},
            {"key": touch(asked, "berta", "ed25519").key, "name": "Berta"},
            {"key": touch(asked, algorithm="ed25519").key, "name": "Anna, second key"},
        ],
        "origins": [ORIGIN],
        "site": SITE,
    } | given


def officer_cases() -> Iterator[dict[str, Any]]:
    """Releases beside a statement and its author's ``officers``: what the signer signs, and a judge who has them accepts.

    ``input`` is base64 of the release, ``null`` where there is none; the counters of all keys stand at 0.
    """
    statement = Scene().log.statement("Notice 5 of west.")
    asked = challenge(statement, ["east"])
    both = [touch(asked), touch(asked, "berta", "ed25519")]

    def one(
        name: str,
        reason: str,
        octets: bytes | None,
        *,
        valid: bool = False,
        about: Statement = statement,
        by: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        payload = about if octets is None else named(about, octets)
        shown = None if octets is None else text64(octets)
        return case(
            name,
            reason,
            BOTH,
            valid=valid,
            input=shown,
            statement=text64(payload.encode()),
            officers=by or officers(),
        )

    for made in release_cases():
        again = {name: made[name] for name in ("name", "reason", "input", "statement")}
        yield {
            **again,
            "valid": made["valid"] and made["name"] != "nobody recognised",
            "judges": BOTH,
            "officers": officers(),
        }
    yield one("no release", "people say it, so officers release it", None)
    about_itself = msgspec.structs.replace(statement, type="line.daily")
    yield one("said by the node itself", "nobody releases it", None, valid=True, about=about_itself)
    asked_of_node = challenge(about_itself, ["east"])
    yield one(
        "said by the node itself, and released",
        "harmless",
        release_for([touch(asked_of_node)]),
        valid=True,
        about=about_itself,
    )
    nothing = hashlib.sha256(b"").hexdigest()
    yield one(
        "its release not shown", "it names one", None, about=msgspec.structs.replace(statement, release=nothing)
    )
    yield one("nobody present", "somebody must be seen", release_for([touch(asked, flags=4)]))
    yield one(
        "at another origin",
        "the desk's own pages",
        release_for([touch(asked, origin="https://desk.east.example")]),
    )
    yield one("at another site", "its own keys", release_for([touch(asked, site="east.example")]))
    yield one("a key of nobody", "officers alone", release_for([touch(asked, "carl")]))
    yield one(
        "a key of nobody beside one of an officer", "officers alone", release_for([*both, touch(asked, "carl")])
    )
    yield one("two needed, two came", "as the file says", release_for(both), valid=True, by=officers(needed=2))
    yield one("two needed, one came", "as the file says", release_for(both[:1]), by=officers(needed=2))
    incident = msgspec.structs.replace(statement, type="incident")
    two = [touch(challenge(incident, ["east"])), touch(challenge(incident, ["east"]), "berta", "ed25519")]
    yield one(
        "two needed for this type, two came", "as the file says", release_for(two), valid=True, about=incident
    )
    yield one("two needed for this type, one came", "as the file says", release_for(two[1:]), about=incident)
    only_berta = officers(officers=officers()["officers"][1:])
    yield one("an officer of before", "who is in office now", release_for(both[:1]), by=only_berta)
