"""Splitting: one file's text into the single NOTAM and warnings in it; nothing between them is left out.

NAVTEX frames run from ZCZC to NNNN. A NOTAM begins at its number, parts of one stay together. A warning begins
at its preamble (date and time) or its headline, whichever comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from detente.areas.letters import plain
from detente.areas.notams import NOTAM_HEAD
from detente.areas.warnings import HEADLINE, PREAMBLE

__all__ = ["Piece", "split"]

_FRAME = re.compile(r"ZCZC[ \n]?(?P<name>[A-Z]{2}[0-9]{2})?(?P<body>.*?)(?P<end>\bNNNN\b|(?=ZCZC)|\Z)", re.DOTALL)
_LINE_END = re.compile(r"\n\s*")
_LONGEST_HEAD = 200
"""A preamble or a headline is a short line; what follows it on a longer one is body."""
_WORDS = re.compile(r"[A-Za-z0-9\u0400-\u04ff]{2}")


@dataclass(frozen=True, slots=True)
class Piece:
    """One text and its dialect: notam or warning. is_cut: its frame has no end."""

    text: str
    dialect: str
    is_cut: bool = False


def split(text: str) -> Iterator[Piece]:
    """Yield the texts of a file in their order."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    if "ZCZC" not in whole:
        yield from _split(whole)
        return
    at = 0
    for frame in _FRAME.finditer(whole):
        yield from _split(whole[at : frame.start()])
        is_cut = frame["end"] != "NNNN"
        for piece in _split(frame["body"]):
            yield Piece(piece.text, piece.dialect, is_cut)
        at = frame.end()
    yield from _split(whole[at:])


def _split(text: str) -> Iterator[Piece]:
    heads = list(NOTAM_HEAD.finditer(text.upper() if len(text.upper()) == len(text) else text))
    starts: list[int] = []
    for before, head in zip([None, *heads], heads, strict=False):
        is_part = (
            before is not None
            and before["number"] == head["number"]
            and "PART " in text[head.start() : head.start() + 160]
        )
        if not is_part:
            starts.append(head.start())
    opened = [start - (text[start - 1 : start] == "(") for start in starts]
    yield from _warnings(text[: opened[0]] if opened else text)
    for start, stop in zip(opened, [*opened[1:], len(text)], strict=False):
        end = _next_warning(text, start, stop)
        yield Piece(text[start:end].strip(), "notam")
        yield from _warnings(text[end:stop])


def _next_warning(text: str, start: int, stop: int) -> int:
    """Return where a warning's headline follows a NOTAM, with its preamble; the end when none does.

    A preamble alone is none: item E may hold a date and time on a line of its own.
    """
    before, was_preamble = start, False
    for gap in _LINE_END.finditer(text, start, stop):
        line = text[gap.end() : min(stop, gap.end() + _LONGEST_HEAD)].split("\n", 1)[0]
        told = plain(line)[0]
        if HEADLINE.match(told):
            return before if was_preamble else gap.end()
        before, was_preamble = gap.end(), bool(PREAMBLE.match(told))
    return stop


def _is_head(line: str) -> bool:
    told = plain(line[:_LONGEST_HEAD])[0]
    return bool(HEADLINE.match(told) or PREAMBLE.match(told))


def _warnings(text: str) -> Iterator[Piece]:
    """Yield warnings line by line: a head after a body begins the next one."""
    lines: list[str] = []
    has_body = False
    for line in text.split("\n"):
        is_head = _is_head(line)
        if is_head and has_body:
            yield from _piece(lines)
            lines, has_body = [], False
        lines.append(line)
        has_body = has_body or (not is_head and bool(line.strip()))
    yield from _piece(lines)


def _piece(lines: list[str]) -> Iterator[Piece]:
    text = "\n".join(lines).strip()
    if _WORDS.search(text):
        yield Piece(text, "warning")
