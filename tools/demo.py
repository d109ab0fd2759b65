"""``make demo``: plays the Baltic scenario on two real nodes, then searches three days of archives; all of it made up.

Ends with an exit code other than 0 when anything expected did not come. At a terminal both desks then stay open.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from demo_archive import archive_act

from detente import words
from detente.door import terminal
from detente.errors import DetenteError
from detente.scenario.checks import read_scenario
from detente.scenario.playing import playing, run
from detente.scenario.staying import stay
from detente.scenario.telling import Story

say = words.speaker("demo")

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "examples" / "scenarios" / "baltic-2018.toml"


def asked() -> argparse.Namespace:
    """Choose the language that was asked for, by the option or the locale; return what was asked."""
    words.choose(words.from_environment())
    for place, word in enumerate(sys.argv):
        # chosen before the help is written, as the program itself does
        if word == "--language" and sys.argv[place + 1 : place + 2] and sys.argv[place + 1] in words.LANGUAGES:
            words.choose(sys.argv[place + 1])
    parser = argparse.ArgumentParser(
        description=say(
            "Plays the Baltic scenario on two real nodes, and searches three made-up days of archives."
        )
    )
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "demo", help=say("where files go (default: demo/ in the checkout)")
    )
    parser.add_argument("--language", choices=words.LANGUAGES, help=say("the language to speak"))
    given = parser.parse_args()
    if given.language:
        # what it starts speaks the same language
        os.environ["LC_ALL"] = {"en": "C.UTF-8", "ru": "ru_RU.UTF-8"}[given.language]
    return given


def main() -> int:
    """Play; returns the exit code."""
    folder = asked().folder.resolve()
    story = Story()
    try:
        scenario = read_scenario(SCENARIO)
        with playing(scenario, folder / "play", story, verifier=ROOT / "verifier" / "verify.py") as play:
            held = run(play)
            held = archive_act(folder / "archive") and held
            story.ended()
            if held and sys.stdin.isatty() and sys.stdout.isatty():
                stay(play)
    except DetenteError as error:
        terminal.failure(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
