"""Running many worlds one after another in one process."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from tests.simulation.world import World

SWEEP = 100


def worlds(first: int, count: int, kind: str = "") -> Iterator[World]:
    """Give worlds, seed after seed, each until the next is asked for.

    What they leave is swept up now and then and not while they run.
    """
    swept = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for seed in range(first, first + count):
            world = World(seed, kind=kind)
            yield world
            world.forget()
            if seed % SWEEP == SWEEP - 1:
                gc.collect()
    finally:
        gc.unfreeze()
        if swept:
            gc.enable()
        gc.collect()
