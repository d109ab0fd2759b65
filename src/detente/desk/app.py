"""The desk as an application: every request passes the same checks in the same order, every refusal has one shape.

First whether it is meant for this desk, then who asks from where, who they are, what they may, how often, and only then
what they want. What goes wrong in here is logged by its class; the asker learns nothing of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from detente import words
from detente.desk import guarding
from detente.desk.asking import Told
from detente.desk.describing import describe
from detente.desk.errors import RefusedRequest, not_allowed, not_signed_in, refusal_of, too_many
from detente.desk.operations import Call, Operation, Router, decoded, read_query
from detente.desk.pages import answer_page
from detente.desk.rights import may
from detente.desk.room import Room
from detente.desk.routes import OPERATIONS
from detente.desk.visitors import Visitor
from detente.errors import DetenteError
from detente.node.desk_door.people_questions import TokenAsked, TokenDocument

__all__ = ["LARGE_BODIES_MAX", "Desk"]

say = words.speaker("desk")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LARGE_BODIES_MAX = 4
"""Bodies over a megabyte that are read at once."""
_LARGE = 1_000_000
_TOKEN_MAX = 200


class Desk:
    """The application that a server of the Asynchronous Server Gateway Interface runs."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.router = Router(OPERATIONS)
        self.description = msgspec.json.encode(describe(OPERATIONS))
        self._large = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        words.choose(language_of(request.headers.get("accept-language", ""), self.room.language))
        response = await self._answered(request)
        guarding.protect(MutableHeaders(raw=response.raw_headers), is_tls=self.room.is_tls)
        try:
            await response(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as failure:
            self.room.log.failure("desk.answer-broke", failure)
            raise

    async def _answered(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except DetenteError as error:
            refusal = refusal_of(error)
            if refusal.status >= 500:
                self.room.log.warning("desk.unanswered", kind=type(error).__name__, fault=error.came)
        except Exception as failure:  # noqa: BLE001 - whatever it was, no word of it goes out
            self.room.log.failure("desk.failed-request", failure)
            refusal = RefusedRequest(
                500, "failure", expected=say("work that ends well"), came=say("a failure of the desk"),
                remedy=say("look at its log"),
            )  # fmt: skip
        return refused(refusal)

    async def _answer(self, request: Request) -> Response:
        room = self.room
        guarding.check_host(request.headers, room.hosts)
        room.limits.spend_address(address_of(request), room.clock_s())
        raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        if not self.router.knows(raw_path):
            return await answer_page(room, request, raw_path)
        operation, places = self.router.find(request.method, raw_path)
        guarding.check_site(request.headers, operation, request.url.scheme)
        if operation.name == "openapi":
            return Response(self.description, media_type="application/json")
        visitor, token = await self._admitted(request, operation)
        query = read_query(request, operation.query)
        body = await self._body(request, operation)
        answer = await operation.handler(Call(room, request, places, query, body, visitor, token))
        if isinstance(answer, Response):
            return answer
        octets = answer.octets if isinstance(answer, Told) else msgspec.json.encode(answer)
        return Response(octets, operation.status, media_type="application/json")

    async def _admitted(
        self, request: Request, operation: Operation
    ) -> tuple[Visitor | None, TokenDocument | None]:
        """Return who asks; raises RefusedRequest (401, 403, 429)."""
        room = self.room
        right = operation.right
        if right == "anyone":
            room.limits.spend(address_of(request), operation.limit, room.clock_s())
            return None, None
        if right == "watch":
            token = await self._token(request)
            room.limits.spend(token.id, operation.limit, room.clock_s())
            return None, token
        visitor = await room.sign_in.visitor(request, is_activity=operation.name != "events")
        if visitor is None:
            raise not_signed_in()
        room.limits.spend(visitor.person.id, operation.limit, room.clock_s())
        if not may(visitor.person, right):
            raise not_allowed(say("somebody whose roles do not: {roles}", roles=", ".join(visitor.person.roles)))
        return visitor, None

    async def _token(self, request: Request) -> TokenDocument:
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secret or len(secret) > _TOKEN_MAX:
            raise not_signed_in(say("a request without a token"))
        self.room.limits.spend(address_of(request), "watch", self.room.clock_s())
        hashed = hashlib.sha256(secret.encode("latin-1", "replace")).hexdigest()
        try:
            token: TokenDocument = await self.room.node.ask(TokenAsked(secret_hash=hashed))
        except DetenteError as error:
            if refusal_of(error).status >= 500:
                raise
            raise not_signed_in(say("a token that is not known")) from None
        if token.until_ms is not None and token.until_ms <= self.room.now_ms():
            raise not_signed_in(say("a token whose time is over"))
        return token

    async def _body(self, request: Request, operation: Operation) -> Any:
        if operation.method in {"GET", "DELETE"}:
            return None
        is_large = operation.body_max > _LARGE
        if is_large and self._large >= LARGE_BODIES_MAX:
            raise too_many(2)
        self._large += is_large
        try:
            octets = await guarding.read_body(request, operation.body_max)
            if operation.body is None:
                return None
            if len(octets) > _LARGE:  # a long one would hold everybody up
                return await asyncio.to_thread(decoded, octets, operation.body)
            return decoded(octets, operation.body)
        finally:
            self._large -= is_large


def refused(refusal: RefusedRequest) -> Response:
    """Return the answer that a refusal is."""
    response = Response(msgspec.json.encode(refusal.document()), refusal.status, media_type="application/json")
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    if refusal.status == 405:
        response.headers["Allow"] = refusal.expected
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def address_of(request: Request) -> str:
    """Return the network address that asks."""
    return "" if request.client is None else request.client.host


def language_of(header: str, otherwise: str) -> str:
    """Return the first language of an Accept-Language header that the desk speaks."""
    for part in header.split(","):
        code = part.split(";", 1)[0].strip().split("-", 1)[0].lower()
        if code in words.LANGUAGES:
            return code
    return otherwise


@contextlib.asynccontextmanager
async def at_work(room: Room, *more: Callable[[], Awaitable[None]]) -> Any:
    """Run what a desk does besides answering: hearing news, the beat of the picture, and more."""
    room.node.on_news = room.hub.news
    tasks = [asyncio.ensure_future(one()) for one in (room.node.follow, room.hub.run, *more)]
    try:
        yield
    finally:
        room.hub.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
