"""Times in every form that files write, to UTC microseconds; nothing guessed, everything odd counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.tracks.errors import ReadingMistake, TrackMistake
from detente.tracks.reasons import Tally
from detente.tracks.timestamps import Clock, check_zone, is_local

NOON = datetime(2018, 4, 4, 12, 0, 0, 250_000, tzinfo=UTC)


def read(
    values: list[Any], dtype: Any = None, **clock: Any
) -> tuple[list[datetime | None], list[bool], dict[str, int]]:
    tally = Tally()
    times = Clock(tally, **clock).read(pl.Series("t", values, dtype=dtype, strict=False))
    assert times.time.dtype == pl.Datetime("us", "UTC")
    return times.time.to_list(), times.unreadable.to_list(), {note.value: n for note, n in tally.notes.items()}


@pytest.mark.parametrize(
    "text",
    [
        "2018-04-04 12:00:00.250",
        "2018-04-04T12:00:00.250000",
        " 2018-04-04 12:00:00.25 ",
        "2018/04/04 12:00:00.250",
        "2018-04-04T12:00:00.250Z",
        "2018-04-04 12:00:00.250 UTC",
        "2018-04-04 12:00:00.250000 +0000 UTC",
        "2018-04-04T14:00:00.250+02:00",
        "2018-04-04 07:00:00.250-0500",
        "1522843200.25",
        "1522843200250",
        "1522843200250000",
        "1522843200250000000",
    ],
)
def test_a_time_is_read_in_each_of_its_forms(text: str) -> None:
    times, unreadable, _ = read([text])
    assert (times, unreadable) == ([NOON], [False])


@pytest.mark.parametrize(
    "number", [1_522_843_200_250, 1_522_843_200_250_000, 1_522_843_200_250_000_000, 1_522_843_200.25]
)
def test_a_number_is_told_by_its_magnitude(number: float) -> None:
    assert read([number])[0] == [NOON]


def test_units_side_by_side_are_told_apart_row_by_row_and_noted() -> None:
    times, _, notes = read([1_522_843_200, 1_522_843_200, 1_522_843_200_000])
    assert len(set(times)) == 1
    assert notes == {"mixed_units": 1}


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2018-04-04",
        "2018-13-04 00:00:00",
        "2018-04-04 25:00:00",
        "12:00:00",
        "2018-04-04 12",
        "0x1F",
    ],
)
def test_what_is_no_time_is_unreadable(text: str) -> None:
    assert read([text, "2018-04-04 12:00:00.250"])[:2] == ([None, NOON], [True, False])


@pytest.mark.parametrize("empty", ["", "NA", "nan", "NULL", "-", " ", None])
def test_an_empty_time_is_missing_and_not_unreadable(empty: str | None) -> None:
    assert read([empty, "2018-04-04 12:00:00.250"])[:2] == ([None, NOON], [False, False])


def test_times_without_a_zone_are_utc_and_noted_unless_the_format_says_so() -> None:
    assert read(["2018-04-04 12:00:00.250"]) == ([NOON], [False], {"no_zone": 1})
    assert read(["2018-04-04 12:00:00.250"], said=True) == ([NOON], [False], {})
    assert read([NOON.replace(tzinfo=None)]) == ([NOON], [False], {"no_zone": 1})
    assert read([NOON]) == ([NOON], [False], {})
    assert read(["2018-04-04T12:00:00.250Z"]) == ([NOON], [False], {})


def test_a_named_zone_resolves_local_times_and_what_the_change_of_clocks_blurs_has_no_time() -> None:
    local = ["2018-04-04 14:00:00.250", "2018-10-28 02:30:00", "2018-03-25 02:30:00", "2018-04-04T12:00:00.250Z"]
    times, unreadable, notes = read(local, zone="Europe/Copenhagen")
    assert times == [NOON, None, None, NOON]
    assert unreadable == [False] * 4
    assert notes == {"ambiguous_time": 2}


def test_small_numbers_count_from_the_start_or_are_no_times() -> None:
    assert read([0, 5.5, 60])[0] == [None, None, None]
    assert read([0.0, 5.5, 60.0], start=NOON)[0] == [NOON + timedelta(seconds=s) for s in (0, 5.5, 60)]


def test_a_date_whose_order_is_not_known_is_refused_and_one_whose_order_is_known_is_read() -> None:
    with pytest.raises(TrackMistake, match="which number is the day"):
        read(["01/02/2018 10:00:00"])
    assert read(["01/02/2018 10:00:00"], day_first=True)[0] == [datetime(2018, 2, 1, 10, tzinfo=UTC)]


def test_numbers_that_are_no_times_are_missing() -> None:
    assert read([float("nan"), float("inf"), None], pl.Float64)[:2] == ([None] * 3, [False] * 3)


def test_columns_that_say_local_are_known() -> None:
    assert [is_local(name) for name in ("Local Time", "time_local", "LMT", "time (lmt)", "Ortszeit")] == [
        True
    ] * 5
    assert not any(is_local(name) for name in ("time", "location", "timestamp", "almt", "utc"))


def test_a_zone_that_does_not_exist_is_refused() -> None:
    check_zone("Europe/Copenhagen")
    with pytest.raises(ReadingMistake):
        check_zone("Europe/Atlantis")


moments = st.datetimes(datetime(1974, 1, 1), datetime(2190, 1, 1))  # noqa: DTZ001 - made aware below


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(moments, st.sampled_from(["%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S.%f", "s", "us"])),
        max_size=30,
    )
)
def test_every_moment_comes_back_whatever_its_neighbours_look_like(written: list[tuple[datetime, str]]) -> None:
    texts = []
    for moment, form in written:
        aware = moment.replace(tzinfo=UTC)
        micros = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        texts.append(
            {"s": f"{micros // 1_000_000}.{micros % 1_000_000:06d}", "us": str(micros)}.get(form)
            or f"{moment:{form}}"
        )
    times, unreadable, _ = read(texts, pl.String)
    assert not any(unreadable)
    for (moment, _), time in zip(written, times, strict=True):
        assert time is not None
        assert abs(time - moment.replace(tzinfo=UTC)) <= timedelta(microseconds=1)
