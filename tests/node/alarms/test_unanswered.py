"""Which notices wait for somebody, read from real records of two homes as the verbs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.node.alarms import unanswered
from detente.node.alarms.unanswered import Unanswered, Waits
from detente.node.home import open_reading
from detente.node.host import clock_ms
from detente.node.settings.structs import EscalationSettings
from tests.stories.shell import Shell

LIMITS = EscalationSettings(flash_s=60, immediate_s=300, priority_s=1_800, routine_s=14_400)
DAY_S = 86_400


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return a shell beside two homes on one line."""
    made = Shell(tmp_path, capsys, monkeypatch)
    made.found("west", "east")
    made.join(("west", "east"))
    return made


def read(shell: Shell, member: str, after_s: int, kept: Unanswered | None = None) -> list[Waits]:
    """Return what waits for a member so long from now."""
    other = "east" if member == "west" else "west"
    with open_reading(shell.folder / member) as home:
        line = home.lines()[0]
        unanswered = kept or Unanswered(line, member)
        unanswered.read(home.record(line), frozenset({other}))
    return list(unanswered.waiting(clock_ms() + after_s * 1000, LIMITS))


def names(found: list[Waits]) -> list[tuple[str, str, str]]:
    return [(one.name, one.ref, one.by) for one in found]


def test_a_notice_waits_until_somebody_here_says_a_word_about_it(shell: Shell) -> None:
    shell.send("east", "hello")
    shell.carry("east", "west")
    assert read(shell, "west", 14_000) == []
    assert names(read(shell, "west", 14_401)) == [("unread", "east/0", "west")]
    assert read(shell, "east", DAY_S) == []  # its author waits for nothing: no answer was asked for
    shell.run("line reply west --to east/0 read --body -", text="")
    assert read(shell, "west", DAY_S) == []
    shell.carry("west", "east")
    assert read(shell, "east", DAY_S) == []  # a reply is no notice


def test_an_answer_is_owed_by_us_and_by_them_until_it_comes(shell: Shell) -> None:
    shell.send("east", "when?", "--answer-by 2h")
    shell.carry("east", "west")
    kept = Unanswered(open_reading(shell.folder / "west").lines()[0], "west")
    assert names(read(shell, "west", 7_300, kept)) == [("answer-overdue", "east/0", "west")]
    assert names(read(shell, "east", 7_300)) == [("answer-overdue", "east/0", "west")]
    assert names(read(shell, "west", 14_500, kept)) == [
        ("unread", "east/0", "west"),
        ("answer-overdue", "east/0", "west"),
    ]
    shell.run("line reply west --to east/0 understood --body -", text="")
    assert names(read(shell, "west", 14_500, kept)) == [("answer-overdue", "east/0", "west")]
    shell.run("line reply west --to east/0 answer --body -", text="at noon")
    assert read(shell, "west", 14_500, kept) == []  # what is new was read, what was read before is remembered
    assert read(shell, "west", 14_500) == []
    assert names(read(shell, "east", 7_300)) == [("answer-overdue", "east/0", "west")]
    shell.carry("west", "east")
    assert read(shell, "east", 14_500) == []


def test_the_precedence_of_a_notice_says_how_long_it_may_wait(shell: Shell) -> None:
    document = '{"precedence": "flash", "title": "x"}'
    for media, text in (("application/vnd.detente.notice+json", document), ("text/plain", document)):
        shell.run(f"line send east --type message --media-type {media} --body -", text=text)
    shell.run(
        "line send east --type message --media-type application/vnd.detente.notice+json --body -", text="[]"
    )
    shell.carry("east", "west")
    found = {one.ref: one.precedence for one in read(shell, "west", DAY_S)}
    assert found == {"east/0": "flash", "east/1": "routine", "east/2": "routine"}
    assert [one.ref for one in read(shell, "west", 61)] == ["east/0"]


def test_a_notice_whose_text_is_not_here_waits_as_routine_until_it_comes(shell: Shell) -> None:
    shell.run(
        "line send east --type message --media-type application/vnd.detente.notice+json --body -",
        text='{"precedence": "immediate"}',
    )
    shell.carry("east", "west")

    class Hidden:
        """The real record, but for the bodies."""

        def __init__(self, record: object) -> None:
            self._record = record

        def __getattr__(self, name: str) -> object:
            return (lambda _: None) if name == "body" else getattr(self._record, name)

    with open_reading(shell.folder / "west") as home:
        line = home.lines()[0]
        kept, record = Unanswered(line, "west"), home.record(line)
        paused: list[int] = []
        kept.read(Hidden(record), frozenset({"east"}), lambda: paused.append(1))  # type: ignore[arg-type]
        (before,) = kept.waiting(clock_ms() + DAY_S * 1000, LIMITS)
        kept.read(record, frozenset({"east"}))
        (after,) = kept.waiting(clock_ms() + DAY_S * 1000, LIMITS)
    assert (before.precedence, after.precedence) == ("routine", "immediate")
    assert paused
    assert before.since_ms - after.since_ms == (14_400 - 300) * 1000


def test_a_flood_is_put_off_and_hides_neither_the_urgent_nor_what_follows(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unanswered, "ASKS_MAX", 4)
    monkeypatch.setattr(unanswered, "_AT_ONCE", 2)
    for number in range(7):
        shell.send("east", f"flood {number}")
    shell.run(
        "line send east --type message --media-type application/vnd.detente.notice+json --body -",
        text='{"precedence": "flash"}',
    )
    shell.carry("east", "west")
    kept = Unanswered(open_reading(shell.folder / "west").lines()[0], "west")

    def waiting() -> set[str]:
        return {one.ref for one in read(shell, "west", DAY_S, kept)}

    assert waiting() == {"east/0", "east/1", "east/2", "east/3", "east/7"}
    for number in (0, 2):
        shell.run(f"line reply west --to east/{number} read --body -", text="")
    assert waiting() == {"east/1", "east/3", "east/7"}  # half of the room is free
    assert waiting() == {"east/1", "east/3", "east/4", "east/5", "east/7"}
    fresh = Unanswered(kept.line, "west")  # what was settled takes no room in a record that is read at once
    assert {one.ref for one in read(shell, "west", DAY_S, fresh)} == waiting()
