"""An address of a feed or of an output, taken apart; every fault of it is named at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, urlsplit

from detente import words
from detente.watch.errors import WatchMistake

__all__ = ["ADDRESS_CHARACTERS_MAX", "Parts", "is_loopback", "taken_apart"]

say = words.speaker("watch")

ADDRESS_CHARACTERS_MAX = 2_000
"""Characters of an address."""
_SECRET_WORDS = ("key", "token", "password", "passwd", "secret", "apikey", "api_key", "pin")


@dataclass(frozen=True, slots=True)
class Parts:
    """What an address says. name: how people see it, without what may be secret; path: "" where there is none."""

    name: str
    scheme: str
    host: str
    port: int
    path: str
    options: Mapping[str, str] = field(default_factory=dict)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine alone: "localhost", a name under it, or a loopback address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def taken_apart(
    text: str,
    *,
    ports: Mapping[str, int],
    options: Collection[str],
    example: str,
    path: bool = False,
    only_loopback: Collection[str] = (),
) -> Parts:
    """Return the parts of an address; raises WatchMistake that names every fault of it.

    ports: the schemes that are meant, each with the port it has when none is written; options: what may stand behind
    "?"; path: whether a path may stand behind the host; only_loopback: schemes without encryption, which are good for
    this machine alone.
    """
    shown = _shown(text)
    if len(text) > ADDRESS_CHARACTERS_MAX:
        raise _mistake([say("more than {count} characters", count=ADDRESS_CHARACTERS_MAX)], shown, example)
    try:
        split = urlsplit(text)
        port = split.port
    except ValueError as fault:
        raise _mistake([str(fault)], shown, example) from None
    host = split.hostname or ""
    faults = _faults(split, ports=ports, path=path, only_loopback=only_loopback)
    found, wrong = _options(split.query, options)
    faults += wrong
    if faults:
        raise _mistake(faults, shown, example)
    return Parts(
        shown, split.scheme, host, port or ports[split.scheme], split.path if split.path != "/" else "", found
    )


def _faults(
    split: SplitResult, *, ports: Mapping[str, int], path: bool, only_loopback: Collection[str]
) -> list[str]:
    """Return what is wrong with an address, its options apart, in words."""
    host, found = split.hostname or "", []
    if split.scheme not in ports:
        found.append(say("the scheme {scheme}", scheme=repr(split.scheme)))
    if not host:
        found.append(say("no host"))
    if split.username is not None or split.password is not None:
        found.append(say("a name or a password in the address, where everybody on this machine can read it"))
    if split.fragment:
        found.append(say("a part behind #"))
    if split.path not in {"", "/"} and not path:
        found.append(say("the path {path}", path=repr(split.path[:64])))
    if split.port == 0:
        found.append(say("port 0"))
    if split.scheme in only_loopback and host and not is_loopback(host):
        found.append(say("{scheme} to another machine: it would go there unencrypted", scheme=split.scheme))
    return found


def _options(query: str, known: Collection[str]) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    faults = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        shown = name[:40]
        if name not in known:
            if name.lower().endswith(_SECRET_WORDS):
                faults.append(say("{name}: a secret belongs into a file, not into an address", name=shown))
            else:
                faults.append(say("the option {name}", name=repr(shown)))
        elif name in found:
            faults.append(say("{name} twice", name=shown))
        elif not value:
            faults.append(say("{name} without a value", name=shown))
        else:
            found[name] = value
    return found, faults


def _shown(text: str) -> str:
    """Return the address without what may be secret: no options, no user."""
    bare = text[:200].partition("?")[0].partition("#")[0]
    scheme, slashes, rest = bare.partition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}"


def _mistake(faults: list[str], shown: str, example: str) -> WatchMistake:
    return WatchMistake(
        expected=say("an address such as {example}", example=example),
        came="; ".join(faults),
        where=shown,
        remedy=say("see docs/feeds.md"),
    )
