"""A real server of Signal K: goal: ships that it hears we hear, and alarms that we tell it show.

Method: signalk-server of npm as a program of its own, fed with AIS and a position by NMEA 0183 over TCP as a ship's
instruments do. tools/install_signalk.py installs it; without it these are skipped, and told so.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tools import install_signalk
from tools.build_web import node

from detente.watch.outputs import signalk
from detente.watch.outputs.telling import Outputs
from tests.watch.feeds.reading import WITHIN_S, heard
from tests.watch.feeds.servers import stream_server
from tests.watch.outputs.scenes import NOW, SECRETS, pair

pytestmark = [pytest.mark.prove, pytest.mark.timeout(240)]

OWN = "230099999"
AIVDM = "!AIVDM,1,1,,A,13aEOK?P00PD2wVMdLDRhgvL289?,0*26"
"""A real report of a ship, MMSI 244670316."""


def port_of_nobody() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def sentence(body: str) -> str:
    total = 0
    for character in body:
        total ^= ord(character)
    return f"${body}*{total:02X}"


async def instruments(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak as a ship's instruments: its own position, course and speed, and what its AIS hears."""
    while True:
        now = datetime.now(UTC)
        rmc = sentence(f"GPRMC,{now:%H%M%S},A,5930.00,N,02430.00,E,010.0,090.0,{now:%d%m%y},,")
        writer.write(f"{rmc}\r\n{AIVDM}\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.3)


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Run the server; yields its port, and the one where it looks for instruments."""
    if not install_signalk.is_installed():
        why = "no Signal K server: python tools/install_signalk.py"
        if os.environ.get("CI"):
            pytest.fail(f"{why}, and a build server must have it")
        pytest.skip(why)
    root, port, fed = tmp_path_factory.mktemp("signalk"), port_of_nobody(), port_of_nobody()
    provider = {
        "id": "instruments",
        "enabled": True,
        "pipeElements": [{
            "type": "providers/simple",
            "options": {
                "type": "NMEA0183",
                "subOptions": {"type": "tcp", "host": "127.0.0.1", "port": fed, "validateChecksum": True},
            },
        }],
    }  # fmt: skip
    (root / "settings.json").write_text(json.dumps({
        "port": port, "ssl": False, "mdns": False, "pipedProviders": [provider], "interfaces": {"nmea-tcp": False},
    }), encoding="utf-8")  # fmt: skip
    (root / "baseDeltas.json").write_text(json.dumps([
        {"context": "vessels.self", "updates": [{"values": [{"path": "", "value": {"name": "VARMA", "mmsi": OWN}}]}]},
    ]), encoding="utf-8")  # fmt: skip
    folder, _ = node()
    environment = {
        **os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(root), "PORT": str(port),
    }  # fmt: skip
    with (root / "said").open("wb") as said:
        program = ["node", str(install_signalk.SERVER), "-c", str(root)]
        running = subprocess.Popen(program, cwd=root, env=environment, stdout=said, stderr=said)
        try:
            _wait(port, running, root / "said")
            yield port, fed
        finally:
            running.terminate()
            running.wait(30)


def _wait(port: int, running: subprocess.Popen[bytes], said: Path) -> None:
    for _ in range(600):
        if running.poll() is not None:
            break
        with suppress(OSError):
            asked(port, "/signalk")
            return
        time.sleep(0.2)
    pytest.fail(said.read_text(errors="replace")[-3000:])


def asked(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return json.load(answer)


def test_the_own_ship_and_those_that_it_hears_become_rows(bridge: tuple[int, int]) -> None:
    port, fed = bridge

    async def story() -> Any:
        def enough(found: Any) -> bool:
            own = [row for row in found.rows.iter_rows(named=True) if row["mover"] == f"mmsi:{OWN}"]
            return len(set(found.movers)) >= 2 and any(row["speed_kn"] is not None for row in own)

        async with stream_server(instruments, port=fed):
            return await heard(f"signalk+ws://127.0.0.1:{port}", enough)

    found = asyncio.run(story())
    assert set(found.movers) == {f"mmsi:{OWN}", "mmsi:244670316"}
    own = [row for row in found.rows.iter_rows(named=True) if row["mover"] == f"mmsi:{OWN}"]
    assert (own[-1]["lon"], own[-1]["lat"]) == pytest.approx((24.5, 59.5))
    assert own[-1]["speed_kn"] == pytest.approx(10.0, abs=0.1)
    assert own[-1]["course_deg"] == pytest.approx(90.0, abs=0.1)
    assert own[-1]["name"] == "VARMA"
    assert not set(found.rejected) - {"duplicate"}


def test_an_alarm_shows_at_the_server_and_is_normal_when_it_is_over(bridge: tuple[int, int]) -> None:
    port, _ = bridge

    def shown() -> dict[str, Any]:
        with suppress(OSError):
            found = asked(port, "/signalk/v1/api/vessels/self/notifications/detente/watch")
            return {name: one["value"] for name, one in found.items() if isinstance(one, dict) and "value" in one}
        return {}

    async def until_shown(state: str) -> dict[str, Any]:
        async with asyncio.timeout(WITHIN_S):
            while True:
                found = await asyncio.to_thread(shown)
                if found and {one["state"] for one in found.values()} == {state}:
                    return found
                await asyncio.sleep(0.1)

    async def story() -> None:
        told = Outputs("west", [signalk.output_of(f"signalk+ws://127.0.0.1:{port}")])
        running = asyncio.create_task(told.run())
        await told.tell([pair("west", "east", priority="warning")], (), (), NOW)
        await until_shown("warn")
        await told.tell([pair("west", "east", priority="alarm")], (), (), NOW)
        found = await until_shown("alarm")
        (value,) = found.values()
        assert value["method"] == ["visual", "sound"]
        assert "VARMA" in value["message"]
        assert not [secret for secret in SECRETS if secret in json.dumps(found)]
        # this watch dies without a word; the next one knows of no alarm, and sets back what was left standing
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        again = Outputs("west", [signalk.output_of(f"signalk+ws://127.0.0.1:{port}")])
        running = asyncio.create_task(again.run())
        await until_shown("normal")
        await again.tell([pair("west", "east", id="2", priority="emergency")], (), (), NOW)
        await until_shown_one(shown, "emergency")
        await again.tell([pair("west", "east", id="2", state="past")], (), (), NOW)
        await until_shown("normal")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())


async def until_shown_one(shown: Any, state: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while state not in {one["state"] for one in (await asyncio.to_thread(shown)).values()}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
