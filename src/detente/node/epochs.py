"""The next epoch of a line: an opening on its way between members, consented to by each in its own home.

The file is canonical JSON {"acts": [base64], "format": 1, "kind": "opening", "openings": [base64]}: every
opening from the first to the proposed one, and the root acts of every party on any of them. Nobody signs it: a
member's consent is its own first statement in the new epoch, and whoever has not consented is not in it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detente import words
from detente.line import canonical
from detente.line.effects import Consented, PutAct, PutOpening, Submitted
from detente.line.envelope import decode_base64
from detente.line.errors import LineMistake, Refused
from detente.line.opening import FinalHead, Opening, Seat
from detente.line.rootact import Keyring
from detente.line.state import State
from detente.line.watching import system_draft
from detente.node.home import Home
from detente.node.host import Host
from detente.node.limits import limits_of
from detente.node.neutral import carried, with_neutrals

__all__ = [
    "ProposedOpening",
    "consent",
    "decode_opening",
    "is_opening",
    "join_later",
    "next_opening",
    "read_opening",
]

say = words.speaker("node")

_FILE_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProposedOpening:
    """Openings from the first to the proposed one, and every party's keyring."""

    openings: tuple[Opening, ...]
    rings: tuple[Keyring, ...]

    @property
    def opening(self) -> Opening:
        """The opening that is proposed."""
        return self.openings[-1]

    def encode(self) -> bytes:
        """Return the file's bytes."""
        return canonical.encode(
            {
                "acts": [base64.b64encode(one).decode() for ring in self.rings for one in ring.envelopes],
                "format": 1,
                "kind": "opening",
                "openings": [base64.b64encode(one.encode()).decode() for one in self.openings],
            }
        )


def next_opening(
    state: State,
    members: Sequence[Keyring],
    observers: Sequence[Keyring],
    neutral: Mapping[str, Sequence[str]] | None = None,
) -> ProposedOpening:
    """Return the opening of the next epoch with these parties and the heads that are held now.

    neutral: member -> parties that are neutral for it, for members for whom that changes; of the others the neutrals
    of the running epoch stay, as far as they stay on the line. Raises ArgumentMistake for wrong ones, Refused for
    doubled parties or fewer than two members, LineMistake for a party whose card differs from the one held.
    """
    current = state.opening
    rings = {**state.rings}
    for ring in (*members, *observers):
        held = rings.get(ring.member)
        if held is not None and held.card != ring.card:
            raise _mistake(say("the card of {member} that is held here", member=ring.member), say("another card"))
        if held is None or len(ring.acts) > len(held.acts):
            rings[ring.member] = ring
    everyone = tuple(sorted(ring.member for ring in members))
    seats = [Seat(ring.card, rings[ring.member].generation, ring.member, (), "member") for ring in members]
    seats += [
        Seat(ring.card, rings[ring.member].generation, ring.member, everyone, "observer") for ring in observers
    ]
    final = [
        FinalHead(origin.generation, origin.member, state.root_at(origin, log.durable).hex(), log.durable)
        for origin, log in state.logs.items()
        if origin.epoch == current.epoch and log.durable
    ]
    opening = Opening(
        epoch=current.epoch + 1,
        final=tuple(sorted(final, key=lambda one: (one.member, one.generation))),
        format=1,
        line=current.line,
        name=current.name,
        previous=current.hash(),
        seats=tuple(sorted(seats, key=lambda seat: seat.member)),
        training=current.training,
    )
    opening.check()
    opening = with_neutrals(opening, {**carried(current, everyone), **(neutral or {})})
    chain = [opening]
    while chain[0].previous is not None:
        chain.insert(0, state.openings[chain[0].previous])
    parties = {seat.member for one in chain for seat in one.seats}
    return ProposedOpening(tuple(chain), tuple(rings[name] for name in sorted(parties)))


def is_opening(path: Path) -> bool:
    """Tell whether a file is a proposed opening; False for anything else, whatever it is."""
    try:
        with path.open("rb") as file:
            octets = file.read(_FILE_MAX + 1)
        return canonical.decode(octets, size_max=_FILE_MAX, what=str(path)).get("kind") == "opening"
    except (OSError, Refused):
        return False


def read_opening(path: Path) -> ProposedOpening:
    """Return the opening in a file.

    Raises LineMistake for another file, Refused for one that does not hold together.
    """
    try:
        with path.open("rb") as file:
            octets = file.read(_FILE_MAX + 1)
    except OSError as failure:
        raise _mistake(say("a proposed opening"), failure.strerror or str(failure), str(path)) from failure
    return decode_opening(octets, str(path))


def decode_opening(octets: bytes, path: str) -> ProposedOpening:
    """Return the opening in a file's bytes; raises as ``read_opening`` does, ``path`` named as the place."""
    try:
        try:
            document = canonical.decode(octets, size_max=_FILE_MAX, what=path)
        except Refused:
            document = {}
        if document.keys() != {"acts", "format", "kind", "openings"} or document["kind"] != "opening":
            raise ValueError  # noqa: TRY301 - one place turns every shape fault into one refusal
        openings = tuple(Opening.decode(decode_base64(one)) for one in document["openings"])
        rings = _rings([decode_base64(one) for one in document["acts"]])
    except (ValueError, KeyError, TypeError):
        raise _mistake(say("a proposed opening"), say("another kind of file"), path) from None
    before: Opening | None = None
    for one in openings:
        follows = one.previous == before.hash() if before else one.epoch == 1
        known = all(seat.member in rings and rings[seat.member].card == seat.card for seat in one.seats)
        if not follows or not known or (before and one.line != before.line):
            raise _mistake(say("openings that follow each other, with everybody's cards"), say("others"), path)
        before = one
    if before is None:
        raise _mistake(say("a proposed opening"), say("another kind of file"), path)
    return ProposedOpening(openings, tuple(rings[name] for name in sorted(rings)))


def consent(host: Host, proposed: ProposedOpening) -> Host:
    """Consent for this home: keep new parties' cards, then move to the epoch; its first statement names it.

    Returns the running host of the line as it then is. Raises LineMistake when the opening does not follow what
    is held here; what was kept by then is only shown as proposed.
    """
    state, opening = host.state, proposed.opening
    parts: list[PutOpening | PutAct] = []
    for ring in proposed.rings:
        held = state.rings.get(ring.member)
        if held is not None and held.hashes[: len(ring.hashes)] != ring.hashes[: len(held.hashes)]:
            raise _mistake(say("the card of {member} that is held here", member=ring.member), say("another card"))
        if ring.member != host.home.member:
            first = len(held.acts) if held is not None else 0
            parts += [PutAct(ring.member, index, ring.envelopes[index]) for index in range(first, len(ring.acts))]
    if opening.hash() not in state.openings:
        parts.append(PutOpening(opening.hash(), opening.epoch, opening.encode(), current=False))
    if parts:
        # the wire could not bring these: openings from outside are kept only with a consent that names them
        host.record.apply(tuple(parts))
        host = Host(host.home, host.line_id, settings=host.settings)
        host.open()
    host.give(Consented(opening.encode()))
    return host


def join_later(home: Home, proposed: ProposedOpening) -> None:
    """Join a line that began before: this home is a new party of the proposed epoch.

    A member consents at once.
    """
    opening = proposed.opening
    seat, own = opening.seat(home.member), home.ring()
    if seat is None or seat.card != own.card:
        raise _mistake(
            say("an opening with a seat for {member}", member=home.member), say("none, or another card")
        )
    parts: list[PutOpening | PutAct] = [
        PutOpening(one.hash(), one.epoch, one.encode(), current=one is opening) for one in proposed.openings
    ]
    parts += [
        PutAct(ring.member, index, octets)
        for ring in proposed.rings
        for index, octets in enumerate(ring.envelopes)
    ]
    home.join(opening.line, tuple(parts))
    if seat.role == "member":
        host = Host(home, opening.line, settings=limits_of(home.path)(opening.line))
        host.open()
        draft = system_draft(host.state, "line.consent", {"opening": opening.hash()})
        host.give(Submitted((draft,)))


def _rings(acts: list[bytes]) -> dict[str, Keyring]:
    rings: dict[str, Keyring] = {}
    current = Keyring()
    for octets in acts:
        fresh = Keyring()
        try:
            fresh.take(octets)
        except Refused:
            current.take(octets)
        else:
            current = fresh
            if current.member in rings:
                raise ValueError(current.member)
            rings[current.member] = current
    return rings


def _mistake(expected: str, came: str, where: str = "") -> LineMistake:
    return LineMistake(
        expected=expected,
        came=came,
        where=where,
        remedy=say("nothing changed; settle it with the other members by voice"),
    )
