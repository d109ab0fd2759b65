"""A desk to look at while its pages are built: everybody is signed in, a small door answers, movers move.

``python -m tests.desk.standing PORT [STATIC]``; the header X-Test-Person chooses somebody else than everything's.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from pathlib import Path

from starlette.requests import Request

from detente.desk.picture.documents import Encounter, Feed, Mover, Side
from detente.desk.process import STATIC
from detente.desk.visitors import Visitor
from tests.desk import desks
from tests.desk.desks import PEOPLE, NamedSignIn, RunningDesk, running


class EverybodySignIn(NamedSignIn):
    """Takes whoever comes for somebody who may everything."""

    async def visitor(self, request: Request, *, is_activity: bool = True) -> Visitor | None:
        """Return who the header names, else everything's."""
        named = await super().visitor(request, is_activity=is_activity)
        return named or Visitor(PEOPLE["everything"], "everybody")


def movers(count: int, at_ms: int) -> tuple[Mover, ...]:
    """Return movers on circles in the Baltic."""
    sides: tuple[Side, ...] = ("own", "other", "neutral", "unknown")
    found = []
    for number in range(count):
        turn = at_ms / 600_000 + number
        found.append(
            Mover(
                id=f"mover-{number}",
                kind="aircraft" if number % 5 == 0 else "ship",
                side=sides[number % 4],
                name=f"MOVER {number}",
                lon_deg=19.5 + number % 37 / 12 + 0.05 * math.cos(turn),
                lat_deg=56.5 + number // 37 / 40 + 0.03 * math.sin(turn),
                speed_kn=12.0,
                altitude_m=9_000.0 if number % 5 == 0 else None,
                course_deg=(90 - math.degrees(turn)) % 360,
                at_ms=at_ms,
                feed="ais",
            )
        )
    return tuple(found)


def encounter(at_ms: int, begun_ms: int) -> Encounter:
    """Return an encounter that goes on."""
    return Encounter(
        id="mover-0 mover-1", a="mover-0", b="mover-1", side_a="own", side_b="other", priority="alarm", state="active",
        entered_ms=begun_ms, closest_ms=at_ms + 300_000, distance_m=1_500.0, closest_distance_m=700.0,
        closest_lon_deg=19.6, closest_lat_deg=56.6, line=((19.6, 56.6), (19.61, 56.6)), predicted=True,
        evidence="two AIS tracks", limit_m=1_852.0,
    )  # fmt: skip


def main(argv: list[str]) -> int:
    """Run until Ctrl-C."""
    desks.NamedSignIn = EverybodySignIn  # type: ignore[misc]
    static = Path(argv[1]) if len(argv) > 1 else STATIC
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home", static, int(argv[0])) as desk:
        print(desk.url, flush=True)  # noqa: T201
        begun_ms = time.time_ns() // 1_000_000
        while True:
            move(desk, begun_ms)
            time.sleep(1)


def move(desk: RunningDesk, begun_ms: int) -> None:
    """Post what a watch would."""
    at_ms = time.time_ns() // 1_000_000
    desk.do(lambda: desk.room.picture.take_movers(movers(200, at_ms), at_ms))
    desk.do(lambda: desk.room.picture.take_encounters([encounter(at_ms, begun_ms)], at_ms))
    feed = Feed(name="ais", state="good", last_ms=at_ms, rate_per_s=200.0, movers=200)
    desk.do(lambda: desk.room.picture.take_feeds([feed], at_ms))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
