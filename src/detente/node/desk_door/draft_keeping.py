"""A draft kept or changed: a checked notice, or a form that is not finished, with the files that it has already.

A form with faults is kept only when that was asked for, in a place of its own where nothing releases it. A file that
the changed draft has already is named by its hash and does not come again. A machine names its draft by a key of its
own: asked again, it is the same draft, and one that people sent or discarded does not come back.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import msgspec

from detente import words
from detente.line.errors import LineMistake
from detente.line.statement import ATTACHMENTS_MAX, ATTACHMENTS_TOTAL_MAX
from detente.node.desk_door.ask import FormFaultsError
from detente.node.desk_door.drafting import Drafting, Waiting, files_of, no_draft, sent_among, submission_of
from detente.node.desk_door.forms_read import draft_from, faulty
from detente.node.desk_door.parts import Parts
from detente.node.desk_door.reading import Indexes
from detente.node.desk_door.record_questions import AttachmentGiven, DraftDocument, DraftKept
from detente.node.host import clock_ms
from detente.node.humanitarian import refuse_on_this_line
from detente.node.speaking import new_submission
from detente.notices.forms import FORM_MAX
from detente.store.drafts import Kept, Progress, Unfinished
from detente.store.errors import HomeMistake

__all__ = ["DraftKeeping", "keyed_submission"]

say = words.speaker("node")

_SUBMISSION = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(slots=True)
class DraftKeeping:
    """Keeps and changes drafts; its methods run on the loop, their work in the door's threads."""

    parts: Parts
    drafting: Drafting

    async def keep(self, asked: DraftKept, language: str) -> DraftDocument:
        """Keep a draft, or change one that waits.

        Raises FormFaultsError, HomeMistake for a draft that does not wait, LineMistake for one that somebody changed
        meanwhile, StoreFailure.
        """
        submission = asked.submission or (keyed_submission(asked.actor, asked.key) or new_submission())
        if not _SUBMISSION.fullmatch(submission):
            raise no_draft(submission)
        old = await self.parts.reading.files(language, lambda: self.drafting.stands(submission))
        if old is not None and not asked.submission:
            return await self.drafting.document(old, language)
        asked = _with_files(asked, old)
        waiting = await self.parts.reading.read(language, lambda indexes: _formed(indexes, asked, submission))
        if asked.key and await self._is_gone(waiting, language):
            return msgspec.structs.replace(await self.drafting.document(waiting, language), state="gone")
        kept = await self.parts.reading.files(language, lambda: self._kept(asked, waiting))
        return await self.drafting.document(kept, language)

    async def _is_gone(self, waiting: Waiting, language: str) -> bool:
        """Tell whether people sent or discarded what a machine asks for again."""
        submission = submission_of(waiting)
        if await self.parts.reading.files(language, lambda: self.drafting.was_discarded(submission)):
            return True
        return bool(await self.parts.reading.read(language, lambda indexes: sent_among(indexes, [waiting])))

    def _kept(self, asked: DraftKept, waiting: Waiting) -> Waiting:
        """Write what was asked for in the place of what stands there now; in the thread of the files."""
        submission = submission_of(waiting)
        old = self.drafting.stands(submission)
        if old is not None and not asked.submission:
            return old  # the same machine asked twice at once
        _check_old(asked, submission, old)
        progress = Progress(
            by=self.parts.name_of(asked.actor),
            actor=asked.actor,
            is_machine=asked.is_machine,
            revision=0 if old is None else old.progress.revision + 1,
        )
        drafted_ms = clock_ms() if old is None else old.drafted_ms
        detail = {"submission": submission, "line": asked.line}
        act = "draft-kept" if old is None else "draft-changed"
        if isinstance(waiting, Unfinished):
            self.parts.note(asked, act, **detail, state="unfinished")
            form = msgspec.structs.replace(waiting, drafted_ms=drafted_ms, progress=progress)
            self.drafting.write_unfinished(form)
            return form
        self.parts.note(asked, act, **detail, type=waiting.draft.type)
        kept = Kept(asked.line, waiting.draft, drafted_ms, progress)
        self.drafting.write(kept, is_new=old is None)
        return kept


def keyed_submission(actor: str, key: str) -> str:
    """Return the submission of a machine's draft by its key, the same for the same machine and key; "" for no key."""
    return hashlib.sha256(f"draft of {actor}\0{key}".encode()).hexdigest()[:32] if key else ""


def _check_old(asked: DraftKept, submission: str, old: Waiting | None) -> None:
    """Raise HomeMistake or LineMistake for a draft that may not be changed so."""
    if asked.submission and old is None:
        raise no_draft(submission)
    if old is None:
        return
    if asked.is_machine and old.progress.actor != asked.actor:
        raise HomeMistake(
            expected=say("a draft of this machine's own"),
            came=submission,
            where="submission",
            remedy=say("leave the submission out: that is a draft of its own"),
        )
    if asked.revision is not None and asked.revision != old.progress.revision:
        raise LineMistake(
            expected=say("a change of the draft as it stands"),
            came=say("a change of an older one; {name} changed it meanwhile", name=old.progress.by or "?"),
            where="revision",
            remedy=say("look at how it stands now, and change that"),
        )


def _with_files(asked: DraftKept, old: Waiting | None) -> DraftKept:
    """Return what was asked for with the octets of every file that the old draft has; raises FormFaultsError."""
    held = {} if old is None else {hashlib.sha256(octets).hexdigest(): octets for _, octets in files_of(old)}
    found, faults = [], []
    for number, one in enumerate(asked.attachments):
        if not one.sha256:
            found.append(one)
        elif one.sha256 in held and not one.octets:
            found.append(AttachmentGiven(media_type=one.media_type, octets=held[one.sha256]))
        else:
            path = f"attachments[{number}].sha256"
            faults.append((path, say("no file that this draft has; give its octets instead")))
    if faults:
        raise faulty(faults)
    return msgspec.structs.replace(asked, attachments=tuple(found))


def _formed(indexes: Indexes, asked: DraftKept, submission: str) -> Waiting:
    """Return the draft that a form means, or the form where it is kept with its faults; raises FormFaultsError."""
    try:
        draft = draft_from(indexes.one(asked.line), asked, submission)
    except FormFaultsError:
        if not asked.is_unfinished:
            raise
        return _unfinished(asked, submission)
    refuse_on_this_line(draft.type, asked.line)
    return Kept(asked.line, draft, clock_ms())


def _unfinished(asked: DraftKept, submission: str) -> Unfinished:
    notice = msgspec.json.encode(asked.notice)
    total = sum(len(one.octets) for one in asked.attachments)
    if len(notice) > FORM_MAX:
        raise faulty([("", say("a form of {size} bytes; at most {most}", size=len(notice), most=FORM_MAX))])
    if len(asked.attachments) > ATTACHMENTS_MAX or total > ATTACHMENTS_TOTAL_MAX:
        raise faulty([("attachments", say("files of {size} bytes in all; too many to keep", size=total))])
    return Unfinished(
        submission=submission,
        line=asked.line,
        drafted_ms=0,
        notice=notice,
        attachments=tuple((one.media_type, one.octets) for one in asked.attachments),
        answer_by_ms=asked.answer_by_ms,
        in_reply_to=asked.in_reply_to,
    )
