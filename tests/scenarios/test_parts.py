"""The parts of a play, each alone: dates that move, ways, what receivers give, passkeys, links, folders, the clock."""

from __future__ import annotations

import json
import socket
import urllib.request
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyais
import pytest
from geographiclib.geodesic import Geodesic

import detente.tracks
from detente.desk.sign_in.ceremonies import Site
from detente.node.desk_door.people_questions import CredentialDocument
from detente.scenario.checks import read_scenario
from detente.scenario.clock import SceneClock
from detente.scenario.errors import PlayFailure
from detente.scenario.homes import RealLine, refuse_real
from detente.scenario.links import running_links
from detente.scenario.moving import moved_notice
from detente.scenario.passkey import Passkey
from detente.scenario.playing import MARK, fresh
from detente.scenario.radio import aircraft_json, position_sentence, static_sentences
from detente.scenario.receivers import archive, live_receivers
from detente.scenario.structs import Mover, Waypoint
from detente.scenario.ways import Place, way_of
from tests.conftest import ROOT
from tests.stories.shell import Shell

T0 = datetime(2018, 4, 4, 14, 12, tzinfo=UTC)


def ship(**more: Any) -> Mover:
    way = (Waypoint(at=T0, position="55-16.2N 017-36.0E"), Waypoint(speed_kn=14, position="55-16.2N 017-44.0E"))
    return Mover(**({"id": "mmsi:200001001", "name": "SYNTHETIC FRIGATE", "way": way, "every": "1 s"} | more))


def aircraft() -> Mover:
    way = (
        Waypoint(at=T0, position="55-20N 017-36.0E", altitude_ft=1500),
        Waypoint(speed_kn=220, position="55-16N 017-36.0E", altitude_ft=400),
    )
    return Mover(id="icao24:f0b001", name="SYNTHETIC PATROL", way=way, every="1 s")


# ---- dates ------------------------------------------------------------------------------------------------------


def test_dates_without_quotation_marks_move_and_keep_their_precision() -> None:
    notice = {
        "start": T0, "day": date(2018, 5, 15), "said": "2018-04-04", "second": T0 + timedelta(seconds=8),
        "windows": [{"start": T0 + timedelta(days=1)}], "answers": "@west.activity",
    }  # fmt: skip
    moved = moved_notice(notice, timedelta(days=100, seconds=61), T0, lambda handle: f"<{handle}>")
    assert moved == {
        "start": "2018-07-13T14:13Z", "day": "2018-08-23", "said": "2018-04-04", "second": "2018-07-13T14:13:09Z",
        "windows": [{"start": "2018-07-14T14:13Z"}], "answers": "<west.activity>",
    }  # fmt: skip


def test_the_clock_leaps_and_runs() -> None:
    clock = SceneClock(T0, speed=100.0)
    clock.leap(T0 + timedelta(days=1))
    assert clock.begins + clock.shift == clock.began
    clock.wait(T0)  # has passed: not waited for
    before = clock.now()
    clock.wait(before + timedelta(seconds=5))
    assert timedelta(seconds=5) <= clock.now() - before


# ---- ways and receivers -----------------------------------------------------------------------------------------


def test_a_way_is_gone_at_constant_speed_along_the_geodesic() -> None:
    way = way_of(ship(), T0)
    first, later = way.at(T0), way.at(T0 + timedelta(seconds=100))
    assert first is not None
    assert later is not None
    line = Geodesic.WGS84.Inverse(first.lat_deg, first.lon_deg, later.lat_deg, later.lon_deg)
    assert line["s12"] == pytest.approx(14 * 1852 / 36, abs=0.01)
    assert later.speed_kn == pytest.approx(14)
    assert later.altitude_m is None
    assert way.at(T0 - timedelta(seconds=1)) is None
    assert way.at(way.ends + timedelta(seconds=1)) is None
    flying = way_of(aircraft(), T0)
    middle = flying.at(T0 + (flying.ends - T0) / 2)
    assert middle is not None
    assert middle.altitude_m == pytest.approx(950 * 0.3048, abs=1e-6)
    assert middle.climb_ftmin < -900


def test_the_pass_of_the_baltic_example_is_where_it_is_meant_to_be() -> None:
    found = read_scenario(ROOT / "examples" / "scenarios" / "baltic-2018.toml")
    begins = found.scenes[0].begins
    assert begins is not None
    ways = {one.id: way_of(one, begins) for one in found.movers}
    least_m = 1e9
    for tenth in range(900):
        moment = T0 + timedelta(seconds=tenth / 10)
        one, other = ways["mmsi:200001001"].at(moment), ways["icao24:f0b001"].at(moment)
        assert one is not None
        assert other is not None
        line = Geodesic.WGS84.Inverse(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
        least_m = min(least_m, line["s12"])
    assert 90 < least_m < 140


def test_sentences_are_what_two_decoders_take_them_for() -> None:
    place = Place(17.61725, -55.27001, 14.2, 271.4, None, 0.0)
    sentence = position_sentence(200001001, place, 41)
    read = pyais.decode(sentence.encode()).asdict()
    assert (read["mmsi"], read["msg_type"], read["status"], read["second"]) == (200001001, 1, 0, 41)
    assert (read["lon"], read["lat"]) == pytest.approx((17.61725, -55.27001), abs=2e-6)
    assert (read["speed"], read["course"]) == pytest.approx((14.2, 271.4))
    static = static_sentences(200001001, "SYNTHETIC FRIGATE W1", is_warship=True, group=3)
    told = pyais.decode(*(one.encode() for one in static)).asdict()
    assert (told["shipname"], told["ship_type"], told["msg_type"]) == ("SYNTHETIC FRIGATE W1", 35, 5)


def test_an_aircraft_is_read_as_readsb_gives_it(tmp_path: Path) -> None:
    place = Place(17.61725, 55.27001, 220.0, 180.0, 121.92, -640.0)
    file = tmp_path / "aircraft.json"
    file.write_text(json.dumps(aircraft_json([("f0b001", "PATROL E9", place)], T0.timestamp(), 1)))
    row = detente.tracks.read([str(file)]).collect().row(0, named=True)
    assert row["mover"] == "icao24:f0b001"
    assert (row["lon"], row["lat"]) == pytest.approx((17.61725, 55.27001))
    assert row["altitude_m"] == pytest.approx(121.92)


def test_an_archive_for_a_replay_is_read_whole(tmp_path: Path) -> None:
    ways = [way_of(one, T0) for one in (ship(), aircraft())]
    file = tmp_path / "replayed.csv"
    archive(ways, T0, timedelta(days=10), file)
    frame = detente.tracks.read([str(file)]).collect()
    assert set(frame["mover"]) == {"mmsi:200001001", "icao24:f0b001"}
    assert frame["time"].min() == T0 + timedelta(days=10)
    assert min(frame.filter(pl.col("mover") == "icao24:f0b001")["altitude_m"].to_list()) < 200
    assert frame.height > 1_000


def test_receivers_tell_whoever_connects_and_hang_up() -> None:
    with live_receivers([way_of(one, T0) for one in (ship(), aircraft())], lambda: T0) as made:
        ais, readsb = made.addresses
        port = int(ais.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 10) as connected, connected.makefile("rb") as lines:
            heard = [lines.readline() for _ in range(3)]
        document = json.loads(urllib.request.urlopen(readsb.removeprefix("readsb+"), timeout=10).read())  # noqa: S310
    assert {pyais.decode(heard[0]).asdict()["mmsi"]} == {200001001}
    assert [one["hex"] for one in document["aircraft"]] == ["f0b001"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)


# ---- passkeys, links, folders -----------------------------------------------------------------------------------


def test_a_software_passkey_is_one_for_its_own_desk_only() -> None:
    site = Site("west.localhost", ("http://west.localhost:9000",))
    passkey = Passkey("west.localhost", "http://west.localhost:9000")
    made = passkey.made(site.creation_options(b"a" * 32, "ab" * 16, "Anna"))
    enrolled = site.enrolled(made, b"a" * 32)
    assert enrolled.credential == passkey.credential
    known = CredentialDocument(
        person="ab" * 16, credential=enrolled.credential, key=enrolled.key, algorithm=enrolled.algorithm,
        public_key=enrolled.public_key, counter=0, added_ms=0,
    )  # fmt: skip
    touched = passkey.touched(site.request_options(b"b" * 32))
    assert site.asserted(touched, b"b" * 32, known).counter == 1
    other = Site("east.localhost", ("http://east.localhost:9000",))
    with pytest.raises(Exception, match="passkey"):
        other.asserted(touched, b"b" * 32, known)


def test_a_link_is_cut_and_mended() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = int(server.getsockname()[1])
        with running_links({"west": 1, "east": port}) as links:
            with socket.create_connection(("127.0.0.1", links.port("west", "east")), 10) as connected:
                there, _ = server.accept()
                connected.sendall(b"one")
                assert there.recv(3) == b"one"
                links.cut("west", "east")
                connected.settimeout(10)
                try:
                    left = connected.recv(1)
                except ConnectionError:
                    left = b""
                assert left == b""
                there.close()
            links.mend("west", "east")
            with socket.create_connection(("127.0.0.1", links.port("west", "east")), 10) as connected:
                again, _ = server.accept()
                again.sendall(b"two")
                assert connected.recv(3) == b"two"
                again.close()


def test_a_home_on_a_real_line_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.found("west", "east")
    refuse_real(tmp_path / "west")  # on no line yet
    refuse_real(tmp_path / "nowhere")
    shell.join(("west", "east"))
    with pytest.raises(RealLine) as caught:
        refuse_real(tmp_path / "west")
    assert "not for training" in caught.value.came
    (tmp_path / MARK).write_text("as if a scenario had been played here")
    with pytest.raises(RealLine):
        fresh(tmp_path)
    assert (tmp_path / "west" / "home.json").exists()
    assert shell.run("people list west --json")  # nobody was added


def test_only_an_empty_folder_or_an_earlier_play_is_played_in(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(PlayFailure):
        fresh(tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "mine"
    fresh(tmp_path / "play")
    (tmp_path / "play" / "old").write_text("of the play before")
    fresh(tmp_path / "play")
    assert [one.name for one in (tmp_path / "play").iterdir()] == [MARK]
    with pytest.raises(PlayFailure):
        fresh(tmp_path / "letter.txt")
