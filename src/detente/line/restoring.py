"""After a start, a restore or a doubt: whether this node may sign, and how it becomes whole again.

- The database equals the head file: sign at once.
- It is one batch ahead: the machine died between database and head file; the head file is brought up.
- It is behind: refill from the mirrors up to the head file (own root acts and the opening that this member works
  in included), then ask each mirror for the highest head of ours that it holds; at least one must answer, the
  others until a stated window; the silent are recorded. Behind is also a home that lacks own root acts which the
  head file counts: they may have closed the very log in which it would go on.
- There is no head file, the machine changed, or somebody shows our own signature beyond the head file: halt as
  possible key theft, until a keeper confirms. What others then show under our own signature is fetched first.
- What a head file names and nobody gives back can never be signed again: a log that is closed by the root keys
  below it ends the wait, and the next generation begins.
"""

from __future__ import annotations

from detente import words
from detente.line import keys
from detente.line.checkpoint import Origin
from detente.line.effects import Confirmed, HeadFile, Opened, Priority, PutAnswer, PutOpening
from detente.line.envelope import Envelope, PayloadType
from detente.line.forks import convict
from detente.line.halting import halt, history
from detente.line.opening import Opening
from detente.line.session import Answer
from detente.line.state import Log, Party, Run, State

__all__ = [
    "answer_arrived",
    "confirmed",
    "convict",
    "halt",
    "is_off_the_record",
    "lacks_acts",
    "may_take_own_act",
    "maybe_resume",
    "note_missing_keys",
    "opened",
    "own_seen",
]

say = words.speaker("line")

_ACTS_MISSING = "root-acts-missing"
_BEHIND = "behind-the-head-file"
_CONFIRMED = "confirmed-by-a-keeper"
_DISAGREE = "database-and-head-file-disagree"


def opened(state: State, event: Opened, now_ms: int) -> None:
    """Decide at the start of a run what this node may do."""
    state.head_file, state.entropy = event.head_file, event.entropy
    state.own_generations = None if event.generations is None else set(event.generations)
    state.elsewhere = event.machine_changed and not event.restored
    note_missing_keys(state)
    if not state.challenging:  # a challenge of an earlier run still waits for answers that name its nonce
        state.challenge_nonce = state.draw(16).hex()
        state.challenged_since_ms = now_ms
    if event.head_file is None:
        halt(state, "no-head-file")
        return
    if state.elsewhere:
        halt(state, "machine-changed")
        return
    if state.reason == "possible-key-theft":
        halt(state, "possible-key-theft")
        return
    if not _compare(state, event.head_file):
        return
    confirmed_before = state.recorded == (Run.REFILLING.value, _CONFIRMED)
    if confirmed_before:
        _aim_at_what_was_shown(state)
    if state.targets or (state.recorded[0] == Run.REFILLING.value and state.recorded[1] != _ACTS_MISSING):
        _refill(state, _CONFIRMED if confirmed_before else _BEHIND, now_ms)
        return
    if event.restored and not state.challenging:
        state.challenging = True
        state.withheld = {origin: log.size for origin, log in state.logs.items() if origin.member == state.me}
        state.withheld.setdefault(state.own_origin, 0)  # also what was not begun in the backup
        state.put_state()
    if lacks_acts(state):
        _refill(state, _ACTS_MISSING, now_ms)
        return
    _set_run(state, Run.RUNNING, "", now_ms)
    maybe_resume(state, now_ms)


def confirmed(state: State, event: Confirmed, now_ms: int) -> None:
    """Go on at a keeper's word from what is known; what others show under our own signature is fetched first."""
    if state.run is not Run.HALTED:
        return
    state.targets.clear()
    state.reason, state.elsewhere = "", False
    if event.head_file is not None:
        state.head_file = event.head_file
    if state.head_file is None or not _compare(state, state.head_file):
        return  # without a head file nothing may be signed, whoever confirms; a log that disagrees must be closed
    _aim_at_what_was_shown(state)
    history(state, now_ms, "confirmed", state.me)
    state.challenging = False  # a new doubt asks anew
    _refill(state, _CONFIRMED, now_ms)


def own_seen(state: State, log: Log, size: int) -> bool:
    """Note that somebody shows our own valid signature over ``size`` statements; True when it may be taken in.

    Below the own size it can only be a contradiction, which the caller proves. Beyond the head file: halt, unless
    a keeper said that it was us, or root keys closed that log: then nothing is signed there any more.
    """
    if size <= log.size or _closed_size(state, log.origin) is not None:
        return True
    known = state.seen_own.get(log.origin, 0)
    if size > known:
        state.seen_own[log.origin] = size
        state.put_state()
    target = state.targets.get(log.origin, (0, b""))
    if state.run is Run.REFILLING and (size <= target[0] or state.reason == _CONFIRMED):
        if size > target[0]:
            state.targets[log.origin] = (size, b"")
        return True
    if state.run is not Run.HALTED:
        halt(state, "possible-key-theft")
    return False


def begun_anew(state: State, now_ms: int) -> None:
    """Sign again at once in a new generation: nothing was ever signed with its keys, wherever the old log went.

    The quorum of the root keys that gave them is more than the keeper's word for which a halted node waits. Not on
    another machine than before: a copy of the home has them as well, and only that word says which of the two goes on.
    """
    if state.run is Run.RUNNING or state.head_file is None or state.own_keys() is None or lacks_acts(state):
        return
    if state.elsewhere:
        return
    own = state.own_origin
    signed = [one for one in state.head_file.own if (one.line, one.member) == (own.line, own.member)]
    if all(one.generation < own.generation for one in signed):  # else an act lost in a restore is brought again
        _whole_again(state, [party.name for party in state.parties.values() if party.answer is None], now_ms)


def note_missing_keys(state: State) -> None:
    """Tell a person when the keys of the newest own generation are not here: only new ones help."""
    if state.keys_missing:
        state.raise_alarm("keys-missing", Priority.ALARM, state.me)


def lacks_acts(state: State) -> bool:
    """Tell whether the head file counts own root acts that are not here: a copy of an old home lost them."""
    recorded = state.head_file.acts if state.head_file is not None else None
    return recorded is not None and len(state.rings[state.me].acts) < recorded.count


def is_off_the_record(state: State, index: int, identity: str) -> bool:
    """Tell whether the head file names another root act of this member at this index than the one of this hash."""
    recorded = state.head_file.acts if state.head_file is not None else None
    return recorded is not None and index == recorded.count - 1 and identity != recorded.newest


def may_take_own_act(state: State, index: int, identity: str) -> bool:
    """Tell whether the next root act of this node's own member may come from a mirror.

    Up to where the head file counts them always, on the recorded chain: this home held them before. Beyond it only
    while it refills itself, or since a restore until its mirrors were heard: a backup lacks the acts since it was
    made. At any other time its keepers bring them; one from outside then means that somebody else acts for them.
    """
    if is_off_the_record(state, index, identity):
        return False
    return lacks_acts(state) or state.run is Run.REFILLING or (state.run is Run.RUNNING and state.challenging)


def answer_arrived(state: State, answer: Answer, octets: bytes, now_ms: int) -> bytes | None:
    """Note a mirror's answer to this run's challenge; returns a fork proof when it convicts its author."""
    party = state.parties.get(answer.author)
    if party is None or answer.about != state.me:
        return None
    if answer.nonce == state.challenge_nonce:
        party.answer = answer
        state.parts.append(PutAnswer(answer.author, octets))
        history(state, now_ms, "answered", answer.author)
    return convict(state, answer.author, octets)


def maybe_resume(state: State, now_ms: int) -> None:
    """Sign again when every target is reached, no own root act is lacking and the mirrors were heard.

    Who lacked root acts alone equals its head file once it has them, and signs as at any start; it goes on asking.
    """
    if state.run is Run.REFILLING and state.reason == _ACTS_MISSING and not lacks_acts(state):
        history(state, now_ms, "refilled", state.me, silent=[])
        _set_run(state, Run.RUNNING, "", now_ms)
        state.refilled = True
    mirrors = [party for party in state.parties.values() if state.role_of(party.name)]
    answered = [party for party in mirrors if party.answer is not None and _borne_out(state, party.answer)]
    window = now_ms - state.challenged_since_ms >= state.settings.answer_window_ms
    heard = len(answered) == len(mirrors) or (window and any(party.answer is not None for party in mirrors))
    if state.challenging and state.run is Run.RUNNING and (heard or (window and state.withheld)):
        # whom nobody answered in time speaks again, but goes on asking: what its backup lacks may still come
        state.challenging = not heard
        state.withheld.clear()
        state.put_state()
    if state.run is not Run.REFILLING or lacks_acts(state):
        return
    for origin, (size, root) in state.targets.items():
        closed = _closed_size(state, origin)
        log = state.logs.get(origin)
        if log is None and closed == 0:
            continue
        if log is None or log.size < (size if closed is None else min(size, closed)):
            return
        if root and log.size >= size and state.root_at(origin, size) != root:
            halt(state, _DISAGREE)
            return
    if heard:
        _whole_again(state, [party.name for party in mirrors if party.answer is None], now_ms)


def _whole_again(state: State, silent: list[str], now_ms: int) -> None:
    """Every target is reached: tell the signer, go back to the epoch that this node worked in, and sign again."""
    for origin, (size, _) in state.targets.items():
        log = state.logs.get(origin)
        if log is not None and log.size >= size:
            state.own.append((origin, log.size, log.frontier.root()))
            state.adopting = True
    given_back = [
        state.logs[origin] for origin in state.targets if origin in state.logs and state.logs[origin].size
    ]
    newest = max(given_back, key=lambda log: log.origin.epoch, default=None)
    if newest is not None and newest.origin.epoch > state.opening.epoch:
        _move_to(state, state.openings[newest.opening])
    state.targets.clear()
    state.seen_own.clear()
    state.withheld.clear()
    state.challenging = False
    history(state, now_ms, "refilled", state.me, silent=sorted(silent))
    _set_run(state, Run.RUNNING, "", now_ms)
    state.refilled = True


def _move_to(state: State, opening: Opening) -> None:
    """Work again in the epoch whose own log was given back: its first statement consented to it."""
    state.opening = opening
    for seat in opening.seats:
        if seat.member != state.me:
            state.parties.setdefault(seat.member, Party(seat.member))
    state.named.clear()
    state.parts.append(PutOpening(opening.hash(), opening.epoch, opening.encode(), current=True))


def _borne_out(state: State, answer: Answer) -> bool:
    """Tell whether what a mirror says that it holds of ours was also shown under our own signature.

    Until then the rest of its bundle may still be on its way, and with it statements that we must not sign again.
    """
    for head in answer.heads:
        origin = Origin(state.opening.line, head.epoch, state.me, head.generation)
        log = state.logs.get(origin)
        if head.size > max(log.size if log is not None else 0, state.seen_own.get(origin, 0)):
            return False
    return True


def _aim_at_what_was_shown(state: State) -> None:
    for origin, size in state.seen_own.items():
        log = state.logs.get(origin)
        reached = max(log.size if log is not None else 0, state.targets.get(origin, (0, b""))[0])
        if size > reached and _closed_size(state, origin) is None:
            state.targets[origin] = (size, b"")


def _closed_size(state: State, origin: Origin) -> int | None:
    """Return up to where an own log that is over must be held, None while it is written.

    Over is a log that the root keys closed, or that a later generation followed without a word about it.
    """
    ring = state.rings[state.me]
    closed = ring.closed.get((origin.line, origin.epoch, origin.generation))
    if closed is not None:
        return closed[0].size
    return 0 if origin.generation < ring.generation else None


def _compare(state: State, head_file: HeadFile) -> bool:
    """Compare the own root acts and logs with the head file; False when they disagree, which halts this node.

    A log that is held no further than the head file says becomes a target; its opening or its generation may be
    among what is lost, so that it is not even founded yet.
    """
    line, hashes = state.opening.line, state.rings[state.me].hashes
    if any(is_off_the_record(state, index, identity) for index, identity in enumerate(hashes)):
        halt(state, _DISAGREE)
        return False
    own = {origin for origin in state.logs if origin.member == state.me}
    own |= {origin for origin in head_file.own if (origin.line, origin.member) == (line, state.me)}
    for origin in sorted(own):
        size, root = head_file.own.get(origin, (0, b""))
        log = state.logs.get(origin)
        held = log.size if log is not None else 0
        if held < size:
            state.targets[origin] = (size, root)
        elif size and state.root_at(origin, size) != root:
            if _closed_size(state, origin) is None:
                halt(state, _DISAGREE)
                return False
        elif held > size and _closed_size(state, origin) is None:
            _verify_own_tail(state, origin, size)
            state.own.append((origin, held, state.root_at(origin, held)))
            state.adopting = True
    for origin in [one for one in state.targets if _reached(state, one)]:
        del state.targets[origin]
    return True


def _reached(state: State, origin: Origin) -> bool:
    """Tell whether a log that the root keys closed is held up to there: above it there is nothing to wait for."""
    closed, log = _closed_size(state, origin), state.logs.get(origin)
    return closed is not None and (log.size if log is not None else 0) >= closed


def _verify_own_tail(state: State, origin: Origin, size: int) -> None:
    """Take what the database holds above the head file, stored last, only under our own signatures."""
    own = state.rings[state.me].keys_of(origin.generation)
    assert own is not None  # an own log exists only under own keys
    for leaf in state.view.entries(origin, size, state.logs[origin].size - size):
        envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
        envelope.verify_one(bytes.fromhex(own.sign))
        assert envelope.signatures[0].key_id == keys.key_id(bytes.fromhex(own.sign))


def _refill(state: State, reason: str, now_ms: int) -> None:
    if not state.challenging:
        state.challenging = True
        state.challenged_since_ms = now_ms
        for party in state.parties.values():
            party.answer = None
        state.challenge_nonce = state.draw(16).hex()
    _set_run(state, Run.REFILLING, reason, now_ms)
    state.put_state()
    state.raise_alarm("refilling", Priority.ALARM, state.me)
    maybe_resume(state, now_ms)


def _set_run(state: State, run: Run, reason: str, now_ms: int) -> None:
    state.run, state.reason = run, reason
    if state.recorded != (run.value, reason):
        state.recorded = (run.value, reason)
        history(state, now_ms, run.value, state.me, reason=reason)
        state.put_state()
