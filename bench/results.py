"""The page that the benchmark writes."""

from __future__ import annotations

from typing import Any

__all__ = ["AREAS", "AREAS_COVERED", "BLUESKY", "DUCKDB", "DUCKDB_LEGS", "DUCKDB_ONE", "OWN", "POLARS", "page"]

Result = dict[str, Any]

OWN = "détente"
AREAS = "visits of 500 areas"
AREAS_COVERED = "visits of 500 areas, and near which of them anybody was seen"
DUCKDB = "DuckDB, box per mover and slot"
DUCKDB_ONE = "DuckDB, box per mover and slot, one thread"
DUCKDB_LEGS = "DuckDB, box per leg"
POLARS = "Polars, read and sort"
BLUESKY = "bluesky, compiled"
GB_MIB = 1e9 / 2**20


def page(sections: dict[str, Result], remarks: str) -> str:
    """Return the whole page as Markdown from what each section holds, and what a person remarks on it."""
    measured = {name: section["measured"] for name, section in sections.items()}
    parts = [_head(sections), _bars(measured), remarks]

    def add(name: str, title: str, text: str) -> None:
        if name in sections and text:
            parts.append(f"## {title}\n\n{_when(sections[name])}\n\n{text}")

    add("search-1m", "1 million fixes", _race(measured.get("search-1m", {}).get("1m", {})))
    add("search-10m", "10 million fixes", _race(measured.get("search-10m", {}).get("10m", {})))
    add("legs-10m", "10 million fixes, the other plan of SQL", _race(measured.get("legs-10m", {}).get("10m", {})))
    add("kdtree-10m", "10 million fixes, the KD-tree", _race(measured.get("kdtree-10m", {}).get("10m", {})))
    for name, words in (("odd-1m", "1 million"), ("odd-10m", "10 million"), ("odd-duckdb", "1 million, DuckDB")):
        add(name, f"One bad fix, one fast mover among {words}", _planted(measured.get(name, {})))
    add("areas-10m", "500 areas among 10 million fixes", _areas(measured.get("areas-10m", {}).get("10m", {})))
    add("curve", "Cost at equal density", _curve(measured.get("curve", {})))
    broken = measured.get("broken-1m", {}).get("1m-broken", {})
    add("broken-1m", "1 million fixes, motion at rest broken by gaps", _race(broken))
    for title, words in (("hour", "One hour of one sea"), ("minutes", "Ten minutes of one sea")):
        race = measured.get("slow-peers", {}).get(title, {})
        add("slow-peers", f"{words}: what the slower ones can finish", _race(race))
    add("solent", "A real harbour against geodesics", _solent(measured.get("solent", {}).get("solent", {})))
    add("picture", "One picture: 10,000 aircraft, 5 NM, 1,000 ft, 300 s", _picture(measured.get("picture", {})))
    add("starting", "Starting", _start(measured.get("starting", {})))
    return "\n".join(part for part in parts if part)


def _cpu(one: Result) -> float:
    phases = one["phases"]
    if "search" in phases:
        return float(phases["search"]["cpu_s"])
    return float(phases["read"]["cpu_s"] + phases["sort_mover_time"]["cpu_s"])


def _ok(race: Result, *names: str) -> bool:
    return all(name in race and "failed" not in race[name] for name in names)


def _when(section: Result) -> str:
    before, after = section["load"]
    return f"{section['begun']}, revision {section['revision']}, load average before {before:.2f}, after {after:.2f}."


def _head(sections: dict[str, Result]) -> str:
    versions: dict[str, str] = {}
    for section in sections.values():
        for race in section["measured"].values():
            for one in race.values():
                if isinstance(one, dict) and "version" in one:
                    versions[one["name"].split("-")[0]] = one["version"]
    listed = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    machines = sorted({section["machine"] for section in sections.values()})
    return f"""# Results

Made by `python bench/run.py` from `bench/results/`, one file a section, each measured whole in one run.

{"; ".join(machines)}; {listed}.

How it is measured, and what each contender does, is in [README.md](README.md). CPU seconds are user and system,
all threads. A search's figures do not contain the reading, except détente's, which always do unless said. Where
the load average before a section is above 1, other work ran on the machine at the same time.
"""


class _Bars:
    """Rows of what was to be reached."""

    def __init__(self) -> None:
        self.rows = ["## What was to be reached", "", "| | to reach | measured | |", "|---|---|---|---|"]

    def add(self, what: str, bar: str, figure: str, *, reached: bool) -> None:
        """Add one row."""
        self.rows.append(f"| {what} | {bar} | {figure} | {'reached' if reached else '**missed**'} |")


def _bars(measured: dict[str, Result]) -> str:
    bars = _Bars()
    for section, title, words in (
        ("search-1m", "1m", "1 M"),
        ("search-10m", "10m", "10 M"),
        ("broken-1m", "1m-broken", "1 M, broken rest"),
    ):
        race = measured.get(section, {}).get(title, {})
        if _ok(race, OWN, DUCKDB, POLARS):
            _search_bars(bars, race, words)
        if _ok(race, OWN) and title == "10m":
            peak = race[OWN]["peak_mib"]
            bars.add("peak memory, 10 M", "< 1 GB", f"{peak:.0f} MiB", reached=peak < GB_MIB)
    for section, title in (("odd-1m", "1m"), ("odd-10m", "10m")):
        races = measured.get(section, {})
        for plant, words in (("teleport", "one teleport"), ("fast", "one mover at 480 kn")):
            plain, planted = races.get(title, {}), races.get(f"{title}-{plant}", {})
            if _ok(plain, OWN) and _ok(planted, OWN):
                change = _cpu(planted[OWN]) / _cpu(plain[OWN]) - 1
                what = f"CPU with {words}, {title[:-1]} M"
                bars.add(what, "within 10 %", f"{change:+.1%}", reached=change <= 0.10)
    _areas_bar(bars, measured.get("areas-10m", {}).get("10m", {}))
    points = _points(measured.get("curve", {}))
    if len(points) > 2:
        _, _, fit = _line(points)
        bars.add("cost at equal density", "linear", f"R² = {fit:.4f}", reached=fit > 0.99)
    race = measured.get("picture", {}).get("picture", {})
    if _ok(race, OWN, BLUESKY):
        ratio = _cpu(race[BLUESKY]) / _cpu(race[OWN])
        bars.add("CPU of bluesky / détente, one picture", ">= 50", f"{ratio:.0f}", reached=ratio >= 50)
    if "starting" in measured:
        seconds = measured["starting"]["start"]["help_best_s"]
        bars.add("`detente --help`, wall", "< 0.3 s", f"{seconds:.2f} s", reached=seconds < 0.3)
    return "\n".join(bars.rows) + "\n"


def _areas_bar(bars: _Bars, race: Result) -> None:
    """Add what the search for visits was to reach."""
    if _ok(race, OWN, AREAS):
        ratio = _cpu(race[AREAS]) / _cpu(race[OWN])
        bars.add("CPU of 500 areas / of the pairs, 10 M", "<= 0.5", f"{ratio:.2f}", reached=ratio <= 0.5)


def _search_bars(bars: _Bars, race: Result, words: str) -> None:
    """Add what a race of searches was to reach."""
    own = race[OWN]
    if "missed" in own:
        figure = f"{own['missed']} missed, {own['extra']} extra of {own['pairs']:,}"
        reached = not own["missed"] and not own["extra"]
        bars.add(f"exact, {words}", "none beyond 0.5 m", figure, reached=reached)
    best = min(_cpu(race[name]) for name in (DUCKDB, DUCKDB_ONE, DUCKDB_LEGS) if _ok(race, name))
    whole, memory = best / _cpu(own), best / own["phases"]["in_memory"]["cpu_s"]
    bars.add(
        f"CPU of DuckDB's search / détente's, {words}",
        ">= 10, search against search",
        f"{memory:.1f}; {whole:.1f} with détente's reading and table counted",
        reached=memory >= 10,
    )
    sort = _cpu(own) / _cpu(race[POLARS])
    bars.add(
        f"CPU of the search, with its reading / of reading and sorting, {words}",
        "<= 1 (1.5 acceptable)",
        f"{sort:.2f}",
        reached=sort <= 1.5,
    )


HEAD = (
    "| | CPU s | wall s | fixes per CPU s | peak MiB | pairs | missed | extra "
    "| CPU / détente's | all runs, CPU s |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def _race(race: Result) -> str:
    if not race:
        return ""
    rows = [HEAD]
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


def _points(races: dict[str, Result]) -> list[tuple[float, float, float]]:
    """Return millions of fixes, CPU seconds and peak memory of each size."""
    return [
        (races[title][OWN]["fixes"] / 1e6, _cpu(races[title][OWN]), races[title][OWN]["peak_mib"])
        for title in ("1m", "2m", "5m", "10m")
        if _ok(races.get(title, {}), OWN)
    ]


def _line(points: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return slope, level and R² of the line of CPU seconds over millions of fixes."""
    mean_x = sum(size for size, _, _ in points) / len(points)
    mean_y = sum(cpu for _, cpu, _ in points) / len(points)
    across = sum((size - mean_x) ** 2 for size, _, _ in points)
    slope = sum((size - mean_x) * (cpu - mean_y) for size, cpu, _ in points) / across
    level = mean_y - slope * mean_x
    rest = sum((cpu - level - slope * size) ** 2 for size, cpu, _ in points)
    whole = sum((cpu - mean_y) ** 2 for _, cpu, _ in points)
    return slope, level, 1 - rest / whole


def _curve(races: dict[str, Result]) -> str:
    points = _points(races)
    if len(points) < 3:
        return ""
    rows = ["| million fixes | CPU s | CPU s per million | peak MiB |", "|---|---|---|---|"]
    rows += [f"| {size:.0f} | {cpu:.2f} | {cpu / size:.3f} | {peak:.0f} |" for size, cpu, peak in points]
    slope, level, fit = _line(points)
    return "\n".join(rows) + f"\n\nLine: {slope:.3f} s per million fixes {level:+.2f} s; R² = {fit:.4f}.\n"


def _planted(races: dict[str, Result]) -> str:
    rows = [
        "| archive | contender | CPU s | change | pairs | near in a slot | gone through | all runs, CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    plain = next((race for title, race in races.items() if "-" not in title), {})
    for title, race in races.items():
        for name, one in race.items():
            if "failed" in one:
                rows.append(f"| {title} | {name} | {one['failed']} | | | | | |")
                continue
            change = f"{_cpu(one) / _cpu(plain[name]) - 1:+.1%}" if race is not plain and _ok(plain, name) else ""
            runs = ", ".join(f"{value:.2f}" for value in one.get("all_cpu_s", []))
            work = [f"{one[count]:,}" if count in one else "" for count in ("pairs_tested", "pairs_examined")]
            rows.append(
                f"| {title} | {name} | {_cpu(one):.2f} | {change} | {one['pairs']:,} | {' | '.join(work)} | {runs} |"
            )
    return "\n".join(rows) + "\n"


def _areas(race: Result) -> str:
    if not _ok(race, OWN):
        return ""
    rows = [
        "| | CPU s | wall s | peak MiB | found | CPU / the pairs' | all runs, CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, one in race.items():
        if "failed" in one:
            rows.append(f"| {name} | {one['failed']} | | | | | |")
            continue
        taken, ratio = one["phases"]["search"], _cpu(one) / _cpu(race[OWN])
        words = "pairs within 500 m" if name == OWN else name
        runs = ", ".join(f"{value:.2f}" for value in one.get("all_cpu_s", []))
        rows.append(
            f"| {words} | {taken['cpu_s']:.2f} | {taken['wall_s']:.2f} | {one['peak_mib']:,.0f} | {one['pairs']:,} "
            f"| {ratio:.2f} | {runs} |"
        )
    return "\n".join(rows) + "\n"


def _picture(races: dict[str, Result]) -> str:
    race = races.get("picture", {})
    rows = [
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


def _start(races: dict[str, Result]) -> str:
    if "start" not in races:
        return ""
    start = races["start"]
    best, median = start["help_best_s"], start["help_s"]
    first, later = start["first_s"], start["later_s"]
    return f"""`detente --help`: {best:.2f} s wall (best of 7; median {median:.2f} s). Compiling all kernels, once per
install: {first:.1f} s; loading them from the cache later: {later:.1f} s, with Python and Polars.
"""
