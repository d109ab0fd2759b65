"""The record in either store: what goes in comes out, whole or not at all, of every version, beside every writer.

Tests that name ``kept`` or ``record`` run over both stores; what is about a file is about SQLite alone.
"""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from detente.line import merkle
from detente.line.checkpoint import Checkpoint, Cosignature, Head, Origin
from detente.line.effects import (
    Part,
    PutAct,
    PutAnswer,
    PutBody,
    PutCheckpoint,
    PutClaim,
    PutCosignature,
    PutDue,
    PutEntry,
    PutFork,
    PutHistory,
    PutOpening,
    PutPeer,
    PutState,
)
from detente.line.statement import commit
from detente.store import disk, schema
from detente.store.audit import TABLES, look_through_table
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.interface import Record
from detente.store.record import Record as RecordOnDisk
from tests.line.memory import MemoryStore
from tests.store.keeping import Kept

LOGS = [Origin("baltic", epoch, member, 0) for epoch in (1, 2) for member in ("east", "west")]
NAMES = ["detente/baltic/1/north/log", "detente/baltic/1/north/held"]
HINTS = (b"aaaa", b"bbbb")


class Scribe:
    """Makes parts that fit together, at random, as a machine would."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.trees = {origin: merkle.Frontier() for origin in LOGS}
        self.wanted: list[bytes] = []
        self.acts: dict[str, int] = {}
        self.claims: list[Checkpoint] = []

    def batch(self) -> tuple[Part, ...]:
        kinds: list[Callable[[], list[Part]]] = [
            self.entry, self.entry, self.entry, self.body, self.head, self.cosignature, self.act, self.opening,
            self.small, self.claim, self.due,
        ]  # fmt: skip
        return tuple(part for _ in range(self.chance.randint(1, 8)) for part in self.chance.choice(kinds)())

    def octets(self, size: int = 20) -> bytes:
        return self.chance.randbytes(size)

    def entry(self) -> list[Part]:
        origin = self.chance.choice(LOGS)
        tree = self.trees[origin]
        leaf, seq = self.octets(60), tree.size
        digest = merkle.leaf_hash(leaf)
        missing = [self.octets(40) for _ in range(self.chance.choice((0, 0, 1, 2)))]
        self.wanted += missing
        submission = self.octets(16).hex() if origin.member == "west" else ""
        wanted = tuple(sorted(commit(one[:32], one[32:]) for one in missing))
        return [PutEntry(origin, seq, leaf, digest, tuple(tree.append(digest)), submission, 1000 + seq, wanted)]

    def body(self) -> list[Part]:
        known = self.wanted and self.chance.random() < 0.7
        octets = self.wanted.pop() if known else self.octets(40)
        opened = self.chance.random() < 0.7
        return [PutBody(commit(octets[:32], octets[32:]), octets[:32], octets[32:], open=opened)]

    def checkpoint(self) -> Checkpoint:
        origin = self.chance.choice(LOGS)
        tree = self.trees[origin]
        return Checkpoint(Head(origin, tree.size, tree.root()), bytes(64), bytes(4))

    def head(self) -> list[Part]:
        found = self.checkpoint()
        return [PutCheckpoint(found)] if found.head.size else []

    def claim(self) -> list[Part]:
        if self.claims and self.chance.random() < 0.4:
            return [PutClaim(self.claims.pop(), keep=False)]
        self.claims.append(
            Checkpoint(
                Head(self.chance.choice(LOGS), self.chance.randint(1, 9), self.octets(32)), bytes(64), bytes(4)
            )
        )
        return [PutClaim(self.claims[-1])]

    def due(self) -> list[Part]:
        origin = self.chance.choice(LOGS)
        size = self.trees[origin].size
        due_ms = self.chance.choice((None, 10, 20, 30))
        return [PutDue(origin, self.chance.randrange(size), "east", due_ms)] if size else []

    def cosignature(self) -> list[Part]:
        origin = self.chance.choice(LOGS)
        tree = self.trees[origin]
        if not tree.size:
            return []
        one = Cosignature(
            self.chance.choice(NAMES),
            self.chance.choice(HINTS),
            tree.size + 5,
            bytes([tree.size]) * 64,
        )
        return [PutCosignature(origin, tree.size, tree.root(), one, 7)]

    def act(self) -> list[Part]:
        member = self.chance.choice(("east", "west"))
        self.acts[member] = self.acts.get(member, -1) + 1
        return [PutAct(member, self.acts[member], self.octets())]

    def opening(self) -> list[Part]:
        number = self.chance.randint(1, 3)
        return [PutOpening(f"{number:064x}", number, b"opening %d" % number, current=self.chance.random() < 0.3)]

    def small(self) -> list[Part]:
        octets = self.octets()
        return [
            PutPeer(self.chance.choice(("east", "north")), octets),
            PutAnswer("east", octets),
            PutFork(hashlib.sha256(octets).hexdigest(), octets),
            PutHistory(5, "direction", "é", octets),
            PutState(octets),
        ]


def answers(view: Any) -> dict[str, Any]:
    """Everything that a View can be asked, of both stores alike."""
    found: dict[str, Any] = {"origins": view.origins(), "due": view.due(25, 100), "due first": view.due(25, 1)}
    for member in ("east", "west", "north"):
        found[member] = (view.acts(member), view.peer(member), view.answers(member))
    found["rest"] = (sorted(view.openings()), sorted(view.forks()), view.state())
    for origin in LOGS:
        size = view.size(origin)
        found[str(origin)] = (
            size,
            view.entries(origin, 0, 1000),
            view.entries(origin, 2, 3),
            [view.entry(origin, seq) for seq in range(size + 1)],
            [view.received_ms(origin, seq) for seq in range(size + 1)],
            [view.node(origin, level, at) for level in range(5) for at in range(size >> level)],
            {seq: sorted(missing) for seq, missing in view.missing(origin).items()},
            view.checkpoint(origin),
            [view.checkpoint_at(origin, at) for at in range(size + 1)],
            view.claims(origin),
            view.newest_cosignatures(origin),
            [view.cosignature_before(origin, name, hint, 9) for name in NAMES for hint in HINTS],
            [place_of(view.first_cosignature(origin, 1, name)) for name in NAMES],
        )
    return found


def place_of(found: tuple[int, Cosignature] | None) -> tuple[int, str] | None:
    """Which of two keys of one name stands first at one size is nobody's business."""
    return None if found is None else (found[0], found[1].name)


def fill(seed: int, *stores: Any, batches: int = 12) -> Scribe:
    scribe = Scribe(seed)
    for _ in range(batches):
        parts = scribe.batch()
        for store in stores:
            store.apply(parts)
    return scribe


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[RecordOnDisk]:
    made = RecordOnDisk(tmp_path / "record.sqlite3", create=True)
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(15))
def test_the_record_answers_as_the_one_in_memory_does(seed: int, kept: Kept) -> None:
    memory, made = MemoryStore(), kept.made()
    scribe = fill(seed, memory, made)
    bodies = list(scribe.wanted)
    assert answers(made) == answers(memory)
    assert made.audit() == []
    made.close()
    again = kept.reader()
    assert answers(again) == answers(memory)
    assert [one.what for one in again.history()] == [one.what for one in memory.history]
    for octets in bodies:
        assert not again.has_body(commit(octets[:32], octets[32:]))
    again.close()


def test_bodies_are_given_out_only_when_they_are_open(record: Record) -> None:
    digest = commit(bytes(32), b"secret")
    record.apply((PutBody(digest, bytes(32), b"secret", open=False),))
    assert record.body(digest) == (bytes(32), b"secret")
    assert record.open_body(digest) is None
    assert record.has_body(digest)
    shown = commit(bytes(32), b"shown")
    record.apply((PutBody(shown, bytes(32), b"shown"),))
    assert record.open_body(shown) == (bytes(32), b"shown")
    assert record.body("00" * 32) is None
    asked = [digest, shown, "00" * 32, shown]
    assert record.open_bodies(asked) == {shown: (bytes(32), b"shown")}
    assert record.body_sizes(asked) == {digest: 6, shown: 5}
    assert record.open_bodies([]) == {}


def test_what_a_party_fills_is_counted_once_with_the_bodies_that_came_later(record: Record) -> None:
    origin, leaf = LOGS[0], b"leaf"
    digest, early = commit(bytes(32), b"later"), commit(bytes(32), b"early")
    nodes = tuple(merkle.Frontier().append(merkle.leaf_hash(leaf)))
    entry = PutEntry(origin, 0, leaf, merkle.leaf_hash(leaf), nodes, "", 1, (digest, early))
    record.apply((entry, PutBody(early, bytes(32), b"early")))
    assert record.used_bytes("east") == 4 + 5
    assert record.missing(origin) == {0: {digest}}
    record.apply((PutBody(digest, bytes(32), b"later"), PutBody(digest, bytes(32), b"later")))
    record.apply((PutBody(digest, bytes(32), b"later"),))
    assert record.used_bytes("east") == 4 + 5 + 5
    assert record.missing(origin) == {}
    assert record.used_bytes("north") == 0


def test_a_body_that_names_its_author_counts_for_him_and_settles_what_waited(record: Record) -> None:
    digest = commit(bytes(32), b"later")
    nodes = tuple(merkle.Frontier().append(merkle.leaf_hash(b"leaf")))
    record.apply((PutEntry(LOGS[0], 0, b"leaf", merkle.leaf_hash(b"leaf"), nodes, "", 1, (digest,)),))
    record.apply((PutBody(digest, bytes(32), b"later", of="east"),))
    assert record.used_bytes("east") == 4 + 5
    assert record.missing(LOGS[0]) == {}
    other = commit(bytes(32), b"own")
    record.apply((PutBody(other, bytes(32), b"own", of="west"),))
    assert record.used_bytes("west") == 3


def test_what_is_asked_for_every_bundle_costs_a_large_record_no_more_than_a_small_one(tmp_path: Path) -> None:
    """Steps of SQLite's machine, counted: a scan of all receipts of one name made a node slower with each of them."""
    origin = LOGS[0]

    def asked(record: RecordOnDisk) -> None:
        record.newest_cosignatures(origin)
        record.checkpoint(origin)
        record.checkpoint_below(origin, 5)
        record.checkpoint_at(origin, 5)
        record.due(0, 1)

    def steps(count: int) -> int:
        record = RecordOnDisk(tmp_path / f"{count}.sqlite3", create=True)
        tree = merkle.Frontier()
        parts: list[Part] = []
        for number in range(count):
            leaf = b"leaf %d" % number
            digest = merkle.leaf_hash(leaf)
            parts += [PutEntry(origin, number, leaf, digest, tuple(tree.append(digest)), "", 1, ())]
            size, root = number + 1, tree.root()
            parts += [PutCheckpoint(Checkpoint(Head(origin, size, root), bytes(64), bytes(4)))]
            parts += [
                PutCosignature(origin, size, root, Cosignature(name, hint, size, bytes(64)), 7)
                for name in NAMES
                for hint in HINTS
            ]
        record.apply(tuple(parts))
        asked(record)
        counted = 0

        def step() -> bool:
            nonlocal counted
            counted += 1
            return False

        record._connection.set_progress_handler(step, 1)
        asked(record)
        record.close()
        return counted

    assert steps(1_500) <= 1.2 * steps(30)


def test_every_head_and_cosignature_of_a_log_is_given_in_order(record: Record) -> None:
    scribe = fill(12, record)
    for origin in LOGS:
        heads = record.checkpoints(origin)
        assert [one.head.size for one in heads] == sorted({one.head.size for one in heads})
        assert heads[-1:] == [one for one in [record.checkpoint(origin)] if one is not None]
        for first, end in ((0, 3), (3, 9)):
            assert record.checkpoints(origin, first, end) == [
                one for one in heads if first <= one.head.size < end
            ]
            part = [one for one in record.cosignatures(origin) if first <= one[0] < end]
            assert record.cosignatures(origin, first, end) == part
        found = record.cosignatures(origin)
        assert [one[0] for one in found] == sorted(one[0] for one in found)
        newest = {(one.name, one.hint): size for size, _, one, _ in found}
        assert newest == {(one.name, one.hint): size for size, _, one in record.newest_cosignatures(origin)}
        assert all(received == 7 and one.clock_s == size + 5 for size, _, one, received in found)
    assert scribe.trees


def test_a_submission_is_found_at_its_newest_place(record: Record) -> None:
    tree = merkle.Frontier()
    for seq in range(2):
        digest = merkle.leaf_hash(b"%d" % seq)
        record.apply((PutEntry(LOGS[1], seq, b"%d" % seq, digest, tuple(tree.append(digest)), "ab" * 16, 1),))
    found = record.submission("ab" * 16)
    assert found is not None
    assert (found.member, found.epoch, found.seq, found.leaf) == ("west", 1, 1, merkle.leaf_hash(b"1").hex())
    assert record.submission("cd" * 16) is None
    assert record.submissions(["cd" * 16, "ab" * 16]) == {"ab" * 16}


def test_a_batch_with_an_entry_out_of_its_place_leaves_nothing_at_all(record: Record) -> None:
    fill(3, record)
    before = answers(record)
    gap = PutEntry(LOGS[0], record.size(LOGS[0]) + 1, b"gap", bytes(32), (), "", 1)
    new_log = PutEntry(Origin("baltic", 9, "east", 0), 0, b"x", bytes(32), (), "", 1)
    with pytest.raises(StoreFailure, match="index"):
        record.apply((PutState(b"new"), new_log, gap))
    assert answers(record) == before
    assert record.size(new_log.origin) == 0
    assert record.audit() == []


def test_an_index_or_log_beyond_what_the_numbers_hold_is_refused(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detente.store.appending.LOGS_MAX", 2)
    record.apply((PutCheckpoint(Checkpoint(Head(LOGS[0], 1, bytes(32)), bytes(64), bytes(4))),))
    with pytest.raises(StoreFailure, match="more than 2 logs"):
        record.apply((PutCheckpoint(Checkpoint(Head(LOGS[1], 1, bytes(32)), bytes(64), bytes(4))),))


def test_a_missing_tree_node_is_said_and_never_guessed(record: Record) -> None:
    with pytest.raises(StoreFailure, match="level 3"):
        record.node(LOGS[0], 3, 0)
    with pytest.raises(StoreFailure, match="level 0"):
        record.node(LOGS[0], 0, 0)


def test_readers_see_each_append_beside_a_running_writer(record: Record, kept: Kept) -> None:
    reader = kept.reader()
    scribe = Scribe(1)
    for _ in range(10):
        record.apply(scribe.batch())
        assert answers(reader) == answers(record)
    with pytest.raises(StoreFailure):
        reader.apply((PutState(b"x"),))
    reader.close()
    reader.close()


def test_a_reader_waits_for_whoever_has_the_file_to_himself_for_a_moment(on_disk: RecordOnDisk) -> None:
    on_disk.close()
    alone = apsw.Connection(str(on_disk.path))  # as one that brings the log up to date after a crash
    work = "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE other (a); DROP TABLE other; COMMIT"
    alone.execute(work).fetchall()
    with pytest.raises(apsw.BusyError):
        apsw.Connection(str(on_disk.path), flags=apsw.SQLITE_OPEN_READONLY).execute("SELECT 1 FROM sqlite_schema")
    later = threading.Timer(0.3, alone.close)
    later.start()
    RecordOnDisk(on_disk.path, read_only=True).close()
    later.join()


def test_a_reader_needs_no_writable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = RecordOnDisk(tmp_path / "record.sqlite3", create=True)
    fill(4, made)
    expected = answers(made)
    made.close()
    real = apsw.Connection

    def read_only_folder(name: str, **how: Any) -> Any:
        if "immutable" not in name:
            return _Refusing(real(name, **how))
        return real(name, **how)

    monkeypatch.setattr(apsw, "Connection", read_only_folder)
    reader = RecordOnDisk(tmp_path / "record.sqlite3", read_only=True)
    assert answers(reader) == expected
    reader.close()
    (tmp_path / "record.sqlite3-wal").write_bytes(b"something that is not in the file")
    with pytest.raises(StoreFailure):
        RecordOnDisk(tmp_path / "record.sqlite3", read_only=True)


class _Refusing:
    """A connection in a folder where SQLite cannot make its shared memory."""

    def __init__(self, real: apsw.Connection) -> None:
        self.real = real
        self.set_busy_timeout = real.set_busy_timeout

    def execute(self, *_: Any) -> None:
        raise apsw.CantOpenError("unable to open database file")

    def close(self) -> None:
        self.real.close()


# ---- versions
# ---------------------------------------------------------------------------------------------------


def test_a_missing_file_is_a_mistake_and_is_not_founded_by_chance(tmp_path: Path) -> None:
    with pytest.raises(HomeMistake, match="nothing"):
        RecordOnDisk(tmp_path / "record.sqlite3")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_of_a_newer_version_is_refused_untouched(read_only: bool, tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    made = RecordOnDisk(path, create=True)
    fill(1, made)
    made._connection.execute("PRAGMA user_version = 99")
    made.close()
    before = path.read_bytes()
    with pytest.raises(HomeMistake, match="version 99"):
        RecordOnDisk(path, read_only=read_only)
    assert path.read_bytes() == before


@pytest.mark.parametrize("read_only", [False, True])
def test_another_programs_database_is_refused_untouched(read_only: bool, tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE t (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreFailure, match="another program"):
        RecordOnDisk(path, read_only=read_only)
    assert path.read_bytes() == before


def test_an_older_file_is_brought_up_to_date_by_a_writer_and_refused_by_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    first = "CREATE TABLE things (name TEXT) STRICT; INSERT INTO things VALUES ('kept');"
    second = "ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7;"

    def opened(migrations: tuple[str, ...], *, read_only: bool = False, create: bool = False) -> apsw.Connection:
        return disk.open_database(
            path, application_id=5, migrations=migrations, read_only=read_only, create=create, vfs=None
        )

    opened((first,), create=True).close()
    with pytest.raises(HomeMistake, match="version 1"):
        opened((first, second), read_only=True)
    broken = second + "CREATE TABLE things (twice TEXT);"
    with pytest.raises(StoreFailure):
        opened((first, broken))
    again = opened((first,))
    assert again.execute("SELECT * FROM things").fetchall() == [("kept",)]  # the broken step left nothing behind
    again.close()
    newest = opened((first, second))
    assert newest.execute("SELECT * FROM things").fetchall() == [("kept", 7)]
    assert newest.execute("PRAGMA user_version").fetchall() == [(2,)]
    newest.close()


def test_bytes_that_are_no_database_are_named_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreFailure, match="not a database") as caught:
        RecordOnDisk(path)
    assert "backup" in caught.value.remedy


def test_a_damaged_page_is_an_error_in_words_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    made = RecordOnDisk(path, create=True)
    fill(2, made)
    made.close()
    octets = bytearray(path.read_bytes())
    for page in range(4096, len(octets), 4096):
        octets[page : page + 200] = bytes(200)
    path.write_bytes(octets)
    with pytest.raises(StoreFailure):
        answers(RecordOnDisk(path))


# ---- backup
# -----------------------------------------------------------------------------------------------------


def test_a_backup_beside_a_writer_is_whole_and_of_one_moment(record: Record, tmp_path: Path) -> None:
    fill(5, record)
    expected = answers(record)
    reader = record.reader.open()
    reader.backup(tmp_path / "one.sqlite3")
    record.backup(tmp_path / "two.sqlite3")
    scribe = Scribe(5)
    record.apply((PutState(b"later"), *scribe.small()))
    reader.close()
    for name in ("one.sqlite3", "two.sqlite3"):
        copy = RecordOnDisk(tmp_path / name)
        copy.settle()
        copy.settle()
        assert answers(copy) == expected
        assert copy.audit() == []
        copy.close()


def test_a_backup_that_cannot_be_written_says_so(record: Record, tmp_path: Path) -> None:
    with pytest.raises(StoreFailure):
        record.backup(tmp_path / "no folder" / "copy.sqlite3")


# ---- looking through
# --------------------------------------------------------------------------------------------


def test_the_audit_knows_every_table_of_the_schema(on_disk: RecordOnDisk) -> None:
    rows = on_disk._rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert sorted(TABLES) == sorted(row[0] for row in rows)


def values_of(connection: apsw.Connection, table: str) -> Iterator[tuple[str, str, Any]]:
    """Every stored value of a table: column, how to find its row, value."""
    columns = [(row[1], row[5]) for row in connection.execute(f"PRAGMA table_info({table})")]
    keys = [name for name, key in columns if key]
    for row in connection.execute(f"SELECT * FROM {table}").fetchall():
        by_name = dict(zip([name for name, _ in columns], row, strict=True))
        where = " AND ".join(f"{key} = {literal(by_name[key])}" for key in keys)
        for name, value in by_name.items():
            yield str(name), where, value


def literal(value: Any) -> str:
    return apsw.format_sql_value(value)


def flips(value: Any) -> Iterator[Any]:
    """The value with each of its bytes changed."""
    if isinstance(value, bytes):
        for at in range(len(value)):
            yield value[:at] + bytes([value[at] ^ 0x41]) + value[at + 1 :]
    elif isinstance(value, str):
        for at, letter in enumerate(value):
            yield value[:at] + ("x" if letter != "x" else "y") + value[at + 1 :]
    else:
        for bit in (0, 8, 16, 24, 32, 39):
            yield value ^ (1 << bit)


@pytest.mark.parametrize("table", [name for name in TABLES if name != "nodes"])
def test_a_flipped_byte_in_any_stored_value_is_found(table: str, on_disk: RecordOnDisk) -> None:
    scribe = fill(8, on_disk, batches=6)
    owed = PutDue(next(origin for origin in LOGS if scribe.trees[origin].size), 0, "east", 25)
    on_disk.apply((*scribe.small(), *scribe.head(), *scribe.claim(), *scribe.act(), *scribe.body(), owed))
    connection = on_disk._connection
    connection.execute("PRAGMA foreign_keys = OFF")
    assert on_disk.audit() == []
    changed = 0
    for column, where, value in list(values_of(connection, table))[:20]:
        if (table, column) == ("bodies", "id"):
            continue  # a number that says nothing
        for other in flips(value):
            connection.execute("SAVEPOINT flip")
            try:
                connection.execute(f"UPDATE {table} SET {column} = {literal(other)} WHERE {where}")
            except apsw.ConstraintError:
                pass  # SQLite itself refuses what the schema forbids
            else:
                assert next(look_through_table(connection, table), None), (
                    f"{table}.{column}: {value!r} -> {other!r}"
                )
                changed += 1
            connection.execute("ROLLBACK TO flip")
            connection.execute("RELEASE flip")
    assert changed >= 8


@pytest.mark.parametrize("table", ["entries", "nodes"])
def test_a_row_that_is_gone_or_too_many_is_found(table: str, on_disk: RecordOnDisk) -> None:
    fill(10, on_disk)
    connection = on_disk._connection
    last = connection.execute(f"SELECT max(id) FROM {table}").fetchall()[0][0]
    for change in (
        f"DELETE FROM {table} WHERE id = {last}",
        f"DELETE FROM {table} WHERE id = (SELECT min(id) FROM {table})",
        f"UPDATE {table} SET id = {1 << 60} WHERE id = {last}",
    ):
        connection.execute("SAVEPOINT change")
        connection.execute(change)
        assert on_disk.audit(), change
        connection.execute("ROLLBACK TO change")
        connection.execute("RELEASE change")
    if table == "nodes":
        connection.execute(f"INSERT INTO nodes VALUES ({1 << 60}, x'00')")
        assert any("no log" in fault for fault in on_disk.audit())


def test_a_damaged_index_is_found(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    made = RecordOnDisk(path, create=True)
    fill(11, made)
    made._connection.execute("COMMIT") if made._connection.in_transaction else None
    connection = made._connection
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
    connection.execute("PRAGMA writable_schema = ON")
    root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'wanted_by_hash'").fetchall()[0][0]
    assert isinstance(root, int)
    made.close()
    octets = bytearray(path.read_bytes())
    octets[(root - 1) * 4096 + 4000 : root * 4096] = bytes(96)
    path.write_bytes(octets)
    again = RecordOnDisk(path)
    assert again.audit()
    again.close()


def test_numbers_of_places_go_there_and_back() -> None:
    for log, seq in ((0, 0), (1, 5), (70000, (1 << 40) - 1)):
        assert schema.entry_place(schema.entry_id(log, seq)) == (log, seq)
    assert schema.node_id(3, 1, 0) > schema.node_id(2, 39, 1)
