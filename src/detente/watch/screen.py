"""The watch at a terminal: feeds, the gravest and closest encounters, the desk, the account; drawn anew each second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from detente import words
from detente.door import terminal
from detente.watch.account import Account
from detente.watch.batches import FeedStanding
from detente.watch.coverage import Hole
from detente.watch.desk import DeskStanding
from detente.watch.events import Event
from detente.watch.limits import PRIORITIES
from detente.watch.telling import event_sentence

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

__all__ = ["EVENTS_SHOWN", "Screen", "View"]

say = words.speaker("watch")

EVENTS_SHOWN = 15
"""Events in the table; how many more there are stands below it."""
_STYLES = {"emergency": "bold white on red", "alarm": "bold red", "warning": "yellow", "caution": ""}
_STATES = {"good": "green", "stale": "bold yellow", "down": "bold red", "away": "bold red", "unknown": "bold red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is shown: as it is at one moment."""

    now: datetime
    is_replay: bool
    feeds: Sequence[FeedStanding]
    holes: Sequence[Hole] = ()
    movers: int = 0
    events: Sequence[Event] = ()
    desk: DeskStanding | None = None
    desk_name: str = ""
    account: Account = field(default_factory=Account)
    outputs: Sequence[tuple[str, str, str]] = ()
    recording: str = ""


class Screen:
    """Draws views on a terminal until it is closed. Lines of the log appear above."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
        from rich.live import Live  # noqa: PLC0415

        self._live = Live(console=Console(), auto_refresh=False, transient=False)
        self._live.start()

    def show(self, view: View) -> None:
        """Draw a view in the place of the one before."""
        self._live.update(drawn(view), refresh=True)

    def log(self, line: str) -> None:
        """Print a line of the log above the tables."""
        self._live.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Leave the last view standing."""
        self._live.stop()


def drawn(view: View) -> Group:
    """Return a view as tables."""
    from rich.console import Group  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    replay = say("replay, ") if view.is_replay else ""
    head = say(
        "{time} ({replay}{movers} movers)",
        time=view.now.strftime("%Y-%m-%d %H:%M:%SZ"),
        replay=replay,
        movers=words.number(view.movers),
    )
    parts: list[RenderableType] = [Text(head, style="bold"), _feeds(view.feeds)]
    parts += [Text(line, style="bold yellow") for line in _hole_lines(view.holes)]
    parts.append(_events(view.events))
    parts += [Text(line, style=style) for line, style in _below(view)]
    return Group(*parts)


def _feeds(feeds: Sequence[FeedStanding]) -> Table:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, is_right in ((say("feed"), False), (say("state"), False), (say("a second"), True), (say("movers"), True),
                           (say("in"), True), (say("used"), True), (say("rejected"), True), ("", False)):  # fmt: skip
        table.add_column(name, justify="right" if is_right else "left", no_wrap=is_right)
    for one in feeds:
        table.add_row(
            Text(terminal.visible(one.name)),
            Text(one.state, style=_STATES[one.state]),
            f"{one.rate_per_s:.1f}",
            words.number(one.movers),
            words.number(one.received),
            words.number(one.used),
            words.number(sum(one.rejected.values())),
            Text(terminal.visible(one.why[:120])),
        )
    return table


def _events(events: Sequence[Event]) -> Table:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    going = sorted((one for one in events if one.state == "active"), key=_order)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in (say("priority"), say("metres now"), say("closest"), say("encounter")):
        table.add_column(name, no_wrap=name != say("encounter"))
    for one in going[:EVENTS_SHOWN]:
        table.add_row(
            Text(one.priority, style=_STYLES[one.priority]),
            f"{one.distance_m:,.0f}",
            f"{one.closest_distance_m:,.0f}",
            Text(event_sentence(one)),
        )
    if len(going) > EVENTS_SHOWN:
        table.add_row("", "", "", say("and {count} more", count=len(going) - EVENTS_SHOWN))
    return table


def _hole_lines(holes: Sequence[Hole]) -> list[str]:
    return [
        say(
            "no coverage: {feed}, {movers} movers not heard since {time}",
            feed=terminal.visible(one.feed),
            movers=one.movers,
            time=one.since.strftime("%H:%M:%SZ"),
        )
        for one in holes[:5]
    ]


def _below(view: View) -> list[tuple[str, str]]:
    lines = []
    if view.desk is not None:
        state = view.desk.state
        text = say(
            "desk {name}: {state}, {waiting} drafts waiting",
            name=view.desk_name,
            state=state,
            waiting=view.desk.waiting,
        )
        lines.append(
            (text if not view.desk.why or state == "good" else f"{text} ({view.desk.why})", _STATES[state])
        )
    lines += [(f"{name}: {state} {why}".rstrip(), _STATES.get(state, "")) for name, state, why in view.outputs]
    if view.recording:
        lines.append((view.recording, ""))
    for name, step in view.account.steps().items():
        if step.came:
            rejected = _most(step.rejected)
            text = say(
                "{step}: {came} in, {kept} kept, {count} rejected{reasons}",
                step=name,
                came=words.number(step.came),
                kept=words.number(step.kept),
                count=words.number(sum(step.rejected.values())),
                reasons=f" ({rejected})" if rejected else "",
            )
            lines.append((text, "dim"))
    return lines


def _most(rejected: Mapping[str, int]) -> str:
    ranked = sorted(rejected.items(), key=lambda one: -one[1])[:4]
    return ", ".join(f"{name} {words.number(count)}" for name, count in ranked)


def _order(event: Event) -> tuple[Any, ...]:
    return -PRIORITIES.index(event.priority), event.closest_distance_m, event.id
