"""The signer of a running node: ``python -m detente.node.signing HOME [--passphrase-file FILE] [--language CODE]``.

It takes the home's lock, listens at HOME.head/signer.sock for processes of its own user, and is opened by the
passphrase in FILE, else in the file that DETENTE_PASSPHRASE_FILE names, else in the systemd credential ``passphrase``;
else, or when that does not open the keys, it waits locked for ``detente unlock HOME``. SIGTERM ends it. What happens
goes to standard error as the node's own log does; no passphrase, key or text of a statement stands there.

Exit codes: 0 ended by a signal, 2 no home, its lock is held, or the socket cannot be made.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.errors import DetenteError
from detente.node.home_folder import described, head_folder, on_disk, take_lock
from detente.node.keyfile import PASSPHRASE_VARIABLE, read_passphrase
from detente.node.serving.local_socket import listen
from detente.node.serving.log import from_environment
from detente.node.signing.answering import Answering
from detente.node.signing.hardening import keep_memory
from detente.node.signing.remote import signer_socket
from detente.node.signing.server import Server

__all__ = ["main", "passphrase_source"]

say = words.speaker("node")

_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_CREDENTIAL = "passphrase"


def main(argv: Sequence[str] | None = None) -> int:
    """Run until a signal ends it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m detente.node.signing", allow_abbrev=False)
    parser.add_argument("home", type=Path)
    parser.add_argument("--passphrase-file", type=Path)
    parser.add_argument("--language", choices=words.LANGUAGES, default=words.from_environment())
    arguments = parser.parse_args(argv)
    words.choose(arguments.language)
    try:
        return _run(arguments.home, arguments.passphrase_file)
    except DetenteError as error:
        terminal.failure(error)
        return error.exit_code


def passphrase_source(named: Path | None) -> Path | None:
    """Return the file with the passphrase: the one named, the environment's, systemd's; None for none of them."""
    if named is not None:
        return named
    if os.environ.get(PASSPHRASE_VARIABLE):
        return Path(os.environ[PASSPHRASE_VARIABLE])
    if os.environ.get(_CREDENTIALS):
        credential = Path(os.environ[_CREDENTIALS]) / _CREDENTIAL
        return credential if credential.exists() else None
    return None


def _run(home: Path, named: Path | None) -> int:
    kept = keep_memory()
    described(home)
    head = head_folder(home)
    with on_disk(head):
        head.mkdir(mode=0o700, exist_ok=True)
    lock = take_lock(home, head)
    try:
        answering = Answering(home, note=note)
        with on_disk(signer_socket(home)), closing(listen(signer_socket(home))) as listening, closing(answering):
            server = Server(listening, answering, note=note)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda _number, _frame: server.stop())
            note("started", "" if kept else say("this system lets others of this user read its memory"))
            _unlock(answering, passphrase_source(named))
            server.run()
            signer_socket(home).unlink(missing_ok=True)
    finally:
        os.close(lock)
    note("ended", "")
    return 0


def _unlock(answering: Answering, source: Path | None) -> None:
    """Open the keys with the passphrase of a file; without one, or a right one, wait locked."""
    if source is None:
        note("locked", say("no passphrase yet: detente unlock {home}", home=answering.path))
        return
    answering.passphrase = lambda: read_passphrase(source)
    try:
        passphrase = read_passphrase(source)
    except DetenteError as failure:
        answering.fault = str(failure)
        note("locked", answering.fault)
        return
    with suppress(DetenteError):  # it says itself why it stays locked
        answering.unlock(passphrase)


def note(event: str, says: str) -> None:
    """Write one line of the process's own log, in the shape and at the level that the supervisor's settings ask for."""
    log = from_environment("signer")
    fields = {"says": terminal.visible(says)} if says else {}
    match event:
        case "fault":
            log.error(event, **fields)
        case "locked" | "malformed" | "not-destroyed" | "refused" | "signed-again" | "stranger":
            log.warning(event, **fields)
        case _:
            log.info(event, **fields)


if __name__ == "__main__":
    sys.exit(main())
