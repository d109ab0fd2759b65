"""The programs that a scenario plays with: détente's own verbs, each a process of its own, as a person starts them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detente import words
from detente.scenario.errors import PlayFailure

__all__ = ["Running", "free_ports", "run_verb", "start_verb", "until"]

say = words.speaker("scenario")

_VERB_S_MAX = 120.0
_STOP_S = 30.0
_LOOK_S = 0.1
_TOLD_BYTES = 2_000


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that were free a moment ago, each once."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in socks:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in socks]


def until(true: Callable[[], Any], within_s: float, *, every_s: float = _LOOK_S) -> Any:
    """Return the first true answer, or the last one when the time is over."""
    end_s = time.monotonic() + within_s
    while True:
        found = true()
        if found or time.monotonic() > end_s:
            return found
        time.sleep(every_s)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this program's environment without what would send the programs elsewhere."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DETENTE_", "CREDENTIALS_"))
    }
    return {**kept, **(more or {})}


def run_verb(
    *arguments: object, folder: Path, more: Mapping[str, str] | None = None, codes: tuple[int, ...] = (0,)
) -> str:
    """Run one verb to its end in a folder; returns what it printed. codes: exit codes that are no failure."""
    spoken = [str(one) for one in arguments]
    command = [sys.executable, "-m", "detente", *spoken, "--language", words.language()]
    try:
        ended = subprocess.run(  # noqa: S603 - our own program
            command, cwd=folder, env=environment(more), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=_VERB_S_MAX,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise failed(spoken, say("no end within {count} seconds", count=int(_VERB_S_MAX))) from None
    if ended.returncode not in codes:
        raise failed(spoken, (ended.stderr or ended.stdout).strip()[-_TOLD_BYTES:] or str(ended.returncode))
    return ended.stdout


def failed(spoken: list[str], came: str) -> PlayFailure:
    """Return the failure of a verb, with what it said."""
    return PlayFailure(
        expected=say("that this verb does what it is for"),
        came=came,
        where=" ".join(["detente", *spoken[:6]]),
        remedy=say("run it by hand in the folder of this play, which --keep leaves in place"),
    )


@dataclass(slots=True)
class Running:
    """A program that goes on. log: what it writes, events as JSON a line among it."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def is_alive(self) -> bool:
        """Tell whether it runs."""
        return self.process.poll() is None

    def events(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """Return the events of one name with these fields, in their order."""
        found = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("{") and f'"{event}"' in line:
                with contextlib.suppress(json.JSONDecodeError):
                    one = json.loads(line)
                    if one.get("event") == event and all(
                        one.get(name) == value for name, value in fields.items()
                    ):
                        found.append(one)
        return found

    def ready(self, event: str, within_s: float = 60.0, count: int = 1) -> None:
        """Wait until it said so; raises PlayFailure when it ends before, or does not in time."""
        until(lambda: len(self.events(event)) >= count or not self.is_alive, within_s)
        if len(self.events(event)) < count:
            raise failed([self.name], self.tail() or say("it ended"))

    def tail(self) -> str:
        """Return the end of what it wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace").strip()[-_TOLD_BYTES:]

    def pid(self, child: str) -> int | None:
        """Return the process id of a program that it supervises, as it runs now."""
        found = self.events("child.started", child=child)
        return int(found[-1]["pid"]) if found else None

    def stop(self) -> int:
        """Stop it in order; returns its exit code. Whatever does not stop is killed."""
        if self.is_alive:
            self.process.send_signal(signal.SIGTERM)
            try:
                return self.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def kill(self, child: str) -> None:
        """Kill a program that it supervises, or "all": itself and every one of them."""
        names = ("signer", "node", "desk") if child == "all" else (child,)
        if child == "all":
            self.process.kill()
            self.process.wait()
        for name in names:
            with contextlib.suppress(ProcessLookupError):
                if (pid := self.pid(name)) is not None:
                    os.kill(pid, signal.SIGKILL)


def start_verb(*arguments: object, folder: Path, log: Path, more: Mapping[str, str] | None = None) -> Running:
    """Start a verb that goes on; what it writes goes to ``log``."""
    spoken = [str(one) for one in arguments]
    command = [sys.executable, "-m", "detente", *spoken, "--language", words.language()]
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=folder, env=environment(more), stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    return Running(" ".join(spoken[:2]), process, log)
