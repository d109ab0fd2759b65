"""Writing own statements: one batch of drafts becomes signed leaves, one signed head, one atomic append."""

from __future__ import annotations

import msgspec

from detente import words
from detente.line import checkpoint as notes
from detente.line import keys
from detente.line.checkpoint import Head
from detente.line.effects import Draft, PutBody, PutCheckpoint, PutEntry, Role, Sign
from detente.line.envelope import Envelope, PayloadType, Signature
from detente.line.errors import LineMistake
from detente.line.load import log_of
from detente.line.rootact import KeySet
from detente.line.state import Log, Run, Signing, State
from detente.line.statement import (
    ATTACHMENTS_MAX,
    ATTACHMENTS_TOTAL_MAX,
    BODY_MAX,
    Commitment,
    HeadSeen,
    Statement,
    commit,
)

__all__ = ["check_drafts", "write"]

say = words.speaker("line")


def check_drafts(state: State, drafts: tuple[Draft, ...]) -> None:
    """Raise LineMistake before anything is signed: this node may not write now, or a draft is over a cap."""
    if not state.writes:
        raise _mistake(say("a member of the line"), say("an observer, which writes nothing"))
    if state.run is not Run.RUNNING:
        raise _mistake(
            say("a node that may sign"), say("{run}: {reason}", run=state.run.value, reason=state.reason)
        )
    if state.own_keys() is None:
        raise _mistake(say("operational keys"), say("revoked keys without successors"))
    closed = state.rings[state.me].closed.get(
        (state.opening.line, state.opening.epoch, state.rings[state.me].generation)
    )
    if closed is not None:
        raise _mistake(say("an open log"), say("a log that its own root keys closed"))
    for draft in drafts:
        total = sum(len(content) for _, content in draft.attachments)
        if (
            len(draft.content) > BODY_MAX
            or len(draft.attachments) > ATTACHMENTS_MAX
            or total > ATTACHMENTS_TOTAL_MAX
        ):
            raise _mistake(
                say(
                    "a body of at most {body} bytes, at most {count} attachments of {all} bytes in all",
                    body=BODY_MAX, count=ATTACHMENTS_MAX, all=ATTACHMENTS_TOTAL_MAX,
                ),  # fmt: skip
                say("{body} bytes, {count} attachments of {all} bytes", body=len(draft.content),
                    count=len(draft.attachments), all=total),
            )  # fmt: skip


def write(state: State, drafts: tuple[Draft, ...], now_ms: int) -> Signing:
    """Sign the drafts as the next statements of the own log, then the head over them, and append all at once.

    A submission that is stored or on its way already is skipped: the same draft twice is one entry.
    """
    log = log_of(state, state.own_origin)
    own = state.own_keys()
    assert own is not None  # check_drafts was here first
    before = (log.frontier.copy(), log.last, dict(log.pending))
    try:
        yield from _write(state, log, own, drafts, now_ms)
    except LineMistake:
        # the signer refused: nothing was appended, so the log stands where it stood
        log.frontier, log.last, log.pending = before
        state.parts.clear()
        state.own.clear()
        raise


def _write(state: State, log: Log, own: KeySet, drafts: tuple[Draft, ...], now_ms: int) -> Signing:
    written = 0
    for draft in drafts:
        stored = None if draft.again else state.view.submission(draft.submission)
        if draft.submission in state.submissions or stored is not None:
            continue
        heads = _heads_seen(state)
        statement = _statement(state, log, own, draft, heads, now_ms)
        payload = statement.encode()
        signature = yield Sign(0, "statement", Role.SIGN, log.origin, payload, index=log.size)
        leaf = Envelope(PayloadType.STATEMENT, payload, (Signature(statement.key, signature),)).encode()
        seq = log.size
        digest, nodes = log.grow(leaf)
        state.parts.append(PutEntry(log.origin, seq, leaf, digest, nodes, draft.submission, now_ms))
        state.submissions.add(draft.submission)
        state.named.update({head.member: (head.generation, head.size) for head in heads})
        written += 1
    if written:
        head = Head(log.origin, log.size, log.frontier.root())
        signature = yield Sign(0, "head", Role.SIGN, log.origin, head.text(), index=head.size, leaf=head.root)
        log.head = notes.make_checkpoint(head, signature, bytes.fromhex(own.sign))
        state.parts.append(PutCheckpoint(log.head))
        state.own.append((log.origin, head.size, head.root))
        if log.waiting_since_ms is None:
            log.waiting_since_ms = now_ms
        state.put_state()


def _statement(
    state: State, log: Log, own: KeySet, draft: Draft, heads: tuple[HeadSeen, ...], now_ms: int
) -> Statement:
    """Return the statement for a draft, its bodies added to the running transaction."""
    contents = [(draft.media_type, draft.content, draft.reveal)]
    contents += [(media_type, content, draft.reveal) for media_type, content in draft.attachments]
    commitments = []
    for media_type, content, reveal in contents:
        salt = state.draw()
        digest = commit(salt, content)
        commitments.append(Commitment(digest, media_type, reveal, len(content)))
        state.parts.append(PutBody(digest, salt, content))
    try:
        return _checked(state, log, own, draft, heads, now_ms, commitments)
    except msgspec.ValidationError as fault:
        raise _mistake(say("a draft as spec/ describes a statement"), str(fault)[:200]) from None


def _checked(
    state: State,
    log: Log,
    own: KeySet,
    draft: Draft,
    heads: tuple[HeadSeen, ...],
    now_ms: int,
    commitments: list[Commitment],
) -> Statement:
    """Return the statement after the same checks that every reader makes."""
    return msgspec.convert(
        msgspec.to_builtins(
            Statement(
                answer_by_ms=draft.answer_by_ms,
                attachments=tuple(commitments[1:]),
                author=state.me,
                body=commitments[0],
                clock_ms=now_ms,
                critical=draft.critical,
                epoch=log.origin.epoch,
                generation=log.origin.generation,
                heads=heads,
                in_reply_to=draft.in_reply_to,
                key=keys.key_id(bytes.fromhex(own.sign)),
                line=log.origin.line,
                previous=log.last,
                release=draft.release,
                seq=log.size,
                submission=draft.submission,
                type=draft.type,
            )
        ),
        Statement,
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
