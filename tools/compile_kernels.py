"""Compile every kernel into Numba's cache, so that no test pays for it within its time limit.

python tools/compile_kernels.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import detente.encounters
from detente.encounters.compiled import compile_kernels


def main() -> int:
    """Import every module whose name begins with ``kernel``; 0 when all are in the cache."""
    folder = Path(detente.encounters.__file__).parent
    modules = sorted(source.stem for source in folder.glob("kernel*.py"))
    compile_kernels(print, modules=modules)
    return 0


if __name__ == "__main__":
    sys.exit(main())
