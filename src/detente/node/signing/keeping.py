"""The keys and the head file of one home, open, and the signer over them: in a verb's process, or in its own.

Whoever makes it holds the home's lock. Nothing here reads a record or a bundle.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from detente import words
from detente.line.checkpoint import Origin
from detente.line.rootact import Keyring
from detente.node.home_folder import HomeCard, head_folder, home_mistake, keys_file, on_disk, own_ring
from detente.node.keyfile import Keys, open_keys, without_old_sealing, write_keys
from detente.node.machine_id import machine_identity
from detente.node.officers import Officers
from detente.node.sealing import open_content_key
from detente.node.signer import Signer
from detente.store.headfile import HeadRecord

__all__ = ["Keeping", "Machine"]

say = words.speaker("node")

Machine = Callable[[Path], str]
"""Returns this machine's identity for a head folder; tests give their own."""


class Keeping:
    """What must stay secret, and what must never go back, of one home.

    head: the head file, None when there is none. lost: own logs and the size up to which statements were signed in a
    session that ended before they were durable: whoever asks again for these indexes lost the first signatures.
    """

    def __init__(
        self,
        path: Path,
        about: HomeCard,
        passphrase: bytes,
        *,
        vfs: str | None = None,
        machine: Machine = machine_identity,
    ) -> None:
        """Open; raises KeyMistake, HomeMistake (another home's head file), StoreFailure."""
        self.path = path
        self.about = about
        self.keys: dict[int, Keys]
        self.officers: Officers | None
        self.keys, self.officers = open_keys(keys_file(path), passphrase)
        self.head: HeadRecord | None = None
        self.lost: dict[Origin, int] = {}
        self._doubtful = False
        self._vfs = vfs
        self._folder = head_folder(path)
        with on_disk(self._folder):
            self._machine = machine(self._folder)
        try:
            self._open_head()
            self.signer = self._begun()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the head file; safe to call twice."""
        head, self.head = self.head, None
        if head is not None:
            head.close()

    # ---- the head file --------------------------------------------------------------------------------------

    @property
    def machine_changed(self) -> bool:
        """Whether the head file was last confirmed on another machine."""
        return self.head is not None and self.head.fact("machine") != self._machine

    def confirm_machine(self) -> None:
        """Record that this machine is the right one, if there is a head file."""
        if self.machine_changed:
            assert self.head is not None
            self.head.put_facts({"machine": self._machine})

    def found_head(self) -> None:
        """Found a head file after a keeper's word; it counts once ``founded`` is called.

        Raises HomeMistake when there is one.
        """
        if self.head is not None:
            raise home_mistake(say("a home without a head file"), say("one with it"), self._folder)
        self.head = HeadRecord(self._folder / "head.sqlite3", create=True, vfs=self._vfs)
        self.signer.found(self.head)

    def founded(self) -> None:
        """Say that everything that the records show was put into the new head file."""
        assert self.head is not None
        self.note_acts()
        self.head.put_facts({"home": self.about.id, "machine": self._machine})

    def note_acts(self) -> None:
        """Record the home's own root acts, which are on the disk: those that the head file does not count yet.

        It reads them itself, every signature checked. A home that holds fewer, or others, leaves the record as it is:
        its machine finds out when it opens. Raises StoreFailure.
        """
        if self.head is not None:
            self._note(own_ring(self.path))

    def _note(self, ring: Keyring) -> None:
        recorded = self.head.acts if self.head is not None else None
        count = recorded.count if recorded is not None else 0
        follows = recorded is None or ring.hashes[count - 1 : count] == [recorded.newest]
        if self.head is not None and len(ring.acts) > count and follows:
            self.head.put_acts(len(ring.acts), ring.hashes[-1])

    def _open_head(self) -> None:
        file = self._folder / "head.sqlite3"
        if not file.exists():
            return
        self.head = HeadRecord(file, vfs=self._vfs)
        if self.head.fact("home") not in {"", self.about.id}:
            raise home_mistake(say("the head file of this home"), say("another home's head file"), self._folder)
        self._drop_unfounded()

    def _drop_unfounded(self) -> None:
        """Remove a head file that was begun after a keeper's word by somebody who died before it was whole."""
        if self.head is not None and not self.head.fact("home"):
            self.close()
            with on_disk(self._folder):
                (self._folder / "head.sqlite3").unlink()

    # ---- sessions -------------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Begin anew, as a new process would: what was signed and never durable is forgotten, but for ``lost``.

        Raises StoreFailure.
        """
        self._note_lost(self.signer.issued())
        self._drop_unfounded()
        if self._doubtful:
            self.close()
            self._open_head()
            self._doubtful = False
        self.signer = self._begun()

    def doubt(self) -> None:
        """Read the head file again when the next run begins: the disk failed, and what it holds may be either."""
        self._doubtful = True

    def begin_run(self, line: str) -> None:
        """Forget what was signed for a line and is not durable, but for ``lost``: its machine begins anew.

        Raises StoreFailure.
        """
        if self._doubtful:
            self.renew()
            return
        self._note_lost({origin: size for origin, size in self.signer.issued().items() if origin.line == line})
        self.signer.begin_run(line)

    def _note_lost(self, issued: Mapping[Origin, int]) -> None:
        for origin, size in issued.items():
            self.lost[origin] = max(size, self.lost.get(origin, 0))

    def _begun(self) -> Signer:
        ring = own_ring(self.path)
        self._note(ring)  # the run before may have died between the home's own root acts and the head file
        return Signer(
            self.about.member,
            self.keys,
            generation=ring.generation,
            head=self.head,
            officers=self.officers,
        )

    # ---- keys -----------------------------------------------------------------------------------------------

    def reload(self, passphrase: bytes) -> None:
        """Read the keys and officers again, after a verb changed them; raises KeyMistake, and keeps what it has."""
        keys, officers = open_keys(keys_file(self.path), passphrase)
        ring = own_ring(self.path)
        self.take(keys, officers)
        self.signer.use_generation(ring.generation)
        self._note(ring)

    def take(self, keys: dict[int, Keys], officers: Officers | None) -> None:
        """Use these keys and ask for the release of these officers from now on."""
        self.keys, self.officers = keys, officers
        self.signer.change_generation(self.signer.generation, keys)
        self.signer.change_officers(officers)

    def old_sealing(self, now_ms: int) -> int:
        """Return how many keys for sealed bundles must be destroyed: their successor is older than 90 days."""
        return _sealing(self.keys) - _sealing(without_old_sealing(self.keys, now_ms))

    def destroy_old_sealing(self, passphrase: bytes, now_ms: int) -> int:
        """Destroy those keys, in the file too; returns how many. Raises KeyMistake, StoreFailure."""
        keys, officers = open_keys(keys_file(self.path), passphrase)  # a verb may have changed them meanwhile
        kept = without_old_sealing(keys, now_ms)
        destroyed = _sealing(keys) - _sealing(kept)
        if destroyed:
            write_keys(keys_file(self.path), kept, passphrase, officers=officers)
        self.take(kept, officers)
        return destroyed

    def open_seal(self, info: bytes, sealed: bytes) -> bytes:
        """Return the content key of a sealed bundle, from its header's bytes and its sealed key; raises Refused.

        A sealing key whose time is over opens nothing, though a process that runs for months still has it: the next
        verb with the passphrase removes it from the file.
        """
        now_ms = time.time_ns() // 1_000_000
        keys = [one for own in without_old_sealing(self.keys, now_ms).values() for one in own.sealing]
        return open_content_key(keys, info, sealed, me=self.about.member)


def _sealing(generations: Mapping[int, Keys]) -> int:
    return sum(len(own.sealing) for own in generations.values())
