"""Measure a watch: 5,000 AIS sentences and 20,000 aircraft states a second into `detente watch` with a real desk.

.venv/bin/python bench/watch/run.py                      # ten minutes; writes bench/watch/RESULTS.md
.venv/bin/python bench/watch/run.py --for-s 30 --dry     # a look; writes nothing

Load, watch and desk are processes of their own on this machine, over real sockets. Every two seconds a pair of ships
appears 300 m apart; its latency runs from the second ship's only fix being handed to the socket until the desk took the
encounter, which is when its alarm rings.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

import polars as pl
from machine import machine, revision

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIDES = """
[sides.west]
ranges = ["mmsi 219000000-219999999"]
[sides.east]
ranges = ["mmsi 273000000-273999999"]
"""


class Told:
    """A process whose lines of JSON are kept as they come."""

    def __init__(self, command: list[str], **more: Any) -> None:
        self.begun_s = time.time()
        self.process = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=ROOT, **more
        )
        self.lines: list[dict[str, Any]] = []
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def _read(self, out: IO[str]) -> None:
        for line in out:
            if line.startswith("{"):
                self.lines.append({"read_s": time.time(), **json.loads(line)})

    def first(self, name: str, within_s: float = 120.0) -> dict[str, Any]:
        """Return the first document that has a name."""
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s:
            for one in list(self.lines):
                if name in one:
                    return one
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise SystemExit(f"{name} was not said; the process ended with {self.process.poll()}")


def measured(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return what was measured."""
    (folder / "sides.toml").write_text(SIDES)
    desk = Told(["bench/watch/desk_side.py", str(folder / "home")], stdin=subprocess.PIPE)
    at_desk = desk.first("url")
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(at_desk["token"])
    load = Told(["bench/watch/load.py", "--for-s", str(given.for_s), "--sentences", str(given.sentences),
                 "--aircraft", str(given.aircraft)])  # fmt: skip
    ports = load.first("ais_port")
    log = (folder / "watch.log").open("w")
    watch = Told(
        ["-m", "detente", "watch", "--json", "--feed", f"ais-tcp://127.0.0.1:{ports['ais_port']}",
         "--feed", f"readsb+http://127.0.0.1:{ports['http_port']}/data/aircraft.json", "--sides",
         str(folder / "sides.toml"), "--own", "west", "--desk", at_desk["url"], "--token-file", str(token),
         "--spool", str(folder / "spool"), "--record", str(folder / "record")],
        stderr=log,
    )  # fmt: skip
    memory = sampled(watch, lambda: not any("over" in one for one in load.lines))
    load.first("ended", given.for_s + 60)
    cpu_s, wall_s = cpu_of(watch.process.pid), time.time() - watch.begun_s
    watch.process.terminate()
    watch.process.wait(300)
    desk.process.stdin.close()
    desk.process.wait(60)
    log.close()
    if given.keep_log:
        print((folder / "watch.log").read_text()[-6_000:], file=sys.stderr)
    account = next((one for one in watch.lines if one.get("what") == "account"), None)
    if account is None:
        raise SystemExit((folder / "watch.log").read_text()[-3_000:])
    return {
        **summary(load, desk, watch, account),
        "memory_mb": memory,
        "cpu_share": round(cpu_s / wall_s, 2),
        "record": record(folder / "record"),
        "account": account,
        "for_s": given.for_s,
        "sentences_per_s": given.sentences,
        "aircraft_per_s": given.aircraft,
    }


def summary(load: Told, desk: Told, watch: Told, account: dict[str, Any]) -> dict[str, Any]:
    """Return latencies and sums."""
    came = {tuple(sorted(one["encounter"])): one["at_s"] for one in desk.lines if "encounter" in one}
    sent = {tuple(sorted(one["pair"])): one["sent_s"] for one in load.lines if "pair" in one}
    took = sorted(came[pair] - at_s for pair, at_s in sent.items() if pair in came)
    told = {
        tuple(sorted((one["a"], one["b"]))): one["read_s"]
        for one in reversed(watch.lines)
        if one.get("what") == "event"
    }
    said = sorted(told[pair] - at_s for pair, at_s in sent.items() if pair in told)
    ended = load.first("ended")
    first = min(came.values()) - watch.begun_s if came else None
    return {
        "pairs_sent": len(sent),
        "pairs_missed": len(sent) - len(took),
        "latency_s": {f"p{share}": share_of(took, share) for share in (50, 90, 99, 100)} if took else {},
        "told_s": {f"p{share}": share_of(said, share) for share in (50, 99, 100)} if said else {},
        "first_alarm_s": None if first is None else round(first, 2),
        "sent": {name: ended[name] for name in ("sentences", "aircraft")},
        "in": sum(one["in"] for one in account["feeds_by_name"].values()),
        "adds_up": account["adds_up"],
    }  # fmt: skip


def share_of(took: list[float], share: int) -> float:
    """Return what so many of a hundred do not exceed."""
    return round(took[min(len(took) - 1, len(took) * share // 100)], 3)


def sampled(watch: Told, goes_on: Callable[[], bool]) -> list[float]:
    """Return the resident memory of the watch in MB, once a second."""
    found = []
    while goes_on() and watch.process.poll() is None:
        status = Path(f"/proc/{watch.process.pid}/status").read_text()
        found += [
            round(int(line.split()[1]) / 1_000, 1) for line in status.splitlines() if line.startswith("VmRSS")
        ]
        time.sleep(1)
    return found


def cpu_of(pid: int) -> float:
    """Return the seconds of processor time that a process used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def record(folder: Path) -> dict[str, float]:
    """Return how large the record is."""
    files = sorted(folder.glob("*.parquet"))
    rows = sum(int(pl.scan_parquet(one).select(pl.len()).collect().item()) for one in files)
    size = sum(one.stat().st_size for one in files)
    return {
        "files": len(files),
        "rows": rows,
        "bytes": size,
        "mb_per_10m_rows": round(size / max(rows, 1) * 10, 1),
    }


def page(found: dict[str, Any]) -> str:
    """Return the page of results."""
    memory = found["memory_mb"]
    quarter = max(1, len(memory) // 4)
    early, late = (sum(part) / len(part) for part in (memory[-2 * quarter : -quarter], memory[-quarter:]))
    steps = found["account"]["steps"]
    latency = found["latency_s"]

    def verdict(good: object) -> str:
        return "reached" if good else "**missed**"

    rows = [
        ("sentences and states sent", "", f"{found['sent']['sentences']:,} and {found['sent']['aircraft']:,}", ""),
        ("in = kept + named rejects, at every step", "yes", "yes" if found["adds_up"] else "no",
         verdict(found["adds_up"])),
        ("alarms of planted pairs missed", "0", f"{found['pairs_missed']} of {found['pairs_sent']}",
         verdict(not found["pairs_missed"])),
        ("last needed fix in to alarm at the desk, p50", "", f"{latency.get('p50')} s", ""),
        ("the same, p99", "<= 1 s", f"{latency.get('p99')} s", verdict(latency.get("p99", 9) <= 1.0)),
        ("the same, the longest", "", f"{latency.get('p100')} s", ""),
        ("start of the program to the first alarm", "<= 5 s", f"{found['first_alarm_s']} s",
         verdict((found["first_alarm_s"] or 99) <= 5.0)),
        ("resident memory, third and last quarter of the time", "flat", f"{early:,.0f} and {late:,.0f} MB",
         verdict(late <= 1.05 * early)),
        ("processor of the watch, of one core", "", f"{found['cpu_share'] * 100:.0f} %", ""),
        ("record, 10 M positions", "<= 1,000 MB", f"{found['record']['mb_per_10m_rows']:g} MB",
         verdict(found["record"]["mb_per_10m_rows"] <= 1_000)),
    ]  # fmt: skip
    table = [f"| {what} | {goal} | {came} | {said} |" for what, goal, came, said in rows]
    account = [
        f"| {name} | {step['in']:,} | {step['kept']:,} | {step['waiting']:,} | "
        + ", ".join(f"{reason} {count:,}" for reason, count in step["rejected"].items())
        + " |"
        for name, step in steps.items()
    ]
    return "\n".join(
        [
            "# Results: a watch under load",
            "",
            f"`{found['command']}`. {found['date']}, {found['machine']},",
            f"load average {found['load_average']}, revision {found['revision']}.",
            f"{found['sentences_per_s']:,} AIS sentences and {found['aircraft_per_s']:,} aircraft states a second",
            f"for {found['for_s']:g} s. What sends, the watch and the desk share the machine.",
            "",
            "| | to reach | measured | |",
            "|---|---|---|---|",
            *table,
            "",
            "| step | in | kept | waiting | rejected |",
            "|---|---|---|---|---|",
            *account,
            "",
        ]
    )


def main() -> int:
    """Measure, print, and write unless told not to; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--for-s", type=float, default=600.0)
    parser.add_argument("--sentences", type=int, default=5_000)
    parser.add_argument("--aircraft", type=int, default=20_000)
    parser.add_argument("--dry", action="store_true", help="write nothing")
    parser.add_argument("--keep-log", action="store_true", help="show the end of the watch's log")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="detente-bench-") as folder:
        found = measured(given, Path(folder))
    found |= {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC", "load_average": round(os.getloadavg()[0], 2),
        "revision": revision(), "machine": machine(),
        "command": f"python bench/watch/run.py --for-s {given.for_s:g}",
    }  # fmt: skip
    print(json.dumps(found, indent=1))
    text = page(found)
    if given.dry:
        print(text)
    else:
        (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
