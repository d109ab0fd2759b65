"""What every page of the desk must hold in a browser: no violation of its policy, no request elsewhere, axe's rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.canned_desk import CannedDesk
from tests.browser.officers import Officer

__all__ = ["grave_findings", "overflow_px", "sitting_at"]

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def sitting_at(
    browser: Any, desk: CannedDesk, *, language: str = "en", theme: str = "day", width: int = 1280
) -> Officer:
    """Return somebody in front of a desk, with a theme, in a window of a width."""
    officer = Officer(browser, desk.origin, language=language)
    officer.context.add_init_script(f"localStorage.setItem('detente.theme', '\"{theme}\"')")
    officer.page.set_viewport_size({"width": width, "height": 844 if width < 500 else 900})
    return officer


def grave_findings(page: Any) -> list[str]:
    """Return what axe finds that is serious or critical, each with where it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def overflow_px(page: Any) -> int:
    """Return by how much the page is wider than its window."""
    found: int = page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
    return found
