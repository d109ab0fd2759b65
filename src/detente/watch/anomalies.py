"""What is odd about the two movers of an encounter: named only with the encounter that it explains, with evidence.

Nothing here watches anybody: rows are kept in memory for a bounded time, and looked at when an encounter asks. The
rules, their limits and how often they are wrong on real data: docs/evidence.md.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from detente.watch.anomaly import Anomaly, Fix, Kind
from detente.watch.batches import FeedStanding
from detente.watch.odd_tracks import circle, jumps, silence
from detente.watch.odd_tracks.heard import Heard, kept, plain
from detente.watch.odd_tracks.rules import RULES, Rules

__all__ = ["Anomalies", "Anomaly", "Fix", "Kind"]

HISTORY_S = 1_800.0
"""Seconds for which rows are kept to explain encounters."""
HISTORY_ROWS_MAX = 1_000_000
"""Rows that are kept for that, about 70 bytes each; of more, the oldest go first, which is counted."""
PAIRS_MAX = 20_000
"""Pairs whose earlier encounters are remembered; the pair that met longest ago is forgotten first."""
_MEETINGS_MAX = 64
_SPELLS_MAX = 1_000
_UNWATCHED_S = 120.0
_PARTS_MERGED = 64


@dataclass(slots=True)
class _Part:
    received_at: datetime
    rows: pl.DataFrame


@dataclass(slots=True)
class _Spells:
    """When a feed stood badly, or nobody asked: spells of time, the latest."""

    since: datetime
    asked: datetime
    dropped: int
    bad: deque[list[datetime]] = field(default_factory=lambda: deque(maxlen=_SPELLS_MAX))

    def note(self, since: datetime, until: datetime) -> None:
        """Note a bad spell; one that goes on is one."""
        if self.bad and since <= self.bad[-1][1]:
            self.bad[-1][1] = max(until, self.bad[-1][1])
        else:
            self.bad.append([since, until])


@dataclass(slots=True)
class Anomalies:
    """Keeps what came in bounded memory, and explains encounters.

    dropped: rows that gave way to newer ones before their time.
    """

    rules: Rules = RULES
    dropped: int = 0
    _parts: deque[_Part] = field(default_factory=deque)
    _rows: int = 0
    _loose: int = 0
    _feeds: dict[str, _Spells] = field(default_factory=dict)
    _met: OrderedDict[tuple[str, str], deque[datetime]] = field(default_factory=OrderedDict)

    def push(self, rows: pl.DataFrame, *, feed: str, received_at: datetime) -> None:
        """Take rows of detente.tracks.SCHEMA as they came from a feed, before cleaning."""
        self._forget(received_at)
        if rows.is_empty():
            return
        part = kept(rows, feed=feed)
        self._parts.append(_Part(received_at, part))
        self._rows += part.height
        self._loose += 1
        if self._loose >= _PARTS_MERGED:  # many small tables are slow to go through
            merged = [self._parts.pop() for _ in range(min(self._loose, len(self._parts)))]
            self._parts.append(_Part(merged[0].received_at, pl.concat([one.rows for one in reversed(merged)])))
            self._loose = 0

    def stand(self, feeds: Iterable[FeedStanding], *, now: datetime) -> None:
        """Take how the feeds stand, at least every two minutes: silence counts only where its feed stood well."""
        for one in feeds:
            spells = self._feeds.setdefault(one.name, _Spells(now, now, one.dropped))
            is_late = now - spells.asked > timedelta(seconds=_UNWATCHED_S)
            if one.state != "good" or one.dropped > spells.dropped or is_late:
                spells.note(spells.asked, now)
            spells.asked, spells.dropped = now, one.dropped

    def explain(self, row: Mapping[str, Any], *, now: datetime) -> tuple[Anomaly, ...]:
        """Return what is odd about the two of an ENCOUNTERS row, by kind, and remember that they met.

        now: when it is asked, in the clock of the rows. Silence can be told only once it has lasted.
        """
        found: list[Anomaly] = []
        heard = Heard([part.rows for part in self._parts], row)
        tracks = heard.of(plain(row["a"]), plain(row["b"]))
        for which in ("a", "b"):
            mine = tracks.filter(pl.col("mover") == plain(row[which])).sort("time", maintain_order=True)
            if mine.height:
                found += jumps.jumps(row, which, mine, self.rules)
                found += circle.circles(row, which, mine, heard, self.rules)
                found += silence.silences(row, which, mine, heard, self._was_good, self.rules, now=now)
        found += _low_pass(row, tracks, self.rules)
        found += self._repeated(row)
        return tuple(sorted(found, key=lambda one: (one.kind, one.mover, one.first_at)))

    def _was_good(self, feed: str, since: datetime, until: datetime) -> bool:
        """Tell whether a feed was watched from ``since`` on and never stood badly until then."""
        spells = self._feeds.get(feed)
        if spells is None or spells.since > since:
            return False
        return not any(begin <= until and end >= since for begin, end in spells.bad)

    def _repeated(self, row: Mapping[str, Any]) -> list[Anomaly]:
        """Return that the two came near again and again, in this encounter or in several."""
        pair = (plain(row["a"]), plain(row["b"]))
        meetings = self._met.setdefault(pair, deque(maxlen=_MEETINGS_MAX))
        self._met.move_to_end(pair)
        if len(self._met) > PAIRS_MAX:
            self._met.popitem(last=False)
        since = row["closest_at"] - timedelta(seconds=self.rules.repeated_s)
        before = [moment for moment in meetings if since <= moment < row["closest_at"]]
        if row["closest_at"] not in meetings:
            meetings.append(row["closest_at"])
        passes = len(before) + int(row["passes"])
        if passes < self.rules.repeated_passes or not row["both_moving"]:
            return []
        figures = {"passes": float(passes), "encounters": float(len(before) + 1)}
        return [
            Anomaly(
                kind="repeated_passes",
                mover="",
                first_at=min([*before, row["entered"]]),
                last_at=row["left"],
                figures=figures,
                fixes=_at_closest(row),
            )
        ]

    def _forget(self, now: datetime) -> None:
        """Let go of what is too old or too much."""
        while self._parts:
            oldest = self._parts[0]
            too_old = now - oldest.received_at > timedelta(seconds=HISTORY_S)
            if not too_old and self._rows <= HISTORY_ROWS_MAX:
                return
            self._parts.popleft()
            self._loose = min(self._loose, len(self._parts))
            self._rows -= oldest.rows.height
            self.dropped += 0 if too_old else oldest.rows.height


def _at_closest(row: Mapping[str, Any]) -> tuple[Fix, ...]:
    return tuple(
        Fix(row[which], row["closest_at"], row[f"lon_{which}"], row[f"lat_{which}"], row[f"altitude_{which}_m"])
        for which in ("a", "b")
    )


def _low_pass(row: Mapping[str, Any], tracks: pl.DataFrame, rules: Rules) -> list[Anomaly]:
    """Return that an aircraft came low over or beside a ship."""
    kinds = {row["kind_a"]: "a", row["kind_b"]: "b"}
    if set(kinds) != {"ship", "aircraft"} or row["vertical_m"] is None:
        return []
    if row["distance_m"] > rules.low_distance_m or row["vertical_m"] > rules.low_height_m:
        return []
    flying = plain(row[kinds["aircraft"]])
    near = tracks.filter((pl.col("mover") == flying) & pl.col("altitude_m").is_not_null()).sort(
        (pl.col("time") - row["closest_at"]).abs(), "time", maintain_order=True
    )
    shown = near.head(rules.fixes_shown).sort("time")
    # a pressure altitude near the ground is off by the weather: up to 300 m in real air
    certain = shown.height > 0 and not shown["altitude_datum"].is_in(["pressure"]).any()
    fixes = tuple(
        Fix(flying, one["time"], one["lon"], one["lat"], one["altitude_m"]) for one in shown.iter_rows(named=True)
    )
    return [
        Anomaly(
            kind="low_pass",
            mover=row[kinds["aircraft"]],
            first_at=row["entered"],
            last_at=row["left"],
            figures={
                "distance_m": float(row["distance_m"]),
                "height_m": float(row["vertical_m"]),
                "speed_kn": float(row[f"speed_{kinds['aircraft']}_kn"] or 0.0),
            },
            fixes=fixes,
            is_certain=certain and row["quality"] == "certain",
        )
    ]
