"""Why announced areas could not be searched, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detente import words

__all__ = ["left_out_lines"]

say = words.speaker("encounters")

_REASONS: dict[str, Callable[[], str]] = {
    "approximate": lambda: say("only an approximate place is known"),
    "no_window": lambda: say("it is not known when they are active"),
    "no_geometry": lambda: say("no place is given"),
    "no_extent": lambda: say("a point or a line, without extent"),
    "point": lambda: say("a point, without extent"),
    "named": lambda: say("known by name only"),
    "coastal": lambda: say("closed by a coast that the text does not give"),
}


def left_out_lines(left_out: Mapping[str, int]) -> list[str]:
    """Return one line a reason, with how many areas it concerns."""
    return [
        say.many(
            "{count} area could not be searched: {reason}",
            "{count} areas could not be searched: {reason}",
            count=count,
            reason=_REASONS[code]() if code in _REASONS else code,
        )
        for code, count in sorted(left_out.items())
    ]
