"""A moment's spelling is its precision: a span, its end excluded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from detente.notices.errors import MomentMistake
from detente.notices.examples import EXAMPLES
from detente.notices.filed import filed_alone
from detente.notices.moments import stated


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "precision", "earliest", "latest"),
    [
        ("2018", "year", utc(2018, 1, 1), utc(2019, 1, 1)),
        ("2018-04", "month", utc(2018, 4, 1), utc(2018, 5, 1)),
        ("2018-12", "month", utc(2018, 12, 1), utc(2019, 1, 1)),
        ("2020-02-29", "day", utc(2020, 2, 29), utc(2020, 3, 1)),
        ("2018-04-04T06:00Z", "minute", utc(2018, 4, 4, 6), utc(2018, 4, 4, 6, 1)),
        ("2018-04-04T06:00:00Z", "second", utc(2018, 4, 4, 6), utc(2018, 4, 4, 6, 0, 1)),
        ("2199", "year", utc(2199, 1, 1), utc(2200, 1, 1)),
    ],
)
def test_a_moment_is_a_span(text: str, precision: str, earliest: datetime, latest: datetime) -> None:
    moment = stated(text)
    assert (moment.text, moment.precision, moment.earliest, moment.latest) == (text, precision, earliest, latest)


@pytest.mark.parametrize(
    "text",
    ["", "18", "2018-4", "2018-13", "2018-02-30", "2018-04-04T06", "2018-04-04T06:00", "2018-04-04T24:00Z", "1899",
     "2200", "2018-04-04T06:00:00.000Z", "2018-04-04 06:00Z", "２０１８", "2018\n"],
)  # fmt: skip
def test_other_spellings_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(MomentMistake) as mistake:
        stated(text, where="period.start")
    assert mistake.value.where == "period.start"
    assert "2018-04-04T06:00Z" in mistake.value.remedy


def test_a_notice_without_a_line_was_told_when_its_author_says() -> None:
    filed = filed_alone(EXAMPLES["calendar"], "calendar-2031")
    assert filed.told is not None
    assert (filed.told.not_before, filed.told.not_after) == (utc(2030, 11, 10), utc(2030, 11, 11))
    assert filed.told.not_before_clock == filed.told.not_after_clock == "west"
    assert not filed.from_line
