"""A stranger's text where the desk makes text: what is invisible or turns letters round is shown, never obeyed."""

from __future__ import annotations

import html
from collections.abc import Iterable

from detente.door.terminal import visible

__all__ = ["csv_cell", "csv_row", "lines_visible", "marked_up"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines_visible(text: str) -> str:
    """Return a text of several lines with control, bidirectional and invisible characters shown, its lines kept."""
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


def marked_up(text: str) -> str:
    """Return a stranger's text for a page: visible, and escaped."""
    return html.escape(lines_visible(text))


def csv_cell(value: object) -> str:
    """Return a cell that no spreadsheet runs as a formula: what begins like one gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = str(value)
    shown = lines_visible(text)
    if text.startswith(_FORMULA) or shown.lstrip().startswith(_FORMULA):
        shown = f"'{shown}"
    return shown


def csv_row(values: Iterable[object]) -> bytes:
    """Return a row of a CSV file; every cell stands in quotation marks."""
    cells = (csv_cell(one).replace('"', '""') for one in values)
    return (",".join(f'"{cell}"' for cell in cells) + "\r\n").encode()
