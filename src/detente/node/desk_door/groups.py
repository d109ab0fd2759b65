"""What belongs together: activities as they stand, incidents with every side's account, contacts with readouts."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from detente.line.checkpoint import Origin
from detente.node.desk_door.judging import FiledLine
from detente.node.desk_door.line_index import Known, LineIndex, Place
from detente.node.desk_door.record_questions import EntryRow, GroupsDocument
from detente.node.desk_door.record_views import row_of
from detente.notices.activities import activities

__all__ = ["activities_of", "contacts_of", "incidents_of"]

_CONTACTS = frozenset({"contact_request", "contact_agreement", "contact_record", "readout"})
_GROUPS_MAX = 500
"""The newest; older ones are found by searching entries."""
_Group = tuple[int, Callable[[], dict[str, Any]]]
"""When the newest of it came, and what makes the group."""


def activities_of(lines: Iterable[tuple[LineIndex, FiledLine]]) -> GroupsDocument:
    """Return every activity as it stands now."""
    return _newest_first(one for index, filed in lines for one in _activities(index, filed))


def _activities(index: LineIndex, filed: FiledLine) -> Iterator[_Group]:
    for activity in activities(filed.filed).values():
        notices = [index.known[filed.places[one.first.ref]] for one in activity.notices]
        adrift = [index.known[filed.places[one.ref]] for one in activity.adrift]
        changes = [index.known[filed.places[each.ref]] for one in activity.notices for each in one.changes]
        newest_ms = max(one.at_ms for one in (*notices, *adrift, *changes))
        yield newest_ms, functools.partial(_activity, index, activity.name, notices, adrift)


def _activity(index: LineIndex, name: str, notices: list[Known], adrift: list[Known]) -> dict[str, Any]:
    return {
        "line": index.line,
        "name": name,
        "notices": [row_of(index, one) for one in notices],
        "adrift": [row_of(index, one) for one in adrift],
    }


def incidents_of(indexes: Iterable[LineIndex]) -> GroupsDocument:
    """Return incidents with the accounts of every side, each author's corrections beside what they correct."""
    return _newest_first(one for index in indexes for one in _incidents(index))


def _incidents(index: LineIndex) -> Iterator[_Group]:
    groups: dict[str, list[Known]] = defaultdict(list)
    for known in _standing(index, frozenset({"incident"})):
        groups[known.activity or index.name(known.place)].append(known)
    for name, accounts in groups.items():
        activity = accounts[0].activity
        places = index.activities.get(activity, []) if activity else []
        others = [index.known[place] for place in places if index.known[place].kind != "incident"]
        newest_ms = max(one.at_ms for one in (*accounts, *others))
        yield newest_ms, functools.partial(_incident, index, name, accounts, others)


def _incident(index: LineIndex, name: str, accounts: list[Known], others: list[Known]) -> dict[str, Any]:
    by_member: dict[str, list[Any]] = defaultdict(list)
    for one in accounts:
        by_member[one.place[0].member] += _rows(index, one)
    return {
        "line": index.line,
        "name": name,
        "title": accounts[0].title,
        "accounts": dict(by_member),
        "evidence": [each for one in (*accounts, *others) for each in _attachments(index, one)],
        "others": [row_of(index, one) for one in others],
    }


def _rows(index: LineIndex, known: Known) -> list[EntryRow]:
    """Return an account and what its author made of it since: a correction says all of it again."""
    changes = [index.known[place] for place, _ in index.changes.get(known.place, ())]
    return [row_of(index, one) for one in (known, *changes)]


def _attachments(index: LineIndex, known: Known) -> Iterator[dict[str, Any]]:
    for number, one in enumerate(known.statement.attachments, 1):
        yield {
            "ref": index.name(known.place),
            "member": known.place[0].member,
            "index": number,
            "media_type": one.media_type,
            "size": one.size,
            "hash": one.hash,
        }


def contacts_of(indexes: Iterable[LineIndex]) -> GroupsDocument:
    """Return contacts, each with its request, agreement and record, and each side's readout beside the other's."""
    return _newest_first(one for index in indexes for one in _contacts(index))


def _contacts(index: LineIndex) -> Iterator[_Group]:
    steps = list(_standing(index, _CONTACTS))
    groups: dict[Place, list[Known]] = defaultdict(list)
    heads: dict[Place, Place] = {}
    by_activity: dict[str, Place] = {}
    for known in steps:  # oldest first: what a step goes with stands before it
        target = _target(known)
        head = heads.get(target) if target is not None else None
        if head is None and known.activity:
            head = by_activity.get(known.activity)
        head = known.place if head is None else head
        heads[known.place] = head
        if known.activity:
            by_activity.setdefault(known.activity, head)
        groups[head].append(known)
    for group in groups.values():
        yield max(one.at_ms for one in group), functools.partial(_contact, index, group)


def _contact(index: LineIndex, group: list[Known]) -> dict[str, Any]:
    readouts: dict[str, list[Any]] = defaultdict(list)
    for one in group:
        if one.kind == "readout":
            readouts[one.place[0].member] += _rows(index, one)
    return {
        "line": index.line,
        "name": group[0].activity or index.name(group[0].place),
        "title": group[0].title,
        "steps": [row_of(index, one) for one in group if one.kind != "readout"],
        "readouts": dict(readouts),
    }


def _standing(index: LineIndex, kinds: frozenset[str]) -> Iterator[Known]:
    """Yield the entries of these kinds, oldest first; corrections stand at what they correct."""
    for _, place in index.order:
        known = index.known[place]
        if known.kind in kinds:
            yield known


def _target(known: Known) -> Place | None:
    target = known.statement.in_reply_to
    if target is None:
        return None
    line = known.place[0].line
    return Origin(line, target.epoch, target.member, target.generation), target.seq


def _newest_first(groups: Iterable[_Group]) -> GroupsDocument:
    newest = sorted(groups, key=lambda one: one[0], reverse=True)[:_GROUPS_MAX]
    return GroupsDocument(groups=tuple(make() for _, make in newest))
