"""Beast binary over TCP: ``beast://host:30005``, as readsb, dump1090 and Mode S receivers offer it."""

from __future__ import annotations

from detente.tracks.live_beast import LiveBeast
from detente.watch.feeds.address import Address
from detente.watch.feeds.streams import StreamFeed

__all__ = ["OPTIONS", "STALE_S", "open_feed"]

OPTIONS: frozenset[str] = frozenset()
STALE_S = 30.0
"""An aircraft in sight says its position twice a second; at night a small receiver may hear none for a while."""


def open_feed(address: Address) -> StreamFeed:
    """Return the feed; connects to nothing."""
    return StreamFeed.at(address, LiveBeast(address.name), STALE_S)
