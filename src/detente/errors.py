"""The one root of every error, and whose fault it was.

DetenteError
├── OurMistake      the person at this machine asked for something that cannot be done
├── TheirMistake    bytes or words that came from elsewhere are wrong
└── WorldFailure    disk, memory, link or library let us down

Each room has an ``errors.py`` of its own whose classes descend from one of these three.
"""

from __future__ import annotations

__all__ = ["DetenteError", "OurMistake", "TheirMistake", "WorldFailure"]


class DetenteError(Exception):
    """What was expected, what came, where, and what to do: four short texts that a person reads.

    expected: the rule that was broken, as a noun phrase ("a latitude between -90 and 90").
    came: what was found instead; a stranger's text is shown with its control characters visible.
    where: file, line, column or field; empty when there is no place to name.
    remedy: what the reader can do about it.
    All four are already in the reader's language: they come from the catalogue (``detente.words``).
    """

    exit_code = 2

    def __init__(self, *, expected: str, came: str, where: str = "", remedy: str = "") -> None:
        super().__init__(expected, came, where, remedy)
        self.expected = expected
        self.came = came
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        """One line for a log: where, what came, what was expected."""
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.came} ({self.expected})"


class OurMistake(DetenteError):  # noqa: N818 - the three names say whose fault it was
    """The request itself is wrong: an option, a limit, a file name."""


class TheirMistake(DetenteError):  # noqa: N818
    """What came from elsewhere is wrong: a file's bytes, a peer's words."""


class WorldFailure(DetenteError):  # noqa: N818
    """The machine could not do it: disk full, no memory, a library that is not installed."""
