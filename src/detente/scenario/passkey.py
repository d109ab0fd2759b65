"""A passkey made of software, for synthetic officers of scenarios: it touches whenever it is asked.

It is the opposite of what a real officer must have, so it stays in this room: nothing that holds keys or serves people
can load it (an import contract says so), and the player refuses every home that is on a line that is not for training.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["Passkey"]

_SEEN = 0x05
"""Flags: somebody was present, and recognised."""
_ATTESTED = 0x40


@dataclass(slots=True)
class Passkey:
    """One passkey. site: the domain that it is for; origin: the page. handle: whose it is, once it is enrolled."""

    site: str
    origin: str
    handle: bytes = b""
    count: int = 0
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def credential(self) -> bytes:
        """Return its id."""
        numbers = self._key.public_key().public_numbers()
        return hashlib.sha256(numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")).digest()

    def made(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what a browser gives for creation options."""
        self.handle = _octets(options["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        data = self._data(_SEEN | _ATTESTED) + bytes(16)
        data += len(self.credential).to_bytes(2, "big") + self.credential + _cbor(cose)
        client = self._client("webauthn.create", options["challenge"])
        attestation = _cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"attestationObject": _text(attestation), "clientDataJSON": _text(client)})

    def touched(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what a browser gives for request options: a sign-in, or the release of one notice."""
        self.count += 1
        data, client = self._data(_SEEN), self._client("webauthn.get", options["challenge"])
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"authenticatorData": _text(data), "clientDataJSON": _text(client)}
        return self._answer({**response, "signature": _text(signature), "userHandle": _text(self.handle)})

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = _text(self.credential)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _cbor(value: Any) -> bytes:
    """Return CBOR (RFC 8949) of whole numbers, texts, octets and maps: all that an attestation has."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    return _head(5, len(value)) + b"".join(_cbor(key) + _cbor(one) for key, one in value.items())


def _head(major: int, size: int) -> bytes:
    if size < 24:
        return bytes([major << 5 | size])
    if size < 256:
        return bytes([major << 5 | 24, size])
    return bytes([major << 5 | 25]) + size.to_bytes(2, "big")
