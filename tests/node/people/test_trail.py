"""The trail only grows: each act is bound to those before it, and any changed byte of it is found."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import apsw
import pytest

from detente.node.desk_door import people_trail
from detente.node.desk_door.people_questions import ActNoted, TrailAsked
from detente.node.desk_door.people_trail import trail_file
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.schema import mark
from detente.store.trail import SignedHead, TrailFile
from tests.node.people.desk import Desk


def filled(tmp_path: Path, count: int = 5) -> Path:
    trail = TrailFile(tmp_path / "trail.sqlite3", create=True)
    for number in range(count):
        trail.append(1_000 + number, "id", "Anna", "signed-in", {"how": f"passkey {number}"})
    trail.note_signed(SignedHead(number=3, hash=trail.hash_of(3).hex(), line="l-1", ref="west/1/0/7"))  # type: ignore[union-attr]
    trail.close()
    return trail.path


def loosened(path: Path) -> apsw.Connection:
    """Open the file as somebody who means to change history: without its triggers."""
    raw = apsw.Connection(str(path))
    raw.execute("PRAGMA journal_mode = DELETE")
    for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    return raw


def faults(path: Path) -> list[str]:
    trail = TrailFile(path, read_only=True)
    try:
        return list(trail.faults())
    finally:
        trail.close()


def test_a_hash_covers_an_act_and_all_before_it(tmp_path: Path) -> None:
    path = filled(tmp_path)
    trail = TrailFile(path, read_only=True)
    acts = trail.acts()
    before = bytes(32)
    for one in reversed(acts):
        document = {
            "act": one.act, "actor": one.actor, "actor_name": one.actor_name, "at_ms": one.at_ms,
            "detail": one.detail, "number": one.number,
        }  # fmt: skip
        octets = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        before = hashlib.sha256(b"detente/trail/1\0" + before + octets).digest()
        assert one.hash == before.hex()
    assert trail.head() == (5, before)
    assert trail.hash_of(5) == before
    assert trail.hash_of(6) is None
    trail.close()
    assert faults(path) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE acts SET at_ms = 0",
        "DELETE FROM acts WHERE number = 4",
        "INSERT INTO acts VALUES (9, 1, x'00', x'00', x'00')",
        "INSERT OR REPLACE INTO acts VALUES (4, 1, x'00', x'00', x'00')",
        "DELETE FROM heads",
        "UPDATE heads SET number = 1",
    ],
)
def test_the_file_refuses_to_change_what_it_holds(tmp_path: Path, sql: str) -> None:
    raw = apsw.Connection(str(filled(tmp_path)))
    with pytest.raises(apsw.ConstraintError):
        raw.execute(sql)
    raw.close()
    assert faults(tmp_path / "trail.sqlite3") == []


def test_each_changed_byte_of_an_act_is_found(tmp_path: Path) -> None:
    path = filled(tmp_path)
    raw = loosened(path)
    found: Any = raw.execute("SELECT act, hash, mark FROM acts WHERE number = 2").fetchall()[0]
    octets, digest, kept = found
    for at in range(len(octets)):
        changed = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
        # even with a mark that was made to fit
        fitting = mark(2, 1_002, changed, digest)
        raw.execute("UPDATE acts SET act = ?, mark = ? WHERE number = 2", (changed, fitting))
        assert faults(path) == ["act 2 of the trail was changed"]
    for sql in ("hash = zeroblob(32)", "mark = x'00'", "at_ms = 5"):
        raw.execute("UPDATE acts SET act = ?, hash = ?, mark = ?, at_ms = 1002", (octets, digest, kept))
        raw.execute(f"UPDATE acts SET {sql} WHERE number = 2")
        assert any("act 2" in one for one in faults(path))
    raw.close()
    trail = TrailFile(path, read_only=True)
    with pytest.raises(StoreFailure, match="act"):
        trail.acts()
    trail.close()


def test_a_missing_act_is_found(tmp_path: Path) -> None:
    path = filled(tmp_path)
    raw = loosened(path)
    raw.execute("DELETE FROM acts WHERE number = 2")
    raw.close()
    assert faults(path) == ["acts are missing before act 3 of the trail", "act 3 of the trail was changed"]


def test_acts_are_given_newest_first_in_pages_with_what_signed_them(tmp_path: Path) -> None:
    filled(tmp_path)
    desk = Desk(tmp_path)
    first = desk.ask(TrailAsked(limit=2))
    assert ([one.number for one in first.acts], first.next) == ([4, 3], 3)
    rest = desk.ask(TrailAsked(before=first.next))
    assert ([one.number for one in rest.acts], rest.next) == ([2, 1, 0], None)
    assert [one.signed_in for one in first.acts + rest.acts] == ["", "", *["west/1/0/7"] * 3]
    some = desk.ask(TrailAsked(from_ms=1_001, until_ms=1_003))
    assert [one.number for one in some.acts] == [2, 1]
    assert desk.ask(TrailAsked(limit=0)).next == 4
    assert desk.ask(TrailAsked(before=0)).acts == ()
    desk.people.close()


def test_what_is_no_act_is_not_noted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for act, detail in (
        ("", {}), ("Signed in", {}), ("x" * 64, {}), ("a", {"b c": ""}), ("a", {"b": "x" * 1_001}),
        ("a", {f"d{at}": "" for at in range(17)}),
    ):  # fmt: skip
        with pytest.raises(HomeMistake):
            desk.ask(ActNoted(act=act, detail=detail))
    assert desk.acts() == []
    desk.people.close()


def test_a_flood_of_strangers_is_counted_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_trail, "_UNNAMED_PER_HOUR_MAX", 3)
    desk = Desk(tmp_path)
    kim = desk.person("Kim", "keeper")
    for _ in range(10):
        desk.ask(ActNoted(act="sign-in-refused"))
    desk.ask(ActNoted(actor=kim.id, act="signed-in"))
    desk.now_ms += 3_600_000
    desk.ask(ActNoted(act="sign-in-refused"))
    assert desk.acts()[2:] == [
        *["sign-in-refused"] * 3, "signed-in", "acts-left-out", "sign-in-refused",
    ]  # fmt: skip
    assert desk.ask(TrailAsked(limit=2)).acts[1].detail == {"count": "7"}
    assert trail_file(tmp_path).exists()
    desk.people.close()
