"""The current state of an activity: a view over the record, which itself never changes.

A correction or a cancellation refers to an earlier entry of the same author; the old entry stays, and stays in the
view as what was said first. What refers to nothing known, to another author's entry or to itself changes nothing
and is named. Of two corrections of one entry the later in the record holds. The order given is the record's order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from detente.notices.filed import Filed
from detente.notices.kinds import Cancellation, Correction
from detente.notices.notice import Notice

__all__ = ["Activity", "Current", "activities", "current"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """One notice as it stands now.

    first: as it was said first. notice: as it reads now. changes: the corrections and the cancellation that made it
    so, in order. state: "stands", "corrected" or "cancelled".
    """

    first: Filed
    notice: Notice
    changes: tuple[Filed, ...] = ()
    state: Literal["stands", "corrected", "cancelled"] = "stands"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Everything said about one activity, incident or meeting, in the order of the record.

    name: the short name that its notices share; "" for those that name none. notices: as they stand now.
    adrift: corrections and cancellations that refer to no entry that their author may change.
    """

    name: str
    notices: tuple[Current, ...]
    adrift: tuple[Filed, ...] = ()


def current(filed: Iterable[Filed]) -> tuple[dict[str, Current], list[Filed]]:
    """Return each first notice as it stands now by its reference, and the changes that are adrift.

    filed: in the order of the record; a reference given twice raises ValueError.
    """
    found: dict[str, Current] = {}
    roots: dict[str, str] = {}
    adrift: list[Filed] = []
    for one in filed:
        if one.ref in roots or one.ref in found:
            raise ValueError(one.ref)
        if not isinstance(one.notice, Correction | Cancellation):
            found[one.ref] = Current(first=one, notice=one.notice)
            continue
        target = one.notice.corrects if isinstance(one.notice, Correction) else one.notice.cancels
        root = roots.get(target, target)
        old = found.get(root)
        if old is None or old.first.notice.author.id != one.notice.author.id:
            adrift.append(one)
            roots[one.ref] = ""
            continue
        roots[one.ref] = root
        found[root] = _changed(old, one)
    return found, adrift


def _changed(old: Current, change: Filed) -> Current:
    changes = (*old.changes, change)
    if isinstance(change.notice, Correction):
        # said again after a cancellation: the author takes the cancellation back
        return Current(first=old.first, notice=change.notice.corrected, changes=changes, state="corrected")
    return Current(first=old.first, notice=old.notice, changes=changes, state="cancelled")


def activities(filed: Iterable[Filed]) -> Mapping[str, Activity]:
    """Return every activity of a record by its short name, in the order in which it was first named.

    A correction may give a notice another activity: it then stands there.
    """
    now, adrift = current(filed)
    grouped: dict[str, list[Current]] = {}
    for one in now.values():
        grouped.setdefault(one.notice.activity or "", []).append(one)
    loose: dict[str, list[Filed]] = {}
    for change in adrift:
        loose.setdefault(change.notice.activity or "", []).append(change)
    return {
        name: Activity(name=name, notices=tuple(grouped.get(name, ())), adrift=tuple(loose.get(name, ())))
        for name in dict.fromkeys([*grouped, *loose])
    }
