"""Replays: an archive played gives the archive's rows, by its own times, at any speed, and then it ends."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from pathlib import Path
from typing import cast

import polars as pl
import pytest

from detente.encounters import find
from detente.encounters.live_search import LiveSearch
from detente.tracks import read
from detente.tracks.errors import TrackMistake
from detente.tracks.live_cleaning import LiveCleaner
from detente.tracks.reasons import Reason, Tally
from detente.watch.feeds.address import parse_feed
from detente.watch.feeds.replay import ReplayFeed
from tests.tracks.frames import tracks
from tests.tracks.radio import class_a, tag_block
from tests.tracks.test_cleaning import sailing
from tests.watch.feed_servers import Heard, hear

GAP_S = 180.0


def played(text: str, within_s: float = 30.0) -> Heard:
    return asyncio.run(hear(parse_feed(text), within_s=within_s))


def test_at_full_speed_the_archives_rows_come_with_its_whole_account(shared: Path) -> None:
    path = shared / "data/ais/SolentAIS_20160112_130211.csv"
    tally = Tally()
    archive = read(path, clean=False, tally=tally).collect()
    heard = played(f"replay:{path}@max")
    assert heard.rows.equals(archive)
    assert heard.received == tally.rows
    assert {Reason(name): count for name, count in heard.rejected.items()} == {
        reason: count for reason, count in tally.rejected.items() if reason is not Reason.NO_POSITION
    }
    for batch in heard.batches:
        assert batch.rows.is_empty() or cast("object", batch.rows["time"].max()) <= batch.received_at  # type: ignore[operator]


def test_the_clock_of_a_replay_runs_at_its_speed_and_ticks_in_silence(tmp_path: Path) -> None:
    frame = tracks(sailing([0, 1, 2, 40, 41]))
    frame.write_parquet(tmp_path / "day.parquet")
    heard = played(f"replay:{tmp_path / 'day.parquet'}@40x")
    first = frame["time"][0]
    assert [batch.received_at for batch in heard.batches] == [
        first + timedelta(seconds=10 * tick) for tick in range(1, len(heard.batches) + 1)
    ]
    assert [batch.rows.height for batch in heard.batches] == [3, 0, 0, 1, 1]
    assert heard.rows.equals(frame)


def test_a_replay_in_pieces_has_rows_of_other_order_put_in_order(tmp_path: Path) -> None:
    frame = tracks(sailing([0, 30, 10, 20]))
    frame.write_parquet(tmp_path / "day.parquet")
    heard = played(f"replay:{tmp_path / 'day.parquet'}@max")
    assert heard.rows["time"].is_sorted()
    assert heard.rows.height == 4


def test_rejects_behind_the_last_row_are_accounted(tmp_path: Path) -> None:
    stamp = tag_block("c:1671533231")
    path = tmp_path / "log.nmea"
    path.write_text("\n".join([stamp + class_a(), stamp + class_a()[:-1] + "x", class_a()]), encoding="latin-1")
    heard = played(f"replay:{path}@max")
    assert heard.received == 3
    assert heard.rows.height == 1
    assert sum(heard.rejected.values()) == 2


def test_a_format_without_a_date_begins_where_the_person_says(tmp_path: Path) -> None:
    path = tmp_path / "log.nmea"
    path.write_text(class_a(second=7), encoding="latin-1")
    heard = played(f"replay:{path}@max#start=2018-04-04T00:00:00Z")
    assert heard.rows["time"].dt.to_string("%Y-%m-%dT%H:%M:%S").to_list() == ["2018-04-04T00:00:07"]
    assert played(f"replay:{path}@max").rejected == {"no_time": 1}


def test_a_file_that_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "cake.txt"
    path.write_text("two eggs\n", encoding="ascii")
    with pytest.raises(TrackMistake):
        played(f"replay:{path}@max")


def test_a_replay_that_is_left_in_the_middle_closes_its_file(tmp_path: Path) -> None:
    frame = tracks(sailing(range(1_000)))
    frame.write_parquet(tmp_path / "day.parquet")

    async def story() -> Heard:
        feed = ReplayFeed("day", tmp_path / "day.parquet", math.inf)
        return await hear(feed, until=lambda heard: len(heard.batches) >= 2)

    assert asyncio.run(story()).rows.height == 11


def test_an_empty_archive_ends_at_once(tmp_path: Path) -> None:
    tracks(sailing([0])).clear().write_parquet(tmp_path / "empty.parquet")
    heard = played(f"replay:{tmp_path / 'empty.parquet'}@max")
    assert heard.received == 0
    assert pl.concat([tracks(sailing([0])).clear(), *(batch.rows for batch in heard.batches)]).is_empty()


@pytest.mark.prove
@pytest.mark.parametrize("slice_rows", [50, 1_700])
def test_a_recorded_day_cleaned_and_searched_live_gives_the_archives_encounters(
    shared: Path, slice_rows: int
) -> None:
    path = shared / "data/ais/SolentAIS_20160112_130211.csv"
    archive = find(read(path), max_gap_s=GAP_S)
    cleaner, search = LiveCleaner(), LiveSearch(max_gap_s=GAP_S, late_s=GAP_S + 10.0)
    found = [
        search.push(cleaner.push(rows)) for rows in played(f"replay:{path}@max").rows.iter_slices(slice_rows)
    ]
    found += [search.push(cleaner.close()), search.close()]
    ours = search.refreshed(pl.concat(found))
    order = ["entered", "a", "b"]
    assert archive.height > 900
    assert ours.sort(order).equals(archive.sort(order))
