"""The report: one HTML file that needs no network, no server and no second file.

A content security policy in the page itself allows nothing but its own style and script, by their hashes.
The same input gives the same bytes: the page holds no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from detente import __version__, words
from detente.door.files import writing
from detente.door.terminal import visible
from detente.encounters.report import chart, figures, labels, plots
from detente.encounters.report.drawings import drawing
from detente.encounters.report.pieces import track_pieces
from detente.encounters.report.rendering import check_report, cleaning, inert, policy, rendered, template
from detente.encounters.report.subject import DRAWN_MAX, ROWS_MAX, InputFile, Limits
from detente.notices.quantities import FOOT_M, NAUTICAL_MILE_M

__all__ = ["write_report"]

say = words.speaker("encounters")


def write_report(
    target: Path,
    encounters: pl.DataFrame,
    *,
    tally: Mapping[str, Any],
    command: str,
    inputs: Sequence[InputFile],
    limits: Limits,
    tracks: pl.LazyFrame | None = None,
    language: str | None = None,
) -> None:
    """Write the report of these encounters (detente.encounters.schema) as one HTML file, whole or not at all.

    tally: detente.tracks Tally.as_dict(). command: as the person gave it. tracks: where the drawings take
    their pieces of track from (detente.tracks.SCHEMA); None draws positions only. language: one of
    detente.words.LANGUAGES; None takes the one in use. At most ROWS_MAX rows are listed, the most severe
    first to stay, and the page says so; DRAWN_MAX get a drawing.
    Raises as check_report does, and OutputFailure (detente.door) when the file cannot be written.
    """
    check_report(target, where=str(target))
    before = words.language()
    words.choose(language or before)
    try:
        page = _page(encounters, tally=tally, command=command, inputs=inputs, limits=limits, tracks=tracks)
    finally:
        words.choose(before)
    with writing(target) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")


def _page(
    encounters: pl.DataFrame,
    *,
    tally: Mapping[str, Any],
    command: str,
    inputs: Sequence[InputFile],
    limits: Limits,
    tracks: pl.LazyFrame | None,
) -> str:
    listed = encounters.sort("severity", "distance_m", nulls_last=True).head(ROWS_MAX)
    rows = listed.to_dicts()
    style, script = template("report.css"), template("report.js")
    map_part = _map(rows)
    context = {
        "t": labels.labels(),
        "language": words.language(),
        "version": __version__,
        "policy": policy(style, script),
        "style": style,
        "script": script,
        "data": inert(_data(rows, map_part)),
        "summary": _summary(encounters, limits),
        "key_figures": _key_figures(encounters, limits),
        "map": map_part,
        "cards": _cards(listed, limits, tracks),
        "rows": [_cells(number, row) for number, row in enumerate(rows, 1)],
        "has_sides": listed["side_a"].is_not_null().any() or listed["side_b"].is_not_null().any(),
        "situations": labels.situations(),
        "capped": _capped(encounters.height),
        "plots": _plots(encounters, limits),
        "cleaning": cleaning(tally),
        "definition": _definition(limits),
        "command": visible(command),
        "inputs": [(visible(i.name), i.sha256, figures.number(i.size_bytes)) for i in inputs],
    }
    return rendered("report.html", context)


def _summary(encounters: pl.DataFrame, limits: Limits) -> str:
    within = _limit_words(limits)
    if encounters.is_empty():
        return say("None found within {limits}.", limits=within)
    first, last = encounters["entered"].min(), encounters["left"].max()
    assert first is not None  # noqa: S101 - the table is not empty
    assert last is not None  # noqa: S101
    return say(
        "Every pair of movers that came within {limits}, from {first} to {last} UTC.",
        limits=within,
        first=figures.with_date(first)[:16],  # type: ignore[arg-type] # polars types min() by no column type
        last=figures.with_date(last)[:16],  # type: ignore[arg-type]
    )


def _limit_words(limits: Limits) -> str:
    horizontal = figures.length(limits.within_m)
    if limits.within_m >= NAUTICAL_MILE_M / 4:
        nautical = say("{figure} NM", figure=figures.number(limits.within_m / NAUTICAL_MILE_M, 2))
        horizontal += f" ({nautical})"
    return say(
        "{horizontal} and, where both heights are known, {feet} ft",
        horizontal=horizontal,
        feet=figures.number(limits.vertical_m / FOOT_M),
    )


def _key_figures(encounters: pl.DataFrame, limits: Limits) -> list[tuple[str, str]]:
    t = labels.labels()
    closest = encounters["distance_m"].min() if encounters.height else None
    return [
        (figures.number(encounters.height), t["encounters"]),
        (figures.number(encounters.select("a", "b").n_unique() if encounters.height else 0), t["pairs"]),
        (figures.length(closest), t["closest"]),  # type: ignore[arg-type] # a float by the schema
        (figures.number(int(encounters["both_moving"].sum())), t["both_moving"]),
        (figures.number(encounters.filter(pl.col("quality") == "possible").height), t["possible"]),
        (figures.number(limits.moored_left_out), t["moored"]),
    ]


def _map(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not rows:
        return None
    places = chart.places_of(rows)
    fitted = chart.fit(places)
    fill, shore = chart.land_paths(fitted, places)
    return {
        "height": round(fitted.height, 1),
        "fill": fill,
        "shore": shore,
        "locator": chart.locator(fitted),
        "symbols": chart.symbols(fitted, rows, places),
        "projection": [fitted.polar, fitted.lon0_deg, fitted.factor, fitted.centre_x, fitted.centre_y],
    }


def _data(rows: list[dict[str, Any]], map_part: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the page's script needs: numbers to sort by, the map's projection, its words."""
    columns = ("distance_m", "vertical_m", "severity", "closing_speed_kn", "duration_s", "passes")
    return {
        "words": labels.script_words(),
        "language": words.language(),
        "projection": map_part["projection"] if map_part else None,
        "height": map_part["height"] if map_part else None,
        "numbers": [[row["closest_at"].timestamp(), *(_brief(row[name]) for name in columns)] for row in rows],
        "flags": [
            [bool(row["both_moving"]), row["quality"] == "certain", visible(row["situation"] or "")]
            for row in rows
        ],
    }


def _brief(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _cells(number: int, row: dict[str, Any]) -> dict[str, Any]:
    situations, qualities = labels.situations(), labels.qualities()
    return {
        "number": number,
        "movers": [(*figures.mover(row, which), visible(row[f"side_{which}"] or "")) for which in "ab"],
        "closest_at": figures.with_date(row["closest_at"]),
        "distance": figures.number(row["distance_m"], 1 if 0.05 <= row["distance_m"] < 9.95 else 0),
        "vertical": figures.number(row["vertical_m"]),
        "severity": figures.number(row["severity"], 2),
        "severity_class": chart.severity_class(row["severity"]),
        "closing": figures.number(row["closing_speed_kn"], 1),
        "situation": situations.get(row["situation"], visible(row["situation"] or "\u2013")),
        "duration": figures.span(row["duration_s"]),
        "passes": figures.number(row["passes"]),
        "quality": qualities.get(row["quality"], visible(row["quality"] or "\u2013")),
    }


def _cards(listed: pl.DataFrame, limits: Limits, tracks: pl.LazyFrame | None) -> list[dict[str, Any]]:
    # who lies alongside is near for hours: pairs under way come first, the table shows all
    chosen = (
        listed.with_row_index("number", 1)
        .filter(~pl.col("moored").fill_null(value=False))
        .sort(~pl.col("both_moving").fill_null(value=False), "number")
        .head(DRAWN_MAX)
    )
    numbers = chosen["number"]
    nothing = {which: _no_fixes() for which in "ab"}
    pieces = track_pieces(tracks, chosen) if tracks is not None else [nothing] * chosen.height
    return [
        _cells(number, row)
        | {
            "svg": drawing(row, piece, within_m=limits.within_m, max_gap_s=limits.max_gap_s),
            "kinds": [row["kind_a"], row["kind_b"]],
            "speeds": [figures.number(row[f"speed_{which}_kn"], 1) for which in "ab"],
            "distance_words": figures.length(row["distance_m"]),
            "facts": _facts(row),
        }
        for number, row, piece in zip(numbers, chosen.to_dicts(), pieces, strict=True)
    ]


def _no_fixes() -> pl.DataFrame:
    kinds = {
        "time": pl.Datetime("us", "UTC"),
        "lon": pl.Float64(),
        "lat": pl.Float64(),
        "altitude_m": pl.Float64(),
    }
    return pl.DataFrame(schema=kinds)


def _facts(row: dict[str, Any]) -> list[str]:
    """Return what stands under a drawing, most telling first."""
    facts = [labels.situations().get(row["situation"], "")]
    if row["vertical_m"] is not None and {row["kind_a"], row["kind_b"]} != {"ship"}:
        facts.append(say("vertical {height}", height=figures.height(row["vertical_m"])))
    if row["closing_speed_kn"] is not None:
        facts.append(say("closing at {speed} kn", speed=figures.number(row["closing_speed_kn"], 1)))
    facts.append(say("{span} within the limit", span=figures.span(row["duration_s"])))
    if row["passes"] and row["passes"] > 1:
        facts.append(say.many("{count} pass", "{count} passes", count=row["passes"]))
    if row["quality"] == "possible":
        facts.append(labels.qualities()["possible"])
    return [fact for fact in facts if fact]


def _capped(found: int) -> str:
    if found <= ROWS_MAX:
        return ""
    return say(
        "Listed and drawn on the map are the {listed} of least severity figure, of {found} found; the files "
        "that --out writes hold all.",
        listed=figures.number(ROWS_MAX),
        found=figures.number(found),
    )


def _plots(encounters: pl.DataFrame, limits: Limits) -> dict[str, tuple[str, str]]:
    if encounters.is_empty():
        return {}
    over_time, bin_s = plots.timeline(encounters["closest_at"].to_list())
    return {
        "near": (
            plots.histogram(encounters["distance_m"].to_list(), limits.within_m),
            say("Encounters by least distance."),
        ),
        "when": (
            over_time,
            say("Encounters by time of the closest moment, {span} a bar.", span=_bar_words(bin_s)),
        ),
    }


def _bar_words(bin_s: float) -> str:
    if bin_s >= 86_400:
        return say.many("{count} day", "{count} days", count=round(bin_s / 86_400))
    if bin_s >= 3600:
        return say.many("{count} hour", "{count} hours", count=round(bin_s / 3600))
    return say.many("{count} minute", "{count} minutes", count=round(bin_s / 60))


def _definition(limits: Limits) -> list[str]:
    sentences = [
        say(
            "Each mover moves at constant speed along the geodesic between consecutive fixes at most {gap} "
            "apart, and has no position otherwise. An encounter is a longest stretch of time in which two "
            "movers are less than {horizontal} apart and, where both heights are known, less than {vertical} "
            "apart in height (ships are at sea level).",
            gap=figures.span(limits.max_gap_s),
            horizontal=figures.length(limits.within_m),
            vertical=figures.height(limits.vertical_m),
        ),
        say(
            "Severity is the least over that time of the larger of both shares, horizontal distance of its "
            "limit and vertical distance of its limit: 0 is touching, 1 is the limit."
        ),
        say("An encounter is called possible when gaps or position errors make the limit undecidable."),
    ]
    if limits.between == "rivals":
        sentences.append(say("Only pairs across sides are listed."))
    if limits.keep_moored:
        sentences.append(say("Moored and anchored neighbours are listed too."))
    else:
        sentences.append(
            say.many(
                "{count} encounter of moored or anchored neighbours was counted and left out.",
                "{count} encounters of moored or anchored neighbours were counted and left out.",
                count=limits.moored_left_out,
            )
        )
    return sentences
