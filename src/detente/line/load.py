"""Building the machine's memory from what is durable, and finding or founding a log."""

from __future__ import annotations

import hashlib

from detente import words
from detente.line import canonical, merkle
from detente.line.checkpoint import COSIGNATURE_TYPE, Origin, cosigner_name, note_hint
from detente.line.effects import Part, PutAct, PutOpening, Role, View
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import LineMistake, OutOfPlace
from detente.line.opening import Opening, first_previous
from detente.line.proof import identity, judge
from detente.line.rootact import Keyring, KeySet
from detente.line.session import Answer, Have, decode_session
from detente.line.state import Direction, Log, Party, Settings, State
from detente.line.statement import Statement

__all__ = ["base_hash", "bases", "decode_answer", "join_parts", "load", "log_of"]

say = words.speaker("line")

REVOKING = frozenset({"theft", "fork"})
"""Reasons of a generation act on which a neutral party gives its word."""


def join_parts(opening: Opening, rings: list[Keyring]) -> tuple[Part, ...]:
    """Return what a home stores when it joins a line: the opening and every party's root acts."""
    acts = [PutAct(ring.member, index, octets) for ring in rings for index, octets in enumerate(ring.envelopes)]
    return (PutOpening(opening.hash(), opening.epoch, opening.encode(), current=True), *acts)


def load(me: str, view: View, settings: Settings) -> State:
    """Return the memory of the line as the view holds it; raises LineMistake when the home never joined it."""
    openings = [(Opening.decode(octets), current) for octets, current in view.openings()]
    current = [opening for opening, is_current in openings if is_current]
    if not current:
        raise LineMistake(
            expected=say("a line that this home has joined"),
            came=say("no opening"),
            remedy=say("join the line first"),
        )
    opening = max(current, key=lambda one: one.epoch)
    rings: dict[str, Keyring] = {}
    for name in sorted({seat.member for one, _ in openings for seat in one.seats}):
        ring = Keyring()
        for octets in view.acts(name):
            ring.take(octets)
        if ring.acts:
            rings[name] = ring
    state = State(
        me=me,
        view=view,
        settings=settings,
        opening=opening,
        openings={one.hash(): one for one, _ in openings},
        rings=rings,
        logs={},
        parties={
            seat.member: Party(seat.member) for one, _ in openings for seat in one.seats if seat.member != me
        },
        signing_generation=rings[me].generation,
    )
    _load_forks(state)
    for origin in sorted(view.origins()):
        state.logs[origin] = _load_log(state, origin)
    if state.writes:
        log_of(state, state.own_origin)
    _load_words(state)
    _load_small_state(state)
    for party in state.parties.values():
        stored = view.peer(party.name)
        if stored is not None:
            party.have = decode_session(stored, Have)
            party.challenge = party.have.nonce if party.have.challenge else None
        answers = [decode_answer(octets) for octets in view.answers(party.name)] if state.challenging else []
        answers = [one for one in answers if one.revocation is None]
        party.answer = next((one for one in answers if one.nonce == state.challenge_nonce), None)
    return state


def _load_forks(state: State) -> None:
    for made in state.view.forks():
        state.forks[identity(made)] = made
        verdict = judge(made)
        if verdict.origin is None:
            state.convicted.add(verdict.member)
        else:  # the log of a proven fork is never cosigned again
            state.forked.add(verdict.origin)
            state.proven.add(verdict.origin)


def log_of(state: State, origin: Origin) -> Log:
    """Return the log of this origin, founded empty when it may exist; raises OutOfPlace when it may not.

    An empty log of this node itself stands on the current opening; another's stands on the one that its first
    statement will name.
    """
    log = state.logs.get(origin)
    if log is None:
        found = bases(state, origin)
        log = Log(origin, merkle.Frontier(), "")
        if origin.member == state.me:
            log.last = base_hash(state, origin)
            log.opening = found[log.last]
        state.logs[origin] = log
    return log


def bases(state: State, origin: Origin) -> dict[str, str]:
    """Return what seq 0 of a log may name as previous, and the opening that each of these stands for.

    There are several when rival openings of one epoch seat the member. Raises OutOfPlace for a log that may not
    exist.
    """
    ring = state.rings.get(origin.member)
    found: dict[str, str] = {}
    for identity_of_opening, opening in state.openings.items():
        seat = opening.seat(origin.member)
        if (
            opening.epoch == origin.epoch
            and origin.line == opening.line
            and seat is not None
            and seat.role == "member"
            and ring is not None
            and ring.acts
            and seat.card == ring.card
            and seat.generation <= origin.generation <= ring.generation
        ):
            previous = first_previous(opening, ring, seat.generation, origin.generation)
            found[previous] = identity_of_opening
    if not found:
        raise OutOfPlace(
            expected=say("a log of a member on this line"),
            came=str(origin),
            remedy=say("nothing of it was stored; ask the sender"),
        )
    return found


def base_hash(state: State, origin: Origin) -> str:
    """Return what seq 0 of an own log must name: the opening to which this home consented, and its generation."""
    found = bases(state, origin)
    current = state.opening.hash()
    return next((previous for previous, opening in found.items() if opening == current), next(iter(found)))


def _load_log(state: State, origin: Origin) -> Log:
    size = state.view.size(origin)
    frontier = merkle.Frontier.load(size, lambda level, index: state.view.node(origin, level, index))
    log = Log(origin, frontier, state.view.node(origin, 0, size - 1).hex(), durable=size)
    log.head, log.claims = state.view.checkpoint(origin), state.view.claims(origin)
    first, newest = (_stored_statement(state, origin, seq) for seq in (0, size - 1))
    log.opening, log.clock_ms = bases(state, origin)[first.previous], newest.clock_ms
    ring = state.rings.get(state.me)
    own = ring.generations[-1] if ring is not None else None
    hints = _own_hints(state, origin, own)
    for cosigned, _, one in state.view.newest_cosignatures(origin):
        _, _, _, by, role = one.name.split("/")
        place = (by, Role.COSIGN_LOG if role == "log" else Role.COSIGN_HELD)
        log.delivered[place] = max(log.delivered.get(place, 0), cosigned)
        if by == state.me and one.hint in hints:  # what an older key of ours said is said again by the new one
            log.cosigned[place[1]] = max(log.cosigned.get(place[1], 0), cosigned)
    log.wanted = dict(sorted(state.view.missing(origin).items()))
    for seq, missing in log.wanted.items():
        for digest in missing:
            state.wanting.setdefault(digest, {})[origin, seq] = -1
    return log


def _stored_statement(state: State, origin: Origin, seq: int) -> Statement:
    leaf = state.view.entry(origin, seq)
    assert leaf is not None  # every index below the size is stored
    return Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)[0]


def _own_hints(state: State, origin: Origin, own: KeySet | None) -> set[bytes]:
    if own is None:
        return set()
    named = (("log", own.cosign_log), ("held", own.cosign_held))
    return {
        note_hint(cosigner_name(origin.line, origin.epoch, state.me, word), COSIGNATURE_TYPE, bytes.fromhex(key))
        for word, key in named
    }


def decode_answer(octets: bytes) -> Answer:
    """Return a stored challenge answer; it was checked when it was taken in."""
    return decode_session(Envelope.decode(octets, PayloadType.ANSWER).payload, Answer)


def _load_words(state: State) -> None:
    """Know again what neutral parties said on revocations, and on which of them this node still owes its word."""
    mine = set()
    for author in sorted(state.rings):
        for octets in state.view.answers(author):
            answer = decode_answer(octets)
            if answer.revocation is not None:
                state.words[hashlib.sha256(octets).hexdigest()] = octets
                if author == state.me:
                    mine.add(answer.revocation)
            state.answers_upto_ms[author] = max(answer.clock_ms, state.answers_upto_ms.get(author, 0))
    for member in state.seat.neutral_for:
        ring = state.rings.get(member)
        for act, name in zip(ring.acts, ring.hashes, strict=True) if ring is not None else ():
            if act.act == "generation" and act.reason in REVOKING and name not in mine:
                state.unwitnessed.add((member, name))


def _load_small_state(state: State) -> None:
    stored = state.view.state()
    if stored is None:
        return
    document = canonical.decode(stored, size_max=1 << 20, what="state")
    state.named = {member: (place[0], place[1]) for member, place in document["named"].items()}
    state.daily_ms, state.since_ms = document["daily_ms"], document.get("since_ms", 0)
    state.reason = document["reason"]
    state.recorded = (document["run"], document["reason"])
    if document["challenge"]:
        state.challenging = True
        state.challenge_nonce, state.challenged_since_ms = document["challenge"]
    for name, memory in document["parties"].items():
        if name in state.parties:
            state.parties[name].remember(memory)
    line = state.opening.line
    state.own_direction = Direction(document["own_direction"])
    for name, figures in (
        ("seen_own", state.seen_own),
        ("withheld", state.withheld),
        ("named_missing", state.named_missing),
    ):
        figures.update({Origin(line, *place): figure for *place, figure in document[name]})
