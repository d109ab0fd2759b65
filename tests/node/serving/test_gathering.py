"""Callers who come together share batches, and nobody waits for those who do not come."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from detente.node.serving import lines as lines_in_thread
from tests.node.serving.test_lines import draft, run, running
from tests.store.pair import found_homes


def test_callers_who_come_again_and_again_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_in_thread, "GATHER_S", 3.0)
    line = found_homes(tmp_path)

    async def work() -> None:
        async with running(tmp_path / "west") as lines:

            async def caller(number: int) -> None:
                for one in range(10):
                    await lines.submit(line, (draft(100 * number + one),))

            await asyncio.gather(*(caller(number) for number in range(4)))
            standing = (await lines.standings())[line]
        assert standing.drafts == 40
        assert standing.batches <= 13  # the first may go alone, then each holds one of every caller

    run(work)


def test_a_caller_who_is_alone_is_not_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_in_thread, "GATHER_S", 3_600.0)
    line = found_homes(tmp_path)

    async def work() -> None:
        async with running(tmp_path / "west") as lines:
            for one in range(5):
                assert (await lines.submit(line, (draft(one),)))[0].seq == one

    run(work)


def test_what_waits_for_others_holds_nobody_up_and_is_written_when_the_node_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_in_thread, "GATHER_S", 3_600.0)
    line = found_homes(tmp_path)
    gate = threading.Event()

    async def work() -> None:
        async with running(tmp_path / "west") as lines:
            held = asyncio.create_task(lines.look(lambda _: gate.wait()))
            two = [asyncio.create_task(lines.submit(line, (draft(one),))) for one in range(2)]
            await asyncio.sleep(0)
            gate.set()
            await asyncio.gather(held, *two)
            third = asyncio.create_task(lines.submit(line, (draft(2),)))
            await asyncio.sleep(0)
            assert await lines.parties(line) == ("east",)
            assert await lines.ready(line, "east", 1_000_000) is not None
            assert not third.done()
            await lines.close()
            assert (await third)[0].seq == 2

    run(work)
