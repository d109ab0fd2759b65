"""The verb ``line drafts``: what waits for two people to release it; and keeping it so."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.line.effects import Draft
from detente.node.asking import add_home, reading, say_training, show
from detente.node.host import clock_ms
from detente.node.readable import moment
from detente.node.settings.reading import read_settings
from detente.store.drafts import Drafts, Kept, Unfinished
from detente.store.errors import OlderRecord

__all__ = ["DRAFTS", "drafts_file", "keep_drafts", "needs_two_people", "opened_drafts"]

say = words.speaker("node")


class _Drafts:
    """``detente line drafts``."""

    name = "drafts"

    def summary(self) -> str:
        """Return the line in the list of verbs."""
        return say("what waits for two people to release it")

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Where the settings ask for two people ([line.NAME] two_person_release), send only drafts:\n"
            "nothing is signed, nobody else hears of it. Lists what waits; --discard forgets one."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "  detente line drafts west\n  detente line drafts west --discard 6f1f0c2f2d9a4c0b8e1d3a5b7c9e0f12"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        add_home(parser)
        parser.add_argument("--discard", metavar="ID", help=say("forget this draft; it can be sent anew"))

    def run(self, arguments: argparse.Namespace) -> int:
        """List or discard; 0 when done."""
        with reading(arguments.home):
            pass  # a folder that is no home is said before anything is looked for in it
        if arguments.discard is not None:
            _discard(arguments.home, arguments.discard)
        with opened_drafts(arguments.home, read_only=True) as drafts:
            waiting = drafts.waiting() if drafts is not None else []
            unfinished = drafts.unfinished() if drafts is not None else []
        say_training(sorted({*(one.line for one in waiting), *(form.line for form in unfinished)}))

        def text() -> None:
            for one in waiting:
                terminal.result(
                    say(
                        "{id}: {type} for {line}, {size} bytes, drafted {time}",
                        id=one.draft.submission,
                        type=terminal.visible(one.draft.type),
                        line=one.line,
                        size=len(one.draft.content),
                        time=moment(one.drafted_ms),
                    )
                )
            for form in unfinished:
                terminal.result(
                    say(
                        "{id}: a form for {line} that is not finished, begun {time}; finish it at the desk",
                        id=form.submission,
                        line=form.line,
                        time=moment(form.drafted_ms),
                    )
                )
            if not (waiting or unfinished):
                terminal.note(say("no draft waits"))

        listed = [*map(_document, waiting), *map(_unfinished_document, unfinished)]
        show(arguments, listed, text)
        return 0


def drafts_file(home: Path) -> Path:
    """Return where a home's drafts lie."""
    return home / "drafts.sqlite3"


@contextlib.contextmanager
def opened_drafts(home: Path, *, read_only: bool = False) -> Iterator[Drafts | None]:
    """Open a home's drafts; None for reading where there never were any. Raises StoreFailure."""
    path = drafts_file(home)
    if read_only and not path.exists():
        yield None
        return
    try:
        drafts = Drafts(path, read_only=read_only, create=not read_only)
    except OlderRecord:  # a reader brings up to date what an older version left, as a writer would
        drafts = Drafts(path)
    try:
        yield drafts
    finally:
        drafts.close()


def needs_two_people(home: Path, line: str, drafts: Sequence[Draft]) -> bool:
    """Tell whether one of these drafts may be sent only when two people released it. Raises SettingsMistake."""
    asked = read_settings(home).of_line(line).two_person_release
    return any(draft.type in asked and draft.release is None for draft in drafts)


def keep_drafts(arguments: argparse.Namespace, line: str, drafts: Sequence[Draft]) -> None:
    """Keep drafts until two people release them, and show under which names. Raises HomeMistake, StoreFailure."""
    at_ms = clock_ms()
    with opened_drafts(arguments.home) as kept:
        assert kept is not None  # it is founded when there is none
        for draft in drafts:
            kept.keep(line, draft, at_ms)
    say_training([line])
    documents = [_document(Kept(line, draft, at_ms)) for draft in drafts]

    def text() -> None:
        for draft in drafts:
            terminal.result(
                say("draft {id}: {type}; not sent", id=draft.submission, type=terminal.visible(draft.type))
            )
        terminal.note(say("two people must release it at the desk; see: detente line drafts"))

    show(arguments, documents[0] if len(documents) == 1 else documents, text)


def _discard(home: Path, submission: str) -> None:
    with opened_drafts(home, read_only=True) as drafts:
        known = drafts is not None
    if known:
        with opened_drafts(home) as drafts:
            if drafts is not None and drafts.discard(submission):
                return
    raise ArgumentMistake(
        expected=say("a draft that waits"),
        came=submission,
        where="--discard",
        remedy=say("see: detente line drafts"),
    )


def _document(kept: Kept) -> dict[str, Any]:
    draft = kept.draft
    return {
        "state": "draft",
        "submission": draft.submission,
        "line": kept.line,
        "type": draft.type,
        "media_type": draft.media_type,
        "bytes": len(draft.content),
        "attachments": len(draft.attachments),
        "drafted_ms": kept.drafted_ms,
    }


def _unfinished_document(form: Unfinished) -> dict[str, Any]:
    return {
        "state": "unfinished",
        "submission": form.submission,
        "line": form.line,
        "type": "",
        "media_type": "application/json",
        "bytes": len(form.notice),
        "attachments": len(form.attachments),
        "drafted_ms": form.drafted_ms,
    }


DRAFTS = _Drafts()
