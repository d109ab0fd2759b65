"""The record, drafts, incidents, contacts, people in a real browser: hostile texts, roles, phone, themes, languages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.canned_desk import CannedDesk
from tests.browser.canned_record import HOSTILE, RLO, furnish, line
from tests.browser.looking import grave_findings, overflow_px, sitting_at
from tests.browser.officers import Officer

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("built_pages")]
THEIRS = "#/record/baltic/east%2F7"
PAGES = {
    "#/record": "Record",
    "#/record/baltic/west%2F4": "Exercise Northern Birch",
    "#/record/baltic/east%2F12": "text",
    "#/drafts": "Drafts",
    "#/owed": "Owed",
    "#/incidents": "Incidents",
    "#/contacts": "Contacts",
    "#/handover": "Hand-over",
    "#/compose": "Write a notice",
}
KEEPERS = {"#/people": "People", "#/trail": "Trail of acts"}


def settled(officer: Officer, hash_: str, title: str) -> Any:
    """Open a page and wait until nothing on it is being loaded."""
    page = officer.open(hash_, title)
    page.locator(".frame").wait_for()
    page.get_by_text("Loading", exact=True).wait_for(state="detached")
    return page


def test_hostile_texts_are_shown_as_what_they_are(officer: Officer) -> None:
    page = officer.open(THEIRS, HOSTILE.replace(RLO, "[U+202E]"))
    assert page.title().startswith("Exercise [U+202E]hcriB")
    page = settled(officer, "#/record", "Record")
    shown = page.get_by_role("link", name="<img src=x onerror=alert(1)> =1+1")
    assert RLO not in shown.inner_text()
    assert shown.locator(".unseen").all_inner_texts() == ["U+202E", "U+202E"]
    assert page.locator("main img").count() == 0
    assert shown.evaluate("one => getComputedStyle(one.querySelector('.said')).unicodeBidi") == "isolate"


def test_ten_thousand_characters_stay_within_the_page(browser: Any, desk: CannedDesk) -> None:
    for width in (390, 1280):
        officer = sitting_at(browser, desk, width=width)
        page = settled(officer, "#/record/baltic/east%2F12", "text")
        assert len(page.locator(".said-text").first.inner_text()) > 9_000
        assert overflow_px(page) <= 0
        officer.close()


def test_how_far_each_entry_came_is_said_in_words(officer: Officer) -> None:
    page = settled(officer, "#/record", "Record")
    states = {
        page.get_by_role("listitem")
        .filter(has=page.locator(".row-ref", has_text=ref))
        .locator(".state")
        .inner_text()
        for ref in ("west/4", "west/8", "west/9")
    }
    assert {" ".join(one.split()) for one in states} == {"east read", "east answered", "east delivered"}
    old = page.get_by_role("listitem").filter(has=page.locator(".row-ref", has_text="west/2"))
    assert "corrected by west/4" in old.inner_text()


def test_a_search_stands_in_the_address_and_is_asked_of_the_desk(officer: Officer, desk: CannedDesk) -> None:
    page = settled(officer, "#/record", "Record")
    page.get_by_label("Words in it").fill("patrol")
    page.get_by_text("2 entries").wait_for()
    assert "text=patrol" in page.url
    page.get_by_label("Said by").select_option("east")
    page.get_by_text("1 entry", exact=True).wait_for()
    page.reload()
    page.get_by_text("1 entry", exact=True).wait_for()
    assert page.get_by_label("Words in it").input_value() == "patrol"
    page.get_by_label("From (UTC)").fill("yesterday")
    page.get_by_text("Write it as 2030, 2030-05, 2030-05-01.").wait_for()
    page.get_by_role("link", name="Show everything").click()
    page.get_by_text("10 entries").wait_for()


def test_an_entry_stands_in_both_languages_with_whose_clock(officer: Officer) -> None:
    page = settled(officer, "#/record/baltic/west%2F4", "Exercise Northern Birch")
    assert page.get_by_role("region", name="English").get_by_text("MILITARY ACTIVITY").is_visible()
    assert page.get_by_role("region", name="Русский").get_by_text("ВОЕННАЯ ДЕЯТЕЛЬНОСТЬ").is_visible()
    text = page.locator("main").inner_text()
    for words in (
        "by the clock of west",
        "by the clock of east",
        "by our clock",
        "east: read – east/6 (in time)",
    ):
        assert words in text
    assert page.get_by_role("link", name="Save").first.get_attribute("href") == (
        "/api/v1/entries/baltic/west%2F4/content/0"
    )
    page.get_by_text("Proof and raw document").click()
    assert "cd" * 32 in page.locator("pre.raw").inner_text()
    assert page.get_by_role("img", name="around 69°15.0′N 030°45.0′E").count() == 1
    assert (
        page.get_by_role("link", name="Print").get_attribute("href")
        == "/api/v1/print/baltic/west%2F4?language=en"
    )


@pytest.mark.parametrize(
    ("role", "seen", "unseen"),
    [
        ("viewer", [], ["Write a notice", "Release with my passkey", "Change", "Discard"]),
        ("drafter", ["Write a notice", "Change", "Discard"], ["Release with my passkey"]),
        ("releaser", ["Write a notice", "Release with my passkey", "Change", "Discard"], []),
        ("keeper", [], ["Write a notice", "Release with my passkey", "Change", "Discard"]),
    ],
)
def test_each_role_is_offered_what_it_may_do_only(
    browser: Any, desk: CannedDesk, role: str, seen: list[str], unseen: list[str]
) -> None:
    furnish(desk, role)
    officer = sitting_at(browser, desk)
    page = settled(officer, "#/drafts", "Drafts")
    page.get_by_role("article", name="Exercise Northern Birch").wait_for()
    main = page.locator("main.page, main").first

    def offered(name: str) -> int:
        return int(main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name)).count())

    assert [name for name in seen if not offered(name)] == []
    assert [name for name in unseen if offered(name)] == []
    page = settled(officer, THEIRS, "Exercise")
    page.get_by_text("Documents").wait_for()
    replies = page.get_by_role("link", name="Understood").count()
    assert replies == (1 if role in {"drafter", "releaser"} else 0)
    officer.close()


def test_a_machines_draft_is_marked_and_who_released_is_told(officer: Officer) -> None:
    page = settled(officer, "#/drafts", "Drafts")
    machine = page.get_by_role("article", name="Close approach of a patrol aircraft")
    assert machine.get_by_text("drafted by a machine: coast watch").is_visible()
    person = page.get_by_role("article", name="Exercise Northern Birch")
    assert person.locator(".officers li").all_inner_texts() == [
        "● released by Anna Berg",
        "○ waits for an officer",
    ]


def test_a_draft_is_discarded_only_when_a_person_means_it(officer: Officer, desk: CannedDesk) -> None:
    desk.on("DELETE", "drafts/" + "a" * 32, lambda _query, _body: desk.get("drafts", {"drafts": []}))
    page = settled(officer, "#/drafts", "Drafts")
    draft = page.get_by_role("article", name="Exercise Northern Birch")
    draft.get_by_role("button", name="Discard").click()
    draft.get_by_role("button", name="Keep it").click()
    assert desk.bodies("DELETE", "drafts/" + "a" * 32) == []
    draft.get_by_role("button", name="Discard").click()
    draft.get_by_role("button", name="Discard it").click()
    page.get_by_text("No draft waits.").wait_for()
    assert len(desk.bodies("DELETE", "drafts/" + "a" * 32)) == 1


def test_what_two_accounts_differ_in_is_marked(officer: Officer) -> None:
    page = settled(officer, "#/incidents", "Incidents")
    page.get_by_text("The accounts differ in 3 facts.").wait_for()
    rows = page.locator("tr.differs").all_inner_texts()
    assert [one.split("\t")[0] for one in rows] == ["Happened at", "Position", "Least distance, m"]
    assert "differ by 15 min" in rows[0]
    assert page.get_by_text("The frigate turned towards the aircraft").count() == 1
    page = settled(officer, "#/contacts", "Contacts")
    page.get_by_text("The accounts differ in 1 fact.").wait_for()
    assert page.locator("tr.differs").inner_text().startswith("Began at")


def test_what_is_owed_stands_by_its_day_with_its_article(officer: Officer) -> None:
    page = settled(officer, "#/owed", "Owed")
    page.get_by_role("heading", name="20 Mar 2030").wait_for()
    text = page.locator("main").inner_text()
    assert "VD11, paragraph 38, 40.1" in text
    assert "Just under a threshold:" in text
    assert "breach" in text  # only to say that nothing is called one


def test_the_hand_over_has_what_is_open_and_prints(officer: Officer) -> None:
    page = settled(officer, "#/handover?from=2029-12-26T08:00Z&until=2029-12-26T16:00Z", "Hand-over")
    page.get_by_text("east has been silent for 12 minutes").wait_for()
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Show", exact=True).is_visible()
    assert page.get_by_text("Answers owed").is_visible()


def test_a_link_is_shown_once_to_whoever_adds_a_person(browser: Any, desk: CannedDesk) -> None:
    furnish(desk, "keeper")
    officer = sitting_at(browser, desk)
    page = settled(officer, "#/people", "People")
    page.get_by_label("Name", exact=True).first.fill("Maria")
    page.get_by_label("drafter").check()
    page.get_by_role("button", name="Add and show the link").click()
    page.get_by_role("heading", name="Link for Maria").wait_for()
    assert page.locator("#secret").input_value() == f"{desk.origin}/#/enrol/one-time-code"
    assert desk.bodies("POST", "people") == [{"name": "Maria", "roles": ["viewer", "drafter"], "outsider": ""}]
    page.get_by_role("button", name="I have it").click()
    assert page.locator("#secret").count() == 0
    assert RLO not in page.locator("main").inner_text()
    officer.close()


def test_trouble_of_the_desk_is_said_and_what_was_there_stays(officer: Officer, desk: CannedDesk) -> None:
    desk.answers.pop(("GET", "obligations"))
    page = officer.open("#/owed", "Owed")
    page.get_by_role("alert").filter(has_text="a route of this desk").wait_for()


@pytest.mark.parametrize("theme", ["day", "dusk", "night"])
def test_no_page_has_a_grave_finding_of_axe(browser: Any, desk: CannedDesk, theme: str) -> None:
    officer = sitting_at(browser, desk, theme=theme)
    for hash_, title in PAGES.items():
        page = settled(officer, hash_, title)
        assert (hash_, grave_findings(page)) == (hash_, [])
    officer.close()
    furnish(desk, "keeper")
    officer = sitting_at(browser, desk, theme=theme)
    for hash_, title in KEEPERS.items():
        assert (hash_, grave_findings(settled(officer, hash_, title))) == (hash_, [])
    officer.close()


@pytest.mark.parametrize("width", [390, 640])
def test_no_page_is_wider_than_a_phone_or_at_twice_the_size(browser: Any, desk: CannedDesk, width: int) -> None:
    officer = sitting_at(browser, desk, width=width)
    for hash_, title in PAGES.items():
        page = settled(officer, hash_, title)
        assert (hash_, overflow_px(page)) == (hash_, min(0, overflow_px(page)))
    officer.close()


def test_training_is_said_once_on_every_page_of_a_training_line(browser: Any, desk: CannedDesk) -> None:
    furnish(desk, "releaser", lines=[line("drill", is_training=True)])
    desk.get("entries/training-drill/west/4", desk.answers["GET", "entries/baltic/west/4"]({}, None))
    officer = sitting_at(browser, desk)
    for hash_, title in (
        ("#/record/training-drill/west%2F4", "Exercise Northern Birch"),
        ("#/handover", "Hand-over"),
        ("#/record?line=training-drill", "Record"),
    ):
        page = officer.open(hash_, title)
        page.get_by_text("TRAINING: nothing here is meant in earnest").wait_for()
        assert page.locator(".training").count() == 1
        assert page.title().startswith("TRAINING")
        page.emulate_media(media="print")
        assert page.get_by_text("TRAINING: nothing here is meant in earnest").is_visible()
        page.emulate_media(media="screen")
    officer.close()


def test_the_pages_speak_russian(browser: Any, desk: CannedDesk) -> None:
    officer = sitting_at(browser, desk, language="ru")
    page = officer.open("#/incidents", "Инциденты")
    page.get_by_text("Изложения сторон расходятся в 3 фактах.").wait_for()
    page = officer.open("#/drafts", "Проекты")
    page.get_by_text("ждёт разрешения офицера").first.wait_for()
    officer.close()
