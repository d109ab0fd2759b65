"""The shell that every story begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.shell import Shell


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the two homes lie from which stories copy; the first story makes them."""
    return tmp_path_factory.mktemp("templates") / "pair"


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, templates: Path
) -> Shell:
    """Return a shell in an empty folder."""
    return Shell(tmp_path, capsys, monkeypatch, templates)
