"""Telling people, with real servers and a real disk: failures of a way, of the disk, acknowledgements, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from detente.line.effects import Alarm, Priority
from detente.node.alarms.kept import alarms_file
from detente.node.alarms.telling import Telling
from detente.node.alarms.unanswered import Waits
from detente.node.serving.log import Log
from detente.node.settings.structs import AlarmSettings, Duty, EscalationSettings, Settings
from detente.store.alarms import ALARMS_MAX, Acknowledgement, AlarmFile, KeptAlarm
from tests.node.alarms.receivers import posts
from tests.node.serving.served import free_port

SILENT = Alarm("silent", Priority.ALARM, "east")


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work()

    asyncio.run(bounded())


@asynccontextmanager
async def telling(home: Path, settings: Settings, logged: list[str]) -> AsyncIterator[tuple[Telling, list[str]]]:
    written: list[str] = []
    log = Log("node", write=logged.append)
    made = Telling(home, settings, log, member="west", write=written.append)
    task = asyncio.create_task(made.run())
    try:
        yield made, written
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], Any]) -> None:
    while not true():  # noqa: ASYNC110 - it looks at what others write
        await asyncio.sleep(0.02)


def one(made: Telling, name: str) -> KeptAlarm:
    return next(kept for kept in made.all() if kept.name == name)


def test_a_way_that_fails_is_told_on_the_others_and_a_restart_tells_nothing_anew(tmp_path: Path) -> None:
    logged: list[str] = []
    settings = Settings(alarms=AlarmSettings(webhook=f"http://127.0.0.1:{free_port()}/secret-path"))

    async def work() -> None:
        async with telling(tmp_path, settings, logged) as (made, written):
            made.raised("baltic-1", SILENT)  # before it runs: kept until then
            await until(lambda: any("alarms do not get through by webhook" in line for line in written))
            assert any("east is silent" in line for line in written)
            assert one(made, "silent").deliveries[1].error
            assert made.failed_total["webhook"] >= 1
        count = len(written)
        async with telling(tmp_path, settings, logged) as (made, written):
            await until(lambda: len(made.all()) == 2)
            made.raised("baltic-1", SILENT)
            await until(lambda: one(made, "silent").count == 2)
            await asyncio.sleep(0.1)
            assert (count, written) == (2, [])

    run(work)
    assert "secret-path" not in "".join(logged)
    assert "alarm.not-told" in "".join(logged)


def test_a_way_that_works_again_ends_its_alarm(tmp_path: Path) -> None:
    async def work() -> None:
        with posts(None) as taken:
            taken.status = 500
            async with telling(tmp_path, Settings(alarms=AlarmSettings(webhook=taken.link)), []) as (made, _):
                made.raised("", SILENT)
                await until(
                    lambda: [kept.is_open for kept in made.all() if kept.name == "alarm-channel"] == [True]
                )
                taken.status = 200
                made.raised("", Alarm("fork", Priority.EMERGENCY, "east"))
                await until(lambda: not one(made, "alarm-channel").is_open)

    run(work)


def test_a_persons_word_in_the_file_quiets_an_alarm_and_an_old_word_does_not(tmp_path: Path) -> None:
    async def work() -> None:
        people = Settings(
            alarms=AlarmSettings(), duty=(Duty(name="a", webhook=f"http://127.0.0.1:{free_port()}/"),),
            escalation=EscalationSettings(immediate_s=1),
        )  # fmt: skip
        async with telling(tmp_path, people, []) as (made, written):
            made.raised("baltic-1", SILENT)
            await until(lambda: written)
            await until(lambda: one(made, "silent").asked == ("a",))
            await until(lambda: alarms_file(tmp_path).exists())
            file = AlarmFile(alarms_file(tmp_path))
            name = one(made, "silent").id
            file.acknowledge(name, Acknowledgement(1, 1, "watch"))
            await until(lambda: one(made, "silent").acknowledged_by == "watch")
            made.raised("baltic-1", Alarm("silent", Priority.EMERGENCY, "east"))
            await until(lambda: sum("EMERGENCY" in line for line in written) == 1)
            file.acknowledge("ffffffffffff", Acknowledgement(1, 9, "watch"))  # makes it read everything again
            await asyncio.sleep(1.5)
            assert one(made, "silent").is_open
            made.over("silent", line="arctic-1")
            assert one(made, "silent").is_open
            made.over("silent", line="baltic-1", member="east")
            assert not one(made, "silent").is_open
            file.close()

    run(work)


def test_a_disk_that_fails_silences_nothing(tmp_path: Path) -> None:
    alarms_file(tmp_path).write_bytes(b"not a database at all" * 100)
    logged: list[str] = []

    async def work() -> None:
        async with telling(tmp_path, Settings(), logged) as (made, written):
            made.raised("", SILENT)
            await until(lambda: len(written) == 2)
            assert {kept.name for kept in made.all()} == {"silent", "alarms-not-kept"}

    run(work)
    assert "alarms.not-kept" in "".join(logged)
    assert alarms_file(tmp_path).read_bytes().startswith(b"not a database")


def waits(number: int, precedence: str = "routine") -> Waits:
    return Waits(
        "unread",
        "baltic-1",
        f"log/{number}",
        f"east/{number}",
        "east",
        "west",
        precedence,
        number,
        f"{number:064x}",
    )


def test_notices_that_wait_are_told_by_precedence_and_end_by_themselves(tmp_path: Path) -> None:
    settings = Settings(
        alarms=AlarmSettings(with_text=True), escalation=EscalationSettings(flash_s=7, routine_s=70)
    )

    async def work() -> None:
        async with telling(tmp_path, settings, []) as (made, written):
            await asyncio.sleep(0.2)
            made.waiting("baltic-1", [waits(1), waits(2, "flash")], {f"{2:064x}": "we sail"})
            await until(lambda: len(written) == 2)
            flash = next(kept for kept in made.all() if kept.detail["precedence"] == "flash")
            assert (flash.priority, flash.step_s, flash.text) == ("alarm", 7, "we sail")
            made.waiting("baltic-1", [waits(1, "immediate")], {})  # its text came, and says how urgent it is
            assert not next(kept for kept in made.all() if kept.id == flash.id).is_open
            assert next(kept for kept in made.all() if kept.id == flash.id).text == ""
            (left,) = [kept for kept in made.all() if kept.is_open]
            assert (left.detail["precedence"], left.priority, left.step_s) == ("immediate", "alarm", 300)
            made.waiting("baltic-1", [waits(number) for number in range(1, 260)], {})
            assert sum(kept.is_open for kept in made.all()) == 201
            assert one(made, "unanswered-many").detail["count"] == "59"
            made.waiting("baltic-1", [], {})
            assert not any(kept.is_open for kept in made.all())

    run(work)


def test_a_storm_of_alarms_keeps_the_gravest_and_counts_what_it_forgot(tmp_path: Path) -> None:
    async def work() -> None:
        async with telling(tmp_path, Settings(alarms=AlarmSettings(terminal=False)), []) as (made, _):
            await asyncio.sleep(0.2)
            made.raised("", Alarm("fork", Priority.EMERGENCY, "east"))
            for number in range(ALARMS_MAX + 10):
                made.raised("", Alarm("quota", Priority.WARNING, f"m{number}"))
            assert (len(made.all()), made.dropped) == (ALARMS_MAX, 11)
            assert one(made, "fork").is_open

    run(work)


@pytest.mark.parametrize("precedence", ["flash", "routine"])
def test_the_machines_own_alarm_about_an_answer_is_the_same_one(tmp_path: Path, precedence: str) -> None:
    async def work() -> None:
        async with telling(tmp_path, Settings(), []) as (made, _):
            await asyncio.sleep(0.2)
            made.raised("baltic-1", Alarm("answer-overdue", Priority.ALARM, "west", (("entry", "log/4"),)))
            found = Waits("answer-overdue", "baltic-1", "log/4", "east/4", "east", "west", precedence, 1, "")
            made.waiting("baltic-1", [found], {})
            (kept,) = made.all()
            assert kept.step_s == getattr(EscalationSettings(), f"{precedence}_s")
            made.raised("baltic-1", Alarm("answer-overdue", Priority.ALARM, "west", (("entry", "log/4"),)))
            assert one(made, "answer-overdue").step_s == kept.step_s

    run(work)
