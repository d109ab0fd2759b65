"""A line that people carry by hand: nothing runs between two verbs, and still nobody misses what fell due."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from detente.node import asking, commands_show, commands_speak, host
from tests.stories.shell import Shell

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@pytest.fixture
def pair(shell: Shell) -> Shell:
    shell.pair()
    return shell


@pytest.fixture
def later(pair: Shell) -> Callable[[int], None]:
    """Return what moves every clock of this machine on; each call counts from the true time."""
    true = host.clock_ms

    def move(passed_ms: int) -> None:
        for module in (host, asking, commands_show, commands_speak):
            pair.patch.setattr(module, "clock_ms", lambda: true() + passed_ms)

    return move


def test_silence_is_seen_at_the_time_of_asking(pair: Shell, later: Callable[[int], None]) -> None:
    pair.send("west", "one")
    pair.exchange("west", "east")
    assert pair.party("west", "east")["state"] == "open"
    later(4 * HOUR_MS)
    party = pair.party("west", "east")
    assert (party["state"], party["why"]) == ("silent", "silent")
    assert party["silent_for_s"] >= 4 * 3600
    assert "silent" in pair.run("line status west")
    pair.exchange("west", "east")
    assert pair.party("west", "east")["state"] == "open"


def test_a_party_never_heard_is_silent_after_the_same_time(pair: Shell, later: Callable[[int], None]) -> None:
    pair.send("west", "one")
    assert pair.party("west", "east")["state"] == "open"
    later(2 * HOUR_MS)
    pair.run("line pack west --to east a.bundle")
    later(4 * HOUR_MS)
    assert pair.party("west", "east")["state"] == "silent"


def test_a_writing_verb_tells_the_silence_and_states_it_in_the_log(
    pair: Shell, later: Callable[[int], None]
) -> None:
    pair.exchange("west", "east")
    later(5 * HOUR_MS)
    pair.run("line send west --type notice --body -", text="anybody there?")
    assert "east is silent" in pair.err
    states = [one for one in pair.log("west") if one["type"] == "line.state"]
    assert [one["body"]["content"] for one in states] == [{"member": "east", "state": "silent"}]
    pair.run("line pack west --to east a.bundle")
    assert "east is silent" not in pair.err  # told once
    assert [one["type"] for one in pair.log("west")].count("line.state") == 1
    assert not [one for one in pair.log("west") if one["type"] == "line.miss"]  # nobody tests a stick by the hour


def test_what_nobody_confirmed_for_a_day_degrades_the_line(pair: Shell, later: Callable[[int], None]) -> None:
    pair.exchange("west", "east")
    pair.send("west", "one")
    later(25 * HOUR_MS)
    pair.send("east", "hello")
    pair.carry("east", "west")  # west hears east, which did not get the statement
    party = pair.party("west", "east")
    assert party["state"] == "degraded"
    assert party["waiting_since_ms"] is not None
    assert "degraded" in pair.run("line status west")
    pair.exchange("west", "east")
    party = pair.party("west", "east")
    assert party["state"] == "open"


def test_an_overdue_answer_is_shown_until_it_comes(pair: Shell, later: Callable[[int], None]) -> None:
    pair.send("west", "Why the alert?", "--answer-by 2h")
    pair.exchange("west", "east")
    for member in ("west", "east"):
        (owed,) = pair.status(member)["answers_owed"]
        assert (owed["ref"], owed["by"], owed["overdue"]) == ("west/0", "east", False)
    later(3 * HOUR_MS)
    for member in ("west", "east"):
        (owed,) = pair.status(member)["answers_owed"]
        assert owed["overdue"]
        assert "overdue" in pair.run(f"line status {member}")
    pair.send("west", "We still wait.")
    assert "owes an answer that is overdue" in pair.err
    pair.run("line reply east --to west/0 read")
    assert pair.status("east")["answers_owed"]  # read is no answer
    pair.run("line reply east --to west/0 answer --body -", text="A drill.")
    assert pair.status("east")["answers_owed"] == []
    pair.exchange("east", "west")
    assert pair.status("west")["answers_owed"] == []
    later(6 * HOUR_MS)
    assert pair.status("west")["answers_owed"] == []


def test_the_other_sides_clock_makes_nothing_overdue_early(pair: Shell, later: Callable[[int], None]) -> None:
    later(-300 * DAY_MS)
    pair.run("line send west --type notice --body - --answer-by 2h", text="by a clock a year behind")
    pair.run("line pack west --to east a.bundle")
    later(0)
    pair.run("line take east a.bundle")
    (owed,) = pair.status("east")["answers_owed"]
    assert not owed["overdue"]


def test_a_clock_that_was_a_year_ahead_and_is_set_right_hides_no_silence(
    pair: Shell, later: Callable[[int], None]
) -> None:
    later(365 * DAY_MS)
    pair.exchange("west", "east")
    later(0)
    pair.run("line pack west --to east a.bundle")
    assert pair.party("west", "east")["state"] == "open"
    later(4 * HOUR_MS)
    assert pair.party("west", "east")["state"] == "silent"


def test_a_missing_body_is_named_by_hand_as_well(pair: Shell, later: Callable[[int], None]) -> None:
    from detente.line.bundle import Kind, Parser, write

    pair.send("west", "one")
    pair.run("line pack west --to east whole.bundle")
    records = Parser().feed((pair.folder / "whole.bundle").read_bytes())
    thin = b"".join(write(one for one in records if one.kind is not Kind.BODY))
    (pair.folder / "thin.bundle").write_bytes(thin)
    pair.run("line take east thin.bundle")
    assert pair.party("east", "west")["bodies_missing"] == 1
    later(7 * HOUR_MS)
    pair.run("line pack east --to west a.bundle")
    assert "missing" in pair.err
    assert [one["type"] for one in pair.log("east") if one["member"] == "east"].count("line.body-missing") == 1
