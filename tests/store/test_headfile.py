"""The head file: numbers in it only grow, and what it answered is on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.line.checkpoint import Origin
from detente.line.effects import RecordedActs, Role
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.headfile import HeadRecord, OwnHead

OWN, OTHERS = Origin("baltic", 1, "west", 0), Origin("baltic", 1, "east", 0)
BOTH = (Role.COSIGN_LOG, Role.COSIGN_HELD)


def head(size: int) -> OwnHead:
    return OwnHead(size, bytes([size]) * 32, tuple(bytes([at]) * 32 for at in range(size.bit_count())), b"l" * 32)


def test_what_was_put_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "head.sqlite3"
    made = HeadRecord(path, create=True)
    made.put_facts({"home": "ab", "machine": "m"})
    made.put_own({OWN: head(3)})
    made.put_cosigned(OTHERS, BOTH, 5, b"r" * 32)
    made.put_answered(70)
    made.put_answered(60)
    expected = made.head_file()
    made.close()
    made.close()
    again = HeadRecord(path, read_only=True)
    assert again.head_file() == expected
    assert again.own == {OWN: head(3)}
    assert expected.own == {OWN: (3, head(3).root)}
    assert expected.cosigned == {(OTHERS, role): (5, b"r" * 32) for role in BOTH}
    assert expected.answered_ms == 70
    assert (again.fact("home"), again.fact("machine"), again.fact("other")) == ("ab", "m", "")
    again.close()


def test_a_head_never_goes_back(tmp_path: Path) -> None:
    made = HeadRecord(tmp_path / "head.sqlite3", create=True)
    made.put_own({OWN: head(3)})
    made.put_cosigned(OTHERS, BOTH, 5, b"r" * 32)
    with pytest.raises(StoreFailure, match="below"):
        made.put_own({OWN: head(2)})
    with pytest.raises(StoreFailure, match="below"):
        made.put_cosigned(OTHERS, (Role.COSIGN_LOG,), 4, b"r" * 32)
    assert made.own[OWN] == head(3)
    made.close()


def test_own_root_acts_are_counted_and_never_fewer_or_others(tmp_path: Path) -> None:
    path = tmp_path / "head.sqlite3"
    made = HeadRecord(path, create=True)
    assert made.acts is None
    assert made.head_file().acts is None
    made.put_acts(2, "ab" * 32)
    made.put_acts(2, "ab" * 32)
    for count, newest in ((2, "cd" * 32), (1, "ab" * 32)):
        with pytest.raises(StoreFailure, match="2 recorded"):
            made.put_acts(count, newest)
    made.put_acts(5, "ef" * 32)
    made.close()
    again = HeadRecord(path, read_only=True)
    assert again.head_file().acts == RecordedActs(5, "ef" * 32)
    again.close()


def test_a_head_file_that_is_not_there_is_not_founded_by_chance(tmp_path: Path) -> None:
    with pytest.raises(HomeMistake):
        HeadRecord(tmp_path / "head.sqlite3")
