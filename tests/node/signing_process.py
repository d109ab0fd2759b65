"""The signer's process for tests: the real program on a real home, and the frames that a stranger might send it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from detente.node.errors import SignerGone
from detente.node.home import Home, open_serving
from detente.node.machine_id import machine_identity
from detente.node.serving.local_socket import connect, read_frame
from detente.node.signing.frames import ANSWER_MAX, Answer, Failed, Request, Standing, decode_answer, encode
from detente.node.signing.remote import RemoteSigner, look, signer_socket
from tests.store.pair import PASSPHRASE, Desk, found_homes

ROOT = Path(__file__).resolve().parents[2]


def pair_of_homes(folder: Path) -> str:
    """Found two homes that are at home on this machine, and a file with their passphrase; returns their line."""
    (folder / "passphrase").write_bytes(PASSPHRASE + b"\n")
    return found_homes(folder, machine=machine_identity)


class SignerProcess:
    """One running signer of the home ``path``; ``python -X importtime`` tells every module that it loads."""

    def __init__(
        self, path: Path, *arguments: str, environment: Mapping[str, str] | None = None, imports: bool = False
    ) -> None:
        self.path = path
        self.says = path.with_name(f"{path.name}.signer.says")
        options = ["-X", "importtime"] if imports else []
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DETENTE_")}
        places = os.pathsep.join([str(ROOT / "src"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        with self.says.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *options, "-m", "detente.node.signing", str(path), *arguments],
                stdin=subprocess.DEVNULL,
                stderr=log,
                env=kept | {"PYTHONPATH": places} | dict(environment or {}),
            )

    def standing(self) -> Standing:
        """How it stands, once it listens."""
        until = time.monotonic() + 60
        while True:
            try:
                found = look(self.path)
            except SignerGone:
                assert self.process.poll() is None, self.says.read_text()
                assert time.monotonic() < until, self.says.read_text()
                time.sleep(0.01)
                continue
            if found.process == self.process.pid:
                return found

    def kill(self) -> None:
        """As the system does it: no word, no clean-up."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Ask it to end; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def events(self) -> list[dict[str, str]]:
        """Its own log so far."""
        lines = self.says.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextmanager
def running(path: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[SignerProcess]:
    """A signer that listens; killed at the end if it did not end before."""
    signer = SignerProcess(path, *arguments, environment=environment)
    try:
        signer.standing()
        yield signer
    finally:
        signer.kill()


def opened(path: Path) -> tuple[str, str]:
    """The arguments with which the signer of a home of ``pair_of_homes`` opens by itself."""
    return "--passphrase-file", str(path.parent / "passphrase")


@contextmanager
def served(path: Path, line: str) -> Iterator[Desk]:
    """A running node's desk over the signer that runs."""
    with open_serving(path, RemoteSigner(path)) as home:
        yield Desk(home, line)


def serving_home(path: Path) -> Home:
    return open_serving(path, RemoteSigner(path))


def said(sock: socket.socket, *frames: bytes) -> Answer | None:
    """Send raw frames; returns the answer, None when the connection ended instead."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for octets in frames:
            sock.sendall(len(octets).to_bytes(4, "big") + octets)
    return answered(sock)


def answered(sock: socket.socket) -> Answer | None:
    try:
        octets = read_frame(sock, ANSWER_MAX)
    except OSError:
        return None
    return None if octets is None else decode_answer(octets)


def ended(sock: socket.socket) -> bool:
    """Whether the signer closes this connection, within the socket's time."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:  # with something of ours unread
        return True


@contextmanager
def knocking(path: Path) -> Iterator[socket.socket]:
    """A raw connection to the signer of a home."""
    with connect(signer_socket(path), 20) as sock:
        yield sock


def asked(sock: socket.socket, request: Request) -> Answer | None:
    return said(sock, encode(request))


def failed(answer: Answer | None) -> Failed:
    assert isinstance(answer, Failed), answer
    return answer
