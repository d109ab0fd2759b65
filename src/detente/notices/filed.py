"""A notice as the record holds it: what was said, under which reference, when by whose clock, how far it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from detente.notices.moments import stated
from detente.notices.notice import Notice

__all__ = ["Delivery", "Filed", "Told", "filed_alone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """When a notice was said: between two bounds, each with the party whose clock gives it.

    not_before, not_after: aware UTC, None where nobody confirms. A deadline is *met* only by the clock of the
    addressee or of a neutral, *late* only by the author's or a neutral's; else it cannot be decided.
    author_clock: what the author's own clock said; never proof for the author. neutrals: parties whom both sides
    have named neutral between them, as the opening of their line says.
    """

    not_before: datetime | None = None
    not_before_clock: str = ""
    not_after: datetime | None = None
    not_after_clock: str = ""
    author_clock: datetime
    neutrals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far a notice came with one party, and since when by whose clock."""

    party: str
    state: Literal["held", "delivered", "read", "answered"]
    at: datetime | None = None
    clock: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """One notice of a record.

    ref: the entry's name on its line ("west/4"), or the file's id. told: None when even the author's clock is
    unknown. from_line: false for a file that no line carries: its moment is its author's word alone.
    """

    notice: Notice
    ref: str
    told: Told | None = None
    deliveries: tuple[Delivery, ...] = ()
    from_line: bool = False


def filed_alone(notice: Notice, ref: str) -> Filed:
    """Return a notice that travels as a file: told when its author says, by its author's clock.

    Raises MomentMistake when ``issued_at`` is no moment.
    """
    issued = stated(notice.issued_at, where="issued_at")
    told = Told(
        not_before=issued.earliest,
        not_before_clock=notice.author.id,
        not_after=issued.latest,
        not_after_clock=notice.author.id,
        author_clock=issued.earliest,
    )
    return Filed(notice=notice, ref=ref, told=told)
