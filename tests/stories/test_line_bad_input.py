"""Bad input through the command line: each with a clear message, exit code 1 or 2, and nothing lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from detente.line.bundle import BUNDLE_MAGIC, Kind, Parser, Record, write
from detente.node import host as node_host
from detente.node.home import FORMAT
from tests.stories.shell import Shell


@pytest.fixture
def pair(shell: Shell) -> Shell:
    """Return two members on one line, with one statement on its way."""
    shell.pair()
    shell.send("west", "one")
    return shell


@pytest.fixture
def real_pair(shell: Shell) -> Shell:
    """Return the same on this very machine, for programs that run in a process of their own."""
    shell.found("west", "east")
    shell.join(("west", "east"))
    shell.send("west", "one")
    return shell


# ---- bundles ------------------------------------------------------------------------------------------------


def records_of(octets: bytes) -> list[Record]:
    return Parser().feed(octets)


def rebuilt(change: Callable[[list[Record]], list[Record]]) -> Callable[[bytes], bytes]:
    return lambda octets: b"".join(write(change(records_of(octets))))


def doubled(records: list[Record]) -> list[Record]:
    return [records[0], *(one for record in records[1:] for one in (record, record))]


def reordered(records: list[Record]) -> list[Record]:
    return [records[0], *reversed(records[1:])]


def flipped_entry(records: list[Record]) -> list[Record]:
    return [
        Record(one.kind, one.content[:-20] + b"A" + one.content[-19:]) if one.kind is Kind.ENTRY else one
        for one in records
    ]


BROKEN = {
    "another file": (lambda _: b"hello, world", "another kind of file"),
    "an empty file": (lambda _: b"", "cut short"),
    "no have-vector": (rebuilt(lambda records: records[1:]), "have-vector"),
    "a changed entry": (rebuilt(flipped_entry), ""),
    "bytes after the end": (lambda octets: octets + b"x", "after the end"),
    "a false closing hash": (lambda octets: octets[:-1] + bytes([octets[-1] ^ 1]), "closing hash"),
    "a record over its cap": (lambda _: BUNDLE_MAGIC + b"E" + b"\xff\xff\xff\xff", "a record of"),
    "a have-vector that is garbage": (lambda _: b"".join(write([Record(Kind.HAVE, b"{}")])), ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_bundle_is_refused_in_words_and_the_whole_one_is_taken_after_it(pair: Shell, name: str) -> None:
    change, words = BROKEN[name]
    pair.run("line pack west --to east whole.bundle")
    whole = pair.folder / "whole.bundle"
    (pair.folder / "broken.bundle").write_bytes(change(whole.read_bytes()))
    taken = pair.json("line take east broken.bundle", code=1)["files"][0]
    said = json.dumps(taken, ensure_ascii=False)
    assert words in said
    assert taken["refused"] or taken["fault"]
    pair.run("line take east broken.bundle", code=1)
    assert "{" not in pair.out
    pair.run("line take east whole.bundle")
    assert [one["ref"] for one in pair.log("east")] == ["west/0"]


def test_a_bundle_cut_anywhere_is_used_as_far_as_it_goes(pair: Shell) -> None:
    for number in range(4):
        pair.send("west", f"more {number}")
    pair.run("line pack west --to east whole.bundle")
    octets = (pair.folder / "whole.bundle").read_bytes()
    cuts = [5, len(BUNDLE_MAGIC) + 2, len(octets) // 3, len(octets) // 2, len(octets) - 40, len(octets) - 1]
    for cut in cuts:
        (pair.folder / "cut.bundle").write_bytes(octets[:cut])
        taken = pair.json("line take east cut.bundle", code=1)["files"][0]
        assert not taken["whole"]
        assert "cut short" in taken["fault"]
    pair.run("line take east whole.bundle")
    assert len(pair.log("east")) == 5


@pytest.mark.parametrize("change", [doubled, reordered], ids=lambda change: change.__name__)
def test_doubled_and_reordered_records_lose_nothing(
    pair: Shell, change: Callable[[list[Record]], list[Record]]
) -> None:
    pair.send("west", "two")
    pair.run("line pack west --to east whole.bundle")
    octets = (pair.folder / "whole.bundle").read_bytes()
    (pair.folder / "odd.bundle").write_bytes(b"".join(write(change(records_of(octets)))))
    for name in ("odd.bundle", "whole.bundle"):
        pair.run(f"line take east {name}", code=None)
    assert [one["body"]["content"] for one in pair.log("east")] == ["one", "two"]
    pair.carry("east", "west")
    assert pair.party("west", "east")["delivered"] == 2


def test_a_bundle_for_another_line_and_one_for_another_home_are_named(pair: Shell) -> None:
    pair.found("north", "south")
    for one in ("north", "south"):
        pair.run(f"line join {one} --line arctic north.card south.card")
    pair.run("line pack north --to south other.bundle")
    taken = pair.json("line take east other.bundle", code=1)["files"][0]
    assert "arctic" in taken["fault"]
    assert taken["new"] == {}
    pair.run("line take east missing.bundle", code=2)
    assert "no such file" in pair.err
    (pair.folder / "empty").mkdir()
    pair.run("line take east empty", code=2)
    assert ".bundle" in pair.err


def test_a_wrongly_sealed_bundle_is_refused_wherever_it_was_touched(pair: Shell) -> None:
    pair.run("line pack west --to east sealed.bundle --sealed")
    octets = (pair.folder / "sealed.bundle").read_bytes()
    for place in (20, 60, 300, 1500, len(octets) - 3):
        touched = bytearray(octets)
        touched[place] ^= 1
        (pair.folder / "touched.bundle").write_bytes(bytes(touched))
        taken = pair.json("line take east touched.bundle", code=1)["files"][0]
        assert taken["fault"], place
    (pair.folder / "cut.bundle").write_bytes(octets[:-7])
    assert not pair.json("line take east cut.bundle", code=1)["files"][0]["whole"]
    pair.run("line take east sealed.bundle")
    assert len(pair.log("east")) == 1


def test_a_quota_stops_taking_and_a_larger_one_goes_on(pair: Shell) -> None:
    pair.run("line send west --type notice --body -", text="x" * 20_000)
    pair.run("line pack west --to east big.bundle")
    pair.run("line take east big.bundle --quota-bytes 5000", code=1)
    assert "quota" in pair.err
    pair.run("line take east big.bundle")
    assert len(pair.log("east")) == 2
    pair.carry("east", "west")
    assert pair.party("west", "east")["delivered"] == 2


# ---- what an officer writes ---------------------------------------------------------------------------------

BODIES = {
    "a doubled key": (b'{"a": 1, "a": 2}', "twice"),
    "NaN": (b'{"a": NaN}', "NaN"),
    "a fraction": (b'{"a": 1.5}', "1.5"),
    "a number over 2^53": (b'{"a": 9007199254740993}', "2^53"),
    "a number of thousands of digits": (b'{"a": ' + b"9" * 6000 + b"}", "2^53"),
    "deep nesting": (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "deeper"),
    "very deep nesting": (b'{"a": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", "deeper"),
    "half of a surrogate pair": (b'{"a": "\\ud800"}', "surrogate"),
    "a key that is not ASCII": ('{"ж": 1}'.encode(), "ASCII"),
    "no JSON at all": (b'{"a": ', "line 1"),
    "bytes that are no text": (b"\xff\xfe\x00", "neither"),
    "a body over its limit": (b"x" * 1_000_001, "at most"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_two_readers_may_read_in_two_ways_is_not_sent(pair: Shell, name: str) -> None:
    content, words = BODIES[name]
    (pair.folder / "body").write_bytes(content)
    pair.run("line send west --type notice --body body", code=2)
    assert words in pair.err
    assert "what to do" in pair.err
    assert len(pair.log("west")) == 1


def test_json_is_sent_in_its_one_spelling(pair: Shell) -> None:
    pair.json("line send west --type exercise --body -", text=' {"b": [1, true], "a": "ü"} ')
    entry = pair.log("west")[1]
    assert entry["body"]["media_type"] == "application/json"
    assert entry["body"]["content"] == {"a": "ü", "b": [1, True]}
    assert entry["body"]["size"] == len('{"a":"ü","b":[1,true]}'.encode())


def test_attachments_over_their_limits_are_not_sent(pair: Shell) -> None:
    (pair.folder / "a").write_bytes(b"a")
    pair.run("line send west --type notice --body a " + "--attach a " * 17, code=2)
    assert "16" in pair.err
    with (pair.folder / "huge").open("wb") as file:
        file.truncate(64_000_001)
    pair.run("line send west --type notice --body a --attach huge", code=2)
    assert "at most" in pair.err
    assert len(pair.log("west")) == 1


ARGUMENTS = {
    "--type Notice --body a": "small letters",
    "--type line.daily --body a": "--type",
    "--type reveal --body a": "reveal",
    "--type notice --body missing": "missing",
    "--type notice --body a --in-reply-to east/0": "east/0",
    "--type notice --body a --in-reply-to nonsense": "nonsense",
    "--type notice --body a --answer-by tomorrow": "tomorrow",
    "--type notice --body a --answer-by 1969-01-01": "1969",
    "--type notice --body a --submission xyz": "hexadecimal",
    "--type notice --body a --media-type nonsense": "media type",
    "--type notice --body a --line other": "other",
    "--type notice --body a --passphrase-file nowhere": "nowhere",
}


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_a_wrong_option_is_named_and_nothing_is_sent(pair: Shell, arguments: str) -> None:
    (pair.folder / "a").write_text("a")
    pair.run(f"line send west {arguments}", code=2)
    assert ARGUMENTS[arguments] in pair.err
    assert len(pair.log("west")) == 1


def test_a_wrong_passphrase_is_named_and_nothing_is_sent(pair: Shell) -> None:
    (pair.folder / "wrong").write_text("another")
    pair.run("line send west --type notice --body - --passphrase-file wrong", text="a", code=2)
    assert "passphrase" in pair.err
    assert len(pair.log("west")) == 1


# ---- cards --------------------------------------------------------------------------------------------------


@pytest.fixture
def cards(shell: Shell) -> Shell:
    """Return three founded homes that have not joined anything."""
    shell.found("west", "east", "un")
    return shell


JOINS = {
    "--line baltic east.card un.card": "own card",
    "--line baltic west.card": "at least two members",
    "--line baltic west.card west.card east.card": "each party once",
    "--line baltic west.card east.card --observer east.card": "each party once",
    "--line baltic west.card secret": "a card",
    "--line baltic west.card missing.card": "missing.card",
    "--line Baltic west.card east.card": "small letters",
    "--line baltic": "cards",
    "--opening west.card": "opening",
}


@pytest.mark.parametrize("arguments", JOINS)
def test_a_wrong_doubled_or_missing_card_is_named_and_nothing_is_joined(cards: Shell, arguments: str) -> None:
    cards.run(f"line join west {arguments}", code=2)
    assert JOINS[arguments] in cards.err
    assert cards.json("line status west")["lines"] == []


def test_another_home_of_the_same_name_is_not_mistaken_for_this_one(cards: Shell) -> None:
    (cards.folder / "elsewhere").mkdir()
    cards.run("line init elsewhere/west --member west")
    (cards.folder / "false.card").write_text(cards.run("line card elsewhere/west"))
    cards.run("line join west --line baltic false.card east.card", code=2)
    assert "another card under the name west" in cards.err


def test_a_changed_card_is_refused(cards: Shell) -> None:
    card = (cards.folder / "east.card").read_text()
    (cards.folder / "changed.card").write_text(card.replace("A", "B", 1))
    cards.run("line join west --line baltic west.card changed.card", code=2)
    assert "changed.card" in cards.err


def test_a_line_is_joined_once(cards: Shell) -> None:
    cards.run("line join west --line baltic west.card east.card")
    cards.run("line join west --line baltic west.card east.card", code=2)
    assert "has not joined" in cards.err


# ---- homes, disks, clocks -----------------------------------------------------------------------------------


def test_a_folder_that_is_no_home_and_one_that_exists_are_named(pair: Shell) -> None:
    (pair.folder / "plain").mkdir()
    for verb in ("line status plain", "line log plain", "line take plain whole.bundle", "line card nowhere"):
        (pair.folder / "whole.bundle").write_bytes(b"")
        pair.run(verb, code=2)
        assert "home" in pair.err
    pair.run("line init west --member west", code=2)
    assert "exists already" in pair.err


def test_a_home_of_a_newer_version_is_left_alone(pair: Shell) -> None:
    path = pair.folder / "west" / "home.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "format": FORMAT + 1}, sort_keys=True, separators=(",", ":")))
    before = path.read_bytes()
    for verb in ("line status west", "line send west --type notice --body secret", "line pack west --to east b"):
        pair.run(verb, code=2)
        assert "newer" in pair.err
    assert path.read_bytes() == before


def test_a_second_writer_is_refused_and_readers_are_not(pair: Shell) -> None:
    from detente.node.home import open_writing

    with open_writing(pair.folder / "west", b"correct horse"):
        pair.run("line send west --type notice --body secret", code=2)
        assert str(os.getpid()) in pair.err
        assert len(pair.log("west")) == 1
        pair.run("line status west")
        pair.run("backup west while.backup")
    pair.send("west", "two")


@pytest.mark.parametrize("years", [1, -1])
def test_a_clock_a_year_off_is_recorded_and_flagged_not_refused(pair: Shell, years: int) -> None:
    true = node_host.clock_ms

    def wrong() -> int:
        return true() + years * 365 * 86_400_000

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node_host, "clock_ms", wrong)
        pair.send("west", "from another year")
        pair.run("line pack west --to east odd.bundle")
    pair.run("line take east odd.bundle")
    entry = next(one for one in pair.log("east") if one["body"].get("content") == "from another year")
    assert entry["flags"], entry
    text = pair.run("line log east")
    assert "clock" in text
    pair.carry("east", "west")
    sent = next(one for one in pair.log("west") if one["body"].get("content") == "from another year")
    assert sent["states"] == {"east": "delivered"}


def test_a_backup_is_never_written_over_and_a_false_one_never_restored(pair: Shell) -> None:
    pair.run("backup west a.backup")
    before = (pair.folder / "a.backup").read_bytes()
    pair.run("backup west a.backup", code=2)
    assert (pair.folder / "a.backup").read_bytes() == before
    pair.run("restore a.backup west", code=2)
    (pair.folder / "false.backup").write_bytes(b"no backup")
    pair.run("restore false.backup fresh", code=2)
    (pair.folder / "half.backup").write_bytes(before[: len(before) // 2])
    pair.run("restore half.backup fresh", code=2)
    assert not (pair.folder / "fresh").exists()
    assert len(pair.log("west")) == 1


def program(shell: Shell, *words: str, limit: int | None = None) -> subprocess.Popen[bytes]:
    def before() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    return subprocess.Popen(
        [sys.executable, "-m", "detente", *words],
        cwd=shell.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=before,  # noqa: PLW1509 - the limit must hold for this one program
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )


def test_a_full_disk_loses_nothing_that_was_held(real_pair: Shell) -> None:
    (real_pair.folder / "big").write_bytes(b"x" * 900_000)
    words = ("line", "send", "west", "--type", "notice", "--body", "big")
    refused = program(real_pair, *words, limit=400_000)
    _, said = refused.communicate(timeout=60)
    assert refused.returncode == 2, said
    assert b"what to do" in said
    assert b"Traceback" not in said
    assert len(real_pair.log("west")) == 1
    real_pair.run("line pack west --to east b.bundle")
    whole = program(real_pair, *words)
    assert whole.wait(60) == 0
    whole.communicate()
    assert len(real_pair.log("west")) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_is_named(pair: Shell) -> None:
    for folder in (pair.folder / "west").rglob("*"):
        folder.chmod(0o500 if folder.is_dir() else 0o400)
    pair.run("line send west --type notice --body secret", code=2)
    assert "what to do" in pair.err


class Interrupted:
    """Presses Ctrl-C before or after the n-th thing that the host carries out."""

    def __init__(self, number: int, *, after: bool) -> None:
        self.number, self.after, self.count = number, after, 0
        self.true = node_host.Host._carry_out

    def __call__(self, host: node_host.Host, effect: object, *, wait: bool = False) -> object:
        self.count += 1
        if self.count == self.number and not self.after:
            raise KeyboardInterrupt
        found = self.true(host, effect, wait=wait)  # type: ignore[arg-type]
        if self.count == self.number:
            raise KeyboardInterrupt
        return found


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "verb", ["send west --type notice --body big", "pack west --to east out.bundle", "take west in.bundle"]
)
def test_ctrl_c_at_every_step_of_a_verb_leaves_nothing_half(pair: Shell, verb: str, after: bool) -> None:
    (pair.folder / "big").write_bytes(b"x" * 100_000)
    pair.exchange("west", "east")
    pair.send("east", "for west")
    pair.run("line pack east --to west in.bundle")
    number, done = 1, False
    while not done:
        stop = Interrupted(number, after=after)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                node_host.Host, "_carry_out", lambda host, effect, stop=stop, **how: stop(host, effect, **how)
            )
            pair.run(f"line {verb}", code=None)
            done = stop.count < number
        assert not [one.name for one in pair.folder.rglob("*") if ".part" in one.name]
        number += 1
    assert number > 3
    pair.run("line audit west")
    pair.run("line take west in.bundle")
    pair.exchange("west", "east")
    pair.exchange("west", "east")
    assert pair.party("west", "east")["delivered"] == pair.party("west", "east")["own_held"]
    assert pair.status("east")["fork_proofs"] == []


def test_ctrl_c_from_a_terminal_leaves_nothing_half(real_pair: Shell) -> None:
    (real_pair.folder / "big").write_bytes(b"x" * 900_000)
    for delay_s in (0.5, 0.7, 0.9):
        asked = program(real_pair, "line", "send", "west", "--type", "notice", "--body", "big", "--attach", "big")
        time.sleep(delay_s)
        asked.send_signal(signal.SIGINT)
        _, said = asked.communicate(timeout=60)
        held = len(real_pair.log("west"))
        if asked.returncode == 0:
            assert held >= 2, said
    assert not [one.name for one in real_pair.folder.rglob("*") if ".part" in one.name]
    real_pair.run("line audit west")


def test_ctrl_c_while_a_home_is_founded_leaves_no_half_home(shell: Shell) -> None:
    for number, delay_s in enumerate((0.3, 0.5, 0.7, 1.0)):
        name = f"home{number}"
        asked = program(shell, "line", "init", name, "--member", "west")
        time.sleep(delay_s)
        asked.send_signal(signal.SIGINT)
        asked.communicate(timeout=60)
        whole = (shell.folder / name).exists()
        if whole:
            shell.run(f"line card {name}")
        else:
            assert not list(shell.folder.glob(f"{name}.root-*")) or asked.returncode == 0
            shutil.rmtree(shell.folder / f"{name}.head", ignore_errors=True)
    assert not [one for one in Path(shell.folder).iterdir() if ".part" in one.name]
