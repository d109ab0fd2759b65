"""A statement: one entry of a member's log. It commits to its body; the body travels beside it.

Fields that this version does not know are kept in the payload and shown; when ``critical`` names one of them,
or the type is unknown, the statement is stored, mirrored and cosigned all the same and shown as not understood.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detente import words
from detente.line import canonical
from detente.line.envelope import ENVELOPE_MAX
from detente.line.errors import Malformed

__all__ = [
    "ATTACHMENTS_MAX",
    "ATTACHMENTS_TOTAL_MAX",
    "BODY_MAX",
    "MEMBERS_MAX",
    "RELEASE_SIZE",
    "SALT_BYTES",
    "Commitment",
    "HeadSeen",
    "Reference",
    "Statement",
    "commit",
    "is_submission",
    "promised",
    "shown_contents",
]

say = words.speaker("line")

BODY_MAX = 1_000_000
ATTACHMENTS_MAX = 16
ATTACHMENTS_TOTAL_MAX = 64_000_000
MEMBERS_MAX = 64
SALT_BYTES = 32
RELEASE_SIZE = -2
"""Stands for the size of a release, which its statement does not state."""

Name = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,30}\Z")]
LineId = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,62}\Z")]
Hash = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Submission = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
FieldName = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9_]{0,62}\Z")]
Count = Annotated[int, Meta(ge=0, le=canonical.INTEGER_MAX)]
Small = Annotated[int, Meta(ge=0, le=999_999_999)]


class Commitment(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """A body's or attachment's promise: SHA-256 of 32 random bytes and the content, size, kind, when shown.

    reveal: "now" (the content travels with the statement) or "later" (a later ``reveal`` statement shows it).
    """

    hash: str  # the shape of these texts is checked by ``_check_texts``
    media_type: str
    reveal: str
    size: Count


class HeadSeen(msgspec.Struct, frozen=True):
    """A head of another member's log that the author held when this statement was made."""

    generation: Small
    member: Name
    root: Hash
    size: Count


class Reference(msgspec.Struct, frozen=True):
    """One statement of the line: where it stands and its leaf hash."""

    epoch: Small
    generation: Small
    leaf: Hash
    member: Name
    seq: Count


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry says; see spec/ for each field.

    clock_ms, answer_by_ms: the author's clock, milliseconds since 1970 UTC; recorded as given, never trusted.
    seq: the leaf index that this statement must occupy. previous: hash of the leaf before it, of the epoch's
    opening when seq is 0 and the generation is the seat's; when seq is 0 and the generation is a later one,
    SHA-256 of that hash and the hash of the root act that started the generation.
    heads: heads of other members' logs that changed since the author's last statement, sorted by member.
    release: SHA-256 of the officers' release (``detente.line.release``) when people released it, else None.
    """

    answer_by_ms: Count | None
    attachments: Annotated[tuple[Commitment, ...], Meta(max_length=ATTACHMENTS_MAX)]
    author: str
    body: Commitment
    clock_ms: Count
    critical: Annotated[tuple[FieldName, ...], Meta(max_length=16)]
    epoch: Small
    generation: Small
    heads: Annotated[tuple[HeadSeen, ...], Meta(max_length=MEMBERS_MAX)]
    in_reply_to: Reference | None
    key: str
    line: str
    previous: str
    release: Hash | None
    seq: Count
    submission: str
    type: str

    def encode(self) -> bytes:
        """Return the canonical payload; raises Malformed for a value outside its type."""
        octets = _encoder.encode(self)
        _check_types(octets)
        return octets

    def encode_checked(self) -> bytes:
        """Return the canonical payload of a statement whose values were all checked before."""
        return _encoder.encode(self)

    @classmethod
    def decode(cls, payload: bytes) -> tuple[Statement, dict[str, Any]]:
        """Return the statement and the fields that this version does not know; raises Malformed."""
        if len(payload) <= ENVELOPE_MAX:
            # Nearly every statement has known fields only: then the typed decoder, whose types are narrower than
            # the restriction of ``canonical``, together with encoding again is the same check, and much faster.
            try:
                known = _decoder.decode(payload)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                pass
            else:
                if _encoder.encode(known) == payload:
                    _check_texts(known)
                    return _within_caps(known), {}
        document = canonical.decode(payload, size_max=ENVELOPE_MAX, what="statement")
        try:
            statement = msgspec.convert(document, cls)
        except msgspec.ValidationError as fault:
            raise Malformed(
                expected=say("a statement as spec/ describes it"),
                came=str(fault)[:200],
                remedy=say("nothing of it was stored; ask the sender"),
            ) from None
        _check_texts(statement)
        unknown = {name: value for name, value in document.items() if name not in FIELDS}
        return _within_caps(statement), unknown

    @classmethod
    def decode_known(cls, payload: bytes) -> Statement:
        """Return the statement; raises Malformed as well for a field that this version does not know."""
        statement, unknown = cls.decode(payload)
        if unknown:
            raise Malformed(
                expected=say("a statement as spec/ describes it"),
                came=say("a field that this version does not know"),
                remedy=say("nothing of it was stored; ask the sender"),
            )
        return statement

    def not_understood(self, unknown: dict[str, Any], known_types: frozenset[str]) -> bool:
        """Tell whether a reader of this version must show it as not understood."""
        critical = set(self.critical)
        return self.type not in known_types or bool(critical - set(FIELDS)) or bool(critical & unknown.keys())


FIELDS = frozenset(Statement.__struct_fields__)
_decoder = msgspec.json.Decoder(Statement)
_encoder = msgspec.json.Encoder(order="sorted")


def _check_types(octets: bytes) -> None:
    """Refuse what was put into a statement outside its type: a struct's constructor does not look."""
    try:
        _check_texts(_decoder.decode(octets))
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Malformed(
            expected=say("a statement as spec/ describes it"),
            came=str(fault)[:200],
            remedy=say("nothing of it was stored; ask the sender"),
        ) from None


_COMMITMENT = {
    "hash": r"[0-9a-f]{64}",
    "media_type": r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,62}",
    "reveal": r"(?:now|later)",
}
_STATEMENT = {
    "author": r"[a-z][a-z0-9-]{0,30}",
    "key": r"[0-9a-f]{64}",
    "line": r"[a-z][a-z0-9-]{0,62}",
    "previous": r"[0-9a-f]{64}",
    "submission": r"[0-9a-f]{32}",
    "type": r"[a-z][a-z0-9.-]{0,62}",
}
_submission = re.compile(_STATEMENT["submission"]).fullmatch
# joined by a newline, which none of them can hold
_commitment_texts = re.compile("\n".join(_COMMITMENT.values())).fullmatch
_statement_texts = re.compile("\n".join((*_STATEMENT.values(), *_COMMITMENT.values()))).fullmatch


def _check_texts(one: Statement) -> None:
    """Refuse a text that has not the shape of its field; all texts are looked at together, as that is quicker."""
    body = one.body
    if not _statement_texts(
        f"{one.author}\n{one.key}\n{one.line}\n{one.previous}\n{one.submission}\n{one.type}\n"
        f"{body.hash}\n{body.media_type}\n{body.reveal}"
    ):
        raise _bad_text(one, body)
    for each in one.attachments:
        if not _commitment_texts(f"{each.hash}\n{each.media_type}\n{each.reveal}"):
            raise _bad_text(one, each)


def _bad_text(one: Statement, each: Commitment) -> Malformed:
    found = [(name, getattr(one, name), pattern) for name, pattern in _STATEMENT.items()]
    found += [(name, getattr(each, name), pattern) for name, pattern in _COMMITMENT.items()]
    bad = next(f"{name}: {text!r}" for name, text, pattern in found if not re.fullmatch(pattern, text))
    return Malformed(
        expected=say("a statement as spec/ describes it"),
        came=bad[:200],
        remedy=say("nothing of it was stored; ask the sender"),
    )


def promised(statement: Statement) -> tuple[tuple[str, int], ...]:
    """Return hash and size of everything that travels with a statement: shown contents, then its release.

    A release has no stated size: RELEASE_SIZE stands for it.
    """
    return _travelling(statement)


def shown_contents(payload: bytes) -> tuple[tuple[str, int], ...]:
    """Return the same of a stored statement, from its payload."""
    return _travelling(_shown_decoder.decode(payload))


def _travelling(one: Statement | _Shown) -> tuple[tuple[str, int], ...]:
    found = [(each.hash, each.size) for each in (one.body, *one.attachments) if each.reveal == "now"]
    if one.release is not None:
        found.append((one.release, RELEASE_SIZE))
    return tuple(found)


class _ShownCommitment(msgspec.Struct, frozen=True):
    hash: str
    reveal: str
    size: int


class _Shown(msgspec.Struct, frozen=True):
    """The few fields of a statement that say what travels with it."""

    attachments: tuple[_ShownCommitment, ...]
    body: _ShownCommitment
    release: str | None


_shown_decoder = msgspec.json.Decoder(_Shown)


def _within_caps(statement: Statement) -> Statement:
    total = sum([one.size for one in statement.attachments])
    if total > ATTACHMENTS_TOTAL_MAX or statement.body.size > BODY_MAX:
        raise Malformed(
            expected=say(
                "a body of at most {body} and attachments of at most {all} bytes in all",
                body=BODY_MAX,
                all=ATTACHMENTS_TOTAL_MAX,
            ),
            came=say("more"),
            remedy=say("nothing of it was stored; ask the sender"),
        )
    return statement


def is_submission(text: object) -> bool:
    """Tell whether this is a submission id: 16 bytes in lower hexadecimal."""
    return type(text) is str and _submission(text) is not None


def commit(salt: bytes, content: bytes) -> str:
    """Return the hash that a statement holds for a content: hexadecimal SHA-256 of salt, then content."""
    digest = hashlib.sha256(salt)
    digest.update(content)
    return digest.hexdigest()
