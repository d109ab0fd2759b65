"""The verb ``predict`` as a person runs it: results, exit codes, and one clear message for bad input."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import polars as pl
import pytest

from detente.__main__ import main

GOOD = """\
id,lat,lon,altitude_ft,speed_kn,course_deg,vertical_fpm,kind
icao24:4ca1b2,59.0,21.0,33000,450,90,0,aircraft
icao24:155555,59.0,22.0,33400,450,270,0,aircraft
mmsi:273000001,59.02,21.5,,0,,,ship
icao24:4ca1b3,59.1,21.5,400,140,180,0,
"""


@pytest.fixture
def states(tmp_path: Path) -> Path:
    path = tmp_path / "states.csv"
    path.write_text(GOOD)
    return path


def test_it_tells_who_meets_whom(states: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(states)]) == 0
    shown = capsys.readouterr()
    lines = [line.split("\t")[:2] for line in shown.out.splitlines()]
    assert lines[1:] == [["icao24:4ca1b3", "mmsi:273000001"], ["icao24:155555", "icao24:4ca1b2"]]
    assert "2 pairs of 4 movers" in shown.err


def test_json_carries_limits_counts_and_every_pair(states: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(states), "--well-clear", "do365-phase1", "--horizon", "5min", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["limits"]["well_clear"] == "do365-phase1"
    assert document["limits"]["horizon_s"] == 300.0
    assert document["counts"]["pairs"] == len(document["pairs"]) == 2
    assert document["pairs"][0]["vertical_m"] == pytest.approx(400 * 0.3048)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_hold_every_pair(states: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"pairs.{ending}"
    assert main(["predict", str(states), "--out", str(out)]) == 0
    found = pl.read_csv(out) if ending == "csv" else pl.read_parquet(out)
    assert found.height == 2
    # in this order, and first: whoever reads columns by their place may count on it
    assert found.columns[:7] == ["a", "b", "entry_s", "closest_s", "exit_s", "distance_m", "vertical_m"]


def test_a_dash_reads_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given = io.TextIOWrapper(io.BytesIO(GOOD.encode()))
    monkeypatch.setattr(sys, "stdin", given)
    assert main(["predict", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["movers"] == 4


def test_sides_leave_only_rivals(states: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = tmp_path / "sides.toml"
    sides.write_text('[sides.east]\nids = ["mmsi:*", "icao24:155555"]\n[sides.west]\nids = ["icao24:4ca*"]\n')
    assert main(["predict", str(states), "--sides", str(sides), "--json"]) == 0
    pairs = json.loads(capsys.readouterr().out)["pairs"]
    assert {(pair["side_a"], pair["side_b"]) for pair in pairs} == {("west", "east"), ("east", "west")}


HEAD = "id,lat,lon,altitude_ft,speed_kn,course_deg,vertical_fpm\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b" \n\n", "empty file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "not text"),
        (b"id,lat\0,lon\n", "byte 0"),
        (b"id,lat,lon\na,1,2\n", "no speed_kn, course_deg"),
        (HEAD.encode() + b"a,1,2,0,fast,0,0\n", "'fast'"),
        (HEAD.encode() + b"a,91,2,0,1,0,0\n", "91"),
        (HEAD.encode() + b"a,1,200,0,1,0,0\n", "200"),
        (HEAD.encode() + b"a,1,2,0,1,0,0\na,1,2,0,1,0,0\n", "'a' twice"),
        (HEAD.encode() + b"a,1,2,0,-4,0,0\n", "-4"),
        (HEAD.encode() + b"a,,2,0,1,0,0\n", "no lat"),
        (HEAD.encode() + b"a,nan,2,0,1,0,0\n", "nan"),
        (HEAD.encode() + b"a,1,2,0,1,0,0,9,9,9\n", "detente:"),
        (HEAD.encode() + b'"a,1,2,0,1,0,0\n', "detente:"),
        (b"c," * 1_000_000 + b"\n", "more than 1000 columns"),
        (b"x" * 2_000_000, "no id"),
    ],
)
def test_bad_pictures_get_one_clear_message(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert main(["predict", str(path)]) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert "expected:" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    "options",
    [
        ["--within", "5"],
        ["--within=-5nm"],
        ["--within", "-5nm"],
        ["--horizon", "0s"],
        ["--horizon", "2d"],
        ["--vertical", "high"],
        ["--between", "rivals"],
        ["--out", "pairs.docx"],
        ["--out", "no-such-folder/pairs.csv"],
        ["--well-clear", "do365-phase1", "--within", "5nm"],
        ["--sides", "no-such-file.toml"],
    ],
)
def test_options_that_cannot_be_end_with_code_2(
    options: list[str], states: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(states), *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith("detente:")
    assert "usage:" not in said  # argparse would say it of an option it does not understand


def test_a_file_that_is_not_there_ends_with_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "no-such-file.csv"]) == 2
    assert "no-such-file.csv" in capsys.readouterr().err


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["predict", "--help"])
    assert left.value.code == 0
    assert "detente predict states.csv" in capsys.readouterr().out
