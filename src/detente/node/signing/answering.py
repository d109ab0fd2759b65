"""What the signer's process answers to each request; who may ask what is the server's affair.

Every request goes to the same rules as in a verb's own process, and comes back in the same words.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from detente import words
from detente.errors import DetenteError
from detente.line.checkpoint import Checkpoint, Cosignature, Head
from detente.line.statement import Statement
from detente.node.errors import SignerLocked
from detente.node.home_folder import HomeCard, described
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
from detente.node.signing.keeping import Keeping
from detente.store.errors import StoreFailure

__all__ = ["Answering"]

say = words.speaker("node")

_AGAIN_S = 3_600.0
Open = Callable[[Path, HomeCard, bytes], Keeping]
"""Opens the keys of a home; tests give their own."""


class Answering:
    """The signer of one home, locked or open. Whoever makes it holds the home's lock.

    fault: why the last attempt to open it failed, in words, or "". passphrase: reads it from the file that this process
    was given; None: it was given none. note: tells the process's own log what happened.
    """

    def __init__(self, path: Path, *, open_keeping: Open = Keeping, note: Callable[[str, str], None]) -> None:
        """Start locked; raises HomeMistake for a folder that is no home."""
        self.path = path
        self.about = described(path)
        self.fault = ""
        self.counts: Counter[str] = Counter()
        self._open = open_keeping
        self._note = note
        self.passphrase: Callable[[], bytes] | None = None
        self._try_again_s = 0.0
        self._keeping: Keeping | None = None
        self._since_ms = time.time_ns() // 1_000_000

    @property
    def locked(self) -> bool:
        """Whether no passphrase opened the keys yet."""
        return self._keeping is None

    def close(self) -> None:
        """Close the head file and let go of the keys."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.close()

    def unlock(self, passphrase: bytes) -> None:
        """Open the keys and the head file; nothing happens when they are open.

        Raises KeyMistake, HomeMistake, StoreFailure: then it stays locked, and says why when it is asked.
        """
        if self._keeping is not None:
            return
        try:
            self.about = described(self.path)
            self._keeping = self._open(self.path, self.about, passphrase)
        except DetenteError as failure:
            self.fault = str(failure)
            self._note("locked", self.fault)
            raise
        self.fault = ""
        self._note("unlocked", say("the signer of {member} is ready", member=self.about.member))
        self._destroy_old(self._keeping, passphrase)

    def _destroy_old(self, keeping: Keeping, passphrase: bytes) -> None:
        """Destroy keys for sealed bundles whose time is over, now that the passphrase is here; a failure is said."""
        now_ms = time.time_ns() // 1_000_000
        if not keeping.old_sealing(now_ms):
            return
        try:
            count = keeping.destroy_old_sealing(passphrase, now_ms)
        except DetenteError as failure:
            self._note("not-destroyed", str(failure))
        else:
            self._note("destroyed", say("old keys for sealed bundles: {count}", count=count))

    def _destroy_by_itself(self, keeping: Keeping) -> None:
        """Destroy what is old where the passphrase lies in a file that this process was given; once an hour at most."""
        if time.monotonic() < self._try_again_s or self.passphrase is None:
            return
        self._try_again_s = time.monotonic() + _AGAIN_S
        try:
            passphrase = self.passphrase()
        except DetenteError as failure:
            self._note("not-destroyed", str(failure))
        else:
            self._destroy_old(keeping, passphrase)

    def end_session(self) -> None:
        """Forget what was signed for the node that went and is not durable: it has it no more."""
        if self._keeping is None:
            return
        try:
            self._keeping.renew()
        except DetenteError as failure:
            self.close()
            self.fault = str(failure)
            self._note("locked", self.fault)

    def standing(self, *, serving: bool) -> Standing:
        """Return how the signer stands; what is old by now is destroyed first, where it can be."""
        now_ms, old = time.time_ns() // 1_000_000, 0
        if self._keeping is not None and self._keeping.old_sealing(now_ms):
            self._destroy_by_itself(self._keeping)
            old = self._keeping.old_sealing(now_ms)
        return Standing(
            "locked" if self.locked else "serving" if serving else "ready",
            self.about.member,
            self.about.id,
            self.fault[:2000],
            os.getpid(),
            self._since_ms,
            self.counts["signed"],
            self.counts["refused"],
            self.counts["signed again"],
            old,
        )

    def answer(self, request: Request) -> Answer:
        """Return the answer to any request but those that the server answers itself; never raises for a request."""
        try:
            return self._answer(request)
        except DetenteError as error:
            if isinstance(error, StoreFailure) and self._keeping is not None:
                self._keeping.doubt()
            return Failed.of(error)
        except ValueError as error:  # a rule that says no in its own way; in a verb's process the caller sees it
            return Failed(
                "SignerFailure", say("a request that this signer can carry out"), str(error)[:2000], "", ""
            )

    def _answer(self, request: Request) -> Answer:  # noqa: PLR0912, C901 - one row for each request
        if isinstance(request, frames.Unlock):
            self.unlock(request.passphrase)
            return Done()
        keeping = self._keeping
        if keeping is None:
            raise self.is_locked()
        signer = keeping.signer
        match request:
            case frames.Ask():
                return self._sign(keeping, request)
            case frames.BeginRun():
                keeping.begin_run(request.line)
            case frames.Durable():
                signer.durable(frames.own_of(request.own))
            case frames.Knows():
                return Told(int(signer.knows(frames.origin_of(request.origin), request.size, request.root)))
            case frames.Recorded():
                return Told(signer.recorded(frames.origin_of(request.origin)))
            case frames.Heads():
                return Recording.of(signer.head_file())
            case frames.Facts():
                return self.facing()
            case frames.CheckRelease():
                signer.check_release(Statement.decode_known(request.statement), request.release)
            case frames.NoteTouch():
                signer.note_touch(Statement.decode_known(request.statement), request.release)
            case frames.Adopt():
                signer.adopt(frames.origin_of(request.origin), request.edge, request.leaves)
            case frames.Officers():
                listed = keeping.officers
                return Listed(None if listed is None else msgspec.msgpack.encode(listed.document()))
            case frames.OpenSeal():
                return Opened(keeping.open_seal(request.info, request.sealed))
            case frames.Reload():
                keeping.reload(request.passphrase)
                self._note("reloaded", say("the keys were read again"))
                self._destroy_old(keeping, request.passphrase)
            case frames.NoteActs():
                keeping.note_acts()
            case frames.UseGeneration():
                signer.use_generation(request.generation)
            case _:
                self._keep(keeping, request)
        return Done()

    def _keep(self, keeping: Keeping, request: Request) -> None:
        """Carry out what concerns the head file as a whole: a keeper gave the word."""
        match request:
            case frames.FoundHead():
                keeping.found_head()
            case frames.Founded():
                keeping.founded()
            case frames.ConfirmMachine():
                keeping.confirm_machine()
            case frames.FoundOwn():
                note = Checkpoint.decode(request.checkpoint)
                keeping.signer.found_own(note, request.edge, request.last, request.released)
            case frames.FoundReleased():
                keeping.signer.found_released(frames.origin_of(request.origin), request.released)
            case frames.FoundCosigned():
                head = Head(frames.origin_of(request.origin), request.size, request.root)
                one = Cosignature(request.name, request.hint, request.clock_s, request.signature)
                keeping.signer.found_cosigned(head, one, request.role)
            case _:
                raise TypeError(request)

    def _sign(self, keeping: Keeping, request: frames.Ask) -> Answer:
        asked = request.request()
        signed = keeping.signer.sign(asked)
        self.counts["refused" if signed.signature is None else "signed"] += 1
        if signed.signature is None:
            self._note("refused", f"{asked.what}: {signed.refusal}")
        elif asked.what == "statement" and asked.index < keeping.lost.get(asked.origin, 0):
            self.counts["signed again"] += 1
            self._note(
                "signed-again",
                say(
                    "index {index} of {origin} is signed a second time: the node lost the first signature before "
                    "it was stored",
                    index=asked.index,
                    origin=asked.origin,
                ),
            )
        return Given(signed.ticket, signed.signature, signed.refusal[:2000])

    def facing(self) -> Facing:
        """Return what a node must know of its signer. Raises SignerLocked."""
        keeping = self._keeping
        if keeping is None:
            raise self.is_locked()
        signer = keeping.signer
        return Facing(
            self.about.member,
            self.about.id,
            signer.generation,
            tuple(sorted(signer.generations)),
            signer.has_head_file,
            signer.has_officers,
            keeping.machine_changed,
        )

    def is_locked(self) -> SignerLocked:
        """Return the error that says so."""
        return SignerLocked(
            expected=say("a signer that was given its passphrase"),
            came=self.fault or say("one that is locked"),
            where=str(self.path),
            remedy=say("detente unlock {home}", home=self.path),
        )
