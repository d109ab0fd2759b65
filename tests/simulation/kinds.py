"""Kinds of worlds that are biased to one group of trouble, so that what only shows there shows in few seeds.

A world of no kind draws everything from its seed. A kind then puts its own chances in the place of some of them; the
links are no worse than they must be, for what never arrives shows nothing.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.links import Trouble
    from tests.simulation.world import Swarm

KINDS = {
    "": "everything is drawn from the seed",
    "liars": "there is always a liar, and it has most of the tricks",
    "restored": "old backups are restored often, some without their head file",
    "headless": "restored homes have lost their head file, bundles are cut",
    "mirrors": "mirrors are restored, and the author of a log goes on as two",
    "slow": "signers and disks are slow while keys and epochs change",
    "crashes": "processes die often, at any effect; disks and signers are slow",
    "keys": "keys rotate, are stolen and anchored, homes are cloned",
    "copies": "homes are cloned and restored while keys rotate and processes die at any effect",
    "epochs": "members open the next epoch, some while one of them is away",
    "small": "couriers have little room, bundles come in pieces, cut and damaged",
    "clocks": "clocks jump and drift, receipts are late",
}


def bias(kind: str, swarm: Swarm, trouble: Trouble, rng: Random, members: int) -> tuple[Swarm, Trouble]:
    """Return the chances of a world of this kind."""
    if not kind:
        return swarm, trouble
    quick = replace(trouble, loss=rng.choice((0.0, 0.05, 0.3)), window=False, late=rng.choice((0.0, 0.1)))
    quiet = replace(
        swarm, restore=0.0, clone=0.0, theft=0.0, rotate=0.0, epoch=0.0, liars=0, without_head_file=0.0
    )
    if kind == "liars":
        restore = rng.choice((0.0, 0.05))
        return replace(quiet, liars=rng.randint(1, max(1, members - 1)), restore=restore), quick
    if kind == "restored":
        liars = rng.choice((0, 0, 1))
        headless = rng.choice((0.0, 0.3))
        rotate = rng.choice((0.0, 0.05))
        return replace(
            quiet, restore=rng.choice((0.05, 0.1)), without_head_file=headless, liars=liars, rotate=rotate
        ), quick  # fmt: skip
    if kind == "headless":
        return replace(quiet, restore=0.1, without_head_file=0.7, crash=0.03), replace(quick, cut=0.3, small=0.5)
    if kind == "mirrors":
        return replace(quiet, restore=0.1, liars=1), quick
    if kind == "slow":
        some = [rng.choice((0.0, 0.05)) for _ in range(4)]
        return replace(
            quiet, slow_signer=0.3, slow_disk=0.5, epoch=some[0], rotate=some[1], theft=some[2], restore=some[3]
        ), quick  # fmt: skip
    if kind == "crashes":
        return replace(
            quiet, crash=0.08, crash_at_effect=rng.choice((0.01, 0.03)), slow_disk=rng.choice((0.1, 0.5)),
            slow_signer=rng.choice((0.0, 0.2)),
        ), quick  # fmt: skip
    if kind == "keys":
        chances = [rng.choice((0.0, 0.04)) for _ in range(3)]
        return replace(quiet, rotate=0.05, theft=chances[0], clone=chances[1], restore=chances[2]), quick
    if kind == "copies":
        chances = [rng.choice(some) for some in ((0.0, 0.03), (0.02, 0.05), (0.0, 0.3))]
        return replace(
            quiet, clone=0.04, rotate=0.05, crash=0.03, restore=chances[0], crash_at_effect=chances[1],
            slow_disk=chances[2],
        ), quick  # fmt: skip
    if kind == "epochs":
        return replace(quiet, epoch=0.1, rotate=rng.choice((0.0, 0.03))), quick
    if kind == "small":
        return replace(quiet, pieces=0.5), replace(quick, small=0.6, cut=0.3, flip=0.1, repeat=0.2)
    if kind == "clocks":
        return replace(quiet, clock=0.08, crash=0.02), replace(quick, loss=rng.choice((0.05, 0.6)), late=0.3)
    raise ValueError(kind)
