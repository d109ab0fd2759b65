"""Goal: results go out, notes go aside, and no stranger's text reaches a terminal raw.

Method: properties over all of Unicode; a real pseudo-terminal against a pipe.
"""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.door import terminal
from detente.door.errors import ArgumentMistake


@given(st.text())
def test_visible_text_has_no_control_or_invisible_characters(text):
    shown = terminal.visible(text)
    assert shown.isprintable()
    assert not any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for letter in shown)


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_readable_text_stays_as_it_is(text):
    assert terminal.visible(text) == text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("line\nbreak", "line\\nbreak"),
        ("Фрегат «Ярослав»", "Фрегат «Ярослав»"),
        ("\udcff.csv", "\\udcff.csv"),
        ("\ufeff", "\\ufeff"),
    ],
)
def test_what_could_deceive_is_spelled_out(raw, shown):
    assert terminal.visible(raw) == shown


def test_a_failure_says_what_came_what_was_expected_and_what_to_do(capsys):
    terminal.failure(ArgumentMistake(expected="a number", came="\x1bno", where="--x", remedy="write 1"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["detente: --x: \\x1bno", "  expected: a number", "  what to do: write 1"]


def test_a_failure_without_place_and_remedy_is_two_lines(capsys):
    terminal.failure(ArgumentMistake(expected="a number", came="none"))
    assert capsys.readouterr().err.splitlines() == ["detente: none", "  expected: a number"]


def test_json_is_one_document_without_infinities(capsys):
    terminal.result_json({"b": 1, "a": "Ы", "none": None})
    out = capsys.readouterr().out
    assert json.loads(out) == {"b": 1, "a": "Ы", "none": None}
    assert "Ы" in out
    with pytest.raises(ValueError, match="JSON"):
        terminal.result_json({"x": float("nan")})


def test_a_table_on_a_pipe_is_one_tab_separated_line_a_row(capsys):
    terminal.table(("a", "b"), [("1\t2", "x\ny"), ("\x1b[2J", "")], numeric=(False, True))
    assert capsys.readouterr().out == "a\tb\n1\\t2\tx\\ny\n\\x1b[2J\t\n"


def test_names_and_values_are_a_table_of_two_columns(capsys):
    terminal.mapping({"rows": 3})
    assert capsys.readouterr().out == "\t\nrows\t3\n"


def test_progress_is_silent_without_a_terminal(capsys):
    with terminal.progress("reading", total=10) as advance:
        advance(5)
        advance(5)
    assert capsys.readouterr() == ("", "")


def on_a_terminal(program: str) -> tuple[str, str]:
    """Run a program with standard error, and output too, on a pseudo-terminal; return what it showed."""
    leader, follower = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=follower, stderr=follower, stdin=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    ) as running:  # fmt: skip
        os.close(follower)
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the last writer has closed the terminal
                break
            if not piece:
                break
            shown += piece
        running.wait()
    os.close(leader)
    text = shown.decode()
    return text, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_table_on_a_terminal_is_aligned_and_still_shows_no_strangers_control_characters():
    raw, plain = on_a_terminal(
        "from detente.door import terminal\n"
        "terminal.table(('name', 'metres'), [('A[red]x', '7'), ('\\x1b]0;title\\x07', '1234')], "
        "numeric=(False, True))\n"
    )
    lines = [line.rstrip() for line in plain.replace("\r", "").splitlines() if line.strip()]
    assert lines[0].split() == ["name", "metres"]
    assert lines[1].startswith("A[red]x")  # a name is text, never markup
    assert lines[2].startswith("\\x1b]0;title\\x07")
    assert len(lines[1]) == len(lines[2])  # numbers stand at the right
    assert "\x1b]0;" not in raw


def test_progress_is_shown_on_a_terminal():
    _, plain = on_a_terminal(
        "from detente.door import terminal\n"
        "import time\n"
        "with terminal.progress('reading', total=2) as advance:\n"
        "    advance(1); time.sleep(0.3); advance(1); time.sleep(0.3)\n"
    )
    assert "reading" in plain
