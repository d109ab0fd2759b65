"""The verb ``tracks``: what it writes, what it says, and what it does when input or disk is bad.

Method: the program is run on small files made here; disk full is a limit on the size of files, Ctrl-C is a
signal to a process that waits for input, and two processes write one output at the same time.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.tracks.frames import tracks

from detente import words
from detente.__main__ import main
from detente.tracks import SCHEMA, reading
from detente.tracks.archive import archive
from detente.tracks.ordering import already_in_order

DETENTE = [sys.executable, "-m", "detente"]
HEAD = "id,time,lat,lon,sog\n"


def table(path: Path, rows: int = 50, *, start: int = 0, seed: int = 1) -> Path:
    """Write a plain CSV of one ship under way, a fix every ten seconds."""
    lines = [
        f"7,2024-05-01T00:{second // 60:02}:{second % 60:02}Z,{50 + second * 1e-5:.5f},1.0,2.2\n"
        for second in range(start * 10, (start + rows) * 10, 10)
    ]
    path.write_text(HEAD + "".join(lines))
    return path


def noisy(path: Path, rows: int) -> Path:
    """Write a plain CSV that does not compress well."""
    draw = np.random.default_rng(1)
    frame = pl.DataFrame(
        {
            "id": draw.integers(1, 1000, rows),
            "time": pl.Series(np.sort(draw.integers(0, 10**12, rows)) + 1_700_000_000_000_000).cast(
                pl.Datetime("us")
            ),
            "lat": draw.uniform(-80, 80, rows),
            "lon": draw.uniform(-180, 180, rows),
        }
    )
    frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main(["tracks", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def nothing_else(folder: Path, *expected: str) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(expected)


def test_rows_are_written_in_order_and_accounted_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = table(tmp_path / "a.csv", 30, start=30), table(tmp_path / "b.csv", 30)
    with second.open("a") as more:
        more.write(
            "7,2024-05-01T00:01:00Z,50.0006,1.0,2.2\n7,2024-05-01T00:01:05Z,-20,1.0,2.2\n7,,50,1,2\n7,2024"
        )
    code, out, _ = run(capsys, first, second, "--out", tmp_path / "t.parquet", "--json")
    counts = json.loads(out)
    assert code == 0
    assert counts["rows"] == 64
    assert counts["kept"] == 60
    assert counts["kept"] + sum(counts["rejected"].values()) == counts["rows"]
    assert counts["rejected"]["teleport"] == counts["rejected"]["duplicate"] == 1
    assert counts["notes"]["out_of_order"] >= 30
    assert (counts["movers"], counts["first"], counts["last"]) == (
        1,
        "2024-05-01T00:00:00.000Z",
        "2024-05-01T00:09:50.000Z",
    )
    written = pl.read_parquet(tmp_path / "t.parquet")
    assert written.schema == SCHEMA
    assert written.height == 60
    assert written["time"].is_sorted()
    assert nothing_else(tmp_path, "a.csv", "b.csv", "t.parquet")


def test_the_archive_is_read_back_as_it_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(tmp_path / "a.csv")
    for name in ("t.parquet", "t.csv"):
        assert run(capsys, tmp_path / "a.csv", "--out", tmp_path / name)[0] == 0
        again = json.loads(run(capsys, tmp_path / name, "--json")[1])
        assert (again["rows"], again["kept"], again["rejected"]) == (50, 50, {})
    first, second = (reading.read(tmp_path / name).drop("source").collect() for name in ("a.csv", "t.csv"))
    assert second.equals(first)


def test_the_account_is_said_in_russian_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path / "a.csv", 3)
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    code, out, _ = run(capsys, path, "--language", "ru")
    words.choose("en")
    assert code == 0
    assert "duplicate\t1\tтот же объект в то же время ещё раз" in out


def test_rows_far_out_of_order_are_read_again_and_sorted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "already_in_order", partial(already_in_order, window_rows=10))
    files = [table(tmp_path / f"{start}.csv", 20, start=start) for start in (20, 40, 60, 80, 0)]
    code, out, err = run(capsys, *files, "--json", "--out", tmp_path / "t.parquet")
    counts = json.loads(out)
    assert code == 0
    assert "sorting through temporary files" in err
    assert (counts["rows"], counts["kept"], counts["notes"]["out_of_order"]) == (100, 100, 20)
    assert pl.read_parquet(tmp_path / "t.parquet")["time"].is_sorted()


def test_without_cleaning_every_readable_row_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path / "a.csv", 5)
    path.write_text(
        path.read_text() + "7,2024-05-01T00:00:20Z,-20,1.0,2.2\n7,2024-05-01T00:00:40Z,50.0004,1.0,2.2\n"
    )
    counts = json.loads(run(capsys, path, "--json", "--no-clean")[1])
    assert (counts["rows"], counts["kept"], counts["rejected"]) == (7, 7, {})


def test_a_formula_in_a_name_is_text_in_the_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text('id,time,lat,lon,name\n7,2024-05-01T00:00:00Z,50,1,"=cmd|x"\n')
    assert run(capsys, tmp_path / "a.csv", "--out", tmp_path / "t.csv")[0] == 0
    assert pl.read_csv(tmp_path / "t.csv")["name"].to_list() == ["'=cmd|x"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "an empty file"),
        (b"  \r\n\n", "nothing but blanks"),
        (bytes(range(256)) * 400, "unknown"),
        (b"\x00" * 5000, "blanks"),
        (b"id,lat,lon\n7,50,1\n", "time"),
        (b"id,time,sog\n7,2024-05-01T00:00:00Z,1\n", "lat"),
        (b"PAR1" + b"\x00" * 500, "damaged"),
        (b"\x1f\x8b\x08\x00" + b"\xff" * 100, ""),
        (b"PK\x03\x04" + b"\xff" * 100, ""),
    ],
)
def test_what_is_not_tracks_is_refused_with_one_clear_message(
    content: bytes, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad").write_bytes(content)
    code, out, err = run(capsys, tmp_path / "bad", "--out", tmp_path / "t.parquet")
    assert code == 2
    assert out == ""
    assert "bad" in err
    assert says in err
    assert "Traceback" not in err
    assert "what to do" in err
    assert nothing_else(tmp_path, "bad")


@pytest.mark.parametrize(
    "row",
    [
        "7,2024-05-01T00:00:0",
        "7,2024-05-01T00:00:00Z,x,1.0,2",
        "7,never,50,1,2",
        "7,2024-05-01T00:00:00Z,95,1,2",
        "7",
    ],
)
def test_when_no_row_can_be_kept_the_counts_say_why_and_nothing_is_written(
    row: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(HEAD + row + "\n")
    (tmp_path / "t.parquet").write_bytes(b"what was there before")
    code, out, err = run(capsys, tmp_path / "a.csv", "--out", tmp_path / "t.parquet", "--json")
    counts = json.loads(out)
    assert code == 2
    assert (counts["rows"], counts["kept"], counts["written"], counts["first"]) == (1, 0, None, None)
    assert sum(counts["rejected"].values()) == 1
    assert "no row was kept" in err
    assert (tmp_path / "t.parquet").read_bytes() == b"what was there before"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--columns", "lon"], "--columns"),
        (["--columns", "lon=x,lon=y"], "--columns"),
        (["--columns", "height=x"], "--columns"),
        (["--columns", "lon=nowhere"], "--columns"),
        (["--time-zone", "Mars/Olympus"], "--time-zone"),
        (["--start", "yesterday"], "--start"),
        (["--out", "tracks.xlsx"], "--out"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(
    options: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, table(tmp_path / "a.csv"), *options)
    assert (code, out) == (2, "")
    assert says in err


def test_the_input_is_never_replaced_by_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path / "a.csv")
    before = path.read_bytes()
    (tmp_path / "link.csv").symlink_to(path)
    for target in (path, tmp_path / "link.csv"):
        assert run(capsys, path, "--out", target)[0] == 2
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
def test_a_folder_that_is_missing_is_said(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, table(tmp_path / "a.csv"), "--out", tmp_path / "missing" / name)
    assert code == 2
    assert "nothing half-written was left" in err


def _little_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(name: str, tmp_path: Path) -> None:
    path = noisy(tmp_path / "a.csv", 20_000)
    (tmp_path / name).write_bytes(b"what was there before")
    done = subprocess.run(
        [*DETENTE, "tracks", path, "--out", tmp_path / name],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_little_room,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 2, done.stderr
    assert "nothing half-written was left" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / name).read_bytes() == b"what was there before"
    assert nothing_else(tmp_path, "a.csv", name)


def _wait_until_it_reads(process: int) -> None:
    """Wait until the process has loaded itself and sleeps in a read of its standard input."""
    for _ in range(600):
        call = Path(f"/proc/{process}/syscall").read_text().split()
        if call[:2] == ["0", "0x0"]:
            return
        time.sleep(0.05)
    pytest.skip("this kernel does not say what a process waits for")


@pytest.mark.parametrize(("name", "options"), [("t.parquet", []), ("t.csv", ["--no-clean"])])
def test_an_interrupt_leaves_the_old_file_and_nothing_else(name: str, options: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"what was there before")
    started = subprocess.Popen(
        [*DETENTE, "tracks", "-", *options, "--out", tmp_path / name],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "DETENTE_DEBUG": ""},
    )
    assert started.stdin is not None
    assert started.stderr is not None
    started.stdin.write(noisy(tmp_path / "a.csv", 20_000).read_text())
    started.stdin.flush()  # more is awaited, and never comes
    _wait_until_it_reads(started.pid)
    started.send_signal(signal.SIGINT)
    try:
        assert started.wait(30) == 130
    finally:
        started.kill()
        started.stdin.close()
        said = started.stderr.read()
        started.stderr.close()
        started.wait()
    assert "stopped by you" in said
    assert (tmp_path / name).read_bytes() == b"what was there before"
    assert nothing_else(tmp_path, "a.csv", name)


@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, ValueError])
def test_an_archive_left_in_the_middle_is_no_archive(
    name: str, error: type[BaseException], tmp_path: Path
) -> None:
    def work() -> None:
        with archive(tmp_path / name) as write:
            for _ in range(5):
                write(tracks({"t": t} for t in range(100)))
            raise error

    with pytest.raises(error):
        work()
    assert nothing_else(tmp_path)


def test_two_processes_that_write_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    paths = [noisy(tmp_path / "a.csv", 3_000), noisy(tmp_path / "b.csv", 5_000)]
    running = [
        subprocess.Popen(
            [*DETENTE, "tracks", path, "--no-clean", "--out", tmp_path / "t.parquet"], stdout=subprocess.DEVNULL
        )
        for path in paths
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    assert pl.read_parquet(tmp_path / "t.parquet").height in {3_000, 5_000}
    assert nothing_else(tmp_path, "a.csv", "b.csv", "t.parquet")


def test_the_real_solent_becomes_an_archive(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(
        capsys, shared / "data/ais/SolentAIS_20160112_130211.csv", "--out", tmp_path / "s.parquet", "--json"
    )
    counts = json.loads(out)
    assert code == 0
    assert (counts["rows"], counts["kept"], counts["movers"]) == (18_623, 18_619, 91)
    assert counts["rejected"] == {"duplicate": 3, "teleport": 1}
    assert counts["area"]["east_deg"] < 0
    assert pl.read_parquet(tmp_path / "s.parquet").height == 18_619
