"""The verb ``status``: one screen of how a node stands, once or kept up to date."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.errors import DetenteError
from detente.node.asking import add_home, say_training, show, warn_roots
from detente.node.commands_alarms import alarm_document, kept_alarms
from detente.node.home import open_reading
from detente.node.host import clock_ms
from detente.node.serving.remote_host import Link, is_served
from detente.node.serving.wire import Answer, Looks
from detente.node.standing import status_document
from detente.node.status_screen import plain, screen

__all__ = ["STATUS", "node_document"]

say = words.speaker("node")

_EVERY_S = 2.0


class _Status:
    """``detente status``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "One screen: each line and its parties with state and since when, who holds, confirmed, read and\n"
            "answered how much of what was said, missed tests, receipts and answers that are owed, couriers,\n"
            "alarms. That a party confirmed or answered a notice says that it knows of it; it protects\n"
            "nobody. --watch keeps the screen up to date until q or Ctrl-C. Works with and without a running\n"
            "node. Exit code 1 when a line is halted, a fork is proven or the node waits for its passphrase."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente status west\n  detente status west --watch\n  detente status west --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument(
            "--watch", action="store_true", help=say("keep the screen up to date until q or Ctrl-C")
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Show how everything stands; 0, or 1 when something grave is wrong; 0 after --watch."""
        warn_roots(arguments.home)
        document = node_document(arguments.home)
        if arguments.watch:
            return _watch(arguments, document)
        say_training(line["line"] for line in document["lines"])

        def text() -> None:
            if sys.stdout.isatty():
                from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it

                Console().print(screen(document))
                return
            for line in plain(document):
                terminal.result(line)

        show(arguments, document, text)
        return 1 if document["grave"] else 0


def node_document(home: Path) -> dict[str, Any]:
    """Return how a node and its home stand, as ``--json`` gives it. Raises HomeMistake, StoreFailure."""
    now_ms = clock_ms()
    with open_reading(home) as opened:
        document = status_document(opened, now_ms)
    for line in document["lines"]:
        line.pop("alarms")  # those that were told to people stand below, each once
    runs, answer, fault = _asked(home)
    if answer is not None:
        for line in document["lines"]:
            stands = answer.lines.get(line["line"])
            if stands is not None:
                line["run"], line["reason"] = stands.run, stands.reason or stands.fault
    try:
        alarms, alarms_fault = [alarm_document(one) for one in kept_alarms(home) if one.is_open], ""
    except DetenteError as failure:  # what is wrong with the alarms' file must not hide how the lines stand
        alarms, alarms_fault = [], str(failure)
    halted = any(line["run"] in {"halted", "stopped"} or line["fork_proofs"] for line in document["lines"])
    waits = answer.waits if answer is not None else ""
    return {
        "at_ms": now_ms,
        **document,
        "node": {
            "state": "running" if answer is not None and not waits else runs,
            "process": answer.process if answer is not None else None,
            "waits": waits,
            "fault": fault,
        },
        "couriers": answer.couriers if answer is not None else None,
        "alarms": alarms,
        "alarms_fault": alarms_fault,
        "grave": halted or bool(waits) or not document["head_file"],
    }


def _asked(home: Path) -> tuple[str, Answer | None, str]:
    """Return how the node's process is ("waiting" too), its answer, and why there is none."""
    try:
        link = Link(home)
    except OSError:
        return ("starting" if is_served(home) else "not running"), None, ""
    try:
        answer = link.ask(Looks(), again=False)
    except (DetenteError, OSError) as failure:
        return "not answering", None, str(failure)
    finally:
        link.close()
    return "waiting", answer, ""


def _watch(arguments: argparse.Namespace, document: dict[str, Any]) -> int:
    """Keep the screen up to date until q or Ctrl-C."""
    if arguments.json or not sys.stdout.isatty():
        raise ArgumentMistake(
            expected=say("a terminal for --watch"),
            came=say("--json") if arguments.json else say("a pipe or a file"),
            where="--watch",
            remedy=say("leave --watch out, or ask again and again with --json"),
        )
    from rich.live import Live  # noqa: PLC0415 - only a terminal pays for it

    live = Live(screen(document, watched=True), screen=True, auto_refresh=False)
    with contextlib.suppress(KeyboardInterrupt), _keys() as keys, live:
        while not _ends(keys, _EVERY_S):
            try:
                document = node_document(arguments.home)
            except DetenteError as failure:
                document = {**document, "stale": str(failure)}
            live.update(screen(document, watched=True), refresh=True)
    return 0


@contextlib.contextmanager
def _keys() -> Iterator[int | None]:
    """Give the terminal's keys one by one, without a line's end; None where standard input is no terminal."""
    if sys.stdin is None or not sys.stdin.isatty():
        yield None
        return
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    try:
        tty.setcbreak(file)
        yield file
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _ends(keys: int | None, wait_s: float) -> bool:
    """Wait; tell whether the person wants to leave."""
    if keys is None:
        time.sleep(wait_s)
        return False
    end_s = time.monotonic() + wait_s
    while (left_s := end_s - time.monotonic()) > 0:
        if select.select([keys], [], [], left_s)[0]:
            pressed = os.read(keys, 64)
            if not pressed or b"q" in pressed.lower():
                return True
    return False


STATUS = _Status()
