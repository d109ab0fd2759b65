"""Encounters that are over, found exactly as the archive's search finds them, and drafts of those that broke a limit.

The same rows, the same cleaning, the same search: a recorded day gives the same encounters later. A machine drafts;
people send. Runs in a thread of its own, so that no alarm waits for it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from detente import words
from detente.door.log import Log
from detente.encounters.live_search import LiveSearch
from detente.errors import DetenteError
from detente.tracks.live_cleaning import LiveCleaner
from detente.watch.account import Step
from detente.watch.anomalies import Anomalies
from detente.watch.batches import Batch, FeedStanding
from detente.watch.desk_forms import DraftPosted
from detente.watch.evidence.drafting import incident_draft
from detente.watch.evidence.structs import Agreed, Context, Definition
from detente.watch.limits import kind_of_pair
from detente.watch.remembering import Memory
from detente.watch.request import Request

__all__ = ["Finished", "Finishing"]

LATE_S = 10.0
"""How long rows of different feeds may be out of order between them."""

say = words.speaker("watch")


@dataclass(frozen=True, slots=True)
class Finished:
    """An encounter that is over. row: of detente.encounters.schema.ENCOUNTERS; draft: None where none is made."""

    row: dict[str, Any]
    draft: DraftPosted | None = None


class Finishing:
    """Takes batches in the order in which they came; gives encounters as soon as they are certain.

    not_drafted: encounters beyond an agreed limit of which no draft was made, by reason.
    """

    def __init__(self, asked: Request, step: Step, log: Log) -> None:
        self._asked = asked
        self._step = step
        self._log = log
        self._cleaner = LiveCleaner()
        self._search = LiveSearch(
            within_m=asked.within_m,
            vertical_m=asked.vertical_m,
            max_gap_s=asked.max_gap_s,
            between="all" if asked.sides is None else "rivals",
            sides=asked.sides,
            keep_moored=asked.keep_moored,
            # the cleaner gives out a mover's first fix with its second, up to a gap late: an archive knows both at once
            late_s=asked.max_gap_s + LATE_S,
        )
        self._memory = Memory(asked.sides) if asked.line and asked.sides is not None else None
        self._anomalies = Anomalies() if self._memory is not None else None
        self._sides_sha256 = "" if asked.sides_file is None else _sha256(asked.sides_file)
        self.not_drafted: Counter[str] = Counter()
        self.drafted = 0
        self.found = 0

    def take(self, batches: Sequence[Batch], now: datetime) -> list[Finished]:
        """Take batches; returns what is over now."""
        found: list[Finished] = []
        for batch in batches:
            if self._memory is not None and self._anomalies is not None:
                self._memory.take(batch)
                self._anomalies.push(batch.rows, feed=batch.feed, received_at=batch.received_at)
        rows = [batch.rows for batch in batches if batch.rows.height]
        if rows:
            kept = self._cleaner.push(pl.concat(rows) if len(rows) > 1 else rows[0])
            found = self._finished(self._search.push(kept, at=now), now)
        self._account()
        return found

    def stand(self, standings: Iterable[FeedStanding], now: datetime) -> None:
        """Learn how the feeds stand: what fell silent with its feed did not fall silent itself."""
        if self._anomalies is not None:
            self._anomalies.stand(standings, now=now)

    def close(self, now: datetime) -> list[Finished]:
        """Return all other encounters: nothing follows."""
        found = self._finished(self._search.push(self._cleaner.close(), at=None), now)
        found += self._finished(self._search.close(), now)
        self._account(is_over=True)
        return found

    def _account(self, *, is_over: bool = False) -> None:
        """Bring the account of this step up to date: every row is kept, waits, or was rejected by name."""
        tally = self._cleaner.tally
        waiting = 0 if is_over else self._cleaner.undecided.height
        for reason, count in tally.rejected.items():
            self._step.rejected[reason.value] = count
        self._step.waiting = waiting
        self._step.kept = tally.kept - waiting
        for name, count in self._search.counts.items():
            self._step.notes[f"search:{name}"] = count

    def _finished(self, rows: pl.DataFrame, now: datetime) -> list[Finished]:
        found = [Finished(row, self._draft(row, now)) for row in rows.iter_rows(named=True)]
        self.found += len(found)
        return found

    # ---- drafts --------------------------------------------------------------------------------------------------

    def _draft(self, row: Mapping[str, Any], now: datetime) -> DraftPosted | None:
        """Return the draft about an encounter of ours that went beyond what was agreed; None: none is made."""
        asked = self._asked
        if self._memory is None or self._anomalies is None or asked.author is None:
            return None
        earlier, anomalies = self._memory.met(row), self._anomalies.explain(row, now=now)
        if asked.own not in {row["side_a"], row["side_b"]}:
            return None
        if not asked.limits.broken(row["kind_a"], row["kind_b"], row["distance_m"], row["vertical_m"]):
            return None
        cleaned, taken = self._memory.rows_of(row["a"], row["b"])
        try:
            made = incident_draft(
                row,
                Context(
                    author=asked.author.party(),
                    own_side=asked.own,
                    issued_at=now.astimezone(UTC),
                    definition=Definition(asked.within_m, asked.vertical_m, asked.max_gap_s),
                    agreed=self._agreed(row),
                    rows=cleaned,
                    sides_sha256=self._sides_sha256,
                    inputs=self._memory.inputs(),
                    cleaned=taken,
                    records=self._memory.records(),
                    withheld=asked.withheld.names(),
                    anomalies=anomalies,
                    earlier=earlier,
                ),
            )
        except DetenteError as mistake:
            self.not_drafted[type(mistake).__name__] += 1
            self._log.error("watch.not-drafted", kind=type(mistake).__name__, fault=str(mistake))
            return None
        self.drafted += 1
        return DraftPosted(
            line=asked.line,
            notice=made.notice,
            attachments=tuple((one.media_type, one.octets) for one in made.attachments),
            key=_key(asked.line, row),
        )

    def _agreed(self, row: Mapping[str, Any]) -> Agreed:
        kind = kind_of_pair(row["kind_a"], row["kind_b"])
        agreed = self._asked.limits.ladders[kind].agreed
        assert agreed is not None  # noqa: S101 - a limit that is not there was not broken
        return Agreed(
            agreed.within_m, None if kind == "ship_ship" else agreed.vertical_m, say("limits of the watch")
        )


def _key(line: str, row: Mapping[str, Any]) -> str:
    """Return the name of what a draft is about: the same encounter is drafted once."""
    about = "\0".join((line, row["a"], row["b"], row["entered"].astimezone(UTC).isoformat()))
    return hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
