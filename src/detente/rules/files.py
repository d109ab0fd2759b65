"""Files of notices in, what they say out: TOML and JSON notices, GeoJSON of danger areas, the log of a line.

One of the two modules of this room that read files. A file that no line carries tells by its author's word alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.door import terminal
from detente.notices.activities import current
from detente.notices.codec import check_document
from detente.notices.errors import NoticeRefused
from detente.notices.faults import Fault
from detente.notices.filed import Delivery, Filed, Told, filed_alone
from detente.notices.forms import FORM_MAX, read_notice
from detente.notices.line_types import NOTICE_MEDIA_TYPE
from detente.notices.syntax import malformed_words, misfit_words
from detente.rules.errors import RequestMistake
from detente.rules.shelf import read_bounded

__all__ = ["ENTRY_MAX", "GEOJSON_MAX", "read_files", "standing_now"]

say = words.speaker("rules")

GEOJSON_MAX = 1 << 28
"""Bytes of a file of areas."""
ENTRY_MAX = 1 << 24
"""Bytes of one line of a line's log."""


def read_files(paths: Iterable[str]) -> tuple[list[Filed], list[str]]:
    """Return every notice of the files, in their order, and the references of those whose reading left doubts.

    Raises NoticeRefused with every fault of a file, each at its place; RequestMistake for a file given twice; OSError.
    """
    found: list[Filed] = []
    doubtful: list[str] = []
    seen: set[str] = set()
    for name in paths:
        path = Path(name)
        if str(path.resolve()) in seen:
            raise RequestMistake(
                expected=say("each file once"), came=name, where="FILES", remedy=say("leave the second out")
            )
        seen.add(str(path.resolve()))
        many = {".geojson": _areas, ".jsonl": _entries}.get(path.suffix)
        if many is not None:
            for filed, is_doubtful in many(path):
                found.append(filed)
                doubtful += [filed.ref] if is_doubtful else []
            continue
        checked, faults = read_notice(read_bounded(path, FORM_MAX))
        if checked is None:
            raise NoticeRefused.of([fault.under(name) for fault in faults])
        found.append(filed_alone(checked.notice, name))
    return found, doubtful


def _areas(path: Path) -> Iterator[tuple[Filed, bool]]:
    from detente.notices.geojson import from_feature  # noqa: PLC0415 - only a map pays for the ellipsoid

    content = read_bounded(path, GEOJSON_MAX)
    if len(content) > GEOJSON_MAX:
        raise _no_collection(path, say("more than {bytes} bytes", bytes=GEOJSON_MAX))
    try:
        features = msgspec.json.decode(content, type=_Collection).features
    except (ValueError, RecursionError) as error:
        raise _no_collection(path, _unread_words(error, content)) from None
    told: set[bytes] = set()
    for index, feature in enumerate(features):
        given = feature.get("properties")
        properties: dict[str, Any] = given if isinstance(given, dict) else {}
        if _is_no_notice(properties):
            # a text read so doubtfully that it says no time or place: told, so that nobody counts it as absent
            ref = terminal.visible(f"{path}#{properties.get('id') or index}")
            terminal.note(say("{ref}: too doubtful for a notice, so judged nowhere", ref=ref))
            continue
        try:
            checked = from_feature(feature)
        except NoticeRefused as refusal:
            raise NoticeRefused.of([fault.under(f"{path}[{index}]") for fault in refusal.faults]) from None
        # the areas of one text carry its one notice each
        if checked.octets in told:
            continue
        told.add(checked.octets)
        ref = f"{path}#{properties.get('id') or index}"
        yield filed_alone(checked.notice, ref), properties.get("outcome") == "doubtful"


def _is_no_notice(properties: dict[str, Any]) -> bool:
    """Tell whether a feature is an announcement that was read, with doubts, and of which no notice came."""
    return properties.get("outcome") == "doubtful" and properties.get("notice") is None


def _no_collection(path: Path, came: str) -> NoticeRefused:
    remedy = say("write it with: detente areas read")
    return NoticeRefused.of(
        [Fault(str(path), "geojson", say("a FeatureCollection of danger areas"), came, remedy)]
    )


def _entries(path: Path) -> Iterator[tuple[Filed, bool]]:
    """Yield the notices of a line's log, as ``detente line log HOME --json`` writes it: one entry a line."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(ENTRY_MAX + 1), b""), 1):
            where = f"{path}:{number}"
            try:
                entry = msgspec.json.decode(line, type=_Entry)
                told = _told(entry)
            except (ValueError, RecursionError, OverflowError) as error:
                raise _no_entry(where, _unread_words(error, line.rstrip(b"\r\n"))) from None
            if entry.body.media_type != NOTICE_MEDIA_TYPE or entry.body.content is None:
                continue
            checked, faults = check_document(entry.body.content)
            if checked is None:
                raise NoticeRefused.of([fault.under(where) for fault in faults])
            deliveries = tuple(
                Delivery(party=party, state=state)  # type: ignore[arg-type]
                for party, state in entry.states.items()
                if state in {"held", "delivered", "read", "answered"}
            )
            filed = Filed(notice=checked.notice, ref=entry.ref, told=told, deliveries=deliveries, from_line=True)
            yield filed, bool(entry.standing)


def _unread_words(error: Exception, content: bytes) -> str:
    if isinstance(error, msgspec.ValidationError):
        return ": ".join(part for part in misfit_words(error) if part)
    return malformed_words(error, content)


def _no_entry(where: str, came: str) -> NoticeRefused:
    remedy = say("write it with: detente line log HOME --json > log.jsonl")
    return NoticeRefused.of([Fault(where, "entry", say("an entry of a line's log"), came, remedy)])


def _told(entry: _Entry) -> Told:
    """Return when an entry was said: not before its author's clock, not after the first cosignature over it."""
    by_author = _moment(entry.author_clock_ms)
    # the second that a cosignature names had up to 999 ms to run: the bound is its end
    return Told(
        not_before=by_author,
        not_before_clock=entry.member,
        not_after=_moment(entry.before.clock_ms + 999) if entry.before else None,
        not_after_clock=entry.before.clock_of if entry.before else "",
        author_clock=by_author,
    )


def _moment(clock_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=clock_ms)


class _Bound(msgspec.Struct):
    clock_ms: int
    clock_of: str


class _Body(msgspec.Struct):
    media_type: str
    content: Any = None


class _Entry(msgspec.Struct):
    ref: str
    member: str
    author_clock_ms: int
    body: _Body
    before: _Bound | None = None
    states: dict[str, str] = {}
    standing: str = ""


class _Collection(msgspec.Struct):
    features: list[dict[str, Any]]


def standing_now(filed: list[Filed]) -> tuple[list[Filed], list[str]]:
    """Return the notices as they stand now, corrected, without the cancelled, and the refs of changes that are adrift.

    A corrected notice keeps the moment at which it was first told: what was corrected is told by the correction, and
    a reader sees both in the record.
    """
    found, adrift = current(filed)
    standing = [
        Filed(
            notice=one.notice,
            ref=one.first.ref,
            told=one.first.told,
            deliveries=one.first.deliveries,
            from_line=one.first.from_line,
        )
        for one in found.values()
        if one.state != "cancelled"
    ]
    return standing, [one.ref for one in adrift]
