"""The first keeper comes from the terminal; people, tokens and the officers' file, without a node and beside one."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from detente.node.desk_door.people_questions import LinkDocument
from detente.node.home_folder import NODE_LOCK, head_folder, take_lock
from tests.node.people.desk import Desk
from tests.node.serving.served import serving
from tests.stories import program
from tests.stories.shell import Shell


@pytest.fixture
def west(shell: Shell) -> Path:
    shell.found("west")
    return shell.folder / "west"


def enrolled(home: Path, link: Any, name: str) -> None:
    """Let the person of a link enrol, on the files: no node runs."""
    desk = Desk(home)
    desk.now_ms = link["until_ms"] - 1_000
    desk.enrol(LinkDocument(person=link["person"], code=link["code"], until_ms=link["until_ms"]), name)
    desk.people.close()


def test_the_first_keeper_and_the_others_come_by_links(shell: Shell, west: Path) -> None:
    assert "nobody yet" in (shell.run("people list west"), shell.err)[1]
    link = shell.run("people add west Anna --role keeper --role releaser --by Root").strip()
    assert re.fullmatch(r"http://localhost:8443/#/enrol/[\w-]{43}", link)
    assert "good once" in shell.err
    (west / "settings.toml").write_text('[desk]\nsite = "desk.example"\norigins = ["https://desk.example"]\n')
    more = shell.json("people add west --role viewer", "Olga Π.", "--outsider", "https://login.example 7")
    assert more["link"] == f"https://desk.example/#/enrol/{more['code']}"
    listed = shell.json("people list west")["people"]
    assert [(one["name"], one["roles"], one["outsider"]) for one in listed] == [
        ("Anna", ["releaser", "keeper"], ""), ("Olga Π.", ["viewer"], "https://login.example 7"),
    ]  # fmt: skip
    assert "not enrolled yet" in shell.run("people list west")
    shell.run("people remove west", "olga π.")
    shell.run("people remove west Anna", code=2)
    assert "last one" in shell.err
    shell.run("people remove west Nobody", code=2)
    shell.run("people add west anna --role viewer", code=2)
    shell.run("people add west Berta", code=2)
    shell.run("people", code=2)
    desk = Desk(west)
    assert desk.acts() == ["person-added", "person-added", "person-removed"]
    desk.people.close()


def test_a_lost_passkey_takes_two_names(shell: Shell, west: Path) -> None:
    for name in ("Anna", "Berta", "Carl"):
        enrolled(west, shell.json(f"people add west {name} --role releaser --role keeper"), name)
    shell.run("people re-enrol west Anna --by Nobody", code=2)
    shell.run("people re-enrol west Anna --by Anna", code=2)
    assert shell.json("people re-enrol west Anna --by Berta")["code"] == ""
    shell.run("people re-enrol west Anna --by berta")
    assert "another releaser or keeper" in shell.err
    assert "Berta asks" in shell.run("people list west")
    assert shell.json("people re-enrol west Anna --by Carl")["code"]


def test_a_watch_gets_a_secret_once(shell: Shell, west: Path) -> None:
    made = shell.json("people add-watch west radar --days 30")
    assert made["token"]["until_ms"] - made["token"]["added_ms"] == 30 * 86_400_000
    assert len(shell.run("people add-watch west sonar").strip()) == 43
    assert made["secret"] not in shell.run("people list west")
    shell.run("people add-watch west radar", code=2)
    shell.run("people add-watch west x --days 0", code=2)
    shell.run("people remove west radar --watch")
    assert [one["name"] for one in shell.json("people list west")["tokens"]] == ["sonar"]


def test_the_officers_file_is_what_the_signer_takes(shell: Shell, west: Path) -> None:
    (west / "settings.toml").write_text(
        '[desk]\nsite = "desk.example"\norigins = ["https://desk.example"]\n'
        '[line.baltic]\ntwo_person_release = ["notice.launch"]\n'
    )
    enrolled(west, shell.json("people add west Anna --role releaser --role keeper"), "Anna")
    shell.run("people officers west west.officers", code=2)
    assert not (shell.folder / "west.officers").exists()
    enrolled(west, shell.json("people add west Berta --role releaser"), "Berta")
    enrolled(west, shell.json("people add west Carl --role drafter"), "Carl")
    shell.run("people add west Dora --role releaser")
    shell.run("people officers west west.officers")
    assert "without a passkey: Dora" in shell.err
    shell.run("line officers west set west.officers")
    kept = shell.json("line officers west list")
    assert [one["name"] for one in kept["officers"]] == ["Anna", "Berta"]
    assert (kept["site"], kept["origins"]) == ("desk.example", ["https://desk.example"])
    assert (kept["needed"], kept["needed_for"]) == (1, {"notice.launch": 2})
    assert kept == json.loads((shell.folder / "west.officers").read_bytes())
    assert shell.json("people officers west west.officers --needed 2")["officers"]["needed_for"] == {}
    for needed in ("3", "0"):
        shell.run(f"people officers west other --needed {needed}", code=2)


def test_what_is_no_home_or_is_in_use_is_said(shell: Shell, west: Path) -> None:
    shell.run("people list nowhere", code=2)
    assert "no home.json" in shell.err
    lock = take_lock(west, head_folder(west), NODE_LOCK)
    shell.run("people list west", code=2)
    assert "in use by process" in shell.err
    os.close(lock)


def test_help_speaks_both_languages(shell: Shell) -> None:
    for verb in ("", " add", " list", " remove", " re-enrol", " add-watch", " officers"):
        english = shell.run(f"people{verb} --help")
        russian = (
            shell.run(f"people{verb} --help --language ru")
            if not verb
            else shell.run(f"people{verb} --language ru --help")
        )
        assert "detente people" in english
        assert re.search("[а-я]{4}", russian)


def test_beside_a_running_node_its_door_is_asked(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    home = tmp_path / "west"
    ended = program.run("line", "init", home, "--member", "west", "--passphrase-file", secret)
    assert ended.code == 0, ended.err
    with serving(home, secret):
        made = program.run("people", "add", home, "Anna", "--role", "keeper", "--json")
        assert made.code == 0, made.err
        assert json.loads(made.out)["code"]
        program.run("people", "add", home, "Anna", "--role", "keeper").refused("Anna")
        program.run("people", "remove", home, "Anna", "--language", "ru").refused("последн")
    listed = program.run("people", "list", home, "--json")
    assert [one["name"] for one in json.loads(listed.out)["people"]] == ["Anna"]


def test_a_node_that_stops_signs_its_trail_and_an_audit_holds_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    with_key = ("--passphrase-file", secret)
    for member in ("west", "east"):
        assert program.run("line", "init", tmp_path / member, "--member", member, *with_key).code == 0
        card = program.run("line", "card", tmp_path / member).out
        (tmp_path / f"{member}.card").write_text(card)
    home = tmp_path / "west"
    cards = (tmp_path / "west.card", tmp_path / "east.card")
    assert program.run("line", "join", home, "--line", "baltic", *cards, *with_key).code == 0
    with serving(home, secret) as served:
        assert program.run("people", "add", home, "Anna", "--role", "keeper").code == 0
        assert served.stop() == 0
    assert served.events("trail.signed")[0]["acts"] == "1"
    (entry,) = json_lines(program.run("line", "log", home, "--json").out)
    assert entry["type"] == "node.trail"
    assert program.run("line", "audit", home).code == 0
    for one in home.glob("trail.sqlite3*"):
        one.unlink()
    ended = program.run("line", "audit", home)
    assert ended.code == 1
    assert "the trail of acts is missing" in ended.out + ended.err


def json_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_damaged_file_of_people_is_an_alarm_and_the_node_runs(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    home = tmp_path / "west"
    assert program.run("line", "init", home, "--member", "west", "--passphrase-file", secret).code == 0
    (home / "people.sqlite3").write_bytes(b"no database" * 1_000)
    with serving(home, secret) as served:
        served.until("people.failed")
        assert served.until("alarm", name="people-failed")["priority"] == "alarm"
        program.run("people", "list", home).refused("people")
