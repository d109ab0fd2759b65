"""A home: founded whole, open to one writer, beside it a head file; and what is wrong with it in words."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from detente.line.checkpoint import Origin
from detente.line.effects import Confirmed
from detente.line.errors import Refused
from detente.line.rootact import Act
from detente.line.state import Run
from detente.node import home as home_module
from detente.node.errors import KeyMistake, SignerFailure
from detente.node.home import found, head_folder, open_reading, open_writing
from detente.node.keyfile import Keys, read_keys
from detente.node.machine_id import machine_identity
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.headfile import HeadRecord
from tests.line.memory import Member
from tests.store.pair import CHEAP, PASSPHRASE, Desk, card, exchange, found_homes, open_home, same_machine

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_founded_home_holds_what_was_given_and_shows_its_owner_alone_the_keys(tmp_path: Path) -> None:
    keys = Keys.make(0)
    envelope, ring = card("west", keys)
    found(tmp_path / "home", keys, envelope, PASSPHRASE, cost=CHEAP)
    with open_writing(tmp_path / "home", PASSPHRASE) as home:
        assert (home.member, home.restored, home.machine_changed) == ("west", False, False)
        assert home.acts() == [envelope]
        assert home.ring().hashes == ring.hashes
        assert home.lines() == []
        assert home.keys[0].public() == keys.public()
        assert home.head_file() is not None
        assert home.confirm() is None
        identity = home.id
    with open_reading(tmp_path / "home") as reader:
        assert reader.id == identity
        head_file = reader.head_file()
        assert head_file is not None
        assert head_file.own == {}
        for wrong in (lambda: reader.signer, lambda: reader.join("baltic", ()), lambda: reader.add_act(envelope),
                      lambda: reader.store_keys({}, b""), reader.challenged):  # fmt: skip
            with pytest.raises(HomeMistake, match="reading"):
                wrong()
    assert oct((tmp_path / "home" / "keys").stat().st_mode & 0o777) == "0o700"
    assert oct(head_folder(tmp_path / "home").stat().st_mode & 0o777) == "0o700"


def test_a_home_is_founded_whole_or_not_at_all_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys.make(0)
    envelope, _ = card("west", keys)
    path = tmp_path / "home"
    other, _ = card("west", Keys.make(0))
    with pytest.raises(HomeMistake, match="other keys"):
        found(path, keys, other, PASSPHRASE, cost=CHEAP)
    with pytest.raises(Refused):
        found(path, keys, b"{}", PASSPHRASE, cost=CHEAP)

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(home_module, "write_keys", broken)
        with pytest.raises(StoreFailure, match="No space left"):
            found(path, keys, envelope, PASSPHRASE, cost=CHEAP)
    assert not path.exists()
    assert [one.name for one in tmp_path.iterdir() if not one.name.endswith(".head")] == []
    path.mkdir()
    found(path, keys, envelope, PASSPHRASE, cost=CHEAP)
    with pytest.raises(HomeMistake, match="exists already"):
        found(path, keys, envelope, PASSPHRASE, cost=CHEAP)


def test_a_folder_that_is_no_home_is_told(tmp_path: Path) -> None:
    for opened in (lambda: open_reading(tmp_path / "nothing"), lambda: open_writing(tmp_path / "nothing", b"x")):
        with pytest.raises(HomeMistake, match=r"home\.json"):
            opened()
    assert not list(tmp_path.iterdir())
    (tmp_path / "home" / "home.json").mkdir(parents=True)
    with pytest.raises(StoreFailure):
        open_reading(tmp_path / "home")


@pytest.mark.parametrize(
    ("octets", "kind", "came"),
    [
        (b'{"format":3,"something":"else"}', HomeMistake, "newer"),
        (b'{"format":1}', StoreFailure, "home.json"),
        (b"\x00\x00", StoreFailure, "home.json"),
    ],
)
def test_a_home_of_a_newer_format_or_a_damaged_one_is_refused_untouched(
    octets: bytes, kind: type[Exception], came: str, tmp_path: Path
) -> None:
    found_homes(tmp_path)
    (tmp_path / "west" / "home.json").write_bytes(octets)
    for opened in (lambda: open_reading(tmp_path / "west"), lambda: open_home(tmp_path / "west")):
        with pytest.raises(kind, match=came):
            opened()
    assert (tmp_path / "west" / "home.json").read_bytes() == octets


def test_a_wrong_passphrase_gives_the_lock_back(tmp_path: Path) -> None:
    found_homes(tmp_path)
    with pytest.raises(KeyMistake):
        open_writing(tmp_path / "west", b"wrong", machine=same_machine)
    open_home(tmp_path / "west").close()


def test_a_second_writer_is_refused_and_told_which_process_has_the_home(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    with open_home(tmp_path / "west") as home:
        with pytest.raises(HomeMistake, match=f"process {os.getpid()}"):
            open_home(tmp_path / "west")
        program = "import sys, pathlib, tests.store.pair as pair; pair.open_home(pathlib.Path(sys.argv[1]))"
        run = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "west")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"in use by process {os.getpid()}" in run.stderr
        with open_reading(tmp_path / "west") as reader:
            Desk(home, line).send("beside a reader")
            (origin,) = reader.record(line).origins()
            assert reader.record(line).size(origin) == 1
            head_file = reader.head_file()
            assert head_file is not None
            assert head_file.own[origin][0] == 1
    open_home(tmp_path / "west").close()
    home.close()


def test_a_lock_file_that_cannot_be_taken_or_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_homes(tmp_path)

    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", no_locks)
        with pytest.raises(OSError, match="No locks"):
            open_home(tmp_path / "west")
    shutil.rmtree(tmp_path / "west.head")
    (tmp_path / "west.head").write_text("in the way")
    with pytest.raises(StoreFailure):
        open_home(tmp_path / "west")


# ---- acts and keys
# ----------------------------------------------------------------------------------------------


def next_generation(home_path: Path, keys: Keys) -> bytes:
    with open_reading(home_path) as home:
        ring = home.ring()
    act = Act(act="generation", clock_ms=5, format=1, heads=(), index=1, keys=keys.public(), member="west",
              previous=ring.hashes[-1], reason="rotation", root=None, seal=None)  # fmt: skip
    return Member.make("west").root_sign(act)


def test_own_root_acts_and_new_keys_are_kept_and_used(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    path, fresh = tmp_path / "west", Keys.make(9)
    envelope = next_generation(path, fresh)
    with open_home(path) as home:
        home.store_keys({**home.keys, 1: fresh}, PASSPHRASE, cost=CHEAP)
        assert home.signer.generation == 0
        home.add_act(envelope)
        home.add_act(envelope)
        home.use_generation(1)
        assert home.signer.generation == 1
        with pytest.raises(Refused):
            home.add_act(b"{}")
    assert len(read_keys(path / "keys" / "operational.json", PASSPHRASE)) == 2
    with open_home(path) as home:
        assert len(home.acts()) == 2
        assert home.signer.generation == 1
        assert home.lines() == [line]
    (path / "acts" / "000001.json").write_bytes(b"{}")
    with open_reading(path) as reader, pytest.raises(StoreFailure, match="acts"):
        reader.ring()


def test_a_line_is_joined_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = found_homes(tmp_path)
    with open_home(tmp_path / "west") as home:
        with pytest.raises(HomeMistake, match="has joined"):
            home.record("other-0123456789abcdef0123")
        with pytest.raises(HomeMistake, match="not joined"):
            home.join(line, ())
        with pytest.raises(KeyError):
            home.join("other-0123456789abcdef0123", (object(),))  # type: ignore[arg-type]  # breaks in the middle
        assert home.lines() == [line]
        assert [one.name for one in (tmp_path / "west" / "lines").iterdir()] == [line]


# ---- the head file
# ----------------------------------------------------------------------------------------------


def talk(tmp_path: Path, line: str, count: int) -> None:
    with open_home(tmp_path / "west") as one, open_home(tmp_path / "east") as two:
        west, east = Desk(one, line), Desk(two, line)
        for number in range(count):
            west.send(f"west {number}")
            east.send(f"east {number}")
            exchange(west, east)
            exchange(east, west)
        assert not west.refusals + east.refusals


def test_a_head_file_that_the_last_run_left_one_batch_behind_is_brought_up(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    talk(tmp_path, line, 2)
    with open_home(tmp_path / "west") as home:
        desk = Desk(home, line)
        settle = home.settle
        home.settle = lambda *_: None  # type: ignore[method-assign]  # dies before the head file
        desk.send("stored", "and not in the head file")
        home.settle = settle  # type: ignore[method-assign]
    with open_home(tmp_path / "west") as home:
        desk = Desk(home, line)
        assert desk.is_now(Run.RUNNING)
        origin = Origin(line, 1, "west", 0)
        head_file = home.head_file()
        assert head_file is not None
        assert head_file.own[origin][0] == desk.record.size(origin) == 4
        desk.send("and on")
        assert not desk.refusals


def test_a_home_without_its_head_file_halts_until_a_keeper_confirms(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    talk(tmp_path, line, 3)
    head = head_folder(tmp_path / "west")
    (head / "head.sqlite3").unlink()
    with open_reading(tmp_path / "west") as reader:
        assert reader.head_file() is None
    with open_home(tmp_path / "west") as one, open_home(tmp_path / "east") as two:
        west, east = Desk(one, line), Desk(two, line)
        assert one.head_file() is None
        assert west.is_now(Run.HALTED)
        west.give(Confirmed(one.confirm()))
        for _ in range(2):
            exchange(west, east)
        assert west.is_now(Run.RUNNING)
        west.send("again")
        exchange(west, east)
        exchange(east, west)
        assert not west.refusals + east.refusals
        head_file = one.head_file()
        assert head_file is not None
        assert head_file.own[Origin(line, 1, "west", 0)][0] == 4
        assert {size for size, _ in head_file.cosigned.values()} == {3}


def test_a_head_file_whose_founding_was_cut_short_counts_as_none(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    talk(tmp_path, line, 1)
    path = head_folder(tmp_path / "west") / "head.sqlite3"
    path.unlink()
    HeadRecord(path, create=True).close()
    with open_home(tmp_path / "west") as home:
        assert home.head_file() is None
        assert Desk(home, line).is_now(Run.HALTED)


def test_another_homes_head_file_is_refused(tmp_path: Path) -> None:
    found_homes(tmp_path)
    shutil.rmtree(head_folder(tmp_path / "west"))
    shutil.copytree(head_folder(tmp_path / "east"), head_folder(tmp_path / "west"))
    with pytest.raises(HomeMistake, match="another home's"):
        open_home(tmp_path / "west")


def test_a_changed_machine_halts_until_a_keeper_confirms(tmp_path: Path) -> None:
    line = found_homes(tmp_path)

    def another_machine(_: Path) -> str:
        return "another machine"

    for _ in range(2):
        with open_writing(tmp_path / "west", PASSPHRASE, machine=another_machine) as home:
            assert home.machine_changed
            assert Desk(home, line).is_now(Run.HALTED)
    with open_writing(tmp_path / "west", PASSPHRASE, machine=another_machine) as home:
        assert home.confirm() is None
        assert not home.machine_changed
    with open_writing(tmp_path / "west", PASSPHRASE, machine=another_machine) as home:
        assert not home.machine_changed


def test_a_cloned_home_on_the_same_machine_is_another_machine(tmp_path: Path) -> None:
    found_homes(tmp_path)
    keys = Keys.make(0)
    envelope, _ = card("north", keys)
    found(tmp_path / "north", keys, envelope, PASSPHRASE, cost=CHEAP)
    with open_writing(tmp_path / "north", PASSPHRASE) as home:
        assert not home.machine_changed
    shutil.copytree(tmp_path / "north", tmp_path / "clone")
    with open_writing(tmp_path / "clone", PASSPHRASE) as clone:
        assert clone.head_file() is None
    shutil.rmtree(head_folder(tmp_path / "clone"))
    shutil.copytree(head_folder(tmp_path / "north"), head_folder(tmp_path / "clone"))
    with open_writing(tmp_path / "clone", PASSPHRASE) as clone:
        assert clone.machine_changed


def test_the_machine_is_known_by_what_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine_identity(tmp_path) == machine_identity(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    assert machine_identity(tmp_path) != machine_identity(other)
    before = machine_identity(tmp_path)
    (tmp_path / "hint").write_bytes(b"another")
    monkeypatch.setattr("detente.node.machine_id._HINTS", (str(tmp_path / "hint"), str(tmp_path / "missing")))
    assert machine_identity(tmp_path) != before


def test_an_own_head_that_follows_from_nothing_is_not_settled(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    talk(tmp_path, line, 2)
    with open_home(tmp_path / "west") as home:
        Desk(home, line)
        with pytest.raises(SignerFailure):
            home.settle(line, [(Origin(line, 1, "west", 0), 2, b"x" * 32)])


def test_what_was_asked_after_a_restore_is_noted_once(tmp_path: Path) -> None:
    found_homes(tmp_path)
    path = tmp_path / "west" / "home.json"
    document = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode({**document, "restored": True}, order="sorted"))

    def another_machine(_: Path) -> str:
        return "another machine"

    with open_writing(tmp_path / "west", PASSPHRASE, machine=another_machine) as home:
        assert (home.restored, home.machine_changed) == (True, True)
        home.challenged()
        home.challenged()
        assert (home.restored, home.machine_changed) == (False, False)
    with open_writing(tmp_path / "west", PASSPHRASE, machine=another_machine) as home:
        assert (home.restored, home.machine_changed) == (False, False)
        home.challenged()


def test_closing_gives_the_lock_back_whatever_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = found_homes(tmp_path)
    home = open_home(tmp_path / "west")
    record = home.record(line)

    def broken() -> None:
        raise StoreFailure(expected="", came="the disk is gone")

    close: Callable[[], None] = record.close
    monkeypatch.setattr(record, "close", broken)
    with pytest.raises(StoreFailure, match="gone"):
        home.close()
    close()
    open_home(tmp_path / "west").close()
