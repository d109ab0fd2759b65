"""Runs the program itself as a person would, and measures what it took."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["COMMAND", "Ended", "environment", "run"]

COMMAND = [sys.executable, "-m", "detente"]
# A child begins with the peak of the process that started it, and a suite's may be large: a small one stands between.
_WEIGHED = """
import os, resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: exit code, what it showed, and the most memory it held."""

    code: int
    out: str
    err: str
    peak_bytes: int

    def refused(self, *named: str) -> None:
        """Hold that bad input was met as promised: code 2, no output, one clear message, no traceback."""
        assert self.code == 2, self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        assert "a fault of detente" not in self.err
        message = [line for line in self.err.splitlines() if line.startswith("detente")]
        assert len(message) == 1, self.err
        assert len(self.err) < 4_000, self.err[:500]
        for name in named:
            assert name in self.err


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a person who speaks English and has nothing set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "DETENTE"))}
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def run(
    *arguments: str | Path,
    pieces: Iterator[bytes] | None = None,
    file_bytes_max: int | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
    folder: Path | None = None,
) -> Ended:
    """Run ``detente`` to its end.

    pieces: standard input, fed piece by piece. file_bytes_max: no file can grow beyond it, as on a full disk.
    """
    limit: Callable[[], None] | None = None
    if file_bytes_max is not None:
        most = file_bytes_max

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    with (
        tempfile.NamedTemporaryFile("r") as peak_kib,
        subprocess.Popen(
            [sys.executable, "-S", "-c", _WEIGHED, peak_kib.name, *COMMAND, *map(str, arguments)],
            stdin=subprocess.PIPE if pieces is not None else subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd=folder,
            preexec_fn=limit,  # noqa: PLW1509 - this thread alone forks here
        ) as running,
    ):
        shown: dict[str, bytes] = {"out": b"", "err": b""}
        threads = [
            threading.Thread(target=_gather, args=(stream, shown, name))
            for name, stream in (("out", running.stdout), ("err", running.stderr))
            if stream is not None
        ]
        for thread in threads:
            thread.start()
        if pieces is not None and running.stdin is not None:
            _feed(running.stdin, pieces)
        for thread in threads:
            thread.join()
        running.wait()
        weighed = int(peak_kib.read())
    return Ended(
        code=running.returncode,
        out=shown["out"].decode(),
        err=shown["err"].decode(),
        peak_bytes=weighed * 1024,
    )


def _gather(stream: IO[bytes], shown: dict[str, bytes], name: str) -> None:
    shown[name] = stream.read()


def _feed(stdin: IO[bytes], pieces: Iterator[bytes]) -> None:
    try:
        for piece in pieces:
            stdin.write(piece)
        stdin.close()
    except BrokenPipeError:  # the program has read enough and left
        pass
