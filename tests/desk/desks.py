"""A desk for tests: the real application and server over a real socket, with sign-in by a plain header."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from detente.desk.asking import Node
from detente.desk.errors import not_signed_in
from detente.desk.process import furnished, serve
from detente.desk.room import Room
from detente.desk.visitors import Visitor
from detente.node.desk_door.ask import DeskLink
from detente.node.desk_door.people_questions import (
    ROLES,
    CredentialDocument,
    PersonAsked,
    PersonDocument,
    TokenDocument,
)
from detente.node.serving.log import Log
from detente.node.settings.structs import DeskSettings
from tests.desk.door import NOW_MS, Door

__all__ = ["PEOPLE", "TOKEN", "NamedSignIn", "RunningDesk", "running", "signed_in_as"]

TOKEN = "t" * 43
PASSKEY = b"passkey-of-a-releaser"


def _person(number: int, *roles: Any, key: str = "") -> PersonDocument:
    passkey = CredentialDocument(
        credential=PASSKEY, person=str(number) * 32, key=key, algorithm="es256", public_key=b"", counter=0,
        added_ms=NOW_MS,
    )  # fmt: skip
    return PersonDocument(
        id=str(number) * 32, name=f"Officer {number}", roles=roles, added_ms=NOW_MS,
        passkeys=(passkey,) if key else (),
    )  # fmt: skip


PEOPLE = {
    "nobody's": _person(0),
    "viewer": _person(1, "viewer"),
    "drafter": _person(2, "drafter"),
    "releaser": _person(3, "releaser", key="officer-key"),
    "keeper": _person(4, "keeper"),
    "everything": _person(5, *ROLES, key="officer-key"),
}


def signed_in_as(role: str) -> dict[str, str]:
    """Return the header by which ``NamedSignIn`` knows somebody."""
    return {"x-test-person": PEOPLE[role].id}


class NamedSignIn:
    """Believes a header, and asks the node who that is: for tests of everything but sign-in."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def visitor(self, request: Request, *, is_activity: bool = True) -> Visitor | None:
        name = request.headers.get("x-test-person", "")
        if not name:
            return None
        person = await self._node.ask(PersonAsked(id=name))
        return Visitor(person, f"session of {name}")

    async def sign_in_begin(self, request: Request, body: dict[str, Any]) -> Response:
        return _json({"challenge": "AAAA"})

    async def sign_in_finish(self, request: Request, body: dict[str, Any]) -> tuple[Visitor, Response]:
        if body["credential"].get("id") != "good":
            raise not_signed_in("another passkey")
        response = Response()
        response.set_cookie("__Host-detente", "s", secure=True, httponly=True, samesite="strict")
        return Visitor(PEOPLE["viewer"], "s"), response

    async def enrol_begin(self, request: Request, body: dict[str, Any]) -> Response:
        return _json({"name": "Officer", "options": {}})

    enrol_finish = sign_in_finish

    async def oidc_begin(self, request: Request) -> Response:
        return Response(status_code=302, headers={"location": "https://sign-in.example/"})

    async def oidc_back(self, request: Request) -> Response:
        return Response(status_code=302, headers={"location": "/"})

    async def sign_out(self, request: Request) -> Response:
        return _json({})


def _json(document: Any) -> Response:
    return Response(msgspec.json.encode(document), media_type="application/json")


class RunningDesk:
    """A desk that runs in a thread of its own, with its door; ``do`` runs something in its loop."""

    def __init__(self, home: Path, static: Path, port: int) -> None:
        self.port = port
        self.static = static
        self.home = home
        self.door: Door
        self.room: Room
        self.loop: asyncio.AbstractEventLoop
        self.stop: asyncio.Event
        self.events: list[str] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://localhost:{self.port}"

    def do(self, what: Callable[[], Any]) -> Any:
        """Run something in the desk's loop, and wait for it."""

        async def run() -> Any:
            done = what()
            return await done if asyncio.iscoroutine(done) else done

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)


@contextlib.contextmanager
def running(home: Path, static: Path | None = None, port: int = 0) -> Iterator[RunningDesk]:
    """Run a desk until the block ends."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(256)
    sock.setblocking(False)
    desk = RunningDesk(home, static or home / "static", sock.getsockname()[1])
    ready = threading.Event()
    failed: list[BaseException] = []

    async def live() -> None:
        desk.loop = asyncio.get_running_loop()
        desk.stop = asyncio.Event()
        desk.door = Door(home)
        desk.door.people = {one.id: one for one in PEOPLE.values()}
        token = TokenDocument(id="8" * 32, name="watch", added_ms=NOW_MS, added_by="4" * 32)
        desk.door.tokens = {hashlib.sha256(TOKEN.encode()).hexdigest(): token}
        await desk.door.open()
        link = DeskLink(home)
        log = Log("desk", write=desk.events.append)
        desk.room = furnished(
            link, NamedSignIn, log, settings=DeskSettings(), listen=f"127.0.0.1:{desk.port}", language="en",
            is_tls=False, static=desk.static,
        )  # fmt: skip
        try:
            await serve(desk.room, sock, None, on_ready=ready.set, stop=desk.stop)
        finally:
            await link.close()
            await desk.door.close()

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as failure:  # noqa: BLE001 - told to the test below
            failed.append(failure)
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(30)
        assert not failed, failed
        yield desk
    finally:
        if thread.is_alive():
            desk.loop.call_soon_threadsafe(desk.stop.set)
        thread.join(30)
    assert not thread.is_alive()
    if failed:
        raise failed[0]
