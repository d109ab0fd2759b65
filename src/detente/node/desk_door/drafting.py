"""Drafts of a desk: kept, changed, forgotten, listed. Nothing here signs anything, and nothing leaves.

Drafts of the command line lie in the same file and are shown beside the desk's. A draft that was changed is another one
than its officers saw: their touches are taken back.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.line.checkpoint import Origin
from detente.node.commands_drafts import drafts_file, opened_drafts
from detente.node.desk_door.forms_read import draft_from
from detente.node.desk_door.line_index import TITLE_MAX
from detente.node.desk_door.parts import Parts
from detente.node.desk_door.questions import Done
from detente.node.desk_door.reading import Indexes
from detente.node.desk_door.record_questions import DraftDiscarded, DraftDocument, DraftKept, DraftsDocument
from detente.node.desk_door.record_views import texts_of
from detente.node.host import clock_ms
from detente.node.humanitarian import refuse_on_this_line
from detente.node.officers import Officers
from detente.node.speaking import new_submission
from detente.notices.codec import check_document
from detente.notices.kinds import kind_of
from detente.store.drafts import Kept, Progress
from detente.store.errors import HomeMistake

__all__ = ["Drafting", "file_mark", "no_draft"]

say = words.speaker("node")

_SUBMISSION = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a draft's content says: read once for each content."""

    kind: str
    title: str
    notice: dict[str, Any] | None
    texts: dict[str, str]


@dataclass(slots=True)
class Drafting:
    """Keeps drafts; its methods run on the loop, their work in the door's threads."""

    parts: Parts
    _mark: tuple[int, ...] = ()
    _waiting: list[Kept] = field(default_factory=list)
    _shown: dict[bytes, _Shown] = field(default_factory=dict)

    async def keep(self, asked: DraftKept, language: str) -> DraftDocument:
        """Keep a draft, or change one that waits. Raises FormFaultsError, HomeMistake, StoreFailure."""
        submission = asked.submission or new_submission()
        if not _SUBMISSION.fullmatch(submission):
            raise no_draft(submission)
        draft = await self.parts.reading.read(
            language, lambda indexes: draft_from(indexes.one(asked.line), asked, submission)
        )
        refuse_on_this_line(draft.type, asked.line)

        def work() -> Kept:
            old = self.find(submission)
            if asked.submission and old is None:
                raise no_draft(submission)
            if old is not None and asked.is_machine and old.progress.actor != asked.actor:
                raise HomeMistake(
                    expected=say("a draft of this machine's own"),
                    came=submission,
                    where="submission",
                    remedy=say("leave the submission out: that is a draft of its own"),
                )
            by = Progress(by=self.parts.name_of(asked.actor), actor=asked.actor, is_machine=asked.is_machine)
            kept = Kept(asked.line, draft, clock_ms() if old is None else old.drafted_ms, by)
            act = "draft-kept" if old is None else "draft-changed"
            self.parts.note(asked, act, submission=submission, line=asked.line, type=draft.type)
            self.write(kept, is_new=old is None)
            return kept

        kept = await self.parts.reading.files(language, work)
        return await self.document(kept, language)

    async def discard(self, asked: DraftDiscarded, language: str) -> Done:
        """Forget a draft. Raises HomeMistake when none has this submission, StoreFailure."""

        def work() -> None:
            old = self.find(asked.submission)
            if old is None:
                raise no_draft(asked.submission)
            detail = {"submission": asked.submission, "line": old.line, "type": old.draft.type}
            self.parts.note(asked, "draft-discarded", **detail)
            self.forget(asked.submission)

        await self.parts.reading.files(language, work)
        return Done()

    async def listed(self, language: str) -> DraftsDocument:
        """Return every draft that waits, oldest first; one that was sent meanwhile waits no more."""
        kept = await self.parts.reading.files(language, self._all)
        sent = await self.parts.reading.read(language, lambda indexes: _sent(indexes, kept))
        if sent:
            await self.parts.reading.files(language, lambda: self._forget_all(sent))
        officers = await self.parts.officers_if_known()
        left = [one for one in kept if one.draft.submission not in sent]
        return DraftsDocument(drafts=tuple(await self._documents(left, officers, language)))

    async def document(self, kept: Kept, language: str) -> DraftDocument:
        """Return one draft as the desk shows it."""
        return (await self._documents([kept], await self.parts.officers_if_known(), language))[0]

    # ---- in the thread of the files -------------------------------------------------------------------------

    def find(self, submission: str) -> Kept | None:
        """Return the draft of this submission, or None. Raises StoreFailure."""
        with opened_drafts(self.parts.home, read_only=True) as drafts:
            return None if drafts is None else drafts.find(submission)

    def write(self, kept: Kept, *, is_new: bool = False) -> None:
        """Keep a draft as it is now. Raises HomeMistake for one too many, or one that waits no more; StoreFailure."""
        with opened_drafts(self.parts.home) as drafts:
            assert drafts is not None  # it is founded when there is none
            if is_new:
                drafts.keep(kept.line, kept.draft, kept.drafted_ms, kept.progress)
            elif not drafts.change(kept):
                raise no_draft(kept.draft.submission)
        self.parts.news.tell("drafts")

    def forget(self, submission: str) -> None:
        """Forget a draft that was sent or discarded. Raises StoreFailure."""
        with opened_drafts(self.parts.home) as drafts:
            assert drafts is not None  # as above
            drafts.discard(submission)
        self.parts.news.tell("drafts")

    def _forget_all(self, submissions: set[str]) -> None:
        for one in submissions:
            self.forget(one)

    def _all(self) -> list[Kept]:
        """Return every draft; read anew when the file changed."""
        found = file_mark(drafts_file(self.parts.home))
        if found != self._mark:
            with opened_drafts(self.parts.home, read_only=True) as drafts:
                self._waiting = [] if drafts is None else drafts.waiting()
            self._mark = found
        return list(self._waiting)

    # ---- documents ------------------------------------------------------------------------------------------

    async def _documents(self, kept: list[Kept], officers: Officers | None, language: str) -> list[DraftDocument]:
        refs = await self.parts.reading.read(language, lambda indexes: [_reply_to(indexes, one) for one in kept])
        return await self.parts.reading.judge(
            language,
            lambda: [self._document(one, officers, ref) for one, ref in zip(kept, refs, strict=True)],
        )

    def _document(self, kept: Kept, officers: Officers | None, in_reply_to: str | None) -> DraftDocument:
        draft, progress = kept.draft, kept.progress
        shown = self._shown.get(draft.content)
        if shown is None:
            if len(self._shown) > 2 * len(self._waiting) + 100:
                self._shown.clear()
            shown = self._shown[draft.content] = _read(draft.media_type, draft.content)
        return DraftDocument(
            submission=draft.submission,
            line=kept.line,
            type=draft.type,
            kind=shown.kind,
            title=shown.title,
            drafted_ms=kept.drafted_ms,
            by=progress.by,
            is_machine=progress.is_machine,
            state="releasing" if progress.touches else "draft",
            needed=self.parts.needed(officers, kept.line, draft.type),
            given=tuple(one.name for one in progress.touches),
            answer_by_ms=draft.answer_by_ms,
            in_reply_to=in_reply_to,
            notice=shown.notice,
            texts=shown.texts,
            attachments=tuple(
                {"media_type": media_type, "size": len(octets)} for media_type, octets in draft.attachments
            ),
        )


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


def _sent(indexes: Indexes, kept: list[Kept]) -> set[str]:
    """Return the submissions that stand in the record by now: whoever died after sending them forgot them here."""
    lines = indexes.fresh()
    return {
        one.draft.submission
        for one in kept
        if one.line in lines and lines[one.line].opened.record.submission(one.draft.submission) is not None
    }


def _reply_to(indexes: Indexes, kept: Kept) -> str | None:
    target = kept.draft.in_reply_to
    index = indexes.fresh().get(kept.line)
    if target is None or index is None:
        return None
    return index.opened.name(Origin(kept.line, target.epoch, target.member, target.generation), target.seq)


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
