"""Canonical JSON: the one spelling of a signed document.

RFC 8785 restricted to objects with ASCII keys, arrays, strings, booleans, null and integers below 2^53, at
most 16 deep. Decimals travel as strings, positions as integers of 1e-7 degree. Under this restriction an
encoder that sorts keys is an RFC 8785 encoder (held by a differential test), and decoding is strict by
encoding again: any other spelling (space, duplicate key, 1.0, escaped letter, other key order) is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from detente import words
from detente.line.errors import Malformed

__all__ = ["DEPTH_MAX", "INTEGER_MAX", "decode", "encode"]

say = words.speaker("line")

DEPTH_MAX = 16
INTEGER_MAX = 2**53 - 1

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


def encode(document: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes; raises Malformed for a value outside the restriction."""
    _check(document, 1)
    return _encoder.encode(document)


def decode(octets: bytes, *, size_max: int, what: str) -> dict[str, Any]:
    """Return the document that these bytes spell canonically.

    size_max: cap in bytes, checked before anything is parsed. what: the document's name in messages.
    Raises Malformed for everything else; work and memory are linear in the size.
    """
    if len(octets) > size_max:
        raise Malformed(
            expected=say("at most {size} bytes", size=size_max),
            came=say("{size} bytes", size=len(octets)),
            where=what,
            remedy=say("nothing of it was stored; ask the sender"),
        )
    try:
        document = _decoder.decode(octets)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
        raise _malformed(what, type(fault).__name__) from None
    if not isinstance(document, dict):
        raise _malformed(what, type(document).__name__)
    _check(document, 1)
    if _encoder.encode(document) != octets:
        raise _malformed(what, say("another spelling of the same content"))
    return document


def _check(value: Any, depth: int) -> None:
    """Refuse what the restriction does not allow, anywhere in the value."""
    kind = type(value)
    inner: Iterable[Any]
    if kind is dict:
        for key in value:
            if type(key) is not str or not key.isascii():
                raise _malformed("", say("a key that is not ASCII text"))
        inner = value.values()
    elif kind is list or kind is tuple:
        inner = value
    else:
        _check_one(value, kind)
        return
    if depth > DEPTH_MAX:
        raise _malformed("", say("nested deeper than {depth}", depth=DEPTH_MAX))
    for one in inner:  # commonest first; a call for each value would cost more than the look at it
        kind = type(one)
        if kind is str:
            if not one.isascii():
                _check_text(one)
        elif kind is dict or kind is list or kind is tuple:
            _check(one, depth + 1)
        else:
            _check_one(one, kind)


def _check_one(value: Any, kind: type) -> None:
    """Refuse a value that holds no others and is none of the restriction's."""
    if kind is int:
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise _malformed("", say("an integer of 2^53 or more"))
    elif kind is str:
        _check_text(value)
    elif value is not None and kind is not bool:
        raise _malformed("", kind.__name__)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _malformed("", say("half of a surrogate pair")) from None


def _malformed(what: str, came: str) -> Malformed:
    return Malformed(
        expected=say("canonical JSON of text, whole numbers, lists and objects"),
        came=came,
        where=what,
        remedy=say("nothing of it was stored; ask the sender"),
    )
