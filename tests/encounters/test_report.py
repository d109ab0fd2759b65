from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente import words
from detente.door.errors import MissingExtra, OutputFailure
from detente.encounters.coast.land import land
from detente.encounters.errors import OutputMistake
from detente.encounters.report import InputFile, Limits, chart, check_report, plots, write_report
from detente.encounters.report.pieces import FIXES_MAX, track_pieces
from detente.encounters.report.rendering import inert
from detente.encounters.report.subject import DRAWN_MAX
from detente.tracks.schema import complete
from tests.encounters.rows import CLOSEST, MIXED, encounter, table

TALLY = {
    "rows": 120, "kept": 100, "rejected": {"duplicate": 15, "teleport": 5}, "notes": {"no_zone": 120},
    "formats": {"dma_csv": 1},
}  # fmt: skip
LIMITS = Limits(within_m=500.0, vertical_m=304.8, max_gap_s=180.0, moored_left_out=7)
INPUTS = (InputFile("aisdk<b>.csv", "ab" * 32, 1_234_567),)
WICKED = "</script><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>\u202e\x1b[31m\u200b"


class Page(HTMLParser):
    """What a browser would load and run of a page: tags with attributes, text, scripts, styles."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.bodies: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self._inside = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.bodies:
            self._inside = tag
            self.bodies[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.bodies[self._inside][-1] += data
        else:
            self.text += data


def tracks(*movers: tuple[str, float, float, float]) -> pl.LazyFrame:
    """Return straight tracks of an hour around CLOSEST, a fix every 20 s: mover, lon, lat, degrees north."""
    frames = [
        pl.DataFrame(
            {
                "mover": [mover] * 180,
                "time": [CLOSEST + timedelta(seconds=20 * n - 1800) for n in range(180)],
                "lon": [lon] * 180,
                "lat": [lat + rate * (n - 90) / 180 for n in range(180)],
            },
            schema_overrides={"time": pl.Datetime("us", "UTC")},
        )
        for mover, lon, lat, rate in movers
    ]
    return complete(pl.concat(frames).lazy())


TRACKS = tracks(
    ("mmsi:235011590", -1.3, 50.75, 0.1), ("mmsi:235101063", -1.2995, 50.7505, -0.1), ("x", 0.0, 0.0, 1.0)
)


def written(target: Path, encounters: pl.DataFrame = MIXED, **changed: Any) -> Page:
    told: dict[str, Any] = {
        "tally": TALLY, "command": "detente encounters a.csv", "inputs": INPUTS, "limits": LIMITS,
        "tracks": TRACKS,
    }  # fmt: skip
    write_report(target, encounters, **(told | changed))
    return Page(target)


def test_the_page_loads_nothing_and_allows_only_its_own_style_and_script(tmp_path: Path) -> None:
    page = written(tmp_path / "r.html")
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    style, (data, script) = page.bodies["style"][0], page.bodies["script"]
    for body in (style, script):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert json.loads(data)["numbers"]
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "image"}
        assert "style" not in attributes, tag  # the policy would refuse it
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "href", "action", "xlink:href", "srcset"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, name)
    assert "url(" not in style
    assert "@import" not in style
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "import(", "innerHTML", "eval("):
        assert word not in script


def test_names_from_the_radio_stay_text_with_their_invisible_characters_shown(tmp_path: Path) -> None:
    row = encounter(name_a=WICKED, name_b=WICKED, a="mmsi:" + WICKED, side_a=WICKED, situation=WICKED)
    page = written(tmp_path / "r.html", table(row), command=WICKED, inputs=[InputFile(WICKED, "00", 1)])
    raw = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script>alert" not in raw
    assert len(page.bodies["script"]) == 2
    assert not any(tag == "img" for tag, _ in page.tags)
    assert not set("\u202e\x1b\u200b") & set(raw)
    assert page.text.count("\\u202e\\x1b[31m\\u200b") >= 5


@given(text=st.text())
def test_data_in_the_page_can_never_end_its_script_element(text: str) -> None:
    written = inert({"name": text + "</script><!--"})
    assert "<" not in written
    assert json.loads(written)["name"] == text + "</script><!--"


def test_every_encounter_has_a_row_a_symbol_and_the_numbers_to_sort_by(tmp_path: Path) -> None:
    page = written(tmp_path / "r.html")
    symbols = [a for t, a in page.tags if t == "use" and "data-i" in a]
    assert sorted(int(str(a["data-i"])) for a in symbols) == [0, 1, 2, 3]
    assert {a["href"] for a in symbols} == {"#ships", "#mixed"}  # shape, not colour alone
    assert any("possible" in str(a["class"]) for a in symbols)
    assert sum(t == "button" and a.get("class") == "go" for t, a in page.tags) == 4
    assert len(json.loads(page.bodies["script"][0])["numbers"]) == 4
    assert page.text.count("RED FALCON") >= 2


def test_the_page_says_what_was_read_what_counts_and_how_it_was_made(tmp_path: Path) -> None:
    text = written(tmp_path / "r.html").text
    for wanted in (
        "Distance alone does not make an encounter unsafe", "the same mover at the same time once more",
        "times without a zone were read as UTC", "120", "100", "15", "aisdk<b>.csv", "ab" * 32, "1,234,567",
        "detente encounters a.csv", "7 encounters of moored or anchored neighbours were counted and left out",
        "at most 3 min 00 s", "less than 500 m", "305 m (1,000 ft)", "No borders are drawn",
    ):  # fmt: skip
        assert wanted in text, wanted


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    written(tmp_path / "one.html")
    written(tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_page_is_russian_where_asked_and_the_language_is_put_back(tmp_path: Path) -> None:
    page = written(tmp_path / "r.html", language="ru")
    assert words.language() == "en"
    assert dict(next(a for t, a in page.tags if t == "html"))["lang"] == "ru"
    assert "Одно лишь расстояние не делает сближение опасным" in page.text
    assert "1\u202f234\u202f567" in page.text
    assert "Distance" not in page.text


def test_no_encounter_is_said_and_is_not_called_safety(tmp_path: Path) -> None:
    page = written(tmp_path / "r.html", table())
    assert "no data is not no encounter" in page.text
    assert not any(a.get("id") == "map" for _, a in page.tags)


def test_more_rows_than_the_cap_are_said_and_the_least_severe_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detente.encounters.report.page.ROWS_MAX", 3)
    many = table(*(encounter(severity=n / 10, name_a=f"SHIP{n}") for n in range(1, 6)))
    text = written(tmp_path / "r.html", many).text
    assert "Listed and drawn on the map are the 3 of least severity figure, of 5 found" in text
    assert "SHIP3" in text
    assert "SHIP4" not in text


def test_drawings_are_of_pairs_under_way_first_and_never_of_moored_neighbours(tmp_path: Path) -> None:
    rows = [encounter(severity=0.001 * n, moored=True, name_a="ASHORE") for n in range(20)]
    rows += [
        encounter(severity=0.5, both_moving=False, name_a="STOPPED"),
        encounter(severity=0.9, name_a="MOVING"),
    ]
    page = written(tmp_path / "r.html", table(*rows))
    drawn = [a for t, a in page.tags if t == "svg" and a.get("class") == "close"]
    assert len(drawn) == 2 <= DRAWN_MAX
    assert page.text.index("MOVING") < page.text.index("STOPPED") < page.text.index("ASHORE")


def test_a_drawing_shows_both_tracks_the_line_between_and_the_distance(tmp_path: Path) -> None:
    page = written(tmp_path / "r.html", table(encounter()))
    classes = {str(a.get("class")) for _, a in page.tags}
    assert {"track a", "track b", "fix a", "fix b", "glyph a", "glyph b", "apart", "north", "scale"} <= classes
    assert "81 m" in page.text
    without = written(tmp_path / "n.html", table(encounter()), tracks=None)
    left = {str(a.get("class")) for _, a in without.tags}
    assert "track a" not in left
    assert {"glyph a", "glyph b", "apart"} <= left  # the places themselves are known


def test_pieces_hold_ten_minutes_on_each_side_and_no_other_mover() -> None:
    (pieces,) = track_pieces(TRACKS, table(encounter()))
    for which in "ab":
        times = pieces[which]["time"]
        assert times.is_sorted()
        assert len(times) == 61
        assert times.min() == CLOSEST - timedelta(minutes=10)
        assert times.max() == CLOSEST + timedelta(minutes=10)
    assert pieces["a"]["lon"].unique().to_list() == [-1.3]


def test_a_mover_that_reports_very_often_is_thinned_to_a_bound() -> None:
    often = pl.DataFrame(
        {
            "mover": ["mmsi:235011590"] * 12_000,
            "time": [CLOSEST + timedelta(milliseconds=100 * n - 600_000) for n in range(12_000)],
            "lon": [0.0] * 12_000,
            "lat": [0.0] * 12_000,
        },
        schema_overrides={"time": pl.Datetime("us", "UTC")},
    )
    (pieces,) = track_pieces(complete(often.lazy()), table(encounter()))
    assert pieces["a"].height == FIXES_MAX
    assert pieces["a"]["time"][0] == often["time"][0]
    assert pieces["a"]["time"][-1] == often["time"][-1]
    assert pieces["b"].is_empty()


def test_a_wrong_ending_or_a_missing_part_is_said_before_work_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutputMistake, match="pdf"):
        check_report(tmp_path / "report.pdf")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtra) as raised:
        check_report(tmp_path / "report.html")
    assert raised.value.remedy == "pip install 'detente[report]'"


def test_a_folder_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputFailure):
        written(tmp_path / "absent" / "r.html")
    assert list(tmp_path.iterdir()) == []


PLACES = st.lists(st.tuples(st.floats(-180, 180), st.floats(-89, 89)), min_size=1, max_size=20)


@settings(deadline=None)
@given(places=PLACES)
def test_every_place_lies_on_its_map(places: list[tuple[float, float]]) -> None:
    at = np.array(places)
    rows = [{"kind_a": "ship", "kind_b": "ship", "severity": 0.5, "quality": "certain"}] * len(places)
    fitted = chart.fit(at)
    for number, _, _, x, y in chart.symbols(fitted, rows, at):
        assert -1 <= x <= chart.WIDTH + 1
        # the world's map ends at 84 degrees; what lies beyond is drawn at its edge
        assert (
            -1 <= y <= fitted.height + 1
            or fitted.factor * 2 * np.pi <= chart.WIDTH * 1.001
            or abs(at[number][1]) > 60
        )


def test_places_on_both_sides_of_the_antimeridian_share_a_small_map() -> None:
    fitted = chart.fit(np.array([[179.9, 65.0], [-179.9, 65.1]]))
    assert fitted.metres_per_unit() * chart.WIDTH < 50_000
    assert abs(abs(fitted.lon0_deg) - 180.0) < 0.01


def test_the_coast_is_fine_near_the_places_and_coarse_far_from_them() -> None:
    solent = np.array([[-1.3, 50.76]])
    near = land(solent, bounds_deg=(-1.6, 50.55, -1.0, 50.95), coarsest_m=5000.0)
    vertices = sum(len(ring.lon_lat_deg) for ring in near)
    far = land(np.array([[150.0, -20.0]]), bounds_deg=(-1.6, 50.55, -1.0, 50.95), coarsest_m=5000.0)
    assert vertices > 4 * sum(len(ring.lon_lat_deg) for ring in far)
    wight = min(near, key=lambda ring: abs(np.mean(ring.lon_lat_deg, axis=0) - [-1.3, 50.67]).sum())
    assert -1.6 <= wight.lon_lat_deg[:, 0].min() < wight.lon_lat_deg[:, 0].max() < -1.0


@pytest.mark.parametrize("bounds", [(170.0, 60.0, 190.0, 72.0), (-190.0, 60.0, -170.0, 72.0)])
def test_land_across_the_antimeridian_is_whole_and_its_cut_is_no_shore(bounds: tuple[float, ...]) -> None:
    west, south, east, north = bounds
    rings = land(np.array([[180.0, 66.0]]), bounds_deg=(west, south, east, north), coarsest_m=500.0)
    assert rings
    for ring in rings:
        lon = ring.lon_lat_deg[:, 0]
        assert west - 1e-6 <= lon.min() <= lon.max() <= east + 1e-6
        assert np.array_equal(ring.lon_lat_deg[0], ring.lon_lat_deg[-1])
        cut = np.abs(np.abs(lon) - 180.0) < 1e-9
        assert ring.made[cut[:-1] & cut[1:]].all()
    middle = [ring for ring in rings if ring.lon_lat_deg[:, 0].min() < (west + east) / 2 - 1]
    assert middle  # Chukotka lies on both sides


def test_never_more_vertices_than_asked_for() -> None:
    places = np.random.default_rng(1).uniform([-180, -60], [180, 70], (500, 2))
    rings = land(places, bounds_deg=(-180, -80, 180, 84), coarsest_m=1.0, vertices_max=20_000)
    assert 10_000 < sum(len(ring.lon_lat_deg) for ring in rings) < 26_000


def test_the_histogram_and_the_timeline_count_every_encounter_once() -> None:
    def counted(svg: str) -> int:
        return sum(int(figure) for figure in re.findall(r": (\d+)</title>", svg))

    assert counted(plots.histogram([0.0, 10.0, 499.9, 500.0], 500.0)) == 4
    for hours in (0, 1, 30, 24 * 400):
        svg, bin_s = plots.timeline([CLOSEST, CLOSEST + timedelta(hours=hours)])
        assert counted(svg) == 2
        assert svg.count("<rect") <= 2
        assert hours * 3600 / bin_s <= 72


def test_no_part_of_the_page_lists_the_units_of_one_side(tmp_path: Path) -> None:
    page = written(tmp_path / "r.html")
    data = json.loads(page.bodies["script"][0])
    assert not {"west", "east"} & set(map(str, np.ravel(data["flags"])))
    assert set(data) == {"words", "language", "projection", "height", "numbers", "flags"}
