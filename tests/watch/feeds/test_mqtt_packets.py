"""Packets of MQTT: goal: what we write others read, what they write we read, and nothing grows without a bound.

Method: the standard's own lengths, pieces cut at every place, bytes drawn at random, and another implementation.
"""

from __future__ import annotations

import asyncio

import pytest
from amqtt.mqtt.connect import ConnectPacket
from amqtt.mqtt.packet import MQTTFixedHeader
from amqtt.mqtt.publish import PublishPacket
from amqtt.mqtt.subscribe import SubscribePacket
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.watch.feeds import mqtt_packets as mqtt


def packet(kind: int, flags: int, body: bytes) -> bytes:
    return mqtt._written(kind, flags, body)


@pytest.mark.parametrize(
    ("length", "digits"),
    [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (262_144, 3)],
)
def test_lengths_take_as_many_digits_as_the_standard_says(length: int, digits: int) -> None:
    written = packet(mqtt.PUBLISH, 0, b"x" * length)
    assert len(written) == 1 + digits + length
    assert mqtt.PacketCutter().feed(written) == ([mqtt.Packet(3, 0, b"x" * length)], None)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"\x30\xff\xff\xff\xff\x01", "bad_length"),
        (b"\x30\xff\xff\xff\x7f", "too_long"),
        (b"\x30\x81\x80\x10", "too_long"),
    ],
)
def test_a_length_that_cannot_be_ends_the_stream_before_anything_is_held(sent: bytes, why: str) -> None:
    cutter = mqtt.PacketCutter()
    before = packet(mqtt.PINGRESP, 0, b"")
    packets, broken = cutter.feed(before + sent)
    assert [one.kind for one in packets] == [mqtt.PINGRESP]
    assert broken is not None
    assert broken.why == why
    assert cutter.feed(b"x" * 1_000_000) == ([], broken)
    assert cutter._rest == b""


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), max_size=40), st.lists(st.binary(max_size=200), max_size=8))
def test_pieces_of_any_size_give_the_same_packets(sizes: list[int], bodies: list[bytes]) -> None:
    sent = b"".join(packet(mqtt.PUBLISH, 0, body) for body in bodies)
    cutter, found, at = mqtt.PacketCutter(), [], 0
    for size in [*sizes, len(sent) + 1]:
        packets, broken = cutter.feed(sent[at : at + size])
        assert broken is None
        found += packets
        at += size
    assert [one.body for one in found] == bodies


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_no_bytes_raise(sent: bytes) -> None:
    packets, _ = mqtt.PacketCutter().feed(sent)
    for one in packets:
        mqtt.published(one)


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00", b"\x00\x00hello", b"\x00\x05abc", b"\xff\xff", b"\x00\x02\xff\xfehello"],
)
def test_a_publication_without_a_sound_topic_is_none(body: bytes) -> None:
    assert mqtt.published(mqtt.Packet(mqtt.PUBLISH, 0, body)) is None


def test_topic_and_payload_are_found_with_and_without_a_packet_number() -> None:
    assert mqtt.published(mqtt.Packet(mqtt.PUBLISH, 0, b"\x00\x03a/bpay")) == ("a/b", b"pay")
    assert mqtt.published(mqtt.Packet(mqtt.PUBLISH, 2, b"\x00\x03a/b\x00\x07pay")) == ("a/b", b"pay")
    assert mqtt.published(mqtt.Packet(mqtt.PUBLISH, 2, b"\x00\x03a/b\x00")) is None


def test_another_implementation_reads_our_packets_and_we_read_its() -> None:
    async def exchange() -> None:
        connect = await ConnectPacket.from_stream(_reader(mqtt.connect_packet("detente-1", 60)))
        assert (connect.client_id, connect.keep_alive, connect.clean_session_flag) == ("detente-1", 60, True)
        assert (connect.username_flag, connect.password_flag, connect.will_flag) == (False, False, False)
        subscribe = await SubscribePacket.from_stream(_reader(mqtt.subscribe_packet(7, ["a/+", "b/#"])))
        assert subscribe.payload is not None
        assert subscribe.payload.topics == [("a/+", 0), ("b/#", 0)]
        theirs = PublishPacket.build("a/b", b"payload", None, False, 0, False).to_bytes()
        (cut,), _ = mqtt.PacketCutter().feed(bytes(theirs))
        assert mqtt.published(cut) == ("a/b", b"payload")
        for written, kind in ((mqtt.ping_packet(), 12), (mqtt.disconnect_packet(), 14)):
            header = await MQTTFixedHeader.from_stream(_reader(written))
            assert header is not None
            assert (header.packet_type, header.remaining_length) == (kind, 0)

    asyncio.run(exchange())


def _reader(written: bytes):
    from amqtt.adapters import BufferReader

    return BufferReader(written)
