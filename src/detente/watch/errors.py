"""Errors of the live watch.

DetenteError
├── OurMistake
│   └── WatchMistake      a feed's address, a limit or another setting cannot be used
└── WorldFailure
    ├── FeedLost          a feed cannot be reached, or ended, or says nothing that can be read
    └── OutputLost        a system that is told of alarms cannot be reached, or does not take them
"""

from __future__ import annotations

from detente.errors import OurMistake, WorldFailure

__all__ = ["FeedLost", "OutputLost", "WatchMistake"]


class WatchMistake(OurMistake):
    """A feed's address, a limit or another setting of the watch cannot be used; ``where`` names it."""


class FeedLost(WorldFailure):
    """A feed cannot be reached, or ended, or says nothing that can be read; it is tried again later.

    retry_after_s: the source itself said how long to stay away (HTTP's Retry-After); None when it did not.
    """

    def __init__(
        self, *, expected: str, came: str, where: str = "", remedy: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(expected=expected, came=came, where=where, remedy=remedy)
        self.retry_after_s = retry_after_s


class OutputLost(WorldFailure):
    """A system that is told of alarms cannot be reached, or does not take what it is told; it is tried again later."""
