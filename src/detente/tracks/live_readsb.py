"""Aircraft as a web server gives them when asked again and again: ``aircraft.json``, or ADS-B Exchange's version 2.

The reader of archives judges each state (``detente.tracks.adsb_readsb``). What is live: a state that was given before
and has no newer position is counted as a duplicate, because the same picture is asked for again and again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from detente.tracks.adsb_readsb import sightings_of_snapshot
from detente.tracks.aircraft_rows import Judge
from detente.tracks.live_clock import ReceiverClock
from detente.tracks.live_decoding import Decoded, taken
from detente.tracks.reasons import Reason, Tally
from detente.tracks.schema import SCHEMA

__all__ = ["LiveReadsb"]

_JITTER_S = 1.0
"""A position's age is rounded, so that the time of one and the same position varies between two pictures."""
_KNOWN = {
    "mover": SCHEMA["mover"],
    "last_time": SCHEMA["time"],
    "last_lon": pl.Float64(),
    "last_lat": pl.Float64(),
}


@dataclass(slots=True)
class LiveReadsb:
    """Decodes one server's pictures; source is the feed's name, for the rows' ``source`` column."""

    source: str
    clock: ReceiverClock = field(default_factory=ReceiverClock)
    _tally: Tally = field(default_factory=Tally)
    _judge: Judge = field(init=False)
    _known: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_KNOWN))

    def __post_init__(self) -> None:
        self._judge = Judge(f"adsb_readsb:{self.source}")

    def push(self, document: bytes, received_at: datetime) -> Decoded:
        """Decode one whole document; one that is no picture is one unreadable row. Never raises.

        received_at: by the receiver's clock, aware UTC.
        """
        tally = self._tally
        found = sightings_of_snapshot(document.removeprefix(b"\xef\xbb\xbf"), tally)
        if found is None:
            tally.read(1)
            tally.reject(Reason.UNREADABLE)
            return Decoded(pl.DataFrame(schema=SCHEMA), taken(tally))
        rows = self.clock.judge(self._judge.rows(found, tally), received_at, tally)
        return Decoded(self._new(rows), taken(tally))

    def _new(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with a position that the last picture did not have; count the others as duplicates."""
        known, self._known = (
            self._known,
            rows.select(
                "mover",
                pl.col("time").alias("last_time"),
                pl.col("lon").alias("last_lon"),
                pl.col("lat").alias("last_lat"),
            ).unique("mover", keep="last", maintain_order=True),
        )
        if known.is_empty() or rows.is_empty():
            return rows
        elapsed_s = (pl.col("time") - pl.col("last_time")).dt.total_microseconds() / 1e6
        same_place = (pl.col("lon") == pl.col("last_lon")) & (pl.col("lat") == pl.col("last_lat"))
        again = (
            rows.join(known, on="mover", how="left", maintain_order="left")
            .select((same_place & (elapsed_s.abs() <= _JITTER_S)).fill_null(value=False))
            .to_series()
        )
        self._tally.reject(Reason.DUPLICATE, int(again.sum()))
        return rows.filter(~again)
