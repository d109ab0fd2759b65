"""A served home for tests: the real supervisor with its real processes, and the verbs of the door beside them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stories.program import environment

__all__ = ["Served", "free_port", "serving", "until"]

_PATIENCE_S = 60.0


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


def until(true: Callable[[], Any], what: str) -> None:
    """Wait for something that must come, however slow this machine is just now."""
    end_s = time.monotonic() + _PATIENCE_S
    while not true():
        assert time.monotonic() < end_s, f"did not come: {what}"
        time.sleep(0.02)


@dataclass
class Served:
    """One supervisor that runs; ``log`` is read from its standard error."""

    home: Path
    process: subprocess.Popen[bytes]
    log_file: Path
    port: int
    ended: list[int] = field(default_factory=list)

    def log(self) -> list[dict[str, Any]]:
        """Return the events of the log so far; a line that a full disk cut is none."""
        found = []
        for line in self.log_file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("{") and line.endswith("}"):
                with contextlib.suppress(json.JSONDecodeError):
                    found.append(json.loads(line))
        return found

    def events(self, name: str, /, **fields: Any) -> list[dict[str, Any]]:
        """Return the events of one name with these fields."""
        return [
            one
            for one in self.log()
            if one["event"] == name and all(one.get(key) == value for key, value in fields.items())
        ]

    def until(self, name: str, /, count: int = 1, **fields: Any) -> dict[str, Any]:
        """Wait until an event came so many times; returns the last."""
        until(lambda: len(self.events(name, **fields)) >= count or self.process.poll() is not None, name)
        found = self.events(name, **fields)
        assert len(found) >= count, self.log_file.read_text()
        return found[-1]

    def pid(self, child: str) -> int:
        """Return the process id of a child as it runs now."""
        found: int = self.events("child.started", child=child)[-1]["pid"]
        return found

    def stop(self) -> int:
        """Stop it in order; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE_S)

    def page(self, path: str = "/", accept: str = "*/*") -> tuple[int, str, str]:
        """Return status, type and text of the desk's page."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Accept": accept})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - our own page
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read().decode()


@contextmanager
def serving(
    home: Path, secret: Path | None, *more: str, wait: bool = True, variables: dict[str, str] | None = None
) -> Iterator[Served]:
    """Serve a home until the block ends. variables: more of the environment."""
    log_file = home.with_name(f"{home.name}.{os.urandom(3).hex()}.log")
    port = free_port()
    command = [sys.executable, "-m", "detente", "serve", str(home)]
    command += ["--passphrase-file", str(secret)] if secret is not None else []
    command += [] if "--desk" in more else ["--desk", f"127.0.0.1:{port}"]
    command += [*(more if "--courier" in more else ("--courier", "off", *more))]
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, env=environment(**(variables or {})), stderr=log, stdout=log)
    served = Served(home, process, log_file, port)
    try:
        if wait:
            served.until("node.ready")
        yield served
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE_S)
        if process.poll() is None:
            process.kill()
            process.wait()
