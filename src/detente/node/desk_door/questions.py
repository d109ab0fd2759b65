"""The shape of every question that a desk asks, and of the answer to it: one frame each, MessagePack, strict both ways.

A question names its answer's type in ``answered_by``. ``actor``: who is behind it, a person's or a machine token's id;
every question that changes something is written into the trail of acts under that name. ``language``: of the words in
the answer, or of the error's.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from detente.node.serving.wire import Fault

__all__ = ["VERSION", "Document", "Done", "Frame", "Question"]

VERSION = 1
"""Of these questions: both ends are of one installation, but for the minute in which it is exchanged."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="ask"):
    """What every question has. actor: the person or token behind it, "" for the desk itself."""

    answered_by: ClassVar[type[Any]]
    actor: str = ""
    language: str = "en"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer with fields of its own is."""


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a question that only changes something."""


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An answer as it goes over the socket: a fault, or the value that the question names."""

    fault: Fault | None = None
    faults: tuple[tuple[str, str], ...] = ()
    """Every fault of a form, each with its path, where ``fault`` is about a form."""
    value: msgspec.Raw = msgspec.Raw(b"")
