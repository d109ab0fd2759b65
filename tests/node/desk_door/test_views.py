"""Views of a record of two sides: groups, areas, obligations, timeline, hand-over, forms; alarms and the shelf."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.line.effects import Draft, Submitted
from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.node.desk_door import door as door_module
from detente.node.desk_door import time_views
from detente.node.desk_door.ask import FormFaultsError
from detente.node.desk_door.record_questions import (
    ActivitiesAsked,
    AlarmAcknowledged,
    AlarmsAsked,
    AreasAsked,
    CheckAsked,
    ContactsAsked,
    DraftKept,
    EntriesAsked,
    EntryAsked,
    FormsAsked,
    HandoverAsked,
    IncidentsAsked,
    LinesAsked,
    NewsAsked,
    ObligationsAsked,
    ShelfAsked,
    ShelfKept,
    TimelineAsked,
)
from detente.node.settings.structs import Settings
from detente.notices.codec import encode
from detente.notices.examples import EXAMPLES
from detente.notices.kinds import KINDS, line_type
from detente.notices.line_types import NOTICE_MEDIA_TYPE
from detente.notices.notice import Notice, Party
from detente.store.alarms import KeptAlarm
from detente.store.errors import HomeMistake
from tests.node.desk_door.running import RunningNode, running
from tests.node.desk_door.test_releasing import Trail
from tests.store.pair import Desk, exchange, found_homes, open_home

WEST = Party(id="west", name="West", state="LV")
EAST = Party(id="east", name="East", state="RU")
NOW_MS = int(datetime.now(UTC).timestamp() * 1000)
DAY_MS = 86_400_000


def said(kind: str, author: Party, number: int, **changed: Any) -> Draft:
    notice: Notice = msgspec.structs.replace(EXAMPLES[kind], author=author, **changed)
    return Draft(line_type(notice), NOTICE_MEDIA_TYPE, encode(notice), f"{number:031x}{author.id[0] == 'w':x}")


def window(days: int, length: int = 1) -> Any:
    """Return the windows of a danger area that begins so many days from now."""
    (first, *_) = EXAMPLES["danger_area"].windows  # type: ignore[attr-defined]
    start = datetime.fromtimestamp((NOW_MS + days * DAY_MS) / 1000, UTC)
    end = datetime.fromtimestamp((NOW_MS + (days + length) * DAY_MS) / 1000, UTC)
    text = "%Y-%m-%dT%H:%MZ"
    return (msgspec.structs.replace(first, start=start.strftime(text), end=end.strftime(text), alternate=False),)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home in whose record both sides spoke."""
    line = found_homes(tmp_path)
    with open_home(tmp_path / "west") as west, open_home(tmp_path / "east") as east:
        ours, theirs = Desk(west, line, now_ms=NOW_MS), Desk(east, line, now_ms=NOW_MS)
        ours.give(
            Submitted((
                said("incident", WEST, 1, activity="close-call", title="Our account"),
                said("contact_request", WEST, 2, activity="talks"),
                said("danger_area", WEST, 3, title="Firing now", windows=window(-1, 3)),
                said("danger_area", WEST, 4, title="Firing later", windows=window(20)),
                said("exercise", WEST, 5, activity="birch", title="Northern Birch"),
                Draft("message", "text/plain", b"answer me", "f" * 32, answer_by_ms=NOW_MS + DAY_MS),
            ))
        )  # fmt: skip
        theirs.give(
            Submitted((
                said("incident", EAST, 1, activity="close-call", title="Their account"),
                said("readout", EAST, 2, activity="talks", title="Their readout"),
                said("readout", EAST, 3, title="Alone"),
            ))
        )  # fmt: skip
        exchange(ours, theirs)
        exchange(ours, theirs)
        ours.give(Submitted((said("readout", WEST, 6, activity="talks", title="Our readout"),)))
    return tmp_path / "west"


@pytest.fixture
def node(home: Path) -> Iterator[RunningNode]:
    with running(home, people=Trail()) as made:
        yield made


def line_of(node: RunningNode, name: str = "baltic") -> str:
    (found,) = [one.line for one in node.ask(LinesAsked()).lines if one.name == name]
    return str(found)


def test_activities_incidents_and_contacts_stand_with_both_sides(node: RunningNode) -> None:
    groups = {one["name"]: one for one in node.ask(ActivitiesAsked()).groups}
    assert {"close-call", "talks", "birch"} <= set(groups)
    assert [one["title"] for one in groups["birch"]["notices"]] == ["Northern Birch"]
    (incident,) = node.ask(IncidentsAsked()).groups
    assert {name: [row["title"] for row in rows] for name, rows in incident["accounts"].items()} == {
        "west": ["Our account"],
        "east": ["Their account"],
    }
    assert incident["evidence"] == []
    talks, alone = sorted(node.ask(ContactsAsked()).groups, key=lambda one: -len(one["readouts"]))
    assert [one["kind"] for one in talks["steps"]] == ["contact_request"]
    assert {name: [row["title"] for row in rows] for name, rows in talks["readouts"].items()} == {
        "west": ["Our readout"],
        "east": ["Their readout"],
    }
    assert [row["title"] for rows in alone["readouts"].values() for row in rows] == ["Alone"]
    with pytest.raises(HomeMistake, match="arctic"):
        node.ask(IncidentsAsked(line="arctic"))


def test_a_corrected_account_stands_beside_what_it_corrects(node: RunningNode) -> None:
    line = line_of(node)
    inner = msgspec.structs.replace(EXAMPLES["incident"], author=WEST, activity="close-call", title="Mended")
    target = node.do(node.lines.attempt(line, lambda host: host.record.submission(f"{1:031x}1")))  # type: ignore[union-attr]
    correction = said("correction", WEST, 9, corrects="west/0", corrected=inner)
    node.send(line, dataclasses.replace(correction, in_reply_to=target))
    (incident,) = node.ask(IncidentsAsked()).groups
    ours = [(row["kind"], row["standing"]) for row in incident["accounts"]["west"]]
    assert ours == [("incident", "corrected"), ("correction", "said")]


def test_only_areas_in_force_in_the_asked_time_are_shown(node: RunningNode) -> None:
    soon = node.ask(AreasAsked(from_ms=NOW_MS, until_ms=NOW_MS + DAY_MS)).areas
    assert "Firing now" in {one.feature["properties"]["title"] for one in soon}
    assert "Firing later" not in {one.feature["properties"]["title"] for one in soon}
    (window_ms,) = next(one.windows for one in soon if one.feature["properties"]["title"] == "Firing now")
    assert window_ms[0] < NOW_MS < window_ms[1]
    later = node.ask(AreasAsked(from_ms=NOW_MS + 20 * DAY_MS, until_ms=NOW_MS + 22 * DAY_MS)).areas
    assert "Firing later" in {one.feature["properties"]["title"] for one in later}
    assert all(one.feature["geometry"] for one in (*soon, *later))


def test_more_areas_than_can_be_drawn_are_an_error_and_no_thinner_map(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_views, "_AREAS_MAX", 0)
    with pytest.raises(HomeMistake, match="areas"):
        node.ask(AreasAsked(from_ms=NOW_MS, until_ms=NOW_MS + DAY_MS))


def test_obligations_name_their_line_clause_and_law_in_both_languages(node: RunningNode) -> None:
    english = node.ask(ObligationsAsked()).verdicts
    russian = node.ask(ObligationsAsked(line=line_of(node), language="ru")).verdicts
    assert english
    assert [(one["ref"], one["clause"]) for one in english] == [(one["ref"], one["clause"]) for one in russian]
    assert [one["words"] for one in english] != [one["words"] for one in russian]
    assert all(one["line"] == line_of(node) and one["agreement"] and one["paragraph"] for one in english)
    assert all(one["outcome"] != "not_owed" for one in english)
    assert node.ask(ObligationsAsked(at_ms=0)).verdicts
    for extreme in (2**60, -(2**60)):
        assert isinstance(node.ask(ObligationsAsked(at_ms=extreme)).verdicts, tuple)


def test_the_timeline_and_the_hand_over_tell_what_lies_ahead(node: RunningNode) -> None:
    asked = TimelineAsked(from_ms=NOW_MS - 2 * DAY_MS, until_ms=NOW_MS + 30 * DAY_MS)
    items = node.ask(asked).items
    found = {(one.what, one.title) for one in items}
    assert {("area", "Firing now"), ("area", "Firing later")} <= found
    assert [(one.member, one.ref) for one in items if one.what == "answer_due"] == [("east", "west/5")]
    assert list(items) == sorted(items, key=lambda one: one.from_ms)
    node.ask(ShelfKept(name="overlays", octets=b"{}", actor="1"))
    handover = node.ask(HandoverAsked(from_ms=NOW_MS - DAY_MS, until_ms=NOW_MS + 2 * DAY_MS))
    assert {"Our account", "Their account"} <= {one.title for one in handover.happened}
    assert [one.ref for one in handover.awaited] == ["west/5"]
    assert handover.drafts == ()
    assert [one["act"] for one in handover.acts] == ["shelf-kept"]
    assert handover.lines.member == "west"
    empty = node.ask(HandoverAsked(from_ms=0, until_ms=1))
    assert empty.happened == ()


def test_open_answers_are_found_and_states_are_exact(node: RunningNode) -> None:
    (row,) = node.ask(EntriesAsked(has_open_answer=True)).rows
    assert (row.ref, row.states) == ("west/5", {"east": "delivered"})
    rows = node.ask(EntriesAsked(member="east")).rows
    assert {one.title for one in rows} == {"Their account", "Their readout", "Alone"}
    assert all(one.states == {} for one in rows)
    newest = node.ask(EntriesAsked(text="our readout")).rows[0]
    assert newest.states == {"east": "held"}


def test_every_kind_has_a_form_and_every_word_its_translation(node: RunningNode) -> None:
    found = node.ask(FormsAsked())
    assert {one.kind for one in found.forms} == set(KINDS)
    by_kind = {one.kind: one for one in found.forms}
    assert by_kind["exercise"].names == {"en": "Military activity", "ru": by_kind["exercise"].names["ru"]}
    assert by_kind["exercise"].names["ru"] != "Military activity"
    assert found.terms["ru"]["Subject"] != "Subject"
    assert set(found.terms["en"]) == set(found.terms["ru"])
    assert found.author == {"id": "west", "name": "West", "state": "LV"}
    for one in found.forms:
        assert one.example["kind"] == one.kind
        assert set(one.schema["required"]) <= set(one.schema["properties"])


def test_a_form_is_checked_while_it_is_typed(node: RunningNode) -> None:
    line = line_of(node)
    notice = msgspec.json.decode(encode(msgspec.structs.replace(EXAMPLES["exercise"], author=WEST)))
    good = node.ask(CheckAsked(line=line, notice=notice))
    assert (good.is_sendable, good.faults, good.type, good.needed) == (True, (), "notice.exercise", 1)
    assert good.obligations
    assert {one["ref"] for one in good.obligations} == {"draft"}
    assert {one["reason"] for one in good.obligations if one["outcome"] == "not_owed"} == {"below"}
    assert "SUBJECT" in good.texts["en"]
    begun = node.ask(CheckAsked(line=line, notice={"kind": "exercise", "title": "x"}, language="ru"))
    assert begun.is_sendable is False
    assert "issued_at" in {one.path for one in begun.faults}
    assert node.ask(CheckAsked(line=line, notice={})).is_sendable is False
    theirs = node.ask(CheckAsked(line=line, notice=notice | {"author": {"id": "east", "name": "East"}}))
    assert [one.path for one in theirs.faults] == ["author.id"]
    with pytest.raises(HomeMistake):
        node.ask(CheckAsked(line="", notice=notice))


def test_humanitarian_notices_stay_on_their_line_and_are_on_no_map(tmp_path: Path) -> None:
    found_homes(tmp_path)
    rings = []
    for name in ("west", "east"):
        with open_home(tmp_path / name) as opened:
            rings.append(opened.ring())
    opening = first_opening("humanitarian-aid", rings)
    with open_home(tmp_path / "west") as west:
        west.join(opening.line, join_parts(opening, rings))
    with running(tmp_path / "west") as node:
        aid = line_of(node, "humanitarian-aid")
        node.send(aid, said("humanitarian_site", WEST, 1, title="Field hospital"))
        node.send(aid, said("humanitarian_movement", WEST, 2, title="Convoy"))
        assert [one.is_humanitarian for one in node.ask(LinesAsked()).lines] == [False, True]
        assert node.ask(AreasAsked(from_ms=0, until_ms=2**52)).areas == ()
        rows = node.ask(EntriesAsked(line=aid)).rows
        assert {one.title for one in rows} == {"Field hospital", "Convoy"}
        for row in rows:
            found = node.ask(EntryAsked(line=aid, ref=row.ref))
            assert found.geojson is None
            assert "no protection" in found.texts["en"]
        site = msgspec.json.decode(encode(msgspec.structs.replace(EXAMPLES["humanitarian_site"], author=WEST)))
        wrong = line_of(node)
        assert node.ask(CheckAsked(line=aid, notice=site)).is_sendable is True
        assert node.ask(CheckAsked(line=aid, notice=site)).geojson is None
        assert node.ask(CheckAsked(line=wrong, notice=site)).is_sendable is False
        with pytest.raises(FormFaultsError):
            node.ask(DraftKept(line=wrong, notice=site))
        other = msgspec.json.decode(encode(msgspec.structs.replace(EXAMPLES["movement"], author=WEST)))
        with pytest.raises(FormFaultsError):
            node.ask(DraftKept(line=aid, notice=other))


def test_alarms_stand_in_four_states_and_are_acknowledged_with_a_note(home: Path) -> None:
    alarms = [
        KeptAlarm("a" * 12, "baltic", "silent", "east", "alarm", {}, 5, 6, told=1),
        KeptAlarm("b" * 12, "baltic", "degraded", "east", "warning", {}, 1, 2, told=1, ended_ms=3),
    ]
    trail = Trail()
    with running(home, people=trail, alarms=alarms) as node:
        first, second = node.ask(AlarmsAsked()).alarms
        assert (first.name, first.state, first.sentence) == ("silent", "active-unacknowledged", "east is silent")
        assert second.state == "rectified-unacknowledged"
        assert node.ask(AlarmsAsked(language="ru")).alarms[0].sentence != first.sentence
        number = node.ask(NewsAsked(after=0)).number
        node.ask(AlarmAcknowledged(id=first.id, by="Dora", note="called them", actor="1"))
        assert "alarms" in node.ask(NewsAsked(after=number, wait_s=40)).topics
        node.ask(AlarmAcknowledged(id=second.id, by="Dora", actor="1"))
        states = {one.name: (one.state, one.acknowledged_by, one.note) for one in node.ask(AlarmsAsked()).alarms}
        assert states == {
            "silent": ("active-acknowledged", "Dora", "called them"),
            "degraded": ("rectified-acknowledged", "Dora", ""),
        }
        assert [act for _, act, _ in trail.acts] == ["alarm-acknowledged"] * 2
        with pytest.raises(HomeMistake):
            node.ask(AlarmAcknowledged(id="c" * 12, by="Dora"))
        node.alarms[0] = msgspec.structs.replace(alarms[0], told=2)
        assert node.ask(AlarmsAsked()).alarms[0].state == "active-unacknowledged"


def test_the_shelf_keeps_documents_of_the_desk_over_a_restart(home: Path) -> None:
    with running(home, people=Trail()) as node:
        assert node.ask(ShelfAsked(name="overlays")).octets == b""
        node.ask(ShelfKept(name="overlays", octets=b"{}"))
        for name, octets in (("../etc", b"x"), ("", b"x"), ("big", bytes(4_000_001))):
            with pytest.raises(HomeMistake):
                node.ask(ShelfKept(name=name, octets=octets))
    with running(home, people=Trail()) as node:
        assert node.ask(ShelfAsked(name="overlays")).octets == b"{}"
        node.ask(ShelfKept(name="overlays", octets=b""))
        assert node.ask(ShelfAsked(name="overlays")).octets == b""


def test_a_record_of_ten_thousand_entries_is_paged_through_and_grows(tmp_path: Path) -> None:
    found_homes(tmp_path)
    with running(tmp_path / "west", Settings()) as node:
        line = line_of(node)
        for start in range(0, 10_000, 1000):
            node.send(
                line,
                *(
                    Draft("message", "text/plain", f"number {one}".encode(), f"{one:032x}")
                    for one in range(start, start + 1000)
                ),
            )
        before, seen = "", []
        while True:
            page = node.ask(EntriesAsked(before=before, limit=500))
            seen += [one.title for one in page.rows]
            if not page.next:
                break
            before = page.next
        assert seen == [f"number {one}" for one in reversed(range(10_000))]
        assert [one.title for one in node.ask(EntriesAsked(text="9876")).rows] == ["number 9876"]
        node.send(line, Draft("message", "text/plain", b"one more", "f" * 32))
        assert node.ask(EntriesAsked(limit=1)).rows[0].title == "one more"


def test_a_fault_of_our_own_is_told_without_its_values(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("the body of a notice")

    monkeypatch.setattr(door_module, "entry_of", broken)
    with pytest.raises(Exception, match="ValueError") as failed:
        node.ask(EntryAsked(line=line_of(node), ref="west/0"))
    assert "body" not in str(failed.value)
    assert any("desk-door.failed" in one and "body" not in one for one in node.log)
