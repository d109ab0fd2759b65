"""The desk's place: until the desk is there, a page that says what runs. Nothing on it is secret, nothing is asked."""

from __future__ import annotations

import argparse
import html
import os
import signal
import sys
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6

import msgspec

from detente import __version__, words
from detente.door import terminal
from detente.errors import DetenteError
from detente.node.sentences import run_sentence
from detente.node.serving.log import from_environment
from detente.node.serving.remote_host import Link
from detente.node.serving.watched import current
from detente.node.serving.wire import Hello, LineStands
from detente.node.settings.structs import host_and_port

__all__ = ["main", "serve"]

say = words.speaker("node")

_PATIENCE_S = 10.0
_AT_ONCE_MAX = 32
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>détente</title>
<meta http-equiv="refresh" content="10"></head>
<body><h1>détente {version}</h1><p>{summary}</p><ul>{rows}</ul></body></html>
"""


class _Health(msgspec.Struct, frozen=True):
    """What the page says. ok: the node answers and every line runs. held_s: how long they are at one piece of work."""

    ok: bool
    member: str
    version: str
    waits: bool
    lines: dict[str, LineStands]
    held_s: int = 0


def _health(home: Path) -> _Health:
    """Ask the node; one that does not answer is said to be down."""
    try:
        link = Link(home)
    except OSError:
        return _Health(False, "", __version__, False, {})
    try:
        answer = link.ask(Hello(), again=False)
    except (DetenteError, OSError):
        return _Health(False, "", __version__, False, {})
    finally:
        link.close()
    ok = not answer.waits and not answer.held_s and all(one.run == "running" for one in answer.lines.values())
    # why a line does not run may name a file or a person: that is for the command line
    lines = {line: LineStands(one.run, one.reason) for line, one in answer.lines.items()}
    return _Health(ok, answer.member, __version__, bool(answer.waits), lines, answer.held_s)


def _summary(health: _Health) -> str:
    if not health.member:
        return say("the node does not answer")
    if health.waits:
        return say("the node of {member} waits for its signer: detente unlock", member=health.member)
    if health.held_s:
        return say(
            "the lines of {member} wait for a signer, a disk or a server that has not answered for {count} seconds",
            member=health.member,
            count=health.held_s,
        )
    return say("the node of {member} answers", member=health.member)


class _Page(BaseHTTPRequestHandler):
    """Answers GET / with a page (or text, when asked), GET /health with JSON; everything else with 404."""

    protocol_version = "HTTP/1.1"
    server_version = "detente"
    sys_version = ""
    timeout = _PATIENCE_S
    home: Path
    room = threading.BoundedSemaphore(_AT_ONCE_MAX)
    language = "en"

    def do_GET(self) -> None:
        """Answer one question."""
        if not self.room.acquire(blocking=False):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"")
            return
        try:
            words.choose(self.language)
            self._answer_page()
        finally:
            self.room.release()

    def _answer_page(self) -> None:
        path = self.path.split("?", 1)[0]
        if path not in {"/", "/health"}:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"")
            return
        health = _health(self.home)
        status = HTTPStatus.OK if health.ok else HTTPStatus.SERVICE_UNAVAILABLE
        if path == "/health":
            self._answer(status, "application/json", msgspec.json.encode(health))
            return
        summary = _summary(health)
        rows = [f"{line}: {run_sentence(one.run, one.reason)}" for line, one in sorted(health.lines.items())]
        if "text/html" not in self.headers.get("Accept", ""):
            text = "\n".join([f"détente {__version__}", summary, *rows])
            self._answer(status, "text/plain", text.encode() + b"\n")
            return
        page = _PAGE.format(
            language=words.language(),
            version=__version__,
            summary=html.escape(summary),
            rows="".join(f"<li>{html.escape(row)}</li>" for row in rows),
        )
        self._answer(status, "text/html", page.encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: who looks at the page is nobody's business."""


def serve(home: Path, address: str, language: str) -> ThreadingHTTPServer:
    """Return the server of the page, listening. Raises OSError when the port is taken."""
    host, port = host_and_port(address)

    class Page(_Page):
        pass

    class Server(ThreadingHTTPServer):
        address_family = AF_INET6 if ":" in host else AF_INET

    Page.home, Page.language = home, language
    return Server((host, port), Page)


def main(argv: Sequence[str]) -> int:
    """Serve the page until stopped; 0 when it was, 2 when the port is taken."""
    parser = argparse.ArgumentParser(prog="detente.node.desk_slot", allow_abbrev=False)
    parser.add_argument("home", type=Path)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--language", choices=words.LANGUAGES, default=words.from_environment())
    arguments = parser.parse_args(argv)
    os.umask(0o077)
    words.choose(arguments.language)
    log = from_environment("desk")
    try:
        server = serve(arguments.home, arguments.listen, arguments.language)
    except OSError as failure:
        log.failure("desk.failed", failure)
        terminal.note(
            say("detente: {address}: {fault}", address=arguments.listen, fault=failure.strerror or str(failure))
        )
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown waits for the loop below, so it must be asked from another thread
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    current().ready()
    log.info("desk.listening", address=arguments.listen)
    server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
