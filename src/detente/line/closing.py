"""Own generations, and consent to the next epoch: what keepers bring, never the wire."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from detente import words
from detente.line.checkpoint import Origin
from detente.line.effects import Draft, Priority, PutAct, PutOpening
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import LineMistake, OutOfPlace
from detente.line.forks import held_leaf
from detente.line.halting import history
from detente.line.load import log_of
from detente.line.opening import Opening
from detente.line.release import Release
from detente.line.restoring import is_off_the_record, lacks_acts
from detente.line.standing import DISPUTING, addressees, closed_at
from detente.line.state import Party, Run, State
from detente.line.statement import Reference, Statement
from detente.line.watching import system_draft

__all__ = ["Moved", "act_given", "consented", "said_again"]

say = words.speaker("line")


def act_given(state: State, octets: bytes, now_ms: int) -> None:
    """Take in a committed root act of this node's own member; a new generation starts a new, empty own log.

    Nothing is signed with the new keys before the act is durable: see ``said_again``. Raises Refused, and nothing
    changed then: also for another act than the one that the head file names in its place.
    """
    before = state.own_origin
    ring = state.rings[state.me]
    if lacks_acts(state):
        _check_recorded(state, octets)
    if not ring.take(octets):
        return
    act = ring.acts[-1]
    state.parts.append(PutAct(state.me, act.index, octets))
    history(state, now_ms, "root-act", state.me, act=act.act, reason=act.reason)
    if act.act != "generation":
        return
    if state.own_generations is not None:
        state.own_generations.add(ring.generation)  # who commits an act puts its keys into the home first
    for mirrored in state.logs.values():
        mirrored.cosigned.clear()  # what the old key said is said again by the new one
    if not state.writes:
        return
    log_of(state, state.own_origin)
    closed = closed_at(ring, before)
    log = state.logs.get(before)  # not founded when a mirror gave the act back that began it
    held = log.size if log is not None else 0
    if closed is not None and closed[0].size < held and (act.reason in DISPUTING or act.keys is None):
        # a person must say which of it was ours
        state.raise_alarm("say-again", Priority.ALARM, state.me, above=closed[0].size, held=held)


def _check_recorded(state: State, octets: bytes) -> None:
    """Refuse another act than the one that the head file names in its place: two at one index fork the root."""
    longer = copy.deepcopy(state.rings[state.me])
    if longer.take(octets) and is_off_the_record(state, longer.acts[-1].index, longer.hashes[-1]):
        raise OutOfPlace(
            expected=say("the root act that this home held before: its head file names it"),
            came=say("another one at index {index}", index=longer.acts[-1].index),
            remedy=say("bring the act that was committed first; nothing was changed"),
        )


def said_again(state: State) -> tuple[Draft, ...]:
    """Return what stands above the closed head of the generation before and was not said again yet, as drafts.

    Under the old submission, so that it is one notice; asked after each own act is durable and at each start, so
    that no crash loses it. After theft or a fork nothing.
    """
    ring = state.rings[state.me]
    if not state.writes or state.run is not Run.RUNNING or state.own_keys() is None or ring.generation == 0:
        return ()
    now = state.own_origin
    before = Origin(now.line, now.epoch, now.member, now.generation - 1)
    closed, log = closed_at(ring, before), state.logs.get(before)
    if closed is None or log is None or closed[1] in DISPUTING or closed_at(ring, now) is not None:
        return ()
    return _say_again(state, before, closed[0].size)


@dataclass(frozen=True, slots=True)
class Moved:
    """Where this node stood before it consented, to go back when its first statement could not be signed."""

    opening: Opening
    openings: frozenset[str]
    parties: frozenset[str]
    named: tuple[tuple[str, tuple[int, int]], ...]
    parts: int

    @classmethod
    def from_state(cls, state: State) -> Moved:
        """Return where the node stands."""
        return cls(
            state.opening,
            frozenset(state.openings),
            frozenset(state.parties),
            tuple(state.named.items()),
            len(state.parts),
        )

    def back(self, state: State) -> None:
        """Stand there again."""
        state.logs.pop(state.own_origin, None)  # that of the epoch whose first statement was not signed
        state.opening = self.opening
        state.openings = {name: one for name, one in state.openings.items() if name in self.openings}
        state.parties = {name: one for name, one in state.parties.items() if name in self.parties}
        state.named = dict(self.named)
        del state.parts[self.parts :]


def consented(state: State, octets: bytes, now_ms: int) -> tuple[Draft, ...]:
    """Move to the next epoch.

    Returns its first statement, and what must be said again under its old submission. Raises LineMistake or
    Refused and changes nothing when this node may not sign now, or the opening is none that it can consent to.
    """
    opening = Opening.decode(octets)
    _check_successor(state, opening)
    before = state.own_origin if state.writes else None
    final = {(one.member, one.generation): one.size for one in opening.final}
    beyond = final.get((state.me, before.generation), 0) if before is not None else 0
    identity = opening.hash()
    state.openings[identity] = opening
    state.opening = opening
    for seat in opening.seats:
        if seat.member != state.me:
            state.parties.setdefault(seat.member, Party(seat.member))
    state.named.clear()
    state.parts.append(PutOpening(identity, opening.epoch, octets, current=True))
    history(state, now_ms, "consented", state.me, opening=identity)
    if not state.writes:
        return ()
    log_of(state, state.own_origin)
    again = _say_again(state, before, beyond) if before is not None else ()
    return (system_draft(state, "line.consent", {"opening": identity}), *again)


def _check_successor(state: State, opening: Opening) -> None:
    """Refuse an opening that does not follow the current one, or that states heads which are not held here."""
    seat = opening.seat(state.me)
    problem = ""
    if opening.previous != state.opening.hash() or opening.epoch != state.opening.epoch + 1:
        problem = say("an opening that does not follow the current one")
    elif opening.line != state.opening.line or seat is None:
        problem = say("an opening without a seat for this home")
    elif any(one.member not in state.rings or state.rings[one.member].card != one.card for one in opening.seats):
        problem = say("a party whose card is not held")
    elif seat.role == "member" and (state.run is not Run.RUNNING or state.own_keys() is None):
        problem = say("a node that may not sign now, so that it cannot say its consent")
    elif any(one.generation > state.rings[one.member].generation for one in opening.seats):
        problem = say("a generation of keys that is not held here")
    else:
        problem = _final_problem(state, opening)
    if problem:
        raise LineMistake(
            expected=say("an opening to which this home can consent"),
            came=problem,
            remedy=say("nothing changed; settle it with the other members by voice"),
        )


def _final_problem(state: State, opening: Opening) -> str:
    """Return what is wrong with the final heads that an opening states, by the logs held here.

    "" when nothing.
    """
    for final in opening.final:
        log = state.logs.get(Origin(state.opening.line, state.opening.epoch, final.member, final.generation))
        if log is None and final.size == 0:
            continue
        if log is None or log.size < final.size:
            return say("final heads beyond what is held here: take the newest bundles first")
        if final.size and state.root_at(log.origin, final.size).hex() != final.root:
            return say("a final head that does not fit the log held here")
    return ""


def _say_again(state: State, origin: Origin, start: int) -> tuple[Draft, ...]:
    """Return own statements from an index on as drafts under their old submissions; the line's own are not said.

    What cannot be said again, because a content of it is lost, is named in an alarm.
    """
    drafts, lost = [], []
    log = state.logs.get(origin)
    for seq in range(start, log.size if log is not None else 0):
        statement, _ = Statement.decode(
            Envelope.decode(held_leaf(state, origin, seq), PayloadType.STATEMENT).payload
        )
        newest = state.view.submission(statement.submission)
        elsewhere = newest is not None and _origin(origin, newest) != origin
        if statement.type.startswith("line.") or elsewhere:
            continue  # the line's own, or said again already
        draft = _again(state, statement)
        if draft is None:
            lost.append(seq)
        else:
            drafts.append(draft)
    if lost:
        state.raise_alarm("say-again", Priority.ALARM, state.me, indexes=",".join(map(str, lost[:50])))
    return tuple(drafts)


def _origin(origin: Origin, place: Reference) -> Origin:
    return Origin(origin.line, place.epoch, place.member, place.generation)


def _again(state: State, statement: Statement) -> Draft | None:
    bodies = [state.view.body(one.hash) for one in (statement.body, *statement.attachments)]
    contents = [body[1] for body in bodies if body is not None]
    released = None if statement.release is None else state.view.body(statement.release)
    if len(contents) < len(bodies) or (statement.release is not None and not _released_for(state, released)):
        return None
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
        release=None if released is None else released[1],
        salts=() if released is None else tuple(body[0] for body in bodies if body is not None),
        again=True,
    )


def _released_for(state: State, released: tuple[bytes, bytes] | None) -> bool:
    """Tell whether what officers released for the readers of then may be said again to those of now."""
    return released is not None and Release.decode(released[1]).addressees == addressees(state)
