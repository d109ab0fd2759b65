"""Who will be in an area: against geodesics in random pictures, and the verb's words."""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from detente.__main__ import main
from detente.encounters.announced import Announced
from detente.encounters.errors import LimitMistake, StateMistake
from detente.encounters.forecast import FORECAST, forecast
from detente.notices.shapes import Circle, Polygon, Position
from tests.encounters.area_reference import GEOD, SlowArea, signed_m, visits
from tests.encounters.test_visits_verb import box, feature, told, write_areas

NOW = datetime(2018, 4, 4, 6, tzinfo=UTC)
STEP_S = 5.0
STATES = """\
id,lat,lon,altitude_ft,speed_kn,course_deg,vertical_fpm,kind
mmsi:273000001,54.93,12.0,,12,0,,ship
icao24:4ca1b2,55.0,11.5,33000,450,90,0,aircraft
mmsi:219000001,55.0,12.0,,0,,,ship
"""


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def position(lon: float, lat: float) -> Position:
    return Position(lon_e7=round(lon * 1e7), lat_e7=round(lat * 1e7))


def world(seed: int) -> tuple[list[dict[str, object]], SlowArea, tuple[float, float], float, float]:
    draw = random.Random(seed)
    lon, lat = draw.choice([draw.uniform(-179, 179), 179.99]), draw.choice([draw.uniform(-70, 70), 89.5])
    size = draw.choice([3_000.0, 30_000.0])
    if draw.random() < 0.5:
        slow = SlowArea(((round(lon, 7), round(lat, 7)),), radius_m=size)
    else:
        ring = [
            GEOD.fwd(lon, lat, bearing, size * draw.uniform(0.5, 1.3))[:2] for bearing in (10, 80, 150, 230, 300)
        ]
        slow = SlowArea(tuple((round(x, 7), round(y, 7)) for x, y in ring))
    states = []
    for number in range(4):
        x, y, _ = GEOD.fwd(lon, lat, draw.uniform(0, 360), size * draw.uniform(0.0, 3.0))
        toward = GEOD.inv(x, y, lon, lat)[0] % 360.0
        states.append(
            {
                "id": f"id:{number}", "lat": y, "lon": x, "speed_kn": draw.choice([15.0, 240.0, 900.0]),
                "course_deg": (toward + draw.uniform(-40, 40)) % 360.0,
            }
        )  # fmt: skip
    begin = draw.uniform(-100, 400)
    return states, slow, (begin, begin + draw.uniform(200, 1500)), draw.choice([0.0, size * 0.2]), 900.0


def announced(slow: SlowArea, window: tuple[float, float]) -> Announced:
    places = tuple(position(lon, lat) for lon, lat in slow.corners)
    shape = Circle(centre=places[0], radius_m=f"{slow.radius_m:.0f}") if slow.radius_m else Polygon(ring=places)
    return Announced(id="D", name="", activity="", shape=shape, windows=((after(window[0]), after(window[1])),))


@pytest.mark.parametrize("first", [0, 8])
def test_who_will_be_inside_is_who_is_on_the_geodesic(first: int) -> None:
    compared = 0
    for seed in range(first, first + 8):
        states, slow, window, margin, horizon = world(seed)
        found = forecast(
            pl.DataFrame(states), [announced(slow, window)], at=NOW, horizon_s=horizon, margin_m=margin
        )
        for state in states:
            speed = float(str(state["speed_kn"])) * 1852.0 / 3600.0
            track = []
            for k in range(31):
                x, y, _ = GEOD.fwd(state["lon"], state["lat"], state["course_deg"], speed * horizon * k / 30)
                track.append((horizon * k / 30, x, y, math.nan))
            active = (max(window[0], 0.0), min(window[1], horizon))
            expected = visits(track, slow, active, margin_m=margin, gap_s=1e6, step_s=STEP_S)
            rows = found.filter(mover=state["id"])
            came = list(rows.select("entry_s", "exit_s").iter_rows())
            for entered, left in expected:
                if left - entered > 2 * STEP_S:
                    assert any(abs(a - entered) < 0.5 and abs(b - left) < 0.5 for a, b in came), (seed, state)
                    compared += 1
            for a, b in came:
                assert b - a <= 2 * STEP_S or any(e - 0.5 <= a and b <= f + 0.5 for e, f in expected), (
                    seed,
                    state,
                )
            for row in rows.iter_rows(named=True):
                signed = -row["depth_m"] if row["inside"] else row["distance_m"]
                assert abs(signed_m(slow, row["lon"], row["lat"]) - signed) < 0.15
    assert compared > 4


def test_a_climb_enters_by_height_and_who_is_old_has_moved_on() -> None:
    ring = tuple(position(*corner) for corner in ((20.0, 56.0), (21.0, 56.0), (21.0, 57.0), (20.0, 57.0)))
    area = Announced(
        id="D",
        name="",
        activity="",
        shape=Polygon(ring=ring),
        windows=((None, None),),
        lower_m=304.8,
        upper_m=1e5,
    )
    states = pl.DataFrame(
        {"id": ["icao24:4ca1b2"], "lat": [56.5], "lon": [20.5], "altitude_ft": [0.0], "speed_kn": [0.0],
         "course_deg": [0.0], "vertical_fpm": [600.0]}
    )  # fmt: skip
    (row,) = forecast(states, [area], at=NOW, horizon_s=300.0).to_dicts()
    assert row["entry_s"] == pytest.approx(100.0, abs=0.001)
    assert (row["began"], row["ended"], row["exit_s"]) == ("climbed_or_descended_in", "period_ended", 300.0)
    (row,) = forecast(states, [area], at=NOW, times=[after(-60.0)], horizon_s=300.0).to_dicts()
    assert row["entry_s"] == pytest.approx(40.0, abs=0.001)
    assert not row["inside_now"]
    with pytest.raises(StateMistake):
        forecast(states, [area], at=NOW, times=[after(60.0)])
    with pytest.raises(LimitMistake):
        forecast(states, [area], at=NOW, horizon_s=0.0)


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path]:
    states = tmp_path / "states.csv"
    states.write_text(STATES, encoding="utf-8")
    window = [["2018-04-04T06:02:00Z", "2018-04-04T06:15:00Z"]]
    areas = write_areas(
        tmp_path / "areas.geojson",
        feature("D1", box(11.96, 54.98, 12.04, 55.02), author_state="DK", windows=window),
        feature("D2", {"type": "Point", "coordinates": [12.0, 55.0]}),
    )
    return states, areas


def test_the_verb_tells_who_and_when(
    pictures: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states, areas = pictures
    where = ("predict", str(states), "--areas", str(areas), "--at", "2018-04-04T06:00Z", "--margin", "1nm")
    assert main([*where, "--out", str(tmp_path / "out.csv")]) == 0
    out, err = capsys.readouterr()
    lines = [line.split("\t") for line in out.splitlines()[1:]]
    assert [(line[0], line[5]) for line in lines] == [
        ("icao24:4ca1b2", "inside"),
        ("mmsi:219000001", "inside"),
        ("mmsi:273000001", "near"),
    ]
    assert lines[1][2] == "120.0"
    assert "third party" in lines[0][7]
    assert "third party" not in lines[1][7]
    assert "1 area could not be searched" in err
    assert pl.read_csv(tmp_path / "out.csv").columns == list(FORECAST)
    document = told(capsys, *where)
    assert document["limits"]["horizon_s"] == 1800.0
    assert document["counts"] == {"movers": 3, "visits": 3, "inside_now": 0, "third_party": 2}


def test_the_moment_comes_from_the_picture_or_is_asked_for(
    pictures: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    states, areas = pictures
    assert main(["predict", str(states), "--areas", str(areas)]) == 2
    assert "neither --at nor a column time" in capsys.readouterr().err
    lines = STATES.splitlines()
    timed = [f"{lines[0]},time", *(f"{line},2018-04-04T06:00:00Z" for line in lines[1:])]
    states.write_text("\n".join(timed) + "\n", encoding="utf-8")
    assert told(capsys, "predict", states, "--areas", areas)["limits"]["at"].startswith("2018-04-04T06:00:00")
    states.write_text("\n".join([*timed[:2], timed[2].replace("2018-04-04T", "soon")]) + "\n", encoding="utf-8")
    assert main(["predict", str(states), "--areas", str(areas)]) == 2
    assert "column time" in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--within", "1nm"), ("--well-clear", "do365-phase1"), ("--between", "all")])
def test_options_of_pairs_are_refused(
    pictures: tuple[Path, Path], option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    states, areas = pictures
    assert main(["predict", str(states), "--areas", str(areas), "--at", "2018-04-04", *option]) == 2
    assert option[0] in capsys.readouterr().err
    assert main(["predict", str(states), "--at", "2018-04-04"]) == 2
    assert "no --areas" in capsys.readouterr().err


def test_nobody_inside_is_said(pictures: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    states, areas = pictures
    assert main(["predict", str(states), "--areas", str(areas), "--at", "2020-01-01"]) == 0
    assert "0 visits of active areas by 3 movers" in capsys.readouterr().err
    assert json.dumps(told(capsys, "predict", states, "--areas", areas, "--at", "2020-01-01")["visits"]) == "[]"
