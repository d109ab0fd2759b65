"""Passkeys made by hand: what a browser and an authenticator give for the options of the desk, as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import cbor2

from tests.line.authenticator import SEEN, Authenticator

__all__ = ["ORIGIN", "SITE", "Passkey", "decoded", "encoded"]

SITE = "desk.west.example"
ORIGIN = "https://desk.west.example"
_ATTESTED = 0x40


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Passkey:
    """One passkey of one person. handle: the person's id that it was made with."""

    authenticator: Authenticator
    handle: bytes = b""

    @property
    def credential(self) -> bytes:
        return hashlib.sha256(self.authenticator.key.encode()).digest()

    def cose(self, **changes: Any) -> bytes:
        key = bytes.fromhex(self.authenticator.key)
        if self.authenticator.algorithm == "ed25519":
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: key} | changes.get("cose", {}))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: key[1:33], -3: key[33:]} | changes.get("cose", {}))

    def made(
        self,
        options: dict[str, Any],
        *,
        flags: int = SEEN,
        site: str = SITE,
        origin: str = ORIGIN,
        **changes: Any,
    ) -> dict[str, Any]:
        """Return the answer to creation options; ``cose`` and ``client`` replace members of the key and client data."""
        self.handle = decoded(options["user"]["id"])
        data = hashlib.sha256(site.encode()).digest() + bytes([flags | _ATTESTED])
        data += (self.authenticator.count or 0).to_bytes(4, "big") + bytes(16)
        data += len(self.credential).to_bytes(2, "big") + self.credential + self.cose(**changes)
        client = {"type": "webauthn.create", "challenge": options["challenge"], "origin": origin}
        client |= {"crossOrigin": False} | changes.get("client", {})
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            {"attestationObject": encoded(attestation), "clientDataJSON": encoded(json.dumps(client).encode())}
        )

    def touched(self, options: dict[str, Any], **how: Any) -> dict[str, Any]:
        """Return the answer to request options; how: as ``Authenticator.touch``."""
        assertion = self.authenticator.touch(decoded(options["challenge"]), **how)

        def again(text: str) -> str:
            return encoded(base64.b64decode(text))

        return self._answer(
            {
                "authenticatorData": again(assertion.authenticator_data),
                "clientDataJSON": again(assertion.client_data),
                "signature": again(assertion.signature),
                "userHandle": encoded(self.handle),
            }
        )

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        name = encoded(self.credential)
        return {
            "id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {},
            "authenticatorAttachment": "cross-platform",
        }  # fmt: skip
