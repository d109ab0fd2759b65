"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from detente import words
from detente.door.errors import OutputFailure

__all__ = ["cause", "writing"]

say = words.speaker("door")

_NUMBER = re.compile(r"\(os error (\d+)\)")


def cause(failure: OSError) -> str:
    """Return in the reader's language why the machine could not open, read or write a file.

    Native libraries wrap the number of the system's error in a sentence of their own; then the number counts. What
    is rare stays as the system said it.
    """
    wrapped = _NUMBER.search(str(failure))
    match int(wrapped[1]) if failure.errno is None and wrapped is not None else failure.errno:
        case errno.ENOENT:
            return say("there is no such file or folder")
        case errno.EISDIR:
            return say("a folder, not a file")
        case errno.EACCES | errno.EPERM:
            return say("no permission")
        case errno.ENOSPC | errno.EDQUOT:
            return say("no space left on the device")
        case errno.EROFS:
            return say("nothing can be written there: it is mounted for reading only")
        case errno.EFBIG:
            return say("the file would be larger than is allowed here")
    return failure.strerror or str(failure)


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
            came=cause(failure),
            where=str(target),
            remedy=say("free space or choose another place; nothing half-written was left"),
        ) from failure
    finally:
        with suppress(
            OSError
        ):  # on a disk that takes nothing there is nothing to remove: what failed before is told
            temporary.unlink(missing_ok=True)
