"""Stations at real desks: officers with passkeys made by hand, asking over HTTP what a page asks."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.desk.asker import API, Answer
from tests.desk.sign_in.passkeys import Passkey
from tests.line.authenticator import Authenticator
from tests.node.serving.served import free_port, serving
from tests.stories.program import run

__all__ = ["Station", "attachment", "joined", "served_desk", "verb"]


class Station:
    """One person at one desk."""

    def __init__(self, port: int, name: str) -> None:
        self.port = port
        self.name = name
        self.passkey = Passkey(Authenticator(name))
        self.cookie = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask as the page does."""
        given = {"Accept-Language": "en", "Sec-Fetch-Site": "same-origin", **headers}
        if self.cookie:
            given["Cookie"] = self.cookie
        octets = None
        if method not in {"GET", "DELETE"}:
            octets = json.dumps({} if body is None else body).encode()
            given["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("localhost", self.port, timeout=90)
        try:
            connection.request(method, f"{API}/{path}", body=octets, headers=given)
            answer = connection.getresponse()
            pairs = answer.getheaders()
            for header, value in pairs:
                if header.lower() == "set-cookie":
                    self.cookie = value.partition(";")[0]
            return Answer(answer.status, {one.lower(): value for one, value in pairs}, answer.read(), pairs)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Any:
        """Return the document of an answer that must be one."""
        answer = self("GET", path, **headers)
        assert answer.status == 200, (path, answer.octets)
        return answer.json

    def post(self, path: str, body: Any = None) -> Any:
        """Return the document of an answer that must be one."""
        answer = self("POST", path, body)
        assert answer.status == 200, (path, answer.octets)
        return answer.json

    def enrol(self, link: str) -> None:
        """Make a passkey with a one-time link."""
        code = link.rpartition("/")[2].rpartition("=")[2]
        options = self.post("enrol/begin", {"code": code})["options"]
        self.post("enrol/finish", {"code": code, "credential": self.passkey.made(options, **self._where())})

    def sign_in(self) -> None:
        """Sign in with the passkey."""
        options = self.post("sign-in/begin")
        self.post("sign-in/finish", {"credential": self.passkey.touched(options, **self._where())})

    def keep(self, line: str, notice: dict[str, Any], **more: Any) -> Any:
        """Keep a draft."""
        return self.post("drafts", {"line": line, "notice": notice, **more})

    def release(self, submission: str) -> Any:
        """Release a draft with a touch."""
        begun = self.post(f"drafts/{submission}/release/begin")
        credential = self.passkey.touched(begun["options"], **self._where())
        return self.post(f"drafts/{submission}/release/finish", {"credential": credential})

    def send(self, line: str, notice: dict[str, Any], **more: Any) -> str:
        """Keep a draft and release it; returns what it is called."""
        state = self.release(self.keep(line, notice, **more)["submission"])
        assert state["state"] == "sent", state
        return str(state["ref"])

    def entry(self, line: str, ref: str) -> Any:
        """Return one entry in full."""
        return self.get(f"entries/{line}/{quote(ref, safe='')}")

    def state(self, line: str, ref: str, member: str) -> str:
        """Return how far an own entry came with a member."""
        return str(self.entry(line, ref)["row"]["states"][member])

    def _where(self) -> dict[str, Any]:
        return {"site": "localhost", "origin": f"http://localhost:{self.port}"}


def attachment(octets: bytes, media_type: str) -> dict[str, str]:
    """Return a file as a draft takes it."""
    return {"media_type": media_type, "octets": base64.b64encode(octets).decode()}


def verb(folder: Path, *words: str) -> Any:
    """Run a verb as a program of its own; returns its document, or its text where it gives none."""
    ended = run(*words, folder=folder)
    assert ended.code == 0, ended.err
    return json.loads(ended.out) if "--json" in words else ended.out


def joined(folder: Path, settings: dict[str, str]) -> None:
    """Found two homes on one line that reach each other over TLS and have desks; settings: more of each home's."""
    first, second = settings
    secret = folder / "secret"
    secret.write_text("correct horse\n", encoding="utf-8")
    cards = []
    for name in settings:
        verb(folder, "line", "init", name, "--member", name, "--passphrase-file", "secret")
        cards.append(f"{name}.card")
        (folder / cards[-1]).write_text(verb(folder, "line", "card", name), encoding="utf-8")
    for name in settings:
        verb(folder, "line", "join", name, "--line", "baltic", *cards, "--passphrase-file", "secret")
        verb(folder, "cert", "new", name)
    ports = {name: free_port() for name in settings}
    for name, other in ((first, second), (second, first)):
        told = (
            f'[courier]\nretry_s_max = 1\nlisten = "127.0.0.1:{ports[name]}"\n'
            f'[desk]\nlisten = "127.0.0.1:{free_port()}"\n{settings[name]}'
            f'[[line.baltic.courier.{other}]]\nkind = "https"\naddress = "127.0.0.1:{ports[other]}"\n'
            f'certificate = "certificates/{other}.pem"\n'
        )
        (folder / name / "settings.toml").write_text(told, encoding="utf-8")
        own = folder / other / "certificates" / f"{other}.pem"
        shutil.copy(own, folder / name / "certificates" / f"{other}.pem")


@contextlib.contextmanager
def served_desk(home: Path) -> Iterator[int]:
    """Serve a home as its settings say; returns the port of its desk."""
    document = tomllib.loads((home / "settings.toml").read_text(encoding="utf-8"))
    desk, courier = document["desk"]["listen"], document["courier"]["listen"]
    with serving(home, home.with_name("secret"), "--desk", desk, "--courier", courier):
        yield int(desk.rpartition(":")[2])
