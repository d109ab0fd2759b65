"""A side of a scenario: its home, its keys' passphrase, its settings, its node, made in a fresh folder.

Everything is made by the verbs that a member's keepers use. The folder and whatever is in it are thrown away or kept as
evidence of an exercise; nothing of it is for use. A home on a line that is not for training is refused.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detente import words
from detente.errors import OurMistake
from detente.node.home import open_reading
from detente.scenario.links import Links
from detente.scenario.programs import Running, run_verb, start_verb
from detente.scenario.structs import Side
from detente.scenario.visiting import Desk, Officer

__all__ = ["Home", "RealLine", "refuse_real"]

say = words.speaker("scenario")

_TRAINING = "training-"
CLERK = "Scenario clerk"
"""Who reads a side's desk for the player: a viewer, who can say nothing."""
_CLOCK = """
import os, time
_ns, _shift_ns = time.time_ns, int(os.environ["SCENARIO_CLOCK_NS"])
time.time_ns = lambda: _ns() + _shift_ns
time.time = lambda: (_ns() + _shift_ns) / 1e9
"""


class RealLine(OurMistake):
    """A home is on a line that is not for training: nothing synthetic touches it."""


def refuse_real(home: Path) -> None:
    """Raise RealLine when a home is on any line that is not for training."""
    if not (home / "home.json").exists():
        return
    with open_reading(home) as opened:
        real = [one for one in opened.lines() if not one.startswith(_TRAINING)]
    if real:
        raise RealLine(
            expected=say("homes on training lines alone"),
            came=say("a home on the line {line}, which is not for training", line=real[0]),
            where=str(home),
            remedy=say("play in a fresh folder; synthetic officers have no place on a real line"),
        )


@dataclass(slots=True)
class Home:
    """One side. folder: of the play. clock: how much its programs' clock is off, in nanoseconds."""

    name: str
    side: Side
    folder: Path
    courier_port: int
    desk_port: int
    running: Running | None = None
    card: str = ""
    clerk: Officer | None = None
    officers: list[Officer] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    _clock_ns: int = 0
    _starts: int = 0

    @property
    def path(self) -> Path:
        """Return the home's folder."""
        return self.folder / self.name

    @property
    def desk(self) -> Desk:
        """Return where its desk is."""
        return Desk(self.desk_port, f"{self.name}.localhost")

    @property
    def _secret(self) -> Path:
        return self.folder / f"{self.name}.passphrase"

    def verb(self, *arguments: object, keys: bool = False, codes: tuple[int, ...] = (0,)) -> str:
        """Run a verb in the play's folder; keys: it needs the passphrase."""
        more = {"DETENTE_PASSPHRASE_FILE": str(self._secret)} if keys else None
        return run_verb(*arguments, folder=self.folder, more=more, codes=codes)

    def document(self, *arguments: object, keys: bool = False, codes: tuple[int, ...] = (0,)) -> Any:
        """Run a verb with --json; returns its document."""
        return json.loads(self.verb(*arguments, "--json", keys=keys, codes=codes))

    # ---- making -----------------------------------------------------------------------------------------------

    def found(self) -> None:
        """Found the home, write the card, carry the root keys away."""
        refuse_real(self.path)
        file = os.open(self._secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as secret:
            secret.write(secrets.token_hex(16) + "\n")
        made = self.document("line", "init", self.name, "--member", self.name, keys=True)
        self.card = made["fingerprint"]
        acts = "".join(one + "\n" for one in made["acts"])
        (self.folder / f"{self.name}.card").write_text(acts, encoding="utf-8")
        keepers = self.folder / "keepers"
        keepers.mkdir(exist_ok=True)
        for one in self.folder.glob(f"{self.name}.root-*.key"):
            one.rename(keepers / one.name)

    def join(self, line: str, members: Iterable[str], observers: Iterable[str]) -> tuple[str, str]:
        """Join the training line; returns its id and the fingerprint that this side reads aloud."""
        cards = [f"{one}.card" for one in members]
        others = [word for one in observers for word in ("--observer", f"{one}.card")]
        joined = self.document(
            "line", "join", self.name, "--line", line, *cards, *others, "--training", keys=True
        )
        self.verb("cert", "new", self.name)
        return joined["line"], joined["fingerprint"]

    def settle(self, line: str, links: Links, others: Mapping[str, Home], test_every_s: int) -> None:
        """Take everybody's certificate, and write the settings: a link to each side, and a folder behind it."""
        kinds = [f"notice.{one.replace('_', '-')}" for one in self.side.two_people]
        rows = [
            "# TRAINING, SYNTHETIC: written by a scenario", "[courier]", "retry_s_max = 1",
            f'listen = "127.0.0.1:{self.courier_port}"', "[desk]", f'listen = "127.0.0.1:{self.desk_port}"',
            f'site = "{self.desk.site}"', f"[line.{line}]", f"test_every_s = {test_every_s}",
            f"silent_after_s = {max(3 * test_every_s, 60)}", f"two_person_release = {json.dumps(kinds)}",
        ]  # fmt: skip
        for other, home in others.items():
            shutil.copy(home.path / "certificates" / f"{other}.pem", self.path / "certificates" / f"{other}.pem")
            out, into = self.out_folder(other), self.in_folder(other)
            out.mkdir(parents=True, exist_ok=True)
            into.mkdir(parents=True, exist_ok=True)
            rows += [
                f"[[line.{line}.courier.{other}]]", 'kind = "https"',
                f'address = "127.0.0.1:{links.port(self.name, other)}"',
                f'certificate = "certificates/{other}.pem"', "every_s = 5",
                f"[[line.{line}.courier.{other}]]", 'kind = "folder"', f"out = {json.dumps(str(out))}",
                f"in = {json.dumps(str(into))}", "every_s = 1", "settle_s = 0",
            ]  # fmt: skip
        (self.path / "settings.toml").write_text("\n".join(rows) + "\n", encoding="utf-8")

    def out_folder(self, other: str) -> Path:
        """Return where bundles for another side wait for somebody who carries them."""
        return self.folder / "sticks" / self.name / f"for-{other}"

    def in_folder(self, other: str) -> Path:
        """Return where bundles of another side are laid down."""
        return self.folder / "sticks" / self.name / f"from-{other}"

    # ---- running ----------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Start the node, and wait until it is ready. Raises RealLine, PlayFailure."""
        refuse_real(self.path)
        self._starts += 1
        log = self.folder / f"{self.name}.{self._starts}.log"
        self.running = start_verb(
            "serve",
            self.name,
            "--passphrase-file",
            self._secret,
            folder=self.folder,
            log=log,
            more=self._shifted(),
        )
        self.running.ready("node.ready")
        self.running.ready("desk.listening")

    def stop(self) -> None:
        """Stop the node in order, if it runs."""
        if self.running is not None:
            self.running.stop()
            self.running = None

    def kill(self, program: str) -> None:
        """Kill a program; what supervises the node starts it anew, unless all are killed."""
        if self.running is not None:
            self.running.kill(program)
            if program == "all":
                self.running = None

    def pause(self, program: str, real_s: float) -> None:
        """Let a program stand still for a while."""
        pid = None if self.running is None else self.running.pid(program)
        if pid is not None:
            os.kill(pid, signal.SIGSTOP)
            try:
                time.sleep(real_s)
            finally:
                os.kill(pid, signal.SIGCONT)

    def set_clock(self, seconds: float) -> None:
        """Let the node's programs live so much later (earlier) from their next start on: the clock of its record."""
        self._clock_ns = int(seconds * 1e9)

    def _shifted(self) -> dict[str, str]:
        if not self._clock_ns:
            return {}
        room = self.folder / f"{self.name}.clock"
        room.mkdir(exist_ok=True)
        (room / "sitecustomize.py").write_text(_CLOCK, encoding="utf-8")
        before = os.environ.get("PYTHONPATH", "")
        path = os.pathsep.join(one for one in (str(room), before) if one)
        return {"PYTHONPATH": path, "SCENARIO_CLOCK_NS": str(self._clock_ns)}

    def backup(self, target: Path) -> None:
        """Make a backup beside the running node."""
        target.unlink(missing_ok=True)
        self.verb("backup", self.name, target)

    def restore(self, source: Path) -> None:
        """Lose the home, make it anew from a backup, and lay the couriers' certificates back: no backup holds them."""
        # as a machine dies: whoever stops in order signs once more, and with the home the only copy of it would go
        self.kill("all")
        kept = self.folder / f"{self.name}.certificates"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.path / "certificates", kept / "certificates")
        shutil.copy(self.path / "keys" / "courier.pem", kept / "courier.pem")
        shutil.rmtree(self.path)
        self.verb("restore", source, self.name)
        shutil.copytree(kept / "certificates", self.path / "certificates", dirs_exist_ok=True)
        shutil.copy(kept / "courier.pem", self.path / "keys" / "courier.pem")
        self.serve()

    # ---- people -----------------------------------------------------------------------------------------------

    def add_person(self, name: str, *roles: str) -> str:
        """Add a synthetic person; returns the one-time link. Raises RealLine."""
        refuse_real(self.path)
        given = [word for one in roles for word in ("--role", one)]
        link: str = self.document("people", "add", self.name, name, *given)["link"]
        return link

    def add_clerk(self) -> None:
        """Let the player read this side's desk."""
        clerk = Officer(CLERK, self.desk)
        clerk.enrol(self.add_person(CLERK, "viewer"))
        self.clerk = clerk

    def add_officers(self) -> None:
        """Let synthetic officers enrol software passkeys. Raises RealLine."""
        for name in self.side.officers:
            officer = Officer(name, self.desk)
            officer.enrol(self.add_person(name, "releaser"))
            self.officers.append(officer)

    def name_officers(self) -> None:
        """Tell the signer who the releasers are, as keepers do."""
        file = f"{self.name}.officers"
        (self.folder / file).unlink(missing_ok=True)
        self.verb("people", "officers", self.name, file)
        self.verb("line", "officers", self.name, "set", file, "--passphrase-file", self._secret)

    def has_passkeys(self, names: Iterable[str]) -> bool:
        """Tell whether all of these people enrolled."""
        people = {one["name"]: one for one in self.document("people", "list", self.name)["people"]}
        return all(people[name]["passkeys"] for name in names)
