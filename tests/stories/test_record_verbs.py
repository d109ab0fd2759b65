"""Contacts and figures of a home's record: what was said on the line, between whose clocks, come how far."""

from __future__ import annotations

from pathlib import Path

from tests.stories.shell import Shell

MEETING = """kind = "contact_record"
title = "Meeting in Baku"
author = {{ id = "{me}", name = "{me}" }}
issued_at = "2018-04-19T15:00Z"
activity = "baku-2018"
medium = "meeting"
at = "2018-04-19"
place = "Baku"
offices = [{{ title = "Commander", holder = "A" }}, {{ title = "Chief of Staff", holder = "B" }}]
"""
READOUT = """kind = "readout"
title = "Readout"
author = {{ id = "{me}", name = "{me}" }}
issued_at = "2018-04-19T18:00Z"
activity = "baku-2018"
medium = "meeting"
at = "2018-04-19"
text = "We met."
topics = {topics}
offices = [{{ title = "Commander" }}, {{ title = "Chief of Staff" }}]
"""


def write(shell: Shell, name: str, text: str) -> Path:
    path = shell.folder / name
    path.write_text(text)
    return path


def test_both_sides_read_the_same_story_and_figures_from_their_own_homes(shell: Shell) -> None:
    shell.pair()
    shell.run("line send west --notice", str(write(shell, "m.toml", MEETING.format(me="west"))))
    shell.run(
        "line send west --notice",
        str(write(shell, "w.toml", READOUT.format(me="west", topics='["Syria", "Exercises"]'))),
    )
    shell.run(
        "line send east --notice", str(write(shell, "e.toml", READOUT.format(me="east", topics='["Syria"]')))
    )
    shell.send("west", "no notice at all")
    shell.exchange("west", "east")
    shell.run("line reply east --to west/0 read")
    shell.exchange("east", "west")

    west, east = shell.json("contacts west"), shell.json("contacts east")
    assert west["timeline"] == east["timeline"]
    assert west["readouts"][0]["only_one"] == [{"ref": "west/1", "topics": ["Exercises"]}]
    assert {one["ref"] for one in east["readouts"][0]["statements"]} == {"west/1", "east/0"}

    figures = shell.json("transparency west")
    known = next(one for one in figures["acknowledged"] if one["author"] == "west")
    assert (known["recipient"], known["notices"]) == ("east", 2)
    assert known["counts"] == {"delivered": 2, "read": 1, "answered": 0}
    assert "acknowledged" in shell.run("transparency west")
    shell.exchange("west", "east")
    shell.exchange("east", "west")
    ours, theirs = shell.json("transparency west"), shell.json("transparency east")
    for one in (ours, theirs):
        assert one.pop("availability")  # each node's own history of the line, so no common figure
    assert ours == theirs
    shell.run("contacts west east", code=2)
    assert "one home" in shell.err
