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
        for known in one["acknowledged"]:
            # a recipient may hold an earlier cosignature of its own than the one that was carried to the author
            known["median_h"].pop("delivered")
    assert ours == theirs
    shell.run("contacts west --report story.html --language ru")
    page = (shell.folder / "story.html").read_text()
    assert page.count('class="card"') == 2
    assert "<mark>Exercises</mark>" in page
    assert "Syria, Exercises" not in page
    assert "only west mentions: Exercises" in shell.run("contacts east") + shell.err
    shell.run("contacts west east", code=2)
    assert "one home" in shell.err


def test_what_was_asked_for_and_agreed_and_what_happened_stand_in_the_story(shell: Shell) -> None:
    files = []
    for kind in ("contact-request", "contact-agreement", "incident", "readout"):
        write(shell, f"{kind}.toml", shell.run(f"notice new {kind} --example"))
        files.append(f"{kind}.toml")
    told = shell.json(f"contacts {' '.join(files)}")
    assert {one["kind"] for one in told["timeline"]} >= {"request", "arranged", "incident"}
    assert shell.run(f"contacts {' '.join(files)} --language ru")
    shell.run("contacts incident.toml --report lonely.html")
    assert 'class="card"' not in (shell.folder / "lonely.html").read_text()
    write(shell, "launch.toml", shell.run("notice new launch --example"))
    shell.run("contacts launch.toml --report nothing.html")
    assert "nothing on record" in shell.err


def test_answers_to_requests_are_counted_by_clause(shell: Shell) -> None:
    files = []
    for kind in ("unusual-activity-request", "unusual-activity-answer"):
        write(shell, f"{kind}.toml", shell.run(f"notice new {kind} --example"))
        files.append(f"{kind}.toml")
    shell.run(f"obligations {' '.join(files)} --at 2030-05-09T00:00Z")
    figures = shell.json(f"transparency {' '.join(files)} --to 2031-01-01")
    assert figures["answers"]
    shell.run(f"transparency {' '.join(files)} --to 2031-01-01 --report answers.html --language ru")
    assert 'class="share"' in (shell.folder / "answers.html").read_text()
    write(shell, "launch.toml", shell.run("notice new launch --example"))
    shell.run("transparency launch.toml --report launch.html")


def test_readouts_that_name_no_contact_meet_by_their_offices_and_day(shell: Shell) -> None:
    for me, topics in (("west", '["Syria"]'), ("east", "[]")):
        text = READOUT.format(me=me, topics=topics).replace('activity = "baku-2018"\n', "")
        write(shell, f"{me}.toml", text)
    told = shell.json("contacts west.toml east.toml --report story.html")
    assert [len(one["statements"]) for one in told["readouts"]] == [2]
    assert told["readouts"][0]["contact"] is None
    assert (shell.folder / "story.html").read_text().count('class="card"') == 2
    write(shell, "incident.toml", shell.run("notice new incident --example"))
    assert "incidents" in shell.run("transparency incident.toml")
