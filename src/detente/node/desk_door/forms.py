"""Forms of the desk: what can be written, with the words that people read; and a form checked while it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from detente import words
from detente.node.desk_door.forms_read import Examined, entry_type
from detente.node.desk_door.line_index import LineIndex
from detente.node.desk_door.reading import in_language
from detente.node.desk_door.record_questions import CheckDocument, FaultDocument, FormDocument, FormsDocument
from detente.node.desk_door.record_views import geojson_of, texts_of
from detente.notices.codec import encode
from detente.notices.examples import EXAMPLES
from detente.notices.kinds import KINDS, line_type
from detente.notices.schema import json_schema
from detente.notices.terms import KIND_NAMES, STATE_NAMES, TERMS, kind_name, state_name, term_of

__all__ = ["author_of", "check_document_of", "forms_of"]

notices_say = words.speaker("notices")


def forms_of(author: dict[str, Any]) -> FormsDocument:
    """Return every kind of notice as a form. author: for the field of that name."""
    return msgspec.structs.replace(_forms(), author=author)


@cache
def _forms() -> FormsDocument:
    definitions: dict[str, Any] = json_schema()["$defs"]
    return FormsDocument(
        forms=tuple(
            FormDocument(
                kind=kind,
                type=line_type(made),
                names={code: in_language(code, lambda kind=kind: kind_name(kind)) for code in words.LANGUAGES},  # type: ignore[misc]
                schema=definitions[made.__name__],
                example=msgspec.json.decode(encode(EXAMPLES[kind])),
            )
            for kind, made in KINDS.items()
        ),
        definitions=definitions,
        terms={code: in_language(code, lambda: dict(_terms(definitions))) for code in words.LANGUAGES},
    )


def _terms(definitions: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every word of the record with what people read for it, and the fields' titles and descriptions."""
    waiting: list[Any] = [definitions]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in {"title", "description"} and isinstance(inner, str):
                    yield inner, notices_say(inner)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    for code in TERMS:
        yield code, term_of(code)
    for kind in KIND_NAMES:
        yield kind, kind_name(kind)
    for state in STATE_NAMES:
        yield state, state_name(state)


def author_of(indexes: list[LineIndex], member: str) -> dict[str, Any]:
    """Return the author of the newest own notice; the member's name alone while there is none."""
    newest: tuple[int, Any] = (-1, None)
    for index in indexes:
        for known in index.newest_first():
            if not known.kind or known.place[0].member != member:
                continue
            checked = index.checked(known)
            if checked is not None:
                if known.at_ms > newest[0]:
                    newest = known.at_ms, checked.notice.author
                break
    if newest[1] is None:
        return {"id": member, "name": member}
    found: dict[str, Any] = msgspec.to_builtins(newest[1])
    return found


def check_document_of(form: Examined, needed: int, obligations: list[dict[str, Any]]) -> CheckDocument:
    """Return a form as it stands."""
    prepared = form.prepared
    faults = tuple(FaultDocument(path=path, message=message) for path, message in form.faults)
    warnings = tuple(FaultDocument(path=path, message=message) for path, message in form.warnings)
    if prepared is None:
        return CheckDocument(
            is_sendable=False,
            faults=faults,
            warnings=warnings,
            type="",
            needed=needed,
            texts={},
            obligations=(),
            geojson=None,
        )
    return CheckDocument(
        is_sendable=True,
        faults=faults,
        warnings=warnings,
        type=entry_type(prepared),
        needed=needed,
        texts=texts_of(prepared.checked),
        obligations=tuple(obligations),
        geojson=geojson_of(prepared.checked),
    )
