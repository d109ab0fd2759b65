"""What a parser stumbled over is said at its line and column, in the reader's language.

Method: real mistakes to the real parsers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date

import msgspec
import pytest

from detente import words
from detente.notices.forms import read_notice
from detente.notices.syntax import malformed_words, misfit_words


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    words.choose("en")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("a = 1\nb = = 2\n", "line 2, column 5"),
        ("a = 1\nb = [1,\n", "line 3, column 1"),
        ("a = 'x", "line 1, column 7"),
    ],
)
def test_toml_is_placed(content: str, place: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(content)
    said = malformed_words(raised.value, content)
    assert place in said
    assert "(at " not in said
    words.choose("ru")
    assert "строке" in malformed_words(raised.value, content)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'{"a": ,}', "line 1, column 7"),
        ('{"ж": 1,\n"b": x}'.encode(), "line 2, column 6"),
        (b'{"a": 1', "line 1, column 8"),
        (b'{"a": 1} 2', "line 1, column 11"),
    ],
)
def test_json_is_placed_by_characters(content: bytes, place: str) -> None:
    with pytest.raises(msgspec.DecodeError) as raised:
        msgspec.json.decode(content)
    assert place in malformed_words(raised.value, content)
    assert "(byte" not in malformed_words(raised.value, content)


def test_what_is_nested_or_long_beyond_use_has_no_place() -> None:
    for fault in (RecursionError("deep"), OverflowError("far"), ValueError("Exceeds the limit")):
        assert malformed_words(fault, "") == "something nested or long beyond use"


class _Inner(msgspec.Struct, forbid_unknown_fields=True):
    count: int | str | None = None
    day: date | None = None
    names: list[str] = []


class _Outer(msgspec.Struct):
    inner: _Inner


@pytest.mark.parametrize(
    ("document", "place", "said"),
    [
        ({}, "", "the key inner is missing"),
        ({"inner": {"more": 1}}, "inner", "the key more is not known here"),
        (
            {"inner": {"count": 1.5}},
            "inner.count",
            "a whole number or text or nothing is expected here, not a number",
        ),
        ({"inner": {"names": {}}}, "inner.names", "a list is expected here, not a table"),
        ({"inner": {"day": "soon"}}, "inner.day", "it does not fit (Invalid RFC3339"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(document: object, place: str, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(document, _Outer)
    found = misfit_words(raised.value)
    assert found[0] == place
    assert found[1].startswith(said)


def test_words_that_are_none_of_a_list_and_kinds_without_a_word() -> None:
    assert misfit_words(msgspec.ValidationError("Invalid enum value 'x' - at `$.a`")) == (
        "a",
        "'x' is none of the words that may stand here",
    )
    assert misfit_words(msgspec.ValidationError("Expected `uuid`, got `int`"))[1].startswith("uuid is expected")


def test_a_form_says_it_in_russian() -> None:
    words.choose("ru")
    _, faults = read_notice(b"kind = = 1\n")
    assert "строке 1, позиции 8" in faults[0].came
