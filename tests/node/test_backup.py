"""Backup and restore: one file, whole and consistent, without head file; and every way it can be wrong."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from detente.__main__ import main
from detente.door.errors import OutputFailure
from detente.line.checkpoint import Origin
from detente.line.effects import Draft
from detente.line.state import Run
from detente.node.alarms.kept import alarms_file
from detente.node.backup import backup, restore
from detente.node.commands_drafts import opened_drafts
from detente.node.home import head_folder
from detente.store.alarms import Acknowledgement, AlarmFile, KeptAlarm
from detente.store.drafts import Kept
from detente.store.errors import HomeMistake, StoreFailure
from tests.store.pair import Desk, exchange, found_homes, open_home


def test_yesterdays_backup_refills_from_its_mirror_and_signs_again_without_a_second_head(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    west_log = Origin(line, 1, "west", 0)
    with open_home(tmp_path / "east") as two:
        east = Desk(two, line)
        with open_home(tmp_path / "west") as one:
            west = Desk(one, line)
            west.send("before")
            exchange(west, east)
            backup(tmp_path / "west", tmp_path / "west.backup")
            west.send("after the backup")
            exchange(west, east)
            expected = west.record.entries(west_log, 0, 10)
        shutil.rmtree(tmp_path / "west")
        restore(tmp_path / "west.backup", tmp_path / "west")
        with open_home(tmp_path / "west") as one:
            assert one.restored
            west = Desk(one, line)
            assert west.is_now(Run.REFILLING)
            for _ in range(2):
                exchange(west, east)
            assert west.is_now(Run.RUNNING)
            assert west.record.entries(west_log, 0, 10) == expected
            west.send("and on")
            exchange(west, east)
            assert not west.refusals + east.refusals
            assert east.record.size(west_log) == 3
            assert not east.record.forks()


def test_two_backups_of_one_state_are_the_same_bytes_and_hold_no_head_file(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    with open_home(tmp_path / "west") as home:
        Desk(home, line).send("one")
        backup(tmp_path / "west", tmp_path / "one.backup")
        backup(tmp_path / "west", tmp_path / "two.backup")
    assert (tmp_path / "one.backup").read_bytes() == (tmp_path / "two.backup").read_bytes()
    with tarfile.open(tmp_path / "one.backup") as archive:
        assert archive.getnames() == [
            "manifest.json",
            "acts/000000.json",
            "home.json",
            "keys/operational.json",
            f"lines/{line}/record.sqlite3",
        ]
    assert (tmp_path / "one.backup").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".*"))


def test_a_restored_home_beside_no_head_file_halts(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    backup(tmp_path / "west", tmp_path / "west.backup")
    restore(tmp_path / "west.backup", tmp_path / "elsewhere")
    with open_home(tmp_path / "elsewhere") as home:
        assert home.head_file() is None
        assert Desk(home, line).is_now(Run.HALTED)


def test_a_home_in_use_or_in_the_way_is_not_restored_over(tmp_path: Path) -> None:
    found_homes(tmp_path)
    backup(tmp_path / "west", tmp_path / "west.backup")
    with pytest.raises(HomeMistake, match="exists already"):
        restore(tmp_path / "west.backup", tmp_path / "west")
    with open_home(tmp_path / "west"):
        (tmp_path / "west").rename(tmp_path / "moved")
        with pytest.raises(HomeMistake, match="in use"):
            restore(tmp_path / "west.backup", tmp_path / "west")
    restore(tmp_path / "west.backup", tmp_path / "west")


def test_a_backup_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    found_homes(tmp_path)
    with pytest.raises((OutputFailure, StoreFailure)):
        backup(tmp_path / "west", tmp_path / "nowhere" / "west.backup")
    with pytest.raises(HomeMistake):
        backup(tmp_path / "nothing", tmp_path / "west.backup")
    assert not list(tmp_path.glob("*.backup"))


def rewritten(octets: bytes, change: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(octets)) as archive:
        contents = [(one.name, archive.extractfile(one)) for one in archive]
        files = [(name, content.read()) for name, content in contents if content is not None]
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in change(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            if name.startswith("link"):
                entry.type, entry.linkname, entry.size = tarfile.SYMTYPE, "/etc/passwd", 0
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def with_manifest(**changes: object) -> Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]:
    def change(files: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        document = msgspec.json.decode(files[0][1])
        return [("manifest.json", msgspec.json.encode({**document, **changes}, order="sorted")), *files[1:]]

    return change


def escaping(files: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    document = msgspec.json.decode(files[0][1])
    document["files"][0]["name"] = "../outside.json"
    octets = msgspec.json.encode(document, order="sorted")
    return [("manifest.json", octets), ("../outside.json", files[1][1]), *files[2:]]


CHANGES: dict[str, Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]] = {
    "no manifest": lambda files: files[1:],
    "empty": lambda _files: [],
    "newer": with_manifest(format=2),
    "other manifest": with_manifest(more=1),
    "manifest that is no JSON": lambda files: [("manifest.json", b"{"), *files[1:]],
    "a file missing": lambda files: files[:-1],
    "a file too many": lambda files: [*files, ("acts/000009.json", b"{}")],
    "a file changed": lambda files: [*files[:1], (files[1][0], files[1][1][:-1] + b"x"), *files[2:]],
    "a file longer": lambda files: [*files[:1], (files[1][0], files[1][1] + b"x"), *files[2:]],
    "out of order": lambda files: [files[0], files[2], files[1], *files[3:]],
    "a link": lambda files: [files[0], ("link", b""), *files[2:]],
    "a name outside": escaping,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_backup_that_was_changed_is_refused_and_nothing_appears(name: str, tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    with open_home(tmp_path / "west") as home:
        Desk(home, line).send("one")
    backup(tmp_path / "west", tmp_path / "good")
    (tmp_path / "bad").write_bytes(rewritten((tmp_path / "good").read_bytes(), CHANGES[name]))
    with pytest.raises(HomeMistake):
        restore(tmp_path / "bad", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "outside.json").exists()
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_a_backup_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    found_homes(tmp_path)
    backup(tmp_path / "west", tmp_path / "good")
    octets = (tmp_path / "good").read_bytes()
    for size in (0, 10, 512, 1500, len(octets) // 2, len(octets) - 11000):
        (tmp_path / "bad").write_bytes(octets[:size])
        with pytest.raises(HomeMistake):
            restore(tmp_path / "bad", tmp_path / "new")
    with pytest.raises(HomeMistake):
        restore(tmp_path / "missing", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_backup_whose_acts_are_another_members_is_refused(tmp_path: Path) -> None:
    found_homes(tmp_path)
    shutil.copyfile(tmp_path / "east" / "acts" / "000000.json", tmp_path / "west" / "acts" / "000000.json")
    backup(tmp_path / "west", tmp_path / "bad")
    with pytest.raises(HomeMistake, match="another"):
        restore(tmp_path / "bad", tmp_path / "new")
    assert head_folder(tmp_path / "west").exists()


def test_drafts_that_wait_for_two_people_are_in_the_backup(tmp_path: Path) -> None:
    found_homes(tmp_path)
    waiting = Draft("notice.launch", "text/plain", b"a launch", "0" * 32)
    with opened_drafts(tmp_path / "west") as drafts:
        assert drafts is not None
        drafts.keep("baltic-1", waiting, 7)
        backup(tmp_path / "west", tmp_path / "west.backup")  # beside whoever has it open
    restore(tmp_path / "west.backup", tmp_path / "other")
    with opened_drafts(tmp_path / "other", read_only=True) as drafts:
        assert drafts is not None
        assert drafts.waiting() == [Kept("baltic-1", waiting, 7)]
    (tmp_path / "west" / "drafts.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(StoreFailure):
        backup(tmp_path / "west", tmp_path / "damaged.backup")
    assert not (tmp_path / "damaged.backup").exists()


def test_the_status_of_a_restored_home_says_that_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found_homes(tmp_path)
    backup(tmp_path / "west", tmp_path / "west.backup")
    restore(tmp_path / "west.backup", tmp_path / "other")
    for home, said in (("west", False), ("other", True)):
        main(["line", "status", str(tmp_path / home)])
        assert ("came out of a backup" in capsys.readouterr().err) is said


def test_alarms_are_in_the_backup_and_a_damaged_file_of_them_holds_nothing_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found_homes(tmp_path)
    home = tmp_path / "west"
    kept = KeptAlarm("3f9a3f9a3f9a", "baltic-1", "silent", "east", "alarm", {}, 1, 1, acknowledged_ms=2)
    with closing(AlarmFile(alarms_file(home), create=True)) as alarms:
        alarms.put([kept], [])
        alarms.acknowledge(kept.id, Acknowledgement(2, 1, "Watch"))
        assert main(["backup", str(home), str(tmp_path / "west.backup")]) == 0  # beside whoever has it open
    assert "not in it" not in capsys.readouterr().err
    restore(tmp_path / "west.backup", tmp_path / "other")
    with closing(AlarmFile(alarms_file(tmp_path / "other"), read_only=True)) as alarms:
        assert alarms.kept() == {kept.id: kept}
        assert alarms.acknowledgements()[kept.id].by == "Watch"
    alarms_file(home).write_bytes(b"no database" * 100)
    assert main(["backup", str(home), str(tmp_path / "damaged.backup"), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["left_out"] == ["alarms.sqlite3"]
    assert "the alarms are not in it" in said.err
    restore(tmp_path / "damaged.backup", tmp_path / "third")
    assert not alarms_file(tmp_path / "third").exists()
