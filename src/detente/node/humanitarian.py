"""Lines of their own for humanitarian notices: what goes there, and nothing else.

Such a line is named so ("humanitarian-..."), its bundles are always sealed, and nothing on it is ever shown as
protected: an acknowledged notice is an acknowledged notice.
"""

from __future__ import annotations

from detente import words
from detente.line.errors import LineMistake
from detente.notices.line_types import HUMANITARIAN, is_humanitarian_line

__all__ = ["refuse_on_this_line", "wrong_line"]

say = words.speaker("node")


def refuse_on_this_line(entry_type: str, line: str) -> None:
    """Raise LineMistake for an entry of another matter on a line for humanitarian notices.

    Messages, replies, reveals and what the line says about itself may go there; notices were checked before.
    """
    about_entries = entry_type in {"message", "reveal"} or entry_type.startswith(("notice.", "reply.", "line."))
    if is_humanitarian_line(line) and not about_entries:
        raise wrong_line(line)


def wrong_line(line: str) -> LineMistake:
    """Return the error of something that goes on another line than this one."""
    if is_humanitarian_line(line):
        return LineMistake(
            expected=say("humanitarian notices only, on the line {line}", line=line),
            came=say("another matter"),
            remedy=say("send it on another line"),
        )
    return LineMistake(
        expected=say("a line of its own, whose name begins with {name}", name=HUMANITARIAN),
        came=line,
        remedy=say(
            "open one for the parties concerned: detente line join HOME --line {name} ...", name=HUMANITARIAN
        ),
    )
