"""A watch in this process, in which something goes wrong: it is counted, shouted, and nothing else stops."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detente.door.log import Log
from detente.door.options import add_json
from detente.watch.desk import Desk
from detente.watch.desk_link import Became
from detente.watch.errors import WatchMistake
from detente.watch.finishing import Finishing
from detente.watch.process import Watch
from detente.watch.recording import Recorder
from detente.watch.request import Request, add_options, request
from detente.watch.seeing import Seeing
from tests.watch.test_desk import Stub
from tests.watch.watching import SIDES, crossing, token_file, written


class Silent:
    """Is told, and says nothing; keeps what it was told."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.rows: list[Any] = []

    def event(self, event: Any, now: Any) -> None:
        self.events.append(event)

    def encounter(self, row: Any, *, drafted: bool) -> None:
        self.rows.append(row)

    def feed(self, standing: Any) -> None:
        pass

    def end(self, account: Any) -> None:
        pass


def asked(folder: Path, *options: str) -> Request:
    """Return a request to play two ships that cross."""
    (folder / "sides.toml").write_text(SIDES)
    file = written(crossing(every_s=2), folder / "day.parquet")
    parser = argparse.ArgumentParser()
    add_options(parser)
    add_json(parser)
    words = [
        "--feed",
        f"replay:{file}@max",
        "--sides",
        str(folder / "sides.toml"),
        "--own",
        "west",
        "--until-end",
    ]
    return request(parser.parse_args([*words, *options]))


def kept(request: Request) -> tuple[dict[str, Any], Silent, list[dict[str, Any]]]:
    """Keep watch; returns the account, what was told, and the log."""
    log: list[str] = []
    tells = Silent()

    async def run() -> dict[str, Any]:
        async with asyncio.timeout(100):
            return await Watch(request, tells, Log("watch", write=log.append)).run()

    return asyncio.run(run()), tells, [json.loads(line) for line in log]


def failing(patch: pytest.MonkeyPatch, owner: type, name: str, failure: Exception, times: int = 1) -> None:
    """Let a method fail so many times, and work after that."""
    real: Callable[..., Any] = getattr(owner, name)
    left = [times]

    def failed(*arguments: Any, **more: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise failure
        return real(*arguments, **more)

    patch.setattr(owner, name, failed)


MISTAKE = WatchMistake(expected="sense", came="nonsense", where="a batch", remedy="")


@pytest.mark.parametrize(
    ("owner", "method", "failure", "part"),
    [
        (Seeing, "round", MISTAKE, "picture"),
        (Seeing, "round", ZeroDivisionError("secret figure"), "picture"),
        (Finishing, "take", MISTAKE, "cleaning"),
        (Recorder, "add", RuntimeError("secret row"), "recording"),
        (Watch, "_say_feeds", RuntimeError("secret name"), "status"),
    ],
)
def test_a_fault_is_counted_and_shouted_and_the_next_batch_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, failure: Exception, part: str
) -> None:
    failing(monkeypatch, owner, method, failure)
    account, tells, log = kept(asked(tmp_path, "--record", str(tmp_path / "record")))
    assert account["faults"] == {part: 1}
    assert account["adds_up"] is True
    (shouted,) = [one for one in log if one["event"] == f"watch.fault-in-{part}"]
    assert shouted["level"] == "error"
    assert "secret" not in json.dumps(shouted)  # of a bug its place is told, and no value
    assert tells.events
    if part == "cleaning":  # what was lost is named, and no row of it is invented
        assert account["steps"]["cleaning"]["rejected"]["fault"] > 0
    else:
        assert len(tells.rows) == 1


def test_a_desk_task_that_dies_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = Stub()
    closed: list[int] = []

    async def close() -> None:
        closed.append(1)

    stub.close = close  # type: ignore[attr-defined]
    monkeypatch.setattr("detente.watch.process.DeskLink", lambda *_: stub)
    monkeypatch.setattr("detente.watch.process._AGAIN_S", 0.01)
    failing(monkeypatch, Desk, "_bring_encounters", RuntimeError("x"))
    options = ["--desk", "http://localhost:1", "--token-file", str(token_file(tmp_path))]
    account, _, log = kept(asked(tmp_path, *options, "--spool", str(tmp_path / "spool")))
    assert account["faults"] == {"desk": 1}
    assert any(one["event"] == "watch.fault-in-desk" for one in log)
    assert any(one["state"] == "past" for body in stub.of("encounters") for one in body["encounters"])
    assert closed == [1]


def test_a_token_that_the_desk_does_not_know_from_the_start_ends_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = Stub()
    stub.answer = lambda _route, _body: Became("unknown", why="401")
    stub.close = _nothing  # type: ignore[attr-defined]
    monkeypatch.setattr("detente.watch.process.DeskLink", lambda *_: stub)
    options = ["--desk", "http://localhost:1", "--token-file", str(token_file(tmp_path))]
    patient = replace(asked(tmp_path, *options, "--spool", str(tmp_path / "spool")), until_end=False)
    with pytest.raises(WatchMistake, match="401"):
        kept(patient)


async def _nothing() -> None:
    return


def test_what_a_search_was_not_asked_for_is_not_drafted(tmp_path: Path) -> None:
    account, tells, _ = kept(asked(tmp_path))
    assert account["drafts"] == {"made": 0, "not_made": {}}
    assert len(tells.rows) == 1
    assert tells.events[-1].state == "past"


def test_events_keep_their_name_over_a_restart(tmp_path: Path) -> None:
    """Method: the state of one picture is given to another; a live watch writes the same into its folder."""
    first, second = (Seeing(asked(tmp_path), step) for step in _steps())
    for seeing in (first, second):
        seeing.prepare()
    batches = _batches(tmp_path)
    for batch in batches[:60]:
        first.round([batch], [], batch.received_at)
    (before,) = first.active
    at = batches[59].received_at
    assert second.restore(first.saved(at), at) == 1
    for batch in batches[60:80]:
        second.round([batch], [], batch.received_at)
    (after,) = second.active
    assert after.id == before.id


def _steps() -> Any:
    from detente.watch.account import Step

    return Step(), Step()


def _batches(folder: Path) -> list[Any]:
    async def run() -> list[Any]:
        return [batch async for batch in asked(folder).feeds[0].batches()]

    return asyncio.run(run())
