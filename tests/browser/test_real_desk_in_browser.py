"""The picture before the real desk: a served home, a link from the terminal, a passkey, a watch that posts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.scenes import encounter, evening
from tests.browser.stand import now_ms
from tests.browser.test_picture_in_browser import WIDE, authenticator
from tests.node.serving.served import free_port, serving
from tests.stories.program import environment

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("built_pages")]
REFUSED = re.compile("401|409")


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk that runs: its address, the link of its first officer, the token of its watch."""

    address: str
    link: str
    token: str

    def post(self, name: str, document: dict[str, Any]) -> None:
        """Post as the watch does."""
        asked = urllib.request.Request(  # noqa: S310 - our own desk
            f"{self.address}/api/v1/watch/{name}",
            data=json.dumps(document).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 - our own desk
            assert answer.status == 200


def verb(folder: Path, *words: str) -> str:
    """Run a verb in a process of its own: while a browser is driven no other loop runs in this one."""
    done = subprocess.run(
        [sys.executable, "-m", "detente", *words], cwd=folder, capture_output=True, text=True, check=False,
        env=environment(DETENTE_PASSPHRASE_FILE=str(folder / "secret")),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "secret").write_text("correct horse\n")
    for name in ("west", "east"):
        verb(folder, "line", "init", name, "--member", name)
        (folder / f"{name}.card").write_text(verb(folder, "line", "card", name))
    verb(folder, "line", "join", "west", "--line", "baltic", "west.card", "east.card")
    port = free_port()
    (folder / "west" / "settings.toml").write_text(
        f'[node]\nlog_format = "json"\n[desk]\nlisten = "127.0.0.1:{port}"\n'
    )
    with serving(folder / "west", folder / "secret", "--desk", f"127.0.0.1:{port}"):
        link = verb(folder, "people", "add", "west", "A. Officer", "--role", "releaser").strip().split()[-1]
        token = verb(folder, "people", "add-watch", "west", "radar").strip().split()[-1]
        yield Desk(f"http://localhost:{port}", link, token)


def keep_a_form_for_another_station(desk: Desk, page: Any, other: Any) -> None:
    """Leave a form half-filled at one station, and find it with its faults and its file at another."""
    page.goto(f"{desk.address}/#/compose/danger_area")
    page.fill("#field-title", "Gunnery")
    page.click("button:has-text('Add: Area')")
    page.select_option("#field-areas-0-shape", "polygon")
    page.fill("#field-areas-0-shape-ring", "58-30N 019-00E\n58-30N 020-00E")
    page.set_input_files("#attachments", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a chart"})
    page.wait_for_selector("text=text/plain, 7 bytes")
    page.click("button:has-text('Keep unfinished')")
    page.wait_for_selector("text=Kept unfinished at")
    other.goto(f"{desk.address}/#/drafts")
    other.click("article:has-text('Gunnery') >> text=Go on writing")
    other.wait_for_selector("#field-areas-0-shape-ring")
    assert other.input_value("#field-areas-0-shape-ring") == "58-30N 019-00E\n58-30N 020-00E"
    other.wait_for_selector("bdi:has-text('Attachment 1')")
    other.fill("#field-title", "Gunnery, Range 4")
    other.click("button:has-text('Keep unfinished')")
    other.wait_for_selector("text=Kept unfinished at")
    page.fill("#field-title", "Gunnery, overtaken")
    page.click("button:has-text('Keep unfinished')")  # another station changed it meanwhile
    page.wait_for_selector("#form-trouble:has-text('A. Officer changed it meanwhile')")
    page.click("text=Leave without keeping")
    page.wait_for_selector("article:has-text('Gunnery, Range 4')")
    with page.expect_download() as saved:
        page.click("article:has-text('Gunnery, Range 4') >> a:has-text('Save')")
    assert saved.value.path().read_bytes() == b"a chart"


def lay_an_overlay(desk: Desk, page: Any, other: Any) -> None:
    """Load a file as an overlay at one station; the other shows it, and the files to take along are listed there."""
    fairway = {"type": "LineString", "coordinates": [[19, 58], [20, 58.5]]}
    page.goto(f"{desk.address}/#/overlays")
    page.set_input_files(
        "#overlay-file",
        {"name": "fairway.geojson", "mimeType": "application/json", "buffer": json.dumps(fairway).encode()},
    )
    page.fill("#overlay-claim", "Westland: its fairway")
    page.click("button:has-text('Keep and show it')")
    page.wait_for_selector("text=fairway: 1 feature is kept")
    other.goto(f"{desk.address}/#/overlays")
    other.click("article:has-text('fairway') >> summary")
    other.wait_for_selector("td:has-text('Westland: its fairway')")
    page.goto(f"{desk.address}/#/")
    page.click(".exports summary")
    with page.expect_download() as saved:
        page.click(".exports a:has-text('Announced areas, GeoJSON')")
    assert json.loads(saved.value.path().read_text())["type"] == "FeatureCollection"
    page.wait_for_selector("canvas.painted[data-movers]:not([data-movers='0'])", state="attached")


def test_an_officer_enrols_sees_what_the_watch_sees_and_acknowledges_for_every_station(
    desk: Desk, browser: Any
) -> None:
    context = browser.new_context(viewport=WIDE, locale="en-GB")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        # a session that ended, and a form that another station changed, are told by the browser's console too
        lambda told: wrong.append(told.text) if told.type == "error" and not REFUSED.search(told.text) else None,
    )
    authenticator(page)
    page.goto(desk.link)
    page.click("button.main:not([disabled])")
    page.wait_for_selector("canvas.painted", state="attached")
    page.wait_for_selector(".line-chip:has-text('baltic')")
    page.wait_for_selector(".feed-bar:has-text('No feed')")
    picture = evening(60)[1]
    desk.post("positions", {"movers": picture["movers"]})
    desk.post("feeds", {"feeds": [{**one, "last_ms": now_ms()} for one in picture["feeds"]]})
    a, b = picture["movers"][:2]
    desk.post("encounters", {"encounters": [encounter(a, b, "alarm", now_ms())]})
    page.wait_for_selector("canvas.painted[data-movers]:not([data-movers='0'])", state="attached")
    page.wait_for_selector(".feed-bar:has-text('AIS good')")
    page.wait_for_selector(".alarm-item.open.alarm:has-text('VARMA')")
    other = context.new_page()  # another station of the same officer
    other.goto(desk.address)
    other.wait_for_selector(".alarm-item.open.alarm:has-text('VARMA')")
    page.keyboard.press("m")
    other.wait_for_selector(".top-buttons button:has-text('Silent for')")
    page.keyboard.press("a")
    page.wait_for_selector("dialog[open]:has-text('VARMA')")
    page.keyboard.type("seen")
    page.keyboard.press("Enter")
    for one in (page, other):
        one.wait_for_selector(".alarm-item.seen.alarm:has-text('Acknowledged by A. Officer')")
    page.keyboard.press("[")
    page.wait_for_selector(".mode.replay")
    page.keyboard.press("]")
    page.wait_for_selector(".mode.live")
    keep_a_form_for_another_station(desk, page, other)
    lay_an_overlay(desk, page, other)
    page.click(".brand")
    page.click("text=Sign out")
    page.wait_for_selector("text=Sign in with a passkey")
    page.click("text=Sign in with a passkey")
    page.wait_for_selector("canvas.painted[data-movers]", state="attached")
    context.close()
    assert wrong == []
