"""Writing notices: forms, checks while typing, drafts, and their release by officers' touches."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import Response

from detente import words
from detente.desk.asking import Told
from detente.desk.errors import bad_input, not_allowed
from detente.desk.operations import PREFIX, Call, Nothing, Operation
from detente.desk.picture.documents import Moment
from detente.desk.record_routes import saved
from detente.node.desk_door import record_questions as record
from detente.node.desk_door.questions import Done

__all__ = ["DRAFTS", "DRAFT_BYTES_MAX", "NOTICE_BYTES_MAX", "ReleaseBegun"]

say = words.speaker("desk")

DRAFT_BYTES_MAX = 88_000_000
"""Bytes of a draft with all its attachments, which JSON carries as base64."""
NOTICE_BYTES_MAX = 2_000_000
"""Bytes of a form that is checked while it is typed."""
_TOUCH_MS = 120_000

Octets = Annotated[str, Meta(max_length=20_000)]


class CheckGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form as far as it is filled."""

    line: Annotated[str, Meta(max_length=100)]
    notice: dict[str, Any]


class DraftGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A draft to be kept; with the submission of one that waits: to be changed.

    An attachment that the draft has already is named by its sha256, without octets. is_unfinished: keep a form with
    faults, too. revision: of the draft as it was read; when another station changed it since, nothing is kept (409).
    """

    line: Annotated[str, Meta(max_length=100)]
    notice: dict[str, Any]
    attachments: Annotated[tuple[record.AttachmentGiven, ...], Meta(max_length=16)] = ()
    answer_by_ms: Moment | None = None
    in_reply_to: Annotated[str, Meta(max_length=200)] = ""
    submission: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")] = ""
    is_unfinished: bool = False
    revision: Annotated[int, Meta(ge=0, le=2**53)] | None = None


class ReleaseBegun(msgspec.Struct, frozen=True):
    """options: what navigator.credentials takes; given: names of officers who released it so far."""

    options: dict[str, Any]
    needed: int
    given: tuple[str, ...]


class TouchResponse(msgspec.Struct, frozen=True):
    """What the authenticator signed, as base64url without padding."""

    authenticatorData: Octets  # noqa: N815 - the standard's name
    clientDataJSON: Octets  # noqa: N815
    signature: Octets


class Touch(msgspec.Struct, frozen=True):
    """What the browser's navigator.credentials gave, as JSON of the Web Authentication standard."""

    id: Annotated[str, Meta(max_length=2_000)]
    response: TouchResponse


class TouchGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An officer's touch for exactly this draft."""

    credential: Touch


async def forms(call: Call) -> Told:
    """Give every kind of notice as a form."""
    return await call.room.node.told(record.FormsAsked())


async def drafts(call: Call) -> Told:
    """Give every draft that waits, oldest first."""
    return await call.room.node.told(record.DraftsAsked())


async def check(call: Call) -> Told:
    """Check a form while it is typed, and tell what it would owe."""
    return await call.room.node.told(
        record.CheckAsked(line=call.body.line, notice=call.body.notice, language=words.language())
    )


async def draft_keep(call: Call) -> Told:
    """Keep a draft, or change one that waits, which takes back every release of it."""
    return await call.room.node.told(
        record.DraftKept(
            actor=call.actor, **{name: getattr(call.body, name) for name in DraftGiven.__struct_fields__}
        )
    )


async def draft_content(call: Call) -> Response:
    """Give the bytes of a draft's attachment (from 1 on), to be saved: a browser never shows them."""
    submission, index = call.path["submission"], int(call.path["index"])
    found: record.ContentDocument = await call.room.node.ask(
        record.DraftContentAsked(submission=submission, index=index)
    )
    return saved(found, f"draft-{submission[:8]}-{index}")


async def draft_discard(call: Call) -> Told:
    """Forget a draft."""
    return await call.room.node.told(record.DraftDiscarded(submission=call.path["submission"], actor=call.actor))


async def release_begin(call: Call) -> ReleaseBegun:
    """Tell what an officer's authenticator must sign to release this draft."""
    asked: record.ReleaseRequest = await call.room.node.ask(
        record.ReleaseAsked(submission=call.path["submission"], actor=call.actor)
    )
    own = [one.credential for one in call.person.person.passkeys if one.key in asked.keys]
    if not own:
        raise _no_officer()
    options = {
        "challenge": _text(asked.challenge),
        "rpId": asked.site,
        "timeout": _TOUCH_MS,
        "userVerification": "required",
        "allowCredentials": [{"type": "public-key", "id": _text(one)} for one in own],
    }
    return ReleaseBegun(options, asked.needed, asked.given)


async def release_finish(call: Call) -> Told:
    """Release a draft with an officer's touch, which the signer checks again."""
    touch: Touch = call.body.credential
    credential = _octets(touch.id, "id")
    passkey = next((one for one in call.person.person.passkeys if one.credential == credential), None)
    if passkey is None:
        raise _no_officer()
    return await call.room.node.told(
        record.ReleaseGiven(
            actor=call.actor,
            submission=call.path["submission"],
            key=passkey.key,
            algorithm=passkey.algorithm,
            authenticator_data=_octets(touch.response.authenticatorData, "authenticatorData"),
            client_data=_octets(touch.response.clientDataJSON, "clientDataJSON"),
            signature=_octets(touch.response.signature, "signature"),
        )
    )


def _no_officer() -> Exception:
    return not_allowed(
        say("somebody whose passkey is on no list of officers of this line"),
        say("a keeper puts it on the list: detente line officers"),
    )


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise bad_input(say("octets as base64url"), say("other text"), where) from None


_ONE = f"{PREFIX}/drafts/{{submission}}"
DRAFTS = (
    Operation("GET", f"{PREFIX}/forms", forms, record.FormsDocument),
    Operation("POST", f"{PREFIX}/check", check, record.CheckDocument, body=CheckGiven, body_max=NOTICE_BYTES_MAX),
    Operation("GET", f"{PREFIX}/drafts", drafts, record.DraftsDocument),
    Operation(
        "POST", f"{PREFIX}/drafts", draft_keep, record.DraftDocument, body=DraftGiven, body_max=DRAFT_BYTES_MAX,
        limit="write",
    ),
    Operation(
        "GET", f"{_ONE}/attachments/{{index}}", draft_content, media="application/octet-stream"
    ),
    Operation("DELETE", _ONE, draft_discard, Done, limit="write"),
    Operation("POST", f"{_ONE}/release/begin", release_begin, ReleaseBegun, body=Nothing, limit="release"),
    Operation("POST", f"{_ONE}/release/finish", release_finish, record.ReleaseState, body=TouchGiven, limit="release"),
)  # fmt: skip
