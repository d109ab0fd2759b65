"""What a desk's people, their trail and its shelf do with damage, newer versions and what does not fit."""

from __future__ import annotations

import hashlib
from pathlib import Path

import apsw
import msgspec
import pytest

from detente.line.effects import Draft
from detente.store import desk_shelf
from detente.store.desk_shelf import DeskShelf
from detente.store.drafts import Drafts, Kept
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.people import KeptPerson, PeopleFile
from detente.store.schema import mark
from detente.store.trail import NO_HASH, TrailFile

ANNA = KeptPerson(id="0" * 32, name="Anna", roles=("keeper",), added_ms=5)


def written(path: Path, sql: str, *values: object) -> None:
    """Write into a file behind the back of the one who keeps it, past its triggers too."""
    database = apsw.Connection(str(path))
    for trigger in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {trigger[0]}")
    database.execute(sql, values)
    database.close()


def test_a_shelf_takes_only_names_that_are_names_and_no_more_than_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = DeskShelf(tmp_path / "shelf.sqlite3", create=True)
    monkeypatch.setattr(desk_shelf, "DOCUMENTS_MAX", 1)
    monkeypatch.setattr(desk_shelf, "DOCUMENT_MAX", 8)
    shelf.keep("overlays", b"one")
    shelf.keep("overlays", b"two")  # in the place of the first
    for name, octets, words in (
        ("../overlays", b"x", "a name of small letters"),
        ("overlays", b"123456789", "at most 8 bytes"),
        ("alarms", b"x", "at most 1 documents"),
    ):
        with pytest.raises(HomeMistake, match=words):
            shelf.keep(name, octets)
    assert (shelf.find("overlays"), shelf.find("alarms")) == (b"two", b"")
    shelf.keep("overlays", b"")
    assert shelf.find("overlays") == b""


def test_a_document_of_the_shelf_that_the_disk_changed_is_not_given(tmp_path: Path) -> None:
    path = tmp_path / "shelf.sqlite3"
    shelf = DeskShelf(path, create=True)
    shelf.keep("overlays", b"one")
    written(path, "UPDATE shelf SET octets = ?", b"two")
    with pytest.raises(StoreFailure, match="overlays"):
        shelf.find("overlays")


def test_people_that_the_disk_changed_or_a_newer_version_wrote_are_told_apart_from_nobody(tmp_path: Path) -> None:
    path = tmp_path / "people.sqlite3"
    people = PeopleFile(path, create=True)
    people.change([ANNA])
    before = people.version()
    written(path, "UPDATE people SET row = ?", msgspec.msgpack.encode({"id": ANNA.id}))
    assert people.version() != before
    with pytest.raises(StoreFailure, match="was changed"):
        people.kept(KeptPerson)
    newer = (ANNA.id, msgspec.msgpack.encode({"id": ANNA.id}))
    written(path, "UPDATE people SET row = ?, mark = ?", newer[1], mark(*newer))
    with pytest.raises(StoreFailure):
        people.kept(KeptPerson)


def test_the_trail_knows_the_hash_before_the_first_act_and_of_no_act_to_come(tmp_path: Path) -> None:
    trail = TrailFile(tmp_path / "trail.sqlite3", create=True)
    made = trail.append(5, "", "", "signed-in", {})
    assert (trail.hash_of(0), trail.hash_of(1), trail.hash_of(2)) == (NO_HASH, bytes.fromhex(made.hash), None)


@pytest.mark.parametrize("octets", [b"{}", b"not JSON at all"])
def test_an_act_that_this_version_cannot_read_is_a_failure_and_a_fault(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "trail.sqlite3"
    trail = TrailFile(path, create=True)
    trail.append(5, "", "", "signed-in", {})
    digest = hashlib.sha256(b"detente/trail/1\0" + NO_HASH + octets).digest()
    written(path, "UPDATE acts SET act = ?, hash = ?, mark = ?", octets, digest, mark(0, 5, octets, digest))
    with pytest.raises(StoreFailure):
        trail.act(0)
    assert list(trail.faults())


def test_a_draft_that_is_gone_is_not_changed_back_into_being(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts.sqlite3", create=True)
    draft = Draft("message", "text/plain", b"other", "1" * 32)
    assert not drafts.change(Kept("baltic", draft, 1))
    drafts.keep("baltic", draft, 1)
    assert drafts.change(Kept("baltic", draft, 2))
    assert drafts.waiting() == [Kept("baltic", draft, 2)]
