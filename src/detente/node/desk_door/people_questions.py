"""Questions about people, their passkeys and tokens, and the trail of what they did.

The node keeps people and trail; the desk keeps sessions in its memory and asks at each request who somebody is. Ids are
16 random bytes in hexadecimal. Secrets (enrolment codes, tokens) come as their SHA-256 in hexadecimal, themselves only
in the one answer that makes them. Moments: milliseconds since 1970 UTC.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from detente.node.desk_door.questions import Document, Done, Question

__all__ = [
    "ROLES",
    "ActDocument",
    "ActNoted",
    "CredentialDocument",
    "CredentialUsed",
    "EnrolmentAsked",
    "EnrolmentDocument",
    "EnrolmentFinished",
    "LinkDocument",
    "OutsiderAsked",
    "PeopleAsked",
    "PeopleDocument",
    "PeopleQuestion",
    "PersonAdded",
    "PersonAsked",
    "PersonChanged",
    "PersonDocument",
    "PersonRemoved",
    "ReEnrolled",
    "Role",
    "TokenAdded",
    "TokenAsked",
    "TokenDocument",
    "TokenMade",
    "TokenRemoved",
    "TrailAsked",
    "TrailDocument",
]

Role = Literal["viewer", "drafter", "releaser", "keeper"]
ROLES: tuple[Role, ...] = ("viewer", "drafter", "releaser", "keeper")
"""Each role may do what those before it may; but a keeper manages people, and releases nothing as such."""


class CredentialDocument(Document, frozen=True):
    """A passkey. credential: its id; key: as officers' lists have it; public_key: COSE; counter: the highest seen."""

    credential: bytes
    person: str
    key: str
    algorithm: str
    public_key: bytes
    counter: int
    added_ms: int
    used_ms: int | None = None


class PersonDocument(Document, frozen=True):
    """A person. outsider: issuer and "sub" under which a site's own sign-in knows it; "" when by passkey only."""

    id: str
    name: str
    roles: tuple[Role, ...]
    added_ms: int
    passkeys: tuple[CredentialDocument, ...] = ()
    outsider: str = ""
    is_waiting: bool = False
    """Enrolled no passkey yet, or a new one is being enrolled."""
    re_enrol_asked_by: str = ""


class PeopleDocument(Document, frozen=True):
    """Everybody, and every token."""

    people: tuple[PersonDocument, ...]
    tokens: tuple[TokenDocument, ...]


class PeopleAsked(Question, frozen=True, tag="people"):
    """Who may use the desk."""

    answered_by: ClassVar[type[Any]] = PeopleDocument


class PersonAsked(Question, frozen=True, tag="person"):
    """Who is this? By id, or by the id of a passkey; raises HomeMistake for nobody."""

    answered_by: ClassVar[type[Any]] = PersonDocument
    id: str = ""
    credential: bytes = b""


class OutsiderAsked(Question, frozen=True, tag="outsider"):
    """Who is this by a site's own sign-in? ``outsider``: issuer and "sub", as ``PersonDocument.outsider``."""

    answered_by: ClassVar[type[Any]] = PersonDocument
    outsider: str


class LinkDocument(Document, frozen=True):
    """A one-time link's code, in the clear: told once, to be handed over; only its hash is kept."""

    person: str
    code: str
    until_ms: int


class PersonAdded(Question, frozen=True, tag="person-added"):
    """Add a person; the answer has the link with which that person enrols a passkey."""

    answered_by: ClassVar[type[Any]] = LinkDocument
    name: str
    roles: tuple[Role, ...]
    outsider: str = ""


class PersonChanged(Question, frozen=True, tag="person-changed"):
    """Give a person other roles or another name."""

    answered_by: ClassVar[type[Any]] = PersonDocument
    id: str
    name: str
    roles: tuple[Role, ...]
    outsider: str = ""


class PersonRemoved(Question, frozen=True, tag="person-removed"):
    """Remove a person: sessions end, passkeys open nothing any more; the name stays in the trail."""

    answered_by: ClassVar[type[Any]] = Done
    id: str


class ReEnrolled(Question, frozen=True, tag="re-enrolled"):
    """A lost passkey: the first keeper asks (the answer's code is ""), another one confirms and gets the link."""

    answered_by: ClassVar[type[Any]] = LinkDocument
    id: str


class EnrolmentDocument(Document, frozen=True):
    """Whose link this is, and until when it is good."""

    person: str
    name: str
    until_ms: int


class EnrolmentAsked(Question, frozen=True, tag="enrolment"):
    """Whose link is it? code_hash: SHA-256 of the code, hexadecimal."""

    answered_by: ClassVar[type[Any]] = EnrolmentDocument
    code_hash: str


class EnrolmentFinished(Question, frozen=True, tag="enrolment-finished"):
    """The person of this link enrolled a passkey; the link is used up, older passkeys open nothing any more."""

    answered_by: ClassVar[type[Any]] = PersonDocument
    code_hash: str
    credential: bytes
    key: str
    algorithm: str
    public_key: bytes
    counter: int


class CredentialUsed(Question, frozen=True, tag="credential-used"):
    """A passkey signed; its counter must have grown (but for those that keep none). Raises HomeMistake for a copy."""

    answered_by: ClassVar[type[Any]] = Done
    credential: bytes
    counter: int


class TokenDocument(Document, frozen=True):
    """A machine's token: it may post positions, alarms and drafts, nothing else."""

    id: str
    name: str
    added_ms: int
    added_by: str
    until_ms: int | None = None
    used_ms: int | None = None


class TokenMade(Document, frozen=True):
    """A new token, in the clear: told once."""

    token: TokenDocument
    secret: str


class TokenAdded(Question, frozen=True, tag="token-added"):
    """Make a token for a watch."""

    answered_by: ClassVar[type[Any]] = TokenMade
    name: str
    days: int | None = None


class TokenRemoved(Question, frozen=True, tag="token-removed"):
    """Take a token away."""

    answered_by: ClassVar[type[Any]] = Done
    id: str


class TokenAsked(Question, frozen=True, tag="token"):
    """Whose token is it? secret_hash: SHA-256 of the token, hexadecimal. Raises HomeMistake for none."""

    answered_by: ClassVar[type[Any]] = TokenDocument
    secret_hash: str


class ActDocument(Document, frozen=True):
    """One act in the trail. number: from 0 on, without a gap. act: a name such as "signed-in"; detail: short texts.

    hash: of this act and the one before it; signed_in: the entry of the own record that names a later head, or "".
    sentence: the act in the words of the language that was asked for.
    """

    number: int
    at_ms: int
    actor: str
    actor_name: str
    act: str
    detail: dict[str, str]
    hash: str
    signed_in: str = ""
    sentence: str = ""


class ActNoted(Question, frozen=True, tag="act"):
    """Note something that the desk saw: a sign-in, a refusal. Whatever changes something in the node is noted there."""

    answered_by: ClassVar[type[Any]] = Done
    act: str
    detail: dict[str, str] = msgspec.field(default_factory=dict)


class TrailDocument(Document, frozen=True):
    """Acts, newest first; next: give it as ``before`` for older ones, None when there are none."""

    acts: tuple[ActDocument, ...]
    next: int | None = None


class TrailAsked(Question, frozen=True, tag="trail"):
    """What was done? before: only acts with a smaller number."""

    answered_by: ClassVar[type[Any]] = TrailDocument
    before: int | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    limit: int = 100


PeopleQuestion = (
    PeopleAsked
    | PersonAsked
    | OutsiderAsked
    | PersonAdded
    | PersonChanged
    | PersonRemoved
    | ReEnrolled
    | EnrolmentAsked
    | EnrolmentFinished
    | CredentialUsed
    | TokenAdded
    | TokenRemoved
    | TokenAsked
    | ActNoted
    | TrailAsked
)
