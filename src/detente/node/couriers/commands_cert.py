"""The verb ``cert``: makes, shows and checks the certificates of the couriers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.node.asking import show
from detente.node.couriers.advice import finding_sentence, other_parties, peers_of, unknown_lines
from detente.node.couriers.certificates import (
    ALGORITHMS,
    DAYS_DEFAULT,
    DAYS_MAX,
    FOLDER,
    Certificate,
    make,
    now_utc,
    read_certificates,
    write_new,
)
from detente.node.couriers.peers import Peers, certificate_files
from detente.node.home import Home, open_reading
from detente.node.settings.reading import read_settings
from detente.node.settings.structs import path_in

__all__ = ["CERT"]

say = words.speaker("node")


class _Cert:
    """``detente cert``: three verbs."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Couriers know each other by certificates that their keepers exchanged beforehand, as they\n"
            "exchanged their cards; there is no authority. new makes this node's own, and a file to hand\n"
            "to each peer; show prints a certificate's fingerprint in words, to be compared by voice;\n"
            "check says which file or peer fails and why, and ends with 1 when one does. In order: new on\n"
            "both sides; each hands over HOME/certificates/MEMBER.pem, the other puts it into its own\n"
            "HOME/certificates; both read the words of show to each other; the settings name the file;\n"
            "check; serve."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente cert new west\n"
            "  detente cert show west\n"
            "  detente cert show west certificates/east.pem\n"
            "  detente cert check west"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument("cert_verb", choices=("new", "show", "check"), help=say("what to do"))
        parser.add_argument("home", metavar="HOME", type=Path, help=say("folder of this member's node"))
        parser.add_argument(
            "files",
            nargs="*",
            metavar="FILE",
            type=Path,
            help=say("show: certificate files; else this node's own"),
        )
        parser.add_argument(
            "--algorithm", choices=ALGORITHMS, default=ALGORITHMS[0], help=say("new: kind of key")
        )
        parser.add_argument(
            "--days", type=int, default=DAYS_DEFAULT, metavar="N", help=say("new: how long it is valid")
        )
        parser.add_argument(
            "--replace", action="store_true", help=say("new: take the place of the one that is there")
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Do what was asked; check: 1 when something fails."""
        with open_reading(arguments.home) as home:
            return {"new": _new, "show": _show, "check": _check}[arguments.cert_verb](arguments, home)


def _new(arguments: argparse.Namespace, home: Home) -> int:
    own = path_in(home.path, read_settings(home.path).courier.certificate)
    public = home.path / FOLDER / f"{home.member}.pem"
    if not 1 <= arguments.days <= DAYS_MAX:
        raise ArgumentMistake(
            expected=say("a whole number from {low} to {high}", low=1, high=DAYS_MAX),
            came=str(arguments.days),
            where="--days",
            remedy=say("leave it out for {days}", days=DAYS_DEFAULT),
        )
    if own.exists() and not arguments.replace:
        raise ArgumentMistake(
            expected=say("a home without a certificate"),
            came=str(own),
            where="HOME",
            remedy=say("add --replace; every peer must then get the new file"),
        )
    private, certificate = make(home.member, algorithm=arguments.algorithm, days=arguments.days, now=now_utc())
    write_new(own, public, private, certificate)
    document = {"key": str(own), "certificate": str(public), **_document(certificate)}

    def text() -> None:
        terminal.result(say("made: {file}", file=terminal.visible(str(own))))
        terminal.result(say("hand to each peer: {file}", file=terminal.visible(str(public))))
        _print(certificate)

    show(arguments, document, text)
    return 0


def _show(arguments: argparse.Namespace, home: Home) -> int:
    own = path_in(home.path, read_settings(home.path).courier.certificate)
    files = [path_in(home.path, str(one)) if not one.exists() else one for one in arguments.files] or [own]
    found = [(path, one) for path in files for one in read_certificates(path)]

    def text() -> None:
        for path, one in found:
            terminal.result(terminal.visible(str(path)))
            _print(one)

    show(arguments, {"certificates": [{"file": str(path), **_document(one)} for path, one in found]}, text)
    return 0


def _check(arguments: argparse.Namespace, home: Home) -> int:
    settings = read_settings(home.path)
    parties = other_parties(home)
    peers = peers_of(home, settings, parties)
    failing = [one for one in peers.findings if not one.warns]
    document = {
        "home": str(home.path),
        "good": not failing,
        "peers": [
            {"line": line, "party": party, **_document(one)}
            for (line, party), found in peers.of.items()
            for one in found
        ],
        "auditors": [_document(one) for one in peers.auditors.values()],
        "findings": [
            {
                "file": one.file,
                "line": one.line or None,
                "party": one.party or None,
                "what": one.what,
                "warns": one.warns,
            }
            for one in peers.findings
        ],
    }
    named = len(certificate_files(settings, home.path, parties))

    def text() -> None:
        _tell(peers, home.member)
        for name in unknown_lines(settings, parties):
            terminal.note(
                terminal.visible(say("settings.toml: line {line}: this home has joined no such line", line=name))
            )
        if not parties:
            terminal.note(say("this home has joined no line yet: see detente line join"))
        elif not named:
            terminal.note(say("the settings name no peer's certificate yet: see detente settings"))

    show(arguments, document, text)
    return 1 if failing else 0


def _tell(peers: Peers, member: str) -> None:
    for one in peers.findings:
        terminal.result(terminal.visible(finding_sentence(one, member)))
    for (line, party), found in sorted(peers.of.items()):
        for certificate in found:
            who = say("{party} on line {line}", party=party, line=line)
            day = f"{certificate.not_after:%Y-%m-%d}"
            terminal.result(terminal.visible(say("good: {who}, until {day}", who=who, day=day)))
    for certificate in peers.auditors.values():
        who = say("auditor {name}", name=certificate.name)
        day = f"{certificate.not_after:%Y-%m-%d}"
        terminal.result(terminal.visible(say("good: {who}, until {day}", who=who, day=day)))


def _print(one: Certificate) -> None:
    terminal.result(
        terminal.visible(
            say(
                "  {name}, {algorithm}, from {start} until {end}",
                name=one.name,
                algorithm=one.algorithm,
                start=f"{one.not_before:%Y-%m-%d}",
                end=f"{one.not_after:%Y-%m-%d}",
            )
        )
    )
    terminal.result(say("  fingerprint: {words}", words=one.fingerprint()))


def _document(one: Certificate) -> dict[str, Any]:
    return {
        "name": one.name,
        "algorithm": one.algorithm,
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
        "sha256": one.sha256,
        "fingerprint": one.fingerprint(),
    }


CERT = _Cert()
