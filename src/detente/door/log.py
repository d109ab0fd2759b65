"""The log of a program of détente: one JSON document a line, or text on a terminal.

It says what happened to the program, never what was said on a line: fields are names, figures and states, and no
field is ever a body, a key, a nonce or a passphrase.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from detente.door.terminal import visible
from detente.errors import DetenteError

__all__ = ["FORMATS", "LEVELS", "Log", "environment_of", "from_environment"]

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("json", "text")
_LEVEL_VARIABLE = "DETENTE_LOG_LEVEL"
_FORMAT_VARIABLE = "DETENTE_LOG_FORMAT"
_FIELD_MAX = 500

Field = str | int | float | bool | None


def _stderr(line: str) -> None:
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # whoever read the log went away; the program goes on


class Log:
    """Writes events with their fields; ``process`` names the process that speaks."""

    def __init__(
        self, process: str, *, level: str = "info", form: str = "json", write: Callable[[str], None] = _stderr
    ) -> None:
        self._process = process
        self._least = LEVELS.index(level)
        self._form = form
        self._write = write

    def debug(self, event: str, **fields: Field) -> None:
        """Note a detail for whoever looks for a fault."""
        self._note("debug", event, fields)

    def info(self, event: str, **fields: Field) -> None:
        """Note what happened as it should."""
        self._note("info", event, fields)

    def warning(self, event: str, **fields: Field) -> None:
        """Note what should not happen, and was dealt with."""
        self._note("warning", event, fields)

    def error(self, event: str, **fields: Field) -> None:
        """Note what somebody must look at."""
        self._note("error", event, fields)

    def failure(self, event: str, failure: BaseException) -> None:
        """Note a failure: our own errors by their words, any other by its class and where it happened, no values."""
        if isinstance(failure, DetenteError):
            self.error(event, kind=type(failure).__name__, fault=str(failure))
            return
        frames = traceback.extract_tb(failure.__traceback__)[-6:]
        places = " ".join(f"{os.path.basename(one.filename)}:{one.lineno}:{one.name}" for one in frames)  # noqa: PTH119
        self.error(event, kind=type(failure).__name__, places=places)

    def _note(self, level: str, event: str, fields: dict[str, Field]) -> None:
        if LEVELS.index(level) < self._least:
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        shown = {name: one[:_FIELD_MAX] if isinstance(one, str) else one for name, one in fields.items()}
        if self._form == "json":
            head: dict[str, Field] = {"at": at, "level": level, "process": self._process, "event": event}
            self._write(msgspec.json.encode({**head, **shown, **head}).decode())
            return
        rest = " ".join(f"{name}={visible(str(one))}" for name, one in shown.items())
        self._write(f"{at} {level:<7} {self._process:<10} {event} {rest}".rstrip())


def from_environment(process: str) -> Log:
    """Return the log that the supervisor's settings ask for; as text on a terminal when they ask for nothing."""
    level = os.environ.get(_LEVEL_VARIABLE, "info")
    form = os.environ.get(_FORMAT_VARIABLE, "text" if sys.stderr is not None and sys.stderr.isatty() else "json")
    return Log(process, level=level if level in LEVELS else "info", form=form if form in FORMATS else "json")


def environment_of(level: str, form: str) -> dict[str, str]:
    """Return the variables that give children the same log."""
    return {_LEVEL_VARIABLE: level, _FORMAT_VARIABLE: form}
