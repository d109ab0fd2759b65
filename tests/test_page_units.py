"""The parts of the pages that need no browser, by Node.js' own test runner: bundled first, as the pages are."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tools import build_web

TESTS = build_web.WEB / "tests"


def test_what_needs_no_browser_holds(tmp_path: Path) -> None:
    esbuild = build_web.WEB / "node_modules" / "esbuild" / "bin" / "esbuild"
    if not esbuild.is_file():
        if os.environ.get("CI"):
            pytest.fail("the packages of web/package-lock.json are not there: make web")
        pytest.skip("the packages of web/package-lock.json are not there: make web")
    node = build_web.node()[0] / "node"
    build_web.write_words()
    sources = sorted(TESTS.glob("*.test.ts"))
    assert sources
    bundled = subprocess.run(
        [
            node, esbuild, *sources, "--bundle", "--platform=node", "--format=esm", "--target=es2022",
            "--jsx=automatic", "--jsx-import-source=preact", f"--inject:{TESTS / 'globals.ts'}",
            f"--outdir={tmp_path}", "--out-extension:.js=.mjs", "--log-level=warning",
        ],
        cwd=build_web.WEB, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert bundled.returncode == 0, bundled.stderr
    tested = subprocess.run(
        [node, "--test", *sorted(tmp_path.glob("*.mjs"))], capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
