"""Times of live positions, judged against the receiver's clock.

A position is of now, or of a little while ago. One that says another time is not believed: its sender's clock is off,
or it is an old one that is played again. Which of the two, the source itself tells: one that gave positions of now
before and comes with old ones is going back (``old``); one that never did has another clock (``clock_off``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from detente.tracks.reasons import Reason, Tally

__all__ = ["CLOCK_AHEAD_S_MAX", "CLOCK_BEHIND_S_MAX", "ReceiverClock", "micros"]

CLOCK_AHEAD_S_MAX = 30
"""How far a position may lie ahead of the receiver's clock; two clocks that are kept right differ by less than one."""
CLOCK_BEHIND_S_MAX = 900
"""How old a live position may be: what is relayed by satellite or by a busy service comes minutes late."""


def micros(moment: datetime) -> int:
    """Return an aware time as microseconds since 1970."""
    return round(moment.timestamp() * 1e6)


@dataclass(slots=True)
class ReceiverClock:
    """Judges the times of one source; remembers whether it ever gave a position of now."""

    ahead_s_max: float = CLOCK_AHEAD_S_MAX
    behind_s_max: float = CLOCK_BEHIND_S_MAX
    _was_right: bool = False

    def judge(self, rows: pl.DataFrame, received_at: datetime, tally: Tally) -> pl.DataFrame:
        """Return the rows whose time can be; count the others, which the tally has as read, by reason."""
        if rows.is_empty():
            return rows
        late_s = (micros(received_at) - rows["time"].to_physical()) / 1e6
        ahead, behind = late_s < -self.ahead_s_max, late_s > self.behind_s_max
        off = ahead | behind
        self._was_right |= not off.all()
        if not off.any():
            return rows
        tally.reject(Reason.CLOCK_OFF, int(ahead.sum()))
        tally.reject(Reason.OLD if self._was_right else Reason.CLOCK_OFF, int(behind.sum()))
        return rows.filter(~off)
