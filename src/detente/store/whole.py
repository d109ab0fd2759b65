"""Folders that appear whole or not at all, and names that survive a power cut."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["sync_folder", "whole_folder"]


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder beside ``target`` that becomes it in one step; on any error nothing of it is left."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    part.mkdir(parents=True)
    try:
        yield part
        _sync_tree(part)
        if target.exists():
            target.rmdir()  # empty, or we would not be here
        part.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _sync_tree(folder: Path) -> None:
    for inner in [folder, *(one for one in folder.rglob("*") if one.is_dir())]:
        sync_folder(inner)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a new one must survive a power cut as well as the bytes under it."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
