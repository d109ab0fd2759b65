"""The story of a channel: lists and notices in; since when, what followed, whose readout mentions what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detente import words
from detente.__main__ import main
from detente.notices.moments import stated
from detente.rules.contact_lists import Lists, read_list
from detente.rules.contacts import Story, is_office, story
from detente.rules.contacts_wording import days_words, seats_words, suspended_words
from detente.rules.errors import ListMistake
from detente.rules.happenings import Happening, Kind, Seat

OFFICES = """person,office,side,from,to,precision,source
Ann Arrow,Commander,WEST,2012-01,2014-06-01,day,a
Bea Birch,Commander,WEST,2014-06-01,,day,a
Carl Cedar,Chief of Staff,EAST,,2030,year,a
"""
CONTACTS = """date,precision,type,participants,subject,source
2013-01-01,year,meeting,Commander Arrow - Cedar,first,press
2014-04-01,day,suspension,Ministers,cooperation suspended,press
2015-02-01,month,phone,Birch - Cedar,call,press
2017-09-14,day [memory],phone,Birch - Cedar - Dogwood,again,press
2017-10-01,day,NRC,Council,talks,press
2018-04-19,day,meeting,"Birch - Cedar, Baku",face to face,press
2018-05-01,day,line opened,both,line,press
"""


def told(between: tuple[str, str] | None = None) -> Story:
    lists = read_list(OFFICES, where="o.csv").with_more(read_list(CONTACTS, where="c.csv"))
    return story(lists.resolved(), between=between)


def happened(ref: str, at: str, kind: Kind, **more: object) -> Happening:
    return Happening(ref=ref, at=stated(at), kind=kind, **more)  # type: ignore[arg-type]


def test_people_have_the_office_that_they_held_then() -> None:
    rows = told().rows
    assert rows[0].happening.seats[0] == Seat(office="Commander", person="Ann Arrow", side="WEST")
    assert rows[2].happening.seats[0].person == "Bea Birch"
    assert rows[-2].happening.place == "Baku"
    assert told().unknown_people == ("Dogwood",)


def test_since_is_said_for_each_kind_and_bounded_by_how_precisely_both_are_dated() -> None:
    by_ref = {row.happening.ref: row for row in told().rows}
    meeting = by_ref["c.csv:7"].since_same_kind[0]
    assert meeting.last is not None
    assert (meeting.last.ref, meeting.days_least, meeting.days_most) == ("c.csv:2", 1570, 1934)
    anything = by_ref["c.csv:7"].since_any[0]
    assert anything.last is not None
    assert (anything.last.ref, anything.days_least, anything.days_most) == ("c.csv:5", 217, 217)
    assert by_ref["c.csv:2"].since_same_kind[0].last is None
    assert by_ref["c.csv:6"].since_same_kind == ()  # a council names no offices


def test_a_suspension_tells_what_followed_it() -> None:
    (suspended,) = told().suspensions
    assert suspended.first_contact is not None
    assert suspended.first_line is not None
    assert (suspended.first_contact.ref, suspended.first_line.ref) == ("c.csv:4", "c.csv:8")
    assert suspended.contacts_during_a_year == 1
    alone = story([happened("a", "2014-04-01", "suspension")]).suspensions[0]
    assert (alone.first_contact, alone.first_line) == (None, None)


def test_between_keeps_the_two_offices_and_what_frames_their_contacts() -> None:
    refs = [row.happening.ref for row in told(("commander", "Chief of Staff")).rows]
    assert refs == ["c.csv:2", "c.csv:3", "c.csv:4", "c.csv:5", "c.csv:7", "c.csv:8"]
    assert is_office("Supreme Allied Commander Europe", "SACEUR")


def test_readouts_stand_beside_each_other_and_tell_what_only_one_side_mentions() -> None:
    common = {"joins": "baku", "topics": ("Exercises", "Syria")}
    found = story(
        [
            happened("w/1", "2018-04-19", "meeting", joins="baku"),
            happened("w/2", "2018-04-19", "readout", author="West", **common),
            happened("e/1", "2018-04-19", "readout", author="East", joins="baku", topics=("Syria ", "Sanctions")),
            happened("e/9", "2018-05-19", "readout", author="East", joins="other", topics=("Alone",)),
        ]
    ).readouts
    assert found[0].contact is not None
    assert found[0].shared_topics == ("Syria",)
    assert found[0].only_one == (("e/1", ("Sanctions",)), ("w/2", ("Exercises",)))
    assert found[1].contact is None
    assert found[1].only_one == ()


@pytest.mark.parametrize(
    ("text", "came"),
    [
        ("a,b\n1,2\n", "columns"),
        ("", "columns"),
        (CONTACTS + "2018-04-19,day,dinner,a - b,c,d\n", "dinner"),
        (CONTACTS + "2018-13-19,day,phone,a - b,c,d\n", "2018-13-19"),
        (CONTACTS + "2018-04-19,day,phone\n", "number of fields"),
        (CONTACTS + "2018-04-19,day,phone,a,b,c,d,e\n", "number of fields"),
        (CONTACTS + f"2018-04-19,day,phone,a,{'b' * 30000},c\n", "longer"),
        (CONTACTS + '2018-04-19,day,"phone,a,b,c\n', "end of data"),
        (OFFICES + ",Commander,WEST,2012,,day,a\n", "blank"),
        (OFFICES + "X,Commander,WEST,yesterday,,day,a\n", "yesterday"),
    ],
)
def test_a_bad_list_is_refused_at_its_row(text: str, came: str) -> None:
    with pytest.raises(ListMistake, match=came):
        read_list(text, where="list.csv")


def test_a_list_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.rules.contact_lists.ROWS_MAX", 3)
    with pytest.raises(ListMistake, match="more"):
        read_list(CONTACTS, where="c.csv")


def test_nobody_is_guessed_when_two_held_an_office_or_a_seat_names_it_already() -> None:
    lists = read_list(OFFICES + "Zoe Birch,Deputy,WEST,2014,,day,a\n", where="o").with_more(
        Lists(
            happenings=(
                happened("a", "2015-01-01", "meeting", seats=(Seat(person="Birch"), Seat(office="X")), who="-"),
            )
        )
    )
    assert lists.resolved()[0].seats == (Seat(person="Birch"), Seat(office="X"))


def test_the_story_of_2013_to_2018(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = shared / "data"
    names = [str(data / name) for name in ("contacts.csv", "offices.csv", "incidents.csv")]
    page = tmp_path / "story.html"
    assert (
        main(
            [
                "contacts",
                *names,
                "--between",
                "SACEUR",
                "Chief of the General Staff",
                "--report",
                str(page),
                "--json",
            ]
        )
        == 0
    )
    document = json.loads(capsys.readouterr().out)
    meeting = next(one for one in document["timeline"] if one["at"] == "2018-04-19")
    assert meeting["since_same_kind"][0]["last_at"] == "2013"
    assert "since 2013" in meeting["since_same_kind"][0]["words"]
    call = next(one for one in document["timeline"] if one["at"] == "2017-09-14")
    assert call["since_same_kind"][0]["last"] is None
    assert "on record" in call["since_same_kind"][0]["words"]
    assert [one["at"] for one in document["suspensions"]] == ["2014-04-01", "2017-04-07"]
    assert document["suspensions"][0]["first_contact"].endswith("contacts.csv:5")
    text = page.read_text()
    assert "<script" not in text
    assert "Baku" in text

    assert main(["contacts", *names, "--language", "ru"]) == 0
    shown = capsys.readouterr()
    assert "встреча" in shown.out
    assert "Baku" in shown.out
    words.choose("en")


def test_an_office_that_is_not_on_record_is_told_with_those_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.csv").write_text(CONTACTS)
    (tmp_path / "o.csv").write_text(OFFICES)
    code = main(["contacts", str(tmp_path / "c.csv"), str(tmp_path / "o.csv"), "--between", "Commander", "King"])
    assert code == 2
    assert "Chief of Staff" in capsys.readouterr().err
    (tmp_path / "c.csv").write_bytes(b"\xff\xfe")
    assert main(["contacts", str(tmp_path / "c.csv")]) == 2
    assert "UTF-8" in capsys.readouterr().err


def test_a_list_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.csv").write_text(CONTACTS)
    monkeypatch.setattr("detente.rules.contacts_command.LIST_MAX", 10)
    assert main(["contacts", str(tmp_path / "c.csv")]) == 2
    assert "10" in capsys.readouterr().err


def test_what_no_office_is_known_of_stands_in_the_words_of_its_source() -> None:
    nameless = happened(
        "a", "2014-04-01", "suspension", seats=(Seat(office="", person="A"), Seat(office="", person="B"))
    )
    assert seats_words(nameless) == "A, B"
    assert "no contact after it is on record" in suspended_words(story([nameless]).suspensions[0])
    assert days_words(None, None) == ""
