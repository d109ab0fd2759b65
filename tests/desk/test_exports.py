"""Files to take along: safe in a spreadsheet, own tracks only, nothing humanitarian."""

from __future__ import annotations

import csv
import io
from functools import partial

import pytest
from lxml import etree  # type: ignore[attr-defined] # compiled, without stubs

from detente.desk.picture.documents import Mover
from detente.desk.shown_text import csv_cell
from detente.node.desk_door.record_questions import EntriesAsked
from tests.desk.asker import Asker
from tests.desk.desks import RunningDesk
from tests.desk.door import area, row
from tests.node.serving.served import until

SPAN = "from_ms=0&until_ms=1000"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u200b=1", "'=1"])
def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    shown = csv_cell(text)
    assert shown.startswith(("'", "\\"))
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_other_cells_are_as_they_are() -> None:
    assert csv_cell("Exercise = big") == "Exercise = big"
    assert csv_cell(None) == ""
    assert csv_cell(-5) == "-5"
    assert csv_cell("a\u202eb\x07\nc") == "a\\u202eb\\x07\nc"


def test_entries_come_as_csv_with_every_page_of_them(desk: RunningDesk, ask: Asker) -> None:
    desk.door.entries = [row(f"west/{number}") for number in range(450)]
    desk.door.entries[3] = row("west/3", title='=HYPERLINK("http://evil","x")', states={"east": "read"})
    desk.do(lambda: desk.door.tell("entries"))
    until(lambda: ask.get("entries?limit=200").json["rows"][3]["title"].startswith("="), "the new rows")
    answer = ask.get("export/entries.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="entries.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.octets.decode())))
    assert [one["ref"] for one in rows] == [f"west/{number}" for number in range(450)]
    assert rows[3]["title"] == '\'=HYPERLINK("http://evil","x")'
    assert rows[3]["states"] == "east read"
    assert rows[3]["written"].endswith("Z")
    assert ask.get("export/entries.csv?limit=0").status == 400
    desk.door.special[EntriesAsked] = lambda _: {"nonsense": 1}
    desk.do(lambda: desk.door.tell("entries"))
    until(lambda: ask.get("export/entries.csv").status == 503, "said before the file begins")


def test_areas_come_as_geojson_and_kml_and_humanitarian_ones_never(desk: RunningDesk, ask: Asker) -> None:
    multi = {
        "type": "MultiPolygon",
        "coordinates": [[[[1, 2], [3, 4], [5, 6], [1, 2]], [[1, 2], [2, 3], [3, 3], [1, 2]]]],
    }
    desk.door.areas = [
        area(
            title="D-17 <&> \u202e",
            feature={"type": "Feature", "geometry": multi, "properties": {"note": "\u202ex"}},
        ),
        area("west/1", feature={"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2, 3]}}),
        area("west/2", feature={"type": "Feature", "geometry": None}),
    ]
    desk.do(lambda: desk.door.tell("entries"))
    until(lambda: len(ask.get(f"areas?{SPAN}").json["areas"]) == 3, "the new areas")
    answer = ask.get(f"export/areas.geojson?{SPAN}")
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json["features"]
    assert [one["geometry"] and one["geometry"]["type"] for one in features] == ["MultiPolygon", "Point", None]
    assert features[0]["properties"]["title"] == "D-17 <&> \\u202e"
    assert features[0]["properties"]["note"] == "\\u202ex"
    answer = ask.get(f"export/areas.kml?{SPAN}")
    root = etree.fromstring(answer.octets)
    spaces = {"k": "http://www.opengis.net/kml/2.2"}
    assert len(root.findall(".//k:Placemark", spaces)) == 3
    assert len(root.findall(".//k:innerBoundaryIs", spaces)) == 1
    name = root.find(".//k:Placemark/k:name", spaces)
    assert name is not None
    assert name.text == "D-17 <&> \\u202e"
    desk.door.humanitarian = True
    desk.do(lambda: desk.door.tell("lines"))
    until(lambda: ask.get("lines").json["lines"][0]["is_humanitarian"], "the line")
    assert ask.get(f"export/areas.geojson?{SPAN}").json["features"] == []
    assert b"Placemark" not in ask.get(f"export/areas.kml?{SPAN}").octets


def test_only_the_own_sides_tracks_are_in_any_file(desk: RunningDesk, ask: Asker) -> None:
    now_ms = desk.room.now_ms()
    for step in range(3):
        at_ms = now_ms - 60_000 + step * 20_000
        movers = [
            Mover(
                id=f"secret-{side}",
                kind="ship",
                side=side,
                lon_deg=20 + step,
                lat_deg=57,
                at_ms=at_ms,
                name=f"NAME {side}",
            )
            for side in ("own", "other", "neutral", "unknown")
        ]
        desk.do(partial(desk.room.picture.take_movers, movers, now_ms))
    answer = ask.get("export/tracks.geojson")
    (feature,) = answer.json["features"]
    assert feature["properties"]["id"] == "secret-own"
    assert feature["geometry"] == {
        "type": "LineString",
        "coordinates": [[20.0, 57.0], [21.0, 57.0], [22.0, 57.0]],
    }
    for path in (
        "export/tracks.geojson",
        "export/entries.csv",
        f"export/areas.geojson?{SPAN}",
        f"export/areas.kml?{SPAN}",
    ):
        text = ask.get(path).octets.decode()
        for side in ("other", "neutral", "unknown"):
            assert f"secret-{side}" not in text
            assert f"NAME {side}" not in text
