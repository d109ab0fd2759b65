"""How kernels are compiled: once per install, ahead of their first use, and never without saying so.

Every kernel has explicit argument types, so importing its module compiles it, or loads it from the cache that
Numba keeps beside the module (or in the user's cache folder where the package cannot be written).
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from numba import njit, types
from numba.core import event

from detente import words

__all__ = [
    "BYTES",
    "BYTES_LENT",
    "FINDING",
    "FLOATS",
    "FLOATS_LENT",
    "INTEGERS",
    "INTEGERS_APART",
    "INTEGERS_LENT",
    "LIVE",
    "LIVE_PAIRS",
    "NUMBER",
    "PAIRS",
    "PREDICTING",
    "RELATION",
    "SHORTS",
    "SINGLES",
    "SINGLES_LENT",
    "TABLE",
    "WHOLE",
    "WHOLES",
    "compile_kernels",
    "inlined",
    "kernel",
    "lean",
]

say = words.speaker("encounters")

NUMBER = types.float64
# what Polars lends may not be written; what may be written fits too
FLOATS_LENT = types.Array(types.float64, 1, "C", readonly=True)
SINGLES_LENT = types.Array(types.float32, 1, "C", readonly=True)
INTEGERS_LENT = types.Array(types.int64, 1, "C", readonly=True)
BYTES_LENT = types.Array(types.uint8, 1, "C", readonly=True)
WHOLE = types.int64
FLOATS = types.float64[::1]
SINGLES = types.float32[::1]
TABLE = types.float64[:, ::1]
INTEGERS = types.int64[::1]
INTEGERS_APART = types.int64[:]
SHORTS = types.int32[::1]
PAIRS = types.int32[:, ::1]
WHOLES = types.int64[:, ::1]
BYTES = types.uint8[::1]
RELATION = types.uint8[:, ::1]

FINDING = (
    "kernel_legs",
    "kernel_candidates",
    "kernel_overlaps",
    "kernel_describe",
    "kernel_joins",
    "kernel_motion",
)
PREDICTING = ("kernel_straight", "kernel_instant")
"""The modules of kernels that a search in tracks, and a prediction from one picture, use."""
LIVE_PAIRS = (*PREDICTING, "kernel_live")
LIVE = (*LIVE_PAIRS, "kernel_legs", "kernel_near", "kernel_cells", "kernel_times", "kernel_visits")
"""The modules of kernels that a live step uses, without areas and with them."""

_UNCOUNTED: dict[str, Any] = {"error_model": "numpy", "forceinline": True, "_nrt": False}

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kernel(*signature: Any) -> Callable[[_Function], _Function]:
    """Compile a function ahead of its use for these argument types, through the cache.

    While it runs other threads may: it touches nothing but the arrays that it is given.
    """
    return cast("Callable[[_Function], _Function]", njit(signature, cache=True, error_model="numpy", nogil=True))


def inlined(function: _Function) -> _Function:
    """Compile a leaf together with the kernels of its own module that call it.

    The leaf must stand in the module of its callers: the cache watches only that file.
    """
    leaf: _Function = njit(function, error_model="numpy", forceinline=True)
    return leaf


def lean(function: _Function) -> _Function:
    """Compile a leaf like ``inlined`` that makes no array: then none of those it is given need be counted.

    Counting who holds an array takes atomic additions, at each call, for each array.
    """
    leaf: _Function = njit(function, **_UNCOUNTED)
    return leaf


class _Teller(event.Listener):
    """Says once that kernels are being compiled, when the first one is."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note: Callable[[str], None] | None = note

    def on_start(self, event: event.Event) -> None:  # noqa: ARG002 - Numba's own
        """Say it, unless it was said."""
        note, self._note = self._note, None
        if note is not None:
            note(say("compiling kernels, once per install; this takes about half a minute"))

    def on_end(self, event: event.Event) -> None:
        """Do nothing."""


def compile_kernels(note: Callable[[str], None] | None = None, *, modules: Sequence[str] = FINDING) -> None:
    """Load every kernel, compiling what is not in the cache.

    note: is called once, with one sentence for the person, when the first kernel has to be compiled (about half a
    minute, once per install); never when all are only loaded, however long that takes.
    """
    if all(f"{_ROOM}.{module}" in sys.modules for module in modules):
        return
    with contextlib.ExitStack() as listening:
        if note is not None:
            listening.enter_context(event.install_listener("numba:compile", _Teller(note)))
        for module in modules:
            importlib.import_module(f"{_ROOM}.{module}")


_ROOM = __name__.rpartition(".")[0]
