"""Questions about forms, drafts and their release, about alarms and the desk's own shelf: see ``record_questions``."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from detente.node.desk_door.questions import Document, Done, Question

__all__ = [
    "AlarmAcknowledged",
    "AlarmDocument",
    "AlarmsAsked",
    "AlarmsDocument",
    "AttachmentGiven",
    "CheckAsked",
    "CheckDocument",
    "ContentDocument",
    "DraftContentAsked",
    "DraftDiscarded",
    "DraftDocument",
    "DraftKept",
    "DraftState",
    "DraftsAsked",
    "DraftsDocument",
    "FaultDocument",
    "FormDocument",
    "FormsAsked",
    "FormsDocument",
    "ReleaseAsked",
    "ReleaseGiven",
    "ReleaseRequest",
    "ReleaseState",
    "ShelfAsked",
    "ShelfDocument",
    "ShelfKept",
]


DraftState = Literal["unfinished", "draft", "releasing", "gone"]


class ContentDocument(Document, frozen=True):
    """The bytes of a body (0) or an attachment (from 1 on), with the media type that its author stated."""

    media_type: str
    octets: bytes


# ---- forms, drafts, release ---------------------------------------------------------------------------------------


class FormDocument(Document, frozen=True):
    """A kind of notice as a form. schema: its JSON Schema; example: a filled notice; names: by language."""

    kind: str
    type: str
    names: dict[str, str]
    schema: dict[str, Any]
    example: dict[str, Any]


class FormsDocument(Document, frozen=True):
    """Every kind; terms: language -> code or field title -> the word that people read.

    author: of the newest own notice, for the field of that name; the member's name alone while there is none.
    """

    forms: tuple[FormDocument, ...]
    definitions: dict[str, Any]
    terms: dict[str, dict[str, str]]
    author: dict[str, Any] = msgspec.field(default_factory=dict)


class FormsAsked(Question, frozen=True, tag="forms"):
    """What can be written."""

    answered_by: ClassVar[type[Any]] = FormsDocument


class FaultDocument(Document, frozen=True):
    """A fault of a form at its path, in plain words."""

    path: str
    message: str


class CheckDocument(Document, frozen=True):
    """A form as it stands. obligations: verdicts on it, as ``ObligationsDocument``, and limits that it stays below.

    needed: how many officers must release it; is_sendable: no fault, and of this line.
    """

    is_sendable: bool
    faults: tuple[FaultDocument, ...]
    warnings: tuple[FaultDocument, ...]
    type: str
    needed: int
    texts: dict[str, str]
    obligations: tuple[dict[str, Any], ...]
    geojson: dict[str, Any] | None


class CheckAsked(Question, frozen=True, tag="check"):
    """Check a form while it is typed. notice: the document as far as it is filled."""

    answered_by: ClassVar[type[Any]] = CheckDocument
    line: str
    notice: dict[str, Any]


class AttachmentGiven(Document, frozen=True):
    """A file for a draft. sha256: instead of the octets, of a file that the draft which is changed has already."""

    media_type: str
    octets: bytes = b""
    sha256: str = ""


class DraftDocument(Document, frozen=True):
    """A draft that waits. by: who wrote it; is_machine: a watch did. given: names of officers who released it so far.

    state: "unfinished" (a form with ``faults``, which nobody can release), "draft", "releasing" (some officers released
    it, more are needed), "gone" (a machine asks for one again that people sent or discarded). revision: grows with each
    change. attachments: ``{media_type, size, sha256}`` of each file.
    """

    submission: str
    line: str
    type: str
    kind: str
    title: str
    drafted_ms: int
    by: str
    is_machine: bool
    state: DraftState
    needed: int
    given: tuple[str, ...]
    answer_by_ms: int | None
    in_reply_to: str | None
    notice: dict[str, Any] | None
    texts: dict[str, str]
    attachments: tuple[dict[str, Any], ...]
    faults: tuple[FaultDocument, ...] = ()
    revision: int = 0


class DraftsDocument(Document, frozen=True):
    """Every draft that waits, oldest first."""

    drafts: tuple[DraftDocument, ...]


class DraftsAsked(Question, frozen=True, tag="drafts"):
    """What waits to be released."""

    answered_by: ClassVar[type[Any]] = DraftsDocument


class DraftKept(Question, frozen=True, tag="draft-kept"):
    """Keep a draft, or with the submission of one that waits: change it, which takes back every release of it.

    is_unfinished: keep a form with faults, too. revision: of the draft as it was read; another one is refused.
    key: a machine's own name for it: asked again with the same key, it is the same draft.
    """

    answered_by: ClassVar[type[Any]] = DraftDocument
    line: str
    notice: dict[str, Any]
    attachments: tuple[AttachmentGiven, ...] = ()
    answer_by_ms: int | None = None
    in_reply_to: str = ""
    submission: str = ""
    is_machine: bool = False
    is_unfinished: bool = False
    revision: int | None = None
    key: str = ""


class DraftContentAsked(Question, frozen=True, tag="draft-content"):
    """Give the bytes of a draft's attachment, from 1 on."""

    answered_by: ClassVar[type[Any]] = ContentDocument
    submission: str
    index: int


class DraftDiscarded(Question, frozen=True, tag="draft-discarded"):
    """Forget a draft."""

    answered_by: ClassVar[type[Any]] = Done
    submission: str


class ReleaseRequest(Document, frozen=True):
    """What an officer's authenticator is asked to sign. keys: public keys that may, as the officers' list has them."""

    submission: str
    challenge: bytes
    site: str
    keys: tuple[str, ...]
    needed: int
    given: tuple[str, ...]


class ReleaseAsked(Question, frozen=True, tag="release-asked"):
    """What must be signed to release this draft."""

    answered_by: ClassVar[type[Any]] = ReleaseRequest
    submission: str


class ReleaseState(Document, frozen=True):
    """What became of a release. state: "waits" for more officers, or "sent": held, as the entry ``ref`` of its line."""

    state: Literal["waits", "sent"]
    needed: int
    given: tuple[str, ...]
    line: str
    ref: str = ""


class ReleaseGiven(Question, frozen=True, tag="release-given"):
    """An officer's touch for exactly this draft, as WebAuthn gives it; the signer checks it again."""

    answered_by: ClassVar[type[Any]] = ReleaseState
    submission: str
    key: str
    algorithm: str
    authenticator_data: bytes
    client_data: bytes
    signature: bytes


# ---- alarms, shelf ------------------------------------------------------------------------------------------------


class AlarmDocument(Document, frozen=True):
    """An alarm of the node. sentence: in the language asked for; state: where in the life of an alarm it is."""

    id: str
    line: str
    name: str
    member: str
    priority: str
    sentence: str
    raised_ms: int
    last_ms: int
    count: int
    state: str
    acknowledged_ms: int | None = None
    acknowledged_by: str = ""
    note: str = ""
    ended_ms: int | None = None
    ref: str = ""


class AlarmsDocument(Document, frozen=True):
    """Every alarm that is kept, gravest and newest first."""

    alarms: tuple[AlarmDocument, ...]


class AlarmsAsked(Question, frozen=True, tag="alarms"):
    """Which alarms are there."""

    answered_by: ClassVar[type[Any]] = AlarmsDocument


class AlarmAcknowledged(Question, frozen=True, tag="alarm-acknowledged"):
    """A person saw this alarm."""

    answered_by: ClassVar[type[Any]] = Done
    id: str
    by: str
    note: str = ""


class ShelfDocument(Document, frozen=True):
    """A named document of the desk, such as its overlays; b"" when there is none."""

    octets: bytes


class ShelfAsked(Question, frozen=True, tag="shelf"):
    """What lies on the desk's shelf under this name."""

    answered_by: ClassVar[type[Any]] = ShelfDocument
    name: str


class ShelfKept(Question, frozen=True, tag="shelf-kept"):
    """Keep a document of the desk under a name, at most 4 MB; b"" takes it away."""

    answered_by: ClassVar[type[Any]] = Done
    name: str
    octets: bytes
