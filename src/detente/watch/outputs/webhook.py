"""Alarms posted as JSON: ``https://host/path?header_file=FILE``; plain http to this machine alone.

Each alarm is posted when it begins, rises and ends, one post after the other, until an answer 2xx. What cannot be
posted waits in a bounded queue and is tried again, later and later; what the other side refuses for good (an answer
4xx) is dropped and counted. Redirections are not followed. Path and query may be secrets and are never shown.

``header_file``: a file with one line ``Name: value`` that goes along as a header; ``secret_file``: a file with a
secret, with which each post is signed (``Detente-Signature: t=SECONDS,sha256=HEX`` over ``SECONDS.BODY``, as the node's
own webhooks are); ``ca_file``, ``cert_file``, ``cert_key_file``: certificates. The rest behind ``?`` is the link's.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import re
import ssl
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx2
import msgspec

from detente import __version__, words
from detente.watch.address_parts import is_loopback
from detente.watch.errors import OutputLost, WatchMistake
from detente.watch.outputs.leaving import Alarm, Leaving
from detente.watch.outputs.telling import RETRY_S_MIN, Output, OutputStanding, Standing
from detente.watch.tls_files import TLS_OPTIONS, client_context, secret_of

__all__ = ["FORMAT", "POST_S_MAX", "RETRY_S_MAX", "WAITING_MAX", "document", "output_of", "signature"]

say = words.speaker("watch")

FORMAT = "detente-watch-alarm/1"
WAITING_MAX = 1_000
"""Posts that wait; the oldest gives way to a new one, counted as "too_many"."""
POST_S_MAX = 25.0
"""Seconds that one post may take in all, however slowly the other side speaks."""
RETRY_S_MAX = 300.0
"""The most seconds between two tries."""
_OPTIONS = ("header_file", "secret_file", *TLS_OPTIONS)
_HEADER = re.compile(rb"([A-Za-z0-9-]{1,64}):[ \t]*([\x21-\x7e][\x20-\x7e]*)")
_LATER = frozenset({408, 425, 429})


def output_of(link: str) -> Output:
    """Return the output of a link; connects to nothing. Raises WatchMistake that names what is wrong with it."""
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError as fault:
        raise _mistake(str(fault), "") from None
    name = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    faults = []
    if parts.scheme not in {"https", "http"}:
        faults.append(say("the scheme {scheme}", scheme=repr(parts.scheme[:20])))
    if not host:
        faults.append(say("no host"))
    if parts.scheme == "http" and host and not is_loopback(host):
        faults.append(say("{scheme} to another machine: it would go there unencrypted", scheme="http"))
    if parts.username is not None or parts.password is not None:
        faults.append(say("a name or a password in the address, where everybody on this machine can read it"))
    if faults:
        raise _mistake("; ".join(faults), name)
    query = parse_qsl(parts.query, keep_blank_values=True)
    options = {key: value for key, value in query if key in _OPTIONS}
    rest = urlencode([(key, value) for key, value in query if key not in _OPTIONS])
    bare = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", rest, ""))
    header = _header(secret_of(Path(options["header_file"]), name), name) if "header_file" in options else {}
    secret = secret_of(Path(options["secret_file"]), name) if "secret_file" in options else b""
    context = client_context(options, name) if parts.scheme == "https" else None
    return _Webhook(name, bare, context, header, secret)


def _header(line: bytes, where: str) -> dict[str, str]:
    found = _HEADER.fullmatch(line)
    if found is None:
        raise WatchMistake(
            expected=say("a file with one header, its name, a colon and its value"),
            came=say("something else"),
            where=where,
            remedy=say("write for example {example}", example="Authorization: Bearer ..."),
        )
    return {found.group(1).decode(): found.group(2).decode()}


def _mistake(came: str, where: str) -> WatchMistake:
    return WatchMistake(
        expected=say("a link such as {example}", example="https://host/path?header_file=FILE"),
        came=came,
        where=where,
        remedy=say("see docs/feeds.md"),
    )


def document(alarm: Alarm) -> dict[str, Any]:
    """Return what is posted of an alarm: what it may say, and nothing that the gate did not let through."""
    lon, lat = alarm.place
    return {
        "format": FORMAT,
        "uid": alarm.uid,
        "kind": alarm.kind,
        "priority": alarm.priority,
        "state": "over" if alarm.is_over else "active",
        "rings": alarm.rings,
        "predicted": alarm.is_predicted,
        "at": _time(alarm.at),
        "closest_at": _time(alarm.closest_at),
        "own": {"id": alarm.own, "name": alarm.own_name},
        "other": {"kind": alarm.other_kind, "side": alarm.other_side},
        "area": alarm.area,
        "place": {"lon_deg": lon, "lat_deg": lat},
        "closest_distance_m": alarm.closest_distance_m,
        "limit_m": alarm.limit_m,
        "text": alarm.text,
    }


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """Return the signature of a post: HMAC-SHA256 over "TIME.BODY", hexadecimal. at_s: seconds since 1970 UTC."""
    return hmac.new(secret, f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class _Webhook:
    name: str
    link: str = field(repr=False)
    context: ssl.SSLContext | None
    header: Mapping[str, str] = field(repr=False)
    secret: bytes = field(repr=False)
    _standing: Standing = field(init=False)
    _waiting: deque[bytes] = field(default_factory=deque)
    _fresh: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._standing = Standing(self.name)

    @property
    def standing(self) -> OutputStanding:
        """Return how it stands."""
        self._standing.waiting = len(self._waiting)
        return self._standing.frozen()

    async def tell(self, leaving: Leaving) -> None:
        """Take the alarms that changed; the oldest gives way when too many wait."""
        for alarm in leaving.changed:
            if len(self._waiting) >= WAITING_MAX:
                self._waiting.popleft()
                self._standing.drop("too_many")
            self._waiting.append(msgspec.json.encode(document(alarm)))
            self._fresh.set()

    async def run(self) -> None:
        """Post what waits, until this task is cancelled."""
        wait_s = RETRY_S_MIN
        async with httpx2.AsyncClient(
            verify=self.context if self.context is not None else True, follow_redirects=False, timeout=POST_S_MAX
        ) as client:
            while True:
                self._fresh.clear()
                if not self._waiting:
                    await self._fresh.wait()
                body = self._waiting[0]
                self._standing.attempts += 1
                asked_s = None
                try:
                    asked_s = await self._post(client, body)
                except OutputLost as failure:
                    self._standing.is_up, self._standing.why = False, str(failure)
                else:
                    if asked_s is None:
                        if self._waiting and self._waiting[0] is body:
                            self._waiting.popleft()
                        wait_s = RETRY_S_MIN
                        continue
                await asyncio.sleep(max(asked_s or 0.0, wait_s * random.uniform(0.5, 1.0)))  # noqa: S311
                wait_s = min(2 * wait_s, RETRY_S_MAX)

    async def _post(self, client: httpx2.AsyncClient, body: bytes) -> float | None:
        """Post once. None: it is done with, taken or refused; else after how many seconds to try again."""
        headers = {"Content-Type": "application/json", "User-Agent": f"detente/{__version__}", **self.header}
        if self.secret:
            at_s = int(time.time())
            headers["Detente-Signature"] = f"t={at_s},sha256={signature(self.secret, at_s, body)}"
        try:
            async with (
                asyncio.timeout(POST_S_MAX),
                client.stream("POST", self.link, content=body, headers=headers) as answer,
            ):
                status, asked = answer.status_code, answer.headers.get("Retry-After", "")
        except TimeoutError:
            raise self._lost(say("none in time")) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as failure:
            # what the library says holds the link
            raise self._lost(type(failure).__name__) from None
        if 200 <= status < 300:
            self._standing.is_up = True
            self._standing.told()
            return None
        self._standing.is_up = False
        self._standing.why = say("the answer {status}", status=status)
        if status in _LATER or status >= 500:
            return min(float(asked), RETRY_S_MAX) if asked.isdecimal() else 0.0
        self._standing.drop("refused")
        return None

    def _lost(self, came: str) -> OutputLost:
        return OutputLost(
            expected=say("an answer 2xx"), came=came, where=self.name, remedy=say("it is tried again by itself")
        )


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
