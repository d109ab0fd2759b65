"""The ways to a person: the terminal, a webhook over HTTPS, mail through an SMTP server. Each sends one message.

All of them block and are called in threads. A whole attempt ends after a stated time, however slowly the other side
speaks. Redirects are not followed; what a server answers is never shown but for its code; a link's path and query may
be a secret and are never shown.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from detente import __version__, words
from detente.node.alarms.errors import ChannelFailure
from detente.node.alarms.message import Message
from detente.node.settings.structs import Settings, SmtpSettings, path_in

__all__ = ["SIGNATURE_HEADER", "Channel", "Mail", "Terminal", "Webhook", "channel_of", "signature"]

say = words.speaker("node")

SIGNATURE_HEADER = "Detente-Signature"
_STEP_S = 10.0
"""How long one read or write may take."""
_WHOLE_S = 25.0
"""How long a whole attempt may take."""
_SECRET_MAX = 4_096


class Channel(Protocol):
    """One way on which messages go."""

    def send(self, message: Message) -> None:
        """Send one message; raises ChannelFailure with the reason in words."""


class Terminal:
    """Writes one line that rings the bell; ``write`` takes it."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def send(self, message: Message) -> None:
        """Write the subject."""
        self._write(message.subject)


class Webhook:
    """Posts a message as JSON; anything but an answer 2xx is a failure. Plain HTTP only where the link says so."""

    def __init__(
        self, link: str, *, secret_file: Path | None = None, authorities_file: Path | None = None
    ) -> None:
        self._parts = urlsplit(link)
        self._secret_file = secret_file
        self._authorities_file = authorities_file

    @property
    def place(self) -> str:
        """Host and port, without the path: that may be a secret."""
        return self._parts.netloc.rpartition("@")[2]

    def send(self, message: Message) -> None:
        """Post one message."""
        body = msgspec.json.encode(message.document)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"detente/{__version__}",
            "Connection": "close",
        }
        if self._secret_file is not None:
            at_s = int(time.time())
            signed = signature(_secret(self._secret_file), at_s, body)
            headers[SIGNATURE_HEADER] = f"t={at_s},sha256={signed}"
        parts = self._parts
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _failures(self.place):
            host, port = parts.hostname or "", parts.port
            if parts.scheme == "https":
                connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                    host, port, timeout=_STEP_S, context=_context(self._authorities_file)
                )
            else:
                connection = http.client.HTTPConnection(host, port, timeout=_STEP_S)
            with contextlib.closing(connection):
                connection.connect()
                with _whole(lambda: connection.sock):
                    connection.request("POST", path, body, headers)
                    status = connection.getresponse().status
        if not 200 <= status < 300:
            raise _failure(say("an answer 2xx"), say("the answer {status}", status=status), self.place)


class Mail:
    """Sends a message through a mail server, over TLS unless the settings say otherwise."""

    def __init__(self, smtp: SmtpSettings, to: tuple[str, ...], home: Path) -> None:
        self._smtp = smtp
        self._to = to
        self._home = home

    @property
    def place(self) -> str:
        """Host and port of the server."""
        return f"{self._smtp.host}:{self._smtp.port}"

    def send(self, message: Message) -> None:
        """Send one message to everybody that this way has."""
        smtp = self._smtp
        password = _secret(path_in(self._home, smtp.password_file)).decode() if smtp.user else ""
        mail = self._written(message)
        with _failures(self.place):
            context = _context(path_in(self._home, smtp.authorities_file) if smtp.authorities_file else None)
            server: smtplib.SMTP
            name = smtp.from_.rpartition("@")[2]  # this machine's own name is nobody's business
            if smtp.tls:
                server = smtplib.SMTP_SSL(local_hostname=name, timeout=_STEP_S, context=context)
            else:
                server = smtplib.SMTP(local_hostname=name, timeout=_STEP_S)
            server._host = smtp.host  # type: ignore[attr-defined]  # noqa: SLF001 - the name that TLS checks
            with contextlib.closing(server), _whole(lambda: server.sock):
                server.connect(smtp.host, smtp.port)
                if smtp.starttls and not smtp.tls:
                    server.starttls(context=context)
                if smtp.user:
                    server.login(smtp.user, password)
                refused = server.send_message(mail, to_addrs=list(self._to))
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    server.quit()
        if refused:
            raise _failure(
                say("a server that takes the mail for everybody"),
                say("refused for {places}", places=", ".join(sorted(refused))),
                self.place,
            )

    def _written(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = Address(addr_spec=self._smtp.from_)
        mail["To"] = [Address(addr_spec=one) for one in self._to]
        mail["Date"] = format_datetime(datetime.now(UTC))
        domain = self._smtp.from_.rpartition("@")[2]
        mail["Message-ID"] = f"<{message.key}.{time.time_ns()}@{domain}>"
        mail["References"] = f"<{message.key}@{domain}>"  # tellings of one alarm stand together
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content("\n".join(message.lines) + "\n")
        return mail


def channel_of(
    channel: str, person: str, settings: Settings, home: Path, *, write: Callable[[str], None]
) -> Channel | None:
    """Return the way that a delivery names, as the settings have it now; None when they have it no more.

    channel: "terminal", "webhook" or "mail"; person: a name on duty, "" for everybody that gets every alarm.
    """
    alarms = settings.alarms
    one = next((one for one in settings.duty if one.name == person), None)
    if channel == "terminal":
        return Terminal(write)
    if person and one is None:
        return None
    if channel == "webhook":
        link = one.webhook if one is not None else alarms.webhook
        if not link:
            return None
        return Webhook(
            link,
            secret_file=path_in(home, alarms.webhook_secret_file) if alarms.webhook_secret_file else None,
            authorities_file=(
                path_in(home, alarms.webhook_authorities_file) if alarms.webhook_authorities_file else None
            ),
        )
    to = ((one.mail,) if one.mail else ()) if one is not None else alarms.smtp.to if alarms.smtp else ()
    return Mail(alarms.smtp, to, home) if alarms.smtp is not None and to else None


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """Return the signature of a post: HMAC-SHA256 over "TIME.BODY", hexadecimal. at_s: seconds since 1970 UTC."""
    return hmac.new(secret, f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()


def _secret(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            secret = file.read(_SECRET_MAX + 1).strip()
    except OSError as failure:
        raise _failure(
            say("a file with a secret"), failure.strerror or type(failure).__name__, str(path)
        ) from None
    if not secret or len(secret) > _SECRET_MAX:
        raise _failure(say("a file with a secret"), say("an empty file, or one that is too long"), str(path))
    return secret


def _context(authorities_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if authorities_file is None else str(authorities_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextlib.contextmanager
def _whole(sock: Callable[[], socket.socket | None]) -> Iterator[None]:
    """End an attempt after a stated time: a peer that sends a byte now and then would hold it for ever."""

    def end() -> None:
        found = sock()
        if found is not None:
            with contextlib.suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_WHOLE_S, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextlib.contextmanager
def _failures(place: str) -> Iterator[None]:
    """Turn what networks and servers do into words; a server's own text is not repeated, it may hold anything."""
    try:
        yield
    except ssl.SSLCertVerificationError as failure:
        raise _failure(say("a certificate that holds"), failure.verify_message, place) from None
    except smtplib.SMTPAuthenticationError:
        raise _failure(say("a server that takes user and password"), say("it refused them"), place) from None
    except smtplib.SMTPNotSupportedError:
        raise _failure(
            say("a server with STARTTLS and login, as set"), say("it offers one of them not"), place
        ) from None
    except smtplib.SMTPResponseException as failure:
        came = say("the answer {status}", status=failure.smtp_code)
        raise _failure(say("a server that takes the mail"), came, place) from None
    except smtplib.SMTPRecipientsRefused as failure:
        came = say("refused for {places}", places=", ".join(sorted(failure.recipients)))
        raise _failure(say("a server that takes the mail for everybody"), came, place) from None
    except TimeoutError:
        raise _failure(say("an answer in time"), say("none"), place) from None
    except (smtplib.SMTPException, http.client.HTTPException, OSError, ValueError) as failure:
        raise _failure(*_unreached(failure), place) from None


def _unreached(failure: Exception) -> tuple[str, str]:
    """Return what was expected of a server and what came, in words; what is rarer in the system's own."""
    protocol, reached = say("an answer as its protocol has it"), say("a server that can be reached")
    match failure:
        case ssl.SSLError():
            return say("a server that speaks TLS 1.2 or newer"), say("another protocol")
        case smtplib.SMTPServerDisconnected() | http.client.RemoteDisconnected():
            return protocol, say("it hung up")
        case smtplib.SMTPException() | http.client.HTTPException():
            return protocol, type(failure).__name__
        case ConnectionRefusedError():
            return reached, say("nobody listens there")
        case ConnectionError():
            return reached, say("it hung up")
        case socket.gaierror():
            return reached, say("no address is known for its name")
        case OSError():
            return reached, failure.strerror or type(failure).__name__
        case _:
            return reached, type(failure).__name__


def _failure(expected: str, came: str, place: str) -> ChannelFailure:
    return ChannelFailure(
        expected=expected, came=came, where=place, remedy=say("try it: detente alarms test HOME")
    )
