"""Synthetic officers at a desk: they come in with passkeys and ask the desk's own API, as a browser does.

The desk is asked at 127.0.0.1 under its own name (west.localhost), so that no resolver takes part and cookies and
passkeys of two desks on one machine stay apart.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode

from detente import words
from detente.scenario.errors import PlayFailure
from detente.scenario.passkey import Passkey

__all__ = ["Desk", "Officer", "Refusal"]

say = words.speaker("scenario")

_PATIENCE_S = 60
_API = "/api/v1/"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a desk is. site: its domain under .localhost."""

    port: int
    site: str

    @property
    def origin(self) -> str:
        """Return its page as a browser names it."""
        return f"http://{self.site}:{self.port}"


class Refusal(PlayFailure):
    """A desk refused what an officer asked; status: of HTTP; faults: of a form, as path and words."""

    def __init__(self, status: int, document: Any, where: str) -> None:
        error = document.get("error", {}) if isinstance(document, dict) else {}
        self.status = status
        self.faults = [(one["path"], one["message"]) for one in error.get("faults", [])]
        told = "; ".join(f"{path}: {message}" for path, message in self.faults[:10])
        super().__init__(
            expected=str(error.get("expected", say("an answer"))),
            came=" ".join(one for one in (str(error.get("came", status)), told) if one),
            where=where,
            remedy=str(error.get("remedy", "")),
        )


@dataclass(slots=True)
class Officer:
    """A synthetic officer with a software passkey at one desk."""

    name: str
    desk: Desk
    passkey: Passkey = field(init=False)
    _cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.passkey = Passkey(self.desk.site, self.desk.origin)

    def enrol(self, link: str) -> None:
        """Open a one-time link, make a passkey, and come in. Raises Refusal, PlayFailure."""
        code = link.rpartition("/")[2]
        begun = self._ask("POST", "enrol/begin", {"code": code})
        self._ask("POST", "enrol/finish", {"code": code, "credential": self.passkey.made(begun["options"])})

    def sign_in(self) -> None:
        """Come in with the passkey. Raises Refusal, PlayFailure."""
        options = self._ask("POST", "sign-in/begin", {})
        self._ask("POST", "sign-in/finish", {"credential": self.passkey.touched(options)})

    def get(self, path: str, **query: Any) -> Any:
        """Return a document of the desk. Raises Refusal, PlayFailure."""
        given = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
        return self._signed_in("GET", path + (f"?{urlencode(given)}" if given else ""))

    def post(self, path: str, body: Any) -> Any:
        """Post a document to the desk; returns its answer. Raises Refusal, PlayFailure."""
        return self._signed_in("POST", path, body)

    def entry(self, line: str, ref: str) -> Any:
        """Return one entry in full."""
        return self.get(f"entries/{line}/{quote(ref, safe='')}")

    def release(self, submission: str) -> Any:
        """Touch for a draft; returns what became of it. Raises Refusal, PlayFailure."""
        begun = self.post(f"drafts/{submission}/release/begin", {})
        touched = self.passkey.touched(begun["options"])
        kept = {name: touched["response"][name] for name in ("authenticatorData", "clientDataJSON", "signature")}
        body = {"credential": {"id": touched["id"], "response": kept}}
        return self.post(f"drafts/{submission}/release/finish", body)

    def _signed_in(self, method: str, path: str, body: Any = None) -> Any:
        """Ask; whoever is not signed in any more, since the desk was started anew, comes in again first.

        A desk that is asked too often says so, and is asked again later.
        """
        for patience in range(_PATIENCE_S, -1, -1):
            try:
                return self._ask(method, path, body)
            except Refusal as refusal:
                if refusal.status not in {401, 429} or not patience:
                    raise
                if refusal.status == 429:
                    time.sleep(1.0)
                    continue
            self.sign_in()
        raise AssertionError  # the last of them raised

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        where = f"{self.desk.origin}{_API}{path}"
        headers = {"Host": f"{self.desk.site}:{self.desk.port}", "Accept": "application/json"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        octets = None
        if body is not None:
            octets = json.dumps(body).encode()
            headers |= {"Origin": self.desk.origin, "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.desk.port, timeout=_PATIENCE_S)
        try:
            with contextlib.closing(connection):
                connection.request(method, _API + path, octets, headers)
                answer = connection.getresponse()
                read = answer.read()
                self._keep(answer.headers.get_all("Set-Cookie") or [])
        except (OSError, http.client.HTTPException) as failure:
            raise PlayFailure(
                expected=say("a desk that answers"),
                came=str(failure) or type(failure).__name__,
                where=where,
                remedy=say("look into the log beside its home"),
            ) from failure
        document = json.loads(read) if read else {}
        if answer.status >= 400:
            raise Refusal(answer.status, document, where)
        return document

    def _keep(self, cookies: list[str]) -> None:
        for one in cookies:
            for name, morsel in SimpleCookie(one).items():
                self._cookies[name] = morsel.value
