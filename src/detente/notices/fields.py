"""The kinds of value that a notice's fields hold, and how a field says what it is.

Every field of a notice is ``Annotated[<kind of value>, term("..."), about("...")]``: the term is the field's
name as a person reads it, the description says what it counts, in which unit, and where the rule comes from.
Both are sentences of the catalogue: the JSON Schema shows them in English, templates and texts in the reader's
language. ``word`` marks a sentence of a table for the catalogue and returns it unchanged.

A kind of value is one of msgspec's types with its bounds; what a pattern cannot say (a state that exists, a date
that exists, text without hidden characters) is named under ``IS`` and held by ``detente.notices.checking``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

__all__ = [
    "IS",
    "Amount",
    "Count",
    "Decimal",
    "FieldPath",
    "Hash",
    "Moment",
    "Name",
    "PartyId",
    "Reference",
    "Slug",
    "State",
    "Strength",
    "Text",
    "about",
    "term",
    "word",
]

IS = "is"
"""Key of ``Meta.extra`` under which a kind of value names the check that a pattern cannot make."""


def term(title: str) -> Meta:
    """Mark a field's name as a person reads it, for the catalogue."""
    return Meta(title=title)


def about(description: str) -> Meta:
    """Mark what a field means: what it counts, its unit, its source; for the catalogue."""
    return Meta(description=description)


def word(sentence: str) -> str:
    """Mark a sentence of a table for the catalogue; the sentence itself is returned."""
    return sentence


Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
"""Small letters, digits and hyphens."""
PartyId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
"""A party's short name, the same as its member name on a line."""
State = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", extra={IS: "state"})]
"""ISO 3166-1 alpha-2 code of a state that exists."""
Moment = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z)?)?)?$",
        extra={IS: "moment"},
    ),
]
"""UTC moment whose spelling is its precision: year, month, day, minute or second (``moments.stated``)."""
Name = Annotated[str, Meta(min_length=1, max_length=300, extra={IS: "line"})]
"""One line of text."""
Text = Annotated[str, Meta(min_length=1, max_length=20_000, extra={IS: "text"})]
"""Text of several lines, as its author wrote it."""
Reference = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9:._/-]{0,126}$")]
"""An entry of the line ("west/4", "2:west.1/12") or the id of a notice that travels as a file."""
FieldPath = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){0,7}$")]
"""Field names from the notice inwards, joined by dots, list positions left out: "phases.purpose"."""
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in lower-case hexadecimal digits."""
Decimal = Annotated[str, Meta(pattern=r"^(0|-?[1-9][0-9]{0,8}|-?(0|[1-9][0-9]{0,8})\.[0-9]{0,5}[1-9])$")]
"""A decimal number as text in its one form: no plus, no needless zero, at most six decimals."""
Strength = Annotated[int, Meta(ge=0, le=5_000_000)]
"""A number of people; more than five million is no strength that any activity ever had."""
Amount = Annotated[int, Meta(ge=0, le=100_000)]
"""A number of things or units; more than a hundred thousand is absurd for each of them."""
Count = Annotated[int, Meta(ge=1, le=100_000)]
"""A number of things, at least one."""
Precedence = Literal["flash", "immediate", "priority", "routine"]
Confidence = Literal["confirmed", "probable", "possible", "doubtful"]
