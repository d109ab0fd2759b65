"""Every word that a person reads, in the language that the person chose.

The English sentence in the code is the key; other languages are gettext catalogues beside this file
(``ru/<room>.po``), one per room, which a translator edits with any gettext editor. ``make words`` collects
new sentences and compiles; a test fails when a sentence has no translation.

    say = words.speaker("tracks")
    say("{kept} of {rows} rows kept", kept=10, rows=12)
    say.many("{count} file", "{count} files", count=3)

Only ``str.format`` fields are filled in, by name. Nothing is loaded until the first sentence is said in
another language than English.
"""

from __future__ import annotations

import gettext
import os
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["LANGUAGES", "Speaker", "choose", "from_environment", "language", "number", "speaker"]

LANGUAGES = ("en", "ru")
_HERE = Path(__file__).parent
_language: ContextVar[str] = ContextVar("detente_language", default="en")


def choose(code: str) -> None:
    """Speak this language (one of LANGUAGES) from now on in this context; ValueError for another."""
    if code not in LANGUAGES:
        raise ValueError(code)
    _language.set(code)


def language() -> str:
    """Return the language in use, one of LANGUAGES."""
    return _language.get()


def from_environment() -> str:
    """Return the language that the locale asks for: LC_ALL, LC_MESSAGES, LANG in that order, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            code = value.split(".", 1)[0].split("_", 1)[0].lower()
            return code if code in LANGUAGES else "en"
    return "en"


def number(value: float, decimals: int = 0) -> str:
    """Return a figure in the notation of the language in use: "1,234.5" in English, "1\u202f234,5" in Russian.

    For people only: in Russian a comma is the decimal mark, and the space within a figure is a narrow one.
    """
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    if language() == "ru":
        text = text.replace(",", "\u202f").replace(".", ",")
    return text


@cache
def _catalogue(room: str, code: str) -> gettext.NullTranslations:
    if code == "en":
        return gettext.NullTranslations()
    with (_HERE / code / "LC_MESSAGES" / f"{room}.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says one room's sentences in the language in use."""

    room: str

    def __call__(self, sentence: str, /, **values: object) -> str:
        """Return the sentence in the language in use with its named fields filled in."""
        text = _catalogue(self.room, _language.get()).gettext(sentence)
        return text.format(**values) if values else text

    def many(self, one: str, several: str, /, *, count: int, **values: object) -> str:
        """Return the sentence in the form that ``count`` asks for (Russian has three forms); {count} is ``number``."""
        text = _catalogue(self.room, _language.get()).ngettext(one, several, count)
        return text.format(count=number(count), **values)


@cache
def speaker(room: str) -> Speaker:
    """Return the speaker of one room; the room's name is the catalogue's file name."""
    return Speaker(room)
