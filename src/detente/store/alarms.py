"""Alarms that people are told of: durable, so that a restart neither forgets one nor tells it anew.

Two tables with one writer each: the node keeps alarms, a person's verb adds acknowledgements; neither overwrites the
other. What an alarm means, and when it is told, is decided elsewhere.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from detente import words
from detente.store.disk import translated
from detente.store.errors import damaged
from detente.store.schema import mark
from detente.store.small_file import SmallFile

__all__ = ["ALARMS_MAX", "Acknowledgement", "AlarmFile", "Delivery", "KeptAlarm"]

say = words.speaker("store")

T = TypeVar("T")
ALARMS_MAX = 2_000
"""How many are kept at once; a storm of alarms must not fill the disk."""
_APPLICATION_ID = 0x64746E61  # "dtna"
_FIRST = """
CREATE TABLE alarms (id TEXT PRIMARY KEY, alarm BLOB NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE acknowledgements (
    id TEXT PRIMARY KEY, acknowledgement BLOB NOT NULL, mark BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""


class Delivery(msgspec.Struct, frozen=True):
    """One way on which an alarm goes to somebody. Times: own clock, milliseconds since 1970 UTC.

    channel: "terminal", "webhook" or "mail"; person: who on duty, "" for everybody that gets every alarm. due_ms: when
    it is tried next, None: it is settled. told_ms: when it got through. error: why the last try failed, in words.
    """

    channel: str
    person: str = ""
    attempts: int = 0
    due_ms: int | None = None
    told_ms: int | None = None
    error: str = ""


class KeptAlarm(msgspec.Struct, frozen=True):
    """One alarm, however often it was raised.

    id: what it is about, twelve hexadecimal digits. since_ms: from when people on duty are asked, every step_s seconds
    the next (0: nobody is asked by turns); asked: who was. told: how often it was told, ever; repeats: how often since
    it was new or grew graver; again_at_ms: when it is told again. ended_ms: when its cause was gone. text: of the
    notice that it is about, where the settings allow it.
    """

    id: str
    line: str
    name: str
    member: str
    priority: str
    detail: dict[str, str]
    raised_ms: int
    last_ms: int
    count: int = 1
    text: str = ""
    since_ms: int = 0
    step_s: int = 0
    asked: tuple[str, ...] = ()
    told: int = 0
    repeats: int = 0
    again_at_ms: int | None = None
    acknowledged_ms: int | None = None
    acknowledged_by: str = ""
    ended_ms: int | None = None
    deliveries: tuple[Delivery, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether its cause goes on, as far as is known, and nobody acknowledged it."""
        return self.acknowledged_ms is None and self.ended_ms is None


class Acknowledgement(msgspec.Struct, frozen=True):
    """A person's word that an alarm was seen, at ``at_ms`` by this machine's clock, told so many times by then."""

    at_ms: int
    told: int
    by: str = ""
    note: str = ""


class AlarmFile(SmallFile):
    """The alarms of one home on one SQLite file; what a method stored is on the disk when it returns."""

    application_id = _APPLICATION_ID
    migrations = (_FIRST,)

    def put(self, alarms: list[KeptAlarm], gone: list[str]) -> None:
        """Keep these alarms as they are now and forget those, whole or not at all. Raises StoreFailure."""
        with translated(self.path), self._connection:
            for one in alarms:
                row = (one.id, msgspec.msgpack.encode(one))
                self._connection.execute("INSERT OR REPLACE INTO alarms VALUES (?, ?, ?)", (*row, mark(*row)))
            for name in gone:
                self._connection.execute("DELETE FROM alarms WHERE id = ?", (name,))
                self._connection.execute("DELETE FROM acknowledgements WHERE id = ?", (name,))

    def kept(self) -> dict[str, KeptAlarm]:
        """Return every alarm by its id. Raises StoreFailure for one that the disk changed."""
        return self._rows("SELECT * FROM alarms ORDER BY id", KeptAlarm)

    def acknowledge(self, name: str, acknowledgement: Acknowledgement) -> None:
        """Note a person's word about an alarm; a later one takes its place. Raises StoreFailure."""
        row = (name, msgspec.msgpack.encode(acknowledgement))
        with translated(self.path), self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO acknowledgements VALUES (?, ?, ?)", (*row, mark(*row))
            )

    def acknowledgements(self) -> dict[str, Acknowledgement]:
        """Return people's words by the alarm's id. Raises StoreFailure for one that the disk changed."""
        return self._rows("SELECT * FROM acknowledgements ORDER BY id", Acknowledgement)

    def _rows(self, sql: str, kind: type[T]) -> dict[str, T]:
        with translated(self.path):
            rows = self._connection.execute(sql).fetchall()
        return {str(row[0]): self._checked(kind, *row) for row in rows}

    def _checked(self, kind: type[T], name: Any, octets: Any, found: Any) -> T:
        if found != mark(name, octets):
            raise damaged(self.path, say("an alarm that was changed: {id}", id=name))
        return self._decoded(kind, octets)
