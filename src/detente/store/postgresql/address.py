"""Addresses of servers: which words they may hold, where the password comes from, how a connection is told apart.

An address is what libpq takes: ``postgresql://user@host:5432/database?sslmode=verify-full`` or
``host=... dbname=...``. A password is never part of it: it comes from a file of its own, or from libpq's
(``PGPASSFILE``, ~/.pgpass).
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from detente import words
from detente.store.errors import HomeMistake

__all__ = ["Address"]

say = words.speaker("store")

_REACHED = ("host", "hostaddr", "port", "dbname", "user", "passfile", "connect_timeout", "target_session_attrs")
_GUARDED = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "channel_binding", "require_auth")
_KNOWN = frozenset((*_REACHED, *_GUARDED))
_FIXED: dict[str, str | int] = {
    "application_name": "detente",
    "client_encoding": "utf8",
    # a link that is cut without a word must be noticed: a probe after 10 s, lost after 30 s
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
_PASSWORD_MAX = 4096


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. password_file: a file that holds the password alone, "" when libpq finds it itself."""

    text: str
    password_file: str = ""

    def parameters(self) -> dict[str, str | int]:
        """Return what the driver is given, the password among it.

        Raises HomeMistake for an address that does not hold, or a password's file that others may read.
        """
        found = self._parsed()
        found.setdefault("connect_timeout", 10)
        if not self.is_local():
            found.setdefault("sslmode", "verify-full")
        if self.password_file:
            found["password"] = self._password()
        return {**found, **_FIXED}

    def is_local(self) -> bool:
        """Tell whether the server is reached on this machine only."""
        found = self._parsed()
        hosts = f"{found.get('host', '')},{found.get('hostaddr', '')}".split(",")
        return all(one in {"", "localhost", "127.0.0.1", "::1"} or one.startswith("/") for one in hosts)

    def is_guarded(self) -> bool:
        """Tell whether nobody between this machine and the server can read along or answer in its place."""
        return self.is_local() or self.parameters()["sslmode"] == "verify-full"

    def shown(self) -> str:
        """Return the address as it is shown to a person and named in errors."""
        found = self._parsed()
        host = str(found.get("host") or found.get("hostaddr") or "localhost")
        port = f":{found['port']}" if "port" in found else ""
        return f"postgresql://{host}{port}/{found.get('dbname', '')}"

    def _parsed(self) -> dict[str, str | int]:
        try:
            found = conninfo_to_dict(self.text)
        except psycopg.Error:  # whose words may hold the address, and a password in it
            raise _mistake(say("an address of a PostgreSQL server"), say("something else"), "--to") from None
        if "password" in found:
            raise _mistake(
                say("an address without a password: it is kept in a file of its own"),
                say("an address with a password"),
                "--to",
            )
        odd = sorted(set(found) - _KNOWN)
        if odd:
            raise _mistake(say("an address of a PostgreSQL server"), say("{word} in it", word=odd[0]), "--to")
        if not found.get("host") and not found.get("hostaddr"):  # else the environment would name one
            raise _mistake(say("an address that names its host"), say("none"), "--to")
        return {name: value for name, value in found.items() if isinstance(value, (str, int))}

    def _password(self) -> str:
        path = Path(self.password_file)
        try:
            with path.open("rb") as file:
                loose = stat.S_IMODE(path.stat().st_mode) & 0o077
                octets = file.read(_PASSWORD_MAX + 1)
        except OSError as failure:
            raise _mistake(
                say("a file with the password"), failure.strerror or str(failure), self.password_file
            ) from failure
        if loose:
            raise _mistake(
                say("a file that only its owner may read"), say("one that others may read"), self.password_file
            )
        try:
            text = octets.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            text = ""
        if not text or len(octets) > _PASSWORD_MAX or "\n" in text or "\0" in text:
            raise _mistake(say("a file with one line, the password"), say("something else"), self.password_file)
        return text


def _mistake(expected: str, came: str, where: str) -> HomeMistake:
    return HomeMistake(
        expected=expected, came=came, where=where, remedy=say("name it rightly; nothing was changed")
    )
