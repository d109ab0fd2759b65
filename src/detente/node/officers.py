"""The officers whom a member's signer knows: without a touch of theirs it signs nothing that people say.

The list comes from the keepers and lies in the file of the operational keys, under their passphrase: whoever takes the
desk, or the disk of the node, cannot add himself. A home without a list signs what its keepers' passphrase opens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detente import words
from detente.line.errors import OutOfPlace, Refused
from detente.line.release import ASSERTIONS_MAX, Key, Touch, judge
from detente.line.statement import Statement
from detente.line.watching import CONTROL_TYPES

__all__ = ["TRAIL_TYPE", "UNRELEASED", "Officer", "Officers", "check_given_touch", "check_release"]

say = words.speaker("node")

TRAIL_TYPE = "node.trail"
"""A statement that names the head of the author's own trail of acts: ``{"acts", "format", "hash", "kind"}``."""
UNRELEASED = CONTROL_TYPES - {"line.suspend", "line.resume"} | {TRAIL_TYPE}
"""Types that a node says by itself, or at a keeper's word; every other type needs officers."""

Needed = Annotated[int, Meta(ge=1, le=ASSERTIONS_MAX)]


class Officer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One officer: a name for the keepers, the public key of the authenticator (``line.release.Assertion.key``)."""

    key: Key
    name: Annotated[str, Meta(min_length=1, max_length=200)]


class Officers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may release, at which sites, and how many are needed.

    site: the relying party's id, such as desk.example. origins: where its pages are, such as https://desk.example.
    needed: how many officers each statement needs; needed_for: type of statement -> how many, where it differs.
    """

    needed: Needed
    needed_for: dict[str, Needed]
    officers: Annotated[tuple[Officer, ...], Meta(min_length=1, max_length=1000)]
    origins: Annotated[tuple[str, ...], Meta(min_length=1, max_length=16)]
    site: Annotated[str, Meta(min_length=1, max_length=253)]

    def document(self) -> dict[str, Any]:
        """Return the list as the key file keeps it; ``read`` takes it back."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Officers:
        """Return the list that ``document`` gave; raises msgspec.ValidationError."""
        return msgspec.convert(document, cls)


def check_release(
    officers: Officers | None,
    statement: Statement,
    octets: bytes,
    counters: Mapping[str, int] | None,
    noted: Container[str] = (),
) -> dict[str, int]:
    """Return the signature counters that grew when enough officers released exactly this statement; raises Refused.

    octets: the release, empty when there is none. counters: the highest counter seen of each key; None: the same
    release was accepted before, so that its counters have been seen. noted: names of touches whose counters were
    compared when they were given. Without a list of officers any release stands for itself, and none is needed.
    """
    if statement.release is None and not octets and (officers is None or statement.type in UNRELEASED):
        return {}
    if not octets:
        raise _refused(say("a statement that no officer released"))
    _, touches = judge(octets, statement)
    if officers is None:
        return {}
    known = {one.key: one.name for one in officers.officers}
    for touch in touches:
        _check_touch(officers, touch, known, None if touch.name in noted else counters)
    needed = officers.needed_for.get(statement.type, officers.needed)
    if len(touches) < needed:
        raise _refused(say("{count} officers where {needed} are needed", count=len(touches), needed=needed))
    before = counters or {}
    return {touch.key: touch.count for touch in touches if touch.count > before.get(touch.key, 0)}


def check_given_touch(
    officers: Officers | None,
    statement: Statement,
    octets: bytes,
    counters: Mapping[str, int],
    noted: Container[str],
) -> tuple[str, dict[str, int]]:
    """Return the name of one officer's touch for this statement, and the counter that grew by it; raises Refused.

    octets: a release with this touch alone, whatever else the statement needs. A touch that was noted before is fine.
    """
    if officers is None:
        raise _refused(say("a touch where no officers are named"))
    alone = msgspec.structs.replace(officers, needed=1, needed_for={})
    named = msgspec.structs.replace(statement, release=hashlib.sha256(octets).hexdigest())
    grown = check_release(alone, named, octets, counters, noted)
    _, touches = judge(octets, named)
    if len(touches) != 1:
        raise _refused(say("several touches at once"))
    return touches[0].name, grown


def _check_touch(
    officers: Officers, touch: Touch, known: Mapping[str, str], counters: Mapping[str, int] | None
) -> None:
    name = known.get(touch.key)
    if name is None:
        raise _refused(say("a key that is no officer's: {key}", key=touch.key[:16]))
    if (
        touch.origin not in officers.origins
        or touch.site_hash != hashlib.sha256(officers.site.encode()).hexdigest()
    ):
        raise _refused(say("a touch of {name} at another site: {site}", name=name, site=touch.origin[:80]))
    if not (touch.present and touch.verified):
        raise _refused(say("a touch at which {name} was not seen or not recognised", name=name))
    before = None if counters is None else counters.get(touch.key, 0)
    if before is not None and touch.count <= before and (touch.count or before):
        raise _refused(say("an old touch of {name}, or one of a copied authenticator", name=name))


def _refused(came: str) -> Refused:
    return OutOfPlace(
        expected=say("the release of officers whom this home knows"),
        came=came,
        remedy=say("let the officers release it at the desk; nothing was signed"),
    )
