"""Small parts of the couriers: how long to wait, how fast to go, what a bundle adds to the last, what states tell."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import ssl
from pathlib import Path

import pytest

from detente.line.errors import Malformed, OutOfPlace
from detente.node.couriers.carried_lines import Seals
from detente.node.couriers.carrying import Outgoing, Taking, gather
from detente.node.couriers.errors import LinkFailure
from detente.node.couriers.https_server import CourierPort
from detente.node.couriers.peers import Peers
from detente.node.couriers.rates import Rate
from detente.node.couriers.schedule import back_off_s
from detente.node.couriers.sockets import listening, unsent_bytes
from detente.node.couriers.states import CourierStates
from detente.node.couriers.traffic import Traffic
from detente.node.settings.structs import CourierSettings
from tests.node.couriers.world import RunningLines, draft, make_pair


def test_waits_double_up_to_the_most_and_differ_by_chance() -> None:
    for failures in (1, 2, 5, 50, 5_000):
        whole = min(300.0, 2.0 ** (min(failures, 40) - 1))
        waits = [back_off_s(failures, 1, 300) for _ in range(200)]
        assert all(whole / 2 <= one <= whole for one in waits)
        assert len(set(waits)) > 100


def test_a_rate_lets_a_seconds_worth_pass_and_then_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(delay_s: float) -> None:
        waited.append(delay_s)

    async def story() -> None:
        rate = Rate(1_000)
        await rate.take(900)
        assert not waited
        await rate.take(2_100)
        assert 1.9 < waited[0] <= 2.0
        await Rate(0).take(10**12)
        assert len(waited) == 1

    monkeypatch.setattr("detente.node.couriers.rates.asyncio.sleep", sleep)
    asyncio.run(story())


def test_of_two_that_call_one_waits_as_long_as_the_others_rounds_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [1_000.0]
    pair = make_pair(tmp_path)
    states = CourierStates()
    west, east = (
        Traffic(RunningLines(pair.path(me)), Seals(pair.path(me)), pair.line, other, states)
        for me, other in (("west", "east"), ("east", "west"))
    )
    west.lines.member, east.lines.member = "west", "east"
    monkeypatch.setattr("detente.node.couriers.traffic.time.monotonic", lambda: now_s[0])

    def after(wait_s: float) -> float:
        """Answer a call of the party so long after the last one; return how long its next one is waited for."""
        now_s[0] += wait_s
        east.went(1)
        west.went(1)
        assert east.yields_s == 0.0  # one of the two never waits
        return round(west.yields_s, 3)

    assert west.yields_s == 0.0
    assert after(60.0) == 0.1
    assert after(0.01) == 0.1
    assert after(0.15) == 0.3
    assert after(0.4) == 0.5
    assert after(0.6) == 0.1  # it does not call again and again
    now_s[0] += 0.2
    assert west.yields_s == 0.0


def test_the_same_bundle_again_says_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        pair = make_pair(tmp_path)
        lines = RunningLines(pair.path("west"))
        await lines.start()
        try:
            await lines.submit(pair.line, *(draft() for _ in range(3)))
            first = await made(lines, pair.line)
            again = await made(lines, pair.line)
            assert not first.says_nothing_after(None)
            assert again.says_nothing_after(first)
            await lines.submit(pair.line, draft())
            later = await made(lines, pair.line)
            assert not later.says_nothing_after(first)
            small = await gather(lines, pair.line, "east", 1)
            assert small is not None
            assert small.more
            assert await gather(lines, pair.line, "nobody", 1_000) is None
        finally:
            await lines.stop()

    asyncio.run(story())


async def made(lines: RunningLines, line: str) -> Outgoing:
    found = await gather(lines, line, "east", 1_000_000)
    assert found is not None
    return found


def test_a_bundle_is_taken_however_it_arrives_and_only_from_its_author(tmp_path: Path) -> None:
    async def story() -> None:
        pair = make_pair(tmp_path)
        west, east = RunningLines(pair.path("west")), RunningLines(pair.path("east"))
        for lines in (west, east):
            await lines.start()
        try:
            await west.submit(pair.line, *(draft() for _ in range(300)))
            octets = (await made(west, pair.line)).body
            seals = Seals(pair.path("east"))
            taking = Taking(east, seals, lambda line, author: f"{author} may not")
            with pytest.raises(OutOfPlace, match="west may not"):
                await taking.feed(octets)
            assert (await taking.finish("west may not")).fault == "west may not"
            taking = Taking(east, seals, lambda *_: None)
            for at in range(100):
                await taking.feed(octets[at : at + 1])
            await taking.feed(octets[100 : len(octets) // 2])
            taken = await taking.finish()
            assert not taken.complete
            assert "cut short" in taken.sentence()
            assert 0 < await east.held(pair.line, "west") < 300
            taking = Taking(east, seals, lambda *_: None)
            await taking.feed(octets)
            taken = await taking.finish()
            assert taken.complete
            assert not taken.sentence()
            assert await east.held(pair.line, "west") == 300
            changed = bytearray(octets)
            changed[len(octets) // 2] ^= 1
            taking = Taking(east, seals, lambda *_: None)
            with pytest.raises(Malformed):
                await taking.feed(bytes(changed))
            assert "closing hash" in (await taking.finish("a closing hash that does not hold")).sentence()
            taking = Taking(east, seals, lambda *_: None)
            with pytest.raises(Malformed, match="no key here"):
                await taking.feed(b"detente-sealed/1\n")
        finally:
            for lines in (west, east):
                await lines.stop()

    asyncio.run(story())


def test_states_tell_what_happened() -> None:
    states = CourierStates(clock=lambda: 7)
    place = ("baltic-1", "east", "1 https east:1")
    states.known(*place)
    states.failed(*place, "the link was cut", 9)
    assert states.snapshot()[0].next_try_at_ms == 9
    states.ok(*place, bytes_in=3, bytes_out=4)
    states.ok(*place, bytes_in=3)
    one = states.snapshot()[0]
    assert (one.state, one.last_ok_at_ms, one.last_error, one.bytes_in, one.bytes_out) == ("up", 7, "", 6, 4)
    states.turned_away("unknown certificate")
    states.turned_away("unknown certificate")
    assert states.document()["turned_away"] == {"unknown certificate": 2}
    states.forget_others(set())
    assert states.document()["couriers"] == []


def test_a_port_of_another_machine_cannot_be_listened_at() -> None:
    with pytest.raises(LinkFailure):
        listening("203.0.113.7:8442")
    with pytest.raises(LinkFailure):
        listening("no-such-name.invalid:8442")


def test_what_the_other_side_did_not_take_is_known() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert unsent_bytes(None) == 0
        assert unsent_bytes(ours) == 0
    assert unsent_bytes(ours) == 0


def test_who_calls_just_when_the_port_closes_is_closed_too() -> None:
    """A connection that was taken and is nobody's would stay open, until it is collected with a warning."""

    async def story() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for turns in range(5):  # of the loop, between the call and the end
            listener = listening("127.0.0.1:0")
            port = CourierPort(CourierSettings(), context, Peers(), lambda *_: None, CourierStates())
            serving = asyncio.get_running_loop().create_task(port.serve(listener))
            await asyncio.sleep(0.01)
            with contextlib.closing(socket.create_connection(listener.getsockname())) as caller:
                for _ in range(turns):
                    await asyncio.sleep(0)
                serving.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await serving
                gc.collect()
                with contextlib.suppress(ConnectionResetError):
                    assert caller.recv(1) == b""

    asyncio.run(story())
