"""Forms to fill in: a commented TOML file for each kind of notice, made from the structs.

Each field stands with its term, its meaning and an example. Fields that a notice cannot do without are blank;
those that may stay out are comments that begin with "#:". A blank field counts as not stated.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from detente import words
from detente.notices.examples import EXAMPLES
from detente.notices.forms import plain_type
from detente.notices.kinds import KINDS
from detente.notices.notice import Notice
from detente.notices.shapes import PARTS_OF_A_DEGREE, Position
from detente.notices.terms import kind_name

__all__ = ["form_of", "position_form", "template", "toml_value"]

say = words.speaker("notices")

_NOT_ASKED = frozenset({"format"})
_WIDTH = 100
_OPTIONAL = "#: "


def template(kind: str, *, filled: Mapping[str, Any] | None = None) -> str:
    """Return the form of a kind of notice (a word of KINDS).

    filled: a plain document in the form's spelling (``form_of``) whose values stand in the form already.
    """
    lines = [
        f"# {kind_name(kind)}",
        *_comment(
            say(
                "Fill in what you know. A blank field counts as not stated. Lines that begin with #: may stay out: "
                "remove the two signs to use them. Times are UTC, as precise as they are known: 2018, 2018-04, "
                "2018-04-04, 2018-04-04T06:00Z. Positions are latitude and longitude with their letters: "
                "54-30.5N 020-15E."
            )
        ),
        f'kind = "{kind}"',
    ]
    example = form_of(msgspec.to_builtins(EXAMPLES[kind]))
    lines += _table(_info(KINDS[kind]), example, filled, prefix="", mark="")
    return "\n".join(lines) + "\n"


def form_of(value: Any) -> Any:
    """Return a plain document in the spelling of forms: positions as text."""
    if isinstance(value, dict):
        if value.keys() == {"lat_e7", "lon_e7"}:
            return position_form(Position(**value))
        return {name: form_of(inner) for name, inner in value.items()}
    return [form_of(one) for one in value] if isinstance(value, list | tuple) else value


def position_form(position: Position) -> str:
    """Return a position as a form has it, exactly: whole minutes as 54-30N, anything finer in decimal degrees."""
    parts = []
    for value, letters, width in ((position.lat_e7, "NS", 2), (position.lon_e7, "EW", 3)):
        letter = letters[value < 0]
        minutes = round(abs(value) * 60 / PARTS_OF_A_DEGREE)
        if round(minutes * PARTS_OF_A_DEGREE / 60) == abs(value):
            parts.append(f"{minutes // 60:0{width}d}-{minutes % 60:02d}{letter}")
        else:
            degrees, rest = divmod(abs(value), PARTS_OF_A_DEGREE)
            parts.append(f"{degrees}.{rest:07d}{letter}")
    return " ".join(parts)


def toml_value(value: Any) -> str:
    """Return a plain value as TOML has it on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml_value(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _table(
    info: inspect.StructType,
    example: Mapping[str, Any],
    filled: Mapping[str, Any] | None,
    *,
    prefix: str,
    mark: str,
) -> Iterator[str]:
    """Yield the lines of one table: its own values first, then the tables in it."""
    inner: list[tuple[inspect.Field, inspect.StructType, bool]] = []
    for one in info.fields:
        if one.encode_name in _NOT_ASKED:
            continue
        kind, is_list = _item(one.type)
        given = (filled or {}).get(one.encode_name)
        if isinstance(kind, inspect.UnionType) and isinstance(given, dict) and given.get("kind") in KINDS:
            inner.append((one, _info(KINDS[str(given["kind"])]), False))
        elif isinstance(kind, inspect.StructType) and kind.cls is not Position and _is_outer(info):
            inner.append((one, kind, is_list))
        else:
            yield from _value(one, example, filled, mark)
    for one, kind, is_list in inner:
        yield from _inner(one, kind, example, filled, prefix=prefix, mark=mark, is_list=is_list)


def _is_outer(info: inspect.StructType) -> bool:
    """Tell whether the structs in this one stand as tables of their own; deeper ones stand on one line."""
    return issubclass(info.cls, Notice)


def _value(
    one: inspect.Field, example: Mapping[str, Any], filled: Mapping[str, Any] | None, mark: str
) -> Iterator[str]:
    name = one.encode_name
    yield mark.rstrip(": ")
    yield from _described(one)
    known = example.get(name)
    if filled is not None and name in filled:
        yield f"{mark}{name} = {toml_value(filled[name])}"
        return
    if one.required:
        if known is not None:
            yield from _comment(say("for example: {example}", example=f"{name} = {toml_value(known)}"))
        yield f'{mark}{name} = ""'
    else:
        yield f"{_OPTIONAL}{name} = {toml_value('' if known is None else known)}"


def _inner(
    one: inspect.Field,
    kind: inspect.StructType,
    example: Mapping[str, Any],
    filled: Mapping[str, Any] | None,
    *,
    prefix: str,
    mark: str,
    is_list: bool,
) -> Iterator[str]:
    """Yield the tables of a field that holds a struct or several."""
    name = one.encode_name
    given = (filled or {}).get(name)
    is_needed = one.required or given is not None
    path = f"{prefix}{name}"
    head = f"[[{path}]]" if is_list else f"[{path}]"
    own_mark = mark if is_needed else _OPTIONAL
    known = example.get(name)
    shown = known[0] if is_list and known else known or {}
    for item in given if is_list and given is not None else [given]:
        yield ""
        yield from _described(one)
        yield f"{own_mark}{head}"
        if issubclass(kind.cls, Notice):
            yield f'{own_mark}kind = "{kind.tag}"'
        yield from _table(kind, shown, item, prefix=f"{path}.", mark=own_mark)


def _described(one: inspect.Field) -> Iterator[str]:
    """Yield a field's term, whether it is needed, its meaning, and the words that it may hold."""
    title, description = "", ""
    kind = one.type
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.UnionType):
            kind = kind.types[0]
            continue
        extra = kind.extra_json_schema or {}
        title, description = str(extra.get("title", title)), str(extra.get("description", description))
        kind = kind.type
    text = ": ".join((say(title), say(description))) if title else one.encode_name
    if one.required:
        text = say("{text} Required.", text=text)
    if isinstance(kind, inspect.LiteralType):
        text = say("{text} One of: {words}.", text=text, words=", ".join(str(value) for value in kind.values))
    yield from _comment(text)


def _item(kind: inspect.Type) -> tuple[inspect.Type, bool]:
    """Return what a field holds, or what its list holds, and whether it is a list."""
    kind = plain_type(kind)[0]
    if isinstance(kind, inspect.VarTupleType):
        return plain_type(kind.item_type)[0], True
    return kind, False


def _info(kind: type[msgspec.Struct]) -> inspect.StructType:
    made = inspect.type_info(kind)
    assert isinstance(made, inspect.StructType)  # noqa: S101 - a struct's type is one
    return made


def _comment(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)
