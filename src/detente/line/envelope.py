"""DSSE envelopes: who signed what, from a closed list of payload types, in one spelling.

The envelope is canonical JSON: {"payload": base64, "payloadType": type, "signatures": [{"keyid", "sig"}]}.
A signature covers the DSSE pre-authentication encoding of type and payload, so a payload of one type can
never pass for another. Source: DSSE 1.0.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, NoReturn

import msgspec
from msgspec import Meta

from detente import words
from detente.line import canonical, keys
from detente.line.errors import BadSignature, Malformed

__all__ = [
    "ENVELOPE_MAX",
    "Envelope",
    "PayloadType",
    "Signature",
    "decode_base64",
    "payload_of",
    "pre_authentication",
]

say = words.speaker("line")

ENVELOPE_MAX = 256 * 1024
"""Bytes. A statement with 64 heads and 16 attachments is under 24 kB; a release with ten assertions as well."""


class PayloadType(StrEnum):
    """Everything that a key of the line may sign, besides the notes of ``checkpoint``."""

    STATEMENT = "application/vnd.detente.statement+json"
    ROOT_ACT = "application/vnd.detente.root-act+json"
    HAVE = "application/vnd.detente.have+json"
    ANSWER = "application/vnd.detente.challenge-answer+json"
    LINE_TEST = "application/vnd.detente.line-test+json"
    RELEASE = "application/vnd.detente.release+json"


class Signature(msgspec.Struct, frozen=True, gc=False, rename={"key_id": "keyid", "signature": "sig"}):
    """One signature: the signer's key id (hexadecimal SHA-256) and 64 bytes."""

    key_id: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    signature: bytes


class Envelope(msgspec.Struct, frozen=True, gc=False, rename={"type": "payloadType"}):
    """A payload, its type and its signatures, in the order of their key ids."""

    type: PayloadType
    payload: bytes
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Return the one spelling, bytes as standard base64; these bytes are the leaf of a log."""
        return _encoder.encode(self)

    @classmethod
    def decode(cls, octets: bytes, expected: PayloadType) -> Envelope:
        """Return the envelope that these bytes spell; raises Malformed. No signature is checked here.

        The one spelling is held by writing out again what was read: anything else would come out otherwise.
        """
        if len(octets) <= _cap(expected):
            try:
                made = _decoder.decode(octets)
                if made.type is expected and _encoder.encode(made) == octets and _in_order(made.signatures):
                    return made
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                pass  # said below, with what is wrong
        return cls._decode_slowly(octets, expected)

    @classmethod
    def _decode_slowly(cls, octets: bytes, expected: PayloadType) -> NoReturn:
        """Do the same step by step, so that a refusal names what is wrong."""
        document = canonical.decode(octets, size_max=_cap(expected), what=expected.value)
        try:
            if document.keys() != {"payload", "payloadType", "signatures"}:
                raise TypeError  # noqa: TRY301 - one place turns every shape fault into one refusal
            signatures = tuple(_signature(one) for one in document["signatures"])
            payload = decode_base64(document["payload"])
        except (TypeError, KeyError, AttributeError, ValueError):
            raise _malformed(expected, say("another shape")) from None
        if document["payloadType"] != expected.value:
            raise _malformed(expected, repr(document["payloadType"])[:80])
        assert not _in_order(signatures), payload  # all else is as the quick way asks
        raise _malformed(expected, say("signatures missing, doubled or out of order"))

    def verify_one(self, public: bytes) -> None:
        """Return when exactly one signature is here and it is this key's; raises BadSignature."""
        if len(self.signatures) != 1 or self.signatures[0].key_id != keys.key_id(public):
            raise BadSignature(
                expected=say("one signature of key {key}", key=keys.key_id(public)[:16]),
                came=", ".join(one.key_id[:16] for one in self.signatures),
                remedy=say("nothing of it was stored; ask the sender"),
            )
        keys.verify(public, self.signatures[0].signature, pre_authentication(self.type, self.payload))


def _cap(kind: PayloadType) -> int:
    """Return how many bytes an envelope may have; a have-vector names every log and many missing bodies."""
    return ENVELOPE_MAX * 4 if kind is PayloadType.HAVE else ENVELOPE_MAX


def payload_of(octets: bytes) -> bytes:
    """Return the payload of a stored envelope, which was checked when it was taken in."""
    return _decoder.decode(octets).payload


def pre_authentication(payload_type: PayloadType, payload: bytes) -> bytes:
    """Return the bytes that are signed: DSSE's PAE("DSSEv1", type, payload)."""
    kind = payload_type.value.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def decode_base64(text: str) -> bytes:
    """Return the bytes of standard, padded base64 in its one spelling; raises ValueError."""
    octets = a2b_base64(text, strict_mode=True)
    if b2a_base64(octets, newline=False) != text.encode("ascii"):
        raise ValueError(text[:16])
    return octets


_decoder = msgspec.json.Decoder(Envelope)
_encoder = msgspec.json.Encoder(order="sorted")


def _in_order(signatures: tuple[Signature, ...]) -> bool:
    """Tell whether there is a signature, none is doubled and they stand in the order of their key ids."""
    if len(signatures) == 1:
        return True
    ids = [one.key_id for one in signatures]
    return bool(ids) and all(before < after for before, after in pairwise(ids))


def _signature(document: dict[str, str]) -> Signature:
    if document.keys() != {"keyid", "sig"}:
        raise TypeError
    identifier = document["keyid"]
    if len(identifier) != 64 or bytes.fromhex(identifier).hex() != identifier:
        raise ValueError(identifier[:16])
    return Signature(identifier, decode_base64(document["sig"]))


def _malformed(expected: PayloadType, came: str) -> Malformed:
    return Malformed(
        expected=say("an envelope of type {type}", type=expected.value),
        came=came,
        remedy=say("nothing of it was stored; ask the sender"),
    )
