"""Silence after reports: a mover that stopped being heard although the feed was good and others nearby were heard.

A hole in the coverage is never called so. It takes a feed that stood well without a break, and at least three others
near the last place, and most of those heard there before, heard from the same feed all through the silence. A mover
that was heard with gaps before is not called silent for one more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl

from detente.watch.anomaly import Anomaly
from detente.watch.odd_tracks.heard import Heard
from detente.watch.odd_tracks.jumps import Place, fix_of
from detente.watch.odd_tracks.rules import Rules

__all__ = ["silences"]

_FIXES_LEAST = 10
"""Fixes before a silence without which nobody knows how the mover is usually heard."""
_JUDGED = timedelta(seconds=900)
"""How much of a silence the others are asked about: later they may have gone away themselves."""


def silences(
    row: Mapping[str, Any],
    which: str,
    mine: pl.DataFrame,
    heard: Heard,
    was_good: Callable[[str, datetime, datetime], bool],
    rules: Rules,
    *,
    now: datetime,
) -> list[Anomaly]:
    """Return the silence of one mover that began in or near an encounter, if there is one.

    mine: its rows, by time; heard: everyone's; was_good: whether a feed stood well between two moments; now: until when
    it was listened for. A silence counts up to the next fix, or up to now.
    """
    near = timedelta(seconds=rules.near_s)
    times = mine["time"].to_list()
    gaps = [(after - before) / timedelta(seconds=1) for before, after in pairwise(times)]
    for place in range(_FIXES_LEAST - 1, len(times)):
        begin, end = times[place], times[place + 1] if place + 1 < len(times) else now
        silent_s = (end - begin) / timedelta(seconds=1)
        longest_s = max(gaps[:place])
        least_s = max(rules.silent_s, rules.silent_gaps * longest_s)
        if silent_s < least_s or not row["entered"] - near <= begin <= row["left"] + near:
            continue
        last = mine.row(place, named=True)
        if not was_good(last["feed"], begin, end):
            continue
        others = _others(last, begin, min(end, begin + _JUDGED), heard, rules, least_s)
        if others >= rules.others_least:
            shown = [
                Place(place, one["time"], one["lon"], one["lat"], one["altitude_m"])
                for one in mine[max(place - 3, 0) : place + 2].iter_rows(named=True)
            ]
            return [
                Anomaly(
                    kind="silent_after_report",
                    mover=row[which],
                    first_at=begin,
                    last_at=end,
                    figures={
                        "silent_s": round(silent_s, 3),
                        "longest_gap_before_s": round(longest_s, 3),
                        "others_heard": float(others),
                    },
                    fixes=tuple(fix_of(row[which], one) for one in shown),
                    is_certain=last["kind"] == "ship" or (last["altitude_m"] or 0.0) > 300.0,
                )
            ]
    return []


def _others(
    last: Mapping[str, Any], begin: datetime, end: datetime, heard: Heard, rules: Rules, least_s: float
) -> int:
    """Return how many others near the last place the same feed heard before, and in every third of the silence.

    0 where it lost more of them than the rules allow: then it is the reception that fell silent.
    """
    since = begin - timedelta(seconds=least_s)
    around = heard.near(
        last["lon"], last["lat"], rules.others_m, since=since, until=end, without=last["mover"]
    ).filter(pl.col("feed") == last["feed"])
    before = set(around.filter(pl.col("time") <= begin)["mover"])
    known = len(before)
    third = (end - begin) / 3
    for part in range(3):
        then = pl.col("time").is_between(begin + part * third, begin + (part + 1) * third)
        before &= set(around.filter(then)["mover"])
    return len(before) if len(before) >= rules.others_share * known else 0
