"""``detente watch`` from the outside: the real program, real sockets, a real desk in front of a small door."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import polars as pl
import pytest

from detente.desk.rights import RIGHT_OF
from detente.desk.routes import OPERATIONS
from detente.door.verbs import VERBS
from detente.node.desk_door.record_questions import DraftKept
from tests.desk.asker import Asker
from tests.desk.desks import TOKEN, RunningDesk, running
from tests.desk.door import LINE
from tests.desk.test_guarding import asked
from tests.node.serving.served import free_port, until
from tests.stories.program import run
from tests.tracks.radio import class_a
from tests.watch.watching import (
    OTHER,
    OWN,
    Radio,
    crossing,
    crowd,
    token_file,
    watching,
    written,
)


@pytest.fixture
def desk(tmp_path: Path) -> object:
    with running(tmp_path / "home") as found:
        until(lambda: found.room.alarms.is_ready, "alarms of before")
        yield found


def at_the_desk(folder: Path, desk: RunningDesk) -> list[str | Path]:
    return ["--sides", folder / "sides.toml", "--own", "west", "--desk", desk.url, "--token-file", token_file(folder),
            "--spool", folder / "spool"]  # fmt: skip


def alarms(desk: RunningDesk) -> dict[str, str]:
    """Return the state of each encounter's alarm."""
    return {one["id"]: one["state"] for one in Asker(desk).get("alarms").json["alarms"]}


def test_an_encounter_rings_at_the_desk_is_acknowledged_and_ends_and_leaves_a_draft(
    tmp_path: Path, desk: RunningDesk
) -> None:
    file = written(crossing(), tmp_path / "day.parquet")
    options = [*at_the_desk(tmp_path, desk), "--line", LINE, "--author", "west,West,LV"]
    with watching(tmp_path, "--feed", f"replay:{file}@60x", *options) as watch:
        watch.until(lambda: alarms(desk), "the alarm")
        ((name, state),) = alarms(desk).items()
        assert state == "active-unacknowledged"
        ask = Asker(desk)

        def acknowledged_and_over() -> bool:
            if alarms(desk)[name].endswith("-unacknowledged"):  # it is raised again when it grows graver
                assert ask.post(f"alarms/{name}/acknowledge", {"note": "seen"}, role="drafter").status == 200
            time.sleep(0.1)
            return alarms(desk)[name] == "rectified-acknowledged"

        watch.until(acknowledged_and_over, "its end")
        picture = ask.get("picture").json
        (shown,) = picture["encounters"]
        assert {shown["side_a"], shown["side_b"]} == {"own", "other"}
        assert shown["state"] == "past"
        assert 50 <= shown["closest_distance_m"] <= 250
        assert {one["side"] for one in picture["movers"]} == {"own", "other"}
        assert picture["feeds"][0]["name"].startswith("replay:")
        assert watch.end() == 0
    (kept,) = [one for one in desk.door.questions if isinstance(one, DraftKept)]
    assert kept.is_machine
    assert kept.notice["kind"] == "incident"
    assert len(kept.key) == 32
    assert kept.attachments
    states = [one["state"] for one in watch.told("event")]
    assert states[0] == "active"
    assert states[-1] == "past"
    (finished,) = watch.told("encounter")
    assert finished["drafted"] is True
    (account,) = watch.told("account")
    assert account["adds_up"] is True
    assert account["desk"]["posted"]["encounters"] > 0


def test_what_a_radio_says_is_told_at_once_and_all_of_it_is_accounted_for(
    tmp_path: Path, desk: RunningDesk
) -> None:
    with (
        Radio() as radio,
        watching(
            tmp_path, "--feed", f"ais-tcp://127.0.0.1:{radio.port}", "--record", tmp_path / "record",
            *at_the_desk(tmp_path, desk),
        ) as watch,
    ):  # fmt: skip
        watch.until(lambda: radio.listeners, "the connection")
        now_s = int(time.time()) % 60
        radio.say(class_a(OWN, lat=56.0, lon=20.0, second=now_s), "$GARBAGE", "!AIVDM,1,1,,A,broken,0*00")
        radio.say(class_a(OTHER, lat=56.001, lon=20.0, second=now_s))
        watch.until(lambda: alarms(desk), "the alarm")
        assert watch.end() == 0
    assert watch.told("event")[0]["priority"] in {"alarm", "emergency"}
    (account,) = watch.told("account")
    assert account["adds_up"] is True
    feeds = account["steps"]["feeds"]
    assert feeds["in"] == feeds["kept"] + sum(feeds["rejected"].values())
    assert feeds["rejected"]
    assert account["steps"]["recording"]["kept"] == 2
    (file,) = (tmp_path / "record").glob("*.parquet")
    assert sorted(pl.read_parquet(file)["mover"]) == [f"mmsi:{OWN}", f"mmsi:{OTHER}"]
    assert TOKEN not in watch.log()
    assert "watch.stops" in watch.events()


@pytest.mark.prove
def test_a_token_that_the_desk_does_not_know_ends_it_at_once(tmp_path: Path, desk: RunningDesk) -> None:
    wrong = token_file(tmp_path, "w" * 43)
    with (
        Radio() as radio,
        watching(
            tmp_path, "--feed", f"ais-tcp://127.0.0.1:{radio.port}", "--desk", desk.url, "--token-file", wrong
        ) as watch,
    ):
        assert watch.ended() == 2
    assert "add-watch" in watch.log()
    assert "w" * 43 not in watch.log()
    assert "Traceback" not in watch.log()


def test_a_replayed_day_gives_the_encounters_of_the_archive(tmp_path: Path) -> None:
    """One truth: the same rows through the live search, five seconds at a time, and through the archive's."""
    file = written(crowd(), tmp_path / "day.parquet")
    with watching(
        tmp_path, "--feed", f"replay:{file}@max", "--sides", tmp_path / "sides.toml", "--until-end"
    ) as watch:
        assert watch.ended() == 0
    done = run("encounters", file, "--sides", tmp_path / "sides.toml", "--json")
    assert done.code == 0
    archive = json.loads(done.out)["encounters"]
    live = [{name: one[name] for name in archive[0]} for one in watch.told("encounter")]
    assert len(archive) > 20
    assert sorted(live, key=order) == sorted(archive, key=order)
    (account,) = watch.told("account")
    assert account["adds_up"] is True
    kept = account["steps"]["cleaning"]
    assert kept["kept"] == json.loads(done.out)["rows"]["kept"]
    assert {"teleport", "duplicate"} & set(kept["rejected"])


def order(row: dict[str, object]) -> tuple[str, ...]:
    return str(row["entered"]), str(row["a"]), str(row["b"])


@pytest.mark.prove
def test_a_desk_that_is_away_and_comes_back_gets_what_is_now(tmp_path: Path) -> None:
    port = free_port()
    options: list[str | Path] = ["--sides", tmp_path / "sides.toml", "--own", "west", "--desk", f"http://west.localhost:{port}",
               "--token-file", token_file(tmp_path), "--spool", tmp_path / "spool"]  # fmt: skip
    with (
        Radio() as radio,
        watching(tmp_path, "--feed", f"ais-tcp://127.0.0.1:{radio.port}", *options) as watch,
    ):
        watch.until(lambda: radio.listeners, "the connection")
        meet(radio)
        watch.until(lambda: watch.told("event"), "the event without a desk")
        for number in range(2):
            with running(tmp_path / f"home{number}", port=port) as desk:
                desk.room.hosts |= {"west.localhost"}
                until(lambda: alarms(desk), "the alarm at a desk that came")
                meet(radio)
                until(lambda: len(desk.room.picture.movers) == 2, "both movers")
        assert watch.end(signal.SIGINT) == 0
    assert "watch.desk-answers" in watch.events()
    assert "watch.desk-away" in watch.events()


@pytest.mark.prove
def test_a_feed_that_dies_stops_no_other_and_is_said(tmp_path: Path) -> None:
    with (
        Radio() as good,
        Radio() as bad,
        watching(
            tmp_path, "--feed", f"ais-tcp://127.0.0.1:{good.port}", "--feed", f"ais-tcp://127.0.0.1:{bad.port}"
        ) as watch,
    ):
        watch.until(lambda: good.listeners and bad.listeners, "both connections")
        bad.say(b"\xff" * 100_000)
        bad.close()
        meet(good)
        watch.until(lambda: watch.told("event"), "the event from the other feed")
        watch.until(lambda: any(one["state"] == "down" for one in watch.told("feed")), "that one is down")
        assert watch.end() == 0
    (account,) = watch.told("account")
    assert account["adds_up"] is True


@pytest.mark.prove
def test_killed_it_loses_less_than_a_minute_of_its_record(tmp_path: Path) -> None:
    with (
        Radio() as radio,
        watching(
            tmp_path, "--feed", f"ais-tcp://127.0.0.1:{radio.port}", "--record", tmp_path / "record"
        ) as watch,
    ):
        watch.until(lambda: radio.listeners, "the connection")
        begun_s, said = time.monotonic(), 0
        while time.monotonic() < begun_s + 45:
            radio.say(class_a(OWN + said % 2, lat=56.0 + said / 1_000, lon=20.0, second=int(time.time()) % 60))
            said += 1
            time.sleep(0.1)
        watch.process.kill()
        assert watch.ended() == -signal.SIGKILL
    done = run("tracks", *sorted((tmp_path / "record").glob("*.parquet")), "--no-clean", "--json")
    assert json.loads(done.out)["kept"] >= said / 3 - 20


def meet(radio: Radio) -> None:
    """Let two ships of both sides say that they are close."""
    second = int(time.time()) % 60
    radio.say(
        class_a(OWN, lat=56.0, lon=20.0, second=second), class_a(OTHER, lat=56.001, lon=20.0, second=second)
    )


def test_its_token_opens_no_other_route_of_the_desk(desk: RunningDesk) -> None:
    """It tries them all, as somebody would who took the watch over."""
    ask = Asker(desk, role="")
    machine = {"Authorization": f"Bearer {TOKEN}", "Sec-Fetch-Site": None}
    tried = set()
    for operation in OPERATIONS:
        if operation.right in {"anyone", "watch"}:
            continue
        answer = asked(ask, operation, headers={**machine, "Origin": desk.url})
        assert answer.status in {401, 403}, (operation.name, answer.status)
        tried.add(operation.name)
    assert tried == {name for name, right in RIGHT_OF.items() if right not in {"anyone", "watch"}}
    asked_of_the_node = {type(one).__name__ for one in desk.door.questions}
    assert asked_of_the_node <= {"TokenAsked", "NewsAsked", "ShelfAsked", "ShelfKept", "AlarmsAsked"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ([], "--feed"),
        (["--feed", "nonsense"], "nonsense"),
        (["--feed", "ais-udp://:10110", "--feed", "replay:{file}@10x"], "--feed"),
        (["--feed", "ais-udp://:10110", "--own", "west"], "--own"),
        (["--feed", "ais-udp://:10110", "--sides", "{sides}", "--own", "south"], "--own"),
        (["--feed", "ais-udp://:10110", "--token-file", "x"], "--token-file"),
        (["--feed", "ais-udp://:10110", "--desk", "http://192.0.2.1"], "--desk"),
        (["--feed", "ais-udp://:10110", "--desk", "http://localhost"], "--token-file"),
        (["--feed", "ais-udp://:10110", "--horizon", "10"], "--horizon"),
        (["--feed", "ais-udp://:10110", "--retain", "soon"], "--retain"),
        (["--feed", "ais-udp://:10110", "--limits", "{missing}"], "missing"),
        (["--feed", "ais-udp://:10110", "--areas", "{missing}"], "missing"),
    ],
)
def test_what_cannot_be_used_is_named_before_anything_is_connected_to(
    tmp_path: Path, options: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from detente.__main__ import main
    from tests.watch.watching import SIDES

    (tmp_path / "sides.toml").write_text(SIDES)
    written(crossing(seconds=10), tmp_path / "day.parquet")
    places = {"file": tmp_path / "day.parquet", "sides": tmp_path / "sides.toml", "missing": tmp_path / "missing"}
    given = [option.format(**places) for option in options]
    code: object = 0
    try:
        code = main(["watch", *given])
    except SystemExit as ended:
        code = ended.code
    told = capsys.readouterr().err
    assert code == 2
    assert named in told
    assert "Traceback" not in told


def test_it_is_a_verb_and_speaks_both_languages() -> None:
    (verb,) = [one for one in VERBS if one.name == "watch"]
    assert verb.load().describe()
    told = run("watch", "--help", "--language", "ru")
    assert told.code == 0
    assert "--signalk-out" in told.out
    assert "живые потоки" in told.out
