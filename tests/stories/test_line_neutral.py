"""Members that are named neutral: part of the line's id and fingerprint, shown everywhere, kept from epoch to epoch."""

from __future__ import annotations

import json

import pytest

from detente.line.envelope import Envelope, PayloadType
from detente.line.load import load
from detente.line.session import Answer, decode_session
from detente.line.state import Settings
from detente.node.home import open_reading
from tests.stories.shell import Shell

THREE = ("east", "north", "west")
CARDS = "east.card north.card west.card"
BETWEEN = "--neutral west=north --neutral east=north"


@pytest.fixture
def three(shell: Shell) -> Shell:
    """Return three members that all named north neutral between the others."""
    shell.found(*THREE)
    assert len(shell.join(THREE, more=BETWEEN)) == 1
    return shell


def test_whoever_names_other_neutrals_gets_another_line(shell: Shell) -> None:
    shell.found(*THREE)
    plain = shell.json(f"line join west --line baltic {CARDS}")
    named = shell.json(f"line join east --line baltic {CARDS} {BETWEEN}")
    half = shell.json(f"line join north --line baltic {CARDS} --neutral west=north")
    assert len({one["fingerprint"] for one in (plain, named, half)}) == 3
    assert len({one["line"] for one in (plain, named, half)}) == 3
    # the order in which they are said is nothing, nor is an observer of whom it is said besides
    again = shell.json(f"line join west --line baltic {CARDS} --neutral east=north,north --neutral west=north")
    assert again["line"] == named["line"]
    taken = shell.json("line pack west --to east a.bundle --line " + plain["line"])
    assert shell.json(f"line take east {taken['file']}", code=1)["files"][0]["fault"]


def test_join_and_status_and_log_say_who_is_neutral(three: Shell) -> None:
    status = three.status("east")
    assert status["neutrals"] == {"east": ["north"], "north": [], "west": ["north"]}
    text = three.run("line status west")
    assert "neutral for west: north" in text
    assert "neutral for north" not in text
    three.send("west", "one")
    three.send("north", "two")
    three.exchange("west", "north")
    assert {one["member"]: one["neutrals"] for one in three.log("north")} == {"west": ["north"], "north": []}
    three.run("line join west --line other " + CARDS + " --neutral west=north")
    assert "neutral for" in three.out


def test_an_observer_is_neutral_for_all_whatever_is_named(shell: Shell) -> None:
    shell.found("west", "east", "un")
    plain = shell.join(("west", "east"), ("un",))
    cards = "west.card east.card --observer un.card"
    for member in ("west", "east", "un"):
        assert shell.status(member)["neutrals"] == {"east": ["un"], "west": ["un"]}
    shell.run(f"line join west --line baltic {cards} --neutral west=un", code=2)  # the same line as before
    assert "joined" in shell.err
    assert len(plain) == 1


def test_a_neutral_members_word_on_a_theft_reaches_the_others(three: Shell) -> None:
    three.send("west", "one")
    for other in ("north", "east"):
        three.exchange("west", other)
    three.run("line key propose west generation act.proposal --reason theft --close-at west/0")
    for number in (1, 2):
        three.run(f"line key approve act.proposal --root-key keeper-west/west.root-{number}.key")
    three.run("line key commit west act.proposal")
    three.exchange("west", "north")
    three.exchange("north", "east")
    with open_reading(three.folder / "east") as home:
        words = load("east", home.record(home.lines()[0]), Settings()).words.values()
        said = [decode_session(Envelope.decode(one, PayloadType.ANSWER).payload, Answer) for one in words]
    assert [(one.author, one.about) for one in said] == [("north", "west")]


def test_a_neutrals_word_on_a_theft_is_shown_with_what_it_bounds(three: Shell) -> None:
    three.send("west", "by west itself")
    three.send("west", "by whoever has the key, seen by north")
    for other in ("north", "east"):
        three.exchange("west", other)
    for number in range(30):
        three.send("west", f"by whoever has the key, {number}, seen by east alone")
    three.exchange("west", "east")
    three.run("line key propose west generation act.proposal --reason theft --close-at west/0")
    for number in (1, 2):
        three.run(f"line key approve act.proposal --root-key keeper-west/west.root-{number}.key")
    three.run("line key commit west act.proposal")
    assert three.status("east")["neutral_words"] == []
    three.carry("west", "north", "--size-max 12000")  # the act is in it, and not all of the rest
    three.exchange("north", "east")
    (word,) = three.status("east")["neutral_words"]
    assert (word["by"], word["about"], word["reason"]) == ("north", "west", "theft")
    (head,) = word["held"]
    held = head["size"]
    assert (head["epoch"], head["generation"]) == (1, 0)
    assert 2 <= held < 32
    log = three.log("east")
    assert [entry["standing"] for entry in log] == ["", *["disputed"] * 31]
    said = [[one["held"] for one in entry["neutral_words"]] for entry in log]
    assert said == [[], *([entry["seq"] < held] for entry in log[1:])]
    text = three.run("line log east")
    assert text.count("neutral north held it when it took that") == held - 1
    assert text.count("neutral north did not hold it when it took that") == 32 - held
    status = three.run("line status east")
    assert f"neutral north took the end of west's key (theft) and held then: {held} of west, epoch 1" in status
    russian = three.run("--language ru line status east")
    assert "the end of" not in russian


def test_the_next_epoch_keeps_the_neutrals_and_may_change_them(three: Shell) -> None:
    for one, other in (("west", "east"), ("west", "north"), ("east", "north"), ("west", "east")):
        three.exchange(one, other)
    kept = three.json("line key propose west epoch kept.opening")
    assert {one["member"]: one["neutral_for"] for one in kept["seats"]} == {
        "east": [],
        "north": ["east", "west"],
        "west": [],
    }
    three.run("line key propose west epoch changed.opening --neutral east= --neutral north=east")
    assert "north: member, neutral for west" in three.out
    assert "east: member, neutral for north" in three.out
    three.run("line key propose west epoch without.opening --without north")
    assert "neutral" not in three.out
    for member in THREE:
        three.run(f"line key commit {member} changed.opening")
    assert three.status("north")["neutrals"] == {"east": [], "north": ["east"], "west": ["north"]}


WRONG = {
    "west": "west=north,south",
    "=north": "west=north,south",
    "west=north,": "west=north,south",
    "west=west": "another party",
    "south=north": "members of the line: east, north, west",
    "west=south": "members of the line: east, north, west",
    "west=ж": "ж",
}


@pytest.mark.parametrize("given", WRONG)
def test_wrong_neutrals_are_named_and_nothing_is_joined(shell: Shell, given: str) -> None:
    shell.found(*THREE)
    shell.run(f"line join west --line baltic {CARDS} --neutral", given, code=2)
    assert "--neutral" in shell.err
    assert WRONG[given] in shell.err
    assert json.loads(shell.run("line status west --json"))["lines"] == []
    shell.run(f"line join west --opening {CARDS.split(maxsplit=1)[0]} --neutral west=north", code=2)
    assert "--opening" in shell.err
