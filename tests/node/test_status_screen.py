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
