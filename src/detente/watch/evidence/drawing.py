"""The drawing of a pass as a file of its own: SVG without scripts, without anything from elsewhere, in two liveries.

In colour, and for paper in black and white: there the two are told apart by solid and dashed lines, filled and hollow
symbols, which the coloured one has as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from detente import words
from detente.encounters.report import figures
from detente.encounters.report.drawings import drawing
from detente.notices.moments import format_moment
from detente.watch.evidence import account
from detente.watch.evidence.structs import Definition

__all__ = ["COLOURS", "INKS", "pass_drawing"]

say = words.speaker("watch")

COLOURS = {
    "a": "#0b5fa5",
    "b": "#b3411e",
    "ink": "#1b1f24",
    "soft": "#555b63",
    "sea": "#eef4f8",
    "line": "#b9c2cb",
}
INKS = {"a": "#000000", "b": "#000000", "ink": "#000000", "soft": "#000000", "sea": "#ffffff", "line": "#000000"}
_HEAD, _WIDTH, _HEIGHT = 72, 320, 382


def pass_drawing(
    row: Mapping[str, Any],
    pieces: dict[str, pl.DataFrame],
    definition: Definition,
    *,
    colours: Mapping[str, str] = COLOURS,
) -> bytes:
    """Return the file. row: of ENCOUNTERS; pieces: fixes of "a" and "b" around the closest point."""
    given = dict(row)
    inner = drawing(given, pieces, within_m=definition.within_m, max_gap_s=definition.max_gap_s)
    inner = inner.replace(
        '<svg class="close"', f'<svg class="close" x="0" y="{_HEAD}" width="{_WIDTH}" height="300"', 1
    )
    title = say("Closest point of {a} and {b}", a=_name(given, "a"), b=_name(given, "b"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * _WIDTH}" height="{2 * _HEIGHT}"'
        f' viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">'
        f"<title>{escape(title)}</title><style>{_style(colours)}</style>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>{_head(given)}{inner}</svg>\n'
    ).encode()


def _name(row: dict[str, Any], which: str) -> str:
    name, identity = figures.mover(row, which)
    return name if name == identity else f"{name} ({identity})"


def _head(row: dict[str, Any]) -> str:
    """Return the legend and the figures above the drawing; names longer than a line are cut with a mark."""
    lines = []
    for place, which in enumerate(("a", "b")):
        y = 14 + 15 * place
        name = _name(row, which)
        name = name if len(name) <= 52 else f"{name[:51]}…"
        lines.append(
            f'<line class="track {which}" x1="8" y1="{y - 3}" x2="30" y2="{y - 3}"/>'
            f'<circle class="fix {which}" cx="19" cy="{y - 3}" r="3"/>'
            f'<text class="head" x="36" y="{y}">{escape(name)}</text>'
        )
    told = [
        say(
            "{distance} apart at {moment}",
            distance=figures.length(row["distance_m"]),
            moment=format_moment(row["closest_at"]),
        )
    ]
    if not account.is_at_sea(row):
        height = figures.height(row["vertical_m"]) if row["vertical_m"] is not None else say("not known")
        told.append(say("height between them: {height}", height=height))
    lines += [
        f'<text class="head" x="8" y="{46 + 15 * place}">{escape(text)}</text>' for place, text in enumerate(told)
    ]
    return "".join(lines)


def _style(colours: Mapping[str, str]) -> str:
    a, b, ink, soft, sea, line = (colours[name] for name in ("a", "b", "ink", "soft", "sea", "line"))
    around = f"stroke:{sea};stroke-width:3px;paint-order:stroke;stroke-linejoin:round"
    return (
        f"text{{font-size:10px;fill:{soft}}}text.head{{fill:{ink}}}.paper{{fill:{sea}}}"
        f".track{{fill:none;stroke-width:1.6;stroke-linejoin:round}}.track.a{{stroke:{a}}}"
        f".track.b{{stroke:{b};stroke-dasharray:5 3}}.fix.a{{fill:{a}}}"
        f".fix.b{{fill:#ffffff;stroke:{b};stroke-width:1.2}}.tick{{fill:none;stroke-width:1.2}}"
        f".tick.a{{stroke:{a}}}.tick.b{{stroke:{b}}}.glyph{{stroke-width:1.6;stroke-linejoin:round}}"
        f".glyph.a{{fill:{a};stroke:{a}}}.glyph.b{{fill:#ffffff;stroke:{b}}}"
        f".apart{{stroke:{ink};stroke-width:1.2;stroke-dasharray:1.5 2.5;stroke-linecap:round}}"
        f"text.when,text.distance,.north text,.scale text{{{around}}}"
        f"text.distance{{font-size:13px;font-weight:700;fill:{ink}}}.north path{{fill:{ink}}}"
        f".scale path{{fill:none;stroke:{ink};stroke-width:1.2}}.inset rect{{fill:#ffffff;stroke:{line}}}"
        f".inset .track{{stroke-width:1.1}}.inset .here{{fill:none;stroke:{ink};stroke-width:1.1}}"
        f".profile polyline{{fill:none;stroke:{ink};stroke-width:1.3;stroke-linejoin:round}}"
        f".profile circle{{fill:{ink}}}.profile .axis{{fill:none;stroke:{soft}}}"
        f".profile line.limit{{stroke:{soft};stroke-dasharray:4 3}}"
    )
