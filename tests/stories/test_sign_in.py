"""From an empty home to an officer at the desk: the terminal's link, a passkey, a session over HTTP, the trail."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.desk.sign_in.passkeys import Passkey
from tests.line.authenticator import Authenticator
from tests.node.serving.served import Served, serving, until
from tests.stories import program


class Page:
    """A browser at the desk's page on this machine."""

    def __init__(self, served: Served) -> None:
        self.origin = f"http://localhost:{served.port}"
        self.cookie = ""

    def ask(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        body = None if document is None else json.dumps(document).encode()
        asked = urllib.request.Request(f"{self.origin}/api/v1/{path}", body, headers, method=method)  # noqa: S310 - ours
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
                for cookie in answer.headers.get_all("Set-Cookie") or ():
                    assert "Secure" in cookie
                    self.cookie = cookie.partition(";")[0]
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


def test_from_an_empty_home_to_an_officer_at_the_desk(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    home = tmp_path / "west"
    assert program.run("line", "init", home, "--member", "west", "--passphrase-file", secret).code == 0
    with serving(home, secret) as served:
        page = Page(served)
        until(lambda: page.ask("GET", "me")[0] == 401, "a desk that answers")
        link = json.loads(program.run("people", "add", home, "Anna", "--role", "keeper", "--json").out)
        where: dict[str, Any] = {"site": "localhost", "origin": page.origin}
        status, begun = page.ask("POST", "enrol/begin", {"code": link["code"]})
        assert (status, begun["name"]) == (200, "Anna"), begun
        passkey = Passkey(Authenticator("anna"))
        given = {"code": link["code"], "credential": passkey.made(begun["options"], **where)}
        status, me = page.ask("POST", "enrol/finish", given)
        assert (status, me["person"]["name"], me["member"]) == (200, "Anna", "west"), me
        assert page.ask("POST", "enrol/finish", given)[0] in {401, 404}
        assert page.ask("GET", "me")[1]["may"] == me["may"]

        other = Page(served)
        for how, expected in ((where | {"origin": "https://evil.example"}, 401), (where, 200)):
            options = other.ask("POST", "sign-in/begin", {})[1]
            status, answer = other.ask("POST", "sign-in/finish", {"credential": passkey.touched(options, **how)})
            assert status == expected, answer
        acts = [one["act"] for one in other.ask("GET", "trail")[1]["acts"]]
        assert acts == [
            "signed-in",
            "sign-in-refused",
            "sign-in-refused",
            "signed-in",
            "enrolled",
            "person-added",
        ]
        assert page.cookie != other.cookie
        assert other.ask("POST", "sign-out", {})[0] == 200
        assert (other.ask("GET", "me")[0], page.ask("GET", "me")[0]) == (401, 200)
