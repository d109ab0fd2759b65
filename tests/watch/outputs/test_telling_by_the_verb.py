"""The verb itself: goal: what a watch hears of others goes in by one door and out by none.

Method: detente watch as a program, fed with three ships of three sides by Cursor-on-Target; everything that it tells a
TAK server, a Signal K server and a webhook is searched for the two that are not ours.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.watch.feeds.servers import stream_server, websocket_server
from tests.watch.outputs.test_outputs import Bridge, Hook

pytestmark = [pytest.mark.prove, pytest.mark.timeout(240)]

OWN, OTHER, STRANGER = "MMSI-230000001", "MMSI-273999001", "MMSI-211999002"
SPEED_MPS = 8.0
SIDES = """
[sides.west]
mmsi = [230000001]
[sides.east]
mmsi = [273999001]
"""


def events(seconds: float) -> Iterator[bytes]:
    """Yield where the three are now: ours goes east, the other one west on its track's northern side, one stays."""
    now = datetime.now(UTC)
    at, stale = (f"{one:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" for one in (now, now + timedelta(minutes=5)))
    moved = SPEED_MPS * seconds / (111_320 * 0.5075)
    for uid, lon, lat, course, speed in (
        (OWN, 24.50 + moved, 59.5, 90, SPEED_MPS),
        (OTHER, 24.53 - moved, 59.5023, 270, SPEED_MPS),
        (STRANGER, 24.515, 59.4971, 0, 0.0),
    ):
        yield (
            f'<event version="2.0" uid="{uid}" type="a-f-S" how="m-g" time="{at}" start="{at}" stale="{stale}">'
            f'<point lat="{lat}" lon="{lon:.6f}" hae="9999999.0" ce="9999999.0" le="9999999.0"/><detail>'
            f'<contact callsign="{uid} NAME"/><track course="{course}" speed="{speed}"/></detail></event>'
        ).encode()


def test_of_three_ships_only_ours_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "sides.toml").write_text(SIDES, encoding="utf-8")
    told, hook, bridge = bytearray(), Hook(), Bridge()

    async def feed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        began_s = clock()
        while True:
            writer.write(b"".join(events(clock() - began_s)))
            await writer.drain()
            await asyncio.sleep(1)

    async def tak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            told.extend(piece)

    async def story() -> None:
        async with (
            stream_server(feed) as source,
            stream_server(tak) as server,
            stream_server(hook) as receiver,
            websocket_server(bridge) as ship,
        ):
            watching = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "detente", "watch", "--feed", f"cot+tcp://127.0.0.1:{source}",
                "--sides", str(tmp_path / "sides.toml"), "--own", "west", "--json",
                "--cot-out", f"tcp://127.0.0.1:{server}", "--webhook", f"http://127.0.0.1:{receiver}/hook",
                "--signalk-out", f"signalk+ws://127.0.0.1:{ship}",
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            try:
                async with asyncio.timeout(180):
                    while not (hook.taken and bridge.values and b"a-f-S" in told and b"b-a-o-pan" in told):  # noqa: ASYNC110
                        await asyncio.sleep(0.2)
            finally:
                watching.terminate()
                said, complained = await watching.communicate()
            assert watching.returncode == 0, complained.decode()
            # it saw them all: what follows is no silence for want of anything to say
            assert b"mmsi:273999001" in said

    asyncio.run(story())
    for way, text in (("cot", bytes(told)), ("hook", json.dumps(hook.taken).encode()),
                      ("signalk", json.dumps(bridge.values).encode())):  # fmt: skip
        assert b"230000001" in text, way
        for secret in (OTHER, STRANGER, "273999001", "211999002", "59.502", "59.497"):
            assert secret.encode() not in text, (way, secret)
    assert {one["other"]["side"] for one in hook.taken} <= {"east", ""}
