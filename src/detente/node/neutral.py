"""Who is neutral for whom: members that a line's opening names as third sides between others.

An observer is neutral for every member; a member is so only for those for whom the parties name it. A neutral's word on
a revocation is heeded, and its clock may settle whether an answer was in time. All parties must name the same: it is
part of the opening, so of the line's id and fingerprint.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detente import words
from detente.door.errors import ArgumentMistake
from detente.line.opening import Opening, Seat

__all__ = ["add_neutral", "carried", "named", "neutrals_of", "read_neutral", "with_neutrals"]

say = words.speaker("node")


def add_neutral(parser: argparse.ArgumentParser, about: str) -> None:
    """Add the option that names neutrals."""
    parser.add_argument("--neutral", action="append", default=[], metavar="MEMBER=PARTY[,PARTY...]", help=about)


def read_neutral(given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return member -> parties that are neutral for it, as the options said; raises ArgumentMistake.

    A member with nobody after the = has no neutral member. A member named twice has the parties of both.
    """
    found: dict[str, set[str]] = {}
    for one in given:
        member, equals, parties = one.partition("=")
        listed = [name.strip() for name in parties.split(",")] if parties.strip() else []
        if not equals or not member.strip() or "" in listed:
            raise _mistake(say("MEMBER=PARTY,PARTY such as west=north,south"), one)
        found.setdefault(member.strip(), set()).update(listed)
    return {member: tuple(sorted(parties)) for member, parties in found.items()}


def with_neutrals(opening: Opening, wanted: Mapping[str, Sequence[str]]) -> Opening:
    """Return the opening with these members neutral besides its observers; a first one gets the line id that follows.

    wanted: member -> parties that are neutral for it; only what it names of members' seats is changed. Raises
    ArgumentMistake for a name that is not on the line, an observer as the member, and a member neutral for itself.
    """
    for member, parties in wanted.items():
        strangers = [name for name in parties if opening.seat(name) is None]
        if member not in opening.members or strangers:
            raise _mistake(
                say("members of the line: {names}", names=", ".join(opening.members)),
                ", ".join(strangers) if member in opening.members else member,
            )
        if member in parties:
            raise _mistake(say("another party than the member itself"), f"{member}={member}")
    seats = tuple(_reseated(seat, wanted) for seat in opening.seats)
    made = msgspec.structs.replace(opening, seats=seats)
    if made.epoch == 1:
        prefix = made.line.rpartition("-")[0]  # the id follows from all else in the opening (spec/line/epochs.md)
        draft = msgspec.structs.replace(made, line=prefix)
        digits = hashlib.sha256(draft.encode()).hexdigest()[:20]
        made = msgspec.structs.replace(made, line=f"{prefix}-{digits}")
    made.check()
    return made


def carried(before: Opening, members: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what of an opening's named neutrals still stands among these members of the next."""
    staying = set(members)
    found = {}
    for member, parties in named(before).items():
        kept = tuple(name for name in parties if name in staying)
        if member in staying and kept:
            found[member] = kept
    return found


def named(opening: Opening) -> dict[str, tuple[str, ...]]:
    """Return member -> members that are neutral for it, those without any left out."""
    return {
        member: parties
        for member in opening.members
        if (parties := tuple(one for one in neutrals_of(opening, member) if one in opening.members))
    }


def neutrals_of(opening: Opening, member: str) -> tuple[str, ...]:
    """Return every party, observers too, that is neutral for a member; sorted."""
    return tuple(seat.member for seat in opening.seats if member in seat.neutral_for)


def _reseated(seat: Seat, wanted: Mapping[str, Sequence[str]]) -> Seat:
    if seat.role != "member":
        return seat
    kept = {name for name in seat.neutral_for if name not in wanted}
    added = {member for member, parties in wanted.items() if seat.member in parties}
    return msgspec.structs.replace(seat, neutral_for=tuple(sorted(kept | added)))


def _mistake(expected: str, came: str) -> ArgumentMistake:
    return ArgumentMistake(
        expected=expected,
        came=came,
        where="--neutral",
        remedy=say("every party must give the same neutrals: they are part of the line"),
    )
