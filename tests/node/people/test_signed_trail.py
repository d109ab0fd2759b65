"""The trail's head stands in the node's own record, where nobody can take it back; an audit compares the two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detente.node.audit import Audit, audit_line
from detente.node.backup import backup, restore
from detente.node.desk_door.people_questions import EnrolmentAsked, PeopleAsked, TrailAsked
from detente.node.desk_door.people_signing import TrailSigning, trail_draft
from detente.node.desk_door.people_trail import trail_file
from detente.node.home import open_reading
from detente.store.errors import HomeMistake
from tests.node.people.desk import DAY_MS, Desk, hashed
from tests.node.people.test_trail import loosened
from tests.node.serving.test_lines import run, running
from tests.store.pair import found_homes


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found_homes(tmp_path)
    made = Desk(tmp_path / "west")
    made.person("Kim", "keeper")
    yield made
    made.people.close()


class Quiet:
    """A log that keeps the names of its events."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def info(self, event: str, **_: Any) -> None:
        self.events.append(event)


def sign(desk: Desk, *waited_ms: int) -> list[str]:
    """Run the node's lines and sign, once for each wait; returns the events of the log."""
    log = Quiet()

    async def work() -> None:
        async with running(desk.home) as lines:
            signing = TrailSigning(lines, desk.people, log, lambda: desk.now_ms)  # type: ignore[arg-type]
            for one in waited_ms:
                await signing.sign(waited_ms=one)

    run(work)
    return log.events


def audited(home: Path) -> Audit:
    with open_reading(home) as opened:
        (line,) = opened.lines()
        return audit_line(opened, line)


def test_an_act_is_signed_within_a_day_and_once(desk: Desk) -> None:
    assert sign(desk, DAY_MS) == []
    desk.now_ms += DAY_MS
    assert sign(desk, DAY_MS, DAY_MS, 0) == ["trail.signed"]
    acts = desk.ask(TrailAsked()).acts
    assert [one.signed_in for one in acts] == ["west/0"] * 2
    desk.person("Anna", "viewer")
    assert [one.signed_in for one in desk.ask(TrailAsked()).acts] == ["", "", "west/0", "west/0"]
    assert sign(desk, DAY_MS, 0, 0) == ["trail.signed"]
    assert [one.signed_in for one in desk.ask(TrailAsked()).acts] == ["west/1", "west/1", "west/0", "west/0"]
    found = audited(desk.home)
    assert (found.faults, found.counts["acts"]) == ([], 4)


def test_a_clock_that_was_set_back_does_not_hold_a_head_up(desk: Desk) -> None:
    desk.now_ms -= 10 * DAY_MS
    assert sign(desk, DAY_MS) == ["trail.signed"]


def test_the_same_head_is_the_same_statement() -> None:
    one, other = trail_draft("a-1", 3, "00" * 32), trail_draft("a-1", 3, "00" * 32)
    assert one == other
    assert json.loads(one.content) == {"acts": 3, "format": 1, "hash": "00" * 32, "kind": "trail"}
    others = [
        trail_draft("a-1", 4, "00" * 32),
        trail_draft("b-1", 3, "00" * 32),
        trail_draft("a-1", 3, "11" * 32),
    ]
    assert len({draft.submission for draft in (one, *others)}) == 4


def test_a_trail_that_was_written_anew_is_found(desk: Desk) -> None:
    sign(desk, 0)
    path = trail_file(desk.home)
    desk.people.close()
    for one in desk.home.glob("trail.sqlite3*"):
        one.unlink()
    desk.again()
    assert any("fewer now" in one for one in audited(desk.home).faults)
    desk.person("Mallory", "keeper")
    for _ in range(3):
        desk.ask(PeopleAsked())
    faults = audited(desk.home).faults
    assert faults == ["west/0: the trail's first 2 acts were others then"]
    desk.people.close()
    for one in desk.home.glob("trail.sqlite3*"):
        one.unlink()
    assert ["missing" in one for one in audited(desk.home).faults] == [True]
    assert not path.exists()
    desk.again()


def test_each_byte_of_a_signed_act_is_held_by_the_chain(desk: Desk) -> None:
    sign(desk, 0)
    desk.people.close()
    raw = loosened(trail_file(desk.home))
    found: Any = raw.execute("SELECT act FROM acts WHERE number = 0").fetchall()[0]
    for at in range(0, len(found[0]), 11):
        changed = found[0][:at] + bytes([found[0][at] ^ 1]) + found[0][at + 1 :]
        raw.execute("UPDATE acts SET act = ? WHERE number = 0", (changed,))
        assert audited(desk.home).faults == ["act 0 of the trail was changed"]
    raw.execute("UPDATE acts SET act = ? WHERE number = 0", found)
    raw.execute("UPDATE heads SET ref = 'west/9'")
    assert len(audited(desk.home).faults) == 1
    raw.execute("UPDATE heads SET ref = 'west/0'")
    assert audited(desk.home).faults == []
    raw.close()
    desk.again()


def test_a_backup_has_people_and_trail_and_no_link(desk: Desk, tmp_path: Path) -> None:
    link = desk.add("Anna", "viewer")
    sign(desk, 0)
    backup(desk.home, tmp_path / "one.backup")
    restore(tmp_path / "one.backup", tmp_path / "again")
    again = Desk(tmp_path / "again")
    assert again.names() == ["Anna", "Kim"]
    assert again.acts() == desk.acts()
    with pytest.raises(HomeMistake):
        again.ask(EnrolmentAsked(code_hash=hashed(link.code)))
    assert desk.ask(EnrolmentAsked(code_hash=hashed(link.code))).name == "Anna"
    assert again.ask(TrailAsked()).acts[0].signed_in == "west/0"
    again.people.close()
    assert link.code.encode() not in (tmp_path / "one.backup").read_bytes()
    assert hashed(link.code).encode() not in (tmp_path / "one.backup").read_bytes()
