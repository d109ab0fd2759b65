"""Building the machine's memory from what is durable, and finding or founding a log."""

from __future__ import annotations

from detente import words
from detente.line import canonical, merkle
from detente.line.checkpoint import Origin
from detente.line.effects import Part, PutAct, PutOpening, Role, View
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import LineMistake, OutOfPlace
from detente.line.opening import Opening, first_previous
from detente.line.proof import identity
from detente.line.rootact import Keyring
from detente.line.session import Answer, Have, decode_session
from detente.line.state import Log, Party, Settings, State
from detente.line.statement import Commitment, Statement

__all__ = ["base_hash", "join_parts", "load", "log_of"]

say = words.speaker("line")


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
        parties={seat.member: Party(seat.member) for seat in opening.seats if seat.member != me},
    )
    state.forks = {identity(proof): proof for proof in view.forks()}
    for origin in sorted(view.origins()):
        state.logs[origin] = _load_log(state, origin)
    if state.writes:
        log_of(state, state.own_origin)
    _load_small_state(state)
    for party in state.parties.values():
        stored = view.peer(party.name)
        if stored is not None:
            party.have = decode_session(stored, Have)
            party.challenge = party.have.nonce if party.have.challenge else None
        answers = [decode_answer(octets) for octets in view.answers(party.name)] if state.challenging else []
        party.answer = next((one for one in answers if one.nonce == state.challenge_nonce), None)
    return state


def log_of(state: State, origin: Origin) -> Log:
    """Return the log of this origin, founded empty when it may exist; raises OutOfPlace when it may not."""
    log = state.logs.get(origin)
    if log is None:
        log = Log(origin, merkle.Frontier(), base_hash(state, origin))
        state.logs[origin] = log
    return log


def base_hash(state: State, origin: Origin) -> str:
    """Return what seq 0 of a log must name as previous; raises OutOfPlace for a log that may not exist."""
    opening = next((one for one in state.openings.values() if one.epoch == origin.epoch), None)
    seat = opening.seat(origin.member) if opening else None
    ring = state.rings.get(origin.member)
    if (
        origin.line != state.opening.line
        or opening is None
        or seat is None
        or seat.role != "member"
        or ring is None
        or not seat.generation <= origin.generation <= ring.generation
    ):
        raise OutOfPlace(
            expected=say("a log of a member on this line"),
            came=str(origin),
            remedy=say("nothing of it was stored; ask the sender"),
        )
    return first_previous(opening, ring, seat.generation, origin.generation)


def _load_log(state: State, origin: Origin) -> Log:
    size = state.view.size(origin)
    frontier = merkle.Frontier.load(size, lambda level, index: state.view.node(origin, level, index))
    last = state.view.node(origin, 0, size - 1).hex() if size else base_hash(state, origin)
    log = Log(origin, frontier, last, durable=size, head=state.view.checkpoint(origin))
    for cosigned, _, one in state.view.newest_cosignatures(origin):
        _, _, _, by, role = one.name.split("/")
        place = (by, Role.COSIGN_LOG if role == "log" else Role.COSIGN_HELD)
        log.delivered[place] = max(log.delivered.get(place, 0), cosigned)
        if by == state.me:
            log.cosigned[place[1]] = max(log.cosigned.get(place[1], 0), cosigned)
    log.wanted = state.view.missing(origin)
    return log


def decode_answer(octets: bytes) -> Answer:
    """Return a stored challenge answer; it was checked when it was taken in."""
    return decode_session(Envelope.decode(octets, PayloadType.ANSWER).payload, Answer)


def shown(statement: Statement) -> list[Commitment]:
    """Return the contents that travel with the statement: every one that is not to be revealed later."""
    return [one for one in (statement.body, *statement.attachments) if one.reveal == "now"]


def _load_small_state(state: State) -> None:
    stored = state.view.state()
    if stored is None:
        return
    document = canonical.decode(stored, size_max=1 << 20, what="state")
    state.named = {member: (place[0], place[1]) for member, place in document["named"].items()}
    state.daily_ms = document["daily_ms"]
    state.reason = document["reason"]
    state.recorded = (document["run"], document["reason"])
    if document["challenge"]:
        state.challenging = True
        state.challenge_nonce, state.challenged_since_ms = document["challenge"]
    for name, memory in document["parties"].items():
        if name in state.parties:
            state.parties[name].remember(memory)
    line = state.opening.line
    for name, figures in (("seen_own", state.seen_own), ("withheld", state.withheld)):
        figures.update({Origin(line, *place): figure for *place, figure in document[name]})
    for *place, since_ms in document["waiting"]:
        log = state.logs.get(Origin(line, *place))
        if log is not None:
            log.waiting_since_ms = since_ms
