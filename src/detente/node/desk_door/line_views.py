"""How every line stands, for the desk: asked of the line thread once a second and when something was stored."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from detente import __version__
from detente.errors import DetenteError
from detente.node.desk_door.record_questions import LineDocument, LinesDocument, PartyDocument
from detente.node.health.figures import LineFigures, PartyFigures, line_figures
from detente.node.host import clock_ms
from detente.node.serving.line_runner import LineRunner
from detente.node.serving.lines import Lines
from detente.node.settings.structs import Settings
from detente.notices.line_types import is_humanitarian_line

__all__ = ["LineStandings"]

_KEPT_S = 1.0
_WITHIN_S = 4.0
"""Who asks how the lines stand is answered by then, whatever holds them: with what was last known."""
_Extra = tuple[str, bool, int | None]
"""Name, whether for training, and when it was last tested."""


class LineStandings:
    """How the lines stand; made on the loop.

    member: whose home it is. couriers: ``CourierStates.document``. grown: differs when a line stored something.
    """

    def __init__(
        self,
        lines: Lines,
        member: str,
        settings: Settings,
        couriers: Callable[[], dict[str, Any] | None],
        grown: Callable[[], int],
    ) -> None:
        self.version = __version__
        self._lines = lines
        self._member = member
        self._settings = settings
        self._couriers = couriers
        self._grown = grown
        self._known_grown = -1
        self._known: tuple[LineDocument, ...] = ()
        self._known_at_s = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def document(self) -> LinesDocument:
        """Return how the whole node stands; what is not known anew in time is what was known before."""
        lines, waits = self._lines, self._lines.waits
        ready = waits is None and bool(lines.member)
        for _ in range(2):  # what was asked before the newest change came is asked once more
            if not ready or lines.held_s or not self._old():
                break
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_WITHIN_S):
                    await asyncio.shield(self._asking)
        held_s = lines.held_s
        return LinesDocument(
            member=self._member,
            version=self.version,
            now_ms=clock_ms(),
            ready=ready,
            waits="" if waits is None else str(waits),
            held_s=max(1, int(held_s)) if held_s else 0,
            lines=self._known if waits is None else (),
        )

    def _old(self) -> bool:
        return time.monotonic() - self._known_at_s > _KEPT_S or self._known_grown != self._grown()

    async def _ask(self) -> None:
        with contextlib.suppress(DetenteError):  # the node stops, or a line is opened anew: known again soon
            grown = self._grown()
            found = await self._lines.look(_looked)
            couriers = (self._couriers() or {}).get("couriers", [])
            self._known = tuple(self._line(figures, extra, couriers) for figures, extra in found)
            self._known_at_s, self._known_grown = time.monotonic(), grown

    def _line(self, figures: LineFigures, extra: _Extra, couriers: list[dict[str, Any]]) -> LineDocument:
        name, is_training, tested_ms = extra
        return LineDocument(
            line=figures.line,
            name=name,
            is_training=is_training,
            is_humanitarian=is_humanitarian_line(figures.line),
            run=figures.run,
            reason=figures.reason,
            held=figures.held,
            last_test_ms=tested_ms,
            two_person_release=self._settings.of_line(figures.line).two_person_release,
            parties=tuple(_party(figures.line, party, couriers) for party in figures.parties),
        )


def _looked(runners: Mapping[str, LineRunner]) -> list[tuple[LineFigures, _Extra]]:
    """Return how each line stands; in the line thread."""
    return [(one, _extra(one.line, runners[one.line])) for one in line_figures(runners, clock_ms())]


def _extra(line: str, runner: LineRunner) -> _Extra:
    host = runner.host
    if host is None:
        return line.removeprefix("training-").rpartition("-")[0], line.startswith("training-"), None
    state = host.state
    tested = [one.test_at_ms for one in state.parties.values() if one.test_at_ms]
    return state.opening.name, state.opening.training, max(tested, default=None)


def _party(line: str, party: PartyFigures, couriers: list[dict[str, Any]]) -> PartyDocument:
    return PartyDocument(
        member=party.member,
        is_member=party.is_member,
        state=party.state,
        heard_ms=party.heard_ms,
        missed=party.missed,
        held=party.held,
        delivered=party.delivered,
        waiting_since_ms=party.waiting_since_ms,
        couriers=tuple(
            msgspec.to_builtins(one) for one in couriers if (one["line"], one["party"]) == (line, party.member)
        ),
    )
