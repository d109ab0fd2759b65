"""A stand-in for the desk: serves the built picture and documents that a test chooses, under the desk's own headers.

It judges nothing: a passkey is taken as it comes. What the real desk says and refuses is tested with the real one.
"""

from __future__ import annotations

import base64
import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

STATIC = Path(__file__).resolve().parents[2] / "src" / "detente" / "desk" / "static"
CSP = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
}


class Stand:
    """What the stand-in answers, and what it was asked. documents: path after /api/v1/ -> document. map: PMTiles."""

    def __init__(self, documents: dict[str, Any], me: dict[str, Any]) -> None:
        self.documents = documents
        self.me = me
        self.is_signed_in = True
        self.told: list[tuple[str, str, Any]] = []
        self.streams: list[queue.Queue[bytes | None]] = []
        self.first_picture: dict[str, Any] = {}
        self.clock_every_s = 1.0
        self.address = ""
        self.has_oidc = False
        self.map = b""
        self.pieces: list[tuple[int, int]] = []

    def send(self, event: str, document: Any) -> None:
        """Send an event to every page that listens."""
        octets = f"event: {event}\ndata: {json.dumps(document)}\n\n".encode()
        for stream in list(self.streams):
            stream.put(octets)

    def hang_up(self) -> None:
        """End every stream."""
        for stream in list(self.streams):
            stream.put(None)

    def posted(self, path: str, body: Any) -> tuple[int, Any]:
        """Answer a POST, PUT, PATCH or DELETE."""
        if path == "sign-in/begin":
            return 200, {"challenge": _token(), "rpId": "localhost", "userVerification": "required"}
        if path == "enrol/begin":
            if body.get("code") != "good-code":
                return 404, {"error": {"kind": "not-found", "expected": "a link that is good", "came": "another",
                                       "where": "code", "remedy": "Ask for a new link.", "faults": []}}  # fmt: skip
            return 200, {"name": self.me["person"]["name"], "options": {
                "challenge": _token(), "rp": {"id": "localhost", "name": "desk"}, "attestation": "none",
                "user": {"id": _token(), "name": "watch", "displayName": "watch"},
                "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
                "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
            }}  # fmt: skip
        if path in {"sign-in/finish", "enrol/finish"}:
            self.is_signed_in = True
            return 200, self.me
        if path == "sign-out":
            self.is_signed_in = False
        if path.startswith("alarms/") and path.endswith("/acknowledge"):
            name = unquote(path.split("/")[1])
            for alarm in self.documents["alarms"]["alarms"]:
                if alarm["id"] == name:
                    is_active = alarm["state"].startswith("active")
                    alarm.update(
                        state="active-acknowledged" if is_active else "rectified-acknowledged", note=body["note"],
                        acknowledged_ms=now_ms(), acknowledged_by=self.me["person"]["name"],
                    )  # fmt: skip
            self.send("alarms", {"silenced_until_ms": None, "unacknowledged": 0})
        if path == "alarms/silence":
            until_ms = now_ms() + 30_000
            self.send("alarms", {"silenced_until_ms": until_ms, "unacknowledged": 1})
            return 200, {"silenced_until_ms": until_ms}
        return 200, {}


def now_ms() -> int:
    """Return the moment as documents have it."""
    return time.time_ns() // 1_000_000


def _token() -> str:
    return base64.urlsafe_b64encode(b"0123456789abcdef" * 2).rstrip(b"=").decode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand: Stand

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name of the base class
        pass

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/api/v1/events":
            self._events()
        elif path.startswith("/api/v1/"):
            name = path.removeprefix("/api/v1/")
            if name == "sign-in/ways":
                self._json(200, {"passkey": True, "oidc": self.stand.has_oidc})
            elif name == "map.pmtiles" and self.stand.map:
                self._piece(self.stand.map)
            elif not self.stand.is_signed_in:
                self._json(401, {"error": {"kind": "unauthenticated"}})
            elif name == "me":
                self._json(200, self.stand.me)
            elif name in self.stand.documents:
                document = self.stand.documents[name]
                self._json(200, document(self.path) if callable(document) else document)
            else:
                self._json(404, {"error": {"kind": "not-found", "came": name}})
        else:
            self._file(path)

    def do_POST(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/api/v1/")
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        self.stand.told.append((self.command, path, body))
        self._json(*self.stand.posted(path, body))

    do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - names of the base class

    def _headers(self, status: int, kind: str, length: int | None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        if length is None:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _json(self, status: int, document: Any) -> None:
        octets = json.dumps(document).encode()
        self._headers(status, "application/json", len(octets))
        self.wfile.write(octets)

    def _file(self, path: str) -> None:
        file = STATIC / ("index.html" if path == "/" else path.lstrip("/"))
        if not file.resolve().is_relative_to(STATIC.resolve()) or not file.is_file():
            self._json(404, {})
            return
        octets = file.read_bytes()
        self._headers(200, KINDS.get(file.suffix, "application/octet-stream"), len(octets))
        self.wfile.write(octets)

    def _piece(self, octets: bytes) -> None:
        first, last = (int(one) for one in self.headers["Range"].removeprefix("bytes=").split("-"))
        self.stand.pieces.append((first, last))
        piece = octets[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Type", "application/vnd.pmtiles")
        self.send_header("Content-Range", f"bytes {first}-{first + len(piece) - 1}/{len(octets)}")
        self.send_header("Content-Length", str(len(piece)))
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(piece)

    def _events(self) -> None:
        if not self.stand.is_signed_in:
            self._json(401, {})
            return
        mine: queue.Queue[bytes | None] = queue.Queue()
        first = {**self.stand.first_picture, "now_ms": now_ms()}
        mine.put(f"event: picture\ndata: {json.dumps(first)}\n\n".encode())
        self.stand.streams.append(mine)
        self._headers(200, "text/event-stream", None)
        self.close_connection = True
        try:
            while True:
                try:
                    octets = mine.get(timeout=self.stand.clock_every_s or None)
                except queue.Empty:
                    octets = b'event: clock\ndata: {"now_ms":%d,"node_answers":true}\n\n' % now_ms()
                if octets is None:
                    return
                self.wfile.write(octets)
                self.wfile.flush()
        except OSError:
            pass  # the page went away
        finally:
            self.stand.streams.remove(mine)


@contextmanager
def served(stand: Stand) -> Iterator[str]:
    """Serve a stand-in on a free port; yields its address, under a name for which passkeys can be made."""
    handler = type("Handler", (_Handler,), {"stand": stand})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    stand.address = f"http://localhost:{server.server_address[1]}"
    try:
        yield stand.address
    finally:
        stand.hang_up()
        server.shutdown()
        thread.join()
        server.server_close()
