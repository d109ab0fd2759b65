"""What is done in a play, step by step: cards, the line, watches, links, sticks, backups, deaths, exports, searches."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from detente import words
from detente.notices.quantities import parse_duration_s
from detente.scenario import structs
from detente.scenario.errors import PlayFailure
from detente.scenario.homes import Home
from detente.scenario.play import Play
from detente.scenario.programs import run_verb, until
from detente.scenario.speaking import release_draft, reply_to, say_notice
from detente.scenario.sticks import Carrier
from detente.scenario.structs import Step
from detente.scenario.watching import end_watch, keep_watch

__all__ = ["act"]

say = words.speaker("scenario")

_ENROL_S_MAX = 4 * 3_600.0


def act(play: Play, step: Step) -> None:
    """Do one step. Raises DetenteError when it could not be done."""
    _ACTS[type(step)](play, step)


def _cards(play: Play, _: structs.Cards) -> None:
    """Found every home at once, and read every card aloud."""
    play.each(Home.found)
    for name, home in play.homes.items():
        play.story.told(say("{who} reads its card aloud: {words}", who=name, words=home.card))


def _open_line(play: Play, _: structs.OpenLine) -> None:
    """Join, exchange certificates, start every node, enrol everybody."""
    if not all(one.card for one in play.homes.values()):
        _cards(play, structs.Cards())
    name = play.scenario.line.name
    joined = play.each(lambda home: home.join(name, play.members, play.observers))
    for who, (_line, fingerprint) in zip(play.homes, joined, strict=True):
        play.story.told(say("{who} reads the line's fingerprint: {words}", who=who, words=fingerprint))
    same = len({one for one, _ in joined}) == len({one for _, one in joined}) == 1
    play.story.expected(
        say("everybody reads the same words"), "" if same else say("they differ: this is another line")
    )
    play.line = joined[0][0]
    test_every_s = int(parse_duration_s(play.scenario.line.test_every))
    for who, home in play.homes.items():
        home.settle(name, play.links, {one: it for one, it in play.homes.items() if one != who}, test_every_s)
    play.each(Home.serve)
    play.story.told(say("line {line} is open: {count} nodes run", line=play.line, count=len(play.homes)))
    play.each(Home.add_clerk)
    if play.acts_for_people:
        play.each(Home.add_officers, play.members)
    else:
        _by_links(play)
    play.each(Home.name_officers, play.members)
    officers = [one for side in play.scenario.sides.values() for one in side.officers]
    play.story.told(say("officers with passkeys: {names}", names=", ".join(officers)))


def _by_links(play: Play) -> None:
    """Hand every officer's one-time link over, and wait until they enrolled."""
    for who in play.members:
        home = play.homes[who]
        for name in home.side.officers:
            link = home.add_person(name, "releaser")
            play.story.told(say("for {name} of {who}, good once: {link}", name=name, who=who, link=link))
    for who in play.members:
        home = play.homes[who]
        if not until(partial(home.has_passkeys, home.side.officers), _ENROL_S_MAX, every_s=2.0):
            raise PlayFailure(
                expected=say("officers who enrol"), came=say("nobody"), where=home.desk.origin,
                remedy=say("open the links in a browser with a passkey"),
            )  # fmt: skip


def _cut(play: Play, step: structs.CutLink) -> None:
    play.links.cut(*step.between)
    play.story.told(say("the link between {one} and {other} is cut", one=step.between[0], other=step.between[1]))


def _mend(play: Play, step: structs.MendLink) -> None:
    play.links.mend(*step.between)
    carrier = play.carriers.pop(frozenset(step.between), None)
    if carrier is not None:
        carrier.close()
        play.story.told(
            say("{count} sticks with {size} bytes were carried", count=carrier.count, size=carrier.size)
        )
    play.story.told(
        say("the link between {one} and {other} carries again", one=step.between[0], other=step.between[1])
    )


def _carry(play: Play, step: structs.CarryFolder) -> None:
    """Let somebody go to and fro with sticks."""
    one, other = step.between
    homes = play.homes
    ways = [(homes[a].out_folder(b), homes[b].in_folder(a)) for a, b in ((one, other), (other, one))]
    play.carriers[frozenset(step.between)] = Carrier(ways)
    play.story.told(say("from now on somebody carries sticks between {one} and {other}", one=one, other=other))


def _backup(play: Play, step: structs.Backup) -> None:
    play.homes[step.who].backup(_backup_file(play, step.who, step.called))
    play.story.told(say("{who} makes a backup: {name}", who=step.who, name=step.called))


def _restore(play: Play, step: structs.Restore) -> None:
    play.homes[step.who].restore(_backup_file(play, step.who, step.called))
    play.story.told(
        say("{who} loses its home, and comes back with the backup {name}", who=step.who, name=step.called)
    )


def _backup_file(play: Play, who: str, called: str) -> Path:
    return play.folder / f"{who}.{called}.backup"


def _kill(play: Play, step: structs.Kill) -> None:
    home = play.homes[step.who]
    running = home.running
    if step.program == "all" or running is None:
        home.kill("all")
    else:
        ready = len(running.events("child.started"))
        home.kill(step.program)
        until(lambda: len(running.events("child.started")) > ready, 30.0)
    play.story.told(say("{who}: {program} is killed", who=step.who, program=step.program))


def _pause(play: Play, step: structs.Pause) -> None:
    play.story.told(say("{who}: {program} stands still for {time}", who=step.who, program=step.program,
                        time=step.real))  # fmt: skip
    play.homes[step.who].pause(step.program, parse_duration_s(step.real))


def _start(play: Play, step: structs.Start) -> None:
    home = play.homes[step.who]
    if step.clock:
        seconds = parse_duration_s(step.clock.removeprefix("-"))
        home.set_clock(-seconds if step.clock.startswith("-") else seconds)
    home.stop()
    home.serve()
    clock = say(", its clock off by {time}", time=step.clock) if step.clock else ""
    play.story.told(say("{who} starts its node", who=step.who) + clock)


def _export(play: Play, step: structs.Export) -> None:
    target = play.folder / step.file
    target.unlink(missing_ok=True)
    home = play.homes[step.who]
    if step.of is None:
        home.verb("line", "export", step.who, target)
        play.story.told(say("{who} exports its record: {file}", who=step.who, file=step.file))
    else:
        home.verb("line", "prove", step.who, "--entry", play.said[step.of].ref, target)
        play.story.told(
            say(
                "{who} writes the evidence of {ref}: {file}",
                who=step.who,
                ref=play.said[step.of].ref,
                file=step.file,
            )
        )


def _tamper(play: Play, step: structs.Tamper) -> None:
    """Change one letter of the longest text in a copy of a file."""
    octets = bytearray((play.folder / step.file).read_bytes())
    longest = max(re.finditer(rb"[A-Za-z0-9+/]{24,}", bytes(octets)), key=lambda one: len(one[0]))
    place = (longest.start() + longest.end()) // 2
    octets[place] = ord("A") if octets[place] != ord("A") else ord("B")
    (play.folder / step.copy).write_bytes(octets)
    play.story.told(say("somebody changes one letter in a copy: {file}", file=step.copy))


def _search(play: Play, step: structs.SearchTracks) -> None:
    """Run the archive search over what a watch recorded."""
    recorded = play.recorded.get(step.who)
    files = sorted(recorded.rglob("*.parquet")) if recorded is not None else []
    if not files:
        raise PlayFailure(
            expected=say("recorded tracks"), came=say("none"), where=step.who,
            remedy=say("let this side keep watch, and end the watch, before"),
        )  # fmt: skip
    watch = play.scenario.watch
    found = run_verb(
        "encounters", *files, "--sides", "sides.toml", "--between", "rivals", "--within", watch.within,
        "--vertical", watch.vertical, "--report", step.report, "--out", step.encounters, "--json",
        folder=play.folder,
    )  # fmt: skip
    count = len(_features(play.folder / step.encounters))
    del found
    play.story.told(
        say("the archive search finds {count} encounters in {files} recorded files; report: {file}", count=count,
            files=len(files), file=play.folder / step.report)
    )  # fmt: skip


def _features(path: Path) -> list[Any]:
    return list(json.loads(path.read_text(encoding="utf-8"))["features"])


_ACTS: dict[type[Step], Callable[[Play, Any], None]] = {
    structs.Cards: _cards,
    structs.OpenLine: _open_line,
    structs.SayNotice: say_notice,
    structs.ReplyTo: reply_to,
    structs.ReleaseDraft: release_draft,
    structs.KeepWatch: keep_watch,
    structs.EndWatch: end_watch,
    structs.CutLink: _cut,
    structs.MendLink: _mend,
    structs.CarryFolder: _carry,
    structs.Backup: _backup,
    structs.Restore: _restore,
    structs.Kill: _kill,
    structs.Pause: _pause,
    structs.Start: _start,
    structs.Export: _export,
    structs.Tamper: _tamper,
    structs.SearchTracks: _search,
}
