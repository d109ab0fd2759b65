"""The page that the benchmark writes."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

Result = dict[str, Any]

OWN = "détente"
DUCKDB = "DuckDB, box per mover and slot"
DUCKDB_LEGS = "DuckDB, box per leg"
POLARS = "Polars, read and sort"
BLUESKY = "bluesky, compiled"


def page(measured: dict[str, Result], command: str) -> str:
    """Return the whole page as Markdown."""
    parts = [_head(measured, command), _bars(measured), _solent(measured.get("solent", {}))]
    parts += [
        _race(f"{title.removesuffix('m')} million fixes", measured[title])
        for title in ("1m", "10m")
        if title in measured
    ]
    if "1m-broken" in measured:
        parts.append(_race("1 million fixes, motion at rest broken by gaps", measured["1m-broken"]))
    parts += [_curve(measured), _planted(measured)]
    for title, words in (("hour", "One hour of one sea"), ("minutes", "Ten minutes of one sea")):
        if title in measured:
            parts.append(_race(f"{words}: what the slower ones can finish", measured[title]))
    parts += [_picture(measured["picture"]), _start(measured["start"])]
    return "\n".join(part for part in parts if part)


def _cpu(one: Result) -> float:
    phases = one["phases"]
    if "search" in phases:
        return float(phases["search"]["cpu_s"])
    return float(phases["read"]["cpu_s"] + phases["sort_mover_time"]["cpu_s"])


def _ok(measured: dict[str, Result], title: str, *names: str) -> bool:
    return title in measured and all(
        name in measured[title] and "failed" not in measured[title][name] for name in names
    )


def _head(measured: dict[str, Result], command: str) -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = {
        one["name"].split("-")[0]: one["version"]
        for race in measured.values()
        for one in race.values()
        if isinstance(one, dict) and "version" in one
    }
    versions |= {"numba": version("numba")}
    listed = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    load = measured["load"]
    return f"""# Results

{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, `{command}`, revision {measured["revision"]["text"]}

{model}, {os.cpu_count()} cores, {memory_gib:.0f} GiB; {platform.system()} {platform.release()}; Python
{platform.python_version()}; {listed}. Load average before {load["before"]:.2f}, after {load["after"]:.2f}.

How it is measured, and what each contender does, is in [README.md](README.md). CPU seconds are user and system,
all threads. A search's figures do not contain the reading, except détente's, which always do.
"""


def _bars(measured: dict[str, Result]) -> str:
    rows = ["## What was to be reached", "", "| | to reach | measured | |", "|---|---|---|---|"]

    def add(what: str, bar: str, figure: str, *, reached: bool) -> None:
        rows.append(f"| {what} | {bar} | {figure} | {'reached' if reached else '**missed**'} |")

    for title, words in (("1m", "1 M"), ("1m-broken", "1 M, broken rest"), ("10m", "10 M")):
        if not _ok(measured, title, OWN, DUCKDB, POLARS):
            continue
        race = measured[title]
        own = race[OWN]
        if "missed" in own:
            figure = f"{own['missed']} missed, {own['extra']} extra of {own['pairs']:,}"
            add(f"exact, {words}", "none beyond 0.5 m", figure, reached=not own["missed"] and not own["extra"])
        best = min(_cpu(race[name]) for name in (DUCKDB, DUCKDB_LEGS) if _ok(measured, title, name))
        ratio, memory = best / _cpu(own), best / own["phases"]["in_memory"]["cpu_s"]
        figure = f"{ratio:.1f}; against the search alone, from memory, {memory:.1f}"
        add(
            f"CPU of DuckDB's search (the better plan) / détente's, {words}", ">= 10", figure, reached=ratio >= 10
        )
        sort = _cpu(own) / _cpu(race[POLARS])
        add(
            f"CPU of the search / of reading and sorting, {words}",
            "<= 1 (1.5 acceptable)",
            f"{sort:.2f}",
            reached=sort <= 1.5,
        )
        if title == "10m":
            add("peak memory, 10 M", "< 1 GB", f"{own['peak_mib']:.0f} MiB", reached=own["peak_mib"] < 953.7)
    for plant in ("teleport", "fast"):
        for title in ("1m", "10m"):
            if _ok(measured, title, OWN) and _ok(measured, f"{title}-{plant}", OWN):
                change = _cpu(measured[f"{title}-{plant}"][OWN]) / _cpu(measured[title][OWN]) - 1
                words = "one teleport" if plant == "teleport" else "one mover at 480 kn"
                figure = f"{change:+.1%}"
                add(f"CPU with {words}, {title[:-1]} M", "within 10 %", figure, reached=change <= 0.10)
    if _ok(measured, "picture", OWN, BLUESKY):
        ratio = _cpu(measured["picture"][BLUESKY]) / _cpu(measured["picture"][OWN])
        add("CPU of bluesky / détente, one picture", ">= 50", f"{ratio:.0f}", reached=ratio >= 50)
    seconds = measured["start"]["help_best_s"]
    add("`detente --help`, wall", "< 0.3 s", f"{seconds:.2f} s", reached=seconds < 0.3)
    return "\n".join(rows) + "\n"


HEAD = (
    "| | CPU s | wall s | fixes per CPU s | peak MiB | pairs | missed | extra "
    "| CPU / détente's | all runs, CPU s |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def _race(title: str, race: Result) -> str:
    rows = [f"## {title}", "", HEAD]
    own = race.get(OWN, {"failed": ""})
    for name, one in race.items():
        if "failed" in one:
            rows.append(f"| {name} | {one['failed']} | | | | | | | | |")
            continue
        if "sort_mover_time" in one["phases"]:
            rows += _yardstick(name, one, own)
            continue
        rows.append(_row(name, one, own, "search"))
        if "read" in one["phases"]:
            words = "of that, reading alone (again)" if name == OWN else "its reading, not counted above"
            read = one["phases"]["read"]
            rows.append(f"| - {words} | {read['cpu_s']:.2f} | {read['wall_s']:.2f} | | | | | | | |")
        if "in_memory" in one["phases"]:
            alone = one["phases"]["in_memory"]
            rows.append(
                f"| - its search alone, fixes in memory, no table | {alone['cpu_s']:.2f} | {alone['wall_s']:.2f} "
                f"| {one['fixes'] / alone['cpu_s']:,.0f} | | | | | | |"
            )
    note = ""
    for name, one in race.items():
        if one.get("stopped"):
            note = f"\n{name} ran out of time after {one['fixes_done']:,} of {one['fixes']:,} fixes.\n"
    return "\n".join(rows) + "\n" + note


def _row(name: str, one: Result, own: Result, phase: str) -> str:
    taken = one["phases"][phase]
    ratio = f"{taken['cpu_s'] / _cpu(own):.2f}" if "failed" not in own else ""
    missed, extra = one.get("missed", ""), one.get("extra", "")
    runs = ", ".join(f"{value:.2f}" for value in one.get("all_cpu_s", []))
    fixes = one.get("fixes_done", one["fixes"])
    return (
        f"| {name} | {taken['cpu_s']:.2f} | {taken['wall_s']:.2f} | {fixes / taken['cpu_s']:,.0f} "
        f"| {one['peak_mib']:,.0f} | {one['pairs']:,} | {missed} | {extra} | {ratio} | {runs} |"
    )


def _yardstick(name: str, one: Result, own: Result) -> list[str]:
    rows = []
    ratio = f"{_cpu(one) / _cpu(own):.2f}" if "failed" not in own else ""
    wall = one["phases"]["read"]["wall_s"] + one["phases"]["sort_mover_time"]["wall_s"]
    runs = ", ".join(f"{value:.2f}" for value in one.get("all_cpu_s", []))
    rows.append(
        f"| {name} by mover, time | {_cpu(one):.2f} | {wall:.2f} | {one['fixes'] / _cpu(one):,.0f} "
        f"| {one['peak_mib']:,.0f} | | | | {ratio} | {runs} |"
    )
    for phase, words in (("read", "- reading all columns"), ("sort_time", "- sorting shuffled rows by time")):
        taken = one["phases"][phase]
        rows.append(f"| {words} | {taken['cpu_s']:.2f} | {taken['wall_s']:.2f} | | | | | | | |")
    return rows


def _solent(race: Result) -> str:
    if not race:
        return ""
    rows = [
        "## A real harbour against geodesics",
        "",
        "Solent, 18,619 real fixes; 675 pairs within 500 m by brute force on WGS 84 geodesics.",
        "",
        "| | pairs | missed | extra | largest difference, m |",
        "|---|---|---|---|---|",
    ]
    for name, one in race.items():
        if "failed" in one:
            rows.append(f"| {name} | {one['failed']} | | | |")
        else:
            rows.append(f"| {name} | {one['pairs']} | {one['missed']} | {one['extra']} | {one['apart_m']:.1e} |")
    return "\n".join(rows) + "\n"


def _curve(measured: dict[str, Result]) -> str:
    points = [
        (measured[title][OWN]["fixes"] / 1e6, _cpu(measured[title][OWN]), measured[title][OWN]["peak_mib"])
        for title in ("1m", "2m", "5m", "10m")
        if _ok(measured, title, OWN)
    ]
    if len(points) < 3:
        return ""
    rows = ["## Cost at equal density", "", "| million fixes | CPU s | CPU s per million | peak MiB |"]
    rows += ["|---|---|---|---|"]
    rows += [f"| {size:.0f} | {cpu:.2f} | {cpu / size:.3f} | {peak:.0f} |" for size, cpu, peak in points]
    mean_x = sum(size for size, _, _ in points) / len(points)
    mean_y = sum(cpu for _, cpu, _ in points) / len(points)
    across = sum((size - mean_x) ** 2 for size, _, _ in points)
    slope = sum((size - mean_x) * (cpu - mean_y) for size, cpu, _ in points) / across
    level = mean_y - slope * mean_x
    rest = sum((cpu - level - slope * size) ** 2 for size, cpu, _ in points)
    whole = sum((cpu - mean_y) ** 2 for _, cpu, _ in points)
    fit = 1 - rest / whole
    return "\n".join(rows) + f"\n\nLine: {slope:.3f} s per million fixes {level:+.2f} s; R² = {fit:.4f}.\n"


def _planted(measured: dict[str, Result]) -> str:
    rows = ["## One bad fix, one fast mover", "", "| archive | contender | CPU s | as planted | change | pairs |"]
    rows += ["|---|---|---|---|---|---|"]
    for title in ("1m", "10m"):
        for plant in ("teleport", "fast"):
            for name, one in measured.get(f"{title}-{plant}", {}).items():
                if not _ok(measured, title, name) or "failed" in one:
                    rows.append(f"| {title}, {plant} | {name} | | {one.get('failed', '')} | | |")
                    continue
                before, after = _cpu(measured[title][name]), _cpu(one)
                change = f"{after / before - 1:+.1%}"
                rows.append(
                    f"| {title}, {plant} | {name} | {before:.2f} | {after:.2f} | {change} | {one['pairs']:,} |"
                )
    return "\n".join(rows) + "\n"


def _picture(race: Result) -> str:
    rows = ["## One picture: 10,000 aircraft, 5 NM, 1,000 ft, 300 s", ""]
    rows += [
        "| | CPU s | wall s | peak MiB | pairs | missed | extra | all runs, CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in race.items():
        if "failed" in one:
            rows.append(f"| {name} | {one['failed']} | | | | | | |")
            continue
        taken = one["phases"]["search"]
        runs = ", ".join(f"{value:.3f}" for value in one.get("all_cpu_s", []))
        rows.append(
            f"| {name} | {taken['cpu_s']:.3f} | {taken['wall_s']:.3f} | {one['peak_mib']:.0f} | {one['pairs']:,} "
            f"| {one.get('missed', '')} | {one.get('extra', '')} | {runs} |"
        )
    return (
        "\n".join(rows)
        + "\n\nbluesky computes on a flat Earth from a middle latitude; what differs lies at the limits.\n"
    )


def _start(start: Result) -> str:
    best, median = start["help_best_s"], start["help_s"]
    first, later = start["first_s"], start["later_s"]
    return f"""## Starting

`detente --help`: {best:.2f} s wall (best of 7; median {median:.2f} s). Compiling all kernels, once per
install: {first:.1f} s; loading them from the cache later: {later:.1f} s, with Python and Polars.
"""
