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
svg text { fill: var(--ink); font: 12px system-ui, "DejaVu Sans", sans-serif; }
svg .quiet { fill: var(--quiet); } svg .rule { stroke: var(--rule); } svg .bar { fill: var(--blue); }
svg .late { fill: var(--red); } svg .suspended { fill: var(--red); opacity: .16; } svg .norm { stroke: var(--amber); }
svg .contact { fill: var(--green); } svg .incident { fill: var(--red); } svg .paper { fill: var(--blue); }
@media (max-width: 40rem) { body { padding: .8rem; } td:first-child { white-space: normal; } }
@media print { body { max-width: none; } }
"""


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
    """Return a table; head and cells are text."""
    right = numeric or [False] * len(head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="number">{escape(cell)}</td>' if is_right else f"<td>{escape(cell)}</td>"
            for cell, is_right in zip(row, right, strict=True)
        )
        + "</tr>\n"
        for row in rows
    )
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f'<div class="wide"><table><thead><tr>{names}</tr></thead>\n<tbody>\n{body}</tbody></table></div>'
