"""What a desk sees of the record: rows, entries in full, bytes, news; hostile frames; a node that waits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from detente.line.effects import Draft
from detente.line.errors import LineMistake
from detente.node.desk_door.ask import desk_socket
from detente.node.desk_door.people_questions import PeopleAsked
from detente.node.desk_door.questions import Frame
from detente.node.desk_door.record_questions import (
    ContentAsked,
    EntriesAsked,
    EntriesDocument,
    EntryAsked,
    LinesAsked,
    NewsAsked,
)
from detente.node.serving.local_socket import connect, read_frame, write_frame
from detente.notices.codec import encode
from detente.notices.examples import EXAMPLES
from detente.notices.line_types import NOTICE_MEDIA_TYPE
from detente.notices.notice import Notice, Party
from detente.store.errors import HomeMistake
from tests.node.desk_door.running import RunningNode, running
from tests.store.pair import found_homes

WEST = Party(id="west", name="West", state="LV")


def of_west(kind: str, **changed: object) -> Notice:
    """Return the example of a kind as a notice of west."""
    return msgspec.structs.replace(EXAMPLES[kind], author=WEST, **changed)


def draft_of(notice: Notice, number: int = 0, **more: object) -> Draft:
    kind = str(notice.__struct_config__.tag).replace("_", "-")
    return Draft(f"notice.{kind}", NOTICE_MEDIA_TYPE, encode(notice), f"{number:032x}", **more)  # type: ignore[arg-type]


def message(text: str, number: int) -> Draft:
    return Draft("message", "text/plain", text.encode(), f"{number:032x}")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningNode]:
    found_homes(tmp_path)
    with running(tmp_path / "west") as made:
        yield made


def line_of(node: RunningNode) -> str:
    found: str = node.ask(LinesAsked()).lines[0].line
    return found


def test_every_line_stands_with_its_parties(node: RunningNode) -> None:
    found = node.ask(LinesAsked())
    assert (found.member, found.ready, found.waits, found.held_s) == ("west", True, "", 0)
    (line,) = found.lines
    assert (line.name, line.run, line.is_training, line.is_humanitarian) == ("baltic", "running", False, False)
    assert [one.member for one in line.parties] == ["east"]


def test_pages_come_newest_first_and_every_filter_narrows_them(node: RunningNode) -> None:
    line = line_of(node)
    for number in range(7):
        node.send(line, message(f"number {number}", number))
    node.send(line, draft_of(of_west("danger_area", title="Firing off Gotland"), 100))
    first = node.ask(EntriesAsked(limit=3))
    assert [one.title for one in first.rows] == ["Firing off Gotland", "number 6", "number 5"]
    assert first.rows[0].states == {"east": "held"}
    second = node.ask(EntriesAsked(limit=3, before=first.next))
    third = node.ask(EntriesAsked(limit=3, before=second.next))
    assert [one.title for one in (*second.rows, *third.rows)] == [f"number {one}" for one in (4, 3, 2, 1, 0)]
    assert third.next == ""
    asked = {
        "kind": EntriesAsked(kind="danger_area"),
        "text": EntriesAsked(text="GOTLAND firing"),
        "line": EntriesAsked(line=line, kind="danger_area"),
    }
    for question in asked.values():
        assert [one.title for one in node.ask(question).rows] == ["Firing off Gotland"]
    nothing = [
        EntriesAsked(member="east"),
        EntriesAsked(activity="none"),
        EntriesAsked(until_ms=1),
        EntriesAsked(from_ms=2**52),
        EntriesAsked(text="gotland baltic-sea"),
        EntriesAsked(has_open_answer=True),
    ]
    for question in nothing:
        assert node.ask(question) == EntriesDocument(rows=())
    node.send(line, message("x" * 10_000 + "\nНадежда at the end", 101))
    assert [one.ref for one in node.ask(EntriesAsked(text="надежда")).rows] == ["west/8"]
    with pytest.raises(LineMistake, match="before"):
        node.ask(EntriesAsked(before="yesterday"))
    with pytest.raises(HomeMistake, match="arctic"):
        node.ask(EntriesAsked(line="arctic"))


def test_an_entry_is_shown_in_full_in_both_languages(node: RunningNode) -> None:
    line = line_of(node)
    area = of_west("danger_area", title="Firing off Gotland")
    draft = draft_of(area, 1)
    node.send(line, draft)
    found = node.ask(EntryAsked(line=line, ref="west/0"))
    assert found.row.kind == "danger_area"
    assert found.entry["ref"] == "west/0"
    assert found.notice["title"] == "Firing off Gotland"
    assert found.faults == ()
    assert "SUBJECT: Firing off Gotland" in found.texts["en"]
    assert "ТЕМА: Firing off Gotland" in found.texts["ru"]
    assert found.geojson["features"]
    assert node.ask(EntryAsked(line=line, ref=found.row.ref)).row == found.row
    assert node.ask(EntryAsked(line=line, ref=found.entry["hash"][:12])).row == found.row
    content = node.ask(ContentAsked(line=line, ref="west/0", index=0))
    assert (content.media_type, content.octets) == (NOTICE_MEDIA_TYPE, encode(area))
    for question in (
        EntryAsked(line=line, ref="west/1"),
        EntryAsked(line=line, ref="../../etc"),
        ContentAsked(line=line, ref="west/0", index=1),
        ContentAsked(line=line, ref="west/0", index=-1),
    ):
        with pytest.raises(LineMistake):
            node.ask(question)


def test_errors_speak_the_language_of_whoever_asks(node: RunningNode) -> None:
    with pytest.raises(HomeMistake) as english:
        node.ask(EntriesAsked(line="arctic"))
    with pytest.raises(HomeMistake) as russian:
        node.ask(EntriesAsked(line="arctic", language="ru"))
    with pytest.raises(HomeMistake) as other:
        node.ask(EntriesAsked(line="arctic", language="tlh"))
    assert str(english.value) == str(other.value) != str(russian.value)


def test_news_grows_and_wakes_whoever_waits(node: RunningNode) -> None:
    line = line_of(node)
    now = node.ask(NewsAsked(after=0)).number
    assert node.ask(NewsAsked(after=now, wait_s=0)).topics == ()
    node.send(line, message("hello", 1))
    told = node.ask(NewsAsked(after=now, wait_s=40))
    assert "entries" in told.topics
    assert told.number > now
    again = node.ask(NewsAsked(after=told.number + 10**9, wait_s=40))
    assert set(again.topics) >= {"entries", "people", "shelf"}


def test_bytes_that_are_no_question_are_answered_and_the_next_is_heard(node: RunningNode) -> None:
    with contextlib.closing(connect(desk_socket(node.home), 30)) as sock:
        for octets in (b"", b"\xc1", msgspec.msgpack.encode({"ask": "lines", "more": 1}), b"\xff" * 100):
            write_frame(sock, octets)
            frame = msgspec.msgpack.decode(read_frame(sock) or b"", type=Frame)
            assert frame.fault is not None
            assert frame.fault.kind == "Malformed"
        write_frame(sock, msgspec.msgpack.encode(LinesAsked()))
        frame = msgspec.msgpack.decode(read_frame(sock) or b"", type=Frame)
        assert frame.fault is None


def test_a_node_without_people_says_so(node: RunningNode) -> None:
    with pytest.raises(HomeMistake, match="PeopleAsked"):
        node.ask(PeopleAsked())
