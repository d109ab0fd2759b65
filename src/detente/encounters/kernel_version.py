"""Which code computes the figures: one short hash over the kernels and what calls them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

__all__ = ["kernel_version"]

_CALLERS = ("held_fixes.py", "intake.py", "rows.py", "searching.py", "windows.py")


@cache
def kernel_version() -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 over the sources that a search runs, in order of name.

    Two that say the same compute the same figures from the same fixes; two that differ may, too.
    """
    room = Path(__file__).parent
    digest = hashlib.sha256()
    for source in sorted([*room.glob("kernel_*.py"), *(room / name for name in _CALLERS)]):
        if source.name != Path(__file__).name:
            digest.update(source.name.encode() + b"\0" + source.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]
