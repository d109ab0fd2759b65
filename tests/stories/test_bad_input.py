"""Goal: bad input gets one clear message and code 2; no traceback, no half-written file, bounded memory.

Method: every kind of bad input that the program promises to refuse, through the command line.
"""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import polars as pl
import pytest

from detente.__main__ import main
from tests.stories.program import COMMAND, Ended, environment, run
from tests.stories.ships import crossing_lines, write_crossing

MEBIBYTE = 1 << 20


class Here(Protocol):
    """Runs the door inside this process: for what is refused before any file is read."""

    def __call__(self, *arguments: str | Path) -> Ended: ...


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run_here(*arguments: str | Path) -> Ended:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(code=code, out=out, err=err, peak_bytes=0)

    return run_here


@pytest.fixture(scope="module", autouse=True)
def _kernels_are_compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile once before tests that limit what a process may write."""
    assert run("encounters", write_crossing(tmp_path_factory.mktemp("warm") / "ships.csv")).code == 0


@pytest.fixture
def ships(tmp_path: Path) -> Path:
    return write_crossing(tmp_path / "ships.csv")


def refused(
    tmp_path: Path, content: bytes, *named: str, name: str = "input.csv", verb: str = "encounters"
) -> None:
    """Hold that a file of this content is refused by its name, and that no output appears."""
    path = tmp_path / name
    path.write_bytes(content)
    run(verb, path, "--out", tmp_path / "out.csv").refused(name, *named)
    assert [left.name for left in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("verb", ["tracks", "encounters"])
def test_an_empty_file_is_refused(tmp_path: Path, verb: str) -> None:
    refused(tmp_path, b"", verb=verb)


def test_a_file_of_blank_lines_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, b"\n\r\n \n")


@pytest.mark.parametrize("verb", ["tracks", "encounters"])
def test_binary_rubbish_is_refused(tmp_path: Path, verb: str) -> None:
    refused(tmp_path, random.Random(1).randbytes(300_000), verb=verb)


@pytest.mark.parametrize(
    "lead", [b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1", b"SQLite format 3\0"]
)
def test_rubbish_behind_a_known_beginning_is_refused(tmp_path: Path, here: Here, lead: bytes) -> None:
    path = tmp_path / "input.bin"
    path.write_bytes(lead + random.Random(2).randbytes(50_000))
    here("encounters", path).refused("input.bin")


def test_packed_emptiness_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, gzip.compress(b""), name="input.csv.gz")


def test_half_a_line_alone_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, b"mmsi,time,lon")


def test_a_last_line_cut_in_half_is_counted_and_the_rest_is_used(tmp_path: Path) -> None:
    whole = "\n".join(crossing_lines())
    path = tmp_path / "cut.csv"
    path.write_text(whole[: whole.rindex(",12.5005")], encoding="utf-8")
    ended = run("encounters", path, "--json")
    assert ended.code == 0, ended.err
    assert '"rejected": {' in ended.out


def test_words_in_the_columns_of_numbers_are_refused(tmp_path: Path) -> None:
    refused(tmp_path, b"mmsi,time,longitude,latitude\n" + b"red,blue,north,south\n" * 50)


def test_a_parquet_file_with_lists_for_positions_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "input.parquet"
    pl.DataFrame({"mmsi": [1], "time": [["a"]], "longitude": [[1.0]], "latitude": [[2.0]]}).write_parquet(path)
    run("encounters", path).refused(path.name)


def test_a_csv_of_a_million_columns_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    line = b",".join(b"c%d" % number for number in range(1_000_000))
    path.write_bytes(line + b"\n" + b",".join([b"1"] * 1_000_000) + b"\n")
    ended = run("encounters", path)
    ended.refused(path.name)
    assert ended.peak_bytes < 700 * MEBIBYTE


def _one_long_line(begin: bytes) -> Iterator[bytes]:
    yield begin
    for _ in range(1024):
        yield b"7" * MEBIBYTE


@pytest.mark.timeout(110)
@pytest.mark.parametrize("begin", [b"", b"mmsi,time,longitude,latitude\n219000001,2024-05-01T12:00:00Z,12.0,"])
def test_a_single_line_of_a_gigabyte_is_refused_in_bounded_memory(begin: bytes) -> None:
    ended = run("encounters", "-", pieces=_one_long_line(begin))
    ended.refused("-")
    assert ended.peak_bytes < 700 * MEBIBYTE


def test_exchanged_latitude_and_longitude_are_suspected_aloud(tmp_path: Path) -> None:
    path = tmp_path / "swapped.csv"
    lines = ["mmsi,time,latitude,longitude"]  # the columns' names are exchanged: 150 E 20 N
    lines += [f"219000001,2024-05-01T12:{minute:02d}:00Z,150.{minute:02d},20.5" for minute in range(60)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ended = run("encounters", path)
    assert ended.code in {0, 2}
    assert "exchanged" in ended.err
    assert "Traceback" not in ended.err


def test_a_table_without_a_time_column_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, b"mmsi,longitude,latitude\n219000001,12.0,55.0\n", "time")


def test_local_times_are_refused_until_their_zone_is_given(tmp_path: Path) -> None:
    content = b"mmsi,local_time,longitude,latitude\n" + b"".join(
        b"219000001,2024-05-01 12:%02d:00,12.0,55.%02d\n" % (minute, minute) for minute in range(30)
    )
    refused(tmp_path, content, "--time-zone")
    ended = run("encounters", tmp_path / "input.csv", "--time-zone", "Europe/Copenhagen")
    assert ended.code == 0, ended.err


def test_an_unknown_time_zone_is_refused(ships: Path, here: Here) -> None:
    here("encounters", ships, "--time-zone", "Mars/Olympus").refused("--time-zone")


def test_files_that_disagree_on_the_unit_of_time_stamps_mean_the_same_moments(tmp_path: Path) -> None:
    files = []
    for name, factor in (("seconds", 1), ("milliseconds", 1000)):
        path = tmp_path / f"{name}.csv"
        ship = 219000001 if factor == 1 else 273000001
        lines = [
            f"{ship},{(1_714_564_800 + second) * factor},12.0,55.{second:06d}" for second in range(0, 600, 10)
        ]
        path.write_text("\n".join(["mmsi,timestamp,longitude,latitude", *lines]) + "\n", encoding="utf-8")
        files.append(path)
    ended = run("encounters", *files, "--within", "50m", "--keep-moored", "--json")
    assert ended.code == 0, ended.err
    assert '"entered": "2024-05-01T12:00:00.000Z"' in ended.out


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[sides.a]\nflags = ["XX"]\n', "sides.a.flags[0]"),
        ('[sides.a]\nflags = ["RU"]\n[rivals]\npairs = [["a", "zz"]]\n', "'zz'"),
        ('[sides.a]\nflags = ["RU"]\n', "two rival sides"),
        ("\x00", "not TOML"),
        ("", "no side"),
    ],
)
def test_an_unknown_side_is_refused_before_anything_is_read(
    tmp_path: Path, here: Here, text: str, named: str
) -> None:
    path = tmp_path / "sides.toml"
    path.write_text(text, encoding="utf-8")
    here("encounters", tmp_path / "not-there.csv", "--sides", path).refused(str(path), named)


def test_a_sides_file_that_is_not_there_is_named(ships: Path, here: Here) -> None:
    here("encounters", ships, "--sides", "gone.toml").refused("gone.toml")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--within", "-500m"),
        ("--within", "0m"),
        ("--within", "500"),
        ("--within", "nan m"),
        ("--within", "9000km"),
        ("--vertical", "2000km"),
        ("--max-gap", "31d"),
        ("--vertical", "-1000ft"),
        ("--max-gap", "-180s"),
        ("--max-gap", "180"),
        ("--area", "2,50,2,52"),
        ("--area", "-5,52,2,50"),
        ("--area", "50,-200,52,2"),
        ("--from", "yesterday"),
        ("--to", "2024-13-01"),
        ("--out", "encounters.doc"),
        ("--report", "report.pdf"),
        ("--out", "no-such-folder/out.csv"),
    ],
)
def test_impossible_limits_are_refused_by_the_options_name(
    ships: Path, here: Here, option: str, value: str
) -> None:
    here("encounters", ships, option, value).refused(option)
    assert [left.name for left in ships.parent.iterdir()] == [ships.name]


def test_negative_limits_reach_the_message_from_a_real_command_line(ships: Path) -> None:
    run("encounters", ships, "--within", "-500m").refused("--within", "-500m")


def test_an_input_is_never_overwritten(ships: Path, here: Here) -> None:
    before = ships.read_bytes()
    here("encounters", ships, "--out", ships).refused("--out")
    assert ships.read_bytes() == before


def test_a_file_that_is_not_there_and_a_folder_are_named(tmp_path: Path, here: Here) -> None:
    here("encounters", tmp_path / "gone.csv").refused("gone.csv")
    here("encounters", tmp_path).refused(tmp_path.name)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "geojson", "kml"])
def test_a_full_disk_leaves_the_old_file_and_no_half(ships: Path, suffix: str) -> None:
    target = ships.parent / f"out.{suffix}"
    target.write_text("old")
    ended = run("encounters", ships, "--keep-moored", "--out", target, file_bytes_max=100)
    ended.refused(target.name)
    assert target.read_text() == "old"
    assert sorted(left.name for left in ships.parent.iterdir()) == sorted([ships.name, target.name])


def test_a_full_disk_under_the_report_leaves_none(ships: Path) -> None:
    run("encounters", ships, "--report", ships.parent / "r.html", file_bytes_max=100).refused("r.html")
    assert [left.name for left in ships.parent.iterdir()] == [ships.name]


def test_a_full_disk_under_standard_output_is_said(ships: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = run("encounters", ships, "--json", stdout=full)
    assert ended.code == 2
    assert "no space left on the device" in ended.err
    assert "Traceback" not in ended.err


def test_two_processes_that_write_one_output_leave_one_whole_file(ships: Path) -> None:
    target = ships.parent / "out.parquet"
    both = [
        subprocess.Popen(
            [*COMMAND, "encounters", str(ships), "--out", str(target)],
            env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [running.wait() for running in both] == [0, 0]
    assert pl.read_parquet(target).height == 1
    assert sorted(left.name for left in ships.parent.iterdir()) == ["out.parquet", "ships.csv"]


@pytest.mark.parametrize("verb", ["tracks", "encounters"])
def test_ctrl_c_in_a_long_run_leaves_nothing_and_says_so(tmp_path: Path, verb: str) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    content = ("\n".join(crossing_lines()) + "\n").encode()
    with subprocess.Popen(
        [*COMMAND, verb, "-", "--out", str(tmp_path / "out.parquet")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(TMPDIR=str(scratch)),
    ) as running:  # fmt: skip
        assert running.stdin is not None
        # a pipe holds 64 KiB: when a megabyte is through, the program is reading, and it will wait for more
        for _ in range(MEBIBYTE // len(content) + 1):
            running.stdin.write(content)
        running.stdin.flush()
        os.kill(running.pid, signal.SIGINT)
        running.wait(timeout=60)
        err = running.stderr.read().decode() if running.stderr else ""
    assert running.returncode == 130, err
    assert "no half-written file" in err
    assert "Traceback" not in err
    assert [left.name for left in tmp_path.iterdir()] == ["scratch"]
    assert list(scratch.iterdir()) == []
