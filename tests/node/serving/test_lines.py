"""The lines of a running node in their thread: group commit, news, time, and failures that stay with one line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from detente.line.bundle import Record
from detente.line.effects import Alarm, Draft, Submitted, Ticked, Transmit
from detente.line.errors import LineMistake
from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.line.state import Run, Settings
from detente.node.backup import backup, restore
from detente.node.book import Book
from detente.node.home import Home, open_reading
from detente.node.home_folder import head_folder
from detente.node.host import Host, clock_ms
from detente.node.serving import line_runner
from detente.node.serving.lines import Lines
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.headfile import HeadRecord
from detente.store.record import Record as StoredRecord
from tests.store.pair import found_homes, open_home


def draft(number: int, kind: str = "message") -> Draft:
    return Draft(kind, "text/plain", f"number {number}".encode(), f"{number:032x}")


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(60):
            await work()

    asyncio.run(in_time())


@asynccontextmanager
async def running(path: Path, alarms: list[tuple[str, str]] | None = None, **more: Any) -> AsyncIterator[Lines]:
    def tell(line: str, alarm: Alarm) -> None:
        if alarms is not None:
            alarms.append((line, alarm.name))

    lines = Lines(lambda: open_home(path), on_alarm=tell, **more)
    await lines.start()
    try:
        yield lines
    finally:
        await lines.close()


async def carry(one: Lines, other: Lines, line: str) -> int:
    """Carry what the first gives to the second, as a courier does; returns how many records were new."""
    sent = await one.ready(line, other.member, 1_000_000)
    assert isinstance(sent, Transmit)
    took = await other.arrived(line, sent.records, last=True)
    assert not took.refused
    return sum(count for _, count in took.new)


def test_a_hundred_callers_at_once_share_batches_and_each_gets_its_own_place(tmp_path: Path) -> None:
    line = found_homes(tmp_path)

    async def work() -> None:
        async with running(tmp_path / "west") as lines:
            references = await asyncio.gather(*(lines.submit(line, (draft(one),)) for one in range(100)))
            standing = (await lines.standings())[line]
        places = [one[0].seq for one in references]
        assert sorted(places) == list(range(100))
        assert standing.drafts == 100
        assert standing.batches <= 3  # the first may go alone, the others waited together

    run(work)
    with open_home(tmp_path / "west") as home:
        record = home.record(line)
        origin = record.origins()[0]
        assert record.size(origin) == 100
        assert len(record.checkpoints(origin)) <= 3


def test_a_batch_is_never_larger_than_set_and_a_second_of_the_same_submission_is_the_first(
    tmp_path: Path,
) -> None:
    line = found_homes(tmp_path)

    async def work() -> None:
        async with running(tmp_path / "west", settings=lambda _: Settings(batch_max=10)) as lines:
            twice = [*range(50), *range(50)]
            references = await asyncio.gather(*(lines.submit(line, (draft(one),)) for one in twice))
            assert (await lines.standings())[line].batches >= 10
            assert [one[0] for one in references[:50]] == [one[0] for one in references[50:]]
            assert sorted(one[0].seq for one in references[:50]) == list(range(50))

    run(work)


def test_a_draft_that_cannot_be_sent_stops_its_own_caller_alone(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    wrong = Draft("Not A Type", "text/plain", b"", "f" * 32)

    async def work() -> None:
        async with running(tmp_path / "west") as lines:
            found = await asyncio.gather(
                *(lines.submit(line, (one,)) for one in (draft(1), wrong, draft(2))), return_exceptions=True
            )
            assert [isinstance(one, LineMistake) for one in found] == [False, True, False]
            answered = await lines.give(line, Submitted((wrong,)))
            assert isinstance(answered.refusal, LineMistake)
            with pytest.raises(HomeMistake):
                await lines.submit("arctic", (draft(3),))
        with pytest.raises(StoreFailure, match="stopping"):
            await lines.submit(line, (draft(4),))

    run(work)


def test_news_come_for_what_a_party_lacks_and_end_when_it_has_everything(tmp_path: Path) -> None:
    line = found_homes(tmp_path, ("west", "east", "south"))

    async def work() -> None:
        async with running(tmp_path / "west") as west, running(tmp_path / "east") as east:
            assert await west.parties(line) == ("east", "south")
            for _ in range(3):  # the beginning: who holds what, tests and their answers
                for one, other in ((west, east), (east, west)):
                    one.news(line, other.member).clear()
                    await carry(one, other, line)
            west.news(line, "east").clear()
            east.news(line, "west").clear()
            east.news(line, "south").clear()

            await west.submit(line, (draft(1),))
            assert west.news(line, "east").is_set()
            assert west.news(line, "south").is_set()
            rounds = 0
            while (to_east := west.news(line, "east").is_set()) or east.news(line, "west").is_set():
                one, other = (west, east) if to_east else (east, west)
                one.news(line, other.member).clear()
                await carry(one, other, line)
                rounds += 1
                assert rounds < 10, "news go round in circles"
            assert rounds >= 2  # the statement, its receipt
            assert east.news(line, "south").is_set()

    run(work)


def test_who_takes_nothing_more_is_not_sent_the_same_for_ever(tmp_path: Path) -> None:
    line = found_homes(tmp_path)

    async def work() -> None:
        small = Settings(quota_bytes=1)
        async with (
            running(tmp_path / "west") as west,
            running(tmp_path / "east", settings=lambda _: small) as east,
        ):
            await west.submit(line, (draft(1),))
            rounds = 0
            while (to_east := west.news(line, "east").is_set()) or east.news(line, "west").is_set():
                one, other = (west, east) if to_east else (east, west)
                one.news(line, other.member).clear()
                sent = await one.ready(line, other.member, 1_000_000)
                assert sent is not None
                await other.arrived(line, sent.records, last=True)
                rounds += 1
                assert rounds < 12, "news go round in circles"

    run(work)


def test_a_bundle_goes_on_where_its_last_piece_ended(tmp_path: Path) -> None:
    line = found_homes(tmp_path)

    async def work() -> None:
        async with running(tmp_path / "west") as west, running(tmp_path / "east") as east:
            await asyncio.gather(*(west.submit(line, (draft(one),)) for one in range(40)))
            pieces: list[tuple[Record, ...]] = []
            more = True
            while more:
                sent = await west.ready(line, "east", 4000, go_on=bool(pieces))
                assert sent is not None
                pieces.append(sent.records)
                more = sent.more
            assert len(pieces) > 3
            for number, piece in enumerate(pieces, 1):
                took = await east.arrived(line, piece, last=number == len(pieces))
                assert not took.refused
            stored = await east.attempt(line, lambda host: host.record.size(host.record.origins()[0]))
            assert stored == 40
            assert await west.ready(line, "nobody", 1000) is None

    run(work)


class Clock:
    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return clock_ms() + self.ahead_ms


async def until(true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("did not come")


def test_a_line_asked_for_before_the_home_is_open_is_not_called_unknown(tmp_path: Path) -> None:
    line, opening = found_homes(tmp_path), threading.Event()

    def open_late() -> Home:
        assert opening.wait(60)
        return open_home(tmp_path / "west")

    async def work() -> None:
        lines = Lines(open_late)
        starting = asyncio.create_task(lines.start())
        await asyncio.sleep(0)
        with pytest.raises(StoreFailure, match="starting"):
            await lines.submit(line, (draft(1),))
        opening.set()
        await starting
        assert len(await lines.submit(line, (draft(1),))) == 1
        await lines.close()

    run(work)


def test_after_a_time_that_passed_at_once_the_others_are_heard_before_they_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_runner, "_LISTENS_S", 10_000.0)
    line = found_homes(tmp_path)
    clock, alarms = Clock(), []  # type: ignore[var-annotated]  # filled below

    async def work() -> None:
        async with running(tmp_path / "west", alarms, clock=clock) as lines:
            await lines.standings()
            clock.ahead_ms = 24 * 3_600_000
            for _ in range(50):
                await lines.attempt(line, lambda _: None)
        assert (line, "silent") not in alarms
        assert (line, "test-missed") not in alarms

    run(work)


def test_time_brings_tests_and_alarms_and_a_clock_that_is_set_back_stops_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_runner, "_LISTENS_S", 0.2)
    line = found_homes(tmp_path)
    clock, alarms = Clock(), []  # type: ignore[var-annotated]  # filled below

    async def work() -> None:
        async with running(tmp_path / "west", alarms, clock=clock) as lines:
            nonce = await lines.attempt(line, lambda host: host.state.parties["east"].test_nonce)
            clock.ahead_ms = 2 * 3_600_000
            await until(lambda: (line, "test-missed") in alarms or nonce is None)
            clock.ahead_ms = 24 * 3_600_000
            await until(lambda: (line, "silent") in alarms)
            alarms.clear()
            clock.ahead_ms = -365 * 86_400_000
            for _ in range(1000):
                if await lines.attempt(line, lambda host: host.wake_ms) < clock() + 86_400_000:
                    break
                await asyncio.sleep(0.05)
            else:
                raise AssertionError("nothing wakes the line")
        with open_home(tmp_path / "west") as home:
            assert any(one.what == "alarm" for one in home.record(line).history())

    run(work)


def failing_after(monkeypatch: pytest.MonkeyPatch, line: str) -> list[bool]:
    """Let the disk of one line fail whenever the returned list says so."""
    fails = [False]
    apply = StoredRecord.apply

    def wrapped(self: StoredRecord, parts: Any) -> None:
        if fails[0] and line in str(self.path):
            raise StoreFailure(expected="a disk", came="none", where=str(self.path))
        apply(self, parts)

    monkeypatch.setattr(StoredRecord, "apply", wrapped)
    return fails


def two_lines(folder: Path) -> tuple[str, str]:
    """Let the same two homes stand on a second line."""
    first = found_homes(folder)
    with open_home(folder / "west") as west, open_home(folder / "east") as east:
        rings = [west.ring(), east.ring()]
        second = first_opening("arctic", rings)
        for home in (west, east):
            home.join(second.line, join_parts(second, rings))
    return first, second.line


def test_the_disk_of_one_line_fails_and_the_other_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two_lines(tmp_path)
    alarms: list[tuple[str, str]] = []

    async def work() -> None:
        async with running(tmp_path / "west", alarms) as lines:
            await lines.submit(one, (draft(1),))
            fails = failing_after(monkeypatch, one)
            fails[0] = True
            with pytest.raises(StoreFailure):
                await lines.submit(one, (draft(2),))
            assert (await lines.submit(other, (draft(3),)))[0].seq == 0
            with pytest.raises(StoreFailure):
                await lines.ready(one, "east", 1000)
            assert (await lines.standings())[one].run == "stopped"
            assert [found for found in alarms if found[1] == "line-stopped"] == [(one, "line-stopped")]
            fails[0] = False
            await until(lambda: (one, "line-again") in alarms)
            # the signer had signed an entry that never became durable: it is signed anew at the same place
            assert [found.seq for found in await lines.submit(one, (draft(2), draft(4)))] == [1, 2]
            assert (await lines.submit(other, (draft(5),)))[0].seq == 1

    run(work)


def test_a_fault_of_our_own_stops_one_line_for_a_moment_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two_lines(tmp_path)
    alarms: list[tuple[str, str]] = []

    async def work() -> None:
        async with running(tmp_path / "west", alarms) as lines:
            give = Host.give

            def broken(self: Host, event: Any) -> None:
                if isinstance(event, Ticked) and self.line_id == one:
                    raise ValueError("planted")
                give(self, event)

            monkeypatch.setattr(Host, "give", broken)
            with pytest.raises(ValueError, match="planted"):
                await lines.give(one, Ticked())
            assert (await lines.give(other, Ticked())).refusal is None
            monkeypatch.setattr(Host, "give", give)
            await until(lambda: (one, "line-again") in alarms)
            assert (await lines.submit(one, (draft(1),)))[0].seq == 0

    run(work)


def test_a_home_that_cannot_be_opened_is_said_at_once(tmp_path: Path) -> None:
    def broken() -> Home:
        raise HomeMistake(expected="a home", came="none")

    async def work() -> None:
        lines = Lines(broken)
        with pytest.raises(HomeMistake):
            await lines.start()
        await lines.close()

    run(work)


def test_a_line_that_is_joined_runs_at_once(tmp_path: Path) -> None:
    line = found_homes(tmp_path)

    async def work() -> None:
        async with running(tmp_path / "west") as lines:
            with open_home(tmp_path / "east") as east:
                other = east.ring()
            second = await lines.with_home(lambda home, _: first_opening("arctic", [home.ring(), other]))
            rings = await lines.with_home(lambda home, _: [home.ring(), other])
            lines.changed.clear()
            await lines.with_home(lambda home, _: home.join(second.line, join_parts(second, rings)))
            await lines.changed.wait()
            assert lines.line_ids() == sorted([line, second.line])
            assert (await lines.submit(second.line, (draft(1),)))[0].seq == 0

    run(work)


def test_work_that_waits_is_done_before_the_node_stops(tmp_path: Path) -> None:
    line = found_homes(tmp_path)

    async def work() -> None:
        async with running(tmp_path / "west") as lines:
            held = threading.Event()
            blocker = asyncio.ensure_future(lines.attempt(line, lambda _: held.wait(30)))
            await asyncio.sleep(0)
            waiting = [asyncio.ensure_future(lines.submit(line, (draft(one),))) for one in range(5)]
            await asyncio.sleep(0)
            closing = asyncio.ensure_future(lines.close())
            held.set()
            await closing
            assert await blocker
            places = [(await one)[0].seq for one in waiting]
            assert sorted(places) == [0, 1, 2, 3, 4]

    run(work)


def test_a_restored_home_asks_every_mirror_before_it_is_said_to_be_whole(tmp_path: Path) -> None:
    one, other = two_lines(tmp_path)
    backup(tmp_path / "west", tmp_path / "west.backup")
    (tmp_path / "west").rename(tmp_path / "old")
    restore(tmp_path / "west.backup", tmp_path / "west")

    async def work() -> None:
        async with running(tmp_path / "west") as lines:
            for line in (one, other):
                assert await lines.attempt(line, lambda host: host.state.challenging)
            assert not await lines.with_home(lambda home, _: home.restored)

    run(work)


def recorded(home: Path, line: str) -> int:
    """Return up to where the head file knows the own log."""
    head = HeadRecord(head_folder(home) / "head.sqlite3", read_only=True)
    try:
        own = {origin: one.size for origin, one in head.own.items() if origin.line == line}
        return max(own.values(), default=0)
    finally:
        head.close()


def test_the_head_file_hears_of_several_batches_at_once_and_before_anything_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = found_homes(tmp_path)
    monkeypatch.setattr(line_runner, "_SETTLE_S", 3600.0)
    west = tmp_path / "west"

    async def work() -> None:
        async with running(west) as lines, running(tmp_path / "east") as other:
            await carry(lines, other, line)
            before = recorded(west, line)
            for number in range(3):
                await lines.submit(line, (draft(number),))
            with open_reading(west) as home:
                record = home.record(line)
                assert record.size(record.origins()[0]) == 3
            assert recorded(west, line) == before
            await carry(other, lines, line)  # what arrives changes nothing of that
            assert recorded(west, line) == before
            sent = await lines.ready(line, "east", 1_000_000)
            assert sent is not None
            assert recorded(west, line) == 3
            assert dict((await other.arrived(line, sent.records, last=True)).new)["statement"] == 3
            await lines.submit(line, (draft(3),))
            assert recorded(west, line) == 3
            await lines.with_home(lambda *_: None)  # what keepers do is done on a settled home
            assert recorded(west, line) == 4
            await lines.submit(line, (draft(4),))
        assert recorded(west, line) == 5  # and a node that stops leaves nothing behind

    run(work)


def test_the_head_file_is_not_behind_for_long_when_nothing_leaves(tmp_path: Path) -> None:
    line = found_homes(tmp_path)

    async def work() -> None:
        async with running(tmp_path / "west") as lines:
            await lines.submit(line, (draft(0),))
            while recorded(tmp_path / "west", line) < 1:  # noqa: ASYNC110 - another process's file, as it were
                await asyncio.sleep(0.01)

    run(work)


def test_a_host_that_dies_before_it_settles_goes_on_from_the_record(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    with open_home(tmp_path / "west") as home:
        host = Host(home, line, later=True)
        host.open()
        for number in range(3):
            host.give(Submitted((draft(number),)))
        assert host.unsettled
        before = recorded(tmp_path / "west", line)
    assert before < 3
    with open_home(tmp_path / "west") as home:
        again = Host(home, line, later=True)
        again.open()
        assert again.state.run is Run.RUNNING
        assert recorded(tmp_path / "west", line) == 3
        assert not again.unsettled
        again.give(Submitted((draft(1), draft(3))))
        again.settle()
        record = home.record(line)
        assert record.size(record.origins()[0]) == 4


def test_a_head_file_that_fails_later_opens_the_line_anew_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = found_homes(tmp_path)
    alarms: list[tuple[str, str]] = []
    put, failing = HeadRecord.put_own, [True]

    def refuse(self: HeadRecord, *given: Any, **more: Any) -> None:
        if failing.pop() if failing else False:
            raise StoreFailure(expected="a head file that can be written", came="a full disk")
        put(self, *given, **more)

    async def work() -> None:
        async with running(tmp_path / "west", alarms) as lines:
            monkeypatch.setattr(HeadRecord, "put_own", refuse)
            held = await lines.submit(line, (draft(0),))
            while recorded(tmp_path / "west", line) < 1:  # noqa: ASYNC110 - another process's file, as it were
                await asyncio.sleep(0.01)
            assert await lines.submit(line, (draft(0),)) == held
            await lines.submit(line, (draft(1),))
        assert [name for _, name in alarms if name.startswith("line-")] == ["line-stopped", "line-again"]

    run(work)


def test_running_lines_say_once_a_day_in_the_log_how_the_line_is(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    day_ms, now_ms = 86_400_000, [clock_ms()]

    async def work() -> None:
        async with running(tmp_path / "west", clock=lambda: now_ms[0]) as lines:
            await lines.give(line, Ticked())
            for _ in range(2):
                now_ms[0] += day_ms + 60_000
                await lines.give(line, Ticked())
                await lines.give(line, Ticked())

    run(work)
    with open_home(tmp_path / "west") as home:
        book = Book.open("west", home.record(line))
        types = [entry.statement.type for origin in book.origins() for entry in book.entries(origin)]
    assert types.count("line.daily") == 2
    assert "line.state" in types
