"""The signer's socket: bytes that no node sends, too many connections, and who may ask for what."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.errors import DetenteError
from detente.line.effects import Role
from detente.line.errors import LineMistake, Malformed
from detente.node.errors import SignerGone
from detente.node.home import open_serving
from detente.node.signer import Signer
from detente.node.signing import frames
from detente.node.signing.frames import decode_request, encode
from detente.node.signing.remote import RemoteSigner, look, unlock
from detente.node.signing.server import CONNECTIONS_MAX
from tests.node.signing.running import Running
from tests.node.signing_process import answered, asked, ended, failed, knocking, said
from tests.store.pair import PASSPHRASE, Desk, found_homes

TINY_S = 0.3
"""How long a connection may be idle in these tests; long enough for a question and its answer."""

# ---- bytes that no node sends ---------------------------------------------------------------------------------

ORIGIN = "detente/baltic-0123456789abcdef0123/1/west/0"
GOOD: tuple[frames.Request, ...] = (
    frames.Status(), frames.Unlock(PASSPHRASE), frames.Heads(), frames.Facts(), frames.Recorded(ORIGIN),
    frames.Knows(ORIGIN, 3, bytes(32)), frames.Durable(((ORIGIN, 3, bytes(32)),)),
    frames.Adopt(ORIGIN, (bytes(32),), (b"{}", b"leaf")), frames.BeginRun("baltic-0123456789abcdef0123"),
    frames.CheckRelease(b"{}", b"x"), frames.OpenSeal(b"{}", b"x"), frames.UseGeneration(0),
    frames.FoundOwn(b"note", (bytes(32),), bytes(32), ("ab" * 16,)), frames.FoundReleased(ORIGIN, ("ab" * 16,)),
    frames.FoundCosigned(ORIGIN, 1, bytes(32), Role.COSIGN_LOG, "name", b"hint", 5, bytes(64)),
    frames.Ask(
        1, "statement", Role.SIGN, ORIGIN, b"{}", 0, b"", (bytes(32),), 0, 0, 0, b"", Role.COSIGN_HELD
    ),
)  # fmt: skip


@pytest.mark.parametrize("served", [False, True])
def test_frames_too_long_or_garbled_end_their_connection_and_nobody_elses(
    signer: Running, west: Path, line: str, served: bool
) -> None:
    cap = frames.REQUEST_MAX if served else frames.LOOK_MAX
    good = encode(frames.Status())
    with knocking(west) as bystander:
        for octets in (
            (cap + 1).to_bytes(4, "big"),
            b"\xff\xff\xff\xff" + good,
            b"\0\0\0\0",
            b"\0\0\0\1\xc1",
            len(good + b"\0").to_bytes(4, "big") + good + b"\0",
            b"\0\0\0\x05\xdd\xff\xff\xff\xff",
            b"GET / HTTP/1.1\r\n\r\n",
        ):
            with knocking(west) as sock:
                if served:
                    assert isinstance(asked(sock, frames.Serve(frames.PROTOCOL)), frames.Facing)
                sock.sendall(octets)
                answer = answered(sock)
                assert answer is None or isinstance(answer, frames.Failed)
                assert ended(sock)
            assert isinstance(asked(bystander, frames.Status()), frames.Standing)
            assert look(west).state == "ready"


def test_half_a_frame_holds_nobody_up_and_is_not_waited_for(west: Path, line: str) -> None:
    signer = Running(west, idle_s=TINY_S)
    try:
        unlock(west, PASSPHRASE)
        with knocking(west) as slow, knocking(west) as silent, knocking(west) as cut:
            slow.sendall(b"\0\0\1\0half")
            cut.sendall(b"\0\0")
            cut.close()
            with open_serving(west, RemoteSigner(west)) as home:
                desk = Desk(home, line)
                for number in range(5):
                    desk.send(f"{number}")
                assert ended(slow)
                assert ended(silent)
                desk.send("the one that is served may be silent")
    finally:
        signer.end()


def test_there_is_a_most_of_connections_and_then_room_again(signer: Running, west: Path) -> None:
    with contextlib.ExitStack() as many:
        socks = [many.enter_context(knocking(west)) for _ in range(CONNECTIONS_MAX)]
        assert all(isinstance(asked(sock, frames.Status()), frames.Standing) for sock in socks)
        with knocking(west) as late:
            assert str(CONNECTIONS_MAX) in failed(answered(late)).expected
            assert ended(late)
        waiting = RemoteSigner(west, patience_s=60)
        leaving = threading.Timer(0.1, socks[0].close)
        leaving.start()
        assert waiting.head_file() is not None  # it waited for room
        leaving.join()
        waiting.close()


def test_many_requests_at_once_are_answered_in_order_also_to_one_who_reads_late(
    signer: Running, west: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with knocking(west) as sock:
        assert isinstance(asked(sock, frames.Serve(frames.PROTOCOL)), frames.Facing)
        rows = tuple((f"detente/baltic-{number:020x}/1/west/0", number, bytes(32)) for number in range(2000))
        monkeypatch.setattr(frames.Recording, "of", classmethod(lambda cls, _found: cls(rows, (), 0, None)))
        count = 40
        writer = threading.Thread(
            target=lambda: sock.sendall(
                b"".join(
                    len(octets).to_bytes(4, "big") + octets
                    for octets in [encode(frames.Heads()), encode(frames.Recorded(ORIGIN))] * count
                )
            ),
            daemon=True,
        )
        writer.start()
        assert look(west).state == "serving"  # nobody else waits for it
        for _ in range(count):
            assert answered(sock) == frames.Recording(rows, (), 0, None)
            assert answered(sock) == frames.Told(0)
        writer.join(20)


def test_whoever_goes_before_the_answer_harms_nobody(signer: Running, west: Path) -> None:
    for _ in range(20):
        with knocking(west) as sock:
            sock.sendall(b"".join(len(one).to_bytes(4, "big") + one for one in [encode(frames.Status())] * 50))
    assert look(west).state == "ready"


def test_only_the_node_that_is_served_may_ask_for_signatures(signer: Running, west: Path) -> None:
    with knocking(west) as sock:
        for request in GOOD:
            answer = asked(sock, request)
            if isinstance(request, frames.Status | frames.Unlock):
                assert not isinstance(answer, frames.Failed)
            else:
                assert failed(answer).kind in {"SignerFailure", "Malformed", "OutOfPlace"}


def test_requests_that_make_no_sense_are_refused_in_words(signer: Running, west: Path) -> None:
    with knocking(west) as sock:
        assert isinstance(asked(sock, frames.Serve(frames.PROTOCOL)), frames.Facing)
        for request in (*GOOD, frames.FoundHead(), frames.Reload(b"wrong horse")):
            answer = asked(sock, request)
            assert answer is not None
            if isinstance(answer, frames.Failed):
                assert answer.came
        assert isinstance(asked(sock, frames.Serve(frames.PROTOCOL)), frames.Facing)  # it is served still


def test_a_fault_of_ours_ends_the_session_and_not_the_signer(
    west: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = Running(west)
    try:
        unlock(west, PASSPHRASE)
        with knocking(west) as sock:
            assert isinstance(asked(sock, frames.Serve(frames.PROTOCOL)), frames.Facing)
            monkeypatch.setattr(Signer, "recorded", lambda *_: 1 // 0)
            assert "fault" in failed(asked(sock, frames.Recorded(ORIGIN))).came
            assert ended(sock)
            monkeypatch.undo()
        assert ("fault", "Recorded: ZeroDivisionError") in signer.notes
        with open_serving(west, RemoteSigner(west)) as home:
            Desk(home, line).send("it goes on")
    finally:
        signer.end()


def test_a_passphrase_stands_in_no_text_of_a_request() -> None:
    for request in (frames.Unlock(b"horse"), frames.Reload(b"horse"), frames.Opened(b"h" * 32)):
        assert "h" * 3 not in repr(request)
        assert "horse" not in repr(request)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("fuzzed")
    found_homes(folder)
    made = Running(folder / "west")
    unlock(folder / "west", PASSPHRASE)
    yield made
    made.end()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.booleans(),
    st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.tuples(st.sampled_from(GOOD), st.integers(0, 2**32), st.integers(0, 3)),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_no_bytes_make_the_signer_fall_over(fuzzed: Running, served: bool, drawn: list[Any]) -> None:
    with knocking(fuzzed.home) as sock:
        if served:
            assert isinstance(asked(sock, frames.Serve(frames.PROTOCOL)), frames.Facing)
        for one in drawn:
            said(sock, one if isinstance(one, bytes) else _bent(*one))
    assert look(fuzzed.home).member == "west"
    assert "fault" not in fuzzed.events()


def _bent(request: frames.Request, seed: int, changes: int) -> bytes:
    """A good request in which some bytes are others."""
    chance, octets = random.Random(seed), bytearray(encode(request))
    for _ in range(changes):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)


def test_every_request_and_answer_comes_out_as_it_went_in() -> None:
    for request in GOOD:
        assert decode_request(encode(request)) == request
    for answer in (
        frames.Done(),
        frames.Told(3),
        frames.Given(1, None, "no"),
        frames.Recording(None, (), 0, None),
    ):
        assert frames.decode_answer(encode(answer)) == answer
    assert frames.Recording(None, (), 0, None).head_file() is None
    for error in (
        SignerGone(expected="e", came="c"),
        LineMistake(expected="e", came="c"),
        _UnknownError("e", "c"),
    ):
        back = frames.Failed.of(error).error()
        assert (back.expected, back.came) == ("e", "c")
        assert isinstance(error, type(back))
    with pytest.raises(Malformed):
        frames.decode_answer(b"\xc1")


class _UnknownError(DetenteError):
    def __init__(self, expected: str, came: str) -> None:
        super().__init__(expected=expected, came=came)
