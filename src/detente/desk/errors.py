"""What a desk refuses, and the one shape in which it says so: ``{"error": {...}}`` with a status of HTTP."""

from __future__ import annotations

import msgspec

from detente import words
from detente.errors import DetenteError, OurMistake
from detente.node.desk_door.ask import FormFaultsError
from detente.node.desk_door.record_questions import FaultDocument

__all__ = [
    "ErrorBody",
    "ErrorDocument",
    "RefusedRequest",
    "bad_input",
    "conflict",
    "not_allowed",
    "not_found",
    "not_offered",
    "not_signed_in",
    "refusal_of",
    "too_large",
    "too_many",
    "unanswered",
    "wrong_media_type",
    "wrong_method",
]

say = words.speaker("desk")


class ErrorBody(msgspec.Struct, frozen=True):
    """What was wrong. kind: a name for programs; the texts are for people; faults: of a form, each at its path."""

    kind: str
    expected: str
    came: str
    where: str = ""
    remedy: str = ""
    faults: tuple[FaultDocument, ...] = ()


class ErrorDocument(msgspec.Struct, frozen=True):
    """The body of every answer that is a refusal."""

    error: ErrorBody


class RefusedRequest(OurMistake):
    """A request that the desk does not carry out. status: of HTTP; retry_after_s: when to come again, or None."""

    def __init__(
        self,
        status: int,
        kind: str,
        *,
        expected: str,
        came: str,
        where: str = "",
        remedy: str = "",
        faults: tuple[FaultDocument, ...] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(expected=expected, came=came, where=where, remedy=remedy)
        self.status = status
        self.kind = kind
        self.faults = faults
        self.retry_after_s = retry_after_s

    def document(self) -> ErrorDocument:
        """Return the body of the answer."""
        return ErrorDocument(ErrorBody(self.kind, self.expected, self.came, self.where, self.remedy, self.faults))


def bad_input(
    expected: str, came: str, where: str = "", faults: tuple[FaultDocument, ...] = ()
) -> RefusedRequest:
    """Return the refusal of input that breaks its description (400)."""
    return RefusedRequest(
        400, "bad-input", expected=expected, came=came, where=where, faults=faults,
        remedy=say("put it right and send it again"),
    )  # fmt: skip


def not_signed_in(came: str = "") -> RefusedRequest:
    """Return the refusal of somebody unknown (401)."""
    return RefusedRequest(
        401,
        "not-signed-in",
        expected=say("somebody who signed in"),
        came=came or say("nobody"),
        remedy=say("sign in, and try again"),
    )


def not_allowed(came: str, remedy: str = "") -> RefusedRequest:
    """Return the refusal of what this person or token may not do (403)."""
    return RefusedRequest(
        403,
        "not-allowed",
        expected=say("somebody whose role allows it"),
        came=came,
        remedy=remedy or say("ask a keeper for the role"),
    )


def cross_site(came: str) -> RefusedRequest:
    """Return the refusal of a request that another site's page made (403)."""
    return RefusedRequest(
        403,
        "cross-site",
        expected=say("a request from this desk's own page"),
        came=came,
        remedy=say("open the desk itself, at its own address"),
    )


def not_found(came: str, where: str = "") -> RefusedRequest:
    """Return the refusal of what is not there (404)."""
    return RefusedRequest(
        404,
        "not-found",
        expected=say("something that is there"),
        came=came,
        where=where,
        remedy=say("look at the list that it should be in"),
    )


def not_offered(expected: str, remedy: str) -> RefusedRequest:
    """Return the refusal of what this installation does not give, with the way to get it (404)."""
    return RefusedRequest(404, "not-offered", expected=expected, came=say("none here"), remedy=remedy)


def wrong_method(allowed: str) -> RefusedRequest:
    """Return the refusal of a method that this address does not know (405)."""
    return RefusedRequest(
        405, "wrong-method", expected=allowed, came=say("another method"), remedy=say("see /openapi.json")
    )


def conflict(expected: str, came: str, remedy: str = "") -> RefusedRequest:
    """Return the refusal of what does not fit to how things stand now (409)."""
    return RefusedRequest(
        409, "conflict", expected=expected, came=came, remedy=remedy or say("look at how it stands now")
    )


def too_large(size_max: int) -> RefusedRequest:
    """Return the refusal of a body over its cap (413)."""
    return RefusedRequest(
        413,
        "too-large",
        expected=say("a body of at most {size} bytes", size=size_max),
        came=say("a larger one"),
        remedy=say("send less at once"),
    )


def wrong_media_type(expected: str) -> RefusedRequest:
    """Return the refusal of a body of another type (415)."""
    return RefusedRequest(
        415, "wrong-media-type", expected=expected, came=say("another type"), remedy=say("see /openapi.json")
    )


def too_many(retry_after_s: int) -> RefusedRequest:
    """Return the refusal of more requests than the limit for them (429)."""
    return RefusedRequest(
        429,
        "too-many",
        expected=say("no more requests than the limits in docs/desk.md allow"),
        came=say("more of them"),
        remedy=say("wait, and try again"),
        retry_after_s=retry_after_s,
    )


def unanswered() -> RefusedRequest:
    """Return what is said when the node does not answer, or could not do it (503)."""
    return RefusedRequest(
        503,
        "no-answer",
        expected=say("the node of this desk, answering"),
        came=say("no answer"),
        remedy=say("it is started anew by itself; look at its log when it does not come back"),
        retry_after_s=2,
    )


_STATUS = {
    "HomeMistake": 404,
    "LineMistake": 409,
    "KeyMistake": 409,
    "OutOfPlace": 409,
    "Refused": 409,
    "BadSignature": 409,
    "Malformed": 400,
}
"""By the name of the node's error: the desk does not import the rooms that these come from."""
_KINDS = {400: "bad-input", 404: "not-found", 409: "conflict"}


def refusal_of(error: DetenteError) -> RefusedRequest:
    """Return what a person is told of an error of the node: its words for a mistake, none of them for a failure."""
    if isinstance(error, RefusedRequest):
        return error
    if isinstance(error, FormFaultsError):
        faults = tuple(FaultDocument(path=path, message=message) for path, message in error.faults)
        return RefusedRequest(
            400, "form-faults", expected=error.expected, came=error.came, where=error.where,
            remedy=error.remedy, faults=faults,
        )  # fmt: skip
    if type(error).__name__ == "StillReading":
        return RefusedRequest(
            503, "still-reading", expected=error.expected, came=error.came, remedy=error.remedy, retry_after_s=5
        )
    status = next((_STATUS[one.__name__] for one in type(error).__mro__ if one.__name__ in _STATUS), 503)
    if status == 503:
        return unanswered()
    return RefusedRequest(
        status, _KINDS[status], expected=error.expected, came=error.came, where=error.where, remedy=error.remedy
    )
