"""Beast binary as it comes from a receiver, pushed in pieces of any size.

The reader of archives does the work (``detente.tracks.adsb_beast``). What is live: the receiver's counter is brought
to the receiver's clock, so that positions have a time without anybody naming a start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from detente.tracks.adsb_beast import TICKS_PER_S, UNSTAMPED, Listener, Locator
from detente.tracks.aircraft_rows import Judge
from detente.tracks.beast_frames import Framer
from detente.tracks.live_clock import ReceiverClock
from detente.tracks.live_decoding import Decoded, taken
from detente.tracks.reasons import Tally

__all__ = ["LiveBeast", "LiveTicks"]

_LATE_S_MAX = 30.0
"""A frame that seems to have come later than this did not: its counter is another one, or began anew."""
_DRIFT = 1e-4
"""How fast the counter's distance to the clock may grow; a receiver's crystal is off by a fifth of it at most."""


@dataclass(slots=True)
class LiveTicks:
    """Turns a receiver's counter into times: no frame was received later than it came here.

    The smallest delay seen is taken for none; it is forgotten slowly, because two clocks drift. A counter that leaps
    (a receiver that began anew, several receivers on one line) is brought to the clock anew.
    """

    received_s: float = 0.0
    anchored: bool = True
    _ahead_s: float | None = None
    _last_s: float = 0.0

    def tell(self, ticks: int) -> float:
        """Return when the frame was received, unix seconds; now, where its ticks do not say."""
        if ticks in UNSTAMPED:
            return self.received_s
        counted_s = ticks / TICKS_PER_S
        if self._ahead_s is not None:
            drifted_s = self._ahead_s + abs(counted_s - self._last_s) * _DRIFT
            late_s = self.received_s - (counted_s + drifted_s)
            if late_s <= _LATE_S_MAX and late_s > -_LATE_S_MAX:
                self._ahead_s, self._last_s = drifted_s + min(late_s, 0.0), counted_s
                return counted_s + self._ahead_s
        self._ahead_s, self._last_s = self.received_s - counted_s, counted_s
        return self.received_s

    def forget(self) -> None:
        """Begin anew: another connection may be another receiver."""
        self._ahead_s = None


@dataclass(slots=True)
class LiveBeast:
    """Decodes one receiver's frames; source is the feed's name, for the rows' ``source`` column."""

    source: str
    clock: ReceiverClock = field(default_factory=ReceiverClock)
    _tally: Tally = field(default_factory=Tally)
    _ticks: LiveTicks = field(default_factory=LiveTicks)
    _framer: Framer = field(default_factory=Framer)
    _listener: Listener = field(init=False)
    _judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self._listener = Listener(self._ticks, Locator())
        self._judge = Judge(f"adsb_beast:{self.source}")

    def push(self, data: bytes, received_at: datetime) -> Decoded:
        """Decode the frames that are whole now; the rest waits for more. Never raises, whatever the bytes.

        received_at: by the receiver's clock, aware UTC.
        """
        return self._taken(data, received_at, last=False)

    def close(self, received_at: datetime) -> Decoded:
        """Count what will never be whole, because the connection ended; the decoder can go on with another."""
        decoded = self._taken(b"", received_at, last=True)
        self._ticks.forget()
        return decoded

    def _taken(self, data: bytes, received_at: datetime, *, last: bool) -> Decoded:
        self._ticks.received_s = received_at.timestamp()
        for each in self._framer.feed(data, last=last):
            self._listener.take(each, self._tally)
        rows = self._judge.rows(self._listener.squitters.sightings(self._tally), self._tally)
        return Decoded(self.clock.judge(rows, received_at, self._tally), taken(self._tally))
