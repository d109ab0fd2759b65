"""A real server of TAK between us and another client: goal: what pytak sends we read, and what we send pytak reads.

Method: taky over TLS with certificates on both sides, as a program of its own; pytak as the other client.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from configparser import ConfigParser
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from detente.watch.outputs import cursor_on_target
from detente.watch.outputs.telling import Outputs
from tests.watch.authorities import Papers, papers
from tests.watch.feeds.reading import WITHIN_S, heard
from tests.watch.outputs.scenes import AREA, EVERYBODY, IDENTITIES, NAMES, NOW, SECRETS, entry, mover, pair

with warnings.catch_warnings():
    # it says at its import that an optional part of it, enrolment, is not installed
    warnings.filterwarnings("ignore", category=UserWarning, module=r"pytak(\.|$)")
    import pytak

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return papers(tmp_path_factory.mktemp("papers"))


@pytest.fixture
def tak(ours: Papers, tmp_path: Path) -> Iterator[int]:
    """Run taky, anew for each test, for it keeps what it heard until it is stale; yields its port."""
    root = tmp_path
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    settings = ConfigParser()
    settings["taky"] = {"hostname": "localhost", "bind_ip": "127.0.0.1", "root_dir": str(root)}
    settings["cot_server"] = {"port": str(port)}
    settings["ssl"] = {
        "enabled": "true", "client_cert_required": "true", "ca": str(ours.ca), "cert": str(ours.server),
        "key": str(ours.server_key), "cert_db": str(root / "cert-db.txt"),
    }  # fmt: skip
    (root / "cert-db.txt").touch()
    with (root / "taky.conf").open("w", encoding="utf-8") as file:
        settings.write(file)
    said = (root / "said").open("wb")
    program = [sys.executable, "-m", "taky.cot", "-c", str(root / "taky.conf"), "-l", "debug"]
    running = subprocess.Popen(
        program, stdout=said, stderr=said, cwd=root, env={**os.environ, "PYTHONWARNINGS": "ignore"}
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if running.poll() is not None:
                pytest.fail((root / "said").read_text(errors="replace")[-2000:])
            time.sleep(0.1)
        yield port
    finally:
        running.terminate()
        running.wait(20)
        said.close()


@asynccontextmanager
async def other_client(port: int, ours: Papers) -> AsyncIterator[tuple[Any, Any]]:
    """Connect pytak; yields its reader and writer."""
    settings = ConfigParser()
    settings["other"] = {
        "COT_URL": f"tls://localhost:{port}",
        "PYTAK_TLS_CLIENT_CERT": str(ours.client),
        "PYTAK_TLS_CLIENT_KEY": str(ours.client_key),
        "PYTAK_TLS_CLIENT_CAFILE": str(ours.ca),
        "PYTAK_TLS_SERVER_EXPECTED_HOSTNAME": "localhost",
    }
    with warnings.catch_warnings():
        # it still sets versions of TLS by options that Python calls old
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=r"ssl\.OP_NO_")
        reader, writer = await pytak.protocol_factory(settings["other"])
    try:
        yield reader, writer
    finally:
        writer.close()


def options(ours: Papers) -> str:
    return f"?ca_file={ours.ca}&cert_file={ours.client}&cert_key_file={ours.client_key}"


def test_what_another_client_sends_becomes_rows(tak: int, ours: Papers) -> None:
    async def speak() -> None:
        async with other_client(tak, ours) as (_, writer):
            while True:
                for uid, kind in (("MMSI-230000001", "a-f-S"), ("BUK-2", "a-h-A-M-F"), ("car", "a-n-G")):
                    writer.write(pytak.gen_cot(lat=59.5, lon=24.5, uid=uid, cot_type=kind, stale=300))
                await writer.drain()
                await asyncio.sleep(0.3)

    async def story() -> None:
        speaking = asyncio.create_task(speak())
        found = await heard(f"cot+tls://localhost:{tak}{options(ours)}", lambda one: one.received >= 9)
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        assert found.lost is None
        assert {"mmsi:230000001", "id:BUK-2"} == set(found.movers)
        assert set(found.rejected) == {"not_a_mover"}
        assert set(found.rows["kind"].to_list()) == {"ship", "aircraft"}

    asyncio.run(story())


def test_alarms_areas_and_our_own_side_reach_another_client_and_nobody_else_does(tak: int, ours: Papers) -> None:
    sent = bytearray()

    async def listen(reader: Any) -> None:
        while piece := await reader.read(65_536):
            sent.extend(piece)

    async def story() -> None:
        told = Outputs("west", [cursor_on_target.output_of(f"tls://localhost:{tak}{options(ours)}")])
        async with other_client(tak, ours) as (reader, _):
            listening = asyncio.create_task(listen(reader))
            running = asyncio.create_task(told.run())
            now = datetime.now(UTC)
            movers = [mover(one.side, at=now) for one in EVERYBODY]
            shift = now - NOW
            alarm = pair("west", "east", entered_at=now, closest_at=now + timedelta(minutes=6))
            areas = (AREA.__class__(**{
                name: getattr(AREA, name) for name in AREA.__slots__ if name != "windows"
            } | {"windows": tuple((a + shift, b + shift) for a, b in AREA.windows if a and b)}),)  # fmt: skip
            async with asyncio.timeout(WITHIN_S):
                while sent.count(b"</event>") < 4:
                    await told.tell([alarm, entry("neutral", entered_at=now)], areas, movers, datetime.now(UTC))
                    await asyncio.sleep(0.1)
                await told.tell([pair("west", "east", state="past")], areas, movers, datetime.now(UTC))
                while b"b-a-o-can" not in sent:  # noqa: ASYNC110 - it comes from another program
                    await asyncio.sleep(0.1)
            for task in (running, listening):
                task.cancel()
            await asyncio.gather(running, listening, return_exceptions=True)

    asyncio.run(story())
    text = bytes(sent)[: bytes(sent).rfind(b"</event>") + 8]
    events = list(fromstring(b"<all>" + text + b"</all>"))
    kinds = {one.get("type") for one in events}
    assert {"a-f-S-C", "u-d-f", "b-a-o-pan", "b-m-p-s-m", "b-a-o-can"} <= kinds
    assert {one.get("uid") for one in events if (one.get("type") or "").startswith("a-")} == {
        f"detente.{IDENTITIES['west']}"
    }
    assert NAMES["west"].encode() in text
    assert not [secret for secret in SECRETS if secret.encode() in text]


def test_what_we_send_ourselves_is_not_read_as_somebody_else(tak: int, ours: Papers) -> None:
    async def story() -> None:
        told = Outputs("west", [cursor_on_target.output_of(f"tls://localhost:{tak}{options(ours)}")])
        running = asyncio.create_task(told.run())

        async def speak() -> None:
            while True:
                now = datetime.now(UTC)
                await told.tell((), (), [mover("west", at=now, id=f"mmsi:23{now.microsecond:07d}")], now)
                await asyncio.sleep(0.2)

        speaking = asyncio.create_task(speak())
        found = await heard(f"cot+tls://localhost:{tak}{options(ours)}", lambda one: one.rejected["echo"] > 0)
        for task in (speaking, running):
            task.cancel()
        await asyncio.gather(speaking, running, return_exceptions=True)
        assert found.movers == []

    asyncio.run(story())


def test_a_client_without_a_certificate_is_shut_out_and_told_why(tak: int, ours: Papers) -> None:
    lost = asyncio.run(heard(f"cot+tls://localhost:{tak}?ca_file={ours.ca}")).lost
    assert lost is not None
    assert lost.came
