"""Aircraft from a web server: readsb's, tar1090's or dump1090's ``aircraft.json``, or version 2 of ADS-B Exchange.

``readsb+http://host/data/aircraft.json``, ``readsb+https://...``; options stand behind ``#``, because a query belongs
to the web address.
"""

from __future__ import annotations

from detente.tracks.live_readsb import LiveReadsb
from detente.watch.feeds.address import Address
from detente.watch.feeds.polling import PolledFeed, trusted
from detente.watch.feeds.terms import terms_of

__all__ = ["EVERY_S", "OPTIONS", "STALE_S", "open_feed"]

OPTIONS = frozenset({"every_s", "ca_file"})
EVERY_S = 1.0
"""readsb writes its picture once a second."""
STALE_S = 30.0
_LEAST_S = 0.2
_MOST_S = 3_600.0


def open_feed(address: Address) -> PolledFeed:
    """Return the feed; connects to nothing."""
    terms = terms_of(address.scheme, address.host)
    least_s = max(_LEAST_S, terms.least_every_s if terms is not None else 0.0)
    every_s = address.number("every_s", max(EVERY_S, least_s), least=least_s, most=_MOST_S)
    secure = address.scheme == "readsb+https"
    host = f"[{address.host}]" if ":" in address.host else address.host
    port = f":{address.port}" if address.port else ""
    return PolledFeed(
        address.name,
        f"{'https' if secure else 'http'}://{host}{port}{address.path}",
        LiveReadsb(address.name),
        every_s,
        address.stale_after_s(max(STALE_S, 3 * every_s)),
        trusted(address) if secure else None,
    )
