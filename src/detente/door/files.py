"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from detente import words
from detente.door.errors import OutputFailure

__all__ = ["writing"]

say = words.speaker("door")


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """Give a temporary path beside ``target``; on success it becomes ``target`` in one step.

    Until then ``target`` keeps what it held. On any error, Ctrl-C included, the temporary file is removed.
    Two processes that write one target each write their own temporary file: the last to finish wins whole.
    Raises OutputFailure when the target is a device, pipe or folder, the disk is full, the folder is missing or not
    writable.
    """
    if target.exists() and not target.is_file():  # a rename would put a file in the place of a device or a pipe
        raise OutputFailure(
            expected=say("a name for a file"),
            came=say("something that is no file"),
            where=str(target),
            remedy=say("choose another name; nothing was written"),
        )
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.part{target.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())  # if the power fails after the rename, the new name must hold all bytes
        temporary.replace(target)
    except OSError as failure:
        raise OutputFailure(
            expected=say("room and permission to write the file"),
            came=failure.strerror or str(failure),
            where=str(target),
            remedy=say("free space or choose another place; nothing half-written was left"),
        ) from failure
    finally:
        with suppress(
            OSError
        ):  # on a disk that takes nothing there is nothing to remove: what failed before is told
            temporary.unlink(missing_ok=True)
