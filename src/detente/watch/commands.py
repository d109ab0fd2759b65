"""The verb ``watch``: live feeds in, encounters told while they happen, drafts handed to the desk."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from detente import words
from detente.door import terminal
from detente.door.log import Log, from_environment
from detente.encounters.compiled import FINDING, LIVE, compile_kernels
from detente.tracks.cleaning import compile_kernel
from detente.watch.process import Watch
from detente.watch.request import Request, add_options, request
from detente.watch.screen import Screen
from detente.watch.telling import JsonLines, Lines, Tells, account_lines

__all__ = ["WATCH"]

say = words.speaker("watch")

_FAULT = 70


class _Watch:
    """Keeps watch until it is stopped."""

    def describe(self) -> str:
        """Return what the verb does."""
        return say(
            "Reads live feeds of ships and aircraft, keeps a picture of everybody, and tells who is or will be\n"
            "too close to whom, or in an announced area: on the screen, at a desk, to other systems. When an\n"
            "encounter with the own side went below the agreed limits it leaves a draft of an incident at the\n"
            "desk, with its evidence; a person looks at it and decides. It holds no key and can do nothing else.\n"
            "Every sentence and state that came is kept or counted under a named reason; docs/watch.md tells\n"
            "the rest. Stop it with Ctrl-C or SIGTERM: it then ends in order and says its account."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente watch --feed ais-tcp://localhost:10110 --sides sides.toml --own west\n"
            "  detente watch --feed ais-udp://:10110 --feed readsb+http://localhost/data/aircraft.json \\\n"
            "    --sides sides.toml --own west --areas areas.geojson --desk http://localhost:8443 \\\n"
            "    --token-file radar.token --line baltic --record tracks\n"
            "  detente watch --feed replay:aisdk-2018-04-04.csv@10x --sides sides.toml --own west --json"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        add_options(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Keep watch; 0 when it ended in order, 2 for what cannot be used."""
        os.umask(0o077)
        asked = request(arguments)
        compile_kernel(terminal.note)
        compile_kernels(terminal.note, modules=(*FINDING, *LIVE))
        is_drawn = sys.stdout.isatty() and not asked.as_json
        screen = Screen() if is_drawn else None
        tells: Tells = JsonLines() if asked.as_json else Lines() if screen is None else _Nothing()
        log = from_environment("watch")
        if screen is not None:
            log = Log("watch", level="warning", form="text", write=screen.log)
        try:
            account = asyncio.run(_kept(asked, tells, log, screen))
        finally:
            if screen is not None:
                screen.close()
        tells.end(account)
        return 0 if account["adds_up"] else _FAULT


WATCH = _Watch()


async def _kept(asked: Request, tells: Tells, log: Log, screen: Screen | None) -> dict[str, Any]:
    """Run one watch until it ends; the first signal lets it end in order, a second one at once."""
    watch = Watch(asked, tells, log, screen=screen)
    loop = asyncio.get_running_loop()

    def told_to_stop(number: signal.Signals) -> None:
        log.info("watch.stops", signal=number.name)
        watch.stop.set()
        loop.remove_signal_handler(number)  # whoever says it twice does not want to wait

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop, number)
    for reason, count in asked.areas_left_out.items():
        log.warning("watch.areas-left-out", reason=reason, count=count)
    log.info(
        "watch.begins",
        feeds=len(asked.feeds),
        desk="" if asked.desk is None else asked.desk.shown,
        line=asked.line,
    )
    try:
        return await watch.run()
    finally:
        log.info("watch.ended")


class _Nothing:
    """Says nothing while it runs: the screen shows it. The account is said at the end."""

    def event(self, event: Any, now: Any) -> None:
        """Say nothing."""

    def encounter(self, row: Mapping[str, Any], *, drafted: bool) -> None:
        """Say nothing."""

    def feed(self, standing: Any) -> None:
        """Say nothing."""

    def end(self, account: Mapping[str, Any]) -> None:
        """Say the account, step by step."""
        for line in account_lines(account):
            terminal.note(line)
