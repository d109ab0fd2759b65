"""Goal: the door finds the verb, speaks the person's language, is quick, and turns every fault into a code.

Method: the program itself in a process of its own; and verbs made for the test inside this one.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import types

import pytest

import detente.__main__ as door
from detente import __version__, words
from detente.door.errors import ArgumentMistake
from detente.door.verbs import VERBS, Verb

ENGLISH = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "detente", *arguments],
        capture_output=True, text=True, check=False, env={**ENGLISH, **environment}, encoding="utf-8",
    )  # fmt: skip


def test_help_lists_every_verb_and_loads_none():
    program = (
        "import sys\n"
        "from detente.__main__ import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit as left:\n"
        "    assert left.code == 0\n"
        "heavy = {'polars', 'numpy', 'numba', 'rich', 'pyproj', 'detente.tracks', 'detente.encounters'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=ENGLISH
    )
    assert shown.stdout.splitlines()[-1] == "loaded: []"
    for verb in VERBS:
        assert verb.name in shown.stdout
        assert verb.summary()[:40] in " ".join(shown.stdout.split())


def test_without_arguments_the_help_is_shown_and_that_is_no_mistake():
    shown = run()
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "encounters" in shown.stdout


def test_an_unknown_verb_is_refused_with_the_list_of_verbs():
    shown = run("encouters")
    assert shown.returncode == 2
    assert shown.stdout == ""
    assert "'encouters'" in shown.stderr
    assert "encounters" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_an_option_without_a_verb_is_refused():
    shown = run("--language", "en")
    assert shown.returncode == 2


def test_the_version_is_said():
    shown = run("--version")
    assert (shown.returncode, shown.stdout) == (0, f"detente {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("--language", "ru", "--help"), {}),
        (("--language=ru", "--help"), {}),
        (("--help", "--language", "ru"), {}),
        (("--help",), {"LC_ALL": "ru_RU.UTF-8"}),
        (("--help",), {"LC_ALL": "", "LANG": "ru_RU.UTF-8"}),
        (("--help",), {"LC_ALL": "", "LC_MESSAGES": "ru_RU", "LANG": "en_GB.UTF-8"}),
    ],
)
def test_russian_is_spoken_when_asked_or_by_the_locale(arguments, environment):
    shown = run(*arguments, **{"PYTHONUTF8": "1", **environment})
    assert shown.returncode == 0
    assert "показать эту справку" in shown.stdout
    assert "show this help" not in shown.stdout


@pytest.mark.parametrize("locale", ["C", "fr_FR.UTF-8", "", "_", "ru"])
def test_a_locale_of_another_language_gets_english_and_the_option_wins(locale):
    shown = run("--language", "en", "--help", LC_ALL=locale)
    assert "show this help" in shown.stdout


def test_an_unknown_language_is_refused():
    shown = run("--language", "xx", "--help")
    assert shown.returncode in {0, 2}  # --help answers first when it stands first
    assert run("--language", "xx").returncode == 2
    assert "'xx'" in run("--language", "xx").stderr


class _Verb:
    """A verb that does what the test says."""

    def __init__(self, act):
        self.act = act

    def describe(self):
        return "does what the test says"

    def examples(self):
        return "  detente act"

    def configure(self, parser):
        parser.add_argument("--number", type=int)

    def run(self, arguments: argparse.Namespace):
        return self.act(arguments)


@pytest.fixture
def act(monkeypatch):
    """Return a function that runs the door with one verb that does the given thing."""

    def run_door(deed, *arguments: str):
        room = types.ModuleType("tests_act_commands")
        room.ACT = _Verb(deed)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "tests_act_commands", room)
        monkeypatch.setattr(door, "VERBS", (Verb("act", "tests_act_commands", "ACT", lambda: "acts"),))
        return door.main(["act", *arguments])

    monkeypatch.setattr(words, "from_environment", lambda: "en")
    monkeypatch.delenv("DETENTE_DEBUG", raising=False)
    return run_door


def test_ctrl_c_pressed_while_a_room_is_imported_ends_the_program_right_after(act, monkeypatch, request, capsys):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    load = Verb.load
    done = []

    def loading(verb):
        room = load(verb)
        signal.signal(signal.SIGINT, lambda *_given: None)  # a native module's own handler, as Polars puts one
        signal.raise_signal(signal.SIGINT)  # to this thread: others that tests left running do not hold it back
        done.append("loaded")
        return room

    monkeypatch.setattr(Verb, "load", loading)
    assert act(lambda _arguments: done.append("acted")) == 130
    assert done == ["loaded"]
    assert "no half-written file" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def test_where_ctrl_c_is_ignored_it_stays_so(act, monkeypatch):
    monkeypatch.setattr(
        signal, "getsignal", lambda _number: signal.SIG_IGN
    )  # a program that takes none, as under nohup
    handlers = []
    monkeypatch.setattr(signal, "signal", lambda *given: handlers.append(given))
    assert act(lambda _arguments: 0) == 0
    assert handlers == []


def failing(error: BaseException):
    def deed(_arguments):
        raise error

    return deed


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_verbs_answer_is_the_exit_code(act, code):
    assert act(lambda _arguments: code) == code


def test_the_verb_gets_its_arguments(act):
    assert act(lambda arguments: arguments.number, "--number", "1", "--json", "--language", "en") == 1


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ArgumentMistake(expected="x", came="y", where="--z"), 2, "detente: --z: y"),
        (KeyboardInterrupt(), 130, "no half-written file"),
        (MemoryError(), 2, "not enough memory"),
        (
            OSError(2, "No such file", "\x1bgone.csv"),
            2,
            "\\x1bgone.csv: there is no such file or folder\n  expected: ",
        ),
        (OSError(13, "Permission denied", "its.csv"), 2, "its.csv: no permission\n  expected: "),
        (OSError(28, "No space left on device"), 2, "detente: no space left on the device"),
        (OSError(5, "Input/output error", "old.csv"), 2, "detente: old.csv: Input/output error"),
        (RuntimeError("\x1bsecret" * 99), 70, "a fault of detente itself: RuntimeError"),
    ],
)
def test_every_failure_has_its_code_and_one_clear_message(act, capsys, error, code, said):
    assert act(failing(error)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert len(err) < 800


def test_a_fault_of_our_own_can_be_seen_whole_when_asked(act, monkeypatch):
    monkeypatch.setenv("DETENTE_DEBUG", "1")
    with pytest.raises(RuntimeError, match="here"):
        act(failing(RuntimeError("here")))


def test_the_verbs_help_has_description_options_and_examples(act, capsys):
    with pytest.raises(SystemExit) as left:
        act(lambda _arguments: 0, "--help")
    assert left.value.code == 0
    out = capsys.readouterr().out
    for part in ("does what the test says", "--number", "--json", "--language", "examples:\n  detente act"):
        assert part in out


def test_a_reader_that_goes_away_is_no_failure():
    program = "import sys; from detente.__main__ import main; sys.exit(main(['--help']))"
    reader, writer = os.pipe()
    os.close(reader)
    shown = subprocess.run(
        [sys.executable, "-u", "-c", program], stdout=writer, stderr=subprocess.PIPE, check=False, env=ENGLISH
    )
    os.close(writer)
    assert (shown.returncode, shown.stderr) == (0, b"")
