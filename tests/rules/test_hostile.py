"""Hostile bytes: whatever comes, the only answer is a clear refusal.

Goal: no reader of this room leaks an error of a library. Method: Hypothesis, arbitrary bytes and mangled sound files.
"""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from detente.rules.errors import AgreementMistake, SettingsMistake
from detente.rules.loading import parse_agreement
from detente.rules.settings import parse_settings
from tests.rules.plans import text_of

SOUND = text_of().encode()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(SOUND)), st.integers(0, 40))
def test_no_bytes_make_a_reader_fail_otherwise_than_by_refusing(junk: bytes, place: int, cut: int) -> None:
    mangled = SOUND[:place] + junk + SOUND[place + cut :]
    for content in (junk, mangled):
        with suppress(AgreementMistake):
            parse_agreement(content)
        with suppress(SettingsMistake):
            parse_settings(content)
