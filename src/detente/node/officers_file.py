"""The file in which keepers name a member's officers; spec/line/release.md describes it.

    {"format": 1, "kind": "officers", "member": "west", "needed": 1, "needed_for": {"notice.launch": 2},
     "officers": [{"key": hex, "name": "Anna"}, ...], "origins": ["https://desk.example"], "site": "desk.example"}

Any spelling is taken that every reader reads alike; nothing is taken that could release nothing or reads otherwise than
it is checked: keys off the curve, more officers needed than there are, pages of another site.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Meta

from detente import words
from detente.line import canonical
from detente.line import keys as line_keys
from detente.line.errors import LineMistake, Refused
from detente.line.statement import Name
from detente.node.json_text import read_json
from detente.node.officers import UNRELEASED, Needed, Officer, Officers

__all__ = ["FILE_MAX", "is_officer_key", "is_origin", "is_site", "officers_document", "read_officers"]

say = words.speaker("node")

FILE_MAX = 1024 * 1024
_TYPE = re.compile(r"[a-z][a-z0-9.-]{0,62}", re.ASCII)
_SITE = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: Literal[1]
    kind: Literal["officers"]
    member: Name
    needed: Needed
    needed_for: dict[str, Needed] = {}
    officers: Annotated[tuple[Officer, ...], Meta(min_length=1, max_length=1000)]
    origins: Annotated[tuple[str, ...], Meta(min_length=1, max_length=16)]
    site: Annotated[str, Meta(min_length=1, max_length=253)]


def officers_document(member: str, officers: Officers) -> dict[str, Any]:
    """Return the document of a member's officers; ``read_officers`` takes it back from a file."""
    return {"format": 1, "kind": "officers", "member": member, **officers.document()}


def read_officers(path: Path, member: str) -> Officers:
    """Return the officers that a file names for this member; raises LineMistake with the first fault."""
    try:
        with path.open("rb") as source:
            octets = source.read(FILE_MAX + 1)
    except OSError as failure:
        raise _mistake(path, failure.strerror or str(failure)) from failure
    if len(octets) > FILE_MAX:
        raise _mistake(path, say("more than {size} bytes", size=FILE_MAX))
    text = read_json(octets, str(path), say("see spec/line/release.md; nothing was changed"))
    document = canonical.decode(text, size_max=2 * FILE_MAX, what=str(path))
    if document.get("kind") != "officers" or document.get("format") != 1:
        raise _mistake(path, say("another kind of file, or a newer format"))
    try:
        made = msgspec.convert(document, _File)
    except msgspec.ValidationError as fault:
        raise _mistake(path, str(fault)[:300]) from None
    found = next(chain(_faults_of_keys(made, member), _faults_of_numbers(made), _faults_of_site(made)), None)
    if found is not None:
        raise _mistake(path, found)
    return Officers(
        needed=made.needed,
        needed_for=made.needed_for,
        officers=made.officers,
        origins=made.origins,
        site=made.site,
    )


def _faults_of_keys(made: _File, member: str) -> Iterator[str]:
    if made.member != member:
        yield say("the officers of {other}, where this home is of {member}", other=made.member, member=member)
    ((key, times),) = Counter(one.key for one in made.officers).most_common(1)
    if times > 1:
        yield say("two officers with one key: {key}", key=key[:40])
    ((name, times),) = Counter(one.name for one in made.officers).most_common(1)
    if times > 1:
        yield say("two officers with one name: {name}", name=name[:40])
    for one in made.officers:
        if not is_officer_key(bytes.fromhex(one.key)):
            yield say("a key of {name} that is no point of its curve", name=one.name)


def _faults_of_numbers(made: _File) -> Iterator[str]:
    for kind, needed in {"": made.needed, **made.needed_for}.items():
        if needed > len(made.officers):
            yield say(
                "{needed} needed for {kind}, of {count}",
                needed=needed,
                kind=kind or say("every type"),
                count=len(made.officers),
            )
        if kind and not _TYPE.fullmatch(kind):
            yield say("{kind}, which is no type of a statement", kind=kind)
        if kind in UNRELEASED:
            yield say("{kind}, which a node says by itself and nobody releases", kind=kind)


def _faults_of_site(made: _File) -> Iterator[str]:
    if not is_site(made.site):
        yield say("a site that is no host name in small letters: {site}", site=made.site)
    for origin in made.origins:
        if not is_origin(origin, made.site):
            yield say(
                "an origin that is no https:// page of {site}: {origin}", site=made.site, origin=origin[:80]
            )


def is_officer_key(public: bytes) -> bool:
    """Tell whether these bytes are a public key that an officer's touch can be checked with."""
    try:
        if len(public) == 32:
            line_keys.check_key(public)
        else:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except (Refused, ValueError):
        return False
    return True


def is_site(text: str) -> bool:
    """Tell whether a text is a host name in small letters, as a relying party's id must be."""
    return _SITE.fullmatch(text) is not None


def is_origin(origin: str, site: str) -> bool:
    """Tell whether a browser could give this origin for a page that may ask for the site's keys."""
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    spelled = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    # browsers keep passkeys for names under localhost too: by RFC 6761 they never leave the machine
    is_here = host == "localhost" or host.endswith(".localhost")
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_here)
    return secure and origin == spelled and (host == site or host.endswith(f".{site}"))


def _mistake(path: Path, came: str) -> LineMistake:
    return LineMistake(
        expected=say("a file of this member's officers as spec/line/release.md describes it"),
        came=came,
        where=str(path),
        remedy=say("mend the file; nothing was changed"),
    )
