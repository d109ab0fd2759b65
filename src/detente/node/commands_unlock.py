"""The verb ``unlock``: give a waiting signer its passphrase."""

from __future__ import annotations

import argparse
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.node.errors import SignerGone
from detente.node.home_folder import described
from detente.node.keyfile import read_passphrase
from detente.node.signing.frames import Standing
from detente.node.signing.remote import look, reload, signer_socket, unlock

__all__ = ["UNLOCK"]

say = words.speaker("node")


class _Unlock:
    """``detente unlock``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Gives the signer of a running node the passphrase of the home's keys. A signer that was\n"
            "started without one waits locked: the node runs, and nothing is signed. The passphrase goes\n"
            "over a local socket to a process of your own user, and nowhere else. A signer that is open\n"
            "destroys keys for sealed bundles whose time is over with it. With --status it only tells how\n"
            "the signer stands. Exit code 1 when it is still locked."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente unlock west\n  detente unlock west --status --json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument("home", metavar="HOME", type=Path, help=say("folder of this member's node"))
        parser.add_argument(
            "--status", action="store_true", help=say("tell how the signer stands, and unlock nothing")
        )
        parser.add_argument(
            "--passphrase-file",
            metavar="FILE",
            type=Path,
            help=say(
                "file with the passphrase of the keys; else DETENTE_PASSPHRASE_FILE names it, or it is asked"
            ),
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Unlock; 0 when the signer is open, 1 when it is still locked."""
        described(arguments.home)
        standing = _look(arguments.home)  # before a passphrase is asked for nothing
        if standing.state == "locked" and not arguments.status:
            prompt = say("Passphrase of {home}: ", home=arguments.home)
            unlock(arguments.home, read_passphrase(arguments.passphrase_file, prompt=prompt))
            standing = look(arguments.home)
        elif standing.old_sealing and not arguments.status:
            prompt = say("Passphrase of {home}: ", home=arguments.home)
            reload(arguments.home, read_passphrase(arguments.passphrase_file, prompt=prompt))
            standing = look(arguments.home)
        if arguments.json:
            terminal.result_json({name: getattr(standing, name) for name in standing.__struct_fields__})
        elif standing.state == "locked":
            terminal.result(say("the signer of {member} is locked", member=standing.member))
            if standing.fault:
                terminal.result(terminal.visible(standing.fault))
        else:
            terminal.result(say("the signer of {member} is ready", member=standing.member))
            if standing.old_sealing:
                terminal.result(
                    say("old keys for sealed bundles wait to be destroyed: {count}", count=standing.old_sealing)
                )
        return 1 if standing.state == "locked" else 0


def _look(home: Path) -> Standing:
    """Return how the signer stands; says what a person does where none runs. Raises SignerGone."""
    try:
        return look(home)
    except SignerGone as gone:
        if signer_socket(home).exists():
            raise
        raise SignerGone(
            expected=say("a running node"),
            came=say("nobody serves this home"),
            where=str(home),
            remedy=say("start it: detente serve {home}", home=home),
        ) from gone


UNLOCK = _Unlock()
