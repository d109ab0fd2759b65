"""An audit finds any byte that the disk changed, wherever it matters.

Method: a home with every kind of thing in it; bytes of its record, its head file and its small files are flipped. Each
time the audit finds a fault, or every value that can be read is as it was: then the byte lies where SQLite keeps
nothing of ours (free space within pages, stale copies of what moved, its own counters and version). ``make test``
flips every byte in groups and one in many alone, ``make prove`` more alone, ``make prove-full`` each alone.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from detente.errors import DetenteError
from detente.line.bundle import Kind, Parser, write
from detente.line.effects import PutClaim
from detente.node.audit import audit_line
from detente.node.home import open_reading
from detente.store.audit import TABLES, look_through
from detente.store.errors import StoreFailure
from detente.store.headfile import HeadRecord
from detente.store.record import Record
from tests.stories.shell import Shell


class Full:
    """A home in which every kind of thing is stored, its files as plain bytes, and what asks whether one is whole."""

    def __init__(self, shell: Shell) -> None:
        self.shell, self.home = shell, shell.folder / "west"
        fill(shell)
        self.line = shell.status("west")["line"]
        self.record = self.home / "lines" / self.line / "record.sqlite3"
        self.head = shell.folder / "west.head" / "head.sqlite3"
        self.octets, self.head_octets = settled(self.record), settled(self.head)
        self.values = dump(self.octets)
        self.head_values = head_dump(self.head)

    def record_safe(self, octets: bytes) -> bool:
        """Tell whether a record with these bytes is found to be changed, or gives every value as it was."""
        try:
            connection = deserialized(octets)
        except apsw.Error:
            return True
        try:
            if look_through(connection) or values_of(connection) == self.values:
                return True
        except (apsw.Error, ValueError, OverflowError):
            return True
        finally:
            connection.close()
        return bool(self.faults(self.record, octets))

    def faults(self, path: Path, octets: bytes) -> list[str]:
        """Return what the whole audit finds when a file has these bytes; an error that it gives is a fault."""
        true = path.read_bytes()
        path.write_bytes(octets)
        try:
            with open_reading(self.home) as home:
                return audit_line(home, self.line).faults
        except DetenteError as fault:
            return [str(fault)]
        finally:
            path.write_bytes(true)

    def head_safe(self, octets: bytes) -> bool:
        """Tell the same of a head file."""
        self.head.write_bytes(octets)
        try:
            return head_dump(self.head) == self.head_values
        except DetenteError:
            return True
        finally:
            self.head.write_bytes(self.head_octets)


def fill(shell: Shell) -> None:
    """Let west hold something in every table of its record."""
    shell.pair()
    (shell.folder / "map.pdf").write_bytes(b"%PDF 1")
    shell.send("west", "one", "--attach map.pdf --answer-by 2h")
    shell.exchange("west", "east")
    shell.send("west", "a secret", "--reveal later")
    shell.send("east", "two")
    shell.run("line pack east --to west whole.bundle")
    records = Parser().feed((shell.folder / "whole.bundle").read_bytes())
    thin = b"".join(write(one for one in records if one.kind is not Kind.BODY))
    (shell.folder / "thin.bundle").write_bytes(thin)
    shell.run("line take west thin.bundle")
    record = Record(next((shell.folder / "west" / "lines").iterdir()) / "record.sqlite3")
    head = record.checkpoint(next(one for one in record.origins() if one.member == "east"))
    assert head is not None
    record.apply((PutClaim(head),))
    record.close()


def settled(path: Path) -> bytes:
    """Return a database as one file, without a log beside it, and leave it so."""
    source, target = apsw.Connection(str(path)), path.with_name("settled")
    copy = apsw.Connection(str(target))
    with copy.backup("main", source, "main") as work:
        work.step(-1)
    copy.execute("PRAGMA journal_mode = DELETE")
    copy.close()
    source.close()
    for stale in path.parent.glob(f"{path.name}-*"):
        stale.unlink()
    shutil.move(target, path)
    return path.read_bytes()


def deserialized(octets: bytes) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    try:
        connection.deserialize("main", octets)
    except BaseException:
        connection.close()
        raise
    return connection


def dump(octets: bytes) -> list[Any]:
    connection = deserialized(octets)
    try:
        return values_of(connection)
    finally:
        connection.close()


def values_of(connection: apsw.Connection) -> list[Any]:
    """Return every value that this program reads; the number of a body's row is SQLite's own."""
    found: list[Any] = [
        connection.execute(f"PRAGMA {name}").fetchall() for name in ("application_id", "user_version")
    ]
    for table in TABLES:
        columns = "hash, salt, content, open, mark" if table == "bodies" else "*"
        found.append(sorted(map(str, connection.execute(f"SELECT {columns} FROM {table}"))))
    return found


def head_dump(path: Path) -> list[Any]:
    """Return what a head file says; raises StoreFailure for a damaged one."""
    record = HeadRecord(path, read_only=True)
    try:
        if record.audit():
            raise StoreFailure(expected="a sound file", came="another")
        return [record.own, record.cosigned, record.released, record.counters, record._facts]
    finally:
        record.close()


def flipped(octets: bytes, places: list[int], seed: int) -> bytes:
    """Return the bytes with one bit of each of these places flipped."""
    draw = random.Random(seed)
    changed = bytearray(octets)
    for place in places:
        changed[place] ^= 1 << draw.randrange(8)
    return bytes(changed)


def groups(size: int, count: int) -> Iterator[list[int]]:
    for start in range(0, size, count):
        yield list(range(start, min(start + count, size)))


def singles(size: int, step: int) -> Iterator[list[int]]:
    draw = random.Random(size)
    for start in range(0, size, step):
        yield [min(start + draw.randrange(step), size - 1)]


def tried(octets: bytes, places: Iterator[list[int]], safe: Callable[[bytes], bool]) -> None:
    """Flip each group; fails at the first whose change nobody finds."""
    for group in places:
        assert safe(flipped(octets, group, group[0])), (
            f"bytes {group[0]} to {group[-1]} changed and nothing was found"
        )


@pytest.fixture
def full(shell: Shell) -> Full:
    return Full(shell)


def test_every_byte_in_groups_and_some_alone(full: Full) -> None:
    held = {table for table, rows in zip(TABLES, full.values[2:], strict=True) if rows}
    assert held == set(TABLES) - {"answers", "forks"}  # these two are kept as the acts are
    assert full.faults(full.record, full.octets) == []
    size, head_size = len(full.octets), len(full.head_octets)
    tried(full.octets, groups(size, 64), full.record_safe)
    tried(full.octets, singles(size, 97), full.record_safe)
    tried(full.head_octets, groups(head_size, 64), full.head_safe)
    tried(full.head_octets, singles(head_size, 97), full.head_safe)


@pytest.mark.prove
def test_many_bytes_alone(full: Full) -> None:
    tried(full.octets, singles(len(full.octets), 17), full.record_safe)
    tried(full.head_octets, singles(len(full.head_octets), 5), full.head_safe)


@pytest.mark.prove_full
@pytest.mark.timeout(3600)
def test_every_byte_alone(full: Full) -> None:
    tried(full.octets, singles(len(full.octets), 1), full.record_safe)
    tried(full.head_octets, singles(len(full.head_octets), 1), full.head_safe)


def test_every_byte_of_what_a_record_holds_is_found_alone(full: Full) -> None:
    """The bytes of values themselves, not what lies between them: all of them are found, none is harmless."""
    connection = deserialized(full.octets)
    note = connection.execute("SELECT note FROM checkpoints").fetchall()[0][0]
    leaf = connection.execute("SELECT leaf FROM entries").fetchall()[0][0]
    content = connection.execute("SELECT content FROM bodies WHERE length(content) > 4").fetchall()[0][0]
    node = connection.execute("SELECT hash FROM nodes").fetchall()[0][0]
    connection.close()
    value: Any
    for value, step in ((note, 9), (leaf, 29), (content, 5), (node, 3)):
        start = full.octets.index(value[:32])
        for place in range(start, start + min(len(value), 600), step):
            assert full.faults(full.record, flipped(full.octets, [place], place)), place


def test_every_small_file_of_a_home_is_looked_at(full: Full) -> None:
    for path in (full.home / "home.json", *sorted((full.home / "acts").glob("*.json"))):
        octets = path.read_bytes()
        for place in range(0, len(octets), max(1, len(octets) // 40)):
            changed = flipped(octets, [place], place)
            assert full.faults(path, changed), (path.name, place)
    keys = full.home / "keys" / "operational.json"
    octets = keys.read_bytes()
    sealed = octets.index(b'"sealed"') + 10
    for place in (5, sealed + 40, len(octets) - 20):
        keys.write_bytes(flipped(octets, [place], place))
        full.shell.run("line pack west --to east a.bundle", code=2)  # what is sealed opens no more
        keys.write_bytes(octets)
    full.shell.run("line audit west")
