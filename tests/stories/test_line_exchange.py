"""The whole exchange by files, as officers do it: two members, an observer, a stick, a backup, a clone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from detente.line import evidence
from detente.line.bundle import EXPORT_MAGIC, Kind, Parser
from detente.line.proof import judge
from tests.stories.shell import Shell


def test_two_members_and_an_observer_say_hear_confirm_and_answer(shell: Shell) -> None:
    shell.found("west", "east", "un")
    assert len(shell.join(("west", "east"), ("un",))) == 1
    sent = shell.send("west", "Exercise from 0600Z", "--answer-by 2h")
    assert (sent["ref"], sent["state"]) == ("west/0", "held")
    assert shell.party("west", "east")["delivered"] == 0

    shell.exchange("west", "east")
    assert shell.party("west", "east")["delivered"] == 1
    assert shell.party("west", "east")["read"] == 0

    shell.run("line reply east --to west/0 read")
    shell.run("line reply east --to west/0 question --body -", text="Which area?")
    shell.exchange("east", "west")
    party = shell.party("west", "east")
    assert (party["delivered"], party["read"], party["answered"]) == (1, 1, 1)
    entry = shell.log("west")[0]
    assert entry["states"] == {"east": "answered"}
    assert entry["before"]["clock_of"] == "east"
    assert [one["word"] for one in entry["replies"]] == ["read", "question"]

    shell.exchange("west", "un")
    assert shell.party("west", "un")["cosigned"] == 1
    assert {one["body"]["state"] for one in shell.log("un")} == {"not for observers"}
    text = shell.run("line log east")
    assert "Exercise from 0600Z" in text
    assert "Which area?" in text
    shell.run("line audit west")
    shell.run("line audit un")


def test_the_same_bundle_again_changes_nothing(shell: Shell) -> None:
    shell.pair()
    shell.send("west", "one")
    assert shell.carry("west", "east")["files"][0]["new"]["statement"] == 1
    before = shell.log("east")
    again = shell.json("line take east west-east.bundle")["files"][0]
    assert "statement" not in again["new"]
    assert not again["refused"]
    assert shell.log("east") == before


def test_what_was_committed_to_is_revealed_later_and_proven(shell: Shell) -> None:
    shell.pair()
    (shell.folder / "map.pdf").write_bytes(b"%PDF 1")
    sent = shell.send("west", "We sail on Monday", "--reveal later --attach map.pdf")
    shell.exchange("west", "east")
    assert shell.party("west", "east")["delivered"] == 1
    assert shell.log("east")[0]["body"]["state"] == "later"
    assert "content" not in shell.log("east")[0]["body"]
    shell.run(f"line export west {shell.folder / 'before.export'}")
    assert b"Monday" not in (shell.folder / "before.export").read_bytes()

    shell.run("line reveal west --entry west/0")
    shell.run("line reveal west --entry west/0", code=2)
    shell.exchange("west", "east")
    shown = shell.log("east")[0]
    assert shown["body"]["state"] == "revealed"
    assert shown["body"]["content"] == "We sail on Monday"
    assert shown["revealed_by"] == "west/1"
    shell.run("line prove east --entry west/0 proof.json")
    found = evidence.judge((shell.folder / "proof.json").read_bytes())
    assert found.leaf_hash == sent["hash"]
    assert b"We sail on Monday" in found.bodies.values()


def test_a_sealed_bundle_opens_for_its_addressee_alone(shell: Shell) -> None:
    shell.found("west", "east", "un")
    shell.join(("west", "east"), ("un",))
    shell.send("west", "SECRET PLAN")
    shell.run("line pack west --to east sealed.bundle --sealed")
    octets = (shell.folder / "sealed.bundle").read_bytes()
    assert b"SECRET" not in octets
    assert b"statement" not in octets
    other = shell.json("line take un sealed.bundle", code=1)["files"][0]
    assert "sealed for east" in other["fault"]
    assert shell.json("line take east sealed.bundle")["files"][0]["new"]["statement"] == 1


def test_yesterdays_backup_refills_from_its_mirror_and_signs_again(shell: Shell) -> None:
    shell.pair()
    shell.send("west", "one")
    shell.exchange("west", "east")
    shell.run("backup west monday.backup")
    shell.send("west", "two")
    shell.send("east", "three")
    shell.exchange("west", "east")
    shell.exchange("west", "east")
    shutil.rmtree(shell.folder / "west")
    shell.run("restore monday.backup west")
    shell.run("line send west --type notice --body -", text="too early", code=2)
    assert shell.status("west")["run"] == "refilling"
    for _ in range(3):
        shell.exchange("west", "east")
    assert shell.status("west")["run"] == "running"
    assert sorted(one["ref"] for one in shell.log("west")) == ["east/0", "west/0", "west/1"]
    assert shell.send("west", "four")["ref"] == "west/2"
    shell.exchange("west", "east")
    assert shell.party("west", "east")["delivered"] == 3
    assert shell.status("east")["fork_proofs"] == []


def test_without_its_head_file_a_home_halts_until_a_keeper_confirms(shell: Shell) -> None:
    shell.pair()
    shell.send("west", "one")
    shell.exchange("west", "east")
    shutil.rmtree(shell.folder / "west.head")
    shell.run("line send west --type notice --body -", text="no", code=2)
    assert shell.status("west", code=1)["run"] == "halted"
    shell.run("line confirm west")
    assert shell.status("west")["run"] == "refilling"
    for _ in range(2):
        shell.exchange("west", "east")
    assert shell.status("west")["run"] == "running"
    assert shell.send("west", "two")["ref"] == "west/1"


def test_a_cloned_home_that_speaks_is_found_out_and_the_proof_is_a_file(shell: Shell) -> None:
    shell.found("west", "east")
    shell.join(("west", "east"))
    shell.send("west", "one")
    shell.exchange("west", "east")
    (shell.folder / "else").mkdir()
    shell.copy("west", "else/west")
    shell.copy("west.head", "else/west.head")
    shell.run("line confirm else/west")  # a careless keeper
    for _ in range(2):
        shell.run("line pack else/west --to east clone.bundle")
        shell.json("line take east clone.bundle")
        shell.run("line pack east --to west answer.bundle")
        shell.run("line take else/west answer.bundle")
    shell.send("else/west", "we attack")
    shell.send("west", "we do not")
    shell.run("line pack else/west --to east clone.bundle")
    shell.run("line take east clone.bundle")
    shell.run("line pack west --to east true.bundle")
    taken = shell.json("line take east true.bundle", code=1)
    assert taken["files"][0]["refused"]
    (name,) = taken["fork_proofs"]
    verdict = judge(Path(name).read_bytes())
    assert verdict.member == "west"
    assert name in shell.run("line status east", code=1)


def test_an_export_holds_the_whole_record_in_its_order(shell: Shell) -> None:
    shell.pair()
    for text in ("one", "two"):
        shell.send("west", text)
        shell.exchange("west", "east")
    shell.run("line export east whole.export")
    shell.run("line export east thin.export --without-bodies")
    for name, bodies in (("whole", 2), ("thin", 0)):
        parser = Parser(magic=EXPORT_MAGIC)
        kinds = [one.kind for one in parser.feed((shell.folder / f"{name}.export").read_bytes())]
        assert parser.complete
        assert kinds.count(Kind.ENTRY) == 2
        assert kinds.count(Kind.BODY) == bodies
        assert kinds.count(Kind.CHECKPOINT) == 2
        order = [Kind.OPENING, Kind.ROOT_ACT, Kind.ENTRY, Kind.CHECKPOINT]
        places = [kinds.index(one) for one in order]
        assert places == sorted(places)
    assert shell.json("line take west whole.export", code=1)["files"][0]["fault"]


def test_a_training_line_says_so_on_every_screen(shell: Shell) -> None:
    shell.found("west", "east")
    shell.join(("west", "east"), more="--training")
    for verb in ("line status west", "line log west", "line audit west", "line pack west --to east out.bundle"):
        shell.run(verb)
        assert "TRAINING" in shell.err, verb
    assert shell.status("west")["line"].startswith("training-")


def test_suspension_is_said_with_its_reason_and_nothing_is_refused(shell: Shell) -> None:
    shell.pair()
    shell.run("line suspend east --reason", "storm damage")
    assert shell.status("east")["own"]["suspended"]
    assert "east itself suspended" in shell.run("line status east")
    shell.exchange("east", "west")
    assert shell.party("west", "east")["state"] == "suspended"
    assert "storm damage" in shell.run("line log west")
    shell.send("west", "still here")
    shell.exchange("west", "east")
    assert shell.party("west", "east")["delivered"] == 1
    shell.run("line resume east --reason", "mended")
    shell.exchange("east", "west")
    assert shell.party("west", "east")["state"] == "resumed"


def test_the_same_submission_is_one_entry(shell: Shell) -> None:
    shell.pair()
    first = shell.send("west", "one", "--submission " + "ab" * 16)
    again = shell.send("west", "one", "--submission " + "ab" * 16)
    assert (first["ref"], first["hash"]) == (again["ref"], again["hash"])
    assert len(shell.log("west")) == 1


def test_an_entry_of_an_unknown_type_is_shown_as_not_understood_and_confirmed(shell: Shell) -> None:
    shell.pair()
    shell.json("line send west --type future.thing --body -", text="hello")
    assert "not understood" in shell.err
    shell.exchange("west", "east")
    entry = shell.log("east")[0]
    assert not entry["understood"]
    assert entry["body"]["content"] == "hello"
    assert shell.party("west", "east")["delivered"] == 1
    assert "NOT UNDERSTOOD" in shell.run("line log east")


def test_a_strangers_text_cannot_move_the_cursor(shell: Shell) -> None:
    shell.pair()
    shell.send("west", "hello \x1b[2J\u202e evil")
    shell.exchange("west", "east")
    text = shell.run("line log east")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert json.dumps(shell.log("east")[0]["body"]["content"]) == json.dumps("hello \x1b[2J\u202e evil")


def test_five_members_and_an_observer_hear_each_other_through_one_carrier(shell: Shell) -> None:
    members = ("east", "north", "south", "west", "port")
    shell.found(*members, "un")
    assert len(shell.join(members, ("un",))) == 1
    for member in members:
        shell.send(member, f"from {member}")
    others = [one for one in (*members, "un") if one != "west"]
    for _ in range(2):  # west alone travels: whoever holds a log may carry it
        for other in others:
            shell.exchange("west", other)
    for other in others:
        shell.exchange("west", other)
    for member in members:
        states = {one["member"]: one for one in shell.status(member)["parties"]}
        assert {states[one]["delivered"] for one in members if one != member} == {1}, member
        assert states["un"]["cosigned"] == 1
        assert {one["ref"] for one in shell.log(member)} == {f"{one}/0" for one in members}
    assert len(shell.log("un")) == 5
    entry = next(one for one in shell.log("north") if one["member"] == "north")
    assert set(entry["states"].values()) == {"delivered"}
    shell.run("line audit south")
