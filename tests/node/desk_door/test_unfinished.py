"""Forms that are not finished, files that a draft has already, and drafts that a machine asks for again."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from detente.line.errors import LineMistake
from detente.node.commands_drafts import opened_drafts
from detente.node.desk_door.ask import FormFaultsError
from detente.node.desk_door.record_questions import (
    AttachmentGiven,
    DraftContentAsked,
    DraftDiscarded,
    DraftDocument,
    DraftKept,
    DraftsAsked,
    EntriesAsked,
    ReleaseAsked,
)
from detente.store.errors import HomeMistake
from tests.node.desk_door.running import RunningNode
from tests.node.desk_door.test_releasing import (
    ANNA,
    BERTA,
    Trail,
    form,
    home,
    keep,
    line_of,
    node,
    release,
    touched,
    trail,
)

__all__ = ["home", "node", "trail"]

MAP = b"\x89PNG a map"
MAP_SHA = hashlib.sha256(MAP).hexdigest()


def half(node: RunningNode, **more: Any) -> DraftDocument:
    """Keep a form of which only the subject is filled in."""
    asked = {"notice": {"kind": "danger_area", "title": "Firing"}, "actor": "1", "is_unfinished": True, **more}
    found: DraftDocument = node.ask(DraftKept(line=line_of(node), **asked))
    return found


def test_a_form_with_faults_is_kept_when_asked_and_shows_them_in_the_readers_language(
    node: RunningNode, trail: Trail
) -> None:
    with pytest.raises(FormFaultsError):
        half(node, is_unfinished=False)
    kept = half(node, attachments=(AttachmentGiven(media_type="image/png", octets=MAP),), in_reply_to="nonsense")
    assert (kept.state, kept.kind, kept.title, kept.type) == ("unfinished", "danger_area", "Firing", "")
    assert (kept.needed, kept.revision, kept.texts) == (0, 0, {})
    assert kept.notice == {"kind": "danger_area", "title": "Firing"}
    assert kept.attachments == ({"media_type": "image/png", "size": len(MAP), "sha256": MAP_SHA},)
    paths = {one.path for one in kept.faults}
    assert {"author", "windows", "in_reply_to"} <= paths
    (listed,) = node.ask(DraftsAsked(language="ru")).drafts
    assert {one.path for one in listed.faults} == paths
    assert listed.faults != kept.faults
    assert trail.acts[-1][1:] == (
        "draft-kept", {"submission": kept.submission, "line": line_of(node), "state": "unfinished"},
    )  # fmt: skip


def test_nobody_releases_what_is_not_finished(node: RunningNode) -> None:
    kept = half(node)
    with pytest.raises(LineMistake, match="not finished"):
        node.ask(ReleaseAsked(submission=kept.submission))
    with opened_drafts(node.home, read_only=True) as drafts:
        assert drafts is not None
        assert drafts.find(kept.submission) is None  # where drafts that can be sent lie, it is not
    assert node.ask(EntriesAsked()).rows == ()


def test_a_form_becomes_a_draft_when_it_is_finished_and_the_other_way_round(node: RunningNode) -> None:
    kept = half(node)
    done = keep(node, title="Firing off Gotland", submission=kept.submission, is_unfinished=True)
    assert (done.state, done.submission, done.revision, done.faults) == ("draft", kept.submission, 1, ())
    assert done.drafted_ms == kept.drafted_ms
    old = node.ask(ReleaseAsked(submission=kept.submission))
    assert node.ask(touched(old, ANNA)).state == "waits"
    back = half(node, submission=kept.submission)
    assert (back.state, back.given, back.revision) == ("unfinished", (), 2)
    with pytest.raises(LineMistake):
        node.ask(touched(old, BERTA))
    assert [one.state for one in node.ask(DraftsAsked()).drafts] == ["unfinished"]
    keep(node, title="Firing off Gotland", submission=kept.submission)
    assert release(node, kept.submission, ANNA).state == "waits"
    assert release(node, kept.submission, BERTA).state == "sent"
    assert node.ask(DraftsAsked()).drafts == ()


def test_an_unfinished_form_is_discarded_like_a_draft(node: RunningNode, trail: Trail) -> None:
    kept = half(node)
    node.ask(DraftDiscarded(submission=kept.submission, actor="1"))
    assert node.ask(DraftsAsked()).drafts == ()
    assert trail.acts[-1][1] == "draft-discarded"
    with pytest.raises(HomeMistake):
        half(node, submission=kept.submission)


def test_too_much_is_not_kept_unfinished_either(node: RunningNode) -> None:
    with pytest.raises(FormFaultsError, match="1 fault"):
        half(node, notice={"kind": "danger_area", "remarks": "x" * 5_000_000})
    many = tuple(AttachmentGiven(media_type="text/plain", octets=b"x") for _ in range(17))
    with pytest.raises(FormFaultsError):
        half(node, attachments=many)


def test_a_changed_draft_keeps_its_files_by_their_hash(node: RunningNode) -> None:
    kept = half(node, attachments=(AttachmentGiven(media_type="image/png", octets=MAP),))
    same = AttachmentGiven(media_type="image/png", sha256=MAP_SHA)
    more = AttachmentGiven(media_type="text/plain", octets=b"more")
    done = keep(node, submission=kept.submission, attachments=(more, same))
    assert [one["size"] for one in done.attachments] == [4, len(MAP)]
    assert done.attachments[1]["sha256"] == MAP_SHA
    found = node.ask(DraftContentAsked(submission=kept.submission, index=2))
    assert (found.media_type, found.octets) == ("image/png", MAP)
    for index in (0, 3):
        with pytest.raises(HomeMistake, match="file"):
            node.ask(DraftContentAsked(submission=kept.submission, index=index))
    with pytest.raises(HomeMistake):
        node.ask(DraftContentAsked(submission="f" * 32, index=1))
    for bad in (
        AttachmentGiven(media_type="image/png", sha256="0" * 64),
        AttachmentGiven(media_type="image/png", sha256=MAP_SHA, octets=b"and octets"),
    ):
        with pytest.raises(FormFaultsError):
            keep(node, submission=kept.submission, attachments=(bad,))
    with pytest.raises(FormFaultsError):  # another draft's files are not this one's
        keep(node, attachments=(same,))
    gone = keep(node, submission=kept.submission, attachments=())
    assert gone.attachments == ()


def test_of_two_stations_that_change_one_draft_the_second_looks_again(node: RunningNode) -> None:
    kept = half(node)
    first = half(node, submission=kept.submission, revision=kept.revision)
    assert first.revision == 1
    with pytest.raises(LineMistake, match="Dora changed it"):
        half(node, submission=kept.submission, revision=kept.revision)
    assert half(node, submission=kept.submission, revision=1).revision == 2
    assert half(node, submission=kept.submission).revision == 3  # whoever says nothing of it changes what stands


def test_a_machine_that_asks_again_makes_no_second_draft(node: RunningNode) -> None:
    how: dict[str, Any] = {"actor": "2", "is_machine": True, "key": "encounter 7"}
    first = keep(node, title="Close encounter", **how)
    again = keep(node, title="Close encounter, told otherwise", **how)
    assert again == first
    other = keep(node, title="Close encounter", **{**how, "key": "encounter 8"})
    stranger = keep(node, title="Close encounter", **{**how, "actor": "3"})
    assert len({first.submission, other.submission, stranger.submission}) == 3
    edited = keep(node, title="What an officer made of it", submission=first.submission)
    assert keep(node, title="Close encounter", **how) == edited
    assert len(node.ask(DraftsAsked()).drafts) == 3


@pytest.mark.parametrize("what", ["discarded", "sent"])
def test_what_people_decided_does_not_come_back(node: RunningNode, what: str) -> None:
    how: dict[str, Any] = {"actor": "2", "is_machine": True, "key": "encounter 7"}
    first = keep(node, **how)
    if what == "discarded":
        node.ask(DraftDiscarded(submission=first.submission, actor="1"))
    else:
        release(node, first.submission, ANNA)
        assert release(node, first.submission, BERTA).state == "sent"
    again = keep(node, **how)
    assert (again.state, again.submission) == ("gone", first.submission)
    assert node.ask(DraftsAsked()).drafts == ()


def test_a_form_is_what_it_was_after_a_restart_of_the_desks_node(node: RunningNode) -> None:
    kept = half(node, attachments=(AttachmentGiven(media_type="image/png", octets=MAP),), answer_by_ms=5)
    with opened_drafts(node.home, read_only=True) as drafts:
        assert drafts is not None
        (found,) = drafts.unfinished()
    assert (found.submission, found.attachments, found.answer_by_ms) == (
        kept.submission, (("image/png", MAP),), 5,
    )  # fmt: skip
    assert form("danger_area") != kept.notice
