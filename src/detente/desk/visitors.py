"""Who asks: what the desk's routes need to know of sign-in, whatever way somebody came in."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from detente.node.desk_door.people_questions import PersonDocument
from detente.node.desk_door.questions import Question

__all__ = ["Asks", "SignIn", "Visitor"]


class Asks(Protocol):
    """What answers questions: a ``DeskLink``, or one with answers kept in front of it."""

    async def ask(self, question: Question) -> Any:
        """Return the answer; raises DetenteError."""


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who is signed in, as the node knows that person now. session: a name for the session, no secret."""

    person: PersonDocument
    session: str


class SignIn(Protocol):
    """Sign-in as the routes use it. Every method raises DetenteError (``desk.errors`` for a status of its own).

    Bodies came through their caps and are checked JSON objects; answers that sign in set the cookie themselves.
    """

    async def visitor(self, request: Request, *, is_activity: bool = True) -> Visitor | None:
        """Return who asks, None for nobody. is_activity: this request keeps the session from idling out."""

    async def sign_in_begin(self, request: Request, body: dict[str, Any]) -> Response:
        """Answer ``POST sign-in/begin``."""

    async def sign_in_finish(self, request: Request, body: dict[str, Any]) -> tuple[Visitor, Response]:
        """Carry out ``POST sign-in/finish``; the response carries the cookie, its body is filled in by the route."""

    async def enrol_begin(self, request: Request, body: dict[str, Any]) -> Response:
        """Answer ``POST enrol/begin``."""

    async def enrol_finish(self, request: Request, body: dict[str, Any]) -> tuple[Visitor, Response]:
        """Carry out ``POST enrol/finish``, as ``sign_in_finish``."""

    async def oidc_begin(self, request: Request) -> Response:
        """Answer ``GET sign-in/oidc`` with the way to the site's own sign-in."""

    async def oidc_back(self, request: Request) -> Response:
        """Answer ``GET sign-in/oidc/back``."""

    async def sign_out(self, request: Request) -> Response:
        """Answer ``POST sign-out``."""
