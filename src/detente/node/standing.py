"""How a line stands: per party what is delivered, read, answered, how long it is silent, and what is wrong.

One document a line, made from what is durable, beside a running writer and without any key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from detente.line.effects import PutHistory, Role
from detente.line.proof import judge
from detente.line.standing import consents
from detente.line.state import Direction, Settings, State
from detente.line.watching import ANSWERS as SETTLING
from detente.line.watching import direction_now, waiting_since_ms
from detente.node.book import ANSWERS, Book
from detente.node.home import Home
from detente.node.host import proof_file
from detente.node.limits import limits_of
from detente.node.neutral import neutrals_of
from detente.node.revocations import neutral_words

__all__ = ["answers_owed", "line_document", "status_document"]

_ALARMS_SHOWN = 20
_DAY_MS = 86_400_000


def status_document(home: Home, now_ms: int) -> dict[str, Any]:
    """Return the home and each of its lines as ``status --json`` gives them."""
    limits = limits_of(home.path)
    return {
        "home": str(home.path),
        "member": home.member,
        "head_file": home.head_file() is not None,
        "restored": home.restored,
        "lines": [line_document(home, line, now_ms, limits(line)) for line in home.lines()],
    }


def line_document(home: Home, line: str, now_ms: int, limits: Settings | None = None) -> dict[str, Any]:
    """Return how one line stands, by what is set for it."""
    book = Book.open(home.member, home.record(line), limits)
    book.index()
    state, opening = book.state, book.state.opening
    history = book.record.history()
    return {
        "line": line,
        "name": opening.name,
        "training": opening.training,
        "epoch": opening.epoch,
        "fingerprint": opening.fingerprint(),
        "member": home.member,
        "role": state.role_of(home.member),
        "run": _run(home, state),
        "reason": state.reason if state.recorded[0] != "running" else "",
        "own": {
            "generation": state.rings[home.member].generation,
            "suspended": state.own_direction is Direction.SUSPENDED,
            "held": sum(book.size(one) for one in book.origins() if one.member == home.member),
        },
        "keys": _keys(state, now_ms),
        "neutrals": {member: list(neutrals_of(opening, member)) for member in opening.members},
        "neutral_words": neutral_words(state),
        "limits": {
            "test_every_s": state.settings.test_every_ms // 1000,
            "silent_after_s": state.settings.silent_after_ms // 1000,
            "unacknowledged_after_s": state.settings.unacknowledged_after_ms // 1000,
            "quota_bytes": state.settings.quota_bytes,
        },
        "parties": [_party(book, name, history, now_ms) for name in sorted(state.parties)],
        "answers_owed": list(answers_owed(book, now_ms)),
        "consented": list(consents(state).get(opening.hash(), ())),
        "alarms": _alarms(history),
        "fork_proofs": _forks(home.path, book.record.forks()),
        "openings_proposed": [
            {
                "epoch": one.epoch,
                "hash": one.hash(),
                "fingerprint": one.fingerprint(),
                "members": list(one.members),
                "consented": list(consents(state).get(one.hash(), ())),
            }
            for one in state.openings.values()
            if one.epoch >= opening.epoch and one.hash() != opening.hash()
        ],
    }


def _run(home: Home, state: State) -> str:
    """Return running, refilling or halted: as stored by the last writer, and what a reader sees by himself."""
    if home.head_file() is None:
        return "halted"
    return state.recorded[0] or "not started"


def _keys(state: State, now_ms: int) -> dict[str, Any]:
    """Return the age in days of the newest sealing key, and of the last stated own heads (None: never)."""
    acts = state.rings[state.me].acts
    sealed = max(one.clock_ms for one in acts if one.seal is not None or one.keys is not None)
    stated = max((one.clock_ms for one in acts if one.heads), default=None)
    return {
        "sealing_key_days": max(0, now_ms - sealed) // _DAY_MS,
        "anchor_days": max(0, now_ms - stated) // _DAY_MS if stated is not None else None,
    }


def _party(book: Book, name: str, history: Iterable[PutHistory], now_ms: int) -> dict[str, Any]:
    state = book.state
    party = state.parties[name]
    own = [log for origin, log in state.logs.items() if origin.member == state.me]
    theirs = [log for origin, log in state.logs.items() if origin.member == name]
    # a party of an older epoch that is not in this one stays in sight: it may have been held out
    seats = [seat for one in state.openings.values() if (seat := one.seat(name)) is not None]
    is_member = (state.role_of(name) or seats[0].role) == "member"
    role = Role.COSIGN_HELD if is_member else Role.COSIGN_LOG
    direction = direction_now(state, party, now_ms) if state.role_of(name) else party.direction
    confirmed = sum(min(log.delivered.get((name, role), 0), log.durable) for log in own)
    document: dict[str, Any] = {
        "member": name,
        "role": "member" if is_member else "observer",
        "seated": bool(state.role_of(name)),
        "state": direction.value,
        "state_since_ms": _since(history, name, direction.value) or state.since_ms or None,
        "why": _why(history, name) if direction is party.direction else direction.value,
        "silent_since_ms": party.heard_ms,
        "silent_for_s": max(0, (now_ms - party.heard_ms) // 1000) if party.heard_ms is not None else None,
        "tests_missed": party.missed,
        "own_held": sum(log.durable for log in own),
    }
    if is_member:
        read, answered = _words(book, name)
        document |= {
            "waiting_since_ms": waiting_since_ms(state, party),
            "delivered": confirmed,
            "read": read,
            "answered": answered,
            "theirs_held": sum(log.durable for log in theirs),
            "bodies_missing": sum(len(missing) for log in theirs for missing in log.wanted.values()),
        }
    else:
        document["cosigned"] = confirmed
    return document


def answers_owed(book: Book, now_ms: int) -> Iterator[dict[str, Any]]:
    """Yield who owes an answer to which entry by when, this node's own clock; overdue or not, until it comes."""
    state = book.state
    for entry in book.asked:
        due_ms = entry.statement.answer_by_ms or 0
        mine = entry.origin.member == state.me
        if not mine:  # a period from its receipt here, never the reading of another's clock
            received_ms = book.record.received_ms(entry.origin, entry.seq) or 0
            due_ms = received_ms + max(0, due_ms - entry.statement.clock_ms)
        recipients = book.recipients(entry.origin)
        for name in recipients if mine else [one for one in recipients if one == state.me]:
            said = {one.word for one in book.replies.get((entry.origin, entry.seq), ()) if one.member == name}
            left = name != state.me and state.opening.line in state.rings[name].left
            if not left and not {f"reply.{word}" for word in said} & SETTLING:
                ref = book.name(entry.origin, entry.seq)
                yield {"ref": ref, "by": name, "due_ms": due_ms, "overdue": due_ms <= now_ms}


def _words(book: Book, name: str) -> tuple[int, int]:
    """Return how many of our entries this member said to have read, and how many it answered."""
    read = answered = 0
    for (origin, _), replies in book.replies.items():
        if origin.member == book.state.me:
            said = {one.word for one in replies if one.member == name}
            read += bool(said)
            answered += bool(said & ANSWERS)
    return read, answered


def _why(history: Iterable[PutHistory], name: str) -> str:
    """Return the newest reason that the history gives for this party's state."""
    why = ""
    for one in history:
        if one.member == name and one.what == "alarm":
            why = str(msgspec.json.decode(one.detail)["name"])
        elif one.member == name and one.what == "direction":
            why = str(msgspec.json.decode(one.detail)["state"])
    return why


def _since(history: Iterable[PutHistory], name: str, state: str) -> int | None:
    """Return since when the history says that this party's state is this one; None when it says so of no time."""
    since_ms = None
    for one in history:
        if one.member == name and one.what == "direction":
            since_ms = one.at_ms if msgspec.json.decode(one.detail)["state"] == state else None
    return since_ms


def _alarms(history: Iterable[PutHistory]) -> list[dict[str, Any]]:
    found = [
        {"at_ms": one.at_ms, "member": one.member, **msgspec.json.decode(one.detail)}
        for one in history
        if one.what == "alarm"
    ]
    return found[-_ALARMS_SHOWN:]


def _forks(home: Path, proofs: list[bytes]) -> list[dict[str, str]]:
    found = []
    for proof in proofs:
        verdict = judge(proof)
        found.append({"member": verdict.member, "kind": verdict.kind, "file": str(proof_file(home, proof))})
    return found
