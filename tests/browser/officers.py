"""People at a desk: each a browser of its own with an authenticator that its own Chromium keeps."""

from __future__ import annotations

from typing import Any

__all__ = ["PATIENCE_MS", "Officer", "seen_violations"]

PATIENCE_MS = 30_000
_WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


def seen_violations(page: Any) -> list[str]:
    """Return what the page's content security policy refused since it was loaded."""
    found: list[str] = page.evaluate("window.violations")
    return found


class Officer:
    """A person with a browser and a passkey.

    foreign: every request that went elsewhere than to the desk; troubles: errors on the console of the page.
    """

    def __init__(self, browser: Any, origin: str, *, language: str = "en") -> None:
        self.origin = origin
        self.foreign: list[str] = []
        self.troubles: list[str] = []
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(_WATCH)
        self.context.add_init_script(f"localStorage.setItem('detente.language', '\"{language}\"')")
        self.page = self.context.new_page()
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.cdp = self.context.new_cdp_session(self.page)
        self.cdp.send("WebAuthn.enable")
        self.cdp.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, hash_: str, waits_for: str) -> Any:
        """Go to a page of the desk, and wait until its heading says something."""
        self.page.goto(f"{self.origin}/{hash_}")
        self.page.get_by_role("heading", level=1, name=waits_for).wait_for()
        return self.page

    def enrol(self, link: str) -> None:
        """Open a one-time link and make a passkey."""
        self.page.goto(link)
        self.page.get_by_role("button", name="Make the passkey").click()
        self.page.wait_for_url(f"{self.origin}/#/")  # no function to wait on: the page's policy forbids its eval

    def close(self) -> None:
        """Close the browser; what it refused or asked elsewhere is a fault."""
        found = seen_violations(self.page)
        self.context.close()
        assert (found, self.foreign, self.troubles) == ([], [], [])
