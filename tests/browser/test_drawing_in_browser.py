"""Tools, overlays, the site's own map and its settlements in a real browser, by keys alone where somebody draws."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.looking import grave_findings
from tests.browser.scenes import evening, line, me
from tests.browser.small_map import small_map
from tests.browser.stand import Stand, now_ms, served
from tests.browser.test_picture_in_browser import PHONE, WIDE, Opened, text

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("built_pages")]


@pytest.fixture
def stand() -> Iterator[Stand]:
    documents, picture = evening(120)
    made = Stand(documents, me("releaser"))
    made.first_picture = picture
    with served(made):
        yield made


@pytest.fixture
def open_page(browser: Any, stand: Stand) -> Iterator[Any]:
    opened: list[Opened] = []

    def opener(size: dict[str, int] = WIDE, **more: str) -> Opened:
        opened.append(Opened(browser, stand, size, **more))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_distance_and_a_circle_are_measured_by_keys_alone(open_page: Any) -> None:
    page = open_page().ready()
    press(page, "g")
    page.wait_for_selector(".map:focus")
    page.wait_for_selector(".tool-panel [role=status]:has-text('′N')", state="attached")  # the cross is announced
    press(page, "Enter", "ArrowRight", "ArrowRight", "ArrowUp", "Enter")
    page.wait_for_selector(".measured[role=status]:has-text('NM')")
    assert page.locator(".corners li").count() == 2
    press(page, "Backspace")
    page.wait_for_selector(".corners li:nth-child(2)", state="detached")
    press(page, "ArrowLeft", "Enter", "Enter")
    page.wait_for_selector(".corners", state="detached")
    assert "NM" in text(page, ".measured")
    assert grave_findings(page) == []
    press(page, "r", "Enter")
    page.fill(".tool-radius", "3")
    press(page, "Enter")
    page.wait_for_selector(".measured:has-text('3.00 NM')")
    press(page, "Escape")
    page.wait_for_selector(".tool-panel", state="detached")
    page.focus(".map")
    press(page, "ArrowRight")  # without a tool the arrows move the map as ever
    page.wait_for_selector(".cross", state="detached")


def test_an_area_is_drawn_by_typed_coordinates_and_becomes_a_notice(open_page: Any) -> None:
    page = open_page().ready()
    press(page, "p")
    field = page.locator(".tool-position")
    field.fill("somewhere")
    press(page, "Enter")
    page.wait_for_selector(".tool-panel [role=alert]")
    for position in ("58 30 N 019 00 E", "58 30 N 020 00 E", "58 00 N 020 00 E"):
        field.fill(position)
        press(page, "Enter")
    page.wait_for_selector(".corners li:nth-child(3)")
    page.click(".tool-panel button:has-text('Done')")
    page.wait_for_selector(".drawn-area button:focus:has-text('Announce as danger area')")
    press(page, "Enter")
    page.wait_for_selector("main.page")
    drawn = json.loads(page.evaluate("new URLSearchParams(location.hash.split('?')[1]).get('area')"))
    assert drawn["coordinates"][0] == [[19.0, 58.5], [20.0, 58.5], [20.0, 58.0], [19.0, 58.5]]


KML = """<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>
<name>Shoal</name><Style><IconStyle><Icon><href>http://elsewhere.example/icon.png</href></Icon></IconStyle></Style>
<Point><coordinates>20.5,58.25,3</coordinates></Point></Placemark></Document></kml>"""


def test_an_overlay_is_loaded_listed_hidden_and_deleted(stand: Stand, open_page: Any) -> None:
    features = {"type": "Feature", "properties": {"name": "Fairway <b>"}, "geometry": {
        "type": "LineString", "coordinates": [[19, 58, 0], [20, 58.5, 0]]}}  # fmt: skip
    page = open_page(where="#/overlays").page
    page.wait_for_selector("text=No overlay is kept.")
    assert grave_findings(page) == []
    page.set_input_files("#overlay-file", {"name": "no.json", "mimeType": "application/json", "buffer": b"{}"})
    page.click("button:has-text('Keep and show it')")
    page.wait_for_selector("[role=alert]:has-text('no point, line or area')")
    page.set_input_files(
        "#overlay-file",
        {"name": "lane.geojson", "mimeType": "application/json", "buffer": json.dumps(features).encode()},
    )
    page.fill("#overlay-name", "north/lane".replace("/", " "))
    page.fill("#overlay-claim", "Westland: its fairway")
    page.click("button:has-text('Keep and show it')")
    page.wait_for_selector("text=1 feature is kept")
    method, path, body = stand.told[-1]
    assert (method, path) == ("PUT", "overlays/north%20lane")
    assert body["features"][0]["geometry"]["coordinates"] == [[19, 58], [20, 58.5]]
    assert body["features"][0]["properties"]["claim"] == "Westland: its fairway"
    page.set_input_files("#overlay-file", {"name": "shoal.kml", "mimeType": "text/xml", "buffer": KML.encode()})
    page.click("button:has-text('Keep and show it')")
    page.wait_for_selector("text=shoal: 1 feature is kept")
    assert stand.told[-1][2]["features"][0]["geometry"] == {"type": "Point", "coordinates": [20.5, 58.25]}
    stand.documents["overlays"] = {"overlays": [{"name": "north lane", "features": body}]}
    stand.send("news", {"topics": ["shelf"]})
    page.wait_for_selector("article h2:has-text('north lane')")
    page.click("summary")
    assert "Fairway <b>" in text(page, "article table")
    assert "Westland: its fairway" in text(page, "article table")
    page.click("article th button:has-text('Claim')")
    page.wait_for_selector("article th[aria-sort=ascending]:has-text('Claim')")
    page.uncheck("article input[type=checkbox]")
    page.goto(f"{stand.address}/#/")
    page.wait_for_selector("canvas.painted", state="attached")
    press(page, "l")
    assert not page.is_checked(".overlay-choices input")
    page.goto(f"{stand.address}/#/overlays")
    page.click("article button:has-text('Delete')")
    page.click("article button:has-text('Yes, delete north lane')")
    while stand.told[-1][:2] != ("DELETE", "overlays/north%20lane"):
        page.wait_for_timeout(50)  # the test's own patience ends a vain wait


@pytest.mark.prove
def test_a_viewer_may_look_at_overlays_and_load_none(stand: Stand, open_page: Any) -> None:
    stand.me = me("viewer")
    page = open_page(where="#/overlays").page
    page.wait_for_selector("text=No overlay is kept.")
    assert page.locator("#overlay-file").count() == 0


@pytest.mark.prove
def test_the_sites_own_map_is_fetched_piece_by_piece_from_the_node_alone(stand: Stand, open_page: Any) -> None:
    stand.map = small_map()
    stand.me = {**me("viewer"), "map": "/api/v1/map.pmtiles"}
    page = open_page().ready()
    press(page, "l")
    page.wait_for_selector('.layers label:has-text("Site\'s own map")')
    page.uncheck('.layers label:has-text("Site\'s own map") input')
    page.check('.layers label:has-text("Site\'s own map") input')
    page.wait_for_timeout(500)
    assert page.locator(".map-notes .trouble").count() == 0
    assert stand.pieces
    assert all(last < 200_000 for _, last in stand.pieces)


@pytest.mark.prove
def test_a_map_of_the_site_that_cannot_be_read_is_said_and_hides_nothing(stand: Stand, open_page: Any) -> None:
    stand.map = b"no map at all" * 50
    stand.me = {**me("viewer"), "map": "/api/v1/map.pmtiles"}
    page = open_page().ready()
    page.wait_for_selector(".map-notes .trouble:has-text('own map could not be shown')")


def test_the_sites_sign_in_is_offered_only_where_there_is_one(stand: Stand, open_page: Any) -> None:
    stand.is_signed_in = False
    page = open_page().page
    page.wait_for_selector("text=Sign in with a passkey")
    page.wait_for_timeout(300)
    assert page.locator("text=Sign in through the site").count() == 0
    stand.has_oidc = True
    page.reload()
    page.wait_for_selector("text=Sign in through the site")


@pytest.mark.prove
def test_training_is_said_once_where_all_is_training_and_by_name_where_not(stand: Stand, open_page: Any) -> None:
    stand.documents["lines"]["lines"] = [line(now_ms(), name="drill", is_training=True)]
    page = open_page().ready()
    page.wait_for_selector(".training-strip:has-text('nothing here is meant in earnest')")
    press(page, "3")
    assert page.locator(".training").count() == 1
    stand.documents["lines"]["lines"].append(line(now_ms(), name="baltic", line="cd" * 16))
    stand.send("news", {"topics": ["lines"]})
    page.wait_for_selector(".training-strip:has-text('TRAINING is on: drill')")
    assert text(page, ".line-chip:has-text('drill')").startswith("TRAINING")
    assert "TRAINING" not in text(page, ".line-chip:has-text('baltic')")


@pytest.mark.prove
def test_files_to_take_along_are_listed_with_why_one_is_not_offered(open_page: Any) -> None:
    page = open_page().ready()
    page.click(".exports summary")
    assert "from_ms=" in page.get_attribute(".exports a:has-text('Announced areas')", "href")
    assert "pip install" in text(page, ".exports li:has-text('Parquet')")
    assert page.locator(".exports a").count() == 3
    assert grave_findings(page) == []


@pytest.mark.prove
@pytest.mark.parametrize("frame", ["neutral", "suspect", "hostile"])
def test_the_site_settles_the_frame_of_the_other_side(stand: Stand, open_page: Any, frame: str) -> None:
    stand.me = {**me("viewer"), "other_side": frame}
    page = open_page().ready()
    press(page, "l")
    canvases = page.locator(".layers .choices >> nth=0 >> canvas")
    pictures = canvases.evaluate_all("all => all.map(one => one.toDataURL())")
    assert len(set(pictures)) == 4  # each side has a look of its own


@pytest.mark.prove
def test_the_tool_panel_fits_a_phone(open_page: Any) -> None:
    page = open_page(PHONE).ready()
    press(page, "g")
    page.wait_for_selector(".tool-panel")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    assert grave_findings(page) == []
