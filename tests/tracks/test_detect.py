"""Formats are told by content; what is none of them is refused with words that help."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracks.reading_samples import DMA_HEADER, DMA_ROWS, NOAA_NEW, NOAA_OLD, taken, write

from detente.tracks import detect
from detente.tracks.errors import TrackMistake
from detente.tracks.readers import HEAD_BYTES

OPENSKY = (
    "time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,alert,spi,squawk,baroaltitude,geoaltitude,"
    "lastposupdate,lastcontact\n"
)
DIGITRAFFIC = (
    'vessels-v2/241930000/location {"time":1774756004,"sog":10.2,"cog":208.8,"navStat":0,"rot":1,"posAcc":false,'
    '"raim":false,"heading":210,"lon":20.86432,"lat":58.478048}\n'
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\n".join([DMA_HEADER, *DMA_ROWS]), "dma_csv"),
        ("\ufeff" + "\n".join([DMA_HEADER + ",A,B,C,D", *DMA_ROWS]), "dma_csv"),
        (NOAA_OLD, "noaa_csv"),
        (NOAA_NEW, "noaa_csv"),
        ("t,mmsi,lat,lon\n1600000000,219000001,55,12\n", "csv"),
        ("t;mmsi;lat;lon\r\n1600000000;219000001;55;12\r\n", "csv"),
        (DIGITRAFFIC, "digitraffic"),
        ("!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\n", "ais_nmea"),
        (OPENSKY, "adsb_opensky"),
        ("-1.0,,,0,0,0,0\nSTA,,1,1,4CA259,1,2024/01/01,00:00:00.000,,,RM\n", "adsb_basestation"),
    ],
)
def test_a_format_is_told_by_its_content_whatever_the_file_is_called(
    tmp_path: Path, text: str, name: str
) -> None:
    _, tally = taken(write(tmp_path, text, "holiday.jpg"))
    assert list(tally.formats) == [name]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bytes(range(256)) * 400, "unknown format"),
        (b"\x7fELF" + bytes(200), "unknown format"),
        (b"Dear reader,\nthis is a letter.\n", "unknown format"),
        (b'{"hello": "world"}', "unknown format"),
        (b"<?xml version='1.0'?><gpx></gpx>", "unknown format"),
        ("t,mmsi,lat,lon\n1,2,3,4\n".encode("utf-16"), "UTF-16"),
        (b"a" * 200_000, "longer than 64 KiB"),
        (b"12,13,14,15\n16,17,18,19\n", "unknown format"),
    ],
)
def test_what_is_no_known_format_is_refused_with_what_it_looks_like(
    tmp_path: Path, data: bytes, words: str
) -> None:
    with pytest.raises(TrackMistake) as refused:
        taken(write(tmp_path, data))
    assert words in refused.value.came


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.binary(max_size=2_000), st.text(max_size=500).map(lambda text: text.encode("utf-8", "replace")))
)
def test_no_reader_raises_when_asked_about_any_bytes(head: bytes) -> None:
    for module in detect.READERS:
        assert detect.reader(module).recognises(head) in {True, False}


def test_every_reader_has_a_name_of_its_own() -> None:
    names = [detect.reader(module).name for module in detect.READERS]
    assert len(set(names)) == len(names)


def test_a_head_full_of_separators_is_judged_quickly() -> None:
    for letter in (b",", b'"', b"{", b"[", b'{"', b"\n", b'{"a":'):
        head = (letter * HEAD_BYTES)[:HEAD_BYTES]
        for module in detect.READERS:
            detect.reader(module).recognises(head)
