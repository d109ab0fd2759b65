"""Writing verbs beside a running node: the same host and home as a verb knows, but what is written is handed over.

Reads go to the record directly, read-only; what writes goes through the node's own socket, where it meets everything
else in the line thread. Nothing here holds a key, unless a keeper's verb opened the key file with its passphrase.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from detente import words
from detente.line.effects import (
    ActGiven,
    Arrived,
    Confirmed,
    CourierReady,
    HeadFile,
    Part,
    Submitted,
    Ticked,
    Transmit,
)
from detente.line.load import load
from detente.line.machine import Event
from detente.line.state import Run, Settings, State
from detente.node.epochs import ProposedOpening
from detente.node.errors import SignerFailure, SignerLocked
from detente.node.home import Home
from detente.node.home_folder import described, head_folder, keys_file
from detente.node.host import Host
from detente.node.keyfile import Cost, Keys, open_keys, write_keys
from detente.node.limits import LimitsOf
from detente.node.officers import Officers
from detente.node.serving.local_socket import connect, read_frame, write_frame
from detente.node.serving.wire import (
    ActCommitted,
    Answer,
    Arrives,
    Asked,
    Confirms,
    Consents,
    Hello,
    Joins,
    Packs,
    Submits,
    Ticks,
    decode_answer,
    encode,
    from_wire,
    raised,
    to_wire,
)
from detente.node.signing.remote import RemoteSigner, reload
from detente.store.errors import StoreFailure

__all__ = ["Link", "RemoteHome", "RemoteHost", "is_served", "remote_lines", "running_node", "serve_lock"]

say = words.speaker("node")

_CONNECT_S = 2.0
_ANSWER_S = 120.0
_AGAIN_S = 15.0
"""How long after it first failed a question is asked again, while the node or its signer starts anew."""
_PAUSE_S = 0.2


def serve_lock(home: Path) -> Path:
    """Return the file that the supervisor of a home holds locked as long as it runs."""
    return head_folder(home) / "serve.lock"


def is_served(home: Path) -> bool:
    """Tell whether a supervisor runs for this home, its node up or starting anew."""
    try:
        file = os.open(serve_lock(home), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


class Link:
    """A connection to the running node of a home; opened anew when the node was."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._sock = _connection(home)

    def close(self) -> None:
        """Close it; safe to call twice."""
        self._sock.close()

    def ask(self, question: Asked, *, again: bool = True) -> Answer:
        """Return the node's answer. Raises what the node raised, StoreFailure when it does not answer.

        again: the question may be asked twice, for the second time changes nothing; then a node that starts anew or a
        line that is opened anew is waited for.
        """
        octets, end_s = encode(question), 0.0
        while True:
            try:
                return self._ask(octets)
            except (OSError, StoreFailure, SignerFailure) as failure:
                end_s = end_s or time.monotonic() + _AGAIN_S
                if not again or isinstance(failure, SignerLocked) or time.monotonic() > end_s:
                    raise _unanswered(self._home, failure) from failure
            time.sleep(_PAUSE_S)
            with contextlib.suppress(OSError):
                self._sock.close()
                self._sock = _connection(self._home)

    def _ask(self, octets: bytes) -> Answer:
        write_frame(self._sock, octets)
        self._sock.settimeout(_ANSWER_S)
        found = read_frame(self._sock)
        if found is None:
            raise ConnectionResetError(say("the node went away"))
        answer = decode_answer(found)
        if answer.fault is not None:
            raise raised(answer.fault)
        return answer


def running_node(home: Path) -> Link | None:
    """Return a connection to the node that runs for a home, None when none does.

    While its supervisor starts it anew it is waited for. Raises StoreFailure when it does not come up.
    """
    end_s = time.monotonic() + _AGAIN_S
    while True:
        try:
            return Link(home)
        except OSError as failure:
            if not is_served(home):
                return None
            if time.monotonic() > end_s:
                raise _unanswered(home, failure) from failure
        time.sleep(_PAUSE_S)


class RemoteHome(Home):
    """The home of a running node: read here, written there."""

    def __init__(self, path: Path, link: Link) -> None:
        super().__init__(path, described(path), vfs=None, lock=None)
        self.link = link
        self._keys: dict[int, Keys] = {}
        self._officers: Officers | None = None

    def unlock(self, passphrase: bytes) -> None:
        """Open the key file for a keeper's verb. Raises KeyMistake for a wrong passphrase."""
        self._keys, self._officers = open_keys(keys_file(self.path), passphrase)

    @property
    def keys(self) -> dict[int, Keys]:
        """The private keys by generation, once a keeper's verb opened them."""
        return self._keys

    @property
    def officers(self) -> Officers | None:
        """The officers named by the keepers, once a keeper's verb opened the key file."""
        return self._officers

    def close(self) -> None:
        """Close the records and the connection."""
        self.link.close()
        super().close()

    def add_act(self, envelope: bytes) -> None:
        """Let the node put the next own root act into force on every line."""
        self.link.ask(ActCommitted(envelope))

    def join_opening(self, proposed: ProposedOpening) -> None:
        """Let the node join a line; it runs from then on."""
        self.link.ask(Joins(proposed.encode()), again=False)

    def consent(self, proposed: ProposedOpening) -> None:
        """Let the node consent to an opening."""
        self.link.ask(Consents(proposed.encode()), again=False)

    def confirm(self) -> HeadFile | None:
        """Let the node go on after a halt, on every halted line; there is nothing left to tell a host."""
        self.link.ask(Confirms())
        return None

    def store_keys(self, generations: Mapping[int, Keys], passphrase: bytes, *, cost: Cost | None = None) -> None:
        """Write the key file, with the passphrase that only this verb has, and let the signer read it."""
        write_keys(keys_file(self.path), generations, passphrase, cost=cost, officers=self.officers)
        self._keys = dict(generations)
        reload(self.path, passphrase)

    def store_officers(self, officers: Officers | None, passphrase: bytes, *, cost: Cost | None = None) -> None:
        """Write the officers beside the keys, and let the signer read them."""
        write_keys(keys_file(self.path), self.keys, passphrase, cost=cost, officers=officers)
        self._officers = officers
        reload(self.path, passphrase)

    def open_seal(self, info: bytes, sealed: bytes) -> bytes:
        """Let the signer open a sealed bundle's content key; raises Refused."""
        return RemoteSigner(self.path).open_seal(info, sealed)

    def use_generation(self, generation: int) -> None:
        """Do nothing: the node does so when the act is put into force."""

    def join(self, line: str, parts: tuple[Part, ...]) -> object:  # type: ignore[override]  # see join_opening
        """Refuse: a running node joins by the whole opening."""
        raise NotImplementedError(line)


@dataclass(slots=True)
class RemoteHost(Host):
    """One line of a running node: what it holds is read here, what is given goes there."""

    link: Link = field(kw_only=True)
    _state: State | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.record = self.home.record(self.line_id)

    @property
    def state(self) -> State:
        """What the record shows, with what the node may do now."""
        if self._state is None:
            answer, end_s = self.link.ask(Hello()), time.monotonic() + _ANSWER_S
            while answer.held_s and time.monotonic() < end_s:  # how it stands is not known before the lines go on
                time.sleep(_PAUSE_S)
                answer = self.link.ask(Hello())
            stands = answer.lines.get(self.line_id)
            self._state = load(self.home.member, self.record, self.settings or Settings())
            if stands is not None:
                runs = stands.run in {one.value for one in Run}
                self._state.run = Run(stands.run) if runs else Run.HALTED
                self._state.reason = stands.reason or stands.fault
        return self._state

    def open(self) -> None:
        """Do nothing: the node opened it."""

    def give_acts(self) -> None:
        """Let the node give this line every own root act that it has not seen."""
        acts = self.home.acts()
        if acts:
            self.link.ask(ActCommitted(acts[-1]))
        self._state = None

    def give(self, event: Event) -> None:
        """Hand one event to the node. Raises what the node raised; nothing changed then, as far as it says."""
        self._state = None
        match event:
            case Submitted():
                self._told(self.link.ask(Submits(self.line_id, event.drafts)))
            case Arrived():
                self._told(self.link.ask(Arrives(self.line_id, to_wire(event.records), event.last)))
            case CourierReady():
                question = Packs(self.line_id, event.to, event.size_max, event.go_on)
                self._told(self.link.ask(question, again=not event.go_on))
            case ActGiven():
                self._told(self.link.ask(ActCommitted(event.envelope)))
            case Ticked():
                self._told(self.link.ask(Ticks(self.line_id)))
            case Confirmed():
                return  # the node did so on all its lines
            case _:
                raise NotImplementedError(type(event).__name__)

    def keep_alarms(self) -> None:
        """Do nothing: the node keeps them."""

    def _told(self, answer: Answer) -> None:
        if answer.sent is None:  # a record opened before a log's first statement does not know that log
            self.home.drop_record(self.line_id)
            self.record = self.home.record(self.line_id)
        self.took.extend(answer.took)
        self.alarms.extend(alarm for alarm in answer.alarms if alarm not in self.alarms)
        if answer.sent is not None:
            self.sent.append(Transmit(answer.sent.to, from_wire(answer.sent.records), answer.sent.more))


@contextlib.contextmanager
def remote_lines(
    link: Link, path: Path, lines: list[str], limits: LimitsOf
) -> Iterator[tuple[RemoteHome, dict[str, Host]]]:
    """Give the home and these lines of a running node."""
    with RemoteHome(path, link) as home:
        yield home, {line: RemoteHost(home, line, settings=limits(line), link=link) for line in lines}


def _connection(home: Path) -> socket.socket:
    return connect(head_folder(home) / "node.sock", _CONNECT_S)


def _unanswered(home: Path, failure: Exception) -> Exception:
    if isinstance(failure, StoreFailure | SignerFailure):
        return failure
    return StoreFailure(
        expected=say("an answer of the node that runs for this home"),
        came=str(failure) or type(failure).__name__,
        where=str(home),
        remedy=say("look at its log; the same submission again is the same entry"),
    )
