"""The release of a draft: each officer touches an authenticator for exactly what will be said, then it is sent.

The challenge is that of ``line.release``: of everything that people mean by the statement, its salts drawn once and
kept with the draft. A touch is checked when it is given, so that a wrong one is refused to whoever gave it; the signer
checks every one of them again before it signs. One that is no touch for what would be said now (the draft was changed,
the line has another epoch, an officer was taken off the list) counts no more.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import functools
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from detente import words
from detente.line.effects import Draft
from detente.line.errors import LineMistake, Malformed, Refused
from detente.line.release import Assertion, Release, challenge
from detente.line.standing import addressees
from detente.line.statement import SALT_BYTES, Reference, Statement
from detente.line.writing import drafted
from detente.node.desk_door.drafting import Drafting, no_draft
from detente.node.desk_door.parts import Parts
from detente.node.desk_door.reading import Indexes, in_language
from detente.node.desk_door.record_questions import ReleaseAsked, ReleaseGiven, ReleaseRequest, ReleaseState
from detente.node.host import Host
from detente.node.officers import Officers, check_release
from detente.store.drafts import Kept, KeptTouch
from detente.store.errors import HomeMistake

__all__ = ["Releasing"]

say = words.speaker("node")


@dataclass(frozen=True, slots=True)
class _Standing:
    """A draft at its release: what would be said to whom, which touches count for it, and how many are needed."""

    kept: Kept
    statement: Statement
    names: tuple[str, ...]
    officers: Officers
    touches: tuple[KeptTouch, ...]
    needed: int


@dataclass(slots=True)
class Releasing:
    """Releases drafts, one question after another."""

    parts: Parts
    drafting: Drafting
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def asked(self, question: ReleaseAsked, language: str) -> ReleaseRequest:
        """Return what must be signed to release a draft. Raises HomeMistake, LineMistake, SignerFailure."""
        async with self._lock:
            found = await self._standing(question.submission, language)
        return ReleaseRequest(
            submission=question.submission,
            challenge=challenge(found.statement, found.names),
            site=found.officers.site,
            keys=tuple(one.key for one in found.officers.officers),
            needed=found.needed,
            given=tuple(one.name for one in found.touches),
        )

    async def given(self, question: ReleaseGiven, language: str) -> ReleaseState:
        """Take an officer's touch; with enough of them the draft is sent, once, and held when this returns.

        Raises Refused for a touch that is none of an officer for exactly this draft, LineMistake for a second one of
        the same officer, HomeMistake for no draft, StoreFailure or SignerFailure when it is not known whether it is
        held: the touches stay, and asking again is safe.
        """
        async with self._lock:
            sent = await self._sent(question.submission, language)
            if sent is not None:
                return sent
            found = await self._standing(question.submission, language)
            touch = await self.parts.reading.judge(language, lambda: _checked(found, question))
            await self._note_touch(found, touch, language)
            touches = (*found.touches, touch)
            kept = _with_touches(found.kept, touches)

            def work() -> None:
                detail = {"submission": question.submission, "line": kept.line, "type": kept.draft.type}
                self.parts.note(question, "released", officer=touch.name, **detail)
                self.drafting.write(kept)

            await self.parts.reading.files(language, work)
            names = tuple(one.name for one in touches)
            if len(touches) < found.needed:
                return ReleaseState(state="waits", needed=found.needed, given=names, line=kept.line)
            reference = await self._submit(found, kept, language)
            ref = await self.parts.reading.read(language, lambda indexes: _ref(indexes, kept.line, reference))

            def sent_now() -> None:
                self.parts.note(question, "sent", submission=question.submission, line=kept.line, ref=ref)
                self.drafting.forget(question.submission)

            await self.parts.reading.files(language, sent_now)
            return ReleaseState(state="sent", needed=found.needed, given=names, line=kept.line, ref=ref)

    # ---- inside ---------------------------------------------------------------------------------------------

    async def _standing(self, submission: str, language: str) -> _Standing:
        """Return a draft as it would be released now."""
        officers = await self.parts.officers_now(kept_s=0.0)  # whoever was named a moment ago may release
        if officers is None:
            raise HomeMistake(
                expected=say("officers who release what people say"),
                came=say("a home whose keepers named none"),
                where=self.parts.member,
                remedy=say(
                    "let its keepers name them: detente line officers {home} set FILE", home=self.parts.home
                ),
            )
        kept = await self.parts.reading.files(language, lambda: self._salted(submission))
        salted = dataclasses.replace(kept.draft, salts=kept.progress.salts)

        def look(host: Host) -> tuple[Statement, tuple[str, ...]]:
            return in_language(language, lambda: (drafted(host.state, salted), addressees(host.state)))

        statement, names = await self.parts.lines.attempt(kept.line, look)
        find = functools.partial(_counting, kept.progress.touches, statement, names, officers)
        touches = await self.parts.reading.judge(language, find)
        needed = self.parts.needed(officers, kept.line, kept.draft.type)
        return _Standing(kept, statement, names, officers, touches, needed)

    def _salted(self, submission: str) -> Kept:
        """Return a draft with its salts, drawn and kept the first time. Raises HomeMistake, LineMistake for none."""
        kept = self.drafting.stands(submission)
        if kept is None:
            raise no_draft(submission)
        if not isinstance(kept, Kept):
            raise LineMistake(
                expected=say("a notice without faults"),
                came=say("a form that is not finished"),
                where="submission",
                remedy=say("finish it, and keep it again; nobody can release it before"),
            )
        if not kept.progress.salts:
            salts = tuple(os.urandom(SALT_BYTES) for _ in range(1 + len(kept.draft.attachments)))
            kept = dataclasses.replace(kept, progress=msgspec.structs.replace(kept.progress, salts=salts))
            self.drafting.write(kept)
        return kept

    async def _note_touch(self, found: _Standing, touch: KeptTouch, language: str) -> None:
        """Let the signer see a touch when it is given: another draft may be touched and sent before this one is."""
        statement, alone = _alone(_assertion(touch), found.statement, found.names)

        def note(host: Host) -> None:
            in_language(language, lambda: host.home.signer.note_touch(statement, alone))

        await self.parts.lines.attempt(found.kept.line, note)

    async def _submit(self, found: _Standing, kept: Kept, language: str) -> Reference:
        """Send a draft with its release; when the line or the signer refuses it, its officers must touch again."""
        ordered = tuple(sorted(map(_assertion, kept.progress.touches), key=lambda one: one.key))
        release = Release(addressees=found.names, assertions=ordered, format=1, kind="release").encode()
        draft: Draft = dataclasses.replace(kept.draft, salts=kept.progress.salts, release=release)
        try:
            (reference,) = await self.parts.lines.submit(kept.line, (draft,))
        except (LineMistake, Refused):
            taken_back = _with_touches(kept, ())
            await self.parts.reading.files(language, lambda: self.drafting.write(taken_back))
            raise
        return reference

    async def _sent(self, submission: str, language: str) -> ReleaseState | None:
        """Return where a submission stands that was sent before, and forget its draft; None when it was not."""
        kept = await self.parts.reading.files(language, lambda: self.drafting.find(submission))
        found = await self.parts.reading.read(language, lambda indexes: _stands(indexes, submission))
        if found is None:
            return None
        if kept is not None:
            await self.parts.reading.files(language, lambda: self.drafting.forget(submission))
        given = () if kept is None else tuple(one.name for one in kept.progress.touches)
        return ReleaseState(state="sent", needed=len(given), given=given, line=found[0], ref=found[1])


def _with_touches(kept: Kept, touches: tuple[KeptTouch, ...]) -> Kept:
    return dataclasses.replace(kept, progress=msgspec.structs.replace(kept.progress, touches=touches))


def _counting(
    touches: Sequence[KeptTouch], statement: Statement, names: tuple[str, ...], officers: Officers
) -> tuple[KeptTouch, ...]:
    """Return the touches that count for exactly this statement, by the officers as they are now."""
    found = []
    for one in touches:
        try:
            _check(_assertion(one), statement, names, officers)
        except Refused:
            continue
        found.append(one)
    return tuple(found)


def _checked(found: _Standing, given: ReleaseGiven) -> KeptTouch:
    """Return a touch that holds and is another officer's; raises Refused, LineMistake."""
    touch = KeptTouch(
        name=next((one.name for one in found.officers.officers if one.key == given.key), ""),
        key=given.key,
        algorithm=given.algorithm,
        authenticator_data=given.authenticator_data,
        client_data=given.client_data,
        signature=given.signature,
    )
    _check(_assertion(touch), found.statement, found.names, found.officers)
    if any(one.key == given.key for one in found.touches):
        raise LineMistake(
            expected=say("the touch of another officer"),
            came=touch.name,
            where="key",
            remedy=say(
                "{name} released it already; {needed} officers are needed", name=touch.name, needed=found.needed
            ),
        )
    return touch


def _check(one: Assertion, statement: Statement, names: tuple[str, ...], officers: Officers) -> None:
    """Raise Refused for an assertion that would not count, as the signer would; it alone knows the counters."""
    named, release = _alone(one, statement, names)
    check_release(msgspec.structs.replace(officers, needed=1, needed_for={}), named, release, None)


def _alone(one: Assertion, statement: Statement, names: tuple[str, ...]) -> tuple[Statement, bytes]:
    """Return a statement as it would be said with this one touch, and the release that holds it."""
    release = Release(addressees=names, assertions=(one,), format=1, kind="release").encode()
    return msgspec.structs.replace(statement, release=hashlib.sha256(release).hexdigest()), release


def _assertion(touch: KeptTouch) -> Assertion:
    """Return a touch as a release has it; raises Malformed."""
    try:
        return msgspec.convert(
            {
                "algorithm": touch.algorithm,
                "authenticator_data": base64.b64encode(touch.authenticator_data).decode(),
                "client_data": base64.b64encode(touch.client_data).decode(),
                "key": touch.key,
                "signature": base64.b64encode(touch.signature).decode(),
            },
            Assertion,
        )
    except msgspec.ValidationError as fault:
        raise Malformed(
            expected=say("an officer's touch as WebAuthn gives it"),
            came=str(fault)[:200],
            remedy=say("let the officer touch again"),
        ) from None


def _ref(indexes: Indexes, line: str, reference: Reference) -> str:
    index = indexes.fresh()[line]
    at = (reference.epoch, reference.member, reference.generation)
    logs = index.opened.state.logs
    place = next(origin for origin in logs if (origin.epoch, origin.member, origin.generation) == at)
    return index.opened.name(place, reference.seq)


def _stands(indexes: Indexes, submission: str) -> tuple[str, str] | None:
    """Return line and reference of a submission that the record holds, or None."""
    for line, index in indexes.fresh().items():
        reference = index.opened.record.submission(submission)
        if reference is not None:
            return line, _ref(indexes, line, reference)
    return None
