"""The verb with which keepers say who releases what people say: ``officers``."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.line import keys as line_keys
from detente.node.asking import add_home, add_passphrase, open_working, pairs, passphrase, reading, show
from detente.node.home_folder import keys_file
from detente.node.keyfile import open_keys
from detente.node.officers import Officers
from detente.node.officers_file import officers_document, read_officers

__all__ = ["OFFICERS"]

say = words.speaker("node")

_WHATS = ("list", "set", "none")


class _Officers:
    """``detente line officers``."""

    name = "officers"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("name the officers who must release what people say, or show them")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "WHAT is one of:\n"
            "  list      show the officers of this home; --json gives the file that set takes\n"
            "  set FILE  name them anew: from then on the signer signs nothing that people say without\n"
            "            the touch of as many of their authenticators as the file asks for\n"
            "  none      nobody need release anything: the passphrase alone speaks\n"
            "The list lies with the keys, under the keepers' passphrase. FILE is JSON:\n"
            '  {"format": 1, "kind": "officers", "member": "west", "site": "desk.example",\n'
            '   "origins": ["https://desk.example"], "needed": 1, "needed_for": {"notice.launch": 2},\n'
            '   "officers": [{"name": "Anna", "key": "04..."}]}\n'
            "key: the authenticator's public key, hexadecimal: the uncompressed point of P-256, 65 bytes, or\n"
            "the 32 bytes of Ed25519. site: the id under which it was made; origins: where the desk's pages\n"
            "are. spec/line/release.md says the rest. Give the same file to verifier/officers.py."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente line officers west list\n"
            "  detente line officers west set west.officers\n"
            "  detente line officers west list --json > west.officers\n"
            "  detente line officers west none"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument("what", choices=_WHATS, metavar="WHAT", help=say("list, set or none, as above"))
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=say("set: the officers, as above"))
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Show or change the officers; 0 when done, 1 when the person said no."""
        if (arguments.file is not None) != (arguments.what == "set"):
            raise ArgumentMistake(
                expected=say("set with a file, list and none without one"),
                came=say("no file") if arguments.file is None else str(arguments.file),
                where=arguments.what,
                remedy=say("see: line officers --help"),
            )
        with reading(arguments.home) as home:
            member = home.member
        if arguments.what == "list":
            listed = open_keys(keys_file(arguments.home), passphrase(arguments))[1]
            document = None if listed is None else officers_document(member, listed)
            show(arguments, document, lambda: _tell(member, listed))
            return 0
        named = read_officers(arguments.file, member) if arguments.what == "set" else None
        if not arguments.json:
            _tell(member, named)
        if sys.stdin is not None and sys.stdin.isatty() and arguments.passphrase_file is None:
            terminal.note(say("put this into force? type yes: "))
            if sys.stdin.readline().strip().lower() not in {"yes", say("yes")}:
                terminal.note(say("nothing was changed"))
                return 1
        secret = passphrase(arguments)
        with open_working(arguments.home, secret) as home:
            home.store_officers(named, secret)
        changed = None if named is None else officers_document(member, named)
        show(
            arguments,
            {"home": str(arguments.home), "officers": changed},
            lambda: terminal.note(say("in force")),
        )
        return 0


def _tell(member: str, officers: Officers | None) -> None:
    """Say who must release what this member says."""
    if officers is None:
        terminal.result(say("{member} has no officers: its passphrase alone speaks", member=member))
        return
    terminal.result(
        say.many(
            "what {member} says must be released by {count} of its officers, at {site}",
            "what {member} says must be released by {count} of its officers, at {site}",
            count=officers.needed,
            member=member,
            site=terminal.visible(officers.site),
        )
    )
    for kind, needed in sorted(officers.needed_for.items()):
        terminal.result("  " + say("{kind}: by {count}", kind=terminal.visible(kind), count=needed))
    pairs(
        {
            terminal.visible(one.name): line_keys.fingerprint_words(
                hashlib.sha256(bytes.fromhex(one.key)).digest()
            )
            for one in officers.officers
        }
    )


OFFICERS = _Officers()
