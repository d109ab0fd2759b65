"""The verbs that begin a line: ``root new``, ``init``, ``card``, ``join``."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.line import keys as line_keys
from detente.line.errors import LineMistake
from detente.line.load import join_parts
from detente.line.opening import Opening, first_opening
from detente.line.rootact import Keyring
from detente.node import ceremony
from detente.node.asking import (
    add_home,
    add_passphrase,
    open_working,
    pairs,
    passphrase,
    reading,
    show,
    warn_roots,
)
from detente.node.epochs import ProposedOpening, join_later, read_opening
from detente.node.home import found, head_folder, open_reading
from detente.node.host import clock_ms
from detente.node.keyfile import Keys, read_passphrase, read_root_key, write_keys, write_root_key
from detente.node.neutral import add_neutral, read_neutral, with_neutrals
from detente.node.serving.remote_host import RemoteHome

__all__ = ["CARD", "INIT", "JOIN", "ROOT_NEW"]

say = words.speaker("node")

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}", re.ASCII)


def fingerprint(public: str) -> str:
    """Return a public key's fingerprint in words."""
    return line_keys.fingerprint_words(bytes.fromhex(line_keys.key_id(bytes.fromhex(public))))


class _RootNew:
    """``detente line root new``."""

    name = "new"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("make one root key, encrypted in a file")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Makes one root key in one encrypted file, and beside it its card OUT.card, which is public.\n"
            "Root keys decide who a member is: make each on another machine, keep each with another\n"
            "person, never in a home."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line root new admiral.key"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument("out", metavar="OUT", type=Path, help=say("file to write; never one that exists"))
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Make the key; 0 when done."""
        secret = read_passphrase(
            arguments.passphrase_file, new=True, prompt=say("New passphrase of {file}: ", file=arguments.out)
        )
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw().hex()
        card = arguments.out.with_name(arguments.out.name + ".card")
        write_root_key(arguments.out, key, secret)
        ceremony.write_bytes(card, ceremony.root_card(public))
        document = {
            "file": str(arguments.out),
            "card": str(card),
            "key": public,
            "fingerprint": fingerprint(public),
        }

        def text() -> None:
            terminal.result(say("root key (keep it secret): {file}", file=terminal.visible(str(arguments.out))))
            terminal.result(say("its card (public): {file}", file=terminal.visible(str(card))))
            pairs({say("fingerprint"): fingerprint(public)})

        show(arguments, document, text)
        return 0


class _Init:
    """``detente line init``."""

    name = "init"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("found a member's home: its keys and its card")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Makes the member's operational, cosigning and sealing keys in HOME, and its card, signed by\n"
            "its root keys. --root names root keys made before with `root new`: key files sign at once;\n"
            "of cards alone a proposal is written beside HOME, to be approved on other machines and\n"
            "committed (see: line key). Without --root, root key files are made beside HOME: carry them\n"
            "away at once."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente line init west --member west\n"
            "  detente line init west --member west --root-keys 5 --root-needed 3\n"
            "  detente line init west --member west --root a.key.card b.key.card c.key.card --root-needed 2"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument(
            "--member", required=True, metavar="NAME", help=say("the member's name: small letters, digits, -")
        )
        roots = parser.add_mutually_exclusive_group()
        roots.add_argument(
            "--root", nargs="+", type=Path, metavar="CARD", help=say("root cards or root key files made before")
        )
        roots.add_argument(
            "--root-keys", type=int, default=3, metavar="N", help=say("how many root keys to make; 3 by default")
        )
        parser.add_argument(
            "--root-needed",
            type=int,
            default=None,
            metavar="K",
            help=say("how many of them must agree; 2 by default"),
        )
        add_passphrase(parser)
        parser.add_argument(
            "--root-passphrase-file",
            metavar="FILE",
            type=Path,
            help=say("file with the passphrase of the root keys; else as for the home's keys"),
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Found the home, or write the proposal of its card; 0 when done."""
        home: Path = arguments.home
        _check_new(arguments)
        secret = read_passphrase(
            arguments.passphrase_file, new=True, prompt=say("New passphrase of {home}: ", home=home)
        )
        own = Keys.make(clock_ms())
        made: list[tuple[Path, Ed25519PrivateKey]] = []
        if arguments.root is None:
            made = [
                (home.with_name(f"{home.name}.root-{number}.key"), Ed25519PrivateKey.generate())
                for number in range(1, arguments.root_keys + 1)
            ]
            publics = [key.public_key().public_bytes_raw().hex() for _, key in made]
        else:
            publics = [ceremony.read_root(path)[0] for path in arguments.root]
        needed = arguments.root_needed or min(2, len(publics))
        proposal = ceremony.card_act(arguments.member, own.public(), publics, needed, clock_ms())
        signing = [key for _, key in made] or _given_roots(arguments, needed)
        for key in signing[:needed]:
            proposal = proposal.approve(key)
        if len(proposal.signatures) < needed:
            return _propose(arguments, proposal, own, secret)
        card = proposal.envelope()
        root_secret = _root_secret(arguments, secret) if made else b""
        try:
            for path, key in made:
                write_root_key(path, key, root_secret)
            found(home, own, card, secret)
        except BaseException:
            for path, _ in made:  # root keys of a home that never was would only confuse
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            raise
        _founded(arguments, [path for path, _ in made])
        return 0


class _Card:
    """``detente line card``."""

    name = "card"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("show this member's public card")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Writes the public card to standard output: who this member is, signed by its root keys. Hand\n"
            "it over face to face, and compare the fingerprint in words by voice."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line card west > west.card"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Write the card; 0 when done."""
        with reading(arguments.home) as home:
            acts, ring = home.acts(), home.ring()
        words_of_card = line_keys.fingerprint_words(bytes.fromhex(ring.card))
        if arguments.json:
            terminal.result_json(_card_document(ring, acts))
            return 0
        sys.stdout.write("".join(one.decode() + "\n" for one in acts))
        terminal.note(say("card of {member}: {words}", member=ring.member, words=words_of_card))
        return 0


class _Join:
    """``detente line join``."""

    name = "join"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("join a line with the cards of everybody on it")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Every member and observer runs the same command with the same cards, its own among them, and\n"
            "reads the fingerprint aloud: all must hear the same words. An observer mirrors statements,\n"
            "not bodies, and confirms them; it writes nothing. Observers are neutral between all members;\n"
            "--neutral west=north says that north is so for west: it heeds a revocation of west's keys as a\n"
            "third side, and its clock may settle a deadline. Everybody must give the same. With --opening\n"
            "a party joins a line that has begun before. In order: line init and line card on each side;\n"
            "hand the cards over, best face to face; join on each side; then cert and serve, or carry\n"
            "bundles with pack and take."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return (
            "  detente line join west --line baltic west.card east.card\n"
            "  detente line join west --line baltic west.card east.card --observer un.card --training\n"
            "  detente line join west --line baltic west.card east.card north.card --neutral west=north\n"
            "  detente line join south --opening baltic-2.opening"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        # the parser of the standard library gives words after an option to that option only
        parser.add_argument(
            "--line",
            nargs="+",
            metavar=("NAME", "CARD"),
            help=say("the line's name (small letters, digits, -), then the members' cards"),
        )
        parser.add_argument(
            "cards", nargs="*", type=Path, metavar="CARD", help=say("members' cards, if not after --line")
        )
        parser.add_argument(
            "--observer", action="append", default=[], type=Path, metavar="CARD", help=say("an observer's card")
        )
        add_neutral(parser, say("parties that are neutral for a member, besides the observers; may be repeated"))
        parser.add_argument("--training", action="store_true", help=say("an exercise: every screen will say so"))
        parser.add_argument(
            "--opening",
            type=Path,
            metavar="FILE",
            help=say("join a later epoch: the opening that `key propose` wrote"),
        )
        add_passphrase(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Join; 0 when done."""
        with open_reading(arguments.home) as home:
            warn_roots(arguments.home)
            own = home.ring()
        if arguments.opening is not None:
            if arguments.cards or arguments.observer or arguments.line or arguments.neutral or arguments.training:
                raise _mistake(
                    say("--opening alone"),
                    say("what it says already beside it"),
                    "--opening",
                    say("leave them out"),
                )
            proposed = read_opening(arguments.opening)
            opening = proposed.opening
        else:
            name, members, observers = _cards(arguments, own)
            opening = with_neutrals(
                first_opening(name, members, observers, training=arguments.training),
                read_neutral(arguments.neutral),
            )
            proposed = ProposedOpening((opening,), (*members, *observers))
        with open_working(arguments.home, passphrase(arguments)) as home:
            if isinstance(home, RemoteHome):
                home.join_opening(proposed)
            elif arguments.opening is None:
                home.join(opening.line, join_parts(opening, list(proposed.rings)))
            else:
                join_later(home, proposed)
        _joined(arguments, opening, own.member)
        return 0


def _check_new(arguments: argparse.Namespace) -> None:
    """Refuse before a passphrase is asked what cannot become a home."""
    home: Path = arguments.home
    if not _NAME.fullmatch(arguments.member):
        raise _mistake(
            say("a name of small letters, digits and -, beginning with a letter, at most 31"),
            arguments.member,
            "--member",
            say("choose another name"),
        )
    for place in (home, head_folder(home), _pending(home), _proposal_of(home)):
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise _mistake(
                say("a new or empty folder"),
                say("something that exists already"),
                str(place),
                say("choose another"),
            )
    if arguments.root is None:
        for number in range(1, max(arguments.root_keys, 0) + 1):
            path = home.with_name(f"{home.name}.root-{number}.key")
            if path.exists():
                raise _mistake(
                    say("a new file"), say("a file that exists"), str(path), say("carry it away first")
                )
        if not 1 <= arguments.root_keys <= 16:
            raise _mistake(say("1 to 16 root keys"), str(arguments.root_keys), "--root-keys", say("choose fewer"))


def _given_roots(arguments: argparse.Namespace, needed: int) -> list[Ed25519PrivateKey]:
    """Return as many of the named root keys as are needed and lie here as files."""
    found: list[Ed25519PrivateKey] = []
    for path in arguments.root:
        if ceremony.read_root(path)[1] and len(found) < needed:
            secret = read_passphrase(
                arguments.root_passphrase_file or arguments.passphrase_file,
                prompt=say("Passphrase of {file}: ", file=path),
            )
            found.append(read_root_key(path, secret))
    return found


def _root_secret(arguments: argparse.Namespace, secret: bytes) -> bytes:
    """Return the passphrase of root keys made here: its own file, or one asked for; the home's from a file."""
    if arguments.root_passphrase_file is not None:
        return read_passphrase(arguments.root_passphrase_file)
    if arguments.passphrase_file is not None or not sys.stdin.isatty():
        return secret
    return read_passphrase(None, new=True, prompt=say("New passphrase of the root keys: "))


def _pending(home: Path) -> Path:
    """Return where the keys of a home lie whose card is not approved yet."""
    return home.with_name(home.name + ".pending-keys")


def _proposal_of(home: Path) -> Path:
    return home.with_name(home.name + ".card-proposal")


def _propose(arguments: argparse.Namespace, proposal: ceremony.Proposal, own: Keys, secret: bytes) -> int:
    """Write the proposal of a card and the keys that wait for it."""
    home: Path = arguments.home
    write_keys(_pending(home), {0: own}, secret)
    ceremony.write_bytes(_proposal_of(home), proposal.encode())
    missing = proposal.root.needed - len(proposal.signatures)
    document = {"proposal": str(_proposal_of(home)), "approvals_missing": missing}

    def text() -> None:
        terminal.note(
            say.many(
                "the card of {member} waits for {count} approval: {file}",
                "the card of {member} waits for {count} approvals: {file}",
                count=missing,
                member=arguments.member,
                file=terminal.visible(str(_proposal_of(home))),
            )
        )
        terminal.note(
            say("  on other machines: detente line key approve {file} --root-key KEY", file=_proposal_of(home))
        )
        terminal.note(
            say("  then here: detente line key commit {home} {file}", home=home, file=_proposal_of(home))
        )

    show(arguments, document, text)
    return 0


def _founded(arguments: argparse.Namespace, roots: list[Path]) -> None:
    with open_reading(arguments.home) as home:
        ring, acts = home.ring(), home.acts()
    document = {
        **_card_document(ring, acts),
        "home": str(arguments.home),
        "root_files": [str(one) for one in roots],
    }

    def text() -> None:
        assert ring.root is not None  # a card always has one
        terminal.result(
            say("home of {member}: {home}", member=ring.member, home=terminal.visible(str(arguments.home)))
        )
        pairs(
            {
                say("card"): line_keys.fingerprint_words(bytes.fromhex(ring.card)),
                **{
                    say("root key {number}", number=number): fingerprint(public)
                    for number, public in enumerate(ring.root.keys, 1)
                },
            }
        )
        terminal.note(
            say("{needed} of {count} root keys decide for it", needed=ring.root.needed, count=len(ring.root.keys))
        )

    show(arguments, document, text)
    warn_roots(arguments.home)


def _card_document(ring: Keyring, acts: list[bytes]) -> dict[str, object]:
    assert ring.root is not None  # a card always has one
    return {
        "member": ring.member,
        "card": ring.card,
        "fingerprint": line_keys.fingerprint_words(bytes.fromhex(ring.card)),
        "generation": ring.generation,
        "root_keys": list(ring.root.keys),
        "root_needed": ring.root.needed,
        "acts": [one.decode() for one in acts],
    }


def _cards(arguments: argparse.Namespace, own: Keyring) -> tuple[str, list[Keyring], list[Keyring]]:
    """Return the line's name, members' and observers' keyrings.

    Refuses a doubled, foreign or missing card by name.
    """
    name, *after = arguments.line or ("",)
    paths = [*map(Path, after), *arguments.cards]
    if not name or not paths:
        raise _mistake(
            say("--line NAME and the members' cards"), say("none"), "join", say("see: line join --help")
        )
    if not _NAME.fullmatch(name):
        raise _mistake(
            say("a name of small letters, digits and -, beginning with a letter, at most 31"),
            name,
            "--line",
            say("choose another name; all parties the same"),
        )
    seen: dict[str, Path] = {}
    rings: dict[Path, Keyring] = {}
    for path in [*paths, *arguments.observer]:
        ring = ceremony.read_card(path)
        for known in (ring.member, ring.card):
            if known in seen:
                raise _mistake(
                    say("each party once"),
                    say("{member} in {one} and in {other}", member=ring.member, one=seen[known], other=path),
                    str(path),
                    say("give each card once; two parties need two names"),
                )
            seen[known] = path
        rings[path] = ring
    if len(paths) == 1:
        raise _mistake(
            say("the cards of at least two members, this home's own among them"),
            str(paths[0]),
            "join",
            say("add the other side's card, which its owner handed over, or this one's: detente line card"),
        )
    mine = next((ring for ring in rings.values() if ring.member == own.member), None)
    if mine is None or mine.card != own.card:
        raise _mistake(
            say("this home's own card among them"),
            say("none of {member}", member=own.member)
            if mine is None
            else say("another card under the name {member}", member=own.member),
            str(arguments.home),
            say("add it: detente line card {home}", home=arguments.home),
        )
    return name, [rings[path] for path in paths], [rings[path] for path in arguments.observer]


def _joined(arguments: argparse.Namespace, opening: Opening, me: str) -> None:
    document = {
        "line": opening.line,
        "name": opening.name,
        "epoch": opening.epoch,
        "training": opening.training,
        "fingerprint": opening.fingerprint(),
        "seats": [
            {
                "member": seat.member,
                "role": seat.role,
                "card": seat.card,
                "neutral_for": list(seat.neutral_for),
            }
            for seat in opening.seats
        ],
    }

    def text() -> None:
        if opening.training:
            terminal.note(say("TRAINING: line {line} is an exercise; nothing on it is real", line=opening.line))
        terminal.result(
            say("{member} joined line {line}, epoch {epoch}", member=me, line=opening.line, epoch=opening.epoch)
        )
        roles = {"member": say("member"), "observer": say("observer")}
        terminal.table(
            (say("party"), say("role"), say("neutral for"), say("card")),
            [
                (
                    seat.member,
                    roles[seat.role],
                    ", ".join(seat.neutral_for) or "-",
                    line_keys.fingerprint_words(bytes.fromhex(seat.card)),
                )
                for seat in opening.seats
            ],
        )
        pairs({say("fingerprint of the line"): opening.fingerprint()})
        terminal.note(say("read the line's fingerprint aloud: every party must see the same words"))

    show(arguments, document, text)


def _mistake(expected: str, came: str, where: str, remedy: str) -> ArgumentMistake | LineMistake:
    return ArgumentMistake(expected=expected, came=came, where=where, remedy=remedy)


ROOT_NEW = _RootNew()
INIT = _Init()
CARD = _Card()
JOIN = _Join()
