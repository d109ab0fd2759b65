"""Heads: C2SP checkpoints (signed notes) and the cosignatures of those who mirror a log.

A head is the text

    detente/<line>/<epoch>/<member>/<generation>
    <size>
    <root, base64>

and below an empty line its signatures, one a line. The writer signs the text itself (note signature type 1).
A mirror cosigns with one of two keys (C2SP tlog-cosignature, type 4): under the name ".../log" it says
"I durably hold statements 0..size-1 at my clock t", under ".../held" it says "and every body among them that is
not to be revealed later". Sources: C2SP signed-note, tlog-checkpoint, tlog-cosignature.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import NamedTuple

from detente import words
from detente.line import keys
from detente.line.envelope import decode_base64
from detente.line.errors import BadSignature, Malformed

__all__ = [
    "NOTE_MAX",
    "Checkpoint",
    "Cosignature",
    "Head",
    "Origin",
    "cosigned_message",
    "cosigner_name",
    "verifier_key",
]

say = words.speaker("line")

NOTE_MAX = 64 * 1024
"""Bytes: 1 signature and 2 cosignatures of each of 64 mirrors fit in 40 kB."""
_SIGNATURE_TYPE = 1
COSIGNATURE_TYPE = 4
_NAME = r"[a-z][a-z0-9-]{0,62}"
_ORIGIN = re.compile(rf"detente/({_NAME})/(0|[1-9][0-9]{{0,8}})/({_NAME})/(0|[1-9][0-9]{{0,8}})", re.ASCII)
_TEXT = re.compile(rb"([!-~]{1,240})\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n", re.ASCII)
_LINE = re.compile("— ([!-~]{1,240}) ([A-Za-z0-9+/]{1,120}={0,2})\n")


class Origin(NamedTuple):
    """Which log: line id, epoch, author, generation. A tuple, as it is a key of almost every look-up."""

    line: str
    epoch: int
    member: str
    generation: int

    def __str__(self) -> str:
        """Return the first line of the log's heads."""
        return f"detente/{self.line}/{self.epoch}/{self.member}/{self.generation}"

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Return the origin that this text spells; raises Malformed."""
        match = _ORIGIN.fullmatch(text)
        if match is None:
            raise _malformed(text[:240])
        line, epoch, member, generation = match.groups()
        return cls(line, int(epoch), member, int(generation))


@dataclass(frozen=True, slots=True)
class Head:
    """A log at one moment: how many statements, and the root of their Merkle tree."""

    origin: Origin
    size: int
    root: bytes

    def text(self) -> bytes:
        """Return the note's text, which the writer signs."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A mirror's word about a head: its key's name, its clock in seconds, 64 bytes."""

    name: str
    hint: bytes
    clock_s: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head with its writer's signature and any cosignatures."""

    head: Head
    signature: bytes
    hint: bytes
    cosignatures: tuple[Cosignature, ...] = ()

    def encode(self) -> bytes:
        """Return the signed note; cosignatures in the order of name, then clock."""
        lines = [_signature_line(str(self.head.origin), self.hint + self.signature)]
        for one in sorted(self.cosignatures, key=lambda one: (one.name, one.clock_s, one.signature)):
            octets = one.hint + one.clock_s.to_bytes(8, "big") + one.signature
            lines.append(_signature_line(one.name, octets))
        return self.head.text() + b"\n" + "".join(lines).encode()

    @classmethod
    def decode(cls, octets: bytes) -> Checkpoint:
        """Return the checkpoint that these bytes spell; raises Malformed. No signature is checked here."""
        if len(octets) > NOTE_MAX:
            raise _malformed(say("{size} bytes", size=len(octets)))
        text, empty, below = octets.partition(b"\n\n")
        match = _TEXT.fullmatch(text + b"\n")
        try:
            lines = below.decode()
            if match is None or not empty or not lines.endswith("\n"):
                raise ValueError  # noqa: TRY301 - one place turns every shape fault into one refusal
            origin = Origin.parse(match.group(1).decode())
            signatures = [_parse_line(line) for line in lines.splitlines(keepends=True)]
            root = decode_base64(match.group(3).decode())
        except ValueError:
            raise _malformed(repr(octets[:60])) from None
        own = [octets for name, octets in signatures if name == str(origin)]
        if len(own) != 1 or len(own[0]) != 68:
            raise _malformed(say("not exactly one signature of the writer"))
        others = tuple(_cosignature(name, octets) for name, octets in signatures if name != str(origin))
        made = cls(Head(origin, int(match.group(2)), root), own[0][4:], own[0][:4], others)
        if made.encode() != octets:
            raise _malformed(say("another spelling of the same content"))
        return made

    def verify(self, public: bytes) -> None:
        """Return when the writer's signature is this key's; raises BadSignature."""
        if self.hint != note_hint(str(self.head.origin), _SIGNATURE_TYPE, public):
            raise _bad(str(self.head.origin))
        keys.verify(public, self.signature, self.head.text())

    def bare(self) -> Checkpoint:
        """Return the head with its writer's signature alone."""
        return self.under(())

    def under(self, cosignatures: tuple[Cosignature, ...]) -> Checkpoint:
        """Return the head with its writer's signature and these cosignatures."""
        return Checkpoint(self.head, self.signature, self.hint, cosignatures)


def cosigner_name(line: str, epoch: int, member: str, role: str) -> str:
    """Return the name of a mirror's cosigning key on a line; role is "log" or "held"."""
    return f"detente/{line}/{epoch}/{member}/{role}"


def cosigned_message(head: Head, clock_s: int) -> bytes:
    """Return the bytes that a cosignature covers (C2SP tlog-cosignature)."""
    return b"cosignature/v1\ntime %d\n" % clock_s + head.text()


def verify_cosignature(head: Head, one: Cosignature, public: bytes) -> None:
    """Return when the cosignature over this head is this key's; raises BadSignature."""
    if one.hint != note_hint(one.name, COSIGNATURE_TYPE, public):
        raise _bad(one.name)
    keys.verify(public, one.signature, cosigned_message(head, one.clock_s))


def make_checkpoint(head: Head, signature: bytes, public: bytes) -> Checkpoint:
    """Return the head with its writer's signature, made by this key over ``head.text()``."""
    return Checkpoint(head, signature, note_hint(str(head.origin), _SIGNATURE_TYPE, public))


def make_cosignature(name: str, clock_s: int, signature: bytes, public: bytes) -> Cosignature:
    """Return a cosignature made by this key over ``cosigned_message``."""
    return Cosignature(name, note_hint(name, COSIGNATURE_TYPE, public), clock_s, signature)


def note_hint(name: str, kind: int, public: bytes) -> bytes:
    """Return the four bytes by which a note's line hints at its key; never trusted alone (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def verifier_key(name: str, public: bytes, *, cosigns: bool = False) -> str:
    """Return a public key as other tools for logs take it (C2SP signed-note): name, hint, kind and key.

    name: the log's origin for its writer's key; with ``cosigns``, ``cosigner_name`` for a mirror's.
    """
    kind = COSIGNATURE_TYPE if cosigns else _SIGNATURE_TYPE
    return f"{name}+{note_hint(name, kind, public).hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"


def _signature_line(name: str, octets: bytes) -> str:
    return f"— {name} {base64.b64encode(octets).decode()}\n"


def _parse_line(line: str) -> tuple[str, bytes]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(line[:80])
    return match.group(1), decode_base64(match.group(2))


def _cosignature(name: str, octets: bytes) -> Cosignature:
    if len(octets) != 76:
        raise _malformed(name)
    return Cosignature(name, octets[:4], int.from_bytes(octets[4:12], "big"), octets[12:])


def _malformed(came: str) -> Malformed:
    return Malformed(
        expected=say("a signed head of a log"), came=came, remedy=say("nothing of it was stored; ask the sender")
    )


def _bad(name: str) -> BadSignature:
    return BadSignature(
        expected=say("a signature of the key enrolled for {name}", name=name),
        came=say("another key's"),
        remedy=say("nothing of it was stored; ask the sender"),
    )
