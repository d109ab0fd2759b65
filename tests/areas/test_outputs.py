"""What ``detente areas`` prints and writes: JSON, GeoJSON, KML, iCalendar, Parquet, and the account of every text."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from lxml import etree  # type: ignore[attr-defined] # compiled, without stubs
from msgspec import to_builtins

from detente.__main__ import main
from detente.notices.codec import encode
from detente.notices.examples import EXAMPLES
from detente.notices.templates import form_of, template
from tests.areas import invented

WELL = "\n\n".join((invented.NGA_DAILY, invented.NGA_ALTERNATE, invented.COASTAL_SPAN))


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    names = []
    for index, text in enumerate((*invented.ALL, "NAVAREA I 1/26\nBUOY UNLIT.")):
        path = tmp_path / f"text{index}.txt"
        path.write_text(text, encoding="utf-8")
        names.append(str(path))
    return names


def test_every_text_is_accounted_for(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["areas", "read", *files, "--json"]) == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert len(document) == len(files)
    outcomes = [item["outcome"] for item in document]
    assert sum(outcomes.count(name) for name in ("read", "doubtful", "refused")) == len(files)
    assert outcomes[-1] == "refused"
    assert (
        f"{len(files)} texts: {outcomes.count('read')} read, {outcomes.count('doubtful')} doubtful, 1 refused"
        in told.err
    )
    for item in document:
        assert {"id", "outcome", "areas", "windows", "doubts", "refusals"} <= item.keys()
        assert (item["outcome"] == "refused") == bool(item["refusals"])
        assert (item["outcome"] == "doubtful") <= bool(item["doubts"])
        for area in item["areas"]:
            assert area["type"] in {"Polygon", "MultiPolygon", "Point", "GeometryCollection", "LineString"}
        for start, end in item["windows"]:
            assert start is None or start.endswith("Z")
            assert end is None or len(end) == 17
        for said in (*item["doubts"], *item["refusals"]):
            assert said["reason"]
            assert said["words"]


def test_lead_time_runs_from_issue_to_the_first_window(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(invented.NGA_DAILY, encoding="utf-8")
    main(["areas", "read", str(path), "--json"])
    (item,) = json.loads(capsys.readouterr().out)
    assert item["lead_time_s"] == (4 * 24 + 9) * 3600 + 22 * 60  # 5 March 13:08 to 9 March 22:30


def test_geojson_carries_the_exact_shape_and_is_read_back(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "areas.geojson"
    assert main(["areas", "read", *files, "--out", str(target)]) == 0
    collection = json.loads(target.read_text(encoding="utf-8"))
    shapes = [feature["properties"]["shape"] for feature in collection["features"]]
    assert {shape["shape"] for shape in shapes} == {
        "polygon",
        "circle",
        "named",
        "arc_polygon",
        "corridor",
        "point",
    }
    for feature in collection["features"]:
        properties = feature["properties"]
        assert properties["windows"] or properties["alternate_windows"]
        assert properties["notice"]["areas"][0]["shape"] == properties["shape"]
        assert (properties["outcome"] == "doubtful") == bool(properties["doubts"])
    capsys.readouterr()
    assert main(["areas", "read", str(target), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert [item["areas"][0]["shape"] for item in again] == shapes
    assert [item["windows"] for item in again] == [
        feature["properties"]["windows"] for feature in collection["features"]
    ]


def test_kml_is_well_formed_and_calendar_lines_are_folded(files: list[str], tmp_path: Path) -> None:
    kml, ics = tmp_path / "areas.kml", tmp_path / "areas.ics"
    assert main(["areas", "read", *files, "--out", str(kml)]) == 0
    tree = etree.parse(str(kml))
    assert len(tree.findall(".//{*}Placemark")) > len(invented.ALL)
    assert main(["areas", "read", *files, "--out", str(ics)]) == 0
    lines = ics.read_bytes().split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    unfolded = ics.read_bytes().replace(b"\r\n ", b"").decode()
    assert unfolded.count("BEGIN:VEVENT") == unfolded.count("END:VEVENT") > 20
    assert "DTSTART:20260309T223000Z" in unfolded
    uids = [line for line in unfolded.split("\r\n") if line.startswith("UID:")]
    assert len(set(uids)) == len(uids)


def test_parquet_has_one_row_an_area_and_window(files: list[str], tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    target = tmp_path / "areas.parquet"
    assert main(["areas", "read", *files, "--out", str(target)]) == 0
    frame = pl.read_parquet(target)
    assert frame.schema["start"] == pl.Datetime("us", "UTC")
    assert frame.filter(pl.col("text_id") == "HYDROPAC 1001/26").height == 2 * 5


def test_a_notice_is_written_as_both_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, areas = tmp_path / "a.txt", tmp_path / "areas.geojson"
    source.write_text(invented.NOTAM_POLYGON, encoding="utf-8")
    main(["areas", "read", str(source), "--out", str(areas)])
    notice = json.loads(areas.read_text(encoding="utf-8"))["features"][0]["properties"]["notice"]
    alone = tmp_path / "notice.json"
    alone.write_text(
        json.dumps(notice, sort_keys=True, separators=(",", ":"), ensure_ascii=False), encoding="utf-8"
    )
    for given in (areas, alone):
        capsys.readouterr()
        assert main(["areas", "write", str(given), "--as", "notam", "--fir", "EFIN", "--number", "A1234/26"]) == 0
        assert "Q) EFIN/QWMLW/IV/BO/W/000/200/" in capsys.readouterr().out
        assert main(["areas", "write", str(given), "--as", "warning"]) == 0
        assert "55-00.00N 018-30.00E" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["write", "{file}"],
        ["write", "{file}", "--as", "notam"],
        ["read", "{file}", "--out", "x.doc"],
        ["read", "{file}.json"],
        ["write", "{notice}", "--as", "notam", "--number", "12/26"],
        ["write", "{notice}", "--as", "warning", "--number", "A1234/26"],
        ["write", "{notice}", "--as", "warning", "--fir", "EFIN"],
        ["write", "{notice}", "--as", "notam", "--out", "notam.txt"],
        ["write", "{exercise}", "--as", "notam"],
        ["write", "{exercise}.record", "--as", "notam"],
    ],
)
def test_wrong_requests_are_told(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(WELL, encoding="utf-8")
    (tmp_path / "a.txt.json").write_text("{}", encoding="utf-8")
    notice, exercise = tmp_path / "area.toml", tmp_path / "exercise"
    notice.write_text(
        template("danger_area", filled=form_of(to_builtins(EXAMPLES["danger_area"]))), encoding="utf-8"
    )
    exercise.write_text(template("exercise", filled=form_of(to_builtins(EXAMPLES["exercise"]))), encoding="utf-8")
    (tmp_path / "exercise.record").write_bytes(encode(EXAMPLES["exercise"]))
    names = {"file": path, "notice": notice, "exercise": exercise}
    assert main(["areas", *(part.format(**names) for part in arguments)]) == 2
    assert "expected" in capsys.readouterr().err


def test_of_several_notices_those_are_written_that_can_be_and_the_others_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, areas = tmp_path / "a.txt", tmp_path / "areas.geojson"
    source.write_text(f"{invented.NOTAM_POLYGON}\n\n{invented.NGA_ALTERNATE}\n", encoding="utf-8")
    main(["areas", "read", str(source), "--out", str(areas)])
    capsys.readouterr()
    assert main(["areas", "write", str(areas), "--as", "notam", "--json"]) == 1
    told = capsys.readouterr()
    assert [one["id"] for one in json.loads(told.out)] == ["X0101/26"]
    assert "NAVAREA IV 1002/26: not written: " in told.err


def test_only_refused_texts_end_with_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("NAVAREA I 1/26\nBUOY UNLIT.", encoding="utf-8")
    assert main(["areas", "read", str(path)]) == 1


@pytest.mark.parametrize(("library", "out"), [("pyproj", "areas.geojson"), ("polars", "areas.parquet")])
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    library: str,
    out: str,
    files: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert main(["areas", "read", files[0], "--out", str(tmp_path / out)]) == 2
    told = capsys.readouterr().err
    assert library in told
    assert "detente[watch]" in told
    assert not (tmp_path / out).exists()


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(WELL.encode())))
    assert main(["areas", "read", "-", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_no_two_areas_have_one_id_though_two_offices_number_alike(tmp_path: Path) -> None:
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text(invented.NOTAM_POLYGON, encoding="utf-8")
    other.write_text(invented.NOTAM_POLYGON.replace("ZZZZ", "YYYY"), encoding="utf-8")
    target = tmp_path / "areas.geojson"
    assert main(["areas", "read", str(one), str(other), str(one), "--out", str(target)]) == 0
    features = json.loads(target.read_text(encoding="utf-8"))["features"]
    ids = [feature["properties"]["id"] for feature in features]
    assert ids == ["X0101/26#1", "YYYY X0101/26#1", "ZZZZ X0101/26#1"]
    assert [feature["properties"]["text_id"] for feature in features] == ["X0101/26"] * 3
