"""Where the desk is and how it is spoken to: TLS 1.3 to anywhere, plain HTTP on this machine only; and its token.

A name under ``.localhost`` is this machine, whatever a resolver says: it is never looked up.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from detente import words
from detente.door.files import cause
from detente.door.terminal import visible
from detente.watch.errors import WatchMistake

__all__ = ["TOKEN_BYTES_MAX", "DeskAddress", "parse_desk", "read_token"]

say = words.speaker("watch")

TOKEN_BYTES_MAX = 4_096
"""Bytes of the file with the token."""
_AUTHORITIES_BYTES_MAX = 1_000_000
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DeskAddress:
    """A desk. shown: as people see it; base: what is connected to; host: the name that is asked for there."""

    shown: str
    base: str
    host: str
    server_name: str
    tls: ssl.SSLContext | None


def parse_desk(address: str, authorities: Path | None) -> DeskAddress:
    """Return where ``--desk`` points; authorities: the file of ``--desk-ca``, None takes the system's.

    Raises WatchMistake for an address that is none, for plain HTTP to another machine, for a file that is no list of
    certificates.
    """
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise _no_address(address) from None
    if parts.scheme not in {"http", "https"} or not host or not host.isascii() or len(address) > 500:
        raise _no_address(address)
    if parts.username is not None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise _no_address(address)
    port = port or (443 if parts.scheme == "https" else 80)
    is_here = _is_here(host)
    if parts.scheme == "http" and not is_here:
        raise WatchMistake(
            expected=say("https, or plain http to this machine alone"),
            came=f"{parts.scheme}://{visible(host)}",
            where="--desk",
            remedy=say(
                "write https://; with --desk-ca where the desk's certificate is not of a public authority"
            ),
        )
    if parts.scheme == "http" and authorities is not None:
        raise WatchMistake(
            expected=say("a desk with https"), came="http", where="--desk-ca", remedy=say("leave --desk-ca out")
        )
    shown_host = f"[{host}]" if ":" in host else host
    target = "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else shown_host
    return DeskAddress(
        shown=f"{parts.scheme}://{shown_host}:{port}",
        base=f"{parts.scheme}://{target}:{port}",
        host=f"{shown_host}:{port}",
        server_name=host,
        tls=None if parts.scheme == "http" else _trust(authorities),
    )


def read_token(path: Path) -> str:
    """Return the token in a file. Raises WatchMistake when others may read it, or when no token is in it.

    A file that systemd put into the unit's own folder of credentials may show group rights: they are that of its list.
    """
    try:
        with path.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            octets = opened.read(TOKEN_BYTES_MAX + 1)
    except OSError as failure:
        raise WatchMistake(
            expected=say("a file with the machine's token"),
            came=cause(failure),
            where=str(path),
            remedy=say("make a token with: detente people add-watch HOME NAME"),
        ) from failure
    loose = 0o007 if _is_credential(path) else 0o077
    if mode & loose:
        raise WatchMistake(
            expected=say("a file that only its owner may read"),
            came=say("rights {mode}", mode=f"{mode:04o}"),
            where=str(path),
            remedy=say("take the rights of others away: chmod 600 {file}", file=str(path)),
        )
    token = octets.decode("ascii", "replace").strip()
    if len(octets) > TOKEN_BYTES_MAX or not _TOKEN.fullmatch(token):
        raise WatchMistake(
            expected=say("one token, as detente people add-watch prints it"),
            came=say("other text"),  # never the text itself: it may be a secret in the wrong file
            where=str(path),
            remedy=say("make a token with: detente people add-watch HOME NAME"),
        )
    return token


def _is_credential(path: Path) -> bool:
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    return bool(folder) and path.resolve().parent == Path(folder).resolve()


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _trust(authorities: Path | None) -> ssl.SSLContext:
    """Return what a desk's certificate is judged by: TLS 1.3, its name, and these authorities alone."""
    try:
        is_large = authorities is not None and authorities.stat().st_size > _AUTHORITIES_BYTES_MAX
        context = ssl.create_default_context(cafile=None if authorities is None else str(authorities))
    except ssl.SSLError:
        raise _no_authorities(say("other bytes"), authorities) from None
    except OSError as failure:
        raise _no_authorities(cause(failure), authorities) from failure
    if is_large:
        raise _no_authorities(say("a file that is too large"), authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def _no_authorities(came: str, authorities: Path | None) -> WatchMistake:
    return WatchMistake(
        expected=say("a file with the certificates of authorities (PEM)"),
        came=came,
        where=str(authorities),
        remedy=say("name the file of the authority that signed the desk's certificate"),
    )


def _no_address(address: str) -> WatchMistake:
    return WatchMistake(
        expected=say("the address of a desk: https://HOST:PORT"),
        came=visible(address.rpartition("@")[2][:100]),  # what stands before an @ may be a password
        where="--desk",
        remedy=say("for example {example}", example="--desk https://desk.west.example:8443"),
    )
