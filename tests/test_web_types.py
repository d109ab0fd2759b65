"""The types of the pages are those of the node's answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import write_web_types


def test_the_pages_types_are_up_to_date() -> None:
    assert write_web_types.FILE.read_text(encoding="utf-8") == write_web_types.written()


def test_a_type_that_differs_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(write_web_types, "FILE", tmp_path / "answers.ts")
    assert write_web_types.main([]) == 0
    assert write_web_types.main(["--check"]) == 0
    write_web_types.FILE.write_text("export interface Other {}\n", encoding="utf-8")
    assert write_web_types.main(["--check"]) == 1
    assert "write_web_types.py" in capsys.readouterr().out


def test_every_kind_of_field_has_its_type() -> None:
    text = write_web_types.written()
    assert "readonly windows: readonly (readonly [number, number | null])[];" in text
    assert "readonly states: Readonly<Record<string, string>>;" in text
    assert 'readonly state: "draft" | "gone" | "releasing" | "unfinished";' in text
    assert "readonly roles: readonly Role[];" in text
    assert "readonly octets: string;" in text
