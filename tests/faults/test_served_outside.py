"""The world around a served node: clocks that jump, names that lie or are silent, addresses without a way."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.served_line import QUICK, ServedLine, looked
from tests.node.serving.served import until
from tests.stories.shell import Shell

CLOCKS = frozenset({"clock-ahead", "clock-differs", "clock-stepped-back", "older-have-vector"})
"""What is true of a clock that jumped, and no more: nobody is taken for silent."""


@dataclass(frozen=True)
class Outside:
    """What a node that is started with ``variables`` sees of the world; its processes alone see it."""

    folder: Path
    variables: dict[str, str]

    def clock_ahead(self, ahead_s: int) -> None:
        self._say("clock", str(ahead_s * 1000))

    def names(self, *told: str) -> None:
        self._say("names", "".join(f"{one}\n" for one in told))

    def _say(self, name: str, text: str) -> None:
        part = self.folder / f"{name}.part"
        part.write_text(text)
        part.rename(self.folder / name)


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    compiler = shutil.which("cc")
    library = tmp_path / "outside.so"
    source = Path(__file__).with_name("outside.c")
    words = [str(compiler), "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    if compiler is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no C compiler for glibc: the clock and the names of a process cannot be changed here")
    folder = tmp_path / "outside"
    folder.mkdir()
    return Outside(folder, {"LD_PRELOAD": str(library), "OUTSIDE": str(folder)})


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ServedLine:
    made = ServedLine(Shell(tmp_path, capsys, monkeypatch))
    made.found()
    made.mesh()
    return made


def courier(line: ServedLine, name: str = "west") -> dict[str, str]:
    couriers = looked(line.home(name)).couriers
    assert couriers is not None
    one: dict[str, str] = couriers["couriers"][0]
    return one


def wrong_clock(line: ServedLine) -> bool:
    return "not valid before" in str(looked(line.home("west")).couriers)


def test_a_clock_that_jumps_stops_nothing_and_is_told_of(line: ServedLine, outside: Outside) -> None:
    with line.serving("west", variables=outside.variables) as west, line.serving("east"):
        line.send("west", "at the right time")
        line.settled()
        for number, ahead_s in enumerate((2 * 3600, 600, 0, -1800, 0)):
            outside.clock_ahead(ahead_s)
            line.send("west", f"at another time, {number}")
            line.send("east", f"at the right time, {number}")
            line.settled()
        outside.clock_ahead(-2 * 86_400)  # by this clock no certificate is valid yet
        line.send("west", "the day before yesterday")
        until(lambda: wrong_clock(line), "the courier says that a clock may be wrong")
        outside.clock_ahead(0)
        line.settled()
        assert west.process.poll() is None
    line.sound(CLOCKS)


@contextmanager
def liar(port: int) -> Iterator[list[int]]:
    """Listen at another address with the same port and answer nonsense; yields a list that grows by each call."""
    calls: list[int] = []
    with socket.create_server(("127.0.0.9", port)) as listening:

        def answer() -> None:
            while True:
                try:
                    one, _ = listening.accept()
                except OSError:
                    return
                with one:
                    calls.append(1)
                    one.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield calls
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(30)


def test_names_that_are_silent_or_lie_hold_nothing_up(line: ServedLine, outside: Outside) -> None:
    line.settle_with("west", {"east": line.ports["east"]}, QUICK + "handshake_s_max = 2\n", host="east.example")
    line.settle_with("east", {"west": None})
    outside.names("silent east.example")
    with line.serving("east"):
        with line.serving("west", variables=outside.variables) as west:
            line.send("west", "to a name without an answer")
            until(lambda: "in time" in courier(line)["last_error"], "it says that no answer came in time")
            assert west.stop() == 0  # it waits for no name
        with line.serving("west", variables=outside.variables), liar(line.ports["east"]) as calls:
            line.send("west", "again")
            outside.names("answer east.example 127.0.0.9")
            line.settled()
            assert calls
    line.sound()


def test_an_address_without_a_way_is_said_and_the_others_go_on(line: ServedLine) -> None:
    line.settle_with("west", {"east": line.ports["east"]}, host="255.255.255.255")
    with line.serving("west"), line.serving("east"):
        line.send("west", "not by this way")
        until(lambda: courier(line)["state"] == "failing", "the courier says that there is no way")
        assert courier(line)["last_error"]
        line.settled()  # east calls
    line.sound()
