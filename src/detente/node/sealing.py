r"""Sealed bundles: for a carrier who must not read them. HPKE (RFC 9180) with ML-KEM-768 and X25519 together.

    "detente-sealed/1\n"
    length (4 bytes, big endian), header: canonical JSON {epoch, format, from, key, line, to}
    length (2 bytes), the content key sealed by HPKE (one shot, base mode, HKDF-SHA256, ChaCha20-Poly1305)
    pieces: length (4 bytes), ChaCha20-Poly1305 of at most 1 MiB; nonce = 11 bytes count, 1 byte "last"

The header's bytes are HPKE's info: a bundle resealed for another line, epoch, author or addressee does not
open. The content key seals one bundle only. Sealing hides; it proves nothing about the author: every record
inside is signed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite
from msgspec import Meta

from detente import words
from detente.line import canonical
from detente.line.errors import Malformed, OutOfPlace
from detente.line.statement import Hash, LineId, Name
from detente.node.keyfile import SealingKey

__all__ = [
    "HEADER_MAX",
    "SEALED_KEY_MAX",
    "SEALED_MAGIC",
    "Header",
    "OpenSeal",
    "Unsealer",
    "open_content_key",
    "seal",
    "sealing_key_id",
]

say = words.speaker("node")

SEALED_MAGIC = b"detente-sealed/1\n"
PIECE_MAX = 1 << 20
HEADER_MAX = 4096
SEALED_KEY_MAX = (1 << 16) - 1
OpenSeal = Callable[[bytes, bytes], bytes]
"""Returns the content key from a header's bytes and the sealed key: here, or in the process that has the keys."""
_TAG_BYTES = 16
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who sealed for whom, on which line; ``key`` is the SHA-256 of the addressee's public sealing key."""

    epoch: Annotated[int, Meta(ge=1, le=999_999_999)]
    format: Literal[1]
    from_: Name = msgspec.field(name="from")
    key: Hash
    line: LineId
    to: Name

    def encode(self) -> bytes:
        """Return the canonical bytes, which are HPKE's info."""
        return canonical.encode(msgspec.to_builtins(self))


def sealing_key_id(public: str) -> str:
    """Return the identifier of a sealing key: hexadecimal SHA-256 of its 1,216 bytes."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def seal(pieces: Iterable[bytes], public: str, *, line: str, epoch: int, from_: str, to: str) -> Iterator[bytes]:
    """Yield the sealed bundle; ``public`` is the addressee's newest sealing key as its root acts name it."""
    header = Header(epoch=epoch, format=1, from_=from_, key=sealing_key_id(public), line=line, to=to).encode()
    content_key = os.urandom(32)
    sealed_key = _SUITE.encrypt(content_key, _public(public), header)
    yield SEALED_MAGIC
    yield len(header).to_bytes(4, "big") + header
    yield len(sealed_key).to_bytes(2, "big") + sealed_key
    cipher, count, waiting = ChaCha20Poly1305(content_key), 0, bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) > PIECE_MAX:
            yield _piece(cipher, count, bytes(waiting[:PIECE_MAX]), last=False)
            del waiting[:PIECE_MAX]
            count += 1
    yield _piece(cipher, count, bytes(waiting), last=True)


@dataclass(slots=True)
class _Opened:
    cipher: ChaCha20Poly1305
    count: int = 0
    done: bool = False


class Unsealer:
    """Takes a sealed bundle's bytes as they come and gives back what was sealed; holds at most one piece.

    open_seal: gives the content key, with this home's private sealing keys. Raises Malformed for another shape or
    changed bytes, OutOfPlace when it was sealed for somebody else or under a key that was destroyed.
    """

    def __init__(self, open_seal: OpenSeal, *, me: str) -> None:
        self._open_seal = open_seal
        self._me = me
        self._buffer = bytearray()
        self._opened: _Opened | None = None
        self.header: Header | None = None

    @property
    def complete(self) -> bool:
        """Whether the last piece was seen."""
        return self._opened is not None and self._opened.done

    def feed(self, octets: bytes) -> bytes:
        """Return what these bytes open."""
        self._buffer += octets
        if self._opened is None and not self._begin():
            return b""
        opened = self._opened
        assert opened is not None  # _begin says True only then
        found = bytearray()
        while len(self._buffer) >= 4:
            if opened.done:
                raise _malformed(say("bytes after the end"))
            length = int.from_bytes(self._buffer[:4], "big")
            if not _TAG_BYTES <= length <= PIECE_MAX + _TAG_BYTES:
                raise _malformed(say("a piece of {size} bytes", size=length))
            if len(self._buffer) < 4 + length:
                break
            found += self._open_piece(opened, bytes(self._buffer[4 : 4 + length]))
            del self._buffer[: 4 + length]
        if opened.done and self._buffer:
            raise _malformed(say("bytes after the end"))
        return bytes(found)

    def _begin(self) -> bool:
        start = len(SEALED_MAGIC)
        if not SEALED_MAGIC.startswith(bytes(self._buffer[:start])):
            raise _malformed(repr(bytes(self._buffer[:start])))
        if len(self._buffer) < start + 4:
            return False
        size = int.from_bytes(self._buffer[start : start + 4], "big")
        if size > HEADER_MAX:
            raise _malformed(say("a header of {size} bytes", size=size))
        at = start + 4 + size
        if len(self._buffer) < at + 2:
            return False
        sealed_size = int.from_bytes(self._buffer[at : at + 2], "big")
        if len(self._buffer) < at + 2 + sealed_size:
            return False
        info = bytes(self._buffer[start + 4 : at])
        self.header = _header(info)
        sealed = bytes(self._buffer[at + 2 : at + 2 + sealed_size])
        _for_me(self.header, self._me)
        self._opened = _Opened(ChaCha20Poly1305(self._open_seal(info, sealed)))
        del self._buffer[: at + 2 + sealed_size]
        return True

    def _open_piece(self, opened: _Opened, octets: bytes) -> bytes:
        for last in (False, True):
            try:
                content = opened.cipher.decrypt(_nonce(opened.count, last=last), octets, None)
            except InvalidTag:
                continue
            opened.count += 1
            opened.done = last
            return content
        raise _malformed(say("a piece that was changed, doubled or moved"))


def open_content_key(keys: Iterable[SealingKey], info: bytes, sealed: bytes, *, me: str) -> bytes:
    """Return the content key, 32 bytes, of a bundle sealed for this home.

    keys: the private sealing keys, any generation. info: the header's bytes. Raises Malformed, OutOfPlace.
    """
    header = _header(info)
    _for_me(header, me)
    for key in keys:
        if sealing_key_id(key.public()) == header.key:
            try:
                content_key = _SUITE.decrypt(sealed, key.private(), info)
            except (InvalidTag, ValueError):
                raise _malformed(say("a seal that was changed, or made for another line or sender")) from None
            if len(content_key) != 32:
                raise _malformed(say("a seal that was changed, or made for another line or sender"))
            return content_key
    raise _out_of_place(say("one sealed under a key that this home does not hold, or destroyed"))


def _for_me(header: Header, me: str) -> None:
    if header.to != me:
        raise _out_of_place(say("one sealed for {to}", to=header.to))


def _piece(cipher: ChaCha20Poly1305, count: int, content: bytes, *, last: bool) -> bytes:
    sealed = cipher.encrypt(_nonce(count, last=last), content, None)
    return len(sealed).to_bytes(4, "big") + sealed


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


def _public(public: str) -> MLKEM768X25519PublicKey:
    octets = bytes.fromhex(public)
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(octets[:1184]), X25519PublicKey.from_public_bytes(octets[1184:])
        )
    except ValueError:
        raise _malformed(say("a sealing key that is none")) from None


def _header(octets: bytes) -> Header:
    document = canonical.decode(octets, size_max=HEADER_MAX, what=say("sealed bundle"))
    try:
        return msgspec.convert(document, Header)
    except msgspec.ValidationError as fault:
        raise _malformed(str(fault)[:200]) from None


def _malformed(came: str) -> Malformed:
    return Malformed(
        expected=say("a sealed bundle, unchanged"),
        came=came,
        remedy=say("what came before was used; ask the sender for the rest"),
    )


def _out_of_place(came: str) -> OutOfPlace:
    return OutOfPlace(
        expected=say("a bundle sealed for this home"),
        came=came,
        remedy=say("give it to its addressee, or ask the sender to seal it anew with your newest key"),
    )
