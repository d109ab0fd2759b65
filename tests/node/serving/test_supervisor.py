"""The supervisor alone, over small children: what ended or hangs is started anew, and everything stops in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detente.node.serving.log import Log
from detente.node.serving.supervisor import Child, Supervisor, Times

QUICK = Times(ping_every_s=0.1, silent_pings=20, back_off_s=(0.05, 0.1), stop_within_s=20.0)

LIVES = """
import signal, sys, threading
from detente.node.serving.watched import current
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
current().ready()
while not over.wait(0.05): pass
open(sys.argv[1], "a").write("ended in order\\n")
"""
HANGS = """
import time
from detente.node.serving.watched import current
current().ready()
current().probe = lambda: False
time.sleep(1000)
"""
DEAF = """
import signal, time
from detente.node.serving.watched import current
signal.signal(signal.SIGTERM, signal.SIG_IGN)
current().ready()
time.sleep(1000)
"""
MISTAKEN = "raise SystemExit(2)"
TELLS = """
import os, sys, time
from detente.node.serving.watched import current
open(sys.argv[1], "a").write(repr(sorted(name for name in os.environ if name.startswith("GIVEN_"))))
current().ready()
time.sleep(1000)
"""


class Events:
    """What a supervisor said so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def count(self, event: str) -> int:
        return sum(f" {event}" in line for line in self.lines)


@pytest.fixture
def modules(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that makes a child's module of a program text."""

    def make(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return make


def supervise(
    tmp_path: Path,
    children: list[Child],
    work: Callable[[Supervisor, Events, dict[str, list[int]]], Any],
    times: Times = QUICK,
    **more: str,
) -> tuple[int, Events]:
    """Run a supervisor and beside it ``work``, which stops it; returns its exit code and what it said."""
    events, pids = Events(), {}  # type: ignore[var-annotated]  # filled by the supervisor

    async def both() -> int:
        supervisor = Supervisor(
            children,
            Log("supervisor", form="text", write=events.lines.append),
            environment={"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]), **more},
            times=times,
            on_started=lambda name, pid: pids.setdefault(name, []).append(pid),
        )
        beside = asyncio.create_task(work(supervisor, events, pids))
        code = await supervisor.run()
        await beside
        return code

    async def in_time() -> int:
        async with asyncio.timeout(120):
            return await both()

    return asyncio.run(in_time()), events


async def until(true: Callable[[], Any]) -> None:
    for _ in range(5000):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("did not come")


def test_what_crashes_is_started_anew_and_all_end_in_order(
    tmp_path: Path, modules: Callable[[str, str], str]
) -> None:
    ended = tmp_path / "ended"
    children = [
        Child(name, modules(f"child_{name}", LIVES), (str(ended),), tells_ready=True) for name in ("one", "two")
    ]

    async def work(supervisor: Supervisor, events: Events, pids: dict[str, list[int]]) -> None:
        await until(lambda: events.count("node.ready"))
        for count in (2, 3):
            os.kill(pids["one"][-1], signal.SIGKILL)
            await until(lambda: len(pids["one"]) == count)  # noqa: B023
        assert len(pids["two"]) == 1
        await asyncio.sleep(1)  # the last one sets its handler
        supervisor.stop()

    code, events = supervise(tmp_path, children, work)
    assert code == 0
    assert events.count("child.ended") == 2
    assert ended.read_text() == "ended in order\n" * 2


@pytest.mark.parametrize("how", ["stopped", "hangs"])
def test_a_child_that_answers_no_more_is_killed_and_started_anew(
    tmp_path: Path, modules: Callable[[str, str], str], how: str
) -> None:
    text = LIVES if how == "stopped" else HANGS
    children = [Child("one", modules("child_one", text), (str(tmp_path / "ended"),), tells_ready=True)]

    async def work(supervisor: Supervisor, events: Events, pids: dict[str, list[int]]) -> None:
        await until(lambda: events.count("node.ready"))
        if how == "stopped":
            os.kill(pids["one"][0], signal.SIGSTOP)
        await until(lambda: len(pids["one"]) > 1)
        supervisor.stop()

    code, events = supervise(tmp_path, children, work)
    assert code == 0
    assert events.count("child.silent") >= 1


def test_a_mistake_before_anything_ran_stops_everything(
    tmp_path: Path, modules: Callable[[str, str], str]
) -> None:
    children = [
        Child("one", modules("child_one", LIVES), (str(tmp_path / "ended"),), tells_ready=True),
        Child("two", modules("child_two", MISTAKEN), tells_ready=True),
    ]

    async def work(_supervisor: Supervisor, events: Events, pids: dict[str, list[int]]) -> None:
        await until(lambda: events.count("node.stopped"))
        assert len(pids["two"]) == 1

    code, events = supervise(tmp_path, children, work)
    assert code == 2
    assert not events.count("node.ready")


def test_a_child_that_does_not_hear_is_killed_in_the_end(
    tmp_path: Path, modules: Callable[[str, str], str]
) -> None:
    children = [Child("one", modules("child_one", DEAF), tells_ready=True)]

    async def work(supervisor: Supervisor, events: Events, pids: dict[str, list[int]]) -> None:
        await until(lambda: events.count("node.ready"))
        supervisor.stop()
        await until(lambda: events.count("node.stopped"))
        with pytest.raises(ProcessLookupError):
            os.kill(pids["one"][0], 0)

    times = Times(ping_every_s=0.1, silent_pings=50, back_off_s=(0.1,), stop_within_s=0.5)
    code, events = supervise(tmp_path, children, work, times)
    assert code == 0
    assert events.count("child.killed") == 1


def test_a_child_is_not_told_what_is_no_business_of_it(
    tmp_path: Path, modules: Callable[[str, str], str]
) -> None:
    told = tmp_path / "told"
    children = [
        Child("one", modules("child_one", TELLS), (str(told),), tells_ready=True, without=("GIVEN_PATH",))
    ]

    async def work(supervisor: Supervisor, events: Events, _pids: dict[str, list[int]]) -> None:
        await until(lambda: events.count("node.ready"))
        supervisor.stop()

    supervise(tmp_path, children, work, GIVEN_PATH="where", GIVEN_PLAIN="this")
    assert told.read_text() == "['GIVEN_PLAIN']"
