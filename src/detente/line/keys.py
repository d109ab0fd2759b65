"""Ed25519 keys: identifiers, the encodings that are refused, verification, fingerprints in words.

``cryptography`` alone accepts keys of small order, under which one signature fits every message, and
encodings that name a point twice. Both programs of this project refuse them by the table below: in a public
key and in R, the first half of a signature.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from detente import words
from detente.line.errors import BadSignature

__all__ = ["ALGORITHM", "check_key", "fingerprint_words", "is_refused_point", "key_id", "verify"]

say = words.speaker("line")

ALGORITHM = "ed25519"
_PRIME = 2**255 - 19
# y coordinates of the eight points of small order (RFC 8032 curve; either sign of x)
SMALL_ORDER_Y = frozenset(
    (
        0,
        1,
        _PRIME - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    )
)


def is_refused_point(encoded: bytes) -> bool:
    """Tell whether 32 bytes are a point of small order or a non-canonical encoding (y >= p)."""
    y = int.from_bytes(encoded, "little") & ((1 << 255) - 1)
    return y >= _PRIME or y in SMALL_ORDER_Y


@lru_cache(maxsize=4096)
def key_id(public: bytes) -> str:
    """Return the key's identifier: hexadecimal SHA-256 of algorithm, newline and the 32 bytes."""
    return hashlib.sha256(ALGORITHM.encode() + b"\n" + public).hexdigest()


@lru_cache(maxsize=4096)
def check_key(public: bytes) -> Ed25519PublicKey:
    """Return the loaded key; raises BadSignature for a key that must not be enrolled or used."""
    if len(public) != 32 or is_refused_point(public):
        raise BadSignature(
            expected=say("an Ed25519 public key of 32 bytes and full order"),
            came=public[:32].hex(),
            remedy=say("refuse this key and ask its owner for a new one"),
        )
    return Ed25519PublicKey.from_public_bytes(public)  # off the curve it loads, and no signature ever holds


def verify(public: bytes, signature: bytes, message: bytes) -> None:
    """Return when the signature holds; raises BadSignature otherwise (RFC 8032, plus the table above)."""
    key = check_key(public)
    if len(signature) == 64 and not is_refused_point(signature[:32]):
        try:
            key.verify(signature, message)
        except InvalidSignature:
            pass
        else:
            return
    raise BadSignature(
        expected=say("a signature of key {key}", key=key_id(public)[:16]),
        came=say("one that does not hold"),
        remedy=say("nothing of it was stored; ask the sender"),
    )


_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"


def fingerprint_words(digest: bytes) -> str:
    """Return the first 144 bits of a hash as nine pronounceable words of five letters, for reading aloud.

    Each word is 16 bits: consonant, vowel, consonant, vowel, consonant (four, two, four, two, four bits), the
    proquint scheme. Two fingerprints are compared word by word, by voice, face to face.
    """
    spoken = []
    for start in range(0, 18, 2):
        bits = int.from_bytes(digest[start : start + 2], "big")
        spoken.append(
            _CONSONANTS[bits >> 12]
            + _VOWELS[bits >> 10 & 3]
            + _CONSONANTS[bits >> 6 & 15]
            + _VOWELS[bits >> 4 & 3]
            + _CONSONANTS[bits & 15]
        )
    return " ".join(spoken)
