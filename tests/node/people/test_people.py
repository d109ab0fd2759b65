"""Nobody may do anything by default; links are good once; a lost passkey takes two; the last keeper stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detente.node.desk_door import people
from detente.node.desk_door.people_questions import (
    ActNoted,
    CredentialUsed,
    EnrolmentAsked,
    EnrolmentFinished,
    OutsiderAsked,
    PeopleAsked,
    PersonAdded,
    PersonAsked,
    PersonChanged,
    PersonRemoved,
    ReEnrolled,
    TokenAdded,
    TokenAsked,
    TokenRemoved,
    TrailAsked,
)
from detente.store.errors import HomeMistake
from tests.line.authenticator import Authenticator
from tests.node.people.desk import DAY_MS, Desk, hashed


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.people.close()


def refused(desk: Desk, question: Any, match: str | None = None) -> None:
    with pytest.raises(HomeMistake, match=match):
        desk.ask(question)


def test_a_new_home_has_nobody_and_lets_nobody_in(desk: Desk) -> None:
    assert (desk.names(), desk.ask(PeopleAsked()).tokens) == ([], ())
    for actor in ("", "0" * 32, "terminal"):
        refused(desk, PersonAdded(actor=actor, name="Anna", roles=("keeper",)), "somebody who may")
        refused(desk, TokenAdded(actor=actor, name="watch"))
        refused(desk, ReEnrolled(actor=actor, id="0" * 32))
    refused(desk, PersonAsked())
    refused(desk, PersonAsked(credential=b"x"))
    refused(desk, OutsiderAsked(outsider=""))
    refused(desk, TokenAsked(secret_hash=""))
    refused(desk, EnrolmentAsked(code_hash=""))
    assert desk.acts() == []


def test_the_first_keeper_comes_by_a_link_that_is_good_once(desk: Desk) -> None:
    link = desk.add("Anna", "releaser", "keeper")
    assert len(link.code) >= 43
    assert link.until_ms == desk.now_ms + DAY_MS
    assert desk.ask(EnrolmentAsked(code_hash=hashed(link.code))).name == "Anna"
    waiting = desk.ask(PersonAsked(id=link.person))
    assert (waiting.is_waiting, waiting.passkeys) == (True, ())
    anna = desk.enrol(link, "Anna")
    assert (anna.is_waiting, [one.key for one in anna.passkeys]) == (False, [Authenticator("Anna").key])
    with pytest.raises(HomeMistake, match="used up"):
        desk.enrol(link, "Berta")
    desk.again()
    assert desk.ask(PersonAsked(credential=anna.passkeys[0].credential)) == anna
    assert desk.acts() == ["person-added", "enrolled"]
    for file in desk.home.glob("people.sqlite3*"):
        assert link.code.encode() not in file.read_bytes()


def test_a_link_ends_after_a_day(desk: Desk) -> None:
    link = desk.add("Anna", "keeper")
    desk.now_ms += DAY_MS - 1
    assert desk.ask(EnrolmentAsked(code_hash=hashed(link.code))).person == link.person
    desk.now_ms += 1
    refused(desk, EnrolmentAsked(code_hash=hashed(link.code)), "too old")
    with pytest.raises(HomeMistake, match="too old"):
        desk.enrol(link, "Anna")


def test_of_two_who_use_one_link_at_once_one_is_enrolled(desk: Desk) -> None:
    link = desk.add("Anna", "keeper")
    ready = threading.Barrier(2)
    came: list[str] = []

    def enrol(name: str) -> None:
        ready.wait()
        try:
            came.append(desk.enrol(link, name).passkeys[0].key)
        except HomeMistake:
            came.append("refused")

    threads = [threading.Thread(target=enrol, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (anna,) = desk.ask(PeopleAsked()).people
    assert sorted(came) == sorted(["refused", anna.passkeys[0].key])


def test_who_was_never_enrolled_gets_a_new_link_of_a_keeper_alone(desk: Desk) -> None:
    keeper, releaser = desk.person("Kim", "keeper"), desk.person("Rolf", "releaser")
    first = desk.add("Anna", "drafter", by=keeper.id)
    refused(desk, ReEnrolled(actor=releaser.id, id=first.person))
    second = desk.ask(ReEnrolled(actor=keeper.id, id=first.person))
    refused(desk, EnrolmentAsked(code_hash=hashed(first.code)))
    assert desk.enrol(second, "Anna").name == "Anna"


def test_a_lost_passkey_takes_two_other_people(desk: Desk) -> None:
    keeper, releaser = desk.person("Kim", "keeper"), desk.person("Rolf", "releaser")
    anna, drafter = desk.person("Anna", "releaser"), desk.person("Dora", "drafter")
    refused(desk, ReEnrolled(actor=anna.id, id=anna.id), "two other people")
    refused(desk, ReEnrolled(actor=drafter.id, id=anna.id))
    for _ in range(3):  # one alone may ask as often as they like
        assert desk.ask(ReEnrolled(actor=keeper.id, id=anna.id)).code == ""
    assert desk.ask(ReEnrolled(actor="terminal:kim", id=anna.id)).code == ""
    asked = desk.ask(PersonAsked(id=anna.id))
    assert (asked.re_enrol_asked_by, asked.is_waiting, len(asked.passkeys)) == ("Kim", False, 1)
    link = desk.ask(ReEnrolled(actor=releaser.id, id=anna.id))
    cut = desk.ask(PersonAsked(id=anna.id))
    assert (cut.re_enrol_asked_by, cut.is_waiting, cut.passkeys) == ("", True, ())
    refused(desk, PersonAsked(credential=anna.passkeys[0].credential))
    new = desk.enrol(link, "Anna's other")
    assert [one.key for one in new.passkeys] == [Authenticator("Anna's other").key]
    assert desk.acts()[-3:] == ["re-enrol-asked", "re-enrol-confirmed", "enrolled"]


def test_at_the_terminal_too_two_names_of_officers_are_needed(desk: Desk) -> None:
    desk.person("Kim", "keeper")
    rolf = desk.person("Rolf", "releaser")
    anna = desk.person("Anna", "releaser")
    refused(desk, ReEnrolled(actor="terminal:root", id=anna.id), "releaser or keeper")
    refused(desk, ReEnrolled(actor="terminal:Anna", id=anna.id), "two other people")
    assert desk.ask(ReEnrolled(actor="terminal:Kim", id=anna.id)).code == ""
    assert desk.ask(ReEnrolled(actor="terminal:KIM", id=anna.id)).code == ""
    assert desk.ask(ReEnrolled(actor="terminal:Rolf", id=anna.id)).code
    assert desk.ask(ReEnrolled(actor=rolf.id, id=desk.person("Eva", "viewer").id)).code == ""


def test_an_officers_word_is_void_after_a_day_or_with_the_officer(desk: Desk) -> None:
    keeper, rolf, anna = (desk.person(name, "releaser", "keeper") for name in ("Kim", "Rolf", "Anna"))
    desk.ask(ReEnrolled(actor=keeper.id, id=anna.id))
    desk.now_ms += DAY_MS
    assert desk.ask(ReEnrolled(actor=rolf.id, id=anna.id)).code == ""
    desk.ask(PersonRemoved(actor=keeper.id, id=rolf.id))
    assert desk.ask(ReEnrolled(actor=keeper.id, id=anna.id)).code == ""


def test_the_last_keeper_stays(desk: Desk) -> None:
    kim = desk.person("Kim", "keeper")
    refused(desk, PersonRemoved(actor=kim.id, id=kim.id), "last one")
    refused(desk, PersonChanged(actor="terminal:x", id=kim.id, name="Kim", roles=("viewer",)), "last one")
    lee = desk.person("Lee", "keeper")
    desk.ask(PersonRemoved(actor=lee.id, id=kim.id))
    assert desk.names() == ["Lee"]
    refused(desk, PersonRemoved(actor=lee.id, id=lee.id))


def test_who_was_removed_opens_nothing_and_stays_in_the_trail(desk: Desk) -> None:
    kim = desk.person("Kim", "keeper")
    anna = desk.person("Anna", "releaser")
    waiting = desk.add("Olga", "viewer")
    for person in (anna.id, waiting.person):
        desk.ask(PersonRemoved(actor=kim.id, id=person))
    refused(desk, PersonAsked(id=anna.id))
    refused(desk, PersonAsked(credential=anna.passkeys[0].credential))
    refused(desk, CredentialUsed(credential=anna.passkeys[0].credential, counter=9))
    refused(desk, EnrolmentAsked(code_hash=hashed(waiting.code)))
    desk.again()
    refused(desk, PersonAsked(id=anna.id))
    removed = desk.ask(TrailAsked(limit=2)).acts[1]
    assert (removed.act, removed.actor_name, removed.detail["name"]) == ("person-removed", "Kim", "Anna")
    assert removed.detail["person"] == anna.id


def test_roles_and_names_change_by_keepers_alone(desk: Desk) -> None:
    kim, anna = desk.person("Kim", "keeper"), desk.person("Anna", "viewer")
    refused(desk, PersonChanged(actor=anna.id, id=anna.id, name="Anna", roles=("keeper",)), "may do that")
    made = desk.ask(PersonChanged(actor=kim.id, id=anna.id, name="Anna B.", roles=("releaser", "drafter")))
    assert (made.name, made.roles) == ("Anna B.", ("drafter", "releaser"))
    act = desk.ask(TrailAsked(limit=1)).acts[0]
    assert (act.act, act.detail["roles_before"], act.detail["roles"]) == (
        "person-changed", "viewer", "drafter releaser",
    )  # fmt: skip
    count = len(desk.acts())
    desk.ask(PersonChanged(actor=kim.id, id=anna.id, name="Anna B.", roles=("drafter", "releaser")))
    assert len(desk.acts()) == count


@pytest.mark.parametrize("name", ["", " ", "a" * 101, "A\nB", "A\u202eB", "kim", "KIM ", "A\x00", "A\u2028B"])
def test_names_that_deceive_or_are_taken_are_refused(desk: Desk, name: str) -> None:
    desk.person("Kim", "keeper")
    refused(desk, PersonAdded(actor="terminal:x", name=name, roles=("viewer",)))
    assert desk.names() == ["Kim"]


def test_a_person_needs_a_role(desk: Desk) -> None:
    refused(desk, PersonAdded(actor="terminal:x", name="Kim", roles=()))


def test_an_outsider_is_one_person(desk: Desk) -> None:
    known = "https://login.example 248289761001"
    for wrong in ("login.example 1", "https://login.example", "https://login.example 1\n2"):
        refused(desk, PersonAdded(actor="terminal:x", name="Anna", roles=("viewer",), outsider=wrong))
    anna = desk.add("Anna", "viewer", outsider=known)
    assert desk.ask(OutsiderAsked(outsider=known)).id == anna.person
    refused(desk, OutsiderAsked(outsider=known + "2"))
    refused(desk, PersonAdded(actor="terminal:x", name="Berta", roles=("viewer",), outsider=known))


def test_a_counter_that_does_not_grow_is_a_copy(desk: Desk) -> None:
    link = desk.add("Anna", "keeper")
    credential = desk.enrol(link, "Anna", counter=3).passkeys[0].credential
    desk.ask(CredentialUsed(credential=credential, counter=5))
    for old in (5, 4, 0):
        refused(desk, CredentialUsed(credential=credential, counter=old), "copy")
    assert desk.acts()[-3:] == ["passkey-copied"] * 3
    assert desk.alarms == [("passkey-copied", {"person": "Anna"})] * 3
    desk.ask(CredentialUsed(credential=credential, counter=6))
    never = desk.enrol(desk.add("Berta", "viewer"), "Berta").passkeys[0].credential
    for _ in range(2):  # an authenticator that keeps no counter
        desk.ask(CredentialUsed(credential=never, counter=0))


def test_one_key_is_one_persons(desk: Desk) -> None:
    desk.person("Anna", "keeper")
    with pytest.raises(HomeMistake, match="is enrolled"):
        desk.enrol(desk.add("Berta", "viewer"), "Anna")


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [("00" * 32, "ed25519"), ("04" + "11" * 64, "es256"), (Authenticator("a").key, "ed25519"), ("x", "rs256")],
)
def test_a_key_that_the_signer_could_not_use_is_refused(desk: Desk, key: str, algorithm: str) -> None:
    code = hashed(desk.add("Anna", "keeper").code)
    question = EnrolmentFinished(
        code_hash=code, credential=b"c", key=key, algorithm=algorithm, public_key=b"k", counter=0
    )
    refused(desk, question, "another kind of key")
    assert desk.ask(EnrolmentAsked(code_hash=code)).name == "Anna"


def test_a_token_is_told_once_and_ends(desk: Desk) -> None:
    kim, anna = desk.person("Kim", "keeper"), desk.person("Anna", "releaser")
    refused(desk, TokenAdded(actor=anna.id, name="watch"))
    for days in (0, -1, 3_661):
        refused(desk, TokenAdded(actor=kim.id, name="watch", days=days))
    made = desk.ask(TokenAdded(actor=kim.id, name="watch", days=2))
    refused(desk, TokenAdded(actor=kim.id, name="Watch"))
    assert len(made.secret) >= 43
    assert made.token.added_by == "Kim"
    used = desk.ask(TokenAsked(secret_hash=hashed(made.secret)))
    assert (used.id, used.used_ms) == (made.token.id, desk.now_ms)
    desk.now_ms += 59_000
    assert desk.ask(TokenAsked(secret_hash=hashed(made.secret))).used_ms == desk.now_ms - 59_000
    desk.now_ms += 1_000
    assert desk.ask(TokenAsked(secret_hash=hashed(made.secret))).used_ms == desk.now_ms
    refused(desk, PersonAdded(actor=made.token.id, name="Eva", roles=("keeper",)))
    desk.now_ms += 2 * DAY_MS
    refused(desk, TokenAsked(secret_hash=hashed(made.secret)), "too old")
    desk.ask(TokenRemoved(actor=kim.id, id=made.token.id))
    assert desk.ask(PeopleAsked()).tokens == ()
    refused(desk, TokenRemoved(actor=kim.id, id=made.token.id))
    for file in desk.home.glob("people.sqlite3*"):
        assert made.secret.encode() not in file.read_bytes()


def test_there_are_limits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_PEOPLE_MAX", 2)
    monkeypatch.setattr(people, "_TOKENS_MAX", 1)
    kim = desk.person("Kim", "keeper")
    desk.add("Anna", "viewer")
    refused(desk, PersonAdded(actor=kim.id, name="Berta", roles=("viewer",)), "at most 2")
    desk.ask(TokenAdded(actor=kim.id, name="watch"))
    refused(desk, TokenAdded(actor=kim.id, name="other"))


def test_changes_are_news(desk: Desk) -> None:
    kim = desk.person("Kim", "keeper")
    assert set(desk.news) == {"people", "trail"}
    desk.news.clear()
    desk.ask(ActNoted(actor=kim.id, act="signed-in"))
    desk.ask(PeopleAsked())
    assert desk.news == ["trail"]
