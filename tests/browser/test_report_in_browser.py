"""The report in a real browser: no network, table sorted and filtered, map zoomed, readable in all themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import detente.encounters
from detente.encounters.report import Limits, write_report
from tests.encounters.rows import encounter, table

ROWS = 1500
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def report(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a report of the synthetic scenario, with one mover whose name is an attack."""
    import polars as pl

    from detente import tracks

    made = tmp_path_factory.mktemp("browser")
    frame = tracks.read([scenario / "ships.csv"])
    found = detente.encounters.find(frame, within_m=926.0, max_gap_s=180.0, between="all")
    assert found.height >= 5
    attack = "<script>document.title='taken'</script>\u202e"
    found = found.with_columns(
        name_a=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(attack)).otherwise("name_a")
    )
    write_report(
        made / "report.html",
        found,
        tally={"rows": 1, "kept": 1, "rejected": {}, "notes": {}, "formats": {}},
        command="detente encounters ships.csv",
        inputs=[],
        limits=Limits(within_m=926.0, vertical_m=304.8, max_gap_s=180.0, between="all", keep_moored=False),
        tracks=frame,
    )
    return made / "report.html"


@pytest.fixture
def page(browser: Any, report: Path) -> Any:
    asked: list[str] = []
    said: list[str] = []
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(report.as_uri())
    yield opened
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []


def column(page: Any, place: int) -> list[float]:
    cells = page.locator(f"#rows tbody tr:visible td:nth-child({place})").all_inner_texts()
    return [float(cell.replace("\u202f", "").replace(" ", "").replace(",", "")) for cell in cells]


def test_a_strangers_name_is_shown_and_never_run(page: Any) -> None:
    assert page.title() != "taken"
    assert "document.title" in page.locator("#rows").inner_text()
    assert "\u202e" not in page.locator("body").inner_text()


def test_the_table_sorts_by_a_column_and_back(page: Any) -> None:
    button = page.locator("button[data-sort='1']")
    button.click()
    once = column(page, 5)
    button.click()
    twice = column(page, 5)
    assert once != twice
    assert sorted(once) == sorted(twice)
    assert once == sorted(once) or once == sorted(once, reverse=True)
    assert twice == once[::-1] or sorted(twice, reverse=once == sorted(once)) == twice


def test_the_filter_leaves_what_it_says(page: Any) -> None:
    rows = page.locator("#rows tbody tr:visible")
    all_rows = rows.count()
    page.locator("#words").fill("MERCHANT 20")
    page.wait_for_timeout(300)
    left = rows.count()
    assert 0 < left < all_rows
    assert all("MERCHANT 20" in text for text in rows.all_inner_texts())


def test_the_map_zooms_and_comes_home(page: Any) -> None:
    box = (
        "document.querySelector('#world').getAttribute('transform')"
        " + document.querySelector('#map').getAttribute('viewBox')"
    )
    before = page.evaluate(box)
    page.locator("#in").click()
    page.wait_for_timeout(300)
    near = page.evaluate(box)
    page.locator("#home").click()
    page.wait_for_timeout(300)
    assert near != before
    assert page.locator("#map").is_visible()


def test_thousands_of_rows_are_paged_sorted_and_filtered_as_one_table(browser: Any, tmp_path: Path) -> None:
    many = table(*(encounter(severity=n / ROWS, distance_m=float(n), name_a=f"SHIP {n}") for n in range(ROWS)))
    write_report(
        tmp_path / "many.html",
        many,
        tally={"rows": 1, "kept": 1, "rejected": {}, "notes": {}, "formats": {}},
        command="detente encounters ships.csv",
        inputs=[],
        limits=Limits(within_m=5556.0, vertical_m=304.8, max_gap_s=180.0),
    )
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto((tmp_path / "many.html").as_uri())
    rows = page.locator("#rows tbody tr")
    assert rows.count() == 100  # the browser lays out no more than it is asked for
    page.locator("#more").click()
    assert rows.count() == 600
    assert column(page, 5)[:600] == [float(n) for n in range(600)]
    page.locator("button[data-sort='1']").click()
    page.locator("button[data-sort='1']").click()
    assert column(page, 5)[:3] == [1499.0, 1498.0, 1497.0]  # sorted over all rows, not over those shown
    page.locator("#words").fill("SHIP 1321")
    assert rows.count() == 1
    assert page.locator("#symbols use:visible").count() == 1
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (360, "light")])
def test_it_reads_in_light_and_dark_and_on_a_phone(
    browser: Any, report: Path, width: int, scheme: str, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(report.as_uri())
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, "the page itself must not scroll sideways"
    assert contrast(page) >= 4.5
    page.screenshot(path=tmp_path / f"report-{width}-{scheme}.png", full_page=True)
    context.close()


def contrast(page: Any) -> float:
    """Return the WCAG contrast of the body's text against its background."""
    colours = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor,"
        " getComputedStyle(document.documentElement).backgroundColor]"
    )
    parsed = [[float(part) for part in colour[colour.index("(") + 1 : -1].split(",")] for colour in colours]
    text, ground = parsed[0], parsed[1] if len(parsed[1]) == 3 else parsed[2]

    def luminance(colour: list[float]) -> float:
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (value / 255 for value in colour[:3])
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
