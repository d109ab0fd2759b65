"""Outputs at work: goal: alarms reach their systems, wait bounded while these are away, and end where they began.

Method: servers of TCP, TLS, websockets and HTTP on this machine that take, refuse, hang and come back.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from websockets.asyncio.server import ServerConnection

from detente.watch.errors import OutputLost, WatchMistake
from detente.watch.outputs import cursor_on_target, signalk, telling, webhook
from detente.watch.outputs.leaving import Gate
from detente.watch.outputs.telling import Output, Outputs, Standing, kept_up
from tests.watch.authorities import papers
from tests.watch.feeds.servers import stream_server, websocket_server
from tests.watch.outputs.scenes import AREA, EVERYBODY, IDENTITIES, NOW, entry, mover, pair

WITHIN_S = 30.0


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once: waiting is tried on its own."""
    monkeypatch.setattr(telling, "RETRY_S_MIN", 0.05)
    monkeypatch.setattr(webhook, "RETRY_S_MIN", 0.05)


@asynccontextmanager
async def running(*outputs: Output) -> AsyncIterator[Outputs]:
    """Run outputs behind the gate of west."""
    told = Outputs("west", outputs)
    task = asyncio.create_task(told.run())
    try:
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():  # noqa: ASYNC110 - what is waited for happens in another program or another's buffer
            await asyncio.sleep(0.02)


def events_in(sent: bytes) -> list[Element]:
    return list(fromstring(b"<all>" + sent + b"</all>"))


def test_cursor_on_target_goes_out_over_tls_with_our_certificate(tmp_path: Path) -> None:
    ours, sent = papers(tmp_path), bytearray()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            sent.extend(piece)

    async def story() -> None:
        async with stream_server(handle, ours, client_wanted=True) as port:
            out = cursor_on_target.output_of(
                f"tls://localhost:{port}?ca_file={ours.ca}&cert_file={ours.client}&cert_key_file={ours.client_key}"
            )
            async with running(out) as told:
                await told.tell([pair("west", "east"), entry("east")], (AREA,), EVERYBODY, NOW)
                await until(lambda: b"u-d-f" in sent and b"b-a-o-pan" in sent and b"a-f-S-C" in sent)
                assert told.standings[0].state == "good"
                await told.tell([pair("west", "east", state="past")], (AREA,), EVERYBODY, NOW)
                await until(lambda: b"b-a-o-can" in sent)

    asyncio.run(story())
    found = {one.get("uid"): one for one in events_in(bytes(sent))}
    own = found[f"detente.{IDENTITIES['west']}"]
    assert own.get("type") == "a-f-S-C"
    ended = [one for one in events_in(bytes(sent)) if one.get("type") == "b-a-o-can"]
    begun = [one for one in events_in(bytes(sent)) if one.get("type") == "b-a-o-pan"]
    assert {one.get("uid") for one in ended} == {one.get("uid") for one in begun}
    assert all(name.startswith("detente.") for name in found if name)


def test_ends_of_alarms_wait_for_a_server_that_is_away_and_nothing_else_does() -> None:
    sent = bytearray()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            sent.extend(piece)

    async def story() -> None:
        async with stream_server(handle) as port:
            pass
        out = cursor_on_target.output_of(f"tcp://localhost:{port}")
        async with running(out) as told:
            await told.tell([pair("west", "east")], (), (), NOW)
            await told.tell([pair("west", "east", state="past")], (), (), NOW)
            await until(lambda: told.standings[0].attempts > 1)
            standing = told.standings[0]
            assert (standing.state, standing.waiting) == ("down", 1)
            assert "reached" in standing.why
            async with stream_server(handle, port=port):
                await until(lambda: b"b-a-o-can" in sent)
                await until(lambda: told.standings[0].waiting == 0)
                assert b"b-a-o-pan" not in sent

    asyncio.run(story())


def test_ends_that_wait_are_bounded_and_what_gives_way_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor_on_target, "ENDED_MAX", 3)
    monkeypatch.setattr(signalk, "WAITING_MAX", 3)
    monkeypatch.setattr(webhook, "WAITING_MAX", 3)

    async def story() -> None:
        outs = (
            cursor_on_target.output_of("tcp://localhost:1"),
            signalk.output_of("signalk+ws://localhost:1"),
            webhook.output_of("http://localhost:1/"),
        )
        told = Outputs("west", outs)
        for number in range(5):
            await told.tell([pair("west", "east", id=str(number))], (), (), NOW)
            await told.tell([pair("west", "east", id=str(number), state="past")], (), (), NOW)
        assert [one.waiting for one in told.standings] == [3, 3, 3]
        assert [one.dropped for one in told.standings] == [{"too_many": 2}, {"too_many": 2}, {"too_many": 7}]

    asyncio.run(story())


def test_what_was_said_is_said_again_before_it_goes_stale_and_movers_when_they_moved() -> None:
    gate, due = Gate("west"), cursor_on_target._Due()
    begun = gate.admit([pair("west", "east")], (AREA,), [mover("west")], NOW)
    uids = [events_in(one)[0].get("uid") for one in due.of(begun, NOW, 0.0)]
    assert len(uids) == 3
    assert list(due.of(begun, NOW, 5.0)) == []
    later = gate.admit([], (AREA,), [mover("west", at=NOW + timedelta(seconds=8))], NOW)
    assert list(due.of(later, NOW, 8.0)) == [], "a mover every ten seconds"
    assert [events_in(one)[0].get("uid") for one in due.of(later, NOW, 11.0)] == [f"detente.{IDENTITIES['west']}"]
    assert b"b-a-o-pan" in b"".join(due.of(later, NOW, 21.0))
    assert b"u-d-f" in b"".join(due.of(later, NOW, 301.0))


def test_a_name_from_the_radio_breaks_no_parser() -> None:
    name = "A<&\"'>\x00\x1b\ud800]]>"
    leaving = Gate("west").admit([pair("west", "east", name_a=name)], (), [mover("west", name=name)], NOW)
    for sent in (
        cursor_on_target.alarm_event(leaving.active[0], NOW),
        cursor_on_target.mover_event(leaving.movers[0]),
    ):
        (one,) = events_in(sent)
        contact = one.find("detail/contact")
        assert contact is not None
        assert contact.get("callsign") == "A<&\"'>\\x00\\x1b\\xd800]]>"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"priority": "caution"}, "b-m-p-s-m"),
        ({"priority": "warning"}, "b-m-p-s-m"),
        ({"priority": "alarm"}, "b-a-o-pan"),
        ({"priority": "emergency"}, "b-a-o-pan"),
        ({"priority": "emergency", "rings": False}, "b-m-p-s-m"),
    ],
)
def test_only_alarms_that_ring_ring_on_the_screens_of_others(changes: dict[str, Any], kind: str) -> None:
    leaving = Gate("west").admit([pair("west", "east", **changes)], (), (), NOW)
    assert f'type="{kind}"'.encode() in cursor_on_target.alarm_event(leaving.active[0], NOW)


def test_a_server_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor_on_target, "WRITE_S_MAX", 0.3)

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    async def story() -> None:
        async with stream_server(deaf) as port:
            out = cursor_on_target.output_of(f"tcp://localhost:{port}")
            async with running(out) as told:
                many = [
                    mover("west", id=f"mmsi:{230_000_000 + number}", name="x" * 5_000) for number in range(4_000)
                ]
                await told.tell((), (), many, NOW)
                await until(lambda: "in time" in out.standing.why)

    asyncio.run(story())


class Bridge:
    """A stand-in for a server of Signal K that remembers what it is told."""

    def __init__(self, before: dict[str, Any] | None = None) -> None:
        self.values: dict[str, Any] = dict(before or {})
        self.shown: list[str | None] = []

    async def __call__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.shown.append(connection.request.headers.get("Authorization"))
        await connection.send(json.dumps({"name": "signalk-server", "version": "2.32.0", "self": "vessels.self"}))
        async for frame in connection:
            told = json.loads(frame)
            if "subscribe" in told:
                values = [{"path": path, "value": value} for path, value in self.values.items()]
                await connection.send(json.dumps({"context": "vessels.self", "updates": [{"values": values}]}))
            for update in told.get("updates", []):
                self.values |= {value["path"]: value["value"] for value in update["values"]}


def states(bridge: Bridge) -> dict[str, str]:
    return {path: value["state"] for path, value in bridge.values.items()}


def is_shown(bridge: Bridge, state: str) -> bool:
    return state in states(bridge).values()


def test_alarms_are_notifications_that_sound_and_end() -> None:
    bridge = Bridge()

    async def story() -> None:
        async with websocket_server(bridge) as port:
            out = signalk.output_of(f"signalk+ws://localhost:{port}")
            async with running(out) as told:
                for priority, state, method in (
                    ("caution", "alert", ["visual"]),
                    ("warning", "warn", ["visual"]),
                    ("alarm", "alarm", ["visual", "sound"]),
                    ("emergency", "emergency", ["visual", "sound"]),
                ):
                    await told.tell([pair("west", "east", priority=priority)], (), (), NOW)
                    await until(partial(is_shown, bridge, state))
                    ((path, value),) = bridge.values.items()
                    assert path.startswith("notifications.detente.watch.")
                    assert value["method"] == method
                    assert "VARMA" in value["message"]
                await told.tell([pair("west", "east", state="past")], (), (), NOW)
                await until(lambda: list(states(bridge).values()) == ["normal"])
                assert next(iter(bridge.values.values()))["method"] == []

    asyncio.run(story())


def test_an_alarm_that_does_not_ring_is_seen_and_not_heard() -> None:
    leaving = Gate("west").admit([pair("west", "east", rings=False)], (), (), NOW)
    assert signalk.notification(leaving.active[0])["method"] == ["visual"]


def test_what_an_earlier_run_left_standing_is_set_back_and_what_is_not_ours_is_left_alone() -> None:
    raised = {"state": "alarm", "method": ["visual"], "message": "left standing"}
    ours, theirs = "notifications.detente.watch.old", "notifications.detente.other.new"
    bridge = Bridge({ours: raised, theirs: raised, "notifications.mob": raised})

    async def story() -> None:
        async with (
            websocket_server(bridge) as port,
            running(signalk.output_of(f"signalk+ws://localhost:{port}")) as told,
        ):
            await told.tell([pair("west", "east")], (), (), NOW)
            await until(lambda: states(bridge)[ours] == "normal" and len(bridge.values) == 4)
        assert states(bridge)[theirs] == "alarm"
        assert states(bridge)["notifications.mob"] == "alarm"

    asyncio.run(story())


def test_a_bridge_hears_of_its_own_ship_when_that_is_asked() -> None:
    async def story() -> None:
        out = signalk.output_of("signalk+ws://localhost:1?mover=mmsi:230999999")
        told = Outputs("west", [out])
        await told.tell([pair("west", "east"), pair("west", "east", id="2", a="mmsi:230999999")], (), (), NOW)
        assert out.standing.waiting == 1

    asyncio.run(story())


def test_what_goes_on_is_told_again_to_a_server_that_comes_back() -> None:
    bridge = Bridge()

    async def story() -> None:
        async with websocket_server(bridge) as port:
            out = signalk.output_of(f"signalk+ws://localhost:{port}")
            async with running(out) as told:
                await told.tell([pair("west", "east")], (), (), NOW)
                await until(lambda: "alarm" in states(bridge).values())
        bridge.values.clear()
        async with running(out) as told, websocket_server(bridge) as port:
            out.link = f"ws://localhost:{port}/x"  # type: ignore[attr-defined]
            await until(lambda: "alarm" in states(bridge).values())

    asyncio.run(story())


class Hook:
    """A stand-in for a receiver of posts: answers what it is told to, and keeps what it took."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.taken: list[dict[str, Any]] = []
        self.heads: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
            body = await reader.readexactly(length)
            answer = self.answers.pop(0) if self.answers else "204 No Content"
            self.heads.append(head + body.decode())
            if answer == "hang":
                await asyncio.sleep(60)
            if answer == "close":
                return
            if answer.startswith("2"):
                self.taken.append(json.loads(body))
            writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()


def test_posts_are_tried_again_in_order_until_they_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "POST_S_MAX", 0.5)
    hook = Hook(
        "500 Broken", "close", "hang", "503 Busy", "429 Slowly\r\nRetry-After: 0", "302 Away\r\nLocation: /x"
    )

    async def story() -> None:
        async with stream_server(hook) as port:
            out = webhook.output_of(f"http://localhost:{port}/secret-path?x=1")
            async with running(out) as told:
                # a redirection is an answer that takes nothing: that alarm is refused, and counted
                await told.tell([pair("west", "east", id="1")], (), (), NOW)
                await told.tell(
                    [pair("west", "east", id="2"), pair("west", "east", id="2", state="past")], (), (), NOW
                )
                await until(lambda: len(hook.taken) == 2)
                assert out.standing.dropped == {"refused": 1}
                assert out.standing.waiting == 0
                assert "secret-path" not in repr(out) + out.name

    asyncio.run(story())
    assert [one["state"] for one in hook.taken] == ["active", "over"]
    assert hook.taken[0]["own"] == {"id": IDENTITIES["west"], "name": "VARMA"}
    assert all("POST /secret-path?x=1 " in head for head in hook.heads)


def test_a_post_carries_its_header_and_its_signature(tmp_path: Path) -> None:
    ours, hook = papers(tmp_path / "papers"), Hook()
    for name, content in (("header", "X-Token: very secret\n"), ("secret", "shared\n")):
        (tmp_path / name).write_text(content, encoding="ascii")
        (tmp_path / name).chmod(0o600)

    async def story() -> None:
        async with stream_server(hook, ours) as port:
            files = f"ca_file={ours.ca}&header_file={tmp_path / 'header'}&secret_file={tmp_path / 'secret'}"
            out = webhook.output_of(f"https://localhost:{port}/hook?{files}")
            async with running(out) as told:
                await told.tell([pair("west", "east")], (), (), NOW)
                await until(lambda: hook.taken)
            assert "very secret" not in repr(out)

    asyncio.run(story())
    head, _, body = hook.heads[0].partition("\r\n\r\n")
    lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
    assert lines["x-token"] == "very secret"
    at, _, signed = lines["detente-signature"].partition(",sha256=")
    assert signed == webhook.signature(b"shared", int(at.removeprefix("t=")), body.encode())
    assert "header_file" not in head
    assert abs(int(at.removeprefix("t=")) - datetime.now(UTC).timestamp()) < 600


@pytest.mark.parametrize(
    ("way", "wrong"),
    [
        (cursor_on_target.output_of, "tcp://tak.example:8087"),
        (cursor_on_target.output_of, "tls://tak.example?password=x"),
        (cursor_on_target.output_of, "tls://user:s3cr@tak.example"),
        (cursor_on_target.output_of, "tls://tak.example/path"),
        (cursor_on_target.output_of, "udp://tak.example"),
        (cursor_on_target.output_of, "tls://"),
        (cursor_on_target.output_of, "tls://[::1"),
        (cursor_on_target.output_of, "tls://" + "x" * 3000),
        (signalk.output_of, "ws://ship.example"),
        (signalk.output_of, "signalk+ws://ship.example?station=a.b"),
        (signalk.output_of, "signalk+ws://ship.example?token_file=no-such-file"),
        (webhook.output_of, "http://hook.example/x"),
        (webhook.output_of, "ftp://hook.example/x"),
        (webhook.output_of, "https:///x"),
        (webhook.output_of, "https://user:s3cr@hook.example/x"),
        (webhook.output_of, "https://hook.example/x?secret_file=no-such-file"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_secrets(
    way: Callable[[str], Output], wrong: str
) -> None:
    with pytest.raises(WatchMistake) as refused:
        way(wrong)
    assert "s3cr" not in str(refused.value)


def test_failures_are_tried_again_later_and_later_and_a_good_connection_starts_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "RETRY_S_MIN", 1.0)
    monkeypatch.setattr("random.uniform", lambda _low, high: high)
    waits: list[float] = []

    class EnoughError(Exception):
        pass

    async def pause(wait_s: float) -> None:
        waits.append(wait_s)
        if len(waits) == 9:
            raise EnoughError

    async def fails() -> None:
        if len(waits) == 7:
            monkeypatch.setattr(telling, "STEADY_AFTER_S", 0.0)
        raise OutputLost(expected="a", came="b", where="c")

    standing = Standing("x")
    with pytest.raises(EnoughError):
        asyncio.run(kept_up(fails, standing, pause=pause))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 1, 1]
    assert standing.why == "c: b (a)"
