"""The pages of contacts and transparency in a real browser: readable on a phone, in print size on a desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from detente.__main__ import main

NOTICES = Path(__file__).resolve().parents[2] / "examples" / "notices"
PHONE, DESK = 390, 1250
pytestmark = pytest.mark.timeout(300)
ADDRESS = "https://example.org/" + "/".join(["a-very-long-address-without-a-blank"] * 6)
CONTACTS = f"""\
date,precision,type,participants,subject,source
2014-04-01,day,suspension,NATO Foreign Ministers,practical cooperation suspended,{ADDRESS}
2017-02-16,day,meeting,Joseph Dunford - Valery Gerasimov,first meeting,press
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = tmp_path_factory.mktemp("pages")
    (made / "contacts.csv").write_text(CONTACTS, encoding="utf-8")
    notices = [str(path) for path in sorted(NOTICES.glob("*.toml"))]
    assert main(["contacts", str(made / "contacts.csv"), "--report", str(made / "contacts.html")]) == 0
    assert main(["transparency", *notices, "--report", str(made / "transparency.html")]) == 0
    return {name: made / f"{name}.html" for name in ("contacts", "transparency")}


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", ["contacts", "transparency"])
def test_nothing_overflows_and_every_word_is_large_enough(
    browser: Any, pages: dict[str, Path], name: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(pages[name].as_uri())
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert page.evaluate(
        "[...document.querySelectorAll('.wide')].every(one => one.scrollWidth <= one.clientWidth)"
    )
    # the height of a letter's line as it is drawn, pictures scaled to the screen included
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('td, p, h1, h2, h3, svg text, .bars span, .share span')]"
        ".filter(one => one.textContent.trim() && one.getClientRects().length)"
        ".map(one => one.ownerSVGElement"
        " ? 14 * one.ownerSVGElement.getBoundingClientRect().width / one.ownerSVGElement.viewBox.baseVal.width"
        " : parseFloat(getComputedStyle(one).fontSize)))"
    )
    assert smallest >= 11
    context.close()
