"""The signer as a process: what it opens with, whom it serves, what it refuses, and what it never loads."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.__main__ import main
from detente.line.effects import Confirmed, Role, Sign
from detente.line.errors import Malformed
from detente.line.state import Run
from detente.node.errors import KeyMistake, SignerFailure, SignerGone, SignerLocked
from detente.node.home import head_folder, open_serving, open_writing
from detente.node.home_folder import keys_file
from detente.node.keyfile import Keys, write_keys
from detente.node.serving.local_socket import connect
from detente.node.signing import frames
from detente.node.signing.__main__ import main as signing_main
from detente.node.signing.remote import RemoteSigner, look, reload, signer_socket, unlock
from detente.store.errors import HomeMistake
from tests.node.signing_process import (
    ROOT,
    SignerProcess,
    asked,
    ended,
    failed,
    knocking,
    opened,
    pair_of_homes,
    running,
    served,
)
from tests.store.pair import CHEAP, PASSPHRASE, Desk, exchange, open_home


@pytest.fixture
def line(tmp_path: Path) -> str:
    return pair_of_homes(tmp_path)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


# ---- what it opens with ---------------------------------------------------------------------------------------


def test_a_node_signs_through_it_and_a_verb_finds_everything_afterwards(tmp_path: Path, line: str) -> None:
    west = tmp_path / "west"
    with running(west, *opened(west)) as signer:
        assert signer.standing().state == "ready"
        with served(west, line) as desk:
            assert desk.is_now(Run.RUNNING)
            assert desk.home.keys == {}  # nowhere but in the signer
            assert desk.home.officers is None
            assert desk.home.signer.generations == frozenset({0})
            desk.send("one", "two", "three")
            desk.send("four")
            assert signer.standing().state == "serving"
            assert not desk.refusals
            heads = desk.home.head_file()
            assert heads is not None
            assert [size for size, _ in heads.own.values()] == [4]
        assert signer.standing().signed >= 6
        assert signer.end() == 0
    assert not signer_socket(west).exists()
    assert [one["event"] for one in signer.events()] == ["started", "unlocked", "ended"]
    with open_home(west) as home:
        assert home.head_file() == heads


def test_it_opens_with_the_environments_file_or_a_systemd_credential(tmp_path: Path, line: str) -> None:
    west, credentials = tmp_path / "west", tmp_path / "credentials"
    credentials.mkdir()
    shutil.copy(tmp_path / "passphrase", credentials / "passphrase")
    for environment in (
        {"DETENTE_PASSPHRASE_FILE": str(tmp_path / "passphrase")},
        {"CREDENTIALS_DIRECTORY": str(credentials)},
    ):
        with running(west, environment=environment) as signer:
            assert signer.standing().state == "ready"
    (credentials / "passphrase").unlink()
    with running(west, environment={"CREDENTIALS_DIRECTORY": str(credentials)}) as signer:
        assert signer.standing().state == "locked"


def test_without_a_passphrase_it_waits_locked_signs_nothing_and_is_unlocked(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    west = tmp_path / "west"
    with running(west) as signer:
        with pytest.raises(SignerLocked, match="locked"):
            open_serving(west, RemoteSigner(west))
        with knocking(west) as sock:
            for request in (
                frames.Heads(),
                frames.Facts(),
                frames.OpenSeal(b"{}", b""),
                frames.Reload(PASSPHRASE),
            ):
                failed(asked(sock, request))
        (tmp_path / "wrong").write_text("wrong horse")
        assert main(["unlock", str(west), "--status"]) == 1
        assert main(["unlock", str(west), "--passphrase-file", str(tmp_path / "wrong")]) == 2
        assert main(["unlock", str(west), "--status"]) == 1
        said_so = capsys.readouterr()
        assert "locked" in said_so.out
        assert "another one" in said_so.out  # why it is still locked
        assert "passphrase of this key file" in said_so.err
        assert "wrong horse" not in signer.says.read_text() + said_so.err + said_so.out
        assert main(["unlock", str(west), "--passphrase-file", str(tmp_path / "passphrase")]) == 0
        assert main(["unlock", str(west), "--status", "--json"]) == 0
        assert '"state": "ready"' in capsys.readouterr().out
        with served(west, line) as desk:
            desk.send("now")
        unlock(west, b"anything")  # it is open: nothing happens
    assert [one["event"] for one in signer.events()] == ["started", "locked", "locked", "unlocked"]


def test_a_wrong_or_missing_passphrase_file_leaves_it_locked_and_it_says_why(tmp_path: Path, line: str) -> None:
    west = tmp_path / "west"
    (tmp_path / "wrong").write_text("wrong horse")
    with running(west, "--passphrase-file", str(tmp_path / "wrong"), "--language", "ru") as signer:
        assert "другая" in signer.standing().fault
    with running(west, "--passphrase-file", str(tmp_path / "wrong")) as signer:
        assert signer.standing().state == "locked"
        assert "another one" in signer.standing().fault
    with running(west, "--passphrase-file", str(tmp_path / "none")) as signer:
        assert "No such file" in signer.standing().fault
        unlock(west, PASSPHRASE)
        assert signer.standing().fault == ""


def test_without_a_signer_the_verb_says_that_none_runs(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["unlock", str(tmp_path / "west")]) == 2
    assert "nobody serves this home" in capsys.readouterr().err
    assert main(["unlock", str(tmp_path)]) == 2
    assert "a home" in capsys.readouterr().err


def test_it_holds_the_homes_lock_and_stops_where_another_holds_it(tmp_path: Path, line: str) -> None:
    west = tmp_path / "west"
    with running(west, *opened(west)), pytest.raises(HomeMistake, match="in use"):
        open_home(west)
    with open_home(west):
        second = SignerProcess(west)
        assert second.process.wait(30) == 2
        assert "in use by process" in second.says.read_text()
    stranger = SignerProcess(tmp_path)
    assert stranger.process.wait(30) == 2
    assert "home.json" in stranger.says.read_text()


def test_another_homes_head_file_keeps_it_locked(tmp_path: Path, line: str) -> None:
    west = tmp_path / "west"
    shutil.copy(head_folder(tmp_path / "east") / "head.sqlite3", head_folder(west) / "head.sqlite3")
    with running(west, *opened(west)) as signer:
        assert "another home" in signer.standing().fault
        with pytest.raises(HomeMistake, match="another home"):
            unlock(west, PASSPHRASE)


# ---- whom it serves -------------------------------------------------------------------------------------------


def test_a_second_node_is_refused_while_the_first_is_served_but_may_look(tmp_path: Path, line: str) -> None:
    west = tmp_path / "west"
    with running(west, *opened(west)):
        with served(west, line) as desk:
            with pytest.raises(HomeMistake, match="in use"):
                open_serving(west, RemoteSigner(west))
            rival = RemoteSigner(west, patience_s=0.2)
            with pytest.raises(SignerGone, match="a second one"):
                rival.head_file()
            assert look(west).state == "serving"
            with knocking(west) as sock:
                assert failed(asked(sock, frames.Serve(frames.PROTOCOL))).busy
                assert "not" in failed(asked(sock, frames.Heads())).came
                assert failed(asked(sock, frames.Serve(frames.PROTOCOL + 1))).came == str(frames.PROTOCOL + 1)
                assert isinstance(asked(sock, frames.Status()), frames.Standing)
            desk.send("undisturbed")
        assert rival.head_file() is not None
        rival.close()
        rival.close()


def test_a_node_of_another_home_finds_the_wrong_signer(tmp_path: Path, line: str) -> None:
    west, east = tmp_path / "west", tmp_path / "east"
    with running(west, *opened(west)):
        signer_socket(east).symlink_to(signer_socket(west))
        with pytest.raises(HomeMistake, match="another home"):
            open_serving(east, RemoteSigner(east))
        with served(west, line) as desk:  # nobody is served any more by then
            desk.send("mine")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_is_turned_away(open_folder: Path) -> None:
    line = pair_of_homes(open_folder)
    west = open_folder / "west"
    with running(west, *opened(west)) as signer:
        assert stat.S_IMODE(signer_socket(west).stat().st_mode) == 0o600
        for place in (signer_socket(west), head_folder(west)):
            place.chmod(0o777)  # as if somebody had loosened them: the check of the user stands alone
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                with connect(signer_socket(west), 5) as sock:
                    answer = failed(asked(sock, frames.Status()))
                    os._exit(0 if "another user" in answer.came and ended(sock) else 3)
            except BaseException as fault:  # noqa: BLE001 - a child reports by its exit code
                os.write(2, repr(fault).encode())
                os._exit(4)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert {"stranger"} <= {one["event"] for one in signer.events()}
        with served(west, line) as desk:
            desk.send("undisturbed")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_it_works_for_a_user_without_rights_behind_a_path_too_long_for_a_socket(open_folder: Path) -> None:
    deep = open_folder / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    line = pair_of_homes(deep)
    west = deep / "west"
    for place in [deep, *deep.rglob("*")]:
        os.chown(place, 65534, 65534)
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os._exit(_serve_once(west, line))
        except BaseException as fault:  # noqa: BLE001 - a child reports by its exit code
            os.write(2, repr(fault).encode())
            os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _serve_once(west: Path, line: str) -> int:
    """Fork the signer, for this user may not be allowed to start the interpreter; returns 0 when all went well."""
    signer = os.fork()
    if signer == 0:
        os._exit(signing_main([str(west), *opened(west)]))
    try:
        with served(west, line) as desk:
            desk.send("from a deep place")
            head_file = desk.home.head_file()
            good = head_file is not None and bool(head_file.own) and not desk.refusals
    finally:
        os.kill(signer, signal.SIGTERM)
    return 0 if os.waitstatus_to_exitcode(os.waitpid(signer, 0)[1]) == 0 and good else 3


# ---- keys and keepers -----------------------------------------------------------------------------------------


def test_keys_that_a_verb_changed_are_used_after_reload_and_a_wrong_passphrase_changes_nothing(
    tmp_path: Path, line: str
) -> None:
    west = tmp_path / "west"
    with open_home(west) as home:
        keys = home.keys
    with running(west, *opened(west)) as signer, served(west, line) as desk:
        write_keys(keys_file(west), {**keys, 1: Keys.make(0)}, PASSPHRASE, cost=CHEAP)
        with pytest.raises(KeyMistake):
            reload(west, b"wrong horse")
        assert desk.home.signer.generations == {0}
        reload(west, PASSPHRASE)
        assert desk.home.signer.generations == {0, 1}
        desk.home.use_generation(1)
        assert desk.home.signer.generation == 1
        desk.send("still generation 0 until its act is given")
        with pytest.raises(HomeMistake, match="with its keys"):
            desk.home.store_keys(keys, PASSPHRASE)
        with pytest.raises(HomeMistake, match="with its keys"):
            desk.home.store_officers(None, PASSPHRASE)
    assert "reloaded" in {one["event"] for one in signer.events()}


def test_a_keepers_word_founds_a_lost_head_file_through_it(tmp_path: Path, line: str) -> None:
    west, east = tmp_path / "west", tmp_path / "east"
    with running(west, *opened(west)), served(west, line) as desk, open_writing(east, PASSPHRASE) as other:
        their = Desk(other, line)
        desk.send("one", "two")
        their.send("three")
        exchange(desk, their)
        exchange(their, desk)
        before = desk.home.head_file()
    assert before is not None
    assert before.cosigned
    (head_folder(west) / "head.sqlite3").unlink()
    with running(west, *opened(west)):
        with served(west, line) as desk:
            assert desk.home.head_file() is None
            assert desk.is_now(Run.HALTED)
            signer = desk.home.signer
            assert isinstance(signer, RemoteSigner)
            signer.found_head()
            with pytest.raises(HomeMistake, match="without a head file"):
                signer.found_head()
            # the node dies here: what is half founded counts for nothing
        with served(west, line) as desk:
            assert desk.home.head_file() is None
            founded = desk.home.confirm()
            assert founded is not None
            assert (founded.own, founded.cosigned) == (before.own, before.cosigned)
            desk.give(Confirmed(founded))
            assert desk.home.confirm() is None
            assert not desk.home.machine_changed


def test_another_machine_is_noticed_and_confirmed(tmp_path: Path, line: str) -> None:
    west = tmp_path / "west"
    with open_writing(west, PASSPHRASE, machine=lambda _head: "another machine") as home:
        home.confirm()
    with running(west, *opened(west)):
        with served(west, line) as desk:
            before = desk.home.machine_changed
            desk.home.confirm()
            assert (before, desk.home.machine_changed) == (True, False)
        with served(west, line) as desk:
            assert desk.is_now(Run.RUNNING)


# ---- what it refuses ------------------------------------------------------------------------------------------


def test_it_refuses_in_the_same_words_as_a_signer_here(tmp_path: Path, line: str) -> None:
    west, east = tmp_path / "west", tmp_path / "east"
    shutil.rmtree(east)
    shutil.copytree(west, east)
    shutil.copytree(head_folder(west), head_folder(east), dirs_exist_ok=True)
    with running(west, *opened(west)), served(west, line) as desk, open_home(east) as home:
        origin = desk.line.state.own_origin
        other = origin._replace(member="east")
        for request in (
            Sign(1, "money", Role.SIGN, origin, b"x"),
            Sign(1, "statement", Role.SIGN, origin, b"{}"),
            Sign(1, "statement", Role.COSIGN_LOG, origin, b"{}"),
            Sign(1, "statement", Role.SIGN, other, b"{}"),
            Sign(1, "head", Role.SIGN, origin, b"a head"),
            Sign(1, "cosign", Role.COSIGN_LOG, other, b"a head", index=1, leaf=bytes(32), also=Role.COSIGN_HELD),
            Sign(1, "have", Role.SIGN, origin, b"{}"),
            Sign(1, "answer", Role.SIGN, origin, b"[]"),
            Sign(1, "test", Role.SIGN, origin, b"no json"),
        ):
            here, there = home.signer.sign(request), desk.home.signer.sign(request)
            assert here == there
            assert there.signature is None
        for own in ([(origin, 1, bytes(32))], [(other, 1, bytes(32))]):
            faults = []
            for signer in (home.signer, desk.home.signer):
                with pytest.raises(SignerFailure) as caught:
                    signer.durable(own)
                faults.append(str(caught.value))
            assert faults[0] == faults[1]
        desk.send("and goes on")


def test_a_log_named_in_another_way_is_no_log(tmp_path: Path, line: str) -> None:
    west = tmp_path / "west"
    with running(west, *opened(west)), served(west, line) as desk:
        origin = desk.line.state.own_origin
        for other in (
            origin._replace(line=f"{line}/1/east/0\n9\n{'A' * 43}=\nx"),  # a head with lines of its own below
            origin._replace(member="East"),
            origin._replace(epoch=-1),
        ):
            with pytest.raises(Malformed):
                desk.home.signer.recorded(other)
        desk.send("and goes on")


# ---- what it never loads --------------------------------------------------------------------------------------

NEVER = (
    "detente.areas", "detente.encounters", "detente.node.asking", "detente.node.courier_file", "detente.node.couriers",
    "detente.node.home", "detente.node.host", "detente.notices", "detente.rules", "detente.store.appending",
    "detente.store.audit", "detente.store.postgresql", "detente.store.record", "detente.tracks",
    "asyncio", "h11", "http", "jinja2", "multiprocessing", "numba", "numpy", "polars", "prometheus_client", "psycopg",
    "pyproj", "rich", "ssl", "subprocess", "urllib.request", "xml",
)  # fmt: skip


def test_through_all_its_work_it_loads_no_parser_no_record_and_no_network(tmp_path: Path, line: str) -> None:
    west = tmp_path / "west"
    signer = SignerProcess(west, *opened(west), imports=True)
    try:
        signer.standing()
        with served(west, line) as desk:
            desk.send("one", "two")
            desk.home.challenged()
            failed_seal = None
            try:
                desk.home.open_seal(b"{}", b"x")
            except Exception as fault:  # noqa: BLE001 - any refusal: it was asked
                failed_seal = fault
            assert failed_seal is not None
        reload(west, PASSPHRASE)
        # nothing listens but the one local socket
        inodes = {str(one.readlink()) for one in Path(f"/proc/{signer.process.pid}/fd").iterdir()}
        sockets = {one[8:-1] for one in inodes if one.startswith("socket:[")}
        network = {
            row.split()[9]
            for table in ("tcp", "tcp6", "udp", "udp6", "raw")
            for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        }
        assert sockets
        assert not sockets & network
        assert signer.end() == 0
    finally:
        signer.kill()
    loaded = {
        row.rpartition("|")[2].strip()
        for row in signer.says.read_text().splitlines()
        if row.startswith("import time:")
    }
    assert {"detente.node.signer", "detente.store.headfile", "detente.node.sealing", "msgspec"} <= loaded
    assert {one for one in loaded if one.startswith("detente.node.serving")} == {
        "detente.node.serving",
        "detente.node.serving.local_socket",
        "detente.node.serving.log",
    }
    assert {one for one in loaded for never in NEVER if one == never or one.startswith(never + ".")} == set()


def test_its_memory_is_not_for_others(tmp_path: Path, line: str) -> None:
    west = tmp_path / "west"
    with running(west, *opened(west)) as signer:
        process = Path(f"/proc/{signer.process.pid}")
        limits = (process / "limits").read_text()
        core = next(row.split() for row in limits.splitlines() if row.startswith("Max core file size"))
        assert core[4:6] == ["0", "0"]
        probe = subprocess.run(
            [sys.executable, "-c", PROBE],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(ROOT / "src")},
        )
        assert probe.stdout.split() == ["True", "0", "0"]


PROBE = """
import ctypes, resource
from detente.node.signing.hardening import keep_memory
print(keep_memory(), ctypes.CDLL(None).prctl(3), resource.getrlimit(resource.RLIMIT_CORE)[0])
"""
