"""The JSON Schema of notices (draft 2020-12), made from the structs.

What a schema cannot say stands in spec/notices: one spelling, texts without hidden characters, states and dates
that exist, fields that must agree.
"""

from __future__ import annotations

from typing import Any

import msgspec

from detente.notices.kinds import KINDS

__all__ = ["SCHEMA_ID", "json_schema"]

SCHEMA_ID = "urn:detente:notice:1"


def json_schema() -> dict[str, Any]:
    """Return the schema: any one kind of notice; every struct under ``$defs`` by its name."""
    kinds = list(KINDS.values())
    references, structs = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "A notice",
        "description": "One notice; its kind says which. A field that is not stated is absent, never null.",
        "oneOf": list(references),
        "$defs": {name: _struct(one) for name, one in sorted(structs.items())},
    }


def _struct(schema: dict[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in schema.items() if name not in {"properties", "required"}}
    made["description"] = " ".join(str(made["description"]).split("\n\n", maxsplit=1)[0].split())
    made["properties"] = {name: _property(one) for name, one in schema["properties"].items()}
    required = list(schema.get("required", []))
    made["required"] = [*required, "format"] if "format" in schema["properties"] else required
    return made


def _property(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a field's schema without null and without what is absent when it says nothing."""
    made = dict(schema)
    default = made.pop("default", None)
    options = made.get("anyOf")
    if options is not None:
        real = [one for one in options if one != {"type": "null"}]
        if len(real) == 1:
            del made["anyOf"]
            made = {**real[0], **made}
        else:
            made["anyOf"] = real
    if default is False:
        made["const"] = True  # false is said by leaving the field out
    elif isinstance(default, str):
        made["enum"] = [one for one in made["enum"] if one != default]  # the description says what absence means
    if made.get("type") == "array" and default == ():
        made["minItems"] = 1  # an empty list is said by leaving the field out
    if "discriminator" in made:
        del made["discriminator"]  # OpenAPI's word, not JSON Schema's
    if isinstance(made.get("items"), dict):
        made["items"] = _property(made["items"])
    return made
