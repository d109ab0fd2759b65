"""The verb ``settings``: prints the documented file, or checks a home's own and shows what is in force."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.errors import DetenteError
from detente.node.couriers.advice import unknown_lines
from detente.node.home import open_reading
from detente.node.settings.documented import document, in_force
from detente.node.settings.reading import SettingsMistake, read_settings
from detente.node.settings.structs import Settings

__all__ = ["SETTINGS"]

say = words.speaker("node")


class _Settings:
    """``detente settings``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Without a home: prints the whole settings file, every name with a sentence and its default.\n"
            "With one: checks HOME/settings.toml, names every fault with its line, and shows what is in\n"
            "force. A home without that file runs on the defaults."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente settings > west/settings.toml\n  detente settings west\n  detente settings west --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument(
            "home", nargs="?", metavar="HOME", type=Path, help=say("folder of this member's node")
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Print or check; 0 when there is no fault. Every fault is told before the exit with 2."""
        if arguments.home is None:
            if arguments.json:
                terminal.result_json(in_force(Settings()))
            else:
                terminal.result(document().rstrip("\n"))
            return 0
        with open_reading(arguments.home) as home:
            lines = home.lines()
        try:
            settings = read_settings(arguments.home)
        except SettingsMistake as mistake:
            tell_faults(mistake)
            return DetenteError.exit_code
        for name in unknown_lines(settings, lines):
            terminal.note(
                terminal.visible(say("settings.toml: line {line}: this home has joined no such line", line=name))
            )
        shown = in_force(settings)
        if arguments.json:
            terminal.result_json({"home": str(arguments.home), "settings": shown})
        else:
            terminal.table((say("setting"), say("value")), list(_rows(shown)))
        return 0


def tell_faults(mistake: SettingsMistake) -> None:
    """Tell every fault of a settings file on standard error, one a line, with its line number."""
    for fault in mistake.faults:
        place = f"{mistake.file}:{fault.line}" if fault.line else str(mistake.file)
        name = f"{fault.name}: " if fault.name else ""
        terminal.note(
            terminal.visible(f"{place}: {name}{fault.what}" + (f"; {fault.remedy}" if fault.remedy else ""))
        )
    terminal.note(say("  what to do: mend the lines; nothing was started. detente settings explains every name"))


def _rows(shown: object, name: str = "") -> list[tuple[str, str]]:
    if isinstance(shown, dict) and shown:
        return [row for key, one in shown.items() for row in _rows(one, f"{name}.{key}" if name else str(key))]
    if isinstance(shown, list | tuple) and shown and isinstance(shown[0], dict):
        return [row for at, one in enumerate(shown, 1) for row in _rows(one, f"{name}[{at}]")]
    if isinstance(shown, list | tuple):
        return [(name, ", ".join(str(one) for one in shown) or "-")]
    return [
        (name, "-" if shown in ("", None, {}) else str(shown).lower() if isinstance(shown, bool) else str(shown))
    ]


SETTINGS = _Settings()
