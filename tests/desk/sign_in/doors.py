"""A gate over real people of a node, asked as a browser asks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from detente.desk.sign_in import challenges
from detente.desk.sign_in.ceremonies import Site
from detente.desk.sign_in.gate import COOKIE, Gate
from detente.desk.sign_in.oidc import Provider
from detente.desk.sign_in.sessions import Sessions
from detente.desk.visitors import Visitor
from detente.node.desk_door.ask import decode_asked
from detente.node.desk_door.people_questions import ActDocument, TrailAsked
from detente.node.desk_door.questions import Question
from tests.desk.sign_in.passkeys import ORIGIN, SITE, Passkey
from tests.line.authenticator import Authenticator
from tests.node.people.desk import Desk

__all__ = ["Browser", "Door", "run"]

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


class Door:
    """A gate and its node. now_s: the desk's steady clock."""

    def __init__(self, home: Path, *, provider: Provider | None = None, **limits: int) -> None:
        self.desk = Desk(home)
        self.now_s = 1_000.0
        self.asked: list[Question] = []
        sessions = Sessions(**({"idle_s": 1_800, "absolute_s": 43_200} | limits), clock_s=lambda: self.now_s)
        self.gate = Gate(
            self, Site(SITE, (ORIGIN, "https://other.desk.west.example")), sessions, provider=provider
        )
        self.gate._challenges = challenges.Challenges(lambda: self.now_s)

    async def ask(self, question: Question) -> Any:
        """Answer as over the socket: what goes through is bytes."""
        self.asked.append(question)
        answer = self.desk.ask(decode_asked(msgspec.msgpack.encode(question)))
        return msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=question.answered_by)

    def close(self) -> None:
        self.desk.people.close()

    def reasons(self) -> list[str]:
        """Return why sign-ins were refused, as the trail has it."""
        return [one.detail["reason"] for one in self.acts() if one.act == "sign-in-refused"]

    def acts(self) -> list[ActDocument]:
        """Return what stands in the trail, oldest first."""
        return list(reversed(self.desk.ask(TrailAsked(limit=1_000)).acts))


class Browser:
    """Cookies, and the requests of one browser."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.gate = door.gate
        self.cookies: dict[str, str] = {}
        self.set: list[str] = []

    def request(self, query: str = "", host: str = SITE) -> Request:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = [(b"cookie", cookie.encode()), (b"host", host.encode())]
        return Request(
            {
                "type": "http", "method": "POST", "path": "/", "query_string": query.encode(), "headers": headers,
                "client": ("203.0.113.5", 4_000),
            }
        )  # fmt: skip

    def keep(self, response: Response) -> Response:
        for name, value in response.raw_headers:
            if name == b"set-cookie":
                self.set.append(value.decode())
                for key, morsel in SimpleCookie(value.decode()).items():
                    self.cookies[key] = morsel.value
                    if morsel["max-age"] == "0":
                        del self.cookies[key]
        return response

    def options(self) -> dict[str, Any]:
        """Ask for a challenge to sign in."""
        found: dict[str, Any] = json.loads(bytes(run(self.gate.sign_in_begin(self.request(), {})).body))
        return found

    def sign_in(self, passkey: Passkey, **how: Any) -> Visitor:
        return self.finish(passkey.touched(self.options(), **how))

    def finish(self, credential: Any) -> Visitor:
        visitor, response = run(self.gate.sign_in_finish(self.request(), {"credential": credential}))
        self.keep(response)
        return visitor

    def enrol_options(self, code: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(bytes(run(self.gate.enrol_begin(self.request(), {"code": code})).body))
        return found

    def enrol(self, code: str, name: str, *, algorithm: str = "es256", **changes: Any) -> Passkey:
        passkey = Passkey(Authenticator(name, algorithm))
        self.enrol_finish(code, passkey.made(self.enrol_options(code)["options"], **changes))
        return passkey

    def enrol_finish(self, code: str, credential: dict[str, Any]) -> Visitor:
        body = {"code": code, "credential": credential}
        visitor, response = run(self.gate.enrol_finish(self.request(), body))
        self.keep(response)
        return visitor

    def who(self, **how: bool) -> str:
        """Return the name of who is signed in, "" for nobody."""
        visitor = run(self.gate.visitor(self.request(), **how))
        return "" if visitor is None else visitor.person.name

    @property
    def secret(self) -> str:
        return self.cookies.get(COOKIE, "")
