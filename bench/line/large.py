"""A log of millions of entries: built, opened, one entry proven, everything audited.

large.py build FOLDER --statements 2000000 [--at-most 100000]
large.py open FOLDER
large.py audit FOLDER

``build`` writes it as an officer's desk would, through machine, signer and store, in batches of a thousand: every
statement has its body, its signature and its links, every batch its signed head. It goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from pair import MEMBERS, PASSPHRASE, drafts, found_homes, opened
from stopwatch import both_timed, middle, must, peak_mib, raw_verify, report

from detente.line.effects import Submitted
from detente.node.audit import audit_line
from detente.node.book import Book
from detente.node.evidence_file import evidence_of
from detente.node.home import open_reading, open_writing
from detente.node.host import Host

PROOFS = 300


def main() -> None:
    """Do one part and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["build", "open", "audit"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--statements", type=int, default=2_000_000)
    parser.add_argument("--at-most", type=int, default=1 << 40, help="statements to add in this run")
    parser.add_argument(
        "--raw-s", type=float, default=4.0, help="how long the bare rate of verifying is measured"
    )
    given = parser.parse_args()
    if given.part == "build":
        build(given.folder, given.statements, given.at_most)
    elif given.part == "open":
        measure_open(given.folder / MEMBERS[0])
    else:
        measure_audit(given.folder / MEMBERS[0], given.raw_s)


def build(folder: Path, statements: int, at_most: int) -> None:
    """Add statements until there are enough, or until this run has added its share."""
    if not (folder / MEMBERS[0]).exists():
        folder.mkdir(parents=True, exist_ok=True)
        found_homes(folder)
    with open_reading(folder / MEMBERS[0]) as home:
        line = home.lines()[0]
    start = time.perf_counter()
    with opened(folder / MEMBERS[0], line) as host:
        log = host.state.logs[host.state.own_origin]
        before = log.size
        while log.size < min(statements, before + at_most):
            host.give(Submitted(drafts(min(1000, statements - log.size))))
        report(statements=log.size, added=log.size - before, seconds=time.perf_counter() - start)


def measure_open(path: Path) -> None:
    """Open for reading, prove entries anywhere; then open for writing as ``send`` does, all in a fresh process."""
    start = time.perf_counter()
    with open_reading(path) as home:
        book = Book.open(home.member, home.record(home.lines()[0]))
        open_reading_s = time.perf_counter() - start
        (origin,) = book.origins()
        size = book.size(origin)
        chance = random.Random(1972)
        proofs_s = []
        with tempfile.NamedTemporaryFile(prefix="detente-bench-") as out:
            for _ in range(PROOFS):
                seq = chance.randrange(size)

                def prove(seq: int = seq) -> None:
                    out.write(evidence_of(book, book.entry(origin, seq), without_body=False))

                proofs_s.append(both_timed(prove))
    start = time.perf_counter()
    with open_writing(path, PASSPHRASE) as home:
        host = Host(home, home.lines()[0])
        host.open()
        open_writing_s = time.perf_counter() - start
    walls_ms = [wall_s * 1000 for wall_s, _ in proofs_s]
    report(
        statements=size,
        file_mib=home_file(path).stat().st_size / (1 << 20),
        open_reading_s=open_reading_s,
        open_writing_s=open_writing_s,
        proof_first_ms=walls_ms[0],
        proof_ms=middle(walls_ms),
        proof_most_ms=max(walls_ms),
        proof_cpu_ms=middle(cpu_s * 1000 for _, cpu_s in proofs_s),
        peak_mib=peak_mib(),
    )


def measure_audit(path: Path, raw_s: float) -> None:
    """Audit everything on all cores, with their raw rate of verifying before and after."""
    before, found = raw_verify(raw_s), []
    with open_reading(path) as home:
        audit_s, cpu_s = both_timed(lambda: found.append(audit_line(home, home.lines()[0])))
    (audit,) = found
    must(not audit.faults, audit.faults[:3])
    after = raw_verify(raw_s)
    raw = (before[0] + after[0]) / 2
    statements = audit.counts["statements"]
    report(
        statements=statements, audit_s=audit_s, statements_per_s=statements / audit_s, raw_verify_per_s=raw,
        ratio=statements / audit_s / raw,
        cpu_ratio=(before[1] + after[1]) / 2 * statements / cpu_s, counts=dict(audit.counts),
    )  # fmt: skip


def home_file(path: Path) -> Path:
    """Return the record of the home's one line."""
    return next((path / "lines").glob("*/record.sqlite3"))


if __name__ == "__main__":
    main()
