"""An audit finds whatever the disk changed, in one process and in several.

Goal: every kind of row is looked at by some piece of the work, wherever the pieces are cut.
Method: a home with some entries and their receipts; one value changed behind the program's back; the audit must
name a fault. The pieces are made small, so that a few rows are cut as millions are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.node import audit
from detente.node.home import open_reading
from detente.node.home_folder import head_folder
from detente.store import audit as store_audit
from detente.store.record import Record
from tests.store.pair import Desk, exchange, found_homes, open_home

ENTRIES = 40


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audited")
    line = found_homes(folder)
    with open_home(folder / "west") as west, open_home(folder / "east") as east:
        one, other = Desk(west, line), Desk(east, line)
        for start in range(0, ENTRIES, 5):
            one.send(*(f"notice {number}" for number in range(start, start + 5)))
            exchange(one, other)
    return folder


@pytest.fixture
def record(homes: Path) -> Iterator[Path]:
    """The record of west; as it was again after each test."""
    (path,) = (homes / "west" / "lines").glob("*/record.sqlite3")
    before = path.read_bytes()
    yield path
    for one in path.parent.glob("record.sqlite3-*"):
        one.unlink()
    path.write_bytes(before)


def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_PIECE_LEVEL", 3)
    monkeypatch.setattr(audit, "_PIECE", 8)
    monkeypatch.setattr(audit, "_HEADS_SPAN", 7)
    monkeypatch.setattr(store_audit, "_PORTION_ROWS", 9)


def audited(home: Path) -> audit.Audit:
    told: list[float] = []
    with open_reading(home) as opened:
        (line,) = opened.lines()
        found = audit.audit_line(opened, line, told.append)
    if not found.faults:
        assert sum(told) == ENTRIES
    return found


def change(record: Path, sql: str) -> None:
    with sqlite3.connect(record) as connection:
        assert connection.execute(sql).rowcount == 1
    connection.close()


COUNTS = {
    "statements": ENTRIES, "bodies": ENTRIES, "heads": 8, "cosignatures": 16, "openings": 1, "root acts": 2,
    "nodes": 78, "fork proofs": 0,
}  # fmt: skip
"""78: forty leaves, and 20 + 10 + 5 + 2 + 1 nodes over them."""


def test_all_that_is_held_is_counted_wherever_the_pieces_are_cut(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert audited(homes / "west").counts == COUNTS
    small_pieces(monkeypatch)
    assert audited(homes / "west").counts == COUNTS


def test_several_processes_find_what_one_finds(
    homes: Path, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(record, "UPDATE bodies SET content = x'00' WHERE id = 7")
    change(record, "UPDATE entries SET received_ms = 1 WHERE id = (SELECT max(id) FROM entries)")
    alone = audited(homes / "west")
    monkeypatch.setattr(audit, "_ALONE_MAX", 0)
    together = audited(homes / "west")
    assert len(alone.faults) == 3  # the content is neither what its hash nor of the size that its statement says
    assert sorted(together.faults) == sorted(alone.faults)
    assert together.counts == alone.counts


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE {table} SET {column} = {value} WHERE {key} = (SELECT {key} FROM {table} LIMIT 1 OFFSET {at})"
        for table, key, column, value, rows in (
            ("entries", "id", "received_ms", "1", 40),
            ("entries", "id", "leaf", "cast(replace(cast(leaf AS TEXT), 'a', 'b') AS BLOB)", 40),
            ("nodes", "id", "hash", "zeroblob(32)", 38),
            ("submissions", "submission", "mark", "zeroblob(8)", 40),
            ("bodies", "id", "content", "cast(content || 'x' AS BLOB)", 40),
            ("bodies", "id", "open", "0", 40),
            ("checkpoints", "size", "mark", "zeroblob(8)", 8),
            ("cosignatures", "signature", "clock_s", "5", 16),
        )
        for at in (0, rows - 1)
    ],
)
def test_every_changed_row_is_found(homes: Path, record: Path, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    small_pieces(monkeypatch)
    change(record, sql)
    assert audited(homes / "west").faults


@pytest.mark.parametrize("table", ["bodies", "submissions", "entries", "nodes", "checkpoints"])
@pytest.mark.parametrize("last", [False, True])
def test_a_row_that_is_missing_is_found(
    homes: Path, record: Path, monkeypatch: pytest.MonkeyPatch, table: str, *, last: bool
) -> None:
    """A submission or head that is gone is no fault of what remains: of those the count alone goes down."""
    small_pieces(monkeypatch)
    key = {"submissions": "submission", "checkpoints": "size"}.get(table, "id")
    which = "max" if last else "min"
    change(record, f"DELETE FROM {table} WHERE {key} = (SELECT {which}({key}) FROM {table})")
    found = audited(homes / "west")
    assert found.faults or found.counts["heads"] == 7 or table == "submissions"


def test_the_portions_of_a_table_hold_every_row_once(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = (homes / "west" / "lines").glob("*/record.sqlite3")
    monkeypatch.setattr(store_audit, "_PORTION_ROWS", 9)
    record = Record(path, read_only=True)
    whole = [one for one in record.portions() if one.table in {"bodies", "submissions"}]
    record.close()
    assert len(whole) == 5 + 32
    with sqlite3.connect(path) as connection:
        for table in ("bodies", "submissions"):
            held = 0
            for one in whole:
                if one.table == table:
                    where, values = store_audit._bounds(one)
                    held += connection.execute(f"SELECT count(*) FROM {table}{where}", values).fetchone()[0]
            assert held == ENTRIES
    connection.close()


def test_a_head_file_of_the_release_before_is_no_fault(homes: Path) -> None:
    file = head_folder(homes / "west") / "head.sqlite3"
    before = file.read_bytes()
    with sqlite3.connect(file) as connection:
        connection.executescript("DROP TABLE touches; PRAGMA user_version = 1; PRAGMA journal_mode = DELETE;")
    connection.close()
    older = file.read_bytes()
    assert not audited(homes / "west").faults
    assert file.read_bytes() == older  # who only reads changes nothing
    with open_home(homes / "west") as west:
        assert west.signer.has_head_file
    assert not audited(homes / "west").faults
    file.write_bytes(before)
