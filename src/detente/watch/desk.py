"""The desk as the watch knows it: what it should show now, brought there as fast as it may be and no faster.

While the desk is away nothing is kept but the newest: of each mover its newest position, of each encounter its
newest state. Drafts wait in the spool. What gives way is counted by name. When the desk comes back it gets everything
anew, for it may have been started anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec
import polars as pl

from detente import words
from detente.door.log import Log
from detente.watch.desk_forms import (
    FEEDS_POSTED_MAX,
    MOVERS_POSTED,
    POSTED_ENCOUNTERS_MAX,
    POSTED_MOVERS_MAX,
    DraftPosted,
    EncounterPosted,
    FeedPosted,
)
from detente.watch.desk_link import Became
from detente.watch.spool import Spool

__all__ = ["ENCOUNTERS_MAX", "MOVERS_MAX", "Desk", "DeskStanding", "Posts"]

say = words.speaker("watch")

MOVERS_MAX = 20_000
"""Movers that wait for the desk, which shows no more; the one heard longest ago gives way."""
ENCOUNTERS_MAX = 2_000
"""Encounters that the desk is told of at once; one that is over gives way first, then the least grave."""
_BURST, _PER_S = 16.0, 8.0
"""Posts at once and a second: a little less than the desk allows, so that it never has to refuse one."""
_KEPT_FOR_ALARMS = 4.0
"""Posts that positions, feeds and drafts leave to encounters."""
_SHARE = 0.34
"""The part of the time that may go into posting positions: a slow desk gets them less often, not later and later."""
_POSITIONS_S, _FEEDS_S, _AGAIN_S, _SMALL_S = 1.0, 2.0, 10.0, 1.0
_BACK_OFF_S, _BACK_OFF_S_MAX, _UNKNOWN_S, _UNFIT_S = 0.5, 30.0, 30.0, 60.0
_GRAVITY = ("caution", "warning", "alarm", "emergency")
_TURNING = ("priority", "state", "predicted", "rings", "in_area", "limit_m")
"""What makes a change of an encounter worth telling at once; its figures alone are told once a second."""

_NOBODY = pl.DataFrame(schema=MOVERS_POSTED)

Route = Literal["positions", "encounters", "feeds", "drafts"]


class Posts(Protocol):
    """What posts: a ``DeskLink``."""

    clock_off_s: float | None

    async def post(self, route: Route, body: bytes) -> Became:
        """Post a body; returns what became of it."""


@dataclass(frozen=True, slots=True)
class DeskStanding:
    """How the desk stands. state: "good", "away", or "unknown" (the token is not good); why: in words.

    posted: what the desk took, by route. refused: what it did not, by its reasons and ours. waiting: drafts.
    """

    state: Literal["good", "away", "unknown"]
    why: str
    posted: dict[str, int]
    refused: dict[str, int]
    waiting: int
    clock_off_s: float | None


@dataclass(slots=True)
class _Budget:
    """Posts that may go now."""

    clock_s: Callable[[], float]
    left: float = _BURST
    at_s: float = field(default=float("-inf"))

    async def spend(self, keep: float) -> None:
        """Wait until one may go with ``keep`` left over."""
        while True:
            now_s = self.clock_s()
            if self.at_s != float("-inf"):
                self.left = min(_BURST, self.left + (now_s - self.at_s) * _PER_S)
            self.at_s = now_s
            if self.left >= 1 + keep:
                self.left -= 1
                return
            await asyncio.sleep((1 + keep - self.left) / _PER_S)


class Desk:
    """Takes what should be shown, and brings it to the desk while ``run`` runs.

    is_given_up: set when the desk's very first word is that the token is not known.
    """

    def __init__(
        self,
        link: Posts,
        spool: Spool | None,
        log: Log,
        *,
        clock_s: Callable[[], float] | None = None,
    ) -> None:
        self._link = link
        self._spool = spool
        self._log = log
        self._clock_s = clock_s or (lambda: asyncio.get_running_loop().time())
        self._movers = _NOBODY
        self._on_the_way = 0
        self._encounters: dict[str, EncounterPosted] = {}
        self._urgent: dict[str, None] = {}
        self._small: dict[str, None] = {}
        self._feeds: tuple[FeedPosted, ...] = ()
        self._rings = asyncio.Event()
        self._drafts = asyncio.Event()
        self._budget = _Budget(self._clock_s)
        self._state: Literal["good", "away", "unknown"] = "away"
        self._why = say("nothing was posted yet")
        self._was_good = False
        self.is_given_up = asyncio.Event()
        self.posted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    # ---- what should be shown ----------------------------------------------------------------------------------

    def show_movers(self, movers: pl.DataFrame) -> None:
        """Let these, MOVERS_POSTED with each mover once, be shown where they were last seen; the last ones stay."""
        self._movers = self._with_room(pl.concat([self._replaced(self._movers, movers), movers]))

    def wants_movers(self) -> bool:
        """Tell whether positions can be used now: the last ones were brought, or the desk is away and newer ones count.

        A slow desk is so given them less often.
        """
        return self._state != "good" or not (self._movers.height or self._on_the_way)

    def show_encounters(self, encounters: Iterable[EncounterPosted]) -> None:
        """Let these be shown as they are now; one whose state is "past" is told and then forgotten."""
        for one in encounters:
            held = self._encounters.get(one.id)
            if held == one or (held is None and not self._room(one)):
                continue
            self._encounters[one.id] = one
            if held is None or any(getattr(held, name) != getattr(one, name) for name in _TURNING):
                self._urgent[one.id] = None
                self._rings.set()
            else:
                self._small[one.id] = None

    def only(self, names: Collection[str]) -> None:
        """Let every encounter be over that is not named: the watch follows it no more, and would never say its end."""
        gone = [one for one in self._encounters.values() if one.state == "active" and one.id not in names]
        self.refused["followed-no-more"] += len(gone)
        self.show_encounters(msgspec.structs.replace(one, state="past") for one in gone)

    def show_feeds(self, feeds: Sequence[FeedPosted]) -> None:
        """Let feeds be shown so; those beyond the desk's most are counted."""
        if len(feeds) > FEEDS_POSTED_MAX:
            self.refused["feeds-beyond-most"] += len(feeds) - FEEDS_POSTED_MAX
        self._feeds = tuple(feeds[:FEEDS_POSTED_MAX])

    async def draft(self, draft: DraftPosted) -> str:
        """Keep a draft for people until the desk has it; returns "" or why it was not kept."""
        why = "no-spool" if self._spool is None else await asyncio.to_thread(self._spool.put, draft)
        if why:
            self.refused[f"draft:{why}"] += 1
            self._log.error("watch.draft-not-kept", why=why, key=draft.key)
        self._drafts.set()
        return why

    def standing(self) -> DeskStanding:
        """Return how the desk stands."""
        refused = dict(self.refused)
        if self._spool is not None and self._spool.lost:
            refused["draft:unreadable"] = self._spool.lost
        waiting = 0 if self._spool is None else len(self._spool)
        return DeskStanding(self._state, self._why, dict(self.posted), refused, waiting, self._link.clock_off_s)

    # ---- bringing it there -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Bring it there until cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (self._bring_encounters, self._bring_positions, self._bring_feeds, self._bring_drafts):
                group.create_task(work())

    async def drain(self, within_s: float) -> None:
        """Bring once more what waits, for so long at most: the last words of a watch that ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._send_encounters([*self._urgent, *self._small])
                if self._movers.height:
                    await self._send_positions()
                if self._feeds:
                    await self._send("feeds", self._feeds, keep=0.0)
                if self._spool is not None:
                    await self._send_drafts()

    async def _bring_encounters(self) -> None:
        pause, again_s, small_s = _BackOff(), self._clock_s() + _AGAIN_S, 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.25):
                    await self._rings.wait()
            self._rings.clear()
            now_s = self._clock_s()
            wanted = dict(self._urgent)
            if now_s >= small_s:
                wanted |= self._small
                small_s = now_s + _SMALL_S
            if now_s >= again_s:  # a desk that was started anew knows of none of them
                wanted |= dict.fromkeys(self._encounters)
                again_s = now_s + _AGAIN_S
            if wanted and not await self._send_encounters(list(wanted)):
                again_s = 0.0
                await pause.wait(self._state)
                continue
            pause.reset()

    async def _bring_positions(self) -> None:
        pause = _BackOff()
        while True:
            begun_s = self._clock_s()
            if self._movers.height and not await self._send_positions():
                await pause.wait(self._state)
                continue
            pause.reset()
            took_s = self._clock_s() - begun_s
            await asyncio.sleep(max(_POSITIONS_S - took_s, took_s * (1 / _SHARE - 1)))

    async def _bring_feeds(self) -> None:
        pause = _BackOff()
        while True:
            if self._feeds and not await self._send("feeds", self._feeds, keep=_KEPT_FOR_ALARMS):
                await pause.wait(self._state)
                continue
            pause.reset()
            await asyncio.sleep(_FEEDS_S)

    async def _bring_drafts(self) -> None:
        if self._spool is None:
            return
        pause = _BackOff()
        while True:
            self._drafts.clear()
            if not await self._send_drafts():
                await pause.wait(self._state)
                continue
            pause.reset()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_UNFIT_S if len(self._spool) else None):
                    await self._drafts.wait()

    async def _send_encounters(self, names: list[str]) -> bool:
        """Post these encounters as they are now; False when that must be tried again."""
        for at in range(0, len(names), POSTED_ENCOUNTERS_MAX):
            chosen = [
                self._encounters[one] for one in names[at : at + POSTED_ENCOUNTERS_MAX] if one in self._encounters
            ]
            if not await self._send("encounters", chosen, keep=0.0):
                return False
            for one in chosen:
                if self._encounters.get(one.id) is not one:
                    continue  # it changed while it was on its way
                self._urgent.pop(one.id, None)
                self._small.pop(one.id, None)
                if one.state == "past":
                    del self._encounters[one.id]
        return True

    async def _send_positions(self) -> bool:
        """Post every mover that waits; what could not be posted waits again, where nothing newer came meanwhile."""
        left, self._movers = self._movers, _NOBODY
        try:
            while left.height:
                self._on_the_way = left.height
                if not await self._send("positions", left.head(POSTED_MOVERS_MAX), keep=_KEPT_FOR_ALARMS):
                    return False
                left = left.slice(POSTED_MOVERS_MAX)
        finally:
            self._on_the_way = 0
            if left.height:
                self._movers = self._with_room(pl.concat([self._replaced(left, self._movers), self._movers]))
        return True

    def _replaced(self, movers: pl.DataFrame, newer: pl.DataFrame) -> pl.DataFrame:
        """Return the movers of which nothing newer is there, counting the others."""
        left = movers.join(newer.select("id"), on="id", how="anti", maintain_order="left")
        self._count("superseded", movers.height - left.height)
        return left

    def _with_room(self, movers: pl.DataFrame) -> pl.DataFrame:
        """Return as many as the desk shows, the last ones, counting the others."""
        self._count("gave-way", movers.height - MOVERS_MAX)
        return movers.tail(MOVERS_MAX)

    def _count(self, reason: str, count: int) -> None:
        if count > 0:
            self.refused[reason] += count

    async def _send_drafts(self) -> bool:
        """Deliver drafts, oldest first; False when the desk is away."""
        assert self._spool is not None  # noqa: S101 - who calls has one
        for waiting in self._spool.waiting():
            draft = await asyncio.to_thread(self._spool.read, waiting)
            if draft is None:
                continue
            became = await self._post("drafts", await asyncio.to_thread(draft.octets), keep=_KEPT_FOR_ALARMS)
            match became.what:
                case "taken":
                    self._spool.delivered(waiting)
                    self.posted["drafts"] += 1
                    self._log.info("watch.draft-delivered", key=waiting.key)
                case "refused":
                    self._spool.refuse(waiting)
                    self.refused["draft:refused"] += 1
                    self._log.error("watch.draft-refused", key=waiting.key, why=became.why)
                case "unfit":
                    self._log.warning("watch.draft-waits", key=waiting.key, why=became.why)
                case _:
                    return False
        return True

    async def _send(self, route: Route, items: Sequence[msgspec.Struct] | pl.DataFrame, *, keep: float) -> bool:
        """Post items under the route's name of them; False when they must be sent again.

        A post that the desk refuses for its form is halved until the item at fault stands alone, and is counted.
        """
        if not len(items):
            return True
        name = "movers" if route == "positions" else route
        if isinstance(items, pl.DataFrame):
            body = await asyncio.to_thread(_table_body, name, items)
        else:
            body = msgspec.json.encode({name: items})
        became = await self._post(route, body, keep=keep)
        if became.what == "taken":
            self.posted[name] += len(items) - sum(became.refused.values())
            for reason, count in became.refused.items():
                self.refused[f"{name}:{reason}"] += count
            return True
        if became.what not in {"refused", "unfit"}:
            return False
        if len(items) == 1:
            self.refused[f"{name}:refused"] += 1
            self._log.error("watch.post-refused", route=route, why=became.why)
            return True
        half = len(items) // 2
        return await self._send(route, items[:half], keep=keep) and await self._send(
            route, items[half:], keep=keep
        )

    async def _post(self, route: Route, body: bytes, *, keep: float) -> Became:
        await self._budget.spend(keep)
        became = await self._link.post(route, body)
        if became.after_s is not None:
            await asyncio.sleep(became.after_s)
        self._turn(became)
        return became

    def _turn(self, became: Became) -> None:
        """Note how the desk stands, and say so when that changed."""
        if became.what == "later":
            state: Literal["good", "away", "unknown"] = "away"
        else:
            state = "unknown" if became.what == "unknown" else "good"
        if state == "unknown" and not self._was_good:
            self.is_given_up.set()
        self._was_good = self._was_good or state == "good"
        changed = state != self._state
        self._state, self._why = state, became.why
        if not changed:
            return
        if state == "good":
            self._log.info("watch.desk-answers")
        else:
            self._log.error("watch.desk-away" if state == "away" else "watch.token-unknown", why=became.why)

    def _room(self, one: EncounterPosted) -> bool:
        """Make room for an encounter; False when it is the least grave of too many, which is counted."""
        if len(self._encounters) < ENCOUNTERS_MAX:
            return True
        self.refused["encounters-beyond-most"] += 1
        last = min(self._encounters.values(), key=_gravity)
        if _gravity(last) >= _gravity(one):
            return False
        for held in (self._encounters, self._urgent, self._small):
            held.pop(last.id, None)
        return True


def _table_body(name: str, items: pl.DataFrame) -> bytes:
    return b'{"%s":%s}' % (name.encode(), items.write_json().encode())


class _BackOff:
    """Longer and longer waits, drawn at random so that several watches do not come at once."""

    def __init__(self) -> None:
        self._tries = 0

    def reset(self) -> None:
        """Begin with a short wait again."""
        self._tries = 0

    async def wait(self, state: str) -> None:
        """Wait; a token that is not known is not tried often."""
        most_s = min(_BACK_OFF_S_MAX, _BACK_OFF_S * 2**self._tries)
        self._tries = min(self._tries + 1, 10)
        await asyncio.sleep(_UNKNOWN_S if state == "unknown" else most_s * random.uniform(0.5, 1.0))  # noqa: S311


def _gravity(one: EncounterPosted) -> tuple[bool, bool, int, int]:
    return one.state == "active", one.rings, _GRAVITY.index(one.priority), one.entered_ms
