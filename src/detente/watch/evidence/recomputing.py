"""The figures of evidence computed again: of each side alone, of all together, and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from detente import __version__, words
from detente.encounters.kernel_version import kernel_version
from detente.watch.evidence.comparing import CLOCK_LEAST_S, Clock, Compared, clock_between, compared, united
from detente.watch.evidence.figures import (
    LENGTH_TOLERANCE_M,
    TIME_TOLERANCE_S,
    Difference,
    differences,
    moment_text,
    recomputed,
    written,
)
from detente.watch.evidence.manifest import Manifest
from detente.watch.evidence.reading import Evidence

__all__ = ["Alone", "Between", "Outcome", "Together", "document", "recompute"]

say = words.speaker("watch")

Figures = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class Alone:
    """One evidence by itself. figures: None when its fixes give no encounter; differs: from what it states."""

    evidence: Evidence
    row: Mapping[str, Any] | None
    figures: Figures | None
    differs: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The first evidence and another. stated: what both manifests say differently, as (what, one, other).

    clock: None where the fixes do not tell; offset_s: the offset that was taken off, 0 for a small or unknown one.
    """

    one: Evidence
    other: Evidence
    stated: tuple[tuple[str, str, str], ...]
    clock: Clock | None
    offset_s: float
    fixes: Compared
    figures: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """All fixes as one, in the first one's clock and under its definition; differs: from the first one's figures."""

    rows: pl.DataFrame
    row: Mapping[str, Any] | None
    figures: Figures | None
    differs: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that was computed. pairs_differ: the evidences speak of different movers, so none were put together."""

    alone: tuple[Alone, ...]
    between: tuple[Between, ...]
    together: Together | None
    pairs_differ: bool

    @property
    def is_same(self) -> bool:
        """Tell whether all figures are told by the fixes and agree within their tolerances, under one definition."""
        return not (
            self.pairs_differ
            or any(one.differs or one.figures is None or one.evidence.manifest.not_told for one in self.alone)
            or any(one.figures or _other_definition(one) for one in self.between)
            or (self.together is not None and (self.together.differs or self.together.figures is None))
        )


def _other_definition(between: Between) -> bool:
    return any(what.startswith("definition") for what, _, _ in between.stated)


def recompute(evidences: Sequence[Evidence]) -> Outcome:
    """Compute the figures of each evidence anew, and of all together, in the order given; at least one."""
    alone = tuple(_alone(one) for one in evidences)
    first = evidences[0]
    pair = _pair(first)
    if any(_pair(one) != pair for one in evidences):
        return Outcome(alone, (), None, pairs_differ=True)
    between = []
    rows = first.rows
    for number, other in enumerate(evidences[1:], start=1):
        laid = _between(alone[0], alone[number], rows)
        between.append(laid)
        rows = united(rows, other.rows, laid.fixes, offset_s=laid.offset_s)
    together = _together(alone[0], rows) if between else None
    return Outcome(alone, tuple(between), together, pairs_differ=False)


def _pair(one: Evidence) -> tuple[str, str]:
    return one.manifest.a.mover, one.manifest.b.mover


def _alone(evidence: Evidence) -> Alone:
    manifest = evidence.manifest
    row = _found(evidence.rows, manifest, timedelta(0))
    figures = None if row is None else written(row)
    differs = differences(manifest.figures, figures or {}, without=frozenset(manifest.not_told))
    return Alone(evidence, row, figures, tuple(differs))


def _found(rows: pl.DataFrame, manifest: Manifest, shift: timedelta) -> Mapping[str, Any] | None:
    """Return the encounter that a manifest speaks of, in these rows; shift: of its times to the rows' clock."""
    entered, left = (_moment(manifest, name) for name in ("entered", "left"))
    return recomputed(rows, manifest.definition_used(), entered=entered + shift, left=left + shift)


def _moment(manifest: Manifest, name: str) -> datetime:
    return datetime.fromisoformat(str(manifest.figures[name]))


def _between(one: Alone, other: Alone, rows: pl.DataFrame) -> Between:
    """Lay another evidence beside the first. rows: what is together so far, the first one's own at the beginning."""
    first, second = one.evidence, other.evidence
    max_gap_s = first.manifest.definition_used().max_gap_s
    clock = clock_between(first.rows, second.rows, max_gap_s=max_gap_s)
    offset_s = clock.offset_s if clock is not None and abs(clock.offset_s) >= CLOCK_LEAST_S else 0.0
    shift = timedelta(microseconds=round(offset_s * 1e6))
    ours, theirs = first.manifest.reached(), second.manifest.reached()
    span = max(ours[0], theirs[0] - shift), min(ours[1], theirs[1] - shift)
    laid = compared(rows, second.rows, offset_s=offset_s, span=span)
    without = frozenset({*first.manifest.not_told, *second.manifest.not_told})
    differs = differences(one.figures or {}, _shifted(other.figures or {}, offset_s), without=without)
    return Between(first, second, tuple(_stated(first, second)), clock, offset_s, laid, tuple(differs))


def _shifted(figures: Figures, offset_s: float) -> Figures:
    """Return figures with their times in the first one's clock."""
    if not offset_s:
        return figures
    shift = timedelta(microseconds=round(offset_s * 1e6))
    return {
        name: moment_text(datetime.fromisoformat(str(value)) - shift)
        if name in {"entered", "closest_at", "left"}
        else value
        for name, value in figures.items()
    }


def _stated(one: Evidence, other: Evidence) -> list[tuple[str, str, str]]:
    """Return what two manifests state differently besides figures: definition, limits, sides, programs."""
    first, second = one.manifest, other.manifest
    pairs = [
        ("definition.rule", first.definition.rule, second.definition.rule),
        ("definition.within_m", first.definition.within_m, second.definition.within_m),
        ("definition.vertical_m", first.definition.vertical_m, second.definition.vertical_m),
        ("definition.max_gap_s", first.definition.max_gap_s, second.definition.max_gap_s),
        ("agreed.within_m", first.agreed.within_m, second.agreed.within_m),
        ("agreed.vertical_m", first.agreed.vertical_m or "", second.agreed.vertical_m or ""),
        ("kernel", first.made.kernel, second.made.kernel),
        ("detente", first.made.detente, second.made.detente),
        ("sides_sha256", first.sides_sha256, second.sides_sha256),
    ]
    for which in ("a", "b"):
        ours, theirs = getattr(first, which), getattr(second, which)
        pairs += [(f"{which}.{name}", getattr(ours, name), getattr(theirs, name)) for name in ("kind", "side")]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _together(first: Alone, rows: pl.DataFrame) -> Together:
    row = _found(rows, first.evidence.manifest, timedelta(0))
    figures = None if row is None else written(row)
    without = frozenset(first.evidence.manifest.not_told)
    differs = differences(first.figures or {}, figures or {}, without=without)
    return Together(rows, row, figures, tuple(differs))


def document(outcome: Outcome) -> dict[str, Any]:
    """Return all of it as one JSON document."""
    together = outcome.together
    return {
        "detente": __version__,
        "kernel": kernel_version(),
        "same": outcome.is_same,
        "pairs_differ": outcome.pairs_differ,
        "tolerances": {"length_m": LENGTH_TOLERANCE_M, "time_s": TIME_TOLERANCE_S, "clock_s": CLOCK_LEAST_S},
        "evidence": [_alone_document(one) for one in outcome.alone],
        "between": [_between_document(one) for one in outcome.between],
        "together": None
        if together is None
        else {
            "fixes": together.rows.height,
            "figures": together.figures,
            "differs": [_difference(one) for one in together.differs],
        },
    }


def _alone_document(one: Alone) -> dict[str, Any]:
    manifest = one.evidence.manifest
    return {
        "name": one.evidence.name,
        "a": manifest.a.mover,
        "b": manifest.b.mover,
        "made_by": {"detente": manifest.made.detente, "kernel": manifest.made.kernel, "at": manifest.made.at},
        "definition": {
            name: getattr(manifest.definition, name) for name in ("rule", "within_m", "vertical_m", "max_gap_s")
        },
        "fixes": one.evidence.rows.height,
        "not_told": list(manifest.not_told),
        "stated": dict(manifest.figures),
        "recomputed": one.figures,
        "differs": [_difference(each) for each in one.differs],
    }


def _between_document(one: Between) -> dict[str, Any]:
    clock = one.clock
    return {
        "one": one.one.name,
        "other": one.other.name,
        "stated_differently": [
            {"what": what, "one": first, "other": second} for what, first, second in one.stated
        ],
        "clock": None
        if clock is None
        else {
            "offset_s": clock.offset_s,
            "spread_s": clock.spread_s,
            "fixes": clock.fixes,
            "by": clock.by,
            "aside_m": clock.aside_m,
            "taken_off_s": one.offset_s,
        },
        "fixes": {"same": one.fixes.same, **one.fixes.counts},
        "told": {
            sort: [
                {
                    "mover": fix.mover,
                    "time": moment_text(fix.time),
                    "lon": fix.lon,
                    "lat": fix.lat,
                    "apart": fix.apart,
                }
                for fix in told
            ]
            for sort, told in one.fixes.told.items()
        },
        "differs": [_difference(each) for each in one.figures],
    }


def _difference(one: Difference) -> dict[str, str]:
    return {"figure": one.figure, "one": one.one, "other": one.other, "tolerance": one.tolerance}
