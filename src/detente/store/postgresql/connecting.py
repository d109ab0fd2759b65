"""Opening a connection the one tested way, its errors in our words, and one writer for each record.

A commit that is acknowledged has to be on the server's disk: ``synchronous_commit`` is switched on for the session
and read back. What only the server's keeper can switch on (``fsync``, ``full_page_writes``) is a warning.

The writer holds an advisory lock for as long as its session lives, and leaves a token of its own in the record:
whoever finds another's token there writes no more. So a session that the server has given up, or one behind a pool
that shares sessions, cannot write beside its successor.

A server may keep a connection and say nothing more: it was stopped, or something between us takes every byte and
carries none. Its own limits do not help then, nor do those of the network. So each wait for it ends by our own clock.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import psycopg
from psycopg import waiting

from detente import words
from detente.store.errors import HomeMistake
from detente.store.postgresql.address import Address
from detente.store.postgresql.failing import not_connected, translated

__all__ = ["Session", "connect", "durability_warnings", "lock_of", "show", "take_turn"]

say = words.speaker("store")

T = TypeVar("T")
_Waits = Generator[Any, Any, T]
VERSION_MIN = 14
_TURN_WAIT_S = 5.0
"""How long a new writer waits for one that has just gone: the server needs a moment to notice."""
_LIMITS = {
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "default_transaction_isolation": "read committed",
}
"""What a session is held to: a server that hangs is a failure in words, not a node that hangs."""
ANSWER_S = 75.0
"""How long a server may be silent: longer than its own limit for a statement, so that it can say so itself."""
_LOOK_S = 0.1
_SAFE_COMMITS = frozenset({"on", "remote_apply"})


class Session(psycopg.Connection[tuple[Any, ...]]):
    """A connection that is given up when its server is silent for ``answer_s`` seconds; every answer begins anew."""

    answer_s = ANSWER_S

    def wait(self, gen: _Waits[T], interval: float = _LOOK_S, timeout: float | None = None) -> T:
        """Wait for what ``gen`` does on this connection. Raises psycopg.OperationalError when nothing comes."""
        del timeout  # of one wait as a whole: ours is of the silence in it
        # whatever the server says after its time is for nobody
        return super().wait(_in_time(gen, self.answer_s, give_up=self.pgconn.finish), interval)


def _in_time(gen: _Waits[T], answer_s: float, *, give_up: Callable[[], None]) -> _Waits[T]:
    """Do as ``gen`` does, and end it when the server is silent for so long."""
    until = time.monotonic() + answer_s
    try:
        asked = next(gen)
        while True:
            ready = yield asked
            if ready != waiting.Ready.NONE:
                until = time.monotonic() + answer_s
            elif time.monotonic() > until:
                give_up()
                raise psycopg.OperationalError(say("no word for {count} seconds", count=int(answer_s)))
            asked = gen.send(ready)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # what gen returns


def connect(address: Address, *, read_only: bool) -> Session:
    """Return a session in which every acknowledged commit is durable. Raises HomeMistake, StoreFailure."""
    parameters = address.parameters()
    where = address.shown()
    try:
        session = Session.connect(**parameters, autocommit=True)  # type: ignore[arg-type]  # texts and numbers alike
    except psycopg.Error as fault:
        raise not_connected(fault, where) from fault
    with translated(where):
        try:
            _check_server(session, where)
            for name, value in _LIMITS.items():
                _set(session, name, value)
            _set(session, "default_transaction_read_only", "on" if read_only else "off")
            if not read_only:
                _check_writing(session, where)
        except BaseException:
            session.close()
            raise
    return session


def durability_warnings(session: Session, address: Address) -> tuple[str, ...]:
    """Return in words what on the way to the server, or at it, is less safe than it could be."""
    found = [
        say("{setting} is off at the server: a power cut there loses what was acknowledged", setting=name)
        for name in ("fsync", "full_page_writes")
        if show(session, name) != "on"
    ]
    if not address.is_guarded():
        found.append(
            say("the link to the server is not verified (sslmode=verify-full): others may read along or answer")
        )
    return tuple(found)


def show(session: Session, name: str) -> str:
    """Return one of the server's settings as text."""
    row = session.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None  # a question with one answer
    return str(row[0])


def _set(session: Session, name: str, value: str) -> None:
    session.execute("SELECT set_config(%s, %s, false)", (name, value))


def _check_server(session: Session, where: str) -> None:
    version = session.info.server_version // 10_000
    if version < VERSION_MIN:
        raise HomeMistake(
            expected=say("PostgreSQL {version} or newer", version=VERSION_MIN),
            came=say("version {version}", version=version),
            where=where,
            remedy=say("use a newer server; nothing was changed"),
        )
    encoding = show(session, "server_encoding")
    if encoding != "UTF8":
        raise HomeMistake(
            expected=say("a database in UTF8"),
            came=encoding,
            where=where,
            remedy=say("create a database with ENCODING 'UTF8'; nothing was changed"),
        )


def _check_writing(session: Session, where: str) -> None:
    recovering = session.execute("SELECT pg_is_in_recovery()").fetchone()
    if recovering is not None and recovering[0]:
        raise HomeMistake(
            expected=say("a server that takes writes"),
            came=say("a standby"),
            where=where,
            remedy=say("name the server that it follows; nothing was changed"),
        )
    if show(session, "synchronous_commit") != "remote_apply":
        _set(session, "synchronous_commit", "on")
    stands = show(session, "synchronous_commit")
    if stands not in _SAFE_COMMITS:
        raise HomeMistake(
            expected=say("a server that acknowledges what is on its disk"),
            came=f"synchronous_commit = {stands}",
            where=where,
            remedy=say("let this user set synchronous_commit; nothing was changed"),
        )


# ---- one writer
# -----------------------------------------------------------------------------------------------------


def lock_of(schema: str) -> int:
    """Return the number of a record's advisory lock."""
    return int.from_bytes(hashlib.sha256(f"detente {schema}".encode()).digest()[:8], "big", signed=True)


def take_turn(session: Session, schema: str, where: str) -> str:
    """Become the one writer of a record; returns the token that stands in it from now on.

    Raises HomeMistake that names whoever writes it, when that does not end within some seconds.
    """
    until = time.monotonic() + _TURN_WAIT_S
    while not _locked(session, schema):
        if time.monotonic() > until:
            raise HomeMistake(
                expected=say("a record that nobody else writes"),
                came=_holder(session, schema),
                where=where,
                remedy=say(
                    "stop the other node; if it is gone, end its session: SELECT pg_terminate_backend(...)"
                ),
            )
        time.sleep(0.05)
    token = secrets.token_hex(8)
    session.execute("UPDATE about SET writer = %s", (token,))
    return token


def _locked(session: Session, schema: str) -> bool:
    row = session.execute("SELECT pg_try_advisory_lock(%s)", (lock_of(schema),)).fetchone()
    return row is not None and row[0] is True


def _holder(session: Session, schema: str) -> str:
    number = lock_of(schema) & 0xFFFF_FFFF_FFFF_FFFF
    row = session.execute(
        "SELECT pid, coalesce(host(client_addr), 'local'), application_name FROM pg_locks"
        " JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted"
        " AND classid = %s::oid AND objid = %s::oid LIMIT 1",
        (number >> 32, number & 0xFFFF_FFFF),
    ).fetchone()
    pid, host, name = row or ("?", "?", "?")
    return say("written by session {pid} of {name} from {host}", pid=pid, name=name, host=host)
