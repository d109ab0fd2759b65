"""spec/notices and vectors/notices.json are made by the tool in the tree, and judged as they say; the schema agrees."""

from __future__ import annotations

import base64
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from tests.notices.test_round_trips import SCHEMA, fits

from detente.notices.codec import decode
from detente.notices.errors import NoticeRefused
from detente.notices.kinds import KINDS, line_type
from detente.notices.line_types import LINE_TYPES, is_humanitarian_line

ROOT = Path(__file__).resolve().parents[2]
CASES = json.loads((ROOT / "vectors" / "notices.json").read_text(encoding="utf-8"))["cases"]


def tool() -> ModuleType:
    """Return the tool that makes the pages."""
    spec = importlib.util.spec_from_file_location("make_notice_pages", ROOT / "tools" / "make_notice_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


def test_schema_pages_and_cases_are_those_that_the_tool_makes() -> None:
    for path, text in tool().made().items():
        assert path.read_text(encoding="utf-8") == text, path.name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_case_is_judged_as_it_says(case: dict[str, Any]) -> None:
    octets = base64.b64decode(case["input"])
    if case["valid"]:
        found = decode(octets)
        assert sorted(found.unknown) == case["unknown"]
        assert [{"where": one.where, "code": one.code} for one in found.warnings] == case["warnings"]
        assert fits(json.loads(octets), SCHEMA)
    else:
        with pytest.raises(NoticeRefused) as refusal:
            decode(octets)
        assert [{"where": one.where, "code": one.code} for one in refusal.value.faults] == case["faults"]
        assert all(one.expected and one.came and one.remedy for one in refusal.value.faults)


@pytest.mark.parametrize("code", ["missing", "needless", "null", "choice", "pattern", "count"])
def test_what_a_schema_can_say_it_says(code: str) -> None:
    found = [case for case in CASES if not case["valid"] and {one["code"] for one in case["faults"]} == {code}]
    for case in found:
        if not any(
            "." in one["where"] or one["where"] in {"claim", "text", "reason", "nothing_planned"}
            for one in case["faults"]
        ):
            assert not fits(json.loads(base64.b64decode(case["input"])), SCHEMA), case["name"]


def test_the_words_that_the_line_knows_are_those_of_the_kinds() -> None:
    assert {line_type(kind) for kind in KINDS.values()} == LINE_TYPES


def test_every_field_says_its_term_and_meaning_and_what_its_absence_means() -> None:
    for name, struct in SCHEMA["$defs"].items():
        for field, one in struct["properties"].items():
            if field not in {"kind", "shape", "piece"} or "title" in one:
                assert one["title"], (name, field)
                assert one["description"].endswith("."), (name, field)
    for kind in KINDS.values():
        for one in msgspec.structs.fields(kind):
            if isinstance(one.default, str):
                assert "absent" in SCHEMA["$defs"][kind.__name__]["properties"][one.name]["description"], one.name


def test_humanitarian_lines_are_known_by_their_names() -> None:
    assert is_humanitarian_line("humanitarian-north-3f2a")
    assert is_humanitarian_line("training-humanitarian-north")
    assert not is_humanitarian_line("baltic-humanitarian")
