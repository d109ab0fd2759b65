"""How a page of the report is put together: templates, hashes of what may run, the account of rows."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from detente import words
from detente.door.errors import MissingExtra
from detente.door.terminal import visible
from detente.encounters.errors import OutputMistake
from detente.encounters.report import figures, labels
from detente.tracks.meanings import note_meaning, reason_meaning
from detente.tracks.reasons import Note, Reason

__all__ = ["check_report", "cleaning", "digest_of", "inert", "jinja", "policy", "rendered", "template"]

say = words.speaker("encounters")

_TEMPLATES = "detente.encounters.report.templates"


def check_report(target: Path, *, where: str = "--report") -> Path:
    """Return the path when a report can be written there; call it before any work starts.

    Raises OutputMistake when the name does not end in .html or .htm, MissingExtra without Jinja.
    """
    if target.suffix.lower() not in {".html", ".htm"}:
        raise OutputMistake(
            expected=say("a file name that ends in .html"),
            came=repr(target.name),
            where=where,
            remedy=say("write for example {example}", example="report.html"),
        )
    jinja()
    return target


def jinja() -> Any:
    """Return the module; raises MissingExtra without it."""
    try:
        import jinja2  # noqa: PLC0415 - only who writes a report needs it
    except ImportError as absent:
        raise MissingExtra(
            expected=say("the part of detente that writes reports"),
            came=say("it is not installed"),
            remedy="pip install 'detente[report]'",
        ) from absent
    return jinja2


def template(name: str) -> str:
    """Return the text of a template, a style or a script."""
    return files(_TEMPLATES).joinpath(name).read_text(encoding="utf-8")


def digest_of(text: str) -> str:
    """Return a text's hash as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def inert(value: object) -> str:
    """Return JSON that cannot end its script element, whatever strings it holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def cleaning(tally: Mapping[str, Any]) -> dict[str, Any]:
    """Return the account of rows in words."""
    rows = int(tally.get("rows", 0))

    def line(text: str, count: int) -> tuple[str, str, str]:
        share = say("{figure} %", figure=figures.number(100.0 * count / rows, 1)) if rows else "\u2013"
        return visible(text), figures.number(count), share

    return {
        "read": line(labels.labels()["read"], rows),
        "kept": line(labels.labels()["kept"], int(tally.get("kept", 0))),
        "rejected": [
            line(reason_meaning(Reason(code)), int(count)) for code, count in tally.get("rejected", {}).items()
        ],
        "notes": [line(note_meaning(Note(code)), int(count)) for code, count in tally.get("notes", {}).items()],
        "formats": ", ".join(
            f"{visible(str(name))} ({figures.number(int(count))})"
            for name, count in tally.get("formats", {}).items()
        ),
    }


def policy(style: str, script: str) -> str:
    """Return a content security policy that allows nothing but this style and this script."""
    return (
        f"default-src 'none'; style-src {digest_of(style)}; script-src {digest_of(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def rendered(name: str, context: dict[str, Any]) -> str:
    """Return a template filled in; texts are escaped, and a name that is not given is a fault."""
    jinja2 = jinja()
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(number=figures.number, visible=visible)
    return str(environment.from_string(template(name)).render(context))
