"""Fuzz: invented texts broken at random. Whatever comes, a reading comes out or a declared error, in linear time."""

from __future__ import annotations

import random
import sys
from types import FrameType
from typing import Any

import pytest

from detente.areas.errors import AnnouncedMistake
from detente.areas.geojson import reading_json
from detente.areas.outcomes import Outcome
from detente.areas.reading import read_octets
from tests.areas import invented

ALPHABET = "0123456789NSEWZ .,-/()\n:ABCDEGQ\u0415\u00e9\x00\U0001f6a2"
FRAGMENTS = (
    "EXCEPT SUNDAYS", "UNTIL FURTHER NOTICE", "DAILY", "55-00.0N 019-00.0E", "WITHIN 5 MILES OF", "CANCEL THIS MSG 312359Z DEC 99",
    "A) ", "B) 2602300000", "C) PERM", "E) ", "Q) ", "ALTERNATE", "29 FEB", "31 APR THRU 01 JAN", "2400Z", "ZCZC", "NNNN", "TO POINT OF ORIGIN",
    "CLOCKWISE ALONG AN ARC OF 5NM RADIUS CENTRED ON", "89-59.9N 179-59.9W", "000000Z TO 000000Z", "9999999999", "{", "[", "PART 2 OF 9",
)  # fmt: skip


def broken(chance: random.Random) -> bytes:
    text = chance.choice(invented.ALL)
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(len(text) + 1)
        match chance.randrange(6):
            case 0:
                text = text[:place] + chance.choice(ALPHABET) + text[place + 1 :]
            case 1:
                text = text[:place] + text[place + chance.randint(1, 40) :]
            case 2:
                text = text[:place] + " " + chance.choice(FRAGMENTS) + " " + text[place:]
            case 3:
                other = chance.choice(invented.ALL)
                start = chance.randrange(len(other))
                text = text[:place] + other[start : start + chance.randint(1, 200)] + text[place:]
            case 4:
                piece = text[place : place + chance.randint(1, 60)]
                text = text[:place] + piece * chance.randint(2, 4) + text[place:]
            case _:
                digit = chance.randrange(10)
                text = text[:place] + str(digit) + text[place + 1 :]
    octets = text.encode()
    return octets[: chance.randrange(len(octets))] if chance.random() < 0.05 else octets


def fuzz(runs: int, seed: int) -> dict[Outcome, int]:
    chance = random.Random(seed)
    seen = dict.fromkeys(Outcome, 0)
    for run in range(runs):
        octets = broken(chance)
        try:
            readings = list(read_octets(octets, "fuzz.txt"))
        except AnnouncedMistake:
            continue
        except Exception as fault:
            raise AssertionError(f"seed {seed}, run {run}: {octets!r}") from fault
        for reading in readings:
            seen[reading.outcome] += 1
            assert (reading.outcome is Outcome.REFUSED) == bool(reading.refusals)
            assert bool(reading.areas) != bool(reading.refusals) or reading.words.get("type") == "C"
            for window in reading.windows:
                assert window.start is None or window.end is None or window.start < window.end
            if run % 20 == 0:
                reading_json(reading)
    return seen


def test_two_thousand_broken_texts_end_in_one_of_three_outcomes() -> None:
    seen = fuzz(2_000, seed=5)
    assert all(seen.values()), seen


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_fifty_thousand_broken_texts_end_in_one_of_three_outcomes() -> None:
    seen = fuzz(50_000, seed=6)
    assert all(seen.values()), seen


def steps(octets: bytes) -> int:
    """Count the lines of Python that a read runs: the same on every machine."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        list(read_octets(octets, "size.txt"))
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("text", [invented.NOTAM_POLYGON, invented.NGA_DAILY, invented.COASTAL_DAILY])
def test_twice_as_many_texts_take_twice_the_steps(text: str) -> None:
    few = steps((text + "\n\n").encode() * 8)
    many = steps((text + "\n\n").encode() * 32)
    assert many < 4.4 * few


@pytest.mark.parametrize(
    "piece",
    [
        "55-00.0N 019-00.0E, ",
        "A. ",
        "010600Z TO 011800Z ",
        "01 AND ",
        "WITHIN 5 MILES OF ",
        "1. AREA ",
        "(",
        "E) ",
        "ARC ",
    ],
)
def test_one_long_text_takes_no_more_than_its_size(piece: str) -> None:
    head = "HYDROPAC 1/26.\n1. GUNNERY EXERCISES "
    sizes = [steps((head + piece * (length // len(piece))).encode()) for length in (4_000, 8_000, 16_000)]
    assert sizes[2] < 4.6 * max(sizes[0], 500)
