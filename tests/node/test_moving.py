"""A home on either store: it talks, is audited and backed up alike, and moves between them without losing anything."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detente.__main__ import main
from detente.line.checkpoint import Origin
from detente.line.state import Run
from detente.node import moving
from detente.node.audit import audit_line
from detente.node.backup import backup, restore
from detente.node.home import open_reading
from detente.node.home_folder import NODE_LOCK, described, head_folder, take_lock
from detente.node.moving import forget_old, move, stands
from detente.node.store_place import DEFAULT, StorePlace
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.postgresql.record import Record as RecordOnServer
from tests.store.pair import Desk, exchange, found_homes, open_home
from tests.store.servers import Database


def talked(folder: Path, line: str, count: int = 4) -> None:
    with open_home(folder / "west") as one, open_home(folder / "east") as two:
        west, east = Desk(one, line), Desk(two, line)
        start = west.record.size(Origin(line, 1, "west", 0))  # the same words again would be the same submission
        for number in range(start, start + count):
            west.send(f"west {number}", f"west again {number}")
            east.send(f"east {number}")
            exchange(west, east)
            exchange(east, west)
        assert not west.refusals + east.refusals


def held(home: Path, line: str) -> dict[Origin, list[bytes]]:
    with open_reading(home) as opened:
        record = opened.record(line)
        return {origin: record.entries(origin, 0, 1000) for origin in record.origins()}


def test_two_commands_talk_one_of_them_on_a_server(tmp_path: Path, database: Database) -> None:
    line = found_homes(tmp_path, address=database.address)
    talked(tmp_path, line)
    west, east = held(tmp_path / "west", line), held(tmp_path / "east", line)
    assert west == east
    assert sum(map(len, west.values())) == 12
    assert not (tmp_path / "west" / "lines").exists()
    with open_reading(tmp_path / "west") as home:
        assert isinstance(home.record(line), RecordOnServer)
        audit = audit_line(home, line)
    assert audit.faults == []
    assert audit.counts["statements"] == 12


def test_an_audit_of_a_server_in_several_processes_finds_what_was_changed(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = found_homes(tmp_path, address=database.address)
    talked(tmp_path, line)
    monkeypatch.setattr("detente.node.audit._ALONE_MAX", 2)
    schema = open_schema(tmp_path / "west", line)
    with open_reading(tmp_path / "west") as home:
        assert audit_line(home, line).faults == []
        database.ask(f"UPDATE {schema}.nodes SET hash = '\\x00' WHERE id = (SELECT min(id) FROM {schema}.nodes)")
        database.ask(f"UPDATE {schema}.history SET at_ms = at_ms + 1 WHERE id = 1")
        database.ask(
            f"UPDATE {schema}.bodies SET content = '\\x00' WHERE id = (SELECT min(id) FROM {schema}.bodies)"
        )
        faults = audit_line(home, line).faults
    assert any("tree node that does not fit" in one for one in faults), faults
    assert any("bodies:" in one for one in faults), faults


def open_schema(home: Path, line: str) -> str:
    with open_reading(home) as opened:
        record = opened.record(line)
        assert isinstance(record, RecordOnServer)
        return record.schema


def test_a_backup_from_a_server_is_restored_into_files_and_goes_on(tmp_path: Path, database: Database) -> None:
    line = found_homes(tmp_path, address=database.address)
    talked(tmp_path, line, 2)
    backup(tmp_path / "west", tmp_path / "west.backup")
    backup(tmp_path / "west", tmp_path / "again.backup")
    assert (tmp_path / "west.backup").read_bytes() == (tmp_path / "again.backup").read_bytes()
    assert database.address.encode() not in (tmp_path / "west.backup").read_bytes()
    expected = held(tmp_path / "west", line)
    talked(tmp_path, line, 1)
    newest = held(tmp_path / "west", line)
    shutil.rmtree(tmp_path / "west")
    restore(tmp_path / "west.backup", tmp_path / "west")
    assert held(tmp_path / "west", line) == expected
    assert described(tmp_path / "west").store == DEFAULT
    with open_home(tmp_path / "west") as one, open_home(tmp_path / "east") as two:
        west, east = Desk(one, line), Desk(two, line)
        for _ in range(2):
            exchange(west, east)
        assert west.is_now(Run.RUNNING)
    assert held(tmp_path / "west", line) == newest


def test_a_home_moves_to_a_server_and_back_and_talks_on(tmp_path: Path, database: Database) -> None:
    line, home = found_homes(tmp_path), tmp_path / "west"
    talked(tmp_path, line)
    before, format_1 = held(home, line), (home / "home.json").read_bytes()
    compared = move(home, "postgresql", database.address)
    assert compared[line]["entries"].rows == 12
    assert held(home, line) == before
    assert (home / "lines" / line / "record.sqlite3").exists()
    assert not (home / "moving.json").exists()
    assert b'"format":2' in (home / "home.json").read_bytes()
    talked(tmp_path, line)
    with pytest.raises(HomeMistake, match="keeps the place before"):
        move(home, "sqlite")
    assert forget_old(home) == DEFAULT
    assert not (home / "lines").exists()
    with pytest.raises(HomeMistake, match="no place before"):
        forget_old(home)
    more = held(home, line)
    assert sum(map(len, more.values())) == 24
    back = move(home, "sqlite")
    assert back[line]["entries"].rows == 24
    assert held(home, line) == more
    talked(tmp_path, line)
    assert len(database.schemas()) == 2
    forget_old(home)
    assert not database.schemas()
    assert (home / "home.json").read_bytes() == format_1
    assert sum(map(len, held(home, line).values())) == 36


def test_files_move_beside_files_that_are_kept(tmp_path: Path, database: Database) -> None:
    """The folder's name is taken while the first copy is kept: then the files lie in another."""
    found_homes(tmp_path)
    home = tmp_path / "west"
    move(home, "postgresql", database.address)
    forget_old(home)
    (home / "lines").mkdir()
    move(home, "sqlite")
    assert described(home).store.place.startswith("lines.")
    forget_old(home)
    assert b'"format":2' in (home / "home.json").read_bytes()
    with open_home(home) as opened:
        assert len(opened.lines()) == 1


class DiedError(BaseException):
    """The process ends here: nothing after it happens."""


STEPS = {
    "before the place is noted": ("_note", 0), "after the place was noted": ("_note", 1),
    "before a record is compared": ("tally", 0), "before it is looked through": ("differences", 0),
    "after all was copied": ("_copy", 1), "before the switch": ("write_small", 0),
    "after the switch": ("write_small", 1),    "before the note goes": ("_clear", 0),
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("back", [False, True])
def test_a_move_that_dies_anywhere_loses_nothing(
    step: str, back: bool, tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, home = found_homes(tmp_path), tmp_path / "west"
    talked(tmp_path, line, 2)
    if back:
        move(home, "postgresql", database.address)
        forget_old(home)
    before = held(home, line)
    target = ("sqlite", "") if back else ("postgresql", database.address)
    name, after = STEPS[step]
    real: Callable[..., Any] = getattr(moving, name)

    def dies(*given: Any, **more: Any) -> None:
        if name == "write_small" and given[0].name != "home.json":
            real(*given, **more)
            return
        if name == "_clear" and described(home).before is None:
            real(*given, **more)
            return
        if after:
            real(*given, **more)
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr(moving, name, dies)
        with pytest.raises(DiedError):
            move(home, *target)
    assert held(home, line) == before
    talked(tmp_path, line, 1)  # whichever place it is, the home goes on in it
    if described(home).before is None:
        move(home, *target)
    assert not (home / "moving.json").exists() or described(home).before is not None
    assert sum(map(len, held(home, line).values())) == 9
    forget_old(home)
    assert not (home / "moving.json").exists()
    assert len(database.schemas()) == (0 if back else 2)
    assert sorted(one.name for one in home.glob("lines*")) == (["lines"] if back else [])


def test_a_move_of_a_damaged_record_is_refused_and_the_old_place_is_used(
    tmp_path: Path, database: Database
) -> None:
    line, home = found_homes(tmp_path, address=database.address), tmp_path / "west"
    talked(tmp_path, line, 2)
    schema = open_schema(home, line)
    database.ask(f"UPDATE {schema}.bodies SET salt = '\\x00' WHERE id = (SELECT min(id) FROM {schema}.bodies)")
    with pytest.raises(StoreFailure, match="bodies"):
        move(home, "sqlite")
    assert described(home).before is None
    assert described(home).store.kind == "postgresql"
    assert len(stands(home).unfinished) == 1
    database.ask(f"DROP SCHEMA {schema} CASCADE")
    database.ask(f"DROP SCHEMA {schema[:24]} CASCADE")
    with pytest.raises(HomeMistake, match="nothing"):
        held(home, line)


def test_what_cannot_be_moved_is_said(tmp_path: Path, database: Database) -> None:
    found_homes(tmp_path)
    home = tmp_path / "west"
    with pytest.raises(HomeMistake, match="another place"):
        move(home, "sqlite")
    with open_home(home), pytest.raises(HomeMistake, match="in use"):
        move(home, "postgresql", database.address)
    node = take_lock(home, head_folder(home), NODE_LOCK)  # a running node, whose signer has just died
    with pytest.raises(HomeMistake, match="in use"):
        move(home, "postgresql", database.address)
    os.close(node)
    with pytest.raises(HomeMistake, match="password"):
        move(home, "postgresql", database.tcp_address.replace("postgres@", "postgres:secret@"))
    with pytest.raises(StoreFailure, match="refused"):
        move(home, "postgresql", "postgresql://nobody@127.0.0.1:9/none")
    assert len(stands(home).unfinished) == 1  # it may have left something there
    move(home, "postgresql", database.address)
    assert [one.address for one in stands(home).unfinished] == ["postgresql://nobody@127.0.0.1:9/none"]
    (home / "moving.json").write_bytes(b"{}")
    with pytest.raises(StoreFailure, match="undamaged home"):
        stands(home)


def test_a_home_whose_driver_is_not_installed_says_what_to_install(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_homes(tmp_path, address=database.address)
    monkeypatch.setitem(__import__("sys").modules, "detente.store.postgresql.address", None)
    with pytest.raises(HomeMistake) as caught:
        open_reading(tmp_path / "west")
    assert "detente[postgresql]" in caught.value.remedy
    monkeypatch.undo()


def test_a_backup_that_names_a_server_is_refused(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else's words decide to which server a restored home goes."""
    line = found_homes(tmp_path)
    place = StorePlace(kind="postgresql", place="ab" * 8, address=database.address)
    real = described

    def naming(path: Path) -> Any:
        return type(real(path))(format=2, id=real(path).id, member="west", restored=False, store=place)

    monkeypatch.setattr("detente.node.backup.described", naming)
    monkeypatch.setattr("detente.node.backup.DEFAULT", place)
    backup(tmp_path / "west", tmp_path / "west.backup")
    monkeypatch.undo()
    with pytest.raises(HomeMistake, match="names a server"):
        restore(tmp_path / "west.backup", tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
    assert line


# ---- the verbs
# --------------------------------------------------------------------------------------------------


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    assert main([*words]) == code
    out, err = capsys.readouterr()
    return out, err


def test_the_verb_moves_shows_and_forgets(
    tmp_path: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    line, home = found_homes(tmp_path), str(tmp_path / "west")
    talked(tmp_path, line, 1)
    shown = json.loads(said(capsys, "store", "show", home, "--json")[0])
    assert shown["store"] == {"kind": "sqlite", "place": "lines"}
    assert shown["lines"] == {line: 3}
    assert shown["before"] is None
    secret = tmp_path / "password"
    secret.write_text("a secret\n")
    secret.chmod(0o600)
    out, err = said(capsys, "store", "move", home, "--to", database.tcp_address, "--password-file", str(secret))
    assert not out
    assert "the same in both places" in err
    assert "a secret" not in Path(home, "home.json").read_text()
    out, _ = said(capsys, "store", "show", home)
    assert "postgresql" in out
    assert "lines" in out
    said(capsys, "store", "move", home, "--forget-old")
    moved = json.loads(said(capsys, "store", "move", home, "--to", "sqlite", "--json")[0])
    assert moved["lines"][line]["entries"]["rows"] == 3
    assert moved["before"]["password_file"] == str(secret)
    gone = json.loads(said(capsys, "store", "move", home, "--forget-old", "--json")[0])
    assert gone["forgotten"]["kind"] == "postgresql"
    assert gone["unfinished"] == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("move HOME", "--to"),
        ("move HOME --to mysql://x", "postgresql://"),
        ("move HOME --to sqlite --forget-old", "both"),
        ("move HOME --to sqlite --password-file x", "no password for files"),
        ("move HOME --to postgresql:///nowhere", "names its host"),
        ("move HOME --forget-old", "nothing to forget"),
        ("", "usage"),
    ],
)
def test_bad_words_are_answered_in_words(
    words: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found_homes(tmp_path)
    out, err = said(capsys, "store", *words.replace("HOME", str(tmp_path / "west")).split(), code=2)
    assert expected in out + err
    assert "Traceback" not in err
