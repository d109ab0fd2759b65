"""What leaves as evidence or export was known to the head file before: after a restore nothing can contradict it."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from detente.line import evidence
from detente.line.bundle import EXPORT_MAGIC, Kind, Parser
from detente.line.effects import Draft, Submitted
from detente.line.errors import LineMistake
from detente.node.asking import may_leave
from detente.node.book import Book
from detente.node.evidence_file import evidence_of, write_export
from detente.node.home import head_folder, open_reading
from detente.node.host import Host
from tests.store.pair import Desk, exchange, found_homes, open_home


def draft(text: str) -> Draft:
    return Draft("message", "text/plain", text.encode(), secrets.token_hex(16))


def exported(home: Path, line: str, out: Path) -> tuple[int, int]:
    """Return how many statements an export of the home holds, and the size of its highest head."""
    with open_reading(home) as opened:
        book = Book.open(opened.member, opened.record(line))
        write_export(book, out, without_bodies=True, upto=may_leave(opened, book))
    records = Parser(magic=EXPORT_MAGIC).feed(out.read_bytes())
    sizes = [int(one.content.split(b"\n")[1]) for one in records if one.kind is Kind.CHECKPOINT]
    return sum(one.kind is Kind.ENTRY for one in records), max(sizes)


def proven(home: Path, line: str, name: str) -> bytes:
    with open_reading(home) as opened:
        book = Book.open(opened.member, opened.record(line))
        book.index()
        return evidence_of(book, book.resolve(name), without_body=False, upto=may_leave(opened, book))


def test_nothing_leaves_that_the_head_file_does_not_know(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    home, out = tmp_path / "west", tmp_path / "out"
    with open_home(home) as west, open_home(tmp_path / "east") as east:
        one, other = Desk(west, line), Desk(east, line)
        one.send("first")
        other.send("theirs")
        exchange(one, other)
    with open_home(home) as west:
        host = Host(west, line, later=True)
        host.open()
        host.give(Submitted((draft("second"),)))
        assert host.unsettled  # it is held, and the head file hears of it later
        assert exported(home, line, out) == (2, 1)
        with pytest.raises(LineMistake, match="none held yet") as refused:
            proven(home, line, "west/1")
        assert "head file" in refused.value.remedy
        evidence.judge(proven(home, line, "west/0"))
        evidence.judge(proven(home, line, "east/0"))
        host.settle()
        assert exported(home, line, out) == (3, 2)
        evidence.judge(proven(home, line, "west/1"))
    (head_folder(home) / "head.sqlite3").unlink()
    assert exported(home, line, out) == (3, 2)  # it signs nothing before a keeper confirms
