"""What is set for the desk: where its pages are, and every way in which nobody could sign in or others could read."""

from __future__ import annotations

import pytest

from detente.node.settings.structs import DeskSettings, is_loopback
from tests.node.settings.test_settings import faults, parsed


def test_pages_are_the_site_at_the_port_that_listens() -> None:
    assert DeskSettings().pages() == ("http://localhost:8443",)
    assert DeskSettings(listen="").pages() == ()
    made = parsed(
        '[desk]\nlisten = "0.0.0.0:443"\nsite = "desk.example"\ncertificate_file = "c.pem"\nkey_file = "k.pem"\n'
        '[desk.oidc]\nissuer = "https://login.example"\nclient_id = "detente"\n'
    ).desk
    assert made.pages() == ("https://desk.example",)
    assert made.oidc is not None
    assert made.oidc.client_secret_file == ""
    behind = parsed('[desk]\nsite = "desk.example"\norigins = ["https://a.desk.example:8443"]\n').desk
    assert behind.pages() == ("https://a.desk.example:8443",)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('site = "Desk"', "host name in small letters"),
        ('site = "127.0.0.1"', "no host name"),
        ('site = "-"', "no host name"),
        ('origins = ["http://desk.example"]', "no https:// page of localhost"),
        ('site = "desk.example"\norigins = ["https://example"]', "no https:// page of desk.example"),
        ('certificate_file = "c"', "belong together"),
        ("session_idle_s = 3600\nsession_s = 600", "more than session_s"),
        ('listen = "0.0.0.0:1"', "without TLS"),
        ('listen = "0.0.0.0:1"\ncertificate_file = "c"\nkey_file = "k"', "nobody could sign in there"),
        ('[desk.oidc]\nissuer = "http://login.example"\nclient_id = "a"', "https://"),
        ('[desk.oidc]\nissuer = "https://login.example/?a"\nclient_id = "a"', "no [?] or #|https://"),
    ],
)
def test_what_cannot_work_is_said(text: str, fault: str) -> None:
    found = faults(f"[desk]\n{text}\n")
    assert any(fault.split("|", maxsplit=1)[-1] in one for _, one in found), found


def test_this_machine_alone_is_loopback() -> None:
    assert [is_loopback(one) for one in ("127.0.0.1", "127.9.9.9", "::1", "localhost")] == [True] * 4
    assert [is_loopback(one) for one in ("0.0.0.0", "::", "desk.example", "10.0.0.1")] == [False] * 4  # noqa: S104
