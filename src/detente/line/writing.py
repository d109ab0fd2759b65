"""Writing own statements: one batch of drafts becomes signed leaves, one signed head, one atomic append."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from detente import words
from detente.line import checkpoint as notes
from detente.line import keys
from detente.line.canonical import INTEGER_MAX
from detente.line.checkpoint import Head, Origin
from detente.line.effects import Draft, PutBody, PutCheckpoint, PutDue, PutEntry, Role, Sign
from detente.line.envelope import Envelope, PayloadType, Signature
from detente.line.errors import LineMistake, Refused
from detente.line.load import log_of
from detente.line.release import judge
from detente.line.rootact import KeySet
from detente.line.standing import addressees, is_closed, readers
from detente.line.state import Direction, Log, Run, Signing, State
from detente.line.statement import (
    ATTACHMENTS_MAX,
    ATTACHMENTS_TOTAL_MAX,
    BODY_MAX,
    SALT_BYTES,
    Commitment,
    HeadSeen,
    Statement,
    commit,
    is_submission,
)
from detente.line.watching import ANSWERS

__all__ = ["check_drafts", "check_may_write", "drafted", "write", "write_head_again"]

say = words.speaker("line")


def check_drafts(state: State, drafts: tuple[Draft, ...]) -> None:
    """Raise LineMistake before anything is signed: this node may not write now, or a draft is none."""
    check_may_write(state)
    drafts = _unlike(drafts)
    for draft in drafts:
        _check_draft(state, draft)


def _unlike(drafts: tuple[Draft, ...]) -> tuple[Draft, ...]:
    """Leave out plain drafts that differ from one before only in what cannot be wrong.

    Those are a small content and a submission that looks like one: in a batch of a thousand nearly all.
    """
    found: dict[tuple[str, str, str] | int, Draft] = {}
    for place, draft in enumerate(drafts):
        plain = not (draft.attachments or draft.critical) and draft.in_reply_to is None
        plain = plain and draft.answer_by_ms is None and draft.release is None and not draft.salts
        if plain and len(draft.content) <= BODY_MAX and is_submission(draft.submission):
            found.setdefault((draft.type, draft.media_type, draft.reveal), draft)
        else:
            found[place] = draft
    return tuple(found.values())


def check_may_write(state: State) -> None:
    """Raise LineMistake when this node may not write now: observer, not running, no keys, closed log."""
    if not state.writes:
        raise _mistake(say("a member of the line"), say("an observer, which writes nothing"))
    if state.run is not Run.RUNNING:
        raise _mistake(
            say("a node that may sign"), say("{run}: {reason}", run=state.run.value, reason=state.reason)
        )
    if state.own_keys() is None:
        lost = say(
            "keys of generation {generation} that are not here", generation=state.rings[state.me].generation
        )
        raise _mistake(
            say("operational keys"), lost if state.keys_missing else say("revoked keys without successors")
        )
    closed = state.rings[state.me].closed.get(
        (state.opening.line, state.opening.epoch, state.rings[state.me].generation)
    )
    if closed is not None:
        raise _mistake(say("an open log"), say("a log that its own root keys closed"))


def _check_draft(state: State, draft: Draft) -> None:
    """Make the same checks that every reader makes, before anything of the draft's batch is signed.

    A fault found later would cost the whole batch, and the signer would have given away an index.
    """
    total = sum(len(content) for _, content in draft.attachments)
    if len(draft.content) > BODY_MAX or len(draft.attachments) > ATTACHMENTS_MAX or total > ATTACHMENTS_TOTAL_MAX:
        expected = say(
            "a body of at most {body} bytes, at most {count} attachments of {all} bytes in all",
            body=BODY_MAX,
            count=ATTACHMENTS_MAX,
            all=ATTACHMENTS_TOTAL_MAX,
        )
        raise _mistake(
            expected,
            say(
                "{body} bytes, {count} attachments of {all} bytes",
                body=len(draft.content),
                count=len(draft.attachments),
                all=total,
            ),
        )
    try:
        statement = drafted(state, draft)
        statement.encode()
        if draft.release is not None:
            _check_release(state, draft, statement)
    except Refused as fault:
        raise _mistake(say("a draft as spec/ describes a statement"), fault.came) from None


def drafted(state: State, draft: Draft) -> Statement:
    """Return the statement that a draft would become, but for what is known only when it is written.

    With the draft's own salts it is what officers are asked to release. Raises LineMistake when this node may not
    write now, or the salts do not fit.
    """
    check_may_write(state)
    log, own = log_of(state, state.own_origin), state.own_keys()
    assert own is not None  # asked just before
    salts = draft.salts or (bytes(SALT_BYTES),) * (1 + len(draft.attachments))
    if len(salts) != 1 + len(draft.attachments) or any(len(one) != SALT_BYTES for one in salts):
        raise _mistake(say("a salt of 32 bytes for the body and for each attachment"), say("other ones"))
    return _statement(state, log, own, draft, (), 0, _committed(draft, salts))


def _check_release(state: State, draft: Draft, statement: Statement) -> None:
    """Refuse a release that is not for exactly this statement and these members; the signer knows the officers."""
    assert draft.release is not None  # asked before
    release, _ = judge(draft.release, statement)
    if release.addressees != addressees(state):
        raise _mistake(
            say("a release for {names}", names=", ".join(addressees(state))), ", ".join(release.addressees)
        )


def write(state: State, drafts: tuple[Draft, ...], now_ms: int) -> Signing:
    """Sign the drafts as the next statements of the own log, then the head over them, and append all at once.

    A submission that is stored or on its way already is skipped: the same draft twice is one entry.
    """
    log = log_of(state, state.own_origin)
    own = state.own_keys()
    assert own is not None  # check_drafts was here first
    before = (log.frontier.copy(), log.last, dict(log.pending), log.head)
    named, submissions, parts = dict(state.named), set(state.submissions), len(state.parts)
    try:
        yield from _write(state, log, own, drafts, now_ms)
    except LineMistake:
        # the signer refused: nothing of this batch is appended, so all stands where it stood; what the same
        # transaction took in before goes to the disk all the same
        log.frontier, log.last, log.pending, log.head = before
        state.named, state.submissions = named, submissions
        del state.parts[parts:]
        for place in [place for place in state.leaves if place[0] == log.origin and place[1] >= log.size]:
            del state.leaves[place]
        raise


def _write(state: State, log: Log, own: KeySet, drafts: tuple[Draft, ...], now_ms: int) -> Signing:
    written = 0
    held = state.view.submissions([draft.submission for draft in drafts if not draft.again])
    for draft in drafts:
        if draft.submission in state.submissions or (draft.submission in held and not draft.again):
            continue
        heads = _heads_seen(state) if not written else ()  # nothing arrives within a batch
        statement = _statement(state, log, own, draft, heads, now_ms, _commitments(state, draft))
        payload = statement.encode_checked()  # the draft passed the checks that each reader makes
        released = draft.release or b""
        signature = yield Sign(0, "statement", Role.SIGN, log.origin, payload, index=log.size, release=released)
        leaf = Envelope(PayloadType.STATEMENT, payload, (Signature(statement.key, signature),)).encode()
        seq = log.size
        digest, nodes = log.grow(leaf)
        state.parts.append(PutEntry(log.origin, seq, leaf, digest, nodes, draft.submission, now_ms))
        state.leaves[log.origin, seq] = leaf
        log.clock_ms = now_ms
        _note_debts(state, statement)
        state.submissions.add(draft.submission)
        state.named.update({head.member: (head.generation, head.size) for head in heads})
        written += 1
    if written:
        yield from _write_head(state, log, own)
        state.put_state()


def _write_head(state: State, log: Log, own: KeySet) -> Signing:
    head = Head(log.origin, log.size, log.frontier.root())
    signature = yield Sign(0, "head", Role.SIGN, log.origin, head.text(), index=head.size, leaf=head.root)
    log.head = notes.make_checkpoint(head, signature, bytes.fromhex(own.sign))
    state.parts.append(PutCheckpoint(log.head))
    state.own.append((log.origin, head.size, head.root))


def write_head_again(state: State) -> Signing:
    """Sign the head over the open own log where it is not here.

    What mirrors gave back may have reached them without its head: without one nobody can confirm it.
    """
    log, own = state.logs.get(state.own_origin), state.own_keys()
    if (
        not state.writes
        or state.run is not Run.RUNNING
        or log is None
        or own is None
        or is_closed(state, log.origin)
    ):
        return
    if log.size > (log.head.head.size if log.head is not None else 0):
        yield from _write_head(state, log, own)


def _note_debts(state: State, statement: Statement) -> None:
    """Record who owes an answer to this statement, and that an answer given is owed no more."""
    origin = Origin(statement.line, statement.epoch, statement.author, statement.generation)
    if statement.answer_by_ms is not None:
        parts = [PutDue(origin, statement.seq, name, statement.answer_by_ms) for name in readers(state)]
        state.parts.extend(parts)
    reply = statement.in_reply_to
    if reply is not None and statement.type in ANSWERS:
        about = Origin(origin.line, reply.epoch, reply.member, reply.generation)
        state.parts.append(PutDue(about, reply.seq, state.me, None))
    if statement.type in {"line.suspend", "line.resume"}:
        state.own_direction = Direction.SUSPENDED if statement.type == "line.suspend" else Direction.RESUMED


def _commitments(state: State, draft: Draft) -> list[Commitment]:
    """Return what the statement promises of its body and attachments; they join the running transaction."""
    salts = draft.salts or tuple(state.draw() for _ in range(1 + len(draft.attachments)))
    commitments = _committed(draft, salts)
    contents = (draft.content, *(content for _, content in draft.attachments))
    for one, salt, content in zip(commitments, salts, contents, strict=True):
        state.parts.append(PutBody(one.hash, salt, content, open=draft.reveal == "now"))
    if draft.release is not None:
        state.parts.append(PutBody(hashlib.sha256(draft.release).hexdigest(), b"", draft.release))
    return commitments


def _committed(draft: Draft, salts: Sequence[bytes]) -> list[Commitment]:
    """Return what a draft promises of its body and attachments, with these salts; raises ValueError for too few."""
    contents = [(draft.media_type, draft.content), *draft.attachments]
    return [
        Commitment(commit(salt, content), media_type, draft.reveal, len(content))
        for salt, (media_type, content) in zip(salts, contents, strict=True)
    ]


def _statement(
    state: State,
    log: Log,
    own: KeySet,
    draft: Draft,
    heads: tuple[HeadSeen, ...],
    now_ms: int,
    commitments: list[Commitment],
) -> Statement:
    """Return the statement for a draft; its clock is the node's own, as it stands."""
    return Statement(
        answer_by_ms=draft.answer_by_ms,
        attachments=tuple(commitments[1:]),
        author=state.me,
        body=commitments[0],
        clock_ms=max(0, min(now_ms, INTEGER_MAX)),
        critical=draft.critical,
        epoch=log.origin.epoch,
        generation=log.origin.generation,
        heads=heads,
        in_reply_to=draft.in_reply_to,
        key=keys.key_id(bytes.fromhex(own.sign)),
        line=log.origin.line,
        previous=log.last,
        release=None if draft.release is None else hashlib.sha256(draft.release).hexdigest(),
        seq=log.size,
        submission=draft.submission,
        type=draft.type,
    )


def _heads_seen(state: State) -> tuple[HeadSeen, ...]:
    """Return the heads of others' logs, with their own signed checkpoints here, that changed since last named."""
    newest: dict[str, HeadSeen] = {}
    for origin, log in state.logs.items():
        if origin.member == state.me or origin.epoch != state.opening.epoch or log.head is None:
            continue
        head = log.head.head
        place = (origin.generation, head.size)
        if head.size <= log.durable and place > state.named.get(origin.member, (0, 0)):
            best = newest.get(origin.member)
            if best is None or place > (best.generation, best.size):
                newest[origin.member] = HeadSeen(origin.generation, origin.member, head.root.hex(), head.size)
    return tuple(newest[member] for member in sorted(newest))


def _mistake(expected: str, came: str) -> LineMistake:
    return LineMistake(expected=expected, came=came, remedy=say("nothing was sent; see: detente line status"))
