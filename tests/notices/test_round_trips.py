"""Any notice of any kind survives every way out and back in: bytes, forms, schema, texts in both languages."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.notices.notices_drawn import documents, plain

from detente import words
from detente.line import canonical
from detente.notices.codec import Checked, check, check_document, decode, encode
from detente.notices.export import is_line_only
from detente.notices.forms import document_of, read_notice
from detente.notices.geojson import features_of
from detente.notices.ics import calendar_text, events_of
from detente.notices.kinds import KINDS, kind_of
from detente.notices.kml import kml_text
from detente.notices.schema import json_schema
from detente.notices.templates import form_of, template
from detente.notices.text import notice_text

SCHEMA = json_schema()


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Tell whether a value fits a JSON Schema, as far as the words go that ours uses; others are a KeyError."""
    types: dict[str, type] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    rules = {
        "$ref": lambda ref: fits(value, SCHEMA["$defs"][ref.rsplit("/", 1)[-1]]),
        "anyOf": lambda options: any(fits(value, one) for one in options),
        "oneOf": lambda options: sum(fits(value, one) for one in options) == 1,
        "type": lambda name: type(value) is types[name],
        "enum": lambda values: value in values,
        "const": lambda only: value is only,
        "pattern": lambda pattern: re.search(pattern, value) is not None,
        "minLength": lambda least: len(value) >= least,
        "maxLength": lambda most: len(value) <= most,
        "minItems": lambda least: len(value) >= least,
        "maxItems": lambda most: len(value) <= most,
        "minimum": lambda least: value >= least,
        "exclusiveMinimum": lambda least: value > least,
        "maximum": lambda most: value <= most,
        "items": lambda one: all(fits(item, one) for item in value),
        "required": lambda names: names is not None and set(names) <= set(value),
        "properties": lambda known: all(fits(value[name], one) for name, one in known.items() if name in value),
    }  # fmt: skip
    order = ["type", *(word for word in schema if word != "type")]
    silent = {"title", "description", "$schema", "$id", "$defs"}
    return all(rules[word](schema[word]) for word in order if word in schema and word not in silent)


def checked(document: dict[str, Any]) -> Checked:
    found, faults = check_document(document)
    assert found is not None, [str(fault) for fault in faults]
    return found


def comes_back(document: dict[str, Any]) -> None:
    """Take a notice every way out and back in."""
    found = checked(document)
    assert encode(found.notice) == found.octets == canonical.encode(document)
    again = decode(found.octets)
    assert again.notice == found.notice
    assert plain(again.notice) == document
    assert check(found.notice)[0] == found
    form = template(kind_of(found.notice), filled=form_of(document))
    for written in (form, json.dumps(document, indent=2)):
        other, faults = read_notice(written.encode())
        assert other is not None, [str(fault) for fault in faults]
        assert other.octets == found.octets
    assert document_of(document)[0] == document


def is_shown(found: Checked) -> None:
    """Show a notice every way there is."""
    assert fits(json.loads(found.octets), SCHEMA)
    for language in words.LANGUAGES:
        words.choose(language)
        try:
            text = notice_text(found, ref="west/1")
        finally:
            words.choose("en")
        assert all(part in " ".join(text.split()) for part in found.notice.title.split())
    if not is_line_only(found.notice):
        collection = features_of(found)
        assert len(collection["features"]) == len(found.notice.places())
        assert json.loads(json.dumps(collection, allow_nan=False))["type"] == "FeatureCollection"
        assert kml_text(found, description=text).endswith("</kml>\n")
        assert calendar_text(events_of(found, uid="west-1")).endswith("END:VCALENDAR\r\n")


def drawn(kind: str, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(document=documents(kind))
    def run(document: dict[str, Any]) -> None:
        comes_back(document)
        is_shown(checked(document))

    run()


@pytest.mark.parametrize("kind", KINDS)
def test_any_notice_comes_back_from_bytes_and_forms_fits_the_schema_and_is_shown(kind: str) -> None:
    drawn(kind, 10)


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
def test_any_of_many_notices_comes_back_from_bytes_and_forms_fits_the_schema_and_is_shown(kind: str) -> None:
    drawn(kind, 60)
