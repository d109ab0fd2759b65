"""Real receivers of alarms: a mail server with STARTTLS and login, an HTTPS receiver of posts."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["MailServer", "Posts", "mail_server", "posts", "tls_files"]

USER, PASSWORD = "node", "a-password-of-the-mail-server"


def tls_files(folder: Path, name: str = "server") -> tuple[Path, Path]:
    """Make a key and a self-signed certificate for localhost; returns certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, private


def _context(files: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


@dataclass
class MailServer:
    """What a mail server took. refuse: recipients that it refuses."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - the server calls it so
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refuse:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        return "250 taken"


class _Controller(Controller):
    def __init__(self, *given: Any, tls: ssl.SSLContext | None, login: bool, **more: Any) -> None:
        self._tls, self._login = tls, login
        super().__init__(*given, **more)

    def factory(self) -> SMTP:
        def right(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            known = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
            return AuthResult(success=known, handled=False)

        return SMTP(
            self.handler,
            hostname="mail.example",
            tls_context=self._tls,
            require_starttls=self._tls is not None,
            auth_required=self._login,
            auth_require_tls=self._tls is not None,
            authenticator=right,
        )


@contextlib.contextmanager
def mail_server(
    files: tuple[Path, Path] | None, *, login: bool = True, tls_at_once: bool = False
) -> Iterator[MailServer]:
    """Run a mail server: with STARTTLS, or TLS from the first byte, or in the clear without files."""
    taken = MailServer()
    context = None if files is None else _context(files)
    controller = _Controller(
        taken,
        hostname="127.0.0.1",
        port=0,
        tls=None if tls_at_once else context,
        login=login,
        ssl_context=context if tls_at_once else None,
    )
    from tests.node.serving.served import free_port

    controller.port = free_port()
    controller.start()
    taken.port = controller.port
    try:
        yield taken
    finally:
        controller.stop()


@dataclass
class Posts:
    """What a receiver of posts took. answer: what it does with each request."""

    link: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    status: int = 204

    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(one) for one in self.bodies]


@contextlib.contextmanager
def posts(files: tuple[Path, Path] | None) -> Iterator[Posts]:
    """Run a receiver of posts over HTTPS; over plain HTTP without files."""
    taken = Posts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            taken.headers.append(dict(self.headers))
            taken.paths.append(self.path)
            if taken.answer is not None:
                taken.answer(self)
                return
            self.send_response(taken.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            taken.paths.append(f"GET {self.path}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            return  # whoever does not trust us goes away in the middle

    server = Server(("127.0.0.1", 0), Handler)
    if files is not None:
        server.socket = _context(files).wrap_socket(server.socket, server_side=True)
    taken.link = (
        f"{'http' if files is None else 'https'}://127.0.0.1:{server.server_address[1]}/hook?token=tell-nobody"
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
