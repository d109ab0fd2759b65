"""A site's own sign-in lets in whom a keeper named, and nobody else, whatever the other server or the way says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from detente.desk.errors import RefusedRequest
from detente.desk.sign_in import fetching, oidc
from detente.desk.sign_in.fetching import OtherServerFailure, fetch
from detente.desk.sign_in.gate import open_gate, provider_of
from detente.desk.sign_in.oidc import Provider
from detente.node.desk_door.people_questions import OutsiderAsked, PersonChanged
from detente.node.settings.reading import SettingsMistake
from detente.node.settings.structs import DeskSettings, OidcSettings
from tests.desk.sign_in.doors import Browser, Door, run
from tests.desk.sign_in.other_server import ES256, STRANGER, OtherServer, other_server
from tests.desk.sign_in.passkeys import ORIGIN


@pytest.fixture(scope="module")
def running() -> Iterator[OtherServer]:
    with other_server() as server:
        yield server


@pytest.fixture
def server(running: OtherServer) -> OtherServer:
    issuer = running.issuer
    running.__init__()  # type: ignore[misc]
    running.issuer = issuer
    return running


@pytest.fixture
def door(tmp_path: Path, server: OtherServer) -> Iterator[Door]:
    clock_s = [0.0]
    provider = Provider(server.issuer, server.client_id, server.client_secret, clock_s=lambda: clock_s[0])
    made = Door(tmp_path, provider=provider)
    made.flow_s = clock_s  # type: ignore[attr-defined]
    made.desk.add("Anna", "viewer", outsider=f"{server.issuer} {server.sub}")
    yield made
    made.close()


def begin(browser: Browser, **how: str) -> str:
    response = browser.keep(run(browser.gate.oidc_begin(browser.request(**how))))
    assert response.status_code == 302
    return response.headers["location"]


def back(browser: Browser, said: dict[str, str]) -> str:
    response = browser.keep(run(browser.gate.oidc_back(browser.request(urlencode(said)))))
    assert response.status_code == 302
    return response.headers["location"]


def refused(door: Door, browser: Browser, said: dict[str, str], reason: str = "oidc") -> None:
    """Hold that nobody comes in; reason: "oidc" for an answer, "server" where the other server itself refused."""
    assert back(browser, said) == "/#/sign-in-refused"
    assert browser.who() == ""
    assert door.reasons()[-1] == reason


def test_a_person_whom_a_keeper_named_comes_in(door: Door, server: OtherServer) -> None:
    browser = Browser(door)
    address = begin(browser)
    asked = parse_qs(urlsplit(address).query)
    assert asked["redirect_uri"] == [f"{ORIGIN}/api/v1/sign-in/oidc/back"]
    assert (asked["scope"], len(asked["code_challenge"][0])) == (["openid"], 43)
    assert "SameSite=lax" in browser.set[0]
    assert back(browser, server.authorize(address)) == "/"
    assert browser.who() == "Anna"
    assert list(browser.cookies) == ["__Host-detente"]
    assert any("SameSite=strict" in one for one in browser.set)
    assert door.desk.acts()[-1] == "signed-in"


def test_other_keys_of_the_server_hold_too(door: Door, server: OtherServer) -> None:
    vars(server).update(ES256)
    browser = Browser(door)
    assert back(browser, server.authorize(begin(browser))) == "/"


def test_it_comes_back_to_the_page_where_it_began(door: Door, server: OtherServer) -> None:
    browser = Browser(door)
    for host, page in (("other.desk.west.example", "https://other.desk.west.example"), ("evil.example", ORIGIN)):
        asked = parse_qs(urlsplit(begin(browser, host=host)).query)
        assert asked["redirect_uri"] == [f"{page}/api/v1/sign-in/oidc/back"]


def test_whom_nobody_named_stays_out(door: Door, server: OtherServer) -> None:
    server.sub = "another"
    browser = Browser(door)
    refused(door, browser, server.authorize(begin(browser)), "outsider")


def test_who_is_no_longer_named_is_signed_out(door: Door, server: OtherServer) -> None:
    browser = Browser(door)
    back(browser, server.authorize(begin(browser)))
    anna = door.desk.ask(OutsiderAsked(outsider=f"{server.issuer} {server.sub}"))
    door.desk.ask(PersonChanged(actor="terminal:x", id=anna.id, name="Anna", roles=("viewer",)))
    assert browser.who() == ""


def test_an_answer_is_good_once_and_in_its_own_browser(door: Door, server: OtherServer) -> None:
    browser, thief = Browser(door), Browser(door)
    said = server.authorize(begin(browser))
    refused(door, thief, said)
    refused(door, browser, said)  # the thief used it up; nobody came in
    begin(thief)
    other = server.authorize(begin(browser))
    refused(door, thief, other)
    good = server.authorize(begin(browser))
    assert back(browser, good) == "/"
    browser.cookies.clear()
    refused(door, browser, good)


def test_an_answer_that_is_late_or_not_whole_is_refused(door: Door, server: OtherServer) -> None:
    browser = Browser(door)
    said = server.authorize(begin(browser))
    door.flow_s[0] += 600  # type: ignore[attr-defined]
    refused(door, browser, said)
    for change in (
        {"state": "x"}, {"code": ""}, {"code": "x"}, {"iss": "https://evil.example"}, {"iss": None}, {"code": None},
    ):  # fmt: skip
        whole: dict[str, Any] = server.authorize(begin(browser)) | change
        reason = "server" if change.get("code") == "x" else "oidc"
        refused(door, browser, {name: one for name, one in whole.items() if one is not None}, reason)
    refused(door, browser, {"error": "access_denied"})


CLAIMS: dict[str, dict[str, Any]] = {
    "for another desk": {"aud": "other"},
    "for several, and it does not say for whom": {"aud": ["detente", "other"]},
    "for several, and another": {"aud": ["detente", "other"], "azp": "other"},
    "by another": {"iss": "https://evil.example"},
    "too old": {"exp": int(time.time()) - 3_600},
    "of tomorrow": {"iat": int(time.time()) + 86_400, "nbf": int(time.time()) + 86_400},
    "of another sign-in": {"nonce": "x"},
    "without a nonce": {"nonce": None},
    "without an end": {"exp": None},
    "without a person": {"sub": None},
    "of no person": {"sub": ""},
    "of a strange person": {"sub": "a\nb"},
    "of a very long person": {"sub": "7" * 300},
    "with no text as nonce": {"nonce": ["x"]},
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_token_that_is_wrong_in_one_thing_is_refused(door: Door, server: OtherServer, name: str) -> None:
    server.claims = CLAIMS[name]
    browser = Browser(door)
    refused(door, browser, server.authorize(begin(browser)))
    server.claims = {}
    assert back(browser, server.authorize(begin(browser))) == "/"


FORGED: dict[str, Callable[[OtherServer], dict[str, Any]]] = {
    "a stranger's key": lambda _: {"key": STRANGER, "algorithm": "ES256", "header": {"kid": "two"}},
    "another key's name": lambda _: ES256 | {"header": {"kid": "one"}},
    "an unknown key": lambda _: {"header": {"kid": "three"}},
    "no key": lambda _: {"header": {"kid": None}},
    "nothing": lambda _: {"key": None, "algorithm": "none"},
    "a shared secret": lambda server: {"key": server.client_secret * 4, "algorithm": "HS256"},
    "an error": lambda _: {"status": 500},
}


@pytest.mark.parametrize("name", FORGED)
def test_a_token_that_the_server_did_not_sign_is_refused(door: Door, server: OtherServer, name: str) -> None:
    browser = Browser(door)
    begin(browser)
    vars(server).update(FORGED[name](server))
    reason = "server" if name in {"no key", "an error"} else "oidc"
    refused(door, browser, server.authorize(begin(browser)), reason)


def test_keys_are_asked_for_anew_but_not_at_every_stranger(door: Door, server: OtherServer) -> None:
    browser = Browser(door)
    assert back(browser, server.authorize(begin(browser))) == "/"
    server.kid = "new"
    for _ in range(3):
        back(browser, server.authorize(begin(browser)))
    assert server.asked.count("/keys") == 1
    door.flow_s[0] += 30  # type: ignore[attr-defined]
    assert back(browser, server.authorize(begin(browser))) == "/"
    assert server.asked.count("/keys") == 2
    assert server.asked.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": "ftp://127.0.0.1/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
)
def test_a_server_that_says_strange_things_of_itself_is_not_asked(
    door: Door, server: OtherServer, document: dict[str, Any]
) -> None:
    server.document = document
    assert begin(Browser(door)) == "/#/sign-in-refused"
    assert door.reasons() == ["server"]
    act = door.acts()[-1]
    assert act.sentence.startswith("could not sign in: the site's own sign-in failed (")


def test_a_redirect_is_not_followed_and_a_long_answer_not_read(door: Door, server: OtherServer) -> None:
    server.moved = f"{server.issuer}/.well-known/openid-configuration"
    assert begin(Browser(door)) == "/#/sign-in-refused"
    assert len(server.asked) == 1
    server.moved, server.pad = "", fetching.ANSWER_BYTES_MAX
    with pytest.raises(OtherServerFailure, match="more than"):
        run(fetch(f"{server.issuer}/keys"))


def test_only_this_machine_is_asked_without_tls() -> None:
    for address in ("http://login.example/", "ftp://login.example/", "https:///", "x", "http://127.0.0.1:0x/"):
        with pytest.raises(OtherServerFailure):
            run(fetch(address))


def test_a_server_that_never_ends_is_left(server: OtherServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "ANSWER_S_MAX", 0.05)

    async def main() -> None:
        ended = asyncio.Event()

        async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await ended.wait()
            writer.close()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            with pytest.raises(OtherServerFailure):
                await fetch(f"http://127.0.0.1:{port}/")
            ended.set()

    run(main())


def test_flows_that_nobody_ends_give_way(
    door: Door, server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "FLOWS_MAX", 2)
    browser = Browser(door)
    first = server.authorize(begin(browser))
    for _ in range(2):
        begin(Browser(door))
    refused(door, browser, first)


def test_a_desk_without_one_has_none(tmp_path: Path) -> None:
    door = Door(tmp_path)
    for asked in (door.gate.oidc_begin, door.gate.oidc_back):
        with pytest.raises(RefusedRequest) as raised:
            run(asked(Browser(door).request()))
        assert raised.value.status == 404
    door.close()


def settings_of(file: str) -> DeskSettings:
    own = OidcSettings(issuer="https://login.example", client_id="d", client_secret_file=file)
    return DeskSettings(site="desk.example", origins=("https://desk.example",), oidc=own)


def test_the_gate_of_a_home_is_made_from_its_settings(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    for name, secret in (("secret", "s3cret"), ("", "")):
        made = provider_of(settings_of(name), tmp_path)
        assert made is not None
        assert made._client_secret == secret
    (tmp_path / "empty").write_text("")
    (tmp_path / "long").write_text("x" * 5_000)
    for name in ("none", "empty", "long"):
        with pytest.raises(SettingsMistake, match="client_secret_file"):
            provider_of(settings_of(name), tmp_path)
    assert provider_of(DeskSettings(), tmp_path) is None
    door = Door(tmp_path)
    gate = open_gate(door, DeskSettings(listen="127.0.0.1:9000"), None)
    assert gate._site.origins == ("http://localhost:9000",)
    door.close()
