"""The node's own socket: strict in what it takes, kind to who goes away, and deaf to strangers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from detente.door.errors import ArgumentMistake
from detente.line.bundle import Kind, Record
from detente.line.effects import Draft
from detente.line.errors import LineMistake, Malformed
from detente.node.serving import framed_socket, remote_host
from detente.node.serving.control import Control, socket_path
from detente.node.serving.lines import Lines
from detente.node.serving.local_socket import FRAME_MAX, connect, read_frame, write_frame
from detente.node.serving.log import Log
from detente.node.serving.remote_host import Link, running_node
from detente.node.serving.wire import (
    Arrives,
    Hello,
    Joins,
    Looks,
    Submits,
    decode_answer,
    decode_question,
    encode,
    fault_of,
    from_wire,
    raised,
    to_wire,
)
from detente.store.errors import HomeMistake, StoreFailure
from tests.store.pair import found_homes, open_home

DRAFT = Draft("message", "text/plain", b"hello", "a" * 32)


class Node:
    """A node's lines and socket in a thread of this process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log: list[str] = []
        self._begun = threading.Event()
        self._over: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        assert self._begun.wait(60)

    async def _run(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        lines = Lines(lambda: open_home(self.home))
        await lines.start()
        control = Control(lines, self.home, Log("node", write=self.log.append), couriers=lambda: {"couriers": []})
        await control.start()
        self._begun.set()
        await self._over.wait()
        await control.close()
        await control.close()
        await lines.close()

    def stop(self) -> None:
        assert self._loop is not None
        assert self._over is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    found_homes(tmp_path)
    made = Node(tmp_path / "west")
    yield made
    made.stop()


def test_questions_and_answers_come_back_as_they_went() -> None:
    for question in (
        Hello(), Looks(), Submits("baltic", (DRAFT,)), Arrives("baltic", ((b"E", b"leaf"), (b"", b"")), last=True),
    ):  # fmt: skip
        assert decode_question(encode(question)) == question
    records = (Record(Kind.ENTRY, b"leaf"), Record(None, b""))
    assert from_wire(to_wire(records)) == records
    with pytest.raises(Malformed):
        from_wire(((b"\xff\xff", b""),))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"ask": "unknown"}),
        msgspec.msgpack.encode({"ask": "hello", "more": 1}),
        msgspec.msgpack.encode({"ask": "submit", "line": "x", "drafts": [{"type": "message"}]}),
        msgspec.msgpack.encode({"ask": "submit", "line": 5, "drafts": []}),
        msgspec.msgpack.encode({"ask": "hello"}) + b"\x00",
    ],
)
def test_any_other_bytes_are_refused(octets: bytes) -> None:
    with pytest.raises(Malformed):
        decode_question(octets)
    with pytest.raises(Malformed):
        decode_answer(octets)


def test_errors_come_back_as_their_own_class_and_a_stranger_as_a_failure() -> None:
    for error in (
        LineMistake(expected="a", came="b", where="c", remedy="d"),
        HomeMistake(expected="a", came="b"),
    ):
        again = raised(fault_of(error))
        assert (type(again), str(again), again.remedy) == (type(error), str(error), error.remedy)
    assert isinstance(raised(fault_of(ArgumentMistake(expected="a", came="b"))), StoreFailure)
    told = fault_of(ValueError("the body of a notice"))
    assert "body" not in repr(told)


def test_a_socket_is_its_owners_alone_and_a_long_path_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    found_homes(folder)
    node = Node(folder / "west")
    try:
        assert socket_path(node.home).stat().st_mode & 0o777 == 0o600
        link = running_node(node.home)
        assert link is not None
        assert link.ask(Hello()).member == "west"
        assert link.ask(Looks()).couriers == {"couriers": []}
        link.close()
    finally:
        node.stop()
    assert running_node(node.home) is None


def test_another_user_is_not_answered(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framed_socket, "peer_uid", lambda _: os.getuid() + 1)
    with contextlib.closing(connect(socket_path(node.home), 30)) as sock:
        with contextlib.suppress(OSError):
            write_frame(sock, encode(Hello()))
        with contextlib.suppress(ConnectionResetError):
            assert read_frame(sock) is None
    assert any("control.refused" in line for line in node.log)


def test_bytes_that_are_no_question_are_answered_and_the_next_question_is_heard(node: Node) -> None:
    with contextlib.closing(connect(socket_path(node.home), 30)) as sock:
        write_frame(sock, b"\xc1")
        fault = decode_answer(read_frame(sock) or b"").fault
        assert fault is not None
        assert fault.kind == "Malformed"
        write_frame(sock, encode(Hello()))
        assert decode_answer(read_frame(sock) or b"").member == "west"


def test_a_frame_that_is_too_large_or_never_ends_costs_its_sender_alone(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framed_socket, "_FRAME_WITHIN_S", 0.2)
    for begun in ((FRAME_MAX + 1).to_bytes(4, "big"), b"\x00\x00\x00\x09half", b"\x00"):
        with contextlib.closing(connect(socket_path(node.home), 30)) as sock:
            sock.sendall(begun)
            assert sock.recv(1) == b""
    link = Link(node.home)
    assert link.ask(Hello()).member == "west"
    link.close()


def test_what_cannot_be_done_is_said_in_its_own_words(node: Node) -> None:
    link = Link(node.home)
    with pytest.raises(HomeMistake, match="arctic"):
        link.ask(Submits("arctic", (DRAFT,)))
    line = next(iter(link.ask(Hello()).lines))
    with pytest.raises(LineMistake):
        link.ask(Submits(line, (Draft("Not A Type", "text/plain", b"", "b" * 32),)))
    with pytest.raises(Malformed):
        link.ask(Submits(line, ()))
    with pytest.raises(LineMistake, match="another kind of file"):
        link.ask(Joins(b"nonsense"), again=False)
    assert link.ask(Submits(line, (DRAFT,))).references[0].seq == 0
    link.close()


def test_a_question_whose_asker_went_away_is_still_done_once(node: Node) -> None:
    link = Link(node.home)
    line = next(iter(link.ask(Hello()).lines))
    with contextlib.closing(connect(socket_path(node.home), 30)) as sock:
        write_frame(sock, encode(Submits(line, (DRAFT,))))
    again = link.ask(Submits(line, (DRAFT,)))
    assert again.references[0].seq == 0
    assert link.ask(Hello()).lines[line].drafts in {1, 2}
    link.close()


def test_an_answer_of_another_kind_and_a_node_that_goes_away_are_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_homes(tmp_path)
    monkeypatch.setattr(remote_host, "_AGAIN_S", 0.3)
    path = socket_path(tmp_path / "west")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    listening.listen()

    def answer(octets: bytes | None) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listening.accept()
                with contextlib.closing(sock):
                    if octets is not None and read_frame(sock) is not None:
                        write_frame(sock, octets)

    thread = threading.Thread(target=answer, args=(b"\xc1",))
    thread.start()
    link = Link(tmp_path / "west")
    with pytest.raises(Malformed):
        link.ask(Hello())
    link.close()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(30)
    with pytest.raises(StoreFailure, match=r"went away|refused|Broken pipe|Bad file"):
        link.ask(Hello())
