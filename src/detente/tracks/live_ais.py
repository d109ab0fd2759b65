"""AIS as it comes from a receiver: NMEA 0183 sentences, pushed as they arrive in pieces of any size.

The reader of archives does the work (``detente.tracks.ais_nmea``): parts, tag blocks, stamps, checksums and names are
read alike. What is live: a sentence without a stamp of its own was sent when it was received, and a stamp that is far
from the receiver's clock is not believed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from detente.tracks.ais_nmea import Listener
from detente.tracks.lines import Block, LineCutter
from detente.tracks.live_clock import ReceiverClock, micros
from detente.tracks.live_decoding import Decoded, taken
from detente.tracks.readers import Options
from detente.tracks.reasons import Tally
from detente.tracks.schema import SCHEMA

__all__ = ["LIVE_LINE_BYTES_MAX", "LiveAis"]

LIVE_LINE_BYTES_MAX = 4_096
"""A sentence has 82 characters, with its tag block some 200; a longer line is one unreadable row, never held whole."""


@dataclass(slots=True)
class LiveAis:
    """Decodes one receiver's sentences; source is the feed's name, for the rows' ``source`` column.

    Counting is the archive's: a message of several sentences is one row when its last part has come.
    """

    source: str
    clock: ReceiverClock = field(default_factory=ReceiverClock)
    _tally: Tally = field(default_factory=Tally)
    _cutter: LineCutter = field(default_factory=lambda: LineCutter(LIVE_LINE_BYTES_MAX))
    _listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        self._listener = Listener.listening(f"ais_nmea:{self.source}", Options())

    def push(self, data: bytes, received_at: datetime) -> Decoded:
        """Decode the lines that are whole now; the rest waits for more. Never raises, whatever the bytes.

        received_at: by the receiver's clock, aware UTC.
        """
        return self._heard(self._cutter.feed(data), received_at)

    def close(self, received_at: datetime) -> Decoded:
        """Count what will never be whole, because the connection ended: half a line, parts of messages.

        The decoder can go on with another connection: names, and what is known of the source's clock, are kept.
        """
        self._listener.parts.give_up_all()
        return self._heard(self._cutter.end(cut_short=True), received_at)

    def _heard(self, block: Block, received_at: datetime) -> Decoded:
        block.count(self._tally)
        if block.data:
            rows = self._listener.hear(block.data, self._tally, received_us=micros(received_at))
        else:
            self._listener.count_given_up(self._tally)
            rows = pl.DataFrame(schema=SCHEMA)
        return Decoded(self.clock.judge(rows, received_at, self._tally), taken(self._tally))
