"""Questions about the lines and their record, about forms, drafts and their release, alarms and the desk's own shelf.

References of entries are those of the command line (``line log``). Moments: milliseconds since 1970 UTC. Documents that
the command line gives as JSON (``line log --json``, ``obligations --json``) are the same here, as plain dictionaries.
"""

from __future__ import annotations

from typing import Any, ClassVar

from detente.node.desk_door.draft_questions import (
    AlarmAcknowledged,
    AlarmDocument,
    AlarmsAsked,
    AlarmsDocument,
    AttachmentGiven,
    CheckAsked,
    CheckDocument,
    ContentDocument,
    DraftContentAsked,
    DraftDiscarded,
    DraftDocument,
    DraftKept,
    DraftsAsked,
    DraftsDocument,
    DraftState,
    FaultDocument,
    FormDocument,
    FormsAsked,
    FormsDocument,
    ReleaseAsked,
    ReleaseGiven,
    ReleaseRequest,
    ReleaseState,
    ShelfAsked,
    ShelfDocument,
    ShelfKept,
)
from detente.node.desk_door.questions import Document, Question

__all__ = [
    "ActivitiesAsked",
    "AlarmAcknowledged",
    "AlarmDocument",
    "AlarmsAsked",
    "AlarmsDocument",
    "AreaDocument",
    "AreasAsked",
    "AreasDocument",
    "AttachmentGiven",
    "CheckAsked",
    "CheckDocument",
    "ContactsAsked",
    "ContentAsked",
    "ContentDocument",
    "DraftContentAsked",
    "DraftDiscarded",
    "DraftDocument",
    "DraftKept",
    "DraftState",
    "DraftsAsked",
    "DraftsDocument",
    "EntriesAsked",
    "EntriesDocument",
    "EntryAsked",
    "EntryDocument",
    "EntryRow",
    "FaultDocument",
    "FormDocument",
    "FormsAsked",
    "FormsDocument",
    "GroupsDocument",
    "HandoverAsked",
    "HandoverDocument",
    "IncidentsAsked",
    "LineDocument",
    "LinesAsked",
    "LinesDocument",
    "NewsAsked",
    "NewsDocument",
    "ObligationsAsked",
    "ObligationsDocument",
    "PartyDocument",
    "RecordQuestion",
    "ReleaseAsked",
    "ReleaseGiven",
    "ReleaseRequest",
    "ReleaseState",
    "ShelfAsked",
    "ShelfDocument",
    "ShelfKept",
    "TimelineAsked",
    "TimelineDocument",
    "TimelineItem",
]


# ---- lines ------------------------------------------------------------------------------------------------------


class PartyDocument(Document, frozen=True):
    """Another party of a line. state: open, degraded, silent, suspended or resumed; the rest as ``line status``."""

    member: str
    is_member: bool
    state: str
    heard_ms: int | None
    missed: int
    held: int
    delivered: int
    waiting_since_ms: int | None
    couriers: tuple[dict[str, Any], ...] = ()


class LineDocument(Document, frozen=True):
    """One line. name: as people say it (baltic); run: running, refilling, halted or stopped, with its reason."""

    line: str
    name: str
    is_training: bool
    is_humanitarian: bool
    run: str
    reason: str
    held: int
    last_test_ms: int | None
    two_person_release: tuple[str, ...]
    parties: tuple[PartyDocument, ...]


class LinesDocument(Document, frozen=True):
    """How the whole node stands. waits, held_s: why lines do not answer, as ``status`` says it."""

    member: str
    version: str
    now_ms: int
    ready: bool
    waits: str = ""
    held_s: int = 0
    lines: tuple[LineDocument, ...] = ()


class LinesAsked(Question, frozen=True, tag="lines"):
    """How does every line stand."""

    answered_by: ClassVar[type[Any]] = LinesDocument


class NewsDocument(Document, frozen=True):
    """number: of the newest change; topics: what changed since the number that was asked about.

    Topics: "entries", "lines", "drafts", "alarms", "people", "trail", "shelf".
    """

    number: int
    topics: tuple[str, ...]


class NewsAsked(Question, frozen=True, tag="news"):
    """What changed since ``after``? Waits up to ``wait_s`` seconds for something."""

    answered_by: ClassVar[type[Any]] = NewsDocument
    after: int
    wait_s: int = 20


# ---- entries ----------------------------------------------------------------------------------------------------


class EntryRow(Document, frozen=True):
    """An entry in a list. states: recipient -> held, delivered, read, answered, for own entries.

    kind: the notice's kind, "" for what is none; standing: as it was said, corrected or cancelled, with ``changed_by``.
    """

    line: str
    ref: str
    member: str
    is_own: bool
    type: str
    kind: str
    title: str
    precedence: str
    activity: str
    clock_ms: int
    received_ms: int | None
    answer_by_ms: int | None
    in_reply_to: str | None
    states: dict[str, str]
    replies: int
    standing: str = "said"
    changed_by: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class EntriesDocument(Document, frozen=True):
    """A page of entries, newest first; next: give it as ``before`` for older ones, "" when there are none."""

    rows: tuple[EntryRow, ...]
    next: str = ""


class EntriesAsked(Question, frozen=True, tag="entries"):
    """Which entries? Empty fields ask for all.

    text: words that title, body or reference contain, in any case. with_control: tests of the line, receipts and the
    like, too. has_open_answer: only those to which an answer is owed.
    """

    answered_by: ClassVar[type[Any]] = EntriesDocument
    line: str = ""
    member: str = ""
    kind: str = ""
    text: str = ""
    activity: str = ""
    before: str = ""
    from_ms: int | None = None
    until_ms: int | None = None
    with_control: bool = False
    has_open_answer: bool = False
    limit: int = 50


class EntryDocument(Document, frozen=True):
    """One entry in full.

    entry: as ``line log --json``. notice: its body, checked and plain, None when it is no notice that this version
    understands, with ``faults``. texts: "en" and "ru", as ``notice show``. geojson: None when it has no place or may
    not be exported. related: rows of what it refers to, of replies to it, corrections, and of the same activity.
    """

    row: EntryRow
    entry: dict[str, Any]
    notice: dict[str, Any] | None
    faults: tuple[str, ...]
    warnings: tuple[str, ...]
    texts: dict[str, str]
    geojson: dict[str, Any] | None
    related: tuple[EntryRow, ...]


class EntryAsked(Question, frozen=True, tag="entry"):
    """What does this entry say."""

    answered_by: ClassVar[type[Any]] = EntryDocument
    line: str
    ref: str


class ContentAsked(Question, frozen=True, tag="content"):
    """Give the bytes of a body or an attachment."""

    answered_by: ClassVar[type[Any]] = ContentDocument
    line: str
    ref: str
    index: int


class GroupsDocument(Document, frozen=True):
    """Groups of what belongs together, newest first: each a name and its rows, by member where both sides spoke."""

    groups: tuple[dict[str, Any], ...]


class ActivitiesAsked(Question, frozen=True, tag="activities"):
    """Every activity as it stands now: ``{name, notices: [row...], adrift: [...]}``."""

    answered_by: ClassVar[type[Any]] = GroupsDocument
    line: str = ""


class IncidentsAsked(Question, frozen=True, tag="incidents"):
    """Incidents with the accounts of every side: ``{name, accounts: {member: [row...]}, evidence: [...]}``."""

    answered_by: ClassVar[type[Any]] = GroupsDocument
    line: str = ""


class ContactsAsked(Question, frozen=True, tag="contacts"):
    """Contacts (request, agreement, record) with each side's readout: ``{name, steps: [row...], readouts: {...}}``."""

    answered_by: ClassVar[type[Any]] = GroupsDocument
    line: str = ""


class AreaDocument(Document, frozen=True):
    """An announced area: GeoJSON feature, the windows in which it is in force, and the entry that says so."""

    line: str
    ref: str
    member: str
    title: str
    kind: str
    standing: str
    windows: tuple[tuple[int, int | None], ...]
    feature: dict[str, Any]


class AreasDocument(Document, frozen=True):
    """Areas in force in the asked time; humanitarian ones are never among them."""

    areas: tuple[AreaDocument, ...]


class AreasAsked(Question, frozen=True, tag="areas"):
    """Which areas are in force between these moments."""

    answered_by: ClassVar[type[Any]] = AreasDocument
    from_ms: int
    until_ms: int


class ObligationsDocument(Document, frozen=True):
    """Verdicts as ``obligations --json`` gives them; what asks for nothing is left out.

    Beside each stand ``line``, ``ref``, ``kind``, ``notice`` (the plan's title), ``agreement``, ``sha256`` of its file.
    """

    verdicts: tuple[dict[str, Any], ...]


class ObligationsAsked(Question, frozen=True, tag="obligations"):
    """What is owed, by whom, by when, at this moment."""

    answered_by: ClassVar[type[Any]] = ObligationsDocument
    line: str = ""
    at_ms: int | None = None


class TimelineItem(Document, frozen=True):
    """A bar or a dot of the timeline. what: notice, area, outage, answer_due or obligation_due."""

    what: str
    from_ms: int
    until_ms: int | None
    title: str
    member: str
    line: str
    ref: str = ""


class TimelineDocument(Document, frozen=True):
    """What happened and what is announced between two moments."""

    items: tuple[TimelineItem, ...]


class TimelineAsked(Question, frozen=True, tag="timeline"):
    """What lies between these moments."""

    answered_by: ClassVar[type[Any]] = TimelineDocument
    from_ms: int
    until_ms: int


class HandoverDocument(Document, frozen=True):
    """For the next watch: what happened, what is owed, what is open."""

    from_ms: int
    until_ms: int
    happened: tuple[EntryRow, ...]
    acts: tuple[dict[str, Any], ...]
    owed: tuple[dict[str, Any], ...]
    awaited: tuple[EntryRow, ...]
    drafts: tuple[DraftDocument, ...]
    alarms: tuple[AlarmDocument, ...]
    lines: LinesDocument


class HandoverAsked(Question, frozen=True, tag="handover"):
    """What must the next watch know."""

    answered_by: ClassVar[type[Any]] = HandoverDocument
    from_ms: int
    until_ms: int


RecordQuestion = (
    LinesAsked
    | NewsAsked
    | EntriesAsked
    | EntryAsked
    | ContentAsked
    | ActivitiesAsked
    | IncidentsAsked
    | ContactsAsked
    | AreasAsked
    | ObligationsAsked
    | TimelineAsked
    | HandoverAsked
    | FormsAsked
    | CheckAsked
    | DraftsAsked
    | DraftKept
    | DraftDiscarded
    | DraftContentAsked
    | ReleaseAsked
    | ReleaseGiven
    | AlarmsAsked
    | AlarmAcknowledged
    | ShelfAsked
    | ShelfKept
)
