"""Feeds as people write them: ``ais-tcp://host:port``, ``digitraffic``, ``replay:day.parquet@10x``.

A module of a kind is loaded when an address of its kind is read. It has

- ``OPTIONS``: the names of the options that it takes beside COMMON_OPTIONS;
- ``open_feed(address) -> Feed``: connects to nothing; raises WatchMistake for an option that it cannot use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from detente.watch.batches import Feed

__all__ = ["COMMON_OPTIONS", "Address", "parse_feed"]

COMMON_OPTIONS = frozenset({"name", "stale_s", "accept_terms"})
"""name: what people see; stale_s: after how much silence the feed is stale; accept_terms=yes: of the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One feed's address, taken apart.

    text: as it was written; scheme: "readsb+https"; host: "" where the kind has none or all interfaces are meant;
    port: 0 where the kind has none; path: with its query where the kind is a web address, a file's for replay;
    options: those that were written, each once. name: what people see and what rows carry, without secrets.
    """

    text: str
    scheme: str
    name: str
    host: str = ""
    port: int = 0
    path: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def number(self, option: str, default: float, *, least: float, most: float) -> float:
        """Return an option's number; raises WatchMistake when it is none, or outside of least..most."""
        raise NotImplementedError(option, default, least, most)


def parse_feed(text: str) -> Feed:
    """Return the feed of an address; raises WatchMistake with every fault of the address."""
    raise NotImplementedError(text)
