"""Drafts of a desk and their release by officers: each touch is checked when it is given, and the line by the signer.

Method: authenticators made by hand; a real home whose signer knows its officers; its lines and door in this process.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.line.effects import Draft
from detente.line.errors import LineMistake, Refused
from detente.node import keyfile
from detente.node.book import Book
from detente.node.commands_drafts import opened_drafts
from detente.node.desk_door.ask import FormFaultsError
from detente.node.desk_door.people_questions import ActDocument, TrailAsked, TrailDocument
from detente.node.desk_door.record_questions import (
    AttachmentGiven,
    DraftDiscarded,
    DraftDocument,
    DraftKept,
    DraftsAsked,
    EntriesAsked,
    EntryAsked,
    LinesAsked,
    ReleaseAsked,
    ReleaseGiven,
    ReleaseRequest,
    ReleaseState,
)
from detente.node.filed_record import filed_of
from detente.node.home import open_reading
from detente.node.notice_entries import notice_lines
from detente.node.officers import Officer, Officers
from detente.node.readable import entry_document
from detente.node.settings.structs import LineSettings, Settings
from detente.notices.codec import encode
from detente.notices.examples import EXAMPLES
from detente.notices.notice import Notice, Party
from detente.store.drafts import KeptTouch
from detente.store.errors import HomeMistake
from tests.line.authenticator import ORIGIN, SITE, Authenticator
from tests.node.desk_door.running import RunningNode, running
from tests.store.pair import CHEAP, PASSPHRASE, Desk, exchange, found_homes, open_home

WEST = Party(id="west", name="West", state="LV")
ANNA, BERTA, CARL = Authenticator("anna"), Authenticator("berta", "ed25519"), Authenticator("carl")
OFFICERS = Officers(
    needed=1,
    needed_for={},
    officers=tuple(Officer(key=one.key, name=one.name) for one in (ANNA, BERTA)),
    origins=(ORIGIN,),
    site=SITE,
)
TWO = Settings(line={"baltic": LineSettings(two_person_release=("notice.danger-area",))})


class Trail:
    """Keeps the acts that the door notes, and knows two people."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, str, dict[str, str]]] = []

    def answer(self, question: Any) -> Any:
        assert isinstance(question, TrailAsked)
        acts = enumerate(self.acts)
        return TrailDocument(
            acts=tuple(
                ActDocument(number=number, at_ms=1, actor=actor, actor_name="", act=act, detail=detail, hash="")
                for number, (actor, act, detail) in acts
            )
        )

    def note(self, actor: str, act: str, detail: Any) -> None:
        self.acts.append((actor, act, dict(detail)))

    def name_of(self, actor: str) -> str:
        return {"1": "Dora", "2": "Watch"}.get(actor, "")

    def close(self) -> None:
        return


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keyfile, "Cost", lambda: CHEAP)
    found_homes(tmp_path)
    with open_home(tmp_path / "west") as opened:
        opened.store_officers(OFFICERS, PASSPHRASE)
    return tmp_path / "west"


@pytest.fixture
def trail() -> Trail:
    return Trail()


@pytest.fixture
def node(home: Path, trail: Trail) -> Iterator[RunningNode]:
    with running(home, TWO, people=trail, officers=lambda: OFFICERS) as made:
        yield made


def line_of(node: RunningNode) -> str:
    found: str = node.ask(LinesAsked()).lines[0].line
    return found


def form(kind: str, **changed: Any) -> dict[str, Any]:
    notice: Notice = msgspec.structs.replace(EXAMPLES[kind], author=WEST, **changed)
    document: dict[str, Any] = msgspec.json.decode(encode(notice))
    return document


def keep(node: RunningNode, kind: str = "danger_area", **more: Any) -> DraftDocument:
    fields = {one: more.pop(one) for one in list(more) if one not in DraftKept.__struct_fields__}
    asked = DraftKept(line=line_of(node), notice=form(kind, **fields), actor=more.pop("actor", "1"), **more)
    found: DraftDocument = node.ask(asked)
    return found


def touched(request: ReleaseRequest, officer: Authenticator, **how: Any) -> ReleaseGiven:
    one = officer.touch(request.challenge, **how)
    return ReleaseGiven(
        submission=request.submission,
        key=one.key,
        algorithm=one.algorithm,
        authenticator_data=base64.b64decode(one.authenticator_data),
        client_data=base64.b64decode(one.client_data),
        signature=base64.b64decode(one.signature),
        actor="1",
    )


def release(node: RunningNode, submission: str, officer: Authenticator, **how: Any) -> ReleaseState:
    found: ReleaseState = node.ask(touched(node.ask(ReleaseAsked(submission=submission)), officer, **how))
    return found


def test_two_officers_release_a_draft_and_the_other_side_reads_it(node: RunningNode, trail: Trail) -> None:
    draft = keep(
        node,
        title="Firing off Gotland",
        attachments=(AttachmentGiven(media_type="image/png", octets=b"\x89PNG"),),
        answer_by_ms=2**52,
    )
    assert (draft.state, draft.needed, draft.given, draft.by) == ("draft", 2, (), "Dora")
    assert "SUBJECT: Firing off Gotland" in draft.texts["en"]
    assert "ТЕМА: Firing off Gotland" in draft.texts["ru"]
    sha256 = hashlib.sha256(b"\x89PNG").hexdigest()
    assert draft.attachments == ({"media_type": "image/png", "size": 4, "sha256": sha256},)
    assert node.ask(DraftsAsked()).drafts == (draft,)
    request = node.ask(ReleaseAsked(submission=draft.submission))
    assert (request.site, request.needed, request.given) == (SITE, 2, ())
    assert set(request.keys) == {ANNA.key, BERTA.key}
    first = node.ask(touched(request, ANNA))
    assert (first.state, first.given) == ("waits", ("anna",))
    (waits,) = node.ask(DraftsAsked()).drafts
    assert (waits.state, waits.given) == ("releasing", ("anna",))
    assert node.ask(EntriesAsked()).rows == ()
    second = release(node, draft.submission, BERTA)
    assert (second.state, second.given, second.ref) == ("sent", ("anna", "berta"), "west/0")
    assert node.ask(DraftsAsked()).drafts == ()
    again = node.ask(touched(request, ANNA))
    assert (again.state, again.ref) == ("sent", "west/0")
    (row,) = node.ask(EntriesAsked()).rows
    assert (row.title, row.answer_by_ms, row.states) == ("Firing off Gotland", 2**52, {"east": "held"})
    assert [act for _, act, _ in trail.acts] == ["draft-kept", "released", "released", "sent"]
    assert trail.acts[2][2]["officer"] == "berta"
    line, folder = line_of(node), node.home.parent
    node.stop()
    with open_home(folder / "west") as west, open_home(folder / "east") as east:
        sender, receiver = Desk(west, line, now_ms=row.clock_ms), Desk(east, line, now_ms=row.clock_ms)
        exchange(sender, receiver)
        assert not receiver.refusals
    with running(folder / "east") as other:
        found = other.ask(EntryAsked(line=line, ref="west/0"))
        assert found.notice["title"] == "Firing off Gotland"
        assert found.entry["release"]["state"] == "holds"
        assert {one["key"] for one in found.entry["release"]["by"]} == {ANNA.key, BERTA.key}
    with running(folder / "west") as again_west:
        assert again_west.ask(EntriesAsked()).rows[0].states == {"east": "delivered"}


def test_a_wrong_touch_is_refused_when_it_is_given(node: RunningNode, trail: Trail) -> None:
    draft, other = keep(node), keep(node, title="Another one")
    wrong: list[tuple[Authenticator, dict[str, Any]]] = [
        (CARL, {}),
        (ANNA, {"site": "desk.east.example"}),
        (ANNA, {"origin": "https://desk.west.example.evil"}),
        (ANNA, {"flags": 0x01}),
        (ANNA, {"flags": 0x04}),
        (ANNA, {"client": {"type": "webauthn.create"}}),
        (ANNA, {"client": b"[]"}),
        (ANNA, {"client": {"challenge": "AAAA"}}),
    ]
    for officer, how in wrong:
        with pytest.raises(Refused):
            release(node, draft.submission, officer, **how)
    request = node.ask(ReleaseAsked(submission=draft.submission))
    good = touched(request, ANNA)
    for bad in (
        msgspec.structs.replace(good, submission=other.submission),
        msgspec.structs.replace(good, signature=good.signature[:-1] + b"\x00"),
        msgspec.structs.replace(good, key=BERTA.key),
        msgspec.structs.replace(good, key="zz"),
        msgspec.structs.replace(good, algorithm="rs256"),
        msgspec.structs.replace(good, authenticator_data=b""),
    ):
        with pytest.raises(Refused):
            node.ask(bad)
    assert node.ask(good).state == "waits"
    with pytest.raises(LineMistake, match="another officer"):
        release(node, draft.submission, ANNA)
    assert [act for _, act, _ in trail.acts].count("released") == 1
    for question in (ReleaseAsked(submission="f" * 32), msgspec.structs.replace(good, submission="f" * 32)):
        with pytest.raises(HomeMistake, match="draft"):
            node.ask(question)


def test_an_officer_touches_one_draft_and_then_another_in_any_order(node: RunningNode) -> None:
    first, second = keep(node, title="First"), keep(node, title="Second")
    assert release(node, first.submission, ANNA).state == "waits"
    assert release(node, second.submission, ANNA).state == "waits"
    assert release(node, second.submission, BERTA).state == "sent"  # the signer saw a later touch of Anna by now
    assert release(node, first.submission, BERTA).state == "sent"
    assert [row.title for row in node.ask(EntriesAsked()).rows] == ["First", "Second"]


def test_a_copied_authenticator_is_found_when_it_touches(node: RunningNode) -> None:
    first, second = keep(node, title="First"), keep(node, title="Second")
    copied = Authenticator("anna", count=ANNA.count)
    assert release(node, first.submission, ANNA).state == "waits"
    with pytest.raises(Refused, match="copied"):
        release(node, second.submission, copied)
    assert node.ask(DraftsAsked()).drafts[1].given == ()
    assert release(node, first.submission, BERTA).state == "sent"


def test_the_same_touch_given_twice_is_one(node: RunningNode) -> None:
    draft = keep(node)
    touch = touched(node.ask(ReleaseAsked(submission=draft.submission)), ANNA)
    assert node.ask(touch).state == "waits"
    with pytest.raises(LineMistake, match="another officer"):
        node.ask(touch)
    assert release(node, draft.submission, BERTA).state == "sent"


def test_a_changed_draft_takes_back_the_touches(node: RunningNode) -> None:
    draft = keep(node)
    old = node.ask(ReleaseAsked(submission=draft.submission))
    assert node.ask(touched(old, ANNA)).state == "waits"
    changed = keep(node, title="Somewhere else", submission=draft.submission)
    assert (changed.title, changed.given, changed.state) == ("Somewhere else", (), "draft")
    assert changed.drafted_ms == draft.drafted_ms
    with pytest.raises(Refused):
        node.ask(touched(old, BERTA))
    assert release(node, draft.submission, ANNA).state == "waits"
    assert release(node, draft.submission, BERTA).state == "sent"
    assert node.ask(EntriesAsked()).rows[0].title == "Somewhere else"


def test_a_restart_between_two_touches_asks_nobody_again(home: Path, trail: Trail) -> None:
    with running(home, TWO, people=trail, officers=lambda: OFFICERS) as node:
        draft = keep(node)
        request = node.ask(ReleaseAsked(submission=draft.submission))
        assert node.ask(touched(request, BERTA)).state == "waits"
    with running(home, TWO, people=trail, officers=lambda: OFFICERS) as node:
        (kept,) = node.ask(DraftsAsked()).drafts
        assert (kept.by, kept.state, kept.given) == ("Dora", "releasing", ("berta",))
        assert node.ask(ReleaseAsked(submission=draft.submission)).challenge == request.challenge
        assert release(node, draft.submission, ANNA).state == "sent"


def test_an_officer_who_was_taken_off_the_list_counts_no_more(home: Path, trail: Trail) -> None:
    with running(home, TWO, people=trail, officers=lambda: OFFICERS) as node:
        draft = keep(node)
        assert release(node, draft.submission, BERTA).state == "waits"
    fewer = msgspec.structs.replace(OFFICERS, officers=OFFICERS.officers[:1])
    with running(home, TWO, people=trail, officers=lambda: fewer) as node:
        assert node.ask(ReleaseAsked(submission=draft.submission)).given == ()


def test_an_officer_who_was_named_a_moment_ago_may_release(home: Path, trail: Trail) -> None:
    named = [msgspec.structs.replace(OFFICERS, officers=OFFICERS.officers[:1])]
    with running(home, TWO, people=trail, officers=lambda: named[-1]) as node:
        draft = keep(node)
        assert node.ask(ReleaseAsked(submission=draft.submission)).keys == (ANNA.key,)
        named.append(OFFICERS)
        assert node.ask(ReleaseAsked(submission=draft.submission)).keys == (ANNA.key, BERTA.key)


def test_a_touch_that_comes_after_a_later_one_is_refused_when_it_is_given(node: RunningNode) -> None:
    first, second = keep(node, "movement", title="First"), keep(node, "movement", title="Second")
    ahead = node.ask(ReleaseAsked(submission=first.submission))
    older = touched(ahead, ANNA)
    assert release(node, second.submission, ANNA).state == "sent"
    with pytest.raises(Refused, match="old touch"):
        node.ask(older)
    assert node.ask(DraftsAsked()).drafts[0].given == ()
    assert release(node, first.submission, ANNA).state == "sent"


def test_a_touch_of_before_touches_were_noted_is_taken_back_when_the_signer_refuses_it(node: RunningNode) -> None:
    first, second = keep(node, title="First"), keep(node, title="Second")
    older = touched(node.ask(ReleaseAsked(submission=first.submission)), ANNA)
    with opened_drafts(node.home) as drafts:  # as an older version kept it, which showed the signer nothing
        assert drafts is not None
        kept = drafts.find(first.submission)
        assert kept is not None
        touch = KeptTouch(
            name="anna",
            key=older.key,
            algorithm=older.algorithm,
            authenticator_data=older.authenticator_data,
            client_data=older.client_data,
            signature=older.signature,
        )
        drafts.change(
            dataclasses.replace(kept, progress=msgspec.structs.replace(kept.progress, touches=(touch,)))
        )
    assert release(node, second.submission, ANNA).state == "waits"
    with pytest.raises(LineMistake, match="old touch"):
        release(node, first.submission, BERTA)
    assert node.ask(DraftsAsked()).drafts[0].given == ()


def test_a_home_without_officers_says_who_must_name_them(tmp_path: Path) -> None:
    found_homes(tmp_path)
    with running(tmp_path / "west", officers=lambda: None) as node:
        draft = keep(node)
        with pytest.raises(HomeMistake) as refused:
            node.ask(ReleaseAsked(submission=draft.submission))
        assert "line officers" in refused.value.remedy


def test_every_fault_of_a_form_is_told_at_once_in_the_readers_language(node: RunningNode) -> None:
    notice = form("danger_area")
    notice |= {"title": "", "issued_at": "yesterday"}
    del notice["windows"]
    asked = DraftKept(
        line=line_of(node),
        notice=notice,
        answer_by_ms=1,
        in_reply_to="east/99",
        attachments=(AttachmentGiven(media_type="Nonsense", octets=b""),),
    )
    with pytest.raises(FormFaultsError) as english:
        node.ask(asked)
    with pytest.raises(FormFaultsError) as russian:
        node.ask(msgspec.structs.replace(asked, language="ru"))
    paths = {path for path, _ in english.value.faults}
    assert paths >= {"title", "issued_at", "answer_by_ms", "in_reply_to", "attachments[0].media_type"}
    assert {path for path, _ in russian.value.faults} == paths
    assert english.value.faults != russian.value.faults
    assert node.ask(DraftsAsked()).drafts == ()
    for bad in ({}, {"kind": "nothing"}, {"kind": ["list"]}, form("danger_area") | {"author": {"id": "east"}}):
        with pytest.raises(FormFaultsError):
            node.ask(DraftKept(line=line_of(node), notice=bad))
    with pytest.raises(HomeMistake, match="arctic"):
        node.ask(DraftKept(line="arctic", notice=form("danger_area")))
    with pytest.raises(HomeMistake, match="draft"):
        node.ask(DraftKept(line=line_of(node), notice=form("danger_area"), submission="e" * 32))


def test_a_machine_changes_its_own_drafts_alone(node: RunningNode) -> None:
    own = keep(node, actor="2", is_machine=True)
    assert (own.is_machine, own.by) == (True, "Watch")
    assert keep(node, actor="2", is_machine=True, submission=own.submission, title="Closer").title == "Closer"
    of_a_person = keep(node)
    with pytest.raises(HomeMistake, match="own"):
        keep(node, actor="2", is_machine=True, submission=of_a_person.submission)
    assert keep(node, submission=own.submission, title="Mended").by == "Dora"


def test_drafts_of_the_command_line_are_shown_and_released_and_discarded_here(node: RunningNode) -> None:
    line = line_of(node)
    with opened_drafts(node.home) as drafts:
        assert drafts is not None
        drafts.keep(line, Draft("message", "text/plain", "Grüße\nmore".encode(), "a" * 32), 5)
        drafts.keep(line, Draft("message", "text/plain", b"another", "b" * 32), 6)
    first, second = node.ask(DraftsAsked()).drafts
    assert (first.title, first.notice, first.by, first.needed) == ("Grüße", None, "", 1)
    assert release(node, first.submission, ANNA).ref == "west/0"
    node.ask(DraftDiscarded(submission=second.submission))
    with pytest.raises(HomeMistake):
        node.ask(DraftDiscarded(submission=second.submission))
    assert node.ask(DraftsAsked()).drafts == ()


def test_a_draft_that_was_sent_while_the_node_died_waits_no_more(node: RunningNode) -> None:
    line = line_of(node)
    draft = keep(node, "movement")
    with opened_drafts(node.home) as drafts:
        assert drafts is not None
        kept = drafts.find(draft.submission)
    assert kept is not None
    assert release(node, draft.submission, ANNA).state == "sent"
    with opened_drafts(node.home) as drafts:
        assert drafts is not None
        drafts.keep(line, kept.draft, kept.drafted_ms)
    assert node.ask(DraftsAsked()).drafts == ()


def test_every_reply_is_a_word_of_the_line(node: RunningNode) -> None:
    asked = keep(node, "movement", title="Convoy")
    assert release(node, asked.submission, ANNA).ref == "west/0"
    for number, word in enumerate(("read", "understood", "accepted", "refused", "question", "answer"), 1):
        reply = keep(node, "reply", answers="west/0", reply=word, text="Which road?")
        assert (reply.type, reply.in_reply_to, reply.kind) == (f"reply.{word}", "west/0", "reply")
        assert release(node, reply.submission, BERTA).ref == f"west/{number}"
        found = node.ask(EntryAsked(line=line_of(node), ref=f"west/{number}"))
        assert found.faults == ()
        assert found.row.in_reply_to == "west/0"
        assert [one.ref for one in found.related] == ["west/0"]
        assert found.related[0].replies == number
    with pytest.raises(FormFaultsError) as nothing:
        keep(node, "reply", answers="west/99", reply="read")
    assert [path for path, _ in nothing.value.faults] == ["answers"]


def test_corrections_and_cancellations_change_how_a_notice_stands(node: RunningNode) -> None:
    first = keep(node, "movement", title="Convoy")
    assert release(node, first.submission, ANNA).ref == "west/0"
    inner = msgspec.structs.replace(EXAMPLES["movement"], author=WEST, title="Convoy, later")
    correction = keep(node, "correction", corrects="west/0", corrected=inner)
    assert release(node, correction.submission, BERTA).ref == "west/1"
    row = node.ask(EntryAsked(line=line_of(node), ref="west/0")).row
    assert (row.standing, row.changed_by, row.replies) == ("corrected", ("west/1",), 0)
    cancellation = keep(node, "cancellation", cancels="west/1")
    assert release(node, cancellation.submission, ANNA).ref == "west/2"
    row = node.ask(EntryAsked(line=line_of(node), ref="west/0")).row
    assert (row.standing, row.changed_by) == ("cancelled", ("west/1", "west/2"))
    report = keep(node, "after_report", reports_on="west/0")
    assert report.in_reply_to == "west/0"


def test_a_reply_of_a_desk_counts_on_the_line_and_is_judged_as_a_notice(node: RunningNode) -> None:
    asked = keep(node, "movement", title="Convoy", answer_by_ms=2**52)
    assert release(node, asked.submission, ANNA).ref == "west/0"
    reply = keep(node, "reply", answers="west/0", reply="accepted", text="Agreed")
    assert release(node, reply.submission, ANNA).ref == "west/1"
    with open_reading(node.home) as home:
        book = Book.open(home.member, home.record(line_of(node)))
        book.index()
        filed, unread = filed_of(book)
        assert [one.ref for one in filed] == ["west/0", "west/1"]
        assert unread == []
        shown = list(notice_lines(entry_document(book, book.resolve("west/1"))))
        assert not any("otherwise" in one for one in shown)
        assert [one.word for one in book.replies[book.resolve("west/0").origin, 0]] == ["accepted"]
