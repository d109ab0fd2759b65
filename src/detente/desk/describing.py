"""The description of the API (OpenAPI 3.1), made from the routes and the structs that they take and give."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec
from msgspec import inspect as shapes

from detente import __version__
from detente.desk.errors import ErrorDocument
from detente.desk.operations import PARAMETERS, Operation
from detente.desk.rights import RIGHTS

__all__ = ["COOKIE", "describe"]

COOKIE = "__Host-detente"
_REFUSALS = {
    "400": "Input that breaks this description, or a notice with faults.",
    "401": "Nobody is signed in, or the token is not known.",
    "403": "Another site's page asked, or no role of this person allows it.",
    "404": "It is not there.",
    "405": "Another method.",
    "409": "It does not fit to how things stand now.",
    "413": "A body over its cap.",
    "415": "A body of another media type.",
    "429": "Over a limit: come again after Retry-After seconds.",
    "503": "The node does not answer.",
}
_TEXT_MEDIA = {"text/event-stream", "text/csv", "text/html", "application/vnd.google-earth.kml+xml"}


def describe(operations: tuple[Operation, ...]) -> dict[str, Any]:
    """Return the whole document."""
    structs: set[type[msgspec.Struct]] = {ErrorDocument}
    for one in operations:
        structs |= {kind for kind in (one.answer, one.body) if kind is not None}
    ordered = sorted(structs, key=lambda one: one.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    by_struct = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, by_struct)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "détente: a member's desk",
            "version": __version__,
            "description": (
                "What stations and machines ask of a member's desk. Moments end in _ms: milliseconds since 1970 UTC."
                " Sessions come by passkey; machines show a token, which opens the watch routes and nothing else."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(one: Operation, schemas: dict[type[msgspec.Struct], dict[str, Any]]) -> dict[str, Any]:
    told = inspect.getdoc(one.handler) or ""
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": told.split("\n", maxsplit=1)[0],
        "description": _rights(one),
        "tags": [one.handler.__module__.rpartition(".")[2].removesuffix("_routes")],
        "parameters": _parameters(one),
        "responses": _responses(one, schemas),
    }
    if one.right == "watch":
        found["security"] = [{"token": []}]
    elif one.right != "anyone":
        found["security"] = [{"session": []}]
    if one.body is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[one.body]}},
        }
    return found


def _rights(one: Operation) -> str:
    if one.right == "anyone":
        return "Open before sign-in."
    if one.right == "watch":
        return "For a machine's token only."
    if one.right == "signed-in":
        return "For everybody who is signed in."
    roles = ", ".join(sorted(RIGHTS[one.right]))
    return f"Right: {one.right}. Roles: {roles}. Limit class: {one.limit}."


def _parameters(one: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": PARAMETERS[name]},
        }
        for name in re.findall(r"\{(\w+)\}", one.path)
    ]
    if one.is_in_pieces:
        schema = {"type": "string", "pattern": "^bytes=(0|[1-9][0-9]{0,11})-(0|[1-9][0-9]{0,11})$"}
        found.append({"name": "Range", "in": "header", "required": True, "schema": schema})
    if one.query is not None:
        shape = shapes.type_info(one.query)
        assert isinstance(shape, shapes.StructType)  # noqa: S101
        _, components = msgspec.json.schema_components([one.query], ref_template="{name}")
        properties = components[one.query.__name__]["properties"]
        found += [
            {
                "name": each.encode_name,
                "in": "query",
                "required": each.required,
                "schema": _plain(properties[each.encode_name]),
            }
            for each in shape.fields
        ]
    return found


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a field's schema as a parameter's: what is optional is left out, never null."""
    kept = {name: value for name, value in schema.items() if not (name == "default" and value is None)}
    if "anyOf" in kept:
        (only,) = (one for one in kept.pop("anyOf") if one != {"type": "null"})
        kept = {**only, **kept}
    return kept


def _responses(one: Operation, schemas: dict[type[msgspec.Struct], dict[str, Any]]) -> dict[str, Any]:
    refusal = schemas[ErrorDocument]
    found: dict[str, Any] = {}
    if one.status == 302:
        found["302"] = {"description": "Elsewhere.", "headers": {"Location": {"schema": {"type": "string"}}}}
    elif one.answer is not None:
        found[str(one.status)] = {
            "description": "As asked.",
            "content": {one.media: {"schema": schemas[one.answer]}},
        }
    else:
        content: dict[str, Any] = {"schema": {"type": "string"}} if one.media in _TEXT_MEDIA else {}
        found[str(one.status)] = {"description": "As asked.", "content": {one.media: content}}
    refusals = {**_REFUSALS, "416": "Beyond the end of the file."} if one.is_in_pieces else _REFUSALS
    for status, told in refusals.items():
        found[status] = {"description": told, "content": {"application/json": {"schema": refusal}}}
    if one.name == "health":
        found["503"]["content"]["application/json"]["schema"] = found["200"]["content"]["application/json"][
            "schema"
        ]
    return found
