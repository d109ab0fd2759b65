"""Two watches with their own receivers draft the same pass; the evidence of both is recomputed together."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from detente.node.desk_door.record_questions import DraftKept
from tests.desk.desks import running
from tests.desk.door import LINE
from tests.node.serving.served import until
from tests.stories.program import run
from tests.watch.evidence_worlds import CROSSING, heard
from tests.watch.watching import OTHER, OWN, token_file, watching

WAYS = (replace(CROSSING[0], mover=f"mmsi:{OWN}"), replace(CROSSING[1], mover=f"mmsi:{OTHER}"))


def drafted(folder: Path, rows: pl.DataFrame, own: str) -> Path:
    """Let a watch of one side see what its receiver heard; returns the folder of the draft's files."""
    folder.mkdir()
    rows.write_parquet(folder / "day.parquet")
    with running(folder / "home") as desk:
        until(lambda: desk.room.alarms.is_ready, "alarms of before")
        options: list[str | Path] = ["--sides", folder / "sides.toml", "--own", own, "--desk", desk.url, "--token-file",
                   token_file(folder), "--spool", folder / "spool", "--line", LINE, "--author", f"{own},{own},LV",
                   "--until-end"]  # fmt: skip
        with watching(folder, "--feed", f"replay:{folder / 'day.parquet'}@max", *options) as watch:
            assert watch.ended() == 0, watch.log()
        (kept,) = [one for one in desk.door.questions if isinstance(one, DraftKept)]
    files = folder / "evidence"
    files.mkdir()
    for number, one in enumerate(kept.attachments):
        (files / str(number)).write_bytes(one.octets)
    assert [one["mmsi"] for one in kept.notice["own"]] == [OWN if own == "west" else OTHER]
    assert "severity" not in kept.notice
    return files


@pytest.mark.prove
def test_two_watches_with_other_feeds_and_clocks_give_one_incident(tmp_path: Path) -> None:
    west = drafted(tmp_path / "west", heard(WAYS, missing=lambda mover, number: number % 5 == 1), "west")
    fast = heard(WAYS, clock_s=3.0, missing=lambda mover, number: mover == WAYS[1].mover and number % 7 == 2)
    east = drafted(tmp_path / "east", fast, "east")
    for one in (west, east):
        alone = run("recompute", one, "--json")
        assert alone.code == 0, alone.out
    done = run("recompute", west, east, "--json")
    told = json.loads(done.out)
    assert (done.code, told["same"]) == (0, True), told["between"]
    (between,) = told["between"]
    assert between["clock"]["offset_s"] == pytest.approx(3.0, abs=0.001)
    assert between["stated_differently"] == []
    fixes = between["fixes"]
    assert fixes["only_one"] > 20
    assert fixes["only_other"] > 20
    assert (fixes["times_differ"], fixes["positions_differ"]) == (0, 0)
