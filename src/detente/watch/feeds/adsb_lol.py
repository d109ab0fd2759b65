"""Aircraft around a point from adsb.lol: ``adsb-lol:?lat=56.5&lon=19.0&radius_nm=250``.

Source: the service's own description (api.adsb.lol/docs): ``/v2/point/LAT/LON/RADIUS``, radius up to 250 NM, answers as
version 2 of ADS-B Exchange. It names no fixed rate and may name one later: the limit here is courtesy, and a 429 with
Retry-After is obeyed.
"""

from __future__ import annotations

from detente import words
from detente.tracks.live_readsb import LiveReadsb
from detente.watch.feeds.address import Address
from detente.watch.feeds.polling import PolledFeed, trusted
from detente.watch.feeds.terms import PUBLIC_KINDS

__all__ = ["EVERY_S", "OPTIONS", "RADIUS_NM_MAX", "STALE_S", "open_feed"]

say = words.speaker("watch")

OPTIONS = frozenset({"lat", "lon", "radius_nm", "every_s", "url", "ca_file"})
EVERY_S = 5.0
RADIUS_NM_MAX = 250
"""The service's own limit."""
STALE_S = 60.0
_URL = "https://api.adsb.lol"
_MOST_S = 3_600.0


def open_feed(address: Address) -> PolledFeed:
    """Return the feed; connects to nothing. url: another server that answers alike, for example a mirror."""
    lat = address.required_number("lat", least=-90.0, most=90.0)
    lon = address.required_number("lon", least=-180.0, most=180.0)
    radius_nm = address.number("radius_nm", RADIUS_NM_MAX, least=1, most=RADIUS_NM_MAX)
    least_s = PUBLIC_KINDS["adsb-lol"].least_every_s
    every_s = address.number("every_s", EVERY_S, least=least_s, most=_MOST_S)
    server = address.options.get("url", _URL).rstrip("/")
    if not server.startswith(("https://", "http://")):
        address.faults.append(say("url must begin with https:// or http://"))
    return PolledFeed(
        address.name,
        f"{server}/v2/point/{lat:g}/{lon:g}/{round(radius_nm)}",
        LiveReadsb(address.name),
        every_s,
        address.stale_after_s(max(STALE_S, 3 * every_s)),
        trusted(address),
    )
