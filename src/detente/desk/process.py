"""The desk's process: ``python -m detente.desk.process HOME --listen HOST:PORT``, under the node's supervisor.

Anywhere but on this machine's own address it speaks TLS 1.3 or does not start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import uvicorn

from detente import words
from detente.desk.alarm_keeping import AlarmKeeping
from detente.desk.app import Desk, at_work
from detente.desk.asking import Node
from detente.desk.connections import ConnectionsOf
from detente.desk.events import Hub
from detente.desk.guarding import host_of
from detente.desk.picture.live import LivePicture
from detente.desk.room import Room
from detente.desk.sign_in.gate import open_gate, provider_of
from detente.desk.visitors import Asks, SignIn
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.errors import DetenteError
from detente.node.desk_door.ask import DeskLink
from detente.node.serving.log import Log, from_environment
from detente.node.serving.watched import current
from detente.node.settings.reading import read_settings
from detente.node.settings.structs import DeskSettings, host_and_port, is_loopback, path_in

__all__ = ["STATIC", "furnished", "main", "serve", "tls_context"]

say = words.speaker("desk")

STATIC = Path(__file__).parent / "static"
_STOP_S = 5
_PMTILES = b"PMTiles\x03"
"""What a file of this format begins with."""


def furnished(
    link: Asks,
    sign_in: Callable[[Node], SignIn],
    log: Log,
    *,
    settings: DeskSettings,
    listen: str,
    language: str,
    is_tls: bool,
    static: Path = STATIC,
    map_file: Path | None = None,
) -> Room:
    """Return a desk's room: what its routes share. map_file: the site's own map."""
    node = Node(link)
    picture = LivePicture()
    alarms = AlarmKeeping(node, picture.encounters, log)
    room = Room(
        node=node,
        picture=picture,
        hub=None,  # type: ignore[arg-type]  # needs the room's own clock
        alarms=alarms,
        sign_in=sign_in(node),
        log=log,
        static=static,
        hosts=_hosts(settings, listen),
        site=settings.site,
        language=language,
        is_tls=is_tls,
        map_file=map_file,
        has_oidc=settings.oidc is not None,
        other_side=settings.other_side,
    )
    room.hub = Hub(picture, room.now_ms, lambda: node.answers)
    return room


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return what the desk shows to browsers; raises OSError, ssl.SSLError for files that are none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    return context


class _Server(uvicorn.Server):
    """A server that leaves signals to this process: streams must end before it waits for them."""

    on_ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            self.on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


async def serve(
    room: Room,
    sock: socket.socket,
    tls: ssl.SSLContext | None,
    *,
    on_ready: Callable[[], None],
    stop: asyncio.Event,
) -> None:
    """Answer until told to stop; streams end first, so that nobody waits for them."""
    factory = None if tls is None else (lambda *_: tls)
    config = uvicorn.Config(
        Desk(room),
        http=ConnectionsOf,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_STOP_S,
        h11_max_incomplete_event_size=32_768,
        ssl_context_factory=factory,
    )
    server = _Server(config)
    server.on_ready = on_ready

    async def stopping() -> None:
        await stop.wait()
        room.hub.close()
        server.should_exit = True

    async with at_work(room, room.alarms.run, stopping):
        await server.serve([sock])


async def _until_signalled(room: Room, sock: socket.socket, tls: ssl.SSLContext | None, listen: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def ready() -> None:
        current().ready()
        room.log.info("desk.listening", address=listen)

    await serve(room, sock, tls, on_ready=ready, stop=stop)


def main(argv: Sequence[str]) -> int:
    """Serve the desk until stopped; 0 when it was, 2 when it could not start."""
    parser = argparse.ArgumentParser(prog="detente.desk.process", allow_abbrev=False)
    parser.add_argument("home", type=Path)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--language", choices=words.LANGUAGES, default=words.from_environment())
    arguments = parser.parse_args(argv)
    os.umask(0o077)
    words.choose(arguments.language)
    log = from_environment("desk")
    try:
        settings = read_settings(arguments.home).desk
        tls = _tls(arguments.home, settings, arguments.listen)
        gate = _gate(arguments.home, msgspec.structs.replace(settings, listen=arguments.listen))
        sock = _listening(arguments.listen)
    except DetenteError as mistake:
        log.failure("desk.failed", mistake)
        terminal.failure(mistake)
        return 2
    link = DeskLink(arguments.home)
    room = furnished(
        link, gate, log, settings=settings, listen=arguments.listen, language=arguments.language,
        is_tls=tls is not None, map_file=_map_file(arguments.home, settings, log),
    )  # fmt: skip

    asyncio.run(_until_signalled(room, sock, tls, arguments.listen))
    return 0


def _gate(home: Path, settings: DeskSettings) -> Callable[[Node], SignIn]:
    """Return what makes the gate of a home's desk; raises SettingsMistake before anything listens."""
    provider = provider_of(settings, home)
    return lambda node: open_gate(node, settings, provider)


def _tls(home: Path, settings: DeskSettings, listen: str) -> ssl.SSLContext | None:
    """Return what to show, None where nobody else can listen; raises ArgumentMistake."""
    if settings.certificate_file and settings.key_file:
        certificate, key = (
            path_in(home, settings.certificate_file),
            path_in(home, settings.key_file),
        )
        try:
            return tls_context(certificate, key)
        except (OSError, ssl.SSLError) as failure:
            raise ArgumentMistake(
                expected=say("a certificate and its key as PEM files"),
                came=failure.strerror or str(failure),
                where=f"{certificate}, {key}",
                remedy=say("look at certificate_file and key_file under [desk] in settings.toml"),
            ) from None
    if is_loopback(host_and_port(listen)[0]):
        return None
    raise ArgumentMistake(
        expected=say("a certificate and a key wherever others than this machine reach the desk"),
        came=listen,
        where="[desk] listen",
        remedy=say("set certificate_file and key_file under [desk] in settings.toml, or listen on 127.0.0.1"),
    )


def _map_file(home: Path, settings: DeskSettings, log: Log) -> Path | None:
    """Return the site's own map; without one that can be read the picture goes on with the coast alone."""
    if not settings.map_file:
        return None
    path = path_in(home, settings.map_file)
    try:
        with path.open("rb") as source:
            begins = source.read(len(_PMTILES))
    except OSError as failure:
        log.warning("desk.map-unread", path=str(path), fault=failure.strerror or type(failure).__name__)
        return None
    if begins != _PMTILES:
        log.warning("desk.map-unread", path=str(path), fault=say("no PMTiles file of version 3"))
        return None
    return path


def _listening(listen: str) -> socket.socket:
    host, port = host_and_port(listen)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(256)
    except OSError as failure:
        raise ArgumentMistake(
            expected=say("an address where nobody listens yet"),
            came=failure.strerror or str(failure),
            where=listen,
            remedy=say("choose another port for the desk"),
        ) from None
    sock.setblocking(False)
    return sock


def _hosts(settings: DeskSettings, listen: str) -> frozenset[str]:
    """Return the names by which browsers may reach the desk; whatever else a name is pointed here by is refused."""
    host = host_and_port(listen)[0].lower()
    found = {host_of(one.partition("://")[2]) for one in settings.pages()}
    found |= {settings.site}
    if is_loopback(host):
        found |= {"localhost", "127.0.0.1", "::1"}
    return frozenset({*found, host} - {"", "0.0.0.0", "::"})  # noqa: S104 - left out, not bound


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
