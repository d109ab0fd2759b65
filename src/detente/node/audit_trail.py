"""The audit of a node's trail of acts: its chain, and every head of it that the own record holds.

The chain shows what was changed, the record what was cut off or written anew: the other members hold it, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente import words
from detente.errors import DetenteError
from detente.line import canonical
from detente.line.statement import Hash
from detente.node.desk_door.people_trail import trail_file
from detente.store.trail import TrailFile

__all__ = ["check_trail"]

say = words.speaker("node")

_BODY_MAX = 1_024


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement says of its author's trail. acts: how many the head covers."""

    acts: Annotated[int, Meta(ge=1)]
    format: Literal[1]
    hash: Hash
    kind: Literal["trail"]


def check_trail(home: Path, said: Iterable[tuple[str, bytes]]) -> tuple[int, list[str]]:
    """Return how many acts were checked, and each fault in words.

    said: what the own record says of the trail: names of entries with their bodies.
    """
    said = list(said)
    path = trail_file(home)
    if not path.exists():
        missing = (
            say("the trail of acts is missing, of which {entry} holds a head", entry=said[-1][0]) if said else ""
        )
        return 0, [missing] if missing else []
    try:
        trail = TrailFile(path, read_only=True)
    except DetenteError as fault:
        return 0, [str(fault)]
    try:
        return trail.head()[0], [*trail.faults(), *_heads(trail, said), *_noted(trail)]
    except DetenteError as fault:
        return 0, [str(fault)]
    finally:
        trail.close()


def _heads(trail: TrailFile, said: list[tuple[str, bytes]]) -> Iterable[str]:
    for entry, body in said:
        try:
            head = msgspec.convert(canonical.decode(body, size_max=_BODY_MAX, what=entry), _Head)
        except (DetenteError, msgspec.ValidationError):
            yield say("{entry}: no head of a trail", entry=entry)
            continue
        held = trail.hash_of(head.acts)
        if held is None:
            yield say(
                "{entry}: the trail held {count} acts then, and holds fewer now", entry=entry, count=head.acts
            )
        elif held.hex() != head.hash:
            yield say("{entry}: the trail's first {count} acts were others then", entry=entry, count=head.acts)


def _noted(trail: TrailFile) -> Iterable[str]:
    for head in trail.signed():
        held = trail.hash_of(head.number)
        if held is None or held.hex() != head.hash:
            yield say("{entry}: noted beside the trail for another head", entry=head.ref)
