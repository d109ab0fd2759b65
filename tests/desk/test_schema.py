"""The whole API under Schemathesis: whatever its description allows, and much that it does not; no server error."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from detente.desk.limiting import LIMITS, Limit, Limits
from detente.desk.process import STATIC
from tests.desk.desks import TOKEN, RunningDesk, running, signed_in_as
from tests.desk.door import LINE

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """Return a desk with limits that nobody reaches."""
    with running(tmp_path / "home") as desk:
        wide = Limit(10**9, 10**9)
        desk.room.limits = Limits(dict.fromkeys(LIMITS, wide), address=wide)
        desk.room.map_file = tmp_path / "site.pmtiles"
        desk.room.map_file.write_bytes(b"PMTiles\x03" + bytes(2_000))
        desk.static.mkdir(parents=True)
        if (STATIC / "fonts").is_dir():
            (desk.static / "fonts").symlink_to(STATIC / "fonts")
        yield desk


def ask_everything(desk: RunningDesk, examples: int) -> Counter[str]:
    """Ask every operation so many times in each way; returns how many answers of each status came."""
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    schema = schemathesis.openapi.from_url(f"{desk.url}/openapi.json")
    schema.config.generation.update(with_security_parameters=False)
    schema.config.checks.negative_data_rejection.expected_statuses += ["413"]
    seen: Counter[str] = Counter()
    broken: list[str] = []
    for found in schema.get_all_operations():
        result: Any = found
        operation = result.ok()
        if operation.path.endswith("/events"):
            continue  # it never ends
        headers = {"Origin": desk.url, **signed_in_as("everything")}
        if "/watch/" in operation.path:
            headers = {"Authorization": f"Bearer {TOKEN}"}
        for mode in GenerationMode:
            try_one(operation, mode, headers, examples, seen, broken)
    assert not broken, "\n\n".join(broken)
    return seen


def try_one(
    operation: Any,
    mode: GenerationMode,
    headers: dict[str, str],
    examples: int,
    seen: Counter[str],
    broken: list[str],
) -> None:
    """Ask one operation in one way, with data that its description allows or that it does not."""

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        if "line" in case.path_parameters and len(case.path_parameters["line"]) % 2:
            case.path_parameters["line"] = LINE
            if "ref" in case.path_parameters:
                case.path_parameters["ref"] = "west%2F0" if mode is GenerationMode.POSITIVE else "west/0"
        given_type = {} if case.body is None or case.method == "GET" else {"Content-Type": "application/json"}
        response = case.call(headers={**headers, **given_type})
        seen[f"{response.status_code}"] += 1
        case.validate_response(response, checks=CHECKS)

    try:
        asked()
    except (Unsatisfiable, SkipTest):
        return  # nothing can be wrong with a question that takes nothing
    except (Exception, FailureGroup) as failure:  # noqa: BLE001 - told with all others
        broken.append(f"{operation.label} {mode.value}: {''.join(traceback.format_exception_only(failure))}")


def test_a_few_of_everything_break_nothing(open_desk: RunningDesk) -> None:
    seen = ask_everything(open_desk, 3)
    assert not [status for status in seen if status.startswith("5")], seen
    assert {"200", "400", "404"} <= set(seen), seen
    assert not [line for line in open_desk.events if '"error"' in line]


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_very_many_of_everything_break_nothing(open_desk: RunningDesk) -> None:
    seen = ask_everything(open_desk, 20)
    assert not [status for status in seen if status.startswith("5")], seen
    assert not [line for line in open_desk.events if '"error"' in line]
