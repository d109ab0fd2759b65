"""Running many worlds one after another in one process."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from tests.simulation.world import World

SWEEP = 20


def worlds(first: int, count: int, kind: str = "") -> Iterator[World]:
    """Give worlds, seed after seed. What they leave is swept up now and then and not while they run."""
    swept = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for seed in range(first, first + count):
            yield World(seed, kind=kind)
            if seed % SWEEP == SWEEP - 1:
                gc.collect()
    finally:
        gc.unfreeze()
        if swept:
            gc.enable()
        gc.collect()
