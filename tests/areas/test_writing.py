"""Writing: what is written is read back the same, for shapes and times drawn at random and rounded to the form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from detente.areas.building import notice_of, reading_of
from detente.areas.errors import WritingMistake
from detente.areas.outcomes import Announced, Outcome, Reading, Window
from detente.areas.reading import read_octets, read_text
from detente.areas.writing import notam_text, warning_text
from detente.notices.codec import decode, encode
from detente.notices.shapes import (
    Arc,
    ArcPolygon,
    Circle,
    Corridor,
    Level,
    Line,
    Polygon,
    Position,
    Shape,
    Vertical,
)
from tests.areas import invented

START = datetime(2026, 6, 8, 9, 0, tzinfo=UTC)
SECOND, HUNDREDTH = 10_000_000 / 3600, 10_000_000 / 6000


def position(steps: tuple[int, int], step: float) -> Position:
    return Position(lat_e7=round(steps[0] * step), lon_e7=round(steps[1] * step))


def positions(step: float) -> st.SearchStrategy[Position]:
    lat, lon = int(70 * 1e7 / step), int(179 * 1e7 / step)
    return st.tuples(st.integers(-lat, lat), st.integers(-lon, lon)).map(lambda steps: position(steps, step))


@st.composite
def shapes(draw: st.DrawFn, step: float) -> Shape:
    centre = draw(positions(step))

    def near(east: int, north: int) -> Position:
        lon = centre.lon_e7 + east * round(1000 * step)
        return Position(
            lat_e7=round(round((centre.lat_e7 + north * round(1000 * step)) / step) * step),
            lon_e7=round(round((lon + 1_800_000_000) % 3_600_000_000 / step - 1_800_000_000 / step) * step),
        )

    miles = draw(st.integers(1, 5000))
    radius_m = f"{miles * 18.52:.4f}".rstrip("0").rstrip(".")
    match draw(st.sampled_from(("polygon", "circle", "corridor", "arc"))):
        case "polygon":
            return Polygon(ring=(near(-1, -1), near(-1, 1), near(1, 2), near(2, -1)))
        case "circle":
            return Circle(centre=centre, radius_m=radius_m)
        case "corridor":
            return Corridor(way=(near(0, 0), near(1, 1), near(3, 1)), half_width_m=radius_m)
        case _:
            turn = draw(st.sampled_from(("clockwise", "anticlockwise")))
            return ArcPolygon(
                pieces=(Arc(centre=near(0, 0), radius_m="9260", turn=turn, to=near(1, 0)), Line(to=near(0, 1)))  # type: ignore[arg-type]
            )


windows = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 70), st.integers(0, 59)), min_size=1, max_size=6
).map(
    lambda parts: [
        Window(
            START + timedelta(days=day, minutes=minute), START + timedelta(days=day, hours=hours, minutes=minute)
        )
        for day, hours, minute in parts
    ]
)


def reading(shapes_: list[Shape], windows_: list[Window]) -> Reading:
    made = Reading("X0007/26", "geojson", "", "", activity="firing")
    made.areas = [Announced(shape, "") for shape in shapes_]
    made.windows = sorted(windows_, key=lambda window: window.start or START)
    made.issued_at = START - timedelta(days=5)
    return made


def same(got: Reading, meant: Reading) -> None:
    assert not got.refusals
    assert [area.shape for area in got.areas] == [area.shape for area in meant.areas]
    assert got.windows == meant.windows


slow = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@slow
@given(st.data(), windows)
def test_a_notam_is_read_back_the_same(data: st.DataObject, chosen: list[Window]) -> None:
    meant = reading([data.draw(shapes(SECOND))], chosen)
    assume(len({window.start for window in chosen}) == len(chosen))
    meant.vertical = Vertical(lower=Level(datum="sfc"), upper=Level(datum="amsl", value=2000, unit="ft"))
    try:
        written = notam_text(meant, fir="EFIN")
    except WritingMistake:
        span = max(window.end for window in chosen if window.end) - min(
            window.start for window in chosen if window.start
        )
        assert span > timedelta(days=330)  # the same day of two years: item D has no years
        return
    got = read_text(written.text, "notam")
    same(got, meant)
    assert got.vertical == meant.vertical
    assert written.moved_m < 0.02


@slow
@given(st.data(), windows)
def test_a_warning_is_read_back_the_same(data: st.DataObject, chosen: list[Window]) -> None:
    meant = reading([data.draw(shapes(HUNDREDTH))], chosen)
    assume(len({window.start for window in chosen}) == len(chosen))
    meant.cancel_at = max(window.end for window in chosen if window.end) + timedelta(hours=1)
    written = warning_text(meant)
    same(read_text(written.text, "warning"), meant)
    assert written.moved_m < 0.02


@pytest.mark.parametrize("text", invented.ALL)
def test_what_was_read_can_be_made_a_notice_and_written_again(text: str) -> None:
    (meant,) = read_octets(text.encode(), "f.txt")
    if any(area.windows is not None for area in meant.areas):
        with pytest.raises(WritingMistake):
            warning_text(meant)
        return
    notice = notice_of(meant)
    assert notice is not None
    back = reading_of(decode(encode(notice)).notice, "f.json")  # type: ignore[arg-type]
    assert [area.shape for area in back.areas] == [area.shape for area in meant.areas]
    assert back.windows == meant.windows
    assert (back.outcome is Outcome.READ) == (meant.outcome is Outcome.READ)
    if meant.dialect == "warning":
        assert read_text(warning_text(back).text, "warning").windows == meant.windows
    else:
        assert read_text(notam_text(back).text, "notam").windows == meant.windows


def test_what_a_form_has_no_words_for_is_refused_with_what_to_do() -> None:
    (alternates,) = read_octets(invented.NGA_ALTERNATE.encode(), "f.txt")
    with pytest.raises(WritingMistake) as refused:
        notam_text(alternates)
    assert refused.value.remedy


def test_positions_finer_than_the_form_are_rounded_and_it_is_told() -> None:
    made = reading(
        [Circle(centre=Position(lat_e7=550000123, lon_e7=190001111), radius_m="9260")],
        [Window(START, START + timedelta(hours=2))],
    )
    assert 1 < warning_text(made).moved_m < 20
