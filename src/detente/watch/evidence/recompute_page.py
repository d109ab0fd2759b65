"""The comparison of evidence as one page: no script, nothing from elsewhere, every stranger's text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from detente import words
from detente.door.files import writing
from detente.door.terminal import visible
from detente.watch.evidence import cutting, drawing
from detente.watch.evidence.comparing import FixTold
from detente.watch.evidence.figures import FIGURES, moment_text
from detente.watch.evidence.recomputing import Alone, Outcome

__all__ = ["page", "write_page"]

say = words.speaker("watch")

_STYLE = (
    "body{font:15px/1.45 sans-serif;color:#1b1f24;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.6rem 0 1.4rem}td,th{border:1px solid #b9c2cb;padding:.2rem .6rem;"
    "text-align:left;vertical-align:top}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
    "svg{max-width:100%;height:auto}.differs{font-weight:700}"
)


def write_page(target: Path, outcome: Outcome) -> None:
    """Write the page whole or not at all; raises OutputFailure."""
    with writing(target) as temporary:
        temporary.write_text(page(outcome), encoding="utf-8")


def page(outcome: Outcome) -> str:
    """Return the page in the reader's language."""
    verdict = say("The figures are the same.") if outcome.is_same else say("Not all figures are the same.")
    parts = [f"<p><strong>{escape(verdict)}</strong></p>", _figures(outcome)]
    for laid in outcome.between:
        parts.append(f"<h2>{escape(visible(laid.one.name))} – {escape(visible(laid.other.name))}</h2>")
        if laid.stated:
            head = (say("stated differently"), say("the first"), say("the other"))
            parts.append(_table(head, laid.stated))
        if laid.clock is not None:
            parts.append(
                _table(
                    (say("offset of the clock, s"), say("spread, s"), say("fixes"), say("taken off, s")),
                    [
                        (
                            f"{laid.clock.offset_s:g}",
                            f"{laid.clock.spread_s:g}",
                            str(laid.clock.fixes),
                            f"{laid.offset_s:g}",
                        )
                    ],
                )
            )
        counts = laid.fixes.counts
        parts.append(
            _table(
                (
                    say("the same"),
                    say("only in the first"),
                    say("only in the other"),
                    say("other positions"),
                    say("other times"),
                ),
                [
                    (
                        str(laid.fixes.same),
                        *(
                            str(counts[name])
                            for name in ("only_one", "only_other", "positions_differ", "times_differ")
                        ),
                    )
                ],
            )
        )
        parts.append(_told(laid.fixes.told))
    parts += [_drawn(one) for one in outcome.alone]
    title = escape(say("Evidence recomputed"))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="{words.language()}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>{''.join(parts)}</body></html>\n"
    )


def _figures(outcome: Outcome) -> str:
    """Return every figure as each evidence states it and as it was computed, alone and together."""
    head = [say("figure")]
    for one in outcome.alone:
        name = visible(one.evidence.name)
        head += [say("{name}, stated", name=name), say("{name}, recomputed", name=name)]
    if outcome.together is not None:
        head.append(say("together"))
    rows = []
    for figure in FIGURES:
        cells = [figure]
        for one in outcome.alone:
            cells += [_cell(one.evidence.manifest.figures.get(figure)), _cell((one.figures or {}).get(figure))]
        if outcome.together is not None:
            cells.append(_cell((outcome.together.figures or {}).get(figure)))
        rows.append(cells)
    return _table(head, rows)


def _told(told: dict[str, list[FixTold]]) -> str:
    sorts = {
        "only_one": say("only in the first"),
        "only_other": say("only in the other"),
        "positions_differ": say("other positions, m apart"),
        "times_differ": say("other times, s apart"),
    }
    rows = [
        (
            sorts[sort],
            fix.mover,
            moment_text(fix.time),
            f"{fix.lon:.7f}",
            f"{fix.lat:.7f}",
            _cell(fix.apart),
        )
        for sort in sorts
        for fix in told.get(sort, ())
    ]
    head = (say("which"), say("mover"), say("time"), say("longitude"), say("latitude"), say("apart"))
    return _table(head, rows) if rows else ""


def _drawn(one: Alone) -> str:
    if one.row is None:
        return ""
    manifest = one.evidence.manifest
    row = {**one.row, "name_a": manifest.a.name or None, "name_b": manifest.b.name or None}
    pieces = cutting.around_closest(one.evidence.rows, row)
    svg = drawing.pass_drawing(row, pieces, manifest.definition_used()).decode()
    return f"<h2>{escape(visible(one.evidence.name))}</h2>{svg}"


def _table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(visible(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{lines}</table>"


def _cell(value: object) -> str:
    return "–" if value is None else str(value)
