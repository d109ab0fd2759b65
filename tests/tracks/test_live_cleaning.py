"""The live cleaning against the archive's: the same rows, the same reasons, however the stream is cut.

Method: a property over random worlds (tests.tracks.test_cleaning.world), real archives, and examples of what is live
only: rows that come too late, and more movers than are remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracks.frames import tracks
from tests.tracks.test_cleaning import cleaned, sailing, world

from detente.tracks import read
from detente.tracks.live_cleaning import LiveCleaner
from detente.tracks.reasons import Note, Reason


def live(frame: pl.DataFrame, places: Sequence[int] = (), cleaner: LiveCleaner | None = None) -> pl.DataFrame:
    """Return all rows that a live cleaner gives of a frame pushed in pieces; holds that none is unaccounted."""
    cleaner = cleaner or LiveCleaner()
    edges = sorted({0, frame.height, *(place % (frame.height + 1) for place in places)})
    pieces = [frame.clear()]
    for start, end in pairwise(edges):
        pieces.append(cleaner.push(frame[start:end]))
        given_so_far = sum(piece.height for piece in pieces)
        assert cleaner.tally.kept == given_so_far + cleaner.undecided.height
    pieces.append(cleaner.close())
    assert cleaner.undecided.is_empty()
    kept = pl.concat(pieces)
    assert cleaner.tally.kept == kept.height
    return kept


@given(seed=st.integers(0, 100_000), rows=st.integers(1, 120), places=st.lists(st.integers(0, 120), max_size=40))
@settings(max_examples=120, deadline=None)
def test_any_cutting_gives_the_archives_rows_and_reasons(seed: int, rows: int, places: list[int]) -> None:
    frame = world(seed, rows)
    archive, tally = cleaned(frame)
    cleaner = LiveCleaner()
    kept = live(frame, places, cleaner)
    assert kept.sort(kept.columns).equals(archive.sort(archive.columns))
    assert cleaner.tally.rejected == tally.rejected
    assert cleaner.tally.notes == tally.notes
    for _, mine in kept.group_by("mover"):
        assert mine["time"].is_sorted()


def test_a_real_archive_is_cleaned_alike(shared: Path) -> None:
    raw = read(shared / "data/ais/SolentAIS_20160112_130211.csv", clean=False).collect()
    archive, tally = cleaned(raw)
    cleaner = LiveCleaner()
    kept = live(raw, range(0, raw.height, 97), cleaner)
    order = ["time", "mover", "lon", "lat"]
    assert kept.sort(order).equals(archive.sort(order))
    assert cleaner.tally.rejected == tally.rejected


def test_a_movers_first_row_waits_for_its_second_and_all_others_are_given_at_once() -> None:
    rows = sailing([0, 10, 20])
    cleaner = LiveCleaner()
    assert cleaner.push(tracks(rows[:1])).is_empty()
    assert cleaner.undecided.equals(tracks(rows[:1]))
    assert cleaner.push(tracks(rows[1:2])).equals(tracks(rows[:2]))
    assert cleaner.undecided.is_empty()
    assert cleaner.push(tracks(rows[2:])).equals(tracks(rows[2:]))


def test_rows_of_one_push_are_put_in_order_and_one_that_comes_after_a_newer_is_old() -> None:
    rows = sailing([0, 10, 20, 30])
    cleaner = LiveCleaner()
    assert cleaner.push(tracks([rows[1], rows[0]])).equals(tracks(rows[:2]))
    cleaner.push(tracks([rows[3]]))
    assert cleaner.push(tracks([rows[2]])).is_empty()
    assert cleaner.tally.rejected == {Reason.OLD: 1}
    # another mover's rows of that time are none the older for it
    cleaner.push(tracks([rows[1], rows[2]], mover="b"))
    assert cleaner.tally.rejected == {Reason.OLD: 1}


def test_more_movers_than_are_remembered_begin_anew_and_nothing_is_lost() -> None:
    cleaner = LiveCleaner(movers_max=10)
    rows = [{"t": number, "mover": f"m{number}", "lat": 50.0} for number in range(35)]
    kept = live(tracks(rows), range(0, 35, 3), cleaner)
    assert kept.height == 35
    assert not cleaner.tally.rejected
    # a mover that was forgotten has no past that it could leap from
    again = LiveCleaner(movers_max=10)
    again.push(tracks(rows[:1]))
    again.push(tracks(rows[1:20]))
    assert again.push(tracks([{"t": 21, "mover": "m0", "lat": -50.0}])).is_empty()
    assert again.close().filter(mover="m0~2").is_empty()
    assert Note.SHARED_IDENTITY not in again.tally.notes


def test_an_empty_push_changes_nothing() -> None:
    cleaner = LiveCleaner()
    assert cleaner.push(tracks(sailing([0]))[:0]).is_empty()
    assert cleaner.tally.rows == 0
    assert cleaner.close().is_empty()
