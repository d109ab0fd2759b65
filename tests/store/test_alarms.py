"""The file of alarms: durable, each writer its own table, and what the disk changed is said."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec
import pytest

from detente.store.alarms import Acknowledgement, AlarmFile, Delivery, KeptAlarm
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.schema import mark

ALARM = KeptAlarm(
    "00112233aabb", "baltic-1", "silent", "east", "alarm", {"count": "2"}, 1_000, 2_000,
    deliveries=(Delivery("mail", "watch", 2, 5_000, None, "no route"),),
)  # fmt: skip


def test_what_is_kept_survives_and_two_writers_do_not_overwrite_each_other(tmp_path: Path) -> None:
    path = tmp_path / "alarms.sqlite3"
    with pytest.raises(HomeMistake):
        AlarmFile(path)
    node = AlarmFile(path, create=True)
    node.put([ALARM], [])
    version = node.version()
    person = AlarmFile(path)
    person.acknowledge(ALARM.id, Acknowledgement(3_000, 1, "watch"))
    assert node.version() != version
    later = msgspec.structs.replace(ALARM, count=2)
    node.put([later], [])
    person.close()
    node.close()
    node.close()
    reader = AlarmFile(path, read_only=True)
    assert reader.kept() == {ALARM.id: later}
    assert reader.acknowledgements() == {ALARM.id: Acknowledgement(3_000, 1, "watch")}
    reader.close()
    node = AlarmFile(path)
    node.put([], [ALARM.id])
    assert (node.kept(), node.acknowledgements()) == ({}, {})
    node.close()


def test_an_alarm_is_open_until_it_is_acknowledged_or_ended() -> None:
    assert ALARM.is_open
    assert not msgspec.structs.replace(ALARM, acknowledged_ms=3).is_open
    assert not msgspec.structs.replace(ALARM, ended_ms=3).is_open


def test_what_the_disk_changed_is_said_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "alarms.sqlite3"
    AlarmFile(path, create=True).close()
    raw = apsw.Connection(str(path))
    octets = msgspec.msgpack.encode(ALARM)
    raw.execute("INSERT INTO alarms VALUES ('aa', ?, ?)", (octets, mark("bb", octets)))
    kept = AlarmFile(path)
    with pytest.raises(StoreFailure, match="an alarm that was changed: aa"):
        kept.kept()
    raw.execute("UPDATE alarms SET alarm = ?, mark = ?", (b"\xc1", mark("aa", b"\xc1")))
    with pytest.raises(StoreFailure):
        kept.kept()
    kept.close()
    raw.close()
