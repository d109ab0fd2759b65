"""How kernels are compiled: once per install, ahead of their first use, and never without saying so.

Every kernel has explicit argument types, so importing its module compiles it, or loads it from the cache that
Numba keeps beside the module (or in the user's cache folder where the package cannot be written).
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from numba import njit, types

from detente import words

__all__ = [
    "BYTES",
    "BYTES_LENT",
    "FINDING",
    "FLOATS",
    "FLOATS_LENT",
    "INTEGERS",
    "INTEGERS_LENT",
    "NUMBER",
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
    "kernels_are_compiled",
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
SHORTS = types.int32[::1]
WHOLES = types.int64[:, ::1]
BYTES = types.uint8[::1]
RELATION = types.uint8[:, ::1]

FINDING = ("kernel_legs", "kernel_pairs", "kernel_joins")
PREDICTING = ("kernel_straight", "kernel_instant")
"""The modules of kernels that a search in tracks, and a prediction from one picture, use."""
_QUIET_S = 1.5

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kernel(*signature: Any) -> Callable[[_Function], _Function]:
    """Compile a function ahead of its use for these argument types, through the cache."""
    compiling: Callable[[_Function], _Function] = njit(signature, cache=True, error_model="numpy")
    return compiling


def inlined(function: _Function) -> _Function:
    """Compile a leaf together with the kernels of its own module that call it.

    The leaf must stand in the module of its callers: the cache watches only that file.
    """
    leaf: _Function = njit(function, error_model="numpy")
    return leaf


def kernels_are_compiled(modules: Sequence[str] = FINDING) -> bool:
    """Tell whether every kernel lies compiled in the cache, newer than its source."""
    places = [_HERE / "__pycache__"]
    if os.environ.get("NUMBA_CACHE_DIR"):
        places = [Path(os.environ["NUMBA_CACHE_DIR"])]
    elif not os.access(_HERE, os.W_OK):
        places.append(Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "numba")
    return all(_is_cached(module, places) for module in modules)


def compile_kernels(note: Callable[[str], None] | None = None, *, modules: Sequence[str] = FINDING) -> None:
    """Load every kernel, compiling what is not in the cache.

    note: is called once, with one sentence for the person, when kernels have to be compiled (about half a
    minute, once per install).
    """
    if all(f"{_ROOM}.{module}" in sys.modules for module in modules):
        return
    sentence = say("compiling kernels, once per install; this takes about half a minute")
    if note is not None and not kernels_are_compiled(modules):
        note(sentence)
        note = None
    # the cache may be of another Numba or processor: then only the time it takes tells
    late = threading.Timer(_QUIET_S, note, (sentence,)) if note is not None else None
    if late is not None:
        late.daemon = True
        late.start()
    try:
        for module in modules:
            importlib.import_module(f"{_ROOM}.{module}")
    finally:
        if late is not None:
            late.cancel()


_HERE = Path(__file__).resolve().parent
_ROOM = __name__.rpartition(".")[0]


def _is_cached(module: str, places: list[Path]) -> bool:
    changed = (_HERE / f"{module}.py").stat().st_mtime
    version = f"py{sys.version_info.major}{sys.version_info.minor}.nbi"
    return any(
        found.stat().st_mtime >= changed
        for place in places
        if place.is_dir()
        for found in place.rglob(f"{module}.*{version}")
    )
