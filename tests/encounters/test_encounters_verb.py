"""Goal: what the verb shows and writes is what was found, all of it, in every form.

Method: a small world known by heart, through the door; and real traffic against answers computed by brute force.
"""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import subprocess
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from detente.__main__ import main
from detente.encounters import archives
from detente.encounters.schema import ENCOUNTERS
from detente.tracks.errors import OutOfOrder
from detente.tracks.reading import stream
from tests.stories.program import COMMAND, environment
from tests.stories.ships import write_crossing

SIDES = """
[sides.blue]
flags = ["DK"]
[sides.red]
flags = ["RU"]
[sides.grey]
flags = ["GB"]
"""


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def ships(tmp_path: Path) -> Path:
    return write_crossing(tmp_path / "ships.csv")


@pytest.fixture
def sides(tmp_path: Path) -> Path:
    path = tmp_path / "sides.toml"
    path.write_text(SIDES, encoding="utf-8")
    return path


@pytest.fixture
def document(capsys):
    """Return a function that runs the verb with --json and gives the document."""

    def run(*arguments: str | Path):
        assert main(["encounters", *map(str, arguments), "--json"]) == 0
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return json.loads(out)

    return run


def test_the_crossing_is_found_and_the_moored_pair_is_counted(ships, document):
    found = document(ships)
    assert found["counts"]["encounters"] == found["counts"]["pairs"] == 1
    assert found["counts"]["moored"] == 1
    assert found["counts"]["movers"] == 4
    (one,) = found["encounters"]
    assert (one["a"], one["b"]) == ("mmsi:219000001", "mmsi:273000001")
    assert (one["name_a"], one["name_b"]) == ("ANNA", "BORIS")
    assert one["situation"] == "crossing"
    assert one["distance_m"] < 100
    assert one["entered"] < one["closest_at"] < one["left"]
    assert re.fullmatch(r"2024-05-01T12:(09|10):\d\d\.\d{3}Z", one["closest_at"])
    assert (one["side_a"], one["side_b"]) in {(None, None), ("", "")}


def test_the_document_holds_every_column_the_limits_and_where_it_came_from(ships, document):
    found = document(
        ships, "--within", "0.5nm", "--max-gap", "3min", "--from", "2024-05-01", "--area", "-5,50,20,60"
    )
    assert list(found["encounters"][0]) == list(ENCOUNTERS)
    assert found["limits"] == {
        "within_m": 926.0,
        "vertical_m": 304.8,
        "max_gap_s": 180.0,
        "between": "all",
        "sides": None,
        "from": "2024-05-01T00:00:00.000Z",
        "to": None,
        "area": [-5.0, 50.0, 20.0, 60.0],
        "keep_moored": False,
        "clean": True,
    }
    assert found["inputs"] == [
        {"name": str(ships), "sha256": sha256(ships.read_bytes()).hexdigest(), "size_bytes": ships.stat().st_size}
    ]
    rows = found["rows"]
    assert rows["rows"] == rows["kept"] + sum(rows["rejected"].values()) == 484
    assert found["counts"]["fixes"] == rows["kept"]


def test_moored_neighbours_are_listed_when_asked(ships, document):
    found = document(ships, "--keep-moored")
    assert found["counts"]["encounters"] == 2
    assert found["counts"]["moored"] == 0


def test_with_sides_only_rivals_are_looked_for_unless_all_are_asked(ships, sides, document):
    found = document(ships, "--sides", sides, "--keep-moored")
    assert [(row["side_a"], row["side_b"]) for row in found["encounters"]] == [("blue", "red")]
    assert found["limits"]["between"] == "rivals"
    assert found["limits"]["sides"]["names"] == ["blue", "red", "grey"]
    assert ["blue", "red"] in found["limits"]["sides"]["rivals"]
    everyone = document(ships, "--sides", sides, "--keep-moored", "--between", "all")
    assert {(row["side_a"], row["side_b"]) for row in everyone["encounters"]} == {
        ("blue", "red"),
        ("grey", "grey"),
    }


def test_sides_that_are_no_rivals_have_no_encounters_and_that_is_said(ships, sides, capsys):
    sides.write_text(SIDES + '[rivals]\npairs = [["blue", "grey"]]\n', encoding="utf-8")
    assert main(["encounters", str(ships), "--sides", str(sides)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "no encounter within the limits was found" in err


def test_rivals_without_sides_are_refused(ships, capsys):
    assert main(["encounters", str(ships), "--between", "rivals"]) == 2
    assert "--sides" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "count"),
    [
        ("--area", "-5,50,2,52", 0),
        ("--area", "11.9,54.9,12.1,55.1", 1),
        ("--area", "170,-60,-170,60", 0),
        ("--from", "2024-05-01T12:15Z", 0),
        ("--to", "2024-05-01T12:05Z", 0),
        ("--to", "2024-05-01T12:30Z", 1),
        ("--within", "10m", 0),
        ("--max-gap", "5s", 0),
    ],
)
def test_limits_of_place_time_and_distance_hold(ships, document, option, value, count):
    assert document(ships, option, value)["counts"]["encounters"] == count


@pytest.mark.parametrize(
    ("option", "value"),
    [("--within", "-500m"), ("--vertical", "-1ft"), ("--max-gap", "-1s"), ("--within", "0nm")],
)
def test_limits_below_zero_are_refused_by_name(ships, capsys, option, value):
    assert main(["encounters", str(ships), option, value]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"detente: {option}: '{value}'")
    assert "a number above zero" in said


def test_a_pipe_gets_every_row_and_the_summary_goes_aside(ships, capsys):
    assert main(["encounters", str(ships), "--keep-moored"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 3
    assert lines[0].split("\t")[0] == "closest at (UTC)"
    assert {len(line.split("\t")) for line in lines} == {8}
    row = next(line for line in lines if "ANNA" in line).split("\t")
    assert row[1:3] == ["mmsi:219000001 ANNA", "mmsi:273000001 BORIS"]
    assert float(row[4]) == pytest.approx(float(row[3]) / 1852, abs=0.001)
    assert row[6:] == ["crossing", "certain"]
    assert "encounters: 2, pairs: 2, movers: 4, fixes: 484" in err


def test_a_terminal_gets_a_table_of_the_closest(ships):
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "encounters", str(ships), "--language", "ru"],
        stdout=follower, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env=environment(TERM="xterm", COLUMNS="200"),
    ) as running:  # fmt: skip
        os.close(follower)
        shown = b""
        try:
            while piece := os.read(leader, 65536):
                shown += piece
        except OSError:  # the last writer has closed the terminal
            pass
        err = running.stderr.read().decode() if running.stderr else ""
    os.close(leader)
    assert running.returncode == 0, err
    text = shown.decode()
    assert "\t" not in text
    assert "пересечение" in text
    assert "mmsi:273000001 BORIS" in text
    assert "сближений: 1" in err


@pytest.mark.parametrize("suffix", ["parquet", "csv", "geojson", "kml"])
def test_each_format_is_written_and_the_files_are_named(ships, capsys, suffix):
    target = ships.parent / f"out.{suffix}"
    assert main(["encounters", str(ships), "--keep-moored", "--out", str(target)]) == 0
    assert f"{target} (2 rows)" in capsys.readouterr().err
    text = target.read_bytes()
    assert b"273000001" in text
    if suffix == "csv":
        assert text.decode().splitlines()[0].split(",") == list(ENCOUNTERS)
    if suffix == "parquet":
        assert pl.read_parquet(target).schema == ENCOUNTERS


def test_the_report_is_written_beside(ships, capsys):
    report = ships.parent / "report.html"
    assert main(["encounters", str(ships), "--report", str(report)]) == 0
    page = report.read_text(encoding="utf-8")
    assert "BORIS" in page
    assert sha256(ships.read_bytes()).hexdigest() in page
    assert str(report) in capsys.readouterr().err


def test_the_answer_is_the_same_whether_files_come_whole_split_or_shuffled(ships, document):
    head, *rows = ships.read_text(encoding="utf-8").splitlines()
    parts = []
    for number in range(2):
        part = ships.parent / f"part{number}.csv"
        part.write_text("\n".join([head, *sorted(rows[number::2], reverse=True)]) + "\n", encoding="utf-8")
        parts.append(part)
    whole, split, turned = (document(*files, "--keep-moored") for files in ([ships], parts, parts[::-1]))
    assert whole["encounters"] == split["encounters"] == turned["encounters"]


def test_nothing_that_the_verb_offers_lists_one_side_alone(capsys):
    with pytest.raises(SystemExit):
        main(["encounters", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert not {option for option in options if re.search(r"member|unit|list|intercept|target", option)}


def test_the_help_states_every_default(capsys):
    with pytest.raises(SystemExit):
        main(["encounters", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for default in ("(default: 500m)", "(default: 1000ft)", "(default: 180s)", "default with --sides"):
        assert default in shown


def test_rows_far_out_of_order_are_read_again_and_counted_once(ships, document, monkeypatch):
    ways = []

    def reading(*given, nearly_in_order, **named):
        ways.append(nearly_in_order)
        if nearly_in_order:
            raise OutOfOrder(expected="order", came="none")
        return stream(*given, nearly_in_order=False, **named)

    monkeypatch.setattr(archives, "stream", reading)
    found = document(ships)
    assert ways == [True, False]
    assert found["rows"]["rows"] == 484
    assert found["counts"]["encounters"] == 1


def test_a_file_of_which_no_row_can_be_used_is_refused_with_the_reasons(tmp_path, capsys):
    path = tmp_path / "far.csv"
    path.write_text("mmsi,time,longitude,latitude\n219000001,2024-05-01T12:00:00Z,181,91\n", encoding="utf-8")
    assert main(["encounters", str(path), "--out", str(tmp_path / "out.csv")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "rows read: 1, kept: 0" in err
    assert f"detente: {path}: none of 1 row" in err
    assert [left.name for left in tmp_path.iterdir()] == ["far.csv"]


def test_names_that_a_spreadsheet_would_run_are_neutralised_and_counted(ships, capsys):
    ships.write_text(ships.read_text(encoding="utf-8").replace("ANNA", "=1+1"), encoding="utf-8")
    assert main(["encounters", str(ships), "--out", str(ships.parent / "out.csv")]) == 0
    assert "1 cell got an apostrophe" in capsys.readouterr().err


def test_times_in_the_wrong_order_and_one_file_for_two_outputs_are_refused(ships, sides, capsys):
    assert main(["encounters", str(ships), "--from", "2024-05-02", "--to", "2024-05-01"]) == 2
    assert "--to" in capsys.readouterr().err
    assert main(["encounters", str(ships), "--sides", str(sides), "--out", str(sides)]) == 2
    assert "--out" in capsys.readouterr().err


def test_standard_input_is_read_once_and_has_no_hash(ships):
    with ships.open("rb") as content:
        ended = subprocess.run(
            [*COMMAND, "encounters", "-", "--json"],
            stdin=content, capture_output=True, check=False, env=environment(),
        )  # fmt: skip
    found = json.loads(ended.stdout)
    assert found["inputs"] == []
    assert found["counts"]["encounters"] == 1


def test_real_traffic_gives_exactly_the_pairs_and_episodes_of_the_reference(shared, tmp_path, capsys):
    target = tmp_path / "solent.csv"
    given = ["--between", "all", "--keep-moored", "--within", "500m", "--max-gap", "180s", "--out", str(target)]
    source = next((shared / "data" / "ais").glob("SolentAIS*.csv"))
    assert main(["encounters", str(source), *given]) == 0
    assert "encounters: 2,052, pairs: 675" in capsys.readouterr().err
    with target.open(encoding="utf-8", newline="") as file:
        found = sorted(csv.DictReader(file), key=lambda row: (row["a"], row["b"], row["entered"]))
    folder = shared / "data" / "encounters"
    with (folder / "solent_clean_R500_gap180_episodes.csv").open(encoding="utf-8", newline="") as file:
        expected = sorted(
            csv.DictReader(file), key=lambda row: (row["id_a"], row["id_b"], float(row["t_in_unix"]))
        )
    assert len(found) == len(expected) == 2052
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours["a"], ours["b"]) == (f"mmsi:{theirs['id_a']}", f"mmsi:{theirs['id_b']}")
        assert float(ours["distance_m"]) == pytest.approx(float(theirs["d_cpa_m"]), abs=0.5)
        assert _unix(ours["entered"]) == pytest.approx(float(theirs["t_in_unix"]), abs=1.0)
        assert _unix(ours["left"]) == pytest.approx(float(theirs["t_out_unix"]), abs=1.0)
        if min(float(theirs["speed_a_kn"]), float(theirs["speed_b_kn"])) > 1:
            assert _unix(ours["closest_at"]) == pytest.approx(float(theirs["t_cpa_unix"]), abs=1.0)
    with (folder / "solent_clean_R500_gap180_pairs.csv").open(encoding="utf-8", newline="") as file:
        closest = {
            (f"mmsi:{row['id_a']}", f"mmsi:{row['id_b']}"): float(row["d_cpa_m"]) for row in csv.DictReader(file)
        }
    least: dict[tuple[str, str], float] = {}
    for row in found:
        pair = (row["a"], row["b"])
        least[pair] = min(least.get(pair, 1e9), float(row["distance_m"]))
    assert least == pytest.approx(closest, abs=0.5)


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()
