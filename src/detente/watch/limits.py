"""From what distance on, and how long ahead, a watch warns: four rungs for each kind of pair, and for areas.

The defaults come from reported cases and from what aviation and navies count as too close (docs/watch-limits.md says
which figure from where). A TOML file sets others; what it leaves out keeps its default::

    [ship_aircraft]
    warning = { within = "1000yd", vertical = "500ft", ahead = "60s" }
    agreed = { within = "1000yd", vertical = "500ft" }     # or: agreed = false

    [area]
    caution = "20min"
    margin = "1nm"
    agreed = true
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from detente import words
from detente.encounters.live_step import AHEAD_S_MAX, WITHIN_M_MAX, Rungs
from detente.notices.errors import QuantityMistake
from detente.notices.quantities import FOOT_M, NAUTICAL_MILE_M, parse_distance_m, parse_duration_s
from detente.watch.errors import WatchMistake

__all__ = [
    "AREA_PRIORITIES",
    "BYTES_MAX",
    "DEFAULTS",
    "KINDS_OF_PAIR",
    "PRIORITIES",
    "Agreed",
    "KindOfPair",
    "Ladder",
    "Limits",
    "Priority",
    "Rung",
    "kind_of_pair",
    "parse_limits",
    "read_limits",
]

say = words.speaker("watch")

BYTES_MAX = 1 << 16
"""A file of limits is written by hand: 64 KiB of it is something else."""
_FAULTS_SHOWN = 20
_VERTICAL_M_MAX = 30_000.0
Priority = Literal["emergency", "alarm", "warning", "caution"]
PRIORITIES: tuple[Priority, ...] = ("caution", "warning", "alarm", "emergency")
"""From the least grave."""
AREA_PRIORITIES: tuple[Priority, ...] = ("caution", "warning", "alarm")
"""What an entry into an area is told with, by how soon it is; inside is the last."""
KindOfPair = Literal["ship_ship", "ship_aircraft", "aircraft_aircraft"]
KINDS_OF_PAIR: tuple[KindOfPair, ...] = ("ship_ship", "ship_aircraft", "aircraft_aircraft")


@dataclass(frozen=True, slots=True)
class Rung:
    """A pair is on a rung when both distances fall below these within so many seconds from now."""

    within_m: float
    vertical_m: float
    ahead_s: float


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides agreed not to go below: an encounter that did becomes a draft of an incident."""

    within_m: float
    vertical_m: float


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs in the order of PRIORITIES, each inside the one before; agreed: None drafts nothing."""

    rungs: tuple[Rung, Rung, Rung, Rung]
    agreed: Agreed | None


@dataclass(frozen=True, slots=True)
class Limits:
    """A ladder for each kind of pair, and how long ahead an area's entry is told with each priority.

    area_ahead_s: seconds for caution, warning, alarm; inside is an alarm. area_margin_m: beside the border counts too.
    agreed_area: a stay inside an announced area while it is active becomes a draft.
    """

    ladders: dict[KindOfPair, Ladder]
    area_ahead_s: tuple[float, float, float]
    area_margin_m: float
    agreed_area: bool

    def rungs(self) -> Rungs:
        """Return the limits as the prediction takes them: of what stays at sea level (0) and of aircraft (1)."""

        def table(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
            values = np.empty((len(PRIORITIES), 2, 2))
            for place in range(len(PRIORITIES)):
                for a in (0, 1):
                    for b in (0, 1):
                        rung = self.ladders[KINDS_OF_PAIR[a + b]].rungs[place]
                        values[place, a, b] = getattr(rung, name)
            return values

        return Rungs(within_m=table("within_m"), vertical_m=table("vertical_m"), ahead_s=table("ahead_s"))

    def agreed_widest(self) -> Agreed | None:
        """Return the limits of a search that finds whatever may be below what was agreed; None: nothing was."""
        agreed = [ladder.agreed for ladder in self.ladders.values() if ladder.agreed is not None]
        if not agreed:
            return None
        return Agreed(max(one.within_m for one in agreed), max(one.vertical_m for one in agreed))

    def broken(self, kind_a: str, kind_b: str, distance_m: float, vertical_m: float | None) -> bool:
        """Tell whether an encounter went below what was agreed; an unknown height leaves the distance to decide.

        kind_a, kind_b: as in the columns of detente.encounters.schema.ENCOUNTERS; distances at the closest point.
        """
        agreed = self.ladders[kind_of_pair(kind_a, kind_b)].agreed
        if agreed is None or distance_m >= agreed.within_m:
            return False
        return vertical_m is None or abs(vertical_m) < agreed.vertical_m


def kind_of_pair(kind_a: str, kind_b: str) -> KindOfPair:
    """Return which ladder two movers are judged by; whatever is no aircraft counts as a ship."""
    aircraft = (kind_a == "aircraft") + (kind_b == "aircraft")
    return KINDS_OF_PAIR[aircraft]


_YARD_M, _MILE_M = 0.9144, NAUTICAL_MILE_M

DEFAULTS = Limits(
    ladders={
        # two warships that close: the rungs are round yards; 500 yd is where reported cases begin to be called unsafe
        "ship_ship": Ladder(
            (
                Rung(2_000 * _YARD_M, 1_000 * FOOT_M, 600.0),
                Rung(1_000 * _YARD_M, 1_000 * FOOT_M, 360.0),
                Rung(500 * _YARD_M, 1_000 * FOOT_M, 180.0),
                Rung(200 * _YARD_M, 1_000 * FOOT_M, 90.0),
            ),
            Agreed(500 * _YARD_M, 1_000 * FOOT_M),
        ),
        # reported: 1,000 yd and 500 ft (12 April 2014), 200 yd and 300 ft (10 February 2017)
        "ship_aircraft": Ladder(
            (
                Rung(2 * _MILE_M, 1_000 * FOOT_M, 120.0),
                Rung(1_000 * _YARD_M, 500 * FOOT_M, 60.0),
                Rung(500 * _YARD_M, 500 * FOOT_M, 45.0),
                Rung(200 * _YARD_M, 300 * FOOT_M, 30.0),
            ),
            Agreed(1_000 * _YARD_M, 500 * FOOT_M),
        ),
        # 5 NM and 1,000 ft: radar separation en route; 0.66 NM and 450 ft, 35 s: well clear (RTCA DO-365)
        "aircraft_aircraft": Ladder(
            (
                Rung(5 * _MILE_M, 1_000 * FOOT_M, 120.0),
                Rung(2 * _MILE_M, 700 * FOOT_M, 60.0),
                Rung(0.66 * _MILE_M, 450 * FOOT_M, 35.0),
                Rung(500 * FOOT_M, 300 * FOOT_M, 20.0),
            ),
            Agreed(0.66 * _MILE_M, 450 * FOOT_M),
        ),
    },
    area_ahead_s=(1_200.0, 600.0, 180.0),
    area_margin_m=0.0,
    agreed_area=True,
)


def read_limits(path: Path) -> Limits:
    """Read a file of limits; what it does not set keeps its default.

    Raises WatchMistake with all faults of the file at once, OSError when it cannot be opened.
    """
    with path.open("rb") as file:
        content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise _mistake([say("more than {bytes} bytes", bytes=BYTES_MAX)], str(path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _mistake([say("not text in UTF-8 at byte {place}", place=error.start)], str(path)) from None
    return parse_limits(text, where=str(path))


def parse_limits(text: str, *, where: str = "") -> Limits:
    """Return the limits of a file's text; raises WatchMistake with every fault and its place in the file."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _mistake([say("not TOML: {fault}", fault=str(error)[:200])], where) from None
    reading = _Reading()
    known = (*KINDS_OF_PAIR, "area")
    reading.unknown(document, "", known)
    ladders = {
        kind: reading.ladder(kind, document.get(kind, {}), DEFAULTS.ladders[kind]) for kind in KINDS_OF_PAIR
    }
    limits = reading.areas(document.get("area", {}), ladders)
    if reading.faults:
        raise _mistake(reading.faults, where)
    return limits


@dataclass(slots=True)
class _Reading:
    """Reads the tables of a file; every fault goes into ``faults`` with its place, and reading goes on."""

    faults: list[str] = field(default_factory=list)

    def unknown(self, table: dict[str, Any], place: str, known: Sequence[str]) -> None:
        """Note every key that is not known here."""
        for key in table:
            if key not in known:
                self.fault(f"{place}{key[:64]}", say("not known here, only {known}", known=", ".join(known)))

    def fault(self, place: str, what: str) -> None:
        """Note a fault."""
        self.faults.append(f"{place}: {what}")

    def ladder(self, kind: str, table: Any, default: Ladder) -> Ladder:
        """Return one kind of pair's ladder as far as it can be read."""
        if not isinstance(table, dict):
            self.fault(kind, say("a table is expected: [{name}]", name=kind))
            return default
        self.unknown(table, f"{kind}.", (*PRIORITIES, "agreed"))
        first, second, third, fourth = (
            self.rung(f"{kind}.{name}", table.get(name), rung)
            for name, rung in zip(PRIORITIES, default.rungs, strict=True)
        )
        rungs = (first, second, third, fourth)
        for outer, inner, name in zip(rungs, rungs[1:], PRIORITIES[1:], strict=False):
            for what in fields(Rung):
                if getattr(inner, what.name) > getattr(outer, what.name):
                    self.fault(
                        f"{kind}.{name}",
                        say("{what} is wider than on the rung before", what=what.name.rpartition("_")[0]),
                    )
        return Ladder(rungs, self.agreed(f"{kind}.agreed", table.get("agreed"), default.agreed))

    def rung(self, place: str, table: Any, default: Rung) -> Rung:
        """Return a rung; what it does not set keeps its default."""
        if table is None:
            return default
        if not isinstance(table, dict):
            self.fault(place, say("a table such as {example} is expected", example='{ within = "1000yd" }'))
            return default
        self.unknown(table, f"{place}.", ("within", "vertical", "ahead"))
        return Rung(
            self.metres(f"{place}.within", table.get("within"), default.within_m, WITHIN_M_MAX),
            self.metres(f"{place}.vertical", table.get("vertical"), default.vertical_m, _VERTICAL_M_MAX),
            self.seconds(f"{place}.ahead", table.get("ahead"), default.ahead_s),
        )

    def agreed(self, place: str, table: Any, default: Agreed | None) -> Agreed | None:
        """Return what was agreed; false: nothing."""
        if table is None:
            return default
        if table is False:
            return None
        if not isinstance(table, dict):
            self.fault(place, say("false, or a table with {keys}, is expected", keys="within, vertical"))
            return default
        self.unknown(table, f"{place}.", ("within", "vertical"))
        base = default or Agreed(_YARD_M, FOOT_M)
        return Agreed(
            self.metres(f"{place}.within", table.get("within"), base.within_m, WITHIN_M_MAX),
            self.metres(f"{place}.vertical", table.get("vertical"), base.vertical_m, _VERTICAL_M_MAX),
        )

    def areas(self, table: Any, ladders: dict[KindOfPair, Ladder]) -> Limits:
        """Return the limits with what the table of areas says."""
        if not isinstance(table, dict):
            self.fault("area", say("a table is expected: [{name}]", name="area"))
            table = {}
        self.unknown(table, "area.", (*AREA_PRIORITIES, "margin", "agreed"))
        caution, warning, alarm = (
            self.seconds(f"area.{name}", table.get(name), default)
            for name, default in zip(AREA_PRIORITIES, DEFAULTS.area_ahead_s, strict=True)
        )
        if not caution >= warning >= alarm:
            self.fault(
                "area",
                say("each of {names} must be no longer than the one before", names="caution, warning, alarm"),
            )
        agreed = table.get("agreed", DEFAULTS.agreed_area)
        if not isinstance(agreed, bool):
            self.fault("area.agreed", say("true or false is expected"))
            agreed = DEFAULTS.agreed_area
        return Limits(
            ladders=ladders,
            area_ahead_s=(caution, warning, alarm),
            area_margin_m=self.metres(
                "area.margin", table.get("margin"), DEFAULTS.area_margin_m, WITHIN_M_MAX / 2
            ),
            agreed_area=agreed,
        )

    def metres(self, place: str, value: Any, default: float, most_m: float) -> float:
        """Return a distance in metres."""
        if value is None:
            return default
        if not isinstance(value, str):
            self.fault(place, say("a distance with its unit is expected, such as {example}", example='"1000yd"'))
            return default
        try:
            metres = parse_distance_m(value, where=place)
        except QuantityMistake as mistake:
            self.fault(
                place, say("{came} is no distance: {expected}", came=mistake.came, expected=mistake.expected)
            )
            return default
        if metres > most_m:
            self.fault(place, say("{came} is more than {most} m", came=value, most=words.number(most_m)))
            return default
        return metres

    def seconds(self, place: str, value: Any, default: float) -> float:
        """Return a time in seconds."""
        if value is None:
            return default
        if not isinstance(value, str):
            self.fault(place, say("a time with its unit is expected, such as {example}", example='"90s"'))
            return default
        try:
            seconds = parse_duration_s(value, where=place)
        except QuantityMistake as mistake:
            self.fault(place, say("{came} is no time: {expected}", came=mistake.came, expected=mistake.expected))
            return default
        if seconds > AHEAD_S_MAX:
            self.fault(place, say("{came} is more than {most} s", came=value, most=words.number(AHEAD_S_MAX)))
            return default
        return seconds


def _mistake(faults: list[str], where: str) -> WatchMistake:
    shown = faults[:_FAULTS_SHOWN]
    if len(faults) > len(shown):
        shown.append(say("and {count} more", count=words.number(len(faults) - len(shown))))
    return WatchMistake(
        expected=say("a TOML file of limits as docs/watch-limits.md describes it"),
        came=say.many(
            "{count} fault: {faults}", "{count} faults: {faults}", count=len(faults), faults="; ".join(shown)
        ),
        where=where,
        remedy=say("correct the places named; examples/limits.toml holds every default"),
    )
