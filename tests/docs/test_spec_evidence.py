"""The example of spec/evidence.md is what the program writes, byte by byte, and its tables are the program's."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from msgspec.structs import fields, replace

from detente.encounters import find
from detente.tracks import complete
from detente.watch.evidence import cutting, manifest, records, tracks_csv
from detente.watch.evidence.manifest import MadeStated, Manifest, manifest_of
from detente.watch.evidence.reading import evidence_of
from detente.watch.evidence.recomputing import recompute
from detente.watch.evidence.structs import Agreed, Attachment, Context, Definition
from tests.watch.recomputed_alone import episode

PAGE = (Path(__file__).resolve().parents[2] / "spec" / "evidence.md").read_text(encoding="utf-8")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def block(name: str) -> str:
    found = re.search(rf"^```\w+ {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found.group(1)


TRACKS = block("tracks").encode()
MANIFEST = block("manifest").rstrip("\n").encode()


def test_the_example_is_what_the_program_writes() -> None:
    west = [("mmsi:211000001", 50 * n, round(0.005 * n, 3), 0.0) for n in range(3)]
    east = [("mmsi:273000002", 50 * n, round(0.01 - 0.005 * n, 3), 0.001) for n in range(3)]
    rows = [
        {"mover": mover, "time": NOON + timedelta(seconds=after), "lon": lon, "lat": lat, "kind": "ship",
         "source": "csv:ships.csv"}
        for mover, after, lon, lat in (*west, *east)
    ]  # fmt: skip
    frame = complete(pl.LazyFrame(rows).with_columns(pl.col("time").cast(pl.Datetime("us", "UTC")))).collect()
    (found,) = find(frame.lazy(), within_m=300.0).to_dicts()
    row = found | {"side_a": "west", "side_b": "east"}
    assert tracks_csv.write(tracks_csv.surrounding(frame, row, 180.0)) == TRACKS
    context = Context(
        author={}, own_side="west", issued_at=NOON + timedelta(minutes=10), rows=frame,
        definition=Definition(300.0, 304.8, 180.0), agreed=Agreed(200.0, source="example"),
    )  # fmt: skip
    made = manifest_of(
        row, context, [Attachment("tracks.csv", "text/csv", TRACKS)], fixes={"a": 3, "b": 3}, cut=(), not_told=()
    )
    made = replace(made, made=MadeStated(detente="0.1.0", kernel="0" * 16, at=made.made.at))
    assert made.encoded() == MANIFEST
    assert f"`{hashlib.sha256(MANIFEST).hexdigest()}`" in PAGE


def test_the_example_is_read_and_gives_its_figures_to_this_program_and_to_another() -> None:
    outcome = recompute([evidence_of([MANIFEST, TRACKS], name="example")])
    assert outcome.is_same
    alone = episode(MANIFEST, TRACKS)
    assert abs(alone["distance_m"] - 110.574) < 0.001
    assert abs(alone["entered"] - NOON - timedelta(seconds=37.474)) < timedelta(seconds=0.001)


def test_the_page_lists_every_field_and_column_and_the_caps() -> None:
    table = PAGE.split("## 2.", 1)[1].split("## 3.", 1)[0]
    named = {name for line in table.splitlines() if line.startswith("| `")
             for name in re.findall(r"`([a-z_0-9]+)`", line.split("|")[1])}  # fmt: skip
    assert named == {field.name for field in fields(Manifest)}
    assert "\n" + ",".join(tracks_csv.COLUMNS) + "\n" in PAGE
    for figure in (
        manifest.MANIFEST_BYTES_MAX,
        tracks_csv.FIXES_MAX,
        records.RECORDS_MAX,
        records.RECORDS_BYTES_MAX,
    ):
        assert f"{figure:,}" in PAGE
    assert "n of 2, 4, 8, 16, 32" in PAGE
    assert cutting._STEPS == (2, 4, 8, 16, 32)
