"""Addresses of feeds: every kind is read, every fault of one is named, terms are asked for, secrets are not shown."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.watch.errors import WatchMistake
from detente.watch.feeds.address import KINDS, NAME_CHARACTERS_MAX, parse_feed
from detente.watch.feeds.ais_udp import UdpFeed
from detente.watch.feeds.polling import PolledFeed
from detente.watch.feeds.replay import ReplayFeed
from detente.watch.feeds.streams import StreamFeed


def polled(text: str) -> PolledFeed:
    return cast("PolledFeed", parse_feed(text))


def refused(text: str) -> WatchMistake:
    with pytest.raises(WatchMistake) as caught:
        parse_feed(text)
    assert caught.value.exit_code == 2
    assert caught.value.expected
    assert caught.value.remedy
    return caught.value


def test_streams_are_read_with_their_ports() -> None:
    feed = cast("StreamFeed", parse_feed("ais-tcp://192.0.2.7:5631?name=roof&stale_s=20"))
    assert (feed.name, feed.host, feed.port, feed.stale_after_s) == ("roof", "192.0.2.7", 5631, 20.0)
    assert cast("StreamFeed", parse_feed("beast://receiver.example")).port == 30005
    udp = cast("UdpFeed", parse_feed("ais-udp://:10110"))
    assert (udp.host, udp.port, udp.name) == ("", 10110, "ais-udp://:10110")
    assert cast("StreamFeed", parse_feed("ais-tcp://[2001:db8::7]:5631")).name == "ais-tcp://[2001:db8::7]:5631"


def test_web_addresses_keep_their_query_and_take_options_behind_the_hash() -> None:
    feed = polled("readsb+https://receiver.example/data/aircraft.json?key=abc#every_s=2&name=tower")
    assert feed.url == "https://receiver.example/data/aircraft.json?key=abc"
    assert (feed.every_s, feed.name) == (2.0, "tower")
    # a name that nobody wrote shows no query: there may be a key in it
    assert polled("readsb+http://h:8080/a.json?key=abc").name == "readsb+http://h:8080/a.json"


def test_a_point_of_adsb_lol_is_asked_for_within_its_limits() -> None:
    feed = polled("adsb-lol:?lat=56.5&lon=19.0&radius_nm=250")
    assert feed.url == "https://api.adsb.lol/v2/point/56.5/19/250"
    assert feed.every_s == 5.0
    wrong = refused("adsb-lol:?lat=956&radius_nm=300&every_s=0.1")
    assert [name for name in ("lat", "lon", "radius_nm", "every_s") if name in wrong.came] == [
        "lat", "lon", "radius_nm", "every_s",
    ]  # fmt: skip


def test_a_replay_has_a_file_and_a_speed(tmp_path: Path) -> None:
    path = tmp_path / "day@sea.csv"
    path.write_text("x", encoding="ascii")
    for ending, speed in (("", 1.0), ("@10x", 10.0), ("@0.5x", 0.5), ("@max", math.inf)):
        feed = cast("ReplayFeed", parse_feed(f"replay:{path}{ending}"))
        assert (feed.path, feed.speed, feed.name) == (path, speed, "replay:day@sea.csv")
    started = cast("ReplayFeed", parse_feed(f"replay:{path}@2x#start=2018-04-04T00:00:00Z&name=day"))
    assert started.start is not None
    assert started.name == "day"
    assert "no file" in refused(f"replay:{path}.gone").came
    assert "2018-04-04T00:00:00Z" in refused(f"replay:{path}#start=noon").came
    assert "never moves" in refused(f"replay:{path}@0x").came
    assert "file is missing" in refused("replay:").came


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["''"]),
        ("ftp://h:1", ["ftp"]),
        ("ais-tcp", ["// is missing", "host", "port"]),
        ("ais-tcp://", ["host", "port"]),
        ("ais-tcp://h", ["port is missing"]),
        ("ais-tcp://h:0", ["from 1 to"]),
        ("ais-tcp://h:99999", ["from 1 to"]),
        ("ais-tcp://h:port", ["from 1 to"]),
        ("ais-tcp://[::1:5", ["cannot be read"]),
        ("ais-tcp://h:1?nme=x&stale_s=no&stale_s=2", ["'nme'", "twice", "stale_s"]),
        ("ais-tcp://h:1?name", ["'name' has no value"]),
        ("ais-tcp://h:1?name=" + "x" * (NAME_CHARACTERS_MAX + 1), ["1 to"]),
        ("ais-tcp://h:1?name=%00", ["printable"]),
        ("ais-tcp://h:1?stale_s=nan", ["stale_s"]),
        ("ais-tcp://h:1?accept_terms=maybe", ["yes or no"]),
        ("ais-tcp://h:1#x", ["'#x'"]),
        ("ais-tcp://h:1/data?name=x", ["'/data'"]),
        ("adsb-lol:?lat=1&lon=1&url=file:///etc/passwd", ["url must begin"]),
        ("ais-tcp://h :1", ["blanks"]),
        ("ais-udp:10110", ["// is missing"]),
        ("adsb-lol:somewhere?lat=1&lon=1", ["somewhere"]),
        ("readsb+https://h/a.json#ca_file=/no/such.pem", ["no such file"]),
        ("x" * 3_000, ["xxx"]),
    ],
)
def test_every_fault_of_an_address_is_named(text: str, faults: list[str]) -> None:
    came = refused(text).came
    for fault in faults:
        assert fault in came


def test_a_file_that_holds_no_certificate_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate", encoding="ascii")
    assert "ca_file" in refused(f"readsb+https://h/a.json#ca_file={path}").came


def test_secrets_in_an_address_are_refused_and_never_shown() -> None:
    for text in (
        "ais-tcp://me:hunter2@h:1",
        "readsb+https://hunter2@h/a.json#nme=x",
        "ais-tcp://h:1?token=hunter2",
    ):
        mistake = refused(text)
        assert "hunter2" not in f"{mistake} {mistake.expected} {mistake.remedy}"


def test_a_source_that_asks_for_consent_is_off_until_it_is_given() -> None:
    text = "readsb+https://opendata.adsb.fi/api/v2/lat/56/lon/19/dist/250"
    mistake = refused(text)
    assert "non-commercial" in mistake.expected
    assert "one request a second" in mistake.expected
    assert "https://github.com/adsbfi/opendata" in mistake.remedy
    assert "accept_terms=yes" in mistake.remedy
    assert polled(f"{text}#accept_terms=yes").every_s == 1.0
    assert "every_s" in refused(f"{text}#accept_terms=yes&every_s=0.5").came
    refused(f"{text}#accept_terms=no")
    refused(text.replace("opendata", "OPENDATA").replace(".fi/", ".fi./"))


def test_each_kind_has_a_module_and_an_example_that_is_an_address() -> None:
    for scheme, kind in KINDS.items():
        assert kind.example.startswith(scheme)
        if kind.module in {"ais_tcp", "ais_udp", "beast", "readsb", "adsb_lol"}:
            assert parse_feed(kind.example).name


@given(st.text(max_size=60))
def test_any_text_is_a_feed_or_a_mistake(text: str) -> None:
    for prefix in ("", "ais-tcp://", "ais-udp://", "readsb+http://", "adsb-lol:", "replay:"):
        with suppress(WatchMistake):
            assert parse_feed(prefix + text).name
