"""Measure a desk with a hundred officers who read, a node that receives, and a watch that posts movers.

.venv/bin/python bench/desk/run.py                      # a minute; writes bench/desk/RESULTS.md
.venv/bin/python bench/desk/run.py --for-s 10 --dry     # a look; writes nothing

The node is a served home with its record, the desk its own process under the same supervisor; officers enrol software
passkeys by the documented way. Each reads one document about every second and holds a stream of live changes. Beside
them, from the same process and on the same connections, a file of the desk's page is read: the peer, which no reader of
documents can be faster than.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import random
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).resolve().parents[2]))
sys.path.insert(1, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "node"))

from machine import machine, revision
from nodes import Node, found_pair, until
from tests.desk.sign_in.passkeys import Passkey
from tests.line.authenticator import Authenticator
from traffic import notices, percentile

from detente.node.desk_door.ask import DeskLink
from detente.node.desk_door.people import TERMINAL
from detente.node.desk_door.people_questions import PersonAdded, TokenAdded
from detente.node.serving.wire import Submits

HERE = Path(__file__).resolve().parent
OFFICERS = 100
RECORD = 2_000
MOVERS = 5_000
SEED = 7
BY = f"{TERMINAL}the benchmark"
DOCUMENTS = (
    "lines",
    "entries",
    "entries?limit=200",
    "alarms",
    "drafts",
    "obligations",
    "activities",
    "overlays",
    "picture",
)
FILE = "/print.css"
API = "/api/v1/"


class Browser:
    """One officer's browser: a connection that stays, and a cookie."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.headers = {"Host": f"localhost:{port}", "Sec-Fetch-Site": "same-origin"}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], bytes]:
        """Ask; returns status, headers and body."""
        reader, writer = self._streams or await asyncio.open_connection("127.0.0.1", self.port, limit=2**26)
        self._streams = (reader, writer)
        octets = b"" if body is None else json.dumps(body).encode()
        headers = self.headers | {"Content-Length": str(len(octets)), "Content-Type": "application/json"}
        address = path if path.startswith("/") else API + path
        head = f"{method} {address} HTTP/1.1\r\n" + "".join(f"{name}: {one}\r\n" for name, one in headers.items())
        writer.write(head.encode() + b"\r\n" + octets)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found = dict(line.split(": ", 1) for line in answer[1:] if ": " in line)
        size = int(found.get("content-length", "0"))
        return int(answer[0].split()[1]), found, await reader.readexactly(size)

    async def told(self, path: str, body: Any) -> Any:
        """Post; returns the document, and keeps the cookie that came with it."""
        status, headers, octets = await self.ask("POST", path, body)
        if status != 200:
            raise SystemExit(f"{path}: {status} {octets[:300]!r}")
        if "set-cookie" in headers:
            self.headers["Cookie"] = headers["set-cookie"].partition(";")[0]
        return json.loads(octets)

    async def hear(self, for_s: float) -> int:
        """Hold a stream of live changes; returns how many pictures came."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**26)
        headers = self.headers | {"Accept-Encoding": "gzip"}
        lines = "".join(f"{name}: {one}\r\n" for name, one in headers.items())
        writer.write(f"GET {API}events HTTP/1.1\r\n{lines}\r\n".encode())
        count, unpack = 0, zlib.decompressobj(31)
        try:
            async with asyncio.timeout(for_s):
                await reader.readuntil(b"\r\n\r\n")
                while size := int(await reader.readline(), 16):
                    count += unpack.decompress(await reader.readexactly(size)).startswith(b"event: picture")
                    await reader.readline()
        except TimeoutError:
            pass
        writer.close()
        return count


async def enrolled(link: DeskLink, port: int, number: int) -> Browser:
    """Return the browser of a new officer who enrolled a passkey and is signed in with it."""
    browser = Browser(port)
    made = await link.ask(
        PersonAdded(
            actor=BY, name=f"Officer {number}", roles=("keeper", "releaser") if not number else ("viewer",)
        )
    )
    begun = await browser.told("enrol/begin", {"code": made.code})
    passkey = Passkey(Authenticator(f"officer {number}"))
    answer = passkey.made(begun["options"], site="localhost", origin=f"http://localhost:{port}")
    await browser.told("enrol/finish", {"code": made.code, "credential": answer})
    return browser


def movers(chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield what a watch posts, second after second: every mover a little further."""
    places = [(chance.uniform(10, 30), chance.uniform(54, 66)) for _ in range(MOVERS)]
    while True:
        now_ms = time.time_ns() // 1_000_000
        places = [(lon + chance.uniform(-0.001, 0.001), lat) for lon, lat in places]
        yield {
            "movers": [
                {
                    "id": f"m{number}", "kind": "ship", "side": "unknown", "lon_deg": lon, "lat_deg": lat,
                    "speed_kn": 12.0, "course_deg": 90.0, "at_ms": now_ms, "feed": "ais", "name": f"SHIP {number}",
                }
                for number, (lon, lat) in enumerate(places)
            ]
        }  # fmt: skip


async def watching(browser: Browser, for_s: float) -> None:
    """Post every mover once a second."""
    posts = movers(random.Random(SEED))
    end_s = time.monotonic() + for_s
    while time.monotonic() < end_s:
        begun_s = time.monotonic()
        await browser.told("watch/positions", next(posts))
        await asyncio.sleep(max(0.0, 1.0 - (time.monotonic() - begun_s)))


async def reading(browser: Browser, for_s: float, took: dict[str, list[float]], chance: random.Random) -> None:
    """Read one document about each second, and beside it one file."""
    end_s = time.monotonic() + for_s
    await asyncio.sleep(chance.random())
    while time.monotonic() < end_s:
        path = chance.choice(DOCUMENTS)
        for asked in (path, FILE):
            begun_s = time.monotonic()
            status, _, _ = await browser.ask("GET", asked)
            took.setdefault(asked, []).append(time.monotonic() - begun_s)
            if status != 200:
                raise SystemExit(f"{asked}: {status}")
        await asyncio.sleep(chance.uniform(0.5, 1.5))


async def measured(west: Node, for_s: float) -> dict[str, Any]:
    """Return how long reads took while the line and the picture went on."""
    port = next(
        int(str(one["address"]).rpartition(":")[2])
        for one in west.log_events()
        if one.get("event") == "desk.listening"
    )
    link = DeskLink(west.home)
    officers = [await enrolled(link, port, number) for number in range(OFFICERS)]
    watch = Browser(port)
    watch.headers["Authorization"] = f"Bearer {(await link.ask(TokenAdded(actor=BY, name='watch'))).secret}"
    took: dict[str, list[float]] = {}
    chance = random.Random(SEED)

    async def saying() -> None:
        for number in range(int(for_s)):
            await asyncio.to_thread(west.ask, Submits(west.line, notices(1, RECORD + number)))
            await asyncio.sleep(1.0)

    desk = Path(f"/proc/{west.children()['desk']}/stat")
    before_s = cpu_s(desk)
    hearing = [asyncio.ensure_future(one.hear(for_s)) for one in officers]
    work = [reading(one, for_s, took, random.Random(chance.random())) for one in officers]
    await asyncio.gather(*work, watching(watch, for_s), saying())
    heard = await asyncio.gather(*hearing)
    await link.close()
    documents = [one for path, figures in took.items() if path != FILE for one in figures]
    return {
        "for_s": for_s,
        "documents": summary(documents),
        "file": summary(took[FILE]),
        "by_path": {path: summary(figures) for path, figures in sorted(took.items())},
        "desk_cpu_share": round((cpu_s(desk) - before_s) / for_s, 3),
        "pictures_heard": [min(heard), max(heard)],
    }


def cpu_s(stat: Path) -> float:
    """Return the CPU seconds that a process has used."""
    fields = stat.read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def summary(figures: list[float]) -> dict[str, float]:
    """Return count and percentiles in milliseconds."""
    return {"count": len(figures)} | {
        f"p{int(share * 100)}_ms": round(percentile(figures, share) * 1_000, 1) for share in (0.5, 0.9, 0.99)
    }


def page(found: dict[str, Any]) -> str:
    """Return the page of results."""
    documents, heard = found["documents"], found["pictures_heard"]
    verdict = "reached" if documents["p99_ms"] <= 200 else "**missed**"
    rows = [
        f"| `{path}` | {one['count']:,} | {one['p50_ms']:g} | {one['p90_ms']:g} | {one['p99_ms']:g} |"
        for path, one in found["by_path"].items()
    ]
    return "\n".join(
        [
            "# Results: a desk with a hundred officers",
            "",
            f"`make bench-desk`. {found['date']}, {found['machine']}, load average {found['load_average']},",
            f"seed {SEED}, revision {found['revision']}. {OFFICERS} officers for {found['for_s']:g} s, each with a",
            f"stream; {MOVERS:,} movers posted every second, one notice a second into a record of {RECORD:,}.",
            "Officers, desk and node share the machine.",
            "",
            "| | to reach | measured | |",
            "|---|---|---|---|",
            f"| reads of documents, p99 | <= 200 ms | {documents['p99_ms']:g} ms | {verdict} |",
            f"| a file of the page in the same run (peer), p99 | | {found['file']['p99_ms']:g} ms | |",
            f"| CPU of the desk's process, of one core | | {found['desk_cpu_share'] * 100:.0f} % | |",
            f"| pictures heard by each stream | about {found['for_s']:g} | {heard[0]} to {heard[1]} | |",
            "",
            "| read | count | p50 ms | p90 ms | p99 ms |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main() -> int:
    """Measure, print, and write unless told not to; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--for-s", type=float, default=60.0)
    parser.add_argument("--dry", action="store_true", help="write nothing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="detente-bench-") as folder, found_pair(Path(folder)) as (west, _):
        west.start()
        until(lambda: west.events("desk.listening"), "the desk")
        for first in range(0, RECORD, 100):
            west.ask(Submits(west.line, notices(100, first)))
        found = asyncio.run(measured(west, given.for_s))
    found |= {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC", "load_average": round(os.getloadavg()[0], 2),
        "revision": revision(), "machine": machine(),
    }  # fmt: skip
    print(json.dumps(found, indent=1))
    if not given.dry:
        (HERE / "RESULTS.md").write_text(page(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
