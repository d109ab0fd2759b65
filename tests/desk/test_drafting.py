"""Drafts and their release through a desk: what is passed on, and by whom."""

from __future__ import annotations

import base64

from detente.node.desk_door.people_questions import PersonAdded, PersonRemoved, TokenAdded
from detente.node.desk_door.record_questions import DraftKept, ReleaseGiven
from tests.desk.asker import Asker
from tests.desk.desks import PASSKEY, PEOPLE, TOKEN, RunningDesk
from tests.desk.door import LINE

SUBMISSION = "0123456789abcdef" * 2


def text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def test_a_form_with_faults_names_each_at_its_path(ask: Asker) -> None:
    checked = ask.post("check", {"line": LINE, "notice": {"kind": "x"}}, headers={"Accept-Language": "ru"}).json
    assert checked["faults"] == [{"path": "kind", "message": "missing"}]
    assert checked["texts"] == {"en": "ru"}  # the node is asked in the reader's language
    answer = ask.post("drafts", {"line": LINE, "notice": {}})
    assert (answer.status, answer.kind) == (400, "form-faults")
    assert answer.json["error"]["faults"] == [{"path": "kind", "message": "is missing"}]
    assert ask.post("drafts", {"line": LINE, "notice": {"figure": 10**30}}).status == 400
    assert ask.post("drafts", {"line": "other", "notice": {"kind": "x"}}).status == 404


def test_a_draft_is_kept_with_its_files_and_its_author(desk: RunningDesk, ask: Asker) -> None:
    files = [{"media_type": "image/png", "octets": base64.b64encode(b"\x89PNG").decode()}]
    body = {
        "line": LINE,
        "notice": {"kind": "x"},
        "attachments": files,
        "answer_by_ms": 5,
        "in_reply_to": "east/1",
    }
    kept = ask.post("drafts", body, role="drafter").json
    assert kept["attachments"] == [{"size": 4}]
    asked = desk.door.questions[-1]
    assert isinstance(asked, DraftKept)
    assert (asked.actor, asked.is_machine, asked.attachments[0].octets) == (
        PEOPLE["drafter"].id,
        False,
        b"\x89PNG",
    )
    assert (asked.answer_by_ms, asked.in_reply_to) == (5, "east/1")
    assert ask("DELETE", f"drafts/{kept['submission']}", role="drafter").status == 200
    assert ask("DELETE", f"drafts/{kept['submission']}", role="drafter").status == 404
    assert ask("DELETE", "drafts/nonsense").status == 404
    assert ask.post("drafts", {**body, "submission": "x"}).status == 400
    assert ask.post("drafts", {**body, "attachments": [{"media_type": "x", "octets": "%"}]}).status == 400
    assert ask.post("drafts", {**body, "is_machine": True}).status == 400
    assert ask.post("drafts", {**body, "actor": "somebody else"}).status == 400


def test_an_unfinished_form_a_known_file_and_a_revision_are_passed_on(desk: RunningDesk, ask: Asker) -> None:
    body = {
        "line": LINE, "notice": {"kind": "x"}, "attachments": [{"media_type": "image/png", "sha256": "ab"}],
        "submission": SUBMISSION, "is_unfinished": True, "revision": 3,
    }  # fmt: skip
    assert ask.post("drafts", body, role="drafter").status == 200
    asked = desk.door.questions[-1]
    assert isinstance(asked, DraftKept)
    assert (asked.is_unfinished, asked.revision, asked.attachments[0].sha256) == (True, 3, "ab")
    assert ask.post("drafts", {**body, "revision": -1}).status == 400
    assert ask.post("drafts", {**body, "key": "only machines have one"}).status == 400


def test_a_drafts_file_is_saved_and_never_shown_by_a_browser(ask: Asker) -> None:
    ask.post("drafts", {"line": LINE, "notice": {"kind": "x"}})
    answer = ask.get(f"drafts/{SUBMISSION}/attachments/1", role="viewer")
    assert answer.octets == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="draft-01234567-1"'
    assert ask.get(f"drafts/{SUBMISSION}/attachments/2").status == 404
    assert ask.get("drafts/nonsense/attachments/1").status == 404


def test_a_machine_names_its_draft(desk: RunningDesk, ask: Asker) -> None:
    body = {"line": LINE, "notice": {"kind": "x"}, "key": "encounter 7"}
    headers: dict[str, str | None] = {"Authorization": f"Bearer {TOKEN}", "Sec-Fetch-Site": None}
    assert ask.post("watch/drafts", body, role="", headers=headers).status == 200
    asked = desk.door.questions[-1]
    assert isinstance(asked, DraftKept)
    assert (asked.key, asked.is_machine, asked.submission) == ("encounter 7", True, "")
    assert ask.post("watch/drafts", {**body, "key": "x" * 201}, role="", headers=headers).status == 400


def test_a_release_asks_for_a_touch_of_an_own_officers_passkey_and_passes_it_on(
    desk: RunningDesk, ask: Asker
) -> None:
    assert ask.post(f"drafts/{SUBMISSION}/release/begin").status == 404
    ask.post("drafts", {"line": LINE, "notice": {"kind": "x"}})
    begun = ask.post(f"drafts/{SUBMISSION}/release/begin", role="releaser").json
    assert begun["needed"] == 2
    assert begun["options"]["challenge"] == text(b"c" * 32)
    assert begun["options"]["allowCredentials"] == [{"type": "public-key", "id": text(PASSKEY)}]
    assert begun["options"]["userVerification"] == "required"
    assert begun["options"]["rpId"] == "localhost"
    touch = {"authenticatorData": text(b"a"), "clientDataJSON": text(b"d"), "signature": text(b"s")}
    credential = {
        "id": text(PASSKEY),
        "rawId": text(PASSKEY),
        "type": "public-key",
        "response": {**touch, "userHandle": None},
    }
    path = f"drafts/{SUBMISSION}/release/finish"
    state = ask.post(path, {"credential": credential}, role="releaser").json
    assert state["state"] == "waits"
    given = desk.door.questions[-1]
    assert isinstance(given, ReleaseGiven)
    assert (given.key, given.algorithm, given.actor) == ("officer-key", "es256", PEOPLE["releaser"].id)
    assert (given.authenticator_data, given.client_data, given.signature) == (b"a", b"d", b"s")
    assert ask.post(path, {"credential": {**credential, "id": text(b"another's")}}).status == 403
    assert ask.post(path, {"credential": {**credential, "id": "%"}}).status == 400
    assert ask.post(path, {"credential": {**credential, "response": {**touch, "signature": "*"}}}).status == 400
    assert ask.post(path, {"credential": credential}, role="drafter").status == 403


def test_whoever_has_no_officers_passkey_releases_nothing(desk: RunningDesk, ask: Asker) -> None:
    ask.post("drafts", {"line": LINE, "notice": {"kind": "x"}})
    person = PEOPLE["releaser"]
    desk.door.people[person.id] = type(person)(id=person.id, name=person.name, roles=("releaser",), added_ms=0)
    desk.do(lambda: desk.door.tell("people"))
    from tests.node.serving.served import until

    until(
        lambda: ask.post(f"drafts/{SUBMISSION}/release/begin", role="releaser").status == 403,
        "no officer any more",
    )


def test_keepers_acts_carry_their_name(desk: RunningDesk, ask: Asker) -> None:
    made = ask.post("people", {"name": "New Officer", "roles": ["viewer"]}, role="keeper").json
    assert made["code"] == "code"
    asked = desk.door.questions[-1]
    assert isinstance(asked, PersonAdded)
    assert asked.actor == PEOPLE["keeper"].id
    assert ask.post("people/tokens", {"name": "watch", "days": 30}, role="keeper").json["secret"] == "s" * 43
    assert isinstance(desk.door.questions[-1], TokenAdded)
    assert ask("DELETE", f"people/{PEOPLE['keeper'].id}", role="keeper").status == 409  # not oneself
    assert ask("DELETE", f"people/{PEOPLE['drafter'].id}", role="keeper").status == 200
    assert isinstance(desk.door.questions[-1], PersonRemoved)
    assert ask.post("people", {"name": "", "roles": ["viewer"]}, role="keeper").status == 400
    assert ask.post("people", {"name": "x", "roles": []}, role="keeper").status == 400
    assert ask.post("people", {"name": "x", "roles": ["admiral"]}, role="keeper").status == 400


def test_signing_in_gives_a_cookie_that_only_this_desk_gets(ask: Asker) -> None:
    answer = ask.post("sign-in/finish", {"credential": {"id": "good"}}, role="")
    assert answer.json["may"] == ["read"]
    cookie = answer.headers["set-cookie"]
    for part in ("__Host-detente=", "Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert ask.post("sign-in/finish", {"credential": {"id": "bad"}}, role="").status == 401
    me = ask.get("me", role="releaser").json
    assert (me["member"], me["language"], me["may"]) == (
        "west",
        "en",
        ["read", "draft", "acknowledge", "overlays", "release"],
    )
