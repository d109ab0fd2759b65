"""Releases: what officers touched their authenticators for, so that a taken desk cannot speak.

A release lies beside its statement as a body does; the statement names its SHA-256. It holds WebAuthn assertions
(W3C Web Authentication, level 3, section 7.2) whose challenge is the SHA-256 of everything that people mean by the
statement: ``requested``. What the node alone fills in (clock, index, heads, keys) is not in it.

    addressees   names of the other members, sorted, as they were shown to the officers
    assertions   1 to 10, sorted by key, none twice
    format       1
    kind         "release"

Whether a key is an officer's is the member's own affair: its signer knows its officers. Here, and by whoever reads,
is checked that the holder of each key released exactly this statement.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Meta

from detente import words
from detente.line import canonical, keys
from detente.line.envelope import ENVELOPE_MAX, PayloadType, decode_base64, pre_authentication
from detente.line.errors import BadSignature, Malformed, Refused
from detente.line.statement import MEMBERS_MAX, Name, Statement

__all__ = ["ASSERTIONS_MAX", "RELEASE_MAX", "Assertion", "Release", "Touch", "challenge", "judge", "requested"]

say = words.speaker("line")

RELEASE_MAX = ENVELOPE_MAX
ASSERTIONS_MAX = 10
_PRESENT, _VERIFIED, _ELIGIBLE, _BACKED_UP, _ATTESTED, _EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
_FIXED_BYTES = 37

Key = Annotated[str, Meta(pattern=r"\A([0-9a-f]{64}|04[0-9a-f]{128})\Z")]
Text64 = Annotated[str, Meta(min_length=4, max_length=12_000)]


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """One touch: what the authenticator signed, base64, and the public key that says so.

    key: hexadecimal; Ed25519: 32 bytes, ES256: the uncompressed point of P-256, 65 bytes.
    """

    algorithm: Literal["ed25519", "es256"]
    authenticator_data: Text64
    client_data: Text64
    key: Key
    signature: Text64


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """The document beside a statement that people released."""

    addressees: Annotated[tuple[Name, ...], Meta(max_length=MEMBERS_MAX)]
    assertions: Annotated[tuple[Assertion, ...], Meta(min_length=1, max_length=ASSERTIONS_MAX)]
    format: Literal[1]
    kind: Literal["release"]

    def encode(self) -> bytes:
        """Return the canonical bytes; their SHA-256 is what the statement names."""
        return canonical.encode(msgspec.to_builtins(self))

    @classmethod
    def decode(cls, octets: bytes) -> Release:
        """Return the release that these bytes spell; raises Malformed."""
        document = canonical.decode(octets, size_max=RELEASE_MAX, what=say("release"))
        try:
            made = msgspec.convert(document, cls)
        except msgspec.ValidationError as fault:
            raise _malformed(str(fault)[:200]) from None
        if made.encode() != octets:
            raise _malformed(say("a field that this version does not know"))
        named = [one.key for one in made.assertions]
        for listed in (list(made.addressees), named):
            if any(before >= after for before, after in pairwise(listed)):
                raise _malformed(say("names or keys doubled or out of order"))
        return made


@dataclass(frozen=True, slots=True)
class Touch:
    """What one assertion shows, its signature and challenge checked.

    origin: the site at which it was given. site_hash: SHA-256 of the relying party's id. present, verified: the
    authenticator saw a person, and recognised that person. count: the authenticator's signature counter; 0: it keeps
    none. name: SHA-256 of what was signed and by which key, hexadecimal: the same for the same touch alone.
    """

    key: str
    origin: str
    site_hash: str
    present: bool
    verified: bool
    count: int
    name: str = ""


def requested(statement: Statement, addressees: Sequence[str]) -> bytes:
    """Return what is asked of an officer: canonical JSON of everything that people mean by the statement."""
    document = msgspec.to_builtins(statement)
    meant = (
        "answer_by_ms",
        "attachments",
        "author",
        "body",
        "critical",
        "in_reply_to",
        "line",
        "submission",
        "type",
    )
    return canonical.encode(
        {name: document[name] for name in meant}
        | {"addressees": list(addressees), "format": 1, "kind": "request"}
    )


def challenge(statement: Statement, addressees: Sequence[str]) -> bytes:
    """Return the 32 bytes that an authenticator signs: SHA-256 of the request's pre-authentication encoding."""
    return hashlib.sha256(pre_authentication(PayloadType.RELEASE, requested(statement, addressees))).digest()


def judge(octets: bytes, statement: Statement) -> tuple[Release, tuple[Touch, ...]]:
    """Return a statement's release and what each of its assertions shows.

    Raises Refused when it is not the one that the statement names, or an assertion is not for this statement or does
    not hold. Flags, origin, counter and whose key it is are for whoever knows the officers.
    """
    if hashlib.sha256(octets).hexdigest() != statement.release:
        raise _malformed(say("another release than the statement names"))
    release = Release.decode(octets)
    asked = challenge(statement, release.addressees)
    return release, tuple(_touch(one, asked) for one in release.assertions)


def _touch(one: Assertion, asked: bytes) -> Touch:
    try:
        data, client, signature = (
            decode_base64(text) for text in (one.authenticator_data, one.client_data, one.signature)
        )
        said = _client_data(client)
    except (ValueError, RecursionError):
        raise _malformed(say("an assertion in another shape")) from None
    if said.get("type") != "webauthn.get" or said.get("crossOrigin", False) is not False:
        raise _malformed(say("a word of an authenticator that is no assertion for its own site"))
    if said.get("challenge") != base64.urlsafe_b64encode(asked).rstrip(b"=").decode():
        raise _bad(say("an assertion for something else"))
    origin = said.get("origin")
    if type(origin) is not str:
        raise _malformed(say("an assertion in another shape"))
    flags = data[32] if len(data) > 32 else 0
    longer = bool(flags & _EXTENDED)
    if len(data) < _FIXED_BYTES or flags & _ATTESTED or longer != (len(data) > _FIXED_BYTES):
        raise _malformed(say("an assertion in another shape"))
    if flags & _BACKED_UP and not flags & _ELIGIBLE:
        raise _malformed(say("an assertion in another shape"))
    _verify(one, signature, data + hashlib.sha256(client).digest())
    return Touch(
        key=one.key,
        origin=origin,
        site_hash=data[:32].hex(),
        present=bool(flags & _PRESENT),
        verified=bool(flags & _VERIFIED),
        count=int.from_bytes(data[33:37], "big"),
        name=hashlib.sha256(one.key.encode() + data + hashlib.sha256(client).digest()).hexdigest(),
    )


def _client_data(octets: bytes) -> dict[str, Any]:
    """Return a browser's client data; raises ValueError for what two readers may read in two ways."""
    document = json.loads(octets.decode(), object_pairs_hook=_once, parse_float=_never, parse_constant=_never)
    if type(document) is not dict:
        raise ValueError(str(document)[:16])
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(len(pairs))
    return found


def _never(text: str) -> Any:
    raise ValueError(text)


def _verify(one: Assertion, signature: bytes, message: bytes) -> None:
    public = bytes.fromhex(one.key)
    if (one.algorithm == "ed25519") != (len(public) == 32):
        raise _malformed(say("a key of another algorithm"))
    if one.algorithm == "ed25519":
        keys.verify(public, signature, message)
        return
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        raise _bad(say("one that does not hold")) from None


def _malformed(came: str) -> Refused:
    return Malformed(
        expected=say("a release as spec/ describes it"),
        came=came,
        remedy=say("let the officers release it again"),
    )


def _bad(came: str) -> Refused:
    return BadSignature(
        expected=say("an officer's assertion for this statement"),
        came=came,
        remedy=say("let the officers release it again"),
    )
