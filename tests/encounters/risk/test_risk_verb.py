"""The verb ``risk`` as a person runs it: the answer, the document, the page, and one clear message for bad input."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from detente.__main__ import main
from tests.encounters.risk.worlds import growing

REAL = Path(__file__).parents[4] / "shared" / "data" / "incidents.csv"
PERIOD = ["--from", "2016-01-01T00:00Z", "--to", "2019-01-01T00:00Z"]


def test_it_answers_first_and_shows_every_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = growing(tmp_path / "e.parquet", factor=4.0, events=180)
    assert main(["risk", str(path), *PERIOD]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0] == "Yes: the rate is growing."
    rows = [line.split("\t") for line in shown.out.splitlines()[2:] if "\t" in line]
    assert {row[0] for row in rows} >= {
        "all",
        "ship\u2013ship",
        "aircraft\u2013ship",
        "east\u2013west",
        "50\u00b0N 20\u00b0E",
    }
    assert all(re.fullmatch(r".+ \(.+ to .+\)", row[2]) for row in rows)
    assert "once in a year on average" in shown.out
    assert "events: 180" in shown.err


def test_the_document_lets_anybody_compute_it_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = growing(tmp_path / "e.parquet", factor=1.0, events=120, seed=2)
    asked = ["risk", str(path), *PERIOD, "--below", "50m", "--json"]
    assert main(asked) == 0
    text = capsys.readouterr().out
    found = json.loads(text)
    assert found["rows"]["read"] == found["rows"]["kept"] + sum(found["rows"]["rejected"].values())
    whole = found["groups"][0]
    assert sum(whole["counts"]) == whole["rate"]["events"] == 120
    assert whole["rate"]["rate"] == pytest.approx(120 / sum(whole["exposure"]))
    for figure in (whole["rate"], whole["trend"]):
        assert figure["interval"][0] <= figure["interval"][1]
        assert figure["method"]
        assert figure["source"]
    assert whole["extremes"]["below"][0]["distance_m"] == 50.0
    assert len(found["inputs"][0]["sha256"]) == 64
    assert main(asked) == 0
    assert capsys.readouterr().out == text


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_is_the_same_bytes_and_asks_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = growing(tmp_path / "e.parquet", factor=4.0, events=80)
    page = tmp_path / "risk.html"
    monkeypatch.setattr(sys, "argv", ["detente", "risk"])
    asked = ["risk", str(path), *PERIOD, "--report", str(page), "--language", language]
    assert main(asked) == 0
    first = page.read_bytes()
    assert main(asked) == 0
    capsys.readouterr()
    assert page.read_bytes() == first
    text = first.decode()
    assert ("The rate is growing" in text or "the rate is growing" in text) == (language == "en")
    assert "default-src &#39;none&#39;" in text
    assert not re.search(r"(?:src|href)=[\"']?https?:", text)


def test_hostile_labels_are_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "incidents.csv"
    path.write_text("date,type\n2016-01-02,<script>alert(1)</script>\n2016-02-02,\u202eevil\n")
    page = tmp_path / "risk.html"
    assert main(["risk", str(path), "--report", str(page)]) == 0
    assert "<script>alert" not in page.read_text(encoding="utf-8")
    assert "\u202e" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--to", "2015-01-01T00:00Z"], "--to"),
        (["--run", "tomorrow"], "--run"),
        (["--below", "near"], "--below"),
        (["--region", "Baltic"], "--region"),
        (["--region", "Baltic=1,2,3"], "--region"),
        (["--sides", "s.toml"], "--tracks"),
        (["--tracks", "t.csv", "--exposure", "x.csv"], "--exposure"),
        (["--report", "risk.pdf"], ".html"),
        (["--per", "day", "--from", "1990-01-01T00:00Z"], "--per"),
    ],
)
def test_bad_input_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], said: str
) -> None:
    path = growing(tmp_path / "e.parquet", factor=1.0, events=10)
    asked = ["risk", str(path), "--from", "2016-01-01T00:00Z", *extra]
    assert main(asked) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_a_file_that_is_no_table_or_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.csv").write_text("one,two\n1,2\n")
    assert main(["risk", str(tmp_path / "bad.csv")]) == 2
    assert "bad.csv" in capsys.readouterr().err
    assert main(["risk", str(tmp_path / "none.parquet")]) == 2
    assert "none.parquet" in capsys.readouterr().err


def test_a_real_list_of_incidents(capsys: pytest.CaptureFixture[str]) -> None:
    if not REAL.exists():
        pytest.skip("the list of incidents beside the project is not here")
    asked = [
        "risk",
        str(REAL),
        "--per",
        "quarter",
        "--from",
        "2013-01-01T00:00Z",
        "--to",
        "2020-01-01T00:00Z",
        "--json",
    ]
    assert main(asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"]["read"] == 38
    assert found["rows"]["rejected"] == {"date_too_coarse": 2}
    # 36 reported incidents in 28 quarters: not enough to tell, and too few distances for an extreme
    assert found["groups"][0]["trend"]["verdict"] == "not_enough_data"
    assert found["groups"][0]["extremes"]["why_none"] == "too_few"
