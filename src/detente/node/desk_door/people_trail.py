"""The trail of a running node: acts noted with the name of who did them, read back with what signed them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from pathlib import Path

from detente import words
from detente.node.desk_door.act_words import act_sentence
from detente.node.desk_door.people_questions import ActDocument, TrailAsked, TrailDocument
from detente.store.errors import HomeMistake
from detente.store.trail import ACTS_AT_ONCE, Act, SignedHead, TrailFile

__all__ = ["Trail", "trail_file"]

say = words.speaker("node")

_DETAILS_MAX = 16
_DETAIL_CHARACTERS_MAX = 1_000
_UNNAMED_PER_HOUR_MAX = 1_000
"""Acts of nobody known (refused sign-ins) that are noted in an hour; the rest is counted, and the count is noted."""
_HOUR_MS = 3_600_000
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)


def trail_file(home: Path) -> Path:
    """Return where a home's trail lies."""
    return home / "trail.sqlite3"


class Trail:
    """Notes acts and gives them; for one thread at a time.

    changed: told "trail" after each act.
    """

    def __init__(self, path: Path, clock: Callable[[], int], changed: Callable[[str], None]) -> None:
        """Open the trail, or found it. Raises StoreFailure."""
        self._file = TrailFile(path, create=True)
        self._clock = clock
        self._changed = changed
        self._signed = self._file.signed()
        self._hour = 0
        self._unnamed = 0
        self._left_out = 0

    def close(self) -> None:
        """Note what was only counted, and close."""
        self._note_left_out()
        self._file.close()

    def note(self, actor: tuple[str, str], act: str, detail: Mapping[str, str]) -> None:
        """Note an act of an actor, given by id and name. Raises HomeMistake for what is no act; StoreFailure."""
        _check(act, detail)
        if not actor[0] and not self._has_room():
            return
        self._append(actor, act, detail)

    def head(self) -> tuple[int, str]:
        """Return how many acts there are and the hash of the last. Raises StoreFailure."""
        number, digest = self._file.head()
        return number, digest.hex()

    def signed_number(self, line: str) -> int:
        """Return how many acts the newest head covers that a line's record holds."""
        return max((one.number for one in self._signed if one.line == line), default=0)

    def since(self, number: int) -> int | None:
        """Return when the first act after ``number`` others was noted, None when there is none. Raises StoreFailure."""
        act = self._file.act(number)
        return None if act is None else act.at_ms

    def note_signed(self, head: SignedHead) -> None:
        """Note that the record holds a head. Raises StoreFailure."""
        self._file.note_signed(head)
        self._signed.append(head)
        self._changed("trail")

    def document(self, asked: TrailAsked) -> TrailDocument:
        """Return the acts that were asked for. Raises StoreFailure."""
        limit = max(1, min(asked.limit, ACTS_AT_ONCE))
        found = self._file.acts(
            before=asked.before, from_ms=asked.from_ms, until_ms=asked.until_ms, limit=limit + 1
        )
        heads = sorted(self._signed, key=lambda one: one.number)
        acts = found[:limit]
        return TrailDocument(
            acts=tuple(_document(one, heads) for one in acts),
            next=acts[-1].number if len(found) > limit else None,
        )

    # ---- inside ---------------------------------------------------------------------------------------------

    def _has_room(self) -> bool:
        hour = self._clock() // _HOUR_MS
        if hour != self._hour:
            self._note_left_out()
            self._hour, self._unnamed = hour, 0
        self._unnamed += 1
        if self._unnamed > _UNNAMED_PER_HOUR_MAX:
            self._left_out += 1
            return False
        return True

    def _note_left_out(self) -> None:
        if self._left_out:
            self._append(("", ""), "acts-left-out", {"count": str(self._left_out)})
            self._left_out = 0

    def _append(self, actor: tuple[str, str], act: str, detail: Mapping[str, str]) -> None:
        self._file.append(self._clock(), *actor, act, detail)
        self._changed("trail")


def _document(one: Act, heads: list[SignedHead]) -> ActDocument:
    at = bisect_right(heads, one.number, key=lambda head: head.number)
    return ActDocument(
        number=one.number,
        at_ms=one.at_ms,
        actor=one.actor,
        actor_name=one.actor_name,
        act=one.act,
        detail=one.detail,
        hash=one.hash,
        signed_in=heads[at].ref if at < len(heads) else "",
        sentence=act_sentence(one.act, one.detail),
    )


def _check(act: str, detail: Mapping[str, str]) -> None:
    long = any(len(value) > _DETAIL_CHARACTERS_MAX for value in detail.values())
    if not all(_NAME.fullmatch(name) for name in (act, *detail)) or len(detail) > _DETAILS_MAX or long:
        raise HomeMistake(
            expected=say(
                "an act with at most {count} details of {size} characters",
                count=_DETAILS_MAX,
                size=_DETAIL_CHARACTERS_MAX,
            ),
            came=act[:60],
            where="trail",
            remedy=say("nothing was noted"),
        )
