"""People, their roles and links, machines' tokens, and the trail of acts: for keepers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from detente import words
from detente.desk.asking import Told
from detente.desk.errors import conflict
from detente.desk.operations import PREFIX, Call, Nothing, Operation
from detente.desk.picture.documents import Moment
from detente.node.desk_door import people_questions as asked
from detente.node.desk_door.questions import Done

__all__ = ["PEOPLE"]

say = words.speaker("desk")

PersonName = Annotated[str, Meta(min_length=1, max_length=100)]
Roles = Annotated[tuple[asked.Role, ...], Meta(min_length=1, max_length=4)]
Outsider = Annotated[str, Meta(max_length=500)]


class PersonGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person. outsider: issuer and "sub" of the site's own sign-in, "" for none."""

    name: PersonName
    roles: Roles
    outsider: Outsider = ""


class TokenGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token for a watch. days: for how long; None for until it is removed."""

    name: PersonName
    days: Annotated[int, Meta(ge=1, le=3_660)] | None = None


class TrailQuery(msgspec.Struct, frozen=True):
    """Which acts. before: as the last page's ``next``."""

    before: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    from_ms: Moment | None = None
    until_ms: Moment | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


async def people(call: Call) -> Told:
    """Give everybody, and every token."""
    return await call.room.node.told(asked.PeopleAsked())


async def person_add(call: Call) -> Told:
    """Add a person; the answer has the one-time link's code, told once."""
    given: PersonGiven = call.body
    return await call.room.node.told(
        asked.PersonAdded(name=given.name, roles=given.roles, outsider=given.outsider, actor=call.actor)
    )


async def person_change(call: Call) -> Told:
    """Give a person other roles or another name."""
    given: PersonGiven = call.body
    return await call.room.node.told(
        asked.PersonChanged(
            id=call.path["id"], name=given.name, roles=given.roles, outsider=given.outsider, actor=call.actor
        )
    )


async def person_remove(call: Call) -> Told:
    """Remove a person: every session ends, every passkey opens nothing any more."""
    if call.path["id"] == call.actor:
        raise conflict(say("another keeper"), say("oneself"), say("let another keeper do it"))
    return await call.room.node.told(asked.PersonRemoved(id=call.path["id"], actor=call.actor))


async def person_re_enrol(call: Call) -> Told:
    """Re-enrol a lost passkey: the first keeper asks, another one confirms and gets the link."""
    return await call.room.node.told(asked.ReEnrolled(id=call.path["id"], actor=call.actor))


async def token_add(call: Call) -> Told:
    """Make a token for a watch; it is told once."""
    return await call.room.node.told(asked.TokenAdded(name=call.body.name, days=call.body.days, actor=call.actor))


async def token_remove(call: Call) -> Told:
    """Take a token away."""
    return await call.room.node.told(asked.TokenRemoved(id=call.path["id"], actor=call.actor))


async def trail(call: Call) -> Told:
    """Tell what was done, newest first."""
    query: TrailQuery = call.query
    return await call.room.node.told(asked.TrailAsked(**msgspec.structs.asdict(query)))


_ONE = f"{PREFIX}/people/{{id}}"
PEOPLE = (
    Operation("GET", f"{PREFIX}/people", people, asked.PeopleDocument),
    Operation("POST", f"{PREFIX}/people/tokens", token_add, asked.TokenMade, body=TokenGiven, limit="manage"),
    Operation("DELETE", f"{PREFIX}/people/tokens/{{id}}", token_remove, Done, limit="manage"),
    Operation("POST", f"{PREFIX}/people", person_add, asked.LinkDocument, body=PersonGiven, limit="manage"),
    Operation("PATCH", _ONE, person_change, asked.PersonDocument, body=PersonGiven, limit="manage"),
    Operation("DELETE", _ONE, person_remove, Done, limit="manage"),
    Operation("POST", f"{_ONE}/re-enrol", person_re_enrol, asked.LinkDocument, body=Nothing, limit="manage"),
    Operation("GET", f"{PREFIX}/trail", trail, asked.TrailDocument, query=TrailQuery),
)
