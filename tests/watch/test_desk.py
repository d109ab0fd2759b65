"""What the watch brings to a desk: the newest while it is away, drafts once, no faster than the desk allows.

Method: a stub in the place of the connection, whose answers a test sets; the real desk is asked in test_at_the_desk.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from detente.desk.operations import PREFIX
from detente.desk.picture import documents
from detente.door.log import Log
from detente.watch import desk as desk_module
from detente.watch import desk_forms as forms
from detente.watch.desk import Desk, Route
from detente.watch.desk_forms import DraftPosted, EncounterPosted, FeedPosted, id_of
from detente.watch.desk_link import Became
from detente.watch.spool import Spool

TAKEN = Became("taken")


class Stub:
    """Answers posts by ``answer``; keeps what came."""

    clock_off_s: float | None = None

    def __init__(self) -> None:
        self.came: list[tuple[str, Any]] = []
        self.answer: Callable[[str, Any], Became] = lambda _route, _body: TAKEN

    async def post(self, route: Route, body: bytes) -> Became:
        document = msgspec.json.decode(body)
        became = self.answer(route, document)
        self.came.append((route, document))
        await asyncio.sleep(0)
        return became

    def of(self, route: str) -> list[Any]:
        return [body for name, body in self.came if name == route]


def movers(*names: str, lon_deg: float = 20.0, at_ms: int = 1_000) -> pl.DataFrame:
    rows = [
        {"id": name, "kind": "ship", "side": "other", "name": "", "lon_deg": lon_deg + number, "lat_deg": 56.0,
         "at_ms": at_ms, "feed": "ais"}
        for number, name in enumerate(names)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=forms.MOVERS_POSTED)


def numbered(count: int) -> pl.DataFrame:
    return movers(*(str(number) for number in range(count)))


def encounter(name: str = "e", **more: Any) -> EncounterPosted:
    given: dict[str, Any] = {
        "id": name, "a": "a", "b": "b", "side_a": "own", "side_b": "other", "priority": "alarm", "state": "active",
        "entered_ms": 1, "closest_ms": 2, "distance_m": 900.0, "closest_distance_m": 400.0, "closest_lon_deg": 20.0,
        "closest_lat_deg": 56.0, "line": ((20.0, 56.0), (20.1, 56.0)), "predicted": False,
    }  # fmt: skip
    return EncounterPosted(**{**given, **more})


def draft(key: str = "0" * 32, line: str = "baltic") -> DraftPosted:
    return DraftPosted(line=line, notice={"kind": "incident"}, attachments=(("text/csv", b"\x00rows"),), key=key)


def quiet() -> Log:
    return Log("watch", write=lambda _line: None)


async def while_running(desk: Desk, true: Callable[[], Any]) -> None:
    """Run a desk until something is true."""
    task = asyncio.ensure_future(desk.run())
    try:
        async with asyncio.timeout(60):
            while not true():  # noqa: ASYNC110 - what is waited for is anything
                await asyncio.sleep(0.005)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "_BACK_OFF_S": 0.001,
        "_BACK_OFF_S_MAX": 0.01,
        "_SMALL_S": 0.01,
        "_POSITIONS_S": 0.01,
    }.items():
        monkeypatch.setattr(desk_module, name, value)
    monkeypatch.setattr(desk_module, "_PER_S", 1_000.0)


def test_the_forms_are_those_of_the_desk() -> None:
    pairs = (
        (forms.EncounterPosted, documents.Encounter),
        (forms.FeedPosted, documents.Feed),
    )
    for ours, theirs in pairs:
        assert ours.__struct_fields__ == theirs.__struct_fields__
    assert forms.POSTED_MOVERS_MAX == documents.POSTED_MOVERS_MAX
    assert forms.POSTED_ENCOUNTERS_MAX == documents.POSTED_ENCOUNTERS_MAX
    assert forms.FEEDS_POSTED_MAX == documents.FEEDS_MAX
    assert desk_module.MOVERS_MAX == documents.MOVERS_MAX
    assert desk_module.ENCOUNTERS_MAX == documents.ENCOUNTERS_MAX
    assert PREFIX == "/api/v1"
    whole = msgspec.json.encode({"encounters": [encounter(limit_m=500.0, in_area=("D-17",))]})
    assert msgspec.json.decode(whole, type=documents.EncountersPosted).encounters[0].limit_m == 500.0
    assert set(forms.MOVERS_POSTED) == {*documents.Mover.__struct_fields__} - {"heading_deg", "symbol"}


def test_a_table_of_movers_is_posted_as_the_desk_reads_it(stub: Stub) -> None:
    """Names that JSON has to escape, figures that are not known, and every digit of a place."""
    wild = 'Ю"\\\n\u2028\u0000'
    table = movers("mmsi:1", lon_deg=0.1 + 0.2).with_columns(name=pl.lit(wild), speed_kn=pl.lit(12.5))

    async def run() -> None:
        desk = Desk(stub, None, quiet())
        desk.show_movers(table)
        await while_running(desk, lambda: desk.posted["movers"])

    asyncio.run(run())
    (posted,) = stub.of("positions")
    (one,) = msgspec.convert(posted, documents.MoversPosted).movers
    assert (one.name, one.lon_deg, one.speed_kn, one.altitude_m) == (wild, 0.1 + 0.2, 12.5, None)


def test_a_long_name_stays_another_than_its_neighbour() -> None:
    one, other = (id_of("m" * 90 + tail) for tail in "ab")
    assert one != other
    assert max(len(one), len(other)) <= 80
    assert id_of("") == "-"
    assert id_of("mmsi:219000001") == "mmsi:219000001"


def test_while_the_desk_is_away_only_the_newest_is_kept_and_it_comes_when_it_is_back(stub: Stub) -> None:
    async def run() -> Desk:
        desk = Desk(stub, None, quiet())
        stub.answer = lambda _route, _body: Became("later", why="no connection")
        desk.show_movers(movers("a", "b"))
        desk.show_encounters([encounter(distance_m=900.0)])
        await while_running(desk, lambda: stub.of("positions") and stub.of("encounters"))
        assert desk.standing().state == "away"
        assert desk.standing().why == "no connection"
        desk.show_movers(movers("a", lon_deg=20.5, at_ms=2_000))
        desk.show_encounters([encounter(distance_m=800.0, priority="emergency")])
        stub.answer = lambda _route, _body: TAKEN
        stub.came.clear()
        await while_running(desk, lambda: desk.posted["movers"] == 2 and desk.posted["encounters"] >= 1)
        return desk

    desk = asyncio.run(run())
    (posted,) = stub.of("positions")
    assert {one["id"]: one["lon_deg"] for one in posted["movers"]} == {"a": 20.5, "b": 21.0}
    assert stub.of("encounters")[0]["encounters"][0]["priority"] == "emergency"
    assert desk.standing().state == "good"
    assert desk.refused["superseded"] == 1


def test_a_position_that_was_on_its_way_never_takes_the_place_of_a_newer_one(stub: Stub) -> None:
    async def run() -> None:
        desk = Desk(stub, None, quiet())

        def newer_meanwhile(_route: str, _body: Any) -> Became:
            desk.show_movers(movers("a", lon_deg=20.9, at_ms=9_000))
            stub.answer = lambda _route, _body: TAKEN
            return Became("later")

        stub.answer = newer_meanwhile
        desk.show_movers(movers("a"))
        await while_running(desk, lambda: desk.posted["movers"])

    asyncio.run(run())
    assert [one["movers"][0]["lon_deg"] for one in stub.of("positions")] == [20.0, 20.9]


def test_more_movers_than_the_desk_shows_leave_the_newest(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "MOVERS_MAX", 3)
    monkeypatch.setattr(desk_module, "POSTED_MOVERS_MAX", 2)

    async def run() -> Desk:
        desk = Desk(stub, None, quiet())
        desk.show_movers(numbered(5))
        await while_running(desk, lambda: desk.posted["movers"] == 3)
        return desk

    desk = asyncio.run(run())
    assert [[one["id"] for one in post["movers"]] for post in stub.of("positions")] == [["2", "3"], ["4"]]
    assert desk.refused["gave-way"] == 2


def test_what_is_over_is_told_once_and_what_goes_on_is_told_again(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "_AGAIN_S", 0.05)

    async def run() -> None:
        desk = Desk(stub, None, quiet())
        desk.show_encounters([encounter("goes-on"), encounter("over", state="past")])
        await while_running(
            desk,
            lambda: (
                sum(one["id"] == "goes-on" for post in stub.of("encounters") for one in post["encounters"]) > 3
            ),
        )

    asyncio.run(run())
    told = [one["id"] for post in stub.of("encounters") for one in post["encounters"]]
    assert told.count("over") == 1


def test_too_many_encounters_leave_the_gravest(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "ENCOUNTERS_MAX", 2)
    desk = Desk(stub, None, quiet())
    desk.show_encounters([encounter("1", priority="warning"), encounter("2", priority="emergency")])
    desk.show_encounters([encounter("3", priority="caution"), encounter("4", priority="alarm")])
    desk.show_encounters([encounter("2", priority="emergency", distance_m=1.0)])
    assert set(desk._encounters) == {"2", "4"}
    assert desk.refused["encounters-beyond-most"] == 2


def test_what_the_watch_follows_no_more_is_told_as_over(stub: Stub) -> None:
    async def run() -> Desk:
        desk = Desk(stub, None, quiet())
        desk.show_encounters([encounter("followed"), encounter("dropped")])
        await while_running(desk, lambda: desk.posted["encounters"] == 2)
        desk.only({"followed"})
        await while_running(desk, lambda: desk.posted["encounters"] == 3)
        desk.only({"followed"})
        return desk

    desk = asyncio.run(run())
    (told,) = stub.of("encounters")[-1]["encounters"]
    assert (told["id"], told["state"]) == ("dropped", "past")
    assert desk.refused["followed-no-more"] == 1


def test_one_that_the_desk_refuses_takes_no_other_with_it_and_is_counted(stub: Stub) -> None:
    def strict(_route: str, body: Any) -> Became:
        return Became("refused", why="400") if any(one["id"] == "5" for one in body["movers"]) else TAKEN

    async def run() -> Desk:
        desk = Desk(stub, None, quiet())
        stub.answer = strict
        desk.show_movers(numbered(8))
        await while_running(desk, lambda: desk.posted["movers"] == 7)
        return desk

    desk = asyncio.run(run())
    assert desk.refused["movers:refused"] == 1
    assert desk.standing().state == "good"


def test_what_the_desk_itself_refuses_is_counted_by_its_reasons(stub: Stub) -> None:
    async def run() -> Desk:
        desk = Desk(stub, None, quiet())
        stub.answer = lambda _route, _body: Became("taken", refused={"old": 2})
        desk.show_movers(numbered(3))
        await while_running(desk, lambda: desk.posted["movers"])
        return desk

    desk = asyncio.run(run())
    assert desk.standing().posted == {"movers": 1}
    assert desk.standing().refused == {"movers:old": 2}


def test_encounters_do_not_wait_for_positions(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a budget that is used up by positions there is room left for an alarm."""
    monkeypatch.setattr(desk_module, "_PER_S", 1e-9)
    monkeypatch.setattr(desk_module, "POSTED_MOVERS_MAX", 1)

    async def run() -> None:
        desk = Desk(stub, None, quiet())
        desk.show_movers(numbered(50))
        desk.show_feeds([FeedPosted(name="f", state="good", last_ms=1, rate_per_s=1.0, movers=1)])
        await while_running(desk, lambda: len(stub.came) >= 12)
        desk.show_encounters([encounter()])
        await while_running(desk, lambda: stub.of("encounters"))

    asyncio.run(run())
    assert len(stub.of("positions")) < 50


def test_a_draft_is_delivered_once_and_its_file_goes(stub: Stub, tmp_path: Path) -> None:
    async def run() -> Desk:
        desk = Desk(stub, Spool(tmp_path / "spool"), quiet())
        assert await desk.draft(draft()) == ""
        assert await desk.draft(draft()) == ""
        await while_running(desk, lambda: desk.posted["drafts"])
        return desk

    desk = asyncio.run(run())
    (posted,) = stub.of("drafts")
    assert posted == {
        "line": "baltic",
        "notice": {"kind": "incident"},
        "attachments": [{"media_type": "text/csv", "octets": "AHJvd3M="}],
        "key": "0" * 32,
    }
    assert desk.standing().waiting == 0
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_draft_survives_a_restart_while_the_desk_is_away(stub: Stub, tmp_path: Path) -> None:
    async def run() -> None:
        stub.answer = lambda _route, _body: Became("later")
        first = Desk(stub, Spool(tmp_path / "spool"), quiet())
        await first.draft(draft())
        await while_running(first, lambda: stub.of("drafts"))
        assert first.standing().waiting == 1
        stub.answer = lambda _route, _body: TAKEN
        second = Desk(stub, Spool(tmp_path / "spool"), quiet())
        await while_running(second, lambda: second.posted["drafts"])

    asyncio.run(run())
    assert {one["key"] for one in stub.of("drafts")} == {"0" * 32}


def test_a_draft_that_the_desk_refuses_is_put_aside_and_one_for_a_line_that_stands_still_waits_for_no_other(
    stub: Stub, tmp_path: Path
) -> None:
    answers = {"bad": Became("refused", why="form"), "halted": Became("unfit", why="halted"), "good": TAKEN}

    async def run() -> Desk:
        desk = Desk(stub, Spool(tmp_path), quiet())
        stub.answer = lambda _route, body: answers[body["line"]]
        for number, line in enumerate(answers):
            await desk.draft(draft(f"{number}" * 32, line))
        await while_running(desk, lambda: desk.posted["drafts"])
        return desk

    desk = asyncio.run(run())
    assert desk.standing().waiting == 1
    assert desk.refused["draft:refused"] == 1
    assert len(list((tmp_path / "refused").iterdir())) == 1


def test_without_a_spool_a_draft_is_refused_by_name(stub: Stub) -> None:
    desk = Desk(stub, None, quiet())
    assert asyncio.run(desk.draft(draft())) == "no-spool"
    assert desk.refused["draft:no-spool"] == 1


def test_a_token_that_is_not_known_from_the_start_is_said_and_one_that_was_good_is_tried_again(
    stub: Stub,
) -> None:
    async def run(was_good: bool) -> bool:
        desk = Desk(stub, None, quiet())
        desk.show_feeds([FeedPosted(name="f", state="good", last_ms=1, rate_per_s=1.0, movers=1)])
        if was_good:
            stub.answer = lambda _route, _body: TAKEN
            await while_running(desk, lambda: desk.standing().state == "good")
        stub.answer = lambda _route, _body: Became("unknown", why="401")
        desk.show_movers(movers("a"))
        await while_running(desk, lambda: desk.standing().state == "unknown")
        return desk.is_given_up.is_set()

    assert asyncio.run(run(was_good=False))
    assert not asyncio.run(run(was_good=True))
