"""A desk with canned answers under the real desk's headers: for pages whose node need not run.

Forms, checks and texts come from the real code; only what a line would hold is written down here.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from detente import words
from detente.desk.guarding import CSP
from detente.node.desk_door.record_views import geojson_of, texts_of
from detente.notices.examples import EXAMPLES
from detente.notices.faults import Fault
from detente.notices.forms import check_form
from detente.notices.kinds import KINDS, line_type
from detente.notices.schema import json_schema
from detente.notices.terms import KIND_NAMES, STATE_NAMES, TERMS

STATIC = Path(__file__).parents[2] / "src" / "detente" / "desk" / "static"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
NOW_MS = 1_893_000_000_000

Answer = Callable[[dict[str, str], Any], Any]


class Told(Exception):  # noqa: N818 - an answer, not an error of this program
    """An answer that is not 200."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.error = error


class CannedDesk:
    """Answers by route; what was asked, in order, with its body."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.asked: list[tuple[str, str, Any]] = []
        self.answers: dict[tuple[str, str], Answer] = {}

    def get(self, path: str, document: Any) -> None:
        """Answer a route with a document, or with what a function of query and body returns."""
        self.answers["GET", path] = document if callable(document) else lambda _query, _body: document

    def on(self, method: str, path: str, answer: Answer) -> None:
        """Answer a route with what a function of query and body returns."""
        self.answers[method, path] = answer

    def bodies(self, method: str, path: str) -> list[Any]:
        """Return every body that came to a route."""
        return [body for way, route, body in self.asked if (way, route) == (method, path)]


class Handler(BaseHTTPRequestHandler):
    """Serves the built pages, and answers from the desk of its server."""

    server: CannedServer

    def log_message(self, *_: Any) -> None:
        """Say nothing on the terminal."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not parts.path.startswith("/api/v1/"):
            self._file(parts.path)
            return
        path = "/".join(unquote(one) for one in parts.path.removeprefix("/api/v1/").split("/"))
        body = json.loads(raw) if raw else None
        self.server.desk.asked.append((self.command, path, body))
        if path == "events":
            self._events()
            return
        self._answer(
            self.server.desk.answers.get((self.command, path), unknown), dict(parse_qsl(parts.query)), body
        )

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of the standard library

    def _answer(self, answer: Answer, query: dict[str, str], body: Any) -> None:
        try:
            with language(self.headers.get("Accept-Language", "en")):
                document = answer(query, body)
        except Told as told:
            empty = {"kind": "", "expected": "", "came": "", "where": "", "remedy": "", "faults": []}
            self._send(told.status, "application/json", msgspec.json.encode({"error": empty | told.error}))
        else:
            self._send(200, "application/json", msgspec.json.encode(document))

    def _file(self, path: str) -> None:
        found = STATIC / (path.strip("/") or "index.html")
        if found.is_file():
            self._send(200, TYPES.get(found.suffix, "application/octet-stream"), found.read_bytes())
        else:
            self._send(404, "text/plain", b"no such file\n")

    def _events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(200):
                self.wfile.write(b'event: clock\ndata: {"now_ms": %d}\n\n' % NOW_MS)
                self.wfile.flush()
                time.sleep(1)

    def _send(self, status: int, kind: str, octets: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(octets)))
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(octets)


class CannedServer(ThreadingHTTPServer):
    """A server with its desk."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.desk = CannedDesk(f"http://localhost:{self.server_address[1]}")


def unknown(_query: dict[str, str], _body: Any) -> Any:
    """Answer a route that this desk does not have."""
    raise Told(404, {"kind": "not_found", "expected": "a route of this desk"})


@contextlib.contextmanager
def language(code: str) -> Iterator[None]:
    """Speak a language for the time of an answer."""
    before = words.language()
    words.choose(code if code in words.LANGUAGES else "en")
    try:
        yield
    finally:
        words.choose(before)


@contextlib.contextmanager
def canned_desk() -> Iterator[CannedDesk]:
    """Serve the built pages with canned answers until the block ends."""
    server = CannedServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.desk
    finally:
        server.shutdown()
        server.server_close()


# ---- what the real code says ------------------------------------------------------------------------------------


def said(code: str, sentence: str) -> str:
    """Return a sentence of the notices' catalogue in a language."""
    with language(code):
        return words.speaker("notices")(sentence)


def forms_document() -> dict[str, Any]:
    """Return every kind as a form."""
    schema = json_schema()
    sentences = {*titles(schema["$defs"])}
    terms = {
        code: {
            **{one: said(code, one) for one in sentences},
            **{
                name: said(code, one) for table in (TERMS, KIND_NAMES, STATE_NAMES) for name, one in table.items()
            },
        }
        for code in words.LANGUAGES
    }
    forms = [
        {
            "kind": kind,
            "type": line_type(EXAMPLES[kind]),
            "names": {code: said(code, KIND_NAMES[kind]) for code in words.LANGUAGES},
            "schema": {"$ref": f"#/$defs/{struct.__name__}"},
            "example": msgspec.to_builtins(EXAMPLES[kind]),
        }
        for kind, struct in KINDS.items()
    ]
    return {"forms": forms, "definitions": schema["$defs"], "terms": terms, "author": {"id": "west"}}


def titles(value: Any) -> Iterator[str]:
    """Yield every title and description within a schema."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in {"title", "description"} and isinstance(inner, str):
                yield inner
            else:
                yield from titles(inner)
    elif isinstance(value, list):
        for one in value:
            yield from titles(one)


def check_document(body: dict[str, Any], obligations: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a desk says about a form as it stands."""
    checked, faults = check_form(msgspec.json.encode(body["notice"]))
    return {
        "is_sendable": checked is not None,
        "faults": [fault_document(one) for one in faults],
        "warnings": [] if checked is None else [fault_document(one) for one in checked.warnings],
        "type": "" if checked is None else line_type(checked.notice),
        "needed": 2,
        "texts": {} if checked is None else texts_of(checked),
        "obligations": obligations,
        "geojson": None if checked is None else geojson_of(checked),
    }


def fault_document(fault: Fault) -> dict[str, str]:
    """Return a fault with its words."""
    return {"path": fault.where, "message": f"{fault.came} ({fault.expected}); {fault.remedy}".rstrip("; ")}
