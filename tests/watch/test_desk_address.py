"""Where a watch may be told to post, and the file with its token."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from detente.watch.desk_address import TOKEN_BYTES_MAX, parse_desk, read_token
from detente.watch.errors import WatchMistake

TOKEN = "t" * 43


@pytest.mark.parametrize(
    ("address", "base", "host"),
    [
        ("http://127.0.0.1:8443", "http://127.0.0.1:8443", "127.0.0.1:8443"),
        ("http://localhost:8443/", "http://127.0.0.1:8443", "localhost:8443"),
        ("http://west.localhost:8443", "http://127.0.0.1:8443", "west.localhost:8443"),
        ("http://[::1]:8443", "http://[::1]:8443", "[::1]:8443"),
        ("https://desk.west.example", "https://desk.west.example:443", "desk.west.example:443"),
        ("https://Desk.West.example:8443", "https://desk.west.example:8443", "desk.west.example:8443"),
    ],
)
def test_addresses(address: str, base: str, host: str) -> None:
    found = parse_desk(address, None)
    assert (found.base, found.host) == (base, host)
    assert (found.tls is None) == address.startswith("http:")
    if found.tls is not None:
        assert found.tls.minimum_version == ssl.TLSVersion.TLSv1_3
        assert found.tls.verify_mode == ssl.CERT_REQUIRED
        assert found.tls.check_hostname


@pytest.mark.parametrize(
    "address",
    [
        "http://192.0.2.1:8443", "http://desk.example", "http://localhost.example", "ftp://localhost", "localhost:8443",
        "https://", "https://name:secret@desk.example", "https://desk.example/path", "https://desk.example?x",
        "https://desk.example:99999", "https://desk.example:x", "https://desk.example#x", "", "https://[::1",
        "https://дом.example",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_desk_is_refused_and_no_password_is_shown(address: str) -> None:
    with pytest.raises(WatchMistake) as refused:
        parse_desk(address, None)
    assert refused.value.where == "--desk"
    assert "secret" not in str(refused.value)


def test_authorities_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(WatchMistake, match=path.name):
            parse_desk("https://desk.example", path)
    with pytest.raises(WatchMistake, match="--desk-ca"):
        parse_desk("http://localhost", tmp_path / "ca.pem")


def test_a_token_is_read_only_where_nobody_else_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "radar.token"
    file.write_text(f"{TOKEN}\n")
    for mode in (0o600, 0o400):
        file.chmod(mode)
        assert read_token(file) == TOKEN
    for mode in (0o640, 0o604, 0o660):
        file.chmod(mode)
        with pytest.raises(WatchMistake, match=r"radar\.token"):
            read_token(file)
    file.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_token(file) == TOKEN
    file.chmod(0o444)
    with pytest.raises(WatchMistake):
        read_token(file)


@pytest.mark.parametrize("content", [b"", b"two words", b"short", b"\xff" * 40, b"t" * (TOKEN_BYTES_MAX + 1)])
def test_a_file_with_anything_else_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "radar.token"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(WatchMistake) as refused:
        read_token(file)
    assert "two words" not in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(WatchMistake, match=r"none\.token"):
        read_token(tmp_path / "none.token")
