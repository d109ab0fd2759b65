"""What each fuzzed reader of notices is, and what must hold for any bytes: a notice, or faults at their places."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from detente.notices.codec import Checked, decode, encode
from detente.notices.errors import NoticeRefused
from detente.notices.examples import EXAMPLES
from detente.notices.export import is_line_only
from detente.notices.faults import Fault
from detente.notices.forms import check_form
from detente.notices.geojson import features_of, from_feature
from detente.notices.templates import form_of, template
from detente.notices.text import notice_text

__all__ = ["READERS", "first_inputs"]

NOW = datetime(2030, 5, 5, tzinfo=UTC)


def _named(faults: Any) -> None:
    assert faults
    assert all(isinstance(one, Fault) and one.code and one.expected and one.came for one in faults)
    assert all(str(one) for one in faults)


def _whole(checked: Checked) -> None:
    """What was taken has one spelling and can be shown."""
    again = decode(checked.octets)
    assert again.octets == checked.octets
    assert again.notice == checked.notice
    if not checked.unknown:
        assert encode(checked.notice) == checked.octets
    assert notice_text(checked, ref="west/1").endswith("\n")
    if not is_line_only(checked.notice):
        json.dumps(features_of(checked), allow_nan=False)


def record(data: bytes) -> None:
    """The bytes of a line's entry."""
    try:
        checked = decode(data, now=NOW)
    except NoticeRefused as refusal:
        _named(refusal.faults)
        return
    assert checked.octets == data
    _whole(checked)


def form(data: bytes) -> None:
    """A form that somebody filled in."""
    checked, faults = check_form(data, now=NOW)
    if checked is None:
        _named(faults)
    else:
        assert not checked.unknown
        _whole(checked)


def feature(data: bytes) -> None:
    """A feature of GeoJSON that says that it carries a notice."""
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if not isinstance(found, dict):
        return
    try:
        _whole(from_feature(found))
    except NoticeRefused as refusal:
        _named(refusal.faults)


READERS: dict[str, Callable[[bytes], None]] = {"record": record, "form": form, "feature": feature}


def first_inputs() -> dict[str, list[bytes]]:
    """Return the corpus by reader: every kind's example."""
    areas = [decode(encode(EXAMPLES[kind])) for kind in ("danger_area", "exercise", "launch")]
    return {
        "record": [encode(one) for one in EXAMPLES.values()],
        "form": [
            *(
                template(kind, filled=form_of(msgspec.to_builtins(one))).encode()
                for kind, one in EXAMPLES.items()
            ),
            json.dumps(msgspec.json.decode(encode(EXAMPLES["exercise"])), indent=1).encode(),
        ],
        "feature": [json.dumps(one).encode() for each in areas for one in features_of(each)["features"]],
    }
