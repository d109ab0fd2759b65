"""Where in a TOML file a name stands: tomllib tells what a file says, not on which line."""

from __future__ import annotations

import re

__all__ = ["Place", "lines_of"]

Place = tuple[str | int, ...]

_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]')
_CLOSING = {'"""': re.compile(r'(?<!\\)(?:\\\\)*"""'), "'''": re.compile(r"'''")}


def lines_of(text: str) -> dict[Place, int]:
    """Return path -> line number, from 1, of every table and name of a file that tomllib read.

    The path of an entry in an array of tables holds its index: ("duty", 0, "name"). What stands inside an inline
    table or array is not listed: look for the longest path that is.
    """
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    waiting = _Value()
    for number, line in enumerate(text.split("\n"), 1):
        if waiting.is_open:
            waiting.feed(line)
            continue
        bare = line.strip()
        if bare.startswith("[["):
            table = _resolved(_keys(bare[2:])[0], counts)
            counts[table] = counts.get(table, -1) + 1
            found.setdefault(table, number)
            table = (*table, counts[table])
            found[table] = number
        elif bare.startswith("["):
            table = _resolved(_keys(bare[1:])[0], counts)
            found[table] = number
        elif bare and not bare.startswith("#"):
            names, rest = _keys(bare)
            for upto in range(1, len(names) + 1):
                found.setdefault((*table, *names[:upto]), number)
            waiting.feed(rest)
    return found


def _keys(text: str) -> tuple[tuple[str, ...], str]:
    """Return the dotted name that a text begins with, and what follows it."""
    names: list[str] = []
    while (match := _KEY.match(text)) is not None:
        names.append(next(one for one in match.groups() if one is not None))
        text = text[match.end() :]
        if not text.startswith("."):
            break
        text = text[1:]
    return tuple(names), text


def _resolved(names: tuple[str, ...], counts: dict[Place, int]) -> Place:
    """Put the index of the newest entry behind each name of an array of tables, but the last."""
    place: Place = ()
    for position, name in enumerate(names):
        place = (*place, name)
        if place in counts and position < len(names) - 1:
            place = (*place, counts[place])
    return place


class _Value:
    """Follows one value over its lines: open brackets and long strings."""

    def __init__(self) -> None:
        self._depth = 0
        self._string = ""

    @property
    def is_open(self) -> bool:
        return self._depth > 0 or bool(self._string)

    def feed(self, line: str) -> None:
        at = 0
        while at < len(line):
            if self._string:
                end = _CLOSING[self._string].search(line, at)
                if end is None:
                    return
                self._string, at = "", end.end()
                continue
            token = _TOKEN.search(line, at)
            if token is None:
                return
            at = token.end()
            if token[0] in _CLOSING:
                self._string = token[0]
            elif token[0] in "[{":
                self._depth += 1
            elif token[0] in "]}":
                self._depth -= 1
