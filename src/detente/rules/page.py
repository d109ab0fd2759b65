"""A self-contained page: no script, no network, light and dark, readable on a phone and on paper.

Every text that came from elsewhere goes through ``escape``, which also shows what is invisible.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from detente import words
from detente.door.terminal import visible

__all__ = ["escape", "heading", "page", "table"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --quiet: #5b6773; --paper: #fdfcf9; --rule: #d8d4c8;
  --blue: #1f5fa8; --red: #b3352b; --amber: #a86a00; --green: #2d7a46; --card: #f4f1e8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e6e8; --quiet: #9aa5b0; --paper: #15191e; --rule: #38414b;
  --blue: #7db4ef; --red: #ef8a80; --amber: #e0b060; --green: #7cc795; --card: #1e242b; } }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; border-bottom: 1px solid var(--rule); padding-bottom: .2rem; }
p.lead, .quiet { color: var(--quiet); } p { max-width: 60rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--rule);
  overflow-wrap: break-word; }
th { font-weight: 600; color: var(--quiet); white-space: nowrap; } td.number { text-align: right; white-space: nowrap; }
td:first-child { white-space: nowrap; } td:last-child { overflow-wrap: anywhere; }
.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1rem; }
.card { background: var(--card); border-radius: .4rem; padding: .8rem 1rem; }
.card h3 { margin: 0 0 .4rem; font-size: 1rem; }
.card p { white-space: pre-wrap; overflow-wrap: anywhere; }
.figure { font-size: 1.7rem; font-variant-numeric: tabular-nums; } mark { background: none; color: var(--red); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 14px system-ui, "DejaVu Sans", sans-serif; }
.narrow { display: none; }
svg .quiet { fill: var(--quiet); } svg .rule { stroke: var(--rule); } svg .bar { fill: var(--blue); }
svg .late { fill: var(--red); } svg .suspended { fill: var(--red); opacity: .16; } svg .norm { stroke: var(--amber); }
svg .contact { fill: var(--green); } svg .incident { fill: var(--red); } svg .paper { fill: var(--blue); }
.share { display: grid; grid-template-columns: minmax(14rem, 26rem) 1fr 4.5rem; gap: .2rem .8rem; align-items: center;
  padding: .25rem 0; border-bottom: 1px solid var(--rule); }
.share > :last-child { text-align: right; white-space: nowrap; }
.track { position: relative; height: 1rem; background: var(--card); border-radius: .2rem; }
.track > * { position: absolute; top: 0; bottom: 0; }
.track .part { left: 0; background: var(--blue); border-radius: .2rem; }
.track .within { border: solid var(--amber); border-width: 0 2px; min-width: 4px; }
.track .within::after { content: ""; position: absolute; left: 0; right: 0; top: 50%; margin-top: -1.5px;
  border-top: 3px solid var(--amber); }
.bars { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); margin: .2rem 0 1.2rem; }
.bars > div { display: flex; flex-direction: column; text-align: center; font-size: 13px; line-height: 1.25; }
.bars .room { display: flex; flex-direction: column; justify-content: flex-end; height: 7rem;
  border-bottom: 1px solid var(--rule); }
.bars .room > :last-child { margin: 0 1px; background: var(--blue); border-radius: .15rem .15rem 0 0; }
.bars .late .room > :last-child { background: var(--red); }
.bars .quiet { overflow-wrap: anywhere; } .bars .quiet b { display: block; font-weight: inherit; }
h3 { font-size: 1rem; font-weight: 600; margin: 1rem 0 0; }
@media (max-width: 44rem) {
  body { padding: .8rem; }
  .broad { display: none; } .narrow { display: block; }
  .share { grid-template-columns: 1fr 4.5rem; } .share > :first-child { grid-column: 1 / -1; }
  table, tbody, tr, td { display: block; width: auto; } thead { position: absolute; left: -200vw; }
  tr { border-bottom: 1px solid var(--rule); padding: .5rem 0; }
  td, td:first-child, td.number { border: 0; padding: .1rem 0; white-space: normal; text-align: left;
    overflow-wrap: anywhere; }
  td:empty { display: none; }
  td::before { content: attr(data-name) ": "; color: var(--quiet); }
  .bars > div { font-size: 11px; }
}
@media print { body { max-width: none; } }
"""
_NUMBER = ' class="number"'


def escape(text: str) -> str:
    """Return a stranger's text for a page: markup is text, and what is invisible is shown."""
    return html.escape("\n".join(visible(line) for line in text.split("\n")))


def page(title: str, *, lead: str, parts: Iterable[str]) -> str:
    """Return a whole page; lead and parts are markup, the title is text."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="{words.language()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{escape(title)}</h1>\n<p class="lead">{lead}</p>\n' + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def heading(text: str) -> str:
    """Return the heading of a part."""
    return f"<h2>{escape(text)}</h2>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numeric: Sequence[bool] | None = None) -> str:
    """Return a table, each row of which is a card on a narrow screen; head and cells are text."""
    right = numeric or [False] * len(head)
    body = "".join(
        '<tr role="row">'
        + "".join(
            f'<td role="cell" data-name="{escape(name)}"{_NUMBER if is_right else ""}>{escape(cell)}</td>'
            for name, cell, is_right in zip(head, row, right, strict=True)
        )
        + "</tr>\n"
        for row in rows
    )
    names = "".join(f'<th role="columnheader" scope="col">{escape(name)}</th>' for name in head)
    # roles stay where a narrow screen shows each row as a card
    return (
        f'<div class="wide"><table role="table"><thead role="rowgroup"><tr role="row">{names}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{body}</tbody></table></div>'
    )
