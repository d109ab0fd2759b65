"""What the owners of public sources ask of those who use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from detente import words

__all__ = ["PUBLIC_HOSTS", "PUBLIC_KINDS", "Terms", "terms_of"]

say = words.speaker("watch")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one source.

    asks: the core of them, in words; least_every_s: how often it may be asked, 0 where nothing is asked again and
    again; must_be_accepted: the feed is refused until the person says that she keeps to them.
    """

    source: str
    link: str
    asks: Callable[[], str]
    least_every_s: float = 0.0
    must_be_accepted: bool = False


PUBLIC_KINDS: Mapping[str, Terms] = {
    "adsb-lol": Terms(
        "adsb.lol",
        "https://api.adsb.lol/docs",
        lambda: say("data under ODbL 1.0, named as its source; no fixed rate, asked every 2 s at most"),
        least_every_s=2.0,
    ),
    "digitraffic": Terms(
        "Fintraffic / digitraffic.fi",
        "https://www.digitraffic.fi/en/terms-of-service/",
        lambda: say("data under CC BY 4.0, named as its source"),
    ),
    "aisstream": Terms(
        "aisstream.io",
        "https://aisstream.io/documentation",
        lambda: say("a key of one's own, kept secret; a service in trial, without any promise"),
    ),
}
"""Kinds that mean one public source."""

PUBLIC_HOSTS: Mapping[str, Terms] = {
    "opendata.adsb.fi": Terms(
        "adsb.fi",
        "https://github.com/adsbfi/opendata",
        lambda: say("personal, non-commercial use only; one request a second; adsb.fi named and linked"),
        least_every_s=1.0,
        must_be_accepted=True,
    ),
    "api.airplanes.live": Terms(
        "airplanes.live",
        "https://airplanes.live/api-guide/",
        lambda: say("non-commercial use only; one request a second"),
        least_every_s=1.0,
        must_be_accepted=True,
    ),
    "api.adsb.lol": PUBLIC_KINDS["adsb-lol"],
}
"""Hosts of public sources that are reached by a web address."""


def terms_of(scheme: str, host: str) -> Terms | None:
    """Return the terms of an address's source, None when it is somebody's own."""
    return PUBLIC_KINDS.get(scheme) or PUBLIC_HOSTS.get(host.lower().rstrip("."))
