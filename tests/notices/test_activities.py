"""The current state of an activity is a view; what was said first stays, and what refers to nothing changes nothing."""

from __future__ import annotations

import msgspec
import pytest

from detente.notices.activities import activities, current
from detente.notices.examples import EXAMPLES
from detente.notices.filed import Filed, filed_alone
from detente.notices.kinds import Cancellation, Correction, DangerArea
from detente.notices.notice import Notice, Party

FIRST = EXAMPLES["danger_area"]
EAST = Party(id="east", name="East")


def said(ref: str, notice: Notice) -> Filed:
    return filed_alone(notice, ref)


def correction(corrects: str, title: str = "Gunnery exercise", author: Party = FIRST.author) -> Notice:
    example = EXAMPLES["correction"]
    assert isinstance(example, Correction)
    assert isinstance(example.corrected, DangerArea)
    corrected = msgspec.structs.replace(example.corrected, title=title, author=author)
    return msgspec.structs.replace(example, corrects=corrects, corrected=corrected, author=author)


def cancellation(cancels: str) -> Notice:
    example = EXAMPLES["cancellation"]
    assert isinstance(example, Cancellation)
    return msgspec.structs.replace(example, cancels=cancels)


def test_a_correction_changes_the_view_and_not_the_record() -> None:
    now, adrift = current([said("west/1", FIRST), said("west/2", correction("west/1", "Later"))])
    one = now["west/1"]
    assert (one.state, one.notice.title) == ("corrected", "Later")
    assert one.first.notice == FIRST
    assert [change.ref for change in one.changes] == ["west/2"]
    assert adrift == []


def test_a_correction_of_a_correction_and_a_cancellation_reach_the_first_entry() -> None:
    record = [
        said("west/1", FIRST),
        said("west/2", correction("west/1")),
        said("west/3", correction("west/2", "Third")),
    ]
    now, _ = current([*record, said("west/4", cancellation("west/3"))])
    assert list(now) == ["west/1"]
    assert (now["west/1"].state, now["west/1"].notice.title) == ("cancelled", "Third")
    again, _ = current(
        [*record, said("west/4", cancellation("west/1")), said("west/5", correction("west/1", "Held"))]
    )
    assert (again["west/1"].state, again["west/1"].notice.title) == ("corrected", "Held")


def test_another_s_entry_and_an_unknown_one_cannot_be_changed() -> None:
    foreign = said("east/1", correction("west/1", author=EAST))
    lost = said("west/2", cancellation("west/9"))
    hanging = said("west/3", cancellation("west/2"))
    now, adrift = current([said("west/1", FIRST), foreign, lost, hanging])
    assert now["west/1"].state == "stands"
    assert [one.ref for one in adrift] == ["east/1", "west/2", "west/3"]


def test_one_reference_names_one_entry() -> None:
    with pytest.raises(ValueError, match="west/1"):
        current([said("west/1", FIRST), said("west/1", FIRST)])


def test_what_belongs_together_stands_together() -> None:
    plan, report = EXAMPLES["exercise"], EXAMPLES["after_report"]
    found = activities(
        [said("west/1", plan), said("west/2", FIRST), said("west/3", report), said("west/4", cancellation("x/1"))]
    )
    assert list(found) == ["northern-birch-2030", ""]
    assert [one.first.ref for one in found["northern-birch-2030"].notices] == ["west/1", "west/3"]
    assert [one.ref for one in found[""].adrift] == ["west/4"]
    assert list(activities([said("west/4", cancellation("x/1"))])) == [""]
