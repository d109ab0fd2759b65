"""What keepers do: root keys on other machines, rotation, theft, revocation, anchors, sealing keys, epochs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from detente.node import keychange
from detente.node.home import open_writing
from detente.node.host import clock_ms
from tests.stories.shell import Shell


@pytest.fixture
def pair(shell: Shell) -> Shell:
    """Return two members on one line that have heard of each other."""
    shell.pair()
    shell.send("west", "one")
    shell.exchange("west", "east")
    return shell


def act(shell: Shell, member: str, words: str, keepers: int = 2) -> None:
    """Propose an act, approve it with as many root keys, commit it."""
    shell.run(f"line key propose {member} {words} act.proposal")
    for number in range(1, keepers + 1):
        shell.run(f"line key approve act.proposal --root-key keeper-{member}/{member}.root-{number}.key")
    shell.run(f"line key commit {member} act.proposal")


def test_a_card_is_approved_by_keepers_on_other_machines(shell: Shell) -> None:
    for name in ("a", "b", "c"):
        shell.run(f"line root new {name}.key")
    for name in ("a", "b", "c"):
        (shell.folder / name).mkdir()
        (shell.folder / f"{name}.key").rename(shell.folder / name / "root.key")
    shell.run("line init west --member west --root a.key.card b.key.card c.key.card --root-needed 2")
    assert not (shell.folder / "west").exists()
    shell.run("line key commit west west.card-proposal", code=2)
    assert "approvals" in shell.err
    shell.run("line key approve west.card-proposal --root-key a/root.key")
    shell.run("line key approve west.card-proposal --root-key a/root.key")
    shell.run("line key commit west west.card-proposal", code=2)
    shell.run("line key approve west.card-proposal --root-key c/root.key")
    shell.run("line key commit west west.card-proposal")
    assert shell.json("line card west")["root_needed"] == 2
    assert not (shell.folder / "west.pending-keys").exists()


def test_a_foreign_root_key_approves_nothing(pair: Shell) -> None:
    pair.run("line key propose west anchor act.proposal")
    pair.run("line key approve act.proposal --root-key keeper-east/east.root-1.key", code=2)
    assert "root keys of west" in pair.err
    pair.run("line root new keeper-east/east.root-1.key", code=2)
    assert "exists" in pair.err


def test_root_files_beside_the_home_are_warned_of_on_every_verb(shell: Shell) -> None:
    shell.run("line init west --member west")
    for verb in ("line status west", "line card west"):
        shell.run(verb)
        assert "3 root keys lie beside this home" in shell.err, verb
    for path in shell.folder.glob("west.root-*"):
        path.unlink()
    shell.run("line status west")
    assert "root key" not in shell.err


def test_new_keys_after_a_theft_dispute_what_the_thief_said(pair: Shell) -> None:
    pair.send("west", "said by a thief")
    pair.exchange("west", "east")
    act(pair, "west", "generation --reason theft --close-at west/0")
    pair.send("west", "we are back")
    pair.exchange("west", "east")
    pair.exchange("west", "east")
    by_text = {one["body"].get("content"): one for one in pair.log("east")}
    assert by_text["said by a thief"]["standing"] == "disputed"
    assert by_text["one"]["standing"] == ""
    assert by_text["we are back"]["ref"] == "west.1/0"
    assert "DISPUTED" in pair.run("line log east")
    assert pair.status("east")["fork_proofs"] == []
    pair.run("line prove east --entry west.0/1 proof.json")
    pair.run("line audit east")


def test_routine_acts_are_taken_everywhere(pair: Shell) -> None:
    act(pair, "west", "anchor")
    act(pair, "west", "seal")
    for name in ("x", "y"):
        pair.run(f"line root new {name}.key")
    act(pair, "west", "roots --root x.key.card y.key.card --root-needed 1")
    pair.exchange("west", "east")
    pair.run("line key propose west anchor act.proposal")
    pair.run("line key approve act.proposal --root-key keeper-west/west.root-1.key", code=2)
    pair.run("line key approve act.proposal --root-key y.key")
    pair.run("line key commit west act.proposal")
    pair.exchange("west", "east")
    pair.send("east", "sealed with the new key")
    pair.carry("east", "west", "--sealed")
    assert [one["body"]["content"] for one in pair.log("west") if one["member"] == "east"] == [
        "sealed with the new key"
    ]


def test_a_rotation_keeps_the_line_going_on_both_sides(pair: Shell) -> None:
    act(pair, "west", "generation --reason rotation")
    assert pair.send("west", "two")["ref"] == "west.1/0"
    pair.exchange("west", "east")
    pair.exchange("west", "east")
    assert pair.party("west", "east")["delivered"] == 2
    pair.run("line reply east --to west.1/0 accepted")
    pair.exchange("east", "west")
    assert pair.party("west", "east")["answered"] == 1
    assert {one["standing"] for one in pair.log("west")} == {""}


def test_a_bare_revocation_silences_a_member_until_root_keys_speak_again(pair: Shell) -> None:
    act(pair, "west", "revoke --reason loss")
    pair.run("line send west --type notice --body secret", code=2)
    assert "revoked" in pair.err
    pair.run("line pack west --to east b.bundle", code=2)
    act(pair, "west", "generation --reason loss")
    assert pair.send("west", "again")["ref"] == "west.2/0"


def test_an_act_out_of_its_turn_is_not_committed(pair: Shell) -> None:
    pair.run("line key propose west anchor first.proposal")
    pair.run("line key propose west anchor second.proposal")
    for name in ("first", "second"):
        for number in (1, 2):
            pair.run(f"line key approve {name}.proposal --root-key keeper-west/west.root-{number}.key")
    pair.run("line key commit west first.proposal")
    pair.run("line key commit west first.proposal")
    pair.run("line key commit west second.proposal", code=2)
    pair.run("line key commit east first.proposal", code=2)
    pair.run("line key commit west secret", code=2)


def test_a_third_member_comes_in_with_a_new_epoch_and_the_record_goes_on(pair: Shell) -> None:
    pair.found("south")
    pair.run("line key propose west epoch baltic-2.opening --add south.card")
    for member in ("west", "east"):
        pair.run(f"line key commit {member} baltic-2.opening")
    pair.run("line join south --opening baltic-2.opening")
    words = {pair.status(one)["fingerprint"] for one in ("west", "east", "south")}
    assert len(words) == 1
    for one, other in (("west", "east"), ("west", "south"), ("east", "south"), ("west", "east")):
        pair.exchange(one, other)
    assert pair.status("west")["consented"] == ["east", "south", "west"]
    sent = pair.json("line send south --type message --body -", text="hello from the south")
    assert sent["ref"] == "2:south/1"
    pair.exchange("south", "west")
    pair.exchange("west", "east")
    assert "hello from the south" in pair.run("line log east")
    pair.run("line prove east --entry 2:south/1 south.json")
    for one in ("west", "east", "south"):
        pair.run(f"line audit {one}")


def test_a_member_that_vanished_is_left_out_by_the_others(shell: Shell) -> None:
    members = ("west", "east", "north")
    shell.found(*members)
    shell.join(members)
    for one, other in (("west", "east"), ("west", "north"), ("east", "north")):
        shell.exchange(one, other)
    shell.run("line key propose west epoch two.opening --without north")
    for one in ("west", "east"):
        shell.run(f"line key commit {one} two.opening")
    shell.exchange("west", "east")
    shell.send("west", "without north")
    shell.exchange("west", "east")
    assert shell.party("west", "east")["delivered"] == shell.party("west", "east")["own_held"]
    shell.run("line key commit north two.opening", code=2)
    assert "seat" in shell.err


def test_a_member_leaves_for_good(pair: Shell) -> None:
    act(pair, "west", "leave --line baltic")
    pair.run("line send west --type notice --body secret", code=2)
    pair.exchange("west", "east")
    pair.send("east", "goodbye")


def test_an_old_sealing_key_is_destroyed_ninety_days_after_its_successor(pair: Shell) -> None:
    act(pair, "west", "seal")
    secret = b"correct horse"
    with open_writing(Path("west"), secret) as home:
        assert keychange.destroy_old_sealing(home, secret, clock_ms()) == 0
        day_ms = 86_400_000
        aged = {
            number: replace(
                own, sealing=tuple(replace(one, made_ms=one.made_ms - 91 * day_ms) for one in own.sealing)
            )
            for number, own in home.keys.items()
        }
        home.store_keys(aged, secret)
    pair.run("line pack west --to east b.bundle")
    with open_writing(Path("west"), secret) as home:
        assert sum(len(own.sealing) for own in home.keys.values()) == 1
    pair.send("east", "sealed")
    late = pair.carry("east", "west", "--sealed", code=1)["files"][0]
    assert "destroyed" in late["fault"]  # east has not heard of the new key
    pair.carry("west", "east")
    pair.carry("east", "west", "--sealed")


def test_every_verb_shows_its_help_with_examples_in_both_languages(shell: Shell) -> None:
    verbs = (
        "root new", "init", "card", "join", "send", "reply", "reveal", "pack", "take", "status", "log", "prove",
        "export",        "key propose", "key approve", "key commit", "confirm", "suspend", "resume", "audit",
    )  # fmt: skip
    for verb in verbs:
        english = shell.run(f"line {verb} --help")
        assert f"detente line {verb.split()[0]}" in english
        russian = shell.run(f"line {verb} --help --language ru")
        assert "примеры:" in russian
    for verb in ("line", "line key", "line root"):
        shell.run(verb, code=2)
    shell.run("backup --help")
    shell.run("restore --help")
    assert json.loads(shell.run("line status west --json", code=2) or "null") is None
