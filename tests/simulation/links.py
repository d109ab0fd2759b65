"""Links: what carriers do to a bundle on its way. Nothing here knows what a bundle holds."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.nodes import Node
    from tests.simulation.world import World

MINUTE_MS = 60_000
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Trouble:
    """How bad the links of one world are; every figure is a chance from 0 to 1 unless it says otherwise."""

    loss: float
    repeat: float
    late: float
    late_max_ms: int
    flip: float
    cut: float
    glue: float
    one_way: float
    window: bool  # open five minutes a day
    small: float  # the courier has room for little

    @classmethod
    def draw(cls, rng: Random) -> Trouble:
        def some(most: float) -> float:
            return rng.choice((0.0, 0.0, most / 10, most))

        return cls(
            loss=rng.choice((0.0, 0.05, 0.3, 0.6, 0.9)),
            repeat=some(0.4),
            late=some(0.5),
            late_max_ms=rng.choice((MINUTE_MS, DAY_MS, 40 * DAY_MS)),
            flip=some(0.3),
            cut=some(0.4),
            glue=some(0.05),
            one_way=some(0.3),
            window=rng.random() < 0.1,
            small=some(0.5),
        )


class Links:
    """Carries bundles between nodes, badly while there is trouble."""

    def __init__(self, world: World, trouble: Trouble) -> None:
        self.world, self.trouble = world, trouble
        self.blocked: set[tuple[str, str]] = set()
        self.kept: list[tuple[bytes, str, str]] = []  # what somebody may replay years later

    def room(self) -> int:
        """How many bytes the courier takes this time."""
        if self.world.trouble and self.world.rng.random() < self.trouble.small:
            self.world.marks["small courier"] += 1
            return self.world.rng.choice((600, 2_500, 6_000))
        return 4_000_000

    def flap(self) -> None:
        """Some directions close, others open."""
        rng = self.world.rng
        names = [node.label for node in self.world.nodes]
        self.blocked = {(a, b) for a in names for b in names if rng.random() < self.trouble.one_way}
        self.world.marks["one-way partition"] += bool(self.blocked)

    def carry(self, source: str, target: Node, octets: bytes) -> None:
        """Bring the bytes there: now, later, twice, damaged or never."""
        world, rng, trouble = self.world, self.world.rng, self.trouble
        if not world.trouble:
            world.after(rng.randint(1, 50), world.deliver, target, octets, source)
            return
        if len(self.kept) < 60 or rng.random() < 0.1:
            if len(self.kept) >= 60:
                self.kept.pop(rng.randrange(60))
            self.kept.append((octets, source, target.label))
        if (source, target.label) in self.blocked or rng.random() < trouble.loss:
            world.marks["lost"] += 1
            return
        if trouble.window and world.now_ms % DAY_MS > 5 * MINUTE_MS:
            world.marks["outside the five minutes"] += 1
            if rng.random() < 0.9:
                return
        times = 1
        if rng.random() < trouble.repeat:
            world.marks["repeated"] += 1
            times = rng.randint(2, 3)
        for _ in range(times):
            delay_ms = rng.randint(1, 2_000)
            if rng.random() < trouble.late:
                delay_ms = rng.randint(1, trouble.late_max_ms)
                world.marks["late, out of order"] += 1
                world.marks["late by weeks"] += delay_ms > 14 * DAY_MS
            world.after(delay_ms, world.deliver, target, self._damaged(octets), source)

    def _damaged(self, octets: bytes) -> bytes:
        rng, trouble, marks = self.world.rng, self.trouble, self.world.marks
        if rng.random() < trouble.flip:
            marks["bit flipped"] += 1
            changed = bytearray(octets)
            for _ in range(rng.choice((1, 1, 1, 8))):
                changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
            octets = bytes(changed)
        if rng.random() < trouble.cut:
            marks["cut short"] += 1
            octets = octets[: rng.randrange(len(octets))]
        if self.kept and rng.random() < trouble.glue:
            marks["glued"] += 1
            octets += rng.choice(self.kept)[0]
        return octets
