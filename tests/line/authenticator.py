"""An authenticator made by hand: what a security key and a browser together give for a challenge."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from detente.line.effects import Draft
from detente.line.release import Assertion, Release, challenge
from detente.line.standing import addressees
from detente.line.state import State
from detente.line.statement import Statement
from detente.line.writing import drafted
from tests.line.memory import private

SITE = "desk.west.example"
ORIGIN = "https://desk.west.example"
SEEN = 0x05
"""Flags: a person was present, and recognised."""


def text64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


@dataclass
class Authenticator:
    """One officer's security key; ``count`` rises with each touch, unless it keeps no counter (None)."""

    name: str
    algorithm: str = "es256"
    count: int | None = 0

    def _es256(self) -> ec.EllipticCurvePrivateKey:
        number = int.from_bytes(hashlib.sha256(f"{self.name}/officer".encode()).digest(), "big")
        return ec.derive_private_key(number % 2**255, ec.SECP256R1())

    @property
    def key(self) -> str:
        if self.algorithm == "ed25519":
            return private(f"{self.name}/officer").public_key().public_bytes_raw().hex()
        public = self._es256().public_key()
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()

    def sign(self, message: bytes) -> bytes:
        if self.algorithm == "ed25519":
            return private(f"{self.name}/officer").sign(message)
        return self._es256().sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    def touch(
        self,
        asked: bytes,
        *,
        flags: int = SEEN,
        site: str = SITE,
        origin: str = ORIGIN,
        client: dict[str, Any] | bytes | None = None,
        extra: bytes = b"",
    ) -> Assertion:
        """Return the assertion over a challenge; ``client`` replaces members of the client data, or all of it."""
        if self.count is not None:
            self.count += 1
        said: dict[str, Any] = {
            "type": "webauthn.get",
            "challenge": base64.urlsafe_b64encode(asked).rstrip(b"=").decode(),
            "origin": origin,
            "crossOrigin": False,
        }
        data = (
            hashlib.sha256(site.encode()).digest() + bytes([flags]) + (self.count or 0).to_bytes(4, "big") + extra
        )
        octets = client if isinstance(client, bytes) else json.dumps(said | (client or {})).encode()
        return Assertion(
            algorithm=self.algorithm,  # type: ignore[arg-type]
            authenticator_data=text64(data),
            client_data=text64(octets),
            key=self.key,
            signature=text64(self.sign(data + hashlib.sha256(octets).digest())),
        )


def release_of(assertions: Sequence[Assertion], names: Sequence[str]) -> bytes:
    """Return the document that lies beside a statement."""
    ordered = tuple(sorted(assertions, key=lambda one: one.key))
    return Release(addressees=tuple(names), assertions=ordered, format=1, kind="release").encode()


def released(state: State, draft: Draft, *officers: Authenticator, **how: Any) -> Draft:
    """Return the draft as the desk submits it: with the salts and the release of these officers."""
    count = 1 + len(draft.attachments)
    salts = tuple(hashlib.sha256(f"{draft.submission}/{number}".encode()).digest() for number in range(count))
    salted = dataclasses.replace(draft, salts=salts)
    asked = challenge(drafted(state, salted), addressees(state))
    document = release_of([officer.touch(asked, **how) for officer in officers], addressees(state))
    return dataclasses.replace(salted, release=document)


def asked_of(statement: Statement, names: Sequence[str]) -> bytes:
    return challenge(statement, names)
