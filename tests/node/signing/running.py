"""The signer's server in a thread of the test's own process, which can be ended hard and started again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from detente.node.serving.local_socket import listen
from detente.node.signing.answering import Answering
from detente.node.signing.keeping import Keeping
from detente.node.signing.remote import signer_socket, unlock
from detente.node.signing.server import Server
from tests.store.pair import PASSPHRASE, same_machine


class Running:
    """The server in a thread of this process; it can be ended hard and started again, as a process can."""

    def __init__(
        self, home: Path, *, idle_s: float = 60.0, machine: Callable[[Path], str] = same_machine
    ) -> None:
        self.home, self.idle_s, self.machine = home, idle_s, machine
        self.notes: list[tuple[str, str]] = []
        self.start()

    def start(self) -> None:
        listening = listen(signer_socket(self.home))
        note = lambda event, says: self.notes.append((event, says))  # noqa: E731
        opens = lambda path, about, secret: Keeping(path, about, secret, machine=self.machine)  # noqa: E731
        self.answering = Answering(self.home, open_keeping=opens, note=note)
        self.server = Server(listening, self.answering, note=note, idle_s=self.idle_s)

        def run() -> None:
            with contextlib.closing(listening), contextlib.closing(self.answering):
                self.server.run()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def end(self) -> None:
        self.server.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()

    def again(self, passphrase: bytes = PASSPHRASE) -> None:
        self.end()
        self.start()
        unlock(self.home, passphrase)

    def events(self) -> set[str]:
        return {event for event, _ in self.notes}
