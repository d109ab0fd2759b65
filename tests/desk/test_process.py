"""The desk as the program that the supervisor starts: TLS or this machine only, and an orderly end."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from detente.desk.process import _hosts
from detente.node.settings.structs import DeskSettings, is_loopback
from tests.node.serving.served import free_port, until
from tests.stories.program import environment


def certificate(home: Path) -> None:
    """Write a certificate for desk.example and its key into a home."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    home.mkdir(exist_ok=True)
    (home / "desk.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (home / "desk.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


@contextlib.contextmanager
def started(home: Path, listen: str) -> Iterator[subprocess.Popen[str]]:
    """Run the desk's program on a home until the block ends."""
    command = [sys.executable, "-m", "detente.desk.process", str(home), "--listen", listen]
    process = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "settings", ["", '[desk]\ncertificate_file = "desk.pem"\n', '[desk]\nkey_file = "desk.key"\n']
)
def test_anywhere_but_on_this_machine_it_needs_a_certificate_and_a_key(tmp_path: Path, settings: str) -> None:
    certificate(tmp_path / "home")
    (tmp_path / "home" / "settings.toml").write_text(settings)
    with started(tmp_path / "home", f"0.0.0.0:{free_port()}") as process:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 2
    assert "certificate" in told
    assert "Traceback" not in told


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    certificate(tmp_path / "home")
    (tmp_path / "home" / "desk.key").write_text("no key")
    (tmp_path / "home" / "settings.toml").write_text(
        '[desk]\ncertificate_file = "desk.pem"\nkey_file = "desk.key"\n'
    )
    with started(tmp_path / "home", f"127.0.0.1:{free_port()}") as process:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 2
    assert "desk.key" in told


def test_with_them_it_speaks_tls_1_3_and_nothing_older_and_says_so_to_browsers(tmp_path: Path) -> None:
    certificate(tmp_path / "home")
    (tmp_path / "home" / "settings.toml").write_text(
        '[desk]\ncertificate_file = "desk.pem"\nkey_file = "desk.key"\nsite = "desk.example"\n'
        'origins = ["https://desk.example"]\n'
    )
    port = free_port()
    with started(tmp_path / "home", f"0.0.0.0:{port}") as process:
        until(lambda: answers(port, ssl.TLSVersion.TLSv1_3) is not None or process.poll() is not None, "the desk")
        headers = answers(port, ssl.TLSVersion.TLSv1_3)
        assert headers is not None
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert answers(port, ssl.TLSVersion.TLSv1_2) is None
        refused = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        refused.request("GET", "/health", headers={"Host": "desk.example"})
        with pytest.raises((http.client.HTTPException, OSError)):
            refused.getresponse()
        refused.close()
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 0


def answers(port: int, version: ssl.TLSVersion) -> http.client.HTTPMessage | None:
    """Return the headers of an answer over TLS of a version, None when there is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
    try:
        connection.request("GET", "/health", headers={"Host": "desk.example"})
        answer = connection.getresponse()
        answer.read()
    except OSError:
        return None
    finally:
        connection.close()
    return answer.headers


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    import socket

    (tmp_path / "home").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with started(tmp_path / "home", f"127.0.0.1:{taken.getsockname()[1]}") as process:
            _, told = process.communicate(timeout=60)
            assert process.returncode == 2
    assert "127.0.0.1" in told


def test_which_names_are_this_desks() -> None:
    for one in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert is_loopback(one), one
    for other in ("0.0.0.0", "::", "192.0.2.1", "desk.example"):  # noqa: S104 - named, not bound
        assert not is_loopback(other), other
    own = DeskSettings(site="desk.example", origins=("https://desk.example:8443",))
    assert _hosts(own, "0.0.0.0:8443") == {"desk.example"}
    assert _hosts(own, "192.0.2.1:8443") == {"desk.example", "192.0.2.1"}
    assert _hosts(DeskSettings(), "127.0.0.1:8443") == {"localhost", "127.0.0.1", "::1"}
