"""The one spelling of a notice: bytes to notice and back, and the check before either.

Canonical JSON as spec/line/canonical.md, narrower by two rules: null is absent, and so is a field that says what
is meant anyway (an empty list, a default). So one meaning has one byte form. Decoding is strict and bounded:
hostile bytes raise NoticeRefused with every fault, and nothing else.

Fields that this version does not know are kept (the bytes are kept whole) and shown; when ``critical`` names one
of them, the notice is refused as not understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from detente import words
from detente.notices.checking import Found, joined, shape_of_fields, short
from detente.notices.errors import NoticeMistake, NoticeRefused
from detente.notices.faults import Fault
from detente.notices.kinds import KINDS
from detente.notices.notice import Notice
from detente.notices.suspicion import crossings_within, suspicions

__all__ = [
    "DEPTH_MAX",
    "INTEGER_MAX",
    "SIZE_MAX",
    "Checked",
    "check",
    "check_document",
    "decode",
    "encode",
    "examine",
]

say = words.speaker("notices")

SIZE_MAX = 262_144
"""Bytes of one notice. What is larger is attached to the line's entry."""
DEPTH_MAX = 16
INTEGER_MAX = 2**53 - 1

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A notice that passed its check.

    octets: its one spelling, unknown fields included. unknown: fields that this version does not know, by path.
    warnings: what is suspicious but may be meant.
    """

    notice: Notice
    octets: bytes
    unknown: Mapping[str, Any]
    warnings: tuple[Fault, ...]


def decode(octets: bytes, *, now: datetime | None = None) -> Checked:
    """Return the notice that these bytes spell; raises NoticeRefused with every fault otherwise.

    now: aware UTC; with it a plan that lies in the past is a warning.
    """
    if len(octets) > SIZE_MAX:
        fault = Fault("", "size", say("at most {size} bytes", size=SIZE_MAX), str(len(octets)), _ask())
        raise NoticeRefused.of([fault])
    try:
        document = _decoder.decode(octets)
    except RecursionError:
        raise NoticeRefused.of([_too_deep("")]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as failure:
        raise NoticeRefused.of([_no_json(str(failure))]) from None
    checked, faults = check_document(document, now=now)
    if not faults and checked is not None and checked.octets == octets:
        return checked
    if not faults:
        faults = [
            Fault(
                "",
                "spelling",
                say("the one spelling: keys in order, no blanks, each once"),
                say("another spelling of the same content"),
                _ask(),
            )
        ]
    raise NoticeRefused.of(faults)


def encode(notice: Notice) -> bytes:
    """Return the notice's one spelling; raises NoticeMistake with every fault of it."""
    checked, faults = check(notice)
    if checked is None:
        raise NoticeMistake.of(faults)
    return checked.octets


def check(notice: Notice, *, now: datetime | None = None) -> tuple[Checked | None, list[Fault]]:
    """Return the checked notice and no fault, or None and every fault of it."""
    try:
        document = _decoder.decode(_encoder.encode(notice))
    except UnicodeEncodeError:  # half of a surrogate pair, somewhere: said at its place by the plain document
        document = _lists(msgspec.to_builtins(notice))
    return check_document(document, now=now)


def _lists(value: Any) -> Any:
    """Return a plain value with lists for tuples."""
    if isinstance(value, dict):
        return {key: _lists(inner) for key, inner in value.items()}
    return [_lists(inner) for inner in value] if isinstance(value, tuple | list) else value


def check_document(document: object, *, now: datetime | None = None) -> tuple[Checked | None, list[Fault]]:
    """Return the checked notice of a plain document and no fault, or None and every fault of it."""
    return examine(document, now=now)[:2]


def examine(
    document: object, *, now: datetime | None = None
) -> tuple[Checked | None, list[Fault], Mapping[str, Any]]:
    """Return what ``check_document`` does, and the fields that this version does not know, faults or not."""
    if type(document) is not dict:
        return None, [Fault("", "type", say("an object with fields"), short(document), _ask())], {}
    faults = _restricted(document)
    spelled = {fault.where for fault in faults}
    kind = document.get("kind")
    if type(kind) is not str or kind not in KINDS:
        faults.append(
            Fault(
                "kind",
                "unknown",
                say("one of {words}", words=", ".join(KINDS)),
                short(kind),
                say("this version does not know others"),
            )
        )
        return None, faults, {}
    found = Found()
    shape_of_fields(KINDS[kind])(document, "", found)
    faults += [fault for fault in found.faults if fault.where not in spelled]
    faults += _not_understood(document, found.unknown)
    if faults:  # an area can be judged although something else is wrong
        return None, faults + crossings_within(document), found.unknown
    notice = msgspec.convert(document, KINDS[kind])
    doubts = suspicions(notice, now=now)
    faults = [doubt for doubt in doubts if not doubt.warning]
    if faults:
        return None, faults, found.unknown
    octets = _encoder.encode(document)
    if len(octets) > SIZE_MAX:
        fault = Fault("", "size", say("at most {size} bytes", size=SIZE_MAX), str(len(octets)), _attach())
        return None, [fault], found.unknown
    checked = Checked(notice=notice, octets=octets, unknown=found.unknown, warnings=tuple(doubts))
    return checked, [], found.unknown


def _not_understood(document: dict[str, Any], unknown: Mapping[str, Any]) -> list[Fault]:
    """Return the critical fields that this version does not know."""
    named = document.get("critical")
    if type(named) is not list:
        return []
    foreign = {re.sub(r"\[\d+\]", "", path) for path in unknown}
    known = {*KINDS[document["kind"]].__struct_fields__, "kind"}
    return [
        Fault(
            f"critical[{index}]",
            "critical",
            say("fields that this version understands"),
            short(name),
            say("read it with a version that knows the field"),
        )
        for index, name in enumerate(named)
        if type(name) is str
        and (
            name.split(".", 1)[0] not in known
            or any(one == name or one.startswith(f"{name}.") for one in foreign)
        )
    ]


def _restricted(document: dict[str, Any]) -> list[Fault]:
    """Return what the restriction of canonical JSON does not allow, anywhere in the document."""
    faults: list[Fault] = []
    waiting: list[tuple[Any, str, int]] = [(document, "", 1)]
    while waiting and len(faults) < 100:
        value, path, depth = waiting.pop()
        if type(value) not in {dict, list}:
            faults += _leaf(value, path)
        elif depth > DEPTH_MAX:
            faults.append(_too_deep(path))
        elif type(value) is list:
            waiting.extend((inner, f"{path}[{index}]", depth + 1) for index, inner in enumerate(value))
        else:
            for key, inner in value.items():
                if type(key) is str and key.isascii():
                    waiting.append((inner, joined(path, key), depth + 1))
                else:
                    faults.append(Fault(path, "key", say("field names in ASCII"), short(key), _ask()))
    return sorted(faults, key=lambda fault: fault.where)


def _leaf(value: object, path: str) -> list[Fault]:
    """Return what is wrong with a value that holds no others."""
    if type(value) is str:
        half = not value.isascii() and _half(value)
        return [Fault(path, "hidden", say("text"), say("half of a surrogate pair"), _ask())] if half else []
    if type(value) is int:
        large = abs(value) > INTEGER_MAX
        return [Fault(path, "range", say("a whole number below 2^53"), short(value), _ask())] if large else []
    if value is None or type(value) is bool:
        return []
    expected = say('a whole number, or decimals as text ("12.5")')
    return [Fault(path, "float", expected, short(value), say("write it as text"))]


def _half(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _no_json(message: str) -> Fault:
    place = re.search(r"byte (\d+)", message)
    came = say("something else at byte {place}", place=place.group(1)) if place else say("something else")
    return Fault("", "json", say("one JSON object in UTF-8"), came, _ask())


def _too_deep(path: str) -> Fault:
    return Fault(path, "depth", say("at most {depth} levels", depth=DEPTH_MAX), say("more"), _ask())


def _ask() -> str:
    return say("nothing of it was used; ask the sender")


def _attach() -> str:
    return say("attach what is long to the line's entry")
