"""Measure the picture in headless Chromium without a graphics card: movers at 1 Hz, frames, input, first picture.

.venv/bin/python bench/desk/picture.py                 # 5,000 movers, 30 s; writes bench/desk/PICTURE.md
.venv/bin/python bench/desk/picture.py --movers 20000  # more of them, only shown

The desk is a stand-in that serves the built files under the desk's own headers and a made-up stream, so that what is
measured is the browser's work.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]
from machine import machine, revision  # noqa: E402
from tests.browser.scenes import evening, me, moved  # noqa: E402
from tests.browser.stand import Stand, now_ms, served  # noqa: E402

FIRST_MS_MAX, FRAMES_MIN, INPUT_MS_MAX = 2_000, 30, 100
COUNT_FRAMES = """() => {
  window.frameCount = 0;
  const next = () => { window.frameCount += 1; requestAnimationFrame(next); };
  requestAnimationFrame(next);
  window.inputs = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries())
      if (one.interactionId || one.name === "wheel") window.inputs.push([one.name, one.duration]);
  }).observe({ type: "event", durationThreshold: 16, buffered: false });
}"""


def streams(stand: Stand, movers: list[dict[str, Any]], stop: threading.Event) -> None:
    """Send every mover anew once a second, along a way that was worked out before."""
    dice = random.Random(3)
    for one in movers:
        one["speed_kn"] = max(4.0, float(one["speed_kn"] or 0)) * (1 + dice.random())
    beats = []
    for beat in range(30):
        document = {"number": beat, "movers": [moved(one, beat, now_ms()) for one in movers], "gone": [],
                    "encounters": None, "feeds": None}  # fmt: skip
        beats.append(f"event: picture\ndata: {json.dumps(document)}\n\n".encode())
    beat = 0
    while not stop.wait(1.0):
        for stream in list(stand.streams):
            stream.put(beats[beat % len(beats)])
        beat += 1


def sign_in(page: Page, address: str) -> float:
    """Sign in with a passkey of a virtual authenticator; returns ms until movers are painted."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(f"{address}/#/enrol/good-code")
    page.wait_for_selector("button.main:not([disabled])")
    begun_s = time.monotonic()
    page.click("button.main")
    page.wait_for_selector("canvas.painted[data-movers]:not([data-movers='0'])", state="attached")
    return (time.monotonic() - begun_s) * 1000


def drag(page: Page, for_s: float) -> None:
    """Drag the map to and fro."""
    box = page.locator(".map").bounding_box()
    assert box is not None  # noqa: S101 - the map was there before
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    until_s = time.monotonic() + for_s
    step = 0
    while time.monotonic() < until_s:
        step += 1
        page.mouse.move(x + 120 * ((step % 40) / 20 - 1), y + 60 * ((step % 24) / 12 - 1))
        page.wait_for_timeout(16)
    page.mouse.up()


def busy_s(session: Any) -> float:
    """Return the processor time that the page's main thread used so far."""
    return float(next(
        one["value"] for one in session.send("Performance.getMetrics")["metrics"] if one["name"] == "ThreadTime"
    ))  # fmt: skip


def press(page: Page) -> None:
    """Press keys that change lists, theme and panels, a little faster than a person does."""
    for key in ("l", "l", "4", "1", "d", "d", "d", "2", "l", "l") * 3:
        page.keyboard.press(key)
        page.wait_for_timeout(170)
    page.wait_for_timeout(500)


def longest_task_ms(browser: Browser, page: Page) -> float:
    """Return the processor time of the longest task of the page's own thread while keys are pressed.

    A key waits for the task that runs: this is what the page itself adds to that, whatever else the machine does.
    """
    browser.start_tracing(page=page, categories=["toplevel", "disabled-by-default-devtools.timeline"])
    press(page)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (one["pid"], one["tid"])
        for one in events
        if one.get("name") == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    return max(
        one["tdur"] / 1000
        for one in events
        if str(one.get("name")).endswith("RunTask") and "tdur" in one and (one["pid"], one["tid"]) in mains
    )


def frames_per_s(page: Page, act: Any, for_s: float) -> float:
    """Return how many frames a second the page showed while something was done."""
    before = page.evaluate("window.frameCount")
    begun_s = time.monotonic()
    act(for_s)
    return float(page.evaluate("window.frameCount") - before) / (time.monotonic() - begun_s)


def measure(movers: int, for_s: float) -> dict[str, Any]:
    """Return the figures; needs Chromium."""
    documents, picture = evening(movers)
    stand = Stand(documents, me("releaser"))
    stand.first_picture = picture
    stand.is_signed_in = False
    stop = threading.Event()
    found: dict[str, Any] = {"movers": movers, "load": os.getloadavg()[0]}
    with served(stand) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        firsts = []
        for _ in range(3):
            stand.is_signed_in = False
            page = browser.new_context(viewport={"width": 1600, "height": 900}).new_page()
            firsts.append(sign_in(page, address))
            page.context.close()
        found["first_ms"] = statistics.median(firsts)
        stand.is_signed_in = False
        page = browser.new_context(viewport={"width": 1600, "height": 900}).new_page()
        sign_in(page, address)
        feeder = threading.Thread(target=streams, args=(stand, picture["movers"], stop), daemon=True)
        feeder.start()
        page.wait_for_timeout(6_000)
        page.evaluate(COUNT_FRAMES)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before_s, begun_s = busy_s(session), time.monotonic()
        found["idle_frames_per_s"] = frames_per_s(page, lambda s: page.wait_for_timeout(s * 1000), for_s)
        found["busy"] = (busy_s(session) - before_s) / (time.monotonic() - begun_s)
        found["drag_frames_per_s"] = frames_per_s(page, lambda s: drag(page, s), for_s / 3)
        page.evaluate("window.inputs = []")
        press(page)
        inputs = sorted(duration for _, duration in page.evaluate("window.inputs"))
        # what took less than 16 ms is not told by the browser
        found["inputs"] = 30
        found["input_ms_p95"] = inputs[int(len(inputs) * 0.95)] if inputs else 16
        found["input_ms_most"] = inputs[-1] if inputs else 16
        found["longest_task_ms"] = longest_task_ms(browser, page)
        stop.set()
        feeder.join()
        browser.close()
    return found


def told(found: dict[str, Any]) -> str:
    """Write the figures as a page."""
    rows = [
        ("movers, each anew every second", f"{found['movers']:,}", "5,000"),
        ("from the touch of the passkey to the first picture, median of 3", f"{found['first_ms']:,.0f} ms",
         f"<= {FIRST_MS_MAX:,} ms"),
        ("frames per second, nobody touching it", f"{found['idle_frames_per_s']:.0f}", f">= {FRAMES_MIN}"),
        ("processor time of the page's own thread in each second, idle", f"{found['busy'] * 1000:.0f} ms", ""),
        ("frames per second while the map is dragged", f"{found['drag_frames_per_s']:.0f}", ""),
        ("key to the next frame, 95 of 100", f"{found['input_ms_p95']:.0f} ms", f"<= {INPUT_MS_MAX} ms"),
        (f"key to the next frame, the slowest of {found['inputs']}", f"{found['input_ms_most']:.0f} ms", ""),
        ("processor time of the page's longest task while keys are pressed", f"{found['longest_task_ms']:.0f} ms", ""),
    ]  # fmt: skip
    return f"""\
# The picture in a browser

{machine()}. Revision {revision()}. Headless Chromium, no graphics card, 1600 x 900.
Load of the machine before it began: {found["load"]:.1f}. Command: `.venv/bin/python bench/desk/picture.py`

| what | measured | wanted |
|---|---|---|
""" + "".join(f"| {what} | {measured} | {wanted} |\n" for what, measured, wanted in rows)


def main() -> int:
    """Measure and write; 0 when what was wanted holds, 1 when not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movers", type=int, default=5_000)
    parser.add_argument("--for-s", type=float, default=30.0)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "PICTURE.md")
    given = parser.parse_args()
    found = measure(given.movers, given.for_s)
    page = told(found)
    print(page)
    if given.movers == 5_000:
        given.out.write_text(page, encoding="utf-8")
    holds = (
        found["first_ms"] <= FIRST_MS_MAX
        and found["idle_frames_per_s"] >= FRAMES_MIN
        and found["input_ms_p95"] <= INPUT_MS_MAX
    )
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
