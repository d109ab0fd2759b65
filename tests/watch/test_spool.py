"""Drafts that wait for the desk: whole or not at all, bounded, never half-read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from detente.watch import spool as spool_module
from detente.watch.errors import WatchMistake
from detente.watch.spool import Spool
from tests.watch.test_desk import draft


def keys(spool: Spool) -> list[str]:
    return [one.key[0] for one in spool.waiting()]


def test_they_come_back_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "made" / "here")
    for key in "cab":
        assert spool.put(draft(key * 32)) == ""
    assert keys(spool) == ["c", "a", "b"]
    again = Spool(tmp_path / "made" / "here")
    assert keys(again) == ["c", "a", "b"]
    assert again.read(again.waiting()[0]) == draft("c" * 32)
    again.put(draft("d" * 32))
    again.delivered(again.waiting()[0])
    assert keys(Spool(again.folder)) == ["a", "b", "d"]


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.put(draft())
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (spool.folder, spool.waiting()[0].path)]
    assert modes == [0o700, 0o600]


def test_one_too_many_is_refused_and_the_first_ones_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SPOOL_DRAFTS_MAX", 2)
    spool = Spool(tmp_path)
    assert [spool.put(draft(key * 32)) for key in "abc"] == ["", "", "spool-full"]
    assert keys(spool) == ["a", "b"]
    monkeypatch.setattr(spool_module, "SPOOL_BYTES_MAX", 10)
    spool.delivered(spool.waiting()[0])
    assert spool.put(draft("d" * 32)) == "spool-full"
    monkeypatch.setattr(spool_module, "DRAFT_BYTES_MAX", 10)
    assert spool.put(draft("e" * 32)) == "draft-too-large"


def test_a_file_that_the_disk_changed_is_put_aside_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "REFUSED_KEPT_MAX", 1)
    spool = Spool(tmp_path)
    for key in "abc":
        spool.put(draft(key * 32))
    for one in spool.waiting()[:2]:
        one.path.write_bytes(b"\xc1")
    assert [spool.read(one) is None for one in spool.waiting()] == [True, True, False]
    assert spool.lost == 2
    assert keys(spool) == ["c"]
    assert [one.name[11] for one in (tmp_path / "refused").iterdir()] == ["b"]


def test_strange_files_and_half_written_ones_are_left_alone(tmp_path: Path) -> None:
    strange = [tmp_path / "notes.txt", tmp_path / ".0000000000-x.part.draft"]
    for one in strange:
        one.write_text("x")
    spool = Spool(tmp_path)
    assert len(spool) == 0
    spool.put(draft())
    assert all(one.exists() for one in strange)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WatchMistake, match="file"):
        Spool(tmp_path / "file" / "spool")


def test_a_disk_that_takes_nothing_is_named(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.folder.rmdir()
    assert spool.put(draft()) == "disk"
    assert len(spool) == 0
