"""The report of visits: who was in which announced area while it was active, as one HTML file without network.

It looks and works like the report of encounters; the same input gives the same bytes: the page holds no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from detente import __version__, words
from detente.door.files import writing
from detente.door.terminal import visible
from detente.encounters.announced import Areas
from detente.encounters.left_out import left_out_lines
from detente.encounters.report import area_map, figures, visits_labels
from detente.encounters.report.active_times import active_times
from detente.encounters.report.rendering import check_report, cleaning, inert, policy, rendered, template
from detente.encounters.report.subject import ROWS_MAX, InputFile
from detente.encounters.visiting import Visits
from detente.encounters.visits_screen import deepest_first

__all__ = ["write_visits_report"]

say = words.speaker("encounters")

_UNVISITED_MAX = 200


def write_visits_report(
    target: Path,
    found: Visits,
    areas: Areas,
    *,
    tally: Mapping[str, Any],
    command: str,
    inputs: Sequence[InputFile],
    margin_m: float,
    max_gap_s: float,
    has_sides: bool,
    tracks: pl.LazyFrame,
) -> None:
    """Write the report of these visits as one HTML file, whole or not at all.

    tally, command, inputs: as detente.encounters.report.write_report; tracks: what was searched, in which the pieces
    around the visits are looked up. At most ROWS_MAX rows are listed, the deepest first to stay.
    """
    check_report(target, where=str(target))
    listed = deepest_first(found.visits).head(ROWS_MAX)
    rows = listed.to_dicts()
    span = tracks.select(pl.col("time").min().alias("first"), pl.col("time").max().alias("last")).collect().row(0)
    drawn = area_map.drawn(listed, areas.searched, tracks, max_gap_s)
    style = template("report.css") + template("visits.css")
    script = template("report.js") + template("visits.js")
    context = {
        "t": visits_labels.labels(),
        "language": words.language(),
        "version": __version__,
        "policy": policy(style, script),
        "style": style,
        "script": script,
        "data": inert(_data(rows, drawn)),
        "summary": _summary(found, span),
        "key_figures": _key_figures(found, areas),
        "map": drawn,
        "map_capped": _map_capped(len(areas.searched), listed.height),
        "rows": [_cells(number, row) for number, row in enumerate(rows, 1)],
        "wheres": visits_labels.wheres(),
        "capped": _capped(found.visits.height),
        "times": active_times(listed, areas.searched, found.unvisited, span),
        "unvisited": [_window(row) for row in found.unvisited.head(_UNVISITED_MAX).iter_rows(named=True)],
        "unvisited_capped": _unvisited_capped(found.unvisited.height),
        "area_lines": _area_lines(areas),
        "cleaning": cleaning(tally),
        "definition": _definition(margin_m, max_gap_s, has_sides=has_sides),
        "command": visible(command),
        "inputs": [(visible(i.name), i.sha256, figures.number(i.size_bytes)) for i in inputs],
    }
    page = rendered("visits.html", context)
    with writing(target) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")


def _summary(found: Visits, span: tuple[Any, Any]) -> str:
    first, last = (figures.with_date(moment)[:16] if moment else "\u2013" for moment in span)
    if found.visits.is_empty():
        return say(
            "Nobody was seen in the areas while they were active. Tracks: {first} to {last} UTC.",
            first=first,
            last=last,
        )
    return say(
        "Who was in which announced area, or near it, while it was active. Tracks: {first} to {last} UTC.",
        first=first,
        last=last,
    )


def _key_figures(found: Visits, areas: Areas) -> list[tuple[str, str]]:
    visits, t = found.visits, visits_labels.labels()
    third = visits.filter("third_party")["mover"].n_unique()
    holes = found.unvisited.filter(~pl.col("seen_near")).height
    return [
        (figures.number(visits.height), t["visits"]),
        (figures.number(int(visits["inside"].sum())), t["inside_count"]),
        (figures.number(third), t["third_count"]),
        (figures.number(len(areas.searched)), t["areas_count"]),
        (figures.number(found.unvisited.height), t["unvisited_count"]),
        (figures.number(holes), t["holes_count"]),
    ]


def _data(rows: list[dict[str, Any]], drawn: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the page's script needs: numbers to sort by, the map's projection, its words."""
    return {
        "words": visits_labels.script_words(),
        "language": words.language(),
        "projection": drawn["projection"] if drawn else None,
        "height": drawn["height"] if drawn else None,
        "numbers": [_numbers(row) for row in rows],
        "flags": [
            [bool(row["third_party"]), row["quality"] == "certain", "inside" if row["inside"] else "near"]
            for row in rows
        ],
    }


def _numbers(row: dict[str, Any]) -> list[float | None]:
    """Return what the columns are sorted by; the fourth, from 0 to 1, is the size of the symbol: smaller near 1."""
    signed = -row["depth_m"] if row["inside"] else row["distance_m"]
    return [
        row["nearest_at"].timestamp(),
        round(signed, 1),
        round(row["duration_s"], 1),
        0.0 if row["inside"] else 0.6,
        row["entered"].timestamp(),
        row["left"].timestamp(),
        0.0 if row["third_party"] else 1.0,
        round(row["speed_kn"], 1),
    ]


def _cells(number: int, row: dict[str, Any]) -> dict[str, Any]:
    from_border_m = row["depth_m"] if row["inside"] else row["distance_m"]
    wheres, began, ended = visits_labels.wheres(), visits_labels.began(), visits_labels.ended()
    identity = visible(row["mover"])
    name = visible((row["name"] or "").strip()) or identity
    return {
        "number": number,
        "mover": (name, identity, visible(row["side"] or "")),
        "area": visible(row["area"]),
        "area_name": visible(row["area_name"]),
        "doubtful": row["area_doubtful"],
        "nearest_at": figures.with_date(row["nearest_at"]),
        "from_border": figures.number(from_border_m),
        "entered": figures.with_date(row["entered"]),
        "began": began.get(row["began"], row["began"]),
        "left": figures.with_date(row["left"]),
        "ended": ended.get(row["ended"], row["ended"]),
        "duration": figures.span(row["duration_s"]),
        "where": wheres["inside" if row["inside"] else "near"],
        "inside": row["inside"],
        "third_party": row["third_party"],
        "speed": figures.number(row["speed_kn"], 1),
        "quality": visits_labels.qualities()[row["quality"]],
    }


def _capped(found: int) -> str:
    if found <= ROWS_MAX:
        return ""
    return say(
        "Listed and drawn are the {listed} deepest of {found} visits; the files that --out writes hold all.",
        listed=figures.number(ROWS_MAX),
        found=figures.number(found),
    )


def _map_capped(areas: int, visits: int) -> list[str]:
    """Return what the map leaves out, a sentence each."""
    told = []
    if areas > area_map.AREAS_MAX:
        told.append(
            say(
                "The map draws {drawn} of {searched} areas, those with visits first.",
                drawn=figures.number(area_map.AREAS_MAX),
                searched=figures.number(areas),
            )
        )
    if visits > area_map.TRACKS_MAX:
        told.append(
            say(
                "Tracks are drawn around the {drawn} deepest of {listed} visits; every visit has its symbol.",
                drawn=figures.number(area_map.TRACKS_MAX),
                listed=figures.number(visits),
            )
        )
    return told


def _unvisited_capped(count: int) -> str:
    if count <= _UNVISITED_MAX:
        return ""
    return say(
        "The first {listed} of {found} are listed; the file that --unvisited writes holds all.",
        listed=figures.number(_UNVISITED_MAX),
        found=figures.number(count),
    )


def _window(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "area": visible(" ".join(part for part in (row["area"], row["area_name"]) if part)),
        "activity": visits_labels.activity(row["activity"]),
        "from": figures.with_date(row["active_from"])[:16] if row["active_from"] else "\u2013",
        "to": figures.with_date(row["active_to"])[:16] if row["active_to"] else "\u2013",
        "seen_near": row["seen_near"],
    }


def _area_lines(areas: Areas) -> list[str]:
    doubtful = sum(area.doubtful for area in areas.searched)
    lines = [say.many("{count} area was searched", "{count} areas were searched", count=len(areas.searched))]
    if doubtful:
        lines.append(
            say.many(
                "  of them {count} doubtful: its text contradicts itself or leaves something open",
                "  of them {count} doubtful: their texts contradict themselves or leave something open",
                count=doubtful,
            ).strip()
        )
    return [*lines, *(visible(line) for line in left_out_lines(areas.left_out))]


def _definition(margin_m: float, max_gap_s: float, *, has_sides: bool) -> list[str]:
    return [
        say(
            "Each mover moves at constant speed along the geodesic between consecutive fixes at most {gap} "
            "apart, and has no position otherwise. A visit is a longest stretch of one active time in which a "
            "mover is inside the area or within {margin} of its border and, where its height is known, between "
            "the area's heights (ships are at sea level).",
            gap=figures.span(max_gap_s),
            margin=figures.length(margin_m),
        ),
        say("A visit is called possible when gaps, position errors or an unknown height leave it open."),
        say("A third party is of no side, and its radio identity is not of the state that announced the area.")
        if has_sides
        else say("A third party's radio identity is not of the state that announced the area."),
        say("This page warns nobody: a warning is sent by a person."),
    ]
