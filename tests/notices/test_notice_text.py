"""The text of a notice: one frame, two languages, numbers, dates and places right in both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from msgspec import inspect

from detente import words
from detente.notices.codec import Checked, check, check_document
from detente.notices.examples import EXAMPLES
from detente.notices.kinds import KINDS
from detente.notices.notice import Area, Claim, Mover
from detente.notices.shapes import (
    Circle,
    Coastal,
    Corridor,
    Level,
    Named,
    Point,
    Polygon,
    Position,
    Shape,
    Vertical,
)  # fmt: skip
from detente.notices.spoken import (
    amount,
    date_time_group,
    decimal,
    from_until,
    moment_text,
    position_text,
    vertical_text,
)  # fmt: skip
from detente.notices.terms import KIND_NAMES, STATE_NAMES, TERMS, kind_name, state_name, term_of
from detente.notices.text import notice_text

H = "\N{NO-BREAK SPACE}"


@contextmanager
def speaking(language: str) -> Iterator[None]:
    words.choose(language)
    try:
        yield
    finally:
        words.choose("en")


def shown(kind: str, language: str = "en", **changes: object) -> str:
    checked, faults = check(msgspec.structs.replace(EXAMPLES[kind], **changes))
    assert checked is not None, faults
    with speaking(language):
        return notice_text(checked, ref="west/12")


def at(lat_e7: int, lon_e7: int) -> Position:
    return Position(lat_e7=lat_e7, lon_e7=lon_e7)


@pytest.mark.parametrize(("number", "english", "russian"), [
    (0, "0", "0"), (7200, "7,200", "7200"), (12700, "12,700", f"12{H}700"), (1_234_567, "1,234,567", f"1{H}234{H}567"),
    (-12700, "-12,700", f"−12{H}700"),
])  # fmt: skip
def test_whole_numbers(number: int, english: str, russian: str) -> None:
    assert amount(number) == english
    with speaking("ru"):
        assert amount(number) == russian


@pytest.mark.parametrize(("text", "english", "russian"), [
    ("12.5", "12.5", "12,5"), ("-0.25", "−0.25", "−0,25"), ("18520", "18,520", f"18{H}520"),
])  # fmt: skip
def test_decimals(text: str, english: str, russian: str) -> None:
    assert decimal(text) == english
    with speaking("ru"):
        assert decimal(text) == russian


@pytest.mark.parametrize(("text", "english", "russian", "after_from", "group"), [
    ("2018", "2018", f"2018{H}г.", f"2018{H}г.", "2018"),
    ("2018-04", "April 2018", f"апрель 2018{H}г.", f"апреля 2018{H}г.", "APR 2018"),
    ("2018-04-04", f"4{H}April 2018", f"4{H}апреля 2018{H}г.", f"4{H}апреля 2018{H}г.", "04 APR 2018"),
    ("2018-04-04T06:00Z", f"4{H}April 2018, 06:00{H}UTC", f"4{H}апреля 2018{H}г., 06:00{H}UTC",
     f"4{H}апреля 2018{H}г., 06:00{H}UTC", "040600Z APR 18"),
    ("2018-12-31T23:59:59Z", f"31{H}December 2018, 23:59:59{H}UTC", f"31{H}декабря 2018{H}г., 23:59:59{H}UTC",
     f"31{H}декабря 2018{H}г., 23:59:59{H}UTC", "312359Z DEC 18"),
])  # fmt: skip
def test_moments(text: str, english: str, russian: str, after_from: str, group: str) -> None:
    assert (moment_text(text), date_time_group(text)) == (english, group)
    with speaking("ru"):
        assert (moment_text(text), moment_text(text, start=True), date_time_group(text)) == (
            russian,
            after_from,
            group,
        )


@pytest.mark.parametrize(("start", "end", "english", "russian"), [
    ("2018-04", "2018-06", "from April 2018 until June 2018", f"с апреля 2018{H}г. по июнь 2018{H}г."),
    ("2018", None, "from 2018 until further notice", f"с 2018{H}г. до отмены"),
    (None, "2018-06", "in force until June 2018", f"действует по июнь 2018{H}г."),
    (None, None, "in force until further notice", "действует до отмены"),
])  # fmt: skip
def test_periods(start: str | None, end: str | None, english: str, russian: str) -> None:
    assert from_until(start, end) == english
    with speaking("ru"):
        assert from_until(start, end) == russian


@pytest.mark.parametrize(("position", "english", "russian"), [
    (at(545000000, 202500000), "54°30′00″N 020°15′00″E", f"54°30′00″{H}с.{H}ш. 020°15′00″{H}в.{H}д."),
    (at(-545000001, -1), "54°30′00.0004″S 000°00′00.0004″W", f"54°30′00,0004″{H}ю.{H}ш. 000°00′00,0004″{H}з.{H}д."),
    (at(545083333, 1800000000), "54°30′30″N 180°00′00″E", f"54°30′30″{H}с.{H}ш. 180°00′00″{H}в.{H}д."),
])  # fmt: skip
def test_positions(position: Position, english: str, russian: str) -> None:
    assert position_text(position) == english
    with speaking("ru"):
        assert position_text(position) == russian


def test_positions_in_words_name_one_ten_millionth_and_no_other() -> None:
    texts = {position_text(at(545000000 + step, 0)) for step in range(2_000)}
    assert len(texts) == 2_000


@pytest.mark.parametrize(("low", "high", "english", "russian"), [
    (Level(datum="sfc"), Level(datum="unl"),
     "from the surface to unlimited height", "от поверхности до неограниченной высоты"),
    (Level(datum="agl", unit="m", value=50), Level(datum="amsl", unit="m", value=9000),
     "from 50 m above ground to 9,000 m above mean sea level", "от 50 м над землёй до 9000 м над средним уровнем моря"),
    (Level(datum="agl", unit="ft", value=50), Level(datum="std", unit="fl", value=95),
     "from 50 ft above ground to flight level 095", "от 50 футов над землёй до эшелона полёта 095"),
])  # fmt: skip
def test_heights(low: Level, high: Level, english: str, russian: str) -> None:
    vertical = Vertical(lower=low, upper=high)
    assert vertical_text(vertical) == english
    with speaking("ru"):
        assert vertical_text(vertical) == russian


def test_the_frame_is_that_of_risk_reduction_centres() -> None:
    lines = shown("exercise").splitlines()
    heads = [line.split(":")[0] for line in lines if not line.startswith(" ")]
    assert heads == [
        "PRECEDENCE", "FROM", "TO", "SUBJECT", "1. NUMBER", "2. DATE AND TIME", "3. AGREEMENT", "4. REFERENCE",
        "5. CONTENT", "6. REMARKS", "7. END OF MESSAGE 12/30",
    ]  # fmt: skip
    assert "1. NUMBER: 12/30 (west/12)" in lines
    assert "1. NUMBER: west/12" in shown("exercise", number=None)
    assert all(len(line) <= 78 for line in lines)
    russian = shown("exercise", "ru").splitlines()
    assert [line.split(":")[0] for line in russian if not line.startswith(" ")] == [
        "СРОЧНОСТЬ", "ОТ КОГО", "КОМУ", "ТЕМА", "1. НОМЕР", "2. ДАТА И ВРЕМЯ", "3. ДОГОВОРЁННОСТЬ",
        "4. ССЫЛКА НА СООБЩЕНИЕ", "5. СОДЕРЖАНИЕ", "6. ПРИМЕЧАНИЯ", "7. КОНЕЦ СООБЩЕНИЯ 12/30",
    ]  # fmt: skip


def test_what_the_author_wrote_is_never_translated() -> None:
    text = shown("readout", "ru")
    assert "The chiefs spoke about safety in the Barents Sea.\n" in text
    assert "The talk was businesslike." in text
    assert "английский" in text


def test_claims_forces_and_ranges_are_told_with_their_source() -> None:
    text = " ".join(shown("unusual_activity_request").split())
    assert "Basis: estimated" in text
    assert "Troops: 3,000 Troops at most: 5,000" in text
    claim = EXAMPLES["unusual_activity_request"].sources or EXAMPLES["incident"].sources
    assert isinstance(claim[0], Claim)
    assert "read in Patrol report 17/30, 2, 2 May 2030, 09:00 UTC; probable" in text.replace(H, " ")
    concerned = msgspec.structs.replace(claim[0], concerns="others", page=None)
    told = " ".join(shown("incident", sources=(concerned, concerned)).split()).replace(H, " ")
    assert "(1) Westland maritime patrol, 2 May 2030, 07:10 UTC; read in Patrol report 17/30, 2 May 2030" in told
    assert "probable; concerns others" in told


def test_years_and_identities_are_not_grouped() -> None:
    assert "Year: 2031" in shown("calendar")
    mover = Mover(type="frigate", mmsi=257123456)
    assert "MMSI: 257123456" in shown("movement", movers=(mover,))


@pytest.mark.parametrize(("shape", "said"), [
    (Circle(centre=at(580000000, 0), radius_m="185.2"), "circle of radius 185.2 m around 58°00′00″N 000°00′00″E"),
    (Corridor(way=(at(0, 0), at(0, 10**7)), half_width_m="926"), "926 m on either side of: (1) 00°00′00″N 000°00′00″E"),
    (Coastal(way=(at(0, 0), at(0, 10**7)), closed_by="the coast"), "(2) 00°00′00″N 001°00′00″E closed by: the coast"),
    (Point(position=at(0, 0)), "Bounds: 00°00′00″N 000°00′00″E"),
    (Named(name="BR-42"), "Bounds: BR-42"),
    (Named(name="BR-42", approximate=Circle(centre=at(0, 0), radius_m="5")), "BR-42; about circle of radius 5 m"),
    (Polygon(ring=(at(0, 0), at(0, 10**7), at(10**7, 0))), "lines joining: (1) 00°00′00″N 000°00′00″E"),
])  # fmt: skip
def test_every_shape_is_told_in_words(shape: Shape, said: str) -> None:
    assert said in " ".join(shown("danger_area", areas=(Area(shape=shape),)).split())


def test_fields_of_a_later_version_are_shown_without_their_tricks() -> None:
    document = msgspec.json.decode(msgspec.json.encode(EXAMPLES["exercise"]))
    checked, _ = check_document({**document, "later": {"x": "\u202eevil\x1b[31m"}})
    assert isinstance(checked, Checked)
    text = notice_text(checked)
    assert "Fields not known here:" in text
    assert 'later: {"x": "\\u202eevil\\u001b[31m"}' in text
    assert all(letter in {"\n", H} or letter.isprintable() for letter in text)


def test_a_humanitarian_notice_says_that_it_is_no_protection_in_both_languages() -> None:
    for kind in ("humanitarian_site", "humanitarian_movement"):
        assert "This is a notice and no protection." in shown(kind)
        assert "Это уведомление, а не защита." in shown(kind, "ru")
    assert "no protection" not in shown("exercise")
    assert "protected" not in shown("humanitarian_site")


def test_every_word_that_a_field_may_hold_stands_in_the_table_of_terms() -> None:  # noqa: C901 - one line a type
    seen: set[str] = set()

    def walk(kind: inspect.Type) -> None:
        if isinstance(kind, inspect.Metadata):
            walk(kind.type)
        elif isinstance(kind, inspect.UnionType):
            for one in kind.types:
                walk(one)
        elif isinstance(kind, inspect.VarTupleType):
            walk(kind.item_type)
        elif isinstance(kind, inspect.StructType):
            for field in kind.fields:
                if field.encode_name not in {"format", "datum", "unit"}:
                    walk(field.type)
        elif isinstance(kind, inspect.LiteralType):
            seen.update(str(value) for value in kind.values)

    for struct in KINDS.values():
        walk(inspect.type_info(struct))
    assert seen <= TERMS.keys()
    assert KIND_NAMES.keys() == KINDS.keys()
    assert kind_name("launch") == "Launch"
    assert (term_of("no such word"), state_name("ZZ"), state_name("RU")) == (
        "no such word",
        "ZZ",
        STATE_NAMES["RU"],
    )
