"""A session lasts as long as it is used and no longer than a day's watch; its secret is new at each sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.desk.sign_in.sessions import SESSIONS_PER_PERSON_MAX
from tests.desk.sign_in.doors import Browser, Door, run
from tests.desk.sign_in.passkeys import Passkey


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path, idle_s=600, absolute_s=3_600)
    yield made
    made.close()


@pytest.fixture
def anna(door: Door) -> Passkey:
    return Browser(door).enrol(door.desk.add("Anna", "keeper").code, "anna")


def test_an_idle_session_ends(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    browser.sign_in(anna)
    for _ in range(3):
        door.now_s += 599
        assert browser.who() == "Anna"
    door.now_s += 300
    assert browser.who(is_activity=False) == "Anna"
    door.now_s += 300
    assert browser.who() == ""
    assert browser.who() == ""


def test_a_used_session_ends_too(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    browser.sign_in(anna)
    for _ in range(7):
        door.now_s += 500
        assert browser.who() == "Anna"
    door.now_s += 100
    assert browser.who() == ""


def test_each_sign_in_has_a_new_secret_and_ends_the_old_one(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    browser.sign_in(anna)
    before = dict(browser.cookies)
    browser.sign_in(anna)
    assert browser.cookies != before
    old = Browser(door)
    old.cookies = before
    assert (old.who(), browser.who()) == ("", "Anna")


def test_a_secret_that_was_made_up_opens_nothing(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    for secret in ("x", "A" * 43, "\udc80", "'; --"):
        browser.cookies["__Host-detente"] = secret.encode("latin-1", "ignore").decode()
        assert browser.who() == ""


def test_signing_out_ends_the_session_and_takes_the_cookie(door: Door, anna: Passkey) -> None:
    browser, copy = Browser(door), Browser(door)
    browser.sign_in(anna)
    copy.cookies = dict(browser.cookies)
    browser.keep(run(browser.gate.sign_out(browser.request())))
    assert (browser.cookies, copy.who()) == ({}, "")
    assert door.desk.acts()[-1] == "signed-out"
    run(browser.gate.sign_out(browser.request()))
    assert door.desk.acts().count("signed-out") == 1


def test_a_person_has_a_few_sessions_at_most(door: Door, anna: Passkey) -> None:
    browsers = [Browser(door) for _ in range(SESSIONS_PER_PERSON_MAX + 1)]
    for browser in browsers:
        door.now_s += 1
        browser.sign_in(anna)
    assert [browser.who() for browser in browsers] == ["", *["Anna"] * SESSIONS_PER_PERSON_MAX]


def test_no_secret_is_kept(door: Door, anna: Passkey) -> None:
    browser = Browser(door)
    browser.sign_in(anna)
    assert browser.secret
    assert browser.secret not in repr(door.gate._sessions._open)
    assert all(browser.secret not in repr(one) for one in door.asked)
