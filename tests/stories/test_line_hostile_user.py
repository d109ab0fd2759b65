"""What a careless or hostile user can give the line's verbs: named in words, and nothing is lost or overwritten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from detente.node.home import FORMAT
from tests.stories.shell import Shell


@pytest.fixture
def pair(shell: Shell) -> Shell:
    """Return two members on one line, with one statement of west that east holds."""
    shell.pair()
    shell.send("west", "Учения — one")
    shell.exchange("west", "east")
    return shell


@pytest.mark.parametrize(
    "verb",
    [
        "line export west pipe",
        "line prove west --entry west/0 pipe",
        "line pack west --to east pipe",
        "line key propose west anchor pipe",
    ],
)
def test_no_file_takes_the_place_of_a_device_or_pipe(pair: Shell, verb: str) -> None:
    os.mkfifo(pair.folder / "pipe")
    pair.run(verb, code=2)
    assert "pipe" in pair.err
    assert "no file" in pair.err
    assert (pair.folder / "pipe").is_fifo()


SOURCES = {
    "restore nothing new": "nothing",
    "restore west new": "west",
    "line status west.card": "west.card",
    "line take west nothing": "nothing",
    "line send west --type notice --body west": "west",
    "line key approve west.card --root-key keeper-west/west.root-1.key": "west.card",
    "line officers west set west": "west",
}


@pytest.mark.parametrize("verb", SOURCES)
def test_a_wrong_source_is_named_itself(pair: Shell, verb: str) -> None:
    pair.run(verb, code=2)
    assert pair.err.splitlines()[-3].startswith(f"detente: {SOURCES[verb]}: ")
    assert "disk" not in pair.err
    assert not (pair.folder / "new").exists()


@pytest.mark.parametrize(
    "option",
    [
        "anchor --add east.card",
        "anchor --reason theft",
        "seal --close-at west/0",
        "seal --line baltic",
        "generation --without east",
        "epoch --reason theft",
        "roots --root west.card --neutral west=east",
        "anchor --root-needed 1",
    ],
)
def test_an_option_that_would_not_be_heeded_is_refused(pair: Shell, option: str) -> None:
    what, rest = option.split(" ", 1)
    pair.run(f"line key propose west {what} out {rest}", code=2)
    assert rest.split(" ")[-2] in pair.err
    assert not (pair.folder / "out").exists()


def test_a_passphrase_file_without_an_end_is_refused(pair: Shell) -> None:
    pair.run("line pack west --to east out --passphrase-file /dev/zero", code=2)
    assert "bytes" in pair.err


def test_the_same_key_twice_at_the_end_of_a_large_body_is_found_at_once(pair: Shell) -> None:
    text = json.dumps({f"k{number}": 1 for number in range(60_000)})[:-1] + ', "k59999": 2}'
    pair.run("line send west --type notice --body -", text=text, code=2)
    assert "k59999" in pair.err


JSON_VERBS = (
    "line card west",
    "line status west",
    "line pack west --to east out.bundle",
    "line take west in.bundle",
    "line prove west --entry west/0 one.json",
    "line export west all.export",
    "line audit west",
    "line confirm west",
    "line officers west list",
    "line officers west none",
    "line reply west --to east/0 read",
    "line suspend west --reason учения",
    "line resume west --reason конец",
    "line key propose west anchor a.proposal",
    "line key approve a.proposal --root-key keeper-west/west.root-1.key",
    "line key approve a.proposal --root-key keeper-west/west.root-2.key",
    "line key commit west a.proposal",
    "line key propose west epoch two.opening",
    "line join west --line other west.card east.card",
    "line init north --member north",
    "line root new r.key",
    "line notices west --line baltic",
    "backup west w.backup",
    "restore w.backup copy",
)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_verb_gives_one_json_document_in_either_language(pair: Shell, language: str) -> None:
    pair.send("east", "Ответ")
    pair.run("line pack east --to west in.bundle")
    for verb in JSON_VERBS:
        json.loads(pair.run(f"{verb} --json --language {language}"))
        if language == "ru":
            assert "detente:" not in pair.err
    for line in pair.run("line log west --line baltic --json").splitlines():
        json.loads(line)


def test_a_locale_that_cannot_spell_a_letter_loses_no_run_and_json_stays_json(shell: Shell) -> None:
    shell.found("west", "east")
    shell.join(("west", "east"))
    shell.send("west", "Учения é 😀")
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}

    def said(*words: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "detente", *words],
            cwd=shell.folder,
            env=narrow,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.decode("ascii")

    assert "\\u" in said("line", "status", "west", "--language", "ru")
    entry = json.loads(said("line", "log", "west", "--json"))
    assert entry["body"]["content"] == "Учения é 😀"
    assert json.loads(said("line", "status", "west", "--json", "--language", "ru"))["member"] == "west"


def test_a_home_of_a_newer_version_is_named_by_reading_and_writing_verbs(pair: Shell) -> None:
    file = pair.folder / "west" / "home.json"
    file.write_text(file.read_text().replace('"format":1', f'"format":{FORMAT + 1}'))
    for verb in (
        "line status west", "line log west", "line send west --type notice --body secret", "backup west b",
        "line officers west list", "line card west", "line key propose west anchor out",
    ):  # fmt: skip
        pair.run(verb, code=2)
        assert "newer" in pair.err, verb
    assert not Path("b").exists()


def test_a_member_of_a_home_in_letters_of_any_script(shell: Shell) -> None:
    shell.run("line init дом --member south")
    assert shell.json("line status дом")["home"] == "дом"
    shell.run("line init другой --member юг", code=2)
    assert "юг" in shell.err
