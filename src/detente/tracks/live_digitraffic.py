"""Digitraffic as it comes from its MQTT broker: locations and metadata, pushed by topic and payload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import polars as pl

from detente.tracks.ais_digitraffic import LAYOUT, RAW, Ships, document
from detente.tracks.live_clock import ReceiverClock
from detente.tracks.live_decoding import Decoded, taken
from detente.tracks.readers import Options
from detente.tracks.reasons import Reason, Tally
from detente.tracks.rows import Judge

__all__ = ["MESSAGE_BYTES_MAX", "LiveDigitraffic"]

MESSAGE_BYTES_MAX = 65_536
"""A location is about 200 bytes, metadata 300; what is longer is one unreadable row."""


@dataclass(slots=True)
class LiveDigitraffic:
    """Decodes pushes of (topic, payload); source is the feed's name, for the rows' ``source`` column.

    Topics: ``vessels-v2/MMSI/location`` and ``vessels-v2/MMSI/metadata``; any other is a message without a position.
    Names from metadata go to the locations that follow.
    """

    source: str
    clock: ReceiverClock = field(default_factory=ReceiverClock)
    _tally: Tally = field(default_factory=Tally)
    _ships: Ships = field(default_factory=Ships)
    _judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self._judge = Judge("digitraffic", self.source, LAYOUT, Options(), self._tally)

    def push(self, messages: Sequence[tuple[str, bytes]], received_at: datetime) -> Decoded:
        """Decode messages in the order in which they came; never raises, whatever the bytes.

        received_at: by the receiver's clock, aware UTC; positions whose time is far from it are rejected by name.
        """
        decode = msgspec.json.Decoder().decode
        self._tally.read(len(messages))
        short = [pair for pair in messages if len(pair[1]) <= MESSAGE_BYTES_MAX]
        self._tally.reject(Reason.UNREADABLE, len(messages) - len(short))
        documents = [document(topic.encode() + b" " + payload, decode) for topic, payload in short]
        rows = self._ships.rows(documents, self._tally)
        frame = self._judge.judge(pl.DataFrame(rows, schema=RAW, orient="row"))
        return Decoded(self.clock.judge(frame, received_at, self._tally), taken(self._tally))
