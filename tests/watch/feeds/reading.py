"""Reading feeds in tests: batches until there is enough, with their accounts added up."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import polars as pl

from detente.watch.batches import Batch, Feed
from detente.watch.errors import FeedLost
from detente.watch.feeds.address import parse_feed

WITHIN_S = 30.0
"""Only a hang takes so long; nothing is asserted about times."""


@dataclass
class Heard:
    """All batches of a feed so far, and why it was lost, None when it was not."""

    batches: list[Batch] = field(default_factory=list)
    lost: FeedLost | None = None

    @property
    def movers(self) -> list[str]:
        return [mover for batch in self.batches for mover in batch.rows["mover"].to_list()]

    @property
    def rows(self) -> pl.DataFrame:
        return pl.concat([batch.rows for batch in self.batches])

    @property
    def received(self) -> int:
        return sum(batch.received for batch in self.batches)

    @property
    def rejected(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for batch in self.batches:
            counted.update(batch.rejected)
        return counted

    def check(self) -> None:
        """Check that everything that came is accounted for, batch by batch."""
        for batch in self.batches:
            assert batch.received == batch.used + sum(batch.rejected.values()), batch
            assert batch.rows.height <= batch.used


async def heard(feed: Feed | str, enough: Callable[[Heard], Any] = lambda _: False) -> Heard:
    """Read a feed until there is enough, or until it is lost."""
    found = Heard()
    source = parse_feed(feed) if isinstance(feed, str) else feed
    async with asyncio.timeout(WITHIN_S):
        try:
            async with aclosing(cast("AsyncGenerator[Batch]", source.batches())) as batches:
                async for batch in batches:
                    found.batches.append(batch)
                    if enough(found):
                        break
        except FeedLost as lost:
            found.lost = lost
    found.check()
    return found
