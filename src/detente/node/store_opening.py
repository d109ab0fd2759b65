"""Opening the store that a home names: only here is a server's driver asked for, and only when one is named."""

from __future__ import annotations

from pathlib import Path

from detente import words
from detente.node.store_place import StorePlace
from detente.store.errors import HomeMistake
from detente.store.folder import Folder
from detente.store.interface import Store

__all__ = ["opened"]

say = words.speaker("node")


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
