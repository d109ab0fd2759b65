"""One entry as a PDF file: what the page to print says, with its own letters, the same bytes for the same entry.

Every stranger's text has its control and bidirectional characters made visible before it is drawn. A letter that the
font has not is written as its number, so that nothing that was said is left out without a sign.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detente import words
from detente.desk.print_page import Printed, printed
from detente.desk.shown_text import lines_visible
from detente.node.desk_door.record_questions import EntryDocument, LinesDocument

__all__ = ["FONTS", "FontFiles", "font_files", "pdf_page"]

say = words.speaker("desk")

FONTS = ("DejaVuSans.ttf", "DejaVuSansMono.ttf")
"""Letters of the Latin, Greek and Cyrillic scripts; the build of the pages puts them into ``static/fonts``."""
_SIZE = 9.5
_TITLE_SIZE = 14.0
_LEADING = 1.35
_MARGIN = 56.0
_INDENT = 130.0
_LETTERS_A_LINE = 500
"""Letters of one line on the paper, however narrow they are: a stranger's line may be as long as a body."""


@dataclass(frozen=True, slots=True)
class FontFiles:
    """Where the letters lie: upright, and all of one width."""

    plain: Path
    even: Path


def font_files(static: Path) -> FontFiles | None:
    """Return the letters that the build put beside the pages; None where it did not."""
    plain, even = (static / "fonts" / name for name in FONTS)
    return FontFiles(plain, even) if plain.is_file() and even.is_file() else None


def pdf_page(found: EntryDocument, stands: LinesDocument, language: str, fonts: FontFiles) -> bytes:
    """Return the file of an entry in a language ("en" or "ru"). Raises OSError for letters that cannot be read."""
    before = words.language()
    words.choose(language)
    try:
        return _Sheet(printed(found, stands), language, fonts).octets()
    finally:
        words.choose(before)


@functools.cache
def _registered(fonts: FontFiles) -> tuple[str, str]:
    """Let the writer know the letters; returns their names."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - a desk that prints nothing does not load it
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    for name, path in (("plain", fonts.plain), ("even", fonts.even)):
        pdfmetrics.registerFont(TTFont(name, str(path)))
    return "plain", "even"


class _Sheet:
    """Draws line after line, from page to page; every page says TRAINING where the line is one for training."""

    def __init__(self, told: Printed, language: str, fonts: FontFiles) -> None:
        from reportlab.lib.pagesizes import A4  # noqa: PLC0415
        from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
        from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

        self._told = told
        self._plain, self._even = _registered(fonts)
        self._known: dict[str, Any] = {
            name: pdfmetrics.getFont(name).face.charToGlyph for name in (self._plain, self._even)
        }
        self._width: Any = pdfmetrics.stringWidth
        self._buffer = io.BytesIO()
        self._page_width, self._page_height = A4
        self._canvas: Any = Canvas(self._buffer, pagesize=A4, invariant=True, lang=language, pageCompression=1)
        self._canvas.setTitle(lines_visible(told.title))
        self._canvas.setAuthor("")
        self._canvas.setCreator("détente")
        self._pages = 0
        self._at = 0.0

    def octets(self) -> bytes:
        """Return the whole file."""
        told = self._told
        self._begin()
        self._lines(told.title, self._plain, _TITLE_SIZE)
        self._at -= 6
        for name, value in told.facts:
            self._fact(name, value)
        self._at -= 6
        for fault in told.faults:
            self._lines(f"! {fault}", self._plain, _SIZE)
        self._rule()
        self._lines(told.text, self._even, _SIZE - 1)
        self._rule()
        if told.attachments:
            self._lines(say("attachments"), self._plain, _SIZE)
            for number, one in enumerate(told.attachments, 1):
                self._lines(f"{number}. {one}", self._plain, _SIZE)
        self._end()
        self._canvas.save()
        return self._buffer.getvalue()

    # ---- pages ----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._pages += 1
        self._at = self._page_height - _MARGIN
        if self._told.is_training:
            self._band(self._page_height - _MARGIN + 14)
            self._band(_MARGIN - 34)
            self._at -= 10

    def _band(self, at: float) -> None:
        """Draw the word TRAINING in a frame across the page."""
        canvas, width = self._canvas, self._page_width - 2 * _MARGIN
        canvas.setLineWidth(2)
        canvas.rect(_MARGIN, at - 5, width, 20)
        canvas.setFont(self._plain, 13)
        canvas.drawCentredString(self._page_width / 2, at, say("TRAINING"))

    def _end(self) -> None:
        told, canvas = self._told, self._canvas
        canvas.setFont(self._plain, 8)
        canvas.drawString(_MARGIN, _MARGIN - 12, self._fitting(f"{told.line}  {told.ref}", self._plain))
        number = say("page {number}", number=self._pages)
        canvas.drawRightString(self._page_width - _MARGIN, _MARGIN - 12, number)
        canvas.showPage()

    def _room(self, size: float) -> None:
        if self._at - size < _MARGIN + 8:
            self._end()
            self._begin()

    # ---- lines ----------------------------------------------------------------------------------------------

    def _rule(self) -> None:
        self._room(8)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(_MARGIN, self._at, self._page_width - _MARGIN, self._at)
        self._at -= 8

    def _fact(self, name: str, value: str) -> None:
        room = self._page_width - 2 * _MARGIN
        names = list(self._broken(name, self._plain, _SIZE, _INDENT - 8))
        values = list(self._broken(value, self._plain, _SIZE, room - _INDENT))
        for number in range(max(len(names), len(values))):
            self._room(_SIZE * _LEADING)
            self._at -= _SIZE * _LEADING
            for column, at in ((names, _MARGIN), (values, _MARGIN + _INDENT)):
                if number < len(column):
                    self._canvas.setFont(self._plain, _SIZE)
                    self._canvas.drawString(at, self._at, column[number])

    def _lines(self, text: str, font: str, size: float) -> None:
        for line in self._broken(text, font, size, self._page_width - 2 * _MARGIN):
            self._room(size * _LEADING)
            self._at -= size * _LEADING
            self._canvas.setFont(font, size)
            self._canvas.drawString(_MARGIN, self._at, line)

    def _broken(self, text: str, font: str, size: float, room: float) -> Iterator[str]:
        """Yield a text as lines that fit; a word that is too long is broken where it must be."""
        for line in lines_visible(text).split("\n"):
            shown = self._fitting(line, font)
            at = 0
            while at < len(shown):
                count = self._count(shown[at : at + _LETTERS_A_LINE], font, size, room)
                end = at + count
                if end < len(shown) and shown[end] != " ":
                    space = shown.rfind(" ", at + 1, end)
                    end = space if space > at and shown[at:space].strip() else end
                yield shown[at:end].rstrip()
                at = end
                while at < len(shown) and shown[at] == " ":
                    at += 1
            if not line:
                yield ""

    def _count(self, text: str, font: str, size: float, room: float) -> int:
        """Return how many letters of a short text fit, at least one."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self._width(text[:middle], font, size) <= room:
                low = middle
            else:
                high = middle - 1
        return low

    def _fitting(self, text: str, font: str) -> str:
        """Return a text of letters that the font has; any other as its number."""
        known = self._known[font]
        return "".join(
            letter if ord(letter) in known else letter.encode("unicode_escape").decode() for letter in text
        )
