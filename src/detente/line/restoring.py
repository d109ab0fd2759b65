"""After a start, a restore or a doubt: whether this node may sign, and how it becomes whole again.

- The database equals the head file: sign at once.
- It is one batch ahead: the machine died between database and head file; the head file is brought up.
- It is behind: refill from the mirrors up to the head file, then ask each mirror for the highest head of ours
  that it holds; at least one must answer, the others until a stated window; the silent are recorded.
- There is no head file, the machine changed, or somebody shows our own signature beyond the head file: halt as
  possible key theft, until a keeper confirms.
"""

from __future__ import annotations

from detente import words
from detente.line import canonical, keys, proof
from detente.line.checkpoint import Origin, cosigner_name
from detente.line.effects import Confirmed, HeadFile, Opened, Priority, PutAnswer, PutHistory
from detente.line.envelope import Envelope, PayloadType
from detente.line.load import log_of
from detente.line.session import Answer, decode_session
from detente.line.state import Log, Run, State

__all__ = ["answer_arrived", "confirmed", "convict", "halt", "maybe_resume", "opened", "own_seen"]

say = words.speaker("line")


def opened(state: State, event: Opened, now_ms: int) -> None:
    """Decide at the start of a run what this node may do."""
    state.head_file, state.entropy = event.head_file, event.entropy
    if not state.challenging:  # a challenge of an earlier run still waits for answers that name its nonce
        state.challenge_nonce = state.draw(16).hex()
        state.challenged_since_ms = now_ms
    if event.head_file is None:
        halt(state, "no-head-file")
        return
    if event.machine_changed and not event.restored:
        halt(state, "machine-changed")
        return
    if state.reason == "possible-key-theft":
        halt(state, "possible-key-theft")
        return
    _compare(state, event.head_file)
    if state.run is Run.HALTED and state.reason == "database-and-head-file-disagree":
        return
    if state.targets or state.recorded[0] == Run.REFILLING.value:
        _refill(state, now_ms)
        return
    if event.restored and not state.challenging:
        state.challenging = True
        state.withheld = {origin: log.size for origin, log in state.logs.items() if origin.member == state.me}
        state.put_state()
    _set_run(state, Run.RUNNING, "", now_ms)
    maybe_resume(state, now_ms)


def confirmed(state: State, event: Confirmed, now_ms: int) -> None:
    """Go on at a keeper's word from what is known; what others showed under our own signature is fetched first."""
    if state.run is not Run.HALTED:
        return
    state.targets.clear()
    state.reason = ""
    if event.head_file is not None:
        state.head_file = event.head_file
    if state.head_file is not None:
        _compare(state, state.head_file)
    for origin, size in state.seen_own.items():
        if size > max(log_of(state, origin).size, state.targets.get(origin, (0, b""))[0]):
            state.targets[origin] = (size, b"")
    history(state, now_ms, "confirmed", state.me)
    state.challenging = False  # a new doubt asks anew
    _refill(state, now_ms)


def own_seen(state: State, log: Log, size: int) -> bool:
    """Note that somebody shows our own valid signature over ``size`` statements; True when it may be taken in.

    Below the own size it can only be a contradiction, which the caller proves. Beyond the head file: halt.
    """
    if size <= log.size:
        return True
    state.seen_own[log.origin] = max(size, state.seen_own.get(log.origin, 0))
    target = state.targets.get(log.origin)
    if state.run is Run.REFILLING and target is not None and size <= target[0]:
        return True
    if state.run is not Run.HALTED:
        halt(state, "possible-key-theft")
    return False


def answer_arrived(state: State, answer: Answer, octets: bytes, now_ms: int) -> bytes | None:
    """Note a mirror's answer to this run's challenge; returns a fork proof when it convicts its author."""
    party = state.parties.get(answer.author)
    if party is None or answer.about != state.me:
        return None
    if answer.nonce == state.challenge_nonce:
        party.answer = answer
        state.parts.append(PutAnswer(answer.author, octets))
        history(state, now_ms, "answered", answer.author)
    made = convict(state, answer.author, octets)
    maybe_resume(state, now_ms)
    return made


def convict(state: State, member: str, octets: bytes) -> bytes | None:
    """Return the proof that a mirror's answer understates what it cosigned before, by its own clock, or None."""
    answer = decode_session(Envelope.decode(octets, PayloadType.ANSWER).payload, Answer)
    said = {(head.epoch, head.generation): head.size for head in answer.heads}
    ring = state.rings[member]
    for origin in sorted(one for one in state.logs if one.member == state.me):
        for role in ("log", "held"):
            name = cosigner_name(origin.line, origin.epoch, member, role)
            before = state.view.cosignature_before(origin, name, -(-answer.clock_ms // 1000))
            if before is None or before[0] <= said.get((origin.epoch, origin.generation), 0):
                continue
            checkpoint = state.view.checkpoint_at(origin, before[0])
            if checkpoint is not None:
                return proof.answer_fork(ring, octets, checkpoint, before[1])
    return None


def maybe_resume(state: State, now_ms: int) -> None:
    """Sign again when every target is reached and the mirrors were heard."""
    mirrors = list(state.parties.values())
    answered = [party for party in mirrors if party.answer is not None]
    window = now_ms - state.challenged_since_ms >= state.settings.answer_window_ms
    heard = bool(answered) and (window or len(answered) == len(mirrors))
    if state.challenging and state.run is Run.RUNNING and (heard or window):
        state.challenging = False
        state.withheld.clear()
        state.put_state()
    if state.run is not Run.REFILLING:
        return
    for origin, (size, root) in state.targets.items():
        log = state.logs.get(origin)
        if log is None or log.size < size:
            return
        if root and state.root_at(origin, size) != root:
            halt(state, "database-and-head-file-disagree")
            return
    if not heard:
        return
    silent = sorted(party.name for party in mirrors if party.answer is None)
    for origin in state.targets:
        log = state.logs[origin]
        state.own.append((origin, log.size, log.frontier.root()))
    state.targets.clear()
    state.challenging = False
    history(state, now_ms, "refilled", state.me, silent=silent)
    _set_run(state, Run.RUNNING, "", now_ms)
    state.refilled = True


def halt(state: State, reason: str) -> None:
    """Stop signing anything but have-vectors, answers and tests, until a keeper confirms."""
    state.run, state.reason = Run.HALTED, reason
    state.recorded = (state.run.value, reason)
    state.put_state()
    state.raise_alarm("halted", Priority.EMERGENCY, state.me, reason=reason)


def history(found: State, now_ms: int, what: str, member: str, **detail: object) -> None:
    """Add a line to the history that is kept beside the logs."""
    found.parts.append(PutHistory(now_ms, what, member, canonical.encode(detail)))


def _compare(state: State, head_file: HeadFile) -> None:
    own = {origin for origin in state.logs if origin.member == state.me} | set(head_file.own)
    for origin in sorted(own):
        size, root = head_file.own.get(origin, (0, b""))
        log = log_of(state, origin)
        if log.size < size:
            state.targets[origin] = (size, root)
        elif size and state.root_at(origin, size) != root:
            halt(state, "database-and-head-file-disagree")
            return
        elif log.size > size:
            _verify_own_tail(state, origin, size)
            state.own.append((origin, log.size, log.frontier.root()))


def _verify_own_tail(state: State, origin: Origin, size: int) -> None:
    """Take what the database holds above the head file, stored last, only under our own signatures."""
    own = state.rings[state.me].keys_of(origin.generation)
    assert own is not None  # an own log exists only under own keys
    for leaf in state.view.entries(origin, size, state.logs[origin].size - size):
        envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
        envelope.verify_one(bytes.fromhex(own.sign))
        assert envelope.signatures[0].key_id == keys.key_id(bytes.fromhex(own.sign))


def _refill(state: State, now_ms: int) -> None:
    if not state.challenging:
        state.challenging = True
        state.challenged_since_ms = now_ms
        for party in state.parties.values():
            party.answer = None
        state.challenge_nonce = state.draw(16).hex()
    _set_run(state, Run.REFILLING, "behind-the-head-file", now_ms)
    state.put_state()
    state.raise_alarm("refilling", Priority.ALARM, state.me)
    maybe_resume(state, now_ms)


def _set_run(state: State, run: Run, reason: str, now_ms: int) -> None:
    state.run, state.reason = run, reason
    if state.recorded != (run.value, reason):
        state.recorded = (run.value, reason)
        history(state, now_ms, run.value, state.me, reason=reason)
        state.put_state()
