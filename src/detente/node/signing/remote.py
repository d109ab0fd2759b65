"""The signer's process as a running node sees it: the same questions as to a signer in its own process.

The session is one connection. When it breaks, the signer forgot what it signed and was not told to be durable, and so
must the node: SignerGone says that to whoever asked, who opens the line again from what is on the disk; the next
question begins a new session. A session that broke while nothing was on its way is renewed unseen.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from detente import words
from detente.line import merkle
from detente.line.checkpoint import Checkpoint, Cosignature, Head, Origin
from detente.line.effects import HeadFile, Role, Sign, Signed
from detente.line.errors import Malformed
from detente.line.statement import Statement
from detente.node.errors import SignerGone
from detente.node.home_folder import head_folder
from detente.node.officers import Officers
from detente.node.serving.local_socket import connect, write_frame
from detente.node.signing import frames
from detente.node.signing.frames import (
    Answer,
    Done,
    Facing,
    Failed,
    Given,
    Listed,
    Opened,
    Recording,
    Request,
    Standing,
    Told,
)

__all__ = ["RemoteSigner", "look", "officers_of", "reload", "signer_socket", "unlock"]

say = words.speaker("node")

ANSWER_S = 60.0
"""How long an answer may take: a disk that is slow, not one that hangs."""
PATIENCE_S = 5.0
"""How long a signer that is being started again is waited for."""
_PAUSE_S = 0.05
_READ_BYTES = 1 << 16

_Kind = TypeVar("_Kind", bound=Answer)


def signer_socket(home: Path) -> Path:
    """Return the path of the signer's socket of a home."""
    return head_folder(home) / "signer.sock"


def look(home: Path, *, timeout_s: float = ANSWER_S) -> Standing:
    """Return how the signer of a home stands. Raises SignerGone when none runs."""
    return _once(home, frames.Status(), Standing, timeout_s)


def unlock(home: Path, passphrase: bytes, *, timeout_s: float = ANSWER_S) -> None:
    """Give the signer of a home its passphrase. Raises SignerGone, KeyMistake, HomeMistake, StoreFailure."""
    _once(home, frames.Unlock(passphrase), Done, timeout_s)


def reload(home: Path, passphrase: bytes, *, timeout_s: float = ANSWER_S) -> None:
    """Let the signer of a home read the keys again, after a verb changed them. Raises as ``unlock``, SignerLocked."""
    _once(home, frames.Reload(passphrase), Done, timeout_s)


def officers_of(home: Path, *, timeout_s: float = ANSWER_S) -> Officers | None:
    """Return the officers whom the signer of a home knows, None for none. Raises SignerGone, SignerLocked."""
    listed = _once(home, frames.Officers(), Listed, timeout_s).officers
    try:
        return None if listed is None else Officers.read(msgspec.msgpack.decode(listed))
    except msgspec.DecodeError as fault:  # ValidationError is one
        raise _gone(home, str(fault)[:200]) from None


class RemoteSigner:
    """The signer of the home at ``path``, in its own process; what ``Home`` and ``Host`` ask of a signer.

    Every question raises SignerGone when the process does not answer (then open the line again), SignerLocked while it
    waits for its passphrase, and else what the same question raises in a verb's process. Several threads may ask, but
    one line must be asked by one at a time.

    patience_s: how long a new session waits for a process that does not listen yet, or still serves the node before.
    """

    def __init__(self, path: Path, *, patience_s: float = PATIENCE_S, answer_s: float = ANSWER_S) -> None:
        """Nothing is connected before the first question."""
        self.path = path
        self._patience_s = patience_s
        self._answer_s = answer_s
        self._socket: socket.socket | None = None
        self._lock = threading.RLock()
        self._issued: set[Origin] = set()
        self._heads: dict[Origin, tuple[int, bytes]] = {}

    def close(self) -> None:
        """End the session; the signer serves another node from then on. Safe to call twice."""
        with self._lock:
            self._drop()

    # ---- facts ----------------------------------------------------------------------------------------------

    @property
    def home(self) -> str:
        """The id of the home whose keys it has."""
        return self._facts().home

    @property
    def member(self) -> str:
        """The member for whom it signs."""
        return self._facts().member

    @property
    def generation(self) -> int:
        """The member's current generation."""
        return self._facts().generation

    @property
    def generations(self) -> frozenset[int]:
        """The generations whose keys it has."""
        return frozenset(self._facts().generations)

    @property
    def has_head_file(self) -> bool:
        """Whether there is a head file; without one no statement, head or cosignature is signed."""
        return self._facts().has_head_file

    @property
    def has_officers(self) -> bool:
        """Whether officers must release what people say."""
        return self._facts().has_officers

    @property
    def machine_changed(self) -> bool:
        """Whether the head file was last confirmed on another machine."""
        return self._facts().machine_changed

    def _facts(self) -> Facing:
        return self._ask(frames.Facts(), Facing)

    # ---- asked by the machine -------------------------------------------------------------------------------

    def sign(self, request: Sign) -> Signed:
        """Return the signature, or the refusal with its reason."""
        given = self._ask(frames.Ask.of(request), Given)
        if given.signature is not None and request.what == "statement":
            self._issued.add(request.origin)
        elif given.signature is not None and request.what == "head":
            self._heads[request.origin] = (request.index, request.leaf)
        return Signed(given.ticket, given.signature, given.refusal)

    def begin_run(self, line: str) -> None:
        """Forget what was signed for a line and is not durable: its machine begins anew from what is on the disk."""
        self._ask(frames.BeginRun(line), Done)
        self._issued = {origin for origin in self._issued if origin.line != line}
        self._heads = {origin: head for origin, head in self._heads.items() if origin.line != line}

    def check_release(self, statement: Statement, release: bytes) -> None:
        """Raise Refused when this statement would not be signed for want of its officers."""
        self._ask(frames.CheckRelease(statement.encode(), release), Done)

    def note_touch(self, statement: Statement, release: bytes) -> None:
        """Note an officer's touch when it is given. Raises Refused for one that would not count, StoreFailure."""
        self._ask(frames.NoteTouch(statement.encode(), release), Done)

    # ---- asked by the home ----------------------------------------------------------------------------------

    def durable(self, own: Sequence[tuple[Origin, int, bytes]]) -> None:
        """Record own heads whose statements are on the disk now."""
        self._ask(frames.Durable(tuple([(str(origin), size, root) for origin, size, root in own])), Done)
        for origin, _, _ in own:
            self._issued.discard(origin)
            self._heads.pop(origin, None)

    def head_file(self) -> HeadFile | None:
        """Return what is recorded; None when there is no head file."""
        return self._ask(frames.Heads(), Recording).head_file()

    def recorded(self, origin: Origin) -> int:
        """Return the size of an own log up to which it is recorded as signed and durable."""
        return self._ask(frames.Recorded(str(origin)), Told).value

    def knows(self, origin: Origin, size: int, root: bytes) -> bool:
        """Tell whether this own head was signed in this session or is recorded."""
        if self._heads.get(origin) == (size, root):
            return True  # signed a moment ago; if the session broke since, ``durable`` says so
        return bool(self._ask(frames.Knows(str(origin), size, root), Told).value)

    def adopt(self, origin: Origin, edge: Sequence[bytes], leaves: Iterable[bytes]) -> None:
        """Take in own statements that stand in the database above the head file, some thousand at a time.

        What is refused raises SignerFailure; what came before it, each under our own signature, stays recorded.
        """
        size, frontier = self.recorded(origin), None
        for some in _portions(leaves):
            at = tuple(edge) if frontier is None else frontier.edge()
            self._ask(frames.Adopt(str(origin), at, some), Done)
            frontier = frontier or merkle.Frontier(size, edge)  # the signer found that they belong together
            for leaf in some:
                frontier.append(merkle.leaf_hash(leaf))

    def found_own(
        self, checkpoint: Checkpoint, edge: Sequence[bytes], last: bytes, released: Sequence[str] = ()
    ) -> None:
        """Record an own head from the database; only into a newly founded head file."""
        at_once = frames.SUBMISSIONS_MAX
        self._ask(frames.FoundOwn(checkpoint.encode(), tuple(edge), last, tuple(released[:at_once])), Done)
        for start in range(at_once, len(released), at_once):
            some = tuple(released[start : start + at_once])
            self._ask(frames.FoundReleased(str(checkpoint.head.origin), some), Done)

    def found_cosigned(self, head: Head, one: Cosignature, role: Role) -> None:
        """Record a head that we cosigned before; only into a newly founded head file."""
        self._ask(
            frames.FoundCosigned(
                str(head.origin), head.size, head.root, role, one.name, one.hint, one.clock_s, one.signature
            ),
            Done,
        )

    def use_generation(self, generation: int) -> None:
        """Call this generation the current one; its keys were read by ``reload``."""
        self._ask(frames.UseGeneration(generation), Done)

    def note_acts(self) -> None:
        """Let it read and record own root acts that the home holds since."""
        self._ask(frames.NoteActs(), Done)

    def confirm_machine(self) -> None:
        """Record that this machine is the right one, if there is a head file."""
        self._ask(frames.ConfirmMachine(), Done)

    def found_head(self) -> None:
        """Found a head file after a keeper's word; it counts once ``founded`` is called."""
        self._ask(frames.FoundHead(), Done)

    def founded(self) -> None:
        """Say that everything that the records show was put into the new head file."""
        self._ask(frames.Founded(), Done)

    def open_seal(self, info: bytes, sealed: bytes) -> bytes:
        """Return the content key of a sealed bundle; asked beside the session, so that couriers may ask it."""
        return _once(self.path, frames.OpenSeal(info, sealed), Opened, self._answer_s).key

    # ---- the session ----------------------------------------------------------------------------------------

    def _ask(self, request: Request, kind: type[_Kind]) -> _Kind:
        with self._lock:
            if self._socket is not None and not self._issued and _hung_up(self._socket):
                self._drop()  # nothing was on its way: the signer that runs now knows all that was recorded
            if self._socket is None:
                self._begin()
            assert self._socket is not None  # begun
            try:
                return _asked(self._socket, request, kind)
            except SignerGone:
                self._drop()
                raise

    def _begin(self) -> None:
        """Begin a session; waits for a process that is not there yet, or does not know yet that a node ended."""
        until = time.monotonic() + self._patience_s
        while True:
            try:
                self._socket = _connected(self.path, self._answer_s)
                _asked(self._socket, frames.Serve(frames.PROTOCOL), Facing)
            except SignerGone as gone:
                self._drop()
                if time.monotonic() >= until:
                    raise gone from None
                time.sleep(_PAUSE_S)
            except BaseException:
                self._drop()
                raise
            else:
                return

    def _drop(self) -> None:
        self._issued.clear()
        self._heads.clear()
        gone, self._socket = self._socket, None
        if gone is not None:
            gone.close()


def _portions(leaves: Iterable[bytes]) -> Iterable[tuple[bytes, ...]]:
    """Give leaves in portions that fit into a message; at least one, so that nothing at all is checked, too."""
    some: list[bytes] = []
    size, given = 0, False
    for leaf in leaves:
        if some and (size + len(leaf) > frames.LEAVES_BYTES or len(some) == frames.LEAVES_MAX):
            yield tuple(some)
            some, size, given = [], 0, True
        some.append(leaf)
        size += len(leaf)
    if some or not given:
        yield tuple(some)


def _once(home: Path, request: Request, kind: type[_Kind], timeout_s: float) -> _Kind:
    """Ask one question on a connection of its own."""
    connection = _connected(home, timeout_s)
    with contextlib.closing(connection):
        return _asked(connection, request, kind)


def _connected(home: Path, timeout_s: float) -> socket.socket:
    try:
        connection = connect(signer_socket(home), timeout_s)
    except OSError as failure:
        raise _gone(home, failure.strerror or str(failure)) from None
    connection.settimeout(None)  # the system's own limit costs no call of its own before each one
    limit = struct.pack("@ll", int(timeout_s), int(timeout_s % 1 * 1_000_000))
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, option, limit)
    return connection


def _asked(connection: socket.socket, request: Request, kind: type[_Kind]) -> _Kind:
    """Send a request and return its answer; raises the error that the answer is, SignerGone for none."""
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have said why before it closed
            write_frame(connection, frames.encode(request), frames.REQUEST_MAX)
        octets = _read_answer(connection)
        answer = None if octets is None else frames.decode_answer(octets)
    except BlockingIOError:
        raise _gone(None, say("none in time")) from None
    except OSError as failure:
        raise _gone(None, failure.strerror or str(failure)) from None
    except Malformed as fault:
        raise _gone(None, str(fault)) from None
    if isinstance(answer, Failed):
        raise _gone(None, answer.came) if answer.busy else answer.error()
    if not isinstance(answer, kind):
        raise _gone(None, say("the end of the connection") if answer is None else say("another answer"))
    return answer


def _read_answer(connection: socket.socket) -> bytes | None:
    """Return the one frame that answers, in one call where it is short; None when the connection ended before it."""
    octets = connection.recv(_READ_BYTES)
    while octets and len(octets) < 4:
        octets += connection.recv(_READ_BYTES) or b"\xff\xff\xff\xff"  # cut short: no length that is allowed
    if not octets:
        return None
    size = 4 + int.from_bytes(octets[:4], "big")
    if size > frames.ANSWER_MAX:
        raise frames.malformed(say("one of {size} bytes", size=size))
    if len(octets) < size:
        whole = bytearray(octets)
        while len(whole) < size and (piece := connection.recv(min(size - len(whole), 1 << 20))):
            whole += piece
        octets = bytes(whole)
    if len(octets) != size:
        raise frames.malformed(say("one of {size} bytes", size=len(octets)))
    return octets[4:]


def _hung_up(connection: socket.socket) -> bool:
    """Tell whether the other side is gone, or speaks unasked."""
    look_at = select.poll()
    look_at.register(connection, select.POLLIN)
    return bool(look_at.poll(0))


def _gone(home: Path | None, came: str) -> SignerGone:
    return SignerGone(
        expected=say("an answer from the signer's process"),
        came=came,
        where="" if home is None else str(signer_socket(home)),
        remedy=say("it is started again by detente serve; nothing that was sent is lost"),
    )
