"""Write the tables of docs/agreements.md from the agreements' files.

python tools/agreements_table.py            write them
python tools/agreements_table.py --check    exit 1 when the page is not what the files say
"""

from __future__ import annotations

import sys
from pathlib import Path

from detente.rules import shelf
from detente.rules.agreement import Agreement, Clause
from detente.rules.measures import fact_words
from detente.rules.wording import addressees_words, binding_words, deadline_words

PAGE = Path(__file__).resolve().parent.parent / "docs" / "agreements.md"
BEGIN = "<!-- the tables below are written by tools/agreements_table.py -->\n"


def tables() -> str:
    """Return one table of all agreements and one of each agreement's clauses."""
    agreements = shelf.shelved()
    lines = ["| agreement | title | binding | in force | parties |", "|---|---|---|---|---|"]
    lines += [
        f"| `{one.id}` | {one.title.en} | {binding_words(one.binding)} | {one.since} to {one.until or 'now'} "
        f"| {parties(one)} |"
        for one in agreements
    ]
    for one in agreements:
        lines += [
            "",
            f"### {one.id}",
            "",
            "| clause | § | set off by | due | to | verified |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {clause.title.en} | {clause.paragraph} | {trigger(clause)} | {deadline_words(clause.deadline)} "
            f"| {addressees_words(clause)} | {clause.verified} |"
            for clause in one.clauses
        ]
    return "\n".join(lines) + "\n"


def parties(agreement: Agreement) -> str:
    """Return the parties in a cell: all by their codes while they are few."""
    states = sorted({state for one in agreement.parties for state in one.states})
    if agreement.everyone:
        return "all states"
    said = ", ".join(states) if len(states) <= 12 else f"{len(states)} states"
    return said if agreement.complete else f"{said}, and more that are not named here"


def trigger(clause: Clause) -> str:
    """Return what sets a clause off, in a cell."""
    limits = f" {'or' if clause.combine == 'any' else 'and'} ".join(
        f"{fact_words(one.metric)} {one.op} {one.value:,}" for one in clause.thresholds
    )
    return ", ".join(kind.replace("_", " ") for kind in clause.kinds) + (f": {limits}" if limits else "")


def main() -> None:
    """Write or check the page."""
    page = PAGE.read_text(encoding="utf-8")
    head, _, _ = page.partition(BEGIN)
    written = head + BEGIN + "\n" + tables()
    if "--check" in sys.argv[1:]:
        sys.exit(
            0
            if page == written
            else f"{PAGE.name} is not what the agreements' files say: run {Path(__file__).name}"
        )
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
