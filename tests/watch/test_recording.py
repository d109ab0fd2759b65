"""``--record``: hourly files that the archive verbs read; nothing twice, nothing half, nothing for ever."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from detente.tracks import read
from detente.tracks.plain_parquet import is_archive
from detente.tracks.reasons import Tally
from detente.tracks.schema import SCHEMA, complete
from detente.watch import recording as recording_module
from detente.watch.errors import WatchMistake
from detente.watch.recording import Recorder
from tests.stories.program import environment

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


def rows(at: datetime, count: int = 10, *, first: int = 0) -> pl.DataFrame:
    """Return positions of ``count`` ships, one each, a second apart."""
    return complete(
        pl.LazyFrame(
            {
                "mover": [f"mmsi:{219_000_000 + first + number}" for number in range(count)],
                "time": [at + timedelta(seconds=number) for number in range(count)],
                "lon": [20.0 + number / 1_000 for number in range(count)],
                "lat": [56.0] * count,
                "kind": ["ship"] * count,
                "source": ["ais-tcp://127.0.0.1:1"] * count,
            }
        ).with_columns(pl.col("time").cast(SCHEMA["time"]))
    ).collect()


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def count(folder: Path) -> int:
    found = [str(one) for one in sorted(folder.glob("*.parquet"))]
    return int(read(found, clean=False, tally=Tally()).select(pl.len()).collect().item()) if found else 0


def test_what_came_in_an_hour_becomes_one_file_in_the_archives_form(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "record", MONTH)
    for minute in (0, 20, 40, 61):
        at = T0 + timedelta(minutes=minute)
        recorder.add(rows(at, first=minute), at)
        recorder.flush()
    hour = "tracks-2026-03-01T12"
    assert names(recorder.folder) == [
        ".watch.lock", f"{hour}_000001.parquet", f"{hour}_000002.parquet", f"{hour}_000003.parquet",
        "tracks-2026-03-01T13_000004.parquet",
    ]  # fmt: skip
    recorder.tidy(T0 + timedelta(minutes=62))
    assert names(recorder.folder) == [
        ".watch.lock",
        f"{hour}.parquet",
        "tracks-2026-03-01T13_000004.parquet",
    ]
    recorder.close(T0 + timedelta(minutes=63))
    assert names(recorder.folder) == [".watch.lock", f"{hour}.parquet", "tracks-2026-03-01T13.parquet"]
    whole = pl.read_parquet(recorder.folder / f"{hour}.parquet")
    assert is_archive(recorder.folder / f"{hour}.parquet")
    assert whole.height == 30
    assert whole["time"].is_sorted()
    assert (recorder.written, recorder.waiting, recorder.lost.total()) == (40, 0, 0)


def test_the_archive_verb_reads_it_and_counts_every_row(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, MONTH)
    recorder.add(rows(T0), T0)
    recorder.close(T0)
    done = subprocess.run(
        [sys.executable, "-m", "detente", "tracks", *map(str, tmp_path.glob("*.parquet")), "--no-clean", "--json"],
        env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["kept"] == 10


def test_rows_that_come_in_any_order_lie_in_order_of_time(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, None)
    pieces = [rows(T0 + timedelta(seconds=17 * number), first=number) for number in range(30)]
    random.Random(1).shuffle(pieces)
    for number, piece in enumerate(pieces):
        recorder.add(piece, T0)
        if number % 7 == 0:
            recorder.flush()
    recorder.close(T0)
    (file,) = tmp_path.glob("*.parquet")
    found = pl.read_parquet(file)
    assert found.height == 300
    assert found["time"].is_sorted()


class Crash(BaseException):
    """The process ends here."""


def _before(method: str) -> Callable[[pytest.MonkeyPatch], None]:
    def crash(*_: object) -> None:
        raise Crash

    return lambda patch: patch.setattr(Recorder, method, crash)


def _before_unlinking(suffix: str, nth: int) -> Callable[[pytest.MonkeyPatch], None]:
    def arm(patch: pytest.MonkeyPatch) -> None:
        unlink, seen = Path.unlink, [0]

        def cut(path: Path, missing_ok: bool = False) -> None:
            if path.suffix == suffix and path.name.count("tracks") and ".part" not in path.name:
                seen[0] += 1
                if seen[0] == nth:
                    raise Crash
            unlink(path, missing_ok=missing_ok)

        patch.setattr(Path, "unlink", cut)

    return arm


@pytest.mark.parametrize(
    "arm",
    [
        _before("_write_in_order"), _before("_journal"), _before("_replace"), _before_unlinking(".parquet", 1),
        _before_unlinking(".parquet", 2), _before_unlinking(".journal", 1),
    ],
    ids=["not made", "before the journal", "before its place", "before the parts", "in the parts", "at the end"],
)  # fmt: skip
def test_a_crash_in_the_middle_of_making_one_file_loses_nothing_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arm: Callable[[pytest.MonkeyPatch], None]
) -> None:
    recorder = Recorder(tmp_path, None)
    for number in range(3):
        recorder.add(rows(T0, first=10 * number), T0)
        recorder.flush()
    with monkeypatch.context() as patch:
        arm(patch)
        with pytest.raises(Crash):
            recorder.tidy(T0 + timedelta(hours=1))
    os.close(recorder._lock)
    again = Recorder(tmp_path, None)
    assert count(tmp_path) == 30
    again.add(rows(T0, first=30), T0)
    again.close(T0)
    assert names(tmp_path) == [".watch.lock", "tracks-2026-03-01T12.parquet"]
    assert count(tmp_path) == 40


def test_what_is_older_than_the_period_goes_and_strange_files_stay(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, timedelta(hours=2))
    for hour in range(4):
        recorder.add(rows(T0 + timedelta(hours=hour)), T0 + timedelta(hours=hour))
    recorder.flush()
    strange = tmp_path / "tracks-of-mine.parquet"
    strange.write_text("x")
    recorder.tidy(T0 + timedelta(hours=4))
    assert [one for one in names(tmp_path) if one.startswith("tracks-2026")] == [
        "tracks-2026-03-01T14.parquet",
        "tracks-2026-03-01T15.parquet",
    ]
    assert strange.exists()
    assert recorder.removed == 2
    kept = Recorder(tmp_path / "kept", None)
    kept.add(rows(T0), T0)
    kept.close(T0 + timedelta(days=10_000))
    assert names(kept.folder) == [".watch.lock", "tracks-2026-03-01T12.parquet"]


def test_a_folder_belongs_to_one_watch(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, None)
    with pytest.raises(WatchMistake, match="another watch"):
        Recorder(tmp_path, None)
    recorder.close(T0)
    Recorder(tmp_path, None).close(T0)


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "record", None)
    assert stat.S_IMODE(recorder.folder.stat().st_mode) == 0o700
    recorder.close(T0)


def test_a_disk_that_takes_nothing_is_said_and_what_waits_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_module, "HELD_ROWS_MAX", 25)
    recorder = Recorder(tmp_path / "record", None)
    (tmp_path / "record").rename(tmp_path / "gone")
    for _ in range(4):
        recorder.add(rows(T0), T0)
        recorder.flush()
    assert recorder.failure
    assert (recorder.written, recorder.waiting, recorder.lost["record-disk"]) == (0, 20, 20)
    (tmp_path / "gone").rename(tmp_path / "record")
    recorder.flush()
    assert not recorder.failure
    assert (recorder.written, recorder.waiting) == (20, 0)
    recorder.close(T0)


_WRITER = """
import sys, time
from datetime import timedelta
from pathlib import Path
from detente.watch.recording import Recorder
from tests.watch.test_recording import T0, rows
recorder = Recorder(Path(sys.argv[1]), None)
number = 0
while True:
    at = T0 + timedelta(minutes=7 * number)
    recorder.add(rows(at, first=10 * number), at)
    recorder.flush()
    recorder.tidy(at)
    number += 1
    print(recorder.written, flush=True)
"""


def test_killed_at_any_moment_it_leaves_whole_files_with_every_row_that_was_written(tmp_path: Path) -> None:
    """Method: a writer that flushes and merges all the time is killed; what it said was written must be there, once."""
    least = 0
    for number in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path / str(number))],
            env=environment(), stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert writer.stdout is not None
        for _ in range(12 + 7 * number):
            least = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split()
        writer.stdout.close()
        writer.wait()
        least = int(rest[-1]) if rest else least
        Recorder(tmp_path / str(number), None).close(T0)
        folder = tmp_path / str(number)
        assert all(is_archive(one) for one in folder.glob("*.parquet"))
        assert least <= count(folder) <= least + 10
        whole = pl.concat([pl.read_parquet(one) for one in sorted(folder.glob("*.parquet"))])
        assert whole.select("mover", "time").is_duplicated().sum() == 0


def test_ten_million_positions_a_day_take_less_than_a_gigabyte(tmp_path: Path) -> None:
    """Scaled: 417,000 positions are one hour of such a day; bench/watch measures more of them."""
    chance = random.Random(5)
    recorder = Recorder(tmp_path, None)
    ships = 2_500
    frames = []
    for round_number in range(40):
        order = list(range(ships))
        chance.shuffle(order)
        frames.append(
            complete(
                pl.LazyFrame(
                    {
                        "mover": [f"mmsi:{219_000_000 + ship}" for ship in order],
                        "time": [T0 + timedelta(seconds=10 * round_number + chance.random() * 9) for _ in order],
                        "lon": [round(20 + chance.random(), 5) for _ in order],
                        "lat": [round(56 + chance.random(), 5) for _ in order],
                        "speed_kn": [round(chance.random() * 20, 1) for _ in order],
                        "course_deg": [round(chance.random() * 360, 1) for _ in order],
                        "kind": ["ship"] * ships,
                        "name": [f"SHIP {ship}" for ship in order],
                        "status": ["under_way"] * ships,
                        "source": ["ais-tcp://127.0.0.1:10110"] * ships,
                    }
                ).with_columns(pl.col("time").cast(SCHEMA["time"]))
            ).collect()
        )
    for frame in frames:
        recorder.add(frame, T0)
    recorder.close(T0)
    size = sum(one.stat().st_size for one in tmp_path.glob("*.parquet"))
    assert recorder.written == 100_000
    assert size / recorder.written * 10_000_000 <= 1_000_000_000
