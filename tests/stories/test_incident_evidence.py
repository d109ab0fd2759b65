"""An incident with its evidence goes over a line both ways, and whoever holds the two entries recomputes it."""

from __future__ import annotations

import json

import msgspec
import polars as pl

from detente.watch.evidence.drafting import incident_draft
from tests.stories.shell import Shell
from tests.watch.evidence_worlds import CROSSING, PATROL, context, heard, met


def told(shell: Shell, member: str, rows: pl.DataFrame) -> str:
    """Let a member send its account of the pass with its evidence; returns the entry."""
    draft = incident_draft(
        met(rows), context(rows, author={"id": member, "name": f"Command {member}"}, own_side=member)
    )
    folder = shell.folder / f"{member}-evidence"
    folder.mkdir()
    for one in draft.attachments:
        (folder / one.name).write_bytes(one.octets)
    (folder / "notice.json").write_bytes(msgspec.json.encode(draft.notice, order="sorted"))
    attached = [word for one in draft.attachments for word in ("--attach", str(folder / one.name))]
    ref: str = shell.json(f"line send {member} --notice {folder / 'notice.json'}", *attached)["ref"]
    return ref


def test_both_accounts_of_a_pass_are_recomputed_from_the_entries_of_the_line(shell: Shell) -> None:
    shell.pair()
    west = told(shell, "west", heard(CROSSING, missing=lambda mover, number: number % 9 == 4))
    shell.exchange("west", "east")
    east = told(
        shell,
        "east",
        heard(CROSSING, clock_s=3.0, missing=lambda mover, number: mover == PATROL and number % 8 == 3),
    )
    shell.exchange("east", "west")
    shell.run(f"line prove east --entry {west} west.json")
    shell.run(f"line prove west --entry {east} east.json")
    found = shell.json("recompute west.json east.json")
    assert found["same"] is True
    assert found["between"][0]["clock"]["offset_s"] == 3.0
    assert found["between"][0]["fixes"]["only_one"] > 10
    assert shell.run("recompute west.json")

    document = json.loads((shell.folder / "west.json").read_bytes())
    (place,) = [
        n for n, one in enumerate(document["bodies"]) if one["content"].startswith("bW92ZXIs")
    ]  # "mover,"
    content = document["bodies"][place]["content"]
    document["bodies"][place]["content"] = content[:400] + ("A" if content[400] != "A" else "B") + content[401:]
    (shell.folder / "west.json").write_text(json.dumps(document))
    shell.run("recompute west.json", code=2)
    assert "tracks.csv" in shell.err
