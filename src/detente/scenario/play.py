"""What a play holds while it goes on: its sides, links, clock, what was said, what is watched."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from detente import words
from detente.scenario.checks import author_of
from detente.scenario.clock import SceneClock
from detente.scenario.errors import PlayFailure
from detente.scenario.homes import Home
from detente.scenario.links import Links
from detente.scenario.moving import moved_notice
from detente.scenario.programs import Running
from detente.scenario.receivers import Receivers
from detente.scenario.sticks import Carrier
from detente.scenario.structs import Scenario
from detente.scenario.telling import Story
from detente.scenario.visiting import Officer

__all__ = ["Play", "Said"]

say = words.speaker("scenario")

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Said:
    """What a side said. ref: as every side names it; type: of its entry."""

    who: str
    ref: str
    type: str
    title: str


@dataclass(slots=True)
class Watching:
    """A watch that goes on. receivers: None where an archive is played."""

    running: Running
    receivers: Receivers | None
    recorded: Path


@dataclass(slots=True)
class Play:
    """One play of a scenario. line: the line's id, "" before it is opened. links: between the homes' nodes.

    acts_for_people: synthetic officers write and release; else the player waits until people did.
    """

    scenario: Scenario
    folder: Path
    story: Story
    clock: SceneClock
    homes: dict[str, Home]
    links: Links
    acts_for_people: bool = True
    verifier: Path | None = None
    line: str = ""
    said: dict[str, Said] = field(default_factory=dict)
    watches: dict[str, Watching] = field(default_factory=dict)
    recorded: dict[str, Path] = field(default_factory=dict)
    carriers: dict[frozenset[str], Carrier] = field(default_factory=dict)
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def members(self) -> list[str]:
        """Return the sides that speak."""
        return [name for name, one in self.scenario.sides.items() if not one.observer]

    @property
    def observers(self) -> list[str]:
        """Return the sides that only mirror."""
        return [name for name, one in self.scenario.sides.items() if one.observer]

    def each(self, work: Callable[[Home], Made], names: Iterable[str] | None = None) -> list[Made]:
        """Do something for several sides at once; returns what it gave, in their order."""
        homes = [self.homes[one] for one in (names if names is not None else self.homes)]
        language = words.language()

        def one(home: Home) -> Made:
            words.choose(language)
            return work(home)

        with ThreadPoolExecutor(max_workers=max(2, len(homes))) as pool:
            return list(pool.map(one, homes))

    def clerk(self, who: str) -> Officer:
        """Return who reads a side's desk for the player. Raises PlayFailure before the line is open."""
        clerk = self.homes[who].clerk
        if clerk is None:
            raise PlayFailure(
                expected=say("a node that was started"),
                came=who,
                where="",
                remedy=say('put do = "open-line" before'),
            )
        return clerk

    def notice(self, who: str, name: str) -> dict[str, Any]:
        """Return a notice of the scenario as its side writes it now."""
        moved = moved_notice(self.scenario.notices[name], self.clock.shift, self.clock.begins, self.ref_of)
        return {
            "author": author_of(self.scenario, who),
            "issued_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
            **moved,
        }

    def ref_of(self, handle: str) -> str:
        """Return the entry of a handle, or a field of its notice: "west/3" of gunnery, its text of gunnery.activity."""
        name, _, field_name = handle.partition(".")
        said = self.said[name]
        if not field_name:
            return said.ref
        entry = self.clerk(said.who).entry(self.line, said.ref)
        return str((entry["notice"] or {}).get(field_name, ""))

    @contextlib.contextmanager
    def ends(self) -> Iterator[None]:
        """End whatever runs when the block ends."""
        try:
            yield
        finally:
            for carrier in self.carriers.values():
                carrier.close()
            for watch in self.watches.values():
                watch.running.stop()
                if watch.receivers is not None:
                    watch.receivers.close()
            self.each(Home.stop)
            self.stack.close()
