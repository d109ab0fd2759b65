"""Keepers name a home's officers: the file is read strictly, kept under the passphrase, and the signer heeds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from detente.line.effects import Draft, Submitted
from detente.node.home import open_writing
from detente.node.host import Host
from tests.line.authenticator import ORIGIN, SITE, Authenticator, released
from tests.stories.shell import Shell
from tests.verifier.judges import verdict

ANNA, BERTA = Authenticator("anna"), Authenticator("berta", "ed25519")
FILE: dict[str, Any] = {
    "format": 1,
    "kind": "officers",
    "member": "west",
    "site": SITE,
    "origins": [ORIGIN],
    "needed": 1,
    "needed_for": {"incident": 2},
    "officers": [{"name": "Anna Ж.", "key": ANNA.key}, {"name": "Berta", "key": BERTA.key}],
}


@pytest.fixture
def pair(shell: Shell) -> Shell:
    """Return two members on one line and the file of west's officers."""
    shell.pair()
    write(shell, FILE)
    return shell


def write(shell: Shell, document: Any) -> None:
    octets = document if isinstance(document, bytes) else json.dumps(document, indent=1).encode()
    (shell.folder / "west.officers").write_bytes(octets)


def test_officers_are_named_shown_heeded_and_taken_away(pair: Shell) -> None:
    assert pair.json("line officers west list") is None
    assert "no officers" in pair.run("line officers west list")
    set_ = pair.json("line officers west set west.officers")
    assert set_["officers"] == FILE
    shown = pair.run("line officers west list")
    assert "Anna Ж." in shown
    assert "incident: by 2" in shown
    listed = pair.run("line officers west list --json")
    assert json.loads(listed) == FILE
    pair.run("line send west --type notice --body -", text="by the passphrase alone", code=2)
    assert "no officer released" in pair.err
    pair.run("line pack west --to east a.bundle")  # what the node says by itself needs nobody
    (pair.folder / "again.officers").write_text(listed)
    pair.run("line officers west set again.officers")  # what list gives, set takes
    assert pair.json("line officers west none")["officers"] is None
    assert pair.send("west", "by the passphrase alone")["ref"] == "west/0"


def test_what_officers_released_is_proven_with_the_file_that_list_gives(pair: Shell) -> None:
    pair.run("line officers west set west.officers")
    with open_writing(Path("west"), b"correct horse") as home:
        host = Host(home, home.lines()[0])
        host.open()
        host.give(Submitted((released(host.state, Draft("notice", "text/plain", b"one", "ab" * 16), ANNA),)))
    pair.exchange("west", "east")
    pair.run("line prove east --entry west/0 one.json")
    pair.run("line export east all.export")
    cards = [(pair.folder / f"{name}.card").read_bytes() for name in ("west", "east")]
    listed = pair.json("line officers west list")
    code, said = verdict((pair.folder / "one.json").read_bytes(), cards, [listed])
    assert (code, "released by Anna" in said) == (0, True)
    code, said = verdict((pair.folder / "all.export").read_bytes(), cards, [listed])
    assert (code, "officers of west released 1 statements, and did not release 0" in said) == (0, True)
    code, said = verdict((pair.folder / "one.json").read_bytes(), cards)
    assert (code, "nothing is judged here" in said) == (0, True)
    pair.run("line officers west none")
    pair.send("west", "two, without them")
    pair.run("line prove west --entry west/1 two.json")
    assert verdict((pair.folder / "two.json").read_bytes(), cards, [listed])[0] == 1


def test_officers_stay_over_new_keys_and_a_backup(pair: Shell) -> None:
    pair.run("line officers west set west.officers")
    pair.run("line key propose west generation act.proposal")
    for number in (1, 2):
        pair.run(f"line key approve act.proposal --root-key keeper-west/west.root-{number}.key")
    pair.run("line key commit west act.proposal")
    assert pair.json("line officers west list") == FILE
    pair.run("backup west west.backup")
    pair.run("restore west.backup copy")
    assert pair.json("line officers copy list") == FILE


WRONG: dict[str, tuple[Any, str]] = {
    "no JSON": (b"{", "line 1"),
    "a key twice": (b'{"format": 1, "format": 1}', "twice"),
    "a fraction": (FILE | {"needed": 1.5}, "1.5"),
    "a list": ([FILE], "no JSON object"),
    "another file": ({"kind": "opening", "format": 1}, "another kind"),
    "a newer format": (FILE | {"format": 2}, "newer format"),
    "a field more": (FILE | {"more": 1}, "more"),
    "nobody": (FILE | {"officers": []}, "officers"),
    "of another member": (FILE | {"member": "east"}, "east"),
    "more needed than there are": (FILE | {"needed": 3}, "3 needed for every type, of 2"),
    "more needed for a type": (FILE | {"needed_for": {"incident": 3}}, "3 needed for incident"),
    "none needed": (FILE | {"needed": 0}, "needed"),
    "no type": (FILE | {"needed_for": {"Not a type": 1}}, "Not a type"),
    "a type that a node says": (FILE | {"needed_for": {"line.daily": 1}}, "line.daily"),
    "one key twice": (FILE | {"officers": [FILE["officers"][0], {"name": "C", "key": ANNA.key}]}, "one key"),
    "one name twice": (FILE | {"officers": [{"name": "A", "key": one.key} for one in (ANNA, BERTA)]}, "one name"),
    "a key off the curve": (FILE | {"officers": [{"name": "A", "key": "04" + "00" * 64}]}, "no point"),
    "a key of small order": (FILE | {"officers": [{"name": "A", "key": "00" * 32}]}, "no point"),
    "a key of another length": (FILE | {"officers": [{"name": "A", "key": "00"}]}, "key"),
    "a site with a path": (FILE | {"site": "desk.example/x"}, "host name"),
    "a site in capitals": (FILE | {"site": "Desk.example"}, "host name"),
    "an origin elsewhere": (FILE | {"origins": ["https://desk.east.example"]}, "desk.east.example"),
    "an origin that ends alike": (FILE | {"origins": [f"https://not{SITE}"]}, "not"),
    "an origin in the clear": (FILE | {"origins": [f"http://{SITE}"]}, "http:"),
    "an origin with a path": (FILE | {"origins": [f"{ORIGIN}/desk"]}, "/desk"),
    "an origin with a wrong port": (FILE | {"origins": [f"{ORIGIN}:99999"]}, "99999"),
    "too large": (b" " * 1_100_000, "bytes"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_named_and_changes_nothing(pair: Shell, name: str) -> None:
    document, words = WRONG[name]
    write(pair, document)
    pair.run("line officers west set west.officers", code=2)
    assert "west.officers" in pair.err
    assert words in pair.err
    assert "what to do" in pair.err
    assert pair.json("line officers west list") is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("west set", "no file"),
        ("west list west.officers", "west.officers"),
        ("west none west.officers", "west.officers"),
        ("west set nowhere", "nowhere"),
        ("west set west", "west"),
        ("nowhere list", "nowhere"),
        ("west give", "give"),
        ("west list --passphrase-file wrong", "passphrase"),
        ("west set west.officers --passphrase-file wrong", "passphrase"),
        ("west none --passphrase-file wrong", "passphrase"),
    ],
)
def test_wrong_arguments_are_named(pair: Shell, arguments: str, words: str) -> None:
    (pair.folder / "wrong").write_text("another")
    pair.run(f"line officers {arguments}", code=2)
    assert words in pair.err
    assert pair.json("line officers west list") is None


def test_an_origin_at_a_port_or_below_the_site_is_taken(pair: Shell) -> None:
    write(pair, FILE | {"origins": [f"{ORIGIN}:8443", f"https://one.{SITE}"]})
    pair.run("line officers west set west.officers")
    write(pair, FILE | {"site": "localhost", "origins": ["http://localhost:8443"]})
    pair.run("line officers west set west.officers")
    bare = {name: value for name, value in FILE.items() if name != "needed_for"}
    write(pair, bare)
    pair.run("line officers west set west.officers")
    assert pair.json("line officers west list") == FILE | {"needed_for": {}}
