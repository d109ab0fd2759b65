"""Drafts that wait for release: kept once, found again, never half-read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import apsw
import msgspec
import pytest

from detente.line.effects import Draft
from detente.line.statement import Reference
from detente.store import drafts as drafts_module
from detente.store.drafts import Drafts, Kept, Unfinished
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.schema import mark

WHOLE = Draft(
    "notice", "text/plain", b"\x00body", "0" * 32, (("image/png", b"map"),), "later", 5,
    Reference(1, 0, "a" * 64, "west", 3), ("field",), b"release", (b"s" * 32,),
)  # fmt: skip
OTHER = Draft("message", "text/plain", b"other", "1" * 32)


def test_a_draft_is_kept_once_and_found_again_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    path = tmp_path / "drafts.sqlite3"
    made = Drafts(path, create=True)
    made.keep("baltic", OTHER, 20)
    made.keep("baltic", WHOLE, 10)
    made.keep("baltic", WHOLE, 30)
    made.close()
    made.close()
    again = Drafts(path, read_only=True)
    assert again.waiting() == [Kept("baltic", WHOLE, 10), Kept("baltic", OTHER, 20)]
    assert again.find("2" * 32) is None
    again.close()


def test_a_submission_names_one_draft_alone(tmp_path: Path) -> None:
    made = Drafts(tmp_path / "drafts.sqlite3", create=True)
    made.keep("baltic", OTHER, 1)
    for line, draft in (("arctic", OTHER), ("baltic", replace(OTHER, content=b"changed"))):
        with pytest.raises(HomeMistake, match="1111"):
            made.keep(line, draft, 1)
    assert made.waiting() == [Kept("baltic", OTHER, 1)]


def test_a_draft_is_discarded_once(tmp_path: Path) -> None:
    made = Drafts(tmp_path / "drafts.sqlite3", create=True)
    made.keep("baltic", OTHER, 1)
    assert made.discard(OTHER.submission)
    assert not made.discard(OTHER.submission)
    assert made.waiting() == []


def test_no_more_are_kept_than_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts_module, "DRAFTS_MAX", 1)
    made = Drafts(tmp_path / "drafts.sqlite3", create=True)
    made.keep("baltic", OTHER, 1)
    with pytest.raises(HomeMistake, match="at most 1"):
        made.keep("baltic", WHOLE, 1)
    made.keep("baltic", OTHER, 1)
    assert len(made.waiting()) == 1


FORM = Unfinished(submission="3" * 32, line="baltic", drafted_ms=5, notice=b"{}")


def test_an_unfinished_form_lies_where_no_draft_does(tmp_path: Path) -> None:
    made = Drafts(tmp_path / "drafts.sqlite3", create=True)
    made.keep_unfinished(FORM)
    made.keep_unfinished(msgspec.structs.replace(FORM, notice=b'{"kind":1}'))
    assert made.waiting() == []
    assert made.find(FORM.submission) is None
    (found,) = made.unfinished()
    assert found.notice == b'{"kind":1}'
    with pytest.raises(HomeMistake, match="3333"):
        made.keep("baltic", replace(OTHER, submission=FORM.submission), 1)
    finished = Kept("baltic", replace(OTHER, submission=FORM.submission), 5)
    assert made.change(finished)
    assert (made.unfinished(), made.waiting()) == ([], [finished])
    made.keep_unfinished(FORM)
    assert (made.unfinished(), made.waiting()) == ([FORM], [])
    assert made.discard(FORM.submission, is_remembered=True)
    assert made.was_discarded(FORM.submission)
    assert made.find_unfinished(FORM.submission) is None


def test_a_form_that_the_disk_changed_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "drafts.sqlite3"
    made = Drafts(path, create=True)
    made.keep_unfinished(FORM)
    changed = apsw.Connection(str(path))
    changed.execute("UPDATE unfinished SET form = ?", (b"x",))
    with pytest.raises(StoreFailure, match="changed"):
        made.unfinished()
    changed.execute("UPDATE unfinished SET mark = ?", (mark(FORM.submission, b"x"),))
    changed.close()
    with pytest.raises(StoreFailure):
        made.find_unfinished(FORM.submission)


def test_only_the_newest_discarded_ones_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts_module, "DISCARDED_MAX", 2)
    made = Drafts(tmp_path / "drafts.sqlite3", create=True)
    for number in range(4):
        made.keep_unfinished(msgspec.structs.replace(FORM, submission=f"{number:032x}"))
        assert made.discard(f"{number:032x}", is_remembered=number != 3)
    assert [made.was_discarded(f"{number:032x}") for number in range(4)] == [False, True, True, False]
    assert not made.discard("f" * 32, is_remembered=True)
    assert not made.was_discarded("f" * 32)


def test_unfinished_forms_count_among_those_that_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts_module, "DRAFTS_MAX", 1)
    made = Drafts(tmp_path / "drafts.sqlite3", create=True)
    made.keep_unfinished(FORM)
    made.keep_unfinished(FORM)
    with pytest.raises(HomeMistake, match="at most 1"):
        made.keep("baltic", OTHER, 1)
    with pytest.raises(HomeMistake, match="at most 1"):
        made.keep_unfinished(msgspec.structs.replace(FORM, submission="4" * 32))


@pytest.mark.parametrize("whole", [True, False], ids=["the mark fits", "a changed byte"])
def test_a_draft_that_the_disk_changed_is_never_sent(tmp_path: Path, whole: bool) -> None:
    path = tmp_path / "drafts.sqlite3"
    made = Drafts(path, create=True)
    made.keep("baltic", OTHER, 1)
    octets = msgspec.msgpack.encode({"type": "message"})  # a draft of another version
    row = (OTHER.submission, "baltic", 1, octets)
    changed = apsw.Connection(str(path))
    changed.execute("UPDATE drafts SET draft = ?, mark = ?", (octets, mark(*row) if whole else b"12345678"))
    changed.close()
    for ask in (made.waiting, lambda: made.find(OTHER.submission), lambda: made.keep("baltic", OTHER, 1)):
        with pytest.raises(StoreFailure, match="media_type" if whole else "changed"):
            ask()
    assert made.discard(OTHER.submission)
