"""Where tests find real input, and how they say that it is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente import words

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real input beside the checkout; skip with a message when it is not there."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no real input: ../shared/data is not beside this checkout")
    return SHARED


@pytest.fixture(autouse=True)
def _speak_english() -> None:
    """Start every test in English, whatever the machine's locale."""
    words.choose("en")
