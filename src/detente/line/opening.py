"""Openings: who is on a line, in which role, from which epoch on.

The first opening is not signed: every member derives the same bytes from the same root-signed cards, the line's
name and the roles, and reads out the same fingerprint. A later opening names the final head of every log of
the epoch before it; a member's consent is its own first statement in the new epoch, whose ``previous`` is the
hash of the opening. Whoever has not consented is not in it; rival openings are both shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente import words
from detente.line import canonical
from detente.line.errors import Malformed
from detente.line.keys import fingerprint_words
from detente.line.rootact import Keyring
from detente.line.statement import MEMBERS_MAX, Count, Hash, LineId, Name, Small

__all__ = ["OPENING_MAX", "FinalHead", "Opening", "Seat", "first_opening", "first_previous"]

say = words.speaker("line")

OPENING_MAX = 1024 * 1024
_TRAINING = "training-"


class Seat(msgspec.Struct, frozen=True):
    """One party: its card, its generation when the epoch opened, its role, and for whom it is neutral.

    role: "member" writes a log; "observer" mirrors statements, not bodies, and cosigns. neutral_for: members
    whose revocations this party heeds as a third side (decision 11 of the line).
    """

    card: Hash
    generation: Small
    member: Name
    neutral_for: Annotated[tuple[Name, ...], Meta(max_length=MEMBERS_MAX)]
    role: Literal["member", "observer"]


class FinalHead(msgspec.Struct, frozen=True):
    """Where a log of the epoch before ended for those who open the next."""

    generation: Small
    member: Name
    root: Hash
    size: Count


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The opening of one epoch of a line."""

    epoch: Annotated[int, Meta(ge=1, le=999_999_999)]
    final: Annotated[tuple[FinalHead, ...], Meta(max_length=4096)]
    format: Literal[1]
    line: LineId
    name: Name
    previous: Hash | None
    seats: Annotated[tuple[Seat, ...], Meta(min_length=2, max_length=1024)]
    training: bool

    def encode(self) -> bytes:
        """Return the canonical bytes; their SHA-256 is the opening's identity."""
        return canonical.encode(msgspec.to_builtins(self))

    def hash(self) -> str:
        """Return the identity, hexadecimal."""
        return _identity(self)

    def fingerprint(self) -> str:
        """Return the identity in words, for reading aloud."""
        return fingerprint_words(hashlib.sha256(self.encode()).digest())

    def seat(self, member: str) -> Seat | None:
        """Return a party's seat, or None."""
        return next((seat for seat in self.seats if seat.member == member), None)

    @property
    def members(self) -> tuple[str, ...]:
        """Names of those who write, sorted."""
        return tuple(seat.member for seat in self.seats if seat.role == "member")

    @classmethod
    def decode(cls, octets: bytes) -> Opening:
        """Return the opening that these bytes spell; raises Malformed."""
        document = canonical.decode(octets, size_max=OPENING_MAX, what="opening")
        try:
            opening = msgspec.convert(document, cls)
        except msgspec.ValidationError as fault:
            raise _malformed(str(fault)[:200]) from None
        if opening.encode() != octets:
            raise _malformed(say("a field that this version does not know"))
        opening.check()
        return opening

    def check(self) -> None:
        """Refuse doubled or unsorted seats, too few or too many members, a line id that does not follow."""
        names = [seat.member for seat in self.seats]
        if names != sorted(set(names)) or len({seat.card for seat in self.seats}) != len(names):
            raise _malformed(say("the same card or name twice, or seats out of order"))
        if not 2 <= len(self.members) <= MEMBERS_MAX:
            raise _malformed(say("{count} members", count=len(self.members)))
        for seat in self.seats:
            if seat.member in seat.neutral_for or not set(seat.neutral_for) <= set(self.members):
                raise _malformed(say("{name} cannot be neutral for that member", name=seat.member))
        places = [(head.member, head.generation) for head in self.final]
        if places != sorted(set(places)) or (self.epoch == 1) != (self.previous is None):
            raise _malformed(say("final heads doubled or out of order, or no predecessor"))
        if self.epoch == 1 and (self.final or self.line != _line_id(self)):
            raise _malformed(say("a line id that does not follow from its members"))
        if self.training != self.line.startswith(_TRAINING):
            raise _malformed(say("a line id that hides whether it is for training"))


@lru_cache(maxsize=1024)
def _identity(opening: Opening) -> str:
    """Return the hash of an opening's bytes; asked for with every bundle, so it is worked out once."""
    return hashlib.sha256(opening.encode()).hexdigest()


def first_opening(
    name: str, members: Sequence[Keyring], observers: Sequence[Keyring] = (), *, training: bool = False
) -> Opening:
    """Return the opening of a new line; every party derives the same from the same cards.

    Each observer is neutral for every member. Raises Malformed for doubled cards, fewer than two members.
    """
    everyone = tuple(sorted(ring.member for ring in members))
    seats = [Seat(ring.card, 0, ring.member, (), "member") for ring in members]
    seats += [Seat(ring.card, 0, ring.member, everyone, "observer") for ring in observers]
    seats.sort(key=lambda seat: seat.member)
    draft = Opening(
        epoch=1, final=(), format=1, line=f"{_TRAINING if training else ''}{name}", name=name, previous=None,
        seats=tuple(seats), training=training,
    )  # fmt: skip
    opening = msgspec.structs.replace(draft, line=_line_id(draft))
    opening.check()
    return opening


def first_previous(opening: Opening, ring: Keyring, seated: int, generation: int) -> str:
    """Return what the first statement of a party's log under this opening names as ``previous``.

    seated: the generation of its seat. A later generation names both the opening and the act that started it, so
    that the first statement of every log says under which opening, so with whom, it is written.
    """
    if generation == seated:
        return opening.hash()
    started_by = bytes.fromhex(ring.started_by[generation])
    return hashlib.sha256(bytes.fromhex(opening.hash()) + started_by).hexdigest()


def _line_id(opening: Opening) -> str:
    """Return "[training-]<name>-<20 hexadecimal digits>", the digits from everything else in the opening."""
    prefix = f"{_TRAINING if opening.training else ''}{opening.name}"
    rest = msgspec.structs.replace(opening, line=prefix).encode()
    return f"{prefix}-{hashlib.sha256(rest).hexdigest()[:20]}"


def _malformed(came: str) -> Malformed:
    return Malformed(
        expected=say("an opening of a line as spec/ describes it"),
        came=came,
        remedy=say("compare the cards and the fingerprint with the other members, by voice"),
    )
