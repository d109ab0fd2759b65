"""The desk's shelf of a home: opened for one question, in the thread of the small files."""

from __future__ import annotations

from pathlib import Path

from detente.store.desk_shelf import DeskShelf

__all__ = ["keep_on_shelf", "shelf_document", "shelf_file"]


def shelf_file(home: Path) -> Path:
    """Return where a home's shelf lies."""
    return home / "shelf.sqlite3"


def keep_on_shelf(home: Path, name: str, octets: bytes) -> None:
    """Keep a document under a name; b"" takes it away. Raises HomeMistake, StoreFailure."""
    shelf = DeskShelf(shelf_file(home), create=True)
    try:
        shelf.keep(name, octets)
    finally:
        shelf.close()


def shelf_document(home: Path, name: str) -> bytes:
    """Return the document of a name, b"" for none. Raises StoreFailure."""
    if not shelf_file(home).exists():
        return b""
    shelf = DeskShelf(shelf_file(home), read_only=True)
    try:
        return shelf.find(name)
    finally:
        shelf.close()
