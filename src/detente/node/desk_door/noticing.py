"""Notices what changed without the door: drafts and alarms of verbs beside it, alarms of the node, states of lines."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from detente.errors import DetenteError
from detente.node.alarms.kept import alarms_file
from detente.node.commands_drafts import drafts_file
from detente.node.desk_door.drafting import file_mark
from detente.node.desk_door.line_views import LineStandings
from detente.node.desk_door.news import Topic
from detente.node.desk_door.parts import Parts
from detente.node.desk_door.record_questions import LineDocument

__all__ = ["Noticing"]

_EVERY_S = 1.0


@dataclass(slots=True)
class Noticing:
    """Looks once a second, and tells what differs from the look before."""

    parts: Parts
    standings: LineStandings

    async def run(self) -> None:
        """Look until cancelled."""
        before = await self._look()
        while True:
            await asyncio.sleep(_EVERY_S)
            now = await self._look()
            for topic in now:
                if now[topic] != before[topic]:
                    self.parts.news.changed(topic)
            before = now

    async def _look(self) -> dict[Topic, Any]:
        home = self.parts.home
        alarms = {
            (one.id, one.priority, one.last_ms, one.count, one.acknowledged_ms, one.ended_ms)
            for one in self.parts.alarms()
        }
        return {
            "drafts": file_mark(drafts_file(home)),
            "alarms": (file_mark(alarms_file(home)), alarms),
            "lines": await self._lines(),
        }

    async def _lines(self) -> Any:
        with contextlib.suppress(DetenteError):
            found = await self.standings.document()
            return (found.ready, found.waits, found.held_s > 0, [_standing(one) for one in found.lines])
        return None


def _standing(one: LineDocument) -> tuple[Any, ...]:
    """Return what of a line is news when it differs; not when it was last heard."""
    parties = [(each.member, each.state, each.missed, each.held, each.delivered) for each in one.parties]
    return (one.line, one.run, one.reason, one.held, one.last_test_ms, parties)
