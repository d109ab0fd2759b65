"""The shell that every story begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.shell import Shell


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return a shell in an empty folder."""
    return Shell(tmp_path, capsys, monkeypatch)
