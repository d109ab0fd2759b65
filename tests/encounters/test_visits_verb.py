"""Goal: what the verb tells about announced areas is what was found, in every form; bad files get one message."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from detente.__main__ import main
from detente.encounters.visits_schema import UNVISITED, VISITS
from tests.stories.ships import write_crossing

DAY = "2024-05-01T"


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(identity: str, geometry: dict[str, Any] | None, **properties: Any) -> dict[str, Any]:
    windows = properties.pop("windows", [[f"{DAY}12:02:00Z", f"{DAY}12:15:00Z"]])
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"id": identity, "windows": windows, **properties},
    }


def write_areas(path: Path, *features: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    return path


CIRCLE = {"shape": "circle", "centre": {"lat_e7": 550300000, "lon_e7": 120300000}, "radius_m": "2000"}


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def ships(tmp_path: Path) -> Path:
    return write_crossing(tmp_path / "ships.csv")


@pytest.fixture
def areas(tmp_path: Path) -> Path:
    return write_areas(
        tmp_path / "areas.geojson",
        feature("D1", box(11.96, 54.98, 12.04, 55.02), name="=Box", author_state="DK", activity_kind="firing"),
        feature("D2", None, shape=CIRCLE, outcome="doubtful", author_state="DK", windows=[[f"{DAY}11:00:00Z", None]]),
        feature("D3", box(-30.0, -40.0, -29.0, -39.0)),
        feature("D4", {"type": "Point", "coordinates": [12.0, 55.0]}),
        feature("D5", box(12.0, 54.0, 13.0, 55.0), approximate=True),
        feature("D6", box(12.0, 54.0, 13.0, 55.0), windows=[]),
    )  # fmt: skip


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main([*map(str, arguments), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([*map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return err


def test_the_document_tells_visits_silence_and_what_was_left_out(
    ships: Path, areas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, "encounters", ships, "--areas", areas, "--margin", "1nm")
    assert found["limits"]["margin_m"] == 1852.0
    assert found["areas"] == {
        "searched": 3,
        "doubtful": 1,
        "left_out": {"approximate": 1, "no_extent": 1, "no_window": 1},
    }
    assert found["counts"]["visits"] == len(found["visits"]) == 4
    assert found["counts"]["third_parties"] == 1
    assert {row["mover"] for row in found["visits"] if row["third_party"]} == {"mmsi:273000001"}
    assert [list(row) for row in found["visits"]] == [list(VISITS)] * 4
    assert [(row["area"], row["seen_near"]) for row in found["unvisited"]] == [("D3", False)]
    assert len(found["inputs"]) == 2


def test_the_screen_shows_the_deepest_first_and_marks_third_parties_and_doubt(
    ships: Path, areas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["encounters", str(ships), "--areas", str(areas), "--margin", "1nm"]) == 0
    out, err = capsys.readouterr()
    lines = [line.split("\t") for line in out.splitlines()]
    assert len(lines) == 5
    assert [line[4] for line in lines[1:]] == ["inside", "inside", "inside", "near"]
    depths = [float(line[5]) for line in lines[1:4]]
    assert depths == sorted(depths, reverse=True)
    notes = {(line[0], line[1]): line[8] for line in lines[1:]}
    assert notes["mmsi:219000001 ANNA", "D1 =Box"] == ""
    assert notes["mmsi:273000001 BORIS", "D1 =Box"] == "third party: needs a warning (a person sends it)"
    assert notes["mmsi:219000001 ANNA", "D2"] == "area doubtful"
    for sentence in (
        "1 visitor is a third party: needs a warning (a person sends it)",
        "1 area could not be searched: only an approximate place is known",
        "1 area could not be searched: it is not known when they are active",
        "of them 1 doubtful",
        "in 1 active time nobody was seen",
    ):
        assert sentence in err


def test_files_hold_every_visit_safe_for_spreadsheets(
    ships: Path, areas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("encounters", str(ships), "--areas", str(areas), "--margin", "1nm", "--out")
    target, silent = tmp_path / "visits.csv", tmp_path / "silent.csv"
    assert main([*where, str(target), "--unvisited", str(silent)]) == 0
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["area"] for row in rows].count("D1") == 2
    assert {row["area_name"] for row in rows} == {"'=Box", ""}
    assert all(row["entered"].endswith("Z") and row["left"] > row["entered"] for row in rows)
    assert pl.read_csv(silent).columns == list(UNVISITED)
    points = tmp_path / "visits.geojson"
    assert main([*where, str(points)]) == 0
    features = json.loads(points.read_text(encoding="utf-8"))["features"]
    assert [one["geometry"]["type"] for one in features] == ["Point"] * 4
    assert list(features[0]["properties"]) == list(VISITS)
    pins = tmp_path / "visits.kml"
    assert main([*where, str(pins)]) == 0
    assert len(ET.parse(pins).findall(".//{*}Placemark/{*}Point")) == 4  # noqa: S314 - written just now
    table = tmp_path / "visits.parquet"
    assert main([*where, str(table)]) == 0
    assert pl.read_parquet(table).schema == VISITS
    capsys.readouterr()


def test_the_report_stands_alone_and_tells_third_parties_by_shape(
    ships: Path, areas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "visits.html"
    assert main(["encounters", str(ships), "--areas", str(areas), "--report", str(page)]) == 0
    capsys.readouterr()
    text = page.read_text(encoding="utf-8")
    assert "src=" not in text
    assert "url(" not in text
    assert '<use href="#third" class="s1"' in text
    assert 'class="area visited"' in text
    assert "a person sends it" in text
    assert "approximate place" in text


def test_the_report_speaks_russian_and_stands_without_any_visit(
    ships: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    kinds = {"activity_kind": "rocket-launch"}, {"activity_kind": "<i>whaling"}
    areas = write_areas(
        tmp_path / "a.geojson",
        *(feature(f"D{n}", box(-30.0, -40.0, -29.0, -39.0), **kind) for n, kind in enumerate(kinds)),
    )
    page = tmp_path / "visits.html"
    assert main(["encounters", str(ships), "--areas", str(areas), "--report", str(page)]) == 0
    shown = capsys.readouterr().err
    text = page.read_text(encoding="utf-8")
    assert "<td>пуск ракеты-носителя</td>" in text
    assert "rocket-launch" not in text
    assert "&lt;i&gt;whaling" in text
    assert "Посещения опасных районов" in text
    assert "никого не видно" in text
    assert "никого не видно" in shown


def test_the_report_says_what_its_map_leaves_out(
    ships: Path, areas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from detente.encounters.report import area_map

    page = tmp_path / "visits.html"
    command = ["encounters", str(ships), "--areas", str(areas), "--report", str(page)]
    assert main(command) == 0
    assert "The map draws" not in page.read_text(encoding="utf-8")
    monkeypatch.setattr(area_map, "AREAS_MAX", 1)
    monkeypatch.setattr(area_map, "TRACKS_MAX", 1)
    assert main(command) == 0
    capsys.readouterr()
    text = page.read_text(encoding="utf-8")
    assert "The map draws 1 of 3 areas, those with visits first." in text
    assert "Tracks are drawn around the 1 deepest of " in text
    assert text.count('<path class="area') == 1
    # besides the one of the legend
    assert text.count('<path class="track a" d=') + text.count('<path class="track b" d=') == 2


def test_a_name_stands_over_the_peak_of_a_triangle_and_over_the_middle_of_a_level_edge() -> None:
    import polars as pl

    from detente.encounters.announced import Announced
    from detente.encounters.report.area_map import drawn
    from detente.encounters.visits_schema import VISITS

    def area(identity: str, *ring: tuple[float, float]) -> Announced:
        return Announced(id=identity, name="", activity="", shape=((*ring, ring[0]),), windows=((None, None),))

    made = drawn(
        pl.DataFrame(schema=VISITS),
        [
            area("peak", (10.0, 0.0), (12.0, 0.0), (12.0, 1.0)),
            area("level", (0.0, 0.0), (1.0, 0.0), (2.0, 1.0), (1.5, 1.0), (1.0, 1.0)),
        ],
        pl.LazyFrame(),
        180.0,
    )
    assert made is not None
    at = {name: x for name, x, _ in made["names"]}
    per_degree = (at["peak"] - at["level"]) / (12.0 - 1.5)
    assert per_degree > 0.0
    # the path begins at the corner two degrees west of the peak, in hundredths
    corner = re.match(r"M(-?[0-9]+)", made["areas"][0]["path"])
    assert corner is not None
    assert int(corner[1]) / 100 == pytest.approx(at["peak"] - 2.0 * per_degree, abs=1.0)


@pytest.mark.parametrize(
    "option",
    [
        ("--within", "1nm"),
        ("--vertical", "500ft"),
        ("--between", "all"),
        ("--area", "0,0,1,1"),
        ("--keep-moored",),
    ],
)
def test_options_of_pairs_are_refused_with_areas(
    ships: Path, areas: Path, option: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "encounters", ships, "--areas", areas, *option)
    assert option[0] in said
    assert "only concern pairs" in said


def test_options_of_areas_are_refused_without_them(ships: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no --areas" in refused(capsys, "encounters", ships, "--margin", "2nm")
    assert "no --areas" in refused(capsys, "encounters", ships, "--unvisited", "u.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "Expecting value"),
        ("[]", "no list of features"),
        ('{"type": "FeatureCollection", "features": []}', "no area at all"),
        (json.dumps({"features": [feature("D", box(54.0, 112.0, 55.0, 113.0))]}), "exchanged"),
        (
            json.dumps({"features": [feature("D", box(1, 1, 2, 2), windows=[[f"{DAY}12:00Z", f"{DAY}11:00Z"]])]}),
            "ends before it starts",
        ),
        (json.dumps({"features": [feature("D", {"type": "Polygon", "coordinates": 7})]}), "feature 0"),
        (json.dumps({"features": [feature("D", {"type": "Point", "coordinates": [1, 2]})]}), "without extent"),
    ],
)
def test_bad_files_of_areas_get_one_clear_message(
    ships: Path, tmp_path: Path, content: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.geojson"
    path.write_text(content, encoding="utf-8")
    assert words in refused(capsys, "encounters", ships, "--areas", path)


@pytest.mark.parametrize("margin", ["--margin=-2nm", "--margin=5", "--margin=200nm", "--margin=nan"])
def test_bad_margins_are_refused(
    ships: Path, areas: Path, margin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--margin" in refused(capsys, "encounters", ships, "--areas", areas, margin)


def test_poles_and_the_antimeridian_are_places_like_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["mmsi,time,longitude,latitude"]
    for minute in range(21):
        time = f"{DAY}12:{minute:02d}:00Z"
        lon = 179.95 + minute * 0.005
        lines.append(f"219000001,{time},{lon - 360.0 if lon >= 180.0 else lon:.4f},10.0")
        lines.append(f"219000002,{time},45.0,{89.90 + minute * 0.002:.4f}")
    tracks = tmp_path / "far.csv"
    tracks.write_text("\n".join(lines) + "\n", encoding="utf-8")
    cap = {"type": "Polygon", "coordinates": [[[lon, 89.92] for lon in (-180, -120, -60, 0, 60, 120, 180)]]}
    areas = write_areas(
        tmp_path / "a.geojson",
        feature("line", box(179.97, 9.9, 180.03 - 360.0, 10.1), windows=[[None, None]]),
        feature("pole", cap, windows=[[None, None]]),
    )
    found = told(capsys, "encounters", tracks, "--areas", areas, "--report", tmp_path / "r.html")
    assert {(row["mover"], row["area"]) for row in found["visits"]} == {
        ("mmsi:219000001", "line"),
        ("mmsi:219000002", "pole"),
    }
    (over,) = [row for row in found["visits"] if row["area"] == "line"]
    assert (over["entered"], over["left"]) == (f"{DAY}12:04:00.000Z", f"{DAY}12:16:00.000Z")


def test_a_period_that_cuts_a_visit_is_why_it_begins_and_ends(
    ships: Path, areas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    period = ("--from", f"{DAY}12:05:00Z", "--to", f"{DAY}12:06:00Z")
    found = told(capsys, "encounters", ships, "--areas", areas, *period)["visits"]
    assert {(row["began"], row["ended"]) for row in found} == {("period_began", "period_ended")}
    assert {row["duration_s"] for row in found} == {60.0}
