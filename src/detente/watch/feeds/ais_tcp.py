"""AIS sentences over TCP: ``ais-tcp://host:port``, as receivers, AIS-catcher and hubs of AIS offer them."""

from __future__ import annotations

from detente.tracks.live_ais import LiveAis
from detente.watch.feeds.address import Address
from detente.watch.feeds.streams import StreamFeed

__all__ = ["OPTIONS", "STALE_S", "open_feed"]

OPTIONS: frozenset[str] = frozenset()
STALE_S = 60.0
"""A base station in sight sends every 10 s, a ship under way at least as often."""


def open_feed(address: Address) -> StreamFeed:
    """Return the feed; connects to nothing."""
    return StreamFeed.at(address, LiveAis(address.name), STALE_S)
