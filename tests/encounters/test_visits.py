"""Who was in which area while it was active: the kernel against geodesics, and the definition's edges."""

from __future__ import annotations

import dataclasses
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from detente.encounters.announced import Announced
from detente.encounters.visiting import Visits, find_visits
from detente.notices.shapes import Circle, Corridor, Polygon, Position
from tests.encounters.area_reference import GEOD, Fix, SlowArea, signed_m, visits

EPOCH = datetime(2018, 4, 4, 6, tzinfo=UTC)
GAP_S = 180.0
STEP_S = 4.0


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def position(lon: float, lat: float) -> Position:
    return Position(lon_e7=round(lon * 1e7), lat_e7=round(lat * 1e7))


def frame(tracks: dict[str, list[Fix]], kind: str | None = None) -> pl.LazyFrame:
    rows = [
        {"mover": mover, "time": at(t), "lon": lon, "lat": lat, "altitude_m": None if math.isnan(h) else h}
        for mover, track in tracks.items()
        for t, lon, lat, h in track
    ]
    schema: dict[str, Any] = {
        "mover": pl.String,
        "time": pl.Datetime("us", "UTC"),
        "lon": pl.Float64,
        "lat": pl.Float64,
        "altitude_m": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema).with_columns(kind=pl.lit(kind, pl.String)).lazy()


def announced(slow: SlowArea, windows: list[tuple[float, float | None]], **known: Any) -> Announced:
    places = tuple(position(lon, lat) for lon, lat in slow.corners)
    shape: Polygon | Circle | Corridor
    if not slow.radius_m:
        shape = Polygon(ring=places)
    elif len(places) == 1:
        shape = Circle(centre=places[0], radius_m=f"{slow.radius_m:.0f}")
    else:
        shape = Corridor(way=places, half_width_m=f"{slow.radius_m:.0f}")
    return Announced(
        id="D1", name="", activity="firing", shape=shape,
        windows=tuple((at(a), None if b is None else at(b)) for a, b in windows),
        lower_m=slow.lower_m, upper_m=slow.upper_m, **known,
    )  # fmt: skip


def square(lon: float, lat: float, half_m: float) -> SlowArea:
    reach = half_m * math.sqrt(2.0)
    corners = [GEOD.fwd(lon, lat, bearing, reach)[:2] for bearing in (315.0, 45.0, 135.0, 225.0)]
    return SlowArea(tuple((round(x, 7), round(y, 7)) for x, y in corners))


def line(
    lon: float, lat: float, bearing: float, speed_ms: float, times: list[float], height: float = math.nan
) -> list[Fix]:
    track = []
    for time in times:
        x, y, _ = GEOD.fwd(lon, lat, bearing, speed_ms * time)
        track.append((time, x, y, height))
    return track


def world(seed: int) -> tuple[dict[str, list[Fix]], SlowArea, tuple[float, float], float]:
    """Draw movers that pass near an area somewhere on earth, antimeridian and poles not spared."""
    draw = random.Random(seed)
    lon = draw.choice([draw.uniform(-180, 180), 179.99, -179.99])
    lat = draw.choice([draw.uniform(-75, 75), draw.uniform(-75, 75), 89.9, -89.8])
    size = draw.choice([800.0, 5_000.0, 20_000.0])
    kind = draw.randrange(4)
    if kind == 0:
        slow = SlowArea(((round(lon, 7), round(lat, 7)),), radius_m=float(round(size)))
    elif kind == 1:
        end = GEOD.fwd(lon, lat, draw.uniform(0, 360), size * 2)[:2]
        slow = SlowArea(
            ((round(lon, 7), round(lat, 7)), (round(end[0], 7), round(end[1], 7))),
            radius_m=float(round(size / 3)),
        )
    else:
        bearings = sorted(draw.uniform(0, 360) for _ in range(draw.randrange(5, 9)))
        ring = [GEOD.fwd(lon, lat, b, size * draw.uniform(0.4, 1.3))[:2] for b in bearings]
        slow = SlowArea(tuple((round(x, 7), round(y, 7)) for x, y in ring))
        if max(b - a for a, b in zip([*bearings], [*bearings[1:], bearings[0] + 360], strict=True)) > 150:
            return world(seed + 100_000)
    tracks: dict[str, list[Fix]] = {}
    for number in range(3):
        x, y, _ = GEOD.fwd(lon, lat, draw.uniform(0, 360), size * draw.uniform(0.0, 2.0))
        heading, speed = draw.uniform(0, 360), draw.choice([5.0, 12.0, 120.0])
        track: list[Fix] = []
        time = 0.0
        while time < min(3 * size / speed, 900.0):
            track.append((time, x, y, math.nan))
            hop = draw.choice([10.0, 30.0, 60.0, 150.0, 200.0])
            heading += draw.uniform(-40, 40)
            x, y, _ = GEOD.fwd(x, y, heading, speed * hop)
            time += hop
        tracks[f"id:{number}"] = track
    begin = draw.uniform(-50, 100)
    margin = draw.choice([0.0, 0.0, size * 0.1, size * 0.5])
    return tracks, slow, (begin, begin + draw.uniform(100, 800)), margin


def compare(seed: int) -> int:
    tracks, slow, window, margin = world(seed)
    found = find_visits(frame(tracks), [announced(slow, [window])], margin_m=margin, max_gap_s=GAP_S).visits
    compared = 0
    for mover, track in tracks.items():
        expected = visits(track, slow, window, margin_m=margin, gap_s=GAP_S, step_s=STEP_S)
        rows = found.filter(pl.col("mover") == mover)
        came = [
            ((a - EPOCH).total_seconds(), (b - EPOCH).total_seconds())
            for a, b in rows.select("entered", "left").iter_rows()
        ]
        # between two steps of the reference a visit or an absence can hide
        long = [span for span in came if span[1] - span[0] > 2 * STEP_S]
        for entered, left in expected:
            if left - entered > 2 * STEP_S:
                # 0.05 m at the slowest, and where the border is grazed the moment is not well determined
                assert any(abs(a - entered) < 0.5 and abs(b - left) < 0.5 for a, b in came), (
                    seed,
                    mover,
                    expected,
                    came,
                )
                compared += 1
        for a, b in long:
            assert any(e - 0.5 <= a and b <= f + 0.5 for e, f in expected), (seed, mover, expected, came)
        for row in rows.iter_rows(named=True):
            slow_m = signed_m(slow, row["lon"], row["lat"])
            told = row["distance_m"] if row["distance_m"] is not None else -row["depth_m"]
            assert abs(slow_m - told) < 0.15, (seed, mover, slow_m, told)
    return compared


@pytest.mark.parametrize("first", range(0, 24, 6))
def test_visits_are_those_of_geodesics_in_random_worlds(first: int) -> None:
    assert sum(compare(seed) for seed in range(first, first + 6))


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(1000, 1120, 30))
def test_visits_are_those_of_geodesics_in_many_random_worlds(first: int) -> None:
    assert sum(compare(seed) for seed in range(first, first + 30))


def crossing(**changed: object) -> Visits:
    """Cross a square of 2 km from west to east at 10 m/s in 200 s, from second 100 to 300."""
    track = line(20.0 - 2000.0 / 62_200.0, 56.0, 90.0, 10.0, [0.0, 100.0, 200.0, 300.0, 400.0])
    kind = str(changed.pop("kind", "ship"))
    height = float(str(changed.pop("height", math.nan)))
    track = [(t, x, y, height) for t, x, y, _ in track]
    slow = square(20.0, 56.0, 1000.0)
    limits = {name: float(str(changed.pop(name))) for name in ("lower_m", "upper_m") if name in changed}
    slow = SlowArea(
        slow.corners, lower_m=limits.get("lower_m", -math.inf), upper_m=limits.get("upper_m", math.inf)
    )
    windows = changed.pop("windows", [(0.0, None)])
    known = {name: changed.pop(name) for name in ("author_state", "doubtful", "datum") if name in changed}
    area = announced(slow, windows, **known)  # type: ignore[arg-type]
    mover = str(changed.pop("mover", "mmsi:219000001"))
    return find_visits(frame({mover: track}, kind), [area], **changed)  # type: ignore[arg-type]


def only(found: Visits) -> dict[str, Any]:
    assert found.visits.height == 1
    return found.visits.row(0, named=True)


def test_a_ship_that_crosses_is_inside_between_the_borders() -> None:
    row = only(crossing())
    assert abs((row["entered"] - at(100)).total_seconds()) < 1.0
    assert abs((row["left"] - at(300)).total_seconds()) < 1.0
    assert (row["began"], row["ended"], row["inside"], row["quality"]) == ("entered", "left", True, "certain")
    assert 990.0 < row["depth_m"] < 1001.0
    assert row["course_deg"] == pytest.approx(90.0, abs=0.1)
    assert row["speed_kn"] == pytest.approx(19.44, abs=0.02)


def test_a_margin_widens_the_time_and_tells_the_distance() -> None:
    row = only(crossing(margin_m=500.0))
    assert abs((row["entered"] - at(50)).total_seconds()) < 1.0
    assert row["inside"]
    assert crossing(windows=[(0.0, 80.0)], margin_m=500.0).visits["distance_m"][0] == pytest.approx(
        200.0, abs=10.0
    )


def test_only_active_time_counts_and_each_window_is_a_visit_of_its_own() -> None:
    found = crossing(windows=[(150.0, 180.0), (200.0, 500.0), (1000.0, 2000.0)])
    assert found.visits.select("began", "ended").rows() == [
        ("area_became_active", "area_ceased"),
        ("area_became_active", "left"),
    ]
    assert found.visits["entered"].to_list() == [at(150), at(200)]
    assert found.unvisited.select("active_from", "active_to").rows() == [(at(1000), at(2000))]


def test_an_aircraft_above_the_area_is_not_in_it_and_one_of_unknown_height_only_possibly() -> None:
    assert crossing(kind="aircraft", height=3000.0, upper_m=2000.0, datum="amsl").visits.is_empty()
    assert only(crossing(kind="aircraft", height=1000.0, upper_m=2000.0, datum="amsl"))["quality"] == "certain"
    assert only(crossing(kind="aircraft", height=1900.0, upper_m=2000.0, datum="std"))["quality"] == "certain"
    assert only(crossing(kind="aircraft", height=1990.0, upper_m=2000.0, datum="amsl"))["quality"] == "possible"
    assert only(crossing(kind="aircraft", upper_m=2000.0, datum="amsl"))["quality"] == "possible"


def test_a_ship_is_below_an_area_that_begins_in_the_air() -> None:
    assert crossing(lower_m=300.0, upper_m=2000.0, datum="amsl").visits.is_empty()


def test_a_climb_through_an_area_begins_and_ends_by_height() -> None:
    track = [(0.0, 20.0, 56.0, 0.0), (100.0, 20.0, 56.0001, 1000.0)]
    area = announced(SlowArea(square(20.0, 56.0, 5000.0).corners, lower_m=200.0, upper_m=700.0), [(0.0, None)])
    row = only(find_visits(frame({"id:1": track}), [area]))
    assert (row["began"], row["ended"]) == ("climbed_or_descended_in", "climbed_or_descended_out")
    assert abs((row["entered"] - at(20)).total_seconds()) < 0.01
    assert abs((row["left"] - at(70)).total_seconds()) < 0.01


def test_coverage_that_begins_or_ends_inside_says_so() -> None:
    track = line(20.0, 56.0, 90.0, 1.0, [0.0, 100.0, 200.0])
    row = only(find_visits(frame({"id:1": track}), [announced(square(20.0, 56.0, 5000.0), [(-50.0, None)])]))
    assert (row["began"], row["ended"]) == ("coverage_began", "coverage_ended")


def test_a_gap_ends_a_visit_and_the_next_one_is_another() -> None:
    track = line(20.0, 56.0, 90.0, 1.0, [0.0, 100.0, 500.0, 600.0])
    found = find_visits(frame({"id:1": track}), [announced(square(20.0, 56.0, 5000.0), [(-50.0, None)])])
    assert found.visits["duration_s"].to_list() == [100.0, 100.0]


def test_third_parties_are_those_of_no_side_and_not_of_the_announcer() -> None:
    assert only(crossing(author_state="DK"))["third_party"] is False
    assert only(crossing(author_state="RU"))["third_party"] is True
    assert only(crossing())["third_party"] is True


def test_a_polygon_with_a_hole_does_not_hold_what_is_in_the_hole() -> None:
    outer, inner = square(20.0, 56.0, 5000.0).corners, square(20.0, 56.0, 1000.0).corners
    area = Announced(id="D", name="", activity="", shape=(outer, inner), windows=((at(0), None),))
    inside = line(20.0, 56.0, 0.0, 0.1, [0.0, 60.0])
    between = line(20.05, 56.0, 0.0, 0.1, [0.0, 60.0])
    found = find_visits(frame({"id:in": inside, "id:between": between}), [area])
    assert found.visits["mover"].to_list() == ["id:between"]


@pytest.mark.parametrize("rows", [7, 23])
def test_the_answer_does_not_depend_on_where_windows_of_time_are_cut(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from detente.encounters import held_fixes
    from detente.tracks import ordering

    tracks, slow, window, margin = world(3)
    long = {
        mover: [(t + 600.0 * k, x, y, h) for k in range(6) for t, x, y, h in track[:8]]
        for mover, track in tracks.items()
    }
    area = announced(slow, [(window[0], None)])
    whole = find_visits(frame(long), [area], margin_m=margin).visits
    monkeypatch.setattr(held_fixes, "_WINDOW_ROWS", rows)
    monkeypatch.setattr(held_fixes, "_WINDOW_ROWS_MAX", rows)
    slices_of = ordering.slices_of

    def small(table: pl.LazyFrame, **options: Any):
        for part in slices_of(table, **options):
            yield from part.iter_slices(rows)

    monkeypatch.setattr(ordering, "slices_of", small)
    cut = find_visits(frame(long), [area], margin_m=margin).visits
    assert whole.height
    assert cut.drop("depth_m", "distance_m", "nearest_at", "lon", "lat").equals(
        whole.drop("depth_m", "distance_m", "nearest_at", "lon", "lat")
    )
    for name in ("depth_m", "distance_m"):
        assert ((cut[name] - whole[name]).abs().fill_null(0.0) <= 0.51).all()


@pytest.mark.parametrize("room", [1, 2, 5])
def test_the_answer_does_not_depend_on_how_much_room_there_is(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three areas over each other, so that room ends in the middle of a leg whose other times were lengthened."""
    from detente.encounters import visiting

    track = line(19.9, 56.0, 90.0, 10.0, [20.0 * k for k in range(60)])
    places = [announced(square(20.0 + 0.01 * k, 56.0, 3000.0), [(0.0, None)]) for k in range(3)]
    places = [dataclasses.replace(place, id=f"D{k}") for k, place in enumerate(places)]
    whole = find_visits(frame({"id:1": track, "id:2": track}), places).visits
    monkeypatch.setattr(visiting, "ROOM", room)
    assert whole.height == 6
    assert find_visits(frame({"id:1": track, "id:2": track}), places).visits.equals(whole)


def test_a_leg_across_a_small_area_is_a_visit_even_with_both_ends_far_away() -> None:
    """Legs of 3 km at 50 m/s through a circle of 300 m: no fix comes nearer than a kilometre."""
    track = line(20.0 - 4500.0 / 62_200.0, 56.0, 90.0, 50.0, [60.0 * k for k in range(4)])
    area = announced(SlowArea(((20.0, 56.0),), radius_m=300.0), [(-100.0, None)])
    other = announced(SlowArea(((20.0, 57.0),), radius_m=300.0), [(-100.0, None)])
    row = only(find_visits(frame({"id:1": track}), [area, other]))
    assert (row["began"], row["ended"]) == ("entered", "left")
    assert row["duration_s"] == pytest.approx(12.0, abs=0.1)
    assert row["depth_m"] > 295.0


def test_a_window_that_closes_at_a_fix_ends_the_visit_of_a_mover_that_stays() -> None:
    track = line(20.0, 56.0, 90.0, 0.1, [20.0 * k for k in range(30)])
    windows: list[tuple[float, float | None]] = [(0.0, 100.0), (200.0, 300.0), (300.5, 400.0)]
    found = find_visits(frame({"id:1": track}), [announced(square(20.0, 56.0, 5000.0), windows)]).visits
    spans = [(entered, left) for entered, left in found.select("entered", "left").iter_rows()]
    assert spans == [(at(0), at(100)), (at(200), at(300)), (at(300.5), at(400))]
    assert found["ended"].to_list() == ["area_ceased"] * 3


def far_and_near(seed: int) -> tuple[dict[str, list[Fix]], list[Announced], float]:
    """Return movers of all speeds over a tenth of a sea, at a pole or the antimeridian too, and areas among them."""
    chance = random.Random(seed)
    lon, lat = chance.choice(
        [(20.0, 56.0), (179.9, -17.0), (-180.0, 70.0), (30.0, 89.8), (-60.0, -89.9), (0.0, 0.0)]
    )
    tracks: dict[str, list[Fix]] = {}
    for number in range(8):
        x, y, _ = GEOD.fwd(lon, lat, chance.uniform(0, 360), chance.uniform(0, 40_000))
        speed, every = chance.choice([0.05, 8.0, 250.0, 900.0]), chance.choice([7.0, 40.0, 170.0])
        times = [every * k for k in range(60) if chance.random() > 0.15]
        track = line(x, y, chance.uniform(0, 360), speed, times)
        if number % 3 == 0:
            # the same moment twice, at two places
            again = chance.choice(track)
            track = sorted([*track, (again[0], *GEOD.fwd(again[1], again[2], 45.0, 900.0)[:2], again[3])])
        tracks[f"id:{number}"] = [(t, x, y, chance.choice([h, 400.0])) for t, x, y, h in track]
    areas = []
    for number in range(12):
        x, y, _ = GEOD.fwd(lon, lat, chance.uniform(0, 360), chance.uniform(0, 30_000))
        size = chance.uniform(300.0, 9000.0)
        way = ((x, y), GEOD.fwd(x, y, chance.uniform(0, 360), chance.uniform(5_000.0, 80_000.0))[:2])
        slow = chance.choice([square(x, y, size), SlowArea(((x, y),), size), SlowArea(way, size)])
        begin = chance.uniform(-600.0, 3000.0)
        one = announced(slow, [(begin, begin + 900.0), (begin + 1500.0, begin + 1800.0)])
        areas.append(dataclasses.replace(one, id=f"D{number}"))
    return tracks, areas, chance.choice([0.0, 0.0, 700.0])


@pytest.mark.parametrize("seed", range(12))
def test_nobody_is_passed_over_who_comes_near(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All fixes are looked at closely on one side; on the other those that the first look leaves."""
    from detente.encounters import held_fixes, nearness

    tracks, areas, margin = far_and_near(seed)
    monkeypatch.setattr(held_fixes, "_WINDOW_ROWS", 40)
    monkeypatch.setattr(held_fixes, "_WINDOW_ROWS_MAX", 80)
    options: dict[str, Any] = {"margin_m": margin, "max_gap_s": GAP_S, "coverage": True}
    quick = find_visits(frame(tracks), areas, **options)
    look, kept = nearness.Nearness.look, [0, 0]

    def everything(self: nearness.Nearness, fixes: Any, movers: int, **known: Any) -> nearness.Nearby:
        some = look(self, fixes, movers, **known)
        kept[0], kept[1] = kept[0] + some.fixes.count, kept[1] + fixes.count
        return dataclasses.replace(some, fixes=fixes.part(0, fixes.count))

    def all_fixes(self: nearness.Nearness, fixes: Any, *given: Any) -> Any:
        return fixes.chosen(np.arange(fixes.count))

    monkeypatch.setattr(nearness.Nearness, "look", everything)
    monkeypatch.setattr(nearness.Nearness, "fixes_in_reach", all_fixes)
    slow = find_visits(frame(tracks), areas, **options)
    assert kept[0] < kept[1]
    assert slow.visits.height
    assert quick.visits.equals(slow.visits)
    assert quick.unvisited.equals(slow.unvisited)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_counted_of_fixes_passed_over_is_what_the_search_for_pairs_counts(seed: int) -> None:
    from detente.encounters.searching import search

    tracks, areas, margin = far_and_near(seed)
    visits = find_visits(frame(tracks), areas, margin_m=margin, max_gap_s=GAP_S)
    pairs = search(frame(tracks), within_m=1.0, max_gap_s=GAP_S)
    for name in ("fixes", "duplicates", "movers", "legs"):
        assert getattr(visits, name) == getattr(pairs, name) > 0


def test_rows_out_of_order_are_put_in_order_and_found_the_same() -> None:
    tracks, areas, _ = far_and_near(0)
    table = frame(tracks).collect().sort("time")
    told: list[int] = []
    found = find_visits(table.lazy(), areas)
    mixed = find_visits(table.sample(fraction=1.0, shuffle=True, seed=1).lazy(), areas, progress=told.append)
    assert mixed.visits.equals(found.visits)
    assert mixed.fixes == found.fixes == told[-1]


def test_a_ring_around_a_pole_holds_the_pole_as_a_shape_and_as_a_drawing() -> None:
    """The drawing goes up to the pole along the antimeridian, as GeoJSON has it."""
    corners = [(float(lon), 85.0) for lon in range(-180, 180, 30)]
    exact = Polygon(ring=tuple(position(lon if lon != -180.0 else 180.0, lat) for lon, lat in corners))
    drawn = ((*corners, (180.0, 85.0), (180.0, 90.0), (-180.0, 90.0), (-180.0, 85.0)),)
    tracks = {
        "id:over": line(40.0, 89.9, 0.0, 200.0, [0.0, 60.0, 120.0, 180.0]),
        "id:in": line(-120.0, 87.0, 90.0, 5.0, [0.0, 100.0]),
        "id:out": line(10.0, 84.0, 90.0, 5.0, [0.0, 100.0]),
    }
    for shape in (exact, drawn):
        area = Announced(id="P", name="", activity="", shape=shape, windows=((at(0), None),))
        assert sorted(find_visits(frame(tracks), [area]).visits["mover"]) == ["id:in", "id:over"]
