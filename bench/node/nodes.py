"""Two served homes on one line: each a supervisor with its signer, node and desk, joined by HTTPS over loopback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente.__main__ import main as door
from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.line.rootact import Keyring
from detente.node.ceremony import card_act
from detente.node.home import found, open_writing
from detente.node.keyfile import Cost, Keys
from detente.node.serving.remote_host import Link
from detente.node.serving.wire import Answer, Asked

__all__ = ["MEMBERS", "Node", "Use", "found_pair", "free_port", "until"]

MEMBERS = ("west", "east")
_PASSPHRASE = b"a passphrase for the benchmark alone"
_CHEAP = Cost(passes=1, memory_kib=64, lanes=1)  # opening a home asks once for the passphrase, a notice never
_PATIENCE_S = 600.0  # a machine that does much else starts a node slowly
_LOOK_S = 0.1  # looking more often would take from a busy machine what the node needs
_TICKS_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Use:
    """What one process has used: CPU seconds, bytes it wrote to the disk, times it waited, resident memory in MiB."""

    cpu_s: float
    written_bytes: int
    waits: int
    resident_mib: float


@dataclass(slots=True)
class Node:
    """One home and the supervisor that serves it, while it does. address: of its courier port."""

    home: Path
    secret: Path
    line: str
    address: str
    log: Path = field(init=False)
    called_at: str = ""
    process: subprocess.Popen[bytes] | None = None
    _children: dict[str, int] = field(default_factory=dict)
    _log_size: int = -1

    def __post_init__(self) -> None:
        self.log = self.home.with_suffix(".log")

    @property
    def member(self) -> str:
        """Whose home it is."""
        return self.home.name

    def start(self, *, wait: bool = True) -> None:
        """Serve it; with ``wait`` until it is ready."""
        command = [
            sys.executable,
            "-m",
            "detente",
            "serve",
            str(self.home),
            "--passphrase-file",
            str(self.secret),
        ]
        command += ["--courier", self.address, "--desk", f"127.0.0.1:{free_port()}"]
        ready = self.events("node.ready")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        if wait:
            until(lambda: self.events("node.ready") > ready, f"{self.member} is served; see {self.log}")

    def stop(self) -> None:
        """Stop it in order; kill what does not stop."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ask(self, question: Asked) -> Answer:
        """Return the running node's answer to one question; waits for a node that starts anew."""
        link = Link(self.home)
        try:
            return link.ask(question)
        finally:
            link.close()

    def events(self, name: str) -> int:
        """Return how often the log names an event so far."""
        text = self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""
        return text.count(f'"event":"{name}"')

    def children(self) -> dict[str, int]:
        """Return the process ids of its children as they run now; the log is read again when it grew."""
        size = self.log.stat().st_size if self.log.exists() else 0
        if size != self._log_size:
            started = (one for one in self.log_events() if one.get("event") == "child.started")
            self._children, self._log_size = {one["child"]: one["pid"] for one in started}, size
        return dict(self._children)

    def use(self) -> dict[str, Use]:
        """Return what its children have used so far, the desk apart, which does nothing yet."""
        found = {}
        for child, process in self.children().items():
            if child != "desk":
                with contextlib.suppress(OSError, KeyError):  # it ended a moment ago
                    found[child] = _use(process)
        return found

    def log_events(self) -> Iterator[dict[str, Any]]:
        """Yield what the log of it and its children says so far."""
        if self.log.exists():
            for line in self.log.read_text("utf-8", errors="replace").splitlines():
                if line.startswith("{") and line.endswith("}"):
                    yield json.loads(line)


def _use(process: int) -> Use:
    """Return what a process has used."""
    folder = Path(f"/proc/{process}")
    stat = (folder / "stat").read_text("ascii").rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in (folder / "status").read_text("ascii").splitlines())
    written = dict(line.split(":", 1) for line in (folder / "io").read_text("ascii").splitlines())
    waits = sum(
        int(dict(line.split(":", 1) for line in one.read_text("ascii").splitlines())["voluntary_ctxt_switches"])
        for one in folder.glob("task/*/status")
    )
    return Use(
        (int(stat[11]) + int(stat[12])) / _TICKS_S, int(written["write_bytes"]), waits,
        int(status["VmRSS"].split()[0]) / 1024,
    )  # fmt: skip


@contextmanager
def found_pair(folder: Path, *, between: bool = False) -> Iterator[tuple[Node, Node]]:
    """Found both homes with their certificates and settings; they are stopped in the end, and started by the caller.

    between: each calls the other at an address of its own, ``Node.called_at``, where the caller has to listen.
    """
    secret = folder / "secret"
    secret.write_bytes(_PASSPHRASE + b"\n")
    secret.chmod(0o600)
    line = _found_homes(folder)
    nodes = [Node(folder / name, secret, line, f"127.0.0.1:{free_port()}") for name in MEMBERS]
    for node in nodes:
        node.called_at = f"127.0.0.1:{free_port()}" if between else node.address
    for node in nodes:
        with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
            if door(["cert", "new", str(node.home)]):
                raise SystemExit(f"no certificate for {node.member}")
    for node, other in (nodes, nodes[::-1]):
        certificate = node.home / "certificates" / f"{other.member}.pem"
        shutil.copy(other.home / "certificates" / f"{other.member}.pem", certificate)
        (node.home / "settings.toml").write_text(
            f'[node]\nlog_format = "json"\n[courier]\nretry_s_max = 1\n'
            f"[[line.{line.rpartition('-')[0]}.courier.{other.member}]]\n"
            f'kind = "https"\naddress = "{other.called_at}"\ncertificate = "certificates/{other.member}.pem"\n'
        )
    try:
        yield nodes[0], nodes[1]
    finally:
        for node in nodes:
            node.stop()


def _found_homes(folder: Path) -> str:
    """Found the homes of both members in ``folder``, on one line; returns the line's id."""
    rings = []
    for name in MEMBERS:
        keys, roots = Keys.make(0), [Ed25519PrivateKey.generate() for _ in range(3)]
        proposal = card_act(name, keys.public(), [_public(root) for root in roots], 2, 0)
        for root in roots[:2]:
            proposal = proposal.approve(root)
        ring = Keyring()
        ring.take(proposal.envelope())
        rings.append(ring)
        found(folder / name, keys, proposal.envelope(), _PASSPHRASE, cost=_CHEAP)
    opening = first_opening("baltic", rings)
    for name in MEMBERS:
        with open_writing(folder / name, _PASSPHRASE) as home:
            home.join(opening.line, join_parts(opening, rings))
    return opening.line


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


def until(true: Callable[[], object], what: str, patience_s: float = _PATIENCE_S) -> None:
    """Wait for something that must come."""
    end_s = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > end_s:
            raise SystemExit(f"did not come: {what}")
        time.sleep(_LOOK_S)
