"""The log of a node's processes: the door's, where all programs of détente find it."""

from __future__ import annotations

from detente.door.log import FORMATS, LEVELS, Log, environment_of, from_environment

__all__ = ["FORMATS", "LEVELS", "Log", "environment_of", "from_environment"]
