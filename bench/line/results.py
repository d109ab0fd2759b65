"""The figures of the line as a page: what was to be reached, what was measured, and how each was taken."""

from __future__ import annotations

from typing import Any

__all__ = ["text"]

Measured = dict[str, Any]


def text(measured: Measured, machine: str) -> str:
    """Return RESULTS.md of what was measured so far."""
    lines = ["# Results: the line", "", f"`make bench-line`; {machine}.", ""]
    lines += ["How each is measured is in [README.md](README.md). A figure that falls short says so.", ""]
    lines += ["| | to reach | measured | |", "|---|---|---|---|"]
    for part in ("exchange", "drain", "open", "audit"):
        if part in measured:
            lines += _ROWS[part](measured[part])
    if "exchange" in measured:
        lines += ["", "## The exchange", "", *_exchange(measured["exchange"])]
    if "store" in measured:
        lines += ["", "## The record in either store", "", *_stores(measured["store"])]
    if "tree" in measured and "pymerkle" in measured["tree"]:
        lines += ["", "## The tree beside pymerkle", "", *_tree(measured["tree"])]
    lines += ["", "## When", ""]
    lines += [
        f"- {part}: {one['date']}, revision {one['revision']}, load average before {one['load']}"
        for part, one in measured.items()
    ]
    return "\n".join(lines) + "\n"


def _row(what: str, goal: str, figure: str, *, reached: bool) -> str:
    return f"| {what} | {goal} | {figure} | {'reached' if reached else '**missed**'} |"


def _exchange_rows(found: Measured) -> list[str]:
    rows = []
    asked = (("1000", "whole exchange in thousands, beside raw Ed25519", 0.5), ("100", "in hundreds", 1 / 3))
    for batch, what, least in asked:
        one = found[batch]
        figure = f"{one['ratio']:.2f} (by CPU seconds {one['cpu_ratio']:.2f})"
        rows.append(_row(what, f">= {least:.2f}", figure, reached=one["ratio"] >= least))
    return rows


def _drain_rows(found: Measured) -> list[str]:
    most = max(found["plain_s"], found["sealed_s"])
    figure = f"{found['plain_s']:.1f} s; sealed {found['sealed_s']:.1f} s"
    return [_row(f"{found['notices']:,} waiting notices through bundles", "<= 30 s", figure, reached=most <= 30)]


def _open_rows(found: Measured) -> list[str]:
    what = f"a log of {found['statements']:,} statements ({found['file_mib']:,.0f} MiB)"
    most = max(found["open_reading_s"], found["open_writing_s"])
    figure = f"{found['open_reading_s'] * 1000:.0f} ms to read, {found['open_writing_s'] * 1000:.0f} ms to write"
    proof = (
        f"{found['proof_ms']:.1f} ms (CPU {found['proof_cpu_ms']:.1f}; first {found['proof_first_ms']:.1f}, "
        f"most {found['proof_most_ms']:.1f})"
    )
    return [
        _row(f"{what}: open", "<= 2 s", figure, reached=most <= 2),
        _row("- proof of one entry, the whole evidence", "<= 10 ms", proof, reached=found["proof_ms"] <= 10),
        _row(
            "- peak memory of both", "<= 300 MB", f"{found['peak_mib']:.0f} MiB",
            reached=found["peak_mib"] * 1.048576 <= 300,
        ),
    ]  # fmt: skip


def _audit_rows(found: Measured) -> list[str]:
    figure = (
        f"{found['ratio']:.2f} (by CPU seconds {found['cpu_ratio']:.2f}): {found['audit_s']:.0f} s, "
        f"{found['statements_per_s']:,.0f}/s; "
        f"raw {found['raw_verify_per_s']:,.0f}/s"
    )
    what = f"full audit of {found['statements']:,} statements, beside the raw verify rate on all cores"
    return [_row(what, ">= 0.7", figure, reached=found["ratio"] >= 0.7)]


def _exchange(found: Measured) -> list[str]:
    lines = [
        "Medians of rounds; both sides in one process. Raw: 1 / (one sign + one verify).",
        "",
        "| at once | notices/s | raw/s | ratio (least, most) | bare syncs/s | syncs in the time of one |",
        "|---|---|---|---|---|---|",
    ]
    for batch, one in found.items():
        if batch.isdigit():
            lines.append(
                f"| {batch} | {one['notices_per_s']:,.0f} | {one['raw_per_s']:,.0f} | {one['ratio']:.2f} "
                f"({one['ratio_least']:.2f}, {one['ratio_most']:.2f}) | {one['syncs_per_s']:,.0f} "
                f"| {one['syncs_per_notice']:.2f} |"
            )
    lines += [
        "",
        "Singly, a notice and its receipt cost at most three durable commits and two syncs of head files over both",
        "sides: counted on the disk itself by `tests/faults/test_syncs.py`.",
    ]
    return lines


def _stores(found: Measured) -> list[str]:
    lines = [
        f"Durable appends at the store alone, no signatures: SQLite files, and PostgreSQL {found['version']} on the",
        "same machine and disk, in turn. CPU is this process's; the server's own comes on top. Bare syncs of 4 KiB in",
        f"the same run: {found['syncs_per_s']:,.0f}/s.",
        "",
        "| at once | SQLite, statements/s (least, most) | PostgreSQL | ratio | CPU of one, us: SQLite, PostgreSQL |",
        "|---|---|---|---|---|",
    ]
    own, other = found["stores"]["sqlite"], found["stores"]["postgresql"]
    for batch, one in own.items():
        two = other[batch]
        lines.append(
            f"| {batch} | {_span(one)} | {_span(two)} | {two['per_s'] / one['per_s']:.2f} "
            f"| {one['cpu_us']:,.0f}, {two['cpu_us']:,.0f} |"
        )
    return lines


def _span(one: Measured) -> str:
    return f"{one['per_s']:,.0f} ({one['least']:,.0f}, {one['most']:,.0f})"


def _tree(found: Measured) -> list[str]:
    own, peer = found["detente"], found["pymerkle"]
    lines = [
        f"{own['leaves']:,} leaves in memory, one thread; proofs are made and checked.",
        "",
        "| | détente | pymerkle | ratio |",
        "|---|---|---|---|",
    ]
    for name in ("append", "inclusion", "consistency"):
        one, other = own[f"{name}_per_s"], peer[f"{name}_per_s"]
        lines.append(f"| {name}, /s | {one:,.0f} | {other:,.0f} | {one / other:.1f} |")
    return lines


_ROWS = {"exchange": _exchange_rows, "drain": _drain_rows, "open": _open_rows, "audit": _audit_rows}
