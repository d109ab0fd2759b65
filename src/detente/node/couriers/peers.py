"""Who may come: which certificate is whose, on which lines, and what is wrong with what the settings name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from detente import words
from detente.node.couriers.certificates import Certificate, check_own, read_certificates
from detente.node.couriers.errors import CertificateMistake
from detente.node.settings.structs import HttpsTo, Settings, path_in

__all__ = ["Finding", "Peers", "certificate_files", "find_peers"]

say = words.speaker("node")

_WARN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (or soon will be, ``warns``) with a certificate. party "" is this node itself."""

    file: str
    line: str
    party: str
    what: str
    warns: bool = False


@dataclass(slots=True)
class Peers:
    """The certificates in use: whose each one is.

    own: this node's own by SHA-256, "" when it cannot be used. holders: SHA-256 -> line -> party. of: line and party ->
    its certificates that are good now. auditors: SHA-256 -> certificate of who may read the logs in tiles, and nothing
    else.
    """

    holders: dict[str, dict[str, str]] = field(default_factory=dict)
    of: dict[tuple[str, str], tuple[Certificate, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    own: str = ""
    auditors: dict[str, Certificate] = field(default_factory=dict)

    def anchors(self) -> list[Certificate]:
        """Return every certificate that may come, once."""
        found = {one.sha256: one for certificates in self.of.values() for one in certificates}
        return list((found | self.auditors).values())

    def lines_of(self, sha256: str) -> Mapping[str, str]:
        """Return line -> party for who shows this certificate; empty for a stranger."""
        return self.holders.get(sha256, {})

    def is_auditor(self, sha256: str) -> bool:
        """Tell whether who shows this certificate is named as an auditor."""
        return sha256 in self.auditors

    def name_of(self, sha256: str) -> str:
        """Return the party that shows this certificate, or ""."""
        return next(iter(self.holders.get(sha256, {}).values()), "")


def certificate_files(settings: Settings, home: Path, lines: Iterable[str]) -> list[tuple[str, str, Path]]:
    """Return line, party and file of every certificate that the settings name for these lines."""
    return [
        (line, party, path_in(home, courier.certificate))
        for line in lines
        for party, couriers in sorted(settings.of_line(line).courier.items())
        for courier in couriers
        if isinstance(courier, HttpsTo)
    ]


def find_peers(
    settings: Settings,
    home: Path,
    member: str,
    parties: Mapping[str, Iterable[str]],
    now: datetime,
) -> Peers:
    """Read every certificate that the settings name. parties: line -> its other parties.

    Never raises for a bad file: it stands in ``findings``, and who has no good certificate cannot come or be called.
    """
    peers = Peers()
    own = path_in(home, settings.courier.certificate)
    own_sha = ""
    try:
        found = check_own(own, now)
        own_sha = peers.own = found.sha256
        peers.findings += _own_findings(own, found, member, now)
    except CertificateMistake as mistake:
        peers.findings.append(Finding(str(own), "", "", mistake.came))
    for line, party, path in certificate_files(settings, home, parties):
        if party not in parties[line]:
            what = say("{party} is no party of line {line}: its card is another line's", party=party, line=line)
            peers.findings.append(Finding(str(path), line, party, what))
            continue
        try:
            certificates = read_certificates(path)
        except CertificateMistake as mistake:
            peers.findings.append(Finding(str(path), line, party, mistake.came))
            continue
        for one in certificates:
            _add(peers, one, (str(path), line, party), now, own_sha)
    _add_auditors(peers, settings, home, now)
    return peers


def _add_auditors(peers: Peers, settings: Settings, home: Path, now: datetime) -> None:
    """Add the certificates of auditors. A peer's is refused: it would read every line of the home by a slip."""
    taken = {peers.own, *_all_named(settings, home)} - {""}
    for name in settings.readers.auditors:
        path = path_in(home, name)
        try:
            certificates = read_certificates(path)
        except CertificateMistake as mistake:
            peers.findings.append(Finding(str(path), "", "", say("an auditor's: {fault}", fault=mistake.came)))
            continue
        for one in certificates:
            fault = one.fault(now)
            if one.sha256 in taken:
                fault = say("this node's own certificate or a peer's, which reads its own lines anyhow")
            if fault:
                peers.findings.append(Finding(str(path), "", "", say("an auditor's: {fault}", fault=fault)))
                continue
            peers.auditors[one.sha256] = one
            if soon := _soon(one, now):
                what = say("an auditor's: {fault}", fault=soon)
                peers.findings.append(Finding(str(path), "", "", what, warns=True))


def _all_named(settings: Settings, home: Path) -> set[str]:
    """Return the SHA-256 of every peer's certificate that the settings name, for lines not joined yet too."""
    files = {
        path_in(home, courier.certificate)
        for line in settings.line.values()
        for couriers in line.courier.values()
        for courier in couriers
        if isinstance(courier, HttpsTo)
    }
    found: set[str] = set()
    for path in files:
        with contextlib.suppress(CertificateMistake):  # said where it is looked at for its line
            found.update(one.sha256 for one in read_certificates(path))
    return found


def _add(peers: Peers, one: Certificate, place: tuple[str, str, str], now: datetime, own_sha: str) -> None:
    """Add one certificate under its party, or say why not."""
    file, line, party = place
    fault = one.fault(now)
    others = {name for name in peers.holders.get(one.sha256, {}).values() if name != party}
    if one.sha256 == own_sha:
        fault = say("this node's own certificate in a peer's place")
    elif others:
        fault = say(
            "the same certificate as {other}'s: one of the two files is swapped", other=", ".join(sorted(others))
        )
    elif one.name != party and not fault:
        fault = say("a certificate of {name} in the place of {party}: swapped?", name=one.name, party=party)
    if fault:
        peers.findings.append(Finding(file, line, party, fault))
        return
    peers.holders.setdefault(one.sha256, {})[line] = party
    known = peers.of.get((line, party), ())
    if one.sha256 not in {each.sha256 for each in known}:
        peers.of[line, party] = (*known, one)
    if soon := _soon(one, now):
        peers.findings.append(Finding(file, line, party, soon, warns=True))


def _own_findings(path: Path, own: Certificate, member: str, now: datetime) -> list[Finding]:
    found = []
    if own.name != member:
        found.append(
            Finding(
                str(path),
                "",
                "",
                say("a certificate of {name}, and this node is {member}", name=own.name, member=member),
            )
        )
    if soon := _soon(own, now):
        found.append(Finding(str(path), "", "", soon, warns=True))
    return found


def _soon(one: Certificate, now: datetime) -> str:
    days = (one.not_after - now).days
    return say("expires in {days} days", days=days) if days < _WARN_DAYS else ""
