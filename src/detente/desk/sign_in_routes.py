"""Coming in and going out: passkeys, one-time links, the site's own sign-in."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import Response

from detente import words
from detente.desk.map_routes import MAP
from detente.desk.operations import PREFIX, Call, Nothing, Operation
from detente.desk.rights import rights_of
from detente.desk.visitors import Visitor
from detente.node.desk_door.people_questions import PersonDocument
from detente.node.desk_door.record_questions import LinesAsked
from detente.node.settings.structs import OtherFrame

__all__ = ["SIGN_IN", "MeDocument"]


class MeDocument(msgspec.Struct, frozen=True):
    """Who is signed in, and what this person may. site: the domain of the passkeys.

    map: address of the site's own map (PMTiles), "" where it has none. other_side: the frame of its movers' symbols.
    """

    person: PersonDocument
    member: str
    language: str
    site: str
    may: tuple[str, ...]
    map: str = ""
    other_side: OtherFrame = "neutral"


class WaysDocument(msgspec.Struct, frozen=True):
    """The ways in, for the page before sign-in. oidc: the site's own sign-in."""

    passkey: bool
    oidc: bool


class OptionsDocument(msgspec.Struct, frozen=True):
    """What the browser's navigator.credentials takes, as JSON of the Web Authentication standard."""


class EnrolBegun(msgspec.Struct, frozen=True):
    """Whose link it is, and the options for the new passkey."""

    name: str
    options: dict[str, Any]


class CodeGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code of a one-time link."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]


class CredentialGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser's navigator.credentials gave, as JSON of the Web Authentication standard."""

    credential: dict[str, Any]


class EnrolmentGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code of a one-time link and the new passkey."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]
    credential: dict[str, Any]


class Out(msgspec.Struct, frozen=True):
    """Nobody is signed in any more."""


class OidcBack(msgspec.Struct, frozen=True):
    """What the site's own sign-in sends back."""

    code: Annotated[str, Meta(max_length=2_000)] = ""
    state: Annotated[str, Meta(max_length=500)] = ""
    error: Annotated[str, Meta(max_length=500)] = ""
    error_description: Annotated[str, Meta(max_length=2_000)] = ""
    error_uri: Annotated[str, Meta(max_length=2_000)] = ""
    iss: Annotated[str, Meta(max_length=500)] = ""
    session_state: Annotated[str, Meta(max_length=500)] = ""


async def sign_in_ways(call: Call) -> WaysDocument:
    """Tell which ways in there are."""
    return WaysDocument(passkey=True, oidc=call.room.has_oidc)


async def me(call: Call) -> MeDocument:
    """Tell who is signed in."""
    return await _me(call, call.person)


async def sign_in_begin(call: Call) -> Response:
    """Give a challenge for a passkey."""
    return await call.room.sign_in.sign_in_begin(call.request, {})


async def sign_in_finish(call: Call) -> Response:
    """Sign in with a passkey."""
    visitor, response = await call.room.sign_in.sign_in_finish(call.request, {"credential": call.body.credential})
    return await _entered(call, visitor, response)


async def enrol_begin(call: Call) -> Response:
    """Tell whose one-time link it is, and give a challenge for the new passkey."""
    return await call.room.sign_in.enrol_begin(call.request, {"code": call.body.code})


async def enrol_finish(call: Call) -> Response:
    """Enrol a passkey with a one-time link, and sign in with it."""
    body = {"code": call.body.code, "credential": call.body.credential}
    visitor, response = await call.room.sign_in.enrol_finish(call.request, body)
    return await _entered(call, visitor, response)


async def oidc_begin(call: Call) -> Response:
    """Go to the site's own sign-in."""
    return await call.room.sign_in.oidc_begin(call.request)


async def oidc_back(call: Call) -> Response:
    """Come back from the site's own sign-in."""
    return await call.room.sign_in.oidc_back(call.request)


async def sign_out(call: Call) -> Response:
    """End the session."""
    return await call.room.sign_in.sign_out(call.request)


async def _entered(call: Call, visitor: Visitor, response: Response) -> Response:
    response.body = msgspec.json.encode(await _me(call, visitor))
    response.headers["content-length"] = str(len(response.body))
    response.headers["content-type"] = "application/json"
    return response


async def _me(call: Call, visitor: Visitor) -> MeDocument:
    stands = await call.room.node.ask(LinesAsked())
    return MeDocument(
        person=visitor.person,
        member=stands.member,
        language=words.language(),
        site=call.room.site,
        may=rights_of(visitor.person),
        map=MAP if call.room.map_file is not None else "",
        other_side=call.room.other_side,
    )


SIGN_IN = (
    Operation("GET", f"{PREFIX}/me", me, MeDocument),
    Operation("GET", f"{PREFIX}/sign-in/ways", sign_in_ways, WaysDocument, limit="sign-in"),
    Operation("POST", f"{PREFIX}/sign-in/begin", sign_in_begin, OptionsDocument, body=Nothing, limit="sign-in"),
    Operation(
        "POST", f"{PREFIX}/sign-in/finish", sign_in_finish, MeDocument, body=CredentialGiven, limit="sign-in"
    ),
    Operation("POST", f"{PREFIX}/enrol/begin", enrol_begin, EnrolBegun, body=CodeGiven, limit="sign-in"),
    Operation("POST", f"{PREFIX}/enrol/finish", enrol_finish, MeDocument, body=EnrolmentGiven, limit="sign-in"),
    Operation("GET", f"{PREFIX}/sign-in/oidc", oidc_begin, limit="sign-in", status=302),
    Operation("GET", f"{PREFIX}/sign-in/oidc/back", oidc_back, query=OidcBack, limit="sign-in", status=302),
    Operation("POST", f"{PREFIX}/sign-out", sign_out, Out, body=Nothing, limit="write"),
)
