"""The picture in front of the officers: movers, encounters, alarms, replay, overlays, and live changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response, StreamingResponse

from detente import words
from detente.desk.asking import Told
from detente.desk.encounter_words import encounter_sentence
from detente.desk.errors import bad_input, conflict, not_found, refusal_of
from detente.desk.events import Stream
from detente.desk.operations import PREFIX, Call, Nothing, Operation
from detente.desk.overlays import OVERLAY_BYTES_MAX, FeatureCollection, OverlaysDocument, Shelf
from detente.desk.pages import takes_gzip
from detente.desk.picture.alarm_model import PRIORITIES
from detente.desk.picture.documents import Moment, Picture, Replay, Trails
from detente.errors import DetenteError
from detente.node.desk_door.questions import Done
from detente.node.desk_door.record_questions import AlarmAcknowledged, AlarmDocument, AlarmsAsked, AlarmsDocument

__all__ = ["PICTURE", "REPLAY_FRAMES_MAX", "REPLAY_MOVERS_MAX", "merged_alarms"]

say = words.speaker("desk")

REPLAY_FRAMES_MAX = 600
"""Frames of one answer of the replay."""
REPLAY_MOVERS_MAX = 200_000
"""Movers in all frames of one answer of the replay."""
TRAILS_MAX = 200
"""Movers of which the trail is asked for at once."""
_STILL_SIGNED_IN_S = 10.0


class ReplayQuery(msgspec.Struct, frozen=True):
    """Frames from one moment to another, a step apart."""

    from_ms: Moment
    until_ms: Moment
    step_ms: Annotated[int, Meta(ge=1_000, le=86_400_000)] = 10_000


class TrailsQuery(msgspec.Struct, frozen=True):
    """ids: of movers, with commas between them; the time is the last hour when it is left out."""

    ids: Annotated[str, Meta(min_length=1, max_length=8_000)]
    from_ms: Moment | None = None
    until_ms: Moment | None = None


class NoteGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note beside an acknowledgement. count: of the alarm as it was shown; one raised again since is refused."""

    note: Annotated[str, Meta(max_length=1_000)] = ""
    count: Annotated[int, Meta(ge=1, le=2**53)] | None = None


class Silenced(msgspec.Struct, frozen=True):
    """Until when every station is silent."""

    silenced_until_ms: int


async def picture(call: Call) -> Picture:
    """Give the whole picture."""
    return call.room.picture.whole(call.room.now_ms())


async def events(call: Call) -> Response:
    """Stream live changes as server-sent events: picture, news, alarms, clock."""
    is_packed = takes_gzip(call.request.headers.get("accept-encoding", ""))
    stream = call.room.hub.open(call.person.person.id, is_packed=is_packed)
    return StreamingResponse(
        _streamed(call, stream),
        media_type="text/event-stream",
        headers={
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "Vary": "Accept-Encoding",
            **({"Content-Encoding": "gzip"} if is_packed else {}),
        },
    )


async def _streamed(call: Call, stream: Stream) -> AsyncIterator[bytes]:
    """Yield events as long as the session that opened the stream goes on."""
    looked_s = time.monotonic()
    try:
        async for event in stream.events():
            yield event
            if time.monotonic() - looked_s > _STILL_SIGNED_IN_S:
                looked_s = time.monotonic()
                if not await still_signed_in(call):
                    return
    finally:
        call.room.hub.leave(stream)


async def still_signed_in(call: Call) -> bool:
    """Tell whether the session of a call goes on and may still read; a node that does not answer ends nothing."""
    try:
        visitor = await call.room.sign_in.visitor(call.request, is_activity=False)
    except DetenteError as failure:
        return refusal_of(failure).status >= 500  # what is shown is stale then, and the clock says so
    return visitor is not None and bool(visitor.person.roles)


async def replay(call: Call) -> Response:
    """Give frames of the past, in the documents of the live picture."""
    query: ReplayQuery = call.query
    count = (query.until_ms - query.from_ms) // query.step_ms + 1
    if not 1 <= count <= REPLAY_FRAMES_MAX:
        raise bad_input(say("between 1 and {most} frames", most=REPLAY_FRAMES_MAX), str(count), "step_ms")
    most = REPLAY_MOVERS_MAX // max(1, len(call.room.picture.movers))
    moments_ms = [query.from_ms + index * query.step_ms for index in range(min(count, max(1, most)))]
    # frames that are too many for one answer are left to the next: the answer ends earlier, and shows where
    octets = await asyncio.to_thread(lambda: msgspec.json.encode(call.room.picture.replay(moments_ms)))
    return Response(octets, media_type="application/json")


async def trails(call: Call) -> Trails:
    """Give where movers were, as far as it is kept."""
    ids = [name for name in call.query.ids.split(",") if name]
    if not 1 <= len(ids) <= TRAILS_MAX:
        raise bad_input(say("between 1 and {most} movers", most=TRAILS_MAX), str(len(ids)), "ids")
    now_ms = call.room.now_ms()
    until_ms = now_ms if call.query.until_ms is None else call.query.until_ms
    from_ms = until_ms - 3_600_000 if call.query.from_ms is None else call.query.from_ms
    return await asyncio.to_thread(call.room.picture.trails, ids, from_ms, until_ms)


async def alarms(call: Call) -> AlarmsDocument:
    """Give every alarm of the node and of encounters, gravest and newest first."""
    return await merged_alarms(call)


async def merged_alarms(call: Call) -> AlarmsDocument:
    """Return the alarms of the node and those of encounters as one list."""
    of_node: AlarmsDocument = await call.room.node.ask(AlarmsAsked(language=words.language()))
    of_encounters = tuple(
        AlarmDocument(
            id=one.id,
            line="",
            name="encounter",
            member="",
            priority=one.priority,
            sentence=encounter_sentence(one),
            raised_ms=one.raised_ms,
            last_ms=one.last_ms,
            count=one.count,
            state=one.state,
            acknowledged_ms=one.acknowledged_ms,
            acknowledged_by=one.acknowledged_by,
            note=one.note,
            ended_ms=one.ended_ms,
        )
        for one in call.room.picture.encounters.alarms()
    )
    order: dict[str, int] = {name: number for number, name in enumerate(reversed(PRIORITIES))}
    both = sorted(
        (*of_node.alarms, *of_encounters), key=lambda one: (order.get(one.priority, 0), -one.raised_ms, one.id)
    )
    return AlarmsDocument(alarms=tuple(both))


async def alarm_acknowledge(call: Call) -> Done:
    """Note that a person saw this one alarm; it is kept, stands in the trail, and clears at every station."""
    name, by = call.path["id"], call.person.person.name
    if not name.startswith("encounter:"):
        question = AlarmAcknowledged(id=name, by=by, note=call.body.note, actor=call.actor)
        done: Done = await call.room.node.ask(question)
        return done
    alarm = call.room.picture.encounters.find_alarm(name)
    if alarm is None:
        raise not_found(say("no such alarm"))
    if alarm.is_acknowledged or (call.body.count is not None and call.body.count != alarm.count):
        raise conflict(say("an alarm that nobody acknowledged since it was raised"), say("another"))
    await call.room.alarms.acknowledge(alarm, by, call.actor, call.body.note, call.room.now_ms())
    call.room.hub.alarms()
    return Done()


async def alarms_silence(call: Call) -> Silenced:
    """Silence the sound at every station for 30 seconds; whatever is raised in between is heard."""
    until_ms = call.room.picture.encounters.silence(call.room.now_ms())
    call.room.hub.alarms()
    return Silenced(until_ms)


async def overlays(call: Call) -> Told:
    """Give the site's own overlays."""
    return await Shelf(call.room.node).all()


async def overlay_put(call: Call) -> OverlaysDocument:
    """Keep an overlay of one's own under a name."""
    return await Shelf(call.room.node).put(call.path["name"], call.body, call.actor)


async def overlay_remove(call: Call) -> OverlaysDocument:
    """Take an overlay away."""
    return await Shelf(call.room.node).put(call.path["name"], None, call.actor)


PICTURE = (
    Operation("GET", f"{PREFIX}/picture", picture, Picture, limit="picture"),
    Operation("GET", f"{PREFIX}/events", events, limit="picture", media="text/event-stream"),
    Operation("GET", f"{PREFIX}/replay", replay, Replay, query=ReplayQuery, limit="picture"),
    Operation("GET", f"{PREFIX}/trails", trails, Trails, query=TrailsQuery, limit="search"),
    Operation("GET", f"{PREFIX}/alarms", alarms, AlarmsDocument),
    Operation("POST", f"{PREFIX}/alarms/{{id}}/acknowledge", alarm_acknowledge, Done, body=NoteGiven, limit="write"),
    Operation("POST", f"{PREFIX}/alarms/silence", alarms_silence, Silenced, body=Nothing, limit="write"),
    Operation("GET", f"{PREFIX}/overlays", overlays, OverlaysDocument),
    Operation(
        "PUT", f"{PREFIX}/overlays/{{name}}", overlay_put, OverlaysDocument, body=FeatureCollection,
        body_max=OVERLAY_BYTES_MAX, limit="write",
    ),
    Operation("DELETE", f"{PREFIX}/overlays/{{name}}", overlay_remove, OverlaysDocument, limit="write"),
)  # fmt: skip
