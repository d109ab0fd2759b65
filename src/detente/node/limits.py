"""The periods and caps of a home's lines: those of HOME/settings.toml where there is one, else the defaults.

Nothing runs between two verbs, so each verb reads the file anew: what a running node heeds, a line kept by hand heeds
too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from detente.line.state import Settings as Limits
from detente.node.settings.reading import read_settings

__all__ = ["LimitsOf", "limits_of"]

LimitsOf = Callable[[str], Limits]
"""Line id -> what is set for it."""


def limits_of(home: Path, *, quota_bytes: int | None = None) -> LimitsOf:
    """Return what is set for each line of a home; the file is read now, once.

    quota_bytes: instead of the file's for every line. Raises SettingsMistake with every fault of the file.
    """
    settings = read_settings(home)

    def of_line(line: str) -> Limits:
        limits = settings.of_line(line).limits()
        return limits if quota_bytes is None else dataclasses.replace(limits, quota_bytes=quota_bytes)

    return of_line
