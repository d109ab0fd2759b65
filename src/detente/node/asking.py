"""What the verbs of the line share: their options, the passphrase, warnings before and alarms after the work."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.line.checkpoint import Origin
from detente.line.effects import Alarm, Ticked
from detente.node.book import Book
from detente.node.home import Home, open_reading, open_writing
from detente.node.host import Host, clock_ms, one_line, speaking
from detente.node.keychange import destroy_old_sealing
from detente.node.keyfile import read_passphrase
from detente.node.limits import limits_of
from detente.node.sentences import alarm_sentence, priority_word
from detente.node.serving.remote_host import RemoteHome, remote_lines, running_node
from detente.node.serving.wire import Looks
from detente.node.settings.reading import NAME
from detente.store.errors import StoreFailure

__all__ = [
    "Subcommand",
    "add_home",
    "add_line",
    "add_passphrase",
    "all_lines",
    "may_leave",
    "open_working",
    "pairs",
    "passphrase",
    "reading",
    "root_files_beside",
    "say_training",
    "speaker_of",
    "with_line",
]

say = words.speaker("node")


class Subcommand(Protocol):
    """One verb under ``detente line``; the same shape as a verb at the door, with its name and summary."""

    name: str

    def summary(self) -> str: ...  # noqa: D102 - the class says it
    def describe(self) -> str: ...  # noqa: D102
    def examples(self) -> str: ...  # noqa: D102
    def configure(self, parser: argparse.ArgumentParser) -> None: ...  # noqa: D102
    def run(self, arguments: argparse.Namespace) -> int: ...  # noqa: D102


def add_home(parser: argparse.ArgumentParser) -> None:
    """Add the home folder."""
    parser.add_argument("home", metavar="HOME", type=Path, help=say("folder of this member's node"))


def add_line(parser: argparse.ArgumentParser) -> None:
    """Add the choice of a line."""
    parser.add_argument(
        "--line", metavar="LINE", help=say("the line's name or id; not needed while the home has only one")
    )


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Add where the passphrase comes from."""
    parser.add_argument(
        "--passphrase-file",
        metavar="FILE",
        type=Path,
        help=say("file with the passphrase of the keys; else DETENTE_PASSPHRASE_FILE names it, or it is asked"),
    )


def passphrase(arguments: argparse.Namespace) -> bytes:
    """Return the passphrase of the home's keys."""
    return read_passphrase(arguments.passphrase_file, prompt=say("Passphrase of {home}: ", home=arguments.home))


def root_files_beside(home: Path) -> list[Path]:
    """Return root key files that still lie beside a home."""
    whole = home.absolute()
    return sorted(whole.parent.glob(f"{whole.name}.root-*.key"))


def warn_roots(home: Path) -> None:
    """Say on every verb that root keys lie where a thief of the node finds them."""
    found = root_files_beside(home)
    if found:
        terminal.note(
            say.many(
                "WARNING: {count} root key lies beside this home: {files}",
                "WARNING: {count} root keys lie beside this home: {files}",
                count=len(found),
                files=", ".join(terminal.visible(one.name) for one in found),
            )
        )
        terminal.note(say("  carry each to another place and person: whoever has enough of them is this member"))


def say_training(lines: Iterable[str]) -> None:
    """Say that a line is for training, whenever one is touched."""
    for line in lines:
        if line.startswith("training-"):
            terminal.note(say("TRAINING: line {line} is an exercise; nothing on it is real", line=line))


@contextmanager
def reading(home: Path) -> Iterator[Home]:
    """Open a home for reading, beside a running writer, with the warnings that every verb gives."""
    with open_reading(home) as opened:
        warn_roots(home)
        yield opened


@contextmanager
def speaker_of(arguments: argparse.Namespace) -> Iterator[tuple[Home, Host]]:
    """Open a home for writing and run the one line that was asked for.

    Tell alarms at the end, whatever happened.
    """
    with all_lines(arguments, lambda home: [one_line(home, arguments.line)]) as (home, hosts):
        yield home, next(iter(hosts.values()))


@contextmanager
def all_lines(
    arguments: argparse.Namespace,
    lines: Callable[[Home], list[str]] = Home.lines,
    *,
    quota_bytes: int | None = None,
    secret: bytes | None = None,
    keeper: bool = False,
) -> Iterator[tuple[Home, dict[str, Host]]]:
    """Open a home for writing and run several lines, or hand what is written to the node that runs for it.

    quota_bytes: the most of one party, instead of what is set for the line. secret: the passphrase when it was
    asked for before. keeper: it is asked for beside a running node, too.
    """
    warn_roots(arguments.home)
    with open_reading(arguments.home) as home:
        chosen = lines(home)  # a wrong name is said before a passphrase is asked, and a wrong setting
    limits = limits_of(arguments.home, quota_bytes=quota_bytes)
    link = running_node(arguments.home)
    if link is not None:
        with remote_lines(link, arguments.home, chosen, limits) as (running, hosts):
            if quota_bytes is not None:
                raise _quota_is_set(arguments.home, quota_bytes)
            say_training(hosts)
            if secret is not None or keeper:
                running.unlock(passphrase(arguments) if secret is None else secret)
            with _told_in_the_end(hosts, Ticked()):
                yield running, hosts
        return
    secret = passphrase(arguments) if secret is None else secret
    with speaking(arguments.home, secret, lines=lines, limits=limits) as (home, hosts):
        say_training(hosts)
        _destroy_old_sealing(home, secret)
        # nothing runs between two verbs: what fell due meanwhile is told now
        with _told_in_the_end(hosts, Ticked(tests=False)):
            yield home, hosts


@contextmanager
def _told_in_the_end(hosts: Mapping[str, Host], due: Ticked) -> Iterator[None]:
    """Look at what is due when the work is done, and tell alarms whatever happened."""
    try:
        yield
        for host in hosts.values():
            host.give(due)
    finally:
        for host in hosts.values():
            tell(host.alarms)


def _quota_is_set(home: Path, quota_bytes: int) -> ArgumentMistake:
    return ArgumentMistake(
        expected=say("what the running node is set to keep"),
        came=str(quota_bytes),
        where="--quota-bytes",
        remedy=say("set quota_bytes in {file} and start the node anew", file=str(home / NAME)),
    )


def _destroy_old_sealing(home: Home, secret: bytes) -> None:
    destroyed = destroy_old_sealing(home, secret, clock_ms())
    if destroyed:
        terminal.note(
            say.many(
                "{count} old sealing key destroyed: what was sealed for it opens no more",
                "{count} old sealing keys destroyed: what was sealed for them opens no more",
                count=destroyed,
            )
        )


def open_working(path: Path, secret: bytes) -> Home:
    """Open a home for a keeper's work: for writing, or beside the node that runs for it, with its keys."""
    link = running_node(path)
    if link is None:
        return open_writing(path, secret)
    home = RemoteHome(path, link)
    try:
        home.unlock(secret)
    except BaseException:
        home.close()
        raise
    return home


@contextmanager
def with_line(arguments: argparse.Namespace) -> Iterator[tuple[Home, Book]]:
    """Open the book of the line that was asked for, for reading."""
    with reading(arguments.home) as home:
        line = one_line(home, arguments.line)
        say_training([line])
        yield home, Book.open(home.member, home.record(line), limits_of(arguments.home)(line))


def may_leave(home: Home, book: Book) -> Callable[[Origin], int]:
    """Return how many statements of each log may leave this machine, as the book shows it.

    Of its own logs only what the head file knows: a head that left and is not known there could be contradicted after
    a restore. A running node, which tells the head file of several batches at once, is asked to tell it now. A home
    without a head file signs nothing before a keeper confirms it, and may show all that it holds.
    """
    own = [origin for origin in book.origins() if origin.member == home.member]

    def known() -> dict[Origin, int] | None:
        heads = home.head_file()
        return None if heads is None else {one: heads.own.get(one, (0, b""))[0] for one in own}

    found = known()
    if found is not None and any(found[one] < book.size(one) for one in own):
        with suppress(StoreFailure):  # a node that is starting anew tells it then
            link = running_node(home.path)
            if link is not None:
                with closing(link):
                    link.ask(Looks(), again=False)
        found = known()
    most = found or {}
    return lambda origin: min(book.size(origin), most.get(origin, book.size(origin)))


def tell(alarms: Iterable[Alarm]) -> None:
    """Show alarms, the gravest first."""
    for alarm in sorted(alarms, key=lambda one: _ORDER.index(one.priority.value)):
        sentence = alarm_sentence(alarm.name, alarm.member, dict(alarm.detail))
        terminal.note(f"{priority_word(alarm.priority.value)}: {terminal.visible(sentence)}")


def show(arguments: argparse.Namespace, document: Any, text: Callable[[], None]) -> None:
    """Show a result as JSON or as text, as asked."""
    if arguments.json:
        terminal.result_json(document)
    else:
        text()


def pairs(named: Mapping[str, str]) -> None:
    """Print names and values as aligned lines of a result."""
    width = max(map(len, named), default=0)
    for name, value in named.items():
        terminal.result(f"{name:<{width}}  {terminal.visible(value)}")


_ORDER = ("emergency", "alarm", "warning", "caution")
