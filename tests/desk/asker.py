"""Asks a desk as a browser's page or a machine does."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any

from tests.desk.desks import RunningDesk, signed_in_as

__all__ = ["API", "Answer", "Asker"]

API = "/api/v1"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    octets: bytes
    more: list[tuple[str, str]] = field(default_factory=list)

    @property
    def json(self) -> Any:
        """The document in it."""
        return json.loads(self.octets)

    @property
    def kind(self) -> str:
        """The name of a refusal."""
        return str(self.json["error"]["kind"])


class Asker:
    """Asks; ``role``: who is signed in, "" for nobody. Headers are those of the desk's own page."""

    def __init__(self, desk: RunningDesk, role: str = "everything") -> None:
        self.desk = desk
        self.role = role

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str | None = None,
        headers: dict[str, str | None] | None = None,
        octets: bytes | None = None,
    ) -> Answer:
        """Ask; a path that begins with no slash is one of the API."""
        who = self.role if role is None else role
        given: dict[str, str | None] = {"Accept-Language": "en", **(signed_in_as(who) if who else {})}
        if method not in {"GET", "HEAD"}:
            given |= {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
        given |= headers or {}
        if octets is None and method in {"POST", "PUT", "PATCH"}:
            octets = json.dumps({} if body is None else body).encode()
        connection = http.client.HTTPConnection("localhost", self.desk.port, timeout=30)
        try:
            address = path if path.startswith("/") else f"{API}/{path}"
            shown = {name: one for name, one in given.items() if one is not None}
            connection.request(method, address, body=octets, headers=shown)
            answer = connection.getresponse()
            pairs = answer.getheaders()
            return Answer(answer.status, {name.lower(): one for name, one in pairs}, answer.read(), pairs)
        finally:
            connection.close()

    def get(self, path: str, **more: Any) -> Answer:
        """Read."""
        return self("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        """Write."""
        return self("POST", path, body, **more)
