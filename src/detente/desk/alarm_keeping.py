"""Alarms of encounters on the node's shelf: what was raised and acknowledged survives the desk's end."""

from __future__ import annotations

import asyncio

import msgspec

from detente.desk.asking import Node
from detente.desk.errors import unanswered
from detente.desk.picture.alarm_model import EncounterAlarm, acknowledged
from detente.desk.picture.encounters import Encounters, KeptAlarms
from detente.errors import DetenteError
from detente.node.desk_door.people_questions import ActNoted
from detente.node.desk_door.record_questions import ShelfAsked, ShelfDocument, ShelfKept
from detente.node.serving.log import Log

__all__ = ["AlarmKeeping"]

_NAME = "encounter-alarms"
_EVERY_S = 1.0


class AlarmKeeping:
    """Brings alarms back at the start, and keeps them as they change. is_ready: they were brought back."""

    def __init__(self, node: Node, encounters: Encounters, log: Log) -> None:
        self._node = node
        self._encounters = encounters
        self._log = log
        self._kept_number = 0
        self._lock = asyncio.Lock()
        self.is_ready = False

    async def run(self) -> None:
        """Keep what changes until cancelled; while the node does not answer, it is kept later."""
        while True:
            try:
                if not self.is_ready:
                    await self._bring_back()
                await self.keep()
            except DetenteError as failure:
                self._log.debug("desk.alarms-not-kept", fault=failure.came)
            await asyncio.sleep(_EVERY_S)

    async def keep(self) -> None:
        """Keep the alarms as they are, when they changed. Raises DetenteError."""
        number = self._encounters.alarms_number
        if number == self._kept_number or not self.is_ready:
            return
        async with self._lock:
            await self._node.ask(ShelfKept(name=_NAME, octets=msgspec.json.encode(self._encounters.kept())))
        self._kept_number = number

    async def acknowledge(self, alarm: EncounterAlarm, by: str, actor: str, note: str, now_ms: int) -> None:
        """Acknowledge one alarm: first on the shelf and in the trail, then at every station. Raises DetenteError."""
        if not self.is_ready:
            raise unanswered()
        async with self._lock:
            kept = tuple(
                acknowledged(one, by, note, now_ms) if one.id == alarm.id else one
                for one in self._encounters.kept().alarms
            )
            await self._node.ask(ShelfKept(name=_NAME, octets=msgspec.json.encode(KeptAlarms(kept)), actor=actor))
            detail = {"alarm": alarm.id, "priority": alarm.priority, "note": note}
            await self._node.ask(ActNoted(act="encounter-acknowledged", detail=detail, actor=actor))
            self._encounters.acknowledge(alarm.id, by, note, now_ms)

    async def _bring_back(self) -> None:
        found: ShelfDocument = await self._node.ask(ShelfAsked(name=_NAME))
        if found.octets:
            try:
                self._encounters.bring_back(msgspec.json.decode(found.octets, type=KeptAlarms))
            except msgspec.DecodeError as fault:  # of another version; the next change replaces it
                self._log.error("desk.alarms-unreadable", fault=str(fault)[:200])
        self._kept_number = self._encounters.alarms_number
        self.is_ready = True
