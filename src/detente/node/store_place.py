"""Which store keeps a home's records: a durable fact of the home, never its password.

A home that says nothing keeps them in SQLite files under HOME/lines. Where it says otherwise it is a home of format
2, which an older détente refuses: it would find no records, or old ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente import words
from detente.store.errors import HomeMistake
from detente.store.folder import Folder
from detente.store.interface import Store

__all__ = ["DEFAULT", "StorePlace", "opened"]

say = words.speaker("node")


class StorePlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where records are kept.

    place: of SQLite the folder's name in the home; of PostgreSQL 16 hexadecimal digits that its schemas' names
    begin with. address: of a server, without a password; password_file: "" when libpq finds the password itself.
    """

    kind: Literal["sqlite", "postgresql"] = "sqlite"
    place: Annotated[str, Meta(pattern=r"\A(lines(\.[0-9a-f]{16})?|[0-9a-f]{16})\Z")] = "lines"
    address: Annotated[str, Meta(max_length=2000)] = ""
    password_file: Annotated[str, Meta(max_length=4000)] = ""

    def shown(self) -> str:
        """Return the place as it is shown to a person."""
        return self.address if self.kind == "postgresql" else self.place


DEFAULT = StorePlace()


def opened(home: Path, place: StorePlace, *, vfs: str | None = None) -> Store:
    """Return the store at a place. Raises HomeMistake when the driver of its server is not installed."""
    if place.kind == "sqlite":
        return Folder(home / place.place, vfs=vfs)
    try:
        from detente.store.postgresql.address import Address  # noqa: PLC0415 - only who uses a server needs its driver
        from detente.store.postgresql.server import Server  # noqa: PLC0415
    except ImportError as fault:
        raise HomeMistake(
            expected=say("the driver for PostgreSQL"),
            came=str(fault),
            where=str(home),
            remedy=say("install it: pip install 'detente[postgresql]'"),
        ) from fault
    password_file = str(home / place.password_file) if place.password_file else ""
    return Server(Address(place.address, password_file), place.place)
