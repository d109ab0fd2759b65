"""The verb ``serve``: runs the node of a home as programs under one supervisor."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.errors import DetenteError
from detente.node.asking import add_home, add_passphrase, say_training, warn_roots
from detente.node.couriers.advice import what_is_missing
from detente.node.errors import KeyMistake
from detente.node.home import open_reading
from detente.node.home_folder import head_folder, take_lock
from detente.node.keyfile import PASSPHRASE_VARIABLE
from detente.node.serving.log import Log, environment_of
from detente.node.serving.remote_host import serve_lock
from detente.node.serving.supervisor import Child, Supervisor
from detente.node.settings.commands import tell_faults
from detente.node.settings.reading import SettingsMistake, read_settings
from detente.node.settings.structs import Settings, host_and_port, path_in
from detente.store.errors import HomeMistake

__all__ = ["SERVE"]

say = words.speaker("node")

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.%a-z]+\]|[A-Za-z0-9._-]{1,253}):[0-9]{1,5}", re.ASCII)
_OFF = "off"
_SECRETS = (PASSPHRASE_VARIABLE, "CREDENTIALS_DIRECTORY")
"""What tells where the passphrase is: the signer alone needs it."""
_LOCK_WITHIN_S = 5.0
_LOOKED_AT_S = 0.5


class _Serve:
    """``detente serve``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Runs the node of a home until it is stopped: the lines, their couriers, a page that says what\n"
            "runs. A process that crashes or hangs is started anew; nothing acknowledged is lost. Every\n"
            "verb works beside it: what is written is handed to it. SIGTERM or Ctrl-C stops it in order.\n"
            "Everything that can be set stands in HOME/settings.toml: see detente settings."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente serve west --passphrase-file west.passphrase\n"
            "  detente serve west --courier 0.0.0.0:8442 --desk 127.0.0.1:8443"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument(
            "--courier", metavar="HOST:PORT", help=say("where other nodes reach this one, instead of the setting")
        )
        parser.add_argument(
            "--desk",
            metavar="HOST:PORT",
            help=say("where the desk's page is, instead of the setting; off: nowhere"),
        )
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Serve; 0 when it was stopped, 2 when it could not start: then nothing runs."""
        with open_reading(arguments.home) as home:
            warn_roots(arguments.home)
            say_training(home.lines())
            try:
                settings = in_force(arguments)
            except SettingsMistake as mistake:
                tell_faults(mistake)
                return DetenteError.exit_code
            for sentence in what_is_missing(home, settings):
                terminal.note(terminal.visible(sentence))
        passphrase = _passphrase_file(arguments, settings)
        with _only_one(arguments.home):
            for where, address in (
                ("--courier", settings.courier.listen),
                ("--desk", settings.desk.listen),
                ("[metrics]", settings.metrics.listen),
            ):
                check_port(where, address)
            form = _usual_form() if settings.node.log_format == "auto" else settings.node.log_format
            log = Log("supervisor", level=settings.node.log_level, form=form)
            return asyncio.run(_supervise(arguments.home.absolute(), settings, passphrase, log, form))


def in_force(arguments: argparse.Namespace) -> Settings:
    """Return the settings with what the command line says instead. Raises SettingsMistake, ArgumentMistake."""
    settings = read_settings(arguments.home)
    for where, given in (("--courier", arguments.courier), ("--desk", arguments.desk)):
        if (
            given is not None
            and given != _OFF
            and not (_ADDRESS.fullmatch(given) and host_and_port(given)[1] < 65536)
        ):
            raise ArgumentMistake(
                expected=say("an address and a port, such as 127.0.0.1:8443"),
                came=given,
                where=where,
                remedy=say("write it so, or off"),
            )
    if arguments.courier is not None:
        listen = "" if arguments.courier == _OFF else arguments.courier
        settings = msgspec.structs.replace(
            settings, courier=msgspec.structs.replace(settings.courier, listen=listen)
        )
    if arguments.desk is not None:
        listen = "" if arguments.desk == _OFF else arguments.desk
        settings = msgspec.structs.replace(settings, desk=msgspec.structs.replace(settings.desk, listen=listen))
    return settings


def check_port(where: str, address: str) -> None:
    """Raise ArgumentMistake when nobody could listen at an address now; "" is no address."""
    if not address:
        return
    host, port = host_and_port(address)
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(place)
    except OSError as failure:
        raise ArgumentMistake(
            expected=say("an address of this machine with a port that is free"),
            came=failure.strerror or str(failure),
            where=f"{where} {address}",
            remedy=say("stop what listens there, or choose another port"),
        ) from failure


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the supervisor's lock of a home; raises HomeMistake when a supervisor or a writing verb has it."""
    head = head_folder(home)
    head.mkdir(mode=0o700, exist_ok=True)
    file = os.open(serve_lock(home), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _locked(file):
            holder = os.pread(file, 64, 0).decode(errors="replace").strip()
            raise HomeMistake(
                expected=say("a home that nobody serves"),
                came=say("in use by process {process}", process=holder or "?"),
                where=str(home),
                remedy=say("its node runs already; stop that one first"),
            )
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        _wait_for_writers(home, head)
        yield
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    """Take the supervisor's lock; a verb that only looks whether it is held has it for no longer than a moment."""
    end_s = time.monotonic() + _LOOKED_AT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end_s:
                return False
            time.sleep(0.02)
        else:
            return True


def _wait_for_writers(home: Path, head: Path) -> None:
    """Wait a moment for a verb that writes, or for a node whose supervisor was killed; raises HomeMistake."""
    end_s = time.monotonic() + _LOCK_WITHIN_S
    while True:
        try:
            os.close(take_lock(home, head))
        except HomeMistake:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.1)
        else:
            return


def _passphrase_file(arguments: argparse.Namespace, settings: Settings) -> Path | None:
    """Return the file with the passphrase that was named here or in the settings.

    None: the signer looks for one in its environment, or waits locked. Raises KeyMistake when there is no such file.
    """
    named: Path | None = arguments.passphrase_file
    if named is None and settings.signer.passphrase_file:
        named = path_in(arguments.home, settings.signer.passphrase_file)
    if named is not None and not named.is_file():
        raise KeyMistake(
            expected=say("a file with the passphrase of the keys"),
            came=say("no such file"),
            where=str(named),
            remedy=say("name the right one: --passphrase-file FILE"),
        )
    return None if named is None else named.absolute()


def _usual_form() -> str:
    return "text" if sys.stderr is not None and sys.stderr.isatty() else "json"


async def _supervise(home: Path, settings: Settings, passphrase: Path | None, log: Log, form: str) -> int:
    language = ("--language", words.language())
    path = str(home)
    secret = () if passphrase is None else ("--passphrase-file", str(passphrase))
    node = (path, "--courier", settings.courier.listen, *language)
    children = [
        Child("signer", "detente.node.signing", (path, *secret, *language)),
        Child("node", "detente.node.serving", node, tells_ready=True, without=_SECRETS),
    ]
    if settings.desk.listen:
        desk = (path, "--listen", settings.desk.listen, *language)
        children.append(Child("desk", "detente.desk.process", desk, tells_ready=True, without=_SECRETS))
    environment = environment_of(settings.node.log_level, form)
    return await Supervisor(children, log, environment=environment).run()


SERVE = _Serve()
