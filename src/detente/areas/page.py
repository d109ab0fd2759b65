"""A page: one text whose words are struck out as the grammar places them; what is left over was not placed."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["GONE", "PAIR", "Page"]

GONE = "\x00"
"""Stands for a character that has been placed."""
PAIR = "@\x01+"
"""Pattern of a position: its first character is ``@``, the others are struck out."""


class Page:
    """A text of fixed length; ``view`` shows what is still to be placed, ``text`` what was written."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.view = text.replace("@", "a").replace("\x00", " ").replace("\x01", " ")

    def take(self, pattern: re.Pattern[str], use: Callable[[re.Match[str]], bool | None] | None = None) -> None:
        """Strike out every match; ``use`` sees each and returns False to leave it."""

        def strike(found: re.Match[str]) -> str:
            kept = use is not None and use(found) is False
            return found.group() if kept else GONE * len(found.group())

        self.view = pattern.sub(strike, self.view)

    def mark(self, pattern: re.Pattern[str], use: Callable[[re.Match[str]], bool | None]) -> None:
        """Put the sign of a position in place of every match that ``use`` does not return False for."""

        def sign(found: re.Match[str]) -> str:
            return found.group() if use(found) is False else "@" + "\x01" * (len(found.group()) - 1)

        self.view = pattern.sub(sign, self.view)

    def words(self, start: int, end: int) -> str:
        """Return the words of the text between two places, in one line."""
        return " ".join(self.text[start:end].split())

    def view_between(self, start: int, end: int) -> str:
        """Return what is still to be placed between two places."""
        return self.view[start:end]
