"""Passkeys are the way in: each part of a ceremony is wrong once, and then nobody comes in.

Method: a software authenticator, the library's checks and ours over a real node's people; nothing is stubbed but time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from detente.desk.errors import RefusedRequest
from detente.desk.sign_in import challenges
from detente.desk.sign_in.refusing import Refused
from detente.node.desk_door.people_questions import (
    PeopleAsked,
    PersonAsked,
    PersonChanged,
    PersonRemoved,
    ReEnrolled,
)
from detente.store.errors import HomeMistake
from tests.desk.sign_in.doors import Browser, Door
from tests.desk.sign_in.passkeys import Passkey, decoded, encoded
from tests.line.authenticator import Authenticator
from tests.node.people.desk import DAY_MS


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.close()


@pytest.fixture
def anna(door: Door) -> Passkey:
    link = door.desk.add("Anna", "releaser", "keeper")
    return Browser(door).enrol(link.code, "anna")


@pytest.mark.parametrize("algorithm", ["es256", "ed25519"])
def test_a_link_makes_a_passkey_with_which_its_person_signs_in(door: Door, algorithm: str) -> None:
    link = door.desk.add("Anna", "keeper")
    first = Browser(door)
    asked = first.enrol_options(link.code)
    assert asked["name"] == "Anna"
    options = asked["options"]
    assert decoded(options["user"]["id"]).hex() == link.person
    assert len(decoded(options["challenge"])) == 32
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-8, -7]
    passkey = first.enrol(link.code, "anna", algorithm=algorithm)
    assert first.who() == "Anna"
    person = door.desk.ask(PersonAsked(id=link.person))
    assert [(one.key, one.algorithm) for one in person.passkeys] == [(passkey.authenticator.key, algorithm)]
    other = Browser(door)
    assert other.who() == ""
    assert other.sign_in(passkey).person.name == "Anna"
    assert other.who() == first.who() == "Anna"
    assert other.secret != first.secret
    assert len(other.secret) >= 43
    (cookie,) = other.set
    for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert door.desk.acts() == ["person-added", "enrolled", "signed-in", "signed-in"]


def test_a_challenge_is_good_once(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    answer = anna.touched(browser.options())
    browser.finish(answer)
    with pytest.raises(Refused):
        browser.finish(answer)
    assert door.reasons() == ["challenge"]


def test_a_challenge_that_failed_is_used_up(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    options = browser.options()
    with pytest.raises(Refused):
        browser.finish(anna.touched(options, flags=0x01))
    with pytest.raises(Refused):
        browser.finish(anna.touched(options))


def test_a_challenge_ends_after_five_minutes(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    late, good = browser.options(), browser.options()
    door.now_s += 299
    browser.finish(anna.touched(good))
    door.now_s += 1
    with pytest.raises(Refused):
        browser.finish(anna.touched(late))


def test_a_challenge_serves_its_purpose_alone(door: Door, anna: Passkey) -> None:
    berta, carl = (door.desk.add(name, "viewer") for name in ("Berta", "Carl"))
    browser = Browser(door)
    passkey = Passkey(Authenticator("berta"))
    of_carl = browser.enrol_options(carl.code)["options"]
    with pytest.raises(Refused):
        browser.enrol_finish(berta.code, passkey.made(of_carl))
    with pytest.raises(Refused):
        browser.finish(anna.touched(of_carl))
    with pytest.raises(Refused):
        browser.enrol_finish(berta.code, passkey.made(of_carl | {"challenge": browser.options()["challenge"]}))
    assert browser.who() == ""


def test_too_many_challenges_end_the_oldest(door: Door, anna: Passkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challenges, "CHALLENGES_MAX", 3)
    browser = Browser(door)
    first = browser.options()
    second, *_ = (browser.options() for _ in range(3))
    with pytest.raises(Refused):
        browser.finish(anna.touched(first))
    browser.finish(anna.touched(second))


WRONG: dict[str, dict[str, Any]] = {
    "another site": {"site": "evil.example"},
    "another page": {"origin": "https://evil.example"},
    "a page below": {"origin": "https://a.desk.west.example"},
    "plain text": {"origin": "http://desk.west.example"},
    "nobody there": {"flags": 0x04},
    "not recognised": {"flags": 0x01},
    "a frame of another site": {"client": {"crossOrigin": True}},
    "a frame that says where": {"client": {"topOrigin": "https://evil.example"}},
    "another ceremony": {"client": {"type": "payment.get"}},
    "no challenge": {"client": {"challenge": ""}},
    "another challenge": {"client": {"challenge": encoded(bytes(32))}},
    "two readings": {"client": b'{"type":"webauthn.get","type":"webauthn.get"}'},
    "no object": {"client": b"[]"},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_touch_that_is_wrong_in_one_thing_opens_nothing(door: Door, anna: Passkey, name: str) -> None:
    browser = Browser(door)
    with pytest.raises(Refused):
        browser.sign_in(anna, **WRONG[name])
    assert (browser.who(), browser.secret) == ("", "")
    assert door.desk.acts()[-1] == "sign-in-refused"
    assert browser.sign_in(anna).person.name == "Anna"


ENROL_WRONG: dict[str, dict[str, Any]] = {
    name: how for name, how in WRONG.items() if not isinstance(how.get("client"), bytes)
} | {
    "RSA": {"cose": {3: -257}},
    "another curve": {"cose": {-1: 2}},
    "a point off its curve": {"cose": {-3: bytes(32)}},
    "a short number": {"cose": {-2: b"\1"}},
    "another ceremony": {"client": {"type": "webauthn.get"}},
}


@pytest.mark.parametrize("name", ENROL_WRONG)
def test_a_passkey_that_is_wrong_in_one_thing_is_not_enrolled(door: Door, name: str) -> None:
    link = door.desk.add("Anna", "keeper")
    browser = Browser(door)
    with pytest.raises(Refused):
        browser.enrol(link.code, "anna", **ENROL_WRONG[name])
    assert browser.who() == ""
    assert door.desk.ask(PersonAsked(id=link.person)).passkeys == ()
    browser.enrol(link.code, "anna")  # the link itself is still good
    assert browser.who() == "Anna"


def _without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda answer: answer["response"].pop(name)


@pytest.mark.parametrize(
    "change",
    [
        _without("clientDataJSON"), _without("authenticatorData"), _without("signature"), _without("userHandle"),
        lambda answer: answer.pop("rawId"),
        lambda answer: answer.update(rawId="A"),
        lambda answer: answer.update(rawId="%%%%"),
        lambda answer: answer.update(rawId=encoded(b"another")),
        lambda answer: answer.update(id="other"),
        lambda answer: answer.update(type="password"),
        lambda answer: answer.update(response="text"),
        lambda answer: answer["response"].update(userHandle=encoded(b"another person!!")),
        lambda answer: answer["response"].update(signature=encoded(b"\x30\x00")),
        lambda answer: answer["response"].update(authenticatorData=encoded(bytes(36))),
        lambda answer: answer["response"].update(clientDataJSON="A" * 100_000),
        lambda answer: answer["response"].update(clientDataJSON=encoded(b"\xff")),
        lambda answer: answer["response"].update(clientDataJSON=encoded(b"[" * 8_000)),
        lambda answer: answer.clear(),
    ],
)  # fmt: skip
def test_an_answer_in_another_shape_opens_nothing(door: Door, anna: Passkey, change: Any) -> None:
    browser = Browser(door)
    answer = json.loads(json.dumps(anna.touched(browser.options())))
    change(answer)
    with pytest.raises(Refused):
        browser.finish(answer)
    assert browser.who() == ""


def test_what_is_no_credential_is_bad_input(door: Door) -> None:
    with pytest.raises(RefusedRequest) as raised:
        Browser(door).finish("text")
    assert raised.value.status == 400


def test_each_changed_byte_of_a_signature_is_refused(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    size = len(decoded(anna.touched(browser.options())["response"]["signature"]))
    for at in range(0, size, 7):
        answer = anna.touched(browser.options())
        signature = bytearray(decoded(answer["response"]["signature"]))
        signature[at % len(signature)] ^= 1
        answer["response"]["signature"] = encoded(bytes(signature))
        with pytest.raises(Refused):
            browser.finish(answer)


def test_a_stranger_reads_the_same_whatever_was_wrong(door: Door, anna: Passkey) -> None:
    said = set()
    for how in WRONG.values():
        with pytest.raises(Refused) as raised:
            Browser(door).sign_in(anna, **how)
        said.add((raised.value.status, raised.value.document()))
    with pytest.raises(Refused) as raised:
        Browser(door).sign_in(Passkey(Authenticator("stranger"), bytes(16)))
    said.add((raised.value.status, raised.value.document()))
    assert len(said) == 1


def test_a_copied_passkey_is_found_by_its_counter(door: Door, anna: Passkey) -> None:
    copy = Passkey(Authenticator("anna", count=anna.authenticator.count), anna.handle)
    Browser(door).sign_in(anna)
    Browser(door).sign_in(anna)
    browser = Browser(door)
    with pytest.raises(RefusedRequest, match="copy") as raised:
        browser.sign_in(copy)
    assert (raised.value.status, browser.who()) == (401, "")
    assert door.desk.acts()[-1] == "passkey-copied"


def test_a_used_or_old_link_enrols_nobody(door: Door) -> None:
    link = door.desk.add("Anna", "keeper")
    browser = Browser(door)
    options = browser.enrol_options(link.code)["options"]
    browser.enrol(link.code, "anna")
    with pytest.raises(HomeMistake, match="used up"):
        browser.enrol_options(link.code)
    with pytest.raises(HomeMistake, match="used up"):
        browser.enrol_finish(link.code, Passkey(Authenticator("other")).made(options))
    late = door.desk.add("Berta", "viewer")
    options = browser.enrol_options(late.code)["options"]
    door.desk.now_ms += DAY_MS
    with pytest.raises(HomeMistake, match="too old"):
        browser.enrol_finish(late.code, Passkey(Authenticator("berta")).made(options))
    assert door.reasons() == ["link"] * 3


def test_one_person_alone_never_gives_a_new_passkey(door: Door, anna: Passkey) -> None:
    keeper = door.desk.person("Kim", "keeper")
    (person,) = (one for one in door.desk.ask(PeopleAsked()).people if one.name == "Anna")
    assert door.desk.ask(ReEnrolled(actor=keeper.id, id=person.id)).code == ""
    assert door.desk.ask(ReEnrolled(actor=keeper.id, id=person.id)).code == ""
    Browser(door).sign_in(anna)
    rolf = door.desk.person("Rolf", "releaser")
    browser = Browser(door)
    browser.sign_in(anna)
    link = door.desk.ask(ReEnrolled(actor=rolf.id, id=person.id))
    assert browser.who() == ""
    with pytest.raises(Refused):
        Browser(door).sign_in(anna)
    new = Browser(door).enrol(link.code, "anna's other")
    assert Browser(door).sign_in(new).person.id == person.id


def test_a_removed_persons_session_ends(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    person = browser.sign_in(anna).person
    door.desk.person("Kim", "keeper")
    assert browser.who() == "Anna"
    door.desk.ask(PersonRemoved(actor="terminal:x", id=person.id))
    assert browser.who() == ""
    with pytest.raises(Refused):
        Browser(door).sign_in(anna)


def test_other_roles_end_a_session(door: Door, anna: Passkey) -> None:
    door.desk.person("Kim", "keeper")
    browser = Browser(door)
    person = browser.sign_in(anna).person
    door.desk.ask(PersonChanged(actor="terminal:x", id=person.id, name="Anna", roles=("viewer",)))
    assert browser.who() == ""
    assert browser.sign_in(anna).person.roles == ("viewer",)
