"""Views over time: areas in force, the timeline, the hand-over to the next watch.

Humanitarian notices are in no area of these views: a mark on a map says "protected", which no notice makes a place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from detente import words
from detente.line.effects import PutHistory
from detente.node.desk_door.judging import FiledLine, unmet
from detente.node.desk_door.line_index import Known, LineIndex
from detente.node.desk_door.record_questions import (
    AreaDocument,
    AreasDocument,
    EntryRow,
    TimelineDocument,
    TimelineItem,
)
from detente.node.desk_door.record_views import row_of
from detente.node.standing import answers_owed
from detente.notices.activities import Current
from detente.notices.codec import check
from detente.notices.export import is_line_only
from detente.notices.geojson import features_of
from detente.notices.kinds import kind_of
from detente.notices.moments import stated
from detente.notices.notice import Area, Notice
from detente.store.errors import HomeMistake

__all__ = ["Areas", "happened", "outages_of", "timeline_of"]

say = words.speaker("node")

_ITEMS_MAX = 5_000
_HAPPENED_MAX = 500
_AREAS_MAX = 2_000
_OUT = frozenset({"silent", "suspended"})
_FIRST_MS = -62_135_596_800_000
Windows = tuple[tuple[int, int | None], ...]
_Drawn = tuple[str, dict[str, Any]]


# ---- areas ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Areas:
    """Draws announced areas, each once: curves are costly. For the judging thread."""

    _drawn: dict[tuple[str, str], tuple[Notice, tuple[_Drawn, ...]]] = field(default_factory=dict)

    def within(self, lines: Iterable[FiledLine], from_ms: int, until_ms: int) -> AreasDocument:
        """Return the announced areas that are in force between two moments."""
        found: list[AreaDocument] = []
        for line in lines:
            for current in line.standing().values():
                windows = _windows_within(current, from_ms, until_ms)
                if windows:
                    drawn = self._areas(line.line, current)
                    found += [_area(line.line, current, windows, *one) for one in drawn]
                if len(found) > _AREAS_MAX:
                    raise _too_many(from_ms, until_ms)
        return AreasDocument(areas=tuple(found))

    def _areas(self, line: str, current: Current) -> tuple[_Drawn, ...]:
        held = self._drawn.get((line, current.first.ref))
        if held is None or held[0] is not current.notice:
            held = self._drawn[line, current.first.ref] = current.notice, tuple(_drawn(current.notice))
        return held[1]


def _too_many(from_ms: int, until_ms: int) -> HomeMistake:
    """Return the error for a time with too many areas: never a map that lacks some of them."""
    return HomeMistake(
        expected=say("a time with at most {count} announced areas", count=_AREAS_MAX),
        came=say("{hours} hours with more", hours=(until_ms - from_ms) // 3_600_000),
        where="areas",
        remedy=say("ask for a shorter time"),
    )


def _has_areas(current: Current) -> bool:
    return (
        current.state != "cancelled"
        and not is_line_only(current.notice)
        and any(isinstance(place, Area) for _, place in current.notice.places())
    )


def _windows_within(current: Current, from_ms: int, until_ms: int) -> Windows:
    """Return the windows of an area notice that lie within two moments; none for another notice."""
    if not _has_areas(current):
        return ()
    return tuple(one for one in _windows(current.notice) if _overlaps(one, from_ms, until_ms))


def _windows(notice: Notice) -> Windows:
    """Return when a notice holds, at its widest: an open beginning is the beginning of time."""
    return tuple(
        (
            _FIRST_MS if time.start is None else _ms(stated(time.start).earliest),
            None if time.end is None else _ms(stated(time.end).latest),
        )
        for _, time in notice.times()
    )


def _overlaps(window: tuple[int, int | None], from_ms: int, until_ms: int) -> bool:
    return window[0] < until_ms and (window[1] is None or window[1] > from_ms)


def _drawn(notice: Notice) -> Iterator[_Drawn]:
    """Yield the title and the feature of each area of a notice that a map can show."""
    checked, _ = check(notice)
    features = [] if checked is None else features_of(checked)["features"]
    for (_, place), feature in zip(notice.places(), features, strict=False):
        if isinstance(place, Area) and feature["geometry"] is not None:
            yield place.name or notice.title, feature


def _area(line: str, current: Current, windows: Windows, title: str, feature: dict[str, Any]) -> AreaDocument:
    return AreaDocument(
        line=line,
        ref=current.first.ref,
        member=current.notice.author.id,
        title=title,
        kind=kind_of(current.notice),
        standing="said" if current.state == "stands" else current.state,
        windows=windows,
        feature=feature,
    )


def _ms(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)


# ---- timeline ---------------------------------------------------------------------------------------------------


def timeline_of(
    lines: Iterable[FiledLine],
    verdicts: Mapping[str, list[dict[str, Any]]],
    around: Iterable[TimelineItem],
    from_ms: int,
    until_ms: int,
) -> TimelineDocument:
    """Return what lies between two moments; in the judging thread. around: outages and answers due."""
    items = [one for one in around if _overlaps((one.from_ms, one.until_ms), from_ms, until_ms)]
    for line in lines:
        for current in line.standing().values():
            items += [
                one
                for one in _notice_items(line.line, current)
                if _overlaps((one.from_ms, one.until_ms), from_ms, until_ms)
            ]
        items += [one for one in _due_items(verdicts.get(line.line, [])) if from_ms <= one.from_ms < until_ms]
    items.sort(key=lambda one: (one.from_ms, one.line, one.ref, one.what))
    return TimelineDocument(items=tuple(items[-_ITEMS_MAX:]))


def _notice_items(line: str, current: Current) -> Iterator[TimelineItem]:
    """Yield a notice's times as bars; one without times as a dot at which it was said."""
    notice, told = current.notice, current.first.told
    if current.state == "cancelled":
        return
    windows = _windows(notice)
    if not windows and told is not None:
        said_ms = _ms(told.author_clock)
        windows = ((said_ms, said_ms + 1),)
    for start_ms, end_ms in windows:
        yield TimelineItem(
            what="area" if _has_areas(current) else "notice",
            from_ms=start_ms,
            until_ms=end_ms,
            title=notice.title,
            member=notice.author.id,
            line=line,
            ref=current.first.ref,
        )


def _due_items(verdicts: list[dict[str, Any]]) -> Iterator[TimelineItem]:
    for one in unmet(verdicts):
        if one["due"] is not None:
            due_ms = _ms(datetime.fromisoformat(one["due"]["latest"]))
            yield TimelineItem(
                what="obligation_due",
                from_ms=due_ms,
                until_ms=due_ms + 1,
                title=f"{one['agreement']} {one['paragraph']}: {one['title']}",
                member=", ".join(one["owed_by"]),
                line=one["line"],
                ref=one["ref"],
            )


def outages_of(index: LineIndex, now_ms: int) -> list[TimelineItem]:
    """Return when the line to each party was out, and which answers are due; in the reading thread."""
    due = (
        TimelineItem(
            what="answer_due",
            from_ms=one["due_ms"],
            until_ms=one["due_ms"] + 1,
            title="",
            member=one["by"],
            line=index.line,
            ref=one["ref"],
        )
        for one in answers_owed(index.opened, now_ms)
    )
    return [*_outages(index.line, index.opened.record.history()), *due]


def _outages(line: str, history: list[PutHistory]) -> Iterator[TimelineItem]:
    began: dict[str, tuple[int, str]] = {}
    for one in history:
        if one.what != "direction":
            continue
        state = str(msgspec.json.decode(one.detail)["state"])
        before = began.pop(one.member, None)
        if before is not None:
            yield _outage(line, one.member, before, one.at_ms)
        if state in _OUT:
            began[one.member] = one.at_ms, state
    for member, before in began.items():
        yield _outage(line, member, before, None)


def _outage(line: str, member: str, began: tuple[int, str], until_ms: int | None) -> TimelineItem:
    return TimelineItem(
        what="outage", from_ms=began[0], until_ms=until_ms, title=began[1], member=member, line=line
    )


# ---- hand-over --------------------------------------------------------------------------------------------------


def happened(indexes: Iterable[LineIndex], from_ms: int, until_ms: int) -> tuple[EntryRow, ...]:
    """Return what people said between two moments, newest first; in the reading thread."""
    found: list[tuple[LineIndex, Known]] = [
        (index, known) for index in indexes for known in index.between(from_ms, until_ms) if not known.is_control
    ]
    found.sort(key=lambda one: one[1].key, reverse=True)
    return tuple(row_of(index, known) for index, known in found[:_HAPPENED_MAX])
