"""Alarms as notifications of a Signal K server: ``signalk+ws://host:3000?token_file=FILE`` and ``signalk+wss://``.

Each alarm is one path, ``notifications.detente.STATION.UID``, of the server's own vessel: caution is ``alert``, warning
``warn``, alarm ``alarm``, emergency ``emergency``; what is over is ``normal`` again. Alarms and emergencies sound, the
others are seen. ``mover=mmsi:230099999`` tells of alarms of that own mover only: a ship's bridge has its own to hear.

Notifications that an earlier run left standing are set back to normal when the server is reached. So two watches that
tell one server need two names: ``station=NAME``.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection

from detente import words
from detente.watch.address_parts import taken_apart
from detente.watch.errors import WatchMistake
from detente.watch.feeds.signalk import stream_headers, stream_link
from detente.watch.feeds.websocket_stream import opened
from detente.watch.outputs.leaving import Alarm, Leaving
from detente.watch.outputs.telling import Output, OutputStanding, Standing, kept_up
from detente.watch.tls_files import TLS_OPTIONS, client_context

__all__ = ["ROOT", "WAITING_MAX", "notification", "output_of", "path_of"]

say = words.speaker("watch")

ROOT = "notifications.detente"
WAITING_MAX = 1_000
"""Notifications that wait for a server, one for each alarm; the one that changed first gives way, counted."""
_STATES = {"caution": "alert", "warning": "warn", "alarm": "alarm", "emergency": "emergency"}
_SOUNDING = ("alarm", "emergency")
_SEND_S_MAX = 20.0
_LOOK_S = 5.0
_SET_BACK_S = 10.0
_STATION = re.compile(r"[0-9A-Za-z_-]{1,40}")


def output_of(address: str) -> Output:
    """Return the output of an address; connects to nothing. Raises WatchMistake that names every fault of it."""
    parts = taken_apart(
        address,
        ports={"signalk+ws": 3000, "signalk+wss": 443},
        options=("token_file", "mover", "station", *TLS_OPTIONS),
        example="signalk+wss://host?token_file=FILE",
    )
    secure = parts.scheme == "signalk+wss"
    station = parts.options.get("station", "watch")
    if not _STATION.fullmatch(station):
        raise WatchMistake(
            expected=say("a station of at most 40 letters, digits, hyphens"),
            came=repr(station[:64]),
            where=parts.name,
            remedy=say("name it shorter: {example}", example="station=bridge"),
        )
    return _SignalKOut(
        parts.name,
        stream_link(parts.host, parts.port, "subscribe=none", secure=secure),
        client_context(parts.options, parts.name) if secure else None,
        stream_headers(parts.options.get("token_file"), parts.host, parts.name, secure=secure),
        parts.options.get("mover", ""),
        f"{ROOT}.{station}.",
    )


def path_of(root: str, uid: str) -> str:
    """Return the path of an alarm under a root; dots divide paths there, so the uid keeps none."""
    return f"{root}{re.sub(r'[^0-9A-Za-z_-]', '-', uid.removeprefix('detente.alarm.'))}"


def notification(alarm: Alarm) -> dict[str, Any]:
    """Return the value of an alarm's path."""
    state = "normal" if alarm.is_over else _STATES[alarm.priority]
    sounds = not alarm.is_over and alarm.rings and alarm.priority in _SOUNDING
    method = [] if alarm.is_over else ["visual", "sound"] if sounds else ["visual"]
    return {"state": state, "method": method, "message": alarm.text, "timestamp": _time(alarm.at)}


@dataclass(slots=True)
class _SignalKOut:
    name: str
    link: str
    context: ssl.SSLContext | None
    headers: dict[str, str] = field(repr=False)
    mover: str
    root: str
    _standing: Standing = field(init=False)
    _active: dict[str, Alarm] = field(default_factory=dict)
    _waiting: OrderedDict[str, Alarm] = field(default_factory=OrderedDict)
    _fresh: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._standing = Standing(self.name)

    @property
    def standing(self) -> OutputStanding:
        """Return how it stands."""
        self._standing.waiting = len(self._waiting)
        return self._standing.frozen()

    async def tell(self, leaving: Leaving) -> None:
        """Take the alarms that changed; of each the newest word waits for the server."""
        self._active = {path_of(self.root, one.uid): one for one in leaving.active if self._is_meant(one)}
        for alarm in filter(self._is_meant, leaving.changed):
            path = path_of(self.root, alarm.uid)
            self._waiting[path] = alarm
            self._waiting.move_to_end(path)
            self._fresh.set()
        while len(self._waiting) > WAITING_MAX:
            self._waiting.popitem(last=False)
            self._standing.drop("too_many")

    def _is_meant(self, alarm: Alarm) -> bool:
        return not self.mover or alarm.own == self.mover

    async def run(self) -> None:
        """Reach the server, tell it, and try again when it is lost, until this task is cancelled."""
        await kept_up(self._serve, self._standing)

    async def _serve(self) -> None:
        async with opened(self.link, name=self.name, context=self.context, headers=self.headers) as connection:
            self._standing.is_up = True
            for path, alarm in self._active.items():
                self._waiting.setdefault(path, alarm)
            await connection.send(_subscription(self.root), text=True)
            reading = asyncio.create_task(self._read(connection))
            try:
                await self._tell_on(connection, reading)
            finally:
                reading.cancel()
                with suppress(asyncio.CancelledError):
                    await reading

    async def _tell_on(self, connection: ClientConnection, reading: asyncio.Task[None]) -> None:
        """Send what waits until the connection ends."""
        while not reading.done():
            self._fresh.clear()
            while self._waiting:
                path, alarm = next(iter(self._waiting.items()))
                await self._send(connection, path, notification(alarm))
                if self._waiting.get(path) is alarm:
                    del self._waiting[path]
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._fresh.wait()

    async def _send(self, connection: ClientConnection, path: str, value: dict[str, Any]) -> None:
        update = {"timestamp": value["timestamp"], "values": [{"path": path, "value": value}]}
        message = msgspec.json.encode({"context": "vessels.self", "updates": [update]})
        async with asyncio.timeout(_SEND_S_MAX):
            await connection.send(message, text=True)
        self._standing.told()

    async def _read(self, connection: ClientConnection) -> None:
        """Read what the server says; what stands there as ours at first and is no alarm that goes on is set back."""
        clock = asyncio.get_running_loop().time
        until_s = clock() + _SET_BACK_S
        async for frame in connection:
            for path in _raised(frame, self.root) if clock() < until_s else ():
                if path not in self._active and path not in self._waiting:
                    await self._send(connection, path, _set_back(datetime.now(UTC)))


def _subscription(root: str) -> bytes:
    """Return the question for our own notifications, as they stand and as they change."""
    wanted = [{"path": f"{root}*", "policy": "instant"}]
    return msgspec.json.encode({"context": "vessels.self", "subscribe": wanted})


def _set_back(at: datetime) -> dict[str, Any]:
    return {"state": "normal", "method": [], "message": say("over"), "timestamp": _time(at)}


def _raised(frame: str | bytes, root: str) -> list[str]:
    """Return the paths of ours that a delta shows as not normal."""
    try:
        told = msgspec.json.decode(frame)
        return [
            value["path"]
            for update in told.get("updates", [])
            for value in update.get("values", [])
            if str(value["path"]).startswith(root)
            and isinstance(value.get("value"), dict)
            and value["value"].get("state") not in {"normal", None}
        ]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, AttributeError):
        return []


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
