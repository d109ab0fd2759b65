"""The picture in a real browser, before a stand-in for the desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.looking import grave_findings
from tests.browser.scenes import evening, me
from tests.browser.stand import Stand, now_ms, served

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("built_pages")]
WIDE, PHONE = {"width": 1440, "height": 860}, {"width": 390, "height": 844}


@pytest.fixture
def stand() -> Iterator[Stand]:
    documents, picture = evening(120)
    made = Stand(documents, me("releaser"))
    made.first_picture = picture
    with served(made):
        yield made


class Opened:
    """A page, and what it must never do: ask elsewhere, break its own rules, fail."""

    def __init__(
        self, browser: Any, stand: Stand, size: dict[str, int], locale: str = "en-GB", where: str = ""
    ) -> None:
        self.context = browser.new_context(viewport=size, locale=locale)
        self.page = self.context.new_page()
        self.outside: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda one: self._asked(one.url, stand.address))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._said)
        self.page.goto(f"{stand.address}/{where}")

    def _asked(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.outside.append(url)

    def _said(self, message: Any) -> None:
        # the stand-in has no documents for the pages beside the picture
        is_missing = "404" in message.text or "401" in message.text
        if message.type == "error" and not is_missing:
            self.wrong.append(message.text)

    def ready(self) -> Any:
        """Wait for the map with its movers; returns the page."""
        self.page.wait_for_selector("canvas.painted[data-movers]:not([data-movers='0'])", state="attached")
        return self.page

    def close(self) -> None:
        """Close, and say what was wrong: a breach of the content security policy is an error of the console."""
        self.context.close()
        assert self.outside == []
        assert self.wrong == []


@pytest.fixture
def open_page(browser: Any, stand: Stand) -> Iterator[Any]:
    opened: list[Opened] = []

    def opener(size: dict[str, int] = WIDE, **more: str) -> Opened:
        opened.append(Opened(browser, stand, size, **more))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def text(page: Any, selector: str) -> str:
    return str(page.inner_text(selector))


def authenticator(page: Any) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_person_enrols_signs_out_and_signs_in_with_the_passkey(stand: Stand, open_page: Any) -> None:
    stand.is_signed_in = False
    opened = open_page(where="#/enrol/good-code")
    authenticator(opened.page)
    opened.page.wait_for_selector("text=This link is for A. Watch")
    opened.page.click("text=Make the passkey")
    page = opened.ready()
    made = next(body for _, path, body in stand.told if path == "enrol/finish")
    assert made["code"] == "good-code"
    assert made["credential"]["response"]["attestationObject"]
    page.click(".brand")
    page.click("text=Sign out")
    page.wait_for_selector("text=Sign in with a passkey")
    page.click("text=Sign in with a passkey")
    opened.ready()
    given = next(body for _, path, body in stand.told if path == "sign-in/finish")
    assert given["credential"]["response"]["signature"]


def test_a_link_that_is_no_good_says_so(stand: Stand, browser: Any) -> None:
    stand.is_signed_in = False
    opened = Opened(browser, stand, WIDE, where="#/enrol/another")
    opened.page.wait_for_selector("[role=alert]")
    assert "Ask for a new link." in text(opened.page, "[role=alert]")
    assert opened.page.is_disabled("button.main")
    opened.context.close()
    assert opened.outside == []


def test_the_first_picture_shows_movers_lists_line_and_feeds(open_page: Any) -> None:
    page = open_page().ready()
    assert "baltic" in text(page, ".line-chip")
    assert "1,043 delivered" in text(page, ".line-chip")
    assert text(page, ".mode strong") == "LIVE"
    assert "AIS good" in text(page, ".feed-bar")
    assert "VARMA own × BUK-2 other side" in text(page, ".encounter.alarm .encounter-head")
    page.click("[role=tab]:has-text('Tracks')")
    assert "120 tracks" in text(page, ".tracks-head")
    page.click("[role=tab]:has-text('Areas')")
    assert "D-17 gunnery" in text(page, "#list-shown")
    page.click("[role=tab]:has-text('Notices')")
    assert "east: held" in text(page, "#list-shown")


def test_an_alarm_is_acknowledged_by_itself_with_a_note_and_clears(stand: Stand, open_page: Any) -> None:
    page = open_page().ready()
    assert "1 ALARM · 1 WARNING" in text(page, ".alarm-count")
    page.keyboard.press("a")
    page.wait_for_selector("dialog[open]")
    page.keyboard.type("seen by radar")
    page.keyboard.press("Enter")
    page.wait_for_selector(".alarm-item.seen.alarm")
    method, path, body = stand.told[-1]
    assert (method, body["note"], body["count"]) == ("POST", "seen by radar", 1)
    assert path.startswith("alarms/encounter%3A")
    assert text(page, ".alarm-count") == "1 WARNING"
    assert "acknowledged, goes on" in text(page, ".alarm-item.seen.alarm")
    assert "Acknowledged by A. Watch" in text(page, ".alarm-item.seen.alarm")
    # what is over and was not acknowledged stays until somebody does, then leaves the list
    assert "over, not acknowledged" in text(page, ".alarm-item.open.warning")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=No alarm", state="visible")
    page.wait_for_selector(".alarm-item.warning", state="detached")
    page.click("text=Show closed ones too")
    assert "closed" in text(page, ".alarm-item.warning")


def test_an_alarm_that_rises_is_there_at_once_and_silence_is_not_acknowledgement(
    stand: Stand, open_page: Any
) -> None:
    page = open_page().ready()
    page.click("h2:has-text('Alarms')")  # a touch lets the page make sound
    page.wait_for_selector("[role=status]:has-text('An alarm sounds: ALARM')", state="attached")
    page.keyboard.press("m")
    page.wait_for_selector(".top-buttons button:has-text('Silent for')")
    page.wait_for_selector("[role=status]:has-text('An alarm sounds')", state="detached")
    assert page.locator(".alarm-item.open").count() == 2
    stand.documents["alarms"]["alarms"][0]["priority"] = "emergency"
    stand.send("alarms", {"silenced_until_ms": None, "unacknowledged": 2})
    page.wait_for_selector(".alarm-count.emergency")
    page.wait_for_selector("[role=status]:has-text('An alarm sounds: EMERGENCY')", state="attached")
    stand.documents["alarms"]["alarms"][0].update(state="rectified-unacknowledged")
    stand.send("alarms", {"silenced_until_ms": None, "unacknowledged": 2})
    page.wait_for_selector(".alarm-item.emergency:has-text('over, not acknowledged')")


def test_no_data_is_as_loud_as_an_alarm(stand: Stand, open_page: Any) -> None:
    page = open_page().ready()
    assert page.locator(".worries").count() == 0
    feeds = [{**one, "state": "down", "last_ms": now_ms() - 300_000} for one in stand.first_picture["feeds"]]
    stand.documents["lines"]["lines"][0]["parties"][0]["state"] = "silent"
    stand.send("picture", {"number": 2, "movers": [], "gone": [], "encounters": None, "feeds": feeds})
    stand.send("news", {"topics": ["lines"]})
    page.wait_for_selector(".worries:has-text('Feed AIS is DOWN')")
    page.wait_for_selector(".worries:has-text('east is SILENT')")
    page.wait_for_selector(".line-chip.alarm")
    stand.clock_every_s = 600
    stand.send("clock", {"now_ms": now_ms(), "node_answers": True})
    page.wait_for_selector(".mode.stale", timeout=40_000)
    assert "No alarm would reach you" in text(page, ".worries")
    assert page.title().startswith("STALE")
    assert page.get_attribute(".worries", "role") == "alert"


def test_a_session_that_ended_gives_way_to_the_sign_in(stand: Stand, open_page: Any) -> None:
    page = open_page().ready()
    stand.is_signed_in = False
    stand.send("news", {"topics": ["entries"]})
    page.wait_for_selector("text=Your session ended.")


def test_the_filters_of_the_map_hide_movers_and_no_alarm_and_stand_in_the_address(
    stand: Stand, open_page: Any
) -> None:
    page = open_page().ready()
    page.keyboard.press("l")
    for side in ("other side", "neutral", "unknown"):
        page.uncheck(f".layers label:has-text('{side}') >> nth=0")
    page.wait_for_selector(".filter-line:has-text('hide')")
    assert "f=own" in page.evaluate("location.hash")
    assert page.locator(".alarm-item.open").count() == 2
    before = page.evaluate("location.hash")
    page.reload()
    page.wait_for_selector(".filter-line:has-text('hide')")
    assert page.evaluate("location.hash").split("&view=")[0] == before.split("&view=")[0]


def test_everything_is_reached_by_keys_alone(open_page: Any) -> None:
    page = open_page().ready()
    page.keyboard.press("4")
    assert page.evaluate("document.activeElement.id") == "tab-tracks"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-areas"
    page.keyboard.press("4")
    page.focus("[data-row='0']")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("[data-row='1']:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector(".selected.panel")
    page.keyboard.press("Escape")
    page.wait_for_selector(".selected.panel", state="detached")
    page.keyboard.press("/")
    page.keyboard.type("varma")  # letters of commands do nothing while one types
    page.keyboard.press("Enter")
    page.wait_for_selector(".selected.panel:has-text('VARMA')")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]:has-text('Keys')")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")


def test_a_key_can_be_changed_and_is_kept(open_page: Any) -> None:
    page = open_page().ready()
    page.keyboard.press("?")
    page.click("tr:has-text('Day, dusk, night') button")
    page.keyboard.press("a")
    assert "taken" in text(page, "tr:has-text('Day, dusk, night') .trouble")
    page.click("tr:has-text('Day, dusk, night') button")
    page.keyboard.press("x")
    page.reload()
    page.wait_for_selector("canvas.painted[data-movers]", state="attached")
    before = page.get_attribute("html", "data-theme")
    page.keyboard.press("x")
    assert page.get_attribute("html", "data-theme") != before


def test_a_replay_goes_through_the_past_and_says_so(open_page: Any) -> None:
    page = open_page().ready()
    page.keyboard.press("[")
    page.wait_for_selector(".mode.replay")
    page.wait_for_selector("canvas.painted[data-movers]:not([data-movers='0'])", state="attached")
    assert text(page, ".mode strong") == "REPLAY"
    begun = page.get_attribute(".mode time", "datetime")
    page.click("button:has-text('60×')")
    page.wait_for_function("begun => document.querySelector('.mode time').dateTime > begun", arg=begun)
    assert "time=" in page.evaluate("location.hash")
    page.click("text=Back to live")
    page.wait_for_selector(".mode.live")


def test_an_area_drawn_on_the_map_becomes_a_notice(open_page: Any) -> None:
    page = open_page().ready()
    page.keyboard.press("p")
    box = page.locator(".map").bounding_box()
    for x, y in ((300, 300), (420, 300), (420, 420), (300, 300)):
        page.mouse.click(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(400)  # two clicks within less are one double click
    page.click("text=Announce as danger area")
    page.wait_for_selector("main.page")
    query = page.evaluate("new URLSearchParams(location.hash.split('?')[1]).get('area')")
    drawn = json.loads(query)
    assert drawn["type"] == "Polygon"
    assert len(drawn["coordinates"][0]) == 4


@pytest.mark.parametrize("theme", ["day", "dusk", "night"])
def test_each_theme_passes_axe_and_is_worn_by_the_map(open_page: Any, theme: str) -> None:
    page = open_page().ready()
    while page.get_attribute("html", "data-theme") != theme:
        page.keyboard.press("d")
    assert grave_findings(page) == []


def test_each_list_passes_axe(open_page: Any) -> None:
    page = open_page().ready()
    page.keyboard.press("l")
    for tab in "2345":
        page.keyboard.press(tab)
        assert grave_findings(page) == []


def test_a_phone_shows_one_part_at_a_time_and_nothing_runs_over(open_page: Any) -> None:
    page = open_page(PHONE).ready()
    for part, selector in (
        ("Map", ".map"),
        ("Alarms", ".alarm-panel"),
        ("Lists", ".lists"),
        ("Time", ".timeline"),
    ):
        page.click(f".pane-choice button:has-text('{part}')")
        assert page.is_visible(selector)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
        assert grave_findings(page) == []


def test_the_whole_picture_is_there_at_twice_the_size(open_page: Any) -> None:
    page = open_page({"width": 720, "height": 430}).ready()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 720
    page.click(".pane-choice button:has-text('Alarms')")
    assert page.is_visible("text=VARMA (own) and BUK-2")


def test_russian_is_spoken_everywhere_with_its_own_figures(open_page: Any) -> None:
    page = open_page(locale="ru-RU").ready()
    assert page.get_attribute("html", "lang") == "ru"
    assert "доставлено 1\u202f043" in text(page, ".line-chip")
    assert "СЕЙЧАС" in text(page, ".mode")
    page.keyboard.press("4")
    assert "120 объектов" in text(page, ".tracks-head")
    page.click("[data-row='0']")
    assert "с. ш." not in text(page, ".selected")
    assert "′С" in text(page, ".selected")
    page.click(".brand")
    page.click("text=English")
    page.wait_for_selector(".mode:has-text('LIVE')")
    assert "1,043 delivered" in text(page, ".line-chip")


def test_a_viewer_is_offered_nothing_that_it_may_not_do(stand: Stand, open_page: Any) -> None:
    stand.me = me("viewer")
    page = open_page().ready()
    for offered in ("Acknowledge", "Silence 30 s", "Draft notice"):
        assert page.locator(f"button:has-text('{offered}'), a:has-text('{offered}')").count() == 0
    assert page.locator(".map-tools button:has-text('Area')").count() == 0
    page.keyboard.press("a")
    assert page.locator("dialog[open]").count() == 0


def test_what_the_other_side_wrote_is_text_and_nothing_else(stand: Stand, open_page: Any) -> None:
    attack = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    stand.first_picture["movers"][0]["name"] = attack
    stand.documents["areas"]["areas"][0]["title"] = attack
    stand.documents["alarms"]["alarms"][0]["sentence"] = attack
    stand.documents["entries"]["rows"][0]["title"] = attack
    page = open_page().ready()
    for tab in "12345":
        page.keyboard.press(tab)
    assert attack in text(page, ".alarm-item.open >> nth=0")
    assert page.locator("img").count() == 0
