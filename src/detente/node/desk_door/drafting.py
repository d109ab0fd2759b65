"""Drafts of a desk: listed, shown, forgotten. Nothing here signs anything, and nothing leaves.

Drafts of the command line lie in the same file and are shown beside the desk's. A draft that was changed is another one
than its officers saw: their touches are taken back.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.errors import DetenteError
from detente.line.checkpoint import Origin
from detente.node.commands_drafts import drafts_file, opened_drafts
from detente.node.desk_door.ask import FormFaultsError
from detente.node.desk_door.forms_read import Told, draft_from, fault_words
from detente.node.desk_door.line_index import TITLE_MAX
from detente.node.desk_door.parts import Parts
from detente.node.desk_door.questions import Done
from detente.node.desk_door.reading import Indexes
from detente.node.desk_door.record_questions import (
    AttachmentGiven,
    ContentDocument,
    DraftContentAsked,
    DraftDiscarded,
    DraftDocument,
    DraftKept,
    DraftsDocument,
    DraftState,
    FaultDocument,
)
from detente.node.desk_door.record_views import texts_of
from detente.node.officers import Officers
from detente.notices.codec import check_document
from detente.notices.kinds import KINDS, kind_of
from detente.store.drafts import Kept, Unfinished
from detente.store.errors import HomeMistake

__all__ = ["Drafting", "Waiting", "file_mark", "files_of", "no_draft", "sent_among", "submission_of"]

say = words.speaker("node")

Waiting = Kept | Unfinished
"""What waits: a draft that officers may release, or a form that is not finished."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a draft's content says: read once for each content."""

    kind: str
    title: str
    notice: dict[str, Any] | None
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Around:
    """What the record says beside a draft."""

    in_reply_to: str | None
    faults: tuple[Told, ...] = ()


@dataclass(slots=True)
class Drafting:
    """Keeps drafts; its methods run on the loop, their work in the door's threads."""

    parts: Parts
    _mark: tuple[int, ...] = ()
    _waiting: list[Waiting] = field(default_factory=list)
    _shown: dict[bytes, _Shown] = field(default_factory=dict)
    _hashed: dict[tuple[str, int, int], tuple[dict[str, Any], ...]] = field(default_factory=dict)

    async def discard(self, asked: DraftDiscarded, language: str) -> Done:
        """Forget a draft. Raises HomeMistake when none has this submission, StoreFailure."""

        def work() -> None:
            old = self.stands(asked.submission)
            if old is None:
                raise no_draft(asked.submission)
            said = {"state": "unfinished"} if isinstance(old, Unfinished) else {"type": old.draft.type}
            self.parts.note(asked, "draft-discarded", submission=asked.submission, line=old.line, **said)
            self.forget(asked.submission, is_remembered=True)

        await self.parts.reading.files(language, work)
        return Done()

    async def listed(self, language: str) -> DraftsDocument:
        """Return every draft that waits, oldest first; one that was sent meanwhile waits no more."""
        kept = await self.parts.reading.files(language, self._all)
        sent = await self.parts.reading.read(language, lambda indexes: sent_among(indexes, kept))
        if sent:
            await self.parts.reading.files(language, lambda: self._forget_all(sent))
        officers = await self.parts.officers_if_known()
        left = [one for one in kept if submission_of(one) not in sent]
        return DraftsDocument(drafts=tuple(await self._documents(left, officers, language)))

    async def document(self, waiting: Waiting, language: str) -> DraftDocument:
        """Return one draft as the desk shows it."""
        return (await self._documents([waiting], await self.parts.officers_if_known(), language))[0]

    async def content(self, asked: DraftContentAsked, language: str) -> ContentDocument:
        """Return the bytes of a draft's file. Raises HomeMistake for none, StoreFailure."""
        waiting = await self.parts.reading.files(language, lambda: self.stands(asked.submission))
        if waiting is None:
            raise no_draft(asked.submission)
        files = files_of(waiting)
        if not 1 <= asked.index <= len(files):
            raise HomeMistake(
                expected=say("a file of this draft"),
                came=str(asked.index),
                where="index",
                remedy=say("it has {count} files; the first is 1", count=len(files)),
            )
        media_type, octets = files[asked.index - 1]
        return ContentDocument(media_type=media_type, octets=octets)

    # ---- in the thread of the files -------------------------------------------------------------------------

    def find(self, submission: str) -> Kept | None:
        """Return the draft of this submission, or None. Raises StoreFailure."""
        with opened_drafts(self.parts.home, read_only=True) as drafts:
            return None if drafts is None else drafts.find(submission)

    def stands(self, submission: str) -> Waiting | None:
        """Return the draft or the unfinished form of this submission, or None. Raises StoreFailure."""
        with opened_drafts(self.parts.home, read_only=True) as drafts:
            if drafts is None:
                return None
            return drafts.find(submission) or drafts.find_unfinished(submission)

    def was_discarded(self, submission: str) -> bool:
        """Tell whether people discarded a draft of this submission. Raises StoreFailure."""
        with opened_drafts(self.parts.home, read_only=True) as drafts:
            return drafts is not None and drafts.was_discarded(submission)

    def write(self, kept: Kept, *, is_new: bool = False) -> None:
        """Keep a draft as it is now. Raises HomeMistake for one too many, or one that waits no more; StoreFailure."""
        with opened_drafts(self.parts.home) as drafts:
            assert drafts is not None  # it is founded when there is none
            if is_new:
                drafts.keep(kept.line, kept.draft, kept.drafted_ms, kept.progress)
            elif not drafts.change(kept):
                raise no_draft(kept.draft.submission)
        self.parts.news.tell("drafts")

    def write_unfinished(self, form: Unfinished) -> None:
        """Keep a form that is not finished. Raises HomeMistake for one too many, StoreFailure."""
        with opened_drafts(self.parts.home) as drafts:
            assert drafts is not None  # as above
            drafts.keep_unfinished(form)
        self.parts.news.tell("drafts")

    def forget(self, submission: str, *, is_remembered: bool = False) -> None:
        """Forget a draft that was sent, or discarded, which is remembered. Raises StoreFailure."""
        with opened_drafts(self.parts.home) as drafts:
            assert drafts is not None  # as above
            drafts.discard(submission, is_remembered=is_remembered)
        self.parts.news.tell("drafts")

    def _forget_all(self, submissions: set[str]) -> None:
        for one in submissions:
            self.forget(one)

    def _all(self) -> list[Waiting]:
        """Return every draft; read anew when the file changed."""
        found = file_mark(drafts_file(self.parts.home))
        if found != self._mark:
            with opened_drafts(self.parts.home, read_only=True) as drafts:
                both: list[Waiting] = [] if drafts is None else [*drafts.waiting(), *drafts.unfinished()]
            self._waiting = sorted(both, key=lambda one: (one.drafted_ms, submission_of(one)))
            self._mark = found
        return list(self._waiting)

    # ---- documents ------------------------------------------------------------------------------------------

    async def _documents(
        self, waiting: Sequence[Waiting], officers: Officers | None, language: str
    ) -> list[DraftDocument]:
        around = await self.parts.reading.read(
            language, lambda indexes: [_around(indexes, one) for one in waiting]
        )
        return await self.parts.reading.judge(
            language,
            lambda: [self._document(one, officers, it) for one, it in zip(waiting, around, strict=True)],
        )

    def _document(self, waiting: Waiting, officers: Officers | None, around: _Around) -> DraftDocument:
        progress, shown = waiting.progress, self._content(waiting)
        state: DraftState = "unfinished"
        entry_type, needed = "", 0
        if isinstance(waiting, Kept):
            entry_type = waiting.draft.type
            state = "releasing" if progress.touches else "draft"
            needed = self.parts.needed(officers, waiting.line, entry_type)
        return DraftDocument(
            submission=submission_of(waiting),
            line=waiting.line,
            type=entry_type,
            kind=shown.kind,
            title=shown.title,
            drafted_ms=waiting.drafted_ms,
            by=progress.by,
            is_machine=progress.is_machine,
            state=state,
            needed=needed,
            given=tuple(one.name for one in progress.touches),
            answer_by_ms=waiting.draft.answer_by_ms if isinstance(waiting, Kept) else waiting.answer_by_ms,
            in_reply_to=around.in_reply_to,
            notice=shown.notice,
            texts=shown.texts,
            attachments=self._files(waiting),
            faults=tuple(FaultDocument(path=path, message=message) for path, message in around.faults),
            revision=progress.revision,
        )

    def _content(self, waiting: Waiting) -> _Shown:
        """Return what the content of a draft says; read once for each content."""
        key = waiting.draft.content if isinstance(waiting, Kept) else b"form " + waiting.notice
        shown = self._shown.get(key)
        if shown is None:
            self._make_room(self._shown)
            shown = self._shown[key] = (
                _read(waiting.draft.media_type, key) if isinstance(waiting, Kept) else _read_form(waiting.notice)
            )
        return shown

    def _files(self, waiting: Waiting) -> tuple[dict[str, Any], ...]:
        """Return what is told of each file; hashed once for each change of a draft."""
        key = (submission_of(waiting), waiting.drafted_ms, waiting.progress.revision)
        told = self._hashed.get(key)
        if told is None:
            self._make_room(self._hashed)
            told = self._hashed[key] = tuple(
                {"media_type": media_type, "size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}
                for media_type, octets in files_of(waiting)
            )
        return told

    def _make_room(self, kept: dict[Any, Any]) -> None:
        if len(kept) > 2 * len(self._waiting) + 100:
            kept.clear()


def submission_of(waiting: Waiting) -> str:
    """Return the submission of what waits."""
    return waiting.draft.submission if isinstance(waiting, Kept) else waiting.submission


def files_of(waiting: Waiting) -> tuple[tuple[str, bytes], ...]:
    """Return media type and octets of each file of what waits."""
    return waiting.draft.attachments if isinstance(waiting, Kept) else waiting.attachments


def file_mark(path: Path) -> tuple[int, ...]:
    """Return figures of a small file that differ when it was written, also by another process."""
    found: list[int] = []
    for one in (path, path.with_name(path.name + "-wal")):
        try:
            stat = os.stat(one)  # noqa: PTH116 - asked every second
        except OSError:
            found += [-1, -1, -1]
        else:
            found += [stat.st_ino, stat.st_size, stat.st_mtime_ns]
    return tuple(found)


def no_draft(submission: str) -> HomeMistake:
    """Return the error for a draft that does not wait."""
    return HomeMistake(
        expected=say("a draft that waits"),
        came=submission[:100],
        where="submission",
        remedy=say("see: detente line drafts"),
    )


def sent_among(indexes: Indexes, waiting: Sequence[Waiting]) -> set[str]:
    """Return the submissions that stand in the record by now: whoever died after sending them forgot them here."""
    lines = indexes.fresh()
    return {
        submission_of(one)
        for one in waiting
        if one.line in lines and lines[one.line].opened.record.submission(submission_of(one)) is not None
    }


def _around(indexes: Indexes, waiting: Waiting) -> _Around:
    """Return what a draft answers, and what is wrong with a form as things stand now."""
    if isinstance(waiting, Kept):
        return _Around(_reply_to(indexes, waiting))
    return _Around(waiting.in_reply_to or None, _faults_of(indexes, waiting))


def _reply_to(indexes: Indexes, kept: Kept) -> str | None:
    target = kept.draft.in_reply_to
    index = indexes.fresh().get(kept.line)
    if target is None or index is None:
        return None
    return index.opened.name(Origin(kept.line, target.epoch, target.member, target.generation), target.seq)


def _faults_of(indexes: Indexes, form: Unfinished) -> tuple[Told, ...]:
    """Return every fault of a form that is not finished."""
    asked = DraftKept(
        line=form.line,
        notice=msgspec.json.decode(form.notice),
        attachments=tuple(AttachmentGiven(media_type=kind, octets=octets) for kind, octets in form.attachments),
        answer_by_ms=form.answer_by_ms,
        in_reply_to=form.in_reply_to,
    )
    try:
        draft_from(indexes.one(form.line), asked, form.submission)
    except FormFaultsError as mistake:
        return mistake.faults
    except DetenteError as mistake:
        return ((mistake.where, fault_words(mistake)),)
    return ()


def _read_form(octets: bytes) -> _Shown:
    """Return what an unfinished form says of itself."""
    notice: dict[str, Any] = msgspec.json.decode(octets)
    kind, title = notice.get("kind"), notice.get("title")
    return _Shown(
        kind if isinstance(kind, str) and kind in KINDS else "",
        title[:TITLE_MAX] if isinstance(title, str) else "",
        notice,
        {},
    )


def _read(media_type: str, content: bytes) -> _Shown:
    """Return what a content says, in both languages where it is a notice."""
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = None
    checked = check_document(document)[0] if isinstance(document, dict) else None
    if checked is not None:
        return _Shown(kind_of(checked.notice), checked.notice.title, document, texts_of(checked))
    text = content.decode(errors="replace") if media_type.startswith("text/") or document is not None else ""
    return _Shown("", text.strip().partition("\n")[0][:TITLE_MAX], None, dict.fromkeys(words.LANGUAGES, text))
