"""aisstream.io as it comes from its websocket: one JSON message each, positions and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from detente.tracks.live_decoding import Decoded

__all__ = ["MESSAGE_BYTES_MAX", "LiveAisstream"]

MESSAGE_BYTES_MAX = 65_536
"""The longest message (static data) is about 1 KiB; what is longer is one unreadable row."""


@dataclass(slots=True)
class LiveAisstream:
    """Decodes pushes of whole messages; source is the feed's name, for the rows' ``source`` column."""

    source: str

    def push(self, messages: Sequence[bytes], received_at: datetime) -> Decoded:
        """Decode messages in the order in which they came; never raises, whatever the bytes.

        received_at: by the receiver's clock, aware UTC; positions whose time is far from it are rejected by name.
        A message ``{"error": ...}`` carries no position: whoever holds the connection reads it first.
        """
        raise NotImplementedError(messages, received_at)
