"""The door: finds the verb and loads that room's commands only when asked.

Exit codes of every verb: 0 true or done, 1 judged and refused, 2 bad input or a failing machine;
130 after Ctrl-C. A fault of detente itself is 70 and asks for a report.
"""

from __future__ import annotations

import argparse
import gettext
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from detente import __version__, words
from detente.door import terminal
from detente.door.files import cause
from detente.door.options import add_json, add_language
from detente.door.verbs import VERBS, Verb
from detente.errors import DetenteError, WorldFailure

__all__ = ["main"]

say = words.speaker("door")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    _choose_language(given)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error does: a narrow locale loses no run
    try:
        code = _run(given)
        sys.stdout.flush()  # a full disk behind standard output is said here, not at Python's exit
        return code  # noqa: TRY300 - flushing belongs to what may fail
    except DetenteError as error:
        terminal.failure(error)
        return error.exit_code
    except KeyboardInterrupt:
        terminal.note(say("stopped by you; no half-written file was left"))
        return 130
    except BrokenPipeError:
        _drop_output()  # the reader of our output went away
        return 0
    except MemoryError:
        terminal.note(say("detente: not enough memory; try fewer files or a shorter period"))
        return 2
    except OSError as error:
        _tell_failing_file(error)
        _drop_output()
        return 2
    except Exception as error:
        if os.environ.get("DETENTE_DEBUG"):
            raise
        terminal.note(
            say("detente: a fault of detente itself: {fault}", fault=terminal.visible(repr(error)[:300]))
        )
        terminal.note(say("  please report it; DETENTE_DEBUG=1 shows where it happened"))
        return 70


def _tell_failing_file(error: OSError) -> None:
    """Say what could not be opened, read or written; where a name was given wrongly, also what to do."""
    where = str(error.filename) if error.filename else ""
    if where and isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError):
        terminal.failure(
            WorldFailure(
                expected=say("a file that exists and may be read"),
                came=cause(error),
                where=where,
                remedy=say("check the name and who may read the file"),
            )
        )
    else:
        place = f"{terminal.visible(where)}: " if where else ""
        terminal.note(f"detente: {place}{terminal.visible(cause(error))}")


def _drop_output() -> None:
    """Point standard output nowhere when it takes nothing more, so that Python's exit is quiet."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _choose_language(given: list[str]) -> None:
    """Choose before any sentence is said: --language anywhere on the line, else the locale."""
    code = words.from_environment()
    for position, word in enumerate(given):
        if word == "--language" and position + 1 < len(given):
            code = given[position + 1]
        elif word.startswith("--language="):
            code = word.split("=", 1)[1]
    words.choose(code if code in words.LANGUAGES else "en")
    # argparse says its own sentences through gettext's global domain
    os.environ["LANGUAGE"] = words.language()
    gettext.bindtextdomain("door", str(Path(words.__file__).parent))
    gettext.textdomain("door")


def _run(given: list[str]) -> int:
    verb = next((verb for verb in VERBS for word in given[:3] if word == verb.name), None)
    with _ctrl_c_waits():
        parser = _parser(verb)
    arguments = parser.parse_args(given)
    if verb is None or arguments.verb != verb.name:
        parser.print_help()
        return 0 if not given else 2
    return verb.load().run(arguments)


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Let Ctrl-C wait while rooms are imported; what was pressed meanwhile ends the program right after.

    Native modules broken off half-way may crash, and Polars, as it is imported, puts a handler of its own in the
    place of Python's that would swallow it. Where somebody else handles Ctrl-C, or in another
    thread, it stays as it is.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _parser(wanted: Verb | None) -> argparse.ArgumentParser:
    """Build the parser; only the wanted verb's options are known, the others have their line in the list."""
    parser = argparse.ArgumentParser(
        prog="detente",
        description=say(
            "Software for fewer military accidents: it warns, records and explains; it aims at nobody."
        ),
        epilog=say("Each verb has its own --help with examples. Exit codes: 0 done, 1 refused, 2 bad input."),
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="version", version=f"detente {__version__}", help=say("show the version and exit")
    )
    add_language(parser)
    verbs = parser.add_subparsers(dest="verb", metavar=say("VERB"), title=say("verbs"))
    for verb in VERBS:
        if verb is not wanted:
            verbs.add_parser(verb.name, help=verb.summary(), add_help=False)
            continue
        commands = verb.load()
        own = verbs.add_parser(
            verb.name,
            help=verb.summary(),
            description=commands.describe(),
            epilog=say("examples:") + "\n" + commands.examples(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        # "-5nm" and "-5,50,2,52" are values: argparse takes them for options unless they look like numbers to it
        own._negative_number_matcher = re.compile(r"-[0-9.].*")  # noqa: SLF001
        commands.configure(own)
        add_json(own)
        add_language(own)
    return parser


if __name__ == "__main__":
    sys.exit(main())
