"""What a verb shows: results on standard output, everything else on standard error.

Tables and colours appear only on a terminal; a pipe gets tab-separated lines. Progress bars appear only
when standard error is a terminal, and never touch standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from detente import words

if TYPE_CHECKING:
    from detente.errors import DetenteError

__all__ = ["failure", "json_text", "note", "progress", "result", "result_json", "table", "visible"]

say = words.speaker("door")

_BIDI = {0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x206A), 0xFEFF}


def visible(text: str) -> str:
    r"""Return a stranger's text with control, bidirectional and invisible characters shown as ``\x1b``."""
    if text.isprintable() and not any(ord(letter) in _BIDI for letter in text):
        return text
    return "".join(
        letter if letter.isprintable() and ord(letter) not in _BIDI else ascii(letter)[1:-1] for letter in text
    )


def note(text: str) -> None:
    """Say something on standard error that is not a result."""
    print(text, file=sys.stderr)


def result(text: str) -> None:
    """Print one line of a result on standard output; a stranger's text in it must have been made visible."""
    print(text)


def failure(error: DetenteError) -> None:
    """Show an error: what came, where, what was expected, what to do; one short line each."""
    place = f"{visible(error.where)}: " if error.where else ""
    note(f"detente: {place}{visible(error.came)}")
    note(say("  expected: {expected}", expected=visible(error.expected)))
    if error.remedy:
        note(say("  what to do: {remedy}", remedy=visible(error.remedy)))


def result_json(result: object) -> None:
    """Print one JSON document on standard output; keys stay in the order given."""
    print(json_text(result, indent=2))


def json_text(document: object, *, indent: int | None = None) -> str:
    """Return a document as JSON; letters that standard output cannot spell are escaped, so that it stays JSON."""
    spells_all = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") in {"utf8", "utf16"}
    return json.dumps(document, ensure_ascii=not spells_all, allow_nan=False, indent=indent)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Sequence[bool] | None = None) -> None:
    """Print rows as a table on a terminal and as tab-separated lines elsewhere.

    numeric: one flag a column, True aligns right; by default all columns align left.
    """
    right = numeric or [False] * len(head)
    if not sys.stdout.isatty():
        for row in (head, *rows):
            print("\t".join(visible(cell).replace("\t", " ") for cell in row))
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(header_style="bold", box=None, pad_edge=False)
    for name, is_right in zip(head, right, strict=True):
        # text that does not fit goes on in the next line: a cut id would name nobody
        drawn.add_column(name, justify="right" if is_right else "left", overflow="fold", no_wrap=is_right)
    for row in rows:
        drawn.add_row(*(Text(visible(cell)) for cell in row))
    Console().print(drawn)


def mapping(pairs: Mapping[str, object]) -> None:
    """Print name and value lines."""
    table(("", ""), [(name, str(value)) for name, value in pairs.items()])


@contextmanager
def progress(label: str, *, total: float | None) -> Iterator[Callable[[float], None]]:
    """Show a bar on standard error while work goes on; yields a function that adds done work.

    total: the whole amount in any unit (bytes, rows); None shows work without a known end.
    Without a terminal nothing is shown and the function does nothing.
    """
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.advance(task, done)
