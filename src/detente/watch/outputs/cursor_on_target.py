"""Alarms, danger areas and the own side as Cursor-on-Target: ``--cot-out tls://host:8089?cert_file=FILE&cert_key_file=FILE&ca_file=FILE``.

Without encryption (``tcp://``) to this machine alone. What is given here has passed the gate
(detente.watch.outputs.leaving): nothing in this file sees a mover of another side.

State is told, not history: while the server is away nothing is kept but what holds now, and alarms that ended since.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from xml.sax.saxutils import escape, quoteattr

from detente import words
from detente.notices.quantities import KNOT_MS
from detente.watch.address_parts import taken_apart
from detente.watch.errors import OutputLost
from detente.watch.feeds.cursor_on_target import ping
from detente.watch.outputs.leaving import Alarm, Area, Leaving, OwnMover
from detente.watch.outputs.telling import Output, OutputStanding, Standing, kept_up
from detente.watch.plain_streams import opened_stream
from detente.watch.tls_files import TLS_OPTIONS, client_context

__all__ = ["ENDED_MAX", "alarm_event", "area_events", "mover_event", "output_of"]

say = words.speaker("watch")

ALARM_EVERY_S = 20.0
ALARM_STALE_S = 60.0
"""An alarm that is not said again for so long vanishes from the screens of others."""
AREA_EVERY_S = 300.0
AREA_STALE_S = 900.0
MOVER_EVERY_S = 10.0
"""A mover of the own side is told that often at most, and only with a newer fix."""
MOVER_STALE_S = 60.0
ENDED_MAX = 1_000
"""Ends of alarms that wait for a server; the one that ended first gives way, counted."""
WRITE_S_MAX = 20.0
"""A server that takes nothing for so long is given up."""
_LOOK_S = 0.5
_PING_EVERY_S = 20.0
Said = TypeVar("Said")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FRIEND = {"ship": "a-f-S", "aircraft": "a-f-A"}
_RINGING = ("alarm", "emergency")


def output_of(address: str) -> Output:
    """Return the output of an address; connects to nothing. Raises WatchMistake that names every fault of it."""
    parts = taken_apart(
        address,
        ports={"tls": 8089, "tcp": 8087},
        options=("server_name", *TLS_OPTIONS),
        example="tls://host:8089?cert_file=FILE&cert_key_file=FILE&ca_file=FILE",
        only_loopback=("tcp",),
    )
    context = client_context(parts.options, parts.name) if parts.scheme == "tls" else None
    server_name = parts.options.get("server_name") if context is not None else None
    return _CursorOnTargetOut(parts.name, parts.host, parts.port, context, server_name)


@dataclass(slots=True)
class _CursorOnTargetOut:
    name: str
    host: str
    port: int
    context: ssl.SSLContext | None
    server_name: str | None
    _standing: Standing = field(init=False)
    _now: Leaving = field(default_factory=lambda: Leaving(datetime.now(UTC)))
    _ended: OrderedDict[str, Alarm] = field(default_factory=OrderedDict)
    _fresh: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._standing = Standing(self.name)

    @property
    def standing(self) -> OutputStanding:
        """Return how it stands."""
        self._standing.waiting = len(self._ended)
        return self._standing.frozen()

    async def tell(self, leaving: Leaving) -> None:
        """Take what holds now; the newest replaces what was not sent yet, but ends of alarms wait."""
        self._now = leaving
        for alarm in leaving.changed:
            if alarm.is_over:
                self._ended[alarm.uid] = alarm
            else:
                self._ended.pop(alarm.uid, None)
        while len(self._ended) > ENDED_MAX:
            self._ended.popitem(last=False)
            self._standing.drop("too_many")
        if leaving.changed:
            self._fresh.set()

    async def run(self) -> None:
        """Reach the server, tell it, and try again when it is lost, until this task is cancelled."""
        await kept_up(self._serve, self._standing)

    async def _serve(self) -> None:
        async with opened_stream(
            self.host,
            self.port,
            name=self.name,
            context=self.context,
            server_name=self.server_name,
            limit=65_536,
        ) as (reader, writer):
            self._standing.is_up = True
            reading = asyncio.create_task(_read_away(reader))
            try:
                await self._tell_on(writer, reading)
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _tell_on(self, writer: asyncio.StreamWriter, reading: asyncio.Task[None]) -> None:
        """Send what is due until the server ends the connection; raises OutputLost."""
        clock, due = asyncio.get_running_loop().time, _Due()
        spoke_s = clock()
        while not reading.done():
            now, at_s = datetime.now(UTC), clock()
            ended = list(self._ended.values())
            messages = [alarm_event(one, now) for one in ended] + list(due.of(self._now, now, at_s))
            if not messages and at_s - spoke_s >= _PING_EVERY_S:
                messages = [ping(now)]
            if messages:
                spoke_s = at_s
                writer.write(b"".join(messages))
                async with asyncio.timeout(WRITE_S_MAX):
                    await writer.drain()
                for one in ended:
                    self._ended.pop(one.uid, None)
                self._standing.told(len(messages))
            self._fresh.clear()
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._fresh.wait()
            except TimeoutError:
                pass
        raise OutputLost(
            expected=say("a server that takes alarms"),
            came=say("the server ended the connection"),
            where=self.name,
            remedy=say("it is tried again by itself"),
        )


async def _read_away(reader: asyncio.StreamReader) -> None:
    """Read what the server says to everybody and drop it, so that it does not have to wait for us."""
    while await reader.read(65_536):
        pass


class _Due:
    """Knows, for one connection, what was said when."""

    def __init__(self) -> None:
        self._alarms: dict[str, tuple[Alarm, float]] = {}
        self._areas: dict[str, tuple[Area, float]] = {}
        self._movers: dict[str, tuple[datetime, float]] = {}

    def of(self, now: Leaving, at: datetime, at_s: float) -> Iterator[bytes]:
        """Yield the events that are due, and remember them as said."""
        self._forget(now)
        for alarm in now.active:
            said = self._alarms.get(alarm.uid)
            if said is None or said[0] != alarm or at_s - said[1] >= ALARM_EVERY_S:
                self._alarms[alarm.uid] = (alarm, at_s)
                yield alarm_event(alarm, at)
        for area in now.areas:
            known = self._areas.get(area.uid)
            if known is None or known[0] != area or at_s - known[1] >= AREA_EVERY_S:
                self._areas[area.uid] = (area, at_s)
                yield from area_events(area, at)
        for mover in now.movers:
            before = self._movers.get(mover.id)
            if before is None or (mover.at > before[0] and at_s - before[1] >= MOVER_EVERY_S):
                self._movers[mover.id] = (mover.at, at_s)
                yield mover_event(mover)

    def _forget(self, now: Leaving) -> None:
        """Forget what goes on no more."""
        self._alarms = _only(self._alarms, {one.uid for one in now.active})
        self._areas = _only(self._areas, {one.uid for one in now.areas})
        self._movers = _only(self._movers, {one.id for one in now.movers})


def _only(known: dict[str, Said], wanted: set[str]) -> dict[str, Said]:
    return {uid: said for uid, said in known.items() if uid in wanted}


def alarm_event(alarm: Alarm, now: datetime) -> bytes:
    """Return an alarm as an event. Alarms and emergencies ring on the screens of others, what is below is a mark.

    The same uid carries it from the beginning to the end; the end is the cancellation that such screens know.
    """
    rings = alarm.rings and alarm.priority in _RINGING
    if alarm.is_over:
        kind = "b-a-o-can"
    elif not rings:
        kind = "b-m-p-s-m"
    else:
        kind = "b-a-g" if alarm.kind == "area" else "b-a-o-pan"
    title = alarm.own_name or alarm.area or alarm.own
    detail = [f"<contact callsign={_quoted(title)}/>"]
    if kind.startswith("b-a"):
        state = 'cancel="true"' if alarm.is_over else f"type={_quoted(alarm.priority)}"
        detail.append(f"<emergency {state}>{_text(title)}</emergency>")
    detail.append(f"<remarks>{_text(alarm.text)}</remarks>")
    lon, lat = alarm.place
    return _event(
        alarm.uid,
        kind,
        "m-g",
        (now, now, now + timedelta(seconds=ALARM_STALE_S)),
        (lat, lon, None),
        "".join(detail),
    )


def area_events(area: Area, now: datetime) -> list[bytes]:
    """Return an area as drawn shapes, one for each ring."""
    until = now + timedelta(seconds=AREA_STALE_S)
    stale = min(until, area.until_at) if area.until_at is not None else until
    height = " - ".join("?" if one is None else f"{one:.0f} m" for one in (area.lower_m, area.upper_m))
    windows = " - ".join("" if one is None else _time(one) for one in (area.from_at, area.until_at))
    remarks = say("danger area, {window}, height {height}", window=windows, height=height)
    events = []
    for number, ring in enumerate(area.rings):
        corners = "".join(f'<link point="{lat:.6f},{lon:.6f},0.0"/>' for lon, lat in ring)
        detail = (
            f"{corners}<contact callsign={_quoted(area.name)}/><strokeColor value='-65536'/>"
            f"<strokeWeight value='3.0'/><fillColor value='553582592'/><labels_on value='true'/>"
            f"<remarks>{_text(remarks)}</remarks>"
        )
        uid = area.uid if number == 0 else f"{area.uid}.{number}"
        lon, lat = area.middle
        events.append(_event(uid, "u-d-f", "h-e", (now, now, stale), (lat, lon, None), detail))
    return events


def mover_event(mover: OwnMover) -> bytes:
    """Return where a mover of the own side is, at the time of its fix."""
    kind = _FRIEND.get(mover.kind, "a-f-X")
    if mover.military is not None and mover.kind in _FRIEND:
        kind += {"ship": ("-X", "-C"), "aircraft": ("-C", "-M")}[mover.kind][mover.military]
    speed = "" if mover.speed_kn is None else f' speed="{mover.speed_kn * KNOT_MS:.2f}"'
    course = "" if mover.course_deg is None else f' course="{mover.course_deg:.1f}"'
    track = f"<track{course}{speed}/>" if speed or course else ""
    # a pressure altitude is no height above the ellipsoid: a few hundred metres may lie between
    height = mover.altitude_m if mover.altitude_datum == "ellipsoid" else None
    pressure = mover.altitude_m if mover.altitude_datum == "pressure" else None
    remarks = "" if pressure is None else say("pressure altitude {height} m", height=f"{pressure:.0f}")
    detail = f"<contact callsign={_quoted(mover.name or mover.id)}/>{track}"
    if remarks:
        detail += f"<remarks>{_text(remarks)}</remarks>"
    times = (mover.at, mover.at, mover.at + timedelta(seconds=MOVER_STALE_S))
    return _event(f"detente.{mover.id}", kind, "m-g", times, (mover.lat_deg, mover.lon_deg, height), detail)


def _event(
    uid: str,
    kind: str,
    how: str,
    times: Iterable[datetime],
    place: tuple[float, float, float | None],
    detail: str,
) -> bytes:
    time, start, stale = (_time(one) for one in times)
    lat, lon, height = place
    hae = "9999999.0" if height is None else f"{height:.1f}"
    return (
        f'<event version="2.0" uid={_quoted(uid)} type="{kind}" how="{how}" time="{time}" start="{start}"'
        f' stale="{stale}"><point lat="{lat:.6f}" lon="{lon:.6f}" hae="{hae}" ce="9999999.0" le="9999999.0"/>'
        f"<detail>{detail}</detail></event>\n"
    ).encode()


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _visible(text: str) -> str:
    r"""Show what XML cannot carry as \x1b, so that a name from the radio breaks nobody's parser."""
    return _NOT_IN_XML.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def _text(text: str) -> str:
    return escape(_visible(text))


def _quoted(text: str) -> str:
    return quoteattr(_visible(text))
