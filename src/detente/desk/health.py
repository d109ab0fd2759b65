"""How the node stands, for whoever looks at the machine: ``/health``, and the API's own description."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.responses import Response

from detente import __version__, words
from detente.desk.asking import Node
from detente.desk.operations import Call, Operation
from detente.errors import DetenteError
from detente.node.desk_door.record_questions import LinesAsked, LinesDocument

__all__ = ["HEALTH", "Health", "look", "sentence"]

say = words.speaker("desk")

_PATIENCE_S = 8.0


class LineRuns(msgspec.Struct, frozen=True):
    """How a line runs."""

    run: str
    reason: str


class Health(msgspec.Struct, frozen=True):
    """ok: the node answers and every line runs. held_s: how long the lines are at one piece of work."""

    ok: bool
    member: str
    version: str
    waits: bool
    lines: dict[str, LineRuns]
    held_s: int = 0


class Description(msgspec.Struct, frozen=True):
    """The description of the API, as far as it describes itself."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, dict[str, Any]]
    components: dict[str, Any]


async def look(node: Node) -> Health:
    """Ask the node how it stands; one that does not answer is said to be down."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            stands: LinesDocument = await node.ask(LinesAsked())
    except (DetenteError, TimeoutError):
        return Health(ok=False, member="", version=__version__, waits=False, lines={})
    # why a line does not run may name a file or a person: that is for the command line
    lines = {one.line: LineRuns(one.run, one.reason) for one in stands.lines}
    ok = not stands.waits and not stands.held_s and all(one.run == "running" for one in stands.lines)
    return Health(ok, stands.member, __version__, bool(stands.waits), lines, stands.held_s)


def sentence(found: Health) -> str:
    """Return how the node stands in one sentence."""
    if not found.member:
        return say("the node does not answer")
    if found.waits:
        return say("the node of {member} waits for its signer: detente unlock", member=found.member)
    if found.held_s:
        return say(
            "the lines of {member} wait for a signer, a disk or a server that has not answered for {count} seconds",
            member=found.member,
            count=found.held_s,
        )
    return say("the node of {member} answers", member=found.member)


async def health(call: Call) -> Response:
    """Tell how the node stands: 200 when it answers and every line runs, else 503; nothing of it is secret."""
    found = await look(call.room.node)
    return Response(msgspec.json.encode(found), 200 if found.ok else 503, media_type="application/json")


async def openapi(call: Call) -> Response:
    """Give this description."""
    raise NotImplementedError  # the application answers it before any handler


HEALTH = (
    Operation("GET", "/health", health, Health, limit="static"),
    Operation("GET", "/openapi.json", openapi, Description, limit="static"),
)
