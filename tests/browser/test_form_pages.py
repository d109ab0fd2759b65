"""The form of a notice in a real browser: every bad input told at its field, both languages, keyboard alone, phone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.canned_desk import CannedDesk
from tests.browser.canned_record import drafts
from tests.browser.looking import grave_findings, overflow_px, sitting_at
from tests.browser.officers import Officer

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300), pytest.mark.usefixtures("built_pages")]
EXERCISE = "#/compose/exercise?line=baltic"
AUTHOR = "Who says it, its number, references and sources"


def until_fault(page: Any, field: str, words: str = "") -> None:
    """Wait until a fault with these words stands at a field."""
    page.locator(f"#field-{field}-faults").filter(has_text=words).wait_for()


BAD: dict[str, tuple[str, str, str]] = {
    "a moment in words": ("period-start", "tomorrow", "2018-04-04"),
    "a day that is not": ("period-start", "2030-02-30", "2030-02-30"),
    "a time without its zone": ("period-start", "2030-05-01T06:00", "2030-05-01T06:00"),
    "a subject of several lines' length": ("title", "x" * 301, "300"),
    "a subject with a hidden character": ("title", "Exercise \u202ehcriB", "202E"),
    "an activity that is no short name": ("activity", "Northern Birch!", "Northern Birch!"),
    "a formula": ("activity", '=HYPERLINK("http://x")', "HYPERLINK"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_input_is_told_at_its_field(officer: Officer, name: str) -> None:
    field, typed, words = BAD[name]
    page = officer.open(EXERCISE, "Military activity")
    page.locator(f"#field-{field}").fill(typed)
    page.locator(f"#field-{field}").blur()
    until_fault(page, field, words)
    assert page.locator(f"#field-{field}").get_attribute("aria-invalid") == "true"


FORCES: dict[str, tuple[str, str, str]] = {
    "a state that does not exist": ("state", "XX", "XX"),
    "a number in words": ("troops", "many", "many"),
    "a number below zero": ("troops", "-5", "-5"),
    "a number beyond every army": ("troops", "6,000,000", "6000000"),
    "a fraction of a tank": ("battle_tanks", "2.5", "2.5"),
}


@pytest.mark.parametrize("name", FORCES)
def test_each_bad_number_of_forces_is_told_at_its_field(officer: Officer, name: str) -> None:
    field, typed, words = FORCES[name]
    page = officer.open(EXERCISE, "Military activity")
    page.get_by_role("button", name="Add: Forces").click()
    page.locator(f"#field-forces-0-{field}").fill(typed)
    page.locator(f"#field-forces-0-{field}").blur()
    until_fault(page, f"forces-0-{field}", words)


PLACES = {
    "no letters": "54.5 20.25\n54-30N 021-00E\n54-00N 021-00E",
    "sixty minutes": "54-60N 020-15E\n54-30N 021-00E\n54-00N 021-00E",
    "two corners": "54-30N 020-15E\n54-30N 021-00E",
    "one corner twice": "54-30N 020-15E\n54-30N 020-15E\n54-00N 021-00E",
    "longitude first": "020-15E 54-30N\n54-30N 021-00E\n54-00N 021-00E",
}


@pytest.mark.parametrize("name", PLACES)
def test_each_bad_area_is_told_at_its_field(officer: Officer, name: str) -> None:
    page = officer.open(EXERCISE, "Military activity")
    page.get_by_role("button", name="Add: Area").click()
    page.locator("#field-areas-0-shape").select_option("polygon")
    page.locator("#field-areas-0-shape-ring").fill(PLACES[name])
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("heading", name="To be put right first").wait_for()
    until_fault(page, "areas-0-shape-ring")


def test_all_faults_stand_at_once_and_each_leads_to_its_field(officer: Officer, desk: CannedDesk) -> None:
    page = officer.open(EXERCISE, "Military activity")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("heading", name="To be put right first").wait_for()
    assert page.evaluate("document.activeElement.id") == "form-trouble"
    summary = page.locator("#form-trouble")
    links = summary.get_by_role("button").all_inner_texts()
    assert {"Subject", "Type of activity", "Time"} <= {one.partition(":")[0] for one in links}
    summary.get_by_role("button", name="Subject").click()
    assert page.evaluate("document.activeElement.id") == "field-title"
    summary.get_by_role("button", name="From").first.click()
    assert page.locator("details.margin").get_attribute("open") is not None
    assert desk.bodies("POST", "drafts")  # the desk decides, not the page


def test_a_fresh_form_scolds_nobody(officer: Officer) -> None:
    page = officer.open(EXERCISE, "Military activity")
    page.locator(".compose-aside").get_by_text("missing or wrong").wait_for()
    assert page.locator(".faults").count() == 0


def test_what_was_typed_is_read_back_and_sent_as_the_record_has_it(officer: Officer, desk: CannedDesk) -> None:
    page = officer.open(EXERCISE, "Military activity")
    page.locator("#field-title").fill("Exercise Northern Birch")
    page.locator("#field-activity_type").select_option("field_exercise")
    page.locator("#field-period-start").fill("2030-05-01 06:00Z")
    page.locator("#field-period-start").blur()
    page.get_by_text("2030-05-01 06:00 UTC").wait_for()
    page.locator("#field-single_command").select_option("no")
    page.get_by_role("button", name="Add: Forces").click()
    page.locator("#field-forces-0-state").fill("no")
    page.locator(".echo").get_by_text("Norway", exact=True).wait_for()
    page.locator("#field-forces-0-troops").fill("9 100")
    page.get_by_text(AUTHOR).click()
    page.locator("#field-author-name").fill("Westland Joint Headquarters")
    page.locator("#answer-by").fill("2030-06-01T06:00Z")
    page.locator("#attachments").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"attached"}
    )
    page.get_by_text("text/plain, 8 bytes").wait_for()
    page.locator(".compose-aside").get_by_text("Ready: 2 officers").wait_for()
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("heading", level=1, name="Drafts").wait_for()
    (body,) = desk.bodies("POST", "drafts")
    notice = body["notice"]
    assert notice["forces"] == [{"state": "NO", "troops": 9100}]
    assert (notice["period"], notice["single_command"]) == ({"start": "2030-05-01T06:00Z"}, False)
    assert notice["author"] == {"id": "west", "name": "Westland Joint Headquarters"}
    assert body["attachments"] == [{"media_type": "text/plain", "octets": "YXR0YWNoZWQ="}]
    assert (body["line"], body["answer_by_ms"]) == ("baltic", 1_906_524_000_000)


def test_files_that_are_too_many_or_empty_are_refused_here(officer: Officer) -> None:
    page = officer.open(EXERCISE, "Military activity")
    many = [{"name": f"{one}.txt", "mimeType": "text/plain", "buffer": b"x"} for one in range(17)]
    page.locator("#attachments").set_input_files(many)
    page.get_by_text("At most 16 files go with one notice.").wait_for()
    page.locator("#attachments").set_input_files({"name": "n.txt", "mimeType": "text/plain", "buffer": b""})
    page.get_by_text("n.txt is empty.").wait_for()


def test_obligations_stand_beside_what_is_typed(officer: Officer) -> None:
    page = officer.open(EXERCISE, "Military activity")
    aside = page.locator(".compose-aside")
    aside.get_by_text("Prior notification of certain military activities").wait_for()
    text = aside.inner_text()
    assert "VD11, paragraph 38, 40.1" in text
    assert "troops: 9,100, the threshold is 9,000" in text
    assert "20 Mar 2030" in text
    assert "read in the text itself" in text
    assert "This slips under the threshold: troops 12,700, 300 less than 13,000" in text
    assert "known from public quotations" in text


def test_a_reply_a_correction_and_a_cancellation_begin_with_what_they_are_about(
    officer: Officer, desk: CannedDesk
) -> None:
    page = officer.open("#/compose/reply?line=baltic&reply=east/7&word=question", "Reply")
    page.locator("#field-title").wait_for()
    assert page.locator("#field-answers").input_value() == "east/7"
    assert page.locator("#field-reply").input_value() == "question"
    assert "\u202e" not in page.locator("#field-title").input_value()  # what theirs hides is not carried on
    page.locator("#field-text").fill("Which ships?")
    page.get_by_text(AUTHOR).click()
    page.locator("#field-author-name").fill("Westland")
    page.locator(".compose-aside").get_by_text("Ready").wait_for()
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("heading", level=1, name="Drafts").wait_for()
    assert desk.bodies("POST", "drafts")[-1]["in_reply_to"] == "east/7"
    page = officer.open("#/compose?line=baltic&correct=west/4", "Correction")
    page.locator("#field-corrected-title").wait_for()
    assert page.locator("#field-corrects").input_value() == "west/4"
    assert page.locator("#field-corrected-areas-0-shape-ring").input_value().startswith("69-30N 030-00E\n")
    page = officer.open("#/compose?line=baltic&cancel=west/4", "Cancellation")
    page.locator("#field-cancels").wait_for()
    assert page.locator("#field-cancels").input_value() == "west/4"


def test_an_area_drawn_on_the_picture_stands_in_the_form(officer: Officer) -> None:
    ring = "20.25,54.5;21,54.5;21,54;20.25,54.5"
    page = officer.open(f"#/compose/danger_area?line=baltic&area={ring}", "Danger area")
    page.locator("#field-areas-0-shape-ring").wait_for()
    assert (
        page.locator("#field-areas-0-shape-ring").input_value()
        == "54-30N 020-15E\n54-30N 021-00E\n54-00N 021-00E"
    )


def test_an_encounter_of_the_picture_begins_an_incident(officer: Officer, desk: CannedDesk) -> None:
    encounter = {
        "id": "a b", "a": "a", "b": "b", "side_a": "own", "side_b": "other", "entered_ms": 1_893_000_000_000,
        "closest_distance_m": 411.6, "vertical_m": None, "closest_lon_deg": 20.25, "closest_lat_deg": 54.5,
    }  # fmt: skip
    movers = [{"id": "a", "kind": "ship", "name": "VARMA"}, {"id": "b", "kind": "aircraft", "name": "BUK\u202e2"}]
    picture = desk.answers["GET", "picture"]({}, None)
    desk.get("picture", picture | {"encounters": [encounter], "movers": movers})
    page = officer.open("#/compose/incident?line=baltic&encounter=a%20b", "Hazardous incident")
    page.locator("#field-title").wait_for()
    fields = {"distance_m": "412", "position": "54-30N 020-15E", "happened_at": "2029-12-26T17:20Z"}
    assert {name: page.locator(f"#field-{name}").input_value() for name in fields} == fields
    assert page.locator("#field-own-0-name").input_value() == "VARMA"
    assert page.locator("#field-others-0-name").input_value() == "BUK2"
    assert page.locator("#field-account").input_value() == ""  # what happened, a person writes


def test_a_form_speaks_russian_and_keeps_what_was_typed_when_it_does(browser: Any, desk: CannedDesk) -> None:
    officer = sitting_at(browser, desk, language="ru")
    page = officer.open(EXERCISE, "Военная деятельность")
    page.locator("#field-title").fill("Учение")
    assert page.get_by_label("Вид деятельности").count() == 1
    page.locator("#field-period-start").fill("завтра")
    page.locator("#field-period-start").blur()
    until_fault(page, "period-start", "завтра")
    page.get_by_role("button", name="Сохранить проект").click()
    page.get_by_role("heading", name="Сначала исправить").wait_for()
    officer.close()


def test_a_notice_is_written_with_the_keyboard_alone(officer: Officer, desk: CannedDesk) -> None:
    page = officer.open("#/compose/reply?line=baltic&reply=east/5&word=read", "Reply")
    page.locator("#field-title").wait_for()
    page.locator("#field-title").focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "document.activeElement.closest('summary, button, input, select, textarea')?.textContent"
        )
        if here == AUTHOR:
            page.keyboard.press("Enter")
        if page.evaluate("document.activeElement.id") == "field-author-name":
            page.keyboard.type("Westland Joint Headquarters")
        if here == "Save the draft":
            break
    page.locator(".compose-aside").get_by_text("Ready").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Drafts").wait_for()
    assert desk.bodies("POST", "drafts")[-1]["notice"]["author"]["name"] == "Westland Joint Headquarters"


KINDS = (
    "exercise",
    "incident",
    "danger_area",
    "contact_request",
    "humanitarian_site",
    "annual_exchange",
    "launch",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_fits_a_phone_and_twice_the_size(browser: Any, desk: CannedDesk, kind: str) -> None:
    for width in (390, 640):
        officer = sitting_at(browser, desk, width=width)
        page = officer.open(f"#/compose/{kind}?line=baltic", "")
        page.locator("#field-title").wait_for()
        for name in page.get_by_role("button", name="Add: ").all_inner_texts():
            page.get_by_role("button", name=name, exact=True).first.click()
        assert overflow_px(page) <= 0
        officer.close()


@pytest.mark.parametrize("theme", ["day", "dusk", "night"])
def test_a_form_with_faults_has_no_grave_finding_of_axe(browser: Any, desk: CannedDesk, theme: str) -> None:
    officer = sitting_at(browser, desk, theme=theme)
    page = officer.open(EXERCISE, "Military activity")
    page.get_by_role("button", name="Add: Forces").click()
    page.get_by_role("button", name="Add: Area").click()
    page.locator("#field-areas-0-shape").select_option("circle")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("heading", name="To be put right first").wait_for()
    page.get_by_text("slips under").first.wait_for()
    assert grave_findings(page) == []
    officer.close()


def test_training_stands_over_a_form_of_a_training_line_and_over_no_other(officer: Officer) -> None:
    page = officer.open("#/compose/exercise?line=training-drill", "Military activity")
    page.locator("#field-title").wait_for()
    page.get_by_text("TRAINING: nothing here is meant in earnest").wait_for()
    assert page.title().startswith("TRAINING")
    page = officer.open(EXERCISE, "Military activity")
    page.get_by_text("TRAINING: nothing here is meant in earnest").wait_for(state="detached")
    assert page.locator(".training-strip").count() == 0


def test_a_half_filled_form_is_kept_for_every_station_and_goes_on_there(
    browser: Any, officer: Officer, desk: CannedDesk
) -> None:
    page = officer.open(EXERCISE, "Military activity")
    page.locator("#field-title").fill("Exercise Half")
    page.locator("#field-period-start").fill("tomorrow")
    page.locator("#attachments").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"attached"}
    )
    page.get_by_text("text/plain, 8 bytes").wait_for()
    page.get_by_role("button", name="Keep unfinished").click()
    page.get_by_text("Kept unfinished at").wait_for()
    (body,) = desk.bodies("POST", "drafts")
    assert (body["is_unfinished"], body["notice"]["period"]) == (True, {"start": "tomorrow"})
    other = sitting_at(browser, desk)
    page = other.open("#/drafts", "Drafts")
    form = page.get_by_role("article", name="Exercise Half")
    form.get_by_text("unfinished").wait_for()
    assert form.get_by_role("button", name="Release with my passkey").count() == 0
    form.get_by_role("link", name="Go on writing").click()
    page.locator("#field-period-start").wait_for()
    assert page.locator("#field-period-start").input_value() == "tomorrow"
    page.get_by_text("Attachment 1", exact=True).wait_for()
    page.locator("#field-period-start").fill("2030-05-01")
    page.get_by_role("button", name="détente").click()
    page.get_by_role("link", name="Record", exact=True).click()  # away without saving: nothing typed is lost
    page.get_by_role("heading", level=1, name="Record").wait_for()
    body = desk.bodies("POST", "drafts")[-1]
    assert (body["submission"], body["revision"], body["is_unfinished"]) == ("c" * 32, 0, True)
    assert body["notice"]["period"] == {"start": "2030-05-01"}
    assert body["attachments"] == [{"media_type": "text/plain", "octets": "", "sha256": "ab" * 32}]
    other.close()


def test_whoever_leaves_a_form_without_keeping_it_keeps_nothing(officer: Officer, desk: CannedDesk) -> None:
    page = officer.open(EXERCISE, "Military activity")
    page.locator("#field-title").fill("Never mind")
    page.get_by_role("link", name="Leave without keeping").click()
    page.get_by_role("heading", level=1, name="Drafts").wait_for()
    assert desk.bodies("POST", "drafts") == []


def test_a_draft_that_is_changed_keeps_its_attachments(officer: Officer, desk: CannedDesk) -> None:
    held = [{"media_type": "image/png", "size": 7_000, "sha256": letter * 64} for letter in "12"]
    desk.get("drafts", {"drafts": [{**drafts()[0], "attachments": held, "revision": 3}]})
    page = officer.open("#/drafts", "Drafts")
    page.get_by_role("link", name="Save").nth(1).wait_for()
    page.get_by_role("link", name="Change").click()
    page.get_by_text("Attachment 2", exact=True).wait_for()
    page.get_by_role("button", name="Take out: Attachment 1").click()
    page.locator(".compose-aside").get_by_text("Ready").wait_for()
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("heading", level=1, name="Drafts").wait_for()
    (body,) = desk.bodies("POST", "drafts")
    assert body["attachments"] == [{"media_type": "image/png", "octets": "", "sha256": "2" * 64}]
    assert (body["submission"], body["revision"]) == ("a" * 32, 3)


def test_a_draft_that_waits_stays_as_officers_saw_it_when_its_change_is_left(
    officer: Officer, desk: CannedDesk
) -> None:
    page = officer.open("#/drafts", "Drafts")
    page.get_by_role("article", name="Exercise Northern Birch").get_by_role("link", name="Change").click()
    page.locator("#field-title").fill("Exercise Northern Birch, second thoughts")
    page.get_by_role("button", name="détente").click()
    page.get_by_role("link", name="Record", exact=True).click()
    page.get_by_role("heading", level=1, name="Record").wait_for()
    while not desk.bodies("POST", "drafts"):
        page.wait_for_timeout(50)
    (body,) = desk.bodies("POST", "drafts")
    assert (body["submission"], body["is_unfinished"]) == ("", True)


def test_an_area_is_drawn_in_the_form_itself_by_keys_alone(officer: Officer) -> None:
    page = officer.open("#/compose/danger_area?line=baltic", "Danger area")
    page.get_by_role("button", name="Add: Area").click()
    page.locator("#field-areas-0-shape-draw").press("Enter")
    page.locator(".area-map .map:focus").wait_for()
    for key in ("Enter", "ArrowRight", "ArrowRight", "Enter", "ArrowDown", "Shift+ArrowDown", "Enter", "Enter"):
        page.keyboard.press(key)
    page.locator("#field-areas-0-shape-ring").wait_for()
    corners = page.locator("#field-areas-0-shape-ring").input_value().split("\n")
    assert len(set(corners)) == 3
    assert page.locator("#field-areas-0-shape").input_value() == "polygon"
    assert grave_findings(page) == []
    page.locator(".area-map").get_by_role("button", name="Circle").click()
    page.locator(".area-map .tool-position").fill("54 30 N 020 15 E")
    page.keyboard.press("Enter")
    page.locator(".area-map .tool-radius").fill("5")
    page.keyboard.press("Enter")  # draws, and sends no form
    page.locator("#field-areas-0-shape-centre").wait_for()
    assert page.locator("#field-areas-0-shape-centre").input_value() == "54-30N 020-15E"
    assert page.locator("#field-areas-0-shape-radius_m").input_value() == "9260"


def test_a_humanitarian_form_never_says_that_anybody_is_safe(officer: Officer) -> None:
    page = officer.open("#/compose/humanitarian_site?line=humanitarian-aid", "Humanitarian site")
    page.locator("#field-title").wait_for()
    assert page.get_by_text("protects nobody").is_visible()
