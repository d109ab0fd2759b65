"""The courier of kind folder: bundles as files, for a stick, a mail gateway, a one-way diode.

    OUT/LINE-ME-to-PARTY-TIME.bundle    at most one that nobody took yet; a newer one takes its place
    IN/*.bundle                         taken when they no longer change
    IN/taken/                           what was taken whole (or it is deleted)
    IN/refused/NAME, NAME.txt           what was not, and why; what of it was good is used all the same

Files of others are never touched in OUT; in IN links and devices are left alone.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from detente import words
from detente.door.files import writing
from detente.errors import DetenteError
from detente.line.errors import Refused
from detente.node.couriers.carried_lines import CarriedLines, Seals
from detente.node.couriers.carrying import Taken, Taking
from detente.node.couriers.errors import LinkFailure
from detente.node.couriers.states import CourierStates
from detente.node.couriers.traffic import Traffic
from detente.node.settings.structs import FolderTo

__all__ = ["ENDING", "FolderCourier", "Intake"]

say = words.speaker("node")

ENDING = ".bundle"
SIZE_MAX = 1_000_000_000
"""About how large one file may be: it may have to hold everything since a bundle last came back."""
_READ_BYTES = 1 << 20
_LOOK_S = 1.0
_REFUSALS_TOLD = 50


@dataclass(slots=True)
class FolderCourier:
    """Writes bundles for one party into a folder.

    receipt_s: how long a written statement may stay without the party's receipt until this courier counts as failing,
    though it goes on writing; None: for ever, nobody else could carry. A file that lies there is not delivered.
    """

    name: str
    traffic: Traffic
    to: FolderTo
    out: Path
    clock: Callable[[], int]
    receipt_s: float | None = None
    _written_at_s: float = 0.0
    _waiting: dict[bytes, float] = field(default_factory=dict)
    _doubted_at_s: float | None = None

    @property
    def every_s(self) -> int:
        """The longest time between two looks; without news nothing is written."""
        return self.to.every_s

    def busy(self) -> bool:
        """Tell whether the last bundle still lies there and is too young to be replaced."""
        return (
            bool(self._written_at_s)
            and self._doubted_at_s is None  # or the next courier would wait, too
            and time.monotonic() - self._written_at_s < self.to.every_s
            and any(self._mine())
        )

    async def carry(self, *, beat: bool) -> None:
        """Write what is new, in the place of what nobody took. Raises LinkFailure for a folder that takes nothing."""
        del beat  # a file says nothing anew by lying there once more
        if not await asyncio.to_thread(self.out.is_dir):
            self.traffic.lost()
            raise _no_folder(self.out)
        made = await self.traffic.give(SIZE_MAX, sealed=self.to.sealed, unless_told=True)
        if made is not None:
            try:
                await asyncio.to_thread(self._write, made.body)
            except BaseException:
                self.traffic.lost()
                raise
            self._written_at_s = time.monotonic()
        self._check_receipts()
        if made is not None:
            self.traffic.states.ok(self.traffic.line, self.traffic.party, self.name, bytes_out=len(made.body))

    def _check_receipts(self) -> None:
        """Raise LinkFailure while receipts are overdue and nothing came back through a folder since."""
        now_s, before = time.monotonic(), self._waiting
        self._waiting = {mark: before.get(mark, now_s) for mark in self.traffic.lacking}
        if self.receipt_s is None:
            return
        if self._doubted_at_s is not None and self.traffic.by_folder_at_s > self._doubted_at_s:
            self._doubted_at_s = None
            self._waiting = dict.fromkeys(self._waiting, now_s)
        if now_s - min(self._waiting.values(), default=now_s) > self.receipt_s and self._doubted_at_s is None:
            self._doubted_at_s = now_s
        if self._doubted_at_s is not None:
            self.traffic.lost()  # the next courier carries it
            raise LinkFailure(
                expected=say("a receipt for what lies there"),
                came=say("none for {count} seconds", count=int(self.receipt_s)),
                where=str(self.out),
                remedy=say("find out who takes the files away; another courier carries meanwhile"),
            )

    async def background(self) -> None:
        """Nothing: what comes in is taken by the folder's intake."""

    async def close(self) -> None:
        """Nothing is open between two bundles."""

    def _write(self, body: bytes) -> None:
        before = list(self._mine())
        target = self.out / f"{self._start()}{self.clock()}{ENDING}"
        with writing(target) as part:
            part.write_bytes(body)
        for one in before:
            if one != target:
                one.unlink(missing_ok=True)  # all of it is in the new one, unless it was heard meanwhile

    def _mine(self) -> Iterator[Path]:
        pattern = re.compile(re.escape(self._start()) + r"[0-9]+" + re.escape(ENDING))
        try:
            return iter([one for one in self.out.iterdir() if pattern.fullmatch(one.name)])
        except OSError:
            return iter(())

    def _start(self) -> str:
        traffic = self.traffic
        return f"{traffic.line}-{traffic.lines.member}-to-{traffic.party}-"


@dataclass(slots=True)
class Intake:
    """Takes what comes into one folder, for every line and party of this home.

    known: line -> its other parties. came: told of line and author of each bundle that could be read.
    """

    folder: Path
    lines: CarriedLines
    seals: Seals
    states: CourierStates
    known: Mapping[str, tuple[str, ...]]
    couriers: Mapping[tuple[str, str], str]
    keep_taken: bool = True
    settle_s: int = 2
    came: Callable[[str, str], None] = lambda *_: None
    _sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def run(self) -> None:
        """Look again and again until cancelled; a folder that is not there is waited for."""
        while True:
            for path in await asyncio.to_thread(self._settled):
                try:
                    await self.take(path)
                except (DetenteError, OSError):
                    break  # the store or the disk cannot just now; the file stays for the next look
            await asyncio.sleep(_LOOK_S)

    async def take(self, path: Path) -> Taken:
        """Take one file in and put it away. Raises what the store raises; then the file stays."""
        file = await asyncio.to_thread(_open_plain, path)
        taking = Taking(self.lines, self.seals, self._may_speak)
        fault, size = "", 0
        try:
            while octets := await asyncio.to_thread(os.read, file, _READ_BYTES):
                size += len(octets)
                await taking.feed(octets)
        except Refused as refusal:
            fault = str(refusal)
        finally:
            os.close(file)
        taken = await taking.finish(fault)
        if taken.line:
            self.came(taken.line, taken.author)
        name = self.couriers.get((taken.line, taken.author))
        if name is not None:
            self.states.heard(taken.line, taken.author, name, bytes_in=size)
            if sentence := taken.sentence():
                self.states.noted(taken.line, taken.author, name, sentence)
        await asyncio.to_thread(self._put_away, path, taken)
        return taken

    def _settled(self) -> list[Path]:
        """Return the bundles that did not change since the last look and are old enough, by name."""
        found, seen = [], {}
        try:
            entries = sorted(self.folder.iterdir())
        except OSError:
            return []
        now_s = time.time()
        for path in entries:
            if not path.name.endswith(ENDING) or path.name.startswith("."):
                continue
            try:
                about = path.lstat()
            except OSError:
                continue
            if not stat.S_ISREG(about.st_mode):
                continue
            seen[path.name] = (about.st_size, about.st_mtime_ns)
            old_s = now_s - about.st_mtime
            is_old = old_s >= self.settle_s or old_s < 0  # a clock that was set back must not hold it for ever
            if is_old and self._sizes.get(path.name) == seen[path.name]:
                found.append(path)
        self._sizes = seen
        return found

    def _may_speak(self, line: str, author: str) -> str | None:
        if author in self.known.get(line, ()):
            return None
        return f"{author} / {line}"

    def _put_away(self, path: Path, taken: Taken) -> None:
        if taken.complete and not taken.reasons:
            if self.keep_taken:
                _move(path, self.folder / "taken")
            else:
                path.unlink(missing_ok=True)
            return
        kept = _move(path, self.folder / "refused")
        with writing(kept.with_name(kept.name + ".txt")) as part:
            part.write_text(_why(taken), encoding="utf-8")


def _move(path: Path, folder: Path) -> Path:
    """Move a file into a folder under a name that nothing there has."""
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists() or target.is_symlink():
        number += 1
        target = folder / f"{path.name}.{number}"
    return path.rename(target)


def _why(taken: Taken) -> str:
    rows = [taken.sentence()]
    rows += [f"{reason}: {count}" for reason, count in sorted(taken.reasons.items())]
    rows += [what for _, what in taken.refused[:_REFUSALS_TOLD]]
    return "\n".join(row for row in rows if row) + "\n"


def _open_plain(path: Path) -> int:
    """Open a plain file, never a link or a device. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise FileNotFoundError(path)
    return file


def _no_folder(path: Path) -> LinkFailure:
    return LinkFailure(
        expected=say("a folder that exists"),
        came=say("no such folder"),
        where=str(path),
        remedy=say("make it, or put the stick in"),
    )
