"""Own generations, and consent to the next epoch: what keepers bring, never the wire."""

from __future__ import annotations

from detente import words
from detente.line.checkpoint import Origin
from detente.line.effects import Draft, PutAct, PutOpening
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import LineMistake
from detente.line.load import log_of
from detente.line.opening import Opening
from detente.line.restoring import history
from detente.line.state import Party, State
from detente.line.statement import Statement
from detente.line.watching import system_draft

__all__ = ["act_given", "consented"]

say = words.speaker("line")


def act_given(state: State, octets: bytes, now_ms: int) -> None:
    """Take in a committed root act of this node's own member; a new generation starts a new, empty own log."""
    ring = state.rings[state.me]
    if ring.take(octets):
        act = ring.acts[-1]
        state.parts.append(PutAct(state.me, act.index, octets))
        history(state, now_ms, "root-act", state.me, act=act.act, reason=act.reason)
        if act.act == "generation" and state.writes:
            log_of(state, state.own_origin)


def consented(state: State, octets: bytes, now_ms: int) -> tuple[Draft, ...]:
    """Move to the next epoch.

    Returns its first statement, and what must be said again under its old submission.
    """
    opening = Opening.decode(octets)
    _check_successor(state, opening)
    resubmit = _beyond_final(state, opening)
    identity = opening.hash()
    state.openings[identity] = opening
    state.opening = opening
    for seat in opening.seats:
        if seat.member != state.me:
            state.parties.setdefault(seat.member, Party(seat.member))
    for name in [name for name in state.parties if opening.seat(name) is None]:
        del state.parties[name]
    state.named.clear()
    state.parts.append(PutOpening(identity, opening.epoch, octets, current=True))
    history(state, now_ms, "consented", state.me, opening=identity)
    if not state.writes:
        return ()
    log_of(state, state.own_origin)
    return (system_draft(state, "line.consent", {"opening": identity}), *resubmit)


def _check_successor(state: State, opening: Opening) -> None:
    """Refuse an opening that does not follow the current one, or that states heads which are not held here."""
    problem = ""
    if opening.previous != state.opening.hash() or opening.epoch != state.opening.epoch + 1:
        problem = say("an opening that does not follow the current one")
    elif opening.seat(state.me) is None:
        problem = say("an opening without a seat for this home")
    elif any(
        seat.member not in state.rings or state.rings[seat.member].card != seat.card for seat in opening.seats
    ):
        problem = say("a party whose card is not held")
    for final in opening.final:
        log = state.logs.get(Origin(state.opening.line, state.opening.epoch, final.member, final.generation))
        if log is None and final.size == 0:
            continue
        if log is None or log.size < final.size:
            problem = problem or say("final heads beyond what is held here: take the newest bundles first")
        elif final.size and state.root_at(log.origin, final.size).hex() != final.root:
            problem = problem or say("a final head that does not fit the log held here")
    if problem:
        raise LineMistake(
            expected=say("an opening to which this home can consent"),
            came=problem,
            remedy=say("nothing changed; settle it with the other members by voice"),
        )


def _beyond_final(state: State, opening: Opening) -> tuple[Draft, ...]:
    """Return own statements above the final head of the epoch before: they are said again, once."""
    origin = state.own_origin
    log = state.logs.get(origin)
    if log is None:
        return ()
    final = next(
        (one.size for one in opening.final if (one.member, one.generation) == (state.me, origin.generation)), 0
    )
    return tuple(draft for seq in range(final, log.size) if (draft := _again(state, origin, seq)) is not None)


def _again(state: State, origin: Origin, seq: int) -> Draft | None:
    leaf = state.pending_leaf(origin, seq) or state.view.entry(origin, seq)
    assert leaf is not None  # every index below the size is held
    statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
    bodies = [state.view.body(one.hash) for one in (statement.body, *statement.attachments)]
    if statement.type.startswith("line.") or any(body is None for body in bodies):
        return None
    contents = [body[1] for body in bodies if body is not None]
    kinds = [one.media_type for one in statement.attachments]
    return Draft(
        type=statement.type,
        media_type=statement.body.media_type,
        content=contents[0],
        submission=statement.submission,
        attachments=tuple(zip(kinds, contents[1:], strict=True)),
        reveal=statement.body.reveal,
        answer_by_ms=statement.answer_by_ms,
        in_reply_to=statement.in_reply_to,
        critical=statement.critical,
        release=statement.release,
        again=True,
    )
