"""The inputs of a run by name, size and hash, so that a result can be tied to what it was computed from."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from detente.encounters.report.subject import InputFile

__all__ = ["hashed"]

_PIECE_BYTES = 1 << 20


def hashed(files: Sequence[str], progress: Callable[[float], None]) -> list[InputFile]:
    """Return each regular file with the SHA-256 of its bytes, read in pieces; progress gets bytes done.

    Standard input and pipes are left out: they can be read once only, and that is what reading tracks does.
    """
    found = []
    for name in files:
        path = Path(name)
        if name == "-" or not stat.S_ISREG(path.stat().st_mode):
            continue
        digest = hashlib.sha256()
        size_bytes = 0
        with path.open("rb") as content:
            while piece := content.read(_PIECE_BYTES):
                digest.update(piece)
                size_bytes += len(piece)
                progress(len(piece))
        found.append(InputFile(name=name, sha256=digest.hexdigest(), size_bytes=size_bytes))
    return found
