"""What a disk did to a record or a head file is said in words, and never ends a look at the rest."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from detente.line.checkpoint import Origin
from detente.line.effects import PutBody, PutEntry, Role
from detente.line.merkle import leaf_hash
from detente.line.statement import commit
from detente.store.errors import StoreFailure
from detente.store.headfile import HeadRecord, OwnHead
from detente.store.record import Record

EAST, WEST = Origin("baltic", 1, "east", 0), Origin("baltic", 1, "west", 0)


def entry(origin: Origin, seq: int, wanted: tuple[str, ...] = ()) -> PutEntry:
    leaf = f"{origin} {seq}".encode()
    return PutEntry(origin, seq, leaf, leaf_hash(leaf), (), "", 5, wanted)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    record = Record(tmp_path / "record.sqlite3", create=True)
    record.apply((entry(EAST, 0),))
    record.close()
    return tmp_path / "record.sqlite3"


def changed(path: Path, *steps: str) -> list[str]:
    """Return what an audit finds after these statements of SQL."""
    connection = apsw.Connection(str(path))
    for step in steps:
        connection.execute(step)
    connection.close()
    record = Record(path, read_only=True)
    try:
        return record.audit()
    finally:
        record.close()


def test_a_table_or_index_of_another_shape_is_found(path: Path) -> None:
    assert changed(path) == []
    assert any("tables" in one for one in changed(path, "CREATE INDEX more ON bodies (mark)"))


def test_values_of_another_kind_are_found_and_the_rest_is_looked_at(path: Path) -> None:
    """As a damaged page gives them: a column of numbers that holds text, text that is none."""
    found = changed(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name IN ('logs', 'history')",
        "PRAGMA writable_schema = RESET",
        "UPDATE logs SET size = 'many'",
        "INSERT INTO history VALUES (1, 1, CAST(x'ff' AS TEXT), 'x', x'00', x'00')",
    )
    assert any(one.startswith("nodes:") for one in found), found
    assert any(one.startswith("history:") for one in found), found
    assert any(one.startswith("logs:") for one in found), found


def test_entries_that_belong_to_no_log_are_found_in_a_piece_of_the_audit(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE entries SET id = id + (1 << 50)")
    connection.close()
    record = Record(path, read_only=True)
    found = [fault for portion in record.portions() for fault in record.audit_portion(portion)]
    record.close()
    assert "entries that belong to no log" in found
    assert any(one.startswith("entries: log 1 holds another number") for one in found), found


def test_a_content_settles_only_the_statements_that_it_fits(tmp_path: Path) -> None:
    record = Record(tmp_path / "record.sqlite3", create=True)
    salt, content = bytes(32), b"content"
    digest = commit(salt, content)
    record.apply((entry(EAST, 0, (digest,)), entry(WEST, 0, (digest,))))
    record.apply((PutBody(digest, salt, content, of="west", not_for=((EAST, 0),)),))
    assert record.missing(EAST) == {0: {digest}}
    assert record.missing(WEST) == {}
    again = PutBody(digest, salt, content, of="west", not_for=((EAST, 0), (EAST, 1)))
    record.apply((entry(EAST, 1, (digest,)), entry(WEST, 1, (digest,)), again))
    assert record.missing(EAST) == {0: {digest}, 1: {digest}}
    assert record.missing(WEST) == {}
    record.close()


@pytest.mark.parametrize("table", ["own", "cosigned", "facts", "released", "counters"])
def test_a_head_file_with_a_changed_row_is_not_opened(tmp_path: Path, table: str) -> None:
    path = tmp_path / "head.sqlite3"
    made = HeadRecord(path, create=True)
    made.put_facts({"home": "ab"})
    made.put_own({WEST: OwnHead(1, b"r" * 32, (b"r" * 32,), b"l" * 32)}, [("ab" * 16, WEST)], {"key": 7})
    made.put_cosigned(EAST, (Role.COSIGN_LOG,), 5, b"r" * 32)
    assert made.audit() == []
    made.close()
    again = HeadRecord(path)
    assert again.released == {"ab" * 16: {WEST}}
    assert again.counters == {"key": 7}
    again.put_own({WEST: again.own[WEST]}, [("ab" * 16, WEST)], {"key": 3})
    assert again.counters == {"key": 7}
    again.close()
    connection = apsw.Connection(str(path))
    connection.execute(f"UPDATE {table} SET mark = x'0000000000000000'")
    connection.close()
    with pytest.raises(StoreFailure, match="changed"):
        HeadRecord(path, read_only=True)


def test_a_rollback_that_sqlite_made_itself_is_not_made_twice(path: Path) -> None:
    record = Record(path)
    record._connection.execute(
        "CREATE TEMP TRIGGER no BEFORE INSERT ON entries BEGIN SELECT RAISE(ROLLBACK, 'no'); END"
    )
    with pytest.raises(StoreFailure):
        record.apply((entry(EAST, 1),))
    assert record.size(EAST) == 1
    record.close()
