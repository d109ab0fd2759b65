"""Cancellation: an earlier entry no longer holds. The old entry stays in the record."""

from __future__ import annotations

from typing import Annotated

from detente.notices.fields import Moment, Reference, Text, about, term
from detente.notices.notice import Notice

__all__ = ["Cancellation"]


class Cancellation(Notice, frozen=True, kw_only=True, tag="cancellation"):
    """The author takes back an entry of its own."""

    cancels: Annotated[Reference, term("Cancels"), about("The author's own entry that no longer holds.")]
    reason: Annotated[Text, term("Reason"), about("Why it no longer holds.")]
    since: Annotated[
        Moment | None, term("Since"), about("From when on it does not hold, UTC; absent: at once.")
    ] = None
