"""Two served nodes over links as bad as they get: what was acknowledged arrives once, in order, with its receipts."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.served_line import QUICK, ServedLine, proxies
from tests.node.couriers.proxy import Proxy
from tests.node.serving.served import until
from tests.stories.shell import Shell


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ServedLine:
    made = ServedLine(Shell(tmp_path, capsys, monkeypatch))
    made.found()
    return made


@contextmanager
def linked(line: ServedLine, *, one_way: bool = False, more: str = QUICK) -> Iterator[tuple[Proxy, Proxy]]:
    """Serve both; each reaches the other through a proxy, or only west reaches east: to east's, to west's."""
    with proxies(line.ports["east"], line.ports["west"]) as (to_east, to_west):
        line.settle_with("west", {"east": to_east.listens}, more)
        line.settle_with("east", {"west": None if one_way else to_west.listens}, more)
        with line.all_serving():
            yield to_east, to_west


def said(line: ServedLine, *texts: str) -> None:
    for text in texts:
        line.send("west", f"west says {text}")
        line.send("east", f"east says {text}")


def test_a_link_that_is_lost_again_and_again_and_for_long(line: ServedLine) -> None:
    with linked(line) as (to_east, to_west):
        for number, cut_after in enumerate((2_500, 4_000, 9_000)):  # the handshake alone takes some 2,000
            to_east.cut_after = to_west.cut_after = cut_after
            said(line, f"while it is lost every {cut_after} bytes, {number}")
        to_east.cut_after = to_west.cut_after = None
        line.settled()
        to_east.delay_s = to_west.delay_s = 0.2
        said(line, "slowly")
        line.settled()
        to_east.delay_s = to_west.delay_s = 0.0
        for proxy in (to_east, to_west):  # in the middle of a body, and then nothing moves and nothing is said
            proxy.stalled = True
        said(line, "into the silence " + "x" * 60_000)
        for proxy in (to_east, to_west):
            proxy.refuse = True
            proxy.cut_from_outside()  # else what waits in it goes on as if nothing had been
            proxy.stalled = False
        before = to_east.connections + to_west.connections
        said(line, "cut")  # one of the two may leave the calling to the other
        until(lambda: to_east.connections + to_west.connections > before + 1, "tries while it is cut")
        for proxy in (to_east, to_west):
            proxy.refuse = False
        line.settled()
    line.sound()


def test_only_one_side_reaches_the_other(line: ServedLine) -> None:
    with linked(line, one_way=True) as (to_east, to_west):
        said(line, "one", "two")
        line.settled()
        to_east.refuse = True
        line.send("east", "east says while nobody calls")
        line.send("west", "west says while nobody answers")
        to_east.refuse = False
        line.settled()
        assert to_west.connections == 0
    line.sound()


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_three_hundred_bits_a_second_carry_a_short_notice(
    line: ServedLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pace is eight times that of the link that was promised, so that the test ends; nothing else is scaled."""
    monkeypatch.setattr("tests.node.serving.served._PATIENCE_S", 200.0)
    with linked(line, one_way=True) as (to_east, _):
        said(line, "while the link is good")
        line.settled()
        to_east.bytes_per_s = 300
        to_east.cut_from_outside()
        line.send("west", "short")
        line.settled()
        to_east.bytes_per_s = 0
    line.sound()


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_link_of_five_minutes_a_day(line: ServedLine) -> None:
    """A day is six seconds here and five minutes are half a one; each day has its notices."""
    chance = random.Random(5)
    with linked(line) as (to_east, to_west):
        for day in range(6):
            for proxy in (to_east, to_west):
                proxy.refuse = True
                proxy.cut_from_outside()
            said(line, f"of day {day}", f"of day {day}, later " + "x" * chance.randrange(20_000))
            time.sleep(5)
            for proxy in (to_east, to_west):
                proxy.refuse = False
            time.sleep(0.6)
        for proxy in (to_east, to_west):
            proxy.refuse = False
        line.settled()
    line.sound()
