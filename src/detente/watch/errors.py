"""Errors of the live watch.

DetenteError
├── OurMistake
│   └── WatchMistake      a feed's address, a limit or another setting cannot be used
└── WorldFailure
    └── FeedLost          a feed cannot be reached, or ended, or says nothing that can be read
"""

from __future__ import annotations

from detente.errors import OurMistake, WorldFailure

__all__ = ["FeedLost", "WatchMistake"]


class WatchMistake(OurMistake):
    """A feed's address, a limit or another setting of the watch cannot be used; ``where`` names it."""


class FeedLost(WorldFailure):
    """A feed cannot be reached, or ended, or says nothing that can be read; it is tried again later."""
