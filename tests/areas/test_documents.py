"""Every reason is explained to readers: in docs/danger-areas.md, and in a phrase of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.areas.meanings import meaning
from detente.areas.outcomes import Reason

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "danger-areas.md"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained(reason: Reason) -> None:
    assert f"`{reason.value}`" in PAGE.read_text(encoding="utf-8")
    assert meaning(reason)


def test_no_two_reasons_mean_the_same() -> None:
    assert len({meaning(reason) for reason in Reason}) == len(Reason)
