"""The archive's exact search over a stream: what detente.encounters.searching finds, as soon as it is certain.

Rows come nearly in order of time. They are held back for ``late_s``, put in the archive's total order, and searched by
the archive's own code, window by window. The union of what is given out is the archive's table of the same rows,
exactly: the same pairs, times and distances to the last bit. Two things cannot be had early:

- An encounter is certain when no later fix can change it: two gaps and two minutes after its end (``lag_s`` says how
  long after, with what is held back). A leg may last one gap, a height may be filled in from a fix one gap later, and
  rest is judged over two minutes.
- Name, kind and side of a mover may be said by a later row. An encounter is given out with what is known then;
  ``refreshed`` fills in what was learned since, as the archive does. A pair whose sides turn out to be rivals only
  after it was over is not given out again.

Under overload fixes of one mover are thinned, and at last left out: each is counted, and from the first one on the
archive's search of a recording may find more than was given out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from detente import words
from detente.encounters import compiled
from detente.encounters.errors import LimitMistake
from detente.encounters.schema import ENCOUNTERS
from detente.encounters.searching import check_limits
from detente.tracks.ordering import in_total_order
from detente.tracks.schema import KINDS, SCHEMA, complete

if TYPE_CHECKING:
    from detente.encounters.intake import Movers
    from detente.encounters.pairing import SidesOfMovers
    from detente.encounters.windows import Pieces

__all__ = ["AHEAD_S_MAX", "FIXES_MAX", "MOVERS_MAX", "LiveSearch"]

say = words.speaker("encounters")

FIXES_MAX = 3_000_000
"""Fixes held at a time, put in order or not; from half of them on one mover's are thinned, and more are left out."""
MOVERS_MAX = 200_000
"""Movers known at a time; when there are more, those not heard for long are forgotten, with their names."""
AHEAD_S_MAX = 60.0
"""A row further ahead of the present than this is left out: one clock that is fast would make all others late."""
RELEASED_S = 5.0
"""So much time is put in order at once."""
_THINNED = ((0.9, 30_000_000), (0.75, 15_000_000), (0.5, 5_000_000))
"""How full it is, and in how many microseconds then only one fix of a mover is kept."""
_NEVER = -(2**62)


class LiveSearch:
    """Rows in, nearly in time order; finished encounters out. Their union is the archive's table of the same rows."""

    def __init__(
        self,
        *,
        within_m: float = 500.0,
        vertical_m: float = 304.8,
        max_gap_s: float = 180.0,
        between: str = "all",
        sides: SidesOfMovers | None = None,
        keep_moored: bool = False,
        late_s: float = 30.0,
        every_s: float = 60.0,
        fixes_max: int = FIXES_MAX,
        movers_max: int = MOVERS_MAX,
    ) -> None:
        """Begin; limits as detente.encounters.searching.search. Raises LimitMistake.

        late_s: a row may come so long after a later one and still be put in its place; every_s: so much time is
        searched at once: less of it finishes encounters sooner, and goes through the fixes before it more often.
        """
        check_limits({"within_m": within_m, "vertical_m": vertical_m, "max_gap_s": max_gap_s}, between, sides)
        for name, value in (("late_s", late_s), ("every_s", every_s)):
            if not 0.0 <= value <= 86_400.0:
                raise LimitMistake(
                    expected=say("a number from {least} to {most}", least="0", most="86400"),
                    came=f"{value:g}",
                    where=name,
                )
        compiled.compile_kernels()
        # what follows needs the kernels, so it is imported once they are there
        from detente.encounters import intake, pairing, windows  # noqa: PLC0415

        limits = windows.Limits(within_m, vertical_m, round(max_gap_s * 1e6), None, None, keep_moored)
        self._keep_moored, self._fixes_max, self._movers_max = keep_moored, fixes_max, movers_max
        self._movers, self._found = intake.Movers(), windows.Counts()
        self._pairing = pairing.Pairing(between=between, sides=sides)
        self._between, self._sides = between, sides
        self._finding = windows.Finding(
            self._movers, limits, self._paired, self._found, every_us=max(round(every_s * 1e6), 1)
        )
        self._late_us, self._every_s = round(late_s * 1e6), every_s
        self._waiting: list[pl.DataFrame] = []
        self._newest_us = self._passed_us = _NEVER
        self._last_us = np.full(1024, _NEVER, np.int64)
        self._counts = dict.fromkeys(
            ("rows", "searched", "late", "ahead", "unpaired", "overload", "finished", "moored", "forgotten"), 0
        )

    @property
    def lag_s(self) -> float:
        """Return after how many seconds at most an encounter that is over is given out, while rows come."""
        return (self._finding.windows.margin_us + self._late_us) / 1e6 + self._every_s + RELEASED_S

    @property
    def counts(self) -> Mapping[str, int]:
        """Return counts since the start: rows = waiting + searched + late + ahead + unpaired + overload.

        late: came after their time had been searched; ahead: of a time that has not come yet; unpaired: of movers
        whose side has no rival; overload: left out because too much was held; moored: encounters suppressed because
        both were at rest; finished: encounters given out; duplicates: of those searched; held: fixes held now.
        """
        return {
            **self._counts,
            "waiting": self._waiting_rows(),
            "held": self._finding.windows.count,
            "movers": self._movers.count,
            "duplicates": self._found.duplicates,
        }

    def push(self, frame: pl.DataFrame, *, at: datetime | None = None) -> pl.DataFrame:
        """Take rows of detente.tracks.SCHEMA; returns the encounters that are finished now, as ENCOUNTERS.

        at: the present; rows further ahead of it than AHEAD_S_MAX are left out by name. Without it the rows' own times
        lead. Raises SchemaMistake and PositionMistake, and then has taken none of the rows.
        """
        from detente.encounters.intake import check_positions, wanted_columns  # noqa: PLC0415

        if frame.is_empty():
            return ENCOUNTERS.to_frame()
        rows = complete(frame.lazy()).select(wanted_columns(SCHEMA)).collect()
        check_positions(rows)
        self._counts["rows"] += rows.height
        rows = self._fitting(self._timely(rows, at))
        if rows.is_empty():
            return ENCOUNTERS.to_frame()
        self._waiting.append(rows)
        newest = int(rows["time"].to_physical().to_numpy().max())
        if at is not None:  # a clock that is a little fast must not make the others late
            newest = min(newest, round(at.timestamp() * 1e6))
        self._newest_us = max(self._newest_us, newest)
        until = self._newest_us - self._late_us
        if self._passed_us == _NEVER:
            self._passed_us = min(int(rows["time"].to_physical().to_numpy().min()), until)
        if until - self._passed_us < RELEASED_S * 1e6:
            return ENCOUNTERS.to_frame()
        return self._release(until)

    def close(self) -> pl.DataFrame:
        """Return all other encounters: nothing follows."""
        listed = [self._release(None)] if self._waiting else []
        listed.append(self._listed(self._finding.close()))
        return pl.concat(listed).sort("entered", "a", "b")

    def refreshed(self, encounters: pl.DataFrame) -> pl.DataFrame:
        """Return encounters given out before with name, kind and side of both as they are known by now.

        What two such sides make no rivals is left out, as the archive does.
        """
        kinds = pl.Series([None, *KINDS], dtype=pl.String)
        told = encounters
        for letter in ("a", "b"):
            codes = self._movers.codes(told[letter])
            names = [self._movers.names.get(code) for code in codes.tolist()]
            sides = self._pairing.final(self._movers, codes.astype(np.int64))
            told = told.with_columns(
                pl.Series(f"name_{letter}", names, dtype=pl.String),
                kinds.gather(self._movers.kind[codes]).alias(f"kind_{letter}"),
                pl.Series(f"side_{letter}", sides, dtype=pl.String),
            )
        return told.filter(pl.Series(self._pairing.wanted(told["side_a"], told["side_b"])))

    def _paired(
        self, movers: Movers, active: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
        """Ask the pairing that holds now: it is made anew when movers are numbered anew."""
        return self._pairing(movers, active)

    def _timely(self, rows: pl.DataFrame, at: datetime | None) -> pl.DataFrame:
        """Return the rows that are neither late nor ahead of their time, counting the others."""
        times = rows["time"].to_physical().to_numpy()
        late = times < self._passed_us
        ahead = np.zeros(times.size, np.bool_)
        if at is not None:
            ahead = times > at.timestamp() * 1e6 + AHEAD_S_MAX * 1e6
        self._counts["late"] += int(np.count_nonzero(late & ~ahead))
        self._counts["ahead"] += int(np.count_nonzero(ahead))
        taken = ~(late | ahead)
        return rows if taken.all() else rows.filter(pl.Series(taken))

    def _release(self, until_us: int | None) -> pl.DataFrame:
        """Search what is older than a time, None for all of it; returns what is finished."""
        rows = pl.concat(self._waiting)
        if until_us is not None:
            old = rows["time"].to_physical() < until_us
            self._waiting = [rows.filter(~old)]
            rows = rows.filter(old)
            self._passed_us = until_us
        else:
            self._waiting = []
        if rows.is_empty():
            return ENCOUNTERS.to_frame()
        listed = self._listed(self._searched(in_total_order(rows)))
        if self._movers.count > self._movers_max:
            self._forget()
        return listed

    def _searched(self, rows: pl.DataFrame) -> Iterable[Pieces]:
        """Yield what is finished when these rows, in order, follow those that were searched."""
        from detente.encounters.intake import placed, positions_of  # noqa: PLC0415
        from detente.encounters.room import Room  # noqa: PLC0415

        self._counts["searched"] += rows.height
        yield from self._finding.push(placed(positions_of(rows, self._movers), self._movers, Room()))

    def _waiting_rows(self) -> int:
        return sum(frame.height for frame in self._waiting)

    def _fitting(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that are worth their room: of movers that have rivals, and not more than are held."""
        if rows.is_empty():
            return rows
        codes = self._movers.codes(rows["mover"])
        taken = np.ones(codes.size, np.bool_)
        if self._between != "all":
            self._movers.learn(codes, rows)
            met, place = np.unique(codes, return_inverse=True)
            side, looked_for = self._pairing(self._movers, met.astype(np.int64))
            taken = np.asarray(looked_for.any(axis=1))[side][place]
            self._counts["unpaired"] += codes.size - int(np.count_nonzero(taken))
        held = self._finding.windows.count + self._waiting_rows()
        wanted = int(np.count_nonzero(taken))
        for full, bucket_us in _THINNED:
            if held > full * self._fixes_max:
                taken &= self._first_of_each(codes, rows["time"].to_physical().to_numpy(), taken, bucket_us)
                break
        room = max(self._fixes_max - held, 0)
        taken &= np.cumsum(taken) <= room
        self._counts["overload"] += wanted - int(np.count_nonzero(taken))
        return rows if taken.all() else rows.filter(pl.Series(taken))

    def _first_of_each(
        self,
        codes: npt.NDArray[np.int32],
        time_us: npt.NDArray[np.int64],
        taken: npt.NDArray[np.bool_],
        bucket_us: int,
    ) -> npt.NDArray[np.bool_]:
        """Tell which rows are the first of their mover in a stretch of time, of those that are taken."""
        if self._last_us.size < self._movers.count:
            more = np.full(2 * self._movers.count - self._last_us.size, _NEVER, np.int64)
            self._last_us = np.concatenate([self._last_us, more])
        places = np.flatnonzero(taken)
        bucket = time_us[places] // bucket_us
        keys = np.stack([codes[places].astype(np.int64), bucket], axis=1)
        _, first = np.unique(keys, axis=0, return_index=True)
        kept = places[first[bucket[first] * bucket_us > self._last_us[codes[places[first]]]]]
        self._last_us[codes[kept]] = np.maximum(self._last_us[codes[kept]], time_us[kept])
        chosen = np.zeros(taken.size, np.bool_)
        chosen[kept] = True
        return chosen

    def _listed(self, found: Iterable[Pieces]) -> pl.DataFrame:
        """Return finished pieces as ENCOUNTERS, and count what is not listed."""
        from detente.encounters.rows import Listed  # noqa: PLC0415

        listed = Listed(keep_moored=self._keep_moored, area=None)
        for pieces in found:
            listed.add(pieces)
        listed.moored_pairs.extend(self._found.moored)
        self._found.moored.clear()
        table = listed.table(self._movers, self._pairing)
        self._counts["moored"] += listed.moored
        self._counts["finished"] += table.height
        return table

    def _forget(self) -> None:
        """Forget the movers that are no longer needed, and number the others anew."""
        from detente.encounters import intake, pairing  # noqa: PLC0415

        old = self._movers
        needed = self._finding.needed()
        fresh = intake.Movers()
        fresh.codes(pl.Series([old.ids[code] for code in needed.tolist()], dtype=pl.String))
        fresh.kind[: needed.size] = old.kind[needed]
        fresh.military[: needed.size] = old.military[needed]
        fresh.names.update(
            {place: old.names[code] for place, code in enumerate(needed.tolist()) if code in old.names}
        )
        code_of = np.full(old.count, -1, np.int32)
        code_of[needed] = np.arange(needed.size, dtype=np.int32)
        self._finding.renumber(fresh, code_of)
        self._counts["forgotten"] += old.count - needed.size
        self._movers = fresh
        self._pairing = pairing.Pairing(between=self._between, sides=self._sides)
        self._last_us = np.full(1024, _NEVER, np.int64)
