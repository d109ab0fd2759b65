"""A whole story in front of two desks: west writes, two officers release, east reads and replies, west sees it.

Two real nodes with couriers over TLS, real desks, and passkeys of Chromium's own authenticators.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.officers import Officer
from tests.node.serving.served import free_port, serving
from tests.stories.program import run
from tests.stories.shell import Shell

pytestmark = pytest.mark.timeout(600)
MEMBERS = (("west", "east"), ("east", "west"))
TWO_PEOPLE = '[line.baltic]\ntwo_person_release = ["notice.exercise"]\n'


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return a shell beside two homes on one training line, with couriers and desks in their settings."""
    made = Shell(tmp_path, capsys, monkeypatch)
    made.found("west", "east")
    made.join(("west", "east"), more="--training")
    ports = {name: free_port() for name, _ in MEMBERS}
    for name, other in MEMBERS:
        made.run(f"cert new {name}")
        settings = (
            f'[courier]\nretry_s_max = 1\nlisten = "127.0.0.1:{ports[name]}"\n'
            f'[desk]\nlisten = "127.0.0.1:{free_port()}"\n'
            + (TWO_PEOPLE if name == "west" else "")
            + f'[[line.baltic.courier.{other}]]\nkind = "https"\naddress = "127.0.0.1:{ports[other]}"\n'
            f'certificate = "certificates/{other}.pem"\n'
        )
        (tmp_path / name / "settings.toml").write_text(settings, encoding="utf-8")
    for name, other in MEMBERS:
        certificates = tmp_path / name / "certificates"
        shutil.copy(tmp_path / other / "certificates" / f"{other}.pem", certificates / f"{other}.pem")
    return made


@contextlib.contextmanager
def served(shell: Shell, name: str) -> Iterator[str]:
    """Serve a home with its desk as its settings say; returns where the desk is."""
    document = tomllib.loads((shell.folder / name / "settings.toml").read_text(encoding="utf-8"))
    desk, courier = document["desk"]["listen"], document["courier"]["listen"]
    with serving(shell.folder / name, shell.folder / "secret", "--desk", desk, "--courier", courier):
        yield f"http://localhost:{desk.rpartition(':')[2]}"


def verb(shell: Shell, *words: str) -> Any:
    """Run a verb as a program of its own, since the browser's driver has this thread's event loop."""
    ended = run(*words, "--json", folder=shell.folder)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def people(shell: Shell, browser: Any, home: str, origin: str, *names: str, **more: str) -> list[Officer]:
    """Add releasers on the terminal, let each enrol a passkey, and let the keepers name them officers."""
    found = []
    for name in names:
        link = verb(shell, "people", "add", home, name, "--role", "releaser")["link"]
        officer = Officer(browser, origin, **more)
        officer.enrol(link)
        found.append(officer)
    verb(shell, "people", "officers", home, f"{home}.officers")
    secret = ("--passphrase-file", "secret")
    verb(shell, "line", "officers", home, "set", f"{home}.officers", *secret)
    return found


def write_exercise(officer: Officer) -> None:
    """Fill in the form of an exercise, first with slips, and save its draft."""
    page = officer.open("#/compose/exercise", "Military activity")
    page.get_by_label("Subject").fill("Exercise Northern Birch")
    page.get_by_label("Type of activity").select_option("field_exercise")
    time = page.get_by_role("group", name="Time")
    time.get_by_label("from").fill("1 May 2030")
    time.get_by_label("until").fill("2030-05-12")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("heading", name="To be put right first").wait_for()
    summary = page.locator("#form-trouble")
    assert summary.get_by_role("button").all_inner_texts() != []
    time.get_by_label("from").fill("2030-05-01")
    page.get_by_text("Who says it, its number, references and sources").click()
    page.locator("#field-author").get_by_label("Name", exact=False).nth(1).fill("Westland Joint Headquarters")
    page.locator("#field-author").get_by_label("State").fill("NO")
    page.get_by_role("button", name="Add: Forces").click()
    page.locator("#field-forces-0").get_by_label("State").fill("NO")
    page.locator("#field-forces-0-troops").fill("9,100")
    page.get_by_role("button", name="Add: Area").click()
    page.locator("#field-areas-0-shape").select_option("polygon")
    page.locator("#field-areas-0-shape-ring").fill("69-30N 030-00E\n69-30N 031-30E\n69-00N 031-30E")
    page.locator(".compose-aside").get_by_text("Ready: 2 officers").wait_for()
    page.locator(".compose-aside").get_by_text("Prior notification").first.wait_for()
    page.locator(".compose-aside").get_by_role("button", name="Русский").click()
    page.locator(".compose-aside").get_by_text("ВОЕННАЯ ДЕЯТЕЛЬНОСТЬ").wait_for()
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("heading", level=1, name="Drafts").wait_for()


def release(officer: Officer, title: str) -> Any:
    """Release a draft with a touch."""
    page = officer.open("#/drafts", "Drafts")
    draft = page.get_by_role("article", name=title)
    draft.get_by_role("button", name="Release with my passkey").click()
    return page


def test_a_notice_goes_from_one_desk_to_the_other_and_back(shell: Shell, browser: Any) -> None:
    with served(shell, "west") as west, served(shell, "east") as east, contextlib.ExitStack() as closing:
        anna, boris = people(shell, browser, "west", west, "Anna Berg", "Boris Holm")
        (olga,) = people(shell, browser, "east", east, "Olga Ivanova")
        for one in (anna, boris, olga):
            closing.callback(one.close)
        write_exercise(anna)
        page = release(anna, "Exercise Northern Birch")
        page.get_by_text("released by Anna Berg").wait_for()
        assert page.get_by_text("waits for an officer").count() == 1
        release(anna, "Exercise Northern Birch")  # the same officer twice is one officer
        page.get_by_role("alert").wait_for()
        page = release(boris, "Exercise Northern Birch")
        page.get_by_text("Released and held").wait_for()
        page.get_by_text("No draft waits.").wait_for()

        page = olga.open("#/record", "Record")
        page.get_by_role("link", name="Exercise Northern Birch").click()
        page.get_by_text("УПРАЖНЕНИЕ").or_(page.get_by_text("ВОЕННАЯ ДЕЯТЕЛЬНОСТЬ")).first.wait_for()
        assert page.get_by_text("TRAINING").first.is_visible()
        assert "TRAINING" in page.title()
        page.get_by_role("link", name="Read", exact=True).click()
        page.get_by_role("heading", level=1, name="Reply").wait_for()
        page.get_by_text("Who says it, its number, references and sources").click()
        page.locator("#field-author-name").fill("Eastland General Staff")
        page.locator(".compose-aside").get_by_text("Ready: 1 officer").wait_for()
        page.get_by_role("button", name="Save the draft").click()
        page = release(olga, "Reply: Exercise Northern Birch")
        page.get_by_text("Released and held").wait_for()

        page = boris.open("#/record", "Record")
        row = page.get_by_role("listitem").filter(
            has=page.get_by_role("link", name="Exercise Northern Birch", exact=True)
        )
        row.get_by_text("read").wait_for()
        row.get_by_role("link", name="Exercise Northern Birch", exact=True).click()
        page.get_by_text("east: read").wait_for()
