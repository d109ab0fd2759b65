"""Feeds as people write them: ``ais-tcp://host:port``, ``digitraffic``, ``replay:day.parquet@10x``.

A module of a kind is loaded when an address of its kind is read. It has

- ``OPTIONS``: the names of the options that it takes beside COMMON_OPTIONS;
- ``open_feed(address) -> Feed``: connects to nothing. Faults of options are added to ``address.faults`` (the methods of
  Address that read options do so) or raised as WatchMistake; either way the person sees all of them at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, cast
from urllib.parse import SplitResult, unquote, urlsplit

from detente import words
from detente.errors import DetenteError
from detente.watch.batches import Feed
from detente.watch.errors import WatchMistake
from detente.watch.feeds.terms import Terms, terms_of

__all__ = ["ADDRESS_CHARACTERS_MAX", "COMMON_OPTIONS", "KINDS", "Address", "Kind", "parse_feed"]

say = words.speaker("watch")

ADDRESS_CHARACTERS_MAX = 2_000
"""No address that a person writes is longer."""
NAME_CHARACTERS_MAX = 60
"""What fits beside other feeds in one line of a picture."""
COMMON_OPTIONS = frozenset({"name", "stale_s", "accept_terms"})
"""name: what people see; stale_s: after how much silence the feed is stale; accept_terms=yes: of the source."""

_STALE_S_MOST = 86_400.0
_PORT_MOST = 65_535
_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?=:)|^[a-z][a-z0-9-]*$")
_REPLAY = re.compile(
    r"(?P<file>.+?)(?:@(?P<speed>\d{1,6}(?:\.\d{1,3})?x|max))?(?:#(?P<options>[a-z_]+=.*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of feed.

    shape: what follows its scheme; port: the usual one, 0 when there is none; has_path: whether a path may follow.
    """

    module: str
    example: str
    shape: Literal["host", "web", "bare", "file"]
    port: int = 0
    has_path: bool = False


KINDS: Mapping[str, Kind] = {
    "ais-tcp": Kind("ais_tcp", "ais-tcp://192.0.2.7:5631", "host"),
    "ais-udp": Kind("ais_udp", "ais-udp://:10110", "host"),
    "beast": Kind("beast", "beast://192.0.2.7:30005", "host", 30005),
    "readsb+http": Kind("readsb", "readsb+http://192.0.2.7/data/aircraft.json", "web"),
    "readsb+https": Kind("readsb", "readsb+https://receiver.example/data/aircraft.json", "web"),
    "adsb-lol": Kind("adsb_lol", "adsb-lol:?lat=56.5&lon=19.0&radius_nm=250", "bare"),
    "digitraffic": Kind("digitraffic", "digitraffic", "bare"),
    "aisstream": Kind("aisstream", "aisstream:?key_file=aisstream.key&box=54,9,66,31", "bare"),
    "signalk+ws": Kind("signalk", "signalk+ws://192.0.2.7:3000", "host", 3000, has_path=True),
    "signalk+wss": Kind("signalk", "signalk+wss://boat.example", "host", 443, has_path=True),
    "cot+tcp": Kind("cursor_on_target", "cot+tcp://127.0.0.1:8087", "host", 8087),
    "cot+tls": Kind("cursor_on_target", "cot+tls://192.0.2.7:8089", "host", 8089),
    "replay": Kind("replay", "replay:day.parquet@10x", "file"),
}
"""Every kind by its scheme."""


class _Module(Protocol):
    OPTIONS: frozenset[str]

    def open_feed(self, address: Address) -> Feed: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One feed's address, taken apart.

    text: as it was written; scheme: "readsb+https"; host: "" where the kind has none or all interfaces are meant;
    port: 0 where the kind has none; path: with its query where the kind is a web address, a file's for replay;
    speed: of a replay, times real time, infinite for "max". options: those that were written. name: what people see
    and what rows carry, without secrets. faults: what is wrong with the address, in words; grows while it is read.
    """

    text: str
    scheme: str
    name: str
    host: str = ""
    port: int = 0
    path: str = ""
    speed: float = 1.0
    options: Mapping[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def number(self, option: str, default: float, *, least: float, most: float) -> float:
        """Return an option's number, the default when it is not written or at fault (no number, out of bounds)."""
        written = self.options.get(option)
        if written is None:
            return default
        try:
            value = float(written)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            self.faults.append(
                say(
                    "{option} is {written}, and must be a number from {least} to {most}",
                    option=option,
                    written=repr(written[:40]),
                    least=words.number(least, 0 if float(least).is_integer() else 3),
                    most=words.number(most, 0 if float(most).is_integer() else 3),
                )
            )
            return default
        return value

    def required_number(self, option: str, *, least: float, most: float) -> float:
        """Return an option's number; that it is not written is a fault (and 0 is returned)."""
        if option not in self.options:
            self.faults.append(say("{option} is missing", option=option))
            return 0.0
        return self.number(option, 0.0, least=least, most=most)

    def flag(self, option: str) -> bool:
        """Return whether an option says yes; it must be yes or no where it is written."""
        written = self.options.get(option, "no")
        if written not in {"yes", "no"}:
            self.faults.append(
                say("{option} is {written}, and must be yes or no", option=option, written=repr(written[:40]))
            )
        return written == "yes"

    def file(self, option: str) -> Path | None:
        """Return the file that an option names, None when it is not written or there is no such file (a fault)."""
        written = self.options.get(option)
        if written is None:
            return None
        path = Path(written)
        if not path.is_file():
            self.faults.append(
                say("{option} names {file}, and there is no such file", option=option, file=repr(written[:200]))
            )
            return None
        return path

    def stale_after_s(self, default: float) -> float:
        """Return after how much silence this feed is stale: what was written, else the kind's own default."""
        return self.number("stale_s", default, least=1.0, most=_STALE_S_MOST)


def parse_feed(text: str) -> Feed:
    """Return the feed of an address; connects to nothing.

    Raises WatchMistake with every fault of the address: an unknown kind or option, a host or port that cannot be, a
    secret in the address, terms of the source that were not accepted.
    """
    kind, address = _taken_apart(text)
    module = cast("_Module", import_module(f"detente.watch.feeds.{kind.module}"))
    _check_options(address, module.OPTIONS | COMMON_OPTIONS)
    address = _named(address)
    terms = terms_of(address.scheme, address.host)
    accepted = address.flag("accept_terms")
    if terms is not None and terms.must_be_accepted and not accepted:
        raise _not_accepted(address, terms)
    feed = None
    try:
        feed = module.open_feed(address)
    except DetenteError as error:
        address.faults.append(error.came if isinstance(error, WatchMistake) else str(error))
    if address.faults or feed is None:
        raise _mistake(text, address.faults, kind)
    return feed


def _taken_apart(text: str) -> tuple[Kind, Address]:
    """Return the kind and the address, with the faults found so far; raises WatchMistake when it has no known kind."""
    found = _SCHEME.match(text)
    scheme = found.group() if found else ""
    kind = KINDS.get(scheme)
    if kind is None or len(text) > ADDRESS_CHARACTERS_MAX:
        raise WatchMistake(
            expected=say("a feed of a known kind: {kinds}", kinds=", ".join(KINDS)),
            came=repr(_without_secrets(text)[:80]),
            where="--feed",
            remedy=say("write for example {example}", example=KINDS["ais-tcp"].example),
        )
    rest = text[len(scheme) :].removeprefix(":")
    address = Address(text=text, scheme=scheme, name="")
    if any(ord(character) <= 32 or ord(character) == 127 for character in text) and kind.shape != "file":
        address.faults.append(say("it holds blanks or control characters"))
    if kind.shape == "file":
        return kind, _of_file(address, rest)
    if kind.shape == "bare":
        return kind, _of_bare(address, rest)
    return kind, _of_host(address, kind, rest)


def _of_file(address: Address, rest: str) -> Address:
    found = _REPLAY.fullmatch(rest)
    if found is None:
        address.faults.append(say("the file is missing"))
        return address
    said = found["speed"] or "1x"
    speed = math.inf if said == "max" else float(said[:-1])
    if speed == 0:
        address.faults.append(say("a replay at 0x never moves"))
    return replace(
        address, path=found["file"], speed=speed, options=_options(found["options"] or "", address.faults)
    )


def _of_bare(address: Address, rest: str) -> Address:
    before, _, query = rest.partition("?")
    if before.strip("/"):
        address.faults.append(say("{rest} has no place here", rest=repr(before[:40])))
    return replace(address, options=_options(query, address.faults))


def _of_host(address: Address, kind: Kind, rest: str) -> Address:
    web = kind.shape == "web"
    if not rest.startswith("//"):
        address.faults.append(say("// is missing behind {scheme}:", scheme=address.scheme))
    split, port = _split(rest, address.faults)
    if split.username is not None or split.password is not None:
        address.faults.append(say("a user or password has no place in an address: name a file instead"))
    if address.scheme != "ais-udp" and not split.hostname:
        address.faults.append(say("the host is missing"))
    if port is None:
        port = kind.port
        if not port and not web:
            address.faults.append(say("the port is missing"))
    path = split.path
    if web:
        path = (path or "/") + (f"?{split.query}" if split.query else "")
    else:
        spare = ("" if kind.has_path else path.rstrip("/")) + (f"#{split.fragment}" if split.fragment else "")
        if spare:
            address.faults.append(say("{rest} has no place here", rest=repr(spare[:40])))
    options = _options(split.fragment if web else split.query, address.faults)
    return replace(address, host=split.hostname or "", port=port, path=path, options=options)


def _split(rest: str, faults: list[str]) -> tuple[SplitResult, int | None]:
    """Return the parts of what follows the scheme, and its port; faults that would be raised are added."""
    try:
        split = urlsplit(rest if rest.startswith("//") else f"//{rest.lstrip('/')}")
        split.hostname  # noqa: B018 - a host in wrong brackets is found out here
    except ValueError:
        faults.append(say("the host cannot be read"))
        return urlsplit("//unknown:1"), 1
    try:
        port = split.port
    except ValueError:
        port = 0
    if port == 0:
        faults.append(say("the port must be a number from 1 to {most}", most=_PORT_MOST))
        port = 1
    return split, port


def _options(query: str, faults: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, equals, value = part.partition("=")
        if not equals or not value:
            faults.append(say("{option} has no value", option=repr(name[:40])))
        elif name in options:
            faults.append(say("{option} stands there twice", option=repr(name[:40])))
        else:
            options[name] = unquote(value)
    return options


def _check_options(address: Address, known: frozenset[str]) -> None:
    unknown = sorted(set(address.options) - known)
    if unknown:
        address.faults.append(
            say(
                "it has no option {unknown}; it has {known}",
                unknown=", ".join(repr(name[:40]) for name in unknown),
                known=", ".join(sorted(known)),
            )
        )


def _named(address: Address) -> Address:
    """Return the address with its name: what was written, else the address without options or a query."""
    name = address.options.get("name")
    if name is None:
        if address.path and KINDS[address.scheme].shape == "file":
            name = f"replay:{Path(address.path).name}"
        elif KINDS[address.scheme].shape == "bare":
            name = address.scheme
        else:
            host = f"[{address.host}]" if ":" in address.host else address.host
            port = f":{address.port}" if address.port else ""
            name = f"{address.scheme}://{host}{port}{address.path.partition('?')[0].rstrip('/')}"
        return replace(address, name=name[:200])
    if not name.isprintable() or not name.strip() or len(name) > NAME_CHARACTERS_MAX:
        address.faults.append(
            say("the name must have 1 to {most} printable characters", most=NAME_CHARACTERS_MAX)
        )
    return replace(address, name=name[:NAME_CHARACTERS_MAX])


def _not_accepted(address: Address, terms: Terms) -> WatchMistake:
    return WatchMistake(
        expected=say("the terms of {source} accepted: {asks}", source=terms.source, asks=terms.asks()),
        came=say("an address that does not say so"),
        where=address.name,
        remedy=say(
            "read {link} and, if you keep to it, write accept_terms=yes among the options", link=terms.link
        ),
    )


def _mistake(text: str, faults: list[str], kind: Kind) -> WatchMistake:
    return WatchMistake(
        expected=say("an address such as {example}", example=kind.example),
        came="; ".join(faults),
        where=repr(_without_secrets(text)[:200]),
        remedy=say("mend it; all feeds and their options are in {page}", page="docs/feeds.md"),
    )


def _without_secrets(text: str) -> str:
    """Return an address without what may be a secret: user and password, values of keys and tokens."""
    text = re.sub(r"//[^/@]*@", "//", text)
    return re.sub(r"((?:key|token|password|secret)[a-z_]*=)[^&#]*", r"\1...", text, flags=re.IGNORECASE)
