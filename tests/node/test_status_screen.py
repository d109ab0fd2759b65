"""One screen: what is shown of numbers and of strangers' texts."""

from __future__ import annotations

import pytest

from detente.node import status_screen


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("5\u202f941", "5\u202f941"),  # a number as Russian groups it
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("\u202e5\u202f941", "\\u202e5\u202f941"),
    ],
)
def test_grouped_digits_stay_and_strangers_control_characters_are_shown(text: str, shown: str) -> None:
    assert status_screen._cell(text) == shown


def test_why_a_courier_fails_and_when_it_is_tried_again_are_two_sentences() -> None:
    one = {
        "line": "baltic", "party": "east", "state": "failing", "courier": "1 https", "last_ok_at_ms": None,
        "bytes_in": 0, "bytes_out": 0, "last_error": "another certificate than the one agreed",
        "next_try_at_ms": 1_000,
    }  # fmt: skip
    (row,) = status_screen._couriers({"couriers": [one]}).rows
    assert row[-1] == "another certificate than the one agreed; again at 1970-01-01 00:00:01Z"
