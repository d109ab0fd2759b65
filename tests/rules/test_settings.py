"""Cut-offs: configurable, strict, with defaults."""

from __future__ import annotations

import pytest

from detente.rules.errors import SettingsMistake
from detente.rules.settings import SETTINGS_MAX, Settings, parse_settings


def test_what_a_file_does_not_name_keeps_its_default() -> None:
    assert parse_settings(b"") == Settings()
    assert parse_settings(b"split_gap_days = 21") == Settings(split_gap_days=21)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"gap = 3", "gap"),
        (b"split_gap_days = -1", "split_gap_days"),
        (b"near_percent = 101", "near_percent"),
        (b'near_percent = "many"', "near_percent"),
        (b"near_percent", "line 1"),
        (b"\xff", "UTF-8"),
        (b"#" * (SETTINGS_MAX + 1), "more than"),
    ],
)
def test_a_faulty_file_is_refused_and_says_where(content: bytes, named: str) -> None:
    with pytest.raises(SettingsMistake) as raised:
        parse_settings(content, where="cut-offs.toml")
    assert named in raised.value.came
    assert raised.value.where == "cut-offs.toml"
