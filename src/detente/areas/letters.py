"""Letters: other spellings of the same characters made one, and look-alikes found out.

Dashes, quotes and spaces of other code pages are only typography. A Cyrillic or Greek letter that looks Latin,
or a letter O among the digits of a position, may be a slip or a trap: it is read as what it looks like and
raises a doubt.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain"]

_TYPOGRAPHY = str.maketrans(
    {
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2032": "'",
        "\u2033": '"',
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\ufeff": " ",
        "\t": " ",
        "\r": " ",
        "\u00ba": "\u00b0",
    }
)
_LOOK_ALIKES = dict(
    zip("АВЕКМНОРСТУХІЈЅЗабеікморсхуѕјΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJS3ABEIKMOPCXYSJABEZHIKMNOPTYX", strict=True)
)
_ALIKE = re.compile("[" + "".join(_LOOK_ALIKES) + "]")
_O_FOR_ZERO = re.compile(r"\b(?=[0-9O]*O)[0-9][0-9O]{3,6}[NS][ /-]?[0-9O]{4,7}[EW]\b")
_T0 = re.compile(r"\bT0\b")


def plain(text: str) -> tuple[str, list[str]]:
    """Return the text in capitals with plain punctuation, of the same length, and the words with look-alikes."""
    strange: list[str] = []
    told = "".join(
        letter if len(letter.upper()) != 1 else letter.upper()
        for letter in text.replace("\r\n", " \n").replace("\r", "\n").translate(_TYPOGRAPHY)
    )
    if not told.isascii():
        strange += [word for word in re.findall(r"\S+", told) if _ALIKE.search(word)]
        told = _ALIKE.sub(lambda found: _LOOK_ALIKES[found.group()], told)
        told = "".join(_unaccented(letter) for letter in told)
    strange += [found.group() for found in _O_FOR_ZERO.finditer(told)]
    told = _O_FOR_ZERO.sub(lambda found: found.group().replace("O", "0"), told)
    strange += [found.group() for found in _T0.finditer(told)]
    return _T0.sub("TO", told), strange


def _unaccented(letter: str) -> str:
    """Return the letter without its accent where that leaves one character."""
    if letter.isascii():
        return letter
    base = unicodedata.normalize("NFKD", letter)[:1].upper()
    return base if base.isascii() and base.isprintable() else ("\u00b0" if letter == "\u00b0" else letter)
