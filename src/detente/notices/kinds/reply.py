"""Reply to any entry: read, understood, accepted, refused, question, answer."""

from __future__ import annotations

from typing import Annotated, Literal

from detente.notices.faults import Fault
from detente.notices.fields import Reference, Text, about, term
from detente.notices.notice import Notice

__all__ = ["Reply"]


class Reply(Notice, frozen=True, kw_only=True, tag="reply"):
    """What became of an entry on this side."""

    answers: Annotated[Reference, term("Answers"), about("The entry that it answers.")]
    reply: Annotated[
        Literal["read", "understood", "accepted", "refused", "question", "answer"],
        term("Reply"),
        about("Each says only itself: read is not understood, understood is not accepted."),
    ]
    text: Annotated[Text | None, term("Text"), about("What is said with it.")] = None

    def faults(self) -> list[Fault]:
        """Return a question or an answer without words."""
        return [Fault.missing("text")] if self.reply in {"question", "answer"} and self.text is None else []
