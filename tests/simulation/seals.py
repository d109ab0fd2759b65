"""Two ways to seal: Ed25519 as deployed, and a keyed hash that is fifty times faster and as strict in the simulation.

The hash seal swaps two functions of detente.line.keys, the one place that checks signatures. Whoever holds no key
object cannot seal for it here: the simulation's own liars sign only with keys that they hold or stole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente.line import keys
from detente.line.errors import BadSignature


class Key(Protocol):
    public: str

    def sign(self, message: bytes) -> bytes: ...
    def public_key(self) -> Key: ...
    def public_bytes_raw(self) -> bytes: ...


class HashKey:
    """A keyed hash that anybody can check: enough where nobody guesses."""

    __slots__ = ("_public", "public")

    def __init__(self, name: str) -> None:
        self._public = hashlib.sha256(b"hash key " + name.encode()).digest()
        self.public = self._public.hex()

    def sign(self, message: bytes) -> bytes:
        return hashlib.sha512(self._public + message).digest()

    def public_key(self) -> Key:
        return self

    def public_bytes_raw(self) -> bytes:
        return bytes.fromhex(self.public)


class CurveKey:
    """Ed25519."""

    __slots__ = ("_key", "public")

    def __init__(self, name: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"curve key " + name.encode()).digest())
        self.public = self._key.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def public_key(self) -> Key:
        return self

    def public_bytes_raw(self) -> bytes:
        return bytes.fromhex(self.public)


def make_key(name: str, *, real: bool) -> Key:
    return CurveKey(name) if real else HashKey(name)


_remembered = lru_cache(maxsize=20_000)(keys.verify)
"""Every node of a world verifies the same signatures: what held once holds again, what did not is looked at anew."""


def _verify(public: bytes, signature: bytes, message: bytes) -> None:
    if signature != hashlib.sha512(public + message).digest():
        raise BadSignature(expected="a signature", came="another", remedy="none")


def _check(public: bytes) -> None:
    if len(public) != 32:
        raise BadSignature(expected="a key of 32 bytes", came=str(len(public)), remedy="none")


@contextmanager
def sealed(*, real: bool) -> Iterator[None]:
    """Use one of the seals inside the block."""
    kept = keys.verify, keys.check_key
    if real:
        keys.verify = _remembered
    else:
        keys.verify, keys.check_key = _verify, _check  # type: ignore[assignment]  # the one seam of the simulation
    try:
        yield
    finally:
        keys.verify, keys.check_key = kept
