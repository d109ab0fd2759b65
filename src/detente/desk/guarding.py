"""What every request must pass before anything is done for it, and what every answer carries.

Another site's page may make a browser send requests here; the browser says so in Sec-Fetch-Site, or at least in Origin.
A request that changes something is carried out only when it comes from the desk's own page, or from a program that says
nothing of browsers and shows a machine's token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request

from detente import words
from detente.desk.errors import bad_input, cross_site, too_large, wrong_media_type
from detente.desk.operations import Operation
from detente.door.terminal import visible

__all__ = ["BODY_S_MAX", "CSP", "check_host", "check_site", "host_of", "protect", "read_body"]

say = words.speaker("desk")

BODY_S_MAX = 60
"""Seconds that the body of a request may take."""
CSP = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(),"
        " publickey-credentials-get=(self), publickey-credentials-create=(self)"
    ),
}
_HSTS = "max-age=31536000"
_SAFE = {"GET", "HEAD"}


def host_of(header: str) -> str:
    """Return the host of a Host header without its port, in small letters; "" for what is none."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def check_host(headers: Headers, hosts: Collection[str]) -> None:
    """Raise RefusedRequest (400) for a request to a host that is not this desk: a name that was pointed here."""
    given = headers.getlist("host")
    if len(given) != 1 or host_of(given[0]) not in hosts:
        raise bad_input(say("the address of this desk"), visible(", ".join(given)[:200]), "Host")


def check_site(headers: Headers, operation: Operation, scheme: str) -> None:
    """Raise RefusedRequest (403, 415) for what another site's page sent, or may have sent."""
    site = headers.get("sec-fetch-site")
    if operation.method in _SAFE:
        if site == "cross-site" and operation.right != "anyone" and headers.get("sec-fetch-mode") != "navigate":
            raise cross_site(say("a request of another site"))
        return
    if site is not None:
        if site != "same-origin":
            raise cross_site(say("a request of another site"))
    elif operation.right != "watch" or "origin" in headers:
        origin = headers.get("origin", "")
        if origin.lower() != f"{scheme}://{headers.get('host', '')}".lower():
            raise cross_site(visible(origin[:200]) or say("a request that does not say where it comes from"))
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if operation.method == "DELETE" and not has_body:
        return
    kind, _, more = headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json" or more.strip().lower() not in {"", "charset=utf-8"}:
        raise wrong_media_type("application/json")


async def read_body(request: Request, size_max: int) -> bytes:
    """Return the body; raises RefusedRequest (400, 413) for one over its cap, or that takes too long."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > size_max:
        raise too_large(size_max)
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_S_MAX):
            async for piece in request.stream():
                found += piece
                if len(found) > size_max:
                    raise too_large(size_max)
    except (TimeoutError, ClientDisconnect):
        raise bad_input(say("a whole body"), say("one cut short")) from None
    return bytes(found)


def protect(headers: MutableHeaders, *, is_tls: bool) -> None:
    """Add what every answer carries; what the answer says of its own caching stays."""
    for name, value in _HEADERS.items():
        headers[name] = value
    if is_tls:
        headers["Strict-Transport-Security"] = _HSTS
    headers.setdefault("Cache-Control", "no-store")
