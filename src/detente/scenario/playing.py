"""Plays a scenario: a fresh folder, real nodes on a training line, step after step, every expectation checked."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import detente
from detente import words
from detente.errors import DetenteError
from detente.scenario.acting import act
from detente.scenario.checks import begins_at
from detente.scenario.clock import SceneClock
from detente.scenario.errors import PlayFailure
from detente.scenario.expecting import expect
from detente.scenario.homes import Home, refuse_real
from detente.scenario.links import Links
from detente.scenario.play import Play
from detente.scenario.programs import free_ports
from detente.scenario.structs import Expectation, Scenario, Step
from detente.scenario.telling import Story

__all__ = ["MARK", "playing", "run", "verifier_beside"]

say = words.speaker("scenario")

MARK = "scenario-play"
"""A file that says of a folder that a scenario was played in it, so that another play may clear it away."""


def verifier_beside() -> Path | None:
    """Return verifier/verify.py of the checkout that this program runs from, or None where it is installed alone."""
    found = Path(detente.__file__).resolve().parents[2] / "verifier" / "verify.py"
    return found if found.is_file() else None


@contextlib.contextmanager
def playing(
    scenario: Scenario,
    folder: Path,
    story: Story,
    *,
    speed: float = 1.0,
    acts_for_people: bool = True,
    verifier: Path | None = None,
) -> Iterator[Play]:
    """Make a play ready in a folder, and end whatever it started when the block ends.

    Raises RealLine, PlayFailure for a folder that holds anything but an earlier play.
    """
    fresh(folder)
    ports = free_ports(2 * len(scenario.sides))
    homes = {
        name: Home(name, side, folder, ports[2 * number], ports[2 * number + 1])
        for number, (name, side) in enumerate(scenario.sides.items())
    }
    links = Links({name: one.courier_port for name, one in homes.items()})
    play = Play(
        scenario=scenario,
        folder=folder,
        story=story,
        clock=SceneClock(begins_at(scenario), speed),
        homes=homes,
        links=links,
        acts_for_people=acts_for_people,
        verifier=verifier or verifier_beside(),
    )
    play.stack.callback(links.close)
    with play.ends():
        yield play


def run(play: Play) -> bool:
    """Play the whole story; returns whether it was played to its end and every expectation held."""
    story = play.story
    story.title(play.scenario.title)
    if play.scenario.about:
        story.told(play.scenario.about)
    for scene in play.scenario.scenes:
        if scene.begins is not None:
            play.clock.leap(scene.begins)
        story.scene(scene.title, play.clock.now(), scene.about)
        for step in scene.steps:
            if not _step(play, step):
                return False
    return not story.failures


def _step(play: Play, step: Step) -> bool:
    """Do or check one step; returns whether the story can go on."""
    if step.at is not None:
        play.clock.wait(step.at)
    if step.note:
        play.story.told(step.note)
    if isinstance(step, Expectation):
        expect(play, step)
        return True
    try:
        act(play, step)
    except DetenteError as fault:
        play.story.stopped(f"{fault}" + (f"; {fault.remedy}" if fault.remedy else ""))
        return False
    return True


def fresh(folder: Path) -> None:
    """Make an empty folder, in the place of an earlier play. Raises RealLine, PlayFailure for any other content."""
    if folder.exists() and not folder.is_dir():
        raise _no_folder(folder)
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise _no_folder(folder)
        for card in folder.glob("*/home.json"):
            refuse_real(card.parent)
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARK).write_text("TRAINING, SYNTHETIC: a scenario was played here\n", encoding="utf-8")


def _no_folder(folder: Path) -> PlayFailure:
    return PlayFailure(
        expected=say("an empty folder, or one of an earlier play"),
        came=say("a folder with other things in it"),
        where=str(folder),
        remedy=say("name another one; nothing was touched"),
    )
