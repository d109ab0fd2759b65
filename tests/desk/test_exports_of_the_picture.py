"""Parquet and Cursor-on-Target: what is in the files, and what never is."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from typing import Any

import pytest
from lxml import etree  # type: ignore[attr-defined] # compiled, without stubs
from taky.cot import models

from detente.desk.cot import cot_package
from detente.desk.picture.documents import Encounter, Mover, Side
from tests.desk.asker import Asker
from tests.desk.desks import RunningDesk
from tests.desk.door import area, row
from tests.node.serving.served import until

SPAN = "from_ms=0&until_ms=1000"


def test_entries_come_as_parquet_with_types_and_every_page_of_them(desk: RunningDesk, ask: Asker) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    desk.door.entries = [row(f"west/{number}", received_ms=number) for number in range(450)]
    desk.door.entries[3] = row("west/3", title="\u202eevil", states={"east": "read"}, changed_by=("west/4",))
    desk.do(lambda: desk.door.tell("entries"))
    until(lambda: len(ask.get("entries?limit=200").json["rows"]) == 200, "the new rows")
    answer = ask.get("export/entries.parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert answer.headers["content-disposition"] == 'attachment; filename="entries.parquet"'
    table = parquet.read_table(io.BytesIO(answer.octets))
    rows = table.to_pylist()
    assert [one["ref"] for one in rows] == [f"west/{number}" for number in range(450)]
    assert rows[3]["title"] == "\\u202eevil"
    assert (rows[3]["states"], rows[3]["changed_by"]) == ([("east", "read")], ["west/4"])
    assert str(table.schema.field("received_at").type) == "timestamp[ms, tz=UTC]"
    assert (rows[3]["received_at"], rows[5]["received_at"].microsecond) == (None, 5_000)
    assert ask.get("export/entries.parquet?limit=0").status == 400


def test_without_pyarrow_parquet_is_not_offered_and_the_desk_says_how_to_get_it(
    ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed() -> dict[str, Any]:
        return {one["name"]: one for one in ask.get("exports").json["exports"]}

    assert set(listed()) == {
        "entries.csv", "entries.parquet", "areas.geojson", "areas.kml", "tracks.geojson", "picture.zip",
    }  # fmt: skip
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pyarrow" else found(name))
    offered = {name: (one["is_offered"], one["remedy"] != "") for name, one in listed().items()}
    assert offered.pop("entries.parquet") == (False, True)
    assert set(offered.values()) == {(True, False)}
    answer = ask.get("export/entries.parquet")
    assert (answer.status, answer.kind) == (404, "not-offered")
    assert "detente[parquet]" in answer.json["error"]["remedy"]


def events(octets: bytes) -> list[Any]:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        assert archive.testzip() is None
        names = [one for one in archive.namelist() if one.endswith(".cot")]
        manifest = etree.fromstring(archive.read("MANIFEST/manifest.xml"))
        assert [one.get("zipEntry") for one in manifest.iter("Content")] == names
        return [etree.fromstring(archive.read(name)) for name in names]


def test_the_picture_as_cursor_on_target_is_the_own_sides_areas_and_alarms(desk: RunningDesk, ask: Asker) -> None:
    now_ms = desk.room.now_ms()
    movers = [
        Mover(
            id=f"secret-{side}", kind="ship", side=side, lon_deg=20, lat_deg=57, at_ms=now_ms, name=f"NAME {side}",
            speed_kn=10, course_deg=90,
        )
        for side in ("own", "other", "neutral", "unknown")
    ]  # fmt: skip
    desk.do(lambda: desk.room.picture.take_movers(movers, now_ms))
    sides: tuple[tuple[str, Side], ...] = (("ours", "own"), ("theirs", "neutral"))
    ours, theirs = (
        Encounter(
            id=name, a="secret-own", b="secret-other", side_a=side, side_b="other", priority="alarm", state="active",
            entered_ms=now_ms, closest_ms=now_ms + 1000, distance_m=900, closest_distance_m=900,
            closest_lon_deg=20.5, closest_lat_deg=57.5, line=((20.25, 57.25), (20.75, 57.75)), predicted=True,
            evidence="NAME other",
        )
        for name, side in sides
    )  # fmt: skip
    desk.do(lambda: desk.room.picture.take_encounters([ours, theirs], now_ms))
    ring = {"type": "Polygon", "coordinates": [[[20, 58], [21, 58], [21, 59], [20, 58]]]}
    desk.door.areas = [
        area(title='D-17 <&"> \u202e', feature={"type": "Feature", "geometry": ring}),
        area("west/1", feature={"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}),
        area("west/2", feature={"type": "Feature", "geometry": None}),
    ]
    desk.do(lambda: desk.door.tell("entries"))
    until(lambda: len(ask.get(f"areas?{SPAN}").json["areas"]) == 3, "the new areas")
    answer = ask.get(f"export/picture.zip?{SPAN}")
    assert answer.headers["content-type"] == "application/zip"
    found = events(answer.octets)
    assert sorted(one.get("type") for one in found) == ["a-f-S", "b-a-o-pan", "b-m-p-s-m", "u-d-f"]
    texts = b"".join(etree.tostring(one) for one in found).decode()
    for side in ("other", "neutral", "unknown"):
        assert f"secret-{side}" not in texts
        assert f"NAME {side}" not in texts
    assert "57.75" not in texts  # where the other one is
    by_type = {one.get("type"): one for one in found}
    assert by_type["a-f-S"].find("detail/contact").get("callsign") == "NAME own"
    assert by_type["a-f-S"].find("detail/track").get("speed") == "5.14"
    assert by_type["b-a-o-pan"].find("point").get("lat") == "57.2500000"
    drawn = by_type["u-d-f"]
    assert drawn.find("detail/contact").get("callsign") == 'D-17 <&"> \\u202e'
    assert next(one.get("point") for one in drawn.iter("link")) == "58.0000000,20.0000000"
    for one in found:
        read = models.Event.from_elm(one)  # as a server of Cursor-on-Target reads it
        assert (read.etype, read.uid) == (one.get("type"), one.get("uid"))
        assert read.stale >= read.start
        assert one.get("version") == "2.0"
        assert one.get("time").endswith("Z")
        assert one.get("start") <= one.get("stale")


def test_humanitarian_areas_are_in_no_package(desk: RunningDesk, ask: Asker) -> None:
    desk.door.humanitarian = True
    assert events(ask.get(f"export/picture.zip?{SPAN}").octets) == []


def test_the_same_events_are_the_same_package() -> None:
    made = [("detente-1", "<event/>"), ("detente-2", "<event/>")]
    assert cot_package(made) == cot_package(made)
