"""Hostile and misdirected bundles through the command line: named in words, what is good is used, nothing is lost."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from detente.line import writing
from detente.line.bundle import Kind, Parser, Record, write
from detente.line.effects import Draft, Submitted
from detente.line.statement import Commitment, Reference
from detente.node.home import open_writing
from detente.node.host import Host
from tests.stories.shell import Shell
from tests.verifier.judges import verdict


@pytest.fixture
def pair(shell: Shell) -> Shell:
    shell.pair()
    shell.send("west", "one")
    return shell


HOSTILE = {
    "invalid JSON": b'{"payload":',
    "a key twice": b'{"payload":"AA==","payload":"AA==","payloadType":"x","signatures":[]}',
    "NaN": b'{"payload":NaN}',
    "a fraction": b'{"payload":1.0}',
    "deep nesting": b"[" * 30_000 + b"]" * 30_000,
    "half of a surrogate pair": b'{"payload":"\\ud800"}',
    "bytes that are no text": b"\xff\xfe",
    "nothing": b"",
    "a number of thousands of digits": b'{"payload":' + b"9" * 20_000 + b"}",
}
KINDS = (
    Kind.ENTRY,
    Kind.CHECKPOINT,
    Kind.OPENING,
    Kind.ROOT_ACT,
    Kind.ANSWER,
    Kind.LINE_TEST,
    Kind.FORK,
    Kind.RELEASE,
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_records_are_named_and_the_good_ones_beside_them_are_used(pair: Shell, name: str) -> None:
    pair.run("line pack west --to east whole.bundle")
    first, *others = Parser().feed((pair.folder / "whole.bundle").read_bytes())
    bad = [Record(kind, HOSTILE[name]) for kind in KINDS]
    (pair.folder / "odd.bundle").write_bytes(b"".join(write([first, *bad, *others])))
    taken = pair.json("line take east odd.bundle", code=1)["files"][0]
    assert taken["new"]["statement"] == 1
    assert sum(taken["refused_in_all"].values()) == len(KINDS)
    assert [one["ref"] for one in pair.log("east")] == ["west/0"]
    pair.run("line take east odd.bundle", code=1)
    assert "refused" in pair.out
    (pair.folder / "headless.bundle").write_bytes(b"".join(write([Record(Kind.HAVE, HOSTILE[name]), *others])))
    assert pair.json("line take east headless.bundle", code=1)["files"][0]["fault"]
    pair.run("line audit east")


def test_an_unknown_critical_field_is_shown_as_not_understood_and_confirmed(pair: Shell) -> None:
    with open_writing(pair.folder / "west", b"correct horse") as home:
        host = Host(home, home.lines()[0])
        host.open()
        host.give(Submitted((Draft("notice", "text/plain", b"two", "ab" * 16, critical=("rendezvous",)),)))
    pair.exchange("west", "east")
    entry = pair.log("east")[1]
    assert not entry["understood"]
    assert "NOT UNDERSTOOD" in pair.run("line log east")
    assert pair.party("west", "east")["delivered"] == 2


def test_a_bundle_of_an_epoch_that_is_not_known_is_named_and_taken_when_its_opening_comes(pair: Shell) -> None:
    pair.exchange("west", "east")
    pair.found("south")
    pair.run("line key propose west epoch two.opening --add south.card")
    pair.run("line key commit west two.opening")
    pair.send("west", "in the second epoch")
    pair.run("line pack west --to east whole.bundle")
    records = Parser().feed((pair.folder / "whole.bundle").read_bytes())
    thin = [one for one in records if one.kind is not Kind.OPENING]
    (pair.folder / "thin.bundle").write_bytes(b"".join(write(thin)))
    taken = pair.json("line take east thin.bundle", code=1)["files"][0]
    assert taken["refused"]
    assert len(pair.log("east")) == 1
    pair.run("line take east whole.bundle")
    assert any(one["epoch"] == 2 for one in pair.log("east"))
    assert pair.status("east")["openings_proposed"]


def test_a_reveal_that_no_reader_can_read_reveals_nothing_and_hides_nothing_else(pair: Shell) -> None:
    pair.send("west", "a secret", "--reveal later")
    at = pair.log("west")[1]
    target = Reference(at["epoch"], at["generation"], at["hash"], "west", at["seq"])
    contents = (
        b'{"contents":' + b"[" * 90_000 + b"]" * 90_000 + b"}", b'{"contents":7}', b'{"contents":[7]}', b"[]", b"\xff",
        b'{"contents":[{"hash":[],"salt":"zz"}]}',
    )  # fmt: skip
    with open_writing(pair.folder / "west", b"correct horse") as home:
        host = Host(home, home.lines()[0])
        host.open()
        for number, content in enumerate(contents):
            draft = Draft("reveal", "application/json", content, f"{number:032x}", (("text/plain", b"x"),))
            host.give(Submitted((replace(draft, in_reply_to=target),)))
    pair.exchange("west", "east")
    for member in ("west", "east"):
        assert pair.log(member)[1]["revealed_by"] is None
        pair.run(f"line status {member}")
        pair.run(f"line log {member}")
    pair.run("line prove east --entry west/0 proof.json")


def test_anothers_content_promised_with_a_false_size_spoils_neither_audit_nor_export_nor_evidence(
    shell: Shell,
) -> None:
    members = ("west", "east", "north")
    shell.found(*members)
    shell.join(members)
    for one in ("east", "north"):
        shell.exchange("west", one)
    shell.exchange("east", "north")
    shell.send("west", "the body that north would hide")
    shell.carry("west", "north")
    body = shell.log("north")[0]["body"]
    lie = Commitment(body["hash"], body["media_type"], "now", body["size"] + 1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(writing, "_commitments", lambda *_: [lie])
        shell.send("north", "a lie")
    shell.carry("north", "east", code=1)  # the content is refused where its size does not fit
    shell.run("line pack west --to east a.bundle")
    shell.run("line take east a.bundle")
    told = {one["ref"]: one["body"]["state"] for one in shell.log("east")}
    assert told == {"west/0": "shown", "north/0": "missing"}
    shell.run("line audit east")
    shell.run("line export east whole.export")
    for ref in ("west/0", "north/0"):
        shell.run(f"line prove east --entry {ref} {ref[:2]}.json")
    cards = [(shell.folder / f"{one}.card").read_bytes() for one in members]
    for name in ("whole.export", "we.json", "no.json"):
        code, said = verdict((shell.folder / name).read_bytes(), cards)
        assert code == 0, said
    shell.carry("east", "west")
    assert shell.party("west", "east")["delivered"] == 1


@pytest.mark.parametrize("name", ["record", "head"])
def test_a_database_of_a_newer_version_is_left_alone(pair: Shell, name: str) -> None:
    line = pair.status("west")["line"]
    path = {
        "record": pair.folder / "west" / "lines" / line / "record.sqlite3",
        "head": pair.folder / "west.head" / "head.sqlite3",
    }[name]
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for verb in ("line status west", "line send west --type notice --body secret", "line take west secret"):
        pair.run(verb, code=2)
        assert "newer" in pair.err
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert len(pair.log("west")) == 1


# ---- a disk that nobody may write ---------------------------------------------------------------------------


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """Return a folder that another user can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_home_on_a_disk_that_may_not_be_written_is_read_and_refused_in_words(
    pair: Shell, elsewhere: Path
) -> None:
    for name in ("west", "west.head"):
        shutil.copytree(pair.folder / name, elsewhere / name)
    shutil.copy(pair.folder / "secret", elsewhere / "secret")
    home = elsewhere / "west"
    for verb in (f"line status {home}", f"line log {home}", f"line take {home} {elsewhere}", "line log west"):
        pair.run(
            verb, code=None if "take" not in verb else 2
        )  # every module that they need is loaded from here on
    for one in elsewhere.rglob("*"):
        one.chmod(0o555 if one.is_dir() else 0o444)
    elsewhere.chmod(0o555)
    pair.patch.setenv("DETENTE_PASSPHRASE_FILE", str(elsewhere / "secret"))
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may write everywhere
    try:
        assert "one" in pair.run(f"line log {home}")
        pair.run(f"line audit {home}")
        for verb in (
            f"line send {home} --type notice --body {elsewhere}/secret",
            f"line take {home} {elsewhere}/secret",
        ):
            pair.run(verb, code=2)
            assert "what to do" in pair.err
    finally:
        if root:
            os.seteuid(0)
        for one in [elsewhere, *elsewhere.rglob("*")]:
            one.chmod(0o755 if one.is_dir() else 0o644)
    assert [one["ref"] for one in pair.log("west")] == ["west/0"]
