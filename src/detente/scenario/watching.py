"""A side's watch in a play: ``detente watch`` as a program of its own, connected to receivers that hear the movers.

At the clock's own pace the receivers are live; faster, an archive of the same movers is replayed at that pace.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detente import words
from detente.scenario.checks import begins_at
from detente.scenario.errors import PlayFailure
from detente.scenario.play import Play, Watching
from detente.scenario.programs import Running, run_verb, start_verb, until
from detente.scenario.receivers import Receivers, archive
from detente.scenario.structs import EndWatch, KeepWatch
from detente.scenario.ways import Way, way_of

__all__ = ["end_watch", "keep_watch"]

say = words.speaker("scenario")

_LOOK_S = 0.6
_LISTENS_S_MAX = 240.0
"""How long a watch may take to begin: its first run of an installation compiles for a minute."""


def keep_watch(play: Play, step: KeepWatch) -> None:
    """Begin to keep watch: areas from what the other side said, receivers, a token, the program."""
    home, folder, begins = play.homes[step.who], play.folder, play.clock.now()
    areas = [_area_file(play, step.who, one) for one in step.areas]
    _write_sides(play)
    token = _token(play, step.who)
    ways = [way_of(one, begins_at(play.scenario)) for one in play.scenario.movers]
    receivers = Receivers(ways, play.clock.now) if play.clock.speed == 1.0 else None
    feeds = receivers.addresses if receivers is not None else (_replay(play, ways),)
    recorded, watch = folder / f"recorded-{step.who}", play.scenario.watch
    words_of_feeds = [word for one in feeds for word in ("--feed", one)]
    words_of_areas = ["--areas", *areas] if areas else []
    running = start_verb(
        "watch", *words_of_feeds, "--sides", "sides.toml", "--own", step.who, *words_of_areas,
        "--within", watch.within, "--vertical", watch.vertical, "--desk", home.desk.origin, "--token-file", token,
        "--line", play.line, "--author", _author(play, step.who), "--spool", folder / f"{step.who}.spool",
        "--record", recorded, "--json", folder=folder, log=folder / f"{step.who}.watch.log",
    )  # fmt: skip
    play.watches[step.who] = Watching(running, receivers, recorded)
    _wait_until_it_hears(play, step.who, running, receivers)
    play.clock.resume(begins)
    play.recorded[step.who] = recorded
    play.story.told(
        say("{who} keeps watch: {ships} ships and {aircraft} aircraft, {areas} announced areas", who=step.who,
            ships=sum(not one.is_aircraft for one in ways), aircraft=sum(one.is_aircraft for one in ways),
            areas=len(areas))
    )  # fmt: skip


def _wait_until_it_hears(play: Play, who: str, running: Running, receivers: Receivers | None) -> None:
    """Wait until the watch listens, so that nothing of the movers' ways is missed. Raises PlayFailure."""
    clerk = play.clerk(who)

    def hears() -> bool:
        if not running.is_alive:
            return True
        return receivers.are_heard if receivers is not None else bool(clerk.get("picture")["movers"])

    if not until(hears, _LISTENS_S_MAX, every_s=_LOOK_S) or not running.is_alive:
        raise PlayFailure(
            expected=say("a watch that listens"),
            came=running.tail()[-500:] or say("nothing"),
            where=str(running.log),
            remedy=say("mend what it says; detente watch --help tells the rest"),
        )


def end_watch(play: Play, step: EndWatch) -> None:
    """End a watch in order."""
    watch = play.watches.pop(step.who)
    code = watch.running.stop()
    if watch.receivers is not None:
        watch.receivers.close()
    fault = "" if code == 0 else say("it ended with {code}: {text}", code=code, text=watch.running.tail()[-300:])
    play.story.expected(say("{who}: the watch ends in order", who=step.who), fault)


def _area_file(play: Play, who: str, handle: str) -> Path:
    """Return the areas of what was said, read from its public text where it has one, as this side holds it."""
    said = play.said[handle]
    entry = play.clerk(who).entry(play.line, said.ref)
    notice = entry["notice"] or {}
    target = play.folder / f"{who}.{handle}.geojson"
    target.unlink(missing_ok=True)
    if "source_text" in notice:
        text = target.with_suffix(".txt")
        text.write_text(notice["source_text"] + "\n", encoding="utf-8")
        run_verb("areas", "read", text, "--out", target, folder=play.folder)
        play.story.told(say("{who} reads the text of {ref} as anybody's announcement", who=who, ref=said.ref))
    else:
        target.write_text(json.dumps(entry["geojson"]), encoding="utf-8")
    return target


def _author(play: Play, who: str) -> str:
    """Return who speaks in the watch's drafts, as ``--author`` takes it."""
    side = play.scenario.sides[who]
    return ",".join((who, side.name, side.state) if side.state else (who, side.name))


def _write_sides(play: Play) -> None:
    rows = ["# TRAINING, SYNTHETIC: written by a scenario"]
    for side in play.scenario.sides:
        ids = [one.id for one in play.scenario.movers if one.side == side]
        if ids:
            rows += [f"[sides.{side}]", f"ids = {json.dumps(ids)}"]
    (play.folder / "sides.toml").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _token(play: Play, who: str) -> Path:
    """Return a file with the secret of this watch at its desk."""
    target = play.folder / f"{who}.token"
    if not target.exists():
        made: dict[str, Any] = play.homes[who].document("people", "add-watch", who, f"watch-{who}", "--days", "1")
        with os.fdopen(
            os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(made["secret"] + "\n")
    return target


def _replay(play: Play, ways: list[Way]) -> str:
    """Write an archive of the movers from now on, and return the address that plays it at the clock's pace."""
    target = play.folder / "replayed.csv"
    moment = play.clock.now()
    archive(ways, moment, datetime.now(UTC) - moment, target)
    return f"replay:{target}@{play.clock.speed:g}x"
