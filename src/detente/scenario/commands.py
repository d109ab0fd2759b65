"""The verb ``scenario``: plays a scenario on real nodes, or checks its file."""

from __future__ import annotations

import argparse
import contextlib
import math
import tempfile
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.door.options import add_inner_verb
from detente.scenario.checks import read_scenario
from detente.scenario.clock import SPEED_MAX
from detente.scenario.errors import ScenarioMistake
from detente.scenario.playing import playing, run
from detente.scenario.staying import stay
from detente.scenario.structs import Expectation, Scenario
from detente.scenario.telling import Story

__all__ = ["SCENARIO"]

say = words.speaker("scenario")


class _Scenario:
    """``detente scenario``: two verbs."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Plays a scenario for a table-top exercise, a drill or a demonstration: one readable file with\n"
            "sides, ships and aircraft on their ways, notices, faults and what must then be true. It is\n"
            "played on real nodes on a training line; synthetic officers act, or people do. Each verb\n"
            "below has its own --help; docs/scenarios.md tells how a file is written."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente scenario check examples/scenarios/baltic-2018.toml\n"
            "  detente scenario play examples/scenarios/baltic-2018.toml\n"
            "  detente scenario play exercise.toml --speed 10 --keep exercise.play"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add both verbs."""
        parser.set_defaults(scenario_parser=parser)
        verbs = parser.add_subparsers(dest="scenario_verb", metavar=say("VERB"), title=say("verbs"))
        for verb in (_PLAY, _CHECK):
            add_inner_verb(verbs, verb, run="scenario_run")

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the verb that was named; 2 and its help when there is none."""
        chosen: _Play | _Check | None = getattr(arguments, "scenario_run", None)
        if chosen is None:
            arguments.scenario_parser.print_help()
            return 2
        return chosen.run(arguments)


class _Play:
    """``detente scenario play``."""

    name = "play"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("play a scenario on real nodes, and check what it expects")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Makes a fresh folder with a home for each side, starts their nodes, plays every step and checks\n"
            "every expectation. Ends with 0 when all held, 1 when one did not, 2 when the file has faults:\n"
            "then nothing was started. The scenario's clock runs --speed times as fast as the machine's;\n"
            "nodes keep real time, and what notices announce is moved to now. Training lines only."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente scenario play exercise.toml\n"
            "  detente scenario play exercise.toml --speed 60 --keep exercise.play\n"
            "  detente scenario play exercise.toml --stop-for-people"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument("file", metavar="FILE", type=Path, help=say("the scenario, a TOML file"))
        parser.add_argument(
            "--speed",
            type=_speed,
            default=1.0,
            metavar="N",
            help=say("how many times faster than real: 1 to 100"),
        )
        parser.add_argument(
            "--keep",
            type=Path,
            metavar="DIR",
            help=say("play in this folder and leave it; else it is thrown away"),
        )
        who = parser.add_mutually_exclusive_group()
        who.add_argument(
            "--act-for-people", dest="acts", action="store_true", default=True,
            help=say("synthetic officers write and release; so it is when nothing is said"),
        )  # fmt: skip
        who.add_argument(
            "--stop-for-people", dest="acts", action="store_false",
            help=say("print links, and wait at each step of an officer until a person did it"),
        )  # fmt: skip
        parser.add_argument(
            "--stay", action="store_true", help=say("at the end let the desks go on until Ctrl-C")
        )
        parser.add_argument(
            "--verifier",
            type=Path,
            metavar="FILE",
            help=say("verifier/verify.py, where it is not beside this program"),
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Play; 0 when every expectation held, 1 when not."""
        scenario = _read(arguments)
        if scenario is None:
            return 2
        story = Story(quiet=arguments.json)
        with contextlib.ExitStack() as stack:
            folder = arguments.keep
            if folder is None:
                room = stack.enter_context(tempfile.TemporaryDirectory(prefix="detente-scenario-"))
                folder = Path(room) / "play"
            made = playing(
                scenario, folder.absolute(), story, speed=arguments.speed, acts_for_people=arguments.acts,
                verifier=arguments.verifier,
            )  # fmt: skip
            play = stack.enter_context(made)
            held = run(play)
            story.ended()
            if arguments.stay:
                stay(play)
        if arguments.json:
            terminal.result_json({"file": str(arguments.file), "title": scenario.title, **story.document()})
        return 0 if held else 1


class _Check:
    """``detente scenario check``."""

    name = "check"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("name every fault of a scenario's file; start nothing")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Reads a scenario and names every fault of it with line and key: of its notices as their forms\n"
            "are checked, of ways that go back in time, of names that nobody bears. Starts nothing."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente scenario check exercise.toml\n  detente scenario check exercise.toml --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument("file", metavar="FILE", type=Path, help=say("the scenario, a TOML file"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Check; 0 when there is no fault, 2 when there is one."""
        scenario = _read(arguments)
        if scenario is None:
            return 2
        document = _about(scenario)
        if arguments.json:
            terminal.result_json({"file": str(arguments.file), "faults": [], **document})
        else:
            terminal.result(scenario.title)
            terminal.result(
                say("{sides} sides, {movers} movers, {notices} notices, {scenes} scenes, {steps} steps, "
                    "{expectations} expectations", **document)
            )  # fmt: skip
        return 0


def _read(arguments: argparse.Namespace) -> Scenario | None:
    """Return the scenario, or tell every fault of it."""
    try:
        return read_scenario(arguments.file)
    except ScenarioMistake as mistake:
        if arguments.json and arguments.scenario_verb == "check":
            faults = [{"line": one.line, "key": one.key, "what": one.what} for one in mistake.faults]
            terminal.result_json({"file": str(arguments.file), "faults": faults})
            return None
        for one in mistake.faults:
            terminal.note(f"detente: {terminal.visible(str(arguments.file))}: {terminal.visible(one.sentence())}")
        terminal.note(
            say.many("{count} fault; nothing was started", "{count} faults; nothing was started",
                     count=len(mistake.faults))
        )  # fmt: skip
        return None


def _about(scenario: Scenario) -> dict[str, int]:
    steps = [step for scene in scenario.scenes for step in scene.steps]
    expectations = sum(isinstance(one, Expectation) for one in steps)
    return {
        "sides": len(scenario.sides),
        "movers": len(scenario.movers),
        "notices": len(scenario.notices),
        "scenes": len(scenario.scenes),
        "steps": len(steps) - expectations,
        "expectations": expectations,
    }


def _speed(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 1.0 <= found <= SPEED_MAX:
        raise argparse.ArgumentTypeError(say("a number from 1 to {most}", most=f"{SPEED_MAX:g}"))
    return found


_PLAY = _Play()
_CHECK = _Check()
SCENARIO = _Scenario()
"""What the door loads for ``detente scenario``."""
