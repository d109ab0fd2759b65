"""What one bundle goes through on its way out and in, the same for every courier.

Out: what the party lacks is gathered from the machine, as bytes of a bundle, sealed where it must be. In: bytes as
they come, unsealed, parsed, given to the line piece by piece; what is whole of a bundle that is cut is used.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from detente import words
from detente.line import canonical
from detente.line.bundle import BUNDLE_MAGIC, EXPORT_MAGIC, Kind, Parser, Record, Writer
from detente.line.effects import Took
from detente.line.envelope import Envelope, PayloadType, payload_of
from detente.line.errors import Malformed, OutOfPlace, Refused
from detente.line.session import Have, decode_session
from detente.node.couriers.carried_lines import CarriedLines, Seals
from detente.node.sealing import SEALED_MAGIC, Unsealer, seal

__all__ = ["Outgoing", "Taken", "Taking", "gather"]

say = words.speaker("node")

PIECE_BYTES = 512_000
"""Asked from the line at once: a piece of work that is short for the line thread."""
_AT_ONCE_BYTES = 256_000
_AT_ONCE_RECORDS = 200
_MARKS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A bundle on its way out. marks: short hashes of its records; about: of its have-vector without clock and nonce.

    said: the marks of statements among them, which the party has not confirmed yet, as far as it let us know.
    more: something still waits that did not fit.
    """

    body: bytes
    marks: frozenset[bytes]
    about: bytes
    more: bool
    said: frozenset[bytes] = frozenset()

    def says_nothing_after(self, last: Outgoing | None) -> bool:
        """Tell whether the party was told all of it by the last one."""
        return last is not None and self.about == last.about and self.marks <= last.marks


@dataclass(slots=True)
class Taken:
    """What one bundle brought. reasons: refusals by reason; fault: why reading stopped, or ""."""

    line: str = ""
    author: str = ""
    new: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    not_understood: int = 0
    records: int = 0
    complete: bool = False
    fault: str = ""

    def add(self, took: Took) -> None:
        """Count what one piece brought."""
        self.new.update(dict(took.new))
        self.refused += took.refused[: 100 - len(self.refused)]
        self.reasons.update(dict(took.reasons))
        self.not_understood += took.not_understood

    def sentence(self) -> str:
        """Return what a person should know of its faults, "" when there are none."""
        if self.fault:
            return self.fault
        if not self.reasons:
            return ""
        first = self.refused[0][1] if self.refused else ""
        if "have" not in self.new and self.reasons.get("BadSignature"):
            return say(
                "{author} does not sign with the card that this line joined: another line's card? {first}",
                author=self.author,
                first=first,
            )
        return say.many(
            "{count} record refused: {first}",
            "{count} records refused: {first}",
            count=sum(self.reasons.values()),
            first=first,
        )


async def gather(
    lines: CarriedLines, line: str, to: str, size_max: int, *, seals: Seals | None = None
) -> Outgoing | None:
    """Return the bundle for a party; None when this node cannot speak, or not to it.

    seals: given, the bundle is sealed for the party alone. Raises HomeMistake, StoreFailure.
    """
    transmit = await lines.ready(line, to, min(size_max, PIECE_BYTES))
    if transmit is None or not transmit.records:
        return None
    writer = Writer()
    body = [writer.start()]
    marks: set[bytes] = set()
    said: frozenset[bytes] = frozenset()
    about, size, first = b"", 0, True
    while True:
        said |= _said(transmit.records)
        for record in transmit.records:
            if record.kind is Kind.HAVE and first:
                about, first = _about(record.content), False
            elif len(marks) < _MARKS_MAX:
                marks.add(_mark(record.content))
            body.append(writer.record(record))
            size += len(body[-1])
        if not transmit.more or not transmit.records or size >= size_max:
            break
        following = await lines.ready(line, to, min(size_max - size, PIECE_BYTES), True)
        if following is None:
            break
        transmit = following
    body.append(writer.end())
    if seals is not None:
        address = await seals.to(line, to)
        body = await asyncio.to_thread(
            lambda: list(
                seal(
                    [b"".join(body)],
                    address.public,
                    line=address.line,
                    epoch=address.epoch,
                    from_=address.from_,
                    to=address.to,
                )
            )
        )
    if len(marks) >= _MARKS_MAX:
        marks.add(writer.end())  # more than can be compared: never the same as another
    return Outgoing(b"".join(body), frozenset(marks), about, transmit.more, said)


def _mark(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=12).digest()


def _said(records: Sequence[Record]) -> frozenset[bytes]:
    return frozenset(_mark(one.content) for one in records if one.kind is Kind.ENTRY)


def _about(have: bytes) -> bytes:
    """Return what a have-vector of our own says, without its time: the same words again say nothing."""
    said = decode_session(payload_of(have), Have)
    return canonical.encode({**msgspec.to_builtins(said), "clock_ms": 0})


class Taking:
    """Takes one bundle's bytes as they come, for a line and from a party that are known, or for any line.

    may_speak: returns None when this author may speak on this line here, else the refusal in words. ``finish`` must
    be called at the end, whatever happened.
    """

    def __init__(self, lines: CarriedLines, seals: Seals, may_speak: Callable[[str, str], str | None]) -> None:
        self._lines = lines
        self._seals = seals
        self._may_speak = may_speak
        self._parser = Parser()
        self._start = bytearray()
        self._unsealer: Unsealer | None = None
        self._begun = False
        self._waiting: list[Record] = []
        self._size = 0
        self.taken = Taken()

    async def feed(self, octets: bytes) -> None:
        """Take the next bytes. Raises Refused for what is no bundle, or not one that may come here."""
        if not self._begun:
            self._start += octets
            octets = bytes(self._start)
            if len(octets) < len(SEALED_MAGIC) and any(
                one.startswith(octets) for one in (BUNDLE_MAGIC, SEALED_MAGIC)
            ):
                return
            self._begin(octets)
        if self._unsealer is not None:
            octets = await asyncio.to_thread(self._unsealer.feed, octets)
        for record in self._parser.feed(octets):
            self._waiting.append(record)
            self._size += len(record.content)
            if self._size >= _AT_ONCE_BYTES or len(self._waiting) >= _AT_ONCE_RECORDS:
                await self._give(last=False)

    async def finish(self, fault: str = "") -> Taken:
        """Give the line what is whole and return what all of it brought. fault: why the bytes ended, or ""."""
        taken = self.taken
        taken.complete = self._parser.complete and not fault
        taken.fault = fault
        if self._waiting or taken.line:
            try:
                await self._give(last=True)
            except Refused as refusal:
                taken.fault = taken.fault or str(refusal)
                taken.complete = False
        if not taken.complete and not taken.fault:
            taken.fault = say("the bundle is cut short")
        return taken

    def _begin(self, octets: bytes) -> None:
        self._begun = True
        if octets.startswith(SEALED_MAGIC):
            if self._seals.unsealer is None:
                raise _no_bundle(say("a sealed bundle, and no key here that opens it"))
            self._unsealer = self._seals.unsealer()
        elif octets.startswith(EXPORT_MAGIC):
            raise _no_bundle(say("an export, which is for the verifier"))

    async def _give(self, *, last: bool) -> None:
        records, self._waiting, self._size = tuple(self._waiting), [], 0
        if not self.taken.line:
            self._address(records)
        self.taken.records += len(records)
        self.taken.add(await self._lines.arrived(self.taken.line, records, last))

    def _address(self, records: tuple[Record, ...]) -> None:
        """Read for which line it is, and whose; raises Refused."""
        if not records or records[0].kind is not Kind.HAVE:
            raise _no_bundle(say("one without its sender's have-vector"))
        have = decode_session(Envelope.decode(records[0].content, PayloadType.HAVE).payload, Have)
        refusal = self._may_speak(have.line, have.author)
        if refusal is not None:
            raise OutOfPlace(
                expected=say("a bundle for a line that this home has joined"),
                came=refusal,
                remedy=say("nothing of it was used; take it into the home that it is for, or join the line"),
            )
        self.taken.line, self.taken.author = have.line, have.author


def _no_bundle(came: str) -> Malformed:
    return Malformed(
        expected=say("a bundle of this program"), came=came, remedy=say("nothing of it was used; ask the sender")
    )
