"""Write the types of the desk's documents for its pages: ``python tools/write_web_types.py`` (--check: compare).

What a page reads is what the node answers: the structs of ``node/desk_door`` are the one source, and a field that is
renamed there fails the pages' type check here. Bytes are base64 text in JSON, a tuple of one kind is a list.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import msgspec
from msgspec import inspect as shapes

from detente.node import desk_door
from detente.node.desk_door import people_questions
from detente.node.desk_door.questions import Done, Question

FILE = Path(__file__).parents[1] / "web" / "src" / "answers.ts"
HEAD = """\
// Written by tools/write_web_types.py from the structs of detente.node.desk_door; do not edit.
// Moments end in _ms: milliseconds since 1970 UTC. Bytes are base64 text.
"""
_PLAIN: dict[type[shapes.Type], str] = {
    shapes.AnyType: "unknown",
    shapes.BoolType: "boolean",
    shapes.BytesType: "string",
    shapes.FloatType: "number",
    shapes.IntType: "number",
    shapes.NoneType: "null",
    shapes.StrType: "string",
}


def documents(module: ModuleType) -> list[type[msgspec.Struct]]:
    """Return the structs of a module that are answers or parts of them, in the order in which they stand there."""
    found = [
        one
        for one in vars(module).values()
        if inspect.isclass(one)
        and issubclass(one, msgspec.Struct)
        and not issubclass(one, Question)
        and one is not Done
        and one.__module__ == module.__name__
        and not one.__name__.startswith("_")
    ]
    return sorted(found, key=lambda one: one.__name__)


def interface(kind: type[msgspec.Struct]) -> str:
    """Return a struct as a TypeScript interface."""
    made = shapes.type_info(kind)
    assert isinstance(made, shapes.StructType)  # noqa: S101 - a struct's type is one
    told = " ".join(str(inspect.getdoc(kind)).split("\n\n", maxsplit=1)[0].split())
    fields = "".join(f"  readonly {one.encode_name}: {_typed(one.type)};\n" for one in made.fields)
    return f"/** {told} */\nexport interface {kind.__name__} {{\n{fields}}}\n"


def written() -> str:
    """Return the whole file."""
    modules = sorted(
        one.name for one in pkgutil.iter_modules(desk_door.__path__) if one.name.endswith("_questions")
    )
    kinds = [
        one for name in modules for one in documents(importlib.import_module(f"{desk_door.__name__}.{name}"))
    ]
    roles = " | ".join(f'"{one}"' for one in people_questions.ROLES)
    return "\n".join([HEAD, f"export type Role = {roles};\n", *(interface(one) for one in kinds)])


def _typed(kind: shapes.Type) -> str:
    plain = _PLAIN.get(type(kind))
    if plain is not None:
        return plain
    if isinstance(kind, shapes.Metadata):
        return _typed(kind.type)
    if isinstance(kind, shapes.LiteralType):
        if set(kind.values) == set(people_questions.ROLES):
            return "Role"
        return " | ".join(f'"{one}"' for one in kind.values)
    if isinstance(kind, shapes.UnionType):
        return " | ".join(_typed(one) for one in kind.types)
    if isinstance(kind, shapes.StructType):
        return kind.cls.__name__
    return _container(kind)


def _container(kind: shapes.Type) -> str:
    if isinstance(kind, shapes.DictType):
        return f"Readonly<Record<{_typed(kind.key_type)}, {_typed(kind.value_type)}>>"
    if isinstance(kind, shapes.TupleType):
        return f"readonly [{', '.join(_typed(one) for one in kind.item_types)}]"
    if isinstance(kind, shapes.CollectionType):
        inner = _typed(kind.item_type)
        return f"readonly ({inner})[]" if "|" in inner else f"readonly {inner}[]"
    raise TypeError(kind)


def main(argv: list[str]) -> int:
    """Write or check; 1 when the file differs and was not to be written."""
    text = written()
    if "--check" not in argv:
        FILE.write_text(text, encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") == text:
        return 0
    print("web/src/answers.ts differs from the structs: python tools/write_web_types.py")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
