"""The cleaning of rows that come in pushes: the archive's own rules and compiled code, without waiting for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.tracks import cleaning_kernel as kernel
from detente.tracks.cleaning import LIMITS, Court, Limits, Verdicts, possible_rows
from detente.tracks.reasons import Reason, Tally
from detente.tracks.schema import SCHEMA

__all__ = ["MOVERS_MAX", "LiveCleaner"]

MOVERS_MAX = 200_000
"""Movers remembered; the longest unseen go first, and are new when they come back."""
_FORGOTTEN_AT_ONCE = 0.1
_NEVER_US = np.iinfo(np.int64).min


@dataclass(slots=True)
class LiveCleaner:
    """Cleans rows as they come.

    Every row is given as soon as it is decided: nearly all at once, but the first row of a mover (and one that leaps)
    only with the mover's next row, or when the window of the rule has passed (ships 600 s, others 60 s). Over the
    whole stream exactly the archive's rows are given, under the same names, and the same ones are rejected, however
    the stream is cut into pushes. Rows of one mover come in their order of time; a late first row of one mover may
    come after later rows of others. Who searches all movers in one order waits for it: a search that joins fixes over
    at most one gap misses none when it holds rows back for that gap and some seconds (LiveSearch's late_s).

    That holds for a stream in order of time, as an archive's is. Rows of one push are put in that order; one that is
    older than its mover's newest of an earlier push is rejected as ``old``. And it holds while at most movers_max
    movers are remembered.

    tally: the account so far; kept includes what is undecided.
    """

    limits: Limits = LIMITS
    movers_max: int = MOVERS_MAX
    tally: Tally = field(default_factory=Tally)
    _court: Court = field(init=False)
    _codes: dict[str, int] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _free: list[int] = field(default_factory=list)
    _newest_us: npt.NDArray[np.int64] = field(default_factory=lambda: np.full(1024, _NEVER_US, np.int64))
    _held: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    _held_rows: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        self._court = Court.of(self.limits)

    @property
    def undecided(self) -> pl.DataFrame:
        """Return the rows that wait: a mover's only one so far, or one that leaps; they are possible."""
        return self._held

    def push(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Take rows of detente.tracks.SCHEMA; return those that are decided now and kept, some from earlier pushes."""
        self.tally.read(frame.height)
        frame = _in_order(possible_rows(frame, self.tally))
        codes = self._codes_of(frame["mover"])
        times = frame["time"].to_physical().to_numpy()
        old = times < self._newest_us[codes]
        if old.any():
            self.tally.reject(Reason.OLD, int(old.sum()))
            frame, codes, times = frame.filter(~old), codes[~old], times[~old]
        if frame.is_empty():
            return frame
        np.maximum.at(self._newest_us, codes, times)
        first_row = self._court.rows
        found, decided = self._court.judge(frame, codes)
        own = decided["row"] >= first_row
        places = decided["row"][own] - first_row
        found.verdicts[places] = decided["verdict"][own]
        found.numbers[places] = decided["number"][own]
        released = [self._released(decided[~own]), found.kept(frame, self.tally)]
        waiting = found.verdicts == kernel.UNDECIDED
        if waiting.any():
            self._held = pl.concat([self._held, frame.filter(waiting)])
            self._held_rows = np.append(self._held_rows, np.flatnonzero(waiting) + first_row)
        released.append(self._released(self._with_room()))
        return pl.concat(released)

    def close(self) -> pl.DataFrame:
        """Decide what is still undecided, because nothing more comes, and return the rows that are kept."""
        return self._released(self._court.end())

    def _released(self, decided: npt.NDArray[np.void]) -> pl.DataFrame:
        """Return the kept ones of the held rows that were decided; the others of them are counted."""
        if not decided.size:
            return self._held.clear()
        held = self._held.height
        found = Verdicts(np.full(held, kernel.UNDECIDED, np.int8), np.ones(held, np.int32))
        places = np.searchsorted(self._held_rows, decided["row"])
        found.verdicts[places] = decided["verdict"]
        found.numbers[places] = decided["number"]
        kept = found.kept(self._held, self.tally)
        still = found.verdicts == kernel.UNDECIDED
        self._held, self._held_rows = self._held.filter(still), self._held_rows[still]
        return kept

    def _codes_of(self, movers: pl.Series) -> npt.NDArray[np.int32]:
        """Return each mover's number, a new one where it has none."""
        codes, known = self._codes, self._codes.get
        found = [known(name, -1) for name in movers.to_list()]
        if -1 in found:
            for place, name in enumerate(movers.to_list()):
                if found[place] < 0:
                    found[place] = codes[name] if name in codes else self._new_code(name)
        return np.array(found, dtype=np.int32)

    def _new_code(self, name: str) -> int:
        if self._free:
            code = self._free.pop()
            self._names[code] = name
        else:
            code = len(self._names)
            self._names.append(name)
            if code >= self._newest_us.size:
                more = np.full(self._newest_us.size, _NEVER_US, np.int64)
                self._newest_us = np.concatenate([self._newest_us, more])
        self._codes[name] = code
        return code

    def _with_room(self) -> npt.NDArray[np.void]:
        """Forget the movers unseen for longest when there are too many; return the rows decided by that."""
        surplus = len(self._codes) - self.movers_max
        if surplus <= 0:
            return np.zeros(0, kernel.SETTLED)
        known = np.fromiter(self._codes.values(), np.int32, len(self._codes))
        count = min(surplus + int(self.movers_max * _FORGOTTEN_AT_ONCE), known.size)
        gone = known[np.argsort(self._newest_us[known], kind="stable")[:count]]
        decided = self._court.forget(gone)
        self._newest_us[gone] = _NEVER_US
        for code in gone.tolist():
            del self._codes[self._names[code]]
            self._free.append(code)
        return decided


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in order of time; those of one time as they came."""
    return frame if frame["time"].is_sorted() else frame.sort("time", maintain_order=True)
