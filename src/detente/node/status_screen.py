"""The screen of ``detente status``: tables on a terminal, the same as tab-separated lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detente import words
from detente.door.terminal import visible
from detente.node.readable import moment
from detente.node.sentences import direction_word, priority_word, run_sentence

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["plain", "screen"]

say = words.speaker("node")

_STYLES = {
    "open": "green", "resumed": "green", "degraded": "yellow", "silent": "red", "suspended": "magenta",
    "running": "green", "refilling": "yellow", "halted": "bold red", "stopped": "bold red",
    "up": "green", "failing": "red", "waiting": "", "untried": "",
    "emergency": "bold white on red", "alarm": "bold red", "warning": "yellow", "caution": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Table:
    """One table: its title, its columns, its rows; style: by the key in ``styles`` of the same length."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    styles: Sequence[str] = ()
    notes: tuple[str, ...] = ()


def plain(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the screen as lines for a pipe: no colours, cells parted by tabs."""
    yield from _top(document)
    for table in _tables(document):
        yield ""
        yield table.title
        if table.rows:
            yield "\t".join(table.head)
        for row in table.rows:
            yield "\t".join(_cell(cell).replace("\t", " ") for cell in row)
        yield from table.notes


def _cell(text: str) -> str:
    """Return a cell as it is shown: what groups the digits of our own numbers stays the space that it is."""
    return "\u202f".join(visible(piece) for piece in text.split("\u202f"))


def screen(document: Mapping[str, Any], *, watched: bool = False) -> RenderableType:
    """Return the screen for a terminal. watched: it is kept up to date, and says how to leave."""
    from rich.console import Group  # noqa: PLC0415 - only a terminal pays for it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    parts: list[RenderableType] = [Text(line, style="bold") for line in _top(document)]
    for table in _tables(document):
        parts.append(Text(f"\n{table.title}", style="bold"))
        if table.rows:
            drawn = Table(header_style="dim", box=None, pad_edge=False)
            for name in table.head:
                drawn.add_column(name, overflow="fold")
            styles = table.styles or [""] * len(table.rows)
            for row, style in zip(table.rows, styles, strict=True):
                cells = [
                    Text(_cell(cell), style=_STYLES.get(style, "") if at == 1 else "")
                    for at, cell in enumerate(row)
                ]
                drawn.add_row(*cells)
            parts.append(drawn)
        parts += [Text(note, style="dim") for note in table.notes]
    if watched:
        parts.append(Text("\n" + say("q or Ctrl-C leaves"), style="dim"))
    return Group(*parts)


def _top(document: Mapping[str, Any]) -> Iterator[str]:
    node = document["node"]
    state = {
        "running": lambda: say("its node runs, process {process}", process=node["process"]),
        "waiting": lambda: say("its node waits: {why}", why=node["waits"]),
        "starting": lambda: say("its node is being started"),
        "not answering": lambda: say("its node does not answer: {why}", why=node["fault"]),
        "not running": lambda: say("no node runs for it"),
    }[node["state"]]()
    yield visible(
        say("{member}, {time}: {state}", member=document["member"], time=moment(document["at_ms"]), state=state)
    )
    if document.get("stale"):
        yield visible(say("this is old: {fault}", fault=document["stale"]))
    if not document["head_file"]:
        yield say("the head file of this home is missing: it signs nothing until detente line confirm")
    if not document["lines"]:
        yield say("this home has joined no line yet")


def _tables(document: Mapping[str, Any]) -> Iterator[_Table]:
    now_ms = document["at_ms"]
    for line in document["lines"]:
        yield _line(line, now_ms)
        owed = [*_receipts(line, now_ms), *_answers(line)]
        if owed:
            yield _Table(
                say("Owed on {line}", line=line["line"]), (say("who"), say("what"), say("since or by")), owed
            )
    yield _couriers(document["couriers"])
    yield _alarms(document)


def _line(line: Mapping[str, Any], now_ms: int) -> _Table:
    training = say("TRAINING ") if line["training"] else ""
    title = training + say(
        "Line {line}, epoch {epoch}: {run}, {count} own statements",
        line=line["line"], epoch=line["epoch"], run=run_sentence(line["run"], line["reason"]),
        count=line["own"]["held"],
    )  # fmt: skip
    head = (
        say("party"), say("state"), say("since"), say("heard"), say("tests missed"), say("held"), say("delivered"),
        say("read"), say("answered"), say("its log, held"),
    )  # fmt: skip
    rows, styles = [], []
    for one in line["parties"]:
        styles.append(one["state"])
        of = f"/{one['own_held']}"
        if one["role"] == "member":
            counts = (
                f"{one['own_held']}",
                f"{one['delivered']}{of}",
                f"{one['read']}{of}",
                f"{one['answered']}{of}",
                str(one["theirs_held"]),
            )
        else:
            counts = (say("observer"), f"{one['cosigned']}{of}", "", "", "")
        since = moment(one["state_since_ms"]) if one["state_since_ms"] is not None else ""
        rows.append(
            (
                one["member"],
                direction_word(one["state"]),
                since,
                _ago(one["silent_since_ms"], now_ms),
                str(one["tests_missed"]),
                *counts,
            )
        )
    notes = []
    if line["own"]["suspended"]:
        notes.append(say("{member} itself suspended the line", member=line["member"]))
    notes += [
        visible(
            say(
                "the key of {member} signed two things that cannot both be true; proof: {file}",
                member=one["member"],
                file=one["file"],
            )
        )
        for one in line["fork_proofs"]
    ]
    if rows:
        notes.append(say("Delivered, read, answered: that they know of it. It protects nobody."))
    return _Table(visible(title), head, rows, styles, tuple(notes))


def _receipts(line: Mapping[str, Any], now_ms: int) -> Iterator[tuple[str, str, str]]:
    for one in line["parties"]:
        if one.get("waiting_since_ms") is not None:
            count = one["own_held"] - one["delivered"]
            what = say.many("a receipt over {count} statement", "a receipt over {count} statements", count=count)
            yield one["member"], what, _ago(one["waiting_since_ms"], now_ms)


def _answers(line: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for one in line["answers_owed"]:
        what = say("an answer to {ref}", ref=one["ref"])
        by = moment(one["due_ms"])
        yield (
            one["by"],
            what,
            say("overdue since {time}", time=by) if one["overdue"] else say("by {time}", time=by),
        )


def _couriers(couriers: Mapping[str, Any] | None) -> _Table:
    if couriers is None:
        return _Table(say("Couriers"), (), [], notes=(say("not known: they run in the node"),))
    rows, styles = [], []
    for one in couriers["couriers"]:
        styles.append(one["state"])
        again = say("again at {time}", time=moment(one["next_try_at_ms"])) if one["next_try_at_ms"] else ""
        ok = moment(one["last_ok_at_ms"]) if one["last_ok_at_ms"] else say("never")
        name = f"{one['line']} {one['party']}"
        traffic = f"{words.number(one['bytes_in'])} / {words.number(one['bytes_out'])}"
        rows.append(
            (
                name,
                _courier_word(one["state"]),
                one["courier"],
                ok,
                traffic,
                "; ".join(part for part in (one["last_error"], again) if part),
            )
        )
    notes = []
    if couriers.get("listens"):
        notes.append(say("listens at {place}", place=couriers["listens"]))
    if couriers.get("listen_error"):
        notes.append(say("does not listen: {fault}", fault=couriers["listen_error"]))
    notes += [f"{one['file']}: {one['what']}" for one in couriers.get("certificates", ())]
    head = (
        say("line, party"),
        say("state"),
        say("courier"),
        say("last worked"),
        say("bytes in / out"),
        say("trouble"),
    )
    return _Table(
        say("Couriers"),
        head,
        rows,
        styles,
        tuple(visible(one) for one in notes) or (() if rows else (say("none set"),)),
    )


def _courier_word(state: str) -> str:
    return {
        "up": say("up"),
        "failing": say("failing"),
        "waiting": say("waits to be called"),
        "untried": say("not tried yet"),
    }.get(state, state)


def _alarms(document: Mapping[str, Any]) -> _Table:
    rows, styles = [], []
    for one in document["alarms"]:
        styles.append(one["priority"])
        failed = ", ".join(f"{way['channel']} {way['person']}".strip() for way in one["ways"] if way["error"])
        rows.append(
            (
                one["id"], priority_word(one["priority"]), moment(one["raised_ms"]), one["line"], one["sentence"],
                ", ".join(one["asked"]), failed,
            )
        )  # fmt: skip
    notes: tuple[str, ...] = () if rows else (say("none"),)
    if document["alarms_fault"]:
        notes = (visible(document["alarms_fault"]),)
    head = (say("id"), say("priority"), say("since"), say("line"), say("what"), say("asked"), say("failed"))
    return _Table(say("Alarms that nobody acknowledged"), head, rows, styles, notes)


def _ago(at_ms: int | None, now_ms: int) -> str:
    if at_ms is None:
        return say("never heard")
    age_s = max(0, (now_ms - at_ms) // 1000)
    if age_s < 90:
        return say("{count} s ago", count=age_s)
    if age_s < 5400:
        return say("{count} min ago", count=age_s // 60)
    if age_s < 172_800:
        return say("{count} h ago", count=age_s // 3600)
    return say("{count} days ago", count=age_s // 86_400)
