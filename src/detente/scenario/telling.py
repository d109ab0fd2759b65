"""Tells the story of a play while it goes on, and keeps it: what was done, what was expected, and how long it took."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from detente import words
from detente.door import terminal

__all__ = ["Story"]

say = words.speaker("scenario")


@dataclass(slots=True)
class Story:
    """What happened. quiet: nothing is printed while it happens, since one document is printed at the end."""

    quiet: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    held: int = 0
    began_s: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Return real seconds since the beginning."""
        return time.monotonic() - self.began_s

    def title(self, text: str) -> None:
        """Tell what is played, and that nothing of it is real."""
        self._note("title", text=text)
        self._print(say("TRAINING. SYNTHETIC: no ship, aircraft, officer or command in it exists."))
        self._print(text)

    def scene(self, title: str, moment: datetime, about: str) -> None:
        """Begin a scene."""
        self._note("scene", title=title, begins=moment.astimezone(UTC).isoformat())
        self._print("")
        self._print(f"== {title} ({moment.astimezone(UTC):%Y-%m-%d %H:%MZ})")
        if about:
            self._print(f"   {about}")

    def told(self, text: str) -> None:
        """Tell what was done or seen."""
        self._note("done", text=text)
        self._print(f"{self._clock()}   {terminal.visible(text)}")

    def quoted(self, text: str) -> None:
        """Show a text word by word, such as an announcement."""
        self._note("text", text=text)
        for line in text.splitlines():
            self._print(f"{'':>9}   | {terminal.visible(line)}")

    def expected(self, text: str, fault: str) -> None:
        """Tell an expectation: held when ``fault`` is empty, else why not."""
        self._note("expectation", text=text, held=not fault, fault=fault)
        if fault:
            self.failures.append(f"{text}: {fault}")
            no = say("NO")
            self._print(f"{self._clock()} {no} {terminal.visible(text)}: {terminal.visible(fault)}")
        else:
            self.held += 1
            self._print(f"{self._clock()} ✓ {terminal.visible(text)}")

    def stopped(self, text: str) -> None:
        """Tell that the story could not go on."""
        self._note("stopped", text=text)
        self.failures.append(text)
        stopped = say("STOPPED")
        self._print(f"{self._clock()} {stopped} {terminal.visible(text)}")

    def ended(self) -> None:
        """Tell the outcome."""
        self._print("")
        count = say.many("{count} expectation held", "{count} expectations held", count=self.held)
        missed = say.many("{count} failed", "{count} failed", count=len(self.failures))
        self._print(say("{held}, {failed}. Took {seconds} s.", held=count, failed=missed,
                        seconds=f"{self.elapsed_s:.0f}"))  # fmt: skip

    def document(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "training": True,
            "synthetic": True,
            "held": self.held,
            "failed": list(self.failures),
            "seconds": round(self.elapsed_s, 1),
            "events": self.events,
        }

    def _note(self, event: str, **fields: Any) -> None:
        self.events.append({"event": event, "elapsed_s": round(self.elapsed_s, 2), **fields})

    def _clock(self) -> str:
        return f"{self.elapsed_s:7.1f} s"

    def _print(self, text: str) -> None:
        if not self.quiet:
            terminal.result(text)
            sys.stdout.flush()  # somebody watches, maybe through a pipe
