"""The signer behind its socket: sessions that break, portions of what is long, sealed bundles, the passphrase."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detente.line.bundle import BUNDLE_MAGIC
from detente.line.effects import Draft, Submitted
from detente.line.errors import LineMistake, Malformed, OutOfPlace
from detente.line.merkle import leaf_hash
from detente.line.state import Run
from detente.node.errors import KeyMistake, SignerFailure, SignerGone, SignerLocked
from detente.node.home import Home, head_folder, open_serving, open_writing
from detente.node.home_folder import keys_file
from detente.node.host import Host
from detente.node.keyfile import SealingKey, write_keys
from detente.node.sealing import Unsealer, seal
from detente.node.serving.local_socket import listen
from detente.node.signing import frames, remote
from detente.node.signing.frames import encode
from detente.node.signing.remote import RemoteSigner, look, signer_socket, unlock
from detente.store.errors import StoreFailure
from detente.store.headfile import HeadRecord
from tests.line.authenticator import released as released_by
from tests.node.signing.running import Running
from tests.node.test_officers import ANNA, made_home
from tests.store.pair import CHEAP, PASSPHRASE, Desk, open_home, same_machine

# ---- sessions that break --------------------------------------------------------------------------------------


def test_a_signer_that_dies_between_a_signature_and_the_store_is_told_and_nothing_is_lost(
    signer: Running, home: Home, line: str
) -> None:
    desk = Desk(home, line)
    desk.send("one")
    sign, calls = home.signer.sign, []

    def dying(request: Any) -> Any:
        calls.append(request)
        if len(calls) == 2:
            signer.again()
        return sign(request)

    home.signer.sign = dying  # type: ignore[method-assign]
    with pytest.raises(SignerGone):
        desk.send("two", "three")
    home.signer.sign = sign  # type: ignore[method-assign]
    desk = Desk(home, line)  # the line is opened again; the signer is asked anew
    desk.send("two", "three")
    assert desk.record.size(desk.line.state.own_origin) == 3
    assert not desk.refusals


def test_a_signer_that_dies_between_the_store_and_durable_adopts_what_the_database_has(
    signer: Running, home: Home, line: str
) -> None:
    desk = Desk(home, line)
    desk.send("one")
    apply = desk.record.apply

    def dying(parts: Any) -> None:
        apply(parts)
        signer.again()

    desk.record.apply = dying  # type: ignore[method-assign]
    with pytest.raises(SignerGone):
        desk.send("two", "three")
    desk.record.apply = apply  # type: ignore[method-assign]
    desk = Desk(home, line)
    assert desk.is_now(Run.RUNNING)
    heads = home.head_file()
    assert heads is not None
    assert [size for size, _ in heads.own.values()] == [3]
    desk.send("four")
    assert look(home.path).signed_again == 0


def test_a_signer_started_again_while_nothing_was_on_its_way_is_not_noticed(
    signer: Running, home: Home, line: str
) -> None:
    desk = Desk(home, line)
    for number in range(3):
        desk.send(f"{number}")
        signer.again()
    assert desk.record.size(desk.line.state.own_origin) == 3


def test_a_node_that_lost_a_signature_gets_another_and_that_is_noted(
    signer: Running, home: Home, line: str
) -> None:
    desk = Desk(home, line)
    with pytest.raises(StoreFailure):
        _failing_apply(desk, "one", "two")
    host = Host(home, line, clock=lambda: 1_700_000_000_000)
    host.open()  # a new run of the line in the same session: the disk took nothing
    host.give(Submitted((Draft("notice", "text/plain", b"three", "ab" * 16),)))
    assert host.state.run is Run.RUNNING
    assert look(home.path).signed_again == 1
    assert "signed-again" in signer.events()
    home.close()
    with open_serving(home.path, RemoteSigner(home.path)) as again:
        desk = Desk(again, line)
        with pytest.raises(StoreFailure):
            _failing_apply(desk, "four")
    with open_serving(home.path, RemoteSigner(home.path)) as again:
        Desk(again, line).send("five")  # a new session, as of a node that died
    assert look(home.path).signed_again == 3  # index 1 for the third time


def _failing_apply(desk: Desk, *texts: str) -> None:
    def failing(parts: object) -> None:
        raise StoreFailure(expected="a disk", came="none", where="", remedy="")

    apply, desk.record.apply = desk.record.apply, failing  # type: ignore[method-assign]
    try:
        desk.send(*texts)
    finally:
        desk.record.apply = apply  # type: ignore[method-assign]


def test_a_session_that_broke_is_waited_for_and_a_signer_that_never_comes_is_said(
    signer: Running, home: Home, line: str
) -> None:
    desk = Desk(home, line)
    signer.end()

    def start() -> None:
        signer.start()
        unlock(home.path, PASSPHRASE)

    started = threading.Timer(0.2, start)
    started.start()
    with contextlib.suppress(SignerLocked):  # it may be asked before it is unlocked
        desk.send("one")
    started.join()
    Desk(home, line).send("two")
    signer.end()
    impatient = RemoteSigner(home.path, patience_s=0.1)
    with pytest.raises(SignerGone, match=r"signer\.sock"):
        impatient.head_file()
    signer.start()
    with pytest.raises(SignerLocked):
        home.signer.head_file()
    unlock(home.path, PASSPHRASE)
    assert home.signer.head_file() is not None


def test_a_failing_head_file_is_said_in_the_words_of_the_disk(
    signer: Running, home: Home, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(home, line)
    failure = StoreFailure(expected="a disk that takes", came="disk full", where="here", remedy="free space")

    def failing(*_: object) -> None:
        raise failure

    monkeypatch.setattr(HeadRecord, "put_own", failing)
    with pytest.raises(StoreFailure) as caught:
        desk.send("one")
    assert caught.value.args == failure.args
    monkeypatch.undo()
    opened: list[Path] = []
    real = HeadRecord.__init__

    def counting(head: HeadRecord, path: Path, **named: Any) -> None:
        opened.append(path)
        real(head, path, **named)

    monkeypatch.setattr(HeadRecord, "__init__", counting)
    for text in ("two", "three"):
        host = Host(home, line, clock=lambda: 1_700_000_000_000)
        host.open()  # the statement is stored: it is adopted, by what the disk says of the head file now
        host.give(
            Submitted((Draft("notice", "text/plain", text.encode(), ("aa" if text == "two" else "bb") * 16),))
        )
        assert host.state.run is Run.RUNNING
    assert len(opened) == 1  # it was read again once


def test_a_home_that_is_damaged_when_a_session_ends_locks_the_signer(
    signer: Running, home: Home, line: str
) -> None:
    Desk(home, line).send("one")
    act = home.path / "acts" / "000000.json"
    good = act.read_bytes()
    act.write_bytes(good[:-1])
    home.close()
    with pytest.raises(SignerLocked):
        RemoteSigner(home.path).head_file()
    assert "locked" in signer.events()
    act.write_bytes(good)
    unlock(home.path, PASSPHRASE)
    with open_serving(home.path, RemoteSigner(home.path)) as again:
        Desk(again, line).send("two")


def test_an_answer_that_is_none_ends_the_session(west: Path, line: str) -> None:
    done = encode(frames.Done())
    framed = len(done).to_bytes(4, "big") + done
    replies = [
        *(len(one).to_bytes(4, "big") + one for one in (done, b"garbage", encode(frames.Told(1)))),
        b"", b"\0\0", b"\0\0\0\x09ab", b"\xff\xff\xff\xffab", framed + framed,
    ]  # fmt: skip

    def impostor(listening: socket.socket) -> None:
        for reply in replies:
            accepted, _ = listening.accept()
            accepted.recv(65536)
            accepted.sendall(reply)
            accepted.close()

    with contextlib.closing(listen(signer_socket(west))) as listening:
        thread = threading.Thread(target=impostor, args=(listening,), daemon=True)
        thread.start()
        for _ in replies:
            with pytest.raises(SignerGone):
                look(west)
        thread.join(20)
        with pytest.raises(SignerGone, match="in time"):  # nobody takes it
            look(west, timeout_s=0.2)


# ---- what is long goes in portions ----------------------------------------------------------------------------


def test_many_statements_are_adopted_in_portions_and_one_wrong_one_stops_it(
    home: Home, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "LEAVES_MAX", 3)
    monkeypatch.setattr(frames, "LEAVES_BYTES", 2500)
    desk = Desk(home, line)
    desk.send("one")
    real = home.signer.durable
    home.signer.durable = lambda own: None  # type: ignore[method-assign]  # the run dies before each
    for number in range(10):
        desk.send(f"a{number}", f"b{number}")
    home.signer.durable = real  # type: ignore[method-assign]
    origin = desk.line.state.own_origin
    leaves = desk.record.entries(origin, 1, 20)
    edge = (leaf_hash(desk.record.entries(origin, 0, 1)[0]),)
    home.close()
    with open_serving(home.path, RemoteSigner(home.path)) as again:
        signer = again.signer
        with pytest.raises(SignerFailure):
            signer.adopt(origin, (bytes(32),), leaves)
        with pytest.raises(SignerFailure):
            signer.adopt(origin, (), leaves)
        assert signer.recorded(origin) == 1
        with pytest.raises(SignerFailure):
            signer.adopt(origin, edge, [*leaves[:7], leaves[9]])
        assert 1 < signer.recorded(origin) <= 8  # each of these is ours, and recorded
        desk = Desk(again, line)
        assert signer.recorded(origin) == 21
        signer.adopt(origin, desk.line.state.logs[origin].frontier.edge(), [])
        desk.send("and on")


def test_released_submissions_are_founded_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "SUBMISSIONS_MAX", 2)
    path, line = made_home(tmp_path / "far" / "west")
    with open_writing(path, b"one", machine=same_machine) as home:
        home.confirm()
        host = Host(home, line)
        host.open()
        for number in range(5):
            draft = Draft("notice", "text/plain", b"%d" % number, f"{number:032x}")
            host.give(Submitted((released_by(host.state, draft, ANNA),)))
        origin = host.state.own_origin
    (head_folder(path) / "head.sqlite3").unlink()
    signer = Running(path)
    try:
        unlock(path, b"one")
        with open_serving(path, RemoteSigner(path)) as home:
            assert home.confirm() is not None
    finally:
        signer.end()
    with open_writing(path, b"one", machine=same_machine) as home:
        head = home._keeping().head
        assert head is not None
        assert head.released == {f"{number:032x}": {origin} for number in range(5)}


# ---- officers and sealed bundles ------------------------------------------------------------------------------


def test_a_node_asks_for_officers_before_it_signs_also_when_they_were_named_meanwhile(tmp_path: Path) -> None:
    path, line = made_home(tmp_path / "far" / "west")
    with open_writing(path, b"one", machine=same_machine) as home:
        home.confirm()
        officers = home.officers
        home.store_officers(None, b"one")
    signer = Running(path)
    try:
        unlock(path, b"one")
        with open_serving(path, RemoteSigner(path)) as home:
            host = Host(home, line)
            host.open()
            assert not home.signer.has_officers
            host.give(Submitted((Draft("notice", "text/plain", b"free", "cd" * 16),)))
            _name_officers(path, officers)
            draft = Draft("notice", "text/plain", b"one", "ab" * 16)
            with pytest.raises(LineMistake, match="no officer"):
                host.give(Submitted((draft,)))
            assert host.state.run is Run.RUNNING
            host.give(Submitted((released_by(host.state, draft, ANNA),)))
            assert host.record.size(host.state.own_origin) == 2
    finally:
        signer.end()


def _name_officers(path: Path, officers: Any) -> None:
    """As a verb beside the running node does it."""
    from detente.node.keyfile import open_keys

    keys, before = open_keys(keys_file(path), b"one")
    assert before is None
    write_keys(keys_file(path), keys, b"one", officers=officers)
    remote.reload(path, b"one")


def test_a_sealed_bundle_is_opened_by_the_signer_and_one_for_others_is_not(
    home: Home, west: Path, line: str
) -> None:
    with open_home(west.with_name("east")) as east:
        public, other = _sealing(west), _sealing_of(east)
    content = BUNDLE_MAGIC + b"what the carrier must not read"
    sealed = b"".join(seal([content], public, line=line, epoch=1, from_="east", to="west"))
    unsealer = Unsealer(home.open_seal, me="west")
    assert unsealer.feed(sealed) == content
    for wrong in (
        b"".join(seal([content], other, line=line, epoch=1, from_="east", to="west")),
        b"".join(seal([content], public, line=line, epoch=1, from_="east", to="east")),
    ):
        with pytest.raises(OutOfPlace):
            Unsealer(home.open_seal, me="west").feed(wrong)
    with pytest.raises((Malformed, OutOfPlace)):
        home.open_seal(b"{}", b"short")


def test_a_sealing_key_whose_time_is_over_opens_nothing_in_a_process_that_still_has_it(
    west: Path, line: str
) -> None:
    day_ms, now_ms = 86_400_000, time.time_ns() // 1_000_000
    old, new = (SealingKey.make(now_ms - days * day_ms) for days in (200, 80))
    with open_home(west) as home:
        keys = home.keys
    # the old key's successor is 80 days old: both open; a third one, 91 days old, ends the first
    for made, opens in (((old, new), True), ((old, SealingKey.make(now_ms - 91 * day_ms), new), False)):
        write_keys(keys_file(west), {0: replace(keys[0], sealing=made)}, PASSPHRASE, cost=CHEAP)
        signer = Running(west)
        try:
            unlock(west, PASSPHRASE)
            octets = b"".join(seal([b"x"], old.public(), line=line, epoch=1, from_="east", to="west"))
            with open_serving(west, RemoteSigner(west)) as home:
                if opens:
                    assert Unsealer(home.open_seal, me="west").feed(octets) == b"x"
                else:
                    with pytest.raises(OutOfPlace, match="destroyed"):
                        Unsealer(home.open_seal, me="west").feed(octets)
        finally:
            signer.end()


def test_a_wrong_passphrase_opens_nothing_and_is_said_to_whoever_asks(west: Path, line: str) -> None:
    signer = Running(west)
    try:
        with pytest.raises(KeyMistake):
            unlock(west, b"wrong horse")
        standing = look(west)
        assert standing.state == "locked"
        assert "another one" in standing.fault
        with pytest.raises(SignerLocked, match="another one"):
            RemoteSigner(west).head_file()
        unlock(west, PASSPHRASE)
        assert (look(west).state, look(west).fault) == ("ready", "")
        remote.reload(west, PASSPHRASE)
        assert signer.events() == {"locked", "unlocked", "reloaded"}
    finally:
        signer.end()


def _sealing(path: Path) -> str:
    from detente.node.home_folder import own_ring

    return own_ring(path).sealing[-1]


def _sealing_of(home: Home) -> str:
    return home.ring().sealing[-1]
