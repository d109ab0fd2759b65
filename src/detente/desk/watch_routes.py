"""What machines may post with their token: positions, encounters, feeds and drafts, and nothing else."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detente.desk.asking import Told
from detente.desk.draft_routes import DRAFT_BYTES_MAX
from detente.desk.errors import unanswered
from detente.desk.operations import PREFIX, Call, Operation
from detente.desk.picture.documents import EncountersPosted, FeedsPosted, MoversPosted, Taken
from detente.node.desk_door import record_questions as record

__all__ = ["WATCH", "WATCH_BYTES_MAX"]

WATCH_BYTES_MAX = 8_000_000
"""Bytes of what a machine posts at once, but for drafts."""


class MachineDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A draft of a machine: it waits for people like any other, and says that a machine wrote it.

    key: the machine's own name for it. Posted again with the same key, it is the same draft, as it stands by then:
    nothing is changed, and one that people sent or discarded meanwhile comes back with the state "gone".
    """

    line: Annotated[str, Meta(max_length=100)]
    notice: dict[str, Any]
    attachments: Annotated[tuple[record.AttachmentGiven, ...], Meta(max_length=16)] = ()
    key: Annotated[str, Meta(max_length=200)] = ""


async def watch_positions(call: Call) -> Taken:
    """Take movers where they were last seen."""
    return call.room.picture.take_movers(call.body.movers, call.room.now_ms())


async def watch_encounters(call: Call) -> Taken:
    """Take encounters, and raise or end their alarms."""
    if not call.room.alarms.is_ready:
        raise unanswered()  # what was acknowledged before is not known yet: it would ring again
    return call.room.picture.take_encounters(call.body.encounters, call.room.now_ms())


async def watch_feeds(call: Call) -> Taken:
    """Take how feeds stand."""
    return call.room.picture.take_feeds(call.body.feeds, call.room.now_ms())


async def watch_drafts(call: Call) -> Told:
    """Keep a machine's draft, which people look at, change, release or discard."""
    given: MachineDraft = call.body
    return await call.room.node.told(
        record.DraftKept(
            line=given.line,
            notice=given.notice,
            attachments=given.attachments,
            is_machine=True,
            key=given.key,
            actor=call.actor,
        )
    )


WATCH = (
    Operation(
        "POST", f"{PREFIX}/watch/positions", watch_positions, Taken, body=MoversPosted, body_max=WATCH_BYTES_MAX,
        limit="watch",
    ),
    Operation(
        "POST", f"{PREFIX}/watch/encounters", watch_encounters, Taken, body=EncountersPosted,
        body_max=WATCH_BYTES_MAX, limit="watch",
    ),
    Operation(
        "POST", f"{PREFIX}/watch/feeds", watch_feeds, Taken, body=FeedsPosted, limit="watch",
    ),
    Operation(
        "POST", f"{PREFIX}/watch/drafts", watch_drafts, record.DraftDocument, body=MachineDraft,
        body_max=DRAFT_BYTES_MAX, limit="watch",
    ),
)  # fmt: skip
