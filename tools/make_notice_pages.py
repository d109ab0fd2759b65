"""Write what is made from the structs of notices: ``python tools/make_notice_pages.py``. A test makes it again.

spec/notices/schema.json, spec/notices/kinds.md, the examples in spec/notices/README.md, vectors/notices.json.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from notice_vectors import cases

from detente.notices.codec import decode, encode
from detente.notices.examples import EXAMPLES
from detente.notices.kinds import KINDS, line_type
from detente.notices.schema import json_schema
from detente.notices.terms import kind_name
from detente.notices.text import notice_text

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "spec" / "notices"
BLOCK = re.compile(r"```(json|text) (canonical|text) ([a-z-]+)\n(.*?)```", re.DOTALL)


def made() -> dict[Path, str]:
    """Return every file that is made, with its text."""
    schema = json_schema()
    readme = PAGES / "README.md"
    return {
        PAGES / "schema.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n",
        PAGES / "kinds.md": kinds_page(schema),
        readme: filled(readme.read_text(encoding="utf-8")),
        ROOT / "vectors" / "notices.json": json.dumps(cases(), indent=1, ensure_ascii=False) + "\n",
    }


def filled(page: str) -> str:
    """Return the page with the examples that it names, byte by byte."""

    def example(block: re.Match[str]) -> str:
        notice = EXAMPLES[block[3].replace("-", "_")]
        octets = encode(notice)
        text = octets.decode() + "\n" if block[2] == "canonical" else notice_text(decode(octets), ref="west/12")
        return f"```{block[1]} {block[2]} {block[3]}\n{text}```"

    return BLOCK.sub(example, page)


def kinds_page(schema: dict[str, Any]) -> str:
    """Return the page of all kinds: every field with its term, type and meaning; then their parts."""
    structs = schema["$defs"]
    base = set.intersection(*(set(structs[kind.__name__]["properties"]) for kind in KINDS.values())) - {"kind"}
    lines = [
        "# Kinds of notice",
        "",
        "Made from the structs by `tools/make_notice_pages.py`. Fields in bold cannot be left out. Parts are below.",
        "",
        "## Every notice",
        "",
        *fields_table(structs["Exercise"], only=base),
    ]
    for kind, struct in KINDS.items():
        one = structs[struct.__name__]
        lines += [
            "",
            f"## {kind_name(kind)}: `{kind}`",
            "",
            f"{one['description']} On a line: `{line_type(struct)}`.",
            "",
        ]
        lines += fields_table(one, only=set(one["properties"]) - base - {"kind"})
    lines += ["", "# Parts"]
    for name in sorted(set(structs) - {struct.__name__ for struct in KINDS.values()}):
        tagged = [field for field in ("shape", "piece") if "enum" in structs[name]["properties"].get(field, {})]
        mark = "".join(f" (`{tag}`: `{structs[name]['properties'][tag]['enum'][0]}`)" for tag in tagged)
        lines += ["", f"## {name}{mark}", "", structs[name].get("description", ""), ""]
        lines += fields_table(structs[name], only=set(structs[name]["properties"]) - set(tagged))
    return "\n".join(lines) + "\n"


def fields_table(struct: dict[str, Any], *, only: set[str]) -> list[str]:
    """Return the rows of a struct's fields."""
    rows = ["| field | term | type | meaning |", "|---|---|---|---|"]
    for name, one in struct["properties"].items():
        if name in only:
            bold = f"**`{name}`**" if name in struct["required"] else f"`{name}`"
            rows.append(f"| {bold} | {one.get('title', '')} | {type_words(one)} | {one.get('description', '')} |")
    return rows


def type_words(one: dict[str, Any]) -> str:
    """Return a field's type in a few words."""
    if "$ref" in one:
        return str(one["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in one:
        return " or ".join(type_words(option) for option in one["anyOf"])
    if "const" in one:
        return "true"
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if one["type"] == "array":
        most = f", at most {one['maxItems']}" if "maxItems" in one else ""
        return f"list of {type_words(one['items'])}{most}"
    if one["type"] == "string":
        pattern = str(one["pattern"]).replace("|", "\\|") if "pattern" in one else ""
        return f"`{pattern}`" if pattern else f"text, at most {one['maxLength']}"
    if one["type"] == "integer":
        least = one.get("minimum", f"above {one['exclusiveMinimum']}" if "exclusiveMinimum" in one else None)
        return f"whole number, {least} to {one['maximum']}" if "maximum" in one else "whole number"
    return "true or false"


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT), len(text.encode()), "bytes")
