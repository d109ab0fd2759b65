"""What a person should know before the couriers run: certificates that fail, lines that nothing carries.

Nothing here stops anything. It is said once, where the person still looks: on ``detente cert check``, and before
``detente serve`` writes its log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from detente import words
from detente.node.book import Book
from detente.node.couriers.certificates import now_utc
from detente.node.couriers.peers import Finding, Peers, find_peers
from detente.node.home import Home
from detente.node.settings.structs import HttpsTo, Settings, bare_name

__all__ = ["finding_sentence", "other_parties", "peers_of", "uncarried", "unknown_lines", "what_is_missing"]

say = words.speaker("node")


def other_parties(home: Home) -> dict[str, list[str]]:
    """Return the other parties of every line that a home has joined."""
    return {line: sorted(Book.open(home.member, home.record(line)).state.parties) for line in home.lines()}


def peers_of(home: Home, settings: Settings, parties: Mapping[str, Iterable[str]]) -> Peers:
    """Return the certificates in use at a home, with what is wrong with them."""
    return find_peers(settings, home.path, home.member, parties, now_utc())


def finding_sentence(one: Finding, member: str) -> str:
    """Return one line that names whose certificate fails or soon will, in which file, and why."""
    sentence = say("{file}: {what}", file=one.file, what=one.what)
    who = say("{party} on line {line}", party=one.party, line=one.line) if one.party else member
    mark = say("soon") if one.warns else say("FAILS")
    return f"{mark}: {who}: {sentence}"


def unknown_lines(settings: Settings, lines: Iterable[str]) -> list[str]:
    """Return names of lines in the settings under which this home joined none."""
    joined = list(lines)
    return sorted(set(settings.line) - {*joined, *(bare_name(line) for line in joined)})


def uncarried(settings: Settings, line: str, parties: Iterable[str]) -> list[str]:
    """Return the parties of a line for which the settings name no courier."""
    named = settings.of_line(line).courier
    return sorted(party for party in parties if not named.get(party))


def what_is_missing(home: Home, settings: Settings) -> list[str]:
    """Return sentences on everything that keeps a node, started now, from exchanging bundles by itself."""
    parties = other_parties(home)
    if not parties:
        return [
            say(
                "{member} has joined no line yet: see detente line join. A line that is joined later runs at once",
                member=home.member,
            )
        ]
    found = [
        say("settings.toml: line {line}: this home has joined no such line", line=name)
        for name in unknown_lines(settings, parties)
    ]
    for line, others in parties.items():
        if left := uncarried(settings, line, others):
            found.append(
                say(
                    "line {line}: settings.toml names no courier for {names}; bundles for them are carried by hand",
                    line=line,
                    names=", ".join(left),
                )
            )
    if settings.courier.listen or _calls(settings, parties):
        found += [
            finding_sentence(one, home.member)
            for one in peers_of(home, settings, parties).findings
            if not one.warns
        ]
    return found


def _calls(settings: Settings, lines: Iterable[str]) -> bool:
    """Whether any courier of these lines goes over HTTPS."""
    return any(
        isinstance(courier, HttpsTo)
        for line in lines
        for couriers in settings.of_line(line).courier.values()
        for courier in couriers
    )
