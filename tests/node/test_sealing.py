"""Sealed bundles: what goes in comes out, for its addressee alone, and every touched byte is noticed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.errors import TheirMistake
from detente.line.errors import Malformed, OutOfPlace
from detente.node import sealing
from detente.node.keyfile import SealingKey
from detente.node.sealing import OpenSeal, Unsealer, open_content_key, seal

KEY, OTHER = SealingKey.make(0), SealingKey.make(1)


def sealed(content: bytes, key: SealingKey = KEY) -> bytes:
    return b"".join(seal([content], key.public(), line="baltic-1", epoch=1, from_="west", to="east"))


def opener(*keys: SealingKey, me: str = "east") -> OpenSeal:
    return lambda info, key: open_content_key(keys, info, key, me=me)


def opened(octets: bytes, step: int, *, keys: tuple[SealingKey, ...] = (OTHER, KEY), me: str = "east") -> bytes:
    unsealer = Unsealer(opener(*keys, me=me), me=me)
    found = b"".join(unsealer.feed(octets[at : at + step]) for at in range(0, len(octets), step))
    assert unsealer.complete
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=3000), st.integers(1, 5000))
def test_what_is_sealed_opens_however_it_arrives(content: bytes, step: int) -> None:
    assert opened(sealed(content), step) == content


@pytest.mark.parametrize("size", [0, 1, sealing.PIECE_MAX - 1, sealing.PIECE_MAX, sealing.PIECE_MAX + 1])
def test_pieces_join_at_every_boundary(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    assert opened(sealed(content[:size]), 1 << 16) == content[:size]


def test_every_touched_byte_is_noticed() -> None:
    octets = sealed(b"we sail on Monday")
    for place in range(0, len(octets), 7):
        touched = bytearray(octets)
        touched[place] ^= 0x41
        with pytest.raises((TheirMistake, AssertionError)):
            opened(bytes(touched), 512)


def test_a_cut_is_seen_and_what_follows_the_end_is_refused() -> None:
    octets = sealed(b"x" * 100)
    for cut in (1, 30, len(octets) - 1):
        unsealer = Unsealer(opener(KEY), me="east")
        unsealer.feed(octets[:cut])
        assert not unsealer.complete
    with pytest.raises(Malformed, match="after the end"):
        opened(octets + b"x", 4096)


def test_pieces_cannot_be_moved_doubled_or_left_out() -> None:
    octets = sealed(b"a" * sealing.PIECE_MAX + b"b" * sealing.PIECE_MAX + b"c")
    whole = sealing.PIECE_MAX + 16 + 4
    start = len(octets) - 2 * whole - (4 + 16 + 1)
    first, second, last = octets[start : start + whole], octets[start + whole : start + 2 * whole], octets[-21:]
    for order in ((second, first, last), (first, first, second, last), (first, last), (second, last)):
        with pytest.raises(TheirMistake):
            opened(octets[:start] + b"".join(order), 1 << 20)


def test_it_opens_for_nobody_else() -> None:
    octets = sealed(b"secret")
    with pytest.raises(OutOfPlace, match="sealed for east"):
        opened(octets, 4096, me="un")
    with pytest.raises(OutOfPlace, match="does not hold"):
        opened(octets, 4096, keys=(OTHER,))


def test_the_seal_is_bound_to_line_epoch_sender_and_addressee() -> None:
    octets = sealed(b"secret")
    for change in (
        (b"baltic-1", b"baltic-2"),
        (b'"epoch":1', b'"epoch":2'),
        (b'"from":"west"', b'"from":"rest"'),
    ):
        with pytest.raises(Malformed, match="changed"):
            opened(octets.replace(*change), 4096)
