"""JSON that a person wrote, read so that no two readers can read it in two ways, and in its one canonical spelling."""

from __future__ import annotations

import json
from typing import Any

from detente import words
from detente.line import canonical
from detente.line.errors import LineMistake, Malformed, Refused

__all__ = ["read_json"]

say = words.speaker("node")


def read_json(content: bytes, source: str, remedy: str) -> bytes:
    """Return a JSON object in its canonical spelling; ``canonical.decode`` reads it back.

    source: where it came from, remedy: what to do about a fault, both for the message. Raises LineMistake for what is
    no object, a key twice, a fraction, NaN, half of a surrogate pair, a number of 2^53 or more, nesting too deep.
    """
    try:
        document = json.loads(
            content.decode(), object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_fraction
        )
        if not isinstance(document, dict):
            raise _ambiguous(say("no JSON object"))
        return canonical.encode(document)
    except UnicodeDecodeError:
        came = say("bytes that are not UTF-8")
    except json.JSONDecodeError as fault:
        came = say("a fault in line {line}, column {column}", line=fault.lineno, column=fault.colno)
    except RecursionError:
        came = say("nested deeper than {depth}", depth=canonical.DEPTH_MAX)
    except Refused as fault:
        came = fault.came
    except ValueError:  # a whole number of thousands of digits
        came = say("a number of 2^53 or more")
    raise LineMistake(
        expected=say("a JSON object of text, whole numbers below 2^53, lists and objects, each key once"),
        came=came,
        where=source,
        remedy=remedy,
    )


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _ambiguous(say("the key {key} twice", key=repr(key)))
        found[key] = value
    return found


def _constant(name: str) -> Any:
    raise _ambiguous(say("{name}, which is no JSON", name=name))


def _fraction(text: str) -> Any:
    raise _ambiguous(say("the fraction {number}", number=text[:40]))


def _ambiguous(came: str) -> Malformed:
    return Malformed(expected=say("content that every reader reads alike"), came=came)
