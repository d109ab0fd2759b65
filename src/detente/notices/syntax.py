"""What a parser stumbled over, in the reader's language, at its line and column; the parser's own words in brackets.

Parsers of TOML and JSON speak English. A person who filled in a form by hand needs the place first.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from detente import words

__all__ = ["malformed_words", "misfit_words"]

say = words.speaker("notices")

_WORDS_MAX = 160
_TOML_PLACE = re.compile(r" ?\(at line (\d+), column (\d+)\)$")
_TOML_END = " (at end of document)"
_JSON_PLACE = re.compile(r" ?\(byte (\d+)\)$")
_KINDS: dict[str, Callable[[], str]] = {
    "int": lambda: say("a whole number"),
    "float": lambda: say("a number"),
    "str": lambda: say("text"),
    "bool": lambda: say("true or false"),
    "array": lambda: say("a list"),
    "object": lambda: say("a table"),
    "date": lambda: say("a date"),
    "datetime": lambda: say("a date with a time"),
    "time": lambda: say("a time of day"),
    "null": lambda: say("nothing"),
}


def malformed_words(fault: Exception, content: str | bytes) -> str:
    """Return where a text stops being TOML or JSON, and the parser's words; content: all that was parsed."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    said = str(fault)
    if isinstance(fault, RecursionError | OverflowError) or type(fault) is ValueError:  # thousands of digits
        return say("something nested or long beyond use")
    by_line, by_byte = _TOML_PLACE.search(said), _JSON_PLACE.search(said)
    if by_line:
        line, column, said = int(by_line[1]), int(by_line[2]), said[: by_line.start()]
    elif by_byte:
        before = text.encode("utf-8", "replace")[: int(by_byte[1])].decode("utf-8", "replace")
        (line, column), said = _end(before), said[: by_byte.start()]
    else:  # it ends too early
        (line, column), said = _end(text), said.removesuffix(_TOML_END)
    return say(
        "malformed at line {line}, column {column} ({words})", line=line, column=column, words=said[:_WORDS_MAX]
    )


def _end(text: str) -> tuple[int, int]:
    """Return the line and the column after a text, counted from 1."""
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1


def misfit_words(fault: msgspec.ValidationError) -> tuple[str, str]:
    """Return the place, as "clauses[0].to" ("" for the whole), and what does not fit there."""
    said, _, path = str(fault).partition(" - at `$")
    named = re.fullmatch(r"Object (missing required|contains unknown) field `(.*)`", said, re.DOTALL)
    expected = re.fullmatch(r"Expected `([a-z |]+)`, got `([a-z]+)`", said)
    choice = re.fullmatch(r"Invalid enum value (.*)", said, re.DOTALL)
    if named and named[1] == "missing required":
        said = say("the key {key} is missing", key=named[2])
    elif named:
        said = say("the key {key} is not known here", key=named[2])
    elif expected:
        joiner = say("or")
        wanted = f" {joiner} ".join(_kind(one) for one in expected[1].split(" | "))
        said = say("{expected} is expected here, not {came}", expected=wanted, came=_kind(expected[2]))
    elif choice:
        said = say("{word} is none of the words that may stand here", word=choice[1][:_WORDS_MAX])
    else:
        said = say("it does not fit ({words})", words=said[:_WORDS_MAX])
    return path.rstrip("`").lstrip("."), said


def _kind(name: str) -> str:
    known = _KINDS.get(name)
    return known() if known else name
