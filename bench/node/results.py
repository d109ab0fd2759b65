"""The figures of two served nodes as a page: what was to be reached, what was measured, and on what machine."""

from __future__ import annotations

from typing import Any

__all__ = ["text"]

Measured = dict[str, Any]


def text(measured: Measured) -> str:
    """Return RESULTS.md of what was measured so far."""
    lines = [
        "# Results: two served nodes",
        "",
        "`make bench-node`. How each is measured: [README.md](README.md).",
    ]
    lines += ["A figure that falls short says so.", "", "| | to reach | measured | |", "|---|---|---|---|"]
    for part in ("load", "drain", "hostile"):
        if part in measured:
            lines += _ROWS[part](measured[part])
    if "load" in measured:
        lines += ["", "## Under load", "", *_load(measured["load"]["runs"])]
    if "hostile" in measured:
        lines += ["", "## Own sends during each attack", "", *_hostile(measured["hostile"]["found"])]
    lines += ["", "## When and where", ""]
    lines += [
        f"- {part}: {one['date']}, revision {one['revision']}, load average before {one['load_average']}; "
        f"{one['machine']}"
        for part, one in measured.items()
    ]
    return "\n".join(lines) + "\n"


def _row(what: str, goal: str, figure: str, *, reached: bool) -> str:
    return f"| {what} | {goal} | {figure} | {'reached' if reached else '**missed**'} |"


def _load_rows(found: Measured) -> list[str]:
    runs = found["runs"]
    one = runs[len(runs) // 2]
    accept, delivered, grown = one["accept_ms"], one["delivered_ms"], max(one["memory_growth"].values())
    what = f"{one['per_s']:.0f} notices/s both ways for {one['for_s']:.0f} s, middle of {len(runs)} runs"
    return [
        _row(f"{what}: accepted, p99", "<= 50 ms", f"{accept['p99']:.0f} ms (p50 {accept['p50']:.0f})",
             reached=accept["p99"] <= 50),
        _row("- receipt on the sender's disk, p99", "<= 250 ms",
             f"{delivered['p99']:.0f} ms (p50 {delivered['p50']:.0f})", reached=delivered["p99"] <= 250),
        _row("- memory, the process that grows most", "<= 5 %", f"{grown:.1%}", reached=grown <= 0.05),
    ]  # fmt: skip


def _drain_rows(found: Measured) -> list[str]:
    one = found["found"]
    figure = f"{one['drained_s']:.1f} s"
    return [_row(f"{one['notices']:,} notices after a cut", "<= 30 s", figure, reached=one["drained_s"] <= 30)]


def _hostile_rows(found: Measured) -> list[str]:
    name, one = max(found["found"].items(), key=lambda item: float(item[1]["most_ms"]))
    figure = f"{one['most_ms']:.0f} ms ({name})"
    return [_row("own send during attacks, the slowest", "<= 1 s", figure, reached=one["most_ms"] <= 1000)]


def _load(runs: list[Measured]) -> list[str]:
    lines = [
        "Each notice counts from the moment at which it was due. Syncs: what the disk does bare, 4 KiB each, before",
        "and after the run, on the same machine with whatever else ran there. CPU, bytes and waits are those of both",
        "nodes and both signers together, for each notice: they depend little on what else runs.",
        "",
        "| run | accepted ms: p50, p90, p99, most | delivered ms: p50, p90, p99, most | receipts | bare syncs/s |",
        "|---|---|---|---|---|",
    ]
    for number, one in enumerate(runs, 1):
        accept, delivered = (", ".join(f"{each:.0f}" for each in one[name].values()) for name in _SPREADS)
        lines.append(f"| {number} | {accept} | {delivered} | {one['receipts']:,} | {one['syncs_per_s']:,.0f} |")
    lines += ["", "| run | accepted ms, p99 of each tenth of the time: both sides |", "|---|---|"]
    for number, one in enumerate(runs, 1):
        sides = [", ".join(f"{each:.0f}" for each in side) for side in one["accept_p99_course_ms"]]
        lines.append(f"| {number} | {'; '.join(sides)} |")
    lines += ["", "| run | CPU ms: node, signer | KiB written: node, signer | waits: node, signer | growth |"]
    lines += ["|---|---|---|---|---|"]
    for number, one in enumerate(runs, 1):
        node, signer = one["use_per_notice"]["node"], one["use_per_notice"]["signer"]
        grown = ", ".join(f"{name} {share:.1%}" for name, share in one["memory_growth"].items())
        lines.append(
            f"| {number} | {node['cpu_ms']:.2f}, {signer['cpu_ms']:.2f} | {node['written_bytes'] / 1024:.1f}, "
            f"{signer['written_bytes'] / 1024:.1f} | {node['waits']:.1f}, {signer['waits']:.1f} | {grown} |"
        )
    return lines


_SPREADS = ("accept_ms", "delivered_ms")


def _hostile(found: Measured) -> list[str]:
    lines = ["| meanwhile | at once | sends | p50 ms | slowest ms | begun anew | MiB taken |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for name, one in found.items():
        lines.append(
            f"| {name} | {one['at_once']} | {one['sends']} | {one['p50_ms']:.0f} | {one['most_ms']:.0f} "
            f"| {one['tries'] - one['at_once']} | {one['mib']:.0f} |"
        )
    return lines


_ROWS = {"load": _load_rows, "drain": _drain_rows, "hostile": _hostile_rows}
