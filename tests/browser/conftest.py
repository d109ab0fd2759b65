"""A real browser for tests: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from tools import build_web

from tests.browser.canned_desk import CannedDesk, canned_desk
from tests.browser.canned_record import furnish
from tests.browser.looking import sitting_at
from tests.browser.officers import Officer

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a running Chromium; without one, skip loudly, and fail where a build server runs.

    For one file of tests and no longer: while its driver runs, no other event loop can run in this process.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed, and a build server must have it: see .ci/debian-packages")
        pytest.skip("chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def built_pages() -> None:
    """Build the desk's pages when a source changed; without Node.js skip loudly, and fail where a build server runs."""
    if build_web.is_built():
        return
    try:
        build_web.build()
    except build_web.BuildError as failure:
        if os.environ.get("CI"):
            pytest.fail(str(failure))
        pytest.skip(str(failure))


@pytest.fixture
def desk() -> Iterator[CannedDesk]:
    """Serve the pages over a furnished stand-in for the desk."""
    with canned_desk() as found:
        furnish(found)
        yield found


@pytest.fixture
def officer(browser: Any, desk: CannedDesk) -> Iterator[Officer]:
    """Seat one officer with every role at it."""
    found = sitting_at(browser, desk)
    yield found
    found.close()
