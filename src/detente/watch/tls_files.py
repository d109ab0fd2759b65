"""Certificates and secrets from files, for connections that the watch opens.

A client's key here opens a connection to a server of tracks or alarms and nothing else: no key of a line is ever read
in this process.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from detente import words
from detente.watch.errors import WatchMistake

__all__ = ["SECRET_BYTES_MAX", "TLS_OPTIONS", "client_context", "secret_of"]

say = words.speaker("watch")

TLS_OPTIONS = ("ca_file", "cert_file", "cert_key_file", "cert_password_file")
"""What may stand behind "?" of an address that is reached over TLS: all of them are names of files."""
SECRET_BYTES_MAX = 4_096
"""Bytes of a file with a secret."""


def client_context(options: Mapping[str, str], where: str) -> ssl.SSLContext:
    """Return how a connection is encrypted and whose certificates are believed; raises WatchMistake.

    ca_file: authorities instead of the machine's own; cert_file, cert_key_file: what we show of ourselves;
    cert_password_file: the password of that key. Certificates are always checked, and so is the name in them.
    """
    authorities = options.get("ca_file")
    try:
        context = ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError) as failure:
        raise _mistake(say("a file of certificates of authorities"), failure, authorities or "", where) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate, key = options.get("cert_file"), options.get("cert_key_file")
    if certificate is None:
        if key is not None or "cert_password_file" in options:
            raise WatchMistake(
                expected=say("a certificate with its key"),
                came=say("a key, or its password, without a certificate"),
                where=where,
                remedy=say("name the certificate: {example}", example="?cert_file=FILE&cert_key_file=FILE"),
            )
        return context
    password = secret_of(Path(options["cert_password_file"]), where) if "cert_password_file" in options else b""
    try:
        # with the password at hand nobody is asked for one at the terminal
        context.load_cert_chain(certificate, key, password=lambda: password)
    except (OSError, ssl.SSLError, ValueError) as failure:
        raise _mistake(say("a certificate and its own key, as PEM"), failure, certificate, where) from None
    return context


def secret_of(path: Path, where: str) -> bytes:
    """Return the one line of a file with a secret; raises WatchMistake when others may read it or it is none."""
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            secret = file.read(SECRET_BYTES_MAX + 1).strip()
    except OSError as failure:
        raise _mistake(say("a file with a secret"), failure, str(path), where) from None
    came = ""
    if mode & 0o077:
        came = say("a file that others on this machine may read: {path}", path=str(path))
    elif not secret or len(secret) > SECRET_BYTES_MAX or not secret.isascii() or b"\n" in secret:
        came = say("an empty file, or more than one line: {path}", path=str(path))
    if came:
        raise WatchMistake(
            expected=say("a file with a secret that its owner alone may read"),
            came=came,
            where=where,
            remedy=say("write the secret alone into it, and say: {command}", command=f"chmod 600 {path}"),
        )
    return secret


def _mistake(expected: str, failure: Exception, path: str, where: str) -> WatchMistake:
    reason = getattr(failure, "reason", None) or getattr(failure, "strerror", None) or type(failure).__name__
    return WatchMistake(
        expected=expected,
        came=say("{reason}: {path}", reason=str(reason), path=path),
        where=where,
        remedy=say("name a file that is there and may be read"),
    )
