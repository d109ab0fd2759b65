"""Desks of a play are pages under names that never leave the machine; other plain pages stay refused."""

from __future__ import annotations

import pytest

from detente.node.officers_file import is_origin


@pytest.mark.parametrize(
    ("origin", "site", "good"),
    [
        ("http://localhost:8443", "localhost", True),
        ("http://west.localhost:8443", "west.localhost", True),
        ("http://west.localhost:8443", "localhost", True),
        ("http://west.localhost:8443", "east.localhost", False),
        ("http://west.localhost.example", "west.localhost.example", False),
        ("http://localhost.example", "localhost.example", False),
        ("http://notlocalhost", "notlocalhost", False),
        ("http://desk.west.example", "desk.west.example", False),
        ("https://desk.west.example", "desk.west.example", True),
    ],
)
def test_plain_pages_are_pages_of_this_machine_alone(origin: str, site: str, good: bool) -> None:
    assert is_origin(origin, site) is good
