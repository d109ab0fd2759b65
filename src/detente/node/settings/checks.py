"""What no single value of the settings shows: ports out of range, couriers that carry nothing, two in one folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from detente import words
from detente.node.officers_file import is_origin, is_site
from detente.node.settings.structs import (
    DeskSettings,
    FolderTo,
    HttpsTo,
    LineSettings,
    Settings,
    host_and_port,
    is_loopback,
)
from detente.node.settings.where import Place

__all__ = ["faults"]

say = words.speaker("node")

Found = tuple[Place, str, str]
_LINE = re.compile(r"\A[a-z][a-z0-9-]{0,62}\Z")
_MEMBER = re.compile(r"\A[a-z][a-z0-9-]{0,30}\Z")
PORT_MAX = 65_535


def faults(settings: Settings) -> Iterator[Found]:
    """Yield path, what is wrong and what to do about it."""
    for room in ("courier", "desk", "metrics"):
        yield from _address((room, "listen"), getattr(settings, room).listen)
    yield from _desk(settings.desk)
    if settings.courier.retry_s_min > settings.courier.retry_s_max:
        yield ("courier", "retry_s_min"), say("more than retry_s_max"), say("make it smaller")
    yield from _alarms(settings)
    for index, person in enumerate(settings.duty):
        if not person.mail and not person.webhook:
            yield ("duty", index), say("a person who cannot be reached"), say("add mail or webhook")
        if person.mail and settings.alarms.smtp is None:
            yield ("duty", index, "mail"), say("a mail address without a mail server"), say("add [alarms.smtp]")
        yield from _link(("duty", index, "webhook"), person.webhook)
    for name, line in settings.line.items():
        yield from _line(("line", name), name, line)


def _desk(desk: DeskSettings) -> Iterator[Found]:
    """Name what would keep people from signing in, or let others read along."""
    if not is_site(desk.site) or desk.site.rpartition(".")[2].isdigit():  # passkeys need a domain, not an address
        yield ("desk", "site"), say("this is no host name"), say('write it as "desk.example"')
    for index, origin in enumerate(desk.origins):
        if not is_origin(origin, desk.site):
            yield (
                ("desk", "origins", index),
                say("no https:// page of {site}", site=desk.site),
                say('write it as "https://{site}"', site=desk.site),
            )
    if bool(desk.certificate_file) != bool(desk.key_file):
        yield (
            ("desk", "certificate_file"),
            say("certificate_file and key_file belong together"),
            say("name both, or neither"),
        )
    if desk.session_idle_s > desk.session_s:
        yield ("desk", "session_idle_s"), say("more than session_s"), say("make it smaller")
    if desk.listen and not is_loopback(host_and_port(desk.listen)[0]):
        yield from _reached(desk)


def _reached(desk: DeskSettings) -> Iterator[Found]:
    if not desk.certificate_file:
        yield (
            ("desk", "listen"),
            say("other machines would reach the desk without TLS"),
            say("name certificate_file and key_file, or listen on 127.0.0.1"),
        )
    if desk.site == "localhost":
        yield (
            ("desk", "site"),
            say("other machines reach the desk, and nobody could sign in there"),
            say('name the desk\'s domain, as "desk.example"'),
        )


def _alarms(settings: Settings) -> Iterator[Found]:
    yield from _link(("alarms", "webhook"), settings.alarms.webhook)
    smtp = settings.alarms.smtp
    if smtp is None:
        return
    if smtp.user and not (smtp.starttls or smtp.tls):
        yield (
            ("alarms", "smtp", "user"),
            say("the password would go over the wire for everybody to read"),
            say("set starttls = true or tls = true"),
        )
    if bool(smtp.user) != bool(smtp.password_file):
        yield (
            ("alarms", "smtp", "user"),
            say("user and password_file belong together"),
            say("name both, or neither"),
        )


def _link(place: Place, link: str) -> Iterator[Found]:
    """Name what is wrong with a link to which alarms are posted; a password belongs into no settings."""
    try:
        parts = urlsplit(link)
        whole = not link or (bool(parts.hostname) and parts.port != 0)  # a port that is none raises
    except ValueError:
        whole = False
    if not whole:
        yield place, say("a link without a host"), say("write it as https://host/path")
    elif link and (parts.username is not None or parts.password is not None):
        yield place, say("a password in the link"), say("use webhook_secret_file: posts are signed with it")


def _address(place: Place, address: str) -> Iterator[Found]:
    if address and host_and_port(address)[1] > PORT_MAX:
        yield place, say("a port above 65535"), say("choose another")


def _line(place: Place, name: str, line: LineSettings) -> Iterator[Found]:
    if not _LINE.match(name):
        yield place, say("this cannot be the name of a line"), say("small letters, digits and hyphens")
    if line.silent_after_s < line.test_every_s:
        yield (
            (*place, "silent_after_s"),
            say("shorter than test_every_s: the line would always be silent"),
            say("make it longer"),
        )
    folders: dict[str, Place] = {}
    for party, couriers in line.courier.items():
        if not _MEMBER.match(party):
            yield (
                (*place, "courier", party),
                say("this cannot be the name of a party"),
                say("small letters, digits and hyphens"),
            )
        for index, courier in enumerate(couriers):
            at = (*place, "courier", party, index)
            if isinstance(courier, HttpsTo):
                yield from _address((*at, "address"), courier.address)
                if courier.address and host_and_port(courier.address)[1] == 0:
                    yield (*at, "address"), say("port 0, where nobody can be called"), say("name the port")
            else:
                yield from _folder(at, courier, folders)


def _folder(at: Place, courier: FolderTo, folders: dict[str, Place]) -> Iterator[Found]:
    if not courier.out and not courier.in_:
        yield at, say("a folder courier with neither out nor in"), say("name at least one of them")
    if courier.out and courier.out == courier.in_:
        yield (
            (*at, "in"),
            say("the same folder as out: the node would take its own bundles"),
            say("use two folders"),
        )
    if courier.out:
        if courier.out in folders:
            yield (
                (*at, "out"),
                say("another courier of this line writes into this folder"),
                say("use two folders"),
            )
        folders[courier.out] = at
