"""Write the figures of docs/limits.md from the code: ``python tools/write_limits.py`` (--check: say what differs)."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import msgspec

from detente.node.settings.documented import about
from detente.node.settings.structs import (
    CourierSettings,
    DeskSettings,
    EscalationSettings,
    FolderTo,
    HttpsTo,
    LineSettings,
)

PAGE = Path(__file__).parents[1] / "docs" / "limits.md"
ROW = re.compile(r"^\| (?P<what>[^|]+) \| [^|]+ \| `(?P<place>[a-z_.]+:[A-Za-z_.]+)` \|$", re.MULTILINE)
_ROOMS: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("[courier]", CourierSettings),
    ("[desk]", DeskSettings),
    ("[line.NAME]", LineSettings),
    ("kind https", HttpsTo),
    ("kind folder", FolderTo),
    ("[escalation]", EscalationSettings),
)
_SETTINGS = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- end of settings -->)", re.DOTALL)


def figure(place: str) -> str:
    """Return the value that stands at "module:NAME" or "module:Class.field", as the page writes it."""
    module, _, name = place.partition(":")
    found = importlib.import_module(f"detente.{module}")
    for part in name.split("."):
        found = getattr(found() if isinstance(found, type) else found, part)
    return f"{found:,}" if isinstance(found, int) else f"{found:g}"


def settings_table() -> str:
    """Return the table of every number that can be set."""
    rows = ["| table | setting | default | what |", "|---|---|---|---|"]
    for header, kind in _ROOMS:
        for field in msgspec.structs.fields(kind):
            if isinstance(field.default, int) and not isinstance(field.default, bool):
                sentence = about(kind, field.encode_name).replace("\n", " ")
                rows.append(f"| `{header}` | `{field.encode_name}` | {field.default:,} | {sentence} |")
    return "\n".join(rows) + "\n"


def refreshed(page: str) -> str:
    """Return the page with the figures of the code as it is now."""
    page = ROW.sub(lambda row: f"| {row['what']} | {figure(row['place'])} | `{row['place']}` |", page)
    return _SETTINGS.sub(lambda _: settings_table(), page)


def main(argv: list[str]) -> int:
    """Write or check; 1 when the page differs and was not to be written."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = refreshed(page)
    if argv == ["--check"]:
        return int(page != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
