"""What keeps a process's memory to itself: no core dump, and no debugger or reader of the same user."""

from __future__ import annotations

import ctypes
import resource
import sys

__all__ = ["keep_memory"]

_PR_SET_DUMPABLE = 4


def keep_memory() -> bool:
    """Forbid core dumps and, on Linux, tracing and reading this process's memory; returns whether both hold."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sys.platform.startswith("linux"):
        return False
    failed: int = ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return failed == 0
